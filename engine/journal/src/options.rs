//! How a journal is written.

use std::time::Duration;

/// When an event counts as kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// An order leaves only after its causes are on disk: whatever is there is synced at once, in groups.
    Strict,
    /// Written as it comes, synced at least every window: a power cut loses at most so much, a killed process what
    /// was appended within the last millisecond.
    Async {
        /// The longest time between an append and the sync that covers it, the sync's own time not counted.
        window: Duration,
    },
    /// Nothing is written but the session's number.
    Off,
}

/// Sizes of a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Room reserved for a segment, in bytes, its header included.
    pub segment_bytes: u64,
    /// Free room on the disk below which [`crate::Health::LowSpace`] is said, in bytes.
    pub free_bytes_min: u64,
}

impl Options {
    /// Least room of a segment, in bytes.
    pub const SEGMENT_BYTES_MIN: u64 = 1 << 13;
    /// Most room of a segment, in bytes.
    pub const SEGMENT_BYTES_MAX: u64 = 1 << 30;
}

impl Default for Options {
    fn default() -> Self {
        Self { segment_bytes: 64 << 20, free_bytes_min: 64 << 20 }
    }
}
