//! Writing ticks into a catalog: one file per symbol and day, whole or absent.
//!
//! Why these encodings: timestamps and 64-bit decimals of ticks differ little from row to row, so deltas
//! packed into few bits are small and decode fast. Memory is bounded by one row group.

use crate::open::SOURCE_KEY;
use crate::partition::{day_of, partition_dir};
use crate::schema::{DECIMAL_PRECISION, DECIMAL_SCALE};
use crate::{CatalogError, Extras, TickKind, schema_of};
use arrow_array::{
    ArrayRef, Decimal128Array, DictionaryArray, Int8Array, Int32Array, RecordBatch, StringArray,
    TimestampNanosecondArray,
};
use arrow_schema::{DataType, Schema, SchemaRef};
use model::{Nanos, Quantity, Quote, Trade, normalise_symbol};
use parquet::arrow::{ARROW_SCHEMA_META_KEY, ArrowWriter, encode_arrow_schema};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows of a row group.
const ROW_GROUP_ROWS: usize = 131_072;
/// Rows handed to the encoder at once.
const BATCH_ROWS: usize = 16_384;

/// Who wrote a file, as its footer says.
pub(crate) const CREATED_BY: &str = concat!("grandmodel ", env!("CARGO_PKG_VERSION"));

/// What a writer has written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// Rows.
    pub rows: u64,
    /// Files.
    pub files: u64,
    /// Bytes.
    pub bytes: u64,
}

/// Writes the ticks of one symbol and kind, which must come in order of time.
pub struct TickWriter {
    root: PathBuf,
    kind: TickKind,
    symbol: String,
    extras: Extras,
    schema: SchemaRef,
    symbol_values: ArrayRef,
    last: Nanos,
    rows: Rows,
    day: Option<Day>,
    /// Where the ticks come from, for the footers.
    source: Option<String>,
    written: Written,
}

impl std::fmt::Debug for TickWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TickWriter({} {}, {:?})", self.kind.name(), self.symbol, self.written)
    }
}

/// The file of a day while it is being written.
struct Day {
    number: i64,
    temporary: PathBuf,
    path: PathBuf,
    writer: ArrowWriter<File>,
    rows: u64,
}

/// Rows that wait to be encoded.
#[derive(Default)]
struct Rows {
    ts_event: Vec<i64>,
    ts_recv: Vec<Option<i64>>,
    numbers: [Vec<i128>; 2],
    sizes: [Vec<Option<i128>>; 2],
    side: Vec<i8>,
    trade_id: Vec<Option<String>>,
}

impl TickWriter {
    /// A writer into the catalog at `root`, without optional columns.
    ///
    /// # Errors
    /// [`CatalogError::Symbol`]; nothing is created before the first tick.
    pub fn create(root: &Path, kind: TickKind, symbol: &str) -> Result<Self, CatalogError> {
        Self::create_with(root, kind, symbol, Extras::default())
    }

    /// A writer into the catalog at `root`.
    ///
    /// # Errors
    /// [`CatalogError::Symbol`].
    pub fn create_with(
        root: &Path,
        kind: TickKind,
        symbol: &str,
        extras: Extras,
    ) -> Result<Self, CatalogError> {
        let symbol = normalise_symbol(symbol).map_err(CatalogError::Symbol)?;
        let symbol_values: ArrayRef = Arc::new(StringArray::from(vec![symbol.as_str()]));
        Ok(Self {
            root: root.to_owned(),
            kind,
            extras,
            schema: Arc::new(schema_of(kind, extras)),
            symbol,
            symbol_values,
            last: Nanos::MIN,
            rows: Rows::default(),
            day: None,
            source: None,
            written: Written::default(),
        })
    }

    /// Says in every file's footer where its ticks come from ([`crate::DataFile::source`]).
    #[must_use]
    pub fn with_source(mut self, source: &str) -> Self {
        self.source = Some(source.to_owned());
        self
    }

    /// Adds a trade.
    ///
    /// # Errors
    /// [`CatalogError`] where it is older than the one before it, or the disk fails.
    ///
    /// # Panics
    /// On a writer of quotes.
    pub fn trade(&mut self, trade: &Trade) -> Result<(), CatalogError> {
        self.trade_with(trade, None, None)
    }

