//! A tier's thread: takes the oldest batch, stores it, and tries again for as long as that may help.
//!
//! Each attempt begins with [`Store::open`] after a failure, because only the store knows what it has; what it has is
//! left out, and what it lost is said. A store call may take as long as its own time-outs; nothing else here blocks for
//! longer than a wait between attempts, which ends at once when the tier is abandoned.
//! Not here: order, limits, the spill (`queue`).

use crate::account::Hole;
use crate::backoff::Backoff;
use crate::queue::{Item, Queue, Work};
use crate::{Batch, Dictionary, Store, StoreError, Stream, Watermarks};
use model::Nanos;
use ring::Stopwatch;
use std::sync::Arc;
use std::time::Duration;

/// Rows after which engine time alone may ask for [`Store::tidy`]: a backtest's days pass in seconds.
const TIDY_ROWS_MIN: u64 = 65_536;
/// Time of day after which the store is tidied if it took anything, whatever engine time says.
const TIDY_WAIT: Duration = Duration::from_secs(60);

/// What the thread owns.
pub(crate) struct Worker {
    pub queue: Arc<Queue>,
    pub store: Box<dyn Store>,
    pub dictionary: Arc<Dictionary>,
    pub backoff: Backoff,
    pub tidy_every: Nanos,
    pub stopwatch: Stopwatch,
    pub progress: Progress,
}

/// How far the thread is.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// What the store said last, moved on by each batch; `None` before it was ever reached.
    marks: Option<Watermarks>,
    is_open: bool,
    /// What lies below the batch of a write whose answer was not seen: a hole, if the store took it.
    unsure: Option<Hole>,
    attempts: u32,
    tidied: Option<Nanos>,
    tidied_at: u64,
    rows_since_tidy: u64,
    now: Option<Nanos>,
}

/// Why an attempt failed.
enum Failure {
    /// Another may not.
    Passing(String),
    /// Every other will, too.
    Lasting(String),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable { .. } => Self::Passing(error.to_string()),
            StoreError::Refused { .. } => Self::Lasting(error.to_string()),
        }
    }
}

impl Worker {
    /// Opens the store for the first time.
    ///
    /// # Errors
    /// [`StoreError::Refused`]; a store that is merely down is tried again later.
    pub fn begin(&mut self) -> Result<(), StoreError> {
        self.progress.tidied_at = self.stopwatch.raw();
        match self.open() {
            Ok(()) => {}
            Err(error @ StoreError::Refused { .. }) => return Err(error),
            Err(error @ StoreError::Unavailable { .. }) => {
                self.progress.attempts = 1;
                self.queue.down(error.to_string(), Duration::ZERO);
            }
        }
        self.queue.first_opened(self.progress.marks, self.store.stored().is_some());
        Ok(())
    }

    /// Stores until the queue is closed and empty, or abandoned, or the store refuses.
    pub fn run(mut self) {
        loop {
            match self.queue.next(TIDY_WAIT) {
                Work::Item(item) => {
                    if !self.persist(|worker| worker.attempt(&item)) {
                        return;
                    }
                }
                Work::Nothing => {
                    if self.progress.is_open && self.progress.rows_since_tidy > 0 {
                        self.tidy_now();
                    }
                }
                Work::End => break,
            }
        }
        if self.progress.marks.is_some() && self.persist(Self::flush) {
            self.tidy_now();
        }
    }

    fn flush(&mut self) -> Result<(), Failure> {
        if !self.progress.is_open {
            self.open()?;
        }
        self.store.flush()?;
        self.queue.flushed(self.stored());
        Ok(())
    }

    /// How far is stored for good.
    fn stored(&self) -> Watermarks {
        self.store.stored().or(self.progress.marks).unwrap_or_default()
    }

    /// Tidies; what the store says of a failure is for the next attempt to find out.
    fn tidy_now(&mut self) {
        self.progress.rows_since_tidy = 0;
        self.progress.tidied_at = self.stopwatch.raw();
        if let Some(now) = self.progress.now {
            self.progress.tidied = Some(now);
            self.progress.is_open = self.store.tidy(now).is_ok();
        }
    }

    /// Attempts until it succeeds, however often that takes; `false` if the thread is to end.
    fn persist(&mut self, attempt: impl Fn(&mut Self) -> Result<(), Failure>) -> bool {
        loop {
            if self.queue.is_abandoned() {
                return false;
            }
            match attempt(self) {
                Ok(()) => {
                    self.backoff.reset();
                    return true;
                }
                Err(Failure::Passing(why)) => {
                    self.progress.is_open = false;
                    self.progress.attempts += 1;
                    if self.queue.is_closing() {
                        // The end is near: whether the store comes back in time is tried often.
                        self.backoff.reset();
                    }
                    let wait = self.backoff.wait();
                    self.queue.down(why, wait);
                }
                Err(Failure::Lasting(why)) => {
                    self.queue.refused(why);
                    return false;
                }
            }
        }
    }

    fn open(&mut self) -> Result<(), StoreError> {
        let marks = self.store.open(&self.dictionary)?;
        let before = self.progress.marks.unwrap_or_default();
        let lost: Vec<Hole> = Stream::ALL
            .into_iter()
            .filter(|stream| marks.of(*stream) < before.of(*stream))
            .map(|stream| Hole { stream, first_seq: marks.of(stream) + 1, last_seq: before.of(stream) })
            .collect();
        if let Some(hole) = self.progress.unsure.take().filter(|hole| marks.of(hole.stream) > hole.last_seq) {
            self.queue.left_out(hole);
        }
        self.progress.marks = Some(marks);
        self.queue.opened(marks, self.stored(), &lost, self.progress.attempts);
        self.progress.is_open = true;
        self.progress.attempts = 0;
        Ok(())
    }

    fn attempt(&mut self, item: &Item) -> Result<(), Failure> {
        if !self.progress.is_open {
            self.open()?;
        }
        let (stream, last_seq) = (item.batch.stream(), item.batch.last_seq);
        let mark = self.progress.marks.unwrap_or_default().of(stream);
        let mut trimmed;
        let batch: &Batch = if item.batch.first_seq > mark {
            &item.batch
        } else {
            trimmed = Batch::clone(&item.batch);
            if !trimmed.trim(mark) {
                self.queue.skip(item);
                return Ok(());
            }
            &trimmed
        };
        let hole =
            batch.hole(mark).map(|span| Hole { stream, first_seq: *span.start(), last_seq: *span.end() });
        self.progress.unsure = hole;
        self.store.write(batch)?;
        self.progress.unsure = None;
        if let Some(marks) = &mut self.progress.marks {
            marks.set(stream, last_seq);
        }
        self.queue.stored(item, self.stored(), batch.len() as u64, hole);
        self.progress.rows_since_tidy += batch.len() as u64;
        if let Some((_, last)) = batch.times() {
            self.tidy_if_due(last);
        }
        Ok(())
    }

    fn tidy_if_due(&mut self, now: Nanos) {
        let progress = &mut self.progress;
        progress.now = Some(progress.now.map_or(now, |before| before.max(now)));
        let since = *progress.tidied.get_or_insert(now);
        let by_engine_time =
            now.0.saturating_sub(since.0) >= self.tidy_every.0 && progress.rows_since_tidy >= TIDY_ROWS_MIN;
        let waited = self.stopwatch.nanos_between(progress.tidied_at, self.stopwatch.raw());
        if by_engine_time || Duration::from_nanos(waited) >= TIDY_WAIT {
            self.tidy_now();
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.queue.refused(format!("{} panicked: this is a bug, please report it", self.store.name()));
        }
        self.queue.done();
    }
}
