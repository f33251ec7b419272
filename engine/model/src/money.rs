//! Amounts of money: `i128` at 1e-9, checked, rounded half-even once where a product is formed.
//!
//! Why: a fill's notional is a product of three numbers and must be one exact decimal from there on,
//! whatever is added to it later.
//! Not here: currency conversion.

use crate::number::{UNIT, parse_fixed, write_fixed};
use crate::{NumberError, Price, Quantity};
use std::fmt;

/// Largest magnitude of a `Money`, in units of 1e-9: what 96 bits hold, about 79 quintillion.
const RAW_MAX: i128 = (1 << 96) - 1;

/// Why an amount could not be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoneyError {
    /// Beyond ±79,228,162,514,264,337,593.543950335; quantities, prices or the multiplier are senseless.
    Overflow,
}

impl fmt::Display for MoneyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an amount of money beyond 79 quintillion; check prices, quantities and the multiplier")
    }
}

impl std::error::Error for MoneyError {}

/// An amount in the run's currency, in units of 1e-9.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(i128);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From units of 1e-9.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] beyond the range.
    #[inline]
    pub const fn from_raw(raw: i128) -> Result<Self, MoneyError> {
        if raw >= -RAW_MAX && raw <= RAW_MAX { Ok(Self(raw)) } else { Err(MoneyError::Overflow) }
    }

    /// Units of 1e-9.
    #[inline]
    pub const fn raw(self) -> i128 {
        self.0
    }

    /// Parses a plain decimal, exactly.
    ///
    /// # Errors
    /// [`NumberError`] where the text is no number or cannot be held exactly.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        Self::from_raw(parse_fixed(text)?).map_err(|_| NumberError::OutOfRange)
    }

    /// The sum.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] beyond the range.
    #[inline]
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        Self::from_raw(self.0 + other.0)
    }

    /// The difference.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] beyond the range.
    #[inline]
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        Self::from_raw(self.0 - other.0)
    }

    /// The same amount with the other sign.
    #[inline]
    pub const fn negated(self) -> Self {
        Self(-self.0)
    }

    /// The nearest `f64`, for statistics and pictures.
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / UNIT as f64
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_fixed(self.0, f)
    }
}

/// A dimensionless fraction, in units of 1e-9: a fee rate, a collar, a largest jump.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Rate(i64);

impl Rate {
    /// None.
    pub const ZERO: Self = Self(0);

    /// Parses a plain decimal, exactly. May be negative: a rebate.
    ///
    /// # Errors
    /// [`NumberError`] where the text is no number or cannot be held exactly.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        i64::try_from(parse_fixed(text)?).map(Self).map_err(|_| NumberError::OutOfRange)
    }

    /// Units of 1e-9.
    #[inline]
    pub const fn raw(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_fixed(i128::from(self.0), f)
    }
}

/// `a · b / divisor` with a 192-bit product, rounded half-even; `None` if the result exceeds `i128`.
///
/// # Panics
/// If `divisor` is zero.
pub fn mul_div_half_even(a: i128, b: i64, divisor: u64) -> Option<i128> {
    assert!(divisor > 0, "a divisor is positive");
    let negative = (a < 0) != (b < 0);
    let (magnitude, factor) = (a.unsigned_abs(), u128::from(b.unsigned_abs()));
    // The product in three 64-bit limbs, then schoolbook division, highest limb first.
    let low = (magnitude & u128::from(u64::MAX)) * factor;
    let high = (magnitude >> 64) * factor + (low >> 64);
    let limbs = [(high >> 64) as u64, high as u64, low as u64];
    let divisor_wide = u128::from(divisor);
    let mut quotient = [0_u64; 3];
    let mut remainder = 0_u128;
    for (digit, limb) in quotient.iter_mut().zip(limbs) {
        let part = (remainder << 64) | u128::from(limb);
        *digit = (part / divisor_wide) as u64;
        remainder = part % divisor_wide;
    }
    if quotient[0] != 0 {
        return None;
    }
    let mut result = (u128::from(quotient[1]) << 64) | u128::from(quotient[2]);
    let twice = remainder * 2;
    if twice > divisor_wide || (twice == divisor_wide && result & 1 == 1) {
        result = result.checked_add(1)?;
    }
    let result = i128::try_from(result).ok()?;
    Some(if negative { -result } else { result })
}

