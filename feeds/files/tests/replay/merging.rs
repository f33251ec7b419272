//! One order, however the rows are cut into files, and however they lie in them.

use crate::support::{
    Replayed, Row, quote_columns, replay, replay_plain, row, trade_columns, try_replay, write,
};
use catalog::{ReadOptions, discover};
use feed::{Feed, FeedError, More, RejectReason, Rules, SourceHistory, SymbolRules, Tally, TickHistory};
use files::{ParquetFeed, ReplayOptions};
use model::{Event, Kind, Nanos, Price, Quantity, Quote, SymbolId, SymbolTable, Trade};
use proptest::prelude::*;
use std::path::{Path, PathBuf};

/// Clean trades of three symbols, with many equal times.
fn clean_rows(count: i64) -> Vec<Row> {
    (0..count).map(|i| row(i / 4, ["A", "B", "C"][(i * 7 % 3) as usize], 1_000 + i % 50)).collect()
}

fn write_parts(folder: &Path, rows: &[Row], parts: usize) -> Vec<PathBuf> {
    let size = rows.len().div_ceil(parts);
    let write_part = |(part, rows): (usize, &[Row])| {
        let path = folder.join(format!("part-{part:03}.parquet"));
        write(&path, &trade_columns(rows), 1_000);
        path
    };
    rows.chunks(size).enumerate().map(write_part).collect()
}

#[test]
fn splitting_a_file_changes_nothing() {
    let rows = clean_rows(30_000);
    let whole = {
        let folder = tempfile::tempdir().unwrap();
        replay_plain(&write_parts(folder.path(), &rows, 1))
    };
    assert_eq!(whole.events.len(), 30_000);
    // At equal times the symbol comes first, then the row.
    let mut expected: Vec<(i64, u32)> = rows
        .iter()
        .map(|row| (row.ts.unwrap(), u32::from(row.symbol.unwrap().as_bytes()[0] - b'A')))
        .collect();
    expected.sort();
    assert_eq!(whole.events.iter().map(|e| (e.ts.0, e.symbol.0)).collect::<Vec<_>>(), expected);
    let folder = tempfile::tempdir().unwrap();
    let parts = write_parts(folder.path(), &rows, 50);
    assert_eq!(replay_plain(&parts).events, whole.events);
    assert_eq!(replay_plain(&[folder.path().to_owned()]).events, whole.events, "a folder is its files");
    let reversed: Vec<PathBuf> = parts.into_iter().rev().collect();
    assert_eq!(replay_plain(&reversed).events, whole.events, "the order of arguments means nothing");
}

#[test]
fn a_file_sorted_by_symbol_merges_by_time() {
    let rows = clean_rows(30_000);
    let folder = tempfile::tempdir().unwrap();
    let whole = replay_plain(&write_parts(&folder.path().join("time"), &rows, 1));
    let mut by_symbol = rows;
    by_symbol.sort_by_key(|row| row.symbol);
    let replayed = replay_plain(&write_parts(&folder.path().join("symbol"), &by_symbol, 1));
    assert_eq!(replayed.events, whole.events);
    assert!(replayed.rejects.is_empty());
}

#[test]
fn quotes_come_before_trades_and_names_do_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let rows = [row(1, "A", 100), row(1, "B", 100), row(2, "A", 100)];
    let (trades, quotes) = (folder.path().join("a.parquet"), folder.path().join("b.parquet"));
    write(&trades, &trade_columns(&rows), 10);
    write(&quotes, &quote_columns(&rows), 10);
    let replayed = replay_plain(&[trades, quotes]);
    let order: Vec<_> = replayed.events.iter().map(|e| (e.ts.0, e.kind.0, e.symbol.0)).collect();
    let (quote, trade) = (Kind::QUOTE.0, Kind::TRADE.0);
    assert_eq!(
        order,
        [(1, quote, 0), (1, quote, 1), (1, trade, 0), (1, trade, 1), (2, quote, 0), (2, trade, 0)]
    );
}

