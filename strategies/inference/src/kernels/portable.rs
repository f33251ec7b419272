//! The layers in plain Rust: for machines without the vector instructions of the other kernels.
//!
//! The inner loops run over 16 outputs, which compilers turn into whatever vectors the target has.

use super::fused::fused_multiply_add;
use super::{Affine, LANES};
use crate::packed::PASSES;

/// Computes an affine layer.
pub(super) fn affine(job: Affine<'_>) {
    affine_with(job, fused_multiply_add);
}

/// Computes an affine layer with this fused multiply-add: the vector kernels have one, and leave to this code
/// what is too short for them.
#[inline(always)]
pub(super) fn affine_with(mut job: Affine<'_>, fused: impl Fn(f32, f32, f32) -> f32 + Copy) {
    for block in 0..job.weights.blocks() {
        for row in 0..job.rows {
            let mut sums = NOTHING;
            for pass in 0..PASSES {
                let [first, second, third, fourth] = pass_lanes(&job, block, row, pass, fused);
                sums = add(add(sums, add(first, third)), add(second, fourth));
            }
            let bias = job.weights.bias(block);
            job.results(row).write(block, add(sums, bias.0));
        }
    }
}

/// -0, the one number whose addition changes nothing.
const NOTHING: [f32; LANES] = [-0.0; LANES];

/// Lanes `pass`, + 4, + 8, + 12 of the reduction.
#[inline(always)]
fn pass_lanes(
    job: &Affine<'_>,
    block: usize,
    row: usize,
    pass: usize,
    fused: impl Fn(f32, f32, f32) -> f32,
) -> [[f32; LANES]; PASSES] {
    let mut lanes = [NOTHING; PASSES];
    let inputs = job.row(row).iter().skip(pass).step_by(PASSES);
    for (i, (weights, &input)) in job.weights.pass(block, pass).iter().zip(inputs).enumerate() {
        for (sum, &weight) in lanes[i % PASSES].iter_mut().zip(&weights.0) {
            *sum = fused(weight, input, *sum);
        }
    }
    lanes
}

#[inline(always)]
fn add(a: [f32; LANES], b: [f32; LANES]) -> [f32; LANES] {
    std::array::from_fn(|lane| a[lane] + b[lane])
}
