//! What is written is what was made, byte for byte the same each time, and whole or absent.

use catalog::{Chunk, ReadOptions, TickKind, TickReader, TimeRange, discover};
use model::{Nanos, Price, Quantity, Quote, Trade};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use synthetic::{SyntheticConfig, SyntheticTick, SyntheticTicks, WriteError, WrittenMarket, write_catalog};

fn config() -> SyntheticConfig {
    let mut config = SyntheticConfig { days: 2, ..SyntheticConfig::standard() };
    config.symbols.iter_mut().for_each(|symbol| symbol.trades_per_day /= 10);
    config
}

fn write(root: &Path) -> Result<WrittenMarket, WriteError> {
    write_catalog(&config(), root, &AtomicU64::new(0))
}

/// The rows of one file as ticks.
fn read(path: &Path) -> Vec<SyntheticTick> {
    let mut reader = TickReader::open(path, &ReadOptions::default(), TimeRange::ALL).unwrap();
    let (kind, mut chunk, mut ticks) = (reader.kind(), Chunk::new(reader.kind()), Vec::new());
    while reader.next_chunk(&mut chunk).unwrap() {
        let [first, second, third, fourth] = &chunk.numbers;
        ticks.extend((0..chunk.rows()).map(|row| match kind {
            TickKind::Trades => SyntheticTick::Trade(Trade {
                ts_event: Nanos(chunk.ts_event[row]),
                price: Price::new(first[row]),
                size: Quantity::new(second[row]),
                aggressor: chunk.side[row],
            }),
            TickKind::Quotes => SyntheticTick::Quote(Quote {
                ts_event: Nanos(chunk.ts_event[row]),
                bid: Price::new(first[row]),
                ask: Price::new(second[row]),
                bid_size: Some(Quantity::new(third[row])),
                ask_size: Some(Quantity::new(fourth[row])),
            }),
        }));
    }
    ticks
}

/// Every file under a folder with its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn what_is_read_back_is_what_was_made() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("market");
    let market = write(&root).unwrap();
    let found = discover(std::slice::from_ref(&root), &ReadOptions::default()).unwrap();
    assert_eq!(found.len() as u64, market.written.files);
    for symbol in &config().symbols {
        for kind in [TickKind::Trades, TickKind::Quotes] {
            let of_symbol =
                found.iter().filter(|file| file.kind == kind && file.symbols == [symbol.name.clone()]);
            let got: Vec<SyntheticTick> = of_symbol.flat_map(|file| read(&file.path)).collect();
            let is_kind =
                |tick: &SyntheticTick| matches!(tick, SyntheticTick::Trade(_)) == (kind == TickKind::Trades);
            let made = SyntheticTicks::new(&config(), symbol).unwrap();
            let expected: Vec<SyntheticTick> = made.filter(is_kind).collect();
            assert!(!expected.is_empty() && got == expected, "{} {}", symbol.name, kind.name());
        }
    }
}

#[test]
fn the_files_are_the_same_every_time_and_all_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second] = ["first", "second"].map(|name| folder.path().join(name));
    let ticks_done = AtomicU64::new(0);
    let market = write_catalog(&config(), &first, &ticks_done).unwrap();
    write(&second).unwrap();
    let bytes = |root: &Path| files(root).into_values().collect::<Vec<_>>();
    assert_eq!(bytes(&first), bytes(&second));
    let generated = market.generated;
    assert_eq!(market.written.rows, generated.trades + generated.quotes);
    assert_eq!(ticks_done.load(Ordering::Relaxed), market.written.rows);
    assert_eq!(market.written.bytes, bytes(&first).iter().map(|file| file.len() as u64).sum::<u64>());
    let expected = config().ticks_expected() as f64;
    assert!((market.written.rows as f64 / expected - 1.0).abs() < 0.3, "{market:?}, expected {expected}");
}

#[test]
fn a_folder_with_something_in_it_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("note.txt"), "mine").unwrap();
    let error = write(folder.path()).unwrap_err().to_string();
    assert!(error.contains("is not empty"), "{error}");
    assert_eq!(files(folder.path()).len(), 1);
}

#[test]
fn an_interrupted_run_is_started_over() {
    let folder = tempfile::tempdir().unwrap();
    let partial = folder.path().join(".market.partial/trades/symbol=ALPHA/date=2025-01-01");
    std::fs::create_dir_all(&partial).unwrap();
    std::fs::write(partial.join("part-0.parquet"), "half a file").unwrap();
    let root = folder.path().join("market");
    std::fs::create_dir(&root).unwrap();
    let market = write(&root).unwrap();
    assert_eq!(files(folder.path()).len() as u64, market.written.files, "nothing is left beside");
}

#[test]
fn a_failure_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "not a folder").unwrap();
    assert!(matches!(
        write(&folder.path().join("file/market")),
        Err(WriteError::Io { .. } | WriteError::Catalog(_))
    ));
    let nothing = SyntheticConfig { symbols: Vec::new(), ..config() };
    let root = folder.path().join("market");
    assert!(matches!(write_catalog(&nothing, &root, &AtomicU64::new(0)), Err(WriteError::Config(_))));
    assert_eq!(files(folder.path()).len(), 1);
}