    /// Adds a trade with its optional columns; those that the writer was not created with are dropped.
    ///
    /// # Errors
    /// As [`Self::trade`].
    ///
    /// # Panics
    /// On a writer of quotes.
    pub fn trade_with(
        &mut self,
        trade: &Trade,
        ts_recv: Option<Nanos>,
        trade_id: Option<&str>,
    ) -> Result<(), CatalogError> {
        assert!(self.kind == TickKind::Trades, "a writer of quotes takes quotes");
        self.begin(trade.ts_event, ts_recv)?;
        self.rows.numbers[0].push(i128::from(trade.price.raw()));
        self.rows.numbers[1].push(i128::from(trade.size.raw()));
        self.rows.side.push(trade.aggressor);
        if self.extras.trade_id {
            self.rows.trade_id.push(trade_id.map(str::to_owned));
        }
        Ok(())
    }

    /// Adds a quote.
    ///
    /// # Errors
    /// As [`Self::trade`].
    ///
    /// # Panics
    /// On a writer of trades.
    pub fn quote(&mut self, quote: &Quote) -> Result<(), CatalogError> {
        self.quote_with(quote, None)
    }

    /// Adds a quote with its time of receipt, which is dropped if the writer was not created with it.
    ///
    /// # Errors
    /// As [`Self::trade`].
    ///
    /// # Panics
    /// On a writer of trades.
    pub fn quote_with(&mut self, quote: &Quote, ts_recv: Option<Nanos>) -> Result<(), CatalogError> {
        assert!(self.kind == TickKind::Quotes, "a writer of trades takes trades");
        self.begin(quote.ts_event, ts_recv)?;
        self.rows.numbers[0].push(i128::from(quote.bid.raw()));
        self.rows.numbers[1].push(i128::from(quote.ask.raw()));
        let size = |size: Option<Quantity>| size.map(|size| i128::from(size.raw()));
        self.rows.sizes[0].push(size(quote.bid_size));
        self.rows.sizes[1].push(size(quote.ask_size));
        Ok(())
    }

    /// Writes what waits, closes the last file, and says what was written.
    ///
    /// # Errors
    /// [`CatalogError`] where the disk fails; the last file is then absent.
    pub fn finish(mut self) -> Result<Written, CatalogError> {
        self.close_day()?;
        Ok(self.written)
    }

    fn begin(&mut self, ts: Nanos, ts_recv: Option<Nanos>) -> Result<(), CatalogError> {
        if ts < self.last {
            return Err(CatalogError::Unsorted {
                path: self.root.clone(),
                symbol: self.symbol.clone(),
                previous: self.last.0,
                ts_event: ts.0,
            });
        }
        self.last = ts;
        let day = day_of(ts);
        if self.day.as_ref().is_none_or(|open| open.number != day) {
            self.close_day()?;
            let properties = properties(&self.schema, self.source.as_deref(), false);
            let folder = partition_dir(&self.root, self.kind, &self.symbol, day);
            self.day = Some(Day::create(&folder, day, &self.schema, properties)?);
        } else if self.rows.ts_event.len() == BATCH_ROWS {
            self.encode()?;
        }
        self.rows.ts_event.push(ts.0);
        if self.extras.ts_recv {
            self.rows.ts_recv.push(ts_recv.map(|ts| ts.0));
        }
        Ok(())
    }

    /// Hands the waiting rows to the encoder.
    fn encode(&mut self) -> Result<(), CatalogError> {
        let Some(day) = &mut self.day else { return Ok(()) };
        let rows = self.rows.ts_event.len();
        if rows == 0 {
            return Ok(());
        }
        let columns = self.rows.take(self.kind, self.extras, &self.symbol_values);
        let batch =
            RecordBatch::try_new(Arc::clone(&self.schema), columns).expect("the columns follow the schema");
        day.writer.write(&batch).map_err(|error| day.failed(&error.to_string()))?;
        day.rows += rows as u64;
        Ok(())
    }

    fn close_day(&mut self) -> Result<(), CatalogError> {
        self.encode()?;
        let Some(mut day) = self.day.take() else { return Ok(()) };
        day.writer.finish().map_err(|error| day.failed(&error.to_string()))?;
        let io = |action| {
            let path = day.path.clone();
            move |error| CatalogError::Io { action, path, error }
        };
        day.writer.inner().sync_data().map_err(io("write"))?;
        self.written.bytes += day.writer.inner().metadata().map_err(io("write"))?.len();
        std::fs::rename(&day.temporary, &day.path).map_err(io("rename"))?;
        self.written.rows += day.rows;
        self.written.files += 1;
        Ok(())
    }
}

impl Drop for TickWriter {
    /// An unfinished file does not stay.
    fn drop(&mut self) {
        if let Some(day) = self.day.take() {
            let _ = std::fs::remove_file(&day.temporary);
        }
    }
}

