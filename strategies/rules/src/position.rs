//! What a rule really holds of one symbol, and what it paid: a fold of fills and portfolio updates.
//!
//! A rule never assumes that what it asked for was done. The price of entry is kept as cost and
//! quantity in exact integers, so that "the stop is hit" is an integer comparison.

use model::{Fill, Price};

/// A position and its cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// Signed, in units of 1e-9.
    quantity: i64,
    /// Σ price·quantity of all that was opened since flat, in units of 1e-18, as far as fills have told it.
    cost: i128,
    /// The quantity that the cost is for; cost/this is the mean entry price.
    cost_quantity: i128,
}

impl Position {
    /// Signed, in units of 1e-9.
    #[inline]
    pub(crate) fn quantity(&self) -> i64 {
        self.quantity
    }

    /// Folds a fill: opening adds to the cost, closing leaves the mean entry price, a reversal starts over.
    pub(crate) fn on_fill(&mut self, fill: &Fill) {
        let signed = fill.side.sign() * fill.quantity.raw();
        let after = self.quantity + signed;
        let opened = if after.signum() == signed.signum() { signed.abs().min(after.abs()) } else { 0 };
        if self.quantity.signum() != after.signum() {
            (self.cost, self.cost_quantity) = (0, 0);
        }
        self.cost += i128::from(fill.price.raw()) * i128::from(opened);
        self.cost_quantity += i128::from(opened);
        self.quantity = after;
    }

    /// Takes over what the portfolio says is held.
    #[inline]
    pub(crate) fn on_portfolio(&mut self, quantity: i64) {
        if self.quantity.signum() != quantity.signum() {
            (self.cost, self.cost_quantity) = (0, 0);
        }
        self.quantity = quantity;
    }

    /// Whether `price` is `distance` (raw, not negative) or more against the mean entry price.
    #[inline]
    pub(crate) fn is_stopped(&self, price: Price, distance: i64) -> bool {
        debug_assert!(distance >= 0, "a stop's distance is not negative");
        // side·(price − cost/quantity) ≤ −distance, times the quantity.
        let side = i128::from(self.quantity.signum());
        let gain = side * (i128::from(price.raw()) * self.cost_quantity - self.cost);
        self.cost_quantity > 0 && gain <= -i128::from(distance) * self.cost_quantity
    }

    /// The state as words for a hash.
    pub(crate) fn words(&self) -> [u64; 5] {
        [
            self.quantity as u64,
            self.cost as u64,
            (self.cost >> 64) as u64,
            self.cost_quantity as u64,
            (self.cost_quantity >> 64) as u64,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Liquidity, Money, OrderId, Quantity, Side, SymbolId};

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

    /// After the fills, the stop of distance 10 lies exactly at `stop`.
    fn check(fills: &[(Side, i64, i64)], quantity: i64, stop: i64) {
        let mut position = Position::default();
        fills.iter().for_each(|(side, quantity, price)| position.on_fill(&fill(*side, *quantity, *price)));
        assert_eq!(position.quantity(), quantity, "{fills:?}");
        let inside = stop + quantity.signum();
        assert!(position.is_stopped(Price::new(stop), 10), "{fills:?} at {stop}: {position:?}");
        assert!(!position.is_stopped(Price::new(inside), 10), "{fills:?} at {inside}: {position:?}");
    }

    #[test]
    fn the_stop_follows_the_mean_entry_price() {
        use Side::{Buy, Sell};
        check(&[(Buy, 5, 100)], 5, 90);
        check(&[(Buy, 5, 100), (Buy, 5, 120)], 10, 100);
        check(&[(Buy, 5, 100), (Sell, 3, 120)], 2, 90);
        check(&[(Sell, 5, 100)], -5, 110);
        check(&[(Buy, 5, 100), (Sell, 8, 200)], -3, 210);
        check(&[(Buy, 5, 100), (Sell, 5, 90), (Buy, 1, 300)], 1, 290);
    }

    #[test]
    fn a_flat_or_unknown_position_has_no_stop() {
        let mut position = Position::default();
        assert!(!position.is_stopped(Price::new(1), 0));
        position.on_portfolio(7);
        assert!(!position.is_stopped(Price::new(1), 0), "no fill has told the entry price");
        position.on_fill(&fill(Side::Sell, 7, 50));
        assert_eq!(position, Position::default());
    }
}
