//! A list that keeps its room when it is cloned.
//!
//! Why: the stage builds the state of one symbol and clones it for the others. A cloned `Vec` has room for
//! what it holds and no more, so the others would take memory while they run.

use model::state::{List, StateError, StateReader, StateWriter, Value};
use std::ops::{Deref, DerefMut};

/// A `Vec` whose clone has the same capacity.
#[derive(Debug)]
pub(crate) struct Room<T>(Vec<T>);

impl<T> Room<T> {
    /// An empty list with room for so many.
    pub(crate) fn new(capacity: usize) -> Self {
        Self(Vec::with_capacity(capacity))
    }
}

impl<T: Clone> Clone for Room<T> {
    fn clone(&self) -> Self {
        let mut clone = Vec::with_capacity(self.0.capacity());
        clone.extend_from_slice(&self.0);
        Self(clone)
    }
}

impl<T: Value> List for Room<T> {
    fn save_list(&self, to: &mut StateWriter) {
        self.0.save_list(to);
    }

    fn load_list(&mut self, len_max: usize, from: &mut StateReader<'_>) -> Result<(), StateError> {
        self.0.load_list(len_max, from)
    }
}

impl<T> Deref for Room<T> {
    type Target = Vec<T>;
    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T> DerefMut for Room<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_has_the_same_room() {
        let mut room = Room::new(9);
        room.push(5);
        let clone = room.clone();
        assert_eq!((clone.as_slice(), clone.capacity()), (&[5][..], room.capacity()));
        assert!(clone.capacity() >= 9);
    }
}
