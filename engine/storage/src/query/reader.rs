//! The reader: ticks of a span from several sources, as if they were one.
//!
//! Not here: merging symbols and kinds (`feed`).

use super::cover::{Cover, cover};
use super::{Source, Span, TickKind, Ticks};
use crate::StoreError;
use model::{Event, Nanos};
use std::fmt;

/// What to do about spans that no source has whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holes {
    /// They are an error.
    Refuse,
    /// They are named in the [`Reading`], and nothing is read there.
    Report,
}

/// A time as people write it.
fn utc(ts: Nanos) -> jiff::Timestamp {
    jiff::Timestamp::from_nanosecond(ts.0.into()).expect("64 bits of nanoseconds are in range")
}

/// Why ticks could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueryError {
    /// No source has them.
    Hole {
        /// Whose.
        symbol: String,
        /// Which.
        kind: TickKind,
        /// The first hole.
        span: Span,
        /// The sources that were asked.
        sources: Vec<String>,
    },
    /// A source failed.
    Store(StoreError),
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hole { symbol, kind, span, sources } => {
                let (from, to, kind) = (utc(span.from), utc(span.to), kind.name());
                write!(
                    f,
                    "no {kind} of {symbol} from {from} to {to} are stored ({} were asked); ",
                    sources.join(", ")
                )?;
                write!(f, "ask for another span, or leave them out with data.stored_holes = \"report\"")
            }
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for QueryError {}

impl From<StoreError> for QueryError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Reads from several sources.
pub struct TickReader {
    sources: Vec<Box<dyn Source>>,
}

impl fmt::Debug for TickReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.sources.iter().map(|source| source.name())).finish()
    }
}

/// Ticks of one symbol and kind, in order.
pub struct Reading {
    pieces: std::vec::IntoIter<Box<dyn Ticks>>,
    current: Option<Box<dyn Ticks>>,
    holes: Vec<Span>,
    open_from: Option<Nanos>,
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading")
            .field("holes", &self.holes)
            .field("open_from", &self.open_from)
            .finish_non_exhaustive()
    }
}

impl TickReader {
    /// From these, the newest first.
    pub fn new(sources: Vec<Box<dyn Source>>) -> Self {
        Self { sources }
    }

    /// The ticks of a symbol and kind in a span of engine time.
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn read(
        &mut self,
        symbol: &str,
        kind: TickKind,
        wanted: Span,
        holes: Holes,
    ) -> Result<Reading, QueryError> {
        let spans = self.sources.iter_mut().map(|source| source.spans(symbol, kind));
        let held: Vec<Vec<Span>> = spans.collect::<Result<_, _>>()?;
        let mut found = cover(wanted, &held);
        let open_from = open_end(&mut found, wanted);
        if let (Holes::Refuse, Some(span)) = (holes, found.holes.first()) {
            let sources = self.sources.iter().map(|source| source.name()).collect();
            return Err(QueryError::Hole { symbol: symbol.to_owned(), kind, span: *span, sources });
        }
        let pieces =
            found.pieces.iter().map(|piece| self.sources[piece.source].ticks(symbol, kind, piece.span));
        let pieces: Vec<Box<dyn Ticks>> = pieces.collect::<Result<_, _>>()?;
        Ok(Reading { pieces: pieces.into_iter(), current: None, holes: found.holes, open_from })
    }
}

/// Lets the piece that goes furthest go to the end of what is wanted; gives from when on that may not be whole.
fn open_end(found: &mut Cover, wanted: Span) -> Option<Nanos> {
    let end = found.holes.last()?;
    let last = found.pieces.last_mut()?;
    if last.span.to != end.from || end.to != wanted.to {
        return None;
    }
    last.span.to = wanted.to;
    found.holes.pop().map(|end| end.from)
}

impl Reading {
    /// What no source has whole, ascending; empty if holes are refused.
    pub fn holes(&self) -> &[Span] {
        &self.holes
    }

    /// From when on more ticks may come than are stored by now; `None` if all that is wanted is whole.
    pub fn open_from(&self) -> Option<Nanos> {
        self.open_from
    }
}

impl Ticks for Reading {
    fn read(&mut self, ticks: &mut Vec<Event>) -> Result<(), StoreError> {
        let before = ticks.len();
        loop {
            if let Some(current) = &mut self.current {
                current.read(ticks)?;
                if ticks.len() > before {
                    return Ok(());
                }
            }
            self.current = self.pieces.next();
            if self.current.is_none() {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests;
