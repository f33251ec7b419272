//! How many signals fired and what became of them.

use model::{Pattern, SignalKind, StreamHash};

/// Counts over all symbols since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub(crate) signals: [u64; SignalKind::ALL.len()],
    pub(crate) synergies: [u64; Pattern::ALL.len()],
    pub(crate) unlisted: [u64; Pattern::ALL.len()],
}

model::state!(Counts { signals, synergies, unlisted });

impl Counts {
    /// Signals of a kind that fired, those that were then ignored included.
    pub fn signals(&self, kind: SignalKind) -> u64 {
        self.signals[kind as usize]
    }

    /// Synergies of a pattern that were emitted.
    pub fn synergies(&self, pattern: Pattern) -> u64 {
        self.synergies[pattern.index()]
    }

    /// Times that a pattern came about which is not listed.
    pub fn unlisted(&self, pattern: Pattern) -> u64 {
        self.unlisted[pattern.index()]
    }

    pub(crate) fn hash_into(&self, hash: &mut StreamHash) {
        [&self.signals[..], &self.synergies, &self.unlisted]
            .into_iter()
            .for_each(|counts| hash.words(counts));
    }
}
