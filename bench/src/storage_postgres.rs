//! What PostgreSQL takes: ticks and rows of results per second, each batch with its watermark in a transaction.
//!
//! Method: the server of `scripts/services.sh` (or the one named in the same variables), a schema of the bench's own,
//! removed at the end; 16 batches of 65,536 ticks, a third of them quotes, of 20 symbols at 2,000 ticks per second of
//! market time; batches of 4,096 inputs with a bar, 30 indicator values and a position each. A round is measured from
//! its first batch to its last commit; medians of rounds, ticks and results in turn.

use crate::figures::{Figure, Figures};
use crate::rings::median;
use model::{
    Bar, BarSource, Event, Instrument, InstrumentTable, Nanos, Price, Quantity, Quote, SymbolId, SymbolTable,
    Timeframe, Trade,
};
use ring::Stopwatch;
use std::path::Path;
use std::sync::Arc;
use storage::postgres::{PostgresSettings, PostgresStore, remove};
use storage::{Batch, Dictionary, Record, Rows, Secret, Store, StoreError};

const ROUNDS: usize = 5;
const SYMBOLS: u32 = 20;
const TICK_BATCHES: u64 = 16;
const TICKS_PER_BATCH: u64 = 65_536;
const RESULT_BATCHES: u64 = 8;
const INPUTS_PER_BATCH: u64 = 4_096;
const VALUES: usize = 30;
/// 2024-01-01T00:00:00Z.
const START: Nanos = Nanos(1_704_067_200_000_000_000);

/// Measures the server that the environment names, or notes that there is none.
pub fn measure(figures: &mut Figures) {
    let (Ok(address), Some(file)) = (
        std::env::var("GRANDMODEL_TEST_POSTGRES"),
        std::env::var_os("GRANDMODEL_TEST_POSTGRES_PASSWORD_FILE"),
    ) else {
        figures.note(
            "PostgreSQL was not measured: GRANDMODEL_TEST_POSTGRES is not set (scripts/services.sh env)",
        );
        return;
    };
    let measured = Secret::from_file(Path::new(&file))
        .map_err(|error| error.to_string())
        .and_then(|password| rounds(&address, password).map_err(|error| error.to_string()));
    match measured {
        Ok(Rates { mut ticks, mut results }) => {
            figures.push(Figure::rate("PostgreSQL, ticks", median(&mut ticks), "ticks/s", "500,000"));
            figures.push(Figure::rate("PostgreSQL, rows of results", median(&mut results), "rows/s", ""));
        }
        Err(why) => figures.note(format!("PostgreSQL was not measured: {why}")),
    }
}

struct Rates {
    ticks: Vec<f64>,
    results: Vec<f64>,
}

fn rounds(address: &str, password: Secret) -> Result<Rates, StoreError> {
    let settings = PostgresSettings {
        schema: format!("grandmodel_bench_{}", std::process::id()),
        ..PostgresSettings::warm(address, Some(password))
    };
    let measured = measure_in(&settings);
    remove(&settings)?;
    measured
}

fn measure_in(settings: &PostgresSettings) -> Result<Rates, StoreError> {
    let mut rates = Rates { ticks: Vec::new(), results: Vec::new() };
    let mut store = PostgresStore::new(settings)?;
    for round in 0..ROUNDS {
        store.open(&dictionary(&format!("round {round}")))?;
        let ticks: Vec<Batch> = (0..TICK_BATCHES).map(|n| tick_batch(n * TICKS_PER_BATCH)).collect();
        rates.ticks.push(rate(&mut store, &ticks)?);
        let results: Vec<Batch> = (0..RESULT_BATCHES).map(|n| result_batch(n * INPUTS_PER_BATCH)).collect();
        rates.results.push(rate(&mut store, &results)?);
    }
    Ok(rates)
}

/// Rows per second.
fn rate(store: &mut PostgresStore, batches: &[Batch]) -> Result<f64, StoreError> {
    let stopwatch = Stopwatch::new();
    let start = stopwatch.raw();
    for batch in batches {
        store.write(batch)?;
    }
    let rows: usize = batches.iter().map(Batch::len).sum();
    Ok(rows as f64 * 1e9 / stopwatch.nanos_between(start, stopwatch.raw()) as f64)
}

fn dictionary(run: &str) -> Dictionary {
    let symbols = SymbolTable::new((0..SYMBOLS).map(|n| format!("SYM{n:02}.SPOT")));
    let names = (0..VALUES).map(|n| format!("indicator_{n}")).collect();
    Dictionary {
        run: run.to_owned(),
        session: "0123abcd".to_owned(),
        strategy: "none".to_owned(),
        account: "bench".to_owned(),
        instruments: Arc::new(InstrumentTable::new(symbols, |symbol| Instrument::plain(symbol, "USD"))),
        timeframes: vec![Timeframe::parse("1m").expect("a timeframe")],
        indicator_names: vec![names],
    }
}

fn tick(seq: u64) -> Event {
    let n = seq as i64;
    let ts = Nanos(START.0 + n * 500_000);
    let symbol = SymbolId(seq.wrapping_mul(2_654_435_761) as u32 / 128 % SYMBOLS);
    let price = Price::new(50_000_000_000_000 + n % 1_000 * 10_000_000);
    let size = Quantity::new((n % 97 + 1) * 100_000);
    let event = if seq.is_multiple_of(3) {
        let ask = Price::new(price.raw() + 10_000_000);
        Event::quote(
            ts,
            symbol,
            Quote { ts_event: ts, bid: price, ask, bid_size: Some(size), ask_size: Some(size) },
        )
    } else {
        Event::trade(ts, symbol, Trade { ts_event: ts, price, size, aggressor: 1 })
    };
    Event { seq, ..event }
}

fn tick_batch(after: u64) -> Batch {
    let (first_seq, last_seq) = (after + 1, after + TICKS_PER_BATCH);
    Batch { first_seq, last_seq, rows: Rows::Ticks((first_seq..=last_seq).map(tick).collect()) }
}

fn result_batch(after: u64) -> Batch {
    let (first_seq, last_seq) = (after + 1, after + INPUTS_PER_BATCH);
    let rows = (first_seq..=last_seq).flat_map(|seq| {
        let ts = Nanos(START.0 + seq as i64 * 100_000_000);
        let symbol = SymbolId(seq as u32 % SYMBOLS);
        let price = Price::new(50_000_000_000_000);
        let bar = Bar {
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
            volume: 1_234_567_890,
            vwap: Some(price),
            trades: 100,
        };
        let values = vec![0.5; VALUES].into_boxed_slice();
        let quantity = Quantity::new(1_000_000_000);
        [
            Record::Bar { seq, bar },
            Record::Indicators { seq, symbol, timeframe: 0, ts_close: ts, values },
            Record::Position { seq, ts, symbol, quantity },
        ]
    });
    Batch { first_seq, last_seq, rows: Rows::Results(rows.collect()) }
}
