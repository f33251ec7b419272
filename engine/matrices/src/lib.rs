//! Indicator values to feature matrices: fixed windows of rows, normalised, as networks read them.
//!
//! Why: a network sees the same numbers in training, backtest and live only if one piece of code makes them, in one
//! order of float operations. A matrix is window × features, f32, row 0 oldest, columns in schema order.
//!
//! **Rows.** A bar's row exists once all its features do. A matrix is emitted at each bar of its timeframe whose row
//! exists, once the window is full; a bar without a row neither enters the window nor empties it.
//! **Cells.** z-score over the window: two passes in f64 over the rows, oldest first, population deviation, clipped
//! to ±3, rounded to f32; a deviation of at most 1e-9·max(1, |mean|) makes the column 0. Raw columns pass unchanged.
//! Zero has one form, +0.
//! **What exists.** A value that is NaN does not exist yet. One beyond what an f32 holds (infinite included) is taken
//! as not existing either, so that every cell is a finite number.
//! **Schema.** What a model was trained on is a text ([`FeatureSchema`]) and its SHA-256.
//! Not here: how features are computed (`indicators`), who reads matrices (`agents`).

mod config;
mod nearest;
mod normalise;
mod schema;
mod spec;
mod stage;
mod unit;
mod window;

pub use config::{
    CELLS_MAX, CELLS_RUN_MAX, COLUMNS_MAX, ConfigError, MATRICES_MAX, MatricesConfig, WINDOW_MAX, WINDOW_MIN,
};
pub use normalise::{Normalised, normalise};
pub use schema::{FeatureSchema, IndicatorSource, SCHEMA_VERSION};
pub use spec::{Column, MatrixSpec, Scaling};
pub use stage::{FEATURE_MAX, Matrices};
pub use unit::unit_of;

use model::{Frame, Matrix};
use ndarray::ArrayView2;

/// A matrix of a frame as a two-dimensional array, rows × columns, row 0 oldest; nothing is copied.
///
/// # Panics
/// If the matrix is not of this frame.
pub fn view<'a>(matrix: &Matrix, frame: &'a Frame) -> ArrayView2<'a, f32> {
    let shape = (usize::from(matrix.rows), usize::from(matrix.columns));
    ArrayView2::from_shape(shape, frame.matrix_cells(matrix)).expect("a matrix has rows times columns cells")
}
