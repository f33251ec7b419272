//! The agents: six networks alone, and a bar's close until the order is out.
//!
//! Method: the files of `configs/models`, one thread. The networks are asked in turn about observations that
//! differ from call to call; onnxruntime and libtorch run the same files by `scripts/peer-networks.py` where a
//! Python has them. The close of a bar is measured by the engine's own probe, from the sequencer taking up the
//! boundary's timer until the order is approved, with the agents asked at every bar and no cache.

use crate::figures::{Figure, Figures};
use crate::market::trades;
use crate::setup::{Features, Setup, timeframes};
use crate::throughput::replay_ready;
use agents::{AgentsConfig, DecideOn, Models};
use inference::{Backend, Batch, Expected, InstructionSet, Model, Native, Shape};
use matrices::{IndicatorSource, MatricesConfig, MatrixSpec};
use model::{Agent, AgentGroup};
use ring::{Cores, Latency, Stopwatch};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// Turns of all six networks that are timed.
const TURNS: usize = 20_000;
/// Observations that the turns cycle through.
const OBSERVATIONS: usize = 64;
/// Ticks of each symbol: enough half-hours to fill the strategic matrix, and two days of decisions.
const TICKS: usize = 1_300_000;

/// Where the repository's own files are, from its root.
const FOLDER: &str = "configs/models";

/// Runs the bench.
pub fn run_all(cores: &Cores, python: Option<&Path>) -> Figures {
    let mut figures = Figures::new("inference");
    let models = Agent::ALL.map(load);
    for batch in [1, 20] {
        let taken = networks(&models, batch, InstructionSet::best());
        let each = taken.quantile_ns(0.5) as f64 / batch as f64;
        figures.push(Figure::nanos(&format!("six networks, batch {batch}, p50 per observation"), each, ""));
        if batch == 1 {
            for set in InstructionSet::available().filter(|set| *set != InstructionSet::best()) {
                let taken = networks(&models, 1, set).quantile_ns(0.5) as f64;
                figures.push(Figure::nanos(&format!("the same by {}", set.name()), taken, ""));
            }
            limits(&models, each, &mut figures);
            peers(python, each, &mut figures);
        }
    }
    let one = close_to_order(&models, 1, cores);
    figures.push(Figure::nanos(
        "bar close to order out, one symbol, p50",
        one.quantile_ns(0.5) as f64,
        "<= 60 us",
    ));
    figures.push(Figure::nanos("the same, p99", one.quantile_ns(0.99) as f64, "<= 150 us"));
    let twenty = close_to_order(&models, 20, cores);
    let each = twenty.quantile_ns(0.5) as f64 / 20.0;
    figures.push(Figure::nanos("20 symbols closing at once, per symbol, p50", each, "<= 40 us"));
    figures
}

/// A default model, whatever its hash.
fn load(agent: Agent) -> Model {
    let path = Path::new(FOLDER).join(format!("{}.safetensors", agent.name()));
    let bytes = std::fs::read(&path).expect("run this from the repository's root: configs/models is there");
    let spec = spec_of(agent);
    let source = IndicatorSource { timeframes: &[], names: &[], parameters: &[] };
    let schema = matrices::FeatureSchema::new(&spec, &source).expect("the default matrices have a schema");
    let expected = Expected {
        sha256: inference::sha256(&bytes),
        schema_hash: schema.schema_hash().to_owned(),
        agent: agent.name().to_owned(),
        shape: shape_of(agent),
    };
    inference::load_bytes(&path, &bytes, &expected).expect("the repository's own models load")
}

fn spec_of(agent: Agent) -> MatrixSpec {
    let group = matches!(agent.group(), AgentGroup::Tactical);
    MatricesConfig::standard().specs()[usize::from(group)].clone()
}

fn shape_of(agent: Agent) -> Shape {
    agents::observation_shape(&spec_of(agent))
}

