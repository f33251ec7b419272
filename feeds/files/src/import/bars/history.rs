//! Checks that remember the bars before: order, jumps, market hours.
//!
//! A bar is judged and refused whole, so it counts as one tick: its trades are tried on a copy of what is
//! remembered, and a refused price counts once, as the feed's rule has it. What is remembered of a symbol lives across
//! files, which are merged by time.

use super::bar::{PRICES, TRADES, time_fault};
use crate::import::reason::Fault;
use feed::{JumpGuard, MarketHours, RejectReason, SymbolRules};
use model::{Nanos, Rate, Trade};

/// What is remembered of a symbol.
#[derive(Debug)]
pub(super) struct BarHistory {
    jump: JumpGuard,
    hours: Option<MarketHours>,
    last: Option<Last>,
}

/// The last accepted bar.
#[derive(Debug, Clone, Copy)]
struct Last {
    ts_open: Nanos,
    ts_last: Nanos,
}

impl BarHistory {
    pub(super) fn new(rules: &SymbolRules) -> Self {
        Self { jump: JumpGuard::default(), hours: rules.hours.clone(), last: None }
    }

    /// Judges the next bar in merged order; remembers it either way.
    ///
    /// # Errors
    /// The first check that fails.
    pub(super) fn admit(&mut self, trades: &[Trade; TRADES], max_jump: Rate) -> Result<(), Fault> {
        let [ts_open, .., ts_last] = trades.map(|trade| trade.ts_event);
        if let Some(last) = self.last {
            if ts_open == last.ts_open {
                return Err(time_fault(RejectReason::Duplicate));
            }
            if ts_open < last.ts_last {
                return Err(time_fault(RejectReason::TimestampRegression));
            }
        }
        let mut jump = self.jump.clone();
        for (at, trade) in trades.iter().enumerate() {
            let price = trade.price.raw();
            if !jump.allows(price, max_jump) {
                // Not the copy, which has seen the bar's earlier prices: these are refused, too.
                self.jump.allows(price, max_jump);
                return Err(Fault::tick(RejectReason::PriceJump, column_of(trades, at)));
            }
            jump.accept(price);
        }
        if let Some(hours) = &mut self.hours
            && !trades.iter().all(|trade| hours.is_open(trade.ts_event))
        {
            return Err(time_fault(RejectReason::OutsideMarketHours));
        }
        self.jump = jump;
        self.last = Some(Last { ts_open, ts_last });
        Ok(())
    }
}

/// The column that a trade's price comes from.
fn column_of(trades: &[Trade; TRADES], at: usize) -> &'static str {
    let [open, high, low, close] = PRICES;
    match at {
        0 => open,
        3 => close,
        _ if trades[at].price > trades[0].price => high,
        _ => low,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::reason::Reason;
    use model::{Price, Quantity};

    /// Why a bar is refused and for which column; `None`: it is not.
    type Refusal = Option<(RejectReason, &'static str)>;

    /// Bars of 100 ns as (start, open, high, low, close), and what becomes of each.
    fn check(hours: Option<MarketHours>, bars: &[(i64, [i64; 4], Refusal)]) {
        let mut history = BarHistory::new(&SymbolRules { hours, ..SymbolRules::default() });
        let half = Rate::parse("0.5").unwrap();
        for (ts, prices, expected) in bars {
            let mut at = *ts - 25;
            let trades = prices.map(|price| {
                at += 25;
                Trade { ts_event: Nanos(at), price: Price::new(price), size: Quantity::new(1), aggressor: 0 }
            });
            let expected =
                expected.map_or(Ok(()), |(reason, column)| Err((Reason::Tick(reason), Some(column))));
            let found = history.admit(&trades, half).map_err(|fault| (fault.reason, fault.column));
            assert_eq!(found, expected, "bar at {ts}");
        }
    }

    #[test]
    fn bars_come_one_after_the_other() {
        use RejectReason::{Duplicate, TimestampRegression};
        let flat = [100; 4];
        let refused = |reason| Some((reason, "ts_event"));
        check(
            None,
            &[
                (1_000, flat, None),
                (1_000, flat, refused(Duplicate)),
                (900, flat, refused(TimestampRegression)),
                (1_074, flat, refused(TimestampRegression)),
                (1_075, flat, None),
                (1_000, flat, refused(TimestampRegression)),
                (5_000, flat, None),
            ],
        );
    }

    #[test]
    fn a_jump_refuses_the_bar_and_the_third_is_believed() {
        let high = Some((RejectReason::PriceJump, "high"));
        let open = Some((RejectReason::PriceJump, "open"));
        check(
            None,
            &[
                (0, [100; 4], None),
                // A print far off: the next bar is judged by the last good one.
                (100, [100, 1_000, 100, 100], high),
                (200, [101, 102, 99, 100], None),
                (300, [1_000; 4], open),
                (400, [1_010; 4], open),
                (500, [1_020, 1_030, 1_010, 1_020], None),
                (600, [1_000; 4], None),
            ],
        );
    }

    #[test]
    fn all_trades_of_a_bar_lie_in_market_hours() {
        let hours = MarketHours::parse("UTC", &["Thu 00:00-00:01"]).unwrap();
        let closed = Some((RejectReason::OutsideMarketHours, "ts_event"));
        let minute = 60_000_000_000;
        check(Some(hours), &[(0, [5; 4], None), (minute - 50, [5; 4], closed), (minute - 76, [5; 4], None)]);
    }
}
