//! Relative strength index: 100·gain/(gain + loss), 50 where nothing has moved.
//!
//! Gains and losses are integers until they are averaged. Only the ratio counts, so they stay in raw
//! units. A bar without change shrinks both of Wilder's averages alike and leaves the ratio as it is;
//! the value is then kept, not recomputed, so that a long flat stretch cannot decide by rounding.

use crate::definition::{Context, Definition, Indicator, Parameter, Parameters, Standard, Values};
use crate::window::Window;
use model::state::{State, StateError, StateReader, StateWriter, Value};
use model::{Bar, Price};

/// How gains and losses are averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Smoothing {
    /// J. Welles Wilder's: average += (newest − average)/n, seeded with the mean of the first n.
    Wilder,
    /// David Cutler's: the mean of the last n.
    Cutler,
}

/// The index of n changes of the close, 0 to 100.
#[derive(Debug, Clone)]
pub struct Rsi {
    average: Average,
    close_last: Option<i64>,
    value: f64,
}

model::state!(Rsi { average, close_last, value });

#[derive(Debug, Clone)]
enum Average {
    Wilder { period: u32, changes: u32, gain: f64, loss: f64, gain_sum: i128, loss_sum: i128 },
    Cutler { changes: Window, gain_sum: i128, loss_sum: i128 },
}

/// The state of the one that was configured.
impl State for Average {
    fn save(&self, to: &mut StateWriter) {
        match self {
            Self::Wilder { period, changes, gain, loss, gain_sum, loss_sum } => {
                (*period, *changes, *gain, *loss, *gain_sum, *loss_sum).put(to);
            }
            Self::Cutler { changes, gain_sum, loss_sum } => {
                changes.save(to);
                (*gain_sum, *loss_sum).put(to);
            }
        }
    }

    fn load(&mut self, from: &mut StateReader<'_>) -> Result<(), StateError> {
        match self {
            Self::Wilder { period, changes, gain, loss, gain_sum, loss_sum } => {
                from.same("period", period)?;
                (*changes, *gain, *loss, *gain_sum, *loss_sum) = Value::read(from)?;
            }
            Self::Cutler { changes, gain_sum, loss_sum } => {
                changes.load(from)?;
                (*gain_sum, *loss_sum) = Value::read(from)?;
            }
        }
        Ok(())
    }
}

impl Rsi {
    /// Nothing seen yet.
    ///
    /// # Panics
    /// If the period is not within 1..=[`crate::PERIOD_MAX`].
    pub fn new(period: u32, smoothing: Smoothing) -> Self {
        assert!((1..=crate::PERIOD_MAX).contains(&period), "a period is 1 to {}", crate::PERIOD_MAX);
        let average = match smoothing {
            Smoothing::Wilder => {
                Average::Wilder { period, changes: 0, gain: 0.0, loss: 0.0, gain_sum: 0, loss_sum: 0 }
            }
            Smoothing::Cutler => Average::Cutler { changes: Window::new(period), gain_sum: 0, loss_sum: 0 },
        };
        Self { average, close_last: None, value: f64::NAN }
    }

    /// Takes the next close; the value from the (n+1)-th on.
    #[inline]
    pub fn update(&mut self, close: Price) -> Option<f64> {
        if let Some(last) = self.close_last.replace(close.raw()) {
            // Both are within ±1e18: the difference fits.
            if let Some(value) = self.average.update(close.raw() - last) {
                self.value = value;
            }
        }
        self.value()
    }

    /// The value at the last close.
    #[inline]
    pub fn value(&self) -> Option<f64> {
        (!self.value.is_nan()).then_some(self.value)
    }
}

impl Indicator for Rsi {
    const DEFINITION: Definition = Definition {
        name: "rsi",
        parameters: &[Parameter::Period("14")],
        values: Values::Own,
        standard: Standard::Everywhere,
        reads_ticks: false,
    };

    fn build(parameters: &Parameters, _: &Context) -> Self {
        Self::new(parameters.period(0), Smoothing::Wilder)
    }

    fn on_bar(&mut self, bar: &Bar, values: &mut [f64]) {
        if let Some(value) = self.update(bar.close) {
            values[0] = value;
        }
    }
}

/// Cutler's index as an indicator of its own, `rsi_cutler_14`.
#[derive(Debug, Clone)]
pub(crate) struct RsiCutler(Rsi);

model::state!(RsiCutler(0));

impl Indicator for RsiCutler {
    const DEFINITION: Definition = Definition {
        name: "rsi_cutler",
        parameters: &[Parameter::Period("14")],
        values: Values::Own,
        standard: Standard::Option,
        reads_ticks: false,
    };

    fn build(parameters: &Parameters, _: &Context) -> Self {
        Self(Rsi::new(parameters.period(0), Smoothing::Cutler))
    }

