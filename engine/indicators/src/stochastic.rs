//! Stochastic oscillator (George Lane): where the close stands in the range of the last n bars, 0 to 100.
//!
//! raw = 100·(close − lowest low)/(highest high − lowest low) of n bars; %K = mean of the last raws ("slow");
//! %D = mean of the last %K. Range and place are integers. A range without height has no place in it: its raw
//! is 50, the middle, as the RSI is where nothing has moved. The means are summed anew at each bar.

use crate::definition::{Context, Definition, Indicator, Parameter, Parameters, Standard, Values};
use crate::extremes::{Highest, Lowest};
use crate::recent::Recent;
use model::{Bar, Price};

/// The oscillator.
#[derive(Debug, Clone)]
pub struct Stochastic {
    highest: Highest,
    lowest: Lowest,
    raws: Recent,
    ks: Recent,
}

model::state!(Stochastic { highest, lowest, raws, ks });

/// The values at one bar, each 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StochasticLines {
    /// %K, smoothed.
    pub k: f64,
    /// %D, once it is complete.
    pub d: Option<f64>,
}

impl Stochastic {
    /// Nothing seen yet: a range of `period` bars, %K of `k` of its raws, %D of `d` of its %K.
    ///
    /// # Panics
    /// If one is not within 1..=[`crate::PERIOD_MAX`].
    pub fn new(period: u32, k: u32, d: u32) -> Self {
        let (highest, lowest) = (Highest::new(period), Lowest::new(period));
        Self { highest, lowest, raws: Recent::new(k), ks: Recent::new(d) }
    }

    /// Takes the next bar; %K from bar period + k − 1 on, %D from d − 1 bars later.
    #[inline]
    pub fn update(&mut self, high: Price, low: Price, close: Price) -> Option<StochasticLines> {
        debug_assert!(high >= close && close >= low, "a bar closes within its range");
        let (highest, lowest) = (self.highest.push(high.raw()), self.lowest.push(low.raw()));
        if !self.highest.is_full() {
            return None;
        }
        let range = highest - lowest;
        let raw = if range == 0 { 50.0 } else { 100.0 * ((close.raw() - lowest) as f64 / range as f64) };
        let k = self.raws.mean_with(raw)?;
        Some(StochasticLines { k, d: self.ks.mean_with(k) })
    }
}

impl Indicator for Stochastic {
    const DEFINITION: Definition = Definition {
        name: "stochastic",
        parameters: &[Parameter::Period("12"), Parameter::Period("3"), Parameter::Period("5")],
        values: Values::Lines(&["k", "d"]),
        standard: Standard::Everywhere,
        reads_ticks: false,
    };

    fn build(parameters: &Parameters, _: &Context) -> Self {
        Self::new(parameters.period(0), parameters.period(1), parameters.period(2))
    }

    fn on_bar(&mut self, bar: &Bar, values: &mut [f64]) {
        if let Some(lines) = self.update(bar.high, bar.low, bar.close) {
            values[0] = lines.k;
            if let Some(d) = lines.d {
                values[1] = d;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bars: &[(i64, i64, i64)], expected: &[Option<(f64, Option<f64>)>]) {
        let mut stochastic = Stochastic::new(2, 2, 2);
        let update = |&(high, low, close): &(i64, i64, i64)| {
            let lines = stochastic.update(Price::new(high), Price::new(low), Price::new(close));
            lines.map(|lines| (lines.k, lines.d))
        };
        assert_eq!(bars.iter().map(update).collect::<Vec<_>>(), expected, "{bars:?}");
    }

    #[test]
    fn says_where_the_close_stands() {
        // Ranges [0, 10], [2, 12], [2, 12]: raws 50, 100, 0.
        check(
            &[(10, 0, 5), (8, 2, 5), (12, 4, 12), (7, 2, 2)],
            &[None, None, Some((75.0, None)), Some((50.0, Some(62.5)))],
        );
    }

    #[test]
    fn a_range_without_height_is_its_own_middle() {
        check(&[(7, 7, 7); 4], &[None, None, Some((50.0, None)), Some((50.0, Some(50.0)))]);
    }

    #[test]
    fn the_widest_range_fits() {
        let mut stochastic = Stochastic::new(1, 1, 1);
        let lines = stochastic.update(Price::MAX, Price::MIN, Price::ZERO);
        assert_eq!(lines, Some(StochasticLines { k: 50.0, d: Some(50.0) }));
    }
}
