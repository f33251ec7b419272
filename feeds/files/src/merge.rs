//! The merge: all rows of all files in one order, (time, quote before trade, symbol, file, row), each
//! judged in that order.
//!
//! A heap holds the head of every stream that has rows, and a mark for every file from which earlier rows
//! may still come; when a mark is the smallest, more of its file is needed before anything else may go
//! out. The stream with the smallest head runs on while it stays below all others, so that a single file
//! costs one comparison a row. Waiting is only ever for the one file that is needed, so the order in
//! which workers finish cannot change the result.

use crate::decode::{Context, Rows, SourceFile};
use crate::lane::{Lane, LaneStream, Ready, earliest};
use crate::output::{Output, Stop};
use crate::stream::{Origin, Place, Stream, TooLate};
use crate::workers::{Work, Workers};
use catalog::TradeId;
use feed::{Fault, FeedError, Reject, RejectReason, Rules, SymbolRules, TickHistory, event_text};
use model::{Event, Nanos, SymbolId};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What the merger is made of.
pub(crate) struct Setup {
    pub context: Arc<Context>,
    pub sources: Vec<Arc<SourceFile>>,
    pub rules: Rules,
    pub symbol_rules: Vec<SymbolRules>,
    /// Files that are opened before their turn.
    pub open_ahead: usize,
}

/// Merges the files.
pub(crate) struct Merger {
    context: Arc<Context>,
    workers: Workers,
    output: Output,
    rules: Rules,
    lanes: Vec<Lane>,
    streams: Vec<Stream>,
    /// By symbol and kind.
    histories: Vec<TickHistory>,
    heap: BinaryHeap<Reverse<Place>>,
    /// Lanes by the time of their first row, and how many of them are open.
    opening: Vec<usize>,
    opened: usize,
    /// Lanes whose turn has come.
    reached: usize,
    open_ahead: usize,
}

impl Merger {
    pub(crate) fn new(setup: Setup, workers: Workers, output: Output) -> Self {
        let Setup { context, sources, rules, symbol_rules, open_ahead } = setup;
        let default = SymbolRules::default();
        let symbols = context.symbols.len();
        let rules_of = |symbol: usize| symbol_rules.get(symbol).unwrap_or(&default);
        let histories = (0..symbols * 2).map(|index| TickHistory::new(rules_of(index / 2))).collect();
        let lane = |(file, source): (u32, Arc<SourceFile>)| {
            let start = earliest(&source, context.clock, context.range)?;
            Some(Lane::new(source, file, start))
        };
        let lanes: Vec<Lane> = (0..).zip(sources).filter_map(lane).collect();
        let mut opening: Vec<usize> = (0..lanes.len()).collect();
        opening.sort_by_key(|&lane| (lanes[lane].start, lane));
        let heap = BinaryHeap::with_capacity(lanes.len() * 2);
        let mut merger = Self {
            context,
            workers,
            output,
            rules,
            lanes,
            streams: Vec::new(),
            histories,
            heap,
            opening,
            opened: 0,
            reached: 0,
            open_ahead,
        };
        for lane in 0..merger.lanes.len() {
            merger.mark(lane, merger.lanes[lane].start);
        }
        merger
    }

    /// Merges to the end and says how it ended.
    pub(crate) fn run(mut self) {
        let result = self.merge();
        self.output.close(result);
    }

    fn merge(&mut self) -> Result<(), Stop> {
        self.open_files();
        while let Some(Reverse(place)) = self.heap.pop() {
            if place.class == 0 {
                self.advance(place.target as usize)?;
            } else {
                self.gallop(place.target as usize)?;
            }
        }
        for lane in &mut self.lanes {
            refuse_until(lane, u64::MAX, &mut self.output)?;
        }
        Ok(())
    }

    /// From `ts` on, rows of a file may come that are not decoded yet.
    fn mark(&mut self, lane: usize, ts: Nanos) {
        let file = self.lanes[lane].file;
        self.heap.push(Reverse(Place { ts, class: 0, symbol: SymbolId(0), file, target: lane as u32 }));
    }

