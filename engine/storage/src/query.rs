//! Reading ticks back, across stores: newest source first, no gap, no duplicate.
//!
//! A [`Source`] says in which spans of engine time it holds every tick of a symbol and kind. The reader covers what is
//! wanted with pieces of such spans, each instant from the first source that has it whole. Spans are half-open and
//! whole: all ticks of one instant come from one source, in its order, so equal times at a cut need no care.
//!
//! What no source has whole is a hole: an error, or reported, as the caller wants. The newest instants are a case of
//! their own: of the last one that is stored, more ticks may come. They are read as far as they are stored, from the
//! source that goes furthest, and the reading says from when on it may not be whole ([`Reading::open_from`]).
//! Not here: stores; which sources there are.

mod cover;
mod feed;
mod reader;

pub use catalog::TickKind;
pub use feed::StoredFeed;
pub use reader::{Holes, QueryError, Reading, TickReader};

use crate::StoreError;
use model::{Event, Nanos};

/// A half-open span of engine time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first instant in it.
    pub from: Nanos,
    /// The first instant after it.
    pub to: Nanos,
}

impl Span {
    /// From `from` until right before `to`; `None` if there is no instant in it.
    pub fn new(from: Nanos, to: Nanos) -> Option<Self> {
        (from < to).then_some(Self { from, to })
    }

    /// What both have.
    pub fn intersection(self, other: Self) -> Option<Self> {
        Self::new(self.from.max(other.from), self.to.min(other.to))
    }

    /// What it has and `other` has not: before it and after it.
    pub fn without(self, other: Self) -> [Option<Self>; 2] {
        [Self::new(self.from, self.to.min(other.from)), Self::new(self.from.max(other.to), self.to)]
    }
}

/// A store as it can be read: a snapshot. What `spans` says it holds, `ticks` gives, whatever the store forgets
/// meanwhile.
pub trait Source: Send {
    /// What it is, for people.
    fn name(&self) -> String;

    /// The symbols of which it holds ticks, in any order.
    ///
    /// # Errors
    /// [`StoreError`].
    fn symbols(&mut self) -> Result<Vec<String>, StoreError>;

    /// The spans of engine time in which it holds every tick of this symbol and kind, ascending, not touching. A source
    /// that never had such a tick has none.
    ///
    /// # Errors
    /// [`StoreError`].
    fn spans(&mut self, symbol: &str, kind: TickKind) -> Result<Vec<Span>, StoreError>;

    /// The ticks that it holds of this symbol and kind with an engine time in `span`, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    fn ticks(&mut self, symbol: &str, kind: TickKind, span: Span) -> Result<Box<dyn Ticks>, StoreError>;
}

/// Ticks, as they are read.
pub trait Ticks: Send {
    /// Appends the next ticks, some thousands at most; none: there are no more. `seq` and `symbol` are the source's
    /// own and mean nothing to others.
    ///
    /// # Errors
    /// [`StoreError`].
    fn read(&mut self, ticks: &mut Vec<Event>) -> Result<(), StoreError>;
}

/// Ticks that are in memory.
#[derive(Debug)]
pub struct TicksInMemory(Vec<Event>);

impl TicksInMemory {
    /// Those of `ticks` that are of this kind and in this span.
    pub fn new<'a>(ticks: impl Iterator<Item = &'a Event>, kind: TickKind, span: Span) -> Self {
        let is_wanted =
            |tick: &&Event| TickKind::of(tick) == Some(kind) && (span.from..span.to).contains(&tick.ts);
        Self(ticks.filter(is_wanted).copied().collect())
    }
}

impl Ticks for TicksInMemory {
    fn read(&mut self, ticks: &mut Vec<Event>) -> Result<(), StoreError> {
        ticks.append(&mut self.0);
        Ok(())
    }
}
