//! The hot path allocates nothing after warm-up: counted over a million ticks, with bars, indicators, orders,
//! fills and a recorder's tap; and with every feature, six networks and their decisions.

use agents::{AgentsConfig, DecideOn};
use bench::allocations::{Counting, count};
use bench::market::trades;
use bench::setup::{Features, Ready, Setup, timeframes};
use feed::{DataSummary, Feed, FeedError, More};
use inference::{Backend, Native, NetworkDescription};
use model::{Agent, AgentGroup, Event, SymbolId};
use pipeline::{Edge, Outcome, Outlets, Progress, run, tap};
use std::sync::Arc;
use strategy::Strategy;

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

/// Replays with a recorder's tap; gives what the run was and how many frames the recorder saw.
fn replay<S: Strategy + 'static>(ready: Ready<S>, feed: &mut Measured) -> (Outcome, u64) {
    let Ready { config, stages, venue } = ready;
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
    let outcome = run(&config, stages, Edge::new(venue), feed, outlets, &Progress::default()).unwrap();
    // The counter works: making the feed allocated.
    assert!(feed.at_start > 0);
    assert_eq!(outcome.ticks as usize, WARM_UP_TICKS + MEASURED_TICKS);
    (outcome, recorder.join().unwrap().unwrap())
}

fn feed(symbols: u32, gap_ns_mean: f64) -> Measured {
    let ticks = trades(symbols, (WARM_UP_TICKS + MEASURED_TICKS) / symbols as usize, gap_ns_mean, 11);
    let batches: Vec<Vec<Event>> = ticks.chunks(BATCH).map(<[Event]>::to_vec).collect();
    Measured { batches, next: 0, at_start: 0, at_end: 0 }
}

#[test]
fn a_million_ticks_allocate_nothing() {
    let setup = Setup {
        symbols: 5,
        timeframes: timeframes(&["10s", "1m", "5m"]),
        features: Features::Classical,
        fast: 2,
        slow: 5,
        ..Setup::peer()
    };
    let mut feed = feed(5, 0.3e9);
    let (outcome, frames) = replay(setup.build(&ring::Cores::of(&[])), &mut feed);
    assert!(frames > 18_000, "only {frames} frames: the test measures little");
    assert_eq!(outcome.inputs - outcome.ticks, frames);
    assert_eq!(feed.at_end - feed.at_start, 0, "allocations on the hot path");
}

#[test]
fn a_million_ticks_with_agents_that_decide_at_every_bar_allocate_nothing() {
    let setup = Setup {
        symbols: 5,
        timeframes: timeframes(&["1m", "5m", "30m"]),
        features: Features::All,
        ..Setup::peer()
    };
    let model = |agent: Agent| -> Vec<Box<dyn Backend>> {
        let description = match agent.group() {
            AgentGroup::Strategic => NetworkDescription::strategic(),
            AgentGroup::Tactical => NetworkDescription::tactical(),
        };
        let network = inference::untrained(&description, agent as u64).expect("the default networks stand");
        vec![Box::new(Native::new(Arc::new(network)))]
    };
    let config = AgentsConfig { decide_on: DecideOn::Bar, gate: 0.34, ..AgentsConfig::default() };
    // A tick every 1.2 seconds: 600,000 seconds in all, of which the last 240,000 are measured.
    let mut feed = feed(5, 1.2e9);
    let ready = setup.build_agents(config, Agent::ALL.map(model), &ring::Cores::of(&[]));
    let (outcome, _) = replay(ready, &mut feed);
    let asked = outcome.strategy.agents[0].asked;
    assert!(asked > 5_000, "only {asked} decisions: the test measures little");
    assert_eq!(feed.at_end - feed.at_start, 0, "allocations on the hot path, decisions included");
}
