//! Every physical form of the contract reads as the same ticks.

use crate::support::{
    Column, Replayed, decimals, extra_column, replay, replay_plain, row, trade_columns, try_replay,
};
use crate::support::{quote_columns, table, write, write_with};
use arrow_array::builder::StringDictionaryBuilder;
use arrow_array::types::{Int32Type, UInt8Type};
use arrow_array::{
    ArrayRef, Decimal32Array, Decimal128Array, Decimal256Array, Float32Array, Float64Array, Int16Array,
    Int32Array, Int64Array, LargeStringArray, NullArray, StringArray, StringViewArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray,
    UInt64Array,
};
use arrow_buffer::i256;
use catalog::{ColumnMap, Excess, Extras, ReadOptions, TickKind, TickWriter, TsUnit, discover};
use model::{Nanos, Price, Quantity, Quote, Trade};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use std::path::PathBuf;
use std::sync::Arc;

const SECOND: i64 = 1_000_000_000;

/// Five trades at whole seconds, priced in quarters: exact in every form.
fn base() -> Vec<Column> {
    let rows: Vec<_> = (0..5).map(|i| row((i + 1) * SECOND, "ABC", (4 + i) * SECOND / 4)).collect();
    trade_columns(&rows)
}

fn with(column: &'static str, array: ArrayRef) -> Vec<Column> {
    let mut columns = base();
    columns.iter_mut().find(|(name, _)| *name == column).unwrap().1 = array;
    columns
}

fn check_columns(columns: &[Column], read: &ReadOptions) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ticks.parquet");
    write(&path, &base(), 1_000);
    let expected = replay_plain(std::slice::from_ref(&path));
    assert_eq!(expected.events.len(), 5);
    for row_group_rows in [1, 2, 1_000] {
        write(&path, columns, row_group_rows);
        let got = replay(std::slice::from_ref(&path), read, |_| {});
        assert_eq!(
            got,
            expected,
            "{:?}",
            columns.iter().map(|(_, array)| array.data_type()).collect::<Vec<_>>()
        );
    }
}

fn check(column: &'static str, array: impl arrow_array::Array + 'static) {
    check_columns(&with(column, Arc::new(array)), &ReadOptions::default());
}

#[test]
fn decimals_of_any_width_and_scale() {
    let quarters = |scale: u32| (0..5).map(move |i| (4 + i) * 10_i128.pow(scale) / 4);
    for (precision, scale) in [(38, 9), (38, 2), (20, 18), (38, 30), (10, 2)] {
        let array: Decimal128Array = quarters(scale).map(Some).collect();
        check("price", array.with_precision_and_scale(precision, scale as i8).unwrap());
    }
    for (precision, scale) in [(76, 9), (76, 40), (50, 2)] {
        let values =
            quarters(2).map(|v| i256::from_i128(v) * i256::from_i128(10).checked_pow(scale).unwrap());
        let values = values.map(|v| v / i256::from_i128(100));
        let array = Decimal256Array::from_iter_values(values);
        check("price", array.with_precision_and_scale(precision, scale as i8).unwrap());
    }
    let narrow = Decimal32Array::from_iter_values(quarters(3).map(|v| v as i32));
    check("price", narrow.with_precision_and_scale(9, 3).unwrap());
    let long = Decimal128Array::from_iter_values((0..5).map(|_| 2 * 10_i128.pow(11)));
    check("size", long.with_precision_and_scale(38, 20).unwrap());
}

