//! What is refused, and that one sentence says why: made modules and sidecars, each wrong in one way.

use crate::modules::{AGENT, Place, SCHEMA_HASH, SHAPE, policy, policy_by_hand};
use inference::{
    Backend, Batch, EvaluateError, Layer, ModelFile, NetworkDescription, Shape, TestVector, seeded_inputs,
};
use std::path::{Path, PathBuf};
use tch::{Kind, Tensor};
use torch::TorchScript;

/// The module is refused, in one line with this in it.
fn check(forward: fn(&Tensor, &Tensor) -> Tensor, expected: &str) {
    let text = Place::traced(forward).load().expect_err(expected).to_string();
    assert!(text.contains(expected) && text.lines().count() == 1, "{text}");
}

#[test]
fn modules_that_are_no_policies_are_refused() {
    check(|m, c| policy(m, c) * 2.0, "[0.6666667, 0.6666667, 0.6666667], which are no probabilities");
    check(|m, c| policy(m, c) * f64::NAN, "[NaN, NaN, NaN], which are no probabilities");
    let of_sum_one = |m: &Tensor, c: &Tensor| {
        let part = |column, factor: f64| policy(m, c).narrow(1, column, 1) * factor;
        Tensor::cat(&[part(0, 4.0), part(1, -1.0), part(2, 0.0)], 1)
    };
    check(of_sum_one, "[1.3333334, -0.33333334, 0.0], which are no probabilities");
}

#[test]
fn answers_of_another_shape_or_type_are_refused() {
    check(
        |m, c| policy(m, c).narrow(1, 0, 2),
        "it answers 2 observations with [2, 2] of Float and not [2, 3]",
    );
    check(
        |m, c| policy(m, c).transpose(0, 1),
        "it answers 2 observations with [3, 2] of Float and not [2, 3]",
    );
    check(|m, c| policy(m, c).to_kind(Kind::Double), "with [2, 3] of Double and not [2, 3] of Float");
    check(|m, c| policy(m, c).narrow(0, 0, 1), "it answers 2 observations with [1, 3]");
    let two_only = |m: &Tensor, c: &Tensor| policy(&m.reshape([2, 6, 3]), c);
    check(two_only, "shape '[2, 6, 3]' is invalid for input of size 18");
}

#[test]
fn a_module_of_another_shape_is_refused() {
    let place = Place::traced(policy);
    let wide = Shape { columns: 4, ..SHAPE };
    let text = TorchScript::load(&place.path, &place.sha256, wide).unwrap_err().to_string();
    assert!(
        text.contains("does not answer observations of the configured shape (RuntimeError: The size"),
        "{text}"
    );
    assert!(text.contains("configure the matrix it was trained on") && text.lines().count() == 1, "{text}");
}

#[test]
fn files_that_are_not_the_configured_one_are_refused() {
    let place = Place::traced(policy);
    let text = |path: &PathBuf, sha256: &str| {
        let text = TorchScript::load(path, sha256, SHAPE).unwrap_err().to_string();
        assert!(text.starts_with("model file ") && text.lines().count() == 1, "{text}");
        text
    };
    let other = "0".repeat(64);
    assert!(
        text(&place.path, &other)
            .contains(&format!("has SHA-256 {} and {other} is configured", place.sha256))
    );
    assert!(text(&place.path, "0123").contains("the configured SHA-256 \"0123\" is not 64 hex digits"));
    assert!(text(&place.folder.path().join("absent"), &other).contains("cannot be read (No such file"));
    assert!(text(&place.folder.path().to_owned(), &other).contains("it is not a regular file"));
    assert!(TorchScript::load(&place.path, &place.sha256.to_uppercase(), SHAPE).is_ok());
}

#[test]
fn bytes_that_are_no_torchscript_are_refused() {
    let good = Place::traced(policy);
    let bytes = std::fs::read(&good.path).unwrap();
    for bytes in [&b""[..], b"PK\x03\x04", &[0x80, 2, 0x7d], &bytes[..bytes.len() / 2], b"not a model at all"]
    {
        let text = Place::new(bytes).load().unwrap_err().to_string();
        assert!(text.contains("libtorch cannot load it (") && text.lines().count() == 1, "{text}");
    }
}