#[test]
fn only_subscribed_symbols_are_delivered_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let paths = write_parts(folder.path(), &clean_rows(300), 2);
    let files = discover(&paths, &ReadOptions::default()).unwrap();
    let symbols = SymbolTable::new(["A", "B", "C"].map(String::from));
    let mut feed = ParquetFeed::new(ReplayOptions::new(files, ReadOptions::default(), symbols));
    assert!(matches!(feed.subscribe(&[SymbolId(1)]), Err(FeedError::NotReady { .. })));
    assert!(matches!(feed.on_tick(&mut Vec::new()), Err(FeedError::NotReady { .. })));
    feed.connect().unwrap();
    feed.subscribe(&[SymbolId(1)]).unwrap();
    let (mut batch, mut ticks) = (Vec::new(), 0);
    while feed.on_tick(&mut batch).unwrap() == More::Yes {
        assert!(batch.iter().all(|event| event.symbol == SymbolId(1)));
        ticks += batch.len() as u64;
    }
    assert_eq!((ticks, feed.summary().rows_read, feed.summary().files), (100, 100, 2));
    assert!(feed.subscribe(&[SymbolId(0)]).is_err());
}

#[test]
fn a_symbol_outside_the_run_is_a_configuration_error() {
    let folder = tempfile::tempdir().unwrap();
    let paths = write_parts(folder.path(), &clean_rows(30), 1);
    let adjust = |options: &mut ReplayOptions| options.symbols = SymbolTable::new(["A".to_owned()]);
    let error = try_replay(&paths, &ReadOptions::default(), adjust).unwrap_err();
    assert!(matches!(&error, FeedError::Configuration(text) if text.contains("holds B")), "{error}");
}

#[test]
fn a_feed_can_be_dropped_at_any_time() {
    let folder = tempfile::tempdir().unwrap();
    let paths = write_parts(folder.path(), &clean_rows(60_000), 5);
    let started = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    for batches in [0, 1, 3] {
        let files = discover(&paths, &ReadOptions::default()).unwrap();
        let symbols = crate::support::table(&files);
        let mut options = ReplayOptions::new(files, ReadOptions::default(), symbols);
        options.workers = 3;
        let count = std::sync::Arc::clone(&started);
        options.on_thread_start =
            Some(std::sync::Arc::new(move || _ = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed)));
        let mut feed = ParquetFeed::new(options);
        feed.connect().unwrap();
        feed.subscribe(&[SymbolId(0), SymbolId(1), SymbolId(2)]).unwrap();
        let mut batch = Vec::new();
        for _ in 0..batches {
            assert_eq!(feed.on_tick(&mut batch).unwrap(), More::Yes);
        }
        drop(feed);
    }
    assert_eq!(
        started.load(std::sync::atomic::Ordering::Relaxed),
        8,
        "two runs of three workers and a merger"
    );
}

/// A test file: its kind and rows.
#[derive(Debug, Clone)]
struct File {
    is_quotes: bool,
    rows: Vec<Row>,
    row_group_rows: usize,
}

fn any_file() -> impl Strategy<Value = File> {
    let any_row = (-3_i64..8, 0_usize..3, 90_i64..110, 0_u8..30, 0_i64..12);
    (any::<bool>(), prop::collection::vec(any_row, 0..60), 1_usize..20, 0_i64..50).prop_map(
        |(is_quotes, rows, row_group_rows, start)| {
            let mut now = start;
            let rows = rows.into_iter().map(|(step, symbol, price, odd, recv_delay)| {
                now += step;
                let mut made = row(now, ["A", "B", "C"][symbol], price);
                made.recv = Some(now + recv_delay);
                match odd {
                    0 => made.ts = None,
                    1 => made.symbol = Some("not a symbol"),
                    2 => made.price = None,
                    3 => made.price = Some(price * 10),
                    _ => {}
                }
                made
            });
            File { is_quotes, rows: rows.collect(), row_group_rows }
        },
    )
}

/// The merge as it is defined: each symbol of each file is a list; the least head goes next.
struct Naive {
    lists: Vec<List>,
    histories: Vec<TickHistory>,
    events: Vec<Event>,
    tally: Tally,
}

struct List {
    file: usize,
    symbol: u32,
    is_quotes: bool,
    rows: Vec<(i64, Event)>,
    past: SourceHistory,
}

fn event_of(row: &Row, is_quotes: bool, symbol: u32) -> Event {
    let ts_event = Nanos(row.ts.unwrap());
    let price = row.price.unwrap();
    if is_quotes {
        let (bid, ask) = (Price::new(price), Price::new(price + 1));
        let quote = Quote { ts_event, bid, ask, bid_size: None, ask_size: Some(Quantity::ZERO) };
        return Event::quote(ts_event, SymbolId(symbol), quote);
    }
    let trade = Trade { ts_event, price: Price::new(price), size: Quantity::new(2), aggressor: 1 };
    Event::trade(ts_event, SymbolId(symbol), trade)
}

