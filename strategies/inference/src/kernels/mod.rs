//! The arithmetic of the layers: one fixed shape of reduction, computed by whatever the machine has.
//!
//! **The shape.** Σ w[k]·x[k] over k = 0..n is sixteen lanes. Lane i takes the elements i, i + 16, i + 32, …
//! in this order: the first as a product, each other by one fused multiply-add. Then the lanes are folded:
//! lane i with lane i + 8, and these eight results one after another, in the order 0, 4, 1, 5, 2, 6, 3, 7.
//! The bias is added last. A mean and a softmax's denominator are folded in the same shape, by additions.
//! A lane without elements is left out, for which −0 may stand: its addition changes nothing.
//!
//! **Why a result cannot depend on the machine.** Every step is one IEEE operation, and a result names its
//! steps and their order. The kernels lay *outputs* along the SIMD register and keep the lanes of the
//! reduction in different registers, so that register width and blocking decide only which results are
//! computed together. Inputs are not padded.
//!
//! Not here: the order of layers (`network.rs`) and of weights (`packed.rs`).

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod fused;
mod pool;
mod portable;
mod results;
mod softmax;
#[cfg(target_arch = "x86_64")]
mod tile;

pub(crate) use pool::Pool;
pub(crate) use softmax::softmax;

use crate::InstructionSet;
use crate::packed::{LANES, Packed};
use results::Results;

/// Whether negative results become zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Activation {
    /// Results as they are.
    Identity,
    /// max(x, 0); NaN stays NaN.
    Relu,
}

/// Rows of results from rows of inputs. Rows of inputs may overlap, as the windows of a convolution do.
pub(crate) struct Affine<'a> {
    /// Weights and bias.
    pub weights: &'a Packed,
    /// Row r is the `weights.inputs` numbers from `r * input_stride`.
    pub input: &'a [f32],
    /// Distance of rows.
    pub input_stride: usize,
    /// How many rows.
    pub rows: usize,
    /// Row r is the `weights.outputs` numbers from `r * output_stride`.
    pub output: &'a mut [f32],
    /// Distance of rows.
    pub output_stride: usize,
    /// What follows the bias.
    pub activation: Activation,
}

impl<'a> Affine<'a> {
    /// The inputs of row `row`.
    #[inline(always)]
    fn row(&self, row: usize) -> &'a [f32] {
        &self.input[row * self.input_stride..][..self.weights.inputs]
    }

    /// Where the results go, from row `row` on.
    #[inline(always)]
    fn results(&mut self, row: usize) -> Results<'_> {
        Results {
            output: &mut self.output[row * self.output_stride..],
            stride: self.output_stride,
            outputs: self.weights.outputs,
            activation: self.activation,
        }
    }

    fn check(&self) {
        let last = self.rows.saturating_sub(1);
        assert!(self.input.len() >= last * self.input_stride + self.weights.inputs, "input rows");
        assert!(self.output.len() >= last * self.output_stride + self.weights.outputs, "output rows");
    }
}

/// An instruction set that this machine has: the only way to reach the kernels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dispatch(InstructionSet);

impl Dispatch {
    /// # Panics
    /// If the machine does not have it.
    pub fn new(instructions: InstructionSet) -> Self {
        assert!(instructions.is_available(), "this machine has no {}", instructions.name());
        Self(instructions)
    }

    pub fn instructions(self) -> InstructionSet {
        self.0
    }

    /// Computes an affine layer.
    pub fn affine(self, job: Affine<'_>) {
        job.check();
        match self.0 {
            // SAFETY: `Dispatch::new` found that this machine has AVX-512F.
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => unsafe { avx512::affine(job) },
            // SAFETY: `Dispatch::new` found that this machine has AVX2 and FMA.
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => unsafe { avx2::affine(job) },
            _ => portable::affine(job),
        }
    }

    /// Computes means over time.
    pub fn pool(self, job: Pool<'_>) {
        match self.0 {
            // SAFETY: `Dispatch::new` found that this machine has AVX-512F.
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx512 => unsafe { avx512::pool(job) },
            // SAFETY: `Dispatch::new` found that this machine has AVX2 and FMA.
            #[cfg(target_arch = "x86_64")]
            InstructionSet::Avx2 => unsafe { avx2::pool(job) },
            _ => pool::pool(job),
        }
    }
}