/// Notional = price · quantity · multiplier, rounded half-even to 1e-9 once.
///
/// # Errors
/// [`MoneyError::Overflow`] beyond the range of [`Money`].
#[inline]
pub fn notional(price: Price, quantity: Quantity, multiplier: Quantity) -> Result<Money, MoneyError> {
    let product = i128::from(price.raw()) * i128::from(quantity.raw());
    let raw = if multiplier.raw() == UNIT {
        crate::number::round_half_even(product, i128::from(UNIT))
    } else {
        const UNIT_SQUARED: u64 = UNIT as u64 * UNIT as u64;
        mul_div_half_even(product, multiplier.raw(), UNIT_SQUARED).ok_or(MoneyError::Overflow)?
    };
    Money::from_raw(raw)
}

/// Fee = |notional| · rate, rounded half-even to 1e-9. A negative rate is a rebate.
///
/// # Errors
/// [`MoneyError::Overflow`] beyond the range of [`Money`].
pub fn fee(notional: Money, rate: Rate) -> Result<Money, MoneyError> {
    let raw = mul_div_half_even(notional.raw().abs(), rate.raw(), UNIT as u64).ok_or(MoneyError::Overflow)?;
    Money::from_raw(raw)
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_bigint::BigInt;
    use num_rational::Ratio;
    use proptest::prelude::*;

    /// The definition, on big rationals: nearest integer, halves to even.
    fn slow_half_even(value: &Ratio<BigInt>) -> BigInt {
        let floor = value.floor().to_integer();
        let half = Ratio::new(BigInt::from(1), BigInt::from(2));
        let rest = value - Ratio::from(floor.clone());
        let odd = &floor % 2 != BigInt::from(0);
        if rest > half || (rest == half && odd) { floor + 1 } else { floor }
    }

    #[test]
    fn notional_and_fee_round_once() {
        let notional_of = |p: &str, q: &str, m: &str| {
            notional(Price::parse(p).unwrap(), Quantity::parse(q).unwrap(), Quantity::parse(m).unwrap())
                .unwrap()
                .to_string()
        };
        assert_eq!(notional_of("50000.1", "0.01", "1"), "500.001");
        assert_eq!(notional_of("0.000000001", "0.5", "1"), "0");
        assert_eq!(notional_of("0.000000003", "0.5", "1"), "0.000000002");
        assert_eq!(notional_of("4780.25", "-3", "50"), "-717037.5");
        let cost = Money::parse("-717037.5").unwrap();
        assert_eq!(fee(cost, Rate::parse("0.0002").unwrap()).unwrap().to_string(), "143.4075");
        assert_eq!(fee(cost, Rate::parse("-0.0001").unwrap()).unwrap().to_string(), "-71.70375");
    }

    proptest! {
        #[test]
        fn mul_div_equals_big_rationals(a in any::<i128>(), b in any::<i64>(), divisor in 1..=u64::MAX) {
            let exact = Ratio::new(BigInt::from(a) * BigInt::from(b), BigInt::from(divisor));
            let expected = i128::try_from(slow_half_even(&exact)).ok().filter(|x| *x != i128::MIN);
            prop_assert_eq!(mul_div_half_even(a, b, divisor), expected);
        }

        #[test]
        fn mul_div_ties(a in -1000_i128..1000, b in -9_i64..9, divisor in 1..8_u64) {
            let exact = Ratio::new(BigInt::from(a) * BigInt::from(b), BigInt::from(divisor));
            let expected = i128::try_from(slow_half_even(&exact)).ok();
            prop_assert_eq!(mul_div_half_even(a, b, divisor), expected);
        }
    }
}