    fn on_bar(&mut self, bar: &Bar, values: &mut [f64]) {
        if let Some(value) = self.0.update(bar.close) {
            values[0] = value;
        }
    }
}

impl Average {
    /// Takes a change; the new value, or `None` if there is none yet or it stays as it was.
    fn update(&mut self, change: i64) -> Option<f64> {
        let (gain_now, loss_now) = (change.max(0), (-change).max(0));
        match self {
            Self::Wilder { period, changes, gain, loss, gain_sum, loss_sum } => {
                if *changes < *period {
                    *changes += 1;
                    *gain_sum += i128::from(gain_now);
                    *loss_sum += i128::from(loss_now);
                    if *changes < *period {
                        return None;
                    }
                    *gain = *gain_sum as f64 / f64::from(*period);
                    *loss = *loss_sum as f64 / f64::from(*period);
                    return Some(ratio(*gain_sum, *loss_sum));
                }
                *gain += (gain_now as f64 - *gain) / f64::from(*period);
                *loss += (loss_now as f64 - *loss) / f64::from(*period);
                match (change, *period) {
                    // An average of one forgets everything before: nothing has moved in it.
                    (0, 1) => Some(50.0),
                    (0, _) => None,
                    _ => Some(100.0 * (*gain / (*gain + *loss))),
                }
            }
            Self::Cutler { changes, gain_sum, loss_sum } => {
                let evicted = changes.push(change);
                *gain_sum += i128::from(gain_now) - i128::from(evicted.max(0));
                *loss_sum += i128::from(loss_now) - i128::from((-evicted).max(0));
                changes.is_full().then(|| ratio(*gain_sum, *loss_sum))
            }
        }
    }
}

/// 100·gain/(gain + loss) of exact sums; 50 where nothing has moved.
fn ratio(gain: i128, loss: i128) -> f64 {
    debug_assert!(gain >= 0 && loss >= 0, "sums of gains and of losses are not negative");
    if gain + loss == 0 { 50.0 } else { 100.0 * (gain as f64 / (gain + loss) as f64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(smoothing: Smoothing, closes: &[i64], expected: &[Option<f64>]) {
        let mut rsi = Rsi::new(2, smoothing);
        let values: Vec<_> = closes.iter().map(|close| rsi.update(Price::new(*close))).collect();
        assert_eq!(values, expected, "{smoothing:?} of {closes:?}");
    }

    #[test]
    fn weighs_gains_against_losses() {
        // Gains 3, 0, 4 and losses 0, 1, 0: Wilder averages (1.5, .5), then (2.75, .25).
        check(Smoothing::Wilder, &[10, 13, 12, 16], &[None, None, Some(75.0), Some(100.0 * (2.75 / 3.0))]);
        check(Smoothing::Cutler, &[10, 13, 12, 16], &[None, None, Some(75.0), Some(80.0)]);
    }

    #[test]
    fn nothing_moved_is_fifty() {
        for smoothing in [Smoothing::Wilder, Smoothing::Cutler] {
            check(smoothing, &[7, 7, 7, 7], &[None, None, Some(50.0), Some(50.0)]);
            check(smoothing, &[7, 7, 7, 8], &[None, None, Some(50.0), Some(100.0)]);
        }
        // Cutler forgets a move that left the window, Wilder never does.
        check(Smoothing::Cutler, &[7, 8, 8, 8], &[None, None, Some(100.0), Some(50.0)]);
        check(Smoothing::Wilder, &[7, 8, 8, 8], &[None, None, Some(100.0), Some(100.0)]);
    }

    #[test]
    fn an_average_of_one_remembers_one_change() {
        for smoothing in [Smoothing::Wilder, Smoothing::Cutler] {
            let mut rsi = Rsi::new(1, smoothing);
            let values = [7, 6, 6, 9].map(|close| rsi.update(Price::new(close)));
            assert_eq!(values, [None, Some(0.0), Some(50.0), Some(100.0)], "{smoothing:?}");
        }
    }

    #[test]
    fn a_long_flat_stretch_decides_nothing() {
        let mut rsi = Rsi::new(14, Smoothing::Wilder);
        let moves: Vec<i64> = (0..40).map(|i| 1000 + i * 7 % 11).collect();
        moves.iter().for_each(|close| {
            rsi.update(Price::new(*close));
        });
        let before = rsi.value();
        // Long enough for the averages themselves to fall to the smallest float.
        for _ in 0..20_000 {
            assert_eq!(rsi.update(Price::new(moves[39])), before);
        }
        let after = rsi.update(Price::new(moves[39] - 1)).unwrap();
        assert!(after < 1e-100, "one loss outweighs gains 20,000 bars ago: {after}");
    }
}
