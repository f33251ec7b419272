//! What can be wrong with a file or a folder of files.
//!
//! Each variant prints one sentence that names the file, and the column or row group where it is known.

use crate::ColumnFault;
use objects::ObjectError;
use std::fmt;
use std::path::PathBuf;

/// Why a catalog or a data file cannot be read or written.
#[derive(Debug)]
pub enum CatalogError {
    /// The operating system refused; its message says why.
    Io {
        /// What was being done: `open`, `read`, …
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        error: std::io::Error,
    },
    /// A folder without a single Parquet file of ticks in it.
    NoFiles {
        /// The folder.
        path: PathBuf,
    },
    /// A file of no bytes.
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file does not start as Parquet does.
    NotParquet {
        /// The file.
        path: PathBuf,
    },
    /// The file starts as Parquet but its end is missing.
    Truncated {
        /// The file.
        path: PathBuf,
    },
    /// The footer, which says where everything is, cannot be understood.
    DamagedFooter {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        cause: String,
    },
    /// Pages of a row group cannot be decoded.
    Damaged {
        /// The file.
        path: PathBuf,
        /// The row group, from 0.
        row_group: usize,
        /// The file's name of the column, where one column alone fails too.
        column: Option<String>,
        /// What the decoder said.
        cause: String,
    },
    /// A path that is a pipe, a socket or a device.
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it is, in words.
        found: &'static str,
    },
    /// The file is whole, but its columns are not those of ticks.
    Columns {
        /// The file.
        path: PathBuf,
        /// What is wrong with them.
        fault: ColumnFault,
    },
    /// A tick was written that is older than the one before it.
    Unsorted {
        /// The catalog's folder.
        path: PathBuf,
        /// The symbol.
        symbol: String,
        /// Time of the tick before, ns.
        previous: i64,
        /// Time of the tick refused, ns.
        ts_event: i64,
    },
    /// The symbol of a writer is not one.
    Symbol(model::SymbolError),
    /// An object in a bucket cannot be had.
    Object(ObjectError),
    /// The encoder failed.
    Encode {
        /// The file being written.
        path: PathBuf,
        /// What it said.
        cause: String,
    },
}

impl fmt::Display for CatalogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { action, path, error } => write!(f, "cannot {action} {}: {error}", path.display()),
            Self::NoFiles { path } => write!(
                f,
                "{} holds no .parquet file of trades or quotes; give a catalog, a folder or a file",
                path.display()
            ),
            Self::Empty { path } => {
                write!(f, "{} is empty (0 bytes); write or copy the file again", path.display())
            }
            Self::NotParquet { path } => write!(
                f,
                "{} is not a Parquet file; write its ticks as Parquet, which is what this build reads",
                path.display()
            ),
            Self::Truncated { path } => write!(
                f,
                "{} is truncated: its Parquet footer is missing; write or copy the file again",
                path.display()
            ),
            Self::DamagedFooter { path, cause } => write!(
                f,
                "{} has a damaged Parquet footer ({cause}); write or copy the file again",
                path.display()
            ),
            Self::Damaged { path, row_group, column, cause } => {
                write!(f, "{} is damaged in row group {row_group}", path.display())?;
                if let Some(column) = column {
                    write!(f, ", column {column:?}")?;
                }
                write!(f, " ({cause}); write or copy the file again")
            }
            Self::NotAFile { path, found } => {
                write!(f, "{} is {found}; give a regular file or a folder of such", path.display())
            }
            Self::Columns { path, fault } => write!(f, "{}{fault}", path.display()),
            Self::Unsorted { path, symbol, previous, ts_event } => write!(
                f,
                "{}: a tick of {symbol} at {ts_event} ns comes after one at {previous} ns; sort the ticks by time before writing them",
                path.display()
            ),
            Self::Symbol(error) => error.fmt(f),
            Self::Object(error) => error.fmt(f),
            Self::Encode { path, cause } => {
                write!(f, "cannot write {}: {cause}; check the disk and write it again", path.display())
            }
        }
    }
}

impl From<ObjectError> for CatalogError {
    fn from(error: ObjectError) -> Self {
        Self::Object(error)
    }
}

impl std::error::Error for CatalogError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            Self::Columns { fault, .. } => Some(fault),
            Self::Symbol(error) => Some(error),
            Self::Object(error) => Some(error),
            _ => None,
        }
    }
}