#[test]
fn floats_and_whole_numbers() {
    check("price", (0..5).map(|i| Some(f64::from(4 + i) / 4.0)).collect::<Float64Array>());
    check("price", (0..5).map(|i| Some((4 + i) as f32 / 4.0)).collect::<Float32Array>());
    let whole = |values: Vec<i64>| values.into_iter().map(|v| Some(v * SECOND));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ticks.parquet");
    let prices = vec![7, 8, 9, 10, 11];
    write(&path, &with("price", decimals(whole(prices.clone()))), 1_000);
    let expected = replay_plain(std::slice::from_ref(&path));
    write(&path, &with("price", Arc::new(Int64Array::from(prices))), 1_000);
    assert_eq!(replay_plain(std::slice::from_ref(&path)), expected);
    write(&path, &with("price", Arc::new(Int16Array::from(vec![7, 8, 9, 10, 11]))), 1_000);
    assert_eq!(replay_plain(&[path]), expected);
}

#[test]
fn timestamps_of_any_unit_with_or_without_zone() {
    let seconds: Vec<i64> = (1..=5).collect();
    let scaled = |factor: i64| seconds.iter().map(|s| s * factor).collect::<Vec<_>>();
    check("ts_event", TimestampSecondArray::from(seconds.clone()));
    check("ts_event", TimestampMillisecondArray::from(scaled(1_000)));
    check("ts_event", TimestampMillisecondArray::from(scaled(1_000)).with_timezone("+00:00"));
    check("ts_event", TimestampMicrosecondArray::from(scaled(1_000_000)).with_timezone("UTC"));
    check("ts_event", TimestampNanosecondArray::from(scaled(SECOND)));
    check("ts_event", TimestampNanosecondArray::from(scaled(SECOND)).with_timezone("America/New_York"));
    check("ts_event", Int64Array::from(scaled(SECOND)));
    for (unit, factor) in
        [(TsUnit::Seconds, 1), (TsUnit::Millis, 1_000), (TsUnit::Micros, 1_000_000), (TsUnit::Nanos, SECOND)]
    {
        let read = ReadOptions { ts_unit: unit, ..ReadOptions::default() };
        check_columns(&with("ts_event", Arc::new(Int64Array::from(scaled(factor)))), &read);
        let unsigned: UInt64Array = scaled(factor).iter().map(|v| Some(*v as u64)).collect();
        check_columns(&with("ts_event", Arc::new(unsigned)), &read);
    }
}

#[test]
fn symbols_as_plain_large_view_and_dictionary_strings() {
    let names = vec![" abc", "ABC", "Abc ", "ABC", "abc"];
    check("symbol", StringArray::from(names.clone()));
    check("symbol", LargeStringArray::from(names.clone()));
    check("symbol", StringViewArray::from(names.clone()));
    let mut small = StringDictionaryBuilder::<UInt8Type>::new();
    let mut wide = StringDictionaryBuilder::<Int32Type>::new();
    for name in names {
        small.append_value(name);
        wide.append_value(name);
    }
    check("symbol", small.finish());
    check("symbol", wide.finish());
}

#[test]
fn sides_of_any_integer_type() {
    check("side", Int64Array::from(vec![1; 5]));
    check("side", Int32Array::from(vec![1; 5]));
    check("side", UInt64Array::from(vec![1; 5]));
}

#[test]
fn columns_in_another_order_extra_columns_and_names() {
    let mut columns = base();
    columns.reverse();
    columns.insert(2, extra_column(5));
    check_columns(&columns, &ReadOptions::default());
    columns.iter_mut().find(|(name, _)| *name == "ts_event").unwrap().0 = "ts";
    check_columns(&columns, &ReadOptions::default());
    for (name, renamed) in [("ts", "T"), ("price", "px"), ("symbol", "condition2")] {
        columns.iter_mut().find(|(found, _)| *found == name).unwrap().0 = renamed;
    }
    let map = ColumnMap::new([("ts_event", "T"), ("price", "px"), ("symbol", "condition2")]).unwrap();
    check_columns(&columns, &ReadOptions { columns: map, ..ReadOptions::default() });
}

