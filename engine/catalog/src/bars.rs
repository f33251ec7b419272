//! Bars of one symbol as a file of the catalog, with the columns of the run folder's `bars.parquet`.
//!
//! Not here: bars of other sources as ticks (`files::import`); nothing replays these.

use crate::schema::{DECIMAL_PRECISION, DECIMAL_SCALE, timestamp_type};
use crate::write::properties;
use crate::{CatalogError, Location};
use arrow_array::{
    ArrayRef, Decimal128Array, RecordBatch, StringArray, TimestampNanosecondArray, UInt32Array,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use model::{Bar, Price, Timeframe};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// Digits of a volume.
const VOLUME_PRECISION: u8 = 38;

/// The schema of `bars`: `symbol`, `timeframe`, `source`, `ts_open`, `ts_close`, `open`, `high`, `low`, `close`,
/// `volume`, `vwap`, `trades`.
pub fn bars_schema() -> Schema {
    let text = |name| Field::new(name, DataType::Utf8, false);
    let price = |name| Field::new(name, DataType::Decimal128(DECIMAL_PRECISION, DECIMAL_SCALE), false);
    let mut fields = vec![text("symbol"), text("timeframe"), text("source")];
    fields.extend(["ts_open", "ts_close"].map(|name| Field::new(name, timestamp_type(), false)));
    fields.extend(["open", "high", "low", "close"].map(price));
    fields.push(Field::new("volume", DataType::Decimal128(VOLUME_PRECISION, DECIMAL_SCALE), false));
    fields.push(price("vwap").with_nullable(true));
    fields.push(Field::new("trades", DataType::UInt32, false));
    Schema::new(fields)
}

/// Bars of one symbol.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BarRows(Vec<(Timeframe, Bar)>);

impl BarRows {
    /// Appends a bar of a timeframe.
    pub fn push(&mut self, timeframe: Timeframe, bar: Bar) {
        self.0.push((timeframe, bar));
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives them up, and keeps the memory.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The bars as a file named `name`, for errors, in the order they came in.
    ///
    /// # Errors
    /// [`CatalogError::Encode`].
    pub fn encode(&self, name: &Path, symbol: &str) -> Result<Vec<u8>, CatalogError> {
        let schema: SchemaRef = Arc::new(bars_schema());
        let mut writer = writer(Vec::new(), name, &schema)?;
        let batch =
            RecordBatch::try_new(schema, self.columns(symbol)).expect("the columns follow the schema");
        let failed = |error: parquet::errors::ParquetError| encode(name, &error);
        writer.write(&batch).map_err(failed)?;
        writer.into_inner().map_err(failed)
    }

    fn columns(&self, symbol: &str) -> Vec<ArrayRef> {
        let bars = || self.0.iter().map(|(_, bar)| bar);
        let text = |values: Vec<String>| -> ArrayRef { Arc::new(StringArray::from(values)) };
        let times = |of: fn(&Bar) -> i64| -> ArrayRef {
            let values: Vec<i64> = bars().map(of).collect();
            Arc::new(TimestampNanosecondArray::from(values).with_timezone("UTC"))
        };
        let price = |of: fn(&Bar) -> Option<Price>| -> ArrayRef {
            let values = bars().map(|bar| of(bar).map(|price| i128::from(price.raw())));
            decimal(Decimal128Array::from_iter(values), DECIMAL_PRECISION)
        };
        vec![
            text(bars().map(|_| symbol.to_owned()).collect()),
            text(self.0.iter().map(|(timeframe, _)| timeframe.to_string()).collect()),
            text(bars().map(|bar| bar.source.name().to_owned()).collect()),
            times(|bar| bar.ts_open.0),
            times(|bar| bar.ts_close.0),
            price(|bar| Some(bar.open)),
            price(|bar| Some(bar.high)),
            price(|bar| Some(bar.low)),
            price(|bar| Some(bar.close)),
            decimal(Decimal128Array::from_iter_values(bars().map(|bar| bar.volume)), VOLUME_PRECISION),
            price(|bar| bar.vwap),
            Arc::new(UInt32Array::from_iter_values(bars().map(|bar| bar.trades))),
        ]
    }
}

fn decimal(array: Decimal128Array, precision: u8) -> ArrayRef {
    let typed = array.with_precision_and_scale(precision, DECIMAL_SCALE);
    Arc::new(typed.expect("nine decimals of 18 or 38 digits are a decimal type"))
}

fn encode(path: &Path, cause: &impl ToString) -> CatalogError {
    CatalogError::Encode { path: path.to_owned(), cause: cause.to_string() }
}

fn writer<W: Write + Send>(out: W, name: &Path, schema: &SchemaRef) -> Result<ArrowWriter<W>, CatalogError> {
    let properties = properties(schema, None, false);
    ArrowWriter::try_new(out, Arc::clone(schema), Some(properties)).map_err(|error| encode(name, &error))
}

/// Copies files of bars of one symbol, one behind the other, into one; gives its rows and what it was written to.
///
/// # Errors
/// [`CatalogError`].
pub fn concat_bars<W: Write + Send>(
    files: &[Location],
    name: &Path,
    out: W,
) -> Result<(u64, W), CatalogError> {
    let schema: SchemaRef = Arc::new(bars_schema());
    let mut writer = writer(out, name, &schema)?;
    let mut rows = 0;
    for file in files {
        let path = file.path().to_owned();
        let damaged = |cause: String| CatalogError::DamagedFooter { path: path.clone(), cause };
        let opened = crate::open::open(file)?;
        let reader =
            ParquetRecordBatchReaderBuilder::new_with_metadata(opened.handle, opened.metadata).build();
        for batch in reader.map_err(|error| damaged(error.to_string()))? {
            let batch = batch.map_err(|error| damaged(error.to_string()))?;
            rows += batch.num_rows() as u64;
            writer.write(&batch).map_err(|error| encode(name, &error))?;
        }
    }
    let out = writer.into_inner().map_err(|error| encode(name, &error))?;
    Ok((rows, out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{BarSource, Nanos, SymbolId};

    fn bar(ts_open: i64, vwap: Option<i64>) -> Bar {
        let price = Price::new;
        Bar {
            symbol: SymbolId(0),
            timeframe: 0,
            source: BarSource::Mid,
            primary: true,
            ts_open: Nanos(ts_open),
            ts_close: Nanos(ts_open + 60),
            open: price(1),
            high: price(4),
            low: price(-2),
            close: price(3),
            volume: i128::from(i64::MAX) * 1_000,
            vwap: vwap.map(price),
            trades: 7,
        }
    }

    fn read(path: &Path) -> RecordBatch {
        let file = std::fs::File::open(path).unwrap();
        let mut reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
        let batch = reader.next().unwrap().unwrap();
        assert!(reader.next().is_none());
        batch
    }

    #[test]
    fn files_of_bars_are_put_behind_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let minute = Timeframe::parse("1m").unwrap();
        let bars = [bar(0, Some(2)), bar(60, None), bar(120, Some(5))];
        let file = |name: &str, bars: &[Bar]| {
            let mut rows = BarRows::default();
            bars.iter().for_each(|bar| rows.push(minute, *bar));
            let path = folder.path().join(name);
            std::fs::write(&path, rows.encode(&path, "A/B").unwrap()).unwrap();
            path
        };
        let whole = read(&file("whole.parquet", &bars));
        let parts = [file("a.parquet", &bars[..2]), file("b.parquet", &bars[2..])];
        let name = folder.path().join("both.parquet");
        let parts: Vec<Location> = parts.iter().map(Location::from).collect();
        let (rows, bytes) = concat_bars(&parts, &name, Vec::new()).unwrap();
        std::fs::write(&name, bytes).unwrap();
        assert_eq!((rows, read(&name)), (3, whole.clone()));
        assert_eq!(whole.schema().as_ref(), &bars_schema());
        assert_eq!(whole.column(10).null_count(), 1);
    }
}
