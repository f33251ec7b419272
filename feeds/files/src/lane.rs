//! A lane: one file on its way through the merge.

use crate::decode::{Decoder, Rows, SourceFile};
use crate::options::ReplayClock;
use crate::workers::{CHUNKS_AHEAD, Credits, Decoded, Next, Work, Workers};
use catalog::TimeRange;
use feed::{FeedError, Reject};
use model::{Nanos, SymbolId};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

/// One file on its way through the merge.
pub(crate) struct Lane {
    pub source: Arc<SourceFile>,
    pub file: u32,
    /// No row of the file is earlier in engine time.
    pub start: Nanos,
    pub is_open: bool,
    /// Whether its turn has come.
    pub is_reached: bool,
    pub is_finished: bool,
    /// The next rows, decoded ahead, in order.
    pub ready: VecDeque<Result<Ready, FeedError>>,
    /// Its decoder, while it has no credits left.
    pub paused: Option<Box<Decoder>>,
    /// How many more may be decoded.
    pub credits: Credits,
    /// Its streams: indices into the merger's, in order of symbol.
    pub streams: Vec<LaneStream>,
    /// Rows that were refused on their own and whose turn has not come.
    rejects: VecDeque<Reject>,
    /// Row of the first of them.
    pub next_reject_row: u64,
}

/// Rows of a file that wait for the merger.
pub(crate) struct Ready {
    pub rows: Rows,
    /// Whether no more follow.
    pub is_last: bool,
    /// See [`Decoder::bound`].
    pub bound: Option<Nanos>,
    pub decode_ns: u64,
}

/// A stream of a lane.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LaneStream {
    pub symbol: SymbolId,
    pub index: usize,
}

impl Lane {
    pub(crate) fn new(source: Arc<SourceFile>, file: u32, start: Nanos) -> Self {
        Self {
            source,
            file,
            start,
            is_open: false,
            is_reached: false,
            is_finished: false,
            ready: VecDeque::new(),
            paused: None,
            credits: Arc::new(AtomicUsize::new(CHUNKS_AHEAD)),
            streams: Vec::new(),
            rejects: VecDeque::new(),
            next_reject_row: u64::MAX,
        }
    }

    /// Starts decoding the file.
    pub(crate) fn open(&mut self, lane: usize, workers: &Workers) {
        debug_assert!(!self.is_open, "a file is opened once");
        self.is_open = true;
        workers.dispatch(lane, Work::Open(Arc::clone(&self.source)), &self.credits);
    }

    /// Takes what a worker decoded.
    pub(crate) fn add(&mut self, result: Result<Decoded, FeedError>) {
        let ready = result.map(|Decoded { rows, next, bound, decode_ns }| {
            let is_last = matches!(next, Next::Ended);
            if let Next::Paused(decoder) = next {
                self.paused = Some(decoder);
            }
            Ready { rows, is_last, bound, decode_ns }
        });
        self.ready.push_back(ready);
    }

    /// Adds rejects, which come in order of rows.
    pub(crate) fn add_rejects(&mut self, rejects: &mut Vec<Reject>) {
        self.rejects.extend(rejects.drain(..));
        self.next_reject_row = self.rejects.front().map_or(u64::MAX, |reject| reject.row);
    }

    /// The next reject of a row before `row`.
    pub(crate) fn pop_reject(&mut self, row: u64) -> Option<Reject> {
        let due = self.rejects.front().is_some_and(|reject| reject.row < row);
        let reject = if due { self.rejects.pop_front() } else { None };
        self.next_reject_row = self.rejects.front().map_or(u64::MAX, |reject| reject.row);
        reject
    }

    /// The stream of a symbol.
    pub(crate) fn stream_of(&self, symbol: SymbolId) -> usize {
        let place = self.streams.binary_search_by_key(&symbol, |stream| stream.symbol);
        self.streams[place.expect("a file's rows are of its own symbols")].index
    }
}

/// The earliest engine time a file can hold by its statistics; `None` if nothing of it lies in `range`.
pub(crate) fn earliest(source: &SourceFile, clock: ReplayClock, range: TimeRange) -> Option<Nanos> {
    let groups = source.file.row_groups.iter().filter(|group| group.rows > 0 && group.may_hold(range));
    let bound = |group: &catalog::RowGroupSpan| match clock {
        ReplayClock::Event { .. } => group.ts_event.map_or(i64::MIN, |span| span.min.max(range.from.0)),
        ReplayClock::Recv => group.ts_recv.map_or(i64::MIN, |span| span.min),
    };
    let earliest = Nanos(groups.map(bound).min()?);
    Some(match clock {
        ReplayClock::Event { latency } => earliest.saturating_add(latency),
        ReplayClock::Recv => earliest,
    })
}
