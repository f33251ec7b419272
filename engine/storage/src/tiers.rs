//! All tiers of a run, as the one thread that feeds them sees them.
//!
//! Rows are cut into batches once and shared by all tiers. An offer waits only where a tier's policy is to block and it
//! is full; the hot path is elsewhere.
//!
//! Life: [`Tiers::start`]; [`Tiers::resume_from`] says above which numbers the tiers want rows, [`Tiers::begin`] above
//! which they will be offered; offers, with [`Tiers::poll`] where there is nothing to offer; [`Tiers::close`].
//! Not here: where rows come from; what a store does with them.

use crate::account::{Lag, Notice, Status, TierReport};
use crate::backoff::Backoff;
use crate::cutter::Cutter;
use crate::queue::{Limits, Queue};
use crate::spill::{Spill, SpillError};
use crate::tier::{Progress, Worker};
use crate::{
    Batch, Dictionary, Gatherer, Policy, Record, Rows, StoreError, Stream, Streams, TierConfig, Watermarks,
};
use model::{Event, Frame, OpenOrders};
use ring::Stopwatch;
use std::fmt;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long a row waits for others before its batch is cut, in nanoseconds.
pub const BATCH_WAIT_NS: u64 = 50_000_000;

/// Why the tiers could not start: an error of configuration.
#[derive(Debug)]
pub enum StartError {
    /// A store will not work as it is configured.
    Store {
        /// The tier.
        tier: String,
        /// Why.
        cause: StoreError,
    },
    /// A spill cannot be used.
    Spill {
        /// The tier.
        tier: String,
        /// Why.
        cause: SpillError,
    },
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store { tier, cause } => write!(f, "storage tier {tier}: {cause}"),
            Self::Spill { tier, cause } => write!(f, "storage tier {tier}: {cause}"),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store { cause, .. } => Some(cause),
            Self::Spill { cause, .. } => Some(cause),
        }
    }
}

/// A tier that may neither drop nor wait takes nothing any more, because its store refused for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierStopped {
    /// The tier.
    pub tier: String,
    /// Why.
    pub why: String,
}

impl fmt::Display for TierStopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tier, why } = self;
        write!(f, "storage tier {tier} stopped ({why}); mend it, or let it drop or spill")
    }
}

impl std::error::Error for TierStopped {}

/// How far a tier is at its start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The tier.
    pub tier: String,
    /// By stream, everything at or below is stored or in the tier's spill; 0 where that is not known.
    pub through: Watermarks,
    /// Whether the store was reached.
    pub is_reached: bool,
}

struct Tier {
    queue: Arc<Queue>,
    streams: Streams,
    thread: Option<JoinHandle<()>>,
}

/// The tiers of a run.
pub struct Tiers {
    tiers: Vec<Tier>,
    ticks: Cutter<Event>,
    results: Cutter<Record>,
    gatherer: Gatherer,
    gathered: Vec<Record>,
    stopwatch: Stopwatch,
    /// When the oldest row that is in no batch came.
    waiting_since: Option<u64>,
    is_begun: bool,
}

// The tiers move to the thread that feeds them.
const _: () = {
    const fn is_sent<T: Send>() {}
    is_sent::<Tiers>();
};

/// Lets go of callers that wait, from another thread.
#[derive(Debug, Clone)]
pub struct Release(Vec<Arc<Queue>>);

impl Release {
    /// From now on no offer waits; what a full tier cannot take is counted as unsaved. For a shutdown.
    pub fn release(&self) {
        self.0.iter().for_each(|queue| queue.release());
    }
}

impl Tiers {
    /// Opens all stores side by side and starts the tiers' threads. Takes as long as the slowest store's time-out.
    ///
    /// # Errors
    /// [`StartError`] where a store or spill will not work as it is configured; no thread is left then. A store that is
    /// merely down is no error: its tier begins in arrears.
    pub fn start(configs: Vec<TierConfig>, dictionary: &Dictionary) -> Result<Self, StartError> {
        let dictionary = Arc::new(dictionary.clone());
        let stopwatch = Stopwatch::new();
        let mut tiers = Self {
            tiers: Vec::new(),
            ticks: Cutter::new(0, Rows::Ticks),
            results: Cutter::new(0, Rows::Results),
            gatherer: Gatherer::default(),
            gathered: Vec::new(),
            stopwatch,
            waiting_since: None,
            is_begun: false,
        };
        let mut begun = Vec::new();
        for config in configs {
            let (answer, answered) = mpsc::channel();
            let name = config.name.clone();
            let seed = tiers.stopwatch.raw().wrapping_add(tiers.tiers.len() as u64);
            match Tier::start(config, &dictionary, seed, answer) {
                Ok(tier) => tiers.tiers.push(tier),
                Err(cause) => {
                    tiers.abandon();
                    return Err(StartError::Spill { tier: name, cause });
                }
            }
            begun.push((name, answered));
        }
        let answers = begun.into_iter().map(|(tier, answered)| (tier, answered.recv()));
        let refused = answers.collect::<Vec<_>>().into_iter().find_map(|(tier, answer)| match answer {
            Ok(Ok(())) => None,
            Ok(Err(cause)) => Some(StartError::Store { tier, cause }),
            Err(mpsc::RecvError) => {
                let why = "its thread panicked: this is a bug, please report it".to_owned();
                Some(StartError::Store {
                    tier,
                    cause: StoreError::Refused { store: "store".to_owned(), why },
                })
            }
        });
        match refused {
            None => Ok(tiers),
            Some(error) => {
                tiers.abandon();
                Err(error)
            }
        }
    }

