//! The columns of every table of the run folder, as the contract names them.
//!
//! Those of the agents' tables stand in `tables::agents`, those of batches of ticks in `tables::batches`.

mod agents;
mod batches;

pub(crate) use agents::{CONTEXT_COLUMNS, DecisionColumns, MatrixColumns, SynergyColumns};
pub(crate) use batches::BatchColumns;

use crate::table::{
    Columns, Narrow, Times, Wide, double_field, narrow_field, text_field, time_field, wide_field,
};
use arrow_array::ArrayRef;
use arrow_array::builder::{Float64Builder, StringBuilder, UInt32Builder, UInt64Builder};
use arrow_schema::{DataType, Field};
use std::sync::Arc;

fn taken(column: &mut impl arrow_array::builder::ArrayBuilder) -> ArrayRef {
    column.finish()
}

/// `bars.parquet`
#[derive(Default)]
pub(crate) struct BarColumns {
    pub symbol: StringBuilder,
    pub timeframe: StringBuilder,
    pub source: StringBuilder,
    pub ts_open: Times,
    pub ts_close: Times,
    pub open: Narrow,
    pub high: Narrow,
    pub low: Narrow,
    pub close: Narrow,
    pub volume: Wide,
    pub vwap: Narrow,
    pub trades: UInt32Builder,
}

impl Columns for BarColumns {
    const ROW_GROUP_ROWS: usize = 16_384;

    fn fields() -> Vec<Field> {
        vec![
            text_field("symbol", false),
            text_field("timeframe", false),
            text_field("source", false),
            time_field("ts_open", false),
            time_field("ts_close", false),
            narrow_field("open", false),
            narrow_field("high", false),
            narrow_field("low", false),
            narrow_field("close", false),
            wide_field("volume"),
            narrow_field("vwap", true),
            Field::new("trades", DataType::UInt32, false),
        ]
    }

    fn rows(&self) -> usize {
        arrow_array::builder::ArrayBuilder::len(&self.trades)
    }

    fn take(&mut self) -> Vec<ArrayRef> {
        vec![
            taken(&mut self.symbol),
            taken(&mut self.timeframe),
            taken(&mut self.source),
            self.ts_open.take(),
            self.ts_close.take(),
            self.open.take(),
            self.high.take(),
            self.low.take(),
            self.close.take(),
            self.volume.take(),
            self.vwap.take(),
            Arc::new(self.trades.finish()),
        ]
    }
}

/// `indicators.parquet`
#[derive(Default)]
pub(crate) struct IndicatorColumns {
    pub symbol: StringBuilder,
    pub timeframe: StringBuilder,
    pub ts_close: Times,
    pub name: StringBuilder,
    pub value: Float64Builder,
}

impl Columns for IndicatorColumns {
    const ROW_GROUP_ROWS: usize = 65_536;

    fn fields() -> Vec<Field> {
        vec![
            text_field("symbol", false),
            text_field("timeframe", false),
            time_field("ts_close", false),
            text_field("name", false),
            double_field("value"),
        ]
    }

    fn rows(&self) -> usize {
        arrow_array::builder::ArrayBuilder::len(&self.value)
    }

    fn take(&mut self) -> Vec<ArrayRef> {
        vec![
            taken(&mut self.symbol),
            taken(&mut self.timeframe),
            self.ts_close.take(),
            taken(&mut self.name),
            taken(&mut self.value),
        ]
    }
}

/// `orders.parquet`
#[derive(Default)]
pub(crate) struct OrderColumns {
    pub client_order_id: StringBuilder,
    pub parent_id: StringBuilder,
    pub seq: UInt64Builder,
    pub cause_seq: UInt64Builder,
    pub ts_event: Times,
    pub symbol: StringBuilder,
    pub strategy: StringBuilder,
    pub account: StringBuilder,
    pub venue: StringBuilder,
    pub side: StringBuilder,
    pub order_type: StringBuilder,
    pub tif: StringBuilder,
    pub quantity: Narrow,
    pub limit_price: Narrow,
    pub status: StringBuilder,
    pub filled: Narrow,
    pub avg_price: Narrow,
    /// Beyond the contract: what the order was for.
    pub purpose: StringBuilder,
}

impl Columns for OrderColumns {
    const ROW_GROUP_ROWS: usize = 2_048;

    fn fields() -> Vec<Field> {
        vec![
            text_field("client_order_id", false),
            text_field("parent_id", true),
            Field::new("seq", DataType::UInt64, false),
            Field::new("cause_seq", DataType::UInt64, false),
            time_field("ts_event", false),
            text_field("symbol", false),
            text_field("strategy", false),
            text_field("account", false),
            text_field("venue", false),
            text_field("side", false),
            text_field("type", false),
            text_field("tif", false),
            narrow_field("quantity", false),
            narrow_field("limit_price", true),
            text_field("status", false),
            narrow_field("filled", false),
            narrow_field("avg_price", true),
            text_field("purpose", false),
        ]
    }

    fn rows(&self) -> usize {
        arrow_array::builder::ArrayBuilder::len(&self.seq)
    }

