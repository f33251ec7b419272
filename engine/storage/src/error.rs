//! Why a store did not take a batch.

use std::fmt;

/// Why a store did not take something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// It is down, cut off or too slow; what was offered is offered again.
    Unavailable {
        /// The store, without credentials.
        store: String,
        /// What was said.
        why: String,
    },
    /// It cannot work as it is configured: credentials, a missing bucket, a newer schema. Offering again is no use.
    Refused {
        /// The store, without credentials.
        store: String,
        /// One sentence: what is wrong and what to do.
        why: String,
    },
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable { store, why } => {
                write!(f, "{store} cannot be reached ({why}); it is tried again")
            }
            Self::Refused { store, why } => write!(f, "{store}: {why}"),
        }
    }
}

impl std::error::Error for StoreError {}
