//! The database's layout, its version, and how an older one becomes this one.
//!
//! Nothing is written before it is known that the file is new or ours, and of a version that this program knows.
//! Not here: the layout itself (`schema.sql`).

use super::error::Context;
use crate::StoreError;
use rusqlite::Connection;

/// Marks the file as this program's: "GMWS".
const APPLICATION_ID: i64 = 0x474d_5753;

/// What leads from each version to the next; a new file has version 0.
const MIGRATIONS: [&str; 1] = [include_str!("schema.sql")];

/// The version of the database's layout; 0 of a new file.
///
/// # Errors
/// [`StoreError::Refused`] if it is another program's or a later version's.
pub(crate) fn version(connection: &Connection, context: &Context) -> Result<usize, StoreError> {
    let ask = |question: &str| {
        connection.query_row(question, [], |row| row.get::<_, i64>(0)).map_err(|error| context.of(&error))
    };
    let application = ask("PRAGMA application_id")?;
    let version = ask("PRAGMA user_version")?;
    let tables = ask("SELECT count(*) FROM sqlite_schema")?;
    if application != APPLICATION_ID && tables > 0 {
        let why = "it belongs to another program; name another file";
        return Err(context.refused(why.to_owned()));
    }
    let known = MIGRATIONS.len() as i64;
    if version > known {
        let why =
            format!("it has schema version {version}, and this program knows {known}; update the program");
        return Err(context.refused(why));
    }
    Ok(version as usize)
}

/// Makes sure that the database has the layout of this program.
///
/// # Errors
/// [`StoreError::Refused`], with nothing written, if it is another program's or a later version's.
pub(crate) fn migrate(connection: &mut Connection, context: &Context) -> Result<(), StoreError> {
    let version = version(connection, context)?;
    apply(connection, version).map_err(|error| context.of(&error))
}

fn apply(connection: &mut Connection, version: usize) -> rusqlite::Result<()> {
    if version == 0 {
        // Has an effect only before the first table.
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "cache_size", -32_768)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    for (before, script) in MIGRATIONS.iter().enumerate().skip(version) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(script)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", before as i64 + 1)?;
        transaction.commit()?;
    }
    Ok(())
}
