//! How far a consumer has come, for a producer that must not run ahead of an answer.

use crate::sync::{AtomicU64, Ordering};
use crate::{Signal, Wait};

/// The sequence number up to which everything is finished.
#[derive(Debug, Default)]
#[repr(align(64))]
pub struct Progress {
    finished: AtomicU64,
    signal: Signal,
}

impl Progress {
    /// Nothing is finished.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says that everything up to `sequence` is finished, with all it caused published before.
    #[inline]
    pub fn finish(&self, sequence: u64, wait: Wait) {
        // Release pairs with the acquire in `finished`: who sees the number sees the orders too.
        self.finished.store(sequence, Ordering::Release);
        if wait == Wait::Block {
            self.signal.wake();
        }
    }

    /// Up to where everything is finished.
    #[inline]
    pub fn finished(&self) -> u64 {
        // Acquire pairs with the release in `finish`.
        self.finished.load(Ordering::Acquire)
    }

    /// Sleeps until `sequence` is finished. Only for [`Wait::Block`]; the others poll [`Progress::finished`].
    pub fn sleep_until(&self, sequence: u64) {
        self.signal.sleep_until(|| self.finished() >= sequence);
    }
}
