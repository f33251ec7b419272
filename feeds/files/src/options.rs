//! What to replay, and how.

use catalog::{DataFile, ReadOptions, TimeRange};
use feed::{RejectSink, Rules, SymbolRules};
use model::{Nanos, SymbolTable};
use std::sync::Arc;

/// Which time is engine time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayClock {
    /// `ts_event` plus a constant latency.
    Event {
        /// The latency; not negative.
        latency: Nanos,
    },
    /// The latest `ts_recv` so far, of the symbol in the file.
    Recv,
}

/// Called at the start of every thread of the feed, on that thread: to pin it, for instance.
pub type ThreadHook = Arc<dyn Fn() + Send + Sync>;

/// A clock in nanoseconds from any origin, to measure the time spent decoding. It decides nothing.
pub type TimeSource = Arc<dyn Fn() -> u64 + Send + Sync>;

/// What to replay, and how.
pub struct ReplayOptions {
    /// The files, from [`catalog::discover`]; their order breaks ties.
    pub files: Vec<Arc<DataFile>>,
    /// How to read them: the same as they were discovered with.
    pub read: ReadOptions,
    /// Every symbol of the run, those of the files among them.
    pub symbols: SymbolTable,
    /// Rules for all symbols.
    pub rules: Rules,
    /// Rules by symbol id; symbols beyond its end have the default rules.
    pub symbol_rules: Vec<SymbolRules>,
    /// Which time is engine time.
    pub clock: ReplayClock,
    /// Ticks outside are neither delivered nor counted.
    pub range: TimeRange,
    /// Threads that decode; at least 1.
    pub workers: usize,
    /// Called at the start of every thread.
    pub on_thread_start: Option<ThreadHook>,
    /// Measures decoding; without it `decode_ns` is 0.
    pub time_source: Option<TimeSource>,
    /// Takes refused rows.
    pub rejects: Option<RejectSink>,
}

impl ReplayOptions {
    /// All rows of some files by their own time, with default rules, on one worker.
    pub fn new(files: Vec<DataFile>, read: ReadOptions, symbols: SymbolTable) -> Self {
        Self {
            files: files.into_iter().map(Arc::new).collect(),
            read,
            symbols,
            rules: Rules::default(),
            symbol_rules: Vec::new(),
            clock: ReplayClock::Event { latency: Nanos(0) },
            range: TimeRange::ALL,
            workers: 1,
            on_thread_start: None,
            time_source: None,
            rejects: None,
        }
    }
}

impl std::fmt::Debug for ReplayOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReplayOptions")
            .field("files", &self.files.len())
            .field("rules", &self.rules)
            .field("clock", &self.clock)
            .field("range", &self.range)
            .field("workers", &self.workers)
            .finish_non_exhaustive()
    }
}
