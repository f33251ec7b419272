//! An event's fields by name, whatever its bits are: a journal may hold what this build has no name for.
//!
//! Prices, quantities and money are decimal strings; a code without a name is its number; an event of a kind without
//! fields of its own shows its words. Symbols are numbers: a journal does not know their names.

use crate::config::print_instant;
use model::{Event, Kind, Nanos, Purpose, RejectReason, SymbolId};
use serde_json::{Map, Value, json};

/// One event as a JSON object.
pub(super) fn of(index: u64, session: u32, event: &Event) -> Value {
    let symbol = (event.symbol != SymbolId::NONE).then_some(event.symbol.0);
    let mut object = Map::new();
    let common = json!({
        "index": index,
        "session": session,
        "seq": event.seq,
        "kind": kind(event.kind),
        "ts": print_instant(event.ts),
        "symbol": symbol,
    });
    for fields in [common, by_kind(event)] {
        let Value::Object(fields) = fields else { unreachable!("fields are an object") };
        object.extend(fields);
    }
    Value::Object(object)
}

fn kind(kind: Kind) -> Value {
    match kind {
        Kind::TRADE => "trade".into(),
        Kind::QUOTE => "quote".into(),
        Kind::TIMER => "timer".into(),
        Kind::REPORT => "report".into(),
        Kind::FILL => "fill".into(),
        Kind::SESSION => "session".into(),
        Kind::COMMAND => "command".into(),
        Kind::ORDER => "order".into(),
        Kind::CANCEL => "cancel".into(),
        other => other.0.into(),
    }
}

fn by_kind(event: &Event) -> Value {
    let words = &event.words;
    match event.kind {
        Kind::TRADE => json!({
            "ts_event": print_instant(Nanos(words[0])),
            "price": decimal(words[1].into()),
            "size": decimal(words[2].into()),
            "side": event.flags as i8,
        }),
        Kind::QUOTE => json!({
            "ts_event": print_instant(Nanos(words[0])),
            "bid": decimal(words[1].into()),
            "ask": decimal(words[2].into()),
            "bid_size": size(words[3]),
            "ask_size": size(words[4]),
        }),
        Kind::TIMER => json!({}),
        Kind::REPORT => json!({
            "order": words[0] as u32,
            "report": named(&REPORTS, event.flags.into()),
            "reason": reason(event.detail),
        }),
        Kind::FILL => json!({
            "order": words[0] as u32,
            "number": (words[0] >> 32) as u32,
            "side": side(event.flags),
            "quantity": decimal(words[1].into()),
            "price": decimal(words[2].into()),
            "fee": decimal(i128::from(words[3] as u64) | i128::from(words[4]) << 64),
            "liquidity": if event.flags & 4 != 0 { "maker" } else { "taker" },
        }),
        Kind::SESSION => json!({"step": named(&["", "start", "end"], event.flags.into())}),
        Kind::ORDER => json!({
            "order": words[0] as u32,
            "nth": (words[0] >> 32) as u32,
            "cause_seq": words[1] as u64,
            "side": side(event.flags),
            "type": if event.flags & 2 != 0 { "limit" } else { "market" },
            "quantity": decimal(words[2].into()),
            "limit_price": (event.flags & 2 != 0).then(|| decimal(words[3].into())),
            "delay_ns": words[4],
            "purpose": named(&Purpose::ALL.map(Purpose::name), event.detail.into()),
        }),
        Kind::CANCEL => json!({"order": words[0] as u32}),
        _ => json!({"flags": event.flags, "detail": event.detail, "words": words}),
    }
}

const REPORTS: [&str; 5] = ["accepted", "cancelled", "rejected", "expired", "cancel_rejected"];

/// The name of a code, or the code.
fn named(names: &[&str], code: usize) -> Value {
    names.get(code).filter(|name| !name.is_empty()).map_or(code.into(), |name| (*name).into())
}

fn reason(detail: u16) -> Value {
    let names = [RejectReason::Lot, RejectReason::TickSize].map(RejectReason::name);
    if detail == u16::MAX { Value::Null } else { named(&names, detail.into()) }
}

fn side(flags: u8) -> &'static str {
    if flags & 1 != 0 { "sell" } else { "buy" }
}

/// A quote's size; one that the feed does not say is null.
fn size(raw: i64) -> Value {
    if raw == i64::MIN { Value::Null } else { decimal(raw.into()).into() }
}

