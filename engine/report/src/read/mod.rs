//! Reading a table of the run folder: named columns, batch by batch.
//!
//! Why: a table may be larger than memory, so nobody sees more than a batch of it. Names may be plain or
//! dictionary strings, whoever wrote them; everything else has the one type of the contract. A table that a newer
//! program wrote is refused by name.
//! Not here: what is made of the rows (`html`, `explain`).

mod cells;
mod error;
mod texts;

pub(crate) use cells::Cells;
pub use error::ReadError;
pub(crate) use error::{unreadable, wanted};
pub(crate) use texts::Texts;

use crate::summary::SCHEMA_VERSION;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, Float64Array, RecordBatch, TimestampNanosecondArray,
    UInt32Array, UInt64Array,
};
use error::table_error;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::statistics::Statistics;
use std::fs::File;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// Rows of a batch.
const BATCH_ROWS: usize = 8_192;
/// Decimals of every fixed-point column.
const SCALE: i8 = 9;

/// A table that can be read.
pub(crate) struct TableFile {
    path: PathBuf,
    file: File,
    metadata: ArrowReaderMetadata,
}

impl TableFile {
    /// Opens `run_dir/name`.
    pub fn open(run_dir: &Path, name: &str) -> Result<Self, ReadError> {
        let path = run_dir.join(name);
        let file = File::open(&path).map_err(|error| unreadable(&path, error))?;
        let metadata = ArrowReaderMetadata::load(&file, Default::default())
            .map_err(|error| table_error(&path, &error))?;
        let table = Self { path, file, metadata };
        match table.note("schema_version").and_then(|version| version.parse().ok()) {
            Some(found) if found > u64::from(SCHEMA_VERSION) => {
                Err(ReadError::Newer { path: table.path, found })
            }
            _ => Ok(table),
        }
    }

    /// Rows of the whole table.
    pub fn rows(&self) -> u64 {
        u64::try_from(self.metadata.metadata().file_metadata().num_rows()).unwrap_or(0)
    }

    /// What the file's metadata has under a key.
    pub fn note(&self, key: &str) -> Option<&str> {
        let notes = self.metadata.metadata().file_metadata().key_value_metadata()?;
        notes.iter().find(|note| note.key == key)?.value.as_deref()
    }

    /// Whether there is such a column.
    pub fn has(&self, column: &str) -> bool {
        self.metadata.schema().column_with_name(column).is_some()
    }

    /// The row groups that may hold an instant of `span` in a column of times, in the table's order.
    pub fn groups_within(&self, column: &str, span: &RangeInclusive<i64>) -> Vec<RowGroup> {
        let groups = self.metadata.metadata().row_groups().iter().enumerate();
        let groups = groups.map(|(nth, group)| (RowGroup { nth, first: None }, span_of(group, column)));
        groups
            .filter_map(|(group, times)| match times {
                Some([first, last]) if first > *span.end() || last < *span.start() => None,
                times => Some(RowGroup { first: times.map(|[first, _]| first), ..group }),
            })
            .collect()
    }