/// One turn: each of the six networks answers `batch` observations.
fn networks(models: &[Model; 6], batch: usize, set: InstructionSet) -> Latency {
    let mut backends = models
        .each_ref()
        .map(|model| Native::new(Arc::new(model.network.as_ref().clone().with_instructions(set))));
    let inputs = Agent::ALL.map(|agent| {
        let shape = shape_of(agent);
        let count = OBSERVATIONS + batch;
        (
            inference::seeded_inputs(count * shape.cells(), 1),
            inference::seeded_inputs(count * shape.context, 2),
        )
    });
    let (stopwatch, mut taken) = (Stopwatch::new(), Latency::new());
    let mut out = vec![[0.0; 3]; batch];
    for turn in 0..TURNS {
        let at = turn % OBSERVATIONS;
        let start = stopwatch.raw();
        for (backend, (matrices, contexts)) in backends.iter_mut().zip(&inputs) {
            let shape = backend.shape();
            let observations = Batch::new(
                shape,
                &matrices[at * shape.cells()..][..batch * shape.cells()],
                &contexts[at * shape.context..][..batch * shape.context],
            );
            backend.evaluate(observations, &mut out).expect("the answers are finite");
        }
        let end = stopwatch.raw();
        if turn >= TURNS / 10 {
            taken.record(stopwatch.nanos_between(start, end));
        }
    }
    taken
}

/// How far this is from what the processor could do: multiply-adds, and bytes of weights that pass once.
fn limits(models: &[Model; 6], nanos: f64, figures: &mut Figures) {
    let multiply_adds: usize = models.iter().map(|model| model.network.multiply_adds()).sum();
    let bytes: usize = models.iter().map(|model| model.network.parameters() * 4).sum();
    figures.push(Figure::rate("multiply-adds, batch 1", multiply_adds as f64 / nanos * 1e9, "/s", ""));
    figures.push(Figure::rate("weights read, batch 1", bytes as f64 / nanos * 1e9, "B/s", ""));
    figures.note(format!(
        "{multiply_adds} multiply-adds and {bytes} bytes of weights a turn: at batch 1 every weight is used once or, in the \
         convolutions, 60 times, so the second-level cache's bandwidth is the limit, not arithmetic"
    ));
}

/// onnxruntime and libtorch on the same files.
fn peers(python: Option<&Path>, ours: f64, figures: &mut Figures) {
    let Some(python) = python else {
        figures.note("onnxruntime and libtorch run beside with --python PYTHON, where it has them");
        return;
    };
    let output = Command::new(python).arg("scripts/peer-networks.py").arg(FOLDER).output();
    let text = match output {
        Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).into_owned(),
        Ok(output) => {
            figures.note(format!("the peers failed: {}", String::from_utf8_lossy(&output.stderr).trim()));
            return;
        }
        Err(error) => {
            figures.note(format!("the peers' Python did not start: {error}"));
            return;
        }
    };
    for line in text.lines() {
        let Some((name, nanos)) = line.rsplit_once(' ') else { continue };
        let Ok(nanos) = nanos.parse::<f64>() else { continue };
        let target = if name.starts_with("onnx") { ">= 3 x" } else { ">= 5 x" };
        figures.push(Figure::nanos(&format!("six networks, batch 1, {name}, p50"), nanos, ""));
        figures.push(Figure::ratio(&format!("{name} / ours"), nanos / ours, target));
    }
}

/// From a boundary's timer until all stages have seen its bars, decisions and orders.
fn close_to_order(models: &[Model; 6], symbols: u32, cores: &Cores) -> Latency {
    let setup =
        Setup { symbols, timeframes: timeframes(&["5m", "30m"]), features: Features::All, ..Setup::peer() };
    let config =
        AgentsConfig { decide_on: DecideOn::Bar, cache_entries: 0, gate: 0.0, ..AgentsConfig::default() };
    let backends: Models = models
        .each_ref()
        .map(|model| -> Vec<Box<dyn Backend>> { vec![Box::new(Native::new(Arc::clone(&model.network)))] });
    let ticks =
        trades(symbols, TICKS / if symbols > 1 { 4 } else { 1 }, if symbols > 1 { 1.2e9 } else { 0.3e9 }, 3);
    let outcome = replay_ready(setup.build_agents(config, backends, cores), &ticks).outcome;
    assert!(outcome.strategy.agents.iter().all(|agent| agent.asked > 500), "the agents were asked");
    let rows = outcome.probes.rows();
    let name = "path.decision";
    rows.into_iter().find(|row| row.name == name).expect("decisions were measured").latency
}
