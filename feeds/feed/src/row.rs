//! Checks of one row alone, in the contract's order.
//!
//! A null trade price is not finite; a null bid or ask makes the quote empty; a null quote size is unknown.

use crate::{Number, RejectReason};
use model::{Nanos, Price, Quantity, Quote, SymbolId, Trade};

/// The time of a row, where it has one.
pub type Time = Option<Nanos>;

/// Which check a row failed, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Why the row is refused.
    pub reason: RejectReason,
    /// The column at fault, by our name.
    pub column: &'static str,
}

/// A trade as a source gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawTrade {
    /// `ts_event`.
    pub ts_event: Time,
    /// The symbol's id; `None` if the text is null or no symbol.
    pub symbol: Option<SymbolId>,
    /// Price.
    pub price: Number,
    /// Size.
    pub size: Number,
    /// Side; `None` if null or no small integer.
    pub side: Option<i8>,
}

/// A quote as a source gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawQuote {
    /// `ts_event`.
    pub ts_event: Time,
    /// The symbol's id; `None` if the text is null or no symbol.
    pub symbol: Option<SymbolId>,
    /// Best bid.
    pub bid: Number,
    /// Best ask.
    pub ask: Number,
    /// Size at the bid.
    pub bid_size: Number,
    /// Size at the ask.
    pub ask_size: Number,
}

const fn fault<T>(reason: RejectReason, column: &'static str) -> Result<T, Fault> {
    Err(Fault { reason, column })
}

fn check_head(ts_event: Time, symbol: Option<SymbolId>) -> Result<Nanos, Fault> {
    let Some(ts_event) = ts_event.filter(|ts| ts.is_tick_time()) else {
        return fault(RejectReason::TimestampInvalid, "ts_event");
    };
    if symbol.is_none() {
        return fault(RejectReason::SymbolInvalid, "symbol");
    }
    Ok(ts_event)
}

