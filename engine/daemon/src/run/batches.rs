//! A feed whose ticks are also folded into batches, which a thread beside writes to the run folder.
//!
//! Why around the feed: every accepted tick passes here once, in input order, before it is sequenced, on every
//! layout; and no stage knows of it, so that no hash can. Lists of rows go to the writer and come back empty:
//! nothing is allocated after warm-up. A writer that is slow holds the engine back; nothing is dropped.
//! Not here: what a batch is (`indicators`), the table (`report`).

use crate::failure::Failure;
use crossbeam::channel::{Receiver, Sender, bounded};
use feed::{DataSummary, Feed, FeedError, More};
use indicators::{SymbolBatch, SymbolBatches};
use model::{BarSource, Event, SymbolId};
use std::thread::JoinHandle;

/// Rows after which a list is handed over.
const ROWS: usize = 1_024;
/// Lists there are.
const LISTS: usize = 8;

type Rows = Vec<SymbolBatch>;

/// Where batches are folded, and the way to their writer.
pub struct BatchTap {
    batches: SymbolBatches,
    rows: Rows,
    full: Sender<Rows>,
    empty: Receiver<Rows>,
    writer: JoinHandle<Result<(), Failure>>,
}

/// The writer is gone.
struct WriterGone;

impl BatchTap {
    /// Starts the thread that calls `write` with the rows, in order. `sources` are those of the bars of symbols
    /// 0, 1, ….
    pub fn start(
        sources: &[Vec<BarSource>],
        mut write: impl FnMut(&[SymbolBatch]) -> Result<(), Failure> + Send + 'static,
    ) -> Self {
        let (full, from_engine) = bounded::<Rows>(LISTS);
        let (to_engine, empty) = bounded(LISTS);
        // Room for what one batch of a feed may end on top, so that a list seldom grows.
        let list = || Vec::with_capacity(2 * ROWS);
        for _ in 1..LISTS {
            to_engine.send(list()).expect("the channel has room for every list");
        }
        let body = move || {
            for mut rows in from_engine {
                write(&rows)?;
                rows.clear();
                // The engine's end may be gone already; then nobody needs the list.
                let _ = to_engine.send(rows);
            }
            Ok(())
        };
        let builder = std::thread::Builder::new().name("batches".to_owned());
        let writer = builder.spawn(body).expect("the system can start a thread");
        Self { batches: SymbolBatches::new(sources), rows: list(), full, empty, writer }
    }

    fn on_ticks(&mut self, ticks: &[Event]) -> Result<(), WriterGone> {
        for tick in ticks {
            self.batches.on_tick(tick, &mut self.rows);
        }
        if self.rows.len() < ROWS { Ok(()) } else { self.hand_over() }
    }

    fn hand_over(&mut self) -> Result<(), WriterGone> {
        let empty = self.empty.recv().map_err(|_| WriterGone)?;
        let full = std::mem::replace(&mut self.rows, empty);
        self.full.send(full).map_err(|_| WriterGone)
    }

