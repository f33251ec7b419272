//! The warm store by default: an SQLite database in one file, the last 24 hours of engine time.
//!
//! A batch is one transaction, and the run's watermark moves in it. The database is in WAL mode with `synchronous =
//! NORMAL`: a crash of the process loses no transaction; a power cut may lose the last ones, watermark and rows alike,
//! so that they are offered again. A full disk and a lock of another process are waited out; a file that is no
//! database, another program's, or a later version's is refused and left as it is.
//!
//! The layout is in `sqlite/schema.sql`, for readers beside the engine. Readers do not block the tier, nor it them.
//! Not here: other databases; the journal.

mod error;
mod read;
mod retention;
mod rows;
mod schema;

pub use read::{SqliteSource, sqlite_sources};

use crate::{Batch, Dictionary, Rows, Store, StoreError, Watermarks};
use error::Context;
use model::Nanos;
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, params};
use std::path::PathBuf;
use std::time::Duration;

/// Where an SQLite store is, and what it keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteConfig {
    /// The database's file. Its folder exists.
    pub file: PathBuf,
    /// How long rows are kept, in engine time.
    pub keep: Nanos,
    /// How long a lock of another process is waited for before an attempt fails.
    pub lock_wait: Duration,
}

impl SqliteConfig {
    /// A day, and two seconds.
    pub fn new(file: PathBuf) -> Self {
        Self { file, keep: Nanos::DAY, lock_wait: Duration::from_secs(2) }
    }
}

/// The store.
#[derive(Debug)]
pub struct SqliteStore {
    config: SqliteConfig,
    open: Option<Open>,
}

/// An open database, and what of the run it is needed for each row.
#[derive(Debug)]
struct Open {
    connection: Connection,
    dictionary: Dictionary,
    run: i64,
    /// The database's numbers of the run's symbols, by their ids.
    symbols: Vec<i64>,
}

impl SqliteStore {
    /// A store that is not open yet.
    pub fn new(config: SqliteConfig) -> Self {
        Self { config, open: None }
    }

    fn context(&self) -> Context {
        Context(self.name())
    }

    fn connect(&self, dictionary: &Dictionary) -> Result<(Open, Watermarks), StoreError> {
        let context = self.context();
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection =
            Connection::open_with_flags(&self.config.file, flags).map_err(|error| context.of(&error))?;
        connection.busy_timeout(self.config.lock_wait).map_err(|error| context.of(&error))?;
        schema::migrate(&mut connection, &context)?;
        let begun = begin_run(&mut connection, dictionary);
        let (run, symbols, marks) = begun.map_err(|error| context.of(&error))?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok((Open { connection, dictionary: dictionary.clone(), run, symbols }, marks))
    }
}

/// Finds or makes the rows of the run and its symbols.
fn begin_run(
    connection: &mut Connection,
    dictionary: &Dictionary,
) -> rusqlite::Result<(i64, Vec<i64>, Watermarks)> {
    let transaction = connection.transaction()?;
    let Dictionary { run, session, strategy, account, instruments, .. } = dictionary;
    transaction.execute(
        "INSERT INTO runs (name, session, strategy, account) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (name) DO UPDATE SET session = excluded.session",
        params![run, session, strategy, account],
    )?;
    let (run_number, marks) = transaction.query_row(
        "SELECT run, ticks_seq, results_seq FROM runs WHERE name = ?1",
        [run],
        |row| {
            let marks = Watermarks { ticks: number(row, 1)?, results: number(row, 2)? };
            Ok((row.get(0)?, marks))
        },
    )?;
    let mut symbols = Vec::new();
    for (_, name) in instruments.symbols.iter() {
        transaction
            .execute("INSERT INTO symbols (name) VALUES (?1) ON CONFLICT (name) DO NOTHING", [name])?;
        let found = transaction
            .query_row("SELECT symbol FROM symbols WHERE name = ?1", [name], |row| row.get(0))
            .optional()?;
        symbols.push(found.expect("the symbol was just made"));
    }
    transaction.commit()?;
    Ok((run_number, symbols, marks))
}

/// A sequence number: SQLite's integers have 63 bits and a sign.
fn number(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(at).map(|number| number as u64)
}

impl Store for SqliteStore {
    fn name(&self) -> String {
        format!("SQLite database {}", self.config.file.display())
    }

    fn open(&mut self, dictionary: &Dictionary) -> Result<Watermarks, StoreError> {
        self.open = None;
        let (open, marks) = self.connect(dictionary)?;
        self.open = Some(open);
        Ok(marks)
    }

    fn write(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let context = self.context();
        let open = self.open.as_mut().expect("a store is opened before it is written to");
        let outcome = match open.write(batch) {
            Ok(true) => Ok(()),
            Ok(false) => Err(context.unavailable("another writer came between".to_owned())),
            Err(error) => Err(context.of(&error)),
        };
        if outcome.is_err() {
            self.open = None;
        }
        outcome
    }

    fn tidy(&mut self, now: Nanos) -> Result<(), StoreError> {
        let context = self.context();
        let Some(open) = &mut self.open else { return Ok(()) };
        let before = Nanos(now.0.saturating_sub(self.config.keep.0));
        let outcome =
            retention::forget(&mut open.connection, open.run, before).map_err(|error| context.of(&error));
        if outcome.is_err() {
            self.open = None;
        }
        outcome
    }
}

impl Open {
    /// Stores a batch; `false`, with nothing changed, if some of it is stored: by a thread that was given up, say.
    fn write(&mut self, batch: &Batch) -> rusqlite::Result<bool> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let names = rows::Names { dictionary: &self.dictionary, run: self.run, symbols: &self.symbols };
        let mark = rows::mark(&transaction, &names, batch.stream())?;
        if batch.first_seq <= mark {
            return Ok(false);
        }
        rows::note(&transaction, &names, batch, mark)?;
        match &batch.rows {
            Rows::Ticks(ticks) => rows::insert_ticks(&transaction, &names, ticks)?,
            Rows::Results(records) => rows::insert_records(&transaction, &names, records)?,
        }
        transaction.commit()?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
