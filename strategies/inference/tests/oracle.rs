//! Against numpy: model files of random networks of both default shapes, their observations and our answers,
//! written to a folder and recomputed by `oracle.py` from the files alone.
//!
//! Runs where `GRANDMODEL_PYTHON` names a Python that has numpy, as `scripts/test.sh` does.

use inference::{Backend, Batch, ModelFile, Native, Network, NetworkDescription, seeded_inputs};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

const OBSERVATIONS: usize = 200;

fn write_floats(path: &Path, values: &[f32]) {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    std::fs::write(path, bytes).unwrap();
}

/// `NAME.safetensors`, and its observations and answers beside it.
fn write_case(folder: &Path, name: &str, description: &NetworkDescription, seed: u64) {
    let file = ModelFile::untrained(name, "hash", description.clone(), seed).unwrap();
    file.save(&folder.join(format!("{name}.safetensors"))).unwrap();
    let mut native = Native::new(Arc::new(Network::new(description, &file.weights).unwrap()));
    let shape = description.shape();
    let matrices = seeded_inputs(OBSERVATIONS * shape.cells(), seed + 1);
    let contexts = seeded_inputs(OBSERVATIONS * shape.context, seed + 2);
    let mut out = vec![[0.0; 3]; OBSERVATIONS];
    native.evaluate(Batch::new(shape, &matrices, &contexts), &mut out).unwrap();
    write_floats(&folder.join(format!("{name}.matrices")), &matrices);
    write_floats(&folder.join(format!("{name}.contexts")), &contexts);
    write_floats(&folder.join(format!("{name}.answers")), out.as_flattened());
}

#[test]
fn numpy_agrees() {
    let Ok(python) = std::env::var("GRANDMODEL_PYTHON") else {
        eprintln!("GRANDMODEL_PYTHON is not set: nothing was compared with numpy");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for seed in 0..3 {
        let name = |kind: &str| format!("{kind}_{seed}");
        write_case(folder.path(), &name("strategic"), &NetworkDescription::strategic(), 100 * seed);
        write_case(folder.path(), &name("tactical"), &NetworkDescription::tactical(), 100 * seed + 50);
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle.py");
    let output = Command::new(python).arg(script).arg(folder.path()).output().expect("python starts");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("6 networks, 1200 observations"), "{said}");
    eprintln!("{said}");
}
