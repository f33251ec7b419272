//! A Parquet table that grows row by row, in bounded memory.
//!
//! Rows wait as they are until they make a row group, which is then encoded and compressed in one go: an open row
//! group would keep a compressor for each of its columns, and a run writes many tables.
//! Not here: which columns there are (`tables`).

use crate::error::ReportError;
use crate::meta::OptionalTable;
use crate::summary::SCHEMA_VERSION;
use arrow_array::builder::{Decimal128Builder, TimestampNanosecondBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use model::{Money, Nanos, Price, Quantity};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Decimals of all fixed-point columns.
const SCALE: i8 = 9;
/// Digits of prices and quantities.
const NARROW_DIGITS: u8 = 18;
/// Digits of volumes and money.
const WIDE_DIGITS: u8 = 38;

/// The columns of a table in the making.
pub(crate) trait Columns: Default {
    /// Rows of a row group: how many wait at most. Many for a table that grows fast, since the file's footer
    /// describes each row group; few for a table of wide rows.
    const ROW_GROUP_ROWS: usize;
    /// Their names and types.
    fn fields() -> Vec<Field>;
    /// How many rows wait.
    fn rows(&self) -> usize;
    /// Takes the waiting rows, in the order of the fields.
    fn take(&mut self) -> Vec<ArrayRef>;
}

/// A table on disk.
pub(crate) struct Table<C> {
    path: PathBuf,
    schema: SchemaRef,
    writer: ArrowWriter<File>,
    /// Where rows are added.
    pub columns: C,
    rows: u64,
}

/// Dictionaries for names, deltas for what creeps; chosen by measurement: half the recorder's time.
fn properties(schema: &Schema, mut notes: Vec<KeyValue>) -> WriterProperties {
    notes.push(KeyValue::new("schema_version".to_owned(), SCHEMA_VERSION.to_string()));
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(None)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .set_dictionary_enabled(false)
        .set_key_value_metadata(Some(notes));
    for field in schema.fields() {
        let path = ColumnPath::from(field.name().as_str());
        match field.data_type() {
            DataType::Utf8 => properties = properties.set_column_dictionary_enabled(path, true),
            // Readers skip row groups by time; statistics of anything else would only stay in memory until the end.
            DataType::Timestamp(..) => {
                properties = properties
                    .set_column_statistics_enabled(path.clone(), EnabledStatistics::Chunk)
                    .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
            }
            DataType::Decimal128(NARROW_DIGITS, _) => {
                properties = properties.set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
            }
            // Floats of one scale compress when their like bytes stand together.
            DataType::List(cell) if *cell.data_type() == DataType::Float32 => {
                let path =
                    ColumnPath::new(vec![field.name().clone(), "list".to_owned(), cell.name().clone()]);
                properties = properties.set_column_encoding(path, Encoding::BYTE_STREAM_SPLIT);
            }
            _ => {}
        }
    }
    properties.build()
}

impl<C: Columns> Table<C> {
    /// Creates the file.
    pub fn create(folder: &Path, name: &str) -> Result<Self, ReportError> {
        Self::create_with_notes(folder, name, Vec::new())
    }

    /// Creates the file if it is asked for.
    pub fn create_optional(
        asked: OptionalTable,
        folder: &Path,
        name: &str,
    ) -> Result<Option<Self>, ReportError> {
        match asked {
            OptionalTable::Omitted => Ok(None),
            OptionalTable::Written => Self::create(folder, name).map(Some),
        }
    }

    /// Creates the file with these words in its metadata.
    pub fn create_with_notes(folder: &Path, name: &str, notes: Vec<KeyValue>) -> Result<Self, ReportError> {
        let path = folder.join(name);
        let file = File::create(&path).map_err(|error| ReportError::Io {
            action: "create",
            path: path.clone(),
            error,
        })?;
        let schema = Arc::new(Schema::new(C::fields()));
        let properties = properties(&schema, notes);
        let writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties))
            .map_err(|error| ReportError::Table { path: path.clone(), error })?;
        Ok(Self { path, schema, writer, columns: C::default(), rows: 0 })
    }

    /// Writes the waiting rows if they make a row group. Call it after adding one.
    #[inline]
    pub fn settle(&mut self) -> Result<(), ReportError> {
        if self.columns.rows() < C::ROW_GROUP_ROWS { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> Result<(), ReportError> {
        self.rows += self.columns.rows() as u64;
        let arrays = self.columns.take();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays)
            .expect("a table's columns are as long as each other and of their types");
        let written = self.writer.write(&batch).and_then(|()| self.writer.flush());
        written.map_err(|error| ReportError::Table { path: self.path.clone(), error })
    }

    /// Writes the rest and syncs the file; gives the number of rows.
    pub fn finish(mut self) -> Result<u64, ReportError> {
        self.flush()?;
        let path = self.path;
        let file =
            self.writer.into_inner().map_err(|error| ReportError::Table { path: path.clone(), error })?;
        file.sync_all().map_err(|error| ReportError::Io { action: "sync", path, error })?;
        Ok(self.rows)
    }
}

