//! What tests of this crate are made of: ticks, bars, orders and fills, one line each.

use crate::{Dictionary, OrderState, OrderStatus, Record};
use model::{
    Account, Action, Agent, Bar, BarSource, CONTEXT_LEN, Decision, Direction, Event, Fill, Instrument,
    InstrumentTable, Liquidity, Money, Nanos, Order, OrderId, OrderType, Pattern, Price, Purpose, Quantity,
    Quote, Side, SymbolId, SymbolTable, TimeInForce, Timeframe, Trade, Urgency, Verdict,
};
use std::sync::Arc;

/// A trade numbered `seq` at engine time `ts`.
pub(crate) fn trade(seq: u64, ts: i64, symbol: u32) -> Event {
    let trade = Trade {
        ts_event: Nanos(ts),
        price: Price::new(100 + seq as i64),
        size: Quantity::new(1 + seq as i64),
        aggressor: if seq.is_multiple_of(2) { 1 } else { -1 },
    };
    Event { seq, ..Event::trade(Nanos(ts), SymbolId(symbol), trade) }
}

/// A quote numbered `seq` at engine time `ts`.
pub(crate) fn quote(seq: u64, ts: i64, symbol: u32) -> Event {
    let quote = Quote {
        ts_event: Nanos(ts),
        bid: Price::new(100 + seq as i64),
        ask: Price::new(101 + seq as i64),
        bid_size: None,
        ask_size: Some(Quantity::new(seq as i64)),
    };
    Event { seq, ..Event::quote(Nanos(ts), SymbolId(symbol), quote) }
}

/// A bar that ends at `ts_close`.
pub(crate) fn bar(symbol: u32, timeframe: u8, ts_close: i64) -> Bar {
    Bar {
        symbol: SymbolId(symbol),
        timeframe,
        source: BarSource::Trade,
        primary: true,
        ts_open: Nanos(ts_close - 60),
        ts_close: Nanos(ts_close),
        open: Price::new(1),
        high: Price::new(4),
        low: Price::new(-1),
        close: Price::new(2),
        volume: 1 << 70,
        vwap: None,
        trades: 3,
    }
}

/// A market order numbered `id`, sent at the input `seq`.
pub(crate) fn order(id: u32, seq: u64, quantity: i64) -> Order {
    Order {
        id: OrderId(id),
        nth: 1,
        symbol: SymbolId(0),
        side: Side::Buy,
        order_type: OrderType::Market,
        tif: TimeInForce::Gtc,
        quantity: Quantity::new(quantity),
        seq,
        cause_seq: seq,
        ts: Nanos(seq as i64),
        delay: Nanos(0),
        purpose: Purpose::Decision,
    }
}

/// A fill of order `id`.
pub(crate) fn fill(id: u32, quantity: i64) -> Fill {
    Fill {
        order: OrderId(id),
        number: 1,
        symbol: SymbolId(0),
        side: Side::Buy,
        quantity: Quantity::new(quantity),
        price: Price::new(7),
        fee: Money::ZERO,
        liquidity: Liquidity::Taker,
    }
}

/// A decision on a symbol.
pub(crate) fn decision(symbol: u32) -> Decision {
    Decision {
        symbol: SymbolId(symbol),
        synergy: Some((Pattern::ALL[1], Direction::Short)),
        context: [0.5; CONTEXT_LEN],
        says: [[0.25, 0.5, 0.25]; Agent::ALL.len()],
        missed: [false, true, false, false, false, false],
        weights: [0.2; Agent::VOTERS],
        blend: 0.5,
        ensemble: [0.25, 0.25, 0.5],
        action: Action::Short,
        confidence: 0.5,
        gate: 0.25,
        urgency: Urgency::Execute,
        verdict: Verdict::Act,
        target: Quantity::new(-4),
    }
}

/// One record of each kind, at the input `seq`; indicator values are complete.
pub(crate) fn records(seq: u64) -> Vec<Record> {
    let ts = Nanos(seq as i64 * 10);
    let (order, symbol) = (order(0, seq, 9), SymbolId(1));
    let state = OrderState { order, status: OrderStatus::PartiallyFilled, filled: Quantity::new(4) };
    let amounts = [1, -2, 1 << 90, 4, 5, -6, 7].map(|raw| Money::from_raw(raw).expect("an amount"));
    vec![
        Record::Bar { seq, bar: bar(1, 0, ts.0) },
        Record::Bar { seq, bar: Bar { vwap: Some(Price::new(3)), primary: false, ..bar(0, 1, ts.0) } },
        Record::Indicators { seq, symbol, timeframe: 0, ts_close: ts, values: [1.5, -0.0].into() },
        Record::Decision { seq, ts, decision: Box::new(decision(1)) },
        Record::Fill { seq, ts, fill: fill(0, 4), order },
        Record::Order { seq, ts, state },
        Record::Position { seq, ts, symbol, quantity: Quantity::new(-4) },
        Record::Account { seq, ts, account: Account::from_amounts(amounts) },
    ]
}

/// Names for two symbols, two timeframes and two indicators each.
pub(crate) fn dictionary(run: &str) -> Dictionary {
    let symbols = SymbolTable::new(["AAA", "BBB"].map(String::from));
    let names = ["ema_5", "rsi_14"].map(String::from).to_vec();
    Dictionary {
        run: run.to_owned(),
        session: "0badcafe".to_owned(),
        strategy: "none".to_owned(),
        account: "main".to_owned(),
        instruments: Arc::new(InstrumentTable::new(symbols, |name| Instrument::plain(name, "USDT"))),
        timeframes: ["1s", "1m"].map(|text| Timeframe::parse(text).expect("a timeframe")).to_vec(),
        indicator_names: vec![names.clone(), names],
    }
}
