//! A tier's queue: what was offered and is not stored, shared by the caller and the tier's thread.
//!
//! Order: the spill is older than the memory. A batch enters memory; when that is full, under [`Policy::Spill`], the older
//! half of it moves to the spill. The thread takes the oldest of both, and removes it only when it is stored, so that
//! whatever happens meanwhile, it is still somewhere. If a batch moves to the spill while it is being stored, it comes
//! once more, and the watermark leaves it out.
//! Not here: the store and when it is tried again (`tier`).

use crate::account::{Hole, Lag, Status, TierEvent, TierReport, add_hole};
use crate::spill::{Next, Put, Spill};
use crate::{Batch, Full, Policy, Stream, Watermarks};
use model::Nanos;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Notices that are kept until somebody asks.
const NOTICES_MAX: usize = 256;

/// A batch that the thread is to store.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub batch: Arc<Batch>,
    is_spilled: bool,
}

/// What a tier may hold, and what happens then.
#[derive(Debug)]
pub(crate) struct Limits {
    pub policy: Policy,
    pub queue_rows: usize,
}

/// The queue.
#[derive(Debug)]
pub(crate) struct Queue {
    name: String,
    limits: Limits,
    state: Mutex<State>,
    /// Something was stored, or the tier stops: a caller that waits may go on.
    room: Condvar,
    /// Something was offered, or the tier is to stop: the thread may go on.
    work: Condvar,
    /// The thread is done.
    end: Condvar,
}

/// What is counted.
#[derive(Debug, Default)]
struct Counts {
    stored_rows: u64,
    dropped_rows: u64,
    damaged_rows: u64,
    refused_rows: u64,
    spill_bytes_max: u64,
    outages: u64,
    retries: u64,
    waits: u64,
}

#[derive(Debug)]
struct State {
    /// Newer than the spill.
    memory: VecDeque<Arc<Batch>>,
    memory_rows: usize,
    spill: Option<Spill>,
    /// By stream: everything at or below was taken, stored or dropped.
    accepted: Watermarks,
    stored: Watermarks,
    /// Engine time of the newest row that was offered.
    newest: Nanos,
    /// What the thread is storing: stream, number and time of its first row.
    current: Option<(Stream, u64, Nanos)>,
    status: Status,
    counts: Counts,
    holes: Vec<Hole>,
    notices: VecDeque<TierEvent>,
    /// What was said already.
    is_spilling: bool,
    is_dropping: bool,
    has_spill_failed: bool,
    /// No caller waits any more.
    is_released: bool,
    is_closing: bool,
    is_abandoned: bool,
    is_done: bool,
}

/// What becomes of a batch that is offered.
enum Taken {
    Yes,
    Dropped,
    /// There is no room now.
    Not,
}

