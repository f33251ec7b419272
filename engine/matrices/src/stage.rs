//! The stage: reads the indicator sets of a frame, appends the matrices they complete.
//!
//! All sets of a boundary stand in the frame before the first matrix. For each set in frame order, the matrices of its
//! timeframe follow in the order of the configuration. Hot state is one window per symbol and matrix, all of it
//! allocated at the start; cells are written where they stay, in the frame.
//! Not here: the arithmetic (`normalise`).

use crate::config::{CELLS_RUN_MAX, place};
use crate::normalise::Normaliser;
use crate::window::Window;
use crate::{ConfigError, FeatureSchema, IndicatorSource, MatricesConfig, MatrixSpec};
use model::{Event, Frame, IndicatorSet, Matrix, StreamHash};

/// Largest magnitude of a feature that exists: what an f32 holds. NaN is not within it.
pub const FEATURE_MAX: f64 = f32::MAX as f64;

/// The matrix stage of the pipeline.
#[derive(Debug, Clone)]
pub struct Matrices {
    config: MatricesConfig,
    schemas: Vec<FeatureSchema>,
    plans: Vec<Plan>,
    /// By symbol, then matrix.
    windows: Vec<Window>,
    emitted: StreamHash,
}

model::state!(Matrices { windows, emitted; config config, schemas, plans });

/// Where one matrix' rows come from and how they are written.
#[derive(Debug, Clone)]
struct Plan {
    timeframe: u8,
    /// By column: the place of its value in a set.
    values: Vec<usize>,
    normaliser: Normaliser,
}

impl Matrices {
    /// The stage for symbols 0..`symbols`, nothing seen yet.
    ///
    /// # Errors
    /// [`ConfigError`] if the run lacks a timeframe or a feature, a feature has no unit, or it would hold too much.
    pub fn new(
        config: MatricesConfig,
        source: &IndicatorSource,
        symbols: usize,
    ) -> Result<Self, ConfigError> {
        let cells: usize = config.specs().iter().map(MatrixSpec::cells).sum();
        if cells.checked_mul(symbols).is_none_or(|cells_all| cells_all > CELLS_RUN_MAX) {
            return Err(ConfigError::RunCells { cells, symbols });
        }
        let plan = |spec: &MatrixSpec| {
            let place = place(spec, source)?;
            let normaliser = Normaliser::new(&spec.columns);
            Ok(Plan { timeframe: place.timeframe, values: place.values, normaliser })
        };
        let plans = config.specs().iter().map(plan).collect::<Result<_, _>>()?;
        let schema = |spec| FeatureSchema::new(spec, source);
        let schemas = config.specs().iter().map(schema).collect::<Result<_, _>>()?;
        let window = |spec: &MatrixSpec| Window::new(spec.window as usize, spec.columns.len());
        let windows = (0..symbols).flat_map(|_| config.specs().iter().map(window)).collect();
        Ok(Self { config, schemas, plans, windows, emitted: StreamHash::new() })
    }

    /// Takes in the row of each indicator set in the frame, in frame order, and appends the matrices.
    ///
    /// # Panics
    /// If a set's symbol is not of this run, or its values are not those of the schema.
    pub fn on_frame(&mut self, frame: &mut Frame) {
        for i in 0..frame.sets.len() {
            let set = frame.sets[i];
            for matrix in 0..self.plans.len() {
                if self.plans[matrix].timeframe == set.timeframe {
                    self.on_set(matrix, &set, frame);
                }
            }
        }
    }

    fn on_set(&mut self, matrix: usize, set: &IndicatorSet, frame: &mut Frame) {
        let plan = &mut self.plans[matrix];
        let values = frame.set_values(set);
        if !plan.values.iter().all(|&value| values[value].abs() <= FEATURE_MAX) {
            return;
        }
        let matrices = self.config.specs().len();
        let window = &mut self.windows[set.symbol.index() * matrices + matrix];
        window.push(plan.values.iter().map(|&value| values[value]));
        if !window.is_full() {
            return;
        }
        let (rows, columns) = (window.rows_max(), plan.values.len());
        let cells_start = frame.cells.len();
        frame.cells.resize(cells_start + rows * columns, 0.0);
        plan.normaliser.write(window, &mut frame.cells[cells_start..]);
        let matrix = Matrix {
            symbol: set.symbol,
            matrix: matrix as u8,
            ts_close: set.ts_close,
            cells_start: u32::try_from(cells_start).expect("a frame's cells have 32-bit places"),
            rows: rows as u16,
            columns: columns as u16,
        };
        frame.push_matrix(matrix);
        let event: &[Event] = &frame.events[frame.events.len() - 1..];
        self.emitted.events(event);
        self.emitted.words(&matrix.words());
        self.emitted.cells(frame.matrix_cells(&matrix));
    }

    /// The matrices, by index: what [`Matrix::matrix`] counts.
    pub fn specs(&self) -> &[MatrixSpec] {
        self.config.specs()
    }

    /// The matrices' feature schemas, by index.
    pub fn schemas(&self) -> &[FeatureSchema] {
        &self.schemas
    }

    /// The index of the matrix of this name.
    pub fn index_of(&self, name: &str) -> Option<u8> {
        self.specs().iter().position(|spec| spec.name == name).map(|index| index as u8)
    }

    /// Hashes what waits to be hashed, if it is much: asked when the frame's orders have left.
    #[inline]
    pub fn catch_up(&mut self) {
        self.emitted.catch_up();
    }

    /// The hash of all that was emitted: of each matrix its event, its words, its cells.
    pub fn event_hash(&self) -> u128 {
        self.emitted.value()
    }

    /// The hash of what the stage holds now: of each window, its rows ever seen and those held, oldest first.
    pub fn state_hash(&self) -> u128 {
        let mut hash = StreamHash::new();
        for window in &self.windows {
            hash.words(&[window.rows_seen()]);
            window.rows().flatten().for_each(|value| hash.float(*value));
        }
        hash.value()
    }
}

#[cfg(test)]
mod tests;
