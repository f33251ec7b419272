//! How long one turn of the six agents' networks takes by libtorch and by the native kernels: batch 1, one thread, p50.
//!
//! `cargo run --release -p torch --features libtorch --example speed`, from the repository's root, after
//! `scripts/export-torchscript.py`. The two are timed in turn, several times, so that whatever else the machine does
//! meets both.

use inference::{Backend, Batch, Expected, Native, Shape, load, seeded_inputs, sha256};
use safetensors::SafeTensors;
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use torch::TorchScript;

const AGENTS: [&str; 6] = ["mlmi", "nwrqk", "regime", "fvg", "momentum", "entry"];
const TURNS_WARM: usize = 300;
const TURNS: usize = 3_000;
const ROUNDS: usize = 5;
/// Observations that the turns cycle through.
const OBSERVATIONS: usize = 64;

type Failure = Box<dyn std::error::Error>;

/// Both backends of one agent.
fn backends(agent: &str) -> Result<[Box<dyn Backend>; 2], Failure> {
    let path = Path::new("configs/models").join(format!("{agent}.safetensors"));
    let bytes = std::fs::read(&path)?;
    let (_, metadata) = SafeTensors::read_metadata(&bytes)?;
    let texts = metadata.metadata().as_ref();
    let schema_hash = texts.and_then(|texts| texts.get("schema_hash")).cloned().unwrap_or_default();
    let is_strategic = ["mlmi", "nwrqk", "regime"].contains(&agent);
    let shape = if is_strategic { Shape::STRATEGIC } else { Shape::TACTICAL };
    let expected = Expected { sha256: sha256(&bytes), schema_hash, agent: agent.to_owned(), shape };
    let native = Native::new(Arc::clone(&load(&path, &expected)?.network));
    let exported = Path::new("target/torch/models").join(format!("{agent}.pt"));
    let expected = Expected { sha256: sha256(&std::fs::read(&exported)?), ..expected };
    Ok([Box::new(native), Box::new(TorchScript::load_checked(&exported, &expected, &path)?)])
}

#[expect(clippy::disallowed_methods, reason = "a stopwatch is what this program is")]
fn nanos(work: impl FnOnce()) -> u64 {
    let start = Instant::now();
    work();
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// Median nanoseconds of one turn of all these.
fn median(backends: &mut [Box<dyn Backend>], inputs: &[(Vec<f32>, Vec<f32>)]) -> u64 {
    let mut out = [[0.0; 3]];
    let mut turn = |turn: usize| {
        let at = turn % OBSERVATIONS;
        for (backend, (matrices, contexts)) in backends.iter_mut().zip(inputs) {
            let shape = backend.shape();
            let all = Batch::new(shape, matrices, contexts);
            backend.evaluate(black_box(all.slice(at..at + 1)), &mut out).expect("the answers are finite");
            black_box(&mut out);
        }
    };
    (0..TURNS_WARM).for_each(&mut turn);
    let mut taken: Vec<u64> = (0..TURNS).map(|i| nanos(|| turn(i))).collect();
    taken.sort_unstable();
    taken[TURNS / 2]
}

fn main() -> Result<(), Failure> {
    let mut out = std::io::stdout();
    let (mut native, mut script, mut inputs) = (Vec::new(), Vec::new(), Vec::new());
    for agent in AGENTS {
        let [one, other] = backends(agent)?;
        let shape = one.shape();
        inputs.push((
            seeded_inputs(OBSERVATIONS * shape.cells(), 1),
            seeded_inputs(OBSERVATIONS * shape.context, 2),
        ));
        native.push(one);
        script.push(other);
    }
    for _ in 0..ROUNDS {
        let (ours, theirs) = (median(&mut native, &inputs), median(&mut script, &inputs));
        writeln!(
            out,
            "six networks, batch 1, p50: native {:.1} us, libtorch {:.1} us, {:.1} x",
            ours as f64 / 1e3,
            theirs as f64 / 1e3,
            theirs as f64 / ours as f64
        )?;
    }
    Ok(())
}