/// The first column for which a check holds.
fn first(columns: [(&'static str, Number); 2], check: impl Fn(Number) -> bool) -> Option<&'static str> {
    columns.into_iter().find(|(_, number)| check(*number)).map(|(column, _)| column)
}

impl RawTrade {
    /// Makes a trade of the row.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn check(&self, allow_negative_price: bool) -> Result<Trade, Fault> {
        let ts_event = check_head(self.ts_event, self.symbol)?;
        if self.price.is_not_finite() || self.price == Number::Null {
            return fault(RejectReason::PriceNotFinite, "price");
        }
        if self.price.is_not_positive() && !allow_negative_price {
            return fault(RejectReason::PriceNotPositive, "price");
        }
        let Some(price) = self.price.value() else {
            return fault(RejectReason::PriceNotRepresentable, "price");
        };
        if self.size.is_not_positive() || matches!(self.size, Number::Null | Number::NotANumber) {
            return fault(RejectReason::SizeNotPositive, "size");
        }
        let Some(size) = self.size.value() else { return fault(RejectReason::SizeNotRepresentable, "size") };
        let Some(aggressor @ -1..=1) = self.side else { return fault(RejectReason::SideInvalid, "side") };
        Ok(Trade { ts_event, price: Price::new(price), size: Quantity::new(size), aggressor })
    }
}

impl RawQuote {
    /// Makes a quote of the row.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn check(&self, allow_negative_price: bool) -> Result<Quote, Fault> {
        let ts_event = check_head(self.ts_event, self.symbol)?;
        let prices = [("bid", self.bid), ("ask", self.ask)];
        let sizes = [("bid_size", self.bid_size), ("ask_size", self.ask_size)];
        if let Some(column) = first(prices, Number::is_not_finite) {
            return fault(RejectReason::PriceNotFinite, column);
        }
        if let Some(column) = first(prices, Number::is_not_positive).filter(|_| !allow_negative_price) {
            return fault(RejectReason::PriceNotPositive, column);
        }
        if let Some(column) = first(prices, |price| price != Number::Null && price.value().is_none()) {
            return fault(RejectReason::PriceNotRepresentable, column);
        }
        let bad_size = |size| size != Number::Null && Number::value(size).is_none_or(|value| value < 0);
        if let Some(column) = first(sizes, bad_size) {
            return fault(RejectReason::SizeNotRepresentable, column);
        }
        let (Some(bid), Some(ask)) = (self.bid.value(), self.ask.value()) else {
            let column = if self.bid == Number::Null { "bid" } else { "ask" };
            return fault(RejectReason::QuoteEmpty, column);
        };
        let size = |size: Number| size.value().map(Quantity::new);
        Ok(Quote {
            ts_event,
            bid: Price::new(bid),
            ask: Price::new(ask),
            bid_size: size(self.bid_size),
            ask_size: size(self.ask_size),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RejectReason as R;

    const ONE: Number = Number::Value(1);
    const ZERO: Number = Number::Value(0);
    const MINUS: Number = Number::Value(-1);
    const NULL: Number = Number::Null;
    const NAN: Number = Number::NotANumber;
    const INF: Number = Number::Infinite { negative: false };
    const MINUS_INF: Number = Number::Infinite { negative: true };
    const LONG: Number = Number::NotRepresentable { negative: false };
    const MINUS_LONG: Number = Number::NotRepresentable { negative: true };

    fn trade(price: Number, size: Number, side: Option<i8>) -> RawTrade {
        RawTrade { ts_event: Some(Nanos(5)), symbol: Some(SymbolId(0)), price, size, side }
    }

    fn quote(numbers: [Number; 4]) -> RawQuote {
        let [bid, ask, bid_size, ask_size] = numbers;
        RawQuote { ts_event: Some(Nanos(5)), symbol: Some(SymbolId(0)), bid, ask, bid_size, ask_size }
    }

    fn check<T>(result: Result<T, Fault>, expected: Option<(RejectReason, &'static str)>) {
        assert_eq!(result.err().map(|fault| (fault.reason, fault.column)), expected);
    }

    #[test]
    fn trades_are_checked_in_order() {
        check(trade(ONE, ONE, Some(-1)).check(false), None);
        check(
            RawTrade { ts_event: None, symbol: None, ..trade(NAN, NAN, None) }.check(false),
            Some((R::TimestampInvalid, "ts_event")),
        );
        for ts in [Nanos::MIN, Nanos::TICK_END, Nanos::MAX] {
            let made = RawTrade { ts_event: Some(ts), ..trade(ONE, ONE, None) };
            check(made.check(false), Some((R::TimestampInvalid, "ts_event")));
        }
        check(
            RawTrade { symbol: None, ..trade(NAN, NAN, None) }.check(false),
            Some((R::SymbolInvalid, "symbol")),
        );
        for price in [NAN, INF, MINUS_INF, NULL] {
            check(trade(price, NAN, None).check(true), Some((R::PriceNotFinite, "price")));
        }
        for price in [ZERO, MINUS, MINUS_LONG] {
            check(trade(price, NAN, None).check(false), Some((R::PriceNotPositive, "price")));
        }
        check(trade(MINUS, ONE, Some(0)).check(true), None);
        check(trade(ZERO, ONE, Some(0)).check(true), None);
        check(trade(LONG, NAN, None).check(false), Some((R::PriceNotRepresentable, "price")));
        check(trade(MINUS_LONG, NAN, None).check(true), Some((R::PriceNotRepresentable, "price")));
        for size in [NULL, ZERO, MINUS, NAN, MINUS_INF, MINUS_LONG] {
            check(trade(ONE, size, None).check(false), Some((R::SizeNotPositive, "size")));
        }
        for size in [INF, LONG] {
            check(trade(ONE, size, None).check(false), Some((R::SizeNotRepresentable, "size")));
        }
        for side in [None, Some(2), Some(-2), Some(i8::MIN)] {
            check(trade(ONE, ONE, side).check(false), Some((R::SideInvalid, "side")));
        }
    }

    #[test]
    fn quotes_are_checked_in_order() {
        check(quote([ONE, ONE, NULL, ZERO]).check(false), None);
        check(quote([NULL, NAN, MINUS, ONE]).check(false), Some((R::PriceNotFinite, "ask")));
        check(quote([INF, MINUS, MINUS, ONE]).check(true), Some((R::PriceNotFinite, "bid")));
        check(quote([NULL, MINUS, MINUS, ONE]).check(false), Some((R::PriceNotPositive, "ask")));
        check(quote([MINUS, ZERO, ONE, ONE]).check(true), None);
        check(quote([NULL, LONG, MINUS, ONE]).check(false), Some((R::PriceNotRepresentable, "ask")));
        for size in [MINUS, NAN, INF, MINUS_INF, LONG] {
            check(quote([NULL, ONE, ONE, size]).check(false), Some((R::SizeNotRepresentable, "ask_size")));
            check(quote([NULL, ONE, size, NAN]).check(false), Some((R::SizeNotRepresentable, "bid_size")));
        }
        check(quote([ONE, NULL, ONE, ONE]).check(false), Some((R::QuoteEmpty, "ask")));
        check(quote([NULL, NULL, ONE, ONE]).check(true), Some((R::QuoteEmpty, "bid")));
        let made = quote([ONE, ONE, NULL, ZERO]).check(false).unwrap();
        assert_eq!((made.bid_size, made.ask_size), (None, Some(Quantity::ZERO)));
    }
}
