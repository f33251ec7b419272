//! Price momentum: the return of the close over n bars in percent, clipped to ±10.
//!
//! The return from a close of 0 is not defined and has no value.
//! Not here: momentum in price units, which does not compare across instruments.

use crate::definition::{Context, Definition, Indicator, Parameter, Parameters, Standard, Values};
use crate::returns::simple_return;
use crate::window::Window;
use model::{Bar, Price};

/// Values lie within ± this, in percent.
const PERCENT_MAX: f64 = 10.0;

/// The n-bar return in percent.
#[derive(Debug, Clone)]
pub struct PriceMomentum {
    closes: Window,
}

model::state!(PriceMomentum { closes });

impl PriceMomentum {
    /// Nothing seen yet.
    ///
    /// # Panics
    /// If the period is not within 1..=[`crate::PERIOD_MAX`].
    pub fn new(period: u32) -> Self {
        Self { closes: Window::new(period) }
    }

    /// Takes the next close; the value from the (n+1)-th on.
    #[inline]
    pub fn update(&mut self, close: Price) -> Option<f64> {
        let was_full = self.closes.is_full();
        let before = self.closes.push(close.raw());
        let percent = 100.0 * simple_return(before, close.raw());
        (was_full && !percent.is_nan()).then(|| percent.clamp(-PERCENT_MAX, PERCENT_MAX))
    }
}

impl Indicator for PriceMomentum {
    const DEFINITION: Definition = Definition {
        name: "price_momentum",
        parameters: &[Parameter::Period("5")],
        values: Values::Own,
        standard: Standard::ThirtyMinutes,
        reads_ticks: false,
    };

    fn build(parameters: &Parameters, _: &Context) -> Self {
        Self::new(parameters.period(0))
    }

    fn on_bar(&mut self, bar: &Bar, values: &mut [f64]) {
        if let Some(percent) = self.update(bar.close) {
            values[0] = percent;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(period: u32, closes: &[i64], expected: &[Option<f64>]) {
        let mut momentum = PriceMomentum::new(period);
        let values: Vec<_> = closes.iter().map(|close| momentum.update(Price::new(*close))).collect();
        assert_eq!(values, expected, "{period} of {closes:?}");
    }

    #[test]
    fn is_the_return_in_percent_clipped() {
        check(1, &[100, 105, 105, 84, 100], &[None, Some(5.0), Some(0.0), Some(-10.0), Some(10.0)]);
        check(2, &[100, 1, 104, 1], &[None, None, Some(4.0), Some(0.0)]);
    }

    #[test]
    fn extremes_and_zeros() {
        check(1, &[Price::MIN.raw(), Price::MAX.raw(), 0, 5], &[None, Some(-10.0), Some(-10.0), None]);
        check(1, &[-100, -96], &[None, Some(-4.0)]);
    }
}
