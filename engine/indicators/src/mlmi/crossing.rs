//! Crossings of WMA5 and WMA20 of the close, decided on integers.
//!
//! WMA5 = Σ₅/15 and WMA20 = Σ₂₀/210 with Σ the sums weighted 1..n, so WMA5 > WMA20 exactly if 14·Σ₅ > Σ₂₀.

use crate::Wma;
use model::Price;

const BARS_SLOW: u32 = 20;
const BARS_FAST: u32 = 5;
/// (1 + … + 20)/(1 + … + 5).
const RATIO: i128 = 14;

const _: () = assert!(
    BARS_SLOW * (BARS_SLOW + 1) == RATIO as u32 * BARS_FAST * (BARS_FAST + 1),
    "the ratio is that of the weights"
);

/// Where the short average stands against the long one.
#[derive(Debug, Clone)]
pub(super) struct Crossings {
    fast: Wma,
    slow: Wma,
    /// Whether the short average was above the long one at the last bar.
    above: Option<bool>,
}

model::state!(Crossings { fast, slow, above });

impl Crossings {
    pub(super) fn new() -> Self {
        Self { fast: Wma::new(BARS_FAST), slow: Wma::new(BARS_SLOW), above: None }
    }

    /// Takes the next close; whether this bar is a crossing. The first can be the 21st.
    pub(super) fn update(&mut self, close: Price) -> bool {
        self.fast.update(close);
        self.slow.update(close);
        let Some((fast, slow)) = self.fast.weighted_sum().zip(self.slow.weighted_sum()) else { return false };
        let above = RATIO * fast > slow;
        self.above.replace(above).is_some_and(|before| before != above)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crossings_of(closes: impl IntoIterator<Item = i64>) -> Vec<usize> {
        let mut crossings = Crossings::new();
        (1..)
            .zip(closes)
            .filter(|(_, close)| crossings.update(Price::new(*close)))
            .map(|(bar, _)| bar)
            .collect()
    }

    #[test]
    fn one_unit_decides() {
        let max = 999_999_999_999_999_999;
        for level in [-max, 0, max - 1] {
            let flat = std::iter::repeat_n(level, 30);
            // Up by one unit at bar 31; from bar 50 on all twenty are equal again.
            assert_eq!(crossings_of(flat.chain([level + 1; 30])), [31, 50], "{level}");
        }
    }

    #[test]
    fn the_first_truth_is_no_crossing() {
        assert_eq!(crossings_of(0..100), [0_usize; 0]);
        assert_eq!(crossings_of((0..20).chain((0..3).map(|i| -100 - i))), [21]);
    }
}
