//! What the server or the way to it says, as one of the two kinds of [`StoreError`].
//!
//! The rule: what can pass by itself (no connection, a shutdown, a full disk, a lock) is unavailable and tried again;
//! what an operator must change (a password, a database, rights, a value that no column takes) is refused.

use super::settings::Target;
use crate::StoreError;
use std::error::Error as _;
use tokio_postgres::error::{DbError, SqlState};

/// Refused, in one sentence.
pub(crate) fn refused(store: &str, why: String) -> StoreError {
    StoreError::Refused { store: store.to_owned(), why }
}

/// Tried again later.
pub(crate) fn unavailable(store: &str, why: String) -> StoreError {
    StoreError::Unavailable { store: store.to_owned(), why }
}

/// Classes of SQLSTATE that pass by themselves: connection, transaction rollback, resources (a full disk), an
/// operator's intervention (a shutdown), the system (I/O), internal errors; and a lock that was not free in time.
const PASSING_CLASSES: [&str; 6] = ["08", "40", "53", "57", "58", "XX"];

/// The server's refusal, or the failure of the way to it.
pub(crate) fn failure(target: &Target, error: &tokio_postgres::Error) -> StoreError {
    let store = &target.name;
    if let Some(said) = error.as_db_error() {
        return server_said(target, said);
    }
    // The reasons stand one within the other, "db error" and the like outermost.
    let mut text = error.to_string();
    let mut inner = error.source();
    while let Some(reason) = inner {
        let more = reason.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        inner = reason.source();
    }
    let text = target.redact(&text);
    if text.contains("password missing") {
        refused(store, format!("the server wants a password of user {}; configure one", target.user))
    } else if text.contains("invalid configuration") || text.contains("TLS") {
        refused(store, format!("{text}; connections are made without TLS"))
    } else {
        unavailable(store, text)
    }
}

fn server_said(target: &Target, said: &DbError) -> StoreError {
    let Target { name: store, user, database, .. } = target;
    let (code, text) = (said.code(), target.redact(said.message()));
    if *code == SqlState::INVALID_PASSWORD {
        let why = format!("the password of user {user} is wrong; check the file or variable it comes from");
        refused(store, why)
    } else if *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION {
        refused(
            store,
            format!("user {user} may not log in ({text}); check the user and the server's pg_hba.conf"),
        )
    } else if *code == SqlState::INVALID_CATALOG_NAME {
        refused(
            store,
            format!("there is no database {database}; create it (createdb {database}) or name another"),
        )
    } else if *code == SqlState::INSUFFICIENT_PRIVILEGE {
        let grant = format!("GRANT CREATE ON DATABASE {database} TO {user}, or ownership of the schema");
        refused(store, format!("user {user} lacks a right ({text}); an administrator can give it: {grant}"))
    } else if *code == SqlState::LOCK_NOT_AVAILABLE
        || PASSING_CLASSES.iter().any(|class| code.code().starts_with(class))
    {
        unavailable(store, text)
    } else if *code == SqlState::CHECK_VIOLATION {
        unavailable(store, format!("{text}: another run dropped a partition, which is made anew"))
    } else if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
        unavailable(store, format!("{text}: it is a standby, or set read-only"))
    } else {
        refused(store, format!("{text} (SQLSTATE {}); see the server's log", code.code()))
    }
}
