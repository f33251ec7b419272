//! Batches: what a tier stores at a time.

use crate::Record;
use model::{Event, Nanos};
use std::ops::RangeInclusive;

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
/// Batches of a stream come in order and do not overlap. One that begins right above the watermark leaves nothing out.
/// One that begins higher leaves a hole ([`Batch::hole`]): what stood there was dropped, or lost by the store, or never
/// offered to it, and whoever reads the store must not be told that it is whole there. A stream begins at 1.
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

    /// The sequence numbers between the watermark and this batch, of which nothing will be stored.
    pub fn hole(&self, watermark: u64) -> Option<RangeInclusive<u64>> {
        (self.first_seq > watermark + 1).then(|| watermark + 1..=self.first_seq - 1)
    }

    /// Engine time of its first and last row; `None` if it has none.
    pub fn times(&self) -> Option<(Nanos, Nanos)> {
        match &self.rows {
            Rows::Ticks(ticks) => Some((ticks.first()?.ts, ticks.last()?.ts)),
            Rows::Results(records) => Some((records.first()?.ts(), records.last()?.ts())),
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::trade;

    #[test]
    fn a_batch_is_cut_at_the_watermark_and_shows_its_hole() {
        let whole = || Batch {
            first_seq: 3,
            last_seq: 9,
            rows: Rows::Ticks([4, 6, 9].map(|seq| trade(seq, seq as i64, 0)).to_vec()),
        };
        let cut = |watermark| {
            let mut batch = whole();
            batch.trim(watermark).then_some((batch.first_seq, batch.len()))
        };
        let cuts = [0, 2, 4, 8, 9].map(cut);
        assert_eq!(cuts, [Some((3, 3)), Some((3, 3)), Some((5, 2)), Some((9, 1)), None]);
        assert_eq!([0, 1, 2].map(|watermark| whole().hole(watermark)), [Some(1..=2), Some(2..=2), None]);
        assert_eq!(whole().times(), Some((Nanos(4), Nanos(9))));
    }
}
