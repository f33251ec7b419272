//! exp and ln from the four operations alone.
//!
//! Why: the platform's own differ in the last place from machine to machine, and one different last
//! place makes another market. Both are right to about two units in the last place.

/// log2(e).
const LOG2_E: f64 = std::f64::consts::LOG2_E;
/// ln 2 in two parts: the first has enough trailing zeros that its multiples up to 2^11 are exact.
const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// Terms of the exponential series on |r| ≤ ln2/2: the next is below 1e-17.
const EXP_TERMS: u32 = 14;
/// Terms of the artanh series on |s| ≤ 1/5: the next is below 1e-17.
const LN_TERMS: u32 = 12;

/// e^x for |x| ≤ 700.
pub(crate) fn exp(x: f64) -> f64 {
    debug_assert!(x.abs() <= 700.0, "exp of {x} is out of range");
    let k = (x * LOG2_E + 0.5).floor();
    let r = x - k * LN2_HIGH - k * LN2_LOW;
    // 1 + r(1 + r/2(1 + r/3(…))), innermost first.
    let series = (1..=EXP_TERMS).rev().fold(1.0, |sum, i| 1.0 + sum * r / f64::from(i));
    series * f64::from_bits(((1023 + k as i64) as u64) << 52)
}

/// ln x for positive normal x.
pub(crate) fn ln(x: f64) -> f64 {
    debug_assert!(x.is_normal() && x > 0.0, "ln of {x} is out of range");
    const FRACTION: u64 = (1 << 52) - 1;
    let bits = x.to_bits();
    // x = mantissa·2^k with the mantissa in [0.75, 1.5).
    let high_half = u64::from(bits & FRACTION >= 1 << 51);
    let k = (bits >> 52) as i64 - 1023 + high_half as i64;
    let mantissa = f64::from_bits((bits & FRACTION) | (1023 - high_half) << 52);
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let square = s * s;
    // ln m = 2·artanh s = 2s(1 + s²/3 + s⁴/5 + …), smallest first.
    let series = (0..LN_TERMS).rev().fold(0.0, |sum, i| sum * square + 1.0 / f64::from(2 * i + 1));
    k as f64 * LN2_HIGH + (2.0 * s * series + k as f64 * LN2_LOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agree_with_the_platform_to_the_last_places() {
        for i in -7_000..=7_000 {
            let x = f64::from(i) * 0.1;
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-15, "exp {x}");
        }
        for i in 1..20_000_u32 {
            for x in [f64::from(i) * 1e-4, f64::from(i) * 1e9, 1.0 / f64::from(i)] {
                assert!((ln(x) - x.ln()).abs() <= 4e-16 * x.ln().abs().max(1.0), "ln {x}");
            }
        }
    }

    #[test]
    fn fixed_points_are_exact() {
        assert_eq!((exp(0.0).to_bits(), ln(1.0).to_bits()), (1.0_f64.to_bits(), 0.0_f64.to_bits()));
    }

    #[test]
    fn bits_are_what_another_language_computes() {
        let golden = |value: f64, bits: u64| assert_eq!(value.to_bits(), bits, "{value:e}");
        golden(exp(1.0), GOLDEN_EXP_1);
        golden(exp(-0.37), GOLDEN_EXP_MINUS);
        golden(ln(0.1), GOLDEN_LN_TENTH);
        golden(ln(1234.5), GOLDEN_LN_LARGE);
    }

    // The same steps written in Python, whose floats are IEEE 754 doubles too.
    const GOLDEN_EXP_1: u64 = 0x4005_BF0A_8B14_576A;
    const GOLDEN_EXP_MINUS: u64 = 0x3FE6_1A7E_E209_FAFF;
    const GOLDEN_LN_TENTH: u64 = 0xC002_6BB1_BBB5_5515;
    const GOLDEN_LN_LARGE: u64 = 0x401C_7943_6F81_8745;
}
