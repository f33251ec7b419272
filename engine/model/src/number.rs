//! Fixed-point numbers: `Price` and `Quantity`, integers at 1e-9.
//!
//! Why: the same decimal always has the same bits, comparisons are exact, and a sum does not depend
//! on its order. Text goes through `rust_decimal`, at the edges only.
//! Not here: amounts of money, which need more room (`money`).
//!
//! | type | integer | range |
//! | --- | --- | --- |
//! | `Price`, `Quantity` | `i64` at 1e-9 | ±999,999,999.999999999 |
//! | a sum of quantities | `i128` at 1e-9 | checked by the caller's bound on counts |

use rust_decimal::Decimal;
use std::fmt;

/// Integer units in 1: every fixed-point number here has nine decimals.
pub const UNIT: i64 = 1_000_000_000;

/// Largest magnitude of a `Price` or `Quantity`, in units of 1e-9.
const RAW_MAX: i64 = 999_999_999_999_999_999;

/// Why a text is not a fixed-point number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberError {
    /// Not a plain decimal number; write digits with an optional sign and point.
    NotANumber,
    /// More than nine decimals that are not zeros; round it to nine.
    TooManyDecimals,
    /// Beyond ±999,999,999.999999999; check the unit.
    OutOfRange,
}

impl fmt::Display for NumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NumberError::NotANumber => "is not a decimal number",
            NumberError::TooManyDecimals => "has more than 9 decimals",
            NumberError::OutOfRange => "is out of range",
        })
    }
}

impl std::error::Error for NumberError {}

/// Parses a plain decimal into units of 1e-9, exactly.
///
/// # Errors
/// [`NumberError`] where the text is no number or cannot be held exactly.
pub fn parse_fixed(text: &str) -> Result<i128, NumberError> {
    let decimal = Decimal::from_str_exact(text).map_err(|error| match error {
        rust_decimal::Error::ExceedsMaximumPossibleValue
        | rust_decimal::Error::LessThanMinimumPossibleValue => NumberError::OutOfRange,
        rust_decimal::Error::Underflow | rust_decimal::Error::ScaleExceedsMaximumPrecision(_) => {
            NumberError::TooManyDecimals
        }
        _ => NumberError::NotANumber,
    })?;
    let decimal = decimal.normalize();
    let scale = decimal.scale();
    if scale > 9 {
        return Err(NumberError::TooManyDecimals);
    }
    decimal.mantissa().checked_mul(10_i128.pow(9 - scale)).ok_or(NumberError::OutOfRange)
}

/// Writes units of 1e-9 as a plain decimal without trailing zeros.
pub(crate) fn write_fixed(raw: i128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match Decimal::try_from_i128_with_scale(raw, 9) {
        Ok(decimal) => write!(f, "{}", decimal.normalize()),
        Err(_) => write!(f, "{raw}e-9"),
    }
}

/// `numerator / denominator`, rounded to the nearest integer, halves to even.
///
/// # Panics
/// If `denominator` is not positive.
#[inline]
pub fn round_half_even(numerator: i128, denominator: i128) -> i128 {
    assert!(denominator > 0, "a rounding divisor is positive");
    let DivRem { quotient, remainder } = div_rem_floor(numerator, denominator);
    // Compare with the half without doubling, which could leave 128 bits.
    match remainder.cmp(&(denominator - remainder)) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Greater => quotient + 1,
        std::cmp::Ordering::Equal => quotient + (quotient & 1),
    }
}

/// A quotient rounded down, and what remains: `0 <= remainder < denominator`.
pub struct DivRem {
    /// Rounded towards minus infinity.
    pub quotient: i128,
    /// Not negative.
    pub remainder: i128,
}

/// Divides by a positive number, rounding down, with one division: they are slow at 128 bits.
#[inline]
pub fn div_rem_floor(numerator: i128, denominator: i128) -> DivRem {
    debug_assert!(denominator > 0, "a divisor is positive");
    let quotient = numerator / denominator;
    let remainder = numerator - quotient * denominator;
    if remainder < 0 {
        DivRem { quotient: quotient - 1, remainder: remainder + denominator }
    } else {
        DivRem { quotient, remainder }
    }
}