/// A column of times.
pub(crate) fn time_field(name: &str, nullable: bool) -> Field {
    Field::new(name, DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())), nullable)
}

/// A column of prices or quantities.
pub(crate) fn narrow_field(name: &str, nullable: bool) -> Field {
    Field::new(name, DataType::Decimal128(NARROW_DIGITS, SCALE), nullable)
}

/// A column of volumes or money.
pub(crate) fn wide_field(name: &str) -> Field {
    Field::new(name, DataType::Decimal128(WIDE_DIGITS, SCALE), false)
}

/// A column of names.
pub(crate) fn text_field(name: &str, nullable: bool) -> Field {
    Field::new(name, DataType::Utf8, nullable)
}

/// A column of doubles.
pub(crate) fn double_field(name: &str) -> Field {
    Field::new(name, DataType::Float64, false)
}

/// A column of doubles, some of them null.
pub(crate) fn maybe_double_field(name: &str) -> Field {
    Field::new(name, DataType::Float64, true)
}

/// Builds a column of times.
pub(crate) struct Times(TimestampNanosecondBuilder);

impl Default for Times {
    fn default() -> Self {
        Self(TimestampNanosecondBuilder::new())
    }
}

impl Times {
    pub fn push(&mut self, ts: Nanos) {
        self.0.append_value(ts.0);
    }

    pub fn push_option(&mut self, ts: Option<Nanos>) {
        self.0.append_option(ts.map(|ts| ts.0));
    }

    pub fn take(&mut self) -> ArrayRef {
        Arc::new(self.0.finish().with_timezone("UTC"))
    }
}

/// Builds a column of fixed-point numbers of `DIGITS` digits.
pub(crate) struct Decimals<const DIGITS: u8>(Decimal128Builder);

/// Prices and quantities.
pub(crate) type Narrow = Decimals<NARROW_DIGITS>;
/// Volumes and money.
pub(crate) type Wide = Decimals<WIDE_DIGITS>;

impl<const DIGITS: u8> Default for Decimals<DIGITS> {
    fn default() -> Self {
        let typed = Decimal128Builder::new().with_precision_and_scale(DIGITS, SCALE);
        Self(typed.expect("the digits hold the scale"))
    }
}

impl<const DIGITS: u8> Decimals<DIGITS> {
    pub fn take(&mut self) -> ArrayRef {
        Arc::new(self.0.finish())
    }
}

impl Narrow {
    pub fn price(&mut self, price: Price) {
        self.0.append_value(price.raw().into());
    }

    pub fn price_option(&mut self, price: Option<Price>) {
        self.0.append_option(price.map(|price| price.raw().into()));
    }

    pub fn quantity(&mut self, quantity: Quantity) {
        self.0.append_value(quantity.raw().into());
    }

    pub fn quantity_option(&mut self, quantity: Option<Quantity>) {
        self.0.append_option(quantity.map(|quantity| quantity.raw().into()));
    }
}

impl Wide {
    pub fn money(&mut self, amount: Money) {
        self.0.append_value(amount.raw());
    }

    pub fn raw(&mut self, raw: i128) {
        self.0.append_value(raw);
    }
}
