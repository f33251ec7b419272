//! The hot path allocates nothing after warm-up: counted over a million ticks, with bars, indicators, orders,
//! fills and a recorder's tap.

use bench::allocations::{Counting, count};
use bench::market::trades;
use bench::setup::{Features, Ready, Setup, timeframes};
use feed::{DataSummary, Feed, FeedError, More};
use model::{Event, SymbolId};
use pipeline::{Outlets, Progress, run, tap};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const WARM_UP_TICKS: usize = 1_500_000;
const MEASURED_TICKS: usize = 1_000_000;
const BATCH: usize = 5_000;

/// Hands over batches made beforehand, and reads the thread's counter where the measurement begins and ends.
struct Measured {
    batches: Vec<Vec<Event>>,
    next: usize,
    at_start: u64,
    at_end: u64,
}

impl Feed for Measured {
    fn connect(&mut self) -> Result<(), FeedError> {
        Ok(())
    }

    fn subscribe(&mut self, _symbols: &[SymbolId]) -> Result<(), FeedError> {
        Ok(())
    }

    fn on_tick(&mut self, batch: &mut Vec<Event>) -> Result<More, FeedError> {
        if self.next == WARM_UP_TICKS / BATCH {
            self.at_start = count();
        }
        let Some(ready) = self.batches.get_mut(self.next) else {
            self.at_end = count();
            return Ok(More::Ended);
        };
        std::mem::swap(batch, ready);
        self.next += 1;
        Ok(More::Yes)
    }

    fn summary(&self) -> DataSummary {
        DataSummary::default()
    }
}

#[test]
fn a_million_ticks_allocate_nothing() {
    let ticks = trades(5, (WARM_UP_TICKS + MEASURED_TICKS) / 5, 0.3e9, 11);
    let batches: Vec<Vec<Event>> = ticks.chunks(BATCH).map(<[Event]>::to_vec).collect();
    let mut feed = Measured { batches, next: 0, at_start: 0, at_end: 0 };
    let setup = Setup {
        symbols: 5,
        timeframes: timeframes(&["10s", "1m", "5m"]),
        features: Features::Classical,
        fast: 2,
        slow: 5,
        ..Setup::peer()
    };
    let Ready { config, stages, venue } = setup.build(&ring::Cores::of(&[]));
    let (tap, tap_end) = tap();
    let recorder = std::thread::spawn(move || {
        let mut frames = 0_u64;
        let counted: Result<(), ()> = tap_end.drain(|_| {
            frames += 1;
            Ok(())
        });
        counted.map(|()| frames)
    });
    let outlets = Outlets { tap: Some(tap), orders: None };
    let outcome = run(&config, stages, venue, &mut feed, outlets, &Progress::default()).unwrap();
    let frames = recorder.join().unwrap().unwrap();
    assert_eq!(outcome.ticks as usize, WARM_UP_TICKS + MEASURED_TICKS);
    assert!(frames > 18_000, "only {frames} frames: the test measures little");
    assert_eq!(outcome.inputs - outcome.ticks, frames);
    // The counter works: making the feed allocated.
    assert!(feed.at_start > 0);
    assert_eq!(feed.at_end - feed.at_start, 0, "allocations on the hot path");
}
