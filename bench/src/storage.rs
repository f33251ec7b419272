//! What the storage tiers take: ticks per second into each store, and what gathering costs beside the hot path.
//!
//! Method: 1 M ticks of 100 symbols, a third of them quotes, in batches of 4,096 through a tier's own queue and thread,
//! from the first offer until the last is stored; what takes turns is measured round by round. Redis is started for the
//! bench, where it is installed, on a free port and without persistence; SQLite writes to a folder of the system's
//! temporary one.

use crate::figures::{Figure, Figures};
use crate::market::Random;
use crate::rings::median;
use model::{
    Account, Bar, BarSource, EQUITY_ROW, Event, Frame, IndicatorSet, Instrument, InstrumentTable, Kind,
    Nanos, Price, Quantity, Quote, SymbolId, SymbolTable, Timeframe, Trade,
};
use ring::Stopwatch;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use storage::{
    Dictionary, Gatherer, MemoryStore, Policy, Record, RedisConfig, RedisStore, Secret, SqliteConfig,
    SqliteStore, Store, TierConfig, Tiers,
};

const ROUNDS: usize = 5;
const SYMBOLS: u32 = 100;
const TICKS: u64 = 1_000_000;
/// Ticks offered at a time, as they come out of a ring.
const OFFER: usize = 1024;
/// Frames of a boundary at which all symbols close a bar, and the values of each.
const FRAMES: u64 = 200;
const VALUES: usize = 30;
/// 2024-01-01T00:00:00Z.
const START_NS: i64 = 1_704_067_200_000_000_000;

/// Runs the bench.
pub fn run_all() -> Figures {
    let mut figures = Figures::new("storage");
    let ticks = ticks();
    let redis = Redis::start();
    let (mut memory, mut sqlite, mut hot) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        memory.push(rate(Box::new(MemoryStore::new()), &ticks));
        let folder = tempfile::tempdir().expect("a folder for the bench");
        let config = SqliteConfig::new(folder.path().join("warm.db"));
        sqlite.push(rate(Box::new(SqliteStore::new(config)), &ticks));
        if let Some(redis) = &redis {
            hot.push(rate(Box::new(RedisStore::new(redis.config(round))), &ticks));
        }
    }
    figures.push(Figure::rate("memory", median(&mut memory), "ticks/s", ""));
    if hot.is_empty() {
        figures.note("Redis was not measured: redis-server is not installed (scripts/services.sh up)");
    } else {
        figures.push(Figure::rate("Redis", median(&mut hot), "ticks/s", ">= 500,000"));
    }
    figures.push(Figure::rate("SQLite", median(&mut sqlite), "ticks/s", ""));
    crate::storage_postgres::measure(&mut figures);
    gather(&mut figures);
    figures.note(format!(
        "ticks of {SYMBOLS} symbols, a third quotes, in batches of 4,096 through a tier's queue and thread; medians of \
         {ROUNDS} rounds that take turns"
    ));
    figures
}

fn dictionary(run: &str) -> Dictionary {
    let symbols = SymbolTable::new((0..SYMBOLS).map(|n| format!("S{n:03}")));
    Dictionary {
        run: run.to_owned(),
        session: "00000000".to_owned(),
        strategy: "none".to_owned(),
        account: "main".to_owned(),
        instruments: Arc::new(InstrumentTable::new(symbols, |name| Instrument::plain(name, "USDT"))),
        timeframes: vec![Timeframe::parse("1m").expect("a timeframe")],
        indicator_names: vec![(0..VALUES).map(|n| format!("value_{n}")).collect()],
    }
}

fn ticks() -> Vec<Event> {
    let mut random = Random(7);
    let tick = |seq: u64| {
        let bits = random.bits();
        let symbol = SymbolId((bits % u64::from(SYMBOLS)) as u32);
        let ts = Nanos(START_NS + seq as i64 * 5_000);
        let price = Price::new(50_000_000_000_000 + (bits >> 32) as i64);
        let size = Quantity::new(1 + (bits >> 40) as i64);
        let event = if seq.is_multiple_of(3) {
            let quote =
                Quote { ts_event: ts, bid: price, ask: price, bid_size: Some(size), ask_size: Some(size) };
            Event::quote(ts, symbol, quote)
        } else {
            Event::trade(ts, symbol, Trade { ts_event: ts, price, size, aggressor: 1 })
        };
        Event { seq, ..event }
    };
    (1..=TICKS).map(tick).collect()
}

