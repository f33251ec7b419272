//! What the archive takes, and what reading from a bucket costs.
//!
//! Method: ticks in batches of 4,096 into an archive on the local disk, from the first `write` until `flush` returns
//! and everything is synced, on one thread; one symbol and a hundred take turns. Then the same catalog is read by the
//! feed of a backtest from its folder and from a bucket in memory, in turns: what is between the two is the price of
//! the way through the client, without a network. Medians.
//! Not here: queues and threads of tiers (`storage`).

use crate::figures::{Figure, Figures};
use crate::market::trades;
use crate::rings::median;
use catalog::{ReadOptions, Root, discover_in};
use feed::{Feed, More};
use files::{ParquetFeed, ReplayOptions};
use model::{Event, Instrument, InstrumentTable, SymbolId, SymbolTable};
use object_store::memory::InMemory;
use objects::{Bucket, Put};
use ring::Stopwatch;
use std::path::Path;
use std::sync::Arc;
use storage::archive::{Archive, ArchiveConfig, Compacted, Place};
use storage::{Batch, Dictionary, Rows, Store};

/// Ticks of a run.
const TICKS: usize = 4_000_000;
const ROUNDS: usize = 5;
/// Ticks of a batch.
const BATCH: usize = 4_096;

fn dictionary(symbols: u32) -> Dictionary {
    let names = SymbolTable::new((0..symbols).map(|number| format!("S{number:04}")));
    Dictionary {
        run: "bench".to_owned(),
        session: "00000000".to_owned(),
        strategy: "none".to_owned(),
        account: "bench".to_owned(),
        instruments: Arc::new(InstrumentTable::new(names, |name| Instrument::plain(name, "USD"))),
        timeframes: Vec::new(),
        indicator_names: Vec::new(),
    }
}

fn batches(symbols: u32) -> Vec<Batch> {
    let mut ticks = trades(symbols, TICKS / symbols as usize, 0.3e9, 42);
    (1..).zip(&mut ticks).for_each(|(seq, tick)| tick.seq = seq);
    let batch = |ticks: &[Event]| Batch {
        first_seq: ticks[0].seq,
        last_seq: ticks[ticks.len() - 1].seq,
        rows: Rows::Ticks(ticks.to_vec()),
    };
    ticks.chunks(BATCH).map(batch).collect()
}

/// Ticks per second into a new archive at `root`.
fn write_rate(root: &Path, symbols: u32, batches: &[Batch]) -> f64 {
    let mut archive = Archive::new(Place::Folder(root.to_owned()), ArchiveConfig::default());
    archive.open(&dictionary(symbols)).expect("the folder can be written");
    let stopwatch = Stopwatch::new();
    let start = stopwatch.raw();
    for batch in batches {
        archive.write(batch).expect("the disk has room");
    }
    archive.flush().expect("the disk has room");
    TICKS as f64 * 1e9 / stopwatch.nanos_between(start, stopwatch.raw()) as f64
}

fn bytes_below(folder: &Path, found: &mut Vec<std::path::PathBuf>) -> u64 {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            bytes += bytes_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "parquet") {
            bytes += std::fs::metadata(&path).expect("a file").len();
            found.push(path);
        }
    }
    bytes
}

/// Ticks per second of a backtest's feed alone.
fn read_rate(root: &Root, symbols: u32) -> f64 {
    let read = ReadOptions::default();
    let stopwatch = Stopwatch::new();
    let start = stopwatch.raw();
    let files = discover_in(std::slice::from_ref(root), &read).expect("the data is there");
    let names = dictionary(symbols).instruments.symbols.clone();
    let mut feed = ParquetFeed::new(ReplayOptions::new(files, read, names));
    feed.connect().expect("the data can be read");
    feed.subscribe(&(0..symbols).map(SymbolId).collect::<Vec<_>>()).expect("the symbols are there");
    let mut batch = Vec::new();
    while feed.on_tick(&mut batch).expect("the data can be read") == More::Yes {}
    let ticks = feed.summary().ticks;
    assert_eq!(ticks, TICKS as u64, "every tick is read once");
    ticks as f64 * 1e9 / stopwatch.nanos_between(start, stopwatch.raw()) as f64
}

/// A bucket with the archive's files.
fn bucket_of(root: &Path) -> Root {
    let bucket = Bucket::of("bench", Arc::new(InMemory::new()));
    let mut paths = Vec::new();
    bytes_below(root, &mut paths);
    for path in paths {
        let key = path.strip_prefix(root).expect("it is below").to_str().expect("text").to_owned();
        let bytes = std::fs::read(&path).expect("a file");
        bucket.put(&key, bytes, Put::Over).expect("memory takes it");
    }
    Root::Bucket { bucket, key: String::new() }
}

/// Measures the archive and the way through a bucket.
pub fn measure(figures: &mut Figures) {
    let runs = [1, 100].map(|symbols| (symbols, batches(symbols)));
    let mut rates = [const { Vec::new() }; 2];
    let mut kept = Vec::new();
    for _ in 0..ROUNDS {
        kept.clear();
        for ((symbols, batches), rates) in runs.iter().zip(&mut rates) {
            let folder = tempfile::tempdir().expect("the system has a folder for temporary files");
            rates.push(write_rate(folder.path(), *symbols, batches));
            kept.push(folder);
        }
    }
    for ((symbols, _), rates) in runs.iter().zip(&mut rates) {
        let name = format!("archive, {symbols} symbols, one thread, zstd, synced");
        figures.push(Figure::rate(&name, median(rates), "ticks/s", ">= 5 M/s"));
    }
    let bytes = bytes_below(kept[0].path(), &mut Vec::new());
    figures.push(Figure::count("archive, size of a trade", bytes as f64 / TICKS as f64, "bytes", ""));
    read_both_ways(figures, kept[0].path());
    let compactor = Archive::new(Place::Folder(kept[1].path().to_owned()), ArchiveConfig::default());
    let stopwatch = Stopwatch::new();
    let start = stopwatch.raw();
    let done = compactor.compact_all().expect("the disk has room");
    assert!(matches!(done, Compacted::Done { .. }), "{done:?}");
    let rate = TICKS as f64 * 1e9 / stopwatch.nanos_between(start, stopwatch.raw()) as f64;
    figures.push(Figure::rate("compaction, 100 symbols, 4 files a day each", rate, "ticks/s", ""));
}

fn read_both_ways(figures: &mut Figures, root: &Path) {
    let ways = [Root::Local(root.to_owned()), bucket_of(root)];
    let mut rates = [const { Vec::new() }; 2];
    for _ in 0..ROUNDS {
        for (way, rates) in ways.iter().zip(&mut rates) {
            rates.push(read_rate(way, 1));
        }
    }
    let [local, remote] = rates.each_mut().map(|rates| median(rates));
    figures.push(Figure::rate("read, decoded, checked, merged, from the folder", local, "ticks/s", ""));
    figures.push(Figure::rate("the same from a bucket in memory", remote, "ticks/s", ""));
    figures.push(Figure::ratio("time through the bucket to time from the folder", local / remote, ""));
}