/// Sorts a list, without those that are behind a row before them by more than the window; these are counted.
fn sort_within(window: i64, rows: Vec<(i64, Event)>, tally: &mut Tally) -> Vec<(i64, Event)> {
    let times: Vec<i64> = rows.iter().map(|(_, event)| event.words[0]).collect();
    let mut out: Vec<(i64, Event)> = Vec::new();
    for (index, row) in rows.into_iter().enumerate() {
        if times[..index].iter().any(|before| before - times[index] > window) {
            tally.reject(RejectReason::TimestampRegression);
        } else {
            out.push(row);
        }
    }
    out.sort_by_key(|(_, event)| event.words[0]);
    out
}

fn naive(files: &[File], window: i64, by_recv: bool) -> Naive {
    let (mut lists, mut tally) = (Vec::new(), Tally::default());
    for (file, source) in files.iter().enumerate() {
        for symbol in 0..3_u32 {
            let name = ["A", "B", "C"][symbol as usize];
            let good = |row: &&Row| row.ts.is_some() && row.symbol == Some(name) && row.price.is_some();
            let made = |row: &Row| (row.recv.unwrap(), event_of(row, source.is_quotes, symbol));
            let mut rows: Vec<_> = source.rows.iter().filter(good).map(made).collect();
            if window > 0 {
                rows = sort_within(window, rows, &mut tally);
            }
            let mut latest = i64::MIN;
            for (recv, event) in &mut rows {
                latest = latest.max(*recv);
                event.ts = if by_recv { Nanos(latest) } else { event.ts };
            }
            rows.reverse();
            lists.push(List {
                file,
                symbol,
                is_quotes: source.is_quotes,
                rows,
                past: SourceHistory::default(),
            });
        }
    }
    let histories = (0..6).map(|_| TickHistory::new(&SymbolRules::default())).collect();
    Naive { lists, histories, events: Vec::new(), tally }
}

impl Naive {
    fn run(mut self) -> Self {
        let mut now = Nanos::MIN;
        let key =
            |list: &List| list.rows.last().map(|(_, e)| (e.ts, !list.is_quotes, list.symbol, list.file));
        while let Some(next) = (0..self.lists.len())
            .filter(|&i| !self.lists[i].rows.is_empty())
            .min_by_key(|&i| key(&self.lists[i]))
        {
            let list = &mut self.lists[next];
            let (_, mut event) = list.rows.pop().unwrap();
            let history = &mut self.histories[list.symbol as usize * 2 + usize::from(list.is_quotes)];
            match history.admit(&event, 0, &mut list.past, &Rules::default(), &mut self.tally) {
                Ok(()) => {
                    now = now.max(event.ts);
                    event.ts = now;
                    self.events.push(event);
                }
                Err(fault) => self.tally.reject(fault.reason),
            }
        }
        self
    }
}

fn replay_files(files: &[File], window: i64, by_recv: bool) -> Replayed {
    let folder = tempfile::tempdir().unwrap();
    for (index, file) in files.iter().enumerate() {
        let path = folder.path().join(format!("{index}.parquet"));
        let columns = if file.is_quotes { quote_columns(&file.rows) } else { trade_columns(&file.rows) };
        write(&path, &columns, file.row_group_rows);
    }
    let read = ReadOptions { ts_recv: by_recv, ..ReadOptions::default() };
    replay(&[folder.path().to_owned()], &read, |options| {
        options.symbols = SymbolTable::new(["A", "B", "C"].map(String::from));
        options.rules.reorder_window = Nanos(window);
        if by_recv {
            options.clock = files::ReplayClock::Recv;
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn agrees_with_the_definition(
        files in prop::collection::vec(any_file(), 1..5),
        window in prop::sample::select(vec![0_i64, 0, 6]),
        by_recv in any::<bool>(),
    ) {
        let expected = naive(&files, window, by_recv).run();
        let replayed = replay_files(&files, window, by_recv);
        prop_assert_eq!(&replayed.events, &expected.events);
        let stateful = ["timestamp_regression", "price_jump"];
        let reasons = |all: &std::collections::BTreeMap<&'static str, u64>| {
            stateful.map(|name| all.get(name).copied())
        };
        let summary = expected.tally.summary(files.len() as u64);
        prop_assert_eq!(reasons(&replayed.summary.rejected), reasons(&summary.rejected));
        prop_assert_eq!(&replayed.summary.suspicious, &summary.suspicious);
        let rows: usize = files.iter().map(|file| file.rows.len()).sum();
        prop_assert_eq!(replayed.summary.rows_read, rows as u64);
    }
}
