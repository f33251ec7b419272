//! A column of matrices: lists of 32-bit floats.

use arrow_array::{Array, ArrayRef, Float32Array, ListArray};

/// A column of lists of cells.
pub(crate) struct Cells<'a> {
    lists: &'a ListArray,
    all: &'a Float32Array,
}

impl<'a> Cells<'a> {
    /// The column, if it is one of such lists.
    pub fn of(array: &'a ArrayRef) -> Option<Self> {
        let lists: &ListArray = array.as_any().downcast_ref()?;
        Some(Self { lists, all: lists.values().as_any().downcast_ref()? })
    }

    /// The cells of a row; none of null.
    pub fn get(&self, row: usize) -> &'a [f32] {
        if self.lists.is_null(row) {
            return &[];
        }
        let offsets = self.lists.value_offsets();
        // Offsets are not negative and do not fall: the reader has checked them.
        &self.all.values()[offsets[row] as usize..offsets[row + 1] as usize]
    }
}
