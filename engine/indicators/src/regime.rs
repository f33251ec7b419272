//! Regime: whether returns are now distributed as they were, and how volatile they are.
//!
//! `mmd[k]` = squared maximum mean discrepancy (`mmd`) between the last 20 returns and the 20 that end 20, 40 and
//! 60 bars ago; volatility = population deviation of the last 30 returns × √(365.25 days/timeframe). Each value
//! exists as soon as its own returns do: from bars 41, 61, 81 and 31 on.

mod mmd;

use crate::definition::{Context, Definition, Indicator, Parameters, Standard, Values};
use crate::returns::{Returns, mean_and_deviation};
use mmd::{SAMPLES, mmd};
use model::{Bar, Nanos, Price, Timeframe};

/// How many earlier windows the newest is compared with.
const LAGS: usize = 3;
const RETURNS_MAX: usize = (LAGS + 1) * SAMPLES;
const RETURNS_VOLATILITY: usize = 30;
/// 365.25 days.
const YEAR_NANOS: f64 = 365.25 * Nanos::DAY.0 as f64;

/// What the indicator says at a bar; NaN where there is not enough history, or a return of it is not defined.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RegimeValues {
    /// Squared discrepancy from the returns ending 20, 40, 60 bars ago, 0 to 2.
    pub mmd: [f64; LAGS],
    /// Deviation of the last 30 returns, a year.
    pub volatility: f64,
}

/// The indicator over 80 returns.
#[derive(Debug, Clone)]
pub struct Regime {
    returns: Returns<RETURNS_MAX>,
    /// √(bars a year).
    annual: f64,
}

model::state!(Regime { returns; same annual });

impl Regime {
    /// Nothing seen yet, for bars of this length.
    pub fn new(timeframe: Timeframe) -> Self {
        Self { returns: Returns::new(), annual: (YEAR_NANOS / timeframe.nanos().0 as f64).sqrt() }
    }

    /// Takes the next close.
    pub fn update(&mut self, close: Price) -> RegimeValues {
        self.returns.push(close.raw());
        let volatility =
            self.returns.ending::<RETURNS_VOLATILITY>(0).map(|window| mean_and_deviation(&window).1);
        let now = self.returns.ending::<SAMPLES>(0);
        let discrepancy = |lag: usize| Some(mmd(&now?, &self.returns.ending(lag * SAMPLES)?));
        RegimeValues {
            mmd: std::array::from_fn(|i| discrepancy(i + 1).unwrap_or(f64::NAN)),
            volatility: volatility.map_or(f64::NAN, |deviation| deviation * self.annual),
        }
    }
}

impl Indicator for Regime {
    const DEFINITION: Definition = Definition {
        name: "regime",
        parameters: &[],
        values: Values::Named(&["mmd_1", "mmd_2", "mmd_3", "volatility_30"]),
        standard: Standard::ThirtyMinutes,
        reads_ticks: false,
    };

    fn build(_: &Parameters, context: &Context) -> Self {
        Self::new(context.timeframe)
    }

    fn on_bar(&mut self, bar: &Bar, values: &mut [f64]) {
        let now = self.update(bar.close);
        values[..LAGS].copy_from_slice(&now.mmd);
        values[LAGS] = now.volatility;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values_of(closes: impl IntoIterator<Item = i64>) -> Vec<RegimeValues> {
        let mut regime = Regime::new(Timeframe::parse("30m").unwrap());
        closes.into_iter().map(|close| regime.update(Price::new(close))).collect()
    }

    #[test]
    fn each_value_comes_with_its_history() {
        let values = values_of((0..100).map(|i| 1_000_000 + i * i % 37));
        let first_of =
            |value: fn(&RegimeValues) -> f64| 1 + values.iter().position(|v| !value(v).is_nan()).unwrap();
        assert_eq!(first_of(|v| v.volatility), 31);
        assert_eq!([first_of(|v| v.mmd[0]), first_of(|v| v.mmd[1]), first_of(|v| v.mmd[2])], [41, 61, 81]);
    }

    #[test]
    fn a_flat_price_is_one_regime() {
        let last = *values_of([123_456_789; 90]).last().unwrap();
        assert_eq!(last, RegimeValues { mmd: [0.0; 3], volatility: 0.0 });
    }

    #[test]
    fn volatility_is_of_a_year() {
        // Returns +10% and −10% in turn, near enough.
        let last = *values_of((0..90).map(|i| if i % 2 == 0 { 1_000_000_000 } else { 1_000_000_001 }))
            .last()
            .unwrap();
        let expected = 1e-9 * (365.25_f64 * 48.0).sqrt();
        assert!((last.volatility / expected - 1.0).abs() < 1e-8, "{last:?}");
    }

    #[test]
    fn a_change_of_regime_shows_at_its_lag() {
        let closes =
            (0..60).map(|_| 1_000_000).chain((0..20).map(|i| 1_000_000 + 50_000 * (i % 2) - 1_000 * i));
        let last = *values_of(std::iter::once(1_000_000).chain(closes)).last().unwrap();
        assert!(last.mmd.iter().all(|mmd| *mmd > 0.3), "{last:?}");
        assert_eq!(last.mmd[0].to_bits(), last.mmd[2].to_bits());
    }
}
