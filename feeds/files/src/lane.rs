//! A lane: one file on its way through the merge.

use crate::decode::{Decoder, Rows, SourceFile};
use crate::options::ReplayClock;
use crate::workers::{CHUNKS_AHEAD, CHUNKS_BEFORE, Credits, Decoded, Next, Work, Workers};
use catalog::{DataFile, TimeRange};
use feed::{FeedError, Reject};
use model::{Nanos, SymbolId};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The turn of a file in the merge. There may be a great many: a lane is there only while the file needs one.
pub(crate) struct Turn {
    /// Its place among the files.
    pub file: u32,
    /// No row of the file is earlier in engine time.
    pub start: Nanos,
    /// From its opening until nothing of it is left.
    lane: Option<Box<Lane>>,
}

impl Turn {
    /// The turn of a file of which nothing is open yet.
    pub(crate) fn new(file: u32, start: Nanos) -> Self {
        Self { file, start, lane: None }
    }

    /// Starts decoding the file.
    pub(crate) fn open(&mut self, turn: usize, file: &Arc<DataFile>, workers: &Workers) {
        assert!(self.lane.is_none(), "a file is opened once");
        let lane = self.lane.insert(Box::new(Lane::new(Arc::new(SourceFile::new(file)), self.file)));
        workers.dispatch(turn, Work::Open(Arc::clone(&lane.source)), &lane.credits);
    }

    /// The lane of an open file.
    pub(crate) fn lane(&mut self) -> &mut Lane {
        self.lane.as_mut().expect("a file is open while something of it is left")
    }

    /// The lane, if the file is open.
    pub(crate) fn open_lane(&mut self) -> Option<&mut Lane> {
        self.lane.as_deref_mut()
    }

    /// Gives up the lane of a file of which nothing is left.
    pub(crate) fn close(&mut self) {
        debug_assert!(self.lane().is_through(), "a file is closed at its end");
        self.lane = None;
    }
}

/// One file on its way through the merge.
pub(crate) struct Lane {
    pub source: Arc<SourceFile>,
    pub file: u32,
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
    fn new(source: Arc<SourceFile>, file: u32) -> Self {
        Self {
            source,
            file,
            is_reached: false,
            is_finished: false,
            ready: VecDeque::new(),
            paused: None,
            credits: Arc::new(AtomicUsize::new(CHUNKS_BEFORE - 1)),
            streams: Vec::new(),
            rejects: VecDeque::new(),
            next_reject_row: u64::MAX,
        }
    }

    /// Whether no rows and no rejects of it are left, beside those in its streams.
    pub(crate) fn is_through(&self) -> bool {
        self.is_finished && self.rejects.is_empty()
    }

    /// Its turn has come: from now on more of it is decoded ahead.
    pub(crate) fn reach(&mut self) {
        debug_assert!(!self.is_reached, "a file's turn comes once");
        self.is_reached = true;
        self.credits.fetch_add(CHUNKS_AHEAD - CHUNKS_BEFORE, Ordering::AcqRel);
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
pub(crate) fn earliest(file: &DataFile, clock: ReplayClock, range: TimeRange) -> Option<Nanos> {
    let groups = file.row_groups.iter().filter(|group| group.rows > 0 && group.may_hold(range));
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
