//! x·y + z with one rounding, on machines whose compiler target has no instruction for it.
//!
//! Why our own: `f32::mul_add` would call the platform's libm there, and results may not depend on it.
//! The product of two f32 is exact in f64. Their sum is not, and rounding it to f64 and then to f32 would
//! round twice; so the first rounding is made "to odd", which loses nothing for the second because f64 has
//! more than two bits more than f32 at every magnitude (Boldo and Melquiond, 2008).

/// x·y + z, rounded once, to nearest and even.
#[inline(always)]
pub(super) fn fused_multiply_add(x: f32, y: f32, z: f32) -> f32 {
    if cfg!(any(target_feature = "fma", target_arch = "aarch64")) {
        x.mul_add(y, z)
    } else {
        emulated(x, y, z)
    }
}

#[inline(always)]
fn emulated(x: f32, y: f32, z: f32) -> f32 {
    let (product, addend) = (f64::from(x) * f64::from(y), f64::from(z));
    let sum = product + addend;
    // Knuth's two-sum: product + addend = sum + error, exactly, if all are finite.
    let added = sum - product;
    let error = (product - (sum - added)) + (addend - added);
    let bits = sum.to_bits();
    let is_inexact = error != 0.0 && sum.is_finite();
    if is_inexact && bits & 1 == 0 {
        // The neighbour of `sum` towards the exact value; it is odd because `sum` is even.
        let is_away_from_zero = (error > 0.0) == (sum > 0.0);
        let odd = if is_away_from_zero { bits + 1 } else { bits - 1 };
        return f64::from_bits(odd) as f32;
    }
    sum as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(x: f32, y: f32, z: f32) {
        let (found, expected) = (emulated(x, y, z), x.mul_add(y, z));
        let is_equal = found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan();
        assert!(is_equal, "{x:e} * {y:e} + {z:e} = {found:e}, not {expected:e}");
    }

    #[test]
    fn special_values() {
        let tiny = f32::from_bits(1);
        let values = [0.0, -0.0, 1.0, -1.0, tiny, -tiny, f32::MIN_POSITIVE, f32::MAX, f32::MIN, f32::EPSILON];
        let others = [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1.0 + f32::EPSILON, 1e-23, -1e-23, 3.0e38];
        let all: Vec<f32> = values.into_iter().chain(others).collect();
        for &x in &all {
            for &y in &all {
                for &z in &all {
                    check(x, y, z);
                }
            }
        }
    }

    /// (1 + ε)(1 − ε)·2^(2·power) = (1 − ε²)·2^(2·power): a power of two but for a bit that f64 drops beside
    /// a large addend, and with it the side of a tie.
    fn check_ties(power: i32, addend: f32) {
        let scale = 2.0_f32.powi(power);
        let (x, y) = ((1.0 + f32::EPSILON) * scale, (1.0 - f32::EPSILON) * scale);
        for (x, z) in [(x, addend), (-x, addend), (x, -addend), (-x, -addend)] {
            check(x, y, z);
        }
    }

    #[test]
    fn ties_that_rounding_twice_would_break() {
        for power in -50..50 {
            let unit = 2.0_f32.powi(2 * power);
            for significand in [1 << 23, (1 << 23) + 1, (1 << 23) + 2, (1 << 24) - 1] {
                // The product is half of the addend's last place.
                check_ties(power, significand as f32 * 2.0 * unit);
            }
        }
        // The same below the smallest normal number.
        for bits in [1, 2, 3, 1 << 22, (1 << 22) + 1, (1 << 23) - 1, 1 << 23] {
            check_ties(-75, f32::from_bits(bits));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

        #[test]
        fn any_bits(x in any::<u32>(), y in any::<u32>(), z in any::<u32>()) {
            check(f32::from_bits(x), f32::from_bits(y), f32::from_bits(z));
        }

        #[test]
        fn addends_near_the_product(x in any::<u32>(), y in any::<u32>(), shift in 0_i32..60, low in any::<u32>()) {
            let (x, y) = (f32::from_bits(x), f32::from_bits(y));
            let z = f32::from_bits((x * y).to_bits() & 0xFF80_0000 | low & 0x007F_FFFF);
            check(x, y, z * 2.0_f32.powi(30 - shift));
        }

        #[test]
        fn results_below_the_normal(x in any::<u32>(), z in 0_u32..1 << 24, sign in any::<bool>()) {
            let x = f32::from_bits(x & 0x007F_FFFF | 0x3F80_0000) * 2.0_f32.powi(-75);
            let z = f32::from_bits(z);
            check(x, 2.0_f32.powi(-75), if sign { -z } else { z });
        }
    }
}
