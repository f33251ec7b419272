//! Bad rows in good files: refused for the contract's reason, everything else used.

use crate::support::{Row, quote_columns, replay, replay_plain, row, trade_columns, try_replay, write};
use arrow_array::{Float64Array, Int64Array, TimestampSecondArray};
use catalog::{ReadOptions, TimeRange};
use feed::{FeedError, MarketHours, OnBadRow, RejectReason, SymbolRules};
use files::ReplayClock;
use model::{Nanos, Rate};
use std::path::PathBuf;
use std::sync::Arc;

const MINUTE: i64 = 60_000_000_000;

fn file(rows: &[Row]) -> (tempfile::TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ticks.parquet");
    write(&path, &trade_columns(rows), 3);
    (folder, vec![path])
}

#[test]
fn each_reason_is_found_with_row_column_and_values() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ticks.parquet");
    let rows: Vec<Row> = (0..12).map(|i| row(i, "A", 100)).collect();
    let mut columns = trade_columns(&rows);
    let mut symbols = vec![Some("A"); 12];
    symbols[2] = Some("b d");
    symbols[3] = None;
    columns[2].1 = Arc::new(arrow_array::StringArray::from(symbols));
    let prices = [1.0, 1.0, 1.0, 1.0, f64::NAN, f64::INFINITY, 0.0, -1.0, 1e12, 1.0, 1.0, 1.0];
    columns[3].1 = Arc::new(Float64Array::from(prices.to_vec()));
    let sizes = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1e10, 1.0];
    columns[4].1 = Arc::new(Float64Array::from(sizes.to_vec()));
    columns[5].1 = Arc::new(Int64Array::from(vec![1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 300]));
    let times: Vec<Option<i64>> =
        (0..12).map(|i| if i == 1 { Some(i64::MAX / 4) } else { Some(i) }).collect();
    columns[0].1 = Arc::new(TimestampSecondArray::from(times));
    write(&path, &columns, 5);
    let replayed = replay_plain(&[path]);
    let found: Vec<_> =
        replayed.rejects.iter().map(|r| (r.row, r.reason.name(), r.column, r.raw.as_str())).collect();
    let huge = format!("ts_event={}s price=1 size=1 side=1", i64::MAX / 4);
    let expected = [
        (2, "timestamp_invalid", "ts_event", huge.as_str()),
        (3, "symbol_invalid", "symbol", "symbol=\"b d\" price=1 size=1 side=1"),
        (4, "symbol_invalid", "symbol", "symbol=\"\" price=1 size=1 side=1"),
        (5, "price_not_finite", "price", "price=NaN size=1 side=1"),
        (6, "price_not_finite", "price", "price=inf size=1 side=1"),
        (7, "price_not_positive", "price", "price=0 size=1 side=1"),
        (8, "price_not_positive", "price", "price=-1 size=1 side=1"),
        (9, "price_not_representable", "price", "price=1000000000000.0 size=1 side=1"),
        (10, "size_not_positive", "size", "price=1 size=0 side=1"),
        (11, "size_not_representable", "size", "price=1 size=10000000000.0 side=1"),
        (12, "side_invalid", "side", "price=1 size=1 side=300"),
    ];
    assert_eq!(found, expected);
    assert_eq!((replayed.summary.rows_read, replayed.summary.ticks), (12, 1));
    assert_eq!(replayed.rejects[4].symbol.as_deref(), Some("A"));
    assert_eq!(replayed.rejects[4].ts_event, Some(Nanos(5_000_000_000)));
    assert_eq!((replayed.rejects[0].ts_event, replayed.rejects[1].symbol.clone()), (None, None));
}

#[test]
fn what_depends_on_earlier_ticks_is_refused_in_its_place() {
    let mut rows =
        vec![row(10, "A", 100), row(9, "A", 100), row(11, "A", 1_000), row(12, "A", 110), row(12, "A", 110)];
    rows.extend([row(13, "A", 900), row(14, "A", 901), row(15, "A", 902), row(16, "A", 903)]);
    let (_folder, paths) = file(&rows);
    let replayed = replay_plain(&paths);
    let found: Vec<_> = replayed.rejects.iter().map(|r| (r.row, r.reason.name())).collect();
    assert_eq!(found, [(2, "timestamp_regression"), (3, "price_jump"), (6, "price_jump"), (7, "price_jump")]);
    assert_eq!(replayed.prices(), [(10, 100), (12, 110), (12, 110), (15, 902), (16, 903)]);
    let suspicious: Vec<_> = replayed.summary.suspicious.into_iter().collect();
    assert_eq!(suspicious, [("equal_timestamp", 1), ("identical", 1)]);
    assert_eq!((replayed.summary.first_ts, replayed.summary.last_ts), (Some(Nanos(10)), Some(Nanos(16))));
    let off = replay(&paths, &ReadOptions::default(), |options| options.rules.max_price_jump = Rate::ZERO);
    assert_eq!(off.reasons().into_keys().collect::<Vec<_>>(), ["timestamp_regression"]);
}

