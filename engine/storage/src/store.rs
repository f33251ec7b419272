//! The trait of every store, whatever it is made of.

use crate::{Batch, StoreError, Stream};
use model::{InstrumentTable, Nanos, Timeframe};
use std::sync::Arc;

/// The names behind the numbers in records, and whose records they are.
#[derive(Debug, Clone)]
pub struct Dictionary {
    /// The run: sequence numbers count within it. A run that is continued keeps its name.
    pub run: String,
    /// What stands before SEQ-K in client order ids.
    pub session: String,
    /// The strategy's name.
    pub strategy: String,
    /// The account's name.
    pub account: String,
    /// Symbols and instruments.
    pub instruments: Arc<InstrumentTable>,
    /// Timeframes, by their index in records.
    pub timeframes: Vec<Timeframe>,
    /// By timeframe: the names of the indicator values.
    pub indicator_names: Vec<Vec<String>>,
}

/// How far each stream of a run is stored: everything at or below is, nothing above is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Watermarks {
    /// Of [`Stream::Ticks`]; 0: nothing.
    pub ticks: u64,
    /// Of [`Stream::Results`]; 0: nothing.
    pub results: u64,
}

impl Watermarks {
    /// That of a stream.
    pub const fn of(self, stream: Stream) -> u64 {
        match stream {
            Stream::Ticks => self.ticks,
            Stream::Results => self.results,
        }
    }
}

/// A store: what a tier writes to. It is owned by its tier's thread and may block it.
pub trait Store: Send {
    /// What it is and where, for people; never with credentials.
    fn name(&self) -> String;

    /// Connects, migrates, and says how far this run is stored already. Called at the start and after every
    /// [`StoreError::Unavailable`].
    ///
    /// # Errors
    /// [`StoreError`].
    fn open(&mut self, dictionary: &Dictionary) -> Result<Watermarks, StoreError>;

    /// Stores a batch and moves its stream's watermark to `batch.last_seq`, both or neither. The batch begins above the
    /// watermark that `open` gave or the last `write` moved. After an error it is unknown which happened: `open` tells.
    ///
    /// # Errors
    /// [`StoreError`].
    fn write(&mut self, batch: &Batch) -> Result<(), StoreError>;

    /// How far this run is stored for good, of a store that gathers rows before it stores them: what `write` took beyond it
    /// is lost with the process, and is offered again by whoever keeps it. `None`: all that `write` took is stored.
    fn stored(&self) -> Option<Watermarks> {
        None
    }

    /// Stores for good what was gathered: at the end of a run, and where somebody waits for it.
    ///
    /// # Errors
    /// [`StoreError`]; nothing that was taken is given up.
    fn flush(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Retention, compression, expiry as of `now` in engine time. May run any number of times.
    ///
    /// # Errors
    /// [`StoreError`].
    fn tidy(&mut self, now: Nanos) -> Result<(), StoreError>;
}
