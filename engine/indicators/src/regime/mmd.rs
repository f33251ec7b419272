//! Squared maximum mean discrepancy of two samples of 20, biased, with a Gaussian kernel.
//!
//! The definition: mean k(X,X) + mean k(Y,Y) − 2 mean k(X,Y), k(a,b) = exp(−(a−b)²/2σ²), σ the population deviation
//! of the pooled 40, and 0 if σ = 0. Computed as written that is 780 exponentials of differences.
//!
//! With z = (a − mean)/σ the kernel is e^(−z²/2)·e^(−z'²/2)·Σ (z·z')ⁿ/n!, so the discrepancy is the squared distance
//! of mean features, Σ (mean_X φₙ − mean_Y φₙ)²/n! with φₙ = zⁿ·e^(−z²/2) (the Taylor features of Cotter, Keshet and
//! Srebro, "Explicit approximations of the Gaussian kernel", 2011). That is 40 exponentials, a sum of squares that
//! cannot cancel, and two instructions a sample and term. How many terms: those left out weigh at most
//! P(Poisson(R²) ≥ N) each way, R the largest |z|, which cannot exceed √39; N = R² + 7R + 14 leaves less than 1e-13.

/// Values in a sample.
pub(super) const SAMPLES: usize = 20;
/// Most terms: R² + 7R + 14 for R = √39, with room for rounding.
const TERMS_MAX: usize = 100;
/// Partial sums of a feature, folded in one order.
const LANES: usize = 4;

const _: () = assert!(SAMPLES.is_multiple_of(LANES) && TERMS_MAX > 39 + 7 * 7 + 8, "all terms have a factor");

/// 1/n!.
const INVERSE_FACTORIALS: [f64; TERMS_MAX] = {
    let mut table = [1.0; TERMS_MAX];
    let mut n = 1;
    while n < TERMS_MAX {
        table[n] = table[n - 1] / n as f64;
        n += 1;
    }
    table
};

/// The squared discrepancy, 0 to 2.
pub(super) fn mmd(x: &[f64; SAMPLES], y: &[f64; SAMPLES]) -> f64 {
    let mut pooled = [0.0; 2 * SAMPLES];
    pooled[..SAMPLES].copy_from_slice(x);
    pooled[SAMPLES..].copy_from_slice(y);
    // Whether anything deviates is asked of the values, not of a rounded sum.
    if pooled.iter().all(|value| value - pooled[0] == 0.0) {
        return 0.0;
    }
    let (mean, deviation) = crate::returns::mean_and_deviation(&pooled);
    let z = pooled.map(|value| (value - mean) / deviation);
    let farthest = z.iter().fold(0.0_f64, |farthest, z| farthest.max(z.abs()));
    let terms = (farthest * farthest + 7.0 * farthest) as usize + 15;
    let (x, y) = z.split_at(SAMPLES);
    let (mut x, mut y) = (Features::new(x), Features::new(y));
    let mut sum = 0.0;
    for factor in &INVERSE_FACTORIALS[..terms.min(TERMS_MAX)] {
        let distance = (x.next_sum() - y.next_sum()) / SAMPLES as f64;
        sum += factor * (distance * distance);
    }
    sum
}

/// One sample's features, term by term.
struct Features {
    z: [f64; SAMPLES],
    /// zⁿ·e^(−z²/2) for the next n.
    terms: [f64; SAMPLES],
}

impl Features {
    fn new(z: &[f64]) -> Self {
        let z: [f64; SAMPLES] = std::array::from_fn(|i| z[i]);
        Self { z, terms: z.map(|z| libm::exp(-0.5 * z * z)) }
    }

    /// The sum of the sample's n-th feature; n counts up from 0 with each call.
    #[inline]
    fn next_sum(&mut self) -> f64 {
        let mut lanes = [0.0; LANES];
        for (terms, z) in self.terms.chunks_exact_mut(LANES).zip(self.z.chunks_exact(LANES)) {
            for lane in 0..LANES {
                lanes[lane] += terms[lane];
                terms[lane] *= z[lane];
            }
        }
        (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition as it is written.
    fn slow(x: &[f64; SAMPLES], y: &[f64; SAMPLES]) -> f64 {
        let pooled: Vec<f64> = x.iter().chain(y).copied().collect();
        let mean = pooled.iter().sum::<f64>() / 40.0;
        let variance = pooled.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 40.0;
        let mean_kernel = |a: &[f64], b: &[f64]| {
            let kernel = |a: f64, b: f64| (-(a - b).powi(2) / (2.0 * variance)).exp();
            a.iter().map(|a| b.iter().map(|b| kernel(*a, *b)).sum::<f64>()).sum::<f64>() / 400.0
        };
        mean_kernel(x, x) + mean_kernel(y, y) - 2.0 * mean_kernel(x, y)
    }

    fn check(x: &[f64; SAMPLES], y: &[f64; SAMPLES]) {
        let (fast, slow) = (mmd(x, y), slow(x, y));
        assert!((fast - slow).abs() < 1e-12, "{fast} for {slow} of {x:?} and {y:?}");
    }

    #[test]
    fn the_farthest_outlier_needs_the_most_terms() {
        let flat = [0.25; SAMPLES];
        let mut outlier = flat;
        outlier[7] = -3.0;
        check(&flat, &outlier);
        check(&outlier, &flat);
        outlier[3] = 3.0;
        check(&outlier, &flat);
    }

    #[test]
    fn equal_samples_do_not_differ() {
        let sample: [f64; SAMPLES] = std::array::from_fn(|i| (i * i % 7) as f64);
        assert_eq!(mmd(&sample, &sample).to_bits(), 0.0_f64.to_bits());
        assert_eq!(mmd(&[0.1; SAMPLES], &[0.1; SAMPLES]).to_bits(), 0.0_f64.to_bits());
        assert_eq!(mmd(&[0.0; SAMPLES], &[-0.0; SAMPLES]).to_bits(), 0.0_f64.to_bits());
        // Two far groups: each is itself and not the other.
        check(&[0.0; SAMPLES], &[1.0; SAMPLES]);
    }

    proptest! {
        #[test]
        fn equals_the_definition(
            x in prop::array::uniform20(-1.0_f64..1.0),
            y in prop::array::uniform20(-1.0_f64..1.0),
            power in 1_i32..12,
            shift in -1.0_f64..1.0,
            scale in 1e-9_f64..1e3,
        ) {
            // Odd powers make tails of all weights.
            let tail = |value: f64| scale * (value.powi(2 * power - 1) + shift);
            check(&x.map(tail), &y.map(|value| tail(value) + scale * shift));
        }
    }
}
