//! How far the journal's thread is, for everybody else.
//!
//! Not here: who moves it (`thread`).

use crate::JournalError;
use ring::{Progress, Wait};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

/// How a journal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It takes events.
    Good,
    /// It takes events, and the disk has no room, or hardly any, behind this segment: no new risk.
    LowSpace,
    /// It takes none any more; [`Watch::failure`] says why. No new risk; cancels may leave.
    Failed,
}

/// What the journal's thread tells.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    written: AtomicU64,
    durable: AtomicU64,
    /// Up to where nothing is to be waited for: durable, or lost for good.
    settled: Progress,
    /// How often the appending thread had to wait for room.
    waits: AtomicU64,
    is_low: AtomicBool,
    low: Mutex<Option<JournalError>>,
    failure: OnceLock<JournalError>,
}

impl Marks {
    /// So much is written, and so much durable.
    pub fn at(written: u64, durable: u64) -> Self {
        let marks = Self::default();
        marks.set_written(written);
        marks.set_durable(durable);
        marks
    }

    pub fn set_written(&self, index: u64) {
        // Release pairs with the acquire in `Watch::written`: who sees the number finds the bytes in the file.
        self.written.store(index, Ordering::Release);
    }

    pub fn set_durable(&self, index: u64) {
        // Release pairs with the acquire in `Watch::durable`.
        self.durable.store(index, Ordering::Release);
        self.settled.finish(index, Wait::Block);
    }

    pub fn add_wait(&self) {
        self.waits.fetch_add(1, Ordering::Relaxed);
    }

    pub fn set_low(&self, low: Option<JournalError>) {
        self.is_low.store(low.is_some(), Ordering::Release);
        *self.low.lock().expect("no holder panics") = low;
    }

    pub fn fail(&self, error: JournalError) {
        // The first one is the cause.
        let _ = self.failure.set(error);
        self.end();
    }

    /// Why nothing is taken any more.
    #[inline]
    pub fn failure(&self) -> Option<&JournalError> {
        self.failure.get()
    }

    /// Nothing more will become durable.
    pub fn end(&self) {
        self.settled.finish(u64::MAX, Wait::Block);
    }

    /// Up to where nothing is to be waited for.
    #[inline]
    pub fn settled(&self) -> u64 {
        self.settled.finished()
    }

    /// Sleeps until an index is settled. One thread only.
    pub fn sleep_until_settled(&self, index: u64) {
        self.settled.sleep_until(index);
    }
}

/// Sees how far a journal is, from any thread.
#[derive(Debug, Clone)]
pub struct Watch(pub(crate) Arc<Marks>);

impl Watch {
    /// How many events are in the file: a killed process loses none of them.
    #[inline]
    pub fn written(&self) -> u64 {
        // Acquire pairs with the release in `Marks::set_written`.
        self.0.written.load(Ordering::Acquire)
    }

    /// How many events are durable: a power cut loses none of them.
    #[inline]
    pub fn durable(&self) -> u64 {
        // Acquire pairs with the release in `Marks::set_durable`.
        self.0.durable.load(Ordering::Acquire)
    }

    /// How often the engine's thread had to wait for room in the journal's ring.
    pub fn waits(&self) -> u64 {
        self.0.waits.load(Ordering::Relaxed)
    }

    /// How it is; two loads.
    #[inline]
    pub fn health(&self) -> Health {
        if self.0.failure.get().is_some() {
            Health::Failed
        } else if self.0.is_low.load(Ordering::Acquire) {
            Health::LowSpace
        } else {
            Health::Good
        }
    }

    /// Why it takes no events any more.
    pub fn failure(&self) -> Option<&JournalError> {
        self.0.failure()
    }

    /// Why it is said that room is low.
    pub fn low_space(&self) -> Option<JournalError> {
        self.0.low.lock().expect("no holder panics").clone()
    }
}