    fn abandon(&mut self) {
        self.tiers.iter().for_each(|tier| tier.queue.abandon());
        self.tiers.iter_mut().filter_map(|tier| tier.thread.take()).for_each(|thread| {
            // A panic was reported by the thread itself.
            let _ = thread.join();
        });
    }

    /// How far each tier is. At the start that is what its store and its spill hold.
    pub fn held(&self) -> Vec<Held> {
        let held = |tier: &Tier| Held {
            tier: tier.queue.name().to_owned(),
            through: tier.queue.accepted(),
            is_reached: tier.queue.status() == Status::Up,
        };
        self.tiers.iter().map(held).collect()
    }

    /// The lowest numbers that some tier lacks the rows above of: everything above is to be offered again. Where a
    /// store could not be reached, and no spill says more, that is everything; the tier leaves out what the store
    /// turns out to have.
    pub fn resume_from(&self) -> Watermarks {
        let mut lowest = Watermarks { ticks: u64::MAX, results: u64::MAX };
        for tier in &self.tiers {
            let held = tier.queue.accepted();
            for stream in Stream::ALL.into_iter().filter(|stream| tier.streams.contain(*stream)) {
                lowest.set(stream, lowest.of(stream).min(held.of(stream)));
            }
        }
        for stream in Stream::ALL {
            if lowest.of(stream) == u64::MAX {
                lowest.set(stream, 0);
            }
        }
        lowest
    }

    /// Says that everything above these numbers will be offered, and which orders were open there. Tiers store nothing
    /// before; the first offer says that it is everything, and none. What is offered at or below is left out; a tier
    /// that lacks rows below has a hole.
    ///
    /// # Panics
    /// If something was offered already.
    pub fn begin(&mut self, above: Watermarks, orders: OpenOrders) {
        assert!(!self.is_begun, "the tiers begin once, before the first offer");
        self.ticks = Cutter::new(above.ticks, Rows::Ticks);
        self.results = Cutter::new(above.results, Rows::Results);
        self.gatherer = Gatherer::new(orders);
        self.tiers.iter().for_each(|tier| tier.queue.begin(above));
        self.is_begun = true;
    }

    fn begin_everything(&mut self) {
        self.is_begun = true;
        self.tiers.iter().for_each(|tier| tier.queue.begin(Watermarks::default()));
    }

    /// Offers inputs in their order; the ticks among them are stored.
    ///
    /// # Errors
    /// [`TierStopped`]; the rows are lost to that tier alone.
    pub fn offer_ticks(&mut self, inputs: &[Event]) -> Result<(), TierStopped> {
        let mut outcome = Ok(());
        for tick in inputs.iter().filter(|input| input.kind.is_tick()) {
            if tick.seq > self.ticks.last()
                && let Some(batch) = self.ticks.add(tick.seq, [*tick])
            {
                outcome = outcome.and(self.push(batch));
            }
        }
        outcome.and(self.poll())
    }

    /// Offers an input with everything derived from it, in the order of inputs.
    ///
    /// # Errors
    /// [`TierStopped`]; the rows are lost to that tier alone.
    pub fn offer_frame(&mut self, frame: &Frame) -> Result<(), TierStopped> {
        let mut records = std::mem::take(&mut self.gathered);
        self.gatherer.gather(frame, &mut records);
        let outcome = self.offer_results(frame.input().seq, records.drain(..));
        self.gathered = records;
        outcome
    }

    /// Offers all results of the input `seq`, in the order of inputs.
    ///
    /// # Errors
    /// [`TierStopped`]; the rows are lost to that tier alone.
    pub fn offer_results(
        &mut self,
        seq: u64,
        records: impl ExactSizeIterator<Item = Record>,
    ) -> Result<(), TierStopped> {
        let full = if seq > self.results.last() && records.len() > 0 {
            self.results.add(seq, records)
        } else {
            None
        };
        let outcome = full.map_or(Ok(()), |batch| self.push(batch));
        outcome.and(self.poll())
    }

    /// Cuts a batch of rows that wait too long. Offers do so themselves; this is for when there is nothing to offer.
    ///
    /// # Errors
    /// [`TierStopped`]; the rows are lost to that tier alone.
    pub fn poll(&mut self) -> Result<(), TierStopped> {
        if self.ticks.is_empty() && self.results.is_empty() {
            self.waiting_since = None;
            return Ok(());
        }
        let now = self.stopwatch.raw();
        let since = *self.waiting_since.get_or_insert(now);
        if self.stopwatch.nanos_between(since, now) < BATCH_WAIT_NS { Ok(()) } else { self.flush() }
    }

