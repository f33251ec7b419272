//! Moving average convergence/divergence (Gerald Appel): the distance of a fast EMA from a slow one.
//!
//! line = EMA_fast − EMA_slow of closes, each seeded with the mean of its own first n; signal = EMA of the line,
//! seeded with the mean of its first n; histogram = line − signal.
//! Both averages are of closes less the first close: the difference is the same, and a small distance between
//! two high averages keeps its digits.

use crate::definition::{Context, Definition, Indicator, Parameter, Parameters, Standard, Values};
use crate::recursive::RecursiveAverage;
use crate::{Ema, Seed};
use model::{Bar, Price};

/// MACD, in price units.
#[derive(Debug, Clone)]
pub struct Macd {
    close_first: Option<i64>,
    fast: Ema,
    slow: Ema,
    signal: RecursiveAverage,
}

model::state!(Macd { close_first, fast, slow, signal });

/// The values at one close.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MacdLines {
    /// Fast less slow.
    pub line: f64,
    /// The line's average, once it is complete.
    pub signal: Option<f64>,
}

impl MacdLines {
    /// Line less signal.
    pub fn histogram(&self) -> Option<f64> {
        self.signal.map(|signal| self.line - signal)
    }
}

impl Macd {
    /// Nothing seen yet; periods in bars, of the signal in values of the line.
    ///
    /// # Panics
    /// If a period is not within 1..=[`crate::PERIOD_MAX`].
    pub fn new(fast: u32, slow: u32, signal: u32) -> Self {
        Self {
            close_first: None,
            fast: Ema::new(fast, Seed::Sma),
            slow: Ema::new(slow, Seed::Sma),
            signal: RecursiveAverage::exponential(signal),
        }
    }

    /// Takes the next close; the line from the longer period on, the signal its own period later.
    #[inline]
    pub fn update(&mut self, close: Price) -> Option<MacdLines> {
        // Both are within ±1e18: the difference fits.
        let offset = close.raw() - *self.close_first.get_or_insert(close.raw());
        let (fast, slow) = (self.fast.take(offset), self.slow.take(offset));
        let line = fast? - slow?;
        Some(MacdLines { line, signal: self.signal.push(line) })
    }
}

impl Indicator for Macd {
    const DEFINITION: Definition = Definition {
        name: "macd",
        parameters: &[Parameter::Period("12"), Parameter::Period("26"), Parameter::Period("9")],
        values: Values::Lines(&["line", "signal", "histogram"]),
        standard: Standard::Everywhere,
        reads_ticks: false,
    };

    fn build(parameters: &Parameters, _: &Context) -> Self {
        Self::new(parameters.period(0), parameters.period(1), parameters.period(2))
    }

    fn on_bar(&mut self, bar: &Bar, values: &mut [f64]) {
        if let Some(lines) = self.update(bar.close) {
            values[0] = lines.line;
            if let (Some(signal), Some(histogram)) = (lines.signal, lines.histogram()) {
                values[1..].copy_from_slice(&[signal, histogram]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_distance_of_two_averages_and_its_average() {
        let mut macd = Macd::new(1, 3, 2);
        let values = [2, 4, 6, 8, 4].map(|close| macd.update(Price::new(close * model::UNIT)));
        // EMA3 from its third on: 4, 6, 5.
        let lines = |line: f64, signal: Option<f64>| Some(MacdLines { line, signal });
        let second = lines(2.0, Some(2.0));
        let third = lines(-1.0, Some(0.0));
        assert_eq!(values, [None, None, lines(2.0, None), second, third]);
        assert_eq!(values[4].unwrap().histogram(), Some(-1.0));
    }

    #[test]
    fn a_flat_price_is_zero_exactly_and_a_high_one_keeps_its_digits() {
        let mut flat = Macd::new(12, 26, 9);
        let flat = (0..100).map(|_| flat.update(Price::parse("0.1").unwrap())).last().flatten();
        assert_eq!(flat, Some(MacdLines { line: 0.0, signal: Some(0.0) }));
        let (mut high, mut low) = (Macd::new(12, 26, 9), Macd::new(12, 26, 9));
        for i in 0..200_i64 {
            let step = i * 7919 % 13;
            assert_eq!(high.update(Price::new(Price::MAX.raw() - step)), low.update(Price::new(-step)));
        }
    }
}
