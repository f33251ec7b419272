//! One position: signed quantity and signed cost, and what a fill does to them.
//!
//! A fill against the position first closes, then opens the rest. Closing q of Q releases C·q/Q of the
//! cost C, rounded half-even, and all of it when q = Q. The notional is rounded once per fill: a
//! reversal's closing part is the notional of what it closes, its opening part the remainder, so that
//! cash moves by exactly the fill's notional.
//! Not here: marks and fees (`stage`).

use crate::error::Beyond;
use model::{Fill, Money, Price, Quantity, Side, UNIT, mul_div_half_even, notional};

/// What is held of one symbol. A short position has negative quantity and, at positive prices, negative cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// Signed quantity.
    pub quantity: Quantity,
    /// Signed cost of what is held; zero when flat.
    pub cost: Money,
}

model::value!(Position { quantity, cost });

/// How a fill divides on the position it meets. Notionals carry the fill's sign: positive for a buy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parts {
    /// How much of the position is closed, not negative.
    pub closing: Quantity,
    pub closing_notional: Money,
    pub opening_notional: Money,
    /// The position's quantity after the fill.
    pub after: Quantity,
}

impl Parts {
    /// Divides `fill` on a position of `held`.
    pub fn of(held: Quantity, fill: &Fill, multiplier: Quantity) -> Result<Self, Beyond> {
        debug_assert!(fill.quantity.raw() > 0, "a fill's quantity is positive");
        let signed = |raw: i64| Quantity::new(raw * fill.side.sign());
        let after = held.raw() + signed(fill.quantity.raw()).raw();
        let after = Quantity::from_raw(after).ok_or(Beyond::Quantity)?;
        let against = match fill.side {
            Side::Buy => held.raw() < 0,
            Side::Sell => held.raw() > 0,
        };
        let closing = if against { held.raw().abs().min(fill.quantity.raw()) } else { 0 };
        let total = notional(fill.price, signed(fill.quantity.raw()), multiplier)?;
        let closing_notional = match closing {
            0 => Money::ZERO,
            all if all == fill.quantity.raw() => total,
            part => notional(fill.price, signed(part), multiplier)?,
        };
        let opening_notional = total.minus(closing_notional)?;
        Ok(Self { closing: Quantity::new(closing), closing_notional, opening_notional, after })
    }
}

impl Position {
    /// Folds a fill; returns what it realised, before fees.
    ///
    /// # Errors
    /// [`Beyond`] where a figure leaves its range; the position is then unchanged.
    pub(crate) fn fold(&mut self, fill: &Fill, multiplier: Quantity) -> Result<Money, Beyond> {
        let parts = Parts::of(self.quantity, fill, multiplier)?;
        let released = self.release(parts.closing)?;
        let realised = parts.closing_notional.negated().minus(released)?;
        let cost = self.cost.minus(released)?.plus(parts.opening_notional)?;
        *self = Self { quantity: parts.after, cost };
        debug_assert!(
            self.quantity != Quantity::ZERO || self.cost == Money::ZERO,
            "a flat position costs nothing"
        );
        Ok(realised)
    }

    /// The cost of `closing` of the position.
    fn release(&self, closing: Quantity) -> Result<Money, Beyond> {
        let held = self.quantity.raw().unsigned_abs();
        match closing.raw() {
            0 => Ok(Money::ZERO),
            all if all.unsigned_abs() == held => Ok(self.cost),
            part => {
                let raw = mul_div_half_even(self.cost.raw(), part, held).ok_or(Beyond::Money)?;
                Ok(Money::from_raw(raw)?)
            }
        }
    }