/// Ticks per second through a tier of this store.
fn rate(store: Box<dyn Store>, ticks: &[Event]) -> f64 {
    let tier = TierConfig { policy: Policy::Block, ..TierConfig::new("bench", store) };
    let mut tiers = Tiers::start(vec![tier], &dictionary("bench")).expect("the store opens");
    let stopwatch = Stopwatch::new();
    let start = stopwatch.raw();
    for chunk in ticks.chunks(OFFER) {
        tiers.offer_ticks(chunk).expect("the store takes ticks");
    }
    let report = tiers.close(Duration::from_secs(120)).pop().expect("there is a tier");
    let nanos = stopwatch.nanos_between(start, stopwatch.raw());
    assert_eq!((report.stored_rows, report.outages), (TICKS, 0), "everything was stored, without an outage");
    TICKS as f64 * 1e9 / nanos as f64
}

/// A frame at which every symbol closes a bar and has its values.
fn boundary(seq: u64) -> Frame {
    let ts = Nanos(START_NS + seq as i64 * Nanos::MINUTE.0);
    let mut frame = Frame::default();
    frame.begin(Event { seq, ..Event::input(Kind::TIMER, ts, SymbolId::NONE) });
    frame.push_account(Account::default(), SymbolId::NONE, 0);
    frame.events.last_mut().expect("it was just pushed").flags = EQUITY_ROW;
    for symbol in (0..SYMBOLS).map(SymbolId) {
        let price = Price::new(i64::from(symbol.0) + 1);
        frame.push_bar(Bar {
            symbol,
            timeframe: 0,
            source: BarSource::Trade,
            primary: true,
            ts_open: Nanos(ts.0 - Nanos::MINUTE.0),
            ts_close: ts,
            open: price,
            high: price,
            low: price,
            close: price,
            volume: 1,
            vwap: Some(price),
            trades: 1,
        });
        let values_start = frame.values.len() as u32;
        frame.values.extend((0..VALUES).map(|n| n as f64));
        let values_len = VALUES as u32;
        frame.push_set(IndicatorSet { symbol, timeframe: 0, ts_close: ts, values_start, values_len });
    }
    frame
}

fn gather(figures: &mut Figures) {
    let frames: Vec<Frame> = (1..=FRAMES).map(boundary).collect();
    let stopwatch = Stopwatch::new();
    let mut nanos = Vec::new();
    for _ in 0..ROUNDS {
        let (mut gatherer, mut records) = (Gatherer::default(), Vec::<Record>::new());
        let start = stopwatch.raw();
        for frame in &frames {
            records.clear();
            gatherer.gather(frame, &mut records);
        }
        let spent = stopwatch.nanos_between(start, stopwatch.raw());
        assert_eq!(records.len(), 2 * SYMBOLS as usize + 1, "each symbol has a bar and a set");
        nanos.push(spent as f64 / FRAMES as f64);
    }
    let name = format!("gathering a frame in which {SYMBOLS} symbols close a bar with {VALUES} values");
    figures.push(Figure::nanos(&name, median(&mut nanos), ""));
}

/// A server of the bench's own; gone with the value.
struct Redis {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Redis {
    fn start() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder for the bench");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        drop(listener);
        let child = Self::spawn(port, folder.path())?;
        let redis = Self { child, port, _folder: folder };
        for _ in 0..1_000 {
            if RedisStore::new(redis.config(0)).open(&dictionary("bench")).is_ok() {
                return Some(redis);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }

    fn spawn(port: u16, folder: &Path) -> Option<Child> {
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"]).arg(folder);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()
    }

    fn config(&self, round: usize) -> RedisConfig {
        let url = Secret::of(&format!("redis://127.0.0.1:{}", self.port)).expect("a line");
        RedisConfig {
            prefix: format!("bench{round}"),
            timeout: Duration::from_secs(10),
            ..RedisConfig::new(url)
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
