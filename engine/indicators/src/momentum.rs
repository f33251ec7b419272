//! Momentum: the close less the close n bars ago, in price units.
//!
//! One integer difference; the convention of TA-Lib's MOM.
//! Not here: the same as a percentage, `price_momentum_5`.

use crate::definition::{Context, Definition, Indicator, Parameter, Parameters, Standard, Values};
use crate::window::Window;
use model::{Bar, Price, UNIT};

/// The change over n bars.
#[derive(Debug, Clone)]
pub struct Momentum {
    window: Window,
}

model::state!(Momentum { window });

impl Momentum {
    /// Nothing seen yet.
    ///
    /// # Panics
    /// If the period is not within 1..=[`crate::PERIOD_MAX`].
    pub fn new(period: u32) -> Self {
        Self { window: Window::new(period) }
    }

    /// Takes the next close; the value from the (n+1)-th on.
    #[inline]
    pub fn update(&mut self, close: Price) -> Option<f64> {
        let was_full = self.window.is_full();
        let last = self.window.push(close.raw());
        // Both are within ±1e18: the difference fits.
        was_full.then(|| (close.raw() - last) as f64 / UNIT as f64)
    }
}

impl Indicator for Momentum {
    const DEFINITION: Definition = Definition {
        name: "momentum",
        parameters: &[Parameter::Period("10")],
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
    fn is_the_change_over_two_bars() {
        let mut momentum = Momentum::new(2);
        let values = [1, 2, 6, 4, 0].map(|close| momentum.update(Price::new(close * UNIT)));
        assert_eq!(values, [None, None, Some(5.0), Some(2.0), Some(-6.0)]);
    }
}
