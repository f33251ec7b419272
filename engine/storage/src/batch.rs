//! Batches: what a tier stores at a time.

use crate::Record;
use model::Event;

/// The two streams that a tier stores, each in the order of its sequence numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Accepted ticks.
    Ticks,
    /// What the engine made of its inputs: bars, indicator values, decisions, orders, fills, accounts.
    Results,
}

impl Stream {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Ticks, Self::Results];

    /// The name used in stores.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ticks => "ticks",
            Self::Results => "results",
        }
    }
}

/// A batch's rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Rows {
    /// Inputs of kind trade or quote, by ascending sequence number.
    Ticks(Vec<Event>),
    /// Results, by ascending sequence number; several may have one.
    Results(Vec<Record>),
}

/// Everything of one stream whose sequence number is in `first_seq..=last_seq`.
///
/// Batches of a stream come in order and do not overlap; between two of them there is nothing of that stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// The first sequence number that it speaks for.
    pub first_seq: u64,
    /// The last sequence number that it speaks for: the stream's watermark once it is stored.
    pub last_seq: u64,
    /// The rows.
    pub rows: Rows,
}

impl Batch {
    /// Which stream it is of.
    pub const fn stream(&self) -> Stream {
        match self.rows {
            Rows::Ticks(_) => Stream::Ticks,
            Rows::Results(_) => Stream::Results,
        }
    }

    /// How many rows it has.
    pub fn len(&self) -> usize {
        match &self.rows {
            Rows::Ticks(ticks) => ticks.len(),
            Rows::Results(records) => records.len(),
        }
    }

    /// Whether it only moves the watermark.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Drops the rows at or below `watermark`, which are stored already; `false` if nothing is left to store.
    pub fn trim(&mut self, watermark: u64) -> bool {
        if self.last_seq <= watermark {
            return false;
        }
        if self.first_seq <= watermark {
            self.first_seq = watermark + 1;
            match &mut self.rows {
                Rows::Ticks(ticks) => ticks.retain(|tick| tick.seq > watermark),
                Rows::Results(records) => records.retain(|record| record.seq() > watermark),
            }
        }
        true
    }
}
