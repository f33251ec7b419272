//! Round trips: a trade is a position from flat or reversal to flat or reversal, net of fees.
//!
//! A trade's result is the sum of its cash flows, so it needs no cost: what went in has come out. The
//! fee of a reversing fill is split by quantity, half-even, the remainder to the trade it opens.
//! Not here: profit of positions still open; they are no trades yet.

use crate::error::Beyond;
use crate::position::Parts;
use model::{Fill, Money, Quantity, mul_div_half_even};

/// The trade under way in one symbol.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Trip {
    pub quantity: Quantity,
    /// Cash received less cash paid since the trade began, fees included.
    net: Money,
}

model::value!(Trip { quantity, net });

/// The finished trades of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub trades: u64,
    pub wins: u64,
    /// Sum of the winners' results.
    pub gains: Money,
    /// Sum of the losers' results, as a positive amount.
    pub losses: Money,
}

model::value!(Tally { trades, wins, gains, losses });

impl Trip {
    /// Folds a fill; returns the fill's whole notional, signed.
    pub fn fold(&mut self, fill: &Fill, multiplier: Quantity, tally: &mut Tally) -> Result<Money, Beyond> {
        let parts = Parts::of(self.quantity, fill, multiplier)?;
        let closing_fee = fee_share(fill, parts.closing)?;
        let opening_fee = fill.fee.minus(closing_fee)?;
        let closed = self.net.minus(parts.closing_notional)?.minus(closing_fee)?;
        let finished = parts.closing.raw() > 0 && parts.closing.raw() == self.quantity.raw().abs();
        let carried = if finished { Money::ZERO } else { closed };
        let net = carried.minus(parts.opening_notional)?.minus(opening_fee)?;
        if finished {
            *tally = tally.with(closed)?;
        }
        *self = Self { quantity: parts.after, net };
        Ok(parts.closing_notional.plus(parts.opening_notional)?)
    }
}

/// The part of a fill's fee that belongs to what it closes.
fn fee_share(fill: &Fill, closing: Quantity) -> Result<Money, Beyond> {
    if closing == fill.quantity {
        return Ok(fill.fee);
    }
    let divisor = fill.quantity.raw().unsigned_abs();
    let raw = mul_div_half_even(fill.fee.raw(), closing.raw(), divisor).ok_or(Beyond::Money)?;
    Ok(Money::from_raw(raw)?)
}

impl Tally {
    fn with(mut self, result: Money) -> Result<Self, Beyond> {
        self.trades += 1;
        if result > Money::ZERO {
            self.wins += 1;
            self.gains = self.gains.plus(result)?;
        } else {
            self.losses = self.losses.minus(result)?;
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Liquidity, OrderId, Price, Side, SymbolId, UNIT};

    /// Folds (signed quantity, price, fee) in whole units; compares trades, wins, gains, losses.
    fn check(fills: &[[i64; 3]], expected: [&str; 4]) {
        let mut trip = Trip::default();
        let mut tally = Tally::default();
        for &[quantity, price, fee] in fills {
            let fill = Fill {
                order: OrderId(0),
                number: 1,
                symbol: SymbolId(0),
                side: if quantity > 0 { Side::Buy } else { Side::Sell },
                quantity: Quantity::new(quantity.abs() * UNIT),
                price: Price::new(price * UNIT),
                fee: Money::from_raw(i128::from(fee)).unwrap(),
                liquidity: Liquidity::Taker,
            };
            trip.fold(&fill, Quantity::new(UNIT), &mut tally).unwrap();
        }
        let found = [
            tally.trades.to_string(),
            tally.wins.to_string(),
            tally.gains.to_string(),
            tally.losses.to_string(),
        ];
        assert_eq!(found, expected, "{fills:?}");
    }

    #[test]
    fn trades_end_flat_or_reversed() {
        check(&[[2, 100, 0]], ["0", "0", "0", "0"]);
        check(&[[2, 100, 0], [-1, 110, 0]], ["0", "0", "0", "0"]);
        check(&[[2, 100, 0], [-1, 110, 0], [-1, 95, 0]], ["1", "1", "5", "0"]);
        check(&[[2, 100, 0], [-3, 90, 0], [1, 80, 0]], ["2", "1", "10", "20"]);
        // A trade that earns nothing is no win.
        check(&[[1, 100, 0], [-1, 100, 0]], ["1", "0", "0", "0"]);
    }

    #[test]
    fn a_reversals_fee_is_split_half_even() {
        // Fee of 3 units of 1e-9 on a sale of 2 that closes 1: 1.5 goes to even, 2; 1 is left for the new trade.
        check(&[[1, 100, 0], [-2, 100, 3], [1, 100, 0]], ["2", "0", "0", "0.000000003"]);
        check(&[[1, 100, 0], [-2, 100, 3]], ["1", "0", "0", "0.000000002"]);
        check(&[[1, 100, 0], [-2, 100, -5]], ["1", "1", "0.000000002", "0"]);
    }
}
