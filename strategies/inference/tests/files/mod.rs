//! Model files for tests: made whole, then spoilt.

use inference::{Expected, Layer, Model, ModelFile, ModelFileError, NetworkDescription, Shape, load};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use tempfile::TempDir;

pub const AGENT: &str = "momentum";
pub const SCHEMA_HASH: &str = "0123456789abcdef0123456789abcdef";
pub const SHAPE: Shape = Shape { rows: 6, columns: 3, context: 2 };

/// A small network with every kind of layer.
pub fn description() -> NetworkDescription {
    let layers = vec![
        Layer::Conv1d { input: 3, output: 4, width: 3, padding: 1 },
        Layer::Relu {},
        Layer::AvgPool { spans: 2 },
        Layer::Flatten {},
        Layer::ConcatContext {},
        Layer::Dense { input: 10, output: 5 },
        Layer::Relu {},
        Layer::Dense { input: 5, output: 3 },
        Layer::Softmax {},
    ];
    NetworkDescription::new(SHAPE, layers)
}

/// A model that is accepted.
pub fn model() -> ModelFile {
    ModelFile::untrained(AGENT, SCHEMA_HASH, description(), 1).unwrap()
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What accepts [`model`], if these are its bytes.
pub fn expected(bytes: &[u8]) -> Expected {
    Expected {
        sha256: sha256(bytes),
        schema_hash: SCHEMA_HASH.to_owned(),
        agent: AGENT.to_owned(),
        shape: SHAPE,
    }
}

/// A folder with one file.
pub struct Place {
    _folder: TempDir,
    pub path: PathBuf,
}

impl Place {
    pub fn new(bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        std::fs::write(&path, bytes).unwrap();
        Self { _folder: folder, path }
    }
}

/// Loads these bytes from a file, their hash being the configured one.
pub fn load_bytes(bytes: &[u8]) -> Result<Model, ModelFileError> {
    load(&Place::new(bytes).path, &expected(bytes))
}

/// The header of a file, and the bytes behind it.
pub fn split(bytes: &[u8]) -> (Map<String, Value>, Vec<u8>) {
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    (serde_json::from_slice(&bytes[8..8 + length]).unwrap(), bytes[8 + length..].to_vec())
}

/// A file of this header and these bytes.
pub fn join(header: &Map<String, Value>, data: &[u8]) -> Vec<u8> {
    let header = Value::Object(header.clone()).to_string();
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
}

/// A whole file with its header changed.
pub fn with_header(change: impl Fn(&mut Map<String, Value>)) -> Vec<u8> {
    let (mut header, data) = split(&model().to_bytes());
    change(&mut header);
    join(&header, &data)
}

/// A whole file with one entry of its metadata changed, or without it.
pub fn with_metadata(key: &str, value: Option<&str>) -> Vec<u8> {
    with_header(|header| {
        let metadata = header["__metadata__"].as_object_mut().unwrap();
        match value {
            Some(value) => drop(metadata.insert(key.to_owned(), value.into())),
            None => drop(metadata.remove(key)),
        }
    })
}
