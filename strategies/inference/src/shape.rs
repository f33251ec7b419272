//! What a network sees of one observation: the sizes, and nothing else.
//!
//! Not here: what the numbers mean. The feature schema's hash says that, and only a model file carries it.

/// How many numbers every policy answers with: long, flat, short for an agent that votes on direction;
/// aggressive, execute, wait for the one that chooses the entry.
pub const OUTPUTS: usize = 3;

/// The sizes of one observation: a matrix of features over time, and a context vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Rows of the matrix: bars, the oldest first.
    pub rows: usize,
    /// Columns of the matrix: features, in the schema's order.
    pub columns: usize,
    /// Length of the context vector.
    pub context: usize,
}

impl Shape {
    /// What the strategic agents see by default: 48 bars of 13 features, and nine numbers of context.
    pub const STRATEGIC: Self = Self { rows: 48, columns: 13, context: 9 };
    /// What the tactical agents see by default: 60 bars of 7 features, and nine numbers of context.
    pub const TACTICAL: Self = Self { rows: 60, columns: 7, context: 9 };

    /// Cells of the matrix.
    #[inline]
    pub const fn cells(&self) -> usize {
        self.rows * self.columns
    }

    /// All numbers of an observation: cells and context.
    #[inline]
    pub const fn floats(&self) -> usize {
        self.cells() + self.context
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{}+{}", self.rows, self.columns, self.context)
    }
}
