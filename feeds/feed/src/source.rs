//! The interface of every source of ticks.

use crate::{DataSummary, FeedError};
use model::{Event, SymbolId};

/// Whether a feed has delivered its last tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum More {
    /// The batch holds events; others may follow.
    Yes,
    /// The batch is empty and the feed is at its end.
    Ended,
}

/// A source of ticks. Calls come in the order `connect`, `subscribe`, then `on_tick` until it says
/// [`More::Ended`] or fails; `summary` may be asked for at any time.
pub trait Feed {
    /// Makes the source ready and checks that it can deliver.
    ///
    /// # Errors
    /// [`FeedError`] where it cannot.
    fn connect(&mut self) -> Result<(), FeedError>;

    /// Says whose ticks are wanted; those of other symbols are neither delivered nor counted.
    ///
    /// # Errors
    /// [`FeedError`] where the source is not ready or cannot deliver them.
    fn subscribe(&mut self, symbols: &[SymbolId]) -> Result<(), FeedError>;

    /// Hands over the next events: [`model::Kind::TRADE`] and [`model::Kind::QUOTE`], `seq` 0, `ts` the engine
    /// time, which never decreases. `batch` holds what the caller has consumed; its memory is reused.
    /// May wait for the source.
    ///
    /// # Errors
    /// [`FeedError`]; the feed then delivers nothing more.
    fn on_tick(&mut self, batch: &mut Vec<Event>) -> Result<More, FeedError>;

    /// What was read, used and refused, up to the last batch that was handed over.
    fn summary(&self) -> DataSummary;
}
