//! Why a report cannot be made.

use std::fmt;
use std::path::PathBuf;

/// Why a report cannot be made.
#[derive(Debug)]
pub enum HtmlError {
    /// There is no such folder; name the folder of a finished run.
    NoFolder(PathBuf),
    /// A file of the run folder is not there; the run was not finished, or the file was moved.
    Missing(PathBuf),
    /// The operating system would not give a file.
    Read {
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
    /// The page could not be written; check the disk and the rights.
    Write {
        /// The page.
        path: PathBuf,
        /// The system's answer.
        error: std::io::Error,
    },
}

impl fmt::Display for HtmlError {
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
            Self::Read { path, error } => {
                write!(f, "could not read {} ({error}); check the disk and the rights", path.display())
            }
            Self::Summary { path, error } => {
                write!(f, "{} is not a run's summary ({error}); {AGAIN}", path.display())
            }
            Self::Newer { path, found } => write!(
                f,
                "{} has schema_version {found}, and this program knows {} at most; use the newer program",
                path.display(),
                crate::summary::SCHEMA_VERSION
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
            Self::Write { path, error } => {
                write!(f, "could not write {} ({error}); check the disk and the rights", path.display())
            }
        }
    }
}

impl std::error::Error for HtmlError {}
