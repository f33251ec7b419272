//! Snapshots without a stall: a thread that folds the journal behind the engine, and saves its own state.
//!
//! Why not the engine's: saving the windows of a hundred symbols takes milliseconds, and the hot path has none to give.
//! The follower's state is the engine's, because state is a fold over what the journal keeps; it compares numbers as it
//! goes, and a follower that comes to other numbers saves nothing more.
//! After each snapshot the journal behind it is packed, or removed if only snapshots are kept.
//! Not here: which snapshot a run starts from (`kept`).

use super::past::ahead;
use crate::config::{JournalConfig, JournalKeep};
use crate::failure::Failure;
use crate::run::generate::note;
use journal::{Folder, Follower, Identity, Watch, compact, retain, snapshots, thin};
use model::Event;
use pipeline::{Fold, Settled};
use ring::Stopwatch;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use strategy::Strategy;

/// How long the follower sleeps when it has read everything.
const PAUSE: Duration = Duration::from_millis(20);

/// What a follower needs beside the engine that it folds with.
pub struct FollowerTask {
    /// Where the journal is.
    pub folder: Folder,
    /// Whose it is.
    pub identity: Identity,
    /// How far it is written.
    pub watch: Watch,
    /// How often to save, and what to keep.
    pub config: JournalConfig,
    /// The last input that is in the engine it starts with.
    pub after: u64,
    /// Whether the venue is in this process: then what the fold says was sent, was.
    pub venue_is_here: bool,
    /// The input of the last frame that is spooled: a snapshot is of use only where frames behind it are.
    pub spooled: Arc<AtomicU64>,
    /// Set when the run is over.
    pub over: Arc<AtomicBool>,
}

/// A follower at work.
pub struct Following {
    over: Arc<AtomicBool>,
    thread: JoinHandle<Result<u64, Failure>>,
}

impl Following {
    /// Starts a follower's thread; `work` builds its engine there and runs the task.
    pub fn start(
        over: Arc<AtomicBool>,
        work: impl FnOnce() -> Result<u64, Failure> + Send + 'static,
    ) -> Self {
        let thread = std::thread::Builder::new().name("follow".to_owned()).spawn(work);
        Self { over, thread: thread.expect("the system can start a thread") }
    }

    /// Ends it; gives how many snapshots it saved. That it failed is said and harms nothing: a later start has more to
    /// replay.
    pub fn end(self) -> u64 {
        self.over.store(true, Ordering::Relaxed);
        let done = self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        done.unwrap_or_else(|failure| {
            note(&format!("no more snapshots were saved: {failure}"));
            0
        })
    }
}

/// What a journal has from an input on beside ticks, once it is known what became of the orders of its past; `None` if
/// the run is over before.
///
/// # Errors
/// [`Failure`] where the journal cannot be read.
pub fn ahead_when_settled(
    folder: &Folder,
    identity: Identity,
    from: u64,
    settled: &Settled,
    over: &AtomicBool,
) -> Result<Option<Vec<(u32, Event)>>, Failure> {
    loop {
        if over.load(Ordering::Relaxed) {
            return Ok(None);
        }
        if let Some(seq) = settled.by_input() {
            let found = ahead(folder, identity, from)?;
            // It may be numbered and not written yet.
            if seq < from || found.iter().any(|(_, event)| event.seq >= seq) {
                return Ok(Some(found));
            }
        }
        std::thread::sleep(PAUSE);
    }
}

/// A state that was taken.
struct Taken {
    seq: u64,
    /// Of the journal's events: up to here it must be durable first.
    index: u64,
    state: Vec<u8>,
    is_saved: bool,
}

impl FollowerTask {
    /// Folds the journal until the run is over; gives how many snapshots were saved.
    ///
    /// # Errors
    /// [`Failure`] where the journal cannot be read, the fold fails, or comes to other numbers than the run.
    pub fn run<S: Strategy>(self, mut fold: Fold<S>) -> Result<u64, Failure> {
        let Some(every) = self.config.snapshot_every else { return Ok(0) };
        let mut follower = Follower::new(&self.folder, self.identity, self.watch.clone(), self.after + 1);
        let stopwatch = Stopwatch::new();
        let (mut since, mut saved, mut ticks) = (stopwatch.raw(), 0, Vec::new());
        let mut taken = Taken { seq: self.after, index: 0, state: Vec::new(), is_saved: true };
        let mut index = 0;
        while !self.over.load(Ordering::Relaxed) {
            if !taken.is_saved && self.may_save(&taken) {
                snapshots::write(&self.folder, self.identity, taken.seq, &taken.state)?;
                self.tidy()?;
                taken.is_saved = true;
                saved += 1;
            }
            let read = self.fold_batch(&mut follower, &mut fold, &mut ticks)?;
            index = read.unwrap_or(index);
            let due = stopwatch.nanos_between(since, stopwatch.raw()) >= every.as_nanos() as u64;
            let is_certain = self.venue_is_here || !fold.is_in_flight();
            if due && is_certain && taken.is_saved && fold.sequence() > taken.seq {
                fold.save(&mut taken.state);
                (taken.seq, taken.index, taken.is_saved) = (fold.sequence(), index, false);
                since = stopwatch.raw();
            }
            if read.is_none() {
                std::thread::sleep(PAUSE.min(every));
            }
        }
        Ok(saved)
    }

    /// Whether what a snapshot needs is kept: the journal up to it, the frames beyond it.
    fn may_save(&self, taken: &Taken) -> bool {
        self.watch.durable() >= taken.index && self.spooled.load(Ordering::Relaxed) > taken.seq
    }

    /// Folds the next events; gives the index behind them, or `None` if there are none now.
    fn fold_batch<S: Strategy>(
        &self,
        follower: &mut Follower,
        fold: &mut Fold<S>,
        ticks: &mut Vec<Event>,
    ) -> Result<Option<u64>, Failure> {
        let Some(batch) = follower.next_batch()? else { return Ok(None) };
        let behind = batch.index + batch.events.len() as u64;
        ticks.clear();
        ticks.extend(batch.events.iter().filter(|event| event.kind.is_tick()));
        let Some(last) = ticks.last().map(|tick| tick.seq) else { return Ok(Some(behind)) };
        fold.ticks(ticks)?;
        if fold.sequence() != last {
            let found = fold.sequence();
            return Err(Failure::Failed(format!(
                "input {last} of the journal is number {found} when it is folded again"
            )));
        }
        Ok(Some(behind))
    }

    /// Removes old snapshots, and packs or removes what lies before them.
    fn tidy(&self) -> Result<(), Failure> {
        match self.config.keep {
            JournalKeep::Snapshots => drop(retain(&self.folder, self.config.snapshots)?),
            JournalKeep::All => {
                thin(&self.folder, self.config.snapshots)?;
                compact(&self.folder)?;
            }
        }
        Ok(())
    }
}
