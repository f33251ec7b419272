//! NWRQK: how steadily returns rise or fall, the slope of the last 19 returns over their deviation.
//!
//! r = returns of the last 20 closes; slope = least squares of r over 0..18; value = slope/(deviation + 1e-8).
//! The largest |value| is 1/√30 (a straight line of returns). The slope's sum pairs the returns that lie
//! equally far from the middle one, so returns that mirror themselves (a flat price, a price that swings
//! between two) have a slope of exactly 0, and a change of its sign is never a rounding.
//! Not here: the kernel regression whose name it borrows (`rqk`).

use crate::definition::{Context, Definition, Indicator, Parameters, Standard, Values};
use crate::returns::{Returns, mean_and_deviation};
use model::{Bar, Price};

/// Returns in the window.
const RETURNS: usize = 19;
const MIDDLE: usize = RETURNS / 2;
/// Σ (x − 9)² over x = 0..18.
const SPREAD: f64 = 570.0;
/// Keeps the quotient finite where nothing moves.
const DEVIATION_FLOOR: f64 = 1e-8;

const _: () = {
    let (mut sum, mut x) = (0, 0);
    while x < RETURNS {
        sum += x.abs_diff(MIDDLE).pow(2);
        x += 1;
    }
    assert!(sum == 570, "the spread is that of the window");
};

/// What the indicator says at a bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NwrqkValues {
    /// slope/(volatility + 1e-8), within ±0.183.
    pub value: f64,
    /// Least-squares slope of the returns, per bar.
    pub slope: f64,
    /// Population deviation of the returns.
    pub volatility: f64,
}

/// The indicator over 20 closes.
#[derive(Debug, Clone)]
pub struct Nwrqk {
    returns: Returns<RETURNS>,
}

model::state!(Nwrqk { returns });

impl Default for Nwrqk {
    fn default() -> Self {
        Self::new()
    }
}

impl Nwrqk {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self { returns: Returns::new() }
    }

    /// Takes the next close; the values from the 20th on, but while a return in the window is not defined.
    pub fn update(&mut self, close: Price) -> Option<NwrqkValues> {
        self.returns.push(close.raw());
        let window = self.returns.ending::<RETURNS>(0)?;
        let slope = slope(&window);
        let (_, volatility) = mean_and_deviation(&window);
        Some(NwrqkValues { value: slope / (volatility + DEVIATION_FLOOR), slope, volatility })
    }
}

impl Indicator for Nwrqk {
    const DEFINITION: Definition = Definition {
        name: "nwrqk",
        parameters: &[],
        values: Values::Named(&["nwrqk_value", "nwrqk_slope", "nwrqk_volatility"]),
        standard: Standard::FiveMinutes,
        reads_ticks: false,
    };

    fn build(_: &Parameters, _: &Context) -> Self {
        Self::new()
    }

    fn on_bar(&mut self, bar: &Bar, values: &mut [f64]) {
        if let Some(NwrqkValues { value, slope, volatility }) = self.update(bar.close) {
            values.copy_from_slice(&[value, slope, volatility]);
        }
    }
}

/// Σ (x − 9)·r / Σ (x − 9)², pair by pair.
fn slope(window: &[f64; RETURNS]) -> f64 {
    let pairs = (1..=MIDDLE).map(|j| j as f64 * (window[MIDDLE + j] - window[MIDDLE - j]));
    pairs.sum::<f64>() / SPREAD
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last_of(closes: impl IntoIterator<Item = i64>) -> Option<NwrqkValues> {
        let mut nwrqk = Nwrqk::new();
        closes.into_iter().map(|close| nwrqk.update(Price::new(close))).last().flatten()
    }

    #[test]
    fn needs_twenty_closes() {
        assert_eq!(last_of((1..20).map(|i| 100 + i)), None);
        assert!(last_of((1..21).map(|i| 100 + i)).is_some());
    }

    #[test]
    fn what_mirrors_itself_has_no_slope() {
        for swing in [[70_000_000_007, 70_000_000_007], [30_000_000_001, 70_000_000_003], [7, -3]] {
            let values = last_of((0..40).map(|i| swing[i % 2])).unwrap();
            assert_eq!((values.value, values.slope), (0.0, 0.0), "{swing:?}");
        }
    }

    #[test]
    fn a_line_of_returns_reaches_the_bound() {
        // Returns 0.01, 0.02, … 0.19: slope 0.01, deviation 0.01·√30.
        let mut close = 1e17;
        let closes = (0..20).map(|i| {
            close *= 1.0 + 0.01 * f64::from(i);
            close as i64
        });
        let values = last_of(closes).unwrap();
        assert!((values.slope - 0.01).abs() < 1e-15, "{values:?}");
        assert!((values.volatility - 0.01 * 30_f64.sqrt()).abs() < 1e-15, "{values:?}");
        assert!(values.value <= 1.0 / 30_f64.sqrt() && values.value > 0.1825, "{values:?}");
    }

    #[test]
    fn a_close_of_zero_leaves_with_its_window() {
        let closes = |after: usize| [5, 0].into_iter().chain(std::iter::repeat_n(9, after));
        assert_eq!(last_of(closes(19)), None);
        assert_eq!(last_of(closes(20)).map(|values| values.slope), Some(0.0));
    }
}