    /// Reads these columns, of the first `limit` rows if there is a limit.
    pub fn scan(&self, columns: &[&'static str], limit: Option<usize>) -> Result<Scan, ReadError> {
        let builder = self.builder(columns)?;
        let builder = match limit {
            Some(limit) => builder.with_limit(limit),
            None => builder,
        };
        self.start(builder)
    }

    /// Reads these columns of some row groups.
    pub fn scan_groups(&self, columns: &[&'static str], groups: &[RowGroup]) -> Result<Scan, ReadError> {
        let groups = groups.iter().map(|group| group.nth).collect();
        self.start(self.builder(columns)?.with_row_groups(groups))
    }

    fn builder(&self, columns: &[&'static str]) -> Result<ParquetRecordBatchReaderBuilder<File>, ReadError> {
        let file = self.file.try_clone().map_err(|error| unreadable(&self.path, error))?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
        for column in columns {
            if builder.schema().column_with_name(column).is_none() {
                let path = self.path.clone();
                return Err(ReadError::Column { path, column, wanted: wanted::CELL, found: None });
            }
        }
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        Ok(builder.with_projection(mask).with_batch_size(BATCH_ROWS))
    }

    fn start(&self, builder: ParquetRecordBatchReaderBuilder<File>) -> Result<Scan, ReadError> {
        let reader = builder.build().map_err(|error| table_error(&self.path, &error))?;
        Ok(Scan { path: self.path.clone(), reader, rows: self.rows() })
    }
}

/// A part of a table that can be read by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RowGroup {
    nth: usize,
    /// The first instant of the column it was looked for by; `None` if the file does not say.
    pub first: Option<i64>,
}

/// The first and last instant of a column in a row group, where its statistics say.
fn span_of(group: &RowGroupMetaData, column: &str) -> Option<[i64; 2]> {
    let column = group.columns().iter().find(|chunk| chunk.column_path().string() == column)?;
    match column.statistics()? {
        Statistics::Int64(values) => Some([*values.min_opt()?, *values.max_opt()?]),
        _ => None,
    }
}

/// A table that is being read.
pub(crate) struct Scan {
    path: PathBuf,
    reader: ParquetRecordBatchReader,
    /// Rows of the whole table.
    pub rows: u64,
}

impl Scan {
    /// Opens `run_dir/file` for these columns; at most `limit` rows of them, if there is a limit.
    pub fn open(
        run_dir: &Path,
        file: &str,
        columns: &[&'static str],
        limit: Option<usize>,
    ) -> Result<Self, ReadError> {
        TableFile::open(run_dir, file)?.scan(columns, limit)
    }

    /// Shows every batch to `see`.
    pub fn each(self, mut see: impl FnMut(&Rows<'_>) -> Result<(), ReadError>) -> Result<(), ReadError> {
        let Self { path, reader, rows: _ } = self;
        for batch in reader {
            let batch = batch.map_err(|error| table_error(&path, &error))?;
            see(&Rows { path: &path, batch: &batch })?;
        }
        Ok(())
    }
}

/// Some successive rows of a table.
pub(crate) struct Rows<'a> {
    path: &'a Path,
    batch: &'a RecordBatch,
}

impl<'a> Rows<'a> {
    /// How many.
    pub fn len(&self) -> usize {
        self.batch.num_rows()
    }

    /// A column in whatever form it has.
    pub fn array(&self, column: &'static str) -> &'a ArrayRef {
        self.batch.column_by_name(column).expect("the scan was opened for this column")
    }

    /// The error of a column that has not the form it should have.
    pub fn wrong(&self, column: &'static str, wanted: &'static str) -> ReadError {
        let found = Some(self.array(column).data_type().to_string());
        ReadError::Column { path: self.path.to_owned(), column, wanted, found }
    }

    fn typed<T: 'static>(&self, column: &'static str, wanted: &'static str) -> Result<&'a T, ReadError> {
        self.array(column).as_any().downcast_ref().ok_or_else(|| self.wrong(column, wanted))
    }

    /// A column of instants.
    pub fn times(&self, column: &'static str) -> Result<&'a TimestampNanosecondArray, ReadError> {
        self.typed(column, wanted::TIMES)
    }

    /// A column of fixed-point numbers, in units of 1e-9.
    pub fn decimals(&self, column: &'static str) -> Result<&'a Decimal128Array, ReadError> {
        let decimals: &Decimal128Array = self.typed(column, wanted::DECIMALS)?;
        if decimals.scale() == SCALE { Ok(decimals) } else { Err(self.wrong(column, wanted::DECIMALS)) }
    }

    /// A column of doubles.
    pub fn doubles(&self, column: &'static str) -> Result<&'a Float64Array, ReadError> {
        self.typed(column, wanted::DOUBLES)
    }

    /// A column of 32-bit counts.
    pub fn counts(&self, column: &'static str) -> Result<&'a UInt32Array, ReadError> {
        self.typed(column, wanted::COUNTS)
    }

    /// A column of sequence numbers.
    pub fn numbers(&self, column: &'static str) -> Result<&'a UInt64Array, ReadError> {
        self.typed(column, wanted::NUMBERS)
    }

    /// A column of lists of cells.
    pub fn cells(&self, column: &'static str) -> Result<Cells<'a>, ReadError> {
        Cells::of(self.array(column)).ok_or_else(|| self.wrong(column, wanted::CELLS))
    }

    /// A column of truths.
    pub fn flags(&self, column: &'static str) -> Result<&'a BooleanArray, ReadError> {
        self.typed(column, wanted::FLAGS)
    }

    /// A column of names.
    pub fn texts(&self, column: &'static str) -> Result<Texts<'a>, ReadError> {
        Texts::of(self.array(column)).ok_or_else(|| self.wrong(column, wanted::TEXTS))
    }
}

/// A value of a column that may be null.
pub(crate) trait Nullable {
    /// What it holds.
    type Value;
    /// The value of a row; `None` for null.
    fn maybe(&self, row: usize) -> Option<Self::Value>;
}

impl Nullable for Float64Array {
    type Value = f64;
    fn maybe(&self, row: usize) -> Option<f64> {
        self.is_valid(row).then(|| self.value(row))
    }
}

impl Nullable for Decimal128Array {
    type Value = i128;
    fn maybe(&self, row: usize) -> Option<i128> {
        self.is_valid(row).then(|| self.value(row))
    }
}

impl Nullable for TimestampNanosecondArray {
    type Value = i64;
    fn maybe(&self, row: usize) -> Option<i64> {
        self.is_valid(row).then(|| self.value(row))
    }
}

impl Nullable for BooleanArray {
    type Value = bool;
    fn maybe(&self, row: usize) -> Option<bool> {
        self.is_valid(row).then(|| self.value(row))
    }
}

impl Nullable for UInt64Array {
    type Value = u64;
    fn maybe(&self, row: usize) -> Option<u64> {
        self.is_valid(row).then(|| self.value(row))
    }
}
