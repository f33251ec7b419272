//! libtorch decides as the native kernels do: the six agents' networks, exported by `scripts/export-torchscript.py`, on
//! random observations; and, without any exported file, a network worked out by hand.

use crate::modules::{Place, SHAPE, policy, policy_by_hand};
use inference::{Backend, Batch, Expected, Model, Native, Shape, load, seeded_inputs, sha256};
use safetensors::SafeTensors;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use torch::TorchScript;

const AGENTS: [&str; 6] = ["mlmi", "nwrqk", "regime", "fvg", "momentum", "entry"];
const OBSERVATIONS: usize = 1_000;
/// The largest difference of two probabilities.
const DIFFERENCE_MAX: f64 = 1e-5;
/// From which distance of the two largest probabilities on both must choose the same.
const MARGIN_MIN: f32 = 1e-4;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The native model of this agent, its file, and what its exported file is expected to be.
fn native(agent: &str) -> (Model, PathBuf, Expected) {
    let path = root().join(format!("configs/models/{agent}.safetensors"));
    let bytes = std::fs::read(&path).unwrap();
    let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
    let schema_hash = metadata.metadata().as_ref().unwrap()["schema_hash"].clone();
    let is_strategic = ["mlmi", "nwrqk", "regime"].contains(&agent);
    let shape = if is_strategic { Shape::STRATEGIC } else { Shape::TACTICAL };
    let expected = Expected { sha256: sha256(&bytes), schema_hash, agent: agent.to_owned(), shape };
    (load(&path, &expected).unwrap(), path, expected)
}

/// The exported file of this agent, or a line that says how to get it.
fn exported(agent: &str) -> Option<(PathBuf, String)> {
    let path = root().join(format!("target/torch/models/{agent}.pt"));
    let Ok(bytes) = std::fs::read(&path) else {
        eprintln!("SKIPPED: no target/torch/models/{agent}.pt; scripts/export-torchscript.py makes it");
        return None;
    };
    Some((path, sha256(&bytes)))
}

fn answers(backend: &mut impl Backend, seed: u64) -> Vec<[f32; 3]> {
    let shape = backend.shape();
    let matrices = seeded_inputs(OBSERVATIONS * shape.cells(), seed);
    let contexts = seeded_inputs(OBSERVATIONS * shape.context, !seed);
    let mut out = vec![[f32::NAN; 3]; OBSERVATIONS];
    backend.evaluate(Batch::new(shape, &matrices, &contexts), &mut out).unwrap();
    out
}

fn largest(answer: &[f32; 3]) -> usize {
    (0..3).max_by(|&a, &b| answer[a].total_cmp(&answer[b])).unwrap()
}

fn margin(answer: &[f32; 3]) -> f32 {
    let mut sorted = *answer;
    sorted.sort_by(f32::total_cmp);
    sorted[2] - sorted[1]
}

/// The largest difference, and how many observations both had to decide alike.
fn compare(ours: &[[f32; 3]], theirs: &[[f32; 3]]) -> (f64, usize) {
    let pairs = ours.as_flattened().iter().zip(theirs.as_flattened());
    let differences = pairs.map(|(&a, &b)| (f64::from(a) - f64::from(b)).abs());
    let difference = differences.max_by(f64::total_cmp).unwrap();
    let clear = ours.iter().zip(theirs).filter(|(ours, _)| margin(ours) > MARGIN_MIN);
    let decided =
        clear.map(|(a, b)| assert_eq!(largest(a), largest(b), "native {a:?}, libtorch {b:?}")).count();
    (difference, decided)
}

#[test]
fn the_six_networks_decide_alike() {
    for (seed, agent) in (1..).zip(AGENTS) {
        let Some((path, sha256)) = exported(agent) else { return };
        let (model, sidecar, expected) = native(agent);
        let expected = Expected { sha256, ..expected };
        let mut script = TorchScript::load_checked(&path, &expected, &sidecar).unwrap();
        let ours = answers(&mut Native::new(Arc::clone(&model.network)), seed);
        let (difference, decided) = compare(&ours, &answers(&mut script, seed));
        let choices: [usize; 3] =
            std::array::from_fn(|choice| ours.iter().filter(|answer| largest(answer) == choice).count());
        eprintln!("{agent}: largest difference {difference:.1e}, {decided} decided alike, of {choices:?}");
        assert!(difference <= DIFFERENCE_MAX, "{agent} differs by {difference:e}");
        assert!(decided >= OBSERVATIONS * 9 / 10, "{agent}: only {decided} were clear enough to compare");
        assert!(
            choices.iter().filter(|&&count| count > 0).count() >= 2,
            "{agent} always decides {choices:?}"
        );
    }
}