impl Day {
    /// Opens the next free `part-N.parquet` in a day's folder, under a temporary name.
    fn create(
        folder: &Path,
        number: i64,
        schema: &SchemaRef,
        properties: WriterProperties,
    ) -> Result<Self, CatalogError> {
        let io = |action, path: &Path| {
            let path = path.to_owned();
            move |error| CatalogError::Io { action, path, error }
        };
        std::fs::create_dir_all(folder).map_err(io("create", folder))?;
        let part = (0..).find(|part| !folder.join(format!("part-{part}.parquet")).exists()).unwrap_or(0_u32);
        let path = folder.join(format!("part-{part}.parquet"));
        let temporary = folder.join(format!(".part-{part}.parquet.tmp"));
        let file = File::create(&temporary).map_err(io("create", &temporary))?;
        let writer = ArrowWriter::try_new(file, Arc::clone(schema), Some(properties))
            .map_err(|error| CatalogError::Encode { path: path.clone(), cause: error.to_string() })?;
        Ok(Self { number, temporary, path, writer, rows: 0 })
    }

    fn failed(&self, cause: &str) -> CatalogError {
        CatalogError::Encode { path: self.path.clone(), cause: cause.to_owned() }
    }
}

/// The entry of a footer that says where the ticks come from.
fn source_entry(source: &str) -> KeyValue {
    KeyValue::new(SOURCE_KEY.to_owned(), source.to_owned())
}

/// How the columns of a tick table are written. `is_narrow`: the encoder is told of narrower types than `schema` has,
/// so the footer is told the schema here, and only chunks have statistics.
pub(crate) fn properties(schema: &Schema, source: Option<&str>, is_narrow: bool) -> WriterProperties {
    let level = ZstdLevel::try_new(1).expect("1 is a level of zstd");
    let mut entries: Vec<KeyValue> = source.map(source_entry).into_iter().collect();
    if is_narrow {
        entries.push(KeyValue::new(ARROW_SCHEMA_META_KEY.to_owned(), encode_arrow_schema(schema)));
    }
    let statistics = if is_narrow { EnabledStatistics::Chunk } else { EnabledStatistics::Page };
    let mut properties = WriterProperties::builder()
        .set_created_by(CREATED_BY.to_owned())
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_statistics_enabled(statistics)
        .set_key_value_metadata((!entries.is_empty()).then_some(entries));
    for field in schema.fields() {
        let is_packed = match field.data_type() {
            DataType::Timestamp(..) => true,
            DataType::Decimal128(digits, _) => *digits <= DECIMAL_PRECISION,
            _ => false,
        };
        if is_packed {
            let column = ColumnPath::from(field.name().as_str());
            properties = properties
                .set_column_dictionary_enabled(column.clone(), false)
                .set_column_encoding(column, Encoding::DELTA_BINARY_PACKED);
        }
    }
    properties.build()
}

impl Rows {
    /// The waiting rows as columns, in the order of the schema.
    fn take(&mut self, kind: TickKind, extras: Extras, symbol_values: &ArrayRef) -> Vec<ArrayRef> {
        use std::mem::take;
        let rows = self.ts_event.len();
        let times = |array: TimestampNanosecondArray| -> ArrayRef { Arc::new(array.with_timezone("UTC")) };
        let decimal = |array: Decimal128Array| -> ArrayRef {
            let typed = array.with_precision_and_scale(DECIMAL_PRECISION, DECIMAL_SCALE);
            Arc::new(typed.expect("18 digits, 9 of them decimals, is a decimal type"))
        };
        let mut columns = vec![times(TimestampNanosecondArray::from(take(&mut self.ts_event)))];
        if extras.ts_recv {
            columns.push(times(TimestampNanosecondArray::from(take(&mut self.ts_recv))));
        }
        let keys = Int32Array::from(vec![0; rows]);
        columns.push(Arc::new(DictionaryArray::new(keys, Arc::clone(symbol_values))));
        for numbers in &mut self.numbers {
            columns.push(decimal(Decimal128Array::from(take(numbers))));
        }
        match kind {
            TickKind::Quotes => {
                columns
                    .extend(self.sizes.iter_mut().map(|sizes| decimal(Decimal128Array::from(take(sizes)))));
            }
            TickKind::Trades => {
                columns.push(Arc::new(Int8Array::from(take(&mut self.side))));
                if extras.trade_id {
                    columns.push(Arc::new(StringArray::from(take(&mut self.trade_id))));
                }
            }
        }
        columns
    }
}
