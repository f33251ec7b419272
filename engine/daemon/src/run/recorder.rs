//! The recorder: a thread beside the engine that writes the run folder and folds the performance.
//!
//! Rejected rows come from the feed's threads, frames from the engine's last group, batches of ticks from their own
//! thread; all go through one lock, which the hot path never touches.

use crate::failure::Failure;
use feed::{Reject, RejectSink};
use indicators::SymbolBatch;
use model::{InstrumentTable, Money};
use pipeline::TapEnd;
use portfolio::{Performance, PortfolioError};
use report::{RejectRow, ReportError, RunFolder};
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
        capital: Money,
    ) -> JoinHandle<Result<Performance, Failure>> {
        let recorder = self.clone();
        let mut performance = Performance::new(instruments, capital);
        let body = move || {
            tap.drain(|frame| {
                performance.on_frame(frame)?;
                Ok::<(), Failure>(lock(&recorder.folder).record(frame)?)
            })?;
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
