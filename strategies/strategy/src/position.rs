//! What is really held of one symbol, and what it cost: a fold of fills and portfolio updates.
//!
//! A strategy never assumes that what it asked for was done. The mean entry price is kept as a cost and the
//! quantity it was paid for, in exact integers, so that "the stop is hit" is an integer comparison. Closing a part
//! leaves the mean as it is; opening more after that rounds the cost once, half-even, to 1e-18; a reversal starts over.
//! Not here: fees, cash and what is realised (`portfolio`).

use model::{Fill, Price, Quantity, UNIT, mul_div_half_even};

/// A position and its cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Position {
    /// Signed, in units of 1e-9.
    quantity: i64,
    /// Σ price·quantity over `priced`, in units of 1e-18.
    cost: i128,
    /// The quantity the cost is for, not negative; 0: no fill has told a price. `cost / priced` is the mean.
    priced: i64,
}

model::value!(Position { quantity, cost, priced });

impl Position {
    /// Signed, in units of 1e-9.
    #[inline]
    pub fn quantity(&self) -> i64 {
        self.quantity
    }

    /// 1 long, 0 flat, -1 short.
    #[inline]
    pub fn side(&self) -> i64 {
        self.quantity.signum()
    }

    /// Folds a fill: opening adds to the cost, closing leaves the mean entry price, a reversal starts over.
    pub fn on_fill(&mut self, fill: &Fill) {
        let signed = fill.side.sign() * fill.quantity.raw();
        let after = self.quantity + signed;
        let opened = if after.signum() == signed.signum() { signed.abs().min(after.abs()) } else { 0 };
        if self.quantity.signum() != after.signum() {
            (self.cost, self.priced) = (0, 0);
        }
        if opened > 0 {
            self.price_what_is_held();
            self.cost += i128::from(fill.price.raw()) * i128::from(opened);
            self.priced += opened;
        }
        self.quantity = after;
    }

    /// Takes over what the portfolio says is held, in units of 1e-9.
    #[inline]
    pub fn on_portfolio(&mut self, quantity: i64) {
        if self.quantity.signum() != quantity.signum() {
            (self.cost, self.priced) = (0, 0);
        }
        self.quantity = quantity;
    }

    /// Whether `price` is `distance` (in units of 1e-9, not negative) or more against the mean entry price. Never, if
    /// no fill has told that.
    #[inline]
    pub fn is_lost(&self, price: Price, distance: i64) -> bool {
        debug_assert!(distance >= 0, "a distance is not negative");
        self.priced > 0 && self.gain(price) <= -i128::from(distance) * i128::from(self.priced)
    }

    /// Whether `price` is `distance` (in units of 1e-9, not negative) or more beyond the mean entry price. Never, if
    /// no fill has told that.
    #[inline]
    pub fn is_gained(&self, price: Price, distance: i64) -> bool {
        debug_assert!(distance >= 0, "a distance is not negative");
        self.priced > 0 && self.gain(price) >= i128::from(distance) * i128::from(self.priced)
    }

    /// What the position would gain if closed at `price`, before fees, in the instrument's currency; 0 if no fill has
    /// told its cost.
    pub fn unrealised_pnl(&self, price: Price, multiplier: Quantity) -> f64 {
        if self.priced == 0 {
            return 0.0;
        }
        let unit = UNIT as f64;
        let gain_per_unit = self.gain(price) as f64 / self.priced as f64 / unit;
        gain_per_unit * (self.quantity.abs() as f64 / unit) * multiplier.to_f64()
    }

    /// The state as words for a hash.
    pub fn words(&self) -> [u64; 4] {
        [self.quantity as u64, self.cost as u64, (self.cost >> 64) as u64, self.priced as u64]
    }

    /// side·(price − mean)·priced, in units of 1e-18. A price is below 1e18 and `priced` below 1e19: it fits.
    fn gain(&self, price: Price) -> i128 {
        i128::from(self.side()) * (i128::from(price.raw()) * i128::from(self.priced) - self.cost)
    }

