//! Σ price·volume and Σ volume, exactly: what a volume-weighted mean price is made of.
//!
//! Why wide: a price of 18 digits times a volume of 27 leaves 128 bits, and in floats a sum that values leave
//! again would drift. Prices may be negative, so there is a sum for each sign.

use crate::wide::U256;
use model::UNIT;

/// A volume-weighted sum of raw prices.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct WeightedSum {
    /// Σ price·volume of prices not below 0.
    positive: U256,
    /// Σ |price|·volume of prices below 0.
    negative: U256,
    volume: i128,
}

model::value!(WeightedSum { positive, negative, volume });

impl WeightedSum {
    /// Adds a raw price with its raw volume, which is not negative.
    #[inline]
    pub(crate) fn add(&mut self, price: i64, volume: i128) {
        let (side, product) = self.side(price, volume);
        *side = side.plus(product);
        self.volume += volume;
    }

    /// Takes off what was added before.
    #[inline]
    pub(crate) fn remove(&mut self, price: i64, volume: i128) {
        let (side, product) = self.side(price, volume);
        *side = side.minus(product);
        self.volume -= volume;
    }

    /// The mean price of what was added, each price being `parts` times as large as the one meant; `None`
    /// without volume.
    #[inline]
    pub(crate) fn mean(&self, parts: f64) -> Option<f64> {
        if self.volume == 0 {
            return None;
        }
        let sum = if self.positive >= self.negative {
            self.positive.minus(self.negative).to_f64()
        } else {
            -self.negative.minus(self.positive).to_f64()
        };
        Some(sum / (self.volume as f64 * (parts * UNIT as f64)))
    }

    #[inline]
    fn side(&mut self, price: i64, volume: i128) -> (&mut U256, U256) {
        debug_assert!(volume >= 0, "a volume is not negative");
        let product = U256::product(u128::from(price.unsigned_abs()), volume.unsigned_abs());
        (if price < 0 { &mut self.negative } else { &mut self.positive }, product)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(added: &[(i64, i128)], expected: Option<f64>) {
        let mut sum = WeightedSum::default();
        added.iter().for_each(|&(price, volume)| sum.add(price, volume));
        assert_eq!(sum.mean(1.0), expected, "{added:?}");
    }

    #[test]
    fn weighs_by_volume() {
        check(&[(UNIT, 1), (5 * UNIT, 3)], Some(4.0));
        check(&[(UNIT, 1), (-5 * UNIT, 3)], Some(-3.5));
        check(&[(-1, 3)], Some(-1e-9));
        check(&[(UNIT, 0)], None);
        check(&[], None);
    }

    #[test]
    fn extremes_fit_and_leave_no_trace() {
        let (price, volume) = (4 * 999_999_999_999_999_999_i64, 10_i128.pow(30));
        let mut sum = WeightedSum::default();
        sum.add(3 * UNIT, 7);
        for _ in 0..10_000 {
            sum.add(price, volume);
            sum.add(-price, volume);
        }
        assert!(sum.mean(4.0).unwrap().abs() < 1e-9);
        for _ in 0..10_000 {
            sum.remove(price, volume);
            sum.remove(-price, volume);
        }
        assert_eq!(sum.mean(1.0), Some(3.0));
    }
}
