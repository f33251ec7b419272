//! Recursive averages of floats: value += k·(x − value), seeded with the mean of the first n.
//!
//! For what is a float already (the line of MACD, the index of ADX). Averages of prices, whose seeds can be
//! exact, are [`crate::Ema`] and [`crate::Atr`]. Rounding does not pile up: each step forgets the share k of it.

/// A recursive average of n values.
#[derive(Debug, Clone)]
pub(crate) struct RecursiveAverage {
    period: u32,
    k: f64,
    /// Values seen, counted no further than the period.
    seen: u32,
    /// The sum that makes the seed, then the value.
    value: f64,
}

model::state!(RecursiveAverage { seen, value; same period, k });

impl RecursiveAverage {
    /// Exponential: k = 2/(n + 1).
    pub(crate) fn exponential(period: u32) -> Self {
        Self::new(period, 2.0 / (f64::from(period) + 1.0))
    }

    /// Wilder's: k = 1/n.
    pub(crate) fn wilder(period: u32) -> Self {
        Self::new(period, 1.0 / f64::from(period))
    }

    fn new(period: u32, k: f64) -> Self {
        assert!((1..=crate::PERIOD_MAX).contains(&period), "a period is 1 to {}", crate::PERIOD_MAX);
        Self { period, k, seen: 0, value: 0.0 }
    }

    /// Takes the next value; the average from the n-th on.
    #[inline]
    pub(crate) fn push(&mut self, x: f64) -> Option<f64> {
        debug_assert!(x.is_finite(), "an average is of numbers");
        if self.seen == self.period {
            self.value += self.k * (x - self.value);
            return Some(self.value);
        }
        self.seen += 1;
        self.value += x;
        (self.seen == self.period).then(|| {
            self.value /= f64::from(self.period);
            self.value
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_from_the_mean_of_the_first() {
        let check = |mut average: RecursiveAverage, expected: [Option<f64>; 4]| {
            assert_eq!([2.0, 4.0, 6.0, 12.0].map(|x| average.push(x)), expected, "{average:?}");
        };
        check(RecursiveAverage::exponential(3), [None, None, Some(4.0), Some(8.0)]);
        check(RecursiveAverage::wilder(2), [None, Some(3.0), Some(4.5), Some(8.25)]);
        check(RecursiveAverage::wilder(1), [Some(2.0), Some(4.0), Some(6.0), Some(12.0)]);
    }
}
