//! Why a report cannot be made.

use crate::read::ReadError;
use std::fmt;
use std::path::PathBuf;

/// Why a report cannot be made.
#[derive(Debug)]
pub enum HtmlError {
    /// The run folder cannot be read.
    Folder(ReadError),
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
        match self {
            Self::Folder(error) => error.fmt(f),
            Self::Write { path, error } => {
                write!(f, "could not write {} ({error}); check the disk and the rights", path.display())
            }
        }
    }
}

impl std::error::Error for HtmlError {}

impl From<ReadError> for HtmlError {
    fn from(error: ReadError) -> Self {
        Self::Folder(error)
    }
}