    /// Cost per unit of quantity and multiplier, rounded half-even; `None` when flat or beyond the range
    /// of a price. For display only.
    pub fn avg_price(&self, multiplier: Quantity) -> Option<Price> {
        if self.quantity == Quantity::ZERO || multiplier.raw() <= 0 {
            return None;
        }
        let sign = i128::from(self.quantity.raw().signum());
        let per_unit = mul_div_half_even(self.cost.raw() * sign, UNIT, self.quantity.raw().unsigned_abs())?;
        let price = mul_div_half_even(per_unit, UNIT, multiplier.raw().unsigned_abs())?;
        i64::try_from(price).ok().and_then(Price::from_raw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Liquidity, OrderId, SymbolId};

    /// Folds `"+QTY@PRICE"` / `"-QTY@PRICE"` steps; compares quantity, cost and all realised, as text.
    fn check(multiplier: &str, steps: &[&str], expected: [&str; 3]) {
        let multiplier = Quantity::parse(multiplier).unwrap();
        let mut position = Position::default();
        let mut realised = Money::ZERO;
        for step in steps {
            let (quantity, price) = step[1..].split_once('@').unwrap();
            let fill = Fill {
                order: OrderId(0),
                number: 1,
                symbol: SymbolId(0),
                side: if step.starts_with('+') { Side::Buy } else { Side::Sell },
                quantity: Quantity::parse(quantity).unwrap(),
                price: Price::parse(price).unwrap(),
                fee: Money::ZERO,
                liquidity: Liquidity::Taker,
            };
            realised = realised.plus(position.fold(&fill, multiplier).unwrap()).unwrap();
        }
        let found = [position.quantity.to_string(), position.cost.to_string(), realised.to_string()];
        assert_eq!(found, expected, "{steps:?}");
    }

    #[test]
    fn opens_adds_closes_reverses() {
        check("1", &["+2@100"], ["2", "200", "0"]);
        check("1", &["+2@100", "+1@103"], ["3", "303", "0"]);
        check("1", &["+2@100", "+1@103", "-1@110"], ["2", "202", "9"]);
        check("1", &["+2@100", "-2@99"], ["0", "0", "-2"]);
        check("1", &["+2@100", "-5@110"], ["-3", "-330", "20"]);
        check("1", &["-3@110", "+3@100"], ["0", "0", "30"]);
        check("50", &["-1@4780.25", "+2@4780"], ["1", "239000", "12.5"]);
        // Negative prices: bought at -5, sold at -7.
        check("1", &["+1@-5", "-1@-7"], ["0", "0", "-2"]);
    }

    #[test]
    fn a_partial_close_releases_half_even_and_the_last_takes_the_rest() {
        check("1", &["+3@0.000000003", "+0.000000001@1"], ["3.000000001", "0.00000001", "0"]);
        // Of a cost of 5 (in 1e-9) half is 2.5, released as 2; of 3 that is 1.5, released as 2.
        check("0.000000001", &["+2@2.5", "-1@0", "-0.5@0"], ["0.5", "0.000000001", "-0.000000004"]);
        check("0.000000001", &["+2@5", "-1@0"], ["1", "0.000000005", "-0.000000005"]);
        check("0.000000001", &["+2@2.5", "-1@0"], ["1", "0.000000003", "-0.000000002"]);
        check("0.000000001", &["+2@2.5", "-1@0", "-1@0"], ["0", "0", "-0.000000005"]);
    }

    #[test]
    fn beyond_the_range_nothing_changes() {
        let fill = |quantity| Fill {
            order: OrderId(0),
            number: 1,
            symbol: SymbolId(0),
            side: Side::Buy,
            quantity,
            price: Price::MAX,
            fee: Money::ZERO,
            liquidity: Liquidity::Taker,
        };
        let mut position = Position::default();
        assert_eq!(position.fold(&fill(Quantity::MAX), Quantity::MAX), Err(Beyond::Money));
        assert_eq!(position, Position::default());
        position.fold(&fill(Quantity::MAX), Quantity::new(UNIT)).unwrap();
        let before = position;
        assert_eq!(position.fold(&fill(Quantity::new(1)), Quantity::new(UNIT)), Err(Beyond::Quantity));
        assert_eq!(position, before);
    }

    #[test]
    fn the_average_price_is_cost_per_unit() {
        let position =
            Position { quantity: Quantity::parse("-2").unwrap(), cost: Money::parse("-478025").unwrap() };
        let multiplier = Quantity::parse("50").unwrap();
        assert_eq!(position.avg_price(multiplier).unwrap().to_string(), "4780.25");
        assert_eq!(Position::default().avg_price(multiplier), None);
    }
}