macro_rules! fixed_point {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        #[derive(bytemuck::Pod, bytemuck::Zeroable)]
        #[repr(transparent)]
        pub struct $name(i64);

        impl $name {
            /// Zero.
            pub const ZERO: Self = Self(0);
            /// The largest value.
            pub const MAX: Self = Self(RAW_MAX);
            /// The smallest value.
            pub const MIN: Self = Self(-RAW_MAX);

            /// From units of 1e-9; `None` beyond the range.
            #[inline]
            pub const fn from_raw(raw: i64) -> Option<Self> {
                if raw >= -RAW_MAX && raw <= RAW_MAX { Some(Self(raw)) } else { None }
            }

            /// From units of 1e-9 that are known to be in range.
            ///
            /// # Panics
            /// Beyond the range.
            #[inline]
            pub const fn new(raw: i64) -> Self {
                assert!(raw >= -RAW_MAX && raw <= RAW_MAX, "a fixed-point number is in range");
                Self(raw)
            }

            /// Units of 1e-9.
            #[inline]
            pub const fn raw(self) -> i64 {
                self.0
            }

            /// Parses a plain decimal, exactly.
            ///
            /// # Errors
            /// [`NumberError`] where the text is no number or cannot be held exactly.
            pub fn parse(text: &str) -> Result<Self, NumberError> {
                let raw = i64::try_from(parse_fixed(text)?).map_err(|_| NumberError::OutOfRange)?;
                Self::from_raw(raw).ok_or(NumberError::OutOfRange)
            }

            /// The nearest `f64`, for indicators and statistics.
            #[inline]
            pub fn to_f64(self) -> f64 {
                self.0 as f64 / UNIT as f64
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_fixed(i128::from(self.0), f)
            }
        }
    };
}

fixed_point! {
    /// A price in the instrument's currency, in units of 1e-9. May be negative where the instrument allows it.
    Price
}

fixed_point! {
    /// A quantity of an instrument, in units of 1e-9. A position's quantity is signed, an order's is positive.
    Quantity
}

/// The middle of a quote, rounded half-even to nine decimals.
#[inline]
pub fn mid(bid: Price, ask: Price) -> Price {
    let sum = bid.raw() + ask.raw();
    let half = sum >> 1;
    // An odd sum lies halfway between two units: take the even one.
    Price(half + (sum & half & 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: Result<i64, NumberError>) {
        assert_eq!(Price::parse(text).map(Price::raw), expected, "{text:?}");
    }

    #[test]
    fn parses_plain_decimals_exactly() {
        check("1.5", Ok(1_500_000_000));
        check("-0.000000001", Ok(-1));
        check("1.5000000000000", Ok(1_500_000_000));
        check("999999999.999999999", Ok(RAW_MAX));
        check("1000000000", Err(NumberError::OutOfRange));
        check("0.0000000001", Err(NumberError::TooManyDecimals));
        for text in ["", "abc", "1e3", "0x10", "NaN", "inf", "1.2.3", "1 2"] {
            check(text, Err(NumberError::NotANumber));
        }
    }

    #[test]
    fn halves_go_to_even() {
        for (numerator, expected) in [(5, 2), (15, 8), (25, 12), (-5, -2), (-15, -8), (14, 7), (16, 8)] {
            assert_eq!(round_half_even(numerator, 2), expected, "{numerator}/2");
        }
    }

    proptest! {
        #[test]
        fn printing_then_parsing_is_the_identity(raw in -RAW_MAX..=RAW_MAX) {
            let price = Price::new(raw);
            prop_assert_eq!(Price::parse(&price.to_string()), Ok(price));
        }

        #[test]
        fn mid_is_half_the_sum_half_even(bid in -RAW_MAX..=RAW_MAX, ask in -RAW_MAX..=RAW_MAX) {
            let expected = round_half_even(i128::from(bid) + i128::from(ask), 2);
            prop_assert_eq!(i128::from(mid(Price::new(bid), Price::new(ask)).raw()), expected);
        }
    }
}
