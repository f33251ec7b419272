//! Encoding rows of ticks as a file of the catalog, wherever that is written to.
//!
//! The same schema and encodings as `write`, made for speed: decimals are handed to the encoder as the 64-bit integers
//! they are stored as, and only chunks have statistics. What the footer says of arrow types is what `write` says.
//! Not here: folders and names (`part`), where the bytes go.

use crate::schema::{DECIMAL_PRECISION, DECIMAL_SCALE};
use crate::write::properties;
use crate::{CatalogError, Extras, NULL_CELL, TickKind, TickRows, schema_of};
use arrow_array::{
    ArrayRef, Decimal64Array, DictionaryArray, Int8Array, Int32Array, RecordBatch, StringArray,
    TimestampNanosecondArray,
};
use arrow_buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

/// Engine time is kept, so that a replay by `ts_recv` has the clock that the run had.
const EXTRAS: Extras = Extras { ts_recv: true, trade_id: false };

/// Rows handed to the encoder at once.
const BATCH_ROWS: usize = 16_384;

/// Encodes ticks of one symbol and kind.
pub struct TickEncoder<W: Write + Send> {
    name: PathBuf,
    kind: TickKind,
    symbol: ArrayRef,
    schema: SchemaRef,
    writer: ArrowWriter<W>,
    rows: u64,
    last: i64,
}

impl<W: Write + Send> TickEncoder<W> {
    /// A file named `name`, for errors, whose bytes go to `out`.
    ///
    /// # Errors
    /// [`CatalogError::Encode`].
    pub fn new(out: W, name: PathBuf, kind: TickKind, symbol: &str) -> Result<Self, CatalogError> {
        let told = schema_of(kind, EXTRAS);
        let schema: SchemaRef = Arc::new(narrowed(&told));
        let options = ArrowWriterOptions::new()
            .with_properties(properties(&told, None, true))
            .with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(out, Arc::clone(&schema), options)
            .map_err(|error| CatalogError::Encode { path: name.clone(), cause: error.to_string() })?;
        let symbol: ArrayRef = Arc::new(StringArray::from(vec![symbol]));
        Ok(Self { name, kind, symbol, schema, writer, rows: 0, last: i64::MIN })
    }

    fn failed(&self, cause: &impl ToString) -> CatalogError {
        CatalogError::Encode { path: self.name.clone(), cause: cause.to_string() }
    }

    /// Appends rows, in order of time.
    ///
    /// # Errors
    /// [`CatalogError::Encode`].
    ///
    /// # Panics
    /// If they are of another kind, or not in order.
    pub fn write(&mut self, rows: &TickRows) -> Result<(), CatalogError> {
        assert_eq!(rows.kind(), self.kind, "a file has ticks of one kind");
        assert!(rows.ts_event.is_sorted(), "a file's ticks are in order of time");
        if let (Some(&first), Some(&last)) = (rows.ts_event.first(), rows.ts_event.last()) {
            assert!(first >= self.last, "a file's ticks are in order of time");
            self.last = last;
        }
        let mut start = 0;
        while start < rows.len() {
            let end = rows.len().min(start + BATCH_ROWS);
            let columns = self.columns(rows, start..end);
            let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns);
            let batch = batch.expect("the columns follow the schema");
            self.writer.write(&batch).map_err(|error| self.failed(&error))?;
            start = end;
        }
        self.rows += rows.len() as u64;
        Ok(())
    }

    /// Ends the file; gives its rows and what it was written to.
    ///
    /// # Errors
    /// [`CatalogError::Encode`].
    pub fn finish(self) -> Result<(u64, W), CatalogError> {
        let (rows, name) = (self.rows, self.name);
        let failed = |cause: String| CatalogError::Encode { path: name.clone(), cause };
        Ok((rows, self.writer.into_inner().map_err(|error| failed(error.to_string()))?))
    }

    fn columns(&self, rows: &TickRows, range: std::ops::Range<usize>) -> Vec<ArrayRef> {
        let times = |column: &[i64]| -> ArrayRef {
            Arc::new(TimestampNanosecondArray::from(column[range.clone()].to_vec()).with_timezone("UTC"))
        };
        let keys = Int32Array::from(vec![0; range.len()]);
        let mut columns: Vec<ArrayRef> = vec![
            times(&rows.ts_event),
            times(&rows.ts_recv),
            Arc::new(DictionaryArray::new(keys, Arc::clone(&self.symbol))),
        ];
        let of = |place: usize| &rows.numbers[place][range.clone()];
        columns.extend([of(0), of(1)].map(|cells| decimals(cells, None)));
        match self.kind {
            TickKind::Trades => columns.push(Arc::new(Int8Array::from(rows.side[range].to_vec()))),
            TickKind::Quotes => columns.extend([of(2), of(3)].map(|cells| decimals(cells, nulls(cells)))),
        }
        columns
    }
}

