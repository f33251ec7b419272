//! Bad rows in good files: refused for the contract's reason, everything else used.

use crate::support::{
    Column, Row, decimals, quote_columns, replay, replay_plain, row, trade_columns, try_replay, write,
};
use arrow_array::{Decimal128Array, Float32Array, Float64Array, Int64Array, TimestampSecondArray};
use catalog::{Excess, ReadOptions, TimeRange};
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
        (9, "price_not_representable", "price", "price=1000000000000 size=1 side=1"),
        (10, "size_not_positive", "size", "price=1 size=0 side=1"),
        (11, "size_not_representable", "size", "price=1 size=10000000000 side=1"),
        (12, "side_invalid", "side", "price=1 size=1 side=300"),
    ];
    assert_eq!(found, expected);
    assert_eq!((replayed.summary.rows_read, replayed.summary.ticks), (12, 1));
    assert_eq!(replayed.rejects[4].symbol.as_deref(), Some("A"));
    assert_eq!(replayed.rejects[4].ts_event, Some(Nanos(5_000_000_000)));
    assert_eq!((replayed.rejects[0].ts_event, replayed.rejects[1].symbol.clone()), (None, None));
}

/// Not as it was rounded or scaled: a person looks for what stands in the file.
#[test]
fn raw_values_are_those_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ticks.parquet");
    let mut columns = trade_columns(&[row(1, "A", 1), row(2, "A", 1), row(3, "A", 1), row(4, "A", 1)]);
    columns[3].1 = Arc::new(Float64Array::from(vec![1e-10, 0.25, -1e-300, 0.1]));
    columns[4].1 = Arc::new(Float32Array::from(vec![0.1, 1e-12, 1.5, -0.0]));
    let sizes: Decimal128Array = [4, 15, 1, 20_000_000_000].into_iter().map(Some).collect();
    let raws = |columns: &[Column], row_group_rows: usize| -> Vec<String> {
        write(&path, columns, row_group_rows);
        let read = ReadOptions { excess: Excess::Round, ..ReadOptions::default() };
        let replayed = replay(std::slice::from_ref(&path), &read, |_| {});
        replayed.rejects.into_iter().map(|reject| reject.raw).collect()
    };
    let floats = [
        "price=1e-10 size=0.1 side=1",
        "price=0.25 size=1e-12 side=1",
        "price=-1e-300 size=1.5 side=1",
        "price=0.1 size=-0 side=1",
    ];
    for row_group_rows in [1, 2, 3, 10] {
        assert_eq!(raws(&columns, row_group_rows), floats, "in row groups of {row_group_rows}");
    }
    columns[3].1 = decimals([Some(0); 4].into_iter());
    columns[4].1 = Arc::new(sizes.with_precision_and_scale(38, 10).unwrap());
    let sizes = ["0.0000000004", "0.0000000015", "0.0000000001", "2"];
    assert_eq!(raws(&columns, 2), sizes.map(|size| format!("price=0 size={size} side=1")));
}

/// A time from which a bar's end or a latency would leave 64 bits is no tick's; row groups that statistics
/// would leave out are no exception.
#[test]
fn times_beyond_those_of_ticks_are_invalid() {
    let (first, end) = (Nanos::TICK_FIRST.0, Nanos::TICK_END.0);
    let times = [i64::MIN + 1, first - 1, first, 0, end - 1, end, i64::MAX - 1, i64::MAX];
    let rows: Vec<Row> = times.iter().map(|&ts| row(ts, "A", 100)).collect();
    let (_folder, paths) = file(&rows);
    let ranges = [TimeRange::ALL, TimeRange { from: Nanos(-5), to: Nanos(5) }];
    for (row_group_rows, range) in
        [1, 2, 3, 100].into_iter().flat_map(|rows| ranges.map(|range| (rows, range)))
    {
        write(&paths[0], &trade_columns(&rows), row_group_rows);
        let replayed = replay(&paths, &ReadOptions::default(), |options| options.range = range);
        let found: Vec<_> = replayed.rejects.iter().map(|r| (r.row, r.reason.name(), r.column)).collect();
        let expected = [1, 2, 6, 7, 8].map(|row| (row, "timestamp_invalid", "ts_event"));
        assert_eq!(found, expected, "in row groups of {row_group_rows}");
        let good = if range == TimeRange::ALL { vec![first, 0, end - 1] } else { vec![0] };
        assert_eq!(replayed.prices().into_iter().map(|(ts, _)| ts).collect::<Vec<_>>(), good);
        let raw = "ts_event=9223372036854775807ns price=0.0000001 size=0.000000002 side=1";
        assert_eq!((replayed.rejects[4].raw.as_str(), replayed.rejects[4].ts_event), (raw, None));
    }
    // The same of the time of receipt, where it is the clock.
    let received: Vec<Row> = times.iter().map(|&ts| Row { recv: Some(ts), ..row(0, "A", 100) }).collect();
    write(&paths[0], &trade_columns(&received), 3);
    let read = ReadOptions { ts_recv: true, ..ReadOptions::default() };
    let replayed = replay(&paths, &read, |options| options.clock = ReplayClock::Recv);
    let found: Vec<_> = replayed.rejects.iter().map(|r| (r.row, r.reason.name(), r.column)).collect();
    assert_eq!(found, [1, 2, 6, 7, 8].map(|row| (row, "timestamp_invalid", "ts_recv")));
    assert!(
        replayed.rejects[4].raw.starts_with("ts_recv=9223372036854775807ns price="),
        "{:?}",
        replayed.rejects
    );
    assert_eq!(replayed.events.iter().map(|event| event.ts.0).collect::<Vec<_>>(), [first, 0, end - 1]);
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

/// Also where nothing newer was released: 5 h is more than a nanosecond behind 10 h, whatever else came.
#[test]
fn a_row_later_than_the_window_is_refused_in_its_place() {
    const HOUR: i64 = 60 * MINUTE;
    for symbols in [["A"; 6], ["A", "B", "A", "B", "A", "B"], ["A", "A", "A", "B", "B", "A"]] {
        let hours = [0, 0, 10, 10, 5, 5];
        let mut rows: Vec<Row> =
            hours.iter().zip(symbols).map(|(h, symbol)| row(h * HOUR, symbol, 100)).collect();
        rows.push(Row { price: None, ..row(11 * HOUR, "A", 100) });
        rows.push(row(11 * HOUR, "A", 100));
        let (_folder, paths) = file(&rows);
        for (window, refused) in [(1, true), (5 * HOUR - 1, true), (5 * HOUR, false), (6 * HOUR, false)] {
            let replayed = replay(&paths, &ReadOptions::default(), |options| {
                options.rules.reorder_window = Nanos(window);
            });
            let found: Vec<_> = replayed.rejects.iter().map(|r| (r.row, r.reason.name())).collect();
            let late = |row: usize| {
                let newest = (0..row).filter(|&i| symbols[i] == symbols[row]).map(|i| hours[i]).max();
                refused && newest > Some(hours[row])
            };
            let late = (4..6).filter(|&row| late(row)).map(|row| (row as u64 + 1, "timestamp_regression"));
            assert_eq!(
                found,
                late.chain([(7, "price_not_finite")]).collect::<Vec<_>>(),
                "{symbols:?} {window}"
            );
            assert!(replayed.events.is_sorted_by_key(|event| event.words[0]));
        }
    }
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
