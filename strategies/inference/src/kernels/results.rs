//! Where the kernels write: blocks of sixteen results, the last of a row perhaps shorter.

use super::{Activation, LANES};

/// Where the results of some rows go.
pub(super) struct Results<'a> {
    /// From the first of the rows on.
    pub output: &'a mut [f32],
    /// Distance of rows.
    pub stride: usize,
    /// Results a row.
    pub outputs: usize,
    /// What follows the bias.
    pub activation: Activation,
}

impl Results<'_> {
    /// The place of one block of one row, if it has all sixteen.
    #[inline(always)]
    pub fn whole(&mut self, row: usize, block: usize) -> Option<&mut [f32; LANES]> {
        let is_whole = (block + 1) * LANES <= self.outputs;
        if is_whole { self.output[row * self.stride + block * LANES..].first_chunk_mut() } else { None }
    }

    /// Writes a block of fewer than sixteen: the last of a row.
    #[cold]
    #[inline(never)]
    pub fn write_part(&mut self, row: usize, block: usize, results: &[f32; LANES]) {
        let left = self.outputs - block * LANES;
        self.output[row * self.stride + block * LANES..][..left].copy_from_slice(&results[..left]);
    }

    /// Writes one block of the first row, with its activation.
    #[inline(always)]
    pub fn write(&mut self, block: usize, results: [f32; LANES]) {
        let is_relu = self.activation == Activation::Relu;
        // Written so that NaN fails the comparison and stays.
        let results = results.map(|result| if is_relu && result < 0.0 { 0.0 } else { result });
        match self.whole(0, block) {
            Some(place) => *place = results,
            None => self.write_part(0, block, &results),
        }
    }
}
