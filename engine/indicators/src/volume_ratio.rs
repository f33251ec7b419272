//! Volume ratio: by how much a bar's volume exceeds its average, on a log scale.
//!
//! ln(1 + max(0, volume/EMA20(volume) − 1)), the average including the bar itself; 0 where the average is 0.
//! The average is seeded with the mean of the first 20 volumes and forgets its rounding as it forgets its past.
//! The logarithm is `libm`'s.

use crate::definition::{Context, Definition, Indicator, Parameters, Standard, Values};
use crate::recursive::RecursiveAverage;
use model::{Bar, UNIT};

/// Bars of the average.
const PERIOD: u32 = 20;

/// The ratio to the average of 20 bars.
#[derive(Debug, Clone)]
pub struct VolumeRatio {
    average: RecursiveAverage,
}

model::state!(VolumeRatio { average });

impl Default for VolumeRatio {
    fn default() -> Self {
        Self::new()
    }
}

impl VolumeRatio {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self { average: RecursiveAverage::exponential(PERIOD) }
    }

    /// Takes the next bar's volume, in units of 1e-9; the value from the 20th on.
    pub fn update(&mut self, volume: i128) -> Option<f64> {
        debug_assert!(volume >= 0, "a volume is not negative");
        let volume = volume as f64 / UNIT as f64;
        let average = self.average.push(volume)?;
        Some(if average > 0.0 { libm::log1p((volume / average - 1.0).max(0.0)) } else { 0.0 })
    }
}

impl Indicator for VolumeRatio {
    const DEFINITION: Definition = Definition {
        name: "volume_ratio",
        parameters: &[],
        values: Values::Own,
        standard: Standard::ThirtyMinutes,
        reads_ticks: false,
    };

    fn build(_: &Parameters, _: &Context) -> Self {
        Self::new()
    }

    fn on_bar(&mut self, bar: &Bar, values: &mut [f64]) {
        if let Some(ratio) = self.update(bar.volume) {
            values[0] = ratio;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last_of(volumes: impl IntoIterator<Item = i64>) -> Option<f64> {
        let mut ratio = VolumeRatio::new();
        volumes.into_iter().map(|volume| ratio.update(i128::from(volume))).last().flatten()
    }

    #[test]
    fn the_average_includes_the_bar() {
        assert_eq!(last_of([7; 19]), None);
        // Mean of nineteen 0 and one 40: 2, so ln 20.
        assert!((last_of(std::iter::repeat_n(0, 19).chain([40])).unwrap() - 20_f64.ln()).abs() < 1e-15);
        // 2 + (23 − 2)·2/21 = 4, so ln (23/4).
        let volumes = std::iter::repeat_n(2, 20).chain([23]);
        assert!((last_of(volumes).unwrap() - (23.0_f64 / 4.0).ln()).abs() < 1e-15);
    }

    #[test]
    fn nothing_and_less_than_usual_are_zero() {
        assert_eq!(last_of([0; 30]), Some(0.0));
        assert_eq!(last_of([3_000_000_000; 30]), Some(0.0));
        assert_eq!(last_of(std::iter::repeat_n(9, 30).chain([8])), Some(0.0));
    }
}
