//! Why a run folder cannot be written.

use crate::html::HtmlError;
use std::fmt;
use std::path::PathBuf;

/// Why a run folder cannot be written.
#[derive(Debug)]
pub enum ReportError {
    /// The folder has something in it; `--force` replaces it.
    NotEmpty(PathBuf),
    /// The folder is no run's, so that even `--force` leaves it alone.
    NotARun(PathBuf),
    /// The folder is, or holds, the one the program works in.
    InUse(PathBuf),
    /// A file stands there.
    NotAFolder(PathBuf),
    /// Another run writes there.
    Busy {
        /// The folder.
        path: PathBuf,
        /// The other run's process.
        process: u32,
    },
    /// The operating system refused.
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's answer.
        error: std::io::Error,
    },
    /// A table could not be written.
    Table {
        /// The file.
        path: PathBuf,
        /// What the encoder said.
        error: parquet::errors::ParquetError,
    },
    /// The report could not be drawn.
    Html(HtmlError),
}

impl fmt::Display for ReportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotEmpty(path) => {
                write!(
                    f,
                    "the run folder {} is not empty; name another with --out, or replace it with --force",
                    path.display()
                )
            }
            Self::NotARun(path) => write!(
                f,
                "{} is not empty and no run folder (it has no summary.json), so --force leaves it alone; name another with --out",
                path.display()
            ),
            Self::InUse(path) => {
                write!(f, "{} is or holds the working folder; name another with --out", path.display())
            }
            Self::NotAFolder(path) => write!(f, "{} is a file; name a folder with --out", path.display()),
            Self::Busy { path, process } => {
                write!(
                    f,
                    "another run (process {process}) writes to {}; name another folder with --out",
                    path.display()
                )
            }
            Self::Io { action, path, error } => {
                write!(f, "could not {action} {} ({error}); check the disk and the rights", path.display())
            }
            Self::Table { path, error } => {
                write!(f, "could not write {} ({error}); check the disk", path.display())
            }
            Self::Html(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ReportError {}

impl From<HtmlError> for ReportError {
    fn from(error: HtmlError) -> Self {
        Self::Html(error)
    }
}

impl ReportError {
    /// Whether the user must name another folder, rather than mend the disk.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::NotEmpty(_) | Self::NotARun(_) | Self::InUse(_) | Self::NotAFolder(_) | Self::Busy { .. }
        )
    }
}
