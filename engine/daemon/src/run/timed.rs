//! A feed that is told apart from the engine: how long the engine waited for it.

use feed::{DataSummary, Feed, FeedError, More};
use model::{Event, SymbolId};
use ring::Stopwatch;

/// Wraps a feed and adds up the time spent in it.
pub struct TimedFeed<F> {
    feed: F,
    stopwatch: Stopwatch,
    waited_ns: u64,
    /// The first batch, fetched ahead.
    primed: Option<(Vec<Event>, More)>,
}

impl<F: Feed> TimedFeed<F> {
    /// Wraps a feed.
    pub fn new(feed: F) -> Self {
        Self { feed, stopwatch: Stopwatch::new(), waited_ns: 0, primed: None }
    }

    /// Fetches the first batch. A feed starts its threads for it: do this on a thread that is not pinned, or
    /// they all inherit its core.
    ///
    /// # Errors
    /// As [`Feed::on_tick`].
    pub fn prime(&mut self) -> Result<(), FeedError> {
        let mut batch = Vec::new();
        let more = self.on_tick(&mut batch)?;
        self.primed = Some((batch, more));
        Ok(())
    }

    /// Time spent waiting for ticks, in nanoseconds.
    pub fn waited_ns(&self) -> u64 {
        self.waited_ns
    }
}

impl<F: Feed> Feed for TimedFeed<F> {
    fn connect(&mut self) -> Result<(), FeedError> {
        self.feed.connect()
    }

    fn subscribe(&mut self, symbols: &[SymbolId]) -> Result<(), FeedError> {
        self.feed.subscribe(symbols)
    }

    fn on_tick(&mut self, batch: &mut Vec<Event>) -> Result<More, FeedError> {
        if let Some((first, more)) = self.primed.take() {
            *batch = first;
            return Ok(more);
        }
        let start = self.stopwatch.raw();
        let more = self.feed.on_tick(batch);
        self.waited_ns += self.stopwatch.nanos_between(start, self.stopwatch.raw());
        more
    }

    fn summary(&self) -> DataSummary {
        self.feed.summary()
    }
}
