//! Volume-weighted average price of the last n bars: Σ p·volume/Σ volume, p = (open + high + low + close)/4.
//!
//! Sums are of whole fourfold prices, exact; so what leaves the window leaves no trace. Without volume in the
//! window (bars of quotes) there is no value.

use crate::definition::{Context, Definition, Indicator, Parameter, Parameters, Standard, Values};
use crate::weighted_sum::WeightedSum;
use model::Bar;

/// The average of n bars, in price units.
#[derive(Debug, Clone)]
pub struct VwapRolling {
    /// A ring of (open + high + low + close, volume), raw.
    bars: Box<[(i64, i128)]>,
    next: usize,
    len: usize,
    sum: WeightedSum,
}

model::state!(VwapRolling {
    bars, next, len, sum;
    check |vwap| vwap.next < vwap.bars.len() && vwap.len <= vwap.bars.len()
});

impl VwapRolling {
    /// Nothing seen yet.
    ///
    /// # Panics
    /// If the period is not within 1..=[`crate::PERIOD_MAX`].
    pub fn new(period: u32) -> Self {
        assert!((1..=crate::PERIOD_MAX).contains(&period), "a period is 1 to {}", crate::PERIOD_MAX);
        let bars = vec![(0, 0); period as usize].into_boxed_slice();
        Self { bars, next: 0, len: 0, sum: WeightedSum::default() }
    }

    /// Takes the next bar; the average from the n-th on, if there is volume.
    #[inline]
    pub fn update(&mut self, bar: &Bar) -> Option<f64> {
        // Each is within ±1e18: the sum of four fits.
        let price = bar.open.raw() + bar.high.raw() + bar.low.raw() + bar.close.raw();
        let (price_left, volume_left) = std::mem::replace(&mut self.bars[self.next], (price, bar.volume));
        self.sum.remove(price_left, volume_left);
        self.sum.add(price, bar.volume);
        self.next = if self.next + 1 == self.bars.len() { 0 } else { self.next + 1 };
        self.len = (self.len + 1).min(self.bars.len());
        if self.len == self.bars.len() { self.sum.mean(4.0) } else { None }
    }
}

impl Indicator for VwapRolling {
    const DEFINITION: Definition = Definition {
        name: "vwap_rolling",
        parameters: &[Parameter::Period("50")],
        values: Values::Own,
        standard: Standard::Everywhere,
        reads_ticks: false,
    };

    fn build(parameters: &Parameters, _: &Context) -> Self {
        Self::new(parameters.period(0))
    }

    fn on_bar(&mut self, bar: &Bar, values: &mut [f64]) {
        if let Some(value) = self.update(bar) {
            values[0] = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{BarSource, Nanos, Price, SymbolId, UNIT};

    fn bar(prices: [i64; 4], volume: i128) -> Bar {
        let [open, high, low, close] = prices.map(|units| Price::new(units * UNIT));
        Bar {
            symbol: SymbolId(0),
            timeframe: 0,
            source: BarSource::Trade,
            primary: true,
            ts_open: Nanos(0),
            ts_close: Nanos::MINUTE,
            open,
            high,
            low,
            close,
            volume,
            vwap: None,
            trades: 1,
        }
    }

    #[test]
    fn weighs_the_mean_of_four_prices_by_volume() {
        let mut vwap = VwapRolling::new(2);
        let bars = [([4, 8, 2, 6], 1), ([8, 12, 6, 10], 3), ([2, 2, 2, 2], 0), ([2, 2, 2, 2], 0)];
        let values = bars.map(|(prices, volume)| vwap.update(&bar(prices, volume)));
        assert_eq!(values, [None, Some(8.0), Some(9.0), None]);
    }

    #[test]
    fn extreme_bars_leave_no_trace() {
        let mut vwap = VwapRolling::new(1);
        let most = Bar { volume: i128::from(u32::MAX) * i128::from(UNIT).pow(2), ..bar([0; 4], 0) };
        for price in [Price::MAX, Price::MIN] {
            let bar = Bar { open: price, high: price, low: price, close: price, ..most };
            assert_eq!(vwap.update(&bar), Some(price.to_f64()));
        }
        assert_eq!(vwap.update(&bar([3; 4], 1)), Some(3.0));
    }
}