    /// Hands over every row that was offered, without waiting for a batch to fill.
    ///
    /// # Errors
    /// [`TierStopped`]; the rows are lost to that tier alone.
    pub fn flush(&mut self) -> Result<(), TierStopped> {
        self.waiting_since = None;
        let ticks = self.ticks.cut().map_or(Ok(()), |batch| self.push(batch));
        ticks.and(self.results.cut().map_or(Ok(()), |batch| self.push(batch)))
    }

    fn push(&mut self, batch: Batch) -> Result<(), TierStopped> {
        if !self.is_begun {
            self.begin_everything();
        }
        let (stream, batch) = (batch.stream(), Arc::new(batch));
        let mut outcome = Ok(());
        for tier in self.tiers.iter().filter(|tier| tier.streams.contain(stream)) {
            let pushed = tier.queue.push(&batch);
            outcome =
                outcome.and(pushed.map_err(|why| TierStopped { tier: tier.queue.name().to_owned(), why }));
        }
        outcome
    }

    /// How far each tier is behind.
    pub fn lags(&self) -> Vec<Lag> {
        self.tiers.iter().map(|tier| tier.queue.lag()).collect()
    }

    /// What changed since this was asked last.
    pub fn notices(&self) -> Vec<Notice> {
        let of = |tier: &Tier| {
            let name = tier.queue.name().to_owned();
            tier.queue.notices().into_iter().map(move |event| Notice { tier: name.clone(), event })
        };
        self.tiers.iter().flat_map(of).collect()
    }

    /// What another thread needs to let go of a caller that waits here.
    pub fn release(&self) -> Release {
        Release(self.tiers.iter().map(|tier| Arc::clone(&tier.queue)).collect())
    }

    /// Hands over what is left and waits until everything is stored, at most `at_most`. What is not stored then goes
    /// to the spill of a tier that has one, and is unsaved otherwise.
    pub fn close(mut self, at_most: Duration) -> Vec<TierReport> {
        let last = [self.ticks.cut(), self.results.cut()];
        if !self.is_begun && last.iter().any(Option::is_some) {
            self.begin_everything();
        }
        for batch in last.into_iter().flatten() {
            let (stream, batch) = (batch.stream(), Arc::new(batch));
            let wanting = self.tiers.iter().filter(|tier| tier.streams.contain(stream));
            wanting.for_each(|tier| tier.queue.push_last(&batch));
        }
        self.tiers.iter().for_each(|tier| tier.queue.close());
        let (start, at_most_ns) = (self.stopwatch.raw(), at_most.as_nanos() as u64);
        for tier in &mut self.tiers {
            let spent = self.stopwatch.nanos_between(start, self.stopwatch.raw());
            let is_done = tier.queue.wait_done(Duration::from_nanos(at_most_ns.saturating_sub(spent)));
            tier.queue.abandon();
            // A thread that is still inside its store is left alone: it ends with the store's time-out.
            if let Some(thread) = tier.thread.take().filter(|_| is_done) {
                let _ = thread.join();
            }
        }
        self.tiers.iter().map(|tier| tier.queue.report()).collect()
    }
}

impl Drop for Tiers {
    fn drop(&mut self) {
        self.tiers.iter().for_each(|tier| tier.queue.abandon());
    }
}

impl fmt::Debug for Tiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.tiers.iter().map(|tier| tier.queue.name())).finish()
    }
}

impl Tier {
    fn start(
        config: TierConfig,
        dictionary: &Arc<Dictionary>,
        seed: u64,
        answer: mpsc::Sender<Result<(), StoreError>>,
    ) -> Result<Self, SpillError> {
        let spill = match &config.policy {
            Policy::Spill { folder, bytes_max, .. } => {
                Some(Spill::open(folder, &dictionary.run, *bytes_max)?)
            }
            Policy::Block | Policy::Drop => None,
        };
        let limits = Limits { policy: config.policy, queue_rows: config.queue_rows };
        let queue = Arc::new(Queue::new(&config.name, limits, spill));
        let mut worker = Worker {
            queue: Arc::clone(&queue),
            store: config.store,
            dictionary: Arc::clone(dictionary),
            backoff: Backoff::new(config.retry, seed),
            tidy_every: config.tidy_every,
            stopwatch: Stopwatch::new(),
            progress: Progress::default(),
        };
        let thread = std::thread::spawn(move || {
            let begun = worker.begin();
            let is_begun = begun.is_ok();
            if answer.send(begun).is_ok() && is_begun {
                worker.run();
            }
        });
        Ok(Self { queue, streams: config.streams, thread: Some(thread) })
    }
}

#[cfg(test)]
mod tests;
