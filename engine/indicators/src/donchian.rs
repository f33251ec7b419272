//! Donchian channel (Richard Donchian): the highest high and the lowest low of up to n bars, the newest included.
//!
//! Both are prices of the bars, taken as integers. With fewer than n bars they are of those there are.

use crate::definition::{Context, Definition, Indicator, Parameter, Parameters, Standard, Values};
use crate::extremes::{Highest, Lowest};
use model::{Bar, Price};

/// The channel of up to n bars.
#[derive(Debug, Clone)]
pub struct Donchian {
    highest: Highest,
    lowest: Lowest,
}

model::state!(Donchian { highest, lowest });

/// The channel's sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Channel {
    /// Highest high.
    pub high: Price,
    /// Lowest low.
    pub low: Price,
}

impl Donchian {
    /// Nothing seen yet.
    ///
    /// # Panics
    /// If the period is not within 1..=[`crate::PERIOD_MAX`].
    pub fn new(period: u32) -> Self {
        Self { highest: Highest::new(period), lowest: Lowest::new(period) }
    }

    /// Takes the next bar; the channel from the first on.
    #[inline]
    pub fn update(&mut self, high: Price, low: Price) -> Channel {
        debug_assert!(high >= low, "a bar's high is not below its low");
        let (high, low) = (self.highest.push(high.raw()), self.lowest.push(low.raw()));
        Channel { high: Price::new(high), low: Price::new(low) }
    }
}

impl Indicator for Donchian {
    const DEFINITION: Definition = Definition {
        name: "donchian",
        parameters: &[Parameter::Period("50")],
        values: Values::Lines(&["high", "low"]),
        standard: Standard::Everywhere,
        reads_ticks: false,
    };

    fn build(parameters: &Parameters, _: &Context) -> Self {
        Self::new(parameters.period(0))
    }

    fn on_bar(&mut self, bar: &Bar, values: &mut [f64]) {
        let channel = self.update(bar.high, bar.low);
        values.copy_from_slice(&[channel.high.to_f64(), channel.low.to_f64()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_up_to_two_bars() {
        let mut donchian = Donchian::new(2);
        let update = |(high, low)| {
            let channel = donchian.update(Price::new(high), Price::new(low));
            (channel.high.raw(), channel.low.raw())
        };
        let channels = [(5, 3), (4, 2), (3, 3), (9, 1)].map(update);
        assert_eq!(channels, [(5, 3), (5, 2), (4, 2), (9, 1)]);
    }
}
