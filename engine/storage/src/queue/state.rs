//! What a queue holds and counts, under its lock.
//!
//! A spill that an earlier process left joins the store if it begins at most right above the watermark. It does so
//! unless the store lost what it had, or had only gathered it. If it does not join, what lies between may be offered:
//! then all of the spill is offered after it, and the spill is given up, because order would not hold. If what lies
//! between is not offered, the spill is kept, and the store is told of the hole.
//! Not here: who waits for whom (`queue`).

use crate::account::{Hole, Lag, Status, TierEvent, TierReport, add_hole};
use crate::spill::{Next, Put, Spill};
use crate::{Batch, Full, Policy, Stream, Watermarks};
use model::Nanos;
use std::collections::VecDeque;
use std::sync::Arc;

/// Notices that are kept until somebody asks.
const NOTICES_MAX: usize = 256;

/// A batch that the thread is to store.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub batch: Arc<Batch>,
    pub is_spilled: bool,
}

/// What a tier may hold, and what happens then.
#[derive(Debug)]
pub(crate) struct Limits {
    pub policy: Policy,
    pub queue_rows: usize,
}

/// What is counted.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub stored_rows: u64,
    pub dropped_rows: u64,
    pub damaged_rows: u64,
    pub refused_rows: u64,
    pub spill_bytes_max: u64,
    pub outages: u64,
    pub retries: u64,
    pub waits: u64,
}

#[derive(Debug)]
pub(crate) struct State {
    /// Newer than the spill.
    pub memory: VecDeque<Arc<Batch>>,
    pub memory_rows: usize,
    pub spill: Option<Spill>,
    /// By stream: everything at or below was taken, stored or dropped.
    pub accepted: Watermarks,
    pub stored: Watermarks,
    /// Engine time of the newest row that was offered.
    pub newest: Nanos,
    /// What the thread is storing: stream, number and time of its first row.
    pub current: Option<(Stream, u64, Nanos)>,
    pub status: Status,
    pub counts: Counts,
    pub holes: Vec<Hole>,
    /// By stream: rows that the store took and has not written for good.
    pub unwritten_rows: [u64; 2],
    pub notices: VecDeque<TierEvent>,
    /// What was said already.
    pub is_spilling: bool,
    pub is_dropping: bool,
    pub has_spill_failed: bool,
    /// No caller waits any more.
    pub is_released: bool,
    /// Whether it is known what will be offered.
    pub is_begun: bool,
    pub is_closing: bool,
    pub is_abandoned: bool,
    pub is_done: bool,
}

/// What becomes of a batch that is offered.
pub(crate) enum Taken {
    Yes,
    Dropped,
    /// There is no room now.
    Not,
}

impl State {
    /// Of a queue that is empty, but for what an earlier process left in the spill.
    pub fn new(spill: Option<Spill>) -> Self {
        Self {
            memory: VecDeque::new(),
            memory_rows: 0,
            spill,
            accepted: Watermarks::default(),
            stored: Watermarks::default(),
            newest: Nanos::MIN,
            current: None,
            status: Status::Starting,
            counts: Counts::default(),
            holes: Vec::new(),
            unwritten_rows: [0; 2],
            notices: VecDeque::new(),
            is_spilling: false,
            is_dropping: false,
            has_spill_failed: false,
            is_released: false,
            is_begun: false,
            is_closing: false,
            is_abandoned: false,
            is_done: false,
        }
    }

    /// Works out what is held already: `marks` is what the store has, if it could be asked.
    pub fn compare_spill(&mut self, marks: Option<Watermarks>, gathers: bool) {
        let Some(spill) = &self.spill else { return };
        let (first, through) = (spill.first(), spill.through());
        let joins = |stream: &Stream| match marks {
            Some(marks) => first.of(*stream) <= marks.of(*stream) + 1,
            None => !gathers,
        };
        if Stream::ALL.iter().all(joins) {
            self.accepted = self.accepted.higher(through);
        }
    }

    /// Everything above these numbers will be offered.
    pub fn begin(&mut self, above: Watermarks) {
        self.is_begun = true;
        let Some(spill) = &mut self.spill else { return };
        let (accepted, first, through) = (self.accepted, spill.first(), spill.through());
        let is_between_offered = Stream::ALL.into_iter().any(|stream| {
            let below = first.of(stream).saturating_sub(1);
            accepted.of(stream) < below && above.of(stream) < below
        });
        if is_between_offered {
            spill.clear();
        } else {
            self.accepted = accepted.higher(through);
        }
    }

    pub fn lag(&self, tier: &str) -> Lag {
        let waiting = self.current.or_else(|| {
            let front = self.memory.front()?;
            Some((front.stream(), front.first_seq, front.times()?.0))
        });
        let waiting = waiting.filter(|_| self.waiting_rows() > 0);
        Lag {
            tier: tier.to_owned(),
            status: self.status.clone(),
            rows: self.waiting_rows(),
            behind: waiting.map_or(Nanos(0), |(_, _, ts)| Nanos(self.newest.0.saturating_sub(ts.0).max(0))),
            oldest: waiting.map(|(stream, seq, _)| (stream, seq)),
            spill_bytes: self.spill.as_ref().map_or(0, Spill::bytes),
            dropped_rows: self.counts.dropped_rows,
        }
    }

