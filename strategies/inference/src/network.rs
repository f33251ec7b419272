//! A network that answers: immutable weights, memory of the caller, and one pass through the steps.
//!
//! Not here: the arithmetic (`kernels`), the check of the layers (`geometry.rs`), files (`file`).

use crate::kernels::{Affine, Dispatch, Pool, softmax};
use crate::plan::{HeadStep, Plan, TrunkStep};
use crate::{Batch, InstructionSet, LayerWeights, NetworkDescription, NetworkError, Shape};

/// A network with its weights. Threads may share one; each needs its own [`Scratch`].
#[derive(Debug, Clone)]
pub struct Network {
    shape: Shape,
    plan: Plan,
    dispatch: Dispatch,
}

/// The memory that a network works in, allocated once. What it holds between calls means nothing.
#[derive(Debug, Clone)]
pub struct Scratch {
    trunk: [Vec<f32>; 2],
    head: [Vec<f32>; 2],
}

impl Network {
    /// The network of this description, for the fastest instructions of this machine. `weights` has one
    /// entry for each `conv1d` and `dense` layer, in order.
    ///
    /// # Errors
    /// Whatever is wrong with the description, or weights of another number or length.
    pub fn new(description: &NetworkDescription, weights: &[LayerWeights]) -> Result<Self, NetworkError> {
        let plan = Plan::new(description, weights)?;
        Ok(Self { shape: description.shape(), plan, dispatch: Dispatch::new(InstructionSet::best()) })
    }

    /// The same network computed by other instructions, with the same results.
    ///
    /// # Panics
    /// If this machine does not have them.
    #[must_use]
    pub fn with_instructions(self, instructions: InstructionSet) -> Self {
        Self { dispatch: Dispatch::new(instructions), ..self }
    }

    /// What it sees.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// How many numbers it answers with.
    pub fn outputs(&self) -> usize {
        self.plan.outputs
    }

    /// The instructions that compute it.
    pub fn instructions(&self) -> InstructionSet {
        self.dispatch.instructions()
    }

    /// How many weights and biases it has.
    pub fn parameters(&self) -> usize {
        self.plan.parameters
    }

    /// Multiply-adds for one observation.
    pub fn multiply_adds(&self) -> usize {
        self.plan.multiply_adds
    }

    /// Memory to work in.
    pub fn scratch(&self) -> Scratch {
        let (trunk, head) = (vec![0.0; self.plan.trunk_floats], vec![0.0; self.plan.head_floats]);
        Scratch { trunk: [trunk.clone(), trunk], head: [head.clone(), head] }
    }

    /// Answers observation i in `out[i * outputs..(i + 1) * outputs]`.
    ///
    /// The answer has the same bits on every machine and in every batch, whatever bits the observation has;
    /// an answer that is NaN has the bits of [`f32::NAN`]. Nothing is allocated.
    ///
    /// # Panics
    /// If the batch is of another shape, `out` of another length, or `scratch` another network's.
    pub fn forward(&self, batch: Batch<'_>, scratch: &mut Scratch, out: &mut [f32]) {
        assert_eq!(batch.shape(), self.shape, "the batch has the network's shape");
        assert_eq!(out.len(), batch.len() * self.plan.outputs, "one output for each observation");
        let fits = scratch.trunk[0].len() == self.plan.trunk_floats
            && scratch.head[0].len() == self.plan.head_floats;
        assert!(fits, "the scratch is this network's");
        let mut start = 0;
        // Chunks of nearly equal size: 33 observations are 17 and 16, not 32 and one.
        for chunks_left in (1..=batch.len().div_ceil(self.plan.chunk)).rev() {
            let end = start + (batch.len() - start).div_ceil(chunks_left);
            let out = &mut out[start * self.plan.outputs..end * self.plan.outputs];
            self.forward_chunk(batch.slice(start..end), scratch, out);
            start = end;
        }
    }

    fn forward_chunk(&self, batch: Batch<'_>, scratch: &mut Scratch, out: &mut [f32]) {
        let Scratch { trunk, head: [current, other] } = scratch;
        let (mut current, mut other) = (current, other);
        let mut stride = self.plan.features_stride;
        for (i, row) in current.chunks_exact_mut(stride).take(batch.len()).enumerate() {
            self.trunk(batch.matrix(i), trunk, &mut row[..self.plan.features]);
        }
        for step in &self.plan.head {
            match step {
                HeadStep::Dense { weights, activation, stride: output_stride } => {
                    self.dispatch.affine(Affine {
                        weights,
                        input: current,
                        input_stride: stride,
                        rows: batch.len(),
                        output: other,
                        output_stride: *output_stride,
                        activation: *activation,
                    });
                    std::mem::swap(&mut current, &mut other);
                    stride = *output_stride;
                }
                HeadStep::Context { at } => {
                    for (i, row) in current.chunks_exact_mut(stride).take(batch.len()).enumerate() {
                        row[*at..].copy_from_slice(batch.context(i));
                    }
                }
                HeadStep::Softmax => {
                    current.chunks_exact_mut(stride).take(batch.len()).for_each(softmax);
                }
            }
        }
        for (out, row) in out.chunks_exact_mut(self.plan.outputs).zip(current.chunks_exact(stride)) {
            for (out, &value) in out.iter_mut().zip(row) {
                *out = if value.is_nan() { f32::NAN } else { value };
            }
        }
    }

    /// The steps over time of one observation; the last one writes into `features`, row by row.
    fn trunk(&self, matrix: &[f32], buffers: &mut [Vec<f32>; 2], features: &mut [f32]) {
        let steps = &self.plan.trunk;
        let Some(first) = steps.first() else {
            features.copy_from_slice(matrix);
            return;
        };
        let [current, other] = buffers;
        let (mut current, mut other) = (current.as_mut_slice(), other.as_mut_slice());
        padded(current, matrix.len(), first.padding() * self.shape.columns).copy_from_slice(matrix);
        for (i, step) in steps.iter().enumerate() {
            let (rows, channels) = step.result();
            match steps.get(i + 1) {
                None => self.trunk_step(step, current, features),
                Some(next) => {
                    let result = padded(other, rows * channels, next.padding() * channels);
                    self.trunk_step(step, current, result);
                    std::mem::swap(&mut current, &mut other);
                }
            }
        }
    }

    fn trunk_step(&self, step: &TrunkStep, input: &[f32], output: &mut [f32]) {
        match step {
            TrunkStep::Convolve { weights, activation, channels, rows_out, .. } => {
                self.dispatch.affine(Affine {
                    weights,
                    input,
                    input_stride: *channels,
                    rows: *rows_out,
                    output,
                    output_stride: weights.outputs,
                    activation: *activation,
                });
            }
            &TrunkStep::Pool { rows, channels, spans } => {
                self.dispatch.pool(Pool { input: &input[..rows * channels], rows, channels, spans, output });
            }
        }
    }
}

/// `len` numbers of the buffer with `margin` zeros before and after them.
fn padded(buffer: &mut [f32], len: usize, margin: usize) -> &mut [f32] {
    buffer[..margin].fill(0.0);
    buffer[margin + len..][..margin].fill(0.0);
    &mut buffer[margin..margin + len]
}
