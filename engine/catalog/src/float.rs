//! From floating point to units of 1e-9: the nearest one, exactly, halves to even.
//!
//! Why: `x * 1e9` is itself rounded, so near a half, or above 2^52, rounding the product is not rounding
//! the number. The common case is proven safe by two comparisons; the rest is integer arithmetic.

use crate::cell::{Cell, in_range};
use model::{UNIT, round_half_even};

/// Below this magnitude of the product, halves are exact and adding [`SHIFTER`] rounds to an integer.
const FAST_MAX: f64 = (1_u64 << 50) as f64;

/// Adding it pushes the fraction out of the mantissa, which rounds half-even.
const SHIFTER: f64 = (3_u64 << 51) as f64;

/// The nearest multiple of 1e-9, as a raw cell.
#[inline]
#[expect(clippy::float_cmp, reason = "the comparisons are with exactly representable halves")]
pub fn nearest_nano(value: f64) -> i64 {
    let product = value * UNIT as f64;
    let shifted = product + SHIFTER;
    let fraction = product - (shifted - SHIFTER);
    // Rounding is monotone: a product strictly between two halves came from a number between them.
    if product.abs() < FAST_MAX && fraction.abs() != 0.5 {
        shifted.to_bits() as i64 - SHIFTER.to_bits() as i64
    } else {
        nearest_nano_slow(value)
    }
}

#[cold]
fn nearest_nano_slow(value: f64) -> i64 {
    if value.is_nan() {
        return Cell::NotANumber.raw();
    }
    if value.is_infinite() {
        return Cell::Infinite { negative: value < 0.0 }.raw();
    }
    if value.abs() >= 1e9 {
        return Cell::OutOfRange { negative: value < 0.0 }.raw();
    }
    let bits = value.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32;
    let fraction = (bits & ((1 << 52) - 1)) as i128;
    // value = mantissa · 2^power, exactly.
    let (mantissa, power) =
        if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) };
    let signed = if value < 0.0 { -mantissa } else { mantissa } * i128::from(UNIT);
    let nanos = match power {
        0.. => signed << power,
        // The mantissa times 1e9 is below 2^83: shifted by more than 84 it is below a half.
        ..=-85 => 0,
        _ => round_half_even(signed, 1_i128 << -power),
    };
    in_range(nanos)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Rust prints a float's exact decimal expansion to any number of digits; round that text by hand.
    fn reference(value: f64) -> i64 {
        if value.is_nan() || value.abs() >= 1e9 {
            return nearest_nano_slow(value);
        }
        let text = format!("{:.1100}", value.abs());
        let (whole, decimals) = text.split_once('.').unwrap();
        let kept: i128 = format!("{whole}{}", &decimals[..9]).parse().unwrap();
        let rest = decimals[9..].trim_end_matches('0');
        let up = match rest.cmp("5") {
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Equal => kept & 1 == 1,
        };
        let rounded = kept + i128::from(up);
        in_range(if value < 0.0 { -rounded } else { rounded })
    }

    #[test]
    fn known_values() {
        for (value, expected) in [
            (0.0, 0),
            (-0.0, 0),
            (0.1, 100_000_000),
            (67_123.45, 67_123_450_000_000),
            (0.000_976_562_5, 976_562),
            (0.002_929_687_5, 2_929_688),
            (-0.002_929_687_5, -2_929_688),
            (12_345_678.123_456_79, 12_345_678_123_456_789),
            (1e-10, 0),
            (f64::MIN_POSITIVE, 0),
            (5e-324, 0),
            (999_999_999.0, 999_999_999_000_000_000),
        ] {
            assert_eq!(nearest_nano(value), expected, "{value}");
        }
        assert_eq!(Cell::from_raw(nearest_nano(f64::NAN)), Cell::NotANumber);
        assert_eq!(Cell::from_raw(nearest_nano(f64::NEG_INFINITY)), Cell::Infinite { negative: true });
        assert_eq!(Cell::from_raw(nearest_nano(1e9)), Cell::OutOfRange { negative: false });
        assert_eq!(Cell::from_raw(nearest_nano(-1e300)), Cell::OutOfRange { negative: true });
    }

    proptest! {
        #[test]
        fn agrees_with_the_printed_digits(value in prop_oneof![
            -1e9_f64..1e9,
            -10.0_f64..10.0,
            (-1_i64 << 40..1_i64 << 40, 0_i32..45).prop_map(|(m, e)| m as f64 / 2_f64.powi(e)),
            any::<f64>(),
        ]) {
            prop_assert_eq!(nearest_nano(value), reference(value), "{:?}", value);
        }
    }
}
