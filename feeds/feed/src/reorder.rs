//! Sorting within a window of time: rows that come a little late take their place again.
//!
//! A row is released when one at least `window` later has been seen, or at the end; rows of equal time
//! keep their order. A row that comes later than that is released at once, out of order, and the check
//! for regressions judges it.

use model::Nanos;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

struct Held<T> {
    ts: Nanos,
    arrival: u64,
    row: T,
}

impl<T> PartialEq for Held<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.ts, self.arrival) == (other.ts, other.arrival)
    }
}

impl<T> Eq for Held<T> {}

impl<T> PartialOrd for Held<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Held<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.ts, self.arrival).cmp(&(other.ts, other.arrival))
    }
}

/// Holds the rows of one source and symbol until their order is certain.
pub struct ReorderWindow<T> {
    window: Nanos,
    latest: Nanos,
    arrivals: u64,
    held: BinaryHeap<Reverse<Held<T>>>,
}

impl<T> ReorderWindow<T> {
    /// An empty window of a positive length.
    pub fn new(window: Nanos) -> Self {
        debug_assert!(window.0 > 0, "without a window nothing is held");
        Self { window, latest: Nanos::MIN, arrivals: 0, held: BinaryHeap::new() }
    }

    /// Takes the next row and gives out those whose order is now certain.
    pub fn push(&mut self, ts: Nanos, row: T, mut release: impl FnMut(T)) {
        self.latest = self.latest.max(ts);
        self.held.push(Reverse(Held { ts, arrival: self.arrivals, row }));
        self.arrivals += 1;
        let certain = Nanos(self.latest.0.saturating_sub(self.window.0));
        while self.held.peek().is_some_and(|Reverse(held)| held.ts <= certain) {
            if let Some(Reverse(held)) = self.held.pop() {
                release(held.row);
            }
        }
    }

    /// Gives out all that is held.
    pub fn finish(&mut self, mut release: impl FnMut(T)) {
        while let Some(Reverse(held)) = self.held.pop() {
            release(held.row);
        }
    }

    /// The earliest row that is held.
    pub fn earliest(&self) -> Option<&T> {
        self.held.peek().map(|Reverse(held)| &held.row)
    }

    /// All that is held, in no order.
    pub fn held(&self) -> impl Iterator<Item = &T> {
        self.held.iter().map(|Reverse(held)| &held.row)
    }
}

impl<T> std::fmt::Debug for ReorderWindow<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ReorderWindow({} ns, {} held)", self.window.0, self.held.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(window: i64, times: &[i64]) -> Vec<(i64, usize)> {
        let mut sorter = ReorderWindow::new(Nanos(window));
        let mut out = Vec::new();
        for (index, &ts) in times.iter().enumerate() {
            sorter.push(Nanos(ts), (ts, index), |row| out.push(row));
        }
        sorter.finish(|row| out.push(row));
        out
    }

    #[test]
    fn late_rows_take_their_place() {
        let times =
            |window, times: &[i64]| run(window, times).into_iter().map(|(ts, _)| ts).collect::<Vec<_>>();
        assert_eq!(times(10, &[1, 5, 3, 20, 12, 10, 30]), [1, 3, 5, 10, 12, 20, 30]);
        assert_eq!(times(10, &[1, 20, 9, 30]), [1, 9, 20, 30]);
        assert_eq!(times(10, &[1, 12, 30, 5, 31]), [1, 12, 5, 30, 31]);
    }

    proptest! {
        #[test]
        fn rows_within_the_window_come_out_stably_sorted(steps in prop::collection::vec((0_i64..5, 0_i64..10), 0..200)) {
            // Each row is late by less than the window, so the whole must come out sorted.
            let mut now = 0;
            let times: Vec<i64> = steps.iter().map(|(step, late)| { now += step; now - late }).collect();
            let mut expected: Vec<(i64, usize)> = times.iter().copied().zip(0..).collect();
            expected.sort();
            prop_assert_eq!(run(10, &times), expected);
        }
    }
}
