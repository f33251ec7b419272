//! A bar in the making.

use model::{DivRem, Price, StreamHash, div_rem_floor};

/// What has been seen of one bar so far. `trades == 0` means that it is not open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Partial {
    pub open: i64,
    pub high: i64,
    pub low: i64,
    pub close: i64,
    /// Sum of sizes, in units of 1e-9.
    pub volume: i128,
    /// Σ (price − open) · size, in units of 1e-18: small numbers, so that the sum stays exact.
    excess: i128,
    pub trades: u32,
    /// The excess left 128 bits (prices and sizes at their limits): the bar has no vwap.
    excess_lost: bool,
}

model::value!(Partial { open, high, low, close, volume, excess, trades, excess_lost });

impl Partial {
    /// A bar without ticks, at the last close.
    #[inline]
    pub fn flat(close: Price) -> Self {
        let close = close.raw();
        Self { open: close, high: close, low: close, close, ..Self::default() }
    }

    #[inline]
    pub fn is_open(&self) -> bool {
        self.trades > 0
    }

    /// Adds one tick; price and size in units of 1e-9, in their ranges.
    #[inline]
    pub fn add(&mut self, price: i64, size: i64) {
        if self.trades == 0 {
            *self = Self { open: price, high: price, low: price, ..Self::default() };
        }
        self.high = self.high.max(price);
        self.low = self.low.min(price);
        self.close = price;
        self.volume += i128::from(size);
        let (excess, overflow) =
            self.excess.overflowing_add(i128::from(price - self.open) * i128::from(size));
        self.excess = excess;
        self.excess_lost |= overflow;
        self.trades = self.trades.saturating_add(1);
    }

    /// Adds a whole shorter bar that follows what was seen so far.
    #[inline]
    pub fn add_bar(&mut self, bar: &Self) {
        debug_assert!(bar.is_open(), "only bars with ticks are rolled up");
        if self.trades == 0 {
            *self = *bar;
            return;
        }
        self.high = self.high.max(bar.high);
        self.low = self.low.min(bar.low);
        self.close = bar.close;
        self.volume += bar.volume;
        let shift = i128::from(bar.open - self.open).checked_mul(bar.volume);
        match shift
            .and_then(|shift| shift.checked_add(bar.excess))
            .and_then(|sum| sum.checked_add(self.excess))
        {
            Some(sum) => self.excess = sum,
            None => self.excess_lost = true,
        }
        self.excess_lost |= bar.excess_lost;
        self.trades = self.trades.saturating_add(bar.trades);
    }

    /// Σ price · size / Σ size, rounded half-even; `None` without volume.
    #[inline]
    pub fn vwap(&self) -> Option<Price> {
        if self.volume <= 0 || self.excess_lost {
            return None;
        }
        let DivRem { quotient, remainder } = div_rem_floor(self.excess, self.volume);
        let whole = i128::from(self.open) + quotient;
        // Compare with the half without doubling, which could leave 128 bits.
        let up = match remainder.cmp(&(self.volume - remainder)) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Greater => 1,
            std::cmp::Ordering::Equal => whole & 1,
        };
        let raw = i64::try_from(whole + up).expect("a mean of prices lies between them");
        Some(Price::new(raw))
    }

    pub fn hash(&self, hash: &mut StreamHash) {
        let Self { open, high, low, close, volume, excess, trades, excess_lost } = *self;
        hash.words(&[
            open as u64,
            high as u64,
            low as u64,
            close as u64,
            u64::from(trades),
            u64::from(excess_lost),
        ]);
        hash.amount(volume);
        hash.amount(excess);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bar_of(ticks: &[(i64, i64)]) -> Partial {
        let mut bar = Partial::default();
        ticks.iter().for_each(|&(price, size)| bar.add(price, size));
        bar
    }

    #[test]
    fn vwap_ties_go_to_even() {
        assert_eq!(bar_of(&[(1, 1), (2, 1)]).vwap(), Some(Price::new(2)));
        assert_eq!(bar_of(&[(2, 1), (3, 1)]).vwap(), Some(Price::new(2)));
        assert_eq!(bar_of(&[(-2, 1), (-1, 1)]).vwap(), Some(Price::new(-2)));
        assert_eq!(bar_of(&[(5, 0)]).vwap(), None);
    }

    #[test]
    fn sums_beyond_128_bits_lose_the_vwap_only() {
        let max = Price::MAX.raw();
        let ticks: Vec<_> = (0..400).map(|i| (if i == 0 { -max } else { max }, max)).collect();
        let bar = bar_of(&ticks);
        assert_eq!((bar.vwap(), bar.high, bar.low, bar.trades), (None, max, -max, 400));
    }

    proptest! {
        #[test]
        fn rolling_up_equals_adding_ticks(
            ticks in prop::collection::vec((-1000_i64..1000, 0_i64..1000), 1..60),
            cut in 1_usize..20,
        ) {
            let whole = bar_of(&ticks);
            let mut rolled = Partial::default();
            ticks.chunks(cut).for_each(|part| rolled.add_bar(&bar_of(part)));
            prop_assert_eq!(rolled, whole);
            let volume: i64 = ticks.iter().map(|t| t.1).sum();
            let notional: i64 = ticks.iter().map(|t| t.0 * t.1).sum();
            let expected = (volume > 0)
                .then(|| Price::new(model::round_half_even(notional.into(), volume.into()) as i64));
            prop_assert_eq!(whole.vwap(), expected);
        }
    }
}
