//! Simple moving average: the mean of the last n closes.
//!
//! The sum is an exact integer, so the value after any run is the batch value, to two roundings.

use crate::definition::{Context, Definition, Indicator, Parameter, Parameters, Standard, Values};
use crate::mean;
use crate::window::Window;
use model::{Bar, Price};

/// The mean of the last n closes, in price units.
#[derive(Debug, Clone)]
pub struct Sma {
    window: Window,
    sum: i128,
}

model::state!(Sma { window, sum });

impl Sma {
    /// Nothing seen yet.
    ///
    /// # Panics
    /// If the period is not within 1..=[`crate::PERIOD_MAX`].
    pub fn new(period: u32) -> Self {
        Self { window: Window::new(period), sum: 0 }
    }

    /// Takes the next close; the value from the n-th on.
    #[inline]
    pub fn update(&mut self, close: Price) -> Option<f64> {
        self.sum += i128::from(close.raw()) - i128::from(self.window.push(close.raw()));
        self.value()
    }

    /// The value at the last close.
    #[inline]
    pub fn value(&self) -> Option<f64> {
        self.window.is_full().then(|| mean(self.sum, self.window.period()))
    }
}

impl Indicator for Sma {
    const DEFINITION: Definition = Definition {
        name: "sma",
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
    fn is_the_mean_of_the_last_three() {
        let mut sma = Sma::new(3);
        let values: Vec<Option<f64>> =
            [1, 2, 6, 4].into_iter().map(|close| sma.update(Price::new(close * model::UNIT))).collect();
        assert_eq!(values, [None, None, Some(3.0), Some(4.0)]);
    }

    #[test]
    fn extreme_prices_leave_no_trace() {
        let mut sma = Sma::new(2);
        for close in [Price::MAX, Price::MAX, Price::MIN, Price::new(1), Price::new(3)] {
            sma.update(close);
        }
        assert_eq!(sma.value(), Some(2e-9));
    }
}