/// The same schema with decimals as the encoder takes them.
fn narrowed(schema: &Schema) -> Schema {
    let narrow = |field: &Arc<Field>| match field.data_type() {
        DataType::Decimal128(precision, scale) => {
            field.as_ref().clone().with_data_type(DataType::Decimal64(*precision, *scale))
        }
        _ => field.as_ref().clone(),
    };
    Schema::new(schema.fields().iter().map(narrow).collect::<Vec<Field>>())
}

fn nulls(cells: &[i64]) -> Option<NullBuffer> {
    let is_known = |index: usize| cells[index] != NULL_CELL;
    let has_null = cells.contains(&NULL_CELL);
    has_null.then(|| NullBuffer::new(BooleanBuffer::collect_bool(cells.len(), is_known)))
}

fn decimals(cells: &[i64], nulls: Option<NullBuffer>) -> ArrayRef {
    let array = Decimal64Array::new(ScalarBuffer::from(cells.to_vec()), nulls);
    let typed = array.with_precision_and_scale(DECIMAL_PRECISION, DECIMAL_SCALE);
    Arc::new(typed.expect("18 digits, 9 of them decimals, is a decimal type"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Chunk, ReadOptions, TickReader, TickWriter, TimeRange};
    use model::{Event, Nanos, Price, Quantity, Quote, SymbolId, Trade};
    use parquet::arrow::arrow_reader::ArrowReaderMetadata;
    use std::path::Path;

    fn metadata(path: &Path) -> ArrowReaderMetadata {
        ArrowReaderMetadata::load(&std::fs::File::open(path).unwrap(), Default::default()).unwrap()
    }

    /// Times, prices and sizes, side.
    type Row = ([i64; 2], [Option<i64>; 4], Option<i8>);

    fn read(path: &Path) -> Vec<Row> {
        let options = ReadOptions { ts_recv: true, ..ReadOptions::default() };
        let mut reader = TickReader::open(path, &options, TimeRange::ALL).unwrap();
        let (mut chunk, mut rows) = (Chunk::new(reader.kind()), Vec::new());
        while reader.next_chunk(&mut chunk).unwrap() {
            for row in 0..chunk.rows() {
                let numbers = chunk.numbers.each_ref().map(|numbers| numbers.get(row).copied());
                rows.push(([chunk.ts_event[row], chunk.ts_recv[row]], numbers, chunk.side.get(row).copied()));
            }
        }
        assert_eq!(reader.symbols(), ["EUR/USD"]);
        rows
    }

    fn check(kind: TickKind, events: &[Event]) {
        let folder = tempfile::tempdir().unwrap();
        let mut rows = TickRows::new(kind);
        events.iter().for_each(|event| rows.push(event));
        let mut encoder = TickEncoder::new(Vec::new(), "x".into(), kind, "EUR/USD").unwrap();
        encoder.write(&rows).unwrap();
        let (count, bytes) = encoder.finish().unwrap();
        assert_eq!(count, events.len() as u64);
        let fast = folder.path().join("fast.parquet");
        std::fs::write(&fast, bytes).unwrap();
        let mut writer = TickWriter::create_with(folder.path(), kind, "EUR/USD", EXTRAS).unwrap();
        for event in events {
            match kind {
                TickKind::Trades => writer.trade_with(&event.as_trade(), Some(event.ts), None).unwrap(),
                TickKind::Quotes => writer.quote_with(&event.as_quote(), Some(event.ts)).unwrap(),
            }
        }
        writer.finish().unwrap();
        let day = folder.path().join(kind.name()).join("symbol=EUR%2FUSD/date=1970-01-01");
        let slow = day.join("part-0.parquet");
        assert_eq!(read(&fast), read(&slow));
        assert_eq!(metadata(&fast).schema(), metadata(&slow).schema());
        let column = |path, index| metadata(path).parquet_schema().column(index);
        for index in 0..metadata(&slow).parquet_schema().num_columns() {
            assert_eq!(column(&fast, index), column(&slow, index));
        }
    }

    #[test]
    fn files_are_those_of_the_plain_writer() {
        let trade = |ts: i64| {
            let (price, size) = (Price::new(ts * 7 % 1_000 - 500), Quantity::new(ts + 1));
            let trade = Trade { ts_event: Nanos(ts), price, size, aggressor: (ts % 3 - 1) as i8 };
            Event::trade(Nanos(ts + ts % 7), SymbolId(0), trade)
        };
        check(TickKind::Trades, &(0..40_000).map(trade).collect::<Vec<_>>());
        let quote = |ts: i64| {
            let size = |ts: i64| (ts % 5 > 0).then(|| Quantity::new(ts));
            let (bid, ask) = (Price::new(ts), Price::new(ts + 1));
            let (bid_size, ask_size) = (size(ts), size(ts / 10_000));
            Event::quote(
                Nanos(ts + 3),
                SymbolId(0),
                Quote { ts_event: Nanos(ts), bid, ask, bid_size, ask_size },
            )
        };
        check(TickKind::Quotes, &(0..40_000).map(quote).collect::<Vec<_>>());
    }
}
