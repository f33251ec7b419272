//! What SQLite says, and whether trying again may help.

use crate::StoreError;
use rusqlite::{Error, ErrorCode};

/// The store's name, for errors.
pub(crate) struct Context(pub String);

impl Context {
    /// The error of the store.
    pub fn of(&self, error: &Error) -> StoreError {
        let (store, why) = (self.0.clone(), error.to_string());
        match error.sqlite_error_code() {
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure
                | ErrorCode::OutOfMemory
                | ErrorCode::OperationInterrupted
                | ErrorCode::SchemaChanged,
            ) => StoreError::Unavailable { store, why },
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                let why = format!("it is damaged or no database ({why}); name another file, or move it away");
                StoreError::Refused { store, why }
            }
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                let why =
                    format!("it cannot be opened ({why}); make its folder, and let the engine write there");
                StoreError::Refused { store, why }
            }
            _ => StoreError::Refused { store, why: format!("{why}; this is a bug, please report it") },
        }
    }

    /// A failure that may pass, in words of our own.
    pub fn unavailable(&self, why: String) -> StoreError {
        StoreError::Unavailable { store: self.0.clone(), why }
    }

    /// A refusal in words of our own.
    pub fn refused(&self, why: String) -> StoreError {
        StoreError::Refused { store: self.0.clone(), why }
    }
}
