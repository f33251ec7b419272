//! A tier's queue: what was offered and is not stored, shared by the caller and the tier's thread.
//!
//! Order: the spill is older than the memory. A batch enters memory; when that is full, under [`Policy::Spill`], the
//! older half of it moves to the spill. The thread takes the oldest of both, and removes it only when it is stored, so
//! that whatever happens meanwhile, it is still somewhere. If a batch moves to the spill while it is being stored, it
//! comes once more, and the watermark leaves it out.
//! Not here: the store and when it is tried again (`tier`).

mod state;

pub(crate) use state::{Item, Limits};

use crate::account::{Hole, Lag, Status, TierEvent, TierReport, add_hole};
use crate::spill::Spill;
use crate::{Batch, Policy, Watermarks};
use state::{State, Taken};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What the thread is to do.
#[derive(Debug)]
pub(crate) enum Work {
    /// Store this.
    Item(Item),
    /// Nothing came for as long as it would wait.
    Nothing,
    /// End.
    End,
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

impl Queue {
    /// An empty queue, but for what an earlier process left in the spill.
    pub fn new(name: &str, limits: Limits, spill: Option<Spill>) -> Self {
        assert!(limits.queue_rows > 0, "a tier may hold rows");
        Self {
            name: name.to_owned(),
            limits,
            state: Mutex::new(State::new(spill)),
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
        debug_assert!(state.is_begun, "offers come after the beginning");
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

    /// The store was opened for the first time, or (`None`) could not be reached; and whether it gathers rows.
    pub fn first_opened(&self, marks: Option<Watermarks>, gathers: bool) {
        self.lock().compare_spill(marks, gathers);
    }

    /// Everything above these numbers will be offered. Before that, nothing is stored.
    pub fn begin(&self, above: Watermarks) {
        self.lock().begin(above);
        self.work.notify_one();
    }

    /// Waits for the oldest batch, at most so long.
    pub fn next(&self, at_most: Duration) -> Work {
        let mut state = self.lock();
        loop {
            if state.is_abandoned {
                return Work::End;
            }
            if state.is_begun
                && let Some(item) = state.oldest()
            {
                state.current =
                    item.batch.times().map(|(first, _)| (item.batch.stream(), item.batch.first_seq, first));
                return Work::Item(item);
            }
            if state.is_closing {
                return Work::End;
            }
            state.current = None;
            let (guard, waited) =
                self.work.wait_timeout(state, at_most).unwrap_or_else(PoisonError::into_inner);
            state = guard;
            if waited.timed_out() {
                return Work::Nothing;
            }
        }
    }

    /// A batch that turned out to be stored has a hole below it.
    pub fn left_out(&self, hole: Hole) {
        add_hole(&mut self.lock().holes, hole);
    }

    /// The store took the item: it is stored for good up to `stored`; `rows` of it were new, and below them was a hole.
    pub fn stored(&self, item: &Item, stored: Watermarks, rows: u64, hole: Option<Hole>) {
        let mut state = self.lock();
        state.stored = stored;
        state.counts.stored_rows += rows;
        let (stream, last_seq) = (item.batch.stream(), item.batch.last_seq);
        let unwritten = &mut state.unwritten_rows[stream as usize];
        *unwritten = if stored.of(stream) >= last_seq { 0 } else { *unwritten + rows };
        if let Some(hole) = hole {
            add_hole(&mut state.holes, hole);
        }
        state.remove(item);
        self.room.notify_all();
    }

    /// What was gathered is stored.
    pub fn flushed(&self, stored: Watermarks) {
        let mut state = self.lock();
        state.stored = stored;
        state.unwritten_rows = [0; 2];
    }

    /// The item was stored before: it goes.
    pub fn skip(&self, item: &Item) {
        self.lock().remove(item);
        self.room.notify_all();
    }

    /// The store said how far it is; it is stored for good up to `stored`.
    pub fn opened(&self, marks: Watermarks, stored: Watermarks, lost: &[Hole], attempts: u32) {
        let mut state = self.lock();
        state.stored = stored;
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
        let mut state = self.lock();
        state.is_closing = true;
        if !state.is_begun {
            // Nothing was offered: what the spill holds is kept, whether it joins or not.
            state.begin(Watermarks { ticks: u64::MAX, results: u64::MAX });
        }
        drop(state);
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
        self.lock().lag(&self.name)
    }

    /// The tier's account, once it is over: what is in memory goes to the spill if there is one, which is closed.
    pub fn report(&self) -> TierReport {
        let mut state = self.lock();
        if matches!(self.limits.policy, Policy::Spill { .. }) {
            state.spill_to(0);
        }
        let report = state.report(&self.name);
        state.close_spill();
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
