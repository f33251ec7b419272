//! Loads a model file, or says why not.

use super::container::{Container, foreign};
use super::save::sha256;
use super::{
    CONTEXT, FORMAT, MATRIX, ModelError, ModelFileError, OUTPUT, SCHEMA_VERSION, VECTOR_DIFFERENCE_MAX,
};
use super::{TestVector, tensor_names};
use crate::geometry::Geometry;
use crate::limits::FILE_BYTES_MAX;
use crate::{Batch, Layer, LayerWeights, Network, NetworkDescription, OUTPUTS, Shape};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// What a run expects of a model file. There is no way to load one whose hash is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// SHA-256 of the file in hex.
    pub sha256: String,
    /// Hash of the run's features, compared as text.
    pub schema_hash: String,
    /// The agent's name.
    pub agent: String,
    /// The observations that the run makes.
    pub shape: Shape,
}

/// A model that is what it should be.
#[derive(Debug, Clone)]
pub struct Model {
    /// The network, for the fastest instructions of this machine.
    pub network: Arc<Network>,
    /// The agent's name.
    pub agent: String,
    /// Hash of the features it was trained on.
    pub schema_hash: String,
    /// What it is, for people.
    pub about: String,
    /// How it came to be, for people.
    pub training: String,
    /// SHA-256 of the file in lower-case hex.
    pub sha256: String,
}

/// Loads the model file at `path`.
///
/// # Errors
/// Whatever keeps it from being the expected model: see [`ModelError`].
pub fn load(path: &Path, expected: &Expected) -> Result<Model, ModelFileError> {
    read(path)
        .and_then(|bytes| from_bytes(&bytes, expected))
        .map_err(|error| ModelFileError { file: path.to_owned(), error })
}

/// Loads a model file that is in memory already; `name` is what errors call it.
///
/// # Errors
/// As [`load`].
pub fn load_bytes(name: &Path, bytes: &[u8], expected: &Expected) -> Result<Model, ModelFileError> {
    from_bytes(bytes, expected).map_err(|error| ModelFileError { file: name.to_owned(), error })
}

/// The whole file, which must not grow beyond its limit while it is read.
fn read(path: &Path) -> Result<Vec<u8>, ModelError> {
    let unreadable = |error: std::io::Error| ModelError::Unreadable { cause: error.to_string() };
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(ModelError::Unreadable { cause: "it is not a regular file".to_owned() });
    }
    let file = File::open(path).map_err(unreadable)?;
    let length = metadata.len();
    if length > FILE_BYTES_MAX {
        return Err(ModelError::TooLarge { bytes: length });
    }
    let mut bytes = Vec::with_capacity(length as usize);
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(ModelError::TooLarge { bytes: bytes.len() as u64 });
    }
    Ok(bytes)
}

fn from_bytes(bytes: &[u8], expected: &Expected) -> Result<Model, ModelError> {
    if let Some(format) = foreign(bytes) {
        return Err(ModelError::Foreign { format });
    }
    let sha256 = checked_hash(bytes, &expected.sha256)?;
    let container = Container::parse(bytes)?;
    check_version(&container)?;
    let description = NetworkDescription::from_json(container.text("network")?)?;
    let geometry = Geometry::of(&description)?;
    check_purpose(&container, &description, &geometry, expected)?;
    let weights = weights(&container, &geometry)?;
    let network = Network::new(&description, &weights)?;
    let vector = TestVector {
        matrix: container.tensor(MATRIX, &[description.rows, description.columns])?,
        context: container.tensor(CONTEXT, &[description.context])?,
        output: container.tensor(OUTPUT, &[geometry.outputs])?,
    };
    check_vector(&network, &vector)?;
    let text = |key| container.text(key).map(str::to_owned);
    Ok(Model {
        network: Arc::new(network),
        agent: text("agent")?,
        schema_hash: text("schema_hash")?,
        about: text("about")?,
        training: text("training")?,
        sha256,
    })
}

/// The file's hash, which is the configured one.
fn checked_hash(bytes: &[u8], configured: &str) -> Result<String, ModelError> {
    if configured.len() != 64 || !configured.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(ModelError::HashMalformed { configured: configured.to_owned() });
    }
    let (expected, found) = (configured.to_ascii_lowercase(), sha256(bytes));
    if found == expected { Ok(found) } else { Err(ModelError::Hash { expected, found }) }
}

fn check_version(container: &Container<'_>) -> Result<(), ModelError> {
    let (format, version) = (container.text("format")?, container.text("schema_version")?);
    if format != FORMAT {
        return Err(ModelError::Format { found: format.to_owned() });
    }
    if version != SCHEMA_VERSION.to_string() {
        return Err(ModelError::Version { found: version.to_owned() });
    }
    Ok(())
}

/// Whether this is a policy of this agent for the run's features and observations.
fn check_purpose(
    container: &Container<'_>,
    description: &NetworkDescription,
    geometry: &Geometry,
    expected: &Expected,
) -> Result<(), ModelError> {
    let (agent, schema_hash) = (container.text("agent")?, container.text("schema_hash")?);
    if agent != expected.agent {
        return Err(ModelError::Agent { expected: expected.agent.clone(), found: agent.to_owned() });
    }
    if schema_hash != expected.schema_hash {
        let expected = expected.schema_hash.clone();
        return Err(ModelError::Schema { expected, found: schema_hash.to_owned() });
    }
    if description.shape() != expected.shape {
        return Err(ModelError::Shape { expected: expected.shape, found: description.shape() });
    }
    if geometry.outputs != OUTPUTS || description.layers.last() != Some(&Layer::Softmax {}) {
        return Err(ModelError::NotAPolicy { outputs: geometry.outputs });
    }
    Ok(())
}

/// The weights of all layers; no tensor may be missing, and none may remain.
fn weights(container: &Container<'_>, geometry: &Geometry) -> Result<Vec<LayerWeights>, ModelError> {
    let mut known = vec![MATRIX.to_owned(), CONTEXT.to_owned(), OUTPUT.to_owned()];
    let mut layers = Vec::with_capacity(geometry.weights.len());
    for shape in &geometry.weights {
        let [weight, bias] = tensor_names(shape.layer);
        layers.push(LayerWeights {
            weight: container.tensor(&weight, &shape.weight)?,
            bias: container.tensor(&bias, &[shape.outputs()])?,
        });
        known.extend([weight, bias]);
    }
    container.refuse_others(&known)?;
    Ok(layers)
}

fn check_vector(network: &Network, vector: &TestVector) -> Result<(), ModelError> {
    let mut output = vec![0.0; network.outputs()];
    let batch = Batch::new(network.shape(), &vector.matrix, &vector.context);
    network.forward(batch, &mut network.scratch(), &mut output);
    let differences = output.iter().zip(&vector.output).map(|(&a, &b)| (f64::from(a) - f64::from(b)).abs());
    // In this order a NaN comes last.
    let difference = differences.max_by(f64::total_cmp).unwrap_or(0.0);
    if difference <= VECTOR_DIFFERENCE_MAX {
        Ok(())
    } else {
        Err(ModelError::TestVector { difference, difference_max: VECTOR_DIFFERENCE_MAX })
    }
}
