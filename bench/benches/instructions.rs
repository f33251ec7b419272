//! The hot path's kernels by instruction count, the regression gate: `scripts/instructions.sh`.
//!
//! Why not by time: on a shared machine the tails are noise, and instruction counts of one toolchain are
//! the same everywhere. Each limit is the count that was measured plus about a tenth; lower it when you
//! make a kernel faster, and say in the commit why if you raise it.

#![expect(missing_docs, reason = "the harness's macros make public items without documentation")]

use bars::{Bars, Boundaries};
use bench::kernels;
use bench::setup::Ready;
use gungraun::{
    Callgrind, EventKind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main,
};
use matching::Venue;
use model::{Event, Frame};
use orders::OrderStage;
use portfolio::Portfolio;
use std::hint::black_box;

fn at_most(instructions: u64) -> LibraryBenchmarkConfig {
    let mut tool = Callgrind::default();
    tool.hard_limits([(EventKind::Ir, instructions)]);
    let mut config = LibraryBenchmarkConfig::default();
    config.tool(tool);
    config
}

fn with<T>(make: impl Fn(Ready) -> T) -> (T, Vec<Event>) {
    (make(kernels::ready()), kernels::ticks())
}

fn boundaries_of(ready: Ready) -> Boundaries {
    Boundaries::new(&ready.config.bars)
}

// A chain of blocks, each hashed for itself, so that a hash can be saved and continued; it was 235,000 for one hash.
#[library_benchmark(config = at_most(266_000))]
#[bench::ten_thousand(kernels::ticks())]
fn fold_hash(ticks: Vec<Event>) -> u128 {
    kernels::hash(black_box(&ticks))
}

#[library_benchmark(config = at_most(124_000))]
#[bench::ten_thousand(with(boundaries_of))]
fn fold_boundaries((mut state, ticks): (Boundaries, Vec<Event>)) -> u64 {
    kernels::boundaries(&mut state, black_box(&ticks))
}

#[library_benchmark(config = at_most(147_000))]
#[bench::ten_thousand(with(|ready| ready.venue))]
fn fold_venue((mut state, ticks): (Venue, Vec<Event>)) -> usize {
    kernels::venue(&mut state, black_box(&ticks), &mut Vec::new())
}

#[library_benchmark(config = at_most(287_000))]
#[bench::ten_thousand(with(|ready| ready.stages.portfolio))]
fn fold_portfolio((mut state, ticks): (Portfolio, Vec<Event>)) -> Portfolio {
    kernels::portfolio(&mut state, black_box(&ticks));
    state
}

// A comparison a tick for the touch; it was 287,000 without. Since the frame's way is inlined: 324,000 measured.
#[library_benchmark(config = at_most(356_000))]
#[bench::ten_thousand(with(|ready| ready.stages.orders))]
fn fold_orders((mut state, ticks): (OrderStage, Vec<Event>)) -> OrderStage {
    kernels::orders(&mut state, black_box(&ticks));
    state
}

#[library_benchmark(config = at_most(1_150_000))]
#[bench::ten_thousand(with(|ready| ready.stages.bars))]
fn fold_bars((mut state, ticks): (Bars, Vec<Event>)) -> u64 {
    kernels::bars(&mut state, black_box(&ticks))
}

// Seventeen classical indicators; it was 1,362,000 with five.
#[library_benchmark(config = at_most(1_519_000))]
#[bench::ten_thousand(with(|ready| (ready, Frame::default())))]
fn fold_bars_and_indicators(((mut ready, mut frame), ticks): ((Ready, Frame), Vec<Event>)) -> u64 {
    kernels::bars_and_indicators(&mut ready, &mut frame, black_box(&ticks))
}

library_benchmark_group!(
    name = kernels_by_instructions,
    benchmarks = [
        fold_hash,
        fold_boundaries,
        fold_venue,
        fold_portfolio,
        fold_orders,
        fold_bars,
        fold_bars_and_indicators
    ]
);

main!(library_benchmark_groups = kernels_by_instructions);