#[test]
fn a_symbol_can_come_from_outside() {
    let mut columns = base();
    columns.retain(|(name, _)| *name != "symbol");
    check_columns(&columns, &ReadOptions { symbol: Some("abc".to_owned()), ..ReadOptions::default() });
    // It renames where all rows have one and the same, and refuses where they have not.
    let renamed = with("symbol", Arc::new(StringArray::from(vec!["x"; 5])));
    let read = ReadOptions { symbol: Some("ABC".to_owned()), ..ReadOptions::default() };
    check_columns(&renamed, &read);
    let folder = tempfile::tempdir().unwrap();
    let several = with("symbol", Arc::new(StringArray::from(vec!["x", "x", "y", "x", "x"])));
    write(&folder.path().join("a.parquet"), &several, 10);
    let error = discover(&[folder.path().to_owned()], &read).unwrap_err().to_string();
    assert!(error.contains("several symbols") && error.contains("a.parquet"), "{error}");
    // A folder may name it, as writers of partitions do.
    let path = folder.path().join("b/symbol=A%2FB/c.parquet");
    write(&path, &columns, 10);
    assert_eq!(discover(&[path], &ReadOptions::default()).unwrap()[0].symbols, ["A/B"]);
}

#[test]
fn null_quote_sizes_typed_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("q.parquet");
    let mut columns = quote_columns(&[row(1, "A", 5), row(2, "A", 6)]);
    write(&path, &columns, 10);
    let expected = replay_plain(std::slice::from_ref(&path));
    let quote = expected.events[0].as_quote();
    assert_eq!((quote.bid_size, quote.ask_size), (None, Some(Quantity::ZERO)));
    columns[5].1 = Arc::new(NullArray::new(2));
    write(&path, &columns, 10);
    assert_eq!(replay_plain(&[path]), expected);
}

#[test]
fn any_codec_page_version_and_encoding() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ticks.parquet");
    write(&path, &base(), 1_000);
    let expected = replay_plain(std::slice::from_ref(&path));
    let zstd = Compression::ZSTD(ZstdLevel::try_new(3).unwrap());
    let gzip = Compression::GZIP(Default::default());
    for codec in [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::LZ4_RAW, zstd, gzip] {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            for statistics in [EnabledStatistics::None, EnabledStatistics::Page] {
                let properties = WriterProperties::builder()
                    .set_compression(codec)
                    .set_writer_version(version)
                    .set_statistics_enabled(statistics)
                    .set_dictionary_enabled(codec == zstd)
                    .set_data_page_row_count_limit(2)
                    .build();
                write_with(&path, &base(), properties);
                assert_eq!(replay_plain(std::slice::from_ref(&path)), expected, "{codec:?} {version:?}");
            }
        }
    }
    let plain = WriterProperties::builder().set_dictionary_enabled(false).set_encoding(Encoding::PLAIN);
    write_with(&path, &base(), plain.build());
    assert_eq!(replay_plain(&[path]), expected);
}

#[test]
fn no_rows_is_no_data() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ticks.parquet");
    write(&path, &trade_columns(&[]), 10);
    let replayed = replay_plain(&[path]);
    assert!(replayed.events.is_empty() && replayed.summary.first_ts.is_none());
    assert_eq!((replayed.summary.files, replayed.summary.rows_read), (1, 0));
}

#[test]
fn too_many_decimals_are_refused_or_rounded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ticks.parquet");
    let prices =
        Decimal128Array::from_iter_values([10_i128.pow(10), 10_i128.pow(10) + 5, 10_i128.pow(10) + 15, 1, 9]);
    write(&path, &with("price", Arc::new(prices.with_precision_and_scale(20, 10).unwrap())), 10);
    let replayed = replay_plain(std::slice::from_ref(&path));
    assert_eq!(replayed.reasons().into_iter().collect::<Vec<_>>(), [("price_not_representable", 4)]);
    assert_eq!(replayed.rejects[0].raw, "price=1.0000000005 size=0.000000002 side=1");
    let read = ReadOptions { excess: Excess::Round, ..ReadOptions::default() };
    let rounded = replay(&[path], &read, |options| options.rules.max_price_jump = model::Rate::ZERO);
    // Half to even; a tenth of a unit rounds to zero, which is no price.
    assert_eq!(
        rounded.prices(),
        [(SECOND, SECOND), (2 * SECOND, SECOND), (3 * SECOND, SECOND + 2), (5 * SECOND, 1)]
    );
    assert_eq!(rounded.reasons().into_iter().collect::<Vec<_>>(), [("price_not_positive", 1)]);
    assert_eq!(rounded.rejects[0].raw, "price=0.0000000001 size=0.000000002 side=1");
}