#[test]
fn another_agents_export_is_refused() {
    let Some((path, sha256)) = exported("nwrqk") else { return };
    let (_, sidecar, expected) = native("mlmi");
    let error = TorchScript::load_checked(&path, &Expected { sha256, ..expected }, &sidecar).unwrap_err();
    assert!(error.to_string().contains("nwrqk.pt: differs from its own test vector by"), "{error}");
}

#[test]
fn a_network_worked_out_by_hand() {
    let mut script = Place::traced(policy).load().unwrap();
    let found = answers(&mut script, 3);
    let matrices = seeded_inputs(OBSERVATIONS * SHAPE.cells(), 3);
    let contexts = seeded_inputs(OBSERVATIONS * SHAPE.context, !3);
    let batch = Batch::new(SHAPE, &matrices, &contexts);
    for (i, found) in found.iter().enumerate() {
        let expected = policy_by_hand(batch.matrix(i), batch.context(i));
        for (a, b) in found.iter().zip(expected) {
            assert!((f64::from(*a) - b).abs() < 1e-5, "observation {i}: {found:?} and {expected:?}");
        }
    }
}

/// The bits of all answers are the same however the observations are batched, how often they are asked, and on
/// which thread.
fn check_bits(mut script: TorchScript) {
    let bits =
        |answers: &[[f32; 3]]| answers.as_flattened().iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    let shape = script.shape();
    let matrices = seeded_inputs(OBSERVATIONS * shape.cells(), 9);
    let contexts = seeded_inputs(OBSERVATIONS * shape.context, !9);
    let batch = Batch::new(shape, &matrices, &contexts);
    let mut alone = vec![[0.0; 3]; OBSERVATIONS];
    for (i, answer) in alone.iter_mut().enumerate() {
        script.evaluate(batch.slice(i..i + 1), std::slice::from_mut(answer)).unwrap();
    }
    assert_eq!(bits(&answers(&mut script, 9)), bits(&alone));
    let mut at_once = vec![[0.0; 3]; OBSERVATIONS];
    script.forward(batch, &mut at_once).unwrap();
    let (difference, _) = compare(&alone, &at_once);
    let same = alone.iter().zip(&at_once).filter(|(a, b)| bits(&[**a]) == bits(&[**b])).count();
    eprintln!(
        "in one call: {same} of {OBSERVATIONS} answers have the same bits, largest difference {difference:.1e}"
    );
    assert!(difference <= DIFFERENCE_MAX, "in one call differs by {difference:e}");
    let elsewhere = std::thread::spawn(move || {
        let answers = answers(&mut script, 9);
        assert_eq!(tch::get_num_threads(), 1, "libtorch uses the thread that asks");
        answers
    });
    assert_eq!(bits(&elsewhere.join().unwrap()), bits(&alone));
}

#[test]
fn a_made_modules_bits_do_not_depend_on_the_batch() {
    check_bits(Place::traced(policy).load().unwrap());
}

#[test]
fn an_exported_modules_bits_do_not_depend_on_the_batch() {
    for agent in ["mlmi", "fvg"] {
        let Some((path, sha256)) = exported(agent) else { return };
        let shape = native(agent).2.shape;
        check_bits(TorchScript::load(&path, &sha256, shape).unwrap());
    }
}

#[test]
fn no_observations_are_no_answers() {
    let mut script = Place::traced(policy).load().unwrap();
    assert_eq!(script.evaluate(Batch::new(SHAPE, &[], &[]), &mut []), Ok(()));
    assert_eq!(script.forward(Batch::new(SHAPE, &[], &[]), &mut []), Ok(()));
}
