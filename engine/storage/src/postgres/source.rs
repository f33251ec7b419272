//! Reading ticks back: one source for each run of a schema, the newest run first.
//!
//! All sources of one call share a connection and its snapshot: they see the schema as it was, whatever the store adds
//! and drops meanwhile. Ticks come through server-side cursors, some thousands at a time, so that any number of symbols
//! is read side by side over the one connection, and nobody holds more than a page. While the sources are held,
//! retention waits: they are meant to be read and dropped.
//! Not here: results, which are for SQL.

use super::clock::{join, literal};
use super::failure::{refused, unavailable};
use super::link::Link;
use super::migrate::{VERSION, version_of};
use super::settings::PostgresSettings;
use crate::StoreError;
use crate::query::{Source, Span, TickKind, Ticks};
use model::{Event, Nanos, Price, Quantity, Quote, SymbolId, Trade};
use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

/// Ticks that are read at a time.
const PAGE: usize = 4096;

/// The table of a kind's rows.
const fn table_of(kind: TickKind) -> &'static str {
    match kind {
        TickKind::Trades => "trade_rows",
        TickKind::Quotes => "quote_rows",
    }
}

/// The columns of a tick's own numbers.
const fn columns_of(kind: TickKind) -> &'static str {
    match kind {
        TickKind::Trades => "price, size, aggressor",
        TickKind::Quotes => "bid, ask, bid_size, ask_size",
    }
}

/// A connection with a transaction, and how many cursors it had.
#[derive(Debug)]
struct Snapshot {
    link: Mutex<Link>,
    name: String,
    schema: String,
    cursors: AtomicU64,
}

impl Snapshot {
    fn lock(&self) -> MutexGuard<'_, Link> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One run of a schema.
#[derive(Debug)]
pub struct PostgresSource {
    snapshot: Arc<Snapshot>,
    run: i32,
    run_name: String,
}

/// The runs of a schema that have ticks, the newest first; none where the schema is not made yet.
///
/// # Errors
/// [`StoreError`].
pub fn postgres_sources(settings: &PostgresSettings) -> Result<Vec<PostgresSource>, StoreError> {
    let target = settings.check()?;
    let link = Link::connect(&target)?;
    let schema = settings.schema.clone();
    match version_of(&link)? {
        0 => return Ok(Vec::new()),
        VERSION => {}
        other => {
            let why = format!("schema {schema} is of version {other}, this program reads version {VERSION}");
            return Err(refused(&target.name, why));
        }
    }
    // What is locked for reading is not dropped; a snapshot alone would not keep it. Whoever reads may take his time.
    link.run(&format!(
        "SET idle_in_transaction_session_timeout = '1h'; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
         LOCK TABLE {schema}.trade_rows, {schema}.quote_rows IN ACCESS SHARE MODE"
    ))?;
    let query = format!(
        "SELECT r.id, r.name FROM {schema}.runs r JOIN {schema}.watermarks w ON w.run = r.id \
         WHERE w.stream = 'ticks' AND w.whole_from_ns IS NOT NULL ORDER BY r.id DESC"
    );
    let runs = link.query(&query, &[])?;
    let name = target.name.clone();
    let snapshot = Arc::new(Snapshot { link: Mutex::new(link), name, schema, cursors: AtomicU64::new(0) });
    let source =
        |row: &Row| PostgresSource { snapshot: Arc::clone(&snapshot), run: row.get(0), run_name: row.get(1) };
    Ok(runs.iter().map(source).collect())
}

impl PostgresSource {
    /// The schema's number of a symbol, if it has such ticks of this run.
    fn symbol(&self, name: &str, kind: TickKind) -> Result<Option<i32>, StoreError> {
        let (schema, table) = (&self.snapshot.schema, table_of(kind));
        let query = format!(
            "SELECT s.id FROM {schema}.symbols s WHERE s.name = $1 \
             AND EXISTS (SELECT FROM {schema}.{table} t WHERE t.run = $2 AND t.symbol = s.id)"
        );
        let rows = self.snapshot.lock().query(&query, &[&name, &self.run])?;
        Ok(rows.first().map(|row| row.get(0)))
    }
}

impl Source for PostgresSource {
    fn name(&self) -> String {
        format!("{} (run {})", self.snapshot.name, self.run_name)
    }

