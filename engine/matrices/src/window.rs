//! The last rows of one symbol and matrix: a ring whose memory is taken once.
//!
//! Not here: what becomes of the rows (`normalise`).

/// A ring of rows.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    /// Row after row; while not full, the first [`Self::rows_len`] rows hold something.
    values: Vec<f64>,
    columns: usize,
    /// The row that is written next: the oldest once the ring is full.
    next: usize,
    /// Rows that ever entered.
    rows_seen: u64,
}

model::state!(Window {
    values, next, rows_seen;
    same columns;
    check |window| window.next < window.rows_max()
});

impl Window {
    /// A window of `rows` × `columns`, nothing in it.
    pub(crate) fn new(rows: usize, columns: usize) -> Self {
        assert!(rows > 0 && columns > 0, "a window has rows and columns");
        Self { values: vec![0.0; rows * columns], columns, next: 0, rows_seen: 0 }
    }

    /// How many rows it holds when full.
    pub(crate) fn rows_max(&self) -> usize {
        self.values.len() / self.columns
    }

    /// How many rows it holds.
    pub(crate) fn rows_len(&self) -> usize {
        self.rows_max().min(usize::try_from(self.rows_seen).unwrap_or(usize::MAX))
    }

    /// Whether the newest row completes or keeps complete the window.
    pub(crate) fn is_full(&self) -> bool {
        self.rows_seen >= self.rows_max() as u64
    }

    /// Rows that ever entered.
    pub(crate) fn rows_seen(&self) -> u64 {
        self.rows_seen
    }

    /// Takes a row in, over the oldest one if full.
    pub(crate) fn push(&mut self, row: impl Iterator<Item = f64>) {
        let place = &mut self.values[self.next * self.columns..][..self.columns];
        let mut written = 0;
        for (cell, value) in place.iter_mut().zip(row) {
            *cell = value;
            written += 1;
        }
        debug_assert_eq!(written, self.columns, "a row has a value for every column");
        self.next = if self.next + 1 == self.rows_max() { 0 } else { self.next + 1 };
        self.rows_seen += 1;
    }

    /// The rows it holds, oldest first.
    #[inline]
    pub(crate) fn rows(&self) -> impl Iterator<Item = &[f64]> {
        let held = &self.values[..self.rows_len() * self.columns];
        // While not full, the next row is the first that holds nothing: then none is older than those before it.
        let (newer, older) = held.split_at(self.next * self.columns);
        older.chunks_exact(self.columns).chain(newer.chunks_exact(self.columns))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_oldest_first_at_every_fill() {
        let mut window = Window::new(3, 2);
        for i in 0..10 {
            window.push([f64::from(i), f64::from(-i)].into_iter());
            let expected: Vec<Vec<f64>> =
                ((i - 2).max(0)..=i).map(|k| vec![f64::from(k), f64::from(-k)]).collect();
            assert_eq!(window.rows().collect::<Vec<_>>(), expected, "after row {i}");
            assert_eq!((window.is_full(), window.rows_len()), (i >= 2, expected.len()));
        }
        assert_eq!((window.rows_seen(), window.values.capacity()), (10, 6));
    }
}
