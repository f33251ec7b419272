//! What the tiles of the vector kernels read: rows of inputs and passes of weights, cut where sixteen end.
//!
//! Slices that are cut once before a loop need no check of their bounds inside it.

use crate::packed::{LANES, Lanes, PASSES};

/// One row of inputs: sixteen at a time, and the rest.
#[derive(Clone, Copy, Default)]
pub(super) struct Row<'a> {
    /// Element k is at `[k / 16][k % 16]`.
    pub whole: &'a [[f32; LANES]],
    /// What remains.
    pub rest: &'a [f32],
}

impl<'a> Row<'a> {
    #[inline(always)]
    pub fn new(row: &'a [f32]) -> Self {
        let (whole, rest) = row.as_chunks();
        Self { whole, rest }
    }
}

/// The weights of one pass of one block: those of sixteen inputs at a time, and the rest.
#[derive(Clone, Copy, Default)]
pub(super) struct Weights<'a> {
    /// For each sixteen inputs, the four elements of this pass.
    pub whole: &'a [[Lanes; PASSES]],
    /// What remains, at most four.
    pub rest: &'a [Lanes],
}

impl<'a> Weights<'a> {
    /// The pass at the beginning of a block, and the block from the next pass on.
    #[inline(always)]
    pub fn split(block: &'a [Lanes], chunks: usize, rest: usize) -> (Self, &'a [Lanes]) {
        let (whole, after) = block.split_at(PASSES * chunks);
        let (rest, after) = after.split_at(rest);
        (Self { whole: whole.as_chunks().0, rest }, after)
    }
}