#[test]
fn an_answer_that_is_not_finite_is_an_error_of_its_observation() {
    let mut script = Place::traced(|m, c| policy(&m.sqrt(), c)).load().unwrap();
    assert_eq!((script.name(), script.shape()), ("libtorch", SHAPE));
    let mut matrices = vec![1.0; 4 * SHAPE.cells()];
    matrices[SHAPE.cells() + 2] = -1.0;
    matrices[3 * SHAPE.cells()] = f32::NAN;
    let contexts = vec![0.0; 4 * SHAPE.context];
    let mut out = [[0.0; 3]; 4];
    let error = script.evaluate(Batch::new(SHAPE, &matrices, &contexts), &mut out).unwrap_err();
    assert_eq!(error, EvaluateError::NotFinite { backend: "libtorch".into(), observation: 1, count: 2 });
    assert!(out[1].iter().chain(&out[3]).all(|value| value.is_nan()));
    assert!(out[0].iter().chain(&out[2]).all(|value| (value - 1.0 / 3.0).abs() < 1e-6), "{out:?}");
}

/// A sidecar of these, its vector being of the policy that can be worked out by hand.
fn sidecar(place: &Place, agent: &str, schema_hash: &str, shape: Shape, error: f32) -> PathBuf {
    let floats = shape.floats();
    let layers = vec![
        Layer::Flatten {},
        Layer::ConcatContext {},
        Layer::Dense { input: floats, output: 3 },
        Layer::Softmax {},
    ];
    let description = NetworkDescription::new(shape, layers);
    let mut file = ModelFile::untrained(agent, schema_hash, description, 1).unwrap();
    let (matrix, context) = (seeded_inputs(shape.cells(), 5), seeded_inputs(shape.context, 6));
    let mut output = policy_by_hand(&matrix, &context).map(|probability| probability as f32).to_vec();
    output[1] += error;
    file.vector = TestVector { matrix, context, output };
    let path = place.folder.path().join("sidecar.safetensors");
    file.save(&path).unwrap();
    path
}

#[test]
fn a_sidecar_must_agree() {
    let place = Place::traced(policy);
    let text = |agent, schema_hash, shape, error| {
        let sidecar = sidecar(&place, agent, schema_hash, shape, error);
        TorchScript::load_checked(&place.path, &place.expected(), &sidecar)
            .map_or_else(|error| error.to_string(), |_| String::new())
    };
    assert_eq!(text(AGENT, SCHEMA_HASH, SHAPE, 0.0), "");
    assert_eq!(text(AGENT, SCHEMA_HASH, SHAPE, 5e-6), "");
    let wrong = text(AGENT, SCHEMA_HASH, SHAPE, 2e-5);
    assert!(wrong.contains("model.pt: differs from its own test vector by"), "{wrong}");
    let wrong = text("fvg", SCHEMA_HASH, SHAPE, 0.0);
    assert!(wrong.contains("sidecar.safetensors: is a model of agent \"fvg\""), "{wrong}");
    let wrong = text(AGENT, "00", SHAPE, 0.0);
    assert!(wrong.contains("was trained on features with schema hash 00"), "{wrong}");
    let wrong = text(AGENT, SCHEMA_HASH, Shape { rows: 7, ..SHAPE }, 0.0);
    assert!(wrong.contains("its tensor \"test.matrix\" has shape [7, 3]"), "{wrong}");
}

#[test]
fn files_that_are_no_sidecars_are_refused() {
    let place = Place::traced(policy);
    let check = |sidecar: &Path, expected: &str| {
        let error = TorchScript::load_checked(&place.path, &place.expected(), sidecar).unwrap_err();
        assert_eq!(error.file, sidecar);
        let text = error.to_string();
        assert!(text.contains(expected) && text.lines().count() == 1, "{text}");
    };
    check(&place.path, "its header is not one of safetensors");
    check(&place.folder.path().join("absent"), "cannot be read (No such file");
    let made = |header: &str| Place::new(&[&(header.len() as u64).to_le_bytes(), header.as_bytes()].concat());
    check(&made("{}").path, "its metadata has no \"agent\"");
    let metadata = format!(r#"{{"__metadata__":{{"agent":"{AGENT}","schema_hash":"{SCHEMA_HASH}"}}}}"#);
    check(&made(&metadata).path, "has no tensor \"test.matrix\"");
}
