//! exp(x − max) / Σ exp(x − max).
//!
//! exp comes from the `libm` crate, which is compiled into the program; the platform's differs by machine.

use super::LANES;

/// Replaces the values by their softmax.
pub(crate) fn softmax(values: &mut [f32]) {
    // A NaN is found by the comparison of sums below, not by this one.
    let largest = values.iter().fold(f32::NEG_INFINITY, |max, &value| if value > max { value } else { max });
    // -0, the one number whose addition changes nothing.
    let mut lanes = [-0.0_f32; LANES];
    for (i, value) in values.iter_mut().enumerate() {
        *value = libm::expf(*value - largest);
        lanes[i % LANES] += *value;
    }
    let sum =
        [4, 1, 5, 2, 6, 3, 7].iter().fold(lanes[0] + lanes[8], |sum, &i| sum + (lanes[i] + lanes[i + 8]));
    for value in values {
        *value /= sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[f32], expected: &[f64]) {
        let mut found = values.to_vec();
        softmax(&mut found);
        for (found, expected) in found.iter().zip(expected) {
            let is_equal = (f64::from(*found) - expected).abs() < 1e-6 || found.is_nan() && expected.is_nan();
            assert!(is_equal, "{values:?}: {found} is not {expected}");
        }
    }

    #[test]
    fn softmax_of_known_values() {
        check(&[0.0, 0.0, 0.0], &[1.0 / 3.0; 3]);
        check(&[1000.0, 0.0, -1000.0], &[1.0, 0.0, 0.0]);
        check(&[5.0], &[1.0]);
        let sum: f64 = (0..20).map(|i| (f64::from(i) / 4.0).exp()).sum();
        let values: Vec<f32> = (0..20).map(|i| i as f32 / 4.0).collect();
        check(&values, &values.iter().map(|&value| f64::from(value).exp() / sum).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_not_finite_is_not_hidden() {
        check(&[f32::NAN, 0.0, 0.0], &[f64::NAN; 3]);
        check(&[f32::INFINITY, 0.0, 0.0], &[f64::NAN; 3]);
        check(&[f32::NEG_INFINITY; 3], &[f64::NAN; 3]);
    }
}
