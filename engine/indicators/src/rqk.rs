//! RQK: the Nadaraya–Watson regression of the close with a rational-quadratic kernel, looking back only.
//!
//! value = Σ w·close/Σ w, w_i = (1 + i²/(2·r·h²))^(−r) over bars back i = 0..26, r = 8, h = 8 (fast: h = 6).
//! Closes enter as exact differences from the newest one, changes as exact differences of neighbours: a flat
//! price is its own regression and has a slope of exactly 0, and the slope of a dear price loses no digits
//! to the price. The weights are computed once, with `libm`.

use crate::definition::{Context, Definition, Indicator, Parameters, Standard, Values};
use model::{Bar, Price, UNIT};

/// Bars in the kernel's window.
const BARS: usize = 27;
/// r, the weight of long distances against short ones.
const RELATIVE_WEIGHT: f64 = 8.0;
/// h of the value and the slope, in bars.
const BANDWIDTH_BARS: f64 = 8.0;
/// h of the fast value, in bars.
const BANDWIDTH_FAST_BARS: f64 = 6.0;

/// What the regression says at a bar, in price units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RqkValues {
    /// The regression at the newest bar, from the 27th on.
    pub value: f64,
    /// Its change since the bar before, from the 28th on; NaN before.
    pub slope: f64,
    /// The same with the narrower kernel.
    pub fast: f64,
}

/// The regression over 27 closes.
#[derive(Debug, Clone)]
pub struct Rqk {
    weights: Weights,
    weights_fast: Weights,
    /// Raw closes, newest first, one more than the kernel needs.
    closes: [i64; BARS + 1],
    len: usize,
}

model::state!(Rqk { closes, len; config weights, weights_fast; check |rqk| rqk.len <= BARS + 1 });

/// A kernel by bars back.
#[derive(Debug, Clone)]
struct Weights {
    each: [f64; BARS],
    sum: f64,
}

impl Default for Rqk {
    fn default() -> Self {
        Self::new()
    }
}

impl Rqk {
    /// Nothing seen yet.
    pub fn new() -> Self {
        let (weights, weights_fast) = (Weights::new(BANDWIDTH_BARS), Weights::new(BANDWIDTH_FAST_BARS));
        Self { weights, weights_fast, closes: [0; BARS + 1], len: 0 }
    }

    /// Takes the next close; the values from the 27th on.
    pub fn update(&mut self, close: Price) -> Option<RqkValues> {
        self.closes.copy_within(..BARS, 1);
        self.closes[0] = close.raw();
        self.len = (self.len + 1).min(BARS + 1);
        if self.len < BARS {
            return None;
        }
        let regression = |weights: &Weights| {
            let offset = weights.mean(|i| self.closes[i] - self.closes[0]);
            (close.raw() as f64 + offset) / UNIT as f64
        };
        let slope = if self.len > BARS {
            self.weights.mean(|i| self.closes[i] - self.closes[i + 1]) / UNIT as f64
        } else {
            f64::NAN
        };
        Some(RqkValues { value: regression(&self.weights), slope, fast: regression(&self.weights_fast) })
    }
}

impl Indicator for Rqk {
    const DEFINITION: Definition = Definition {
        name: "rqk",
        parameters: &[],
        values: Values::Named(&["rqk_value", "rqk_slope", "rqk_fast"]),
        standard: Standard::ThirtyMinutes,
        reads_ticks: false,
    };

    fn build(_: &Parameters, _: &Context) -> Self {
        Self::new()
    }

    fn on_bar(&mut self, bar: &Bar, values: &mut [f64]) {
        if let Some(RqkValues { value, slope, fast }) = self.update(bar.close) {
            values.copy_from_slice(&[value, slope, fast]);
        }
    }
}

impl Weights {
    fn new(bandwidth: f64) -> Self {
        let spread = 2.0 * RELATIVE_WEIGHT * bandwidth * bandwidth;
        let each = std::array::from_fn(|i| libm::pow(1.0 + (i * i) as f64 / spread, -RELATIVE_WEIGHT));
        Self { each, sum: each.iter().sum() }
    }

    /// The weighted mean of raw integers by bars back, newest first.
    #[inline]
    fn mean(&self, raw: impl Fn(usize) -> i64) -> f64 {
        let terms = self.each.iter().enumerate().map(|(i, weight)| weight * raw(i) as f64);
        terms.sum::<f64>() / self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_fall_as_the_kernel_says() {
        let weights = Weights::new(8.0);
        // 1 + i²/1024, to the power −8.
        for (i, expected) in
            [(0, 1.0), (8, 1.0625_f64.powi(-8)), (16, 1.25_f64.powi(-8)), (24, 1.5625_f64.powi(-8))]
        {
            assert!((weights.each[i] - expected).abs() < 1e-15, "{i}: {}", weights.each[i]);
        }
    }

    #[test]
    fn values_come_with_the_27th_close_and_slopes_with_the_28th() {
        let mut rqk = Rqk::new();
        let values: Vec<_> = (0..29).map(|i| rqk.update(Price::new(i * UNIT))).collect();
        assert!(values[..26].iter().all(Option::is_none));
        assert!(values[26].unwrap().slope.is_nan());
        // A line is regressed to itself, late by the same amount at each bar.
        let (before, after) = (values[27].unwrap(), values[28].unwrap());
        assert!((after.slope - 1.0).abs() < 1e-15 && (after.value - before.value - 1.0).abs() < 1e-12);
        assert!(before.value < before.fast && before.fast < 27.0, "{before:?}");
    }

    #[test]
    fn a_flat_price_is_its_own_regression() {
        for raw in [1, -7, 123_456_789_123_456_789] {
            let (price, mut rqk) = (Price::new(raw), Rqk::new());
            let last = (0..60).map(|_| rqk.update(price)).last().unwrap().unwrap();
            assert_eq!(last, RqkValues { value: price.to_f64(), slope: 0.0, fast: price.to_f64() });
        }
    }
}
