//! What a feed read: counts that add up.

use crate::RejectReason;
use model::Nanos;
use std::collections::BTreeMap;

/// Legal but odd; such ticks are kept and counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Suspicion {
    /// A tick without a trade id that repeats the one before it of its symbol and kind.
    Identical,
    /// A bid above the ask.
    Crossed,
    /// A bid equal to the ask.
    Locked,
    /// The time of the tick before it of its symbol and kind.
    EqualTimestamp,
}

impl Suspicion {
    /// All.
    pub const ALL: [Self; 4] = [Self::Identical, Self::Crossed, Self::Locked, Self::EqualTimestamp];

    /// The name in summaries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identical => "identical",
            Self::Crossed => "crossed",
            Self::Locked => "locked",
            Self::EqualTimestamp => "equal_timestamp",
        }
    }
}

/// Running counts, small enough to travel with every batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Ticks accepted.
    pub ticks: u64,
    /// Rows refused, by reason.
    pub rejected: [u64; RejectReason::ALL.len()],
    /// Odd ticks, by kind.
    pub suspicious: [u64; Suspicion::ALL.len()],
    /// Earliest and latest `ts_event` accepted; crossed while there is none.
    pub first_ts: Nanos,
    /// See `first_ts`.
    pub last_ts: Nanos,
    /// Time spent decoding, over all threads, ns.
    pub decode_ns: u64,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            ticks: 0,
            rejected: [0; RejectReason::ALL.len()],
            suspicious: [0; Suspicion::ALL.len()],
            first_ts: Nanos::MAX,
            last_ts: Nanos::MIN,
            decode_ns: 0,
        }
    }
}

impl Tally {
    /// Counts an accepted tick.
    #[inline]
    pub fn accept(&mut self, ts_event: Nanos) {
        self.ticks += 1;
        self.first_ts = self.first_ts.min(ts_event);
        self.last_ts = self.last_ts.max(ts_event);
    }

    /// Counts a refused row.
    #[inline]
    pub fn reject(&mut self, reason: RejectReason) {
        self.rejected[reason as usize] += 1;
    }

    /// Counts an odd tick.
    #[inline]
    pub fn suspect(&mut self, suspicion: Suspicion) {
        self.suspicious[suspicion as usize] += 1;
    }

    /// The summary of a feed of `files` files.
    pub fn summary(&self, files: u64) -> DataSummary {
        let named = |count: u64, name| (count > 0).then_some((name, count));
        let rejected = RejectReason::ALL.into_iter().zip(self.rejected);
        let suspicious = Suspicion::ALL.into_iter().zip(self.suspicious);
        let any = self.ticks > 0;
        DataSummary {
            files,
            rows_read: self.ticks + self.rejected.iter().sum::<u64>(),
            ticks: self.ticks,
            rejected: rejected.filter_map(|(reason, count)| named(count, reason.name())).collect(),
            suspicious: suspicious.filter_map(|(kind, count)| named(count, kind.name())).collect(),
            first_ts: any.then_some(self.first_ts),
            last_ts: any.then_some(self.last_ts),
            decode_ns: self.decode_ns,
        }
    }
}

/// What a feed read. `ticks` and all `rejected` add up to `rows_read`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DataSummary {
    /// How many files.
    pub files: u64,
    /// Rows within the times asked for, of the symbols asked for.
    pub rows_read: u64,
    /// Of these, accepted.
    pub ticks: u64,
    /// Refused, by reason; reasons that did not occur are absent.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Accepted but odd, by kind; the engine adds `late`.
    pub suspicious: BTreeMap<&'static str, u64>,
    /// Earliest `ts_event` accepted.
    pub first_ts: Option<Nanos>,
    /// Latest `ts_event` accepted.
    pub last_ts: Option<Nanos>,
    /// Time spent decoding, over all threads, ns; 0 where the feed was given no way to measure it.
    pub decode_ns: u64,
}

impl DataSummary {
    /// What two feeds read, the other after this one.
    #[must_use]
    pub fn then(mut self, other: Self) -> Self {
        self.files += other.files;
        self.rows_read += other.rows_read;
        self.ticks += other.ticks;
        for (mine, theirs) in [(&mut self.rejected, other.rejected), (&mut self.suspicious, other.suspicious)]
        {
            for (name, count) in theirs {
                *mine.entry(name).or_default() += count;
            }
        }
        self.first_ts = [self.first_ts, other.first_ts].into_iter().flatten().min();
        self.last_ts = [self.last_ts, other.last_ts].into_iter().flatten().max();
        self.decode_ns += other.decode_ns;
        self
    }
}
