//! A `safetensors` file in memory: metadata and tensors by name, with every claim checked.

use super::ModelError;
use crate::limits::HEADER_BYTES_MAX;
use safetensors::{Dtype, SafeTensors};
use std::collections::HashMap;

/// Length of the number before the header.
const PREFIX: usize = 8;

/// A parsed file.
pub(super) struct Container<'a> {
    metadata: HashMap<String, String>,
    tensors: SafeTensors<'a>,
}

/// Recognises what must never be read: formats that can run programs or unpack without bound.
pub(super) fn foreign(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return Some("a zip archive, as torch.save writes");
    }
    // A pickle of protocol 2 to 5 begins with 0x80 and the protocol. So does the length of some headers of
    // safetensors, but only they have a brace behind it.
    let is_pickle = matches!(bytes, [0x80, 2..=5, ..]) && bytes.get(PREFIX) != Some(&b'{');
    is_pickle.then_some("a pickle, which can run any program when it is read")
}

impl<'a> Container<'a> {
    /// Parses the header and checks that it describes the bytes behind it.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ModelError> {
        let header = |cause: String| ModelError::Header { cause };
        let Some(prefix) = bytes.first_chunk::<PREFIX>() else {
            return Err(header(format!("the file ends after {} bytes", bytes.len())));
        };
        let (claimed, file) = (u64::from_le_bytes(*prefix), bytes.len() as u64);
        if claimed > HEADER_BYTES_MAX || claimed > file - PREFIX as u64 {
            return Err(ModelError::HeaderLength { claimed, file });
        }
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|error| header(error.to_string()))?;
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| header(error.to_string()))?;
        Ok(Self { metadata: metadata.metadata().clone().unwrap_or_default(), tensors })
    }

    /// A value of the metadata.
    pub fn text(&self, key: &'static str) -> Result<&str, ModelError> {
        self.metadata.get(key).map(String::as_str).ok_or(ModelError::MetadataMissing { key })
    }

    /// The numbers of a tensor.
    pub fn tensor(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, ModelError> {
        let name = name.to_owned();
        let Ok(view) = self.tensors.tensor(&name) else {
            return Err(ModelError::TensorMissing { name });
        };
        if view.dtype() != Dtype::F32 {
            return Err(ModelError::TensorType { name, found: format!("{:?}", view.dtype()) });
        }
        if view.shape() != shape {
            return Err(ModelError::TensorShape {
                name,
                expected: shape.to_vec(),
                found: view.shape().to_vec(),
            });
        }
        let numbers = view.data().as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes));
        let values: Vec<f32> = numbers.collect();
        match values.iter().position(|value| !value.is_finite()) {
            Some(index) => Err(ModelError::TensorNotFinite { name, index }),
            None => Ok(values),
        }
    }

    /// Refuses tensors beside these: the first by name.
    pub fn refuse_others(&self, known: &[String]) -> Result<(), ModelError> {
        let unknown =
            self.tensors.names().into_iter().filter(|name| !known.iter().any(|known| known == name));
        match unknown.min() {
            Some(name) => Err(ModelError::TensorUnknown { name: name.to_owned() }),
            None => Ok(()),
        }
    }
}
