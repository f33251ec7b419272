//! Unsigned 256-bit integers, as far as an exact variance needs them.
//!
//! Why: n·Σx² − (Σx)² of prices at 1e-9 reaches 1e44, beyond 128 bits; in floats the difference of two
//! nearly equal sums would lose everything when prices are high and quiet.
//! Not here: division; the only way out is [`U256::to_f64`].

/// 2^128.
const HIGH_UNIT: f64 = 340_282_366_920_938_463_463_374_607_431_768_211_456.0;
const HALF_MASK: u128 = u64::MAX as u128;

/// An unsigned 256-bit integer. The derived order is the numeric one: `high` stands first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct U256 {
    high: u128,
    low: u128,
}

model::value!(U256 { high, low });

impl U256 {
    /// `a²` of a raw price or a difference of two.
    #[inline]
    pub(crate) fn square_of_i64(a: i64) -> Self {
        let a = u128::from(a.unsigned_abs());
        Self { high: 0, low: a * a }
    }

    /// `a · b` in full.
    #[inline]
    pub(crate) fn product(a: u128, b: u128) -> Self {
        let (a_high, a_low) = (a >> 64, a & HALF_MASK);
        let (b_high, b_low) = (b >> 64, b & HALF_MASK);
        let low = a_low * b_low;
        let cross = a_high * b_low + (low >> 64);
        let middle = a_low * b_high + (cross & HALF_MASK);
        Self {
            high: a_high * b_high + (cross >> 64) + (middle >> 64),
            low: (middle << 64) | (low & HALF_MASK),
        }
    }

    /// `self + other`.
    ///
    /// # Panics
    /// Beyond 256 bits.
    #[inline]
    pub(crate) fn plus(self, other: Self) -> Self {
        let (low, carry) = self.low.overflowing_add(other.low);
        let high = self.high.checked_add(other.high).and_then(|high| high.checked_add(u128::from(carry)));
        Self { high: high.expect("a sum of products of prices and volumes fits in 256 bits"), low }
    }

    /// `self − other`.
    ///
    /// # Panics
    /// If `other` is the larger one.
    #[inline]
    pub(crate) fn minus(self, other: Self) -> Self {
        assert!(self >= other, "an unsigned difference is not negative");
        let (low, borrow) = self.low.overflowing_sub(other.low);
        Self { high: self.high - other.high - u128::from(borrow), low }
    }

    /// `self · factor`.
    ///
    /// # Panics
    /// Beyond 256 bits.
    #[inline]
    pub(crate) fn times(self, factor: u64) -> Self {
        let low = Self::product(self.low, u128::from(factor));
        let high = self.high.checked_mul(u128::from(factor)).and_then(|high| high.checked_add(low.high));
        Self { high: high.expect("a scaled variance of prices fits in 256 bits"), low: low.low }
    }

    /// The nearest `f64`, to one unit in the last place.
    #[inline]
    pub(crate) fn to_f64(self) -> f64 {
        self.high as f64 * HIGH_UNIT + self.low as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_bigint::BigUint;
    use proptest::prelude::*;

    fn big(value: U256) -> BigUint {
        (BigUint::from(value.high) << 128) + BigUint::from(value.low)
    }

    proptest! {
        #[test]
        fn equals_big_integers(a in any::<u128>(), b in any::<u128>(), c in any::<u128>(), factor in any::<u32>()) {
            let product = U256::product(a, b);
            prop_assert_eq!(big(product), BigUint::from(a) * BigUint::from(b));
            let part = U256::product(a >> 64, c >> 64);
            let (large, small) = if product >= part { (product, part) } else { (part, product) };
            prop_assert_eq!(big(large) - big(small), big(large.minus(small)));
            let half = U256 { high: product.high >> 34, low: product.low };
            prop_assert_eq!(big(half.plus(part)), big(half) + big(part));
            prop_assert_eq!(big(half.times(u64::from(factor))), big(half) * BigUint::from(factor));
        }

        #[test]
        fn a_float_is_within_two_units_in_the_last_place(a in any::<u64>(), b in any::<u64>()) {
            let value = U256::product(u128::from(a) << 40, u128::from(b) << 40);
            let expected = (a as f64 * b as f64) * (1_u128 << 80) as f64;
            prop_assert!((value.to_f64() - expected).abs() <= expected * 5e-16);
        }
    }

    #[test]
    fn carries_and_borrows_cross_the_middle() {
        let low_max = U256 { high: 0, low: u128::MAX };
        let one = U256::square_of_i64(-1);
        let sum = low_max.plus(one);
        assert_eq!(sum, U256 { high: 1, low: 0 });
        assert_eq!(sum.minus(one), low_max);
    }
}