#[test]
fn duplicate_ids_are_refused_across_files_and_types() {
    let folder = tempfile::tempdir().unwrap();
    let with_id = |ts, id| Row { id: Some(id), ..row(ts, "A", 100) };
    let first = [with_id(1, "7"), with_id(2, "T-1"), with_id(3, "7"), Row { id: None, ..row(4, "A", 100) }];
    write(&folder.path().join("a.parquet"), &trade_columns(&first), 2);
    let mut second = trade_columns(&[row(5, "A", 100), row(6, "A", 100), row(7, "B", 100)]);
    second.push(("trade_id", Arc::new(Int64Array::from(vec![7, 8, 7]))));
    write(&folder.path().join("b.parquet"), &second, 2);
    let replayed = replay_plain(&[folder.path().to_owned()]);
    let found: Vec<_> = replayed.rejects.iter().map(|r| (r.ts_event.unwrap().0, r.raw.as_str())).collect();
    let raw = "price=0.0000001 size=0.000000002 side=1 trade_id=7";
    assert_eq!(found, [(3, raw), (5, raw)]);
    assert_eq!(replayed.rejects[0].reason, RejectReason::Duplicate);
}

#[test]
fn hours_and_negative_prices_are_by_symbol() {
    let rows = [row(0, "A", 100), row(0, "B", -5), row(MINUTE, "A", 101), row(2 * MINUTE, "A", -1)];
    let (_folder, paths) = file(&rows);
    let hours = MarketHours::parse("UTC", &["Thu 00:01-00:02"]).unwrap();
    let replayed = replay(&paths, &ReadOptions::default(), |options| {
        let in_hours = SymbolRules { allow_negative_price: false, hours: Some(hours.clone()) };
        let negative = SymbolRules { allow_negative_price: true, hours: None };
        options.symbol_rules = vec![in_hours, negative];
    });
    assert_eq!(replayed.prices(), [(0, -5), (MINUTE, 101)]);
    let mut found: Vec<_> = replayed.rejects.iter().map(|r| (r.row, r.reason.name())).collect();
    found.sort_unstable();
    assert_eq!(found, [(1, "outside_market_hours"), (4, "price_not_positive")]);
}

#[test]
fn the_first_bad_row_can_be_fatal() {
    let mut rows: Vec<Row> = (0..10).map(|i| row(i, "A", 100)).collect();
    rows[7].price = None;
    rows[4].ts = Some(1);
    let (_folder, paths) = file(&rows);
    let error =
        try_replay(&paths, &ReadOptions::default(), |options| options.rules.on_bad_row = OnBadRow::Fail);
    match error.unwrap_err() {
        FeedError::BadRow(reject) => {
            assert_eq!((reject.row, reject.reason), (5, RejectReason::TimestampRegression));
            assert!(
                reject.to_string().contains("ticks.parquet, row 5: timestamp_regression in column ts_event")
            );
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_reorder_window_sorts_what_would_be_refused() {
    let rows =
        [row(10, "A", 100), row(30, "A", 103), row(20, "A", 102), row(15, "A", 101), row(90, "A", 104)];
    let (_folder, paths) = file(&rows);
    assert_eq!(replay_plain(&paths).prices().len(), 3);
    let sorted = replay(&paths, &ReadOptions::default(), |options| options.rules.reorder_window = Nanos(15));
    assert_eq!(sorted.prices(), [(10, 100), (15, 101), (20, 102), (30, 103), (90, 104)]);
    let tight = replay(&paths, &ReadOptions::default(), |options| options.rules.reorder_window = Nanos(10));
    assert_eq!(tight.prices(), [(10, 100), (20, 102), (30, 103), (90, 104)]);
}

#[test]
fn rows_outside_the_range_are_not_counted() {
    let mut rows: Vec<Row> = (0..40_000).map(|i| row(i, "A", 100)).collect();
    rows[5].price = None;
    rows[20_000].price = None;
    let (_folder, paths) = file(&rows[..100]);
    for (row_group, range) in [(7_usize, (10_000, 30_000)), (50_000, (10_000, 30_000))] {
        write(&paths[0], &trade_columns(&rows), row_group * 1_000);
        let replayed = replay(&paths, &ReadOptions::default(), |options| {
            options.range = TimeRange { from: Nanos(range.0), to: Nanos(range.1) };
        });
        assert_eq!((replayed.summary.rows_read, replayed.summary.ticks), (20_000, 19_999));
        assert_eq!(replayed.rejects[0].row, 20_001);
        assert_eq!(replayed.summary.first_ts, Some(Nanos(10_000)));
    }
}

#[test]
fn engine_time_is_latency_or_receipt() {
    let mut rows = [row(10, "A", 100), row(20, "A", 101), row(30, "A", 102), row(40, "A", 103)];
    for (row, recv) in rows.iter_mut().zip([Some(15), Some(50), Some(35), None]) {
        row.recv = recv;
    }
    let (_folder, paths) = file(&rows);
    let late = replay(&paths, &ReadOptions::default(), |options| {
        options.clock = ReplayClock::Event { latency: Nanos(1_000) };
    });
    assert_eq!(late.events.iter().map(|event| event.ts.0).collect::<Vec<_>>(), [1_010, 1_020, 1_030, 1_040]);
    let read = ReadOptions { ts_recv: true, ..ReadOptions::default() };
    let received = replay(&paths, &read, |options| options.clock = ReplayClock::Recv);
    assert_eq!(received.events.iter().map(|event| event.ts.0).collect::<Vec<_>>(), [15, 50, 50]);
    assert_eq!(
        (received.rejects[0].column, received.rejects[0].reason.name()),
        ("ts_recv", "timestamp_invalid")
    );
    let mut columns = quote_columns(&rows);
    columns.remove(1);
    write(&paths[0], &columns, 10);
    let error = try_replay(&paths, &read, |options| options.clock = ReplayClock::Recv).unwrap_err();
    assert!(
        matches!(&error, FeedError::Configuration(text) if text.contains("ticks.parquet has no column ts_recv"))
    );
}
