//! The journal's thread: takes events from the ring, writes them, syncs them.
//!
//! | durability | writes | syncs |
//! | --- | --- | --- |
//! | strict | all that is there, as one group | at once; what comes meanwhile is the next group |
//! | async | all that is there, then pauses a moment | when the oldest unsynced event is nearly a window old |
//!
//! With nothing to do it polls a little and then sleeps until woken: a journal takes no core of its own, unless told
//! to.
//! Not here: what a failure means for the engine.

use crate::appender::Appender;
use crate::marks::Marks;
use crate::{Durability, JournalError, Writer};
use model::Event;
use ring::{Received, Receiver, Stopwatch, Wait, Waiter};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How the ring and the thread are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threading {
    /// Slots of the ring, a power of two: events that wait to be written.
    pub ring_slots: usize,
    /// How the appender waits for what is to become durable.
    pub wait: Wait,
    /// How the thread waits for events. Sleeping costs a strict order the time of a wake-up; anything else, a core.
    pub idle: Wait,
    /// A core to pin the thread to.
    pub core: Option<usize>,
}

impl Default for Threading {
    fn default() -> Self {
        Self { ring_slots: 1 << 16, wait: Wait::Block, idle: Wait::Block, core: None }
    }
}

/// A journal that was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// How many events it holds, all durable.
    pub index: u64,
    /// The number of the next input.
    pub next_seq: u64,
}

/// The journal's thread.
#[derive(Debug)]
pub struct JournalThread(JoinHandle<Result<Closed, JournalError>>);

impl JournalThread {
    /// Waits until the appender is dropped and everything that was appended is durable.
    ///
    /// # Errors
    /// Why the journal has failed.
    pub fn close(self) -> Result<Closed, JournalError> {
        self.0.join().unwrap_or(Err(JournalError::ThreadGone))
    }
}

/// Longest pause of the async journal between two looks at the ring.
const PAUSE_MAX: Duration = Duration::from_millis(1);
/// How often it is looked whether the disk has room.
const LOOK_NS: u64 = 1_000_000_000;

/// Starts the thread that writes a journal, and gives the end that the engine appends to.
///
/// # Errors
/// The system's, if it gives no thread.
///
/// # Panics
/// With [`Durability::Off`], for which there is [`Appender::off`].
pub fn start(
    writer: Writer,
    durability: Durability,
    threading: &Threading,
) -> Result<(Appender, JournalThread), JournalError> {
    let window = match durability {
        Durability::Strict => None,
        Durability::Async { window } => Some(window),
        Durability::Off => panic!("without durability there is no journal to write"),
    };
    let (sender, receiver) = ring::ring::<Event>(threading.ring_slots, threading.idle);
    let marks = Arc::new(Marks::at(writer.written(), writer.durable()));
    let appender = Appender::new(sender, Arc::clone(&marks), threading.wait, writer.appended());
    let path = writer.folder().path().to_owned();
    let (core, ring_slots) = (threading.core, threading.ring_slots);
    let body = move || {
        core.into_iter().for_each(|core| {
            ring::pin_to_core(core);
        });
        let guard = Guard(Arc::clone(&marks));
        let mut worker = Worker::new(writer, receiver, marks, ring_slots);
        let ran = match window {
            None => worker.run_strict(),
            Some(window) => worker.run_async(window),
        };
        // Before the worker's end of the ring goes: who finds it gone asks why.
        let closed = ran.inspect_err(|error| guard.0.fail(error.clone()));
        closed.and_then(|()| worker.close())
    };
    let thread = thread::Builder::new().name("journal".to_owned()).spawn(body);
    let thread = thread.map_err(|error| JournalError::io("start a thread for", &path, &error))?;
    Ok((appender, JournalThread(thread)))
}

/// However the thread ends, nobody waits for it any longer.
struct Guard(Arc<Marks>);

impl Drop for Guard {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.fail(JournalError::ThreadGone);
        }
        self.0.end();
    }
}

struct Worker {
    writer: Writer,
    receiver: Receiver<Event>,
    marks: Arc<Marks>,
    stopwatch: Stopwatch,
    waiter: Waiter,
    ring_slots: usize,
    looked: u64,
    is_low: bool,
}

impl Worker {
    fn new(writer: Writer, receiver: Receiver<Event>, marks: Arc<Marks>, ring_slots: usize) -> Self {
        let stopwatch = Stopwatch::new();
        let looked = stopwatch.raw();
        Self { writer, receiver, marks, stopwatch, waiter: Waiter::new(), ring_slots, looked, is_low: false }
    }

    /// Takes everything that is in the ring into the writer's buffer.
    fn take(&mut self) -> Received {
        let writer = &mut self.writer;
        let received = self.receiver.poll(|event| writer.push(event));
        if received != Received::Nothing {
            self.waiter.reset();
        }
        received
    }

    /// Until the appender is gone.
    fn run_strict(&mut self) -> Result<(), JournalError> {
        self.begin()?;
        loop {
            match self.take() {
                Received::Items(_) => {
                    self.sync()?;
                    self.look_at_times();
                }
                Received::Nothing => self.receiver.wait(&mut self.waiter),
                Received::Closed => return self.sync(),
            }
        }
    }

    /// Until the appender is gone.
    fn run_async(&mut self, window: Duration) -> Result<(), JournalError> {
        self.begin()?;
        let pause = PAUSE_MAX.min(window / 4);
        let sync_after_ns = (window - pause).as_nanos() as u64;
        // When the oldest event that is not synced was taken.
        let mut oldest = None;
        loop {
            let received = self.take();
            match received {
                Received::Items(_) => {
                    self.writer.write()?;
                    self.marks.set_written(self.writer.written());
                    oldest.get_or_insert_with(|| self.stopwatch.raw());
                }
                Received::Nothing if oldest.is_none() => {
                    self.receiver.wait(&mut self.waiter);
                    continue;
                }
                Received::Nothing => {}
                Received::Closed => return self.sync(),
            }
            if oldest.is_some_and(|oldest| self.nanos_since(oldest) >= sync_after_ns) {
                self.sync()?;
                oldest = None;
                self.look_at_times();
            }
            // A ring that fills quickly is emptied at once; else a moment makes larger frames, and fewer.
            if !matches!(received, Received::Items(count) if count >= self.ring_slots / 8) {
                thread::sleep(pause);
            }
        }
    }

    /// What was appended before there was a thread is synced, and room is taken.
    fn begin(&mut self) -> Result<(), JournalError> {
        self.sync()?;
        self.look_at_room();
        Ok(())
    }

    fn sync(&mut self) -> Result<(), JournalError> {
        self.writer.sync()?;
        self.marks.set_written(self.writer.written());
        self.marks.set_durable(self.writer.durable());
        Ok(())
    }

    fn close(self) -> Result<Closed, JournalError> {
        let closed = Closed { index: self.writer.appended(), next_seq: self.writer.next_seq() };
        self.writer.close()?;
        Ok(closed)
    }

    fn nanos_since(&self, start: u64) -> u64 {
        self.stopwatch.nanos_between(start, self.stopwatch.raw())
    }

    /// Looks at the disk's room when a segment was begun, and now and then.
    fn look_at_times(&mut self) {
        let is_due = !self.writer.is_prepared() && !self.is_low;
        if is_due || self.nanos_since(self.looked) >= LOOK_NS {
            self.look_at_room();
        }
    }

    fn look_at_room(&mut self) {
        let low = self.writer.prepare();
        self.is_low = low.is_some();
        self.marks.set_low(low);
        self.looked = self.stopwatch.raw();
    }
}
