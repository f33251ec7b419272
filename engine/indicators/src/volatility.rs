//! Volatility: the population deviation (ddof 0) of the last n simple returns of closes, not annualised.
//!
//! Computed anew over the window at each bar, in two passes, so nothing drifts. Undefined while a return in the
//! window is (from a close of 0).
//! Not here: `volatility_30`, the annualised one, which is a value of `regime`.

use crate::definition::{Context, Definition, Indicator, Parameter, Parameters, Standard, Values};
use crate::recent::Recent;
use crate::returns::{mean_and_deviation, simple_return};
use model::{Bar, Price};

/// The deviation of n returns, a fraction per bar.
#[derive(Debug, Clone)]
pub struct Volatility {
    close_last: Option<i64>,
    returns: Recent,
}

model::state!(Volatility { close_last, returns });

impl Volatility {
    /// Nothing seen yet.
    ///
    /// # Panics
    /// If the period is not within 1..=[`crate::PERIOD_MAX`].
    pub fn new(period: u32) -> Self {
        Self { close_last: None, returns: Recent::new(period) }
    }

    /// Takes the next close; the value from the (n+1)-th on, where it is defined.
    #[inline]
    pub fn update(&mut self, close: Price) -> Option<f64> {
        let last = self.close_last.replace(close.raw())?;
        let window = self.returns.push(simple_return(last, close.raw()))?;
        let (_, deviation) = mean_and_deviation(window);
        (!deviation.is_nan()).then_some(deviation)
    }
}

impl Indicator for Volatility {
    const DEFINITION: Definition = Definition {
        name: "volatility",
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

    fn check(closes: [i64; 5], expected: [Option<f64>; 5]) {
        let mut volatility = Volatility::new(2);
        assert_eq!(closes.map(|close| volatility.update(Price::new(close))), expected, "{closes:?}");
    }

    #[test]
    fn is_the_deviation_of_two_returns() {
        // Returns 1, −0.5, 0, 0.
        check([100, 200, 100, 100, 100], [None, None, Some(0.75), Some(0.25), Some(0.0)]);
    }

    #[test]
    fn a_return_from_nothing_is_not_defined() {
        // Returns −1, undefined, 0, 1.
        check([5, 0, 5, 5, 10], [None, None, None, None, Some(0.5)]);
    }
}
