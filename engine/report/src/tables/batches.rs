//! The columns of `batches.parquet`: statistics of batches of ticks.

use super::taken;
use crate::error::ReportError;
use crate::table::{
    Columns, Table, Times, Wide, double_field, maybe_double_field, text_field, time_field, wide_field,
};
use arrow_array::ArrayRef;
use arrow_array::builder::{ArrayBuilder, Float64Builder, Int64Builder, StringBuilder, UInt32Builder};
use arrow_schema::{DataType, Field};
use indicators::SymbolBatch;

/// `batches.parquet`
#[derive(Default)]
pub(crate) struct BatchColumns {
    symbol: StringBuilder,
    source: StringBuilder,
    /// Of the first tick.
    ts_event: Times,
    time_span_ns: Int64Builder,
    ticks: UInt32Builder,
    vwap: Float64Builder,
    price_change: Float64Builder,
    volume: Wide,
    volatility: Float64Builder,
}

impl Columns for BatchColumns {
    const ROW_GROUP_ROWS: usize = 65_536;

    fn fields() -> Vec<Field> {
        vec![
            text_field("symbol", false),
            text_field("source", false),
            time_field("ts_event", false),
            Field::new("time_span_ns", DataType::Int64, false),
            Field::new("ticks", DataType::UInt32, false),
            maybe_double_field("vwap"),
            double_field("price_change"),
            wide_field("volume"),
            double_field("volatility"),
        ]
    }

    fn rows(&self) -> usize {
        self.ticks.len()
    }

    fn take(&mut self) -> Vec<ArrayRef> {
        vec![
            taken(&mut self.symbol),
            taken(&mut self.source),
            self.ts_event.take(),
            taken(&mut self.time_span_ns),
            taken(&mut self.ticks),
            taken(&mut self.vwap),
            taken(&mut self.price_change),
            self.volume.take(),
            taken(&mut self.volatility),
        ]
    }
}

impl Table<BatchColumns> {
    /// Adds a batch of the symbol of that name.
    pub fn batch(&mut self, symbol: &str, of: &SymbolBatch) -> Result<(), ReportError> {
        let (columns, batch) = (&mut self.columns, &of.batch);
        columns.symbol.append_value(symbol);
        columns.source.append_value(of.source.name());
        columns.ts_event.push(batch.ts_first);
        columns.time_span_ns.append_value(batch.time_span.0);
        columns.ticks.append_value(batch.ticks);
        columns.vwap.append_option(batch.vwap);
        columns.price_change.append_value(batch.price_change);
        columns.volume.raw(batch.volume);
        columns.volatility.append_value(batch.volatility);
        self.settle()
    }
}