fn written(kind: TickKind, rows: i64, extras: Extras) -> (tempfile::TempDir, Replayed) {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = TickWriter::create_with(folder.path(), kind, "eur/usd", extras).unwrap();
    for i in 0..rows {
        let ts_event = Nanos(i * 7_000_000_000 - 3 * SECOND);
        let (price, size) = (Price::new(1_000 + i % 97), Quantity::new(1 + i % 5));
        let recv = Some(Nanos(ts_event.0 + 5));
        match kind {
            TickKind::Trades => {
                let trade = Trade { ts_event, price, size, aggressor: (i % 3 - 1) as i8 };
                writer.trade_with(&trade, recv, Some(&i.to_string())).unwrap();
            }
            TickKind::Quotes => {
                let ask = Price::new(price.raw() + i % 4);
                let bid_size = (i % 2 == 0).then_some(size);
                writer
                    .quote_with(&Quote { ts_event, bid: price, ask, bid_size, ask_size: Some(size) }, recv)
                    .unwrap();
            }
        }
    }
    let written = writer.finish().unwrap();
    let replayed = replay_plain(&[folder.path().to_owned()]);
    let days = ((rows - 1) * 7 - 3).div_euclid(86_400) as u64 + 2;
    assert_eq!((written.rows, written.files), (rows as u64, days));
    assert!(written.bytes > 0);
    (folder, replayed)
}

#[test]
fn what_is_written_comes_back() {
    let rows = 30_000;
    for extras in [Extras::default(), Extras { ts_recv: true, trade_id: true }] {
        let (folder, trades) = written(TickKind::Trades, rows, extras);
        assert_eq!(trades.events.len() as i64, rows);
        for (i, event) in (0..).zip(&trades.events) {
            let trade = event.as_trade();
            let expected = (i * 7 * SECOND - 3 * SECOND, 1_000 + i % 97, 1 + i % 5, (i % 3 - 1) as i8);
            assert_eq!((trade.ts_event.0, trade.price.raw(), trade.size.raw(), trade.aggressor), expected);
        }
        let files = discover(&[folder.path().to_owned()], &ReadOptions::default()).unwrap();
        assert!(files.iter().all(|file| file.symbols == ["EUR/USD"]), "statistics name the symbol");
        let first: PathBuf = folder.path().join("trades/symbol=EUR%2FUSD/date=1969-12-31/part-0.parquet");
        assert_eq!((files[0].path.clone(), files[0].rows), (first, 1));
        assert_eq!(table(&files).len(), 1);
    }
    let (_folder, quotes) = written(TickKind::Quotes, rows, Extras::default());
    assert_eq!(quotes.events.len() as i64, rows);
    let quote = quotes.events[1].as_quote();
    assert_eq!((quote.bid.raw(), quote.ask.raw(), quote.bid_size), (1_001, 1_002, None));
    assert_eq!(quotes.summary.suspicious["locked"], 7_500);
}

