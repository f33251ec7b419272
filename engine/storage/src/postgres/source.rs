//! Reading ticks back: what there is of a run's symbol, and a span of it in the order of its sequence numbers.
//!
//! The server sorts and sends; here a piece is held at a time. Connections are kept for the next reader, each reader
//! has one of its own.

use super::clock::{join, literal};
use super::copy::Reader;
use super::failure::{refused, unavailable};
use super::link::Link;
use super::migrate::{VERSION, version_of};
use super::settings::{PostgresSettings, Target};
use crate::StoreError;
use futures_util::TryStreamExt;
use model::{Event, Nanos, Price, Quantity, Quote, SymbolId, SymbolTable, Trade};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_postgres::CopyOutStream;

/// Connections that are kept while nobody reads.
const IDLE_LINKS_MAX: usize = 4;

/// Which ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TickKind {
    /// Trades.
    Trades,
    /// Quotes.
    Quotes,
}

impl TickKind {
    const fn table(self) -> &'static str {
        match self {
            Self::Trades => "trade_rows",
            Self::Quotes => "quote_rows",
        }
    }

    /// The columns of a tick's own numbers, in the order of its event's words but for the first.
    const fn columns(self) -> &'static str {
        match self {
            Self::Trades => "price, size, aggressor, NULL::bigint",
            Self::Quotes => "bid, ask, bid_size, ask_size",
        }
    }
}

/// What there is: nothing is missing between the first and the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TickSpan {
    /// Engine time of the first tick, or the end of what was left out for its age if that is later.
    pub first: Nanos,
    /// Engine time of the last tick.
    pub last: Nanos,
    /// Sequence number of the tick that is first by time.
    pub first_seq: u64,
    /// Sequence number of the tick that is last by time.
    pub last_seq: u64,
}

/// The ticks of one run.
#[derive(Debug)]
pub struct PostgresSource {
    target: Target,
    run: String,
    symbols: SymbolTable,
    idle: Arc<Mutex<Vec<Link>>>,
}

impl PostgresSource {
    /// A source that connects when it is asked.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where the settings cannot be right.
    pub fn new(settings: &PostgresSettings, run: &str, symbols: SymbolTable) -> Result<Self, StoreError> {
        Ok(Self { target: settings.check()?, run: run.to_owned(), symbols, idle: Arc::default() })
    }

    /// A connection: an idle one that still answers, or a new one.
    fn link(&self) -> Result<Link, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(link) if link.run("SELECT 1").is_ok() => Ok(link),
            _ => Link::connect(&self.target),
        }
    }

    /// The numbers of the run and the symbol; `None` if the database does not know them.
    fn numbers(&self, link: &Link, symbol: SymbolId) -> Result<Option<(i32, i32)>, StoreError> {
        let schema = &self.target.settings.schema;
        match version_of(link)? {
            0 => return Ok(None),
            VERSION => {}
            other => {
                let why =
                    format!("schema {schema} is of version {other}, this program reads version {VERSION}");
                return Err(refused(&self.target.name, why));
            }
        }
        let query = format!(
            "SELECT r.id, s.id FROM {schema}.runs r, {schema}.symbols s WHERE r.name = $1 AND s.name = $2"
        );
        let rows = link.query(&query, &[&self.run, &self.symbols.name(symbol)])?;
        Ok(rows.first().map(|row| (row.get(0), row.get(1))))
    }

    /// What there is of a symbol's trades or quotes; `None`: nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn span(&self, symbol: SymbolId, kind: TickKind) -> Result<Option<TickSpan>, StoreError> {
        let link = self.link()?;
        let Some((run, symbol)) = self.numbers(&link, symbol)? else { return Ok(None) };
        let (schema, table) = (&self.target.settings.schema, kind.table());
        let query = format!(
            "WITH mark AS (SELECT complete_from FROM {schema}.watermarks WHERE run = {run} AND stream = 'ticks'), \
             kept AS (SELECT t.* FROM {schema}.{table} t WHERE t.run = {run} AND t.symbol = {symbol} \
             AND (t.ts >= (SELECT complete_from FROM mark) OR (SELECT complete_from FROM mark) IS NULL)), \
             one AS (SELECT * FROM kept ORDER BY ts, sub_us, seq LIMIT 1), \
             other AS (SELECT * FROM kept ORDER BY ts DESC, sub_us DESC, seq DESC LIMIT 1) \
             SELECT one.seq, other.seq, (extract(epoch FROM one.ts) * 1000000)::bigint, one.sub_us, \
             (extract(epoch FROM other.ts) * 1000000)::bigint, other.sub_us FROM one, other"
        );
        let rows = link.query(&query, &[])?;
        self.give_back(link);
        let Some(row) = rows.first() else { return Ok(None) };
        let nanos = |micros: i64, sub_us: i16| Nanos(micros * 1_000 + i64::from(sub_us));
        Ok(Some(TickSpan {
            first: nanos(row.get(2), row.get(3)),
            last: nanos(row.get(4), row.get(5)),
            first_seq: row.get::<_, i64>(0) as u64,
            last_seq: row.get::<_, i64>(1) as u64,
        }))
    }

    /// The ticks of a symbol with engine time in `from..to`, by sequence number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn ticks(
        &self,
        symbol: SymbolId,
        kind: TickKind,
        from: Nanos,
        to: Nanos,
    ) -> Result<TickRows, StoreError> {
        let link = self.link()?;
        let mut rows = TickRows {
            stream: None,
            link: None,
            idle: Arc::clone(&self.idle),
            reader: Reader::default(),
            symbol,
            kind,
            from,
            to,
        };
        let Some((run, number)) = self.numbers(&link, symbol)? else { return Ok(rows) };
        let (schema, table, columns) = (&self.target.settings.schema, kind.table(), kind.columns());
        // Bounds to the microsecond; the nanoseconds are looked at here.
        let (low, high) = (literal(from), literal(to));
        let statement = format!(
            "COPY (SELECT seq, ts, sub_us, ts_event_ns, {columns} FROM {schema}.{table} WHERE run = {run} \
             AND symbol = {number} AND ts >= {low} AND ts <= {high} ORDER BY seq) TO STDOUT (FORMAT binary)"
        );
        rows.stream = Some(Box::pin(link.copy_out(&statement)?));
        rows.link = Some(link);
        Ok(rows)
    }

    fn give_back(&self, link: Link) {
        keep(&self.idle, link);
    }
}

