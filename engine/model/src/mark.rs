//! The price a position is marked to: the last trade, else the last mid.
//!
//! Why: the portfolio values positions and the gate measures orders by the same rule, so it stands once.
//! Not here: which ticks are accepted (`feed`).

use crate::{Event, Kind, Price, mid};

/// Where a mark comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
enum Basis {
    #[default]
    Nothing = 0,
    Mid = 1,
    Trade = 2,
}

crate::value!(Basis { Nothing = 0, Mid = 1, Trade = 2 });

/// One symbol's mark. Quotes move it only until the symbol's first trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark {
    price: Price,
    basis: Basis,
}

crate::value!(Mark { price, basis });

impl Mark {
    /// Folds a tick of the symbol.
    #[inline]
    pub fn on_tick(&mut self, tick: &Event) {
        debug_assert!(tick.kind.is_tick(), "only ticks move a mark");
        if tick.kind == Kind::TRADE {
            *self = Self { price: tick.as_trade().price, basis: Basis::Trade };
        } else if self.basis != Basis::Trade {
            let quote = tick.as_quote();
            *self = Self { price: mid(quote.bid, quote.ask), basis: Basis::Mid };
        }
    }

    /// The price; `None` before the first tick.
    #[inline]
    pub fn price(self) -> Option<Price> {
        if self.basis == Basis::Nothing { None } else { Some(self.price) }
    }

    /// The mark as words for a hash.
    pub fn words(self) -> [u64; 2] {
        [self.price.raw() as u64, self.basis as u64]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Nanos, Quantity, Quote, SymbolId, Trade};

    #[test]
    fn a_trade_outranks_every_quote() {
        let trade = |price| {
            let trade =
                Trade { ts_event: Nanos(1), price: Price::new(price), size: Quantity::new(1), aggressor: 0 };
            Event::trade(Nanos(1), SymbolId(0), trade)
        };
        let quote = |bid, ask| {
            let quote = Quote {
                ts_event: Nanos(1),
                bid: Price::new(bid),
                ask: Price::new(ask),
                bid_size: None,
                ask_size: None,
            };
            Event::quote(Nanos(1), SymbolId(0), quote)
        };
        let mut mark = Mark::default();
        assert_eq!(mark.price(), None);
        for (tick, expected) in
            [(quote(10, 14), 12), (quote(20, 20), 20), (trade(-3), -3), (quote(10, 14), -3), (trade(0), 0)]
        {
            mark.on_tick(&tick);
            assert_eq!(mark.price(), Some(Price::new(expected)));
        }
    }
}