#[test]
fn an_unfinished_or_unsorted_writer_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let trade =
        |ts| Trade { ts_event: Nanos(ts), price: Price::new(1), size: Quantity::new(1), aggressor: 0 };
    let mut writer = TickWriter::create(folder.path(), TickKind::Trades, "A").unwrap();
    writer.trade(&trade(5)).unwrap();
    assert!(writer.trade(&trade(4)).unwrap_err().to_string().contains("sort the ticks"));
    drop(writer);
    let error = discover(&[folder.path().to_owned()], &ReadOptions::default()).unwrap_err();
    assert!(error.to_string().contains("holds no .parquet file"), "{error}");
    let day = folder.path().join("trades/symbol=A/date=1970-01-01");
    assert_eq!(std::fs::read_dir(day).unwrap().count(), 0);
    assert!(TickWriter::create(folder.path(), TickKind::Trades, "no symbol").is_err());
    // A second writer of the same day adds a file.
    for _ in 0..2 {
        let mut writer = TickWriter::create(folder.path(), TickKind::Trades, "A").unwrap();
        writer.trade(&trade(5)).unwrap();
        writer.finish().unwrap();
    }
    assert_eq!(replay_plain(&[folder.path().to_owned()]).events.len(), 2);
}

#[test]
fn what_a_file_lacks_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ticks.parquet");
    for (missing, expected) in
        [("ts_event", "ts_event"), ("symbol", "symbol"), ("size", "size"), ("side", "side")]
    {
        let mut columns = base();
        columns.retain(|(name, _)| *name != missing);
        write(&path, &columns, 10);
        let error =
            try_replay(std::slice::from_ref(&path), &ReadOptions::default(), |_| {}).unwrap_err().to_string();
        assert!(
            error.contains(&format!("no column {expected:?}")) && error.contains("ticks.parquet"),
            "{error}"
        );
    }
    let texts: ArrayRef = Arc::new(StringArray::from(vec!["1"; 5]));
    for column in ["ts_event", "price", "side"] {
        write(&path, &with(column, Arc::clone(&texts)), 10);
        let error =
            try_replay(std::slice::from_ref(&path), &ReadOptions::default(), |_| {}).unwrap_err().to_string();
        assert!(error.contains(&format!("column {column:?} is of type Utf8")), "{error}");
    }
    write(&path, &[extra_column(3)], 10);
    let error = try_replay(&[path], &ReadOptions::default(), |_| {}).unwrap_err().to_string();
    assert!(error.contains("neither trades") && error.contains("condition"), "{error}");
}

/// The file is refused with all of these parts in the sentence; and no remedy that this build does not have.
#[track_caller]
fn check_refused(path: &std::path::Path, read: &ReadOptions, parts: &[&str]) {
    let error = discover(&[path.to_owned()], read).unwrap_err().to_string();
    assert!(error.starts_with(path.to_str().unwrap()), "{error}");
    for part in parts {
        assert!(error.contains(part), "{error:?} lacks {part:?}");
    }
    assert!(!error.contains("--columns") && !error.contains("import"), "{error}");
}

#[test]
fn hints_name_keys_that_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ticks.parquet");
    let mut columns = base();
    columns.retain(|(name, _)| *name != "symbol");
    write(&path, &columns, 10);
    check_refused(&path, &ReadOptions::default(), &["no column \"symbol\"", "data.columns", "data.symbol"]);
    let map = ColumnMap::new([("symbol", "sym")]).unwrap();
    let read = ReadOptions { columns: map, ..ReadOptions::default() };
    check_refused(&path, &read, &["no column \"sym\"", "data.columns", "data.symbol"]);
    columns.retain(|(name, _)| *name != "side");
    write(&path, &columns, 10);
    let read = ReadOptions { symbol: Some("A".to_owned()), ..ReadOptions::default() };
    check_refused(&path, &read, &["no column \"side\"", "name its column with data.columns"]);
    write(&path, &[extra_column(3)], 10);
    check_refused(&path, &ReadOptions::default(), &["neither trades", "data.columns"]);
    std::fs::write(&path, "ts_event,price\n").unwrap();
    check_refused(&path, &ReadOptions::default(), &["is not a Parquet file"]);
}

