//! Reading a table of the run folder: named columns, batch by batch.
//!
//! Why: a table may be larger than memory, so nobody sees more than a batch of it. Names may be plain or
//! dictionary strings, whoever wrote them; everything else has the one type of the contract.

use super::HtmlError;
use super::format;
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, Decimal128Array, DictionaryArray, Float64Array, LargeStringArray, RecordBatch,
    StringArray, StringViewArray, TimestampNanosecondArray, UInt32Array, UInt64Array,
};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use std::fmt::Display;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Rows of a batch.
const BATCH_ROWS: usize = 8_192;
/// Decimals of every fixed-point column.
const SCALE: i8 = 9;

/// What a column should hold, as an error says it.
mod wanted {
    pub(super) const TIMES: &str = "a timestamp in nanoseconds";
    pub(super) const DECIMALS: &str = "a decimal with 9 places";
    pub(super) const DOUBLES: &str = "a double";
    pub(super) const TEXTS: &str = "a string";
    pub(super) const COUNTS: &str = "an unsigned 32-bit integer";
    pub(super) const CELL: &str = "a time, decimal, string or count";
}

/// A table that is being read.
pub(super) struct Scan {
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
    ) -> Result<Self, HtmlError> {
        let path = run_dir.join(file);
        let handle = File::open(&path).map_err(|error| unreadable(&path, error))?;
        let damaged = |error: parquet::errors::ParquetError| table_error(&path, &error);
        let builder = ParquetRecordBatchReaderBuilder::try_new(handle).map_err(damaged)?;
        for column in columns {
            if builder.schema().column_with_name(column).is_none() {
                return Err(HtmlError::Column { path, column, wanted: wanted::CELL, found: None });
            }
        }
        let rows = u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
        let builder = builder.with_projection(mask).with_batch_size(BATCH_ROWS);
        let builder = match limit {
            Some(limit) => builder.with_limit(limit),
            None => builder,
        };
        let reader = builder.build().map_err(|error| table_error(&path, &error))?;
        Ok(Self { path, reader, rows })
    }

    /// Shows every batch to `see`.
    pub fn each(self, mut see: impl FnMut(&Rows<'_>) -> Result<(), HtmlError>) -> Result<(), HtmlError> {
        let Self { path, reader, rows: _ } = self;
        for batch in reader {
            let batch = batch.map_err(|error| table_error(&path, &error))?;
            see(&Rows { path: &path, batch: &batch })?;
        }
        Ok(())
    }
}

/// The error of a file that cannot be opened or read.
pub(super) fn unreadable(path: &Path, error: std::io::Error) -> HtmlError {
    if error.kind() == std::io::ErrorKind::NotFound {
        HtmlError::Missing(path.to_owned())
    } else {
        HtmlError::Read { path: path.to_owned(), error }
    }
}

fn table_error(path: &Path, error: &impl Display) -> HtmlError {
    HtmlError::Table { path: path.to_owned(), error: error.to_string() }
}

/// Some successive rows of a table.
pub(super) struct Rows<'a> {
    path: &'a Path,
    batch: &'a RecordBatch,
}

impl<'a> Rows<'a> {
    /// How many.
    pub fn len(&self) -> usize {
        self.batch.num_rows()
    }

    fn array(&self, column: &'static str) -> &'a ArrayRef {
        self.batch.column_by_name(column).expect("the scan was opened for this column")
    }

    fn wrong(&self, column: &'static str, wanted: &'static str) -> HtmlError {
        let found = Some(self.array(column).data_type().to_string());
        HtmlError::Column { path: self.path.to_owned(), column, wanted, found }
    }

    fn typed<T: 'static>(&self, column: &'static str, wanted: &'static str) -> Result<&'a T, HtmlError> {
        self.array(column).as_any().downcast_ref().ok_or_else(|| self.wrong(column, wanted))
    }

    /// A column of instants.
    pub fn times(&self, column: &'static str) -> Result<&'a TimestampNanosecondArray, HtmlError> {
        self.typed(column, wanted::TIMES)
    }

    /// A column of fixed-point numbers, in units of 1e-9.
    pub fn decimals(&self, column: &'static str) -> Result<&'a Decimal128Array, HtmlError> {
        let decimals: &Decimal128Array = self.typed(column, wanted::DECIMALS)?;
        if decimals.scale() == SCALE { Ok(decimals) } else { Err(self.wrong(column, wanted::DECIMALS)) }
    }

    /// A column of doubles.
    pub fn doubles(&self, column: &'static str) -> Result<&'a Float64Array, HtmlError> {
        self.typed(column, wanted::DOUBLES)
    }

    /// A column of 32-bit counts.
    pub fn counts(&self, column: &'static str) -> Result<&'a UInt32Array, HtmlError> {
        self.typed(column, wanted::COUNTS)
    }

    /// A column of names.
    pub fn texts(&self, column: &'static str) -> Result<Texts<'a>, HtmlError> {
        Texts::of(self.array(column)).ok_or_else(|| self.wrong(column, wanted::TEXTS))
    }

    /// A value as text for a person; `None` for null.
    pub fn cell(&self, column: &'static str, row: usize) -> Result<Option<String>, HtmlError> {
        let array = self.array(column);
        if array.is_null(row) {
            return Ok(None);
        }
        let any = array.as_any();
        if let Some(times) = any.downcast_ref::<TimestampNanosecondArray>() {
            return Ok(Some(format::time(times.value(row))));
        }
        if any.is::<Decimal128Array>() {
            return Ok(Some(format::decimal(self.decimals(column)?.value(row))));
        }
        if let Some(counts) = any.downcast_ref::<UInt64Array>() {
            return Ok(Some(counts.value(row).to_string()));
        }
        let texts = Texts::of(array).ok_or_else(|| self.wrong(column, wanted::CELL))?;
        Ok(texts.get(row).map(str::to_owned))
    }
}

/// A column of names in any of their physical forms.
pub(super) enum Texts<'a> {
    Plain(&'a StringArray),
    Large(&'a LargeStringArray),
    View(&'a StringViewArray),
    Dictionary { keys: &'a DictionaryArray<Int32Type>, names: &'a StringArray },
}

impl<'a> Texts<'a> {
    fn of(array: &'a ArrayRef) -> Option<Self> {
        let any = array.as_any();
        if let Some(keys) = any.downcast_ref::<DictionaryArray<Int32Type>>() {
            let names = keys.values().as_any().downcast_ref()?;
            return Some(Self::Dictionary { keys, names });
        }
        let plain = any.downcast_ref().map(Self::Plain);
        plain.or_else(|| any.downcast_ref().map(Self::Large)).or_else(|| any.downcast_ref().map(Self::View))
    }

    /// The name of a row; `None` for null.
    pub fn get(&self, row: usize) -> Option<&'a str> {
        match self {
            Self::Plain(array) => array.is_valid(row).then(|| array.value(row)),
            Self::Large(array) => array.is_valid(row).then(|| array.value(row)),
            Self::View(array) => array.is_valid(row).then(|| array.value(row)),
            Self::Dictionary { keys, names } => {
                let name = keys.key(row)?;
                names.is_valid(name).then(|| names.value(name))
            }
        }
    }
}
