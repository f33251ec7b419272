//! The checked configuration: which matrices, within named limits, over features that exist.
//!
//! Keys are named as `matrices.NAME.KEY`. What can be said of a matrix by itself is checked when the configuration is
//! made; what depends on the run's indicators and symbols, when the stage is.

use crate::nearest::nearest;
use crate::{IndicatorSource, MatrixSpec};
use model::Timeframe;
use std::fmt;

/// Most matrices in a run.
pub const MATRICES_MAX: usize = 16;
/// Shortest window, in bars: one row has no deviation.
pub const WINDOW_MIN: u32 = 2;
/// Longest window, in bars.
pub const WINDOW_MAX: u32 = 4_096;
/// Most columns of a matrix.
pub const COLUMNS_MAX: usize = 256;
/// Most cells of a matrix: half a megabyte of history per symbol.
pub const CELLS_MAX: usize = 65_536;
/// Most cells of all matrices of all symbols: a gigabyte of history.
pub const CELLS_RUN_MAX: usize = 1 << 27;
/// Longest name of a matrix, in bytes.
const NAME_BYTES_MAX: usize = 32;

const _: () = {
    assert!(MATRICES_MAX <= u8::MAX as usize, "a matrix' index is a byte");
    assert!(
        WINDOW_MAX <= u16::MAX as u32 && COLUMNS_MAX <= u16::MAX as usize,
        "a shape is two 16-bit numbers"
    );
    assert!(
        CELLS_MAX <= CELLS_RUN_MAX && CELLS_RUN_MAX <= u32::MAX as usize,
        "a frame's cells have 32-bit places"
    );
};

/// The matrices of a run. Every value of this type has been checked by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatricesConfig {
    specs: Vec<MatrixSpec>,
}

impl MatricesConfig {
    /// Checks the matrices by themselves; any number up to [`MATRICES_MAX`], none included.
    ///
    /// # Errors
    /// [`ConfigError`] for a name, a window, a number of columns or cells out of range, or a repetition.
    pub fn new(specs: Vec<MatrixSpec>) -> Result<Self, ConfigError> {
        if specs.len() > MATRICES_MAX {
            return Err(ConfigError::TooManyMatrices(specs.len()));
        }
        for (i, spec) in specs.iter().enumerate() {
            if specs[..i].iter().any(|other| other.name == spec.name) {
                return Err(ConfigError::RepeatedMatrix(spec.name.clone()));
            }
            check_shape(spec)?;
        }
        Ok(Self { specs })
    }

    /// The default pair, `strategic` and `tactical`.
    pub fn standard() -> Self {
        Self::new(vec![MatrixSpec::strategic(), MatrixSpec::tactical()]).expect("the default is in range")
    }

    /// The matrices, by index.
    pub fn specs(&self) -> &[MatrixSpec] {
        &self.specs
    }

    /// The timeframes whose bars the matrices read, as they are listed; a run must have them.
    pub fn timeframes(&self) -> impl Iterator<Item = Timeframe> {
        self.specs.iter().map(|spec| spec.timeframe)
    }
}

fn check_shape(spec: &MatrixSpec) -> Result<(), ConfigError> {
    let matrix = || spec.name.clone();
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if !(1..=NAME_BYTES_MAX).contains(&spec.name.len()) || !spec.name.bytes().all(is_plain) {
        return Err(ConfigError::Name(matrix()));
    }
    if !(WINDOW_MIN..=WINDOW_MAX).contains(&spec.window) {
        return Err(ConfigError::Window { matrix: matrix(), window: spec.window });
    }
    if !(1..=COLUMNS_MAX).contains(&spec.columns.len()) {
        return Err(ConfigError::Columns { matrix: matrix(), columns: spec.columns.len() });
    }
    if spec.cells() > CELLS_MAX {
        return Err(ConfigError::Cells { matrix: matrix(), cells: spec.cells() });
    }
    for (i, column) in spec.columns.iter().enumerate() {
        if spec.columns[..i].iter().any(|other| other.feature == column.feature) {
            return Err(ConfigError::RepeatedFeature { matrix: matrix(), feature: column.feature.clone() });
        }
    }
    Ok(())
}

/// A matrix' place in a run: the index of its timeframe, and of each column's value in that timeframe's sets.
pub(crate) struct Place {
    pub(crate) timeframe: u8,
    pub(crate) values: Vec<usize>,
}

