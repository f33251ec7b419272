//! The latest matrix of one group for every symbol, and a batch of some of them.
//!
//! Why copies: a frame's cells are gone with the frame, and a strategic matrix must serve the six tactical bars after
//! it. Why a second copy for the batch: a backend wants the observations side by side, and not every symbol is due.
//! Not here: contexts, which both groups share.

use inference::{Batch, Shape};
use model::{Frame, Matrix, StreamHash, SymbolId};

/// The matrices of one group.
#[derive(Debug, Clone)]
pub(crate) struct LatestMatrices {
    /// Index in the run's list.
    matrix: usize,
    shape: Shape,
    /// By symbol.
    cells: Vec<f32>,
    is_known: Vec<bool>,
    /// The matrices of those that are due, side by side.
    gathered: Vec<f32>,
}

model::state!(LatestMatrices { cells, is_known; config matrix, shape; scratch gathered });

impl LatestMatrices {
    /// None known yet of symbols 0..`symbols`.
    pub(crate) fn new(matrix: usize, shape: Shape, symbols: usize) -> Self {
        Self {
            matrix,
            shape,
            cells: vec![0.0; symbols * shape.cells()],
            is_known: vec![false; symbols],
            gathered: vec![0.0; symbols * shape.cells()],
        }
    }

    /// Takes over a matrix, if it is one of the group's.
    #[inline]
    pub(crate) fn note(&mut self, matrix: &Matrix, frame: &Frame) {
        if usize::from(matrix.matrix) != self.matrix {
            return;
        }
        let (symbol, len) = (matrix.symbol.index(), self.shape.cells());
        self.cells[symbol * len..(symbol + 1) * len].copy_from_slice(frame.matrix_cells(matrix));
        self.is_known[symbol] = true;
    }

    #[inline]
    pub(crate) fn is_known(&self, symbol: SymbolId) -> bool {
        self.is_known[symbol.index()]
    }

    /// Puts the matrices of these symbols side by side. Each symbol comes at most once.
    pub(crate) fn gather(&mut self, symbols: impl Iterator<Item = SymbolId>) {
        let len = self.shape.cells();
        for (symbol, gathered) in symbols.zip(self.gathered.chunks_exact_mut(len)) {
            debug_assert!(self.is_known[symbol.index()], "who is due has a matrix");
            gathered.copy_from_slice(&self.cells[symbol.index() * len..][..len]);
        }
    }

    /// The observations that were gathered, with their contexts.
    pub(crate) fn batch<'a>(&'a self, contexts: &'a [f32]) -> Batch<'a> {
        let len = contexts.len() / self.shape.context;
        Batch::new(self.shape, &self.gathered[..len * self.shape.cells()], contexts)
    }

    pub(crate) fn hash_into(&self, hash: &mut StreamHash) {
        for (known, cells) in self.is_known.iter().zip(self.cells.chunks_exact(self.shape.cells())) {
            hash.words(&[u64::from(*known)]);
            hash.cells(cells);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Event, Kind, Nanos};

    const SHAPE: Shape = Shape { rows: 2, columns: 2, context: 1 };

    fn note(latest: &mut LatestMatrices, matrix: u8, symbol: u32, cells: [f32; 4]) {
        let mut frame = Frame::default();
        frame.begin(Event::input(Kind::TIMER, Nanos(1), SymbolId::NONE));
        frame.cells.extend([9.0, 9.0].iter().chain(&cells));
        let matrix = Matrix {
            symbol: SymbolId(symbol),
            matrix,
            ts_close: Nanos(1),
            cells_start: 2,
            rows: 2,
            columns: 2,
        };
        frame.push_matrix(matrix);
        latest.note(&frame.matrices[0], &frame);
    }

    #[test]
    fn the_latest_of_each_symbol_is_gathered_in_the_order_asked() {
        let mut latest = LatestMatrices::new(1, SHAPE, 3);
        note(&mut latest, 1, 2, [1.0; 4]);
        note(&mut latest, 1, 0, [2.0; 4]);
        note(&mut latest, 1, 2, [3.0, 4.0, 5.0, 6.0]);
        note(&mut latest, 0, 1, [7.0; 4]);
        assert_eq!([0, 1, 2].map(|symbol| latest.is_known(SymbolId(symbol))), [true, false, true]);
        latest.gather([SymbolId(0), SymbolId(2)].into_iter());
        let batch = latest.batch(&[0.5, 0.25]);
        assert_eq!(
            (batch.len(), batch.matrix(0), batch.matrix(1)),
            (2, &[2.0; 4][..], &[3.0, 4.0, 5.0, 6.0][..])
        );
        assert_eq!(batch.context(1), [0.25]);
    }
}
