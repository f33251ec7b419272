//! Why a run folder cannot be read.

use crate::summary::SCHEMA_VERSION;
use std::fmt;
use std::fmt::Display;
use std::path::{Path, PathBuf};

/// What a column should hold, as an error says it.
pub(crate) mod wanted {
    pub(crate) const TIMES: &str = "a timestamp in nanoseconds";
    pub(crate) const DECIMALS: &str = "a decimal with 9 places";
    pub(crate) const DOUBLES: &str = "a double";
    pub(crate) const TEXTS: &str = "a string";
    pub(crate) const COUNTS: &str = "an unsigned 32-bit integer";
    pub(crate) const NUMBERS: &str = "an unsigned 64-bit integer";
    pub(crate) const FLAGS: &str = "a boolean";
    pub(crate) const CELLS: &str = "a list of 32-bit floats";
    pub(crate) const CELL: &str = "a time, decimal, string or count";
}

/// Why a run folder cannot be read.
#[derive(Debug)]
pub enum ReadError {
    /// There is no such folder; name the folder of a finished run.
    NoFolder(PathBuf),
    /// A file of the run folder is not there; the run was not finished, or the file was moved.
    Missing(PathBuf),
    /// The operating system would not give a file.
    Io {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        error: std::io::Error,
    },
    /// `summary.json` is not JSON; run the backtest again.
    Summary {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        error: serde_json::Error,
    },
    /// The folder was written by a newer program; use that one.
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u64,
    },
    /// A table is damaged or no Parquet file; run the backtest again.
    Table {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        error: String,
    },
    /// A table has not the column the contract names.
    Column {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
        /// What it should hold.
        wanted: &'static str,
        /// Its type, if it is there.
        found: Option<String>,
    },
}

impl Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const AGAIN: &str = "run the backtest again";
        match self {
            Self::NoFolder(path) => {
                write!(
                    f,
                    "there is no run folder {}; name the folder that a backtest wrote with --out",
                    path.display()
                )
            }
            Self::Missing(path) => {
                write!(f, "{} is missing; name the folder of a finished run, or {AGAIN}", path.display())
            }
            Self::Io { path, error } => {
                write!(f, "could not read {} ({error}); check the disk and the rights", path.display())
            }
            Self::Summary { path, error } => {
                write!(f, "{} is not a run's summary ({error}); {AGAIN}", path.display())
            }
            Self::Newer { path, found } => write!(
                f,
                "{} has schema_version {found}, and this program knows {SCHEMA_VERSION} at most; use the newer program",
                path.display(),
            ),
            Self::Table { path, error } => {
                write!(f, "{} cannot be read as Parquet ({error}); {AGAIN}", path.display())
            }
            Self::Column { path, column, wanted, found: Some(found) } => {
                write!(f, "column {column} of {} is {found} and not {wanted}; {AGAIN}", path.display())
            }
            Self::Column { path, column, found: None, .. } => {
                write!(f, "{} has no column {column}; {AGAIN}", path.display())
            }
        }
    }
}

impl std::error::Error for ReadError {}

/// The error of a file that cannot be opened or read.
pub(crate) fn unreadable(path: &Path, error: std::io::Error) -> ReadError {
    if error.kind() == std::io::ErrorKind::NotFound {
        ReadError::Missing(path.to_owned())
    } else {
        ReadError::Io { path: path.to_owned(), error }
    }
}

pub(crate) fn table_error(path: &Path, error: &impl Display) -> ReadError {
    ReadError::Table { path: path.to_owned(), error: error.to_string() }
}
