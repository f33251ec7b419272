//! A feature matrix: a window of normalised features, as networks read it.
//!
//! Not here: how its cells are computed (`matrices`).

use crate::{Nanos, SymbolId};

/// One matrix in a frame. Its cells, row by row, the oldest row first, are
/// `cells_start..cells_start + rows * columns` of [`crate::Frame::cells`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Matrix {
    /// Whose.
    pub symbol: SymbolId,
    /// Index in the run's list of matrices.
    pub matrix: u8,
    /// The end of the newest row's bar.
    pub ts_close: Nanos,
    /// First cell in the frame.
    pub cells_start: u32,
    /// Bars.
    pub rows: u16,
    /// Features.
    pub columns: u16,
}

impl Matrix {
    /// How many words [`Matrix::words`] gives.
    pub const WORDS: usize = 4;

    /// How many cells.
    #[inline]
    pub fn cells_len(&self) -> usize {
        usize::from(self.rows) * usize::from(self.columns)
    }

    /// Every field, for a ring.
    pub fn words(&self) -> [u64; Self::WORDS] {
        [
            u64::from(self.symbol.0) | u64::from(self.matrix) << 32,
            self.ts_close.0 as u64,
            u64::from(self.cells_start),
            u64::from(self.rows) | u64::from(self.columns) << 16,
        ]
    }

    /// The matrix of these words.
    pub fn from_words(words: [u64; Self::WORDS]) -> Self {
        Self {
            symbol: SymbolId(words[0] as u32),
            matrix: (words[0] >> 32) as u8,
            ts_close: Nanos(words[1] as i64),
            cells_start: words[2] as u32,
            rows: words[3] as u16,
            columns: (words[3] >> 16) as u16,
        }
    }
}
