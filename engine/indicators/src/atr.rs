//! Average true range: Wilder's average of max(high − low, |high − last close|, |low − last close|).
//!
//! The true range is an exact integer; the average forgets its rounding as it forgets its past.

use crate::definition::{Context, Definition, Indicator, Parameter, Parameters, Standard, Values};
use crate::mean;
use model::{Bar, Price, UNIT};

/// Wilder's average of n true ranges, in price units. The first bar's true range is high − low.
#[derive(Debug, Clone)]
pub struct Atr {
    period: u32,
    close_last: Option<i64>,
    /// True ranges seen, counted no further than the period.
    seen: u32,
    /// Sum of the true ranges that make the seed.
    sum: i128,
    value: f64,
}

model::state!(Atr { close_last, seen, sum, value; same period });

impl Atr {
    /// Nothing seen yet.
    ///
    /// # Panics
    /// If the period is not within 1..=[`crate::PERIOD_MAX`].
    pub fn new(period: u32) -> Self {
        assert!((1..=crate::PERIOD_MAX).contains(&period), "a period is 1 to {}", crate::PERIOD_MAX);
        Self { period, close_last: None, seen: 0, sum: 0, value: f64::NAN }
    }

    /// Takes the next bar; the value from the n-th on.
    #[inline]
    pub fn update(&mut self, high: Price, low: Price, close: Price) -> Option<f64> {
        debug_assert!(high >= low, "a bar's high is not below its low");
        let range = true_range(high.raw(), low.raw(), self.close_last.replace(close.raw()));
        if self.seen < self.period {
            self.seen += 1;
            self.sum += i128::from(range);
            if self.seen == self.period {
                self.value = mean(self.sum, self.period);
            }
        } else {
            self.value += (range as f64 / UNIT as f64 - self.value) / f64::from(self.period);
        }
        self.value()
    }

    /// The value at the last bar.
    #[inline]
    pub fn value(&self) -> Option<f64> {
        (!self.value.is_nan()).then_some(self.value)
    }
}

impl Indicator for Atr {
    const DEFINITION: Definition = Definition {
        name: "atr",
        parameters: &[Parameter::Period("14")],
        values: Values::Own,
        standard: Standard::Everywhere,
        reads_ticks: false,
    };

    fn build(parameters: &Parameters, _: &Context) -> Self {
        Self::new(parameters.period(0))
    }

    fn on_bar(&mut self, bar: &Bar, values: &mut [f64]) {
        if let Some(value) = self.update(bar.high, bar.low, bar.close) {
            values[0] = value;
        }
    }
}

/// Raw prices are within ±1e18, so every difference fits.
#[inline]
fn true_range(high: i64, low: i64, close_last: Option<i64>) -> i64 {
    match close_last {
        Some(last) => high.max(last) - low.min(last),
        None => high - low,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_reaches_to_the_last_close() {
        for (high, low, close_last, expected) in
            [(9, 5, None, 4), (9, 5, Some(7), 4), (9, 5, Some(12), 7), (9, 5, Some(1), 8), (5, 5, Some(5), 0)]
        {
            assert_eq!(true_range(high, low, close_last), expected, "{high} {low} {close_last:?}");
        }
        assert_eq!(true_range(Price::MAX.raw(), Price::MIN.raw(), None), 2 * Price::MAX.raw());
    }

    #[test]
    fn averages_as_wilder_does() {
        let mut atr = Atr::new(2);
        let price = |units: i64| Price::new(units * UNIT);
        // True ranges 4, 8, 2: seed 6, then 6 + (2 − 6)/2.
        let values = [(9, 5, 7), (15, 8, 14), (15, 13, 14)]
            .map(|(high, low, close)| atr.update(price(high), price(low), price(close)));
        assert_eq!(values, [None, Some(6.0), Some(4.0)]);
    }
}
