//! `CATALOG/rejects/*.parquet`: the rows that an import refused, in the columns of a run folder's rejects.
//!
//! Why in the catalog: raw files come and go, and the ticks made of them do not say what is missing from them.
//! Not here: why a row is refused (`feed`), or which file it goes to (`feeds/files`).

use crate::CatalogError;
use crate::schema::timestamp_type;
use arrow_array::builder::{ArrayBuilder, StringBuilder, TimestampNanosecondBuilder, UInt64Builder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use model::Nanos;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows that wait to be encoded.
const BATCH_ROWS: usize = 4_096;
/// Rows of a row group: what is held in memory at most.
const ROW_GROUP_ROWS: usize = 16_384;

/// A refused row of a raw file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RejectedRow<'a> {
    /// The file, as it was named.
    pub file: &'a str,
    /// The row in it, from 1; of a text file the line, its header counted.
    pub row: u64,
    /// The column at fault, by our name, where it is one.
    pub column: Option<&'a str>,
    /// Why.
    pub reason: &'a str,
    /// The row as the file has it.
    pub raw: &'a str,
    /// The symbol, where it is one.
    pub symbol: Option<&'a str>,
    /// The time, where there is one.
    pub ts_event: Option<Nanos>,
}

/// The waiting rows, column by column.
#[derive(Default)]
struct Waiting {
    kind: StringBuilder,
    file: StringBuilder,
    row: UInt64Builder,
    column: StringBuilder,
    reason: StringBuilder,
    raw: StringBuilder,
    symbol: StringBuilder,
    ts_event: TimestampNanosecondBuilder,
}

/// Writes one file of refused rows.
pub struct RejectWriter {
    path: PathBuf,
    schema: SchemaRef,
    writer: ArrowWriter<File>,
    waiting: Waiting,
    rows: u64,
}

impl std::fmt::Debug for RejectWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RejectWriter({}, {} rows)", self.path.display(), self.rows)
    }
}

fn schema() -> Schema {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    Schema::new(vec![
        text("kind", false),
        text("file", true),
        Field::new("row", DataType::UInt64, true),
        text("column", true),
        text("reason", false),
        text("raw", false),
        text("symbol", true),
        Field::new("ts_event", timestamp_type(), true),
    ])
}

impl RejectWriter {
    /// Creates the file and the folders above it.
    ///
    /// # Errors
    /// [`CatalogError`] where the disk refuses.
    pub fn create(path: &Path) -> Result<Self, CatalogError> {
        let io = |action, path: &Path| {
            let path = path.to_owned();
            move |error| CatalogError::Io { action, path, error }
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(io("create", folder))?;
        }
        let file = File::create(path).map_err(io("create", path))?;
        let schema = Arc::new(schema());
        let level = ZstdLevel::try_new(1).expect("1 is a level of zstd");
        let properties = WriterProperties::builder()
            .set_created_by(crate::write::CREATED_BY.to_owned())
            .set_compression(Compression::ZSTD(level))
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS));
        let writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties.build()))
            .map_err(|error| CatalogError::Encode { path: path.to_owned(), cause: error.to_string() })?;
        Ok(Self { path: path.to_owned(), schema, writer, waiting: Waiting::default(), rows: 0 })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`CatalogError`] where the disk refuses.
    pub fn push(&mut self, row: &RejectedRow<'_>) -> Result<(), CatalogError> {
        let waiting = &mut self.waiting;
        waiting.kind.append_value("tick");
        waiting.file.append_value(row.file);
        waiting.row.append_value(row.row);
        waiting.column.append_option(row.column);
        waiting.reason.append_value(row.reason);
        waiting.raw.append_value(row.raw);
        waiting.symbol.append_option(row.symbol);
        waiting.ts_event.append_option(row.ts_event.map(|ts| ts.0));
        self.rows += 1;
        if waiting.row.len() < BATCH_ROWS { Ok(()) } else { self.encode() }
    }

    /// Writes what waits and closes the file; gives the number of rows.
    ///
    /// # Errors
    /// [`CatalogError`] where the disk refuses.
    pub fn finish(mut self) -> Result<u64, CatalogError> {
        self.encode()?;
        let path = self.path;
        let file = self
            .writer
            .into_inner()
            .map_err(|error| CatalogError::Encode { path: path.clone(), cause: error.to_string() })?;
        file.sync_all().map_err(|error| CatalogError::Io { action: "write", path, error })?;
        Ok(self.rows)
    }

    fn encode(&mut self) -> Result<(), CatalogError> {
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), self.waiting.take())
            .expect("the columns follow the schema");
        self.writer
            .write(&batch)
            .map_err(|error| CatalogError::Encode { path: self.path.clone(), cause: error.to_string() })
    }
}

impl Waiting {
    fn take(&mut self) -> Vec<ArrayRef> {
        vec![
            Arc::new(self.kind.finish()),
            Arc::new(self.file.finish()),
            Arc::new(self.row.finish()),
            Arc::new(self.column.finish()),
            Arc::new(self.reason.finish()),
            Arc::new(self.raw.finish()),
            Arc::new(self.symbol.finish()),
            Arc::new(self.ts_event.finish().with_timezone("UTC")),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::cast::AsArray;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    #[test]
    fn rows_come_back_and_batches_do_not_show() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rejects/x.parquet");
        let mut writer = RejectWriter::create(&path).unwrap();
        let rows = BATCH_ROWS as u64 * 2 + 3;
        for row in 1..=rows {
            let raw = format!("raw {row}");
            let odd = row % 2 == 1;
            let rejected = RejectedRow {
                file: "a.csv",
                row,
                column: odd.then_some("open"),
                reason: "parse",
                raw: &raw,
                symbol: odd.then_some("X"),
                ts_event: odd.then_some(Nanos(row as i64)),
            };
            writer.push(&rejected).unwrap();
        }
        assert_eq!(writer.finish().unwrap(), rows);
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
        assert_eq!(reader.schema().fields().len(), 8);
        let mut next = 1_u64;
        for batch in reader.build().unwrap() {
            let batch = batch.unwrap();
            let raw = batch.column_by_name("raw").unwrap().as_string::<i32>().clone();
            let column = batch.column_by_name("column").unwrap().as_string::<i32>().clone();
            for at in 0..batch.num_rows() {
                assert_eq!(raw.value(at), format!("raw {next}"));
                assert_eq!(arrow_array::Array::is_null(&column, at), next.is_multiple_of(2));
                next += 1;
            }
        }
        assert_eq!(next, rows + 1);
    }
}
