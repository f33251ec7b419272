//! The kernels of the hot path, apart from each other: for criterion, and for instruction counts.
//!
//! Each has its state and its 10,000 ticks made beforehand and folds them all.

use crate::market::trades;
use crate::setup::{Features, Ready, Setup, timeframes};
use bars::{Bars, Boundaries};
use matching::Venue;
use model::{Event, Frame, StreamHash};
use orders::OrderStage;
use portfolio::Portfolio;

/// Ticks of one call.
pub const TICKS: usize = 10_000;

/// The ticks, of ten symbols, numbered.
pub fn ticks() -> Vec<Event> {
    let mut ticks = trades(10, TICKS / 10, 0.3e9, 5);
    for (n, tick) in ticks.iter_mut().enumerate() {
        tick.seq = n as u64 + 1;
    }
    ticks
}

/// The stages of a run of ten symbols with 1m, 5m and 30m bars and the classical indicators.
pub fn ready() -> Ready {
    let setup = Setup {
        symbols: 10,
        timeframes: timeframes(&["1m", "5m", "30m"]),
        features: Features::Classical,
        ..Setup::peer()
    };
    setup.build(&ring::Cores::of(&[]))
}

/// Hashes the ticks, as the sequencer does.
pub fn hash(ticks: &[Event]) -> u128 {
    let mut hash = StreamHash::new();
    ticks.chunks(1024).for_each(|part| hash.events(part));
    hash.value()
}

/// Looks for boundaries, as the sequencer does.
pub fn boundaries(boundaries: &mut Boundaries, ticks: &[Event]) -> u64 {
    let mut fired = 0;
    for tick in ticks {
        while boundaries.next() <= tick.ts {
            fired += boundaries.fire().words[0] as u64;
        }
        boundaries.on_tick(tick);
    }
    fired
}

/// Applies the ticks to a venue without orders.
pub fn venue(venue: &mut Venue, ticks: &[Event], out: &mut Vec<Event>) -> usize {
    ticks.iter().for_each(|tick| venue.on_tick(tick, out).expect("nothing is filled"));
    out.len()
}

/// Marks the portfolio to the ticks.
pub fn portfolio(portfolio: &mut Portfolio, ticks: &[Event]) {
    ticks.iter().for_each(|tick| portfolio.on_tick(tick));
}

/// Marks the gate to the ticks.
pub fn orders(orders: &mut OrderStage, ticks: &[Event]) {
    ticks.iter().for_each(|tick| orders.on_tick(tick));
}

/// Adds the ticks to their bars; boundaries close none, as the timers are not here.
pub fn bars(bars: &mut Bars, ticks: &[Event]) -> u64 {
    ticks.iter().for_each(|tick| bars.on_tick(tick));
    bars.late()
}

/// Ticks and timers through bars and indicators.
pub fn bars_and_indicators(ready: &mut Ready, frame: &mut Frame, ticks: &[Event]) -> u64 {
    let mut boundaries = Boundaries::new(&ready.config.bars);
    let mut sets = 0;
    for tick in ticks {
        while boundaries.next() <= tick.ts {
            frame.begin(boundaries.fire());
            ready.stages.bars.on_frame(frame);
            ready.stages.indicators.on_frame(frame);
            sets += frame.sets.len() as u64 + frame.bars.len() as u64;
        }
        boundaries.on_tick(tick);
        ready.stages.bars.on_tick(tick);
    }
    sets
}
