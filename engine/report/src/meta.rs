//! What the records of a run mean: the names behind their numbers.

use model::{InstrumentTable, Timeframe};
use serde::{Deserialize, Serialize};

/// What the records mean.
#[derive(Debug, Clone)]
pub struct RunMeta {
    /// The run's symbols.
    pub instruments: InstrumentTable,
    /// The run's timeframes, shortest first.
    pub timeframes: Vec<Timeframe>,
    /// Names of the indicator values, by timeframe.
    pub indicator_names: Vec<Vec<String>>,
    /// The run's matrices, by index; none without agents.
    pub matrices: Vec<MatrixMeta>,
    /// Whether the matrices' cells are kept: `matrices.parquet`, a matrix a bar, is most of a run folder's bytes,
    /// and only training reads it.
    pub matrix_table: OptionalTable,
    /// Whether the batches of ticks are kept, as `batches.parquet`: up to a row for each tick.
    pub batch_table: OptionalTable,
    /// Start of every client order id.
    pub session: String,
    /// What decides.
    pub strategy: String,
    /// Whose money it is.
    pub account: String,
}

/// A matrix that agents see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatrixMeta {
    /// Its name.
    pub name: String,
    /// Of which bars its rows are.
    pub timeframe: Timeframe,
    /// Names of its columns: indicator values of that timeframe.
    pub columns: Vec<String>,
}

/// Whether a table that few runs need is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptionalTable {
    /// It is not.
    Omitted,
    /// It is.
    Written,
}

/// The key of `decisions.parquet`'s metadata under which it says which features the agents saw.
pub(crate) const MATRICES_NOTE: &str = "matrices";

/// A matrix in that metadata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MatrixNote {
    pub name: String,
    pub timeframe: String,
    pub columns: Vec<String>,
}

impl RunMeta {
    /// The matrices as `decisions.parquet` says them.
    pub(crate) fn matrices_note(&self) -> String {
        let notes: Vec<MatrixNote> = self
            .matrices
            .iter()
            .map(|matrix| MatrixNote {
                name: matrix.name.clone(),
                timeframe: matrix.timeframe.to_string(),
                columns: matrix.columns.clone(),
            })
            .collect();
        serde_json::to_string(&notes).expect("names are plain data")
    }
}
