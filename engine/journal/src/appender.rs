//! The engine's end of a journal: events go into a ring, and a thread of the journal's own writes them.
//!
//! A journal never drops. Where the ring is full the appender waits, and counts that it did.
//! Not here: files (`writer`), the other end of the ring (`thread`).

use crate::JournalError;
use crate::marks::{Health, Marks, Watch};
use model::Event;
use ring::{Sender, Wait, Waiter};
use std::fmt;
use std::sync::Arc;

/// Appends events from one thread. Dropping it lets the journal's thread finish.
#[derive(Debug)]
pub struct Appender(Option<Live>);

struct Live {
    sender: Sender<Event>,
    marks: Arc<Marks>,
    wait: Wait,
    appended: u64,
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Live(appended {}, waits {})", self.appended, self.watch().waits())
    }
}

impl Appender {
    /// Keeps nothing ([`crate::Durability::Off`]): every call costs a branch.
    pub const fn off() -> Self {
        Self(None)
    }

    pub(crate) fn new(sender: Sender<Event>, marks: Arc<Marks>, wait: Wait, appended: u64) -> Self {
        Self(Some(Live { sender, marks, wait, appended }))
    }

    /// Whether anything is kept.
    #[inline]
    pub const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Appends events, in order, waiting for room. Does not allocate.
    ///
    /// # Errors
    /// Why the journal has failed; the events are not kept.
    #[inline]
    pub fn append(&mut self, events: &[Event]) -> Result<(), JournalError> {
        match &mut self.0 {
            None => Ok(()),
            Some(live) => live.append(events),
        }
    }

    /// How many events the journal has taken, those of earlier sessions included: the index that
    /// [`Appender::wait_durable`] takes for all that was appended so far. 0 where nothing is kept.
    #[inline]
    pub fn appended(&self) -> u64 {
        self.0.as_ref().map_or(0, |live| live.appended)
    }

    /// How many of them are in the file.
    #[inline]
    pub fn written(&self) -> u64 {
        self.0.as_ref().map_or(0, |live| live.watch().written())
    }

    /// How many of them are durable.
    #[inline]
    pub fn durable(&self) -> u64 {
        self.0.as_ref().map_or(0, |live| live.watch().durable())
    }

    /// Returns when the first `index` events are durable: what strict durability asks before an order leaves.
    ///
    /// # Errors
    /// Why the journal has failed, if they are not and will not be.
    ///
    /// # Panics
    /// If fewer were appended.
    #[inline]
    pub fn wait_durable(&mut self, index: u64) -> Result<(), JournalError> {
        match &self.0 {
            Some(live) if live.marks.settled() < index || live.marks.settled() == u64::MAX => {
                live.wait_durable(index)
            }
            _ => Ok(()),
        }
    }

    /// How often an append had to wait for room.
    pub fn waits(&self) -> u64 {
        self.0.as_ref().map_or(0, |live| live.watch().waits())
    }

    /// How the journal is; a branch and two loads.
    #[inline]
    pub fn health(&self) -> Health {
        self.0.as_ref().map_or(Health::Good, |live| live.watch().health())
    }

    /// Why the journal has failed, if it has.
    #[inline]
    pub fn failed(&self) -> Option<&JournalError> {
        self.0.as_ref().and_then(|live| live.marks.failure())
    }

    /// What other threads may look at; `None` where nothing is kept.
    pub fn watch(&self) -> Option<Watch> {
        self.0.as_ref().map(Live::watch)
    }
}

impl Live {
    fn watch(&self) -> Watch {
        Watch(Arc::clone(&self.marks))
    }

    #[inline]
    fn append(&mut self, events: &[Event]) -> Result<(), JournalError> {
        if self.marks.failure().is_some() {
            return Err(self.failure());
        }
        if !self.sender.try_send(events) {
            self.append_slowly(events)?;
        }
        self.appended += events.len() as u64;
        Ok(())
    }

    #[cold]
    fn append_slowly(&mut self, events: &[Event]) -> Result<(), JournalError> {
        let mut waited = false;
        let sent = self.sender.send(events, || waited = true);
        if waited {
            self.marks.add_wait();
        }
        sent.map_err(|_| self.failure())
    }

    #[cold]
    fn wait_durable(&self, index: u64) -> Result<(), JournalError> {
        assert!(index <= self.appended, "only what was appended becomes durable");
        let mut waiter = Waiter::new();
        while self.marks.settled() < index {
            waiter.idle(self.wait, || self.marks.sleep_until_settled(index));
        }
        if self.watch().durable() >= index { Ok(()) } else { Err(self.failure()) }
    }

    #[cold]
    fn failure(&self) -> JournalError {
        self.marks.failure().cloned().unwrap_or(JournalError::ThreadGone)
    }
}
