//! The recorder: a thread beside the engine that writes the run folder and folds the performance.
//!
//! Rejected rows come from the feed's threads, frames from the engine's last group, batches of ticks from their own
//! thread; all go through one lock, which the hot path never touches.

use super::generate::note;
use super::kept::FrameSpool;
use crate::config::Config;
use crate::failure::Failure;
use crossbeam::channel::Sender;
use feed::{Reject, RejectSink};
use indicators::SymbolBatch;
use journal::JournalError;
use model::{Frame, InstrumentTable};
use pipeline::TapEnd;
use portfolio::{Performance, PortfolioError};
use report::{RejectRow, ReportError, RunFolder};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        if error.is_usage() { Self::Usage(error.to_string()) } else { Self::Failed(error.to_string()) }
    }
}

impl From<PortfolioError> for Failure {
    fn from(error: PortfolioError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// The run folder in the making, shared by those who write to it.
#[derive(Clone)]
pub struct Recorder {
    folder: Arc<Mutex<RunFolder>>,
    /// The first reject that could not be written.
    failed: Arc<Mutex<Option<ReportError>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("who holds the recorder does not panic")
}

impl Recorder {
    /// Records into a folder.
    pub fn new(folder: RunFolder) -> Self {
        Self { folder: Arc::new(Mutex::new(folder)), failed: Arc::default() }
    }

    /// Takes refused rows, for the feed.
    pub fn reject_sink(&self) -> RejectSink {
        let recorder = self.clone();
        Box::new(move |reject: Reject| {
            let row = RejectRow {
                file: &reject.file,
                row: reject.row,
                column: reject.column,
                reason: reject.reason.name(),
                raw: &reject.raw,
                symbol: reject.symbol.as_deref(),
                ts_event: reject.ts_event,
            };
            if let Err(error) = lock(&recorder.folder).reject_tick(&row) {
                lock(&recorder.failed).get_or_insert(error);
            }
        })
    }

    /// Takes batches of ticks.
    pub fn batch_sink(&self) -> impl FnMut(&[SymbolBatch]) -> Result<(), Failure> + Send + 'static {
        let recorder = self.clone();
        move |batches| Ok(lock(&recorder.folder).record_batches(batches)?)
    }

    /// Starts the thread that takes the engine's frames.
    pub fn start(
        &self,
        tap: TapEnd,
        instruments: &InstrumentTable,
        config: &Config,
        mut kept: Kept,
    ) -> JoinHandle<Result<Performance, Failure>> {
        let recorder = self.clone();
        let mut performance = Performance::new(instruments, config.run.initial_capital);
        // What warms up is recorded, and is no part of how the run did.
        let from = config.data.decided_from();
        let body = move || {
            let mut record = |frame: &Frame| {
                if frame.input().ts >= from {
                    performance.on_frame(frame)?;
                }
                Ok::<(), Failure>(lock(&recorder.folder).record(frame)?)
            };
            kept.before(&mut record)?;
            tap.drain(|frame| {
                kept.append(frame);
                record(frame)
            })?;
            kept.write();
            Ok(performance)
        };
        std::thread::Builder::new()
            .name("record".to_owned())
            .spawn(body)
            .expect("the system can start a thread")
    }

    /// The folder, when everybody else has let go of it.
    ///
    /// # Errors
    /// [`Failure`] where a refused row could not be written.
    pub fn into_folder(self) -> Result<RunFolder, Failure> {
        if let Some(error) = lock(&self.failed).take() {
            return Err(error.into());
        }
        let folder = Arc::try_unwrap(self.folder).map_err(|_| ()).expect("feed and recorder have ended");
        Ok(folder.into_inner().expect("who held the recorder did not panic"))
    }
}

/// Frames after which what is spooled is handed to the system.
const FRAMES_UNWRITTEN_MAX: u32 = 64;

/// The frames of a run that is kept, if it is.
pub struct Kept {
    spool: Option<FrameSpool>,
    /// The input up to which the engine starts from a snapshot.
    until: u64,
    unwritten: u32,
    written: Arc<AtomicU64>,
    /// Those who store what happened beside the run.
    stored: Option<Sender<Frame>>,
}

impl Kept {
    /// Frames up to `until` are in the spool, and come no more from the engine.
    pub fn new(spool: Option<FrameSpool>, until: u64, stored: Option<Sender<Frame>>) -> Self {
        let written = spool.as_ref().map_or(0, FrameSpool::last_seq);
        Self { spool, until, unwritten: 0, written: Arc::new(AtomicU64::new(written)), stored }
    }

    /// The input of the last frame that is written, for others to look at.
    pub fn written(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.written)
    }

    fn before(&self, mut record: impl FnMut(&Frame) -> Result<(), Failure>) -> Result<(), Failure> {
        match &self.spool {
            Some(spool) if self.until > 0 => spool.frames(self.until, |frame| {
                self.hand_on(frame);
                record(frame)
            }),
            _ => Ok(()),
        }
    }

    /// A tier that has ended takes nothing more, and has said why.
    fn hand_on(&self, frame: &Frame) {
        if let Some(stored) = &self.stored {
            let _ = stored.send(frame.clone());
        }
    }

    fn append(&mut self, frame: &Frame) {
        self.hand_on(frame);
        self.unwritten += 1;
        self.keep(|spool| spool.append(frame));
        if self.unwritten >= FRAMES_UNWRITTEN_MAX {
            self.write();
        }
    }

    fn write(&mut self) {
        self.unwritten = 0;
        self.keep(FrameSpool::write);
        if let Some(spool) = &self.spool {
            self.written.store(spool.last_seq(), Ordering::Relaxed);
        }
    }

    /// A spool that fails is no harm to the run: it only takes longer to continue.
    fn keep(&mut self, done: impl FnOnce(&mut FrameSpool) -> Result<(), JournalError>) {
        if let Some(Err(error)) = self.spool.as_mut().map(done) {
            note(&format!("{error}; should this run be killed, it is continued from its beginning"));
            self.spool = None;
        }
    }
}
