//! What Redis says, and whether trying again may help.

use crate::{Secret, StoreError};
use ::redis::{ErrorKind, RedisError};

/// Codes of answers that say how the server is configured, and not how it is.
const LASTING: [&str; 9] =
    ["NOAUTH", "WRONGPASS", "NOPERM", "WRONGTYPE", "MOVED", "ASK", "CROSSSLOT", "NOPROTO", "DENIED"];

/// The store's name and secrets, for errors.
pub(crate) struct Context {
    pub name: String,
    pub secrets: Vec<Secret>,
}

impl Context {
    /// The error of the store.
    pub fn of(&self, error: &RedisError) -> StoreError {
        let said = self.secrets.iter().fold(error.to_string(), |text, secret| secret.redact(&text));
        let store = self.name.clone();
        let has_code = |code: &&str| error.code() == Some(*code);
        if error.kind() == ErrorKind::AuthenticationFailed
            || ["NOAUTH", "WRONGPASS", "NOPERM"].iter().any(&has_code)
            || said.contains("invalid username-password pair")
            || said.contains("AUTH <password> called without any password")
        {
            let why =
                format!("it does not let this program in ({said}); check user, password and permissions");
            return StoreError::Refused { store, why };
        }
        if said.contains("DB index is out of range") {
            return StoreError::Refused { store, why: "it has no such database; name another".to_owned() };
        }
        if LASTING.iter().any(has_code) {
            let why = format!("it cannot hold this program's keys ({said}); choose another server or prefix");
            return StoreError::Refused { store, why };
        }
        if matches!(error.kind(), ErrorKind::InvalidClientConfig) {
            return StoreError::Refused { store, why: said };
        }
        StoreError::Unavailable { store, why: said }
    }

    /// A refusal in words of our own.
    pub fn refused(&self, why: String) -> StoreError {
        StoreError::Refused { store: self.name.clone(), why }
    }
}