impl Queue {
    /// An empty queue, but for what an earlier process left in the spill.
    pub fn new(name: &str, limits: Limits, spill: Option<Spill>) -> Self {
        assert!(limits.queue_rows > 0, "a tier may hold rows");
        let accepted = spill.as_ref().map(Spill::through).unwrap_or_default();
        let state = State {
            memory: VecDeque::new(),
            memory_rows: 0,
            spill,
            accepted,
            stored: Watermarks::default(),
            newest: Nanos::MIN,
            current: None,
            status: Status::Starting,
            counts: Counts::default(),
            holes: Vec::new(),
            notices: VecDeque::new(),
            is_spilling: false,
            is_dropping: false,
            has_spill_failed: false,
            is_released: false,
            is_closing: false,
            is_abandoned: false,
            is_done: false,
        };
        Self {
            name: name.to_owned(),
            limits,
            state: Mutex::new(state),
            room: Condvar::new(),
            work: Condvar::new(),
            end: Condvar::new(),
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Offers a batch; waits for room where the policy says so.
    ///
    /// # Errors
    /// Why the tier takes nothing any more, where its policy neither drops nor spills.
    pub fn push(&self, batch: &Arc<Batch>) -> Result<(), String> {
        let mut state = self.lock();
        let Some(batch) = untaken(batch, state.accepted) else { return Ok(()) };
        state.note_offer(&batch);
        let mut has_waited = false;
        loop {
            match state.take(&batch, &self.limits) {
                Taken::Yes => {
                    self.work.notify_one();
                    return Ok(());
                }
                Taken::Dropped => return Ok(()),
                Taken::Not => {}
            }
            if let Status::Refused(why) = &state.status {
                return Err(why.clone());
            }
            if state.is_released {
                state.counts.refused_rows += batch.len() as u64;
                return Ok(());
            }
            if !has_waited {
                has_waited = true;
                state.counts.waits += 1;
            }
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Offers the last batch of a stream: it is taken whatever the limits say.
    pub fn push_last(&self, batch: &Arc<Batch>) {
        let mut state = self.lock();
        let Some(batch) = untaken(batch, state.accepted) else { return };
        state.note_offer(&batch);
        if state.is_released && state.counts.refused_rows > 0 {
            state.counts.refused_rows += batch.len() as u64;
            return;
        }
        state.accept(batch);
        self.work.notify_one();
    }

    /// From now on no caller waits: what cannot be taken is left with the caller, and counted as unsaved.
    pub fn release(&self) {
        self.lock().is_released = true;
        self.room.notify_all();
    }

    /// Waits for the oldest batch; `None` when the tier is to end.
    pub fn next(&self) -> Option<Item> {
        let mut state = self.lock();
        loop {
            if state.is_abandoned {
                return None;
            }
            if let Some(item) = state.oldest() {
                state.current =
                    item.batch.times().map(|(first, _)| (item.batch.stream(), item.batch.first_seq, first));
                return Some(item);
            }
            if state.is_closing {
                return None;
            }
            state.current = None;
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The item is stored up to its last number; `rows` of it were new, and below them was a hole.
    pub fn stored(&self, item: &Item, rows: u64, hole: Option<Hole>) {
        let mut state = self.lock();
        state.stored.set(item.batch.stream(), item.batch.last_seq);
        state.counts.stored_rows += rows;
        if let Some(hole) = hole {
            add_hole(&mut state.holes, hole);
        }
        state.remove(item);
        self.room.notify_all();
    }

    /// The item was stored before: it goes.
    pub fn skip(&self, item: &Item) {
        self.lock().remove(item);
        self.room.notify_all();
    }

    /// The store said how far it is.
    pub fn opened(&self, marks: Watermarks, lost: &[Hole], attempts: u32) {
        let mut state = self.lock();
        state.stored = marks;
        state.accepted = state.accepted.higher(marks);
        lost.iter().for_each(|hole| state.notice(TierEvent::Lost(*hole)));
        if state.status == Status::Down {
            state.notice(TierEvent::Back(attempts));
        }
        state.status = Status::Up;
    }

    /// The store cannot be reached; waits before the next attempt, at most `wait`, less if the tier is to stop.
    pub fn down(&self, why: String, wait: Duration) {
        let mut state = self.lock();
        if state.status != Status::Down {
            state.status = Status::Down;
            state.counts.outages += 1;
            state.notice(TierEvent::Down(why));
        }
        state.counts.retries += 1;
        let was_closing = state.is_closing;
        let goes_on = |state: &mut State| !state.is_abandoned && state.is_closing == was_closing;
        drop(self.work.wait_timeout_while(state, wait, goes_on));
    }

    /// The store refused for good.
    pub fn refused(&self, why: String) {
        let mut state = self.lock();
        state.notice(TierEvent::Refused(why.clone()));
        state.status = Status::Refused(why);
        if self.limits.policy == Policy::Drop {
            state.counts.dropped_rows += state.memory_rows as u64;
            state.memory.clear();
            state.memory_rows = 0;
        }
        self.room.notify_all();
    }

    /// The thread ends.
    pub fn done(&self) {
        self.lock().is_done = true;
        self.end.notify_all();
        self.room.notify_all();
    }

    /// No more will be offered: the thread ends when everything is stored.
    pub fn close(&self) {
        self.lock().is_closing = true;
        self.work.notify_all();
    }

    /// The thread ends as soon as it can.
    pub fn abandon(&self) {
        self.lock().is_abandoned = true;
        self.work.notify_all();
    }

    /// Whether the thread is to end as soon as it can.
    pub fn is_abandoned(&self) -> bool {
        self.lock().is_abandoned
    }

    /// Whether no more will be offered.
    pub fn is_closing(&self) -> bool {
        self.lock().is_closing
    }

    /// Waits until the thread is done, at most so long; whether it is.
    pub fn wait_done(&self, at_most: Duration) -> bool {
        let state = self.lock();
        let waited = self.end.wait_timeout_while(state, at_most, |state| !state.is_done);
        waited.map_or_else(|poisoned| poisoned.into_inner().0.is_done, |(state, _)| state.is_done)
    }

    /// By stream, everything at or below is stored or in the spill, or was taken since the start.
    pub fn accepted(&self) -> Watermarks {
        self.lock().accepted
    }

    pub fn status(&self) -> Status {
        self.lock().status.clone()
    }

    /// What changed since this was asked last.
    pub fn notices(&self) -> Vec<TierEvent> {
        self.lock().notices.drain(..).collect()
    }

    pub fn lag(&self) -> Lag {
        let state = self.lock();
        let waiting = state.current.or_else(|| {
            let front = state.memory.front()?;
            Some((front.stream(), front.first_seq, front.times()?.0))
        });
        let waiting = waiting.filter(|_| state.waiting_rows() > 0);
        Lag {
            tier: self.name.clone(),
            status: state.status.clone(),
            rows: state.waiting_rows(),
            behind: waiting.map_or(Nanos(0), |(_, _, ts)| Nanos(state.newest.0.saturating_sub(ts.0).max(0))),
            oldest: waiting.map(|(stream, seq, _)| (stream, seq)),
            spill_bytes: state.spill.as_ref().map_or(0, Spill::bytes),
            dropped_rows: state.counts.dropped_rows,
        }
    }

    /// The tier's account, once it is over: what is in memory goes to the spill if there is one, which is closed.
    pub fn report(&self) -> TierReport {
        let mut state = self.lock();
        if matches!(self.limits.policy, Policy::Spill { .. }) {
            state.spill_to(0);
        }
        let spilled_rows = state.spill.as_ref().map_or(0, Spill::rows);
        state.note_dropped_end();
        let report = TierReport {
            tier: self.name.clone(),
            status: state.status.clone(),
            stored: state.stored,
            stored_rows: state.counts.stored_rows,
            unsaved_rows: state.waiting_rows() + state.counts.refused_rows,
            spilled_rows,
            dropped_rows: state.counts.dropped_rows,
            damaged_rows: state.counts.damaged_rows,
            spill_bytes_max: state.counts.spill_bytes_max,
            holes: state.holes.clone(),
            outages: state.counts.outages,
            retries: state.counts.retries,
            waits: state.counts.waits,
        };
        state.spill = None;
        report
    }
}

/// What of a batch lies above what was accepted.
fn untaken(batch: &Arc<Batch>, accepted: Watermarks) -> Option<Arc<Batch>> {
    let accepted = accepted.of(batch.stream());
    if batch.first_seq > accepted {
        return Some(Arc::clone(batch));
    }
    let mut rest = Batch::clone(batch);
    rest.trim(accepted).then(|| Arc::new(rest))
}

impl State {
    fn waiting_rows(&self) -> u64 {
        self.memory_rows as u64 + self.spill.as_ref().map_or(0, Spill::rows)
    }

    fn notice(&mut self, event: TierEvent) {
        if self.notices.len() == NOTICES_MAX {
            self.notices.pop_front();
        }
        self.notices.push_back(event);
    }

    fn note_offer(&mut self, batch: &Batch) {
        if let Some((_, last)) = batch.times() {
            self.newest = self.newest.max(last);
        }
    }

    fn accept(&mut self, batch: Arc<Batch>) {
        self.accepted.set(batch.stream(), batch.last_seq);
        self.memory_rows += batch.len();
        self.memory.push_back(batch);
    }

    fn take(&mut self, batch: &Arc<Batch>, limits: &Limits) -> Taken {
        let is_lost = limits.policy == Policy::Drop && matches!(self.status, Status::Refused(_));
        let fits = |state: &Self| {
            !is_lost && (state.memory.is_empty() || state.memory_rows + batch.len() <= limits.queue_rows)
        };
        if !fits(self) && matches!(limits.policy, Policy::Spill { .. }) {
            self.spill_to(limits.queue_rows / 2);
        }
        if fits(self) {
            self.is_dropping = false;
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

    fn drop_batch(&mut self, batch: &Batch) {
        self.accepted.set(batch.stream(), batch.last_seq);
        self.counts.dropped_rows += batch.len() as u64;
        if !self.is_dropping {
            self.is_dropping = true;
            self.notice(TierEvent::Dropping);
        }
    }

    /// Moves the oldest batches to the spill until at most `rows` are in memory, or the spill takes no more.
    fn spill_to(&mut self, rows: usize) {
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
    fn note_dropped_end(&mut self) {
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

    fn oldest(&mut self) -> Option<Item> {
        while let Some(spill) = &mut self.spill {
            match spill.next() {
                Next::Batch(batch) => return Some(Item { batch: Arc::new(batch), is_spilled: true }),
                Next::Damaged { rows } => {
                    self.counts.damaged_rows += rows;
                    self.notice(TierEvent::SpillDamaged(rows));
                }
                Next::Nothing => {
                    self.is_spilling = false;
                    break;
                }
            }
        }
        let batch = Arc::clone(self.memory.front()?);
        Some(Item { batch, is_spilled: false })
    }

    fn remove(&mut self, item: &Item) {
        if item.is_spilled {
            self.spill.iter_mut().for_each(Spill::remove_given);
        } else if self.memory.front().is_some_and(|front| Arc::ptr_eq(front, &item.batch)) {
            self.memory_rows -= item.batch.len();
            self.memory.pop_front();
        }
    }
}