    pub fn report(&mut self, tier: &str) -> TierReport {
        let spilled_rows = self.spill.as_ref().map_or(0, Spill::rows);
        self.note_dropped_end();
        TierReport {
            tier: tier.to_owned(),
            status: self.status.clone(),
            stored: self.stored,
            stored_rows: self.counts.stored_rows,
            unwritten_rows: self.unwritten_rows.iter().sum(),
            unsaved_rows: self.waiting_rows() + self.counts.refused_rows,
            spilled_rows,
            dropped_rows: self.counts.dropped_rows,
            damaged_rows: self.counts.damaged_rows,
            spill_bytes_max: self.counts.spill_bytes_max,
            holes: self.holes.clone(),
            outages: self.counts.outages,
            retries: self.counts.retries,
            waits: self.counts.waits,
        }
    }

    /// Lets go of the spill's folder.
    pub fn close_spill(&mut self) {
        self.spill = None;
    }

    pub fn waiting_rows(&self) -> u64 {
        self.memory_rows as u64 + self.spill.as_ref().map_or(0, Spill::rows)
    }

    pub fn notice(&mut self, event: TierEvent) {
        if self.notices.len() == NOTICES_MAX {
            self.notices.pop_front();
        }
        self.notices.push_back(event);
    }

    pub fn note_offer(&mut self, batch: &Batch) {
        if let Some((_, last)) = batch.times() {
            self.newest = self.newest.max(last);
        }
    }

    pub fn accept(&mut self, batch: Arc<Batch>) {
        self.accepted.set(batch.stream(), batch.last_seq);
        self.memory_rows += batch.len();
        self.memory.push_back(batch);
    }

    pub fn take(&mut self, batch: &Arc<Batch>, limits: &Limits) -> Taken {
        let is_lost = limits.policy == Policy::Drop && matches!(self.status, Status::Refused(_));
        let fits = |state: &Self| {
            !is_lost && (state.memory.is_empty() || state.memory_rows + batch.len() <= limits.queue_rows)
        };
        if !fits(self) && matches!(limits.policy, Policy::Spill { .. }) {
            let room = limits.queue_rows.saturating_sub(batch.len());
            self.spill_to(room.min(limits.queue_rows / 2));
        }
        if fits(self) {
            if self.memory.is_empty() {
                self.is_dropping = false;
            }
            self.accept(Arc::clone(batch));
            return Taken::Yes;
        }
        match limits.policy {
            Policy::Block | Policy::Spill { then: Full::Block, .. } => Taken::Not,
            Policy::Drop | Policy::Spill { then: Full::Drop, .. } => {
                self.drop_batch(batch);
                Taken::Dropped
            }
        }
    }

    pub fn drop_batch(&mut self, batch: &Batch) {
        self.accepted.set(batch.stream(), batch.last_seq);
        self.counts.dropped_rows += batch.len() as u64;
        if !self.is_dropping {
            self.is_dropping = true;
            self.notice(TierEvent::Dropping);
        }
    }

    /// Moves the oldest batches to the spill until at most `rows` are in memory, or the spill takes no more.
    pub fn spill_to(&mut self, rows: usize) {
        let Some(spill) = &mut self.spill else { return };
        let (mut moved, mut failed) = (false, None);
        while self.memory_rows > rows
            && let Some(front) = self.memory.front()
        {
            match spill.put(front) {
                Put::Taken => {
                    moved = true;
                    self.memory_rows -= front.len();
                    self.memory.pop_front();
                }
                Put::Full => break,
                Put::Failed(error) => {
                    failed = Some(error.to_string());
                    break;
                }
            }
        }
        self.counts.spill_bytes_max = self.counts.spill_bytes_max.max(spill.bytes());
        if moved && !self.is_spilling {
            self.is_spilling = true;
            self.notice(TierEvent::Spilling);
        }
        match failed {
            Some(why) if !self.has_spill_failed => {
                self.has_spill_failed = true;
                self.notice(TierEvent::SpillFailed(why));
            }
            Some(_) => {}
            None => self.has_spill_failed = false,
        }
    }

    /// What was dropped last is a hole that no later batch shows.
    pub fn note_dropped_end(&mut self) {
        if self.waiting_rows() > 0 || self.counts.refused_rows > 0 {
            return;
        }
        for stream in Stream::ALL {
            let (stored, last_seq) = (self.stored.of(stream), self.accepted.of(stream));
            if stored < last_seq {
                add_hole(&mut self.holes, Hole { stream, first_seq: stored + 1, last_seq });
            }
        }
    }

    pub fn oldest(&mut self) -> Option<Item> {
        while let Some(spill) = &mut self.spill {
            match spill.next() {
                Next::Batch(batch) => return Some(Item { batch: Arc::new(batch), is_spilled: true }),
                Next::Damaged { rows } => {
                    self.counts.damaged_rows += rows;
                    self.notice(TierEvent::SpillDamaged(rows));
                }
                Next::Nothing => {
                    // It was caught up with; if only the spill was, more may go there at once, which is no news.
                    self.is_spilling &= !self.memory.is_empty();
                    break;
                }
            }
        }
        let batch = Arc::clone(self.memory.front()?);
        Some(Item { batch, is_spilled: false })
    }

    pub fn remove(&mut self, item: &Item) {
        if item.is_spilled {
            self.spill.iter_mut().for_each(Spill::remove_given);
        } else if self.memory.front().is_some_and(|front| Arc::ptr_eq(front, &item.batch)) {
            self.memory_rows -= item.batch.len();
            self.memory.pop_front();
        }
    }
}
