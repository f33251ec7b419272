//! Ticks and names for tests on servers, and tiers that do not wait long.

use model::{
    Event, Instrument, InstrumentTable, Nanos, Price, Quantity, Quote, SymbolId, SymbolTable, Timeframe,
    Trade,
};
use std::sync::Arc;
use std::time::Duration;
use storage::{Dictionary, Policy, Retry, Store, TierConfig, TierReport, Tiers};

/// How many symbols there are: a symbol's list in Redis holds 1,000 ticks, and a test wants to see more.
pub const SYMBOLS: u64 = 64;

/// Names for [`SYMBOLS`] symbols `S00`, `S01`, …, the timeframes 1s and 1m, two indicators each.
pub fn dictionary(run: &str) -> Dictionary {
    let symbols = SymbolTable::new((0..SYMBOLS).map(|n| format!("S{n:02}")));
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

/// The symbol of a tick's number.
pub fn symbol_of(seq: u64) -> u64 {
    seq % SYMBOLS
}

/// Tick number `seq`: a millisecond of engine time each, every third a quote.
pub fn tick(seq: u64) -> Event {
    let ts = Nanos(seq as i64 * 1_000_000);
    let (symbol, price) = (SymbolId(symbol_of(seq) as u32), Price::new(1_000 + seq as i64));
    let event = if seq.is_multiple_of(3) {
        let quote =
            Quote { ts_event: ts, bid: price, ask: price, bid_size: None, ask_size: Some(Quantity::ZERO) };
        Event::quote(ts, symbol, quote)
    } else {
        let size = Quantity::new(1 + seq as i64);
        Event::trade(ts, symbol, Trade { ts_event: ts, price, size, aggressor: 1 })
    };
    Event { seq, ..event }
}

/// A tier that tries again soon.
pub fn config(store: Box<dyn Store>, policy: Policy) -> TierConfig {
    let retry = Retry { first: Duration::from_millis(5), max: Duration::from_millis(50) };
    TierConfig { policy, retry, queue_rows: 200_000, ..TierConfig::new("test", store) }
}

/// Starts one tier of run `run`.
pub fn start(store: Box<dyn Store>, policy: Policy) -> Tiers {
    Tiers::start(vec![config(store, policy)], &dictionary("run")).expect("it starts")
}

/// Offers ticks of these numbers, and cuts batches of at most 500.
pub fn offer(tiers: &mut Tiers, numbers: std::ops::RangeInclusive<u64>) {
    let ticks: Vec<Event> = numbers.map(tick).collect();
    for chunk in ticks.chunks(500) {
        tiers.offer_ticks(chunk).expect("it takes ticks");
        tiers.flush().expect("it takes ticks");
    }
}

/// Waits until everything that was offered is stored, half a minute at most.
pub fn settle(tiers: &Tiers) {
    for _ in 0..15_000 {
        if tiers.lags()[0].rows == 0 {
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    panic!("{:?} after half a minute; {:?}", tiers.lags(), tiers.notices());
}

/// Ends the tier, which has half a minute to store what is left.
pub fn close(tiers: Tiers) -> TierReport {
    tiers.close(Duration::from_secs(30)).pop().expect("there is one tier")
}
