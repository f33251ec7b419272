//! Made ticks and results for tests of SQL stores, every field different and odd.

use model::{
    Account, Action, Bar, BarSource, CONTEXT_LEN, Decision, Direction, Event, Fill, Instrument,
    InstrumentTable, Liquidity, Money, Nanos, Order, OrderId, OrderType, Pattern, Price, Purpose, Quantity,
    Quote, Side, SymbolId, SymbolTable, TimeInForce, Timeframe, Trade, Urgency, Verdict,
};
use std::sync::Arc;
use storage::{Batch, Dictionary, OrderState, OrderStatus, Record, Rows};

/// 2024-01-01T00:00:00Z.
pub const YEAR: Nanos = Nanos(1_704_067_200_000_000_000);

/// A run of three symbols and two timeframes.
pub fn dictionary(run: &str) -> Dictionary {
    let symbols = SymbolTable::new(["BTCUSDT.SPOT", "ES=F", "O'HARE"].map(String::from));
    let describe = |name: &str| Instrument {
        multiplier: Quantity::parse("50").expect("a number"),
        venue: "SIM".to_owned(),
        ..Instrument::plain(name, "USD")
    };
    Dictionary {
        run: run.to_owned(),
        session: "0123abcd".to_owned(),
        strategy: "marl".to_owned(),
        account: "paper".to_owned(),
        instruments: Arc::new(InstrumentTable::new(symbols, describe)),
        timeframes: ["5m", "30m"].map(|text| Timeframe::parse(text).expect("a timeframe")).to_vec(),
        indicator_names: vec![vec!["ema".to_owned(), "rsi".to_owned()], vec!["mlmi".to_owned()]],
    }
}

/// Tick `seq`: every third a quote, every ninth without a size; symbols in turn; `step` apart.
pub fn tick(seq: u64, start: Nanos, step: Nanos) -> Event {
    let n = seq as i64;
    let ts = Nanos(start.0 + n * step.0 + n % 1_000);
    let symbol = SymbolId((seq % 2) as u32);
    let ts_event = Nanos(ts.0 - n % 7);
    let event = if seq.is_multiple_of(3) {
        let size = (!seq.is_multiple_of(9)).then(|| Quantity::new(n % 50));
        let bid = Price::new(50_000_000_000_001 + n);
        Event::quote(ts, symbol, Quote { ts_event, bid, ask: Price::new(-n), bid_size: size, ask_size: None })
    } else {
        let aggressor = (n % 3) as i8 - 1;
        let (price, size) = (Price::new(999_999_999_999_999_999 - n), Quantity::new(n));
        Event::trade(ts, symbol, Trade { ts_event, price, size, aggressor })
    };
    Event { seq, ..event }
}

/// Ticks `first..=last`, a millisecond apart.
pub fn ticks(first: u64, last: u64) -> Batch {
    let rows = (first..=last).map(|seq| tick(seq, YEAR, Nanos(1_000_000))).collect();
    Batch { first_seq: first, last_seq: last, rows: Rows::Ticks(rows) }
}

fn money(raw: i128) -> Money {
    Money::from_raw(raw).expect("in range")
}

/// An order, the first of two at input `seq`.
pub fn order(seq: u64, nth: u32) -> Order {
    Order {
        id: OrderId(u32::MAX - nth),
        nth,
        symbol: SymbolId(1),
        side: Side::Sell,
        order_type: if nth == 1 { OrderType::Limit(Price::new(-4)) } else { OrderType::Market },
        tif: TimeInForce::Gtc,
        quantity: Quantity::new(1_500_000_001),
        seq,
        cause_seq: seq - 1,
        ts: Nanos(YEAR.0 + 1),
        delay: Nanos(13),
        purpose: Purpose::TimeStop,
    }
}

/// A decision with odd figures.
pub fn decision() -> Decision {
    Decision {
        symbol: SymbolId(2),
        synergy: Some((Pattern::ALL[3], Direction::Short)),
        context: std::array::from_fn::<f32, CONTEXT_LEN, _>(|place| 0.5 - place as f32),
        says: std::array::from_fn(|agent| [0.125 * agent as f32, 0.25, -0.0]),
        missed: [true, false, true, false, false, true],
        weights: [0.1, 0.2, 0.7, 0.4, 0.6],
        blend: 0.5,
        ensemble: [0.25, 0.375, 0.5],
        action: Action::Short,
        confidence: 0.35,
        gate: 0.5,
        urgency: Urgency::Execute,
        verdict: Verdict::BelowGate,
        target: Quantity::new(-9),
    }
}

/// A bar without volume, or with more than fits 64 bits.
pub fn bar(volume: i128) -> Bar {
    Bar {
        symbol: SymbolId(0),
        timeframe: 1,
        source: BarSource::Mid,
        primary: volume > 0,
        ts_open: Nanos(YEAR.0 - 30 * Nanos::MINUTE.0),
        ts_close: YEAR,
        open: Price::new(1),
        high: Price::MAX,
        low: Price::MIN,
        close: Price::new(-2_000_000_000),
        volume,
        vwap: (volume > 0).then(|| Price::new(12_345_678_901)),
        trades: u32::MAX,
    }
}

/// One of every kind at input `seq`, two where two say more.
pub fn results(seq: u64) -> Batch {
    let ts = Nanos(YEAR.0 + 123_456_789);
    let state = |status, filled| OrderState { order: order(seq, 1), status, filled };
    let fill = Fill {
        order: OrderId(u32::MAX - 1),
        number: u32::MAX,
        symbol: SymbolId(1),
        side: Side::Sell,
        quantity: Quantity::new(9),
        price: Price::MIN,
        fee: money(-i128::from(u64::MAX) * 3),
        liquidity: Liquidity::Maker,
    };
    let amounts = [1, -1, (1 << 96) - 1, -(1 << 96) + 1, 10_000, 0, 1_000_000_000].map(money);
    let account = Account::from_amounts(amounts);
    let values: Box<[f64]> = [1.0 / 3.0, f64::NAN].into();
    let rows = vec![
        Record::Bar { seq, bar: bar(0) },
        Record::Bar { seq, bar: bar(1 << 70) },
        Record::Indicators { seq, symbol: SymbolId(0), timeframe: 0, ts_close: YEAR, values },
        Record::Decision { seq, ts, decision: Box::new(decision()) },
        Record::Order { seq, ts, state: state(OrderStatus::New, Quantity::ZERO) },
        Record::Order { seq, ts, state: state(OrderStatus::PartiallyFilled, Quantity::new(9)) },
        Record::Fill { seq, ts, fill, order: order(seq, 1) },
        Record::Account { seq, ts, account },
        Record::Position { seq, ts, symbol: SymbolId(1), quantity: Quantity::new(-7) },
    ];
    Batch { first_seq: seq, last_seq: seq, rows: Rows::Results(rows) }
}
