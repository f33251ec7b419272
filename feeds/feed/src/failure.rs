//! Why a feed stops.

use crate::Reject;
use std::error::Error;
use std::fmt;

/// Why a feed cannot go on.
#[derive(Debug)]
pub enum FeedError {
    /// The settings do not fit the data: a usage error.
    Configuration(String),
    /// The data cannot be read; the cause names the file.
    Source(Box<dyn Error + Send + Sync>),
    /// A bad row, and `ingest.on_bad_row` is `fail`.
    BadRow(Box<Reject>),
    /// A method was called before the one it depends on.
    NotReady {
        /// What must be called first.
        missing: &'static str,
    },
    /// A thread of the feed panicked: a bug.
    Thread {
        /// Its last words.
        message: String,
    },
}

impl fmt::Display for FeedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configuration(sentence) => f.write_str(sentence),
            Self::Source(cause) => cause.fmt(f),
            Self::BadRow(reject) => {
                write!(f, "{reject}; mend the row, or set ingest.on_bad_row to \"reject\"")
            }
            Self::NotReady { missing } => write!(f, "the feed is not ready: call {missing} first"),
            Self::Thread { message } => {
                write!(f, "a thread of the feed panicked ({message}); this is a bug, please report it")
            }
        }
    }
}

impl Error for FeedError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Source(cause) => Some(&**cause),
            _ => None,
        }
    }
}