    fn open_files(&mut self) {
        while self.opened < self.opening.len() && self.opened <= self.reached + self.open_ahead {
            let lane = self.opening[self.opened];
            self.lanes[lane].open(lane, &self.workers);
            self.opened += 1;
        }
    }

    /// Takes the next rows of a file, waiting for them if need be.
    fn advance(&mut self, lane: usize) -> Result<(), Stop> {
        if !std::mem::replace(&mut self.lanes[lane].is_reached, true) {
            self.reached += 1;
            self.open_files();
            self.make_streams(lane);
        }
        let Ready { mut rows, is_last, bound, decode_ns } = self.wait_for(lane)?;
        self.output.tally.decode_ns += decode_ns;
        let streams = &self.streams;
        let is_idle =
            |stream: &LaneStream| streams[stream.index].is_drained() && !streams[stream.index].holds_back();
        if self.lanes[lane].streams.iter().all(is_idle) {
            refuse_until(&mut self.lanes[lane], u64::MAX, &mut self.output)?;
        }
        self.lanes[lane].is_finished = is_last;
        // The chunk that was taken leaves room for another.
        match self.lanes[lane].paused.take() {
            Some(decoder) => self.workers.dispatch(lane, Work::Next(decoder), &self.lanes[lane].credits),
            None => {
                self.lanes[lane].credits.fetch_add(1, Ordering::AcqRel);
            }
        }
        self.distribute(lane, &mut rows);
        self.lanes[lane].add_rejects(&mut rows.rejects);
        self.workers.give_back(rows);
        self.queue(lane, bound);
        if self.lanes[lane].is_finished {
            self.release_memory(lane);
        }
        Ok(())
    }

    /// Nothing more comes from a file: the memory of its streams that are through serves the next one.
    fn release_memory(&mut self, lane: usize) {
        self.lanes[lane].ready = VecDeque::new();
        for LaneStream { index, .. } in &self.lanes[lane].streams {
            if self.streams[*index].is_drained() {
                self.workers.give_back(self.streams[*index].take_memory());
            }
        }
    }

    fn wait_for(&mut self, lane: usize) -> Result<Ready, FeedError> {
        while let Some(done) = self.workers.poll() {
            self.lanes[done.lane].add(done.result);
        }
        loop {
            if let Some(ready) = self.lanes[lane].ready.pop_front() {
                return ready;
            }
            let Some(done) = self.workers.wait() else {
                return Err(FeedError::Thread { message: "all decoding threads are gone".to_owned() });
            };
            self.lanes[done.lane].add(done.result);
        }
    }

    fn make_streams(&mut self, lane: usize) {
        let source = Arc::clone(&self.lanes[lane].source);
        let file = self.lanes[lane].file;
        for name in &source.file.symbols {
            let symbol =
                self.context.symbols.id(name).expect("every symbol of a file was checked to be known");
            let index = self.streams.len();
            let origin = Origin { lane, file, index: index as u32, kind: source.file.kind, symbol };
            self.streams.push(Stream::new(&origin, self.context.clock, self.rules.reorder_window));
            self.lanes[lane].streams.push(LaneStream { symbol, index });
        }
    }

    /// Hands the rows of a file to its streams; those that no stream takes join the rejects.
    fn distribute(&mut self, lane: usize, rows: &mut Rows) {
        let lane = &self.lanes[lane];
        match lane.streams[..] {
            [only] if !self.streams[only.index].sorts() => self.streams[only.index].take_all(rows),
            _ => {
                let rejects = rows.rejects.len();
                for (index, event) in rows.events.iter().enumerate() {
                    let id = rows.ids.get(index).copied();
                    let stream = &mut self.streams[lane.stream_of(event.symbol)];
                    if let Err(TooLate) = stream.push(*event, id) {
                        let fault = Fault { reason: RejectReason::TimestampRegression, column: "ts_event" };
                        let id = id.unwrap_or(TradeId::NONE);
                        rows.rejects.push(refused(event, id, fault, lane, &self.context));
                    }
                }
                if rows.rejects.len() > rejects {
                    rows.rejects.sort_by_key(|reject| reject.row);
                }
            }
        }
        if lane.is_finished {
            for stream in &lane.streams {
                self.streams[stream.index].finish();
            }
        }
    }

