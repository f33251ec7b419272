//! Ticks per second through the whole engine, with the ticks already in memory.
//!
//! Method: the peer workload, nine runs, the median; every run has hashes, bars, strategy, risk, orders, venue
//! and portfolio on. The peers' own programs run beside it when they are there.

use crate::figures::{Figure, Figures};
use crate::market::{MemoryFeed, trades};
use crate::peers::Peers;
use crate::rings::median;
use crate::setup::{Features, Ready, Setup, timeframes};
use model::Event;
use pipeline::{Edge, Layout, Outcome, Outlets, Progress, run};
use ring::{Cores, Stopwatch, Wait};
use strategy::Strategy;

/// Ticks of the peer workload.
const TICKS: usize = 2_000_000;
const RUNS: usize = 9;

/// One replay.
pub struct Replay {
    /// Ticks per second.
    pub ticks_per_s: f64,
    /// What the run was.
    pub outcome: Outcome,
}

/// Replays ticks in memory once.
pub fn replay(setup: &Setup, ticks: &[Event], cores: &Cores) -> Replay {
    replay_ready(setup.build(cores), ticks)
}

/// The same through stages that are built already.
pub fn replay_ready<S: Strategy + 'static>(ready: Ready<S>, ticks: &[Event]) -> Replay {
    let (mut feed, edge) = (MemoryFeed::new(ticks), Edge::new(ready.venue));
    let stopwatch = Stopwatch::new();
    let start = stopwatch.raw();
    let outcome = run(&ready.config, ready.stages, edge, &mut feed, Outlets::default(), &Progress::default())
        .expect("ticks in memory replay");
    let nanos = stopwatch.nanos_between(start, stopwatch.raw());
    Replay { ticks_per_s: ticks.len() as f64 * 1e9 / nanos as f64, outcome }
}

/// The median rate of several replays, and the last one's outcome.
fn rate(setup: &Setup, ticks: &[Event], cores: &Cores, runs: usize) -> Replay {
    let mut replays: Vec<Replay> = (0..runs).map(|_| replay(setup, ticks, cores)).collect();
    let mut rates: Vec<f64> = replays.iter().map(|replay| replay.ticks_per_s).collect();
    let last = replays.pop().expect("there is at least one run");
    assert!(replays.iter().all(|r| r.outcome.event_hash == last.outcome.event_hash), "every run is the same");
    Replay { ticks_per_s: median(&mut rates), outcome: last.outcome }
}

/// Runs the bench.
pub fn run_all(cores: &Cores, peers: Option<&Peers>) -> Figures {
    let mut figures = Figures::new("throughput");
    let ticks = trades(1, TICKS, 0.3e9, 42);
    let peer = Setup::peer();
    let fused = rate(&peer, &ticks, cores, RUNS);
    figures.push(Figure::rate(
        "peer workload, fused, events in memory",
        fused.ticks_per_s,
        "ticks/s",
        ">= 25 M/s",
    ));
    let split = Setup { layout: Layout::split(), wait: Wait::Spin, ..peer.clone() };
    if cores.count() >= 2 {
        let split = rate(&split, &ticks, cores, 5);
        assert_eq!(split.outcome.event_hash, fused.outcome.event_hash, "a layout changes no result");
        figures.push(Figure::rate(
            "the same, split over two cores, spinning",
            split.ticks_per_s,
            "ticks/s",
            "",
        ));
    }
    drop(ticks);
    let ten = Setup {
        symbols: 10,
        timeframes: timeframes(&["1m", "5m", "30m"]),
        features: Features::Classical,
        ..peer
    };
    let ticks = trades(10, TICKS / 10, 0.3e9, 7);
    let ten = rate(&ten, &ticks, cores, RUNS);
    figures.push(Figure::rate(
        "10 symbols, classical indicators on 1m, 5m, 30m",
        ten.ticks_per_s,
        "ticks/s",
        ">= 8 M/s",
    ));
    match peers {
        Some(peers) => beside(peers, fused.ticks_per_s, &mut figures),
        None => figures.note("the peers run beside with --peers FOLDER --python PYTHON --ticks FILE"),
    }
    figures.note(format!("{TICKS} ticks, median of {RUNS} runs; hashes, risk, orders, venue, portfolio on"));
    figures
}

/// The peers' figures, and ours as multiples of them.
fn beside(peers: &Peers, ours: f64, figures: &mut Figures) {
    for peer in peers.run() {
        match peer {
            Ok(peer) => {
                figures.push(Figure::rate(&peer.name, peer.ticks_per_s, "ticks/s", ""));
                figures.push(Figure::ratio(&format!("ours / {}", peer.name), ours / peer.ticks_per_s, ""));
                let whole = format!("{}, with reading and converting", peer.name);
                figures.push(Figure::rate(&whole, peer.end_to_end_per_s, "ticks/s", ""));
            }
            Err(sentence) => figures.note(sentence),
        }
    }
}
