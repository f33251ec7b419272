//! Ticks out of Redis: of each symbol the last 1,000, as they were when it was first asked for.
//!
//! A list is the unbroken end of a symbol's ticks, but of its oldest instant some may be gone: what is claimed begins
//! right after that.
//! Not here: hashes, which are for others.

use super::error::Context;
use super::pack::unpack_tick;
use super::{RedisConfig, SCHEMA};
use crate::StoreError;
use crate::query::{Source, Span, TickKind, Ticks, TicksInMemory};
use ::redis::{Commands, Connection};
use model::{Event, Nanos};
use std::collections::{BTreeMap, BTreeSet};

/// What a prefix holds.
pub struct RedisSource {
    prefix: String,
    connection: Connection,
    context: Context,
    symbols: BTreeMap<String, Snapshot>,
}

#[derive(Default)]
struct Snapshot {
    /// Oldest first.
    ticks: Vec<Event>,
    span: Option<Span>,
}

type Answer = (Vec<Vec<u8>>, (Option<u64>, Option<i64>));

impl RedisSource {
    /// Connects.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(config: &RedisConfig) -> Result<Self, StoreError> {
        let (connection, context) = config.connect()?;
        Ok(Self { prefix: config.prefix.clone(), connection, context, symbols: BTreeMap::new() })
    }

    fn snapshot(&mut self, symbol: &str) -> Result<&Snapshot, StoreError> {
        if !self.symbols.contains_key(symbol) {
            let snapshot = self.take(symbol)?;
            self.symbols.insert(symbol.to_owned(), snapshot);
        }
        Ok(&self.symbols[symbol])
    }

    fn take(&mut self, symbol: &str) -> Result<Snapshot, StoreError> {
        let (ticks, (schema, last)): Answer = ::redis::pipe()
            .atomic()
            .lrange(format!("{}:ticks:{symbol}", self.prefix), 0, -1)
            .cmd("HMGET")
            .arg(format!("{}:state", self.prefix))
            .arg("schema")
            .arg("ticks_ts")
            .query(&mut self.connection)
            .map_err(|error| self.context.of(&error))?;
        if let Some(schema) = schema.filter(|schema| *schema > SCHEMA) {
            let why = format!("it has layout {schema}, and this program knows {SCHEMA}; update the program");
            return Err(self.context.refused(why));
        }
        let ticks: Option<Vec<Event>> = ticks.iter().rev().map(|bytes| unpack_tick(bytes)).collect();
        let ticks = ticks
            .ok_or_else(|| self.context.refused(format!("the ticks of {symbol} are not this program's")))?;
        let oldest = ticks.first().map(|tick| tick.ts.saturating_add(Nanos(1)));
        let span = oldest.zip(last).and_then(|(from, to)| Span::new(from, Nanos(to)));
        Ok(Snapshot { ticks, span })
    }
}

impl Source for RedisSource {
    fn name(&self) -> String {
        self.context.name.clone()
    }

    fn symbols(&mut self) -> Result<Vec<String>, StoreError> {
        let above = format!("{}:ticks:", self.prefix);
        // A pattern's own signs stand for themselves.
        let quoted: String = above
            .chars()
            .flat_map(|c| if "\\*?[]^-".contains(c) { vec!['\\', c] } else { vec![c] })
            .collect();
        let keys = self.connection.scan_match::<_, String>(format!("{quoted}*"));
        let keys: Vec<String> =
            keys.and_then(|keys| keys.collect::<Result<_, _>>()).map_err(|error| self.context.of(&error))?;
        let names: BTreeSet<&str> = keys.iter().filter_map(|key| key.strip_prefix(above.as_str())).collect();
        Ok(names.into_iter().map(str::to_owned).collect())
    }

    fn spans(&mut self, symbol: &str, kind: TickKind) -> Result<Vec<Span>, StoreError> {
        let snapshot = self.snapshot(symbol)?;
        let has_kind = snapshot.ticks.iter().any(|tick| TickKind::of(tick) == Some(kind));
        Ok(snapshot.span.into_iter().filter(|_| has_kind).collect())
    }

    fn ticks(&mut self, symbol: &str, kind: TickKind, span: Span) -> Result<Box<dyn Ticks>, StoreError> {
        Ok(Box::new(TicksInMemory::new(self.snapshot(symbol)?.ticks.iter(), kind, span)))
    }
}
