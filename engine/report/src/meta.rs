//! What the records of a run mean: the names behind their numbers.

use matrices::{Column, MatrixSpec, Scaling};
use model::{InstrumentTable, Timeframe};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the records mean.
#[derive(Debug, Clone)]
pub struct RunMeta {
    /// The run's symbols.
    pub instruments: InstrumentTable,
    /// The run's timeframes, shortest first.
    pub timeframes: Vec<Timeframe>,
    /// Names of the indicator values, by timeframe.
    pub indicator_names: Vec<Vec<String>>,
    /// The run's matrices, by index.
    pub matrices: Vec<MatrixSpec>,
    /// Which of them the agents read; none without agents.
    pub matrices_read: Vec<usize>,
    /// Whose weights answer for the agents, and from when on; none without agents.
    pub models: Vec<AnsweringModel>,
    /// Whether the matrices' cells are kept: `matrices.parquet`, a matrix a bar, is most of a run folder's bytes,
    /// and only training reads it.
    pub matrix_table: OptionalTable,
    /// Whether the batches of ticks are kept, as `batches.parquet`: up to a row for each tick.
    pub batch_table: OptionalTable,
    /// Start of the client order ids, but of those below.
    pub session: String,
    /// Start of the ids of orders that were sent in earlier sessions of this run, by SEQ and K.
    pub earlier_sessions: BTreeMap<(u64, u32), String>,
    /// What decides.
    pub strategy: String,
    /// Whose money it is.
    pub account: String,
}

/// Whether a table that few runs need is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptionalTable {
    /// It is not.
    Omitted,
    /// It is.
    Written,
}

/// Weights that answer for an agent, until others of the same agent do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweringModel {
    /// Whose.
    pub agent: String,
    /// From when on, in nanoseconds since the epoch; `None`: from the start of the run.
    pub from_ns: Option<i64>,
    /// The file.
    pub file: String,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

/// The key of `decisions.parquet`'s metadata under which it says whose weights answered.
pub(crate) const MODELS_NOTE: &str = "models";

/// The key of `decisions.parquet`'s metadata under which it says which features the agents saw.
pub(crate) const MATRICES_NOTE: &str = "matrices";

/// A matrix in that metadata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MatrixNote {
    pub name: String,
    pub timeframe: String,
    /// In bars; 0 where a program from before it was noted wrote the folder.
    #[serde(default)]
    pub window: usize,
    pub columns: Vec<String>,
    /// By column, as the feature schema says it; none likewise.
    #[serde(default)]
    pub scaling: Vec<String>,
}

impl MatrixNote {
    fn of(matrix: &MatrixSpec) -> Self {
        Self {
            name: matrix.name.clone(),
            timeframe: matrix.timeframe.to_string(),
            window: matrix.window as usize,
            columns: matrix.columns.iter().map(|column| column.feature.clone()).collect(),
            scaling: matrix.columns.iter().map(|column| column.scaling.name().to_owned()).collect(),
        }
    }

    /// The columns with what becomes of their values; `None` where the note does not say all of it.
    pub(crate) fn scaled_columns(&self) -> Option<Vec<Column>> {
        let is_whole =
            self.window > 0 && !self.columns.is_empty() && self.scaling.len() == self.columns.len();
        let columns = self.columns.iter().zip(&self.scaling);
        let column = |(feature, scaling): (&String, &String)| {
            Some(Column { feature: feature.clone(), scaling: Scaling::parse(scaling)? })
        };
        columns.map(column).collect::<Option<Vec<_>>>().filter(|_| is_whole)
    }
}

impl RunMeta {
    /// Whose weights answer, as `decisions.parquet` says it.
    pub(crate) fn models_note(&self) -> String {
        serde_json::to_string(&self.models).expect("names are plain data")
    }

    /// The matrices that the agents read, as `decisions.parquet` says them.
    pub(crate) fn matrices_note(&self) -> String {
        let notes: Vec<MatrixNote> =
            self.matrices_read.iter().map(|index| MatrixNote::of(&self.matrices[*index])).collect();
        serde_json::to_string(&notes).expect("names are plain data")
    }
}