    /// Hands over the batches in progress and waits for the writer.
    fn finish(mut self) -> Result<(), Failure> {
        self.batches.finish(&mut self.rows);
        // A writer that is gone says below why.
        let _ = self.hand_over();
        drop(self.full);
        self.writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

/// Wraps a feed; with a tap, its ticks are folded as they are handed over.
pub struct BatchedFeed<F> {
    feed: F,
    tap: Option<BatchTap>,
}

impl<F: Feed> BatchedFeed<F> {
    /// Wraps a feed.
    pub fn new(feed: F, tap: Option<BatchTap>) -> Self {
        Self { feed, tap }
    }

    /// The feed as it is.
    pub fn inner(&mut self) -> &mut F {
        &mut self.feed
    }

    /// Ends the feed and its threads, and waits until every batch is written.
    ///
    /// # Errors
    /// [`Failure`] where one could not be.
    pub fn finish(self) -> Result<(), Failure> {
        drop(self.feed);
        self.tap.map_or(Ok(()), BatchTap::finish)
    }
}

impl<F: Feed> Feed for BatchedFeed<F> {
    fn connect(&mut self) -> Result<(), FeedError> {
        self.feed.connect()
    }

    fn subscribe(&mut self, symbols: &[SymbolId]) -> Result<(), FeedError> {
        self.feed.subscribe(symbols)
    }

    fn on_tick(&mut self, batch: &mut Vec<Event>) -> Result<More, FeedError> {
        let more = self.feed.on_tick(batch)?;
        if let (Some(tap), More::Yes) = (&mut self.tap, more) {
            let gone = |WriterGone| FeedError::Source("the batches of ticks could not be written".into());
            tap.on_ticks(batch).map_err(gone)?;
        }
        Ok(more)
    }

    fn summary(&self) -> DataSummary {
        self.feed.summary()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Nanos, Price, Quantity, Trade, UNIT};
    use std::sync::{Arc, Mutex};

    /// Hands over so many ticks, a millisecond and a nanosecond apart, seven at a time.
    struct Steps {
        next: i64,
        count: i64,
    }

    impl Feed for Steps {
        fn connect(&mut self) -> Result<(), FeedError> {
            Ok(())
        }

        fn subscribe(&mut self, _: &[SymbolId]) -> Result<(), FeedError> {
            Ok(())
        }

        fn on_tick(&mut self, batch: &mut Vec<Event>) -> Result<More, FeedError> {
            batch.clear();
            let end = self.count.min(self.next + 7);
            batch.extend((self.next..end).map(|n| {
                let ts_event = Nanos(n * 1_000_001);
                let size = Quantity::new(UNIT);
                Event::trade(
                    ts_event,
                    SymbolId(0),
                    Trade { ts_event, price: Price::new(n), size, aggressor: 0 },
                )
            }));
            self.next = end;
            Ok(if batch.is_empty() { More::Ended } else { More::Yes })
        }

        fn summary(&self) -> DataSummary {
            DataSummary::default()
        }
    }

    fn drain(feed: &mut BatchedFeed<Steps>) -> Result<usize, FeedError> {
        let (mut batch, mut ticks) = (Vec::new(), 0);
        while feed.on_tick(&mut batch)? == More::Yes {
            ticks += batch.len();
        }
        Ok(ticks)
    }

    #[test]
    fn every_batch_reaches_the_writer_in_order() {
        // None, some that wait to the end, and more than all lists hold.
        for count in [0, 1, 100, 20_000] {
            let written = Arc::new(Mutex::new(Vec::new()));
            let sink = Arc::clone(&written);
            let write = move |rows: &[SymbolBatch]| {
                sink.lock().unwrap().extend(rows.iter().map(|row| row.batch.ts_first.0));
                Ok(())
            };
            let tap = BatchTap::start(&[vec![BarSource::Trade]], write);
            let mut feed = BatchedFeed::new(Steps { next: 0, count }, Some(tap));
            assert_eq!(drain(&mut feed).unwrap(), count as usize);
            feed.finish().unwrap();
            assert!(written.lock().unwrap().iter().copied().eq((0..count).map(|n| n * 1_000_001)));
        }
    }

    #[test]
    fn a_writer_that_fails_ends_the_feed_and_says_why() {
        let write = |_: &[SymbolBatch]| Err(Failure::Failed("the disk is full".to_owned()));
        let tap = BatchTap::start(&[vec![BarSource::Trade]], write);
        let mut feed = BatchedFeed::new(Steps { next: 0, count: i64::MAX }, Some(tap));
        assert!(drain(&mut feed).is_err(), "an endless feed ends with its writer");
        assert!(matches!(feed.finish(), Err(Failure::Failed(why)) if why == "the disk is full"));
    }

    #[test]
    fn without_a_tap_it_is_the_feed() {
        let mut feed = BatchedFeed::new(Steps { next: 0, count: 50 }, None);
        assert_eq!(drain(&mut feed).unwrap(), 50);
        feed.finish().unwrap();
    }
}
