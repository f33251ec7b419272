//! The volume by bin of the last 20 bars, as one sorted list of the bins that have any.
//!
//! A list rather than a window: two trades a thousand million apart are two entries. At a close the list is
//! merged once with the bar that comes and the one that goes; integers, so nothing is left behind.

use super::bins::{BINS_MAX, Bin};
use crate::room::Room;

/// Bars of the profile.
pub(super) const BARS: usize = 20;
/// Room for a bar's bins at the start; a list grows where a bar has had more, and keeps its room.
const BAR_BINS_START: usize = 256;

/// The last bars and their sum.
#[derive(Debug, Clone)]
pub(super) struct Rolling {
    /// A ring of bars, each ascending; `next` is the oldest once it is full.
    bars: [Room<Bin>; BARS],
    next: usize,
    /// Bars seen, counted no further than the ring's length.
    seen: usize,
    /// The sum of the bars, ascending, volumes positive.
    merged: Room<Bin>,
    /// Where the next sum is written.
    spare: Room<Bin>,
    /// The bar that goes.
    leaving: Room<Bin>,
    total: i128,
}

model::state!(Rolling {
    next, seen, total;
    list bars: BINS_MAX, merged: BARS * BINS_MAX;
    scratch spare, leaving;
    check |rolling| rolling.next < BARS && rolling.seen <= BARS
});

impl Rolling {
    pub(super) fn new() -> Self {
        let room = |bars: usize| Room::new(bars * BAR_BINS_START);
        Self {
            bars: std::array::from_fn(|_| room(1)),
            next: 0,
            seen: 0,
            merged: room(BARS),
            spare: room(BARS),
            leaving: room(1),
            total: 0,
        }
    }

    /// Adds the next bar, whose bins `fill` appends in ascending order, and drops the one 20 bars ago.
    pub(super) fn push(&mut self, fill: impl FnOnce(&mut Vec<Bin>)) {
        let arriving = &mut self.bars[self.next];
        std::mem::swap(arriving, &mut self.leaving);
        arriving.clear();
        fill(arriving);
        debug_assert!(arriving.is_sorted_by(|a, b| a.index < b.index), "a bar's bins ascend");
        let volume = |bins: &[Bin]| bins.iter().map(|bin| bin.volume).sum::<i128>();
        self.total += volume(arriving) - volume(&self.leaving);
        merge(&self.merged, arriving, &self.leaving, &mut self.spare);
        std::mem::swap(&mut self.merged, &mut self.spare);
        self.next = (self.next + 1) % BARS;
        self.seen = (self.seen + 1).min(BARS);
    }

    /// Whether all 20 bars are there.
    pub(super) fn is_full(&self) -> bool {
        self.seen == BARS
    }

    /// The bins with volume, ascending.
    pub(super) fn bins(&self) -> &[Bin] {
        &self.merged
    }

    /// Their sum.
    pub(super) fn total(&self) -> i128 {
        self.total
    }
}

/// `sum + arriving − leaving` without the bins that have nothing left. `leaving` is part of `sum`.
fn merge(sum: &[Bin], mut arriving: &[Bin], mut leaving: &[Bin], into: &mut Vec<Bin>) {
    into.clear();
    for bin in sum {
        let before = below(arriving, bin.index);
        into.extend_from_slice(&arriving[..before]);
        arriving = &arriving[before..];
        let volume = bin.volume + take(&mut arriving, bin.index) - take(&mut leaving, bin.index);
        debug_assert!(volume >= 0, "no more leaves than was there");
        if volume > 0 {
            into.push(Bin { index: bin.index, volume });
        }
    }
    into.extend_from_slice(arriving);
    debug_assert!(leaving.is_empty(), "what leaves was there");
}

/// The first bin's volume, taken off the list, if it is the one asked for.
#[inline]
fn take(bins: &mut &[Bin], index: i64) -> i128 {
    match bins.split_first() {
        Some((first, rest)) if first.index == index => {
            *bins = rest;
            first.volume
        }
        _ => 0,
    }
}

/// How many of the first bins lie below `index`, counted from the start: usually none.
#[inline]
fn below(bins: &[Bin], index: i64) -> usize {
    bins.iter().take_while(|bin| bin.index < index).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn is_the_sum_of_the_last_bars(
            bars in prop::collection::vec(prop::collection::btree_map(-9_i64..9, 1_i128..5, 0..8), 1..70),
        ) {
            let mut rolling = Rolling::new();
            for (i, bar) in bars.iter().enumerate() {
                let bins = bar.iter().map(|(index, volume)| Bin { index: *index, volume: *volume });
                rolling.push(|into| into.extend(bins));
                let mut expected = BTreeMap::new();
                for (index, volume) in bars[(i + 1).saturating_sub(BARS)..=i].iter().flatten() {
                    *expected.entry(*index).or_insert(0) += *volume;
                }
                prop_assert_eq!(rolling.total(), expected.values().sum::<i128>());
                let got: Vec<_> = rolling.bins().iter().map(|bin| (bin.index, bin.volume)).collect();
                prop_assert_eq!(got, expected.into_iter().collect::<Vec<_>>());
                prop_assert_eq!(rolling.is_full(), i + 1 >= BARS);
            }
        }
    }
}