/// Finds a matrix' timeframe and features among the run's.
pub(crate) fn place(spec: &MatrixSpec, source: &IndicatorSource) -> Result<Place, ConfigError> {
    assert_eq!(source.timeframes.len(), source.names.len(), "each timeframe has its names");
    let matrix = || spec.name.clone();
    let index = source.timeframes.iter().position(|timeframe| *timeframe == spec.timeframe);
    let index = index.ok_or(ConfigError::Timeframe { matrix: matrix(), timeframe: spec.timeframe })?;
    let names = &source.names[index];
    let value_of = |feature: &String| {
        names.iter().position(|name| name == feature).ok_or_else(|| ConfigError::FeatureMissing {
            matrix: matrix(),
            timeframe: spec.timeframe,
            feature: feature.clone(),
            nearest: nearest(feature, names.iter().map(String::as_str)).map(str::to_owned),
        })
    };
    let values = spec.columns.iter().map(|column| value_of(&column.feature)).collect::<Result<_, _>>()?;
    Ok(Place { timeframe: u8::try_from(index).expect("a timeframe's index is a byte"), values })
}

/// Why matrices cannot be configured so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigError {
    /// More than [`MATRICES_MAX`].
    TooManyMatrices(usize),
    /// The name is not of 1 to 32 lower-case letters, digits and `_`.
    Name(String),
    /// Two matrices have this name.
    RepeatedMatrix(String),
    /// The window is not within [`WINDOW_MIN`]..=[`WINDOW_MAX`].
    Window {
        /// The matrix' name.
        matrix: String,
        /// What was given, in bars.
        window: u32,
    },
    /// There are no columns, or more than [`COLUMNS_MAX`].
    Columns {
        /// The matrix' name.
        matrix: String,
        /// What was given.
        columns: usize,
    },
    /// Window × columns is more than [`CELLS_MAX`].
    Cells {
        /// The matrix' name.
        matrix: String,
        /// Window × columns.
        cells: usize,
    },
    /// A feature stands in two columns.
    RepeatedFeature {
        /// The matrix' name.
        matrix: String,
        /// The feature's.
        feature: String,
    },
    /// The run lacks the timeframe.
    Timeframe {
        /// The matrix' name.
        matrix: String,
        /// The one that is missing.
        timeframe: Timeframe,
    },
    /// No indicator of the timeframe gives the feature.
    FeatureMissing {
        /// The matrix' name.
        matrix: String,
        /// Its timeframe.
        timeframe: Timeframe,
        /// The feature's name.
        feature: String,
        /// The name on that timeframe that is nearest to it.
        nearest: Option<String>,
    },
    /// The feature has no unit in the table of units.
    UnitUnknown {
        /// The matrix' name.
        matrix: String,
        /// The feature's.
        feature: String,
    },
    /// All matrices of all symbols have more than [`CELLS_RUN_MAX`] cells.
    RunCells {
        /// Cells of one symbol's matrices.
        cells: usize,
        /// How many symbols.
        symbols: usize,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyMatrices(count) => {
                write!(f, "matrices has {count} of them, more than {MATRICES_MAX}; remove some")
            }
            Self::Name(name) => {
                write!(
                    f,
                    "matrices.{name:?}: a name has 1 to {NAME_BYTES_MAX} lower-case letters, digits and _"
                )
            }
            Self::RepeatedMatrix(name) => write!(f, "matrices.{name} stands twice; rename one"),
            Self::Window { matrix, window } => write!(
                f,
                "matrices.{matrix}.window = {window} is out of range; write {WINDOW_MIN} to {WINDOW_MAX} bars"
            ),
            Self::Columns { matrix, columns } => write!(
                f,
                "matrices.{matrix}.features lists {columns}; list at least 1 and at most {COLUMNS_MAX}"
            ),
            Self::Cells { matrix, cells } => write!(
                f,
                "matrices.{matrix}.window times its features is {cells} cells, more than {CELLS_MAX}; lower either"
            ),
            Self::RepeatedFeature { matrix, feature } => {
                write!(f, "matrices.{matrix}.features names {feature} twice; remove one")
            }
            Self::Timeframe { matrix, timeframe } => {
                write!(f, "matrices.{matrix}.timeframe = {timeframe} is not in bars.timeframes; add it there")
            }
            Self::FeatureMissing { matrix, timeframe, feature, nearest } => {
                write!(
                    f,
                    "matrices.{matrix}.features names {feature}, which no indicator of {timeframe} gives; "
                )?;
                match nearest {
                    Some(name) => write!(f, "add that indicator, or write the nearest name, {name}"),
                    None => write!(f, "that timeframe has no indicators yet; add some"),
                }
            }
            Self::UnitUnknown { matrix, feature } => write!(
                f,
                "matrices.{matrix}.features names {feature}, whose unit is not known; add it to matrices/src/unit.rs"
            ),
            Self::RunCells { cells, symbols } => write!(
                f,
                "matrices have {cells} cells for each of {symbols} symbols, more than {CELLS_RUN_MAX} in all; \
                 lower a matrices.NAME.window, or take fewer symbols"
            ),
        }
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests;
