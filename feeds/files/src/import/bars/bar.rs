//! One bar: from the cells of a row to four trades, or to the first check that fails.
//!
//! The checks are the feed's own, of the trades that the bar would become: the first that fails for the row is
//! the least of those that fail for its trades.

use crate::import::number::Amount;
use crate::import::options::{TS_EVENT, VOLUME};
use crate::import::reason::{Fault, Reason};
use feed::{Number, RawTrade, RejectReason, Time};
use model::{Nanos, Price, SymbolId, Trade};

/// Trades of a bar.
pub(crate) const TRADES: usize = 4;

/// The price columns, in the order they are checked.
pub(super) const PRICES: [&str; 4] = ["open", "high", "low", "close"];

/// A bar as a row gives it.
#[derive(Debug, Clone, Copy)]
pub(super) struct RawBar {
    pub ts_event: Time,
    pub symbol: Option<SymbolId>,
    /// open, high, low, close
    pub prices: [Amount; 4],
    pub volume: Amount,
}

impl RawBar {
    /// The trades of a bar of some length.
    ///
    /// # Errors
    /// The first check that fails.
    pub(super) fn trades(&self, length: Nanos, allow_negative_price: bool) -> Result<[Trade; TRADES], Fault> {
        let sizes = quarters(self.volume);
        let mut first: Option<(RejectReason, &'static str)> = None;
        let mut parts = [None; TRADES];
        for (at, part) in parts.iter_mut().enumerate() {
            let raw = RawTrade {
                ts_event: self.ts_event.map(|ts| ts.saturating_add(offset(length, at))),
                symbol: self.symbol,
                price: self.prices[at].number(),
                size: sizes[at],
                side: Some(0),
            };
            match raw.check(allow_negative_price) {
                Ok(trade) => *part = Some(trade),
                Err(fault) => {
                    if first.is_none_or(|(reason, _)| fault.reason < reason) {
                        first = Some((fault.reason, column_of(fault.column, at)));
                    }
                }
            }
        }
        match (first, parts) {
            (None, [Some(open), Some(high), Some(low), Some(close)]) => in_order([open, high, low, close]),
            (Some((reason, column)), _) => Err(Fault::tick(reason, column)),
            (None, _) => unreachable!("a trade is good or has a fault"),
        }
    }
}

/// Where a trade lies in its bar.
const fn offset(length: Nanos, at: usize) -> Nanos {
    // In 128 bits, so that no length is too long.
    Nanos((length.0 as i128 * at as i128 / TRADES as i128) as i64)
}

/// The bar's column for a trade's.
fn column_of(column: &'static str, at: usize) -> &'static str {
    match column {
        "price" => PRICES[at],
        "size" => VOLUME,
        other => other,
    }
}

/// A volume cut in four: quarters rounded down, the remainder on the last.
fn quarters(volume: Amount) -> [Number; TRADES] {
    let all = |number| [number; TRADES];
    match volume {
        Amount::Value(units) if units <= 0 => all(Number::Value(units.signum() as i64)),
        Amount::Value(units) => {
            let quarter = units / TRADES as i128;
            let last = Amount::Value(units - 3 * quarter).number();
            match (Amount::Value(quarter).number(), last) {
                (Number::Value(1..), Number::Value(_)) => {
                    let quarter = Amount::Value(quarter).number();
                    [quarter, quarter, quarter, last]
                }
                _ => all(Number::NotRepresentable { negative: false }),
            }
        }
        other => all(other.number()),
    }
}

/// Puts the trades of open, high, low and close in their order in time.
fn in_order([open, high, low, close]: [Trade; TRADES]) -> Result<[Trade; TRADES], Fault> {
    let (o, h, l, c) = (open.price, high.price, low.price, close.price);
    let contradicts = |column| Err(Fault { reason: Reason::BarInconsistent, column: Some(column) });
    if h < o || h < l || h < c {
        return contradicts("high");
    }
    if l > o || l > c {
        return contradicts("low");
    }
    let distance = |extreme: Price| extreme.raw().abs_diff(o.raw());
    let (second, third) = if distance(l) <= distance(h) { (l, h) } else { (h, l) };
    debug_assert!(open.ts_event < close.ts_event, "a bar is long enough to be cut in four");
    Ok([open, Trade { price: second, ..high }, Trade { price: third, ..low }, close])
}

/// A fault of a row that is none of the format, or of a cell that is no number.
pub(super) const fn parse_fault(column: Option<&'static str>) -> Fault {
    Fault { reason: Reason::Tick(RejectReason::Parse), column }
}

/// A fault of a bar's time against those before it.
pub(super) const fn time_fault(reason: RejectReason) -> Fault {
    Fault::tick(reason, TS_EVENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::number::parse_amount;
    use catalog::Excess;
    use proptest::prelude::*;

    fn amount(text: &str) -> Amount {
        parse_amount(text, Excess::Reject).expect("a number")
    }

    fn raw(cells: [&str; 5]) -> RawBar {
        let [open, high, low, close, volume] = cells.map(amount);
        let prices = [open, high, low, close];
        RawBar { ts_event: Some(Nanos(1_000)), symbol: Some(SymbolId(0)), prices, volume }
    }

    fn check(cells: [&str; 5], expected: [(i64, &str, &str); 4]) {
        let trades = raw(cells).trades(Nanos(100), false).unwrap();
        let found = trades.map(|trade| (trade.ts_event.0, trade.price.to_string(), trade.size.to_string()));
        let expected = expected.map(|(ts, price, size)| (ts, price.to_owned(), size.to_owned()));
        assert_eq!(found, expected, "{cells:?}");
        assert!(trades.iter().all(|trade| trade.aggressor == 0));
    }

    #[test]
    fn four_trades_visit_the_nearer_extreme_first() {
        check(
            ["10", "14", "9", "12", "8"],
            [(1_000, "10", "2"), (1_025, "9", "2"), (1_050, "14", "2"), (1_075, "12", "2")],
        );
        check(
            ["13", "14", "9", "12", "0.00000001"],
            [
                (1_000, "13", "0.000000002"),
                (1_025, "14", "0.000000002"),
                (1_050, "9", "0.000000002"),
                (1_075, "12", "0.000000004"),
            ],
        );
        // Equally near: the low first.
        check(
            ["10", "12", "8", "11", "4"],
            [(1_000, "10", "1"), (1_025, "8", "1"), (1_050, "12", "1"), (1_075, "11", "1")],
        );
        let flat = ["5", "5", "5", "5", "3999999999.999999996"];
        let quarter = "999999999.999999999";
        check(flat, [1_000, 1_025, 1_050, 1_075].map(|ts| (ts, "5", quarter)));
    }

    fn check_fault(bar: RawBar, expected: (Reason, &str)) {
        let fault = bar.trades(Nanos(100), false).unwrap_err();
        assert_eq!((fault.reason, fault.column), (expected.0, Some(expected.1)), "{bar:?}");
    }

    #[test]
    fn the_first_check_that_fails_is_the_reason() {
        use RejectReason as R;
        let tick = Reason::Tick;
        let good = ["10", "14", "9", "12", "8"];
        let with = |at: usize, text| {
            let mut cells = good;
            cells[at] = text;
            raw(cells)
        };
        let worst = raw(["", "-1", "1e20", "nan", "0"]);
        check_fault(
            RawBar { ts_event: None, symbol: None, ..worst },
            (tick(R::TimestampInvalid), "ts_event"),
        );
        let last = Nanos(Nanos::TICK_END.0 - 50);
        check_fault(RawBar { ts_event: Some(last), ..raw(good) }, (tick(R::TimestampInvalid), "ts_event"));
        check_fault(RawBar { symbol: None, ..worst }, (tick(R::SymbolInvalid), "symbol"));
        check_fault(worst, (tick(R::PriceNotFinite), "open"));
        check_fault(raw(["1e20", "-1", "0", "inf", "0"]), (tick(R::PriceNotFinite), "close"));
        check_fault(raw(["1e20", "-1", "0", "1", "0"]), (tick(R::PriceNotPositive), "high"));
        check_fault(with(2, "9.0000000001"), (tick(R::PriceNotRepresentable), "low"));
        for volume in ["0", "-1", "-1e20", "", "nan", "-inf"] {
            check_fault(with(4, volume), (tick(R::SizeNotPositive), VOLUME));
        }
        for volume in ["0.000000003", "0.0000000001", "inf", "1e20", "3999999999.999999997"] {
            check_fault(with(4, volume), (tick(R::SizeNotRepresentable), VOLUME));
        }
        for (at, price, column) in
            [(1, "11", "high"), (1, "8", "high"), (2, "11", "low"), (0, "15", "high"), (3, "8", "low")]
        {
            check_fault(with(at, price), (Reason::BarInconsistent, column));
        }
    }

    proptest! {
        #[test]
        fn trades_give_the_bar_back(
            prices in prop::array::uniform4(1_i64..1_000_000),
            units in 4_i128..4_000_000_000_000_000_000,
            length in 4_i64..10_000_000_000_000,
        ) {
            let [open, close, ..] = prices;
            let (high, low) = (*prices.iter().max().unwrap(), *prices.iter().min().unwrap());
            let cells = [open, high, low, close].map(|price| Amount::Value(price.into()));
            let bar = RawBar { prices: cells, volume: Amount::Value(units), ..raw(["1"; 5]) };
            let trades = bar.trades(Nanos(length), false).unwrap();
            let found = trades.map(|trade| trade.price.raw());
            prop_assert_eq!(found[0], open);
            prop_assert_eq!(found[3], close);
            prop_assert_eq!(found.iter().max(), Some(&high));
            prop_assert_eq!(found.iter().min(), Some(&low));
            prop_assert!(found[1].abs_diff(open) <= found[2].abs_diff(open));
            let volume: i128 = trades.iter().map(|trade| i128::from(trade.size.raw())).sum();
            prop_assert_eq!(volume, units);
            prop_assert!(trades.windows(2).all(|pair| pair[0].ts_event < pair[1].ts_event));
            prop_assert!(trades[3].ts_event.0 < 1_000 + length);
        }
    }
}
