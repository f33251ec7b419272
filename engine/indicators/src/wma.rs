//! Weighted moving average: the mean of the last n closes with weights 1 to n, the newest heaviest.
//!
//! The weighted sum is an exact integer, moved on by S += n·newest − Σ of the window before: each close loses
//! one weight. So nothing drifts, and two averages can be compared without rounding.

use crate::definition::{Context, Definition, Indicator, Parameter, Parameters, Standard, Values};
use crate::window::Window;
use model::{Bar, Price, UNIT};

/// The weighted mean of the last n closes, in price units.
#[derive(Debug, Clone)]
pub struct Wma {
    window: Window,
    sum: i128,
    weighted_sum: i128,
}

model::state!(Wma { window, sum, weighted_sum });

impl Wma {
    /// Nothing seen yet.
    ///
    /// # Panics
    /// If the period is not within 1..=[`crate::PERIOD_MAX`].
    pub fn new(period: u32) -> Self {
        Self { window: Window::new(period), sum: 0, weighted_sum: 0 }
    }

    /// Takes the next close; the value from the n-th on.
    #[inline]
    pub fn update(&mut self, close: Price) -> Option<f64> {
        let close = close.raw();
        self.weighted_sum += i128::from(close) * i128::from(self.window.period()) - self.sum;
        self.sum += i128::from(close) - i128::from(self.window.push(close));
        self.value()
    }

    /// The value at the last close.
    #[inline]
    pub fn value(&self) -> Option<f64> {
        let period = f64::from(self.window.period());
        let weights = period * (period + 1.0) / 2.0;
        self.weighted_sum().map(|sum| sum as f64 / (weights * UNIT as f64))
    }

    /// Σ weight·close with weights 1 to n, in units of 1e-9; exact.
    #[inline]
    pub fn weighted_sum(&self) -> Option<i128> {
        self.window.is_full().then_some(self.weighted_sum)
    }
}

impl Indicator for Wma {
    const DEFINITION: Definition = Definition {
        name: "wma",
        parameters: &[Parameter::Period("20")],
        values: Values::Own,
        standard: Standard::Everywhere,
        reads_ticks: false,
    };

    fn build(parameters: &Parameters, _: &Context) -> Self {
        Self::new(parameters.period(0))
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

    #[test]
    fn the_newest_weighs_most() {
        let mut wma = Wma::new(3);
        let values = [1, 2, 6, 4].map(|close| wma.update(Price::new(close * UNIT)));
        // (1 + 2·2 + 3·6)/6, (2 + 2·6 + 3·4)/6.
        assert_eq!(values, [None, None, Some(23.0 / 6.0), Some(26.0 / 6.0)]);
        assert_eq!(wma.weighted_sum(), Some(26 * i128::from(UNIT)));
    }

    #[test]
    fn extreme_prices_leave_no_trace() {
        let mut wma = Wma::new(2);
        for close in [Price::MAX, Price::MAX, Price::MIN, Price::new(3), Price::new(3)] {
            wma.update(close);
        }
        assert_eq!(wma.weighted_sum(), Some(9));
    }
}
