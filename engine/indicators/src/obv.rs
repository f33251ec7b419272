//! On-balance volume (Joseph Granville): volume added where the close rose, taken off where it fell.
//!
//! It starts at the first bar's volume. Direction and sum are integers; a close that stands still adds nothing.

use crate::definition::{Context, Definition, Indicator, Parameters, Standard, Values};
use model::{Bar, Price, UNIT};

/// The balance, in units of volume.
#[derive(Debug, Clone, Default)]
pub struct Obv {
    close_last: Option<Price>,
    /// In units of 1e-9.
    balance: i128,
}

model::state!(Obv { close_last, balance });

impl Obv {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next close and the bar's volume in units of 1e-9; the balance from the first bar on.
    #[inline]
    pub fn update(&mut self, close: Price, volume: i128) -> f64 {
        debug_assert!(volume >= 0, "a volume is not negative");
        let last = self.close_last.replace(close);
        self.balance += match last.map(|last| close.cmp(&last)) {
            None | Some(std::cmp::Ordering::Greater) => volume,
            Some(std::cmp::Ordering::Equal) => 0,
            Some(std::cmp::Ordering::Less) => -volume,
        };
        self.balance as f64 / UNIT as f64
    }
}

impl Indicator for Obv {
    const DEFINITION: Definition = Definition {
        name: "obv",
        parameters: &[],
        values: Values::Own,
        standard: Standard::Everywhere,
        reads_ticks: false,
    };

    fn build(_: &Parameters, _: &Context) -> Self {
        Self::new()
    }

    fn on_bar(&mut self, bar: &Bar, values: &mut [f64]) {
        values[0] = self.update(bar.close, bar.volume);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_rises_and_takes_off_falls() {
        let mut obv = Obv::new();
        let bars = [(5, 10), (6, 20), (6, 40), (2, 80), (3, 1)];
        let balances = bars.map(|(close, volume)| {
            obv.update(Price::new(close), volume * i128::from(UNIT));
            obv.balance / i128::from(UNIT)
        });
        assert_eq!(balances, [10, 30, 30, -50, -49]);
    }
}
