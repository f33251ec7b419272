//! Writing files of any shape, and replaying them.

use arrow_array::{
    ArrayRef, Decimal128Array, DictionaryArray, Int8Array, Int32Array, RecordBatch, StringArray,
    TimestampNanosecondArray,
};
use arrow_schema::{Field, Schema};
use catalog::{DataFile, ReadOptions, discover};
use feed::{DataSummary, Feed, FeedError, More, Reject};
use files::{ParquetFeed, ReplayOptions};
use model::{Event, SymbolTable};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// A named column.
pub type Column = (&'static str, ArrayRef);

/// Writes columns as one file.
pub fn write(path: &Path, columns: &[Column], row_group_rows: usize) {
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(row_group_rows)).build();
    write_with(path, columns, properties);
}

/// Writes columns as one file with given properties.
pub fn write_with(path: &Path, columns: &[Column], properties: WriterProperties) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let fields = columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let file = std::fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties)).unwrap();
    let arrays = columns.iter().map(|(_, array)| Arc::clone(array)).collect();
    writer.write(&RecordBatch::try_new(schema, arrays).unwrap()).unwrap();
    writer.close().unwrap();
}

/// A row of a test file; prices and sizes in units of 1e-9, `None` null.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub ts: Option<i64>,
    pub recv: Option<i64>,
    pub symbol: Option<&'static str>,
    /// Price, or bid.
    pub price: Option<i64>,
    pub id: Option<&'static str>,
}

/// A good row.
pub fn row(ts: i64, symbol: &'static str, price: i64) -> Row {
    Row { ts: Some(ts), recv: Some(ts), symbol: Some(symbol), price: Some(price), id: None }
}

pub fn decimals(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    let array: Decimal128Array = values.map(|value| value.map(i128::from)).collect();
    Arc::new(array.with_precision_and_scale(18, 9).unwrap())
}

pub fn times(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<TimestampNanosecondArray>().with_timezone("UTC"))
}

/// The columns of trades of size 2 by the buyer.
pub fn trade_columns(rows: &[Row]) -> Vec<Column> {
    let symbols: DictionaryArray<arrow_array::types::Int32Type> = rows.iter().map(|row| row.symbol).collect();
    let mut columns: Vec<Column> = vec![
        ("ts_event", times(rows.iter().map(|row| row.ts))),
        ("ts_recv", times(rows.iter().map(|row| row.recv))),
        ("symbol", Arc::new(symbols)),
        ("price", decimals(rows.iter().map(|row| row.price))),
        ("size", decimals(rows.iter().map(|_| Some(2)))),
        ("side", Arc::new(Int8Array::from(vec![1; rows.len()]))),
    ];
    if rows.iter().any(|row| row.id.is_some()) {
        columns.push(("trade_id", Arc::new(rows.iter().map(|row| row.id).collect::<StringArray>())));
    }
    columns
}

/// The columns of quotes one unit wide without sizes.
pub fn quote_columns(rows: &[Row]) -> Vec<Column> {
    let symbols: StringArray = rows.iter().map(|row| row.symbol).collect();
    vec![
        ("ts_event", times(rows.iter().map(|row| row.ts))),
        ("ts_recv", times(rows.iter().map(|row| row.recv))),
        ("symbol", Arc::new(symbols)),
        ("bid", decimals(rows.iter().map(|row| row.price))),
        ("ask", decimals(rows.iter().map(|row| row.price.map(|price| price + 1)))),
        ("bid_size", decimals(rows.iter().map(|_| None))),
        ("ask_size", decimals(rows.iter().map(|_| Some(0)))),
    ]
}

/// A column that no table knows.
pub fn extra_column(rows: usize) -> Column {
    ("condition", Arc::new(Int32Array::from(vec![7; rows])))
}

/// What came out of a replay.
#[derive(Debug, Clone, PartialEq)]
pub struct Replayed {
    pub events: Vec<Event>,
    pub summary: DataSummary,
    pub rejects: Vec<Reject>,
}

impl Replayed {
    pub fn reasons(&self) -> BTreeMap<&'static str, u64> {
        self.summary.rejected.clone()
    }

    /// Times and prices, for comparing at a glance.
    pub fn prices(&self) -> Vec<(i64, i64)> {
        self.events.iter().map(|event| (event.words[0], event.words[1])).collect()
    }
}

pub fn table(files: &[DataFile]) -> SymbolTable {
    SymbolTable::new(files.iter().flat_map(|file| file.symbols.iter().cloned()))
}

/// Discovers and replays, with the options as `adjust` changes them.
pub fn try_replay(
    paths: &[PathBuf],
    read: &ReadOptions,
    adjust: impl FnOnce(&mut ReplayOptions),
) -> Result<Replayed, FeedError> {
    let files = discover(paths, read).map_err(|error| FeedError::Source(Box::new(error)))?;
    let symbols = table(&files);
    let mut options = ReplayOptions::new(files, read.clone(), symbols);
    adjust(&mut options);
    let rejects = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&rejects);
    options.rejects = Some(Box::new(move |reject| sink.lock().unwrap().push(reject)));
    let ids: Vec<_> = options.symbols.iter().map(|(id, _)| id).collect();
    let mut feed = ParquetFeed::new(options);
    feed.connect()?;
    feed.subscribe(&ids)?;
    let (mut events, mut batch) = (Vec::new(), Vec::new());
    while feed.on_tick(&mut batch)? == More::Yes {
        assert!(!batch.is_empty(), "a batch holds events until the end");
        events.extend_from_slice(&batch);
    }
    assert!(batch.is_empty() && feed.on_tick(&mut batch).unwrap() == More::Ended);
    assert!(events.is_sorted_by_key(|event| event.ts), "engine time never decreases");
    assert!(events.iter().all(|event| event.seq == 0), "the sequencer numbers events");
    let mut summary = feed.summary();
    let rejects = std::mem::take(&mut *rejects.lock().unwrap());
    assert_eq!(summary.ticks, events.len() as u64);
    assert_eq!(summary.ticks + summary.rejected.values().sum::<u64>(), summary.rows_read);
    assert_eq!(summary.rejected.values().sum::<u64>(), rejects.len() as u64);
    summary.decode_ns = 0;
    Ok(Replayed { events, summary, rejects })
}

/// Replays files that are good, with 1 and with 4 workers: the same.
pub fn replay(paths: &[PathBuf], read: &ReadOptions, adjust: impl Fn(&mut ReplayOptions)) -> Replayed {
    let one = try_replay(paths, read, &adjust).unwrap();
    let four = try_replay(paths, read, |options| {
        adjust(options);
        options.workers = 4;
    });
    assert_eq!(four.unwrap(), one, "the number of workers changes nothing");
    one
}

/// Replays with default options.
pub fn replay_plain(paths: &[PathBuf]) -> Replayed {
    replay(paths, &ReadOptions::default(), |_| {})
}
