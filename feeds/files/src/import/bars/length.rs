//! How long a file's bars are: the most common difference between successive times of a symbol.
//!
//! Not the smallest: one mistyped time would decide it. Where bars are missing, the differences grow, but the
//! most common one stays. Of equally common ones it is the smallest.

use model::Nanos;
use std::collections::BTreeMap;

/// Different differences that are counted; those that come first.
const DIFFERENCES_MAX: usize = 65_536;

/// Counts differences between successive times.
#[derive(Debug, Default)]
pub(super) struct Differences {
    counts: BTreeMap<i64, u64>,
    /// The last time by key of the symbol.
    last: Vec<Option<Nanos>>,
}

impl Differences {
    /// Takes the next row's time; `symbol` is a small number of the row's symbol.
    pub(super) fn push(&mut self, symbol: usize, ts: Nanos) {
        if self.last.len() <= symbol {
            self.last.resize(symbol + 1, None);
        }
        let Some(last) = self.last[symbol].replace(ts) else { return };
        let difference = ts.0.saturating_sub(last.0);
        let is_counted = self.counts.len() < DIFFERENCES_MAX || self.counts.contains_key(&difference);
        if difference > 0 && is_counted {
            *self.counts.entry(difference).or_default() += 1;
        }
    }

    /// The most common difference; `None` if no time is later than the one before it.
    pub(super) fn most_common(&self) -> Option<Nanos> {
        let mut best = None;
        for (difference, count) in &self.counts {
            if best.is_none_or(|(_, most)| *count > most) {
                best = Some((Nanos(*difference), *count));
            }
        }
        best.map(|(difference, _)| difference)
    }
}

const UNITS: [(&str, i64); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// A length in the largest unit that divides it: `1m`.
pub(crate) fn length_text(length: Nanos) -> String {
    debug_assert!(length.0 > 0, "a length is positive");
    let unit = UNITS.iter().find(|(_, unit)| length.0 % unit == 0);
    let (name, unit) = unit.expect("1 ns divides everything");
    format!("{}{name}", length.0 / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rows: &[(usize, i64)], expected: Option<i64>) {
        let mut differences = Differences::default();
        rows.iter().for_each(|(symbol, ts)| differences.push(*symbol, Nanos(*ts)));
        assert_eq!(differences.most_common(), expected.map(Nanos), "{rows:?}");
    }

    #[test]
    fn the_most_common_difference_of_a_symbol() {
        check(&[], None);
        check(&[(0, 5)], None);
        check(&[(0, 5), (0, 5), (0, 3)], None);
        check(&[(0, 0), (0, 60)], Some(60));
        check(&[(0, 0), (0, 60), (0, 61), (0, 120), (0, 180)], Some(60));
        check(&[(0, 0), (0, 60), (0, 180), (0, 300)], Some(120));
        check(&[(0, 0), (0, 60), (0, 180)], Some(60));
        check(&[(0, 0), (3, 7), (0, 60), (3, 67), (3, 127)], Some(60));
        check(&[(0, i64::MIN), (0, i64::MAX)], Some(i64::MAX));
    }

    #[test]
    fn lengths_print_in_the_largest_unit() {
        for (length, text) in
            [(60_000_000_000, "1m"), (90_000_000_000, "90s"), (86_400_000_000_000, "1d"), (7, "7ns")]
        {
            assert_eq!(length_text(Nanos(length)), text);
        }
    }
}
