//! What a TorchScript file cannot say itself: whose it is, for which features, and one evaluation.
//!
//! Why a file beside it: the archive of a TorchScript module has no place for these that every reader can reach.
//! The sidecar is not hashed, for it can only refuse: the answers come from the file that is.
//! Not here: the description and weights that a native model file has besides; they are not looked at.

use crate::file::read;
use inference::{Expected, ModelError, OUTPUTS, TestVector};
use safetensors::{Dtype, SafeTensors};
use std::path::Path;

/// The test vector of the sidecar at `path`, if it is for this agent and these features.
///
/// # Errors
/// Whatever keeps it from being so: see [`ModelError`].
pub(crate) fn read_vector(path: &Path, expected: &Expected) -> Result<TestVector, ModelError> {
    let bytes = read(path)?;
    let header = |cause: safetensors::SafeTensorError| ModelError::Header { cause: cause.to_string() };
    let (_, metadata) = SafeTensors::read_metadata(&bytes).map_err(header)?;
    let tensors = SafeTensors::deserialize(&bytes).map_err(header)?;
    let text = |key: &'static str| {
        let texts = metadata.metadata().as_ref();
        texts.and_then(|texts| texts.get(key)).cloned().ok_or(ModelError::MetadataMissing { key })
    };
    let (agent, schema_hash) = (text("agent")?, text("schema_hash")?);
    if agent != expected.agent {
        return Err(ModelError::Agent { expected: expected.agent.clone(), found: agent });
    }
    if schema_hash != expected.schema_hash {
        return Err(ModelError::Schema { expected: expected.schema_hash.clone(), found: schema_hash });
    }
    let shape = expected.shape;
    Ok(TestVector {
        matrix: tensor(&tensors, "test.matrix", &[shape.rows, shape.columns])?,
        context: tensor(&tensors, "test.context", &[shape.context])?,
        output: tensor(&tensors, "test.output", &[OUTPUTS])?,
    })
}

/// The numbers of a tensor of this name and shape.
fn tensor(tensors: &SafeTensors<'_>, name: &str, shape: &[usize]) -> Result<Vec<f32>, ModelError> {
    let name = name.to_owned();
    let Ok(view) = tensors.tensor(&name) else {
        return Err(ModelError::TensorMissing { name });
    };
    if view.dtype() != Dtype::F32 {
        return Err(ModelError::TensorType { name, found: format!("{:?}", view.dtype()) });
    }
    if view.shape() != shape {
        let (expected, found) = (shape.to_vec(), view.shape().to_vec());
        return Err(ModelError::TensorShape { name, expected, found });
    }
    Ok(view.data().as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect())
}
