//! How a tier is configured: what it stores, how much it may hold, and what happens when that is full.

use crate::{Store, Stream};
use model::Nanos;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Rows that a tier holds in memory by default: 16 MiB of ticks, 1.3 seconds at 200,000 a second.
pub const QUEUE_ROWS: usize = 262_144;

/// What happens to a batch when a tier holds as much as it may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Policy {
    /// The caller waits. Nothing is lost, and nothing goes on.
    Block,
    /// The oldest batches go to files in a folder of the tier's own, so that a crash does not lose them.
    Spill {
        /// The folder.
        folder: PathBuf,
        /// Most bytes of all files together.
        bytes_max: u64,
        /// What happens when that is full, too, or the disk refuses.
        then: Full,
    },
    /// The batch is dropped and counted; the hole is told to the store.
    Drop,
}

/// What happens when nothing more can be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// The caller waits.
    Block,
    /// The batch is dropped and counted.
    Drop,
}

/// Which streams a tier stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Streams {
    /// Ticks and results.
    Both,
    /// Ticks alone.
    Ticks,
    /// Results alone.
    Results,
}

impl Streams {
    /// Whether `stream` is one of them.
    pub const fn contain(self, stream: Stream) -> bool {
        matches!(
            (self, stream),
            (Self::Both, _) | (Self::Ticks, Stream::Ticks) | (Self::Results, Stream::Results)
        )
    }
}

/// How often a store that is down is tried: after `first`, then twice as long each time, up to `max`; each wait is cut
/// by up to a half at random, so that several tiers of one server do not come back in step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// The first wait. Positive.
    pub first: Duration,
    /// The longest. At least `first`.
    pub max: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { first: Duration::from_millis(50), max: Duration::from_secs(5) }
    }
}

/// A tier.
pub struct TierConfig {
    /// Its name, for people.
    pub name: String,
    /// What it writes to.
    pub store: Box<dyn Store>,
    /// What it stores.
    pub streams: Streams,
    /// What happens when it holds as much as it may.
    pub policy: Policy,
    /// Rows that it may hold in memory. Positive.
    pub queue_rows: usize,
    /// How often a store that is down is tried.
    pub retry: Retry,
    /// Engine time between two calls of [`Store::tidy`].
    pub tidy_every: Nanos,
}

impl TierConfig {
    /// A tier of both streams that drops nothing and makes its caller wait.
    pub fn new(name: &str, store: Box<dyn Store>) -> Self {
        Self {
            name: name.to_owned(),
            store,
            streams: Streams::Both,
            policy: Policy::Block,
            queue_rows: QUEUE_ROWS,
            retry: Retry::default(),
            tidy_every: Nanos(10 * Nanos::MINUTE.0),
        }
    }
}

impl fmt::Debug for TierConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TierConfig")
            .field("name", &self.name)
            .field("store", &self.store.name())
            .field("streams", &self.streams)
            .field("policy", &self.policy)
            .field("queue_rows", &self.queue_rows)
            .finish_non_exhaustive()
    }
}
