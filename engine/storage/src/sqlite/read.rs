//! Ticks out of the database: one source for each run, the newest run first.
//!
//! All sources of one call share a read transaction: they see the database as it was when it was opened, whatever the
//! store adds and forgets meanwhile. They are meant to be read and dropped; while they are held, the file cannot
//! shrink.
//! Not here: results, which are for SQL.

use super::error::Context;
use super::{number, schema};
use crate::StoreError;
use crate::query::{Source, Span, TickKind, Ticks};
use model::{Event, Nanos, Price, Quantity, Quote, SymbolId, Trade};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Ticks that are read at a time.
const PAGE: usize = 4096;

/// How long a lock is waited for.
const LOCK_WAIT: Duration = Duration::from_secs(2);

struct Database {
    connection: Mutex<Connection>,
    name: String,
}

impl Database {
    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn error(&self, error: &rusqlite::Error) -> StoreError {
        Context(self.name.clone()).of(error)
    }
}

/// One run of the database.
pub struct SqliteSource {
    database: Arc<Database>,
    run: i64,
    run_name: String,
}

/// The runs of a database that have ticks, the newest first.
///
/// # Errors
/// [`StoreError`] where it cannot be read.
pub fn sqlite_sources(file: &Path) -> Result<Vec<SqliteSource>, StoreError> {
    let name = format!("SQLite database {}", file.display());
    let context = Context(name.clone());
    let open = || {
        let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(LOCK_WAIT)?;
        connection.execute_batch("BEGIN")?;
        Ok(connection)
    };
    let connection = open().map_err(|error| context.of(&error))?;
    if schema::version(&connection, &context)? == 0 {
        return Ok(Vec::new());
    }
    let runs = runs(&connection).map_err(|error| context.of(&error))?;
    let database = Arc::new(Database { connection: Mutex::new(connection), name });
    let source = |(run, run_name)| SqliteSource { database: Arc::clone(&database), run, run_name };
    Ok(runs.into_iter().map(source).collect())
}

/// Numbers and names of the runs that have ticks, the newest first.
fn runs(connection: &Connection) -> rusqlite::Result<Vec<(i64, String)>> {
    connection
        .prepare("SELECT run, name FROM runs WHERE ticks_from IS NOT NULL ORDER BY run DESC")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

impl SqliteSource {
    /// The database's number of a symbol, if it has such ticks of this run.
    fn symbol(&self, name: &str, kind: TickKind) -> rusqlite::Result<Option<i64>> {
        let table = kind.name();
        self.database
            .lock()
            .query_row(
                &format!(
                    "SELECT symbol FROM symbols WHERE name = ?1
                     AND EXISTS (SELECT 1 FROM {table} WHERE run = ?2 AND {table}.symbol = symbols.symbol)"
                ),
                params![name, self.run],
                |row| row.get(0),
            )
            .optional()
    }

    fn symbol_names(&self) -> rusqlite::Result<Vec<String>> {
        let connection = self.database.lock();
        let mut names = connection.prepare(
            "SELECT name FROM symbols
             WHERE EXISTS (SELECT 1 FROM trades WHERE run = ?1 AND trades.symbol = symbols.symbol)
                OR EXISTS (SELECT 1 FROM quotes WHERE run = ?1 AND quotes.symbol = symbols.symbol)",
        )?;
        names.query_map([self.run], |row| row.get(0))?.collect()
    }

    fn whole(&self) -> rusqlite::Result<Vec<Span>> {
        let connection = self.database.lock();
        let (from, to) = connection.query_row(
            "SELECT ticks_from, ticks_to FROM runs WHERE run = ?1",
            [self.run],
            |row| Ok((Nanos(row.get(0)?), Nanos(row.get(1)?))),
        )?;
        let mut gaps = connection.prepare(
            "SELECT ts_from, ts_to FROM gaps WHERE run = ?1 AND stream = 'ticks' AND ts_from IS NOT NULL
             ORDER BY first_seq",
        )?;
        let gaps = gaps.query_map([self.run], |row| Ok((Nanos(row.get(0)?), Nanos(row.get(1)?))))?;
        let mut spans: Vec<Span> = Span::new(from, to).into_iter().collect();
        for gap in gaps {
            let (first, last) = gap?;
            // Both ends are instants that may not be whole.
            let Some(gap) = Span::new(first, last.saturating_add(Nanos(1))) else { continue };
            spans = spans.into_iter().flat_map(|span| span.without(gap)).flatten().collect();
        }
        Ok(spans)
    }
}

impl Source for SqliteSource {
    fn name(&self) -> String {
        format!("{} (run {})", self.database.name, self.run_name)
    }

    fn symbols(&mut self) -> Result<Vec<String>, StoreError> {
        self.symbol_names().map_err(|error| self.database.error(&error))
    }

    fn spans(&mut self, symbol: &str, kind: TickKind) -> Result<Vec<Span>, StoreError> {
        let spans = || match self.symbol(symbol, kind)? {
            Some(_) => self.whole(),
            None => Ok(Vec::new()),
        };
        spans().map_err(|error: rusqlite::Error| self.database.error(&error))
    }

    fn ticks(&mut self, symbol: &str, kind: TickKind, span: Span) -> Result<Box<dyn Ticks>, StoreError> {
        let first = || {
            let Some(symbol) = self.symbol(symbol, kind)? else { return Ok(None) };
            let after = last_before(&self.database.lock(), kind, (self.run, symbol), span.from)?;
            Ok(Some((symbol, after)))
        };
        let found = first().map_err(|error: rusqlite::Error| self.database.error(&error))?;
        let (symbol, after) = found.unwrap_or((0, i64::MAX));
        let database = Arc::clone(&self.database);
        Ok(Box::new(Page { database, run: self.run, symbol, kind, after, to: span.to }))
    }
}

/// A number below those of all ticks at or after `ts`, and not below those of the others. Engine time does not fall
/// within a run, so it is found by halving.
fn last_before(
    connection: &Connection,
    kind: TickKind,
    (run, symbol): (i64, i64),
    ts: Nanos,
) -> rusqlite::Result<i64> {
    let mut probe = connection.prepare_cached(&format!(
        "SELECT seq, ts FROM {} WHERE run = ?1 AND symbol = ?2 AND seq > ?3 ORDER BY seq LIMIT 1",
        kind.name()
    ))?;
    let (mut below, mut above) = (0_i64, i64::MAX);
    // Ticks up to `below` are earlier than `ts`; ticks above `above` are not.
    while below < above {
        let middle = below + (above - below) / 2;
        let next = probe
            .query_row(params![run, symbol, middle], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))
            .optional()?;
        match next {
            Some((seq, at)) if at < ts.0 => below = seq,
            Some(_) | None => above = middle,
        }
    }
    Ok(below)
}

