//! The price of a tick in bars of a source, as the bars stage takes it.
//!
//! Not here: sizes. What a quote counts differs: nothing in a volume, 1 in the volume profile.

use model::{BarSource, Event, Kind, Price, mid};

/// The price with which a tick enters bars of `source`; `None` where it enters none.
#[inline]
pub(crate) fn price_of(tick: &Event, source: BarSource) -> Option<Price> {
    if (tick.kind == Kind::TRADE) != (source == BarSource::Trade) {
        return None;
    }
    if source == BarSource::Trade {
        return Some(tick.as_trade().price);
    }
    let quote = tick.as_quote();
    Some(match source {
        BarSource::Bid => quote.bid,
        BarSource::Ask => quote.ask,
        BarSource::Mid | BarSource::Trade => mid(quote.bid, quote.ask),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Nanos, Quantity, Quote, SymbolId, Trade};

    fn check(tick: &Event, source: BarSource, expected: Option<i64>) {
        assert_eq!(price_of(tick, source), expected.map(Price::new), "{:?} {source:?}", tick.kind);
    }

    #[test]
    fn a_tick_has_a_price_where_it_is_in_the_bars() {
        let ts_event = Nanos(1);
        let trade = Trade { ts_event, price: Price::new(7), size: Quantity::new(2), aggressor: 0 };
        let trade = Event::trade(ts_event, SymbolId(0), trade);
        let [bid, ask] = [10, 13].map(Price::new);
        let quote = Quote { ts_event, bid, ask, bid_size: None, ask_size: None };
        let quote = Event::quote(ts_event, SymbolId(0), quote);
        for (source, of_trade, of_quote) in [
            (BarSource::Trade, Some(7), None),
            (BarSource::Bid, None, Some(10)),
            (BarSource::Ask, None, Some(13)),
            (BarSource::Mid, None, Some(12)),
        ] {
            check(&trade, source, of_trade);
            check(&quote, source, of_quote);
        }
    }
}