/// Units of 1e-9 as a decimal, exactly, without trailing zeros.
fn decimal(raw: i128) -> String {
    let unit = u128::from(model::UNIT.unsigned_abs());
    let (whole, rest) = (raw.unsigned_abs() / unit, raw.unsigned_abs() % unit);
    let sign = if raw < 0 { "-" } else { "" };
    if rest == 0 {
        return format!("{sign}{whole}");
    }
    let places = format!("{rest:09}");
    format!("{sign}{whole}.{}", places.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{
        Fill, Liquidity, Money, Order, OrderId, OrderType, Price, Quantity, Quote, Report, ReportKind, Side,
        TimeInForce, Trade,
    };
    use proptest::prelude::*;

    #[track_caller]
    fn check(event: Event, expected: Value) {
        let Value::Object(shown) = of(7, 2, &event) else { panic!("an object") };
        let Value::Object(expected) = expected else { panic!("an object") };
        let common = ["index", "session", "seq", "kind", "ts", "symbol"];
        let own: Map<String, Value> = shown
            .iter()
            .filter(|(name, _)| !common.contains(&name.as_str()))
            .map(|(a, b)| (a.clone(), b.clone()))
            .collect();
        assert_eq!(own, expected);
        assert_eq!((&shown["index"], &shown["session"]), (&json!(7), &json!(2)));
    }

    #[test]
    fn ticks_by_name() {
        let trade = Trade {
            ts_event: Nanos(7),
            price: Price::new(-5),
            size: Quantity::new(3_250_000_000),
            aggressor: -1,
        };
        let ts_event = "1970-01-01T00:00:00.000000007Z";
        check(
            Event::trade(Nanos(8), SymbolId(2), trade),
            json!({"ts_event": ts_event, "price": "-0.000000005", "size": "3.25", "side": -1}),
        );
        let quote = Quote {
            ts_event: Nanos(7),
            bid: Price::new(10_000_000_000),
            ask: Price::new(9),
            bid_size: None,
            ask_size: Some(Quantity::ZERO),
        };
        check(
            Event::quote(Nanos(8), SymbolId(2), quote),
            json!({"ts_event": ts_event, "bid": "10", "ask": "0.000000009", "bid_size": null, "ask_size": "0"}),
        );
    }

    #[test]
    fn orders_and_answers_by_name() {
        let order = Order {
            id: OrderId(5),
            nth: 2,
            symbol: SymbolId(1),
            side: Side::Sell,
            order_type: OrderType::Limit(Price::new(1_500_000_000)),
            tif: TimeInForce::Gtc,
            quantity: Quantity::new(7),
            seq: 9,
            cause_seq: 8,
            ts: Nanos(1),
            delay: Nanos(3),
            purpose: Purpose::Stop,
        };
        check(
            order.to_event(),
            json!({"order": 5, "nth": 2, "cause_seq": 8, "side": "sell", "type": "limit", "quantity": "0.000000007",
                   "limit_price": "1.5", "delay_ns": 3, "purpose": "stop"}),
        );
        let at = Event { seq: 9, ..Event::input(Kind::TIMER, Nanos(1), SymbolId::NONE) };
        check(at, json!({}));
        check(Order::cancel_event(&at, OrderId(5), SymbolId(1)), json!({"order": 5}));
        let fill = Fill {
            order: OrderId(5),
            number: 3,
            symbol: SymbolId(1),
            side: Side::Buy,
            quantity: Quantity::new(7),
            price: Price::new(8),
            fee: Money::from_raw(-1_000_000_001).unwrap(),
            liquidity: Liquidity::Maker,
        };
        check(
            fill.to_event(Nanos(1)),
            json!({"order": 5, "number": 3, "side": "buy", "quantity": "0.000000007", "price": "0.000000008",
                   "fee": "-1.000000001", "liquidity": "maker"}),
        );
        for (kind, name) in [
            (ReportKind::Accepted, "accepted"),
            (ReportKind::Cancelled, "cancelled"),
            (ReportKind::Rejected, "rejected"),
            (ReportKind::Expired, "expired"),
            (ReportKind::CancelRejected, "cancel_rejected"),
        ] {
            let report =
                Report { id: OrderId(5), symbol: SymbolId(1), kind, reason: Some(RejectReason::TickSize) };
            check(report.to_event(Nanos(1)), json!({"order": 5, "report": name, "reason": "tick_size"}));
        }
    }

    proptest! {
        #[test]
        fn every_event_is_one_line(kind: u8, flags: u8, detail: u16, words: [i64; 5], ts: i64, symbol: u32) {
            let (ts, symbol) = (Nanos(ts), SymbolId(symbol));
            let event = Event { seq: 1, ts, symbol, kind: Kind(kind % 44), flags, detail, words };
            let line = of(0, 1, &event).to_string();
            prop_assert!(!line.contains('\n'));
            let shown: Value = serde_json::from_str(&line).unwrap();
            prop_assert_eq!(&shown["seq"], &json!(1));
        }
    }
}