    /// Puts the streams of a file that have rows into the heap, and a mark from when on more may come.
    fn queue(&mut self, lane: usize, bound: Option<Nanos>) {
        let mut from = bound.unwrap_or(Nanos::MIN);
        let mut is_drained = true;
        for place in 0..self.lanes[lane].streams.len() {
            let stream = &mut self.streams[self.lanes[lane].streams[place].index];
            is_drained &= stream.is_drained();
            from = stream.earliest_held().map_or(from, |held| from.min(held));
            if let (Some(head), false) = (stream.head_place(), stream.is_queued) {
                stream.is_queued = true;
                self.heap.push(Reverse(head));
            }
        }
        // A file of one symbol needs no mark while it has rows: they come first anyway.
        if !self.lanes[lane].is_finished && (bound.is_some() || is_drained) {
            self.mark(lane, from);
        }
    }

    /// Judges and hands on the rows of a stream while they come before those of all others.
    fn gallop(&mut self, index: usize) -> Result<(), Stop> {
        let Self { streams, lanes, histories, heap, output, rules, context, workers, .. } = self;
        let stream = &mut streams[index];
        let lane = &mut lanes[stream.lane];
        let history = &mut histories[stream.history];
        let limit = heap.peek().map(|Reverse(place)| *place);
        let (limit_ts, wins_tie) =
            limit.map_or((Nanos::MAX, true), |limit| (limit.ts, stream.place(limit.ts) < limit));
        let mut past = stream.past;
        while let Some(event) = stream.events.get(stream.head) {
            if event.ts > limit_ts || (event.ts == limit_ts && !wins_tie) {
                break;
            }
            if event.seq > lane.next_reject_row {
                refuse_until(lane, event.seq, output)?;
            }
            let id = stream.ids.get(stream.head).copied().unwrap_or(TradeId::NONE);
            stream.head += 1;
            match history.admit(event, id.0, &mut past, rules, &mut output.tally) {
                Ok(()) => output.push(event)?,
                Err(fault) => output.refuse(refused(event, id, fault, lane, context))?,
            }
        }
        stream.past = past;
        let head = stream.head_place();
        stream.is_queued = head.is_some();
        let lane = stream.lane;
        match head {
            Some(head) => heap.push(Reverse(head)),
            // Nothing more comes from the file: its memory serves the next one.
            None if lanes[lane].is_finished => workers.give_back(streams[index].take_memory()),
            None if lanes[lane].streams.len() == 1 => self.mark(lane, Nanos::MIN),
            None => {}
        }
        Ok(())
    }
}

/// Reports the rows before `row` that were refused on their own.
#[cold]
fn refuse_until(lane: &mut Lane, row: u64, output: &mut Output) -> Result<(), Stop> {
    while let Some(reject) = lane.pop_reject(row) {
        output.refuse(reject)?;
    }
    Ok(())
}

#[cold]
fn refused(event: &Event, id: TradeId, fault: Fault, lane: &Lane, context: &Context) -> Reject {
    let mut raw = event_text(event);
    if id.is_some() {
        raw.push_str(&format!(" trade_id={id}"));
    }
    Reject {
        file: Arc::clone(&lane.source.name),
        row: event.seq,
        column: fault.column,
        reason: fault.reason,
        raw,
        symbol: Some(Arc::clone(&context.names[event.symbol.index()])),
        ts_event: Some(event.tick_ts_event()),
    }
}
