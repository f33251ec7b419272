//! Observations of one shape, side by side, as a backend takes them.
//!
//! Why contiguous: a batch is then two slices that the caller keeps and refills, no list of borrows has to be
//! built at each bar boundary, and another runtime can wrap the memory as one tensor without copying it.

use crate::Shape;
use std::ops::Range;

/// N observations: N matrices one after another, each row by row, the oldest row first, and N context vectors.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    shape: Shape,
    len: usize,
    matrices: &'a [f32],
    contexts: &'a [f32],
}

impl<'a> Batch<'a> {
    /// The observations in these slices.
    ///
    /// # Panics
    /// If the slices do not hold the same whole number of observations of `shape`, or `shape` has no cells.
    pub fn new(shape: Shape, matrices: &'a [f32], contexts: &'a [f32]) -> Self {
        assert!(shape.cells() > 0, "an observation has a matrix");
        let len = matrices.len() / shape.cells();
        assert_eq!(matrices.len(), len * shape.cells(), "whole matrices of {shape}");
        assert_eq!(contexts.len(), len * shape.context, "one context of {shape} for each of {len} matrices");
        Self { shape, len, matrices, contexts }
    }

    /// The sizes of each observation.
    #[inline]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// How many observations.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The matrix of observation `i`: `rows * columns` cells.
    #[inline]
    pub fn matrix(&self, i: usize) -> &'a [f32] {
        let cells = self.shape.cells();
        &self.matrices[i * cells..(i + 1) * cells]
    }

    /// The context of observation `i`.
    #[inline]
    pub fn context(&self, i: usize) -> &'a [f32] {
        let context = self.shape.context;
        &self.contexts[i * context..(i + 1) * context]
    }

    /// All matrices.
    #[inline]
    pub fn matrices(&self) -> &'a [f32] {
        self.matrices
    }

    /// All contexts.
    #[inline]
    pub fn contexts(&self) -> &'a [f32] {
        self.contexts
    }

    /// Some of the observations.
    #[inline]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let (cells, context) = (self.shape.cells(), self.shape.context);
        Self {
            shape: self.shape,
            len: range.len(),
            matrices: &self.matrices[range.start * cells..range.end * cells],
            contexts: &self.contexts[range.start * context..range.end * context],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { rows: 2, columns: 3, context: 1 };

    #[test]
    fn observations_are_cut_from_the_slices() {
        let matrices: Vec<f32> = (0..18).map(|i| i as f32).collect();
        let batch = Batch::new(SHAPE, &matrices, &[0.5, 1.5, 2.5]);
        assert_eq!((batch.len(), batch.is_empty()), (3, false));
        assert_eq!(batch.matrix(1), &matrices[6..12]);
        assert_eq!(batch.context(2), [2.5]);
        let last = batch.slice(1..3);
        assert_eq!((last.len(), last.matrix(1)), (2, &matrices[12..]));
        assert_eq!(last.context(0), [1.5]);
        assert!(batch.slice(2..2).is_empty());
    }

    #[test]
    #[should_panic(expected = "whole matrices of 2x3+1")]
    fn half_a_matrix_is_refused() {
        Batch::new(SHAPE, &[0.0; 9], &[0.0; 1]);
    }

    #[test]
    #[should_panic(expected = "one context of 2x3+1 for each of 2 matrices")]
    fn a_missing_context_is_refused() {
        Batch::new(SHAPE, &[0.0; 12], &[0.0; 1]);
    }
}
