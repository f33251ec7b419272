//! How long the six default networks take for one symbol and for twenty, by instruction set, beside what the
//! arithmetic and the caches allow.
//!
//! `cargo run --release -p inference --example speed`

use inference::{Batch, InstructionSet, Network, NetworkDescription, Scratch, seeded_inputs, untrained};
use std::hint::black_box;
use std::io::Write;
use std::time::Instant;

/// Multiply-adds a cycle of a core with two 256-bit units, or one of 512 bits.
const MULTIPLY_ADDS_PER_CYCLE: f64 = 16.0;
/// What a core reads from its second-level cache in a cycle, in bytes, on most cores.
const L2_BYTES_PER_CYCLE: f64 = 32.0;
/// Untimed rounds, and timed ones.
const ROUNDS_WARM: usize = 200;
const ROUNDS: usize = 3_000;

/// Networks of one shape and the observations that they are asked about.
struct Group {
    networks: Vec<(Network, Scratch)>,
    matrices: Vec<f32>,
    contexts: Vec<f32>,
    out: Vec<f32>,
}

impl Group {
    fn new(description: &NetworkDescription, set: InstructionSet, count: usize) -> Self {
        let network =
            |seed| untrained(description, seed).expect("the default is consistent").with_instructions(set);
        let shape = description.shape();
        Self {
            networks: (1..=3).map(network).map(|network| (network.clone(), network.scratch())).collect(),
            matrices: seeded_inputs(count * shape.cells(), 11),
            contexts: seeded_inputs(count * shape.context, 12),
            out: vec![0.0; count * 3],
        }
    }

    fn evaluate(&mut self) {
        for (network, scratch) in &mut self.networks {
            let batch = Batch::new(network.shape(), &self.matrices, &self.contexts);
            network.forward(black_box(batch), scratch, &mut self.out);
            black_box(&mut self.out);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a stopwatch is what this program is")]
fn nanos(work: &mut impl FnMut()) -> u64 {
    let start = Instant::now();
    work();
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// Least and median, in microseconds.
fn measure(mut work: impl FnMut(), rounds: usize) -> (f64, f64) {
    (0..rounds.min(ROUNDS_WARM)).for_each(|_| work());
    let mut times: Vec<u64> = (0..rounds).map(|_| nanos(&mut work)).collect();
    times.sort_unstable();
    (times[0] as f64 / 1e3, times[rounds / 2] as f64 / 1e3)
}

/// Cycles a nanosecond, from a chain of dependent steps of four cycles: a multiplication and an exclusive or.
fn gigahertz() -> f64 {
    const STEPS: u64 = 100_000;
    let (factor, mask) = (black_box(0x9E37_79B9_7F4A_7C15_u64), black_box(0x5555_u64));
    let chain = || {
        black_box((0..STEPS).fold(black_box(1_u64), |x, _| x.wrapping_mul(factor) ^ mask));
    };
    let (least_us, _) = measure(chain, ROUNDS_WARM);
    4.0 * STEPS as f64 / (least_us * 1e3)
}

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout();
    let descriptions = [NetworkDescription::strategic(), NetworkDescription::tactical()];
    let mut multiply_adds = 0;
    let mut bytes = 0;
    for description in &descriptions {
        let network = untrained(description, 1).expect("the default is consistent");
        multiply_adds += 3 * network.multiply_adds();
        bytes += 3 * 4 * network.parameters();
    }
    let arithmetic = multiply_adds as f64 / MULTIPLY_ADDS_PER_CYCLE;
    let loads = bytes as f64 / L2_BYTES_PER_CYCLE;
    writeln!(out, "six networks: {multiply_adds} multiply-adds, {bytes} bytes of weights")?;
    writeln!(
        out,
        "least cycles a symbol: {arithmetic:.0} by arithmetic, {loads:.0} by reading weights once from L2"
    )?;
    let gigahertz = gigahertz();
    writeln!(
        out,
        "at {gigahertz:.2} GHz: {:.2} us and {:.2} us",
        arithmetic / gigahertz / 1e3,
        loads / gigahertz / 1e3
    )?;
    for set in InstructionSet::available() {
        for count in [1, 20] {
            let mut groups = descriptions.each_ref().map(|description| Group::new(description, set, count));
            let rounds = if set == InstructionSet::Portable { ROUNDS / 30 } else { ROUNDS };
            let (least, median) = measure(|| groups.iter_mut().for_each(Group::evaluate), rounds);
            let [strategic, tactical] = &mut groups;
            let (one, _) = measure(|| strategic.evaluate(), rounds);
            let (other, _) = measure(|| tactical.evaluate(), rounds);
            let per = count as f64;
            writeln!(
                out,
                "{:8} batch {count:2}: p50 {:8.2} us, least {:8.2} us a symbol (3 strategic {:.2}, 3 tactical {:.2})",
                set.name(),
                median / per,
                least / per,
                one / per,
                other / per
            )?;
        }
    }
    Ok(())
}