#[test]
fn a_name_that_several_columns_have_is_refused_where_it_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ticks.parquet");
    for name in ["ts_event", "symbol", "price", "size", "side"] {
        let mut columns = base();
        let again = columns.iter().find(|(found, _)| *found == name).unwrap().clone();
        columns.push(again);
        write(&path, &columns, 10);
        check_refused(&path, &ReadOptions::default(), &["more than one column", &format!("{name:?}")]);
    }
    let mut columns = base();
    columns.extend([extra_column(5), extra_column(5)]);
    check_columns(&columns, &ReadOptions::default());
}

#[test]
fn a_table_of_trades_and_quotes_is_refused_unless_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("both.parquet");
    let rows = [row(1, "A", 5), row(2, "A", 6)];
    let mut columns = trade_columns(&rows);
    columns.extend(quote_columns(&rows).split_off(3));
    let both = ["trades (column \"price\")", "quotes (columns \"bid\" and \"ask\")", "data.columns"];
    write(&path, &columns, 10);
    check_refused(&path, &ReadOptions::default(), &both);
    let named = |pairs: &[(&str, &str)]| ReadOptions {
        columns: ColumnMap::new(pairs.iter().copied()).unwrap(),
        ..ReadOptions::default()
    };
    check_refused(&path, &named(&[("price", "price"), ("bid", "bid")]), &both);
    let kind =
        |path: &PathBuf, read: &ReadOptions| discover(std::slice::from_ref(path), read).unwrap()[0].kind;
    assert_eq!(kind(&path, &named(&[("price", "price")])), TickKind::Trades);
    assert_eq!(kind(&path, &named(&[("ask", "ask")])), TickKind::Quotes);
    // What cannot be the other table is plain: the other's columns are extra ones.
    let mut quotes = quote_columns(&rows);
    quotes.push(("price", Arc::new(Float64Array::from(vec![1.0, 2.0]))));
    write(&path, &quotes, 10);
    assert_eq!(kind(&path, &ReadOptions::default()), TickKind::Quotes);
    let mut trades = trade_columns(&rows);
    trades.push(("bid", Arc::new(Float64Array::from(vec![1.0, 2.0]))));
    write(&path, &trades, 10);
    assert_eq!(kind(&path, &ReadOptions::default()), TickKind::Trades);
}

#[test]
fn a_folder_and_a_column_must_name_the_same_symbol() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).join("ticks.parquet");
    for agrees in ["symbol=ABC", "symbol=abc/date=2024-01-01", "plain"] {
        write(&file(agrees), &base(), 2);
        let files = discover(&[file(agrees)], &ReadOptions::default()).unwrap();
        assert_eq!(files[0].symbols, ["ABC"], "{agrees}");
    }
    for other in ["symbol=OTHER", "symbol=OTHER/date=2024-01-01", "symbol=A%2FB", "symbol=no symbol"] {
        write(&file(other), &base(), 2);
        check_refused(
            &file(other),
            &ReadOptions::default(),
            &["the folder says symbol=", "\"symbol\"", "\"ABC\""],
        );
        // Whoever names the symbol has decided.
        let read = ReadOptions { symbol: Some("X".to_owned()), ..ReadOptions::default() };
        assert_eq!(discover(&[file(other)], &read).unwrap()[0].symbols, ["X"]);
    }
    // One row among others.
    let mixed = with("symbol", Arc::new(StringArray::from(vec!["ABC", "ABC", "ABC", "ZZZ", "ABC"])));
    write(&file("symbol=ABC"), &mixed, 2);
    check_refused(&file("symbol=ABC"), &ReadOptions::default(), &["symbol=ABC", "\"ZZZ\""]);
}

#[test]
fn a_file_that_is_named_again_is_read_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ticks.parquet");
    write(&path, &base(), 10);
    let link = folder.path().join("link.parquet");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let paths = [path.clone(), path, link, folder.path().to_owned()];
    assert_eq!(discover(&paths, &ReadOptions::default()).unwrap().len(), 1);
}
