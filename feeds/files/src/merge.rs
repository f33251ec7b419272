//! The merge: all rows of all files in one order, (time, quote before trade, symbol, file, row), each
//! judged in that order.
//!
//! A heap holds the head of every stream that has rows, and a mark for every file from which earlier rows
//! may still come; when a mark is the smallest, more of its file is needed before anything else may go
//! out. The stream with the smallest head runs on while it stays below all others, so that a single file
//! costs one comparison a row. Waiting is only ever for the one file that is needed, so the order in
//! which workers finish cannot change the result.

use crate::decode::{Context, Rows};
use crate::lane::{Lane, LaneStream, Ready, Turn, earliest};
use crate::output::{Output, Stop};
use crate::stream::{Origin, Place, Stream, TooLate};
use crate::workers::{Work, Workers};
use catalog::{DataFile, TradeId};
use feed::{Fault, FeedError, Reject, RejectReason, Rules, SymbolRules, TickHistory, event_text};
use model::{Event, Nanos, SymbolId};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What the merger is made of.
pub(crate) struct Setup {
    pub context: Arc<Context>,
    pub files: Vec<Arc<DataFile>>,
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
    files: Vec<Arc<DataFile>>,
    turns: Vec<Turn>,
    streams: Vec<Stream>,
    /// Places of streams that are over.
    free_streams: Vec<usize>,
    /// By symbol and kind.
    histories: Vec<TickHistory>,
    heap: BinaryHeap<Reverse<Place>>,
    /// Turns by the time of their first row, and how many of them were opened.
    opening: Vec<usize>,
    opened: usize,
    /// Files whose turn has come.
    reached: usize,
    open_ahead: usize,
}

