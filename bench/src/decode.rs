//! Ticks per second from Parquet: decoded, checked and merged; then through the whole engine as well.
//!
//! Method: the peer workload in a catalog of our own writing (DELTA_BINARY_PACKED, zstd) and in a file as pandas
//! or the peers write one (doubles, zstd), five runs each, the median. The files are in the page cache. End to end
//! means until the last stage has seen the last tick: decode runs ahead on another core.

use crate::figures::{Figure, Figures};
use crate::market::trades;
use crate::rings::median;
use crate::setup::{Ready, Setup};
use catalog::{ColumnMap, ReadOptions, TickKind, TickWriter, discover};
use feed::{Feed, More};
use files::{ParquetFeed, ReplayOptions};
use model::{Event, SymbolId, SymbolTable};
use pipeline::{Edge, Outlets, Progress, run};
use ring::{Cores, Stopwatch};
use std::path::{Path, PathBuf};

/// Ticks of the workload.
const TICKS: usize = 4_000_000;
const RUNS: usize = 7;
/// The workload's only symbol, as the engine's setup names it.
const SYMBOL: &str = "BTC0000";

/// Writes ticks into a catalog.
fn write_catalog(root: &Path, ticks: &[Event]) {
    let mut writer = TickWriter::create(root, TickKind::Trades, SYMBOL).expect("the folder can be written");
    ticks.iter().for_each(|tick| writer.trade(&tick.as_trade()).expect("the disk has room"));
    writer.finish().expect("the disk has room");
}

fn feed(path: &Path, read: &ReadOptions, workers: usize) -> ParquetFeed {
    let files = discover(&[path.to_owned()], read).expect("the data is there");
    let symbols = SymbolTable::new([SYMBOL.to_owned()]);
    let mut options = ReplayOptions::new(files, read.clone(), symbols);
    options.workers = workers;
    ParquetFeed::new(options)
}

/// Rows per second of the feed alone.
fn decode_rate(path: &Path, read: &ReadOptions, workers: usize) -> f64 {
    let stopwatch = Stopwatch::new();
    let start = stopwatch.raw();
    let mut feed = feed(path, read, workers);
    feed.connect().expect("the data can be read");
    feed.subscribe(&[SymbolId(0)]).expect("the symbol is there");
    let mut batch = Vec::new();
    while feed.on_tick(&mut batch).expect("the data can be read") == More::Yes {}
    let ticks = feed.summary().ticks;
    ticks as f64 * 1e9 / stopwatch.nanos_between(start, stopwatch.raw()) as f64
}

/// Ticks per second from the file through the last stage.
fn end_to_end_rate(path: &Path, read: &ReadOptions, workers: usize) -> f64 {
    let Ready { config, stages, venue } = Setup::peer().build(&Cores::of(&[]));
    let stopwatch = Stopwatch::new();
    let start = stopwatch.raw();
    let mut feed = feed(path, read, workers);
    feed.connect().expect("the data can be read");
    feed.subscribe(&[SymbolId(0)]).expect("the symbol is there");
    let outcome = run(&config, stages, Edge::new(venue), &mut feed, Outlets::default(), &Progress::default());
    let ticks = outcome.expect("the run ends well").ticks;
    ticks as f64 * 1e9 / stopwatch.nanos_between(start, stopwatch.raw()) as f64
}

fn measure(figures: &mut Figures, name: &str, path: &Path, read: &ReadOptions, target: &str) {
    for workers in [1, 2] {
        let threads = if workers == 1 { "1 decode thread" } else { "2 decode threads" };
        let mut rates: Vec<f64> = (0..RUNS).map(|_| decode_rate(path, read, workers)).collect();
        figures.push(Figure::rate(
            &format!("{name}: decoded, checked, merged, {threads}"),
            median(&mut rates),
            "ticks/s",
            "",
        ));
    }
    let mut rates: Vec<f64> = (0..RUNS).map(|_| end_to_end_rate(path, read, 1)).collect();
    figures.push(Figure::rate(&format!("{name}: end to end"), median(&mut rates), "ticks/s", target));
}

/// Runs the bench; `foreign` is a file of the peers' form to measure beside.
pub fn run_all(foreign: Option<&PathBuf>) -> Figures {
    let mut figures = Figures::new("decode");
    let folder = tempfile::tempdir().expect("the system has a folder for temporary files");
    write_catalog(folder.path(), &trades(1, TICKS, 0.3e9, 42));
    measure(&mut figures, "catalog of our own", folder.path(), &ReadOptions::default(), ">= 20 M/s");
    match foreign {
        Some(path) => {
            let columns = ColumnMap::new([("ts_event", "ts_ns")]).expect("the column is ours");
            let read = ReadOptions { columns, symbol: Some(SYMBOL.to_owned()), ..ReadOptions::default() };
            measure(&mut figures, "the peers' file", path, &read, ">= 12 M/s");
        }
        None => figures.note("name the peers' ticks.parquet with --ticks to measure a foreign file too"),
    }
    figures.note(format!("{TICKS} ticks in the catalog; median of {RUNS} runs; files in the page cache"));
    figures
}
