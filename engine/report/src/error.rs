//! Why a run folder cannot be written.

use crate::html::HtmlError;
use std::fmt;
use std::path::PathBuf;

/// Why a run folder cannot be written.
#[derive(Debug)]
pub enum ReportError {
    /// The folder has something in it; `--force` replaces it.
    NotEmpty(PathBuf),
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
                write!(f, "the run folder {} is not empty; name another with --out, or replace it with --force", path.display())
            }
            Self::Io { action, path, error } => {
                write!(f, "could not {action} {} ({error}); check the disk and the rights", path.display())
            }
            Self::Table { path, error } => write!(f, "could not write {} ({error}); check the disk", path.display()),
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
