//! How a replay ends: once the engine hears of it, no thread holds the sink for rejects any more.
//!
//! Whoever owns what the sink writes to takes it back at that moment, so a thread that still held it would
//! leave a run folder behind half-written.

use crate::support::{Row, row, table, trade_columns, write};
use catalog::{ReadOptions, discover};
use feed::{Feed, FeedError, More, OnBadRow};
use files::{ParquetFeed, ReplayOptions};
use std::path::Path;
use std::sync::Arc;

/// Ends that would pass by luck pass rarely so often.
const ENDS: usize = 20;

/// Replays to the end or to the first error; how often the sink is still held when it comes.
fn ending(path: &Path, on_bad_row: OnBadRow, workers: usize) -> (Result<(), FeedError>, usize) {
    let read = ReadOptions::default();
    let files = discover(&[path.to_owned()], &read).unwrap();
    let symbols = table(&files);
    let ids: Vec<_> = symbols.iter().map(|(id, _)| id).collect();
    let mut options = ReplayOptions::new(files, read, symbols);
    let held = Arc::new(());
    let sink = Arc::clone(&held);
    options.rejects = Some(Box::new(move |_| drop(Arc::clone(&sink))));
    (options.rules.on_bad_row, options.workers) = (on_bad_row, workers);
    let mut feed = ParquetFeed::new(options);
    feed.connect().unwrap();
    feed.subscribe(&ids).unwrap();
    let mut batch = Vec::new();
    loop {
        match feed.on_tick(&mut batch) {
            Ok(More::Yes) => {}
            Ok(More::Ended) => return (Ok(()), Arc::strong_count(&held) - 1),
            Err(error) => return (Err(error), Arc::strong_count(&held) - 1),
        }
    }
}

#[test]
fn nobody_holds_the_sink_after_the_end_or_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ticks.parquet");
    // Long, and bad near its start: the workers are in the middle of the rest when the error comes.
    let mut rows: Vec<Row> = (0..40_000).map(|i| row(i, "A", 100)).collect();
    rows[10].price = None;
    write(&path, &trade_columns(&rows), 40_000);
    for round in 0..ENDS {
        let workers = 1 + round % 4;
        let (ended, held) = ending(&path, OnBadRow::Reject, workers);
        assert!(ended.is_ok() && held == 0, "round {round}: {ended:?}, held {held} times");
        let (ended, held) = ending(&path, OnBadRow::Fail, workers);
        assert!(matches!(ended, Err(FeedError::BadRow(_))), "{ended:?}");
        assert_eq!(held, 0, "round {round}");
    }
}
