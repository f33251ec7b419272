//! Exponential moving average: value += k·(close − value), k = 2/(n+1).
//!
//! Rounding does not pile up: each step forgets the share k of all errors before it, so the error stays
//! below one rounding/k, under 1e-12 of the value for the longest period.

use crate::definition::{Context, Definition, Indicator, Parameter, Parameters, Standard, Values};
use crate::mean;
use model::{Bar, Price, UNIT};

/// What the average starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seed {
    /// The mean of the first n closes, at the n-th; nothing before it.
    Sma,
    /// The first close, at once.
    First,
}

model::value!(Seed { Sma = 0, First = 1 });

/// An exponential average of closes, in price units.
#[derive(Debug, Clone)]
pub struct Ema {
    period: u32,
    seed: Seed,
    k: f64,
    value: f64,
    /// Closes seen, counted no further than the period.
    seen: u32,
    /// Sum of the closes that make the seed.
    sum: i128,
}

model::state!(Ema { value, seen, sum; same period, seed; config k });

impl Ema {
    /// Nothing seen yet.
    ///
    /// # Panics
    /// If the period is not within 1..=[`crate::PERIOD_MAX`].
    pub fn new(period: u32, seed: Seed) -> Self {
        assert!((1..=crate::PERIOD_MAX).contains(&period), "a period is 1 to {}", crate::PERIOD_MAX);
        Self { period, seed, k: 2.0 / (f64::from(period) + 1.0), value: f64::NAN, seen: 0, sum: 0 }
    }

    /// Takes the next close; the value from the n-th on, or from the first with [`Seed::First`].
    #[inline]
    pub fn update(&mut self, close: Price) -> Option<f64> {
        self.take(close.raw())
    }

    /// The same for any integer of 1e-9: a difference of prices may lie outside their range.
    #[inline]
    pub(crate) fn take(&mut self, raw: i64) -> Option<f64> {
        let seed_len = match self.seed {
            Seed::Sma => self.period,
            Seed::First => 1,
        };
        if self.seen < seed_len {
            self.seen += 1;
            self.sum += i128::from(raw);
            if self.seen == seed_len {
                self.value = mean(self.sum, seed_len);
            }
        } else {
            self.value += self.k * (raw as f64 / UNIT as f64 - self.value);
        }
        self.value()
    }

    /// The value at the last close.
    #[inline]
    pub fn value(&self) -> Option<f64> {
        (!self.value.is_nan()).then_some(self.value)
    }
}

impl Indicator for Ema {
    const DEFINITION: Definition = Definition {
        name: "ema",
        parameters: &[Parameter::Period("20")],
        values: Values::Own,
        standard: Standard::Everywhere,
        reads_ticks: false,
    };

    fn build(parameters: &Parameters, _: &Context) -> Self {
        Self::new(parameters.period(0), Seed::Sma)
    }

    fn on_bar(&mut self, bar: &Bar, values: &mut [f64]) {
        if let Some(value) = self.update(bar.close) {
            values[0] = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(seed: Seed, expected: [Option<f64>; 4]) {
        let mut ema = Ema::new(3, seed);
        let values = [2, 4, 6, 8].map(|close| ema.update(Price::new(close * model::UNIT)));
        assert_eq!(values, expected, "{seed:?}");
    }

    #[test]
    fn starts_from_its_seed() {
        check(Seed::Sma, [None, None, Some(4.0), Some(6.0)]);
        check(Seed::First, [Some(2.0), Some(3.0), Some(4.5), Some(6.25)]);
    }

    #[test]
    fn a_flat_price_is_its_own_average_exactly() {
        for seed in [Seed::Sma, Seed::First] {
            let price = Price::parse("0.1").unwrap();
            let (mut fast, mut slow) = (Ema::new(1, seed), Ema::new(30, seed));
            for _ in 0..1000 {
                fast.update(price);
                slow.update(price);
            }
            assert_eq!(fast.value(), slow.value(), "{seed:?}");
        }
    }
}