fn keep(idle: &Mutex<Vec<Link>>, link: Link) {
    let mut idle = idle.lock().unwrap_or_else(PoisonError::into_inner);
    if idle.len() < IDLE_LINKS_MAX {
        idle.push(link);
    }
}

/// Ticks as they come.
pub struct TickRows {
    /// Before the link, so that it is dropped before it.
    stream: Option<Pin<Box<CopyOutStream>>>,
    link: Option<Link>,
    idle: Arc<Mutex<Vec<Link>>>,
    reader: Reader,
    symbol: SymbolId,
    kind: TickKind,
    from: Nanos,
    to: Nanos,
}

impl TickRows {
    /// Adds up to `max` more ticks to `ticks`; `false` at the end.
    ///
    /// # Errors
    /// [`StoreError`]; what was added before is right.
    pub fn read(&mut self, ticks: &mut Vec<Event>, max: usize) -> Result<bool, StoreError> {
        let start = ticks.len();
        while ticks.len() - start < max {
            let (Some(stream), Some(link)) = (&mut self.stream, &self.link) else { return Ok(false) };
            let malformed = || unavailable(&link.target().name, "it sent rows of another form".to_owned());
            match self.reader.row::<8>().map_err(|_| malformed())? {
                Some(row) => {
                    let tick = self.tick(row).ok_or_else(malformed)?;
                    if (self.from..self.to).contains(&tick.ts) {
                        ticks.push(tick);
                    }
                }
                None => match link.next_piece(stream.try_next())? {
                    Some(piece) => self.reader.push(&piece),
                    None => self.finish(),
                },
            }
        }
        Ok(true)
    }

    fn finish(&mut self) {
        self.stream = None;
        if let Some(link) = self.link.take() {
            keep(&self.idle, link);
        }
    }

    /// The event of a row: seq, ts, sub_us, ts_event_ns and four more.
    fn tick(&self, row: [Option<i64>; 8]) -> Option<Event> {
        let [seq, micros, sub_us, ts_event, one, two, three, four] = row;
        let ts = join(micros?, i16::try_from(sub_us?).ok()?);
        let ts_event = Nanos(ts_event?);
        let event = match self.kind {
            TickKind::Trades => {
                let aggressor = i8::try_from(three?).ok()?;
                let trade = Trade {
                    ts_event,
                    price: Price::from_raw(one?)?,
                    size: Quantity::from_raw(two?)?,
                    aggressor,
                };
                Event::trade(ts, self.symbol, trade)
            }
            TickKind::Quotes => {
                let (bid, ask) = (Price::from_raw(one?)?, Price::from_raw(two?)?);
                let size = |raw: Option<i64>| raw.map(Quantity::from_raw);
                let (bid_size, ask_size) = (size(three), size(four));
                if bid_size == Some(None) || ask_size == Some(None) {
                    return None;
                }
                let quote =
                    Quote { ts_event, bid, ask, bid_size: bid_size.flatten(), ask_size: ask_size.flatten() };
                Event::quote(ts, self.symbol, quote)
            }
        };
        Some(Event { seq: u64::try_from(seq?).ok()?, ..event })
    }
}