impl Merger {
    pub(crate) fn new(setup: Setup, workers: Workers, output: Output) -> Self {
        let Setup { context, files, rules, symbol_rules, open_ahead } = setup;
        let default = SymbolRules::default();
        let symbols = context.symbols.len();
        let rules_of = |symbol: usize| symbol_rules.get(symbol).unwrap_or(&default);
        let histories = (0..symbols * 2).map(|index| TickHistory::new(rules_of(index / 2))).collect();
        let turn = |(file, source): (u32, &Arc<DataFile>)| {
            let start = earliest(source, context.clock, context.range)?;
            Some(Turn::new(file, start))
        };
        let turns: Vec<Turn> = (0..).zip(&files).filter_map(turn).collect();
        let mut opening: Vec<usize> = (0..turns.len()).collect();
        opening.sort_by_key(|&turn| (turns[turn].start, turn));
        let heap = BinaryHeap::with_capacity(turns.len() * 2);
        let mut merger = Self {
            context,
            workers,
            output,
            rules,
            files,
            turns,
            streams: Vec::new(),
            free_streams: Vec::new(),
            histories,
            heap,
            opening,
            opened: 0,
            reached: 0,
            open_ahead,
        };
        for turn in 0..merger.turns.len() {
            merger.mark(turn, merger.turns[turn].start);
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
        for lane in self.turns.iter_mut().filter_map(Turn::open_lane) {
            refuse_until(lane, u64::MAX, &mut self.output)?;
        }
        Ok(())
    }

    /// From `ts` on, rows of a file may come that are not decoded yet.
    fn mark(&mut self, turn: usize, ts: Nanos) {
        let file = self.turns[turn].file;
        self.heap.push(Reverse(Place { ts, class: 0, symbol: SymbolId(0), file, target: turn as u32 }));
    }

    fn open_files(&mut self) {
        while self.opened < self.opening.len() && self.opened <= self.reached + self.open_ahead {
            let turn = &mut self.turns[self.opening[self.opened]];
            turn.open(self.opening[self.opened], &self.files[turn.file as usize], &self.workers);
            self.opened += 1;
        }
    }

    /// Takes the next rows of a file, waiting for them if need be.
    fn advance(&mut self, turn: usize) -> Result<(), Stop> {
        if !self.turns[turn].lane().is_reached {
            self.turns[turn].lane().reach();
            self.reached += 1;
            self.open_files();
            self.make_streams(turn);
        }
        let Ready { mut rows, is_last, bound, decode_ns } = self.wait_for(turn)?;
        self.output.tally.decode_ns += decode_ns;
        let streams = &self.streams;
        let is_idle =
            |stream: &LaneStream| streams[stream.index].is_drained() && !streams[stream.index].holds_back();
        let lane = self.turns[turn].lane();
        if lane.streams.iter().all(is_idle) {
            refuse_until(lane, u64::MAX, &mut self.output)?;
        }
        lane.is_finished = is_last;
        // The chunk that was taken leaves room for another.
        match lane.paused.take() {
            Some(decoder) => self.workers.dispatch(turn, Work::Next(decoder), &lane.credits),
            None => {
                lane.credits.fetch_add(1, Ordering::AcqRel);
            }
        }
        self.distribute(turn, &mut rows);
        self.turns[turn].lane().add_rejects(&mut rows.rejects);
        self.workers.give_back(rows);
        self.queue(turn, bound);
        self.close_if_through(turn);
        Ok(())
    }

    /// Of a file of which nothing is left nothing is kept: there may be a great many files.
    fn close_if_through(&mut self, turn: usize) {
        let lane = self.turns[turn].lane();
        if lane.is_through() && lane.streams.iter().all(|stream| self.streams[stream.index].is_drained()) {
            for LaneStream { index, .. } in &lane.streams {
                self.workers.give_back(self.streams[*index].take_memory());
                self.free_streams.push(*index);
            }
            self.turns[turn].close();
        }
    }

    fn wait_for(&mut self, turn: usize) -> Result<Ready, FeedError> {
        while let Some(done) = self.workers.poll() {
            self.turns[done.turn].lane().add(done.result);
        }
        loop {
            if let Some(ready) = self.turns[turn].lane().ready.pop_front() {
                return ready;
            }
            let Some(done) = self.workers.wait() else {
                return Err(FeedError::Thread { message: "all decoding threads are gone".to_owned() });
            };
            self.turns[done.turn].lane().add(done.result);
        }
    }

    fn make_streams(&mut self, turn: usize) {
        let lane = self.turns[turn].lane();
        for name in &lane.source.file.symbols {
            let symbol =
                self.context.symbols.id(name).expect("every symbol of a file was checked to be known");
            let index = self.free_streams.pop().unwrap_or(self.streams.len());
            let kind = lane.source.file.kind;
            let origin = Origin { turn, file: lane.file, index: index as u32, kind, symbol };
            let stream = Stream::new(&origin, self.context.clock, self.rules.reorder_window);
            match self.streams.get_mut(index) {
                Some(place) => *place = stream,
                None => self.streams.push(stream),
            }
            lane.streams.push(LaneStream { symbol, index });
        }
    }

    /// Hands the rows of a file to its streams; those that no stream takes join the rejects.
    fn distribute(&mut self, turn: usize, rows: &mut Rows) {
        let lane = self.turns[turn].lane();
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
    fn queue(&mut self, turn: usize, bound: Option<Nanos>) {
        let mut from = bound.unwrap_or(Nanos::MIN);
        let mut is_drained = true;
        let lane = self.turns[turn].lane();
        for LaneStream { index, .. } in &lane.streams {
            let stream = &mut self.streams[*index];
            is_drained &= stream.is_drained();
            from = stream.earliest_held().map_or(from, |held| from.min(held));
            if let (Some(head), false) = (stream.head_place(), stream.is_queued) {
                stream.is_queued = true;
                self.heap.push(Reverse(head));
            }
        }
        // A file of one symbol needs no mark while it has rows: they come first anyway.
        if !lane.is_finished && (bound.is_some() || is_drained) {
            self.mark(turn, from);
        }
    }

    /// Judges and hands on the rows of a stream while they come before those of all others.
    fn gallop(&mut self, index: usize) -> Result<(), Stop> {
        let Self { streams, turns, histories, heap, output, rules, context, .. } = self;
        let stream = &mut streams[index];
        let lane = turns[stream.turn].lane();
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
        let (turn, is_finished, is_only) = (stream.turn, lane.is_finished, lane.streams.len() == 1);
        match head {
            Some(head) => heap.push(Reverse(head)),
            None if is_finished => self.close_if_through(turn),
            None if is_only => self.mark(turn, Nanos::MIN),
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
