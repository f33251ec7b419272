//! The buffer into which a strategy says what it wants, and what it decided on the way.
//!
//! Reused from frame to frame: memory is taken at the start and kept.

use model::{Decision, Intent};

/// Intents there is room for before the buffer has to grow: more than symbols act on one bar.
const CAPACITY: usize = 256;

/// What a strategy wants, in the order in which it said it.
#[derive(Debug, Clone, PartialEq)]
pub struct Intents {
    intents: Vec<Intent>,
    decisions: Vec<Decision>,
}

impl Default for Intents {
    fn default() -> Self {
        Self::new()
    }
}

impl Intents {
    /// An empty buffer.
    pub fn new() -> Self {
        Self { intents: Vec::with_capacity(CAPACITY), decisions: Vec::with_capacity(CAPACITY) }
    }

    /// Adds a wish.
    #[inline]
    pub fn push(&mut self, intent: Intent) {
        self.intents.push(intent);
    }

    /// Tells of a decision; what it leads to is pushed beside it.
    #[inline]
    pub fn decide(&mut self, decision: Decision) {
        self.decisions.push(decision);
    }

    /// The decisions, oldest first.
    #[inline]
    pub fn decisions(&self) -> &[Decision] {
        &self.decisions
    }

    /// The wishes, oldest first.
    #[inline]
    pub fn iter(&self) -> std::slice::Iter<'_, Intent> {
        self.intents.iter()
    }

    /// Takes the wishes out, oldest first, and keeps the memory.
    #[inline]
    pub fn drain(&mut self) -> std::vec::Drain<'_, Intent> {
        self.intents.drain(..)
    }

    /// Forgets all wishes and decisions and keeps the memory.
    #[inline]
    pub fn clear(&mut self) {
        self.intents.clear();
        self.decisions.clear();
    }

    /// How many wishes.
    #[inline]
    pub fn len(&self) -> usize {
        self.intents.len()
    }

    /// Whether there is no wish.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.intents.is_empty()
    }
}

impl<'a> IntoIterator for &'a Intents {
    type Item = &'a Intent;
    type IntoIter = std::slice::Iter<'a, Intent>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Goal, SymbolId};

    #[test]
    fn keeps_order_and_memory() {
        let mut intents = Intents::new();
        for round in 0..3 {
            let memory = intents.intents.as_ptr();
            (0..CAPACITY as u32).for_each(|id| intents.push(Intent::new(SymbolId(id), Goal::Withdraw)));
            assert_eq!(intents.len(), CAPACITY);
            let ids: Vec<u32> = intents.drain().map(|intent| intent.symbol.0).collect();
            assert!(ids.is_sorted() && intents.is_empty(), "round {round}");
            assert_eq!(intents.intents.as_ptr(), memory, "round {round} took new memory");
        }
    }
}