    fn symbols(&mut self) -> Result<Vec<String>, StoreError> {
        let schema = &self.snapshot.schema;
        let of = |table: &str| {
            format!("EXISTS (SELECT FROM {schema}.{table} t WHERE t.run = $1 AND t.symbol = s.id)")
        };
        let (trades, quotes) = (of(table_of(TickKind::Trades)), of(table_of(TickKind::Quotes)));
        let query = format!("SELECT s.name FROM {schema}.symbols s WHERE {trades} OR {quotes}");
        let rows = self.snapshot.lock().query(&query, &[&self.run])?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    fn spans(&mut self, symbol: &str, kind: TickKind) -> Result<Vec<Span>, StoreError> {
        if self.symbol(symbol, kind)?.is_none() {
            return Ok(Vec::new());
        }
        let schema = &self.snapshot.schema;
        let link = self.snapshot.lock();
        let whole = format!(
            "SELECT whole_from_ns, whole_to_ns FROM {schema}.watermarks WHERE run = $1 AND stream = 'ticks'"
        );
        let row = link.query(&whole, &[&self.run])?.remove(0);
        let (mut from, to): (i64, i64) = (row.get(0), row.get(1));
        let gaps = format!(
            "SELECT from_ns, coalesce(to_ns, $2) FROM {schema}.gaps \
             WHERE run = $1 AND stream = 'ticks' AND from_ns IS NOT NULL ORDER BY first_seq"
        );
        let mut spans = Vec::new();
        for gap in link.query(&gaps, &[&self.run, &to])? {
            // Both ends of a gap are instants that may not be whole.
            let (first, last): (i64, i64) = (gap.get(0), gap.get(1));
            spans.push((from, first.min(to)));
            from = from.max(last.saturating_add(1));
        }
        spans.push((from, to));
        Ok(spans.into_iter().filter_map(|(from, to)| Span::new(Nanos(from), Nanos(to))).collect())
    }

    fn ticks(&mut self, symbol: &str, kind: TickKind, span: Span) -> Result<Box<dyn Ticks>, StoreError> {
        let Span { from, to } = span;
        let snapshot = Arc::clone(&self.snapshot);
        let Some(number) = self.symbol(symbol, kind)? else {
            return Ok(Box::new(PostgresTicks { snapshot, kind, cursor: None, from, to }));
        };
        let cursor = format!("ticks_{}", snapshot.cursors.fetch_add(1, Ordering::Relaxed));
        // Bounds to the microsecond; the nanoseconds are looked at here.
        let (schema, name, columns, run) = (&snapshot.schema, table_of(kind), columns_of(kind), self.run);
        let (low, high) = (literal(from), literal(to));
        snapshot.lock().run(&format!(
            "DECLARE {cursor} NO SCROLL CURSOR FOR SELECT seq, ts, sub_us, ts_event_ns, {columns} \
             FROM {schema}.{name} WHERE run = {run} AND symbol = {number} AND ts >= {low} AND ts <= {high} \
             ORDER BY ts, sub_us, seq"
        ))?;
        Ok(Box::new(PostgresTicks { snapshot, kind, cursor: Some(cursor), from, to }))
    }
}

/// Ticks as they come.
#[derive(Debug)]
struct PostgresTicks {
    snapshot: Arc<Snapshot>,
    kind: TickKind,
    /// `None` once all is read.
    cursor: Option<String>,
    from: Nanos,
    to: Nanos,
}

impl PostgresTicks {
    /// What the server keeps for a cursor is freed at the end of the transaction at the latest.
    fn close(&mut self) {
        if let Some(cursor) = self.cursor.take() {
            let _ = self.snapshot.lock().run(&format!("CLOSE {cursor}"));
        }
    }

    /// The event of a row: seq, ts, sub_us, ts_event_ns, and the columns of its kind.
    fn tick(&self, row: &Row) -> Option<Event> {
        let Micros(micros) = row.get(1);
        let ts = join(micros, row.get(2));
        let ts_event = Nanos(row.get(3));
        let event = match self.kind {
            TickKind::Trades => {
                let (price, size) = (Price::from_raw(row.get(4))?, Quantity::from_raw(row.get(5))?);
                let aggressor = i8::try_from(row.get::<_, i16>(6)).ok()?;
                Event::trade(ts, SymbolId::NONE, Trade { ts_event, price, size, aggressor })
            }
            TickKind::Quotes => {
                let (bid, ask) = (Price::from_raw(row.get(4))?, Price::from_raw(row.get(5))?);
                let size = |column| row.get::<_, Option<i64>>(column).map(Quantity::from_raw);
                let (bid_size, ask_size) = (size(6), size(7));
                if bid_size == Some(None) || ask_size == Some(None) {
                    return None;
                }
                let (bid_size, ask_size) = (bid_size.flatten(), ask_size.flatten());
                Event::quote(ts, SymbolId::NONE, Quote { ts_event, bid, ask, bid_size, ask_size })
            }
        };
        Some(Event { seq: u64::try_from(row.get::<_, i64>(0)).ok()?, ..event })
    }
}

impl Ticks for PostgresTicks {
    fn read(&mut self, ticks: &mut Vec<Event>) -> Result<(), StoreError> {
        let before = ticks.len();
        while let Some(cursor) = &self.cursor
            && ticks.len() == before
        {
            let rows = self.snapshot.lock().query_long(&format!("FETCH {PAGE} FROM {cursor}"))?;
            for row in &rows {
                let tick = self.tick(row).ok_or_else(|| {
                    unavailable(&self.snapshot.name, "it holds a tick that no tick can be".to_owned())
                })?;
                if (self.from..self.to).contains(&tick.ts) {
                    ticks.push(tick);
                }
            }
            if rows.len() < PAGE {
                self.close();
            }
        }
        Ok(())
    }
}

impl Drop for PostgresTicks {
    fn drop(&mut self) {
        self.close();
    }
}

/// A `timestamptz` as it is sent: microseconds since 2000.
struct Micros(i64);

impl<'a> FromSql<'a> for Micros {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(i64::from_be_bytes(raw.try_into()?)))
    }

    fn accepts(of: &Type) -> bool {
        *of == Type::TIMESTAMPTZ
    }
}