/// Ticks of one symbol and kind, page by page.
struct Page {
    database: Arc<Database>,
    run: i64,
    symbol: i64,
    kind: TickKind,
    after: i64,
    to: Nanos,
}

impl Page {
    fn page(&mut self, ticks: &mut Vec<Event>) -> rusqlite::Result<()> {
        let columns = match self.kind {
            TickKind::Trades => "seq, ts, ts_event, price, size, side",
            TickKind::Quotes => "seq, ts, ts_event, bid, ask, bid_size, ask_size",
        };
        let connection = self.database.lock();
        let mut page = connection.prepare_cached(&format!(
            "SELECT {columns} FROM {} WHERE run = ?1 AND symbol = ?2 AND seq > ?3 ORDER BY seq LIMIT {PAGE}",
            self.kind.name()
        ))?;
        let mut rows = page.query(params![self.run, self.symbol, self.after])?;
        while let Some(row) = rows.next()? {
            let tick = read_tick(row, self.kind)?;
            if tick.ts >= self.to {
                self.after = i64::MAX;
                break;
            }
            self.after = tick.seq as i64;
            ticks.push(tick);
        }
        Ok(())
    }
}

impl Ticks for Page {
    fn read(&mut self, ticks: &mut Vec<Event>) -> Result<(), StoreError> {
        self.page(ticks).map_err(|error| self.database.error(&error))
    }
}

fn read_tick(row: &Row<'_>, kind: TickKind) -> rusqlite::Result<Event> {
    let price = |at| row.get(at).map(Price::new);
    let size = |at| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(at)?.map(Quantity::new));
    let (seq, ts, ts_event) = (number(row, 0)?, Nanos(row.get(1)?), Nanos(row.get(2)?));
    let tick = match kind {
        TickKind::Trades => {
            let (size, aggressor) = (Quantity::new(row.get(4)?), row.get(5)?);
            Event::trade(ts, SymbolId::NONE, Trade { ts_event, price: price(3)?, size, aggressor })
        }
        TickKind::Quotes => {
            let (bid_size, ask_size) = (size(5)?, size(6)?);
            let quote = Quote { ts_event, bid: price(3)?, ask: price(4)?, bid_size, ask_size };
            Event::quote(ts, SymbolId::NONE, quote)
        }
    };
    Ok(Event { seq, ..tick })
}
