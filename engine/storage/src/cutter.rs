//! The cutter: a stream of rows into batches, by rows and by time.
//!
//! A batch ends only between two sequence numbers, so that its watermark speaks for all of one number's rows.
//! Not here: whose clock says that a batch waited long enough (`tiers`).

use crate::{Batch, Rows};

/// Rows after which a batch is cut.
pub(crate) const BATCH_ROWS: usize = 4096;

/// One stream's rows that are in no batch yet.
#[derive(Debug)]
pub(crate) struct Cutter<T> {
    rows: Vec<T>,
    /// Everything at or below is in a batch.
    cut: u64,
    /// The number of the last row.
    last: u64,
    wrap: fn(Vec<T>) -> Rows,
}

impl<T> Cutter<T> {
    /// A stream that begins above `above`; `wrap` makes a batch's rows of it.
    pub fn new(above: u64, wrap: fn(Vec<T>) -> Rows) -> Self {
        Self { rows: Vec::new(), cut: above, last: above, wrap }
    }

    /// The number of the last row, or where the stream begins.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Whether no row waits.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Adds the rows of one number; gives a batch if one is full.
    ///
    /// # Panics
    /// If the number is not above the last.
    pub fn add(&mut self, seq: u64, rows: impl IntoIterator<Item = T>) -> Option<Batch> {
        assert!(seq > self.last, "a stream's numbers rise: {seq} comes after {}", self.last);
        if self.rows.capacity() == 0 {
            self.rows.reserve(BATCH_ROWS);
        }
        self.rows.extend(rows);
        self.last = seq;
        if self.rows.len() >= BATCH_ROWS { self.cut() } else { None }
    }

    /// A batch of what waits; `None` if nothing does.
    pub fn cut(&mut self) -> Option<Batch> {
        if self.rows.is_empty() {
            return None;
        }
        let rows = std::mem::take(&mut self.rows);
        let first_seq = self.cut + 1;
        self.cut = self.last;
        Some(Batch { first_seq, last_seq: self.last, rows: (self.wrap)(rows) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{records, trade};

    #[test]
    fn batches_join_without_a_hole_and_never_part_a_number() {
        let mut ticks = Cutter::new(4, Rows::Ticks);
        assert_eq!((ticks.cut(), ticks.last()), (None, 4));
        assert_eq!(ticks.add(7, [trade(7, 7, 0)]), None);
        let batch = ticks.cut().expect("a row waits");
        assert_eq!((batch.first_seq, batch.last_seq, batch.len()), (5, 7, 1));
        let full = (8..8 + BATCH_ROWS as u64).find_map(|seq| ticks.add(seq, [trade(seq, 1, 0)]));
        let batch = full.expect("a batch is full");
        assert_eq!((batch.first_seq, batch.len(), ticks.is_empty()), (8, BATCH_ROWS, true));

        let mut results = Cutter::new(0, Rows::Results);
        let batch = (1..).find_map(|seq| results.add(2 * seq, records(2 * seq))).expect("a batch is full");
        let per_number = records(1).len();
        assert_eq!(batch.len(), BATCH_ROWS.next_multiple_of(per_number));
        assert_eq!(batch.last_seq, 2 * (batch.len() / per_number) as u64);
    }

    #[test]
    #[should_panic(expected = "a stream's numbers rise")]
    fn numbers_that_fall_are_the_callers_mistake() {
        let mut ticks = Cutter::new(4, Rows::Ticks);
        ticks.add(4, [trade(4, 4, 0)]);
    }
}