    /// Makes the cost that of exactly what is held, at the same mean.
    fn price_what_is_held(&mut self) {
        let held = self.quantity.abs();
        if self.priced > 0 && self.priced != held {
            let cost = mul_div_half_even(self.cost, held, self.priced as u64);
            self.cost = cost.expect("a mean price times a quantity fits");
            self.priced = held;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Side::{Buy, Sell};
    use model::{Liquidity, Money, OrderId, Side, SymbolId};
    use num_bigint::BigInt;
    use num_rational::Ratio;
    use proptest::prelude::*;

    fn fill(side: Side, quantity: i64, price: i64) -> Fill {
        Fill {
            order: OrderId(0),
            number: 1,
            symbol: SymbolId(0),
            side,
            quantity: Quantity::new(quantity),
            price: Price::new(price),
            fee: Money::ZERO,
            liquidity: Liquidity::Taker,
        }
    }

    fn after(fills: &[(Side, i64, i64)]) -> Position {
        let mut position = Position::default();
        fills.iter().for_each(|(side, quantity, price)| position.on_fill(&fill(*side, *quantity, *price)));
        position
    }

    /// After the fills, the mean entry price is exactly `mean`.
    fn check(fills: &[(Side, i64, i64)], quantity: i64, mean: i64) {
        let position = after(fills);
        assert_eq!(position.quantity(), quantity, "{fills:?}");
        let side = quantity.signum();
        for distance in [0, 1, 10] {
            let (stop, target) = (mean - side * distance, mean + side * distance);
            assert!(position.is_lost(Price::new(stop), distance), "{fills:?} at {stop}: {position:?}");
            assert!(!position.is_lost(Price::new(stop + side), distance), "{fills:?} above {stop}");
            assert!(position.is_gained(Price::new(target), distance), "{fills:?} at {target}: {position:?}");
            assert!(!position.is_gained(Price::new(target - side), distance), "{fills:?} below {target}");
        }
    }

    #[test]
    fn the_mean_entry_price_follows_the_fills() {
        check(&[(Buy, 5, 100)], 5, 100);
        check(&[(Buy, 5, 100), (Buy, 5, 120)], 10, 110);
        check(&[(Buy, 5, 100), (Sell, 3, 120)], 2, 100);
        check(&[(Sell, 5, 100)], -5, 100);
        check(&[(Buy, 5, 100), (Sell, 8, 200)], -3, 200);
        check(&[(Buy, 5, 100), (Sell, 5, 90), (Buy, 1, 300)], 1, 300);
        // What was closed does not weigh any more: (2·100 + 3·200)/5.
        check(&[(Buy, 5, 100), (Sell, 3, 120), (Buy, 3, 200)], 5, 160);
        check(&[(Sell, 5, -100), (Buy, 4, 7), (Sell, 1, -200)], -2, -150);
    }

    #[test]
    fn without_a_told_price_nothing_is_lost_or_gained() {
        let mut position = Position::default();
        position.on_portfolio(7);
        assert!(!position.is_lost(Price::new(1), 0) && !position.is_gained(Price::new(1), 0));
        assert_eq!(position.unrealised_pnl(Price::new(1), Quantity::new(UNIT)).to_bits(), 0);
        position.on_fill(&fill(Sell, 7, 50));
        assert_eq!(position, Position::default());
    }

    #[test]
    fn the_portfolio_moves_the_quantity_and_a_change_of_side_forgets_the_cost() {
        let mut position = after(&[(Buy, 5, 100)]);
        position.on_portfolio(5);
        assert_eq!(position, after(&[(Buy, 5, 100)]));
        position.on_portfolio(9);
        assert!(position.is_lost(Price::new(100), 0) && !position.is_lost(Price::new(101), 0));
        position.on_portfolio(-9);
        assert!(!position.is_lost(Price::MAX, 0));
    }

    #[test]
    fn the_gain_is_in_currency() {
        let units = |count: i64| count * UNIT;
        let short = after(&[(Sell, units(3), units(100))]);
        let multiplier = Quantity::new(units(50));
        let gain = short.unrealised_pnl(Price::new(units(98)), multiplier);
        assert!((gain - 300.0).abs() < 1e-9, "{gain}");
        assert!((short.unrealised_pnl(Price::new(units(101)), multiplier) + 150.0).abs() < 1e-9);
    }

    #[test]
    fn the_largest_numbers_fit() {
        let max = Quantity::MAX.raw();
        let mut position = after(&[(Buy, max, Price::MAX.raw())]);
        for _ in 0..1000 {
            position.on_fill(&fill(Sell, max - 1, Price::MIN.raw()));
            position.on_fill(&fill(Buy, max - 1, Price::MAX.raw()));
        }
        assert!(
            position.is_lost(Price::MIN, i64::from(i32::MAX)) && !position.is_gained(Price::MIN, i64::MAX)
        );
    }

    proptest! {
        /// Against a cost of exact rationals: each opening after a partial closing may be off by half of 1e-18.
        #[test]
        fn the_mean_equals_exact_rationals(
            fills in prop::collection::vec((any::<bool>(), 1..50_i64, -100_i64..100), 1..24),
        ) {
            let whole = |number: i64| Ratio::from(BigInt::from(number));
            let (mut position, mut quantity, mut cost) = (Position::default(), 0_i64, whole(0));
            for (index, (buys, size, price)) in fills.into_iter().enumerate() {
                let side = if buys { Buy } else { Sell };
                position.on_fill(&fill(side, size, price));
                let after = quantity + side.sign() * size;
                let stays = quantity != 0 && quantity.signum() == after.signum();
                let kept = if stays { after.abs().min(quantity.abs()) } else { 0 };
                if quantity != 0 {
                    cost = cost * whole(kept) / whole(quantity.abs());
                }
                cost += whole(price) * whole(after.abs() - kept);
                quantity = after;
                prop_assert_eq!(position.quantity(), quantity);
                if quantity != 0 {
                    let told = Ratio::new(BigInt::from(position.cost), BigInt::from(position.priced));
                    let off = told * whole(quantity.abs()) - &cost;
                    let allowed = whole(index as i64) / whole(2);
                    prop_assert!(off <= allowed && -&off <= allowed, "{:?} is off by {}", position, off);
                }
            }
        }
    }
}
