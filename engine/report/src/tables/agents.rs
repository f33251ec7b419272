//! The columns of what the agents saw and said: decisions, synergies, matrices.

use super::taken;
use crate::table::{
    Columns, Narrow, Times, Wide, double_field, maybe_double_field, narrow_field, text_field, time_field,
    wide_field,
};
use arrow_array::ArrayRef;
use arrow_array::builder::{
    ArrayBuilder, BooleanBuilder, Float32Builder, Float64Builder, ListBuilder, StringBuilder, UInt32Builder,
    UInt64Builder,
};
use arrow_schema::{DataType, Field};
use model::CONTEXT_LEN;
use std::sync::Arc;

/// The columns of a decision's portfolio context, in the order of its numbers.
pub(crate) const CONTEXT_COLUMNS: [&str; CONTEXT_LEN] = [
    "context_position",
    "context_unrealised_pnl",
    "context_bars_held",
    "context_drawdown",
    "context_pattern_mlmi_nwrqk_fvg",
    "context_pattern_mlmi_fvg_nwrqk",
    "context_pattern_nwrqk_fvg_mlmi",
    "context_pattern_nwrqk_mlmi_fvg",
    "context_direction",
];

/// `decisions.parquet`: a row for each agent, then one for the ensemble. The columns from `verdict` on are beyond the
/// contract; those that say nothing of an agent, or of the ensemble, are null there.
#[derive(Default)]
pub(crate) struct DecisionColumns {
    pub seq: UInt64Builder,
    pub ts_event: Times,
    pub symbol: StringBuilder,
    pub strategy: StringBuilder,
    pub agent: StringBuilder,
    /// p_long, p_flat, p_short.
    pub p: [Float64Builder; 3],
    pub action: StringBuilder,
    pub confidence: Float64Builder,
    pub outcome: StringBuilder,
    pub verdict: StringBuilder,
    pub missed: BooleanBuilder,
    pub weight: Float64Builder,
    pub blend: Float64Builder,
    pub gate: Float64Builder,
    pub urgency: StringBuilder,
    pub pattern: StringBuilder,
    pub direction: StringBuilder,
    pub target: Narrow,
    pub context: [Float64Builder; CONTEXT_LEN],
}

impl Columns for DecisionColumns {
    const ROW_GROUP_ROWS: usize = 8_192;

    fn fields() -> Vec<Field> {
        let named = [
            Field::new("seq", DataType::UInt64, false),
            time_field("ts_event", false),
            text_field("symbol", false),
            text_field("strategy", false),
            text_field("agent", false),
            double_field("p_long"),
            double_field("p_flat"),
            double_field("p_short"),
            text_field("action", false),
            double_field("confidence"),
            text_field("outcome", false),
            text_field("verdict", true),
            Field::new("missed", DataType::Boolean, true),
            maybe_double_field("weight"),
            maybe_double_field("blend"),
            maybe_double_field("gate"),
            text_field("urgency", true),
            text_field("pattern", true),
            text_field("direction", true),
            narrow_field("target", true),
        ];
        named.into_iter().chain(CONTEXT_COLUMNS.map(maybe_double_field)).collect()
    }

    fn rows(&self) -> usize {
        self.seq.len()
    }

    fn take(&mut self) -> Vec<ArrayRef> {
        let [long, flat, short] = &mut self.p;
        let mut columns = vec![
            taken(&mut self.seq),
            self.ts_event.take(),
            taken(&mut self.symbol),
            taken(&mut self.strategy),
            taken(&mut self.agent),
            taken(long),
            taken(flat),
            taken(short),
            taken(&mut self.action),
            taken(&mut self.confidence),
            taken(&mut self.outcome),
            taken(&mut self.verdict),
            taken(&mut self.missed),
            taken(&mut self.weight),
            taken(&mut self.blend),
            taken(&mut self.gate),
            taken(&mut self.urgency),
            taken(&mut self.pattern),
            taken(&mut self.direction),
            self.target.take(),
        ];
        columns.extend(self.context.iter_mut().map(taken));
        columns
    }
}

/// A signal of a synergy.
#[derive(Default)]
pub(crate) struct SignalColumns {
    pub kind: StringBuilder,
    pub strength: Float64Builder,
    pub ts: Times,
}

