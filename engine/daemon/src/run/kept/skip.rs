//! A feed that leaves out the ticks that a snapshot has in it already.
//!
//! They are read and checked as in the first run: what is refused, and what makes a tick a duplicate, follows from all
//! rows before it.

use feed::{DataSummary, Feed, FeedError, More};
use model::{Event, SymbolId};

/// Wraps a feed and leaves out its first ticks.
pub struct SkippingFeed<'a> {
    feed: &'a mut dyn Feed,
    left: u64,
}

impl<'a> SkippingFeed<'a> {
    /// Leaves out so many ticks.
    pub fn new(feed: &'a mut dyn Feed, ticks: u64) -> Self {
        Self { feed, left: ticks }
    }
}

impl Feed for SkippingFeed<'_> {
    fn connect(&mut self) -> Result<(), FeedError> {
        self.feed.connect()
    }

    fn subscribe(&mut self, symbols: &[SymbolId]) -> Result<(), FeedError> {
        self.feed.subscribe(symbols)
    }

    fn on_tick(&mut self, batch: &mut Vec<Event>) -> Result<More, FeedError> {
        loop {
            let more = self.feed.on_tick(batch)?;
            let skipped = usize::try_from(self.left).map_or(batch.len(), |left| left.min(batch.len()));
            batch.drain(..skipped);
            self.left -= skipped as u64;
            if more == More::Ended || !batch.is_empty() || skipped == 0 {
                return Ok(more);
            }
        }
    }

    fn summary(&self) -> DataSummary {
        self.feed.summary()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Kind, Nanos};

    /// Gives ticks in batches of a size.
    struct Batches(Vec<Event>, usize);

    impl Feed for Batches {
        fn connect(&mut self) -> Result<(), FeedError> {
            Ok(())
        }

        fn subscribe(&mut self, _: &[SymbolId]) -> Result<(), FeedError> {
            Ok(())
        }

        fn on_tick(&mut self, batch: &mut Vec<Event>) -> Result<More, FeedError> {
            batch.clear();
            batch.extend(self.0.drain(..self.1.min(self.0.len())));
            Ok(if self.0.is_empty() && batch.is_empty() { More::Ended } else { More::Yes })
        }

        fn summary(&self) -> DataSummary {
            DataSummary::default()
        }
    }

    #[test]
    fn the_first_ticks_are_left_out_however_they_are_cut() {
        let ticks: Vec<Event> = (0..20).map(|n| Event::input(Kind::TRADE, Nanos(n), SymbolId(0))).collect();
        for (size, skipped) in [(1, 0), (1, 7), (3, 7), (20, 7), (3, 20), (7, 25)] {
            let mut feed = Batches(ticks.clone(), size);
            let mut skipping = SkippingFeed::new(&mut feed, skipped);
            let (mut seen, mut batch) = (Vec::new(), Vec::new());
            while skipping.on_tick(&mut batch).unwrap() == More::Yes {
                seen.append(&mut batch);
            }
            assert_eq!(
                seen,
                ticks[ticks.len().min(skipped as usize)..],
                "{size} at a time, {skipped} left out"
            );
        }
    }
}
