//! Sorting within a window of time: rows that come a little late take their place again.
//!
//! A row is released when one at least `window` later has been seen, or at the end; rows of equal time
//! keep their order. A row is late by its distance from the newest row seen. Late by at most `window`, it takes
//! its place; by more, it is given back, whatever has been released: what is accepted must not depend on gaps.

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
    ///
    /// # Errors
    /// The row itself, if it is later than the window allows; nothing has changed then.
    pub fn push(&mut self, ts: Nanos, row: T, mut release: impl FnMut(T)) -> Result<(), T> {
        if ts.0 < self.latest.0.saturating_sub(self.window.0) {
            return Err(row);
        }
        self.latest = self.latest.max(ts);
        self.held.push(Reverse(Held { ts, arrival: self.arrivals, row }));
        self.arrivals += 1;
        let certain = Nanos(self.latest.0.saturating_sub(self.window.0));
        while self.held.peek().is_some_and(|Reverse(held)| held.ts <= certain) {
            if let Some(Reverse(held)) = self.held.pop() {
                release(held.row);
            }
        }
        Ok(())
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

    /// What came out in which order, and what was given back.
    #[derive(Debug, PartialEq)]
    struct Sorted {
        out: Vec<(i64, usize)>,
        late: Vec<(i64, usize)>,
    }

    fn run(window: i64, times: &[i64]) -> Sorted {
        let mut sorter = ReorderWindow::new(Nanos(window));
        let (mut out, mut late) = (Vec::new(), Vec::new());
        for (index, &ts) in times.iter().enumerate() {
            if let Err(row) = sorter.push(Nanos(ts), (ts, index), |row| out.push(row)) {
                late.push(row);
            }
        }
        sorter.finish(|row| out.push(row));
        Sorted { out, late }
    }

    fn check(window: i64, times: &[i64], expected: &[i64], late: &[i64]) {
        let times_of = |rows: Vec<(i64, usize)>| rows.into_iter().map(|(ts, _)| ts).collect::<Vec<_>>();
        let sorted = run(window, times);
        assert_eq!(
            (times_of(sorted.out), times_of(sorted.late)),
            (expected.to_vec(), late.to_vec()),
            "{times:?}"
        );
    }

    #[test]
    fn late_rows_take_their_place_or_are_given_back() {
        check(10, &[1, 5, 3, 20, 12, 10, 30], &[1, 3, 5, 10, 12, 20, 30], &[]);
        check(10, &[1, 20, 10, 9, 30], &[1, 10, 20, 30], &[9]);
        check(10, &[1, 12, 30, 5, 31], &[1, 12, 30, 31], &[5]);
        // Nothing newer than 50 has been released, but it is 50 behind the newest.
        check(1, &[0, 100, 50], &[0, 100], &[50]);
        check(1, &[i64::MIN, i64::MAX, 0], &[i64::MIN, i64::MAX], &[0]);
        check(i64::MAX, &[i64::MIN, 0, i64::MIN + 1], &[i64::MIN, i64::MIN + 1, 0], &[]);
    }

    proptest! {
        #[test]
        fn rows_within_the_window_come_out_stably_sorted(
            steps in prop::collection::vec((0_i64..5, 0_i64..20), 0..200),
            window in 1_i64..15,
        ) {
            let mut now = 0;
            let times: Vec<i64> = steps.iter().map(|(step, late)| { now += step; now - late }).collect();
            let rows = || times.iter().copied().zip(0..);
            let newest = |row: usize| times[..=row].iter().copied().max().unwrap();
            let (mut out, late): (Vec<_>, Vec<_>) = rows().partition(|&(ts, row)| newest(row) - ts <= window);
            out.sort();
            prop_assert_eq!(run(window, &times), Sorted { out, late });
        }
    }
}