/// `synergies.parquet`
#[derive(Default)]
pub(crate) struct SynergyColumns {
    pub seq: UInt64Builder,
    pub ts_event: Times,
    pub symbol: StringBuilder,
    pub pattern: StringBuilder,
    pub direction: StringBuilder,
    pub strength: Float64Builder,
    /// First to last.
    pub signals: [SignalColumns; 3],
    pub price: Narrow,
    pub volatility: Float64Builder,
    pub volume: Wide,
    pub lvn_distance: Float64Builder,
}

impl Columns for SynergyColumns {
    const ROW_GROUP_ROWS: usize = 2_048;

    fn fields() -> Vec<Field> {
        let signals = ["first", "second", "third"].into_iter().flat_map(|nth| {
            [
                text_field(&format!("{nth}_kind"), false),
                double_field(&format!("{nth}_strength")),
                time_field(&format!("{nth}_ts"), false),
            ]
        });
        let head = [
            Field::new("seq", DataType::UInt64, false),
            time_field("ts_event", false),
            text_field("symbol", false),
            text_field("pattern", false),
            text_field("direction", false),
            double_field("strength"),
        ];
        let context = [
            narrow_field("price", false),
            maybe_double_field("volatility"),
            wide_field("volume"),
            maybe_double_field("lvn_distance"),
        ];
        head.into_iter().chain(signals).chain(context).collect()
    }

    fn rows(&self) -> usize {
        self.seq.len()
    }

    fn take(&mut self) -> Vec<ArrayRef> {
        let mut columns = vec![
            taken(&mut self.seq),
            self.ts_event.take(),
            taken(&mut self.symbol),
            taken(&mut self.pattern),
            taken(&mut self.direction),
            taken(&mut self.strength),
        ];
        for signal in &mut self.signals {
            columns.extend([taken(&mut signal.kind), taken(&mut signal.strength), signal.ts.take()]);
        }
        columns.extend([
            self.price.take(),
            taken(&mut self.volatility),
            self.volume.take(),
            taken(&mut self.lvn_distance),
        ]);
        columns
    }
}

fn cell_field() -> Field {
    Field::new("element", DataType::Float32, false)
}

/// `matrices.parquet`: for training scripts.
pub(crate) struct MatrixColumns {
    pub seq: UInt64Builder,
    pub ts_close: Times,
    pub symbol: StringBuilder,
    pub matrix: StringBuilder,
    pub rows: UInt32Builder,
    pub columns: UInt32Builder,
    /// Row by row, the oldest row first.
    pub cells: ListBuilder<Float32Builder>,
}

impl Default for MatrixColumns {
    fn default() -> Self {
        Self {
            seq: UInt64Builder::new(),
            ts_close: Times::default(),
            symbol: StringBuilder::new(),
            matrix: StringBuilder::new(),
            rows: UInt32Builder::new(),
            columns: UInt32Builder::new(),
            cells: ListBuilder::new(Float32Builder::new()).with_field(cell_field()),
        }
    }
}

impl Columns for MatrixColumns {
    // A row is some kilobytes.
    const ROW_GROUP_ROWS: usize = 512;

    fn fields() -> Vec<Field> {
        vec![
            Field::new("seq", DataType::UInt64, false),
            time_field("ts_close", false),
            text_field("symbol", false),
            text_field("matrix", false),
            Field::new("rows", DataType::UInt32, false),
            Field::new("columns", DataType::UInt32, false),
            Field::new("cells", DataType::List(Arc::new(cell_field())), false),
        ]
    }

    fn rows(&self) -> usize {
        self.seq.len()
    }

    fn take(&mut self) -> Vec<ArrayRef> {
        vec![
            taken(&mut self.seq),
            self.ts_close.take(),
            taken(&mut self.symbol),
            taken(&mut self.matrix),
            taken(&mut self.rows),
            taken(&mut self.columns),
            taken(&mut self.cells),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Pattern;

    #[test]
    fn the_patterns_have_their_columns_in_order() {
        let name = |pattern: &Pattern| format!("context_pattern_{}", pattern.to_string().replace('>', "_"));
        let expected: Vec<String> = Pattern::ALL[..4].iter().map(name).collect();
        assert_eq!(CONTEXT_COLUMNS[4..8].to_vec(), expected);
    }
}