    fn take(&mut self) -> Vec<ArrayRef> {
        vec![
            taken(&mut self.client_order_id),
            taken(&mut self.parent_id),
            taken(&mut self.seq),
            taken(&mut self.cause_seq),
            self.ts_event.take(),
            taken(&mut self.symbol),
            taken(&mut self.strategy),
            taken(&mut self.account),
            taken(&mut self.venue),
            taken(&mut self.side),
            taken(&mut self.order_type),
            taken(&mut self.tif),
            self.quantity.take(),
            self.limit_price.take(),
            taken(&mut self.status),
            self.filled.take(),
            self.avg_price.take(),
            taken(&mut self.purpose),
        ]
    }
}

/// `fills.parquet`
#[derive(Default)]
pub(crate) struct FillColumns {
    pub client_order_id: StringBuilder,
    pub venue_fill_id: StringBuilder,
    pub seq: UInt64Builder,
    pub ts_event: Times,
    pub symbol: StringBuilder,
    pub strategy: StringBuilder,
    pub side: StringBuilder,
    pub quantity: Narrow,
    pub price: Narrow,
    pub multiplier: Narrow,
    pub fee: Wide,
    pub fee_currency: StringBuilder,
    pub liquidity: StringBuilder,
}

impl Columns for FillColumns {
    const ROW_GROUP_ROWS: usize = 2_048;

    fn fields() -> Vec<Field> {
        vec![
            text_field("client_order_id", false),
            text_field("venue_fill_id", false),
            Field::new("seq", DataType::UInt64, false),
            time_field("ts_event", false),
            text_field("symbol", false),
            text_field("strategy", false),
            text_field("side", false),
            narrow_field("quantity", false),
            narrow_field("price", false),
            narrow_field("multiplier", false),
            wide_field("fee"),
            text_field("fee_currency", false),
            text_field("liquidity", false),
        ]
    }

    fn rows(&self) -> usize {
        arrow_array::builder::ArrayBuilder::len(&self.seq)
    }

    fn take(&mut self) -> Vec<ArrayRef> {
        vec![
            taken(&mut self.client_order_id),
            taken(&mut self.venue_fill_id),
            taken(&mut self.seq),
            self.ts_event.take(),
            taken(&mut self.symbol),
            taken(&mut self.strategy),
            taken(&mut self.side),
            self.quantity.take(),
            self.price.take(),
            self.multiplier.take(),
            self.fee.take(),
            taken(&mut self.fee_currency),
            taken(&mut self.liquidity),
        ]
    }
}

/// `equity.parquet`
#[derive(Default)]
pub(crate) struct EquityColumns {
    pub ts_event: Times,
    /// cash, position_value, equity, realised_pnl, unrealised_pnl, fees.
    pub amounts: [Wide; 6],
    pub drawdown: Float64Builder,
}

impl Columns for EquityColumns {
    const ROW_GROUP_ROWS: usize = 16_384;

    fn fields() -> Vec<Field> {
        let amounts = ["cash", "position_value", "equity", "realised_pnl", "unrealised_pnl", "fees"];
        std::iter::once(time_field("ts_event", false))
            .chain(amounts.map(wide_field))
            .chain([double_field("drawdown")])
            .collect()
    }

    fn rows(&self) -> usize {
        arrow_array::builder::ArrayBuilder::len(&self.drawdown)
    }

    fn take(&mut self) -> Vec<ArrayRef> {
        let times = self.ts_event.take();
        let amounts = self.amounts.iter_mut().map(Wide::take);
        let drawdown: ArrayRef = Arc::new(self.drawdown.finish());
        std::iter::once(times).chain(amounts).chain([drawdown]).collect()
    }
}

/// `rejects.parquet`
#[derive(Default)]
pub(crate) struct RejectColumns {
    pub kind: StringBuilder,
    pub file: StringBuilder,
    pub row: UInt64Builder,
    pub column: StringBuilder,
    pub reason: StringBuilder,
    pub raw: StringBuilder,
    pub symbol: StringBuilder,
    pub ts_event: Times,
    /// Of a refused intent: its input.
    pub cause_seq: UInt64Builder,
}

impl Columns for RejectColumns {
    const ROW_GROUP_ROWS: usize = 8_192;

    fn fields() -> Vec<Field> {
        vec![
            text_field("kind", false),
            text_field("file", true),
            Field::new("row", DataType::UInt64, true),
            text_field("column", true),
            text_field("reason", false),
            text_field("raw", false),
            text_field("symbol", true),
            time_field("ts_event", true),
            Field::new("cause_seq", DataType::UInt64, true),
        ]
    }

    fn rows(&self) -> usize {
        arrow_array::builder::ArrayBuilder::len(&self.kind)
    }

    fn take(&mut self) -> Vec<ArrayRef> {
        vec![
            taken(&mut self.kind),
            taken(&mut self.file),
            taken(&mut self.row),
            taken(&mut self.column),
            taken(&mut self.reason),
            taken(&mut self.raw),
            taken(&mut self.symbol),
            self.ts_event.take(),
            taken(&mut self.cause_seq),
        ]
    }
}
