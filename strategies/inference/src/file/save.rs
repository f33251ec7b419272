//! Writes model files: the same model gives the same bytes, so its hash can be listed in a configuration.
//!
//! The `safetensors` crate reads; it writes metadata in the order of a randomly seeded map, so this is ours.

use super::{CONTEXT, FORMAT, MATRIX, ModelError, ModelFileError, OUTPUT, SCHEMA_VERSION, tensor_names};
use crate::geometry::Geometry;
use crate::{
    Batch, LayerWeights, Network, NetworkDescription, NetworkError, seeded_inputs, untrained_weights,
};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::path::Path;

/// Everything in a model file.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelFile {
    /// The network.
    pub description: NetworkDescription,
    /// One entry for each layer with weights, in order.
    pub weights: Vec<LayerWeights>,
    /// Whose model this is.
    pub agent: String,
    /// The hash of the features it was trained on.
    pub schema_hash: String,
    /// What it is, for people.
    pub about: String,
    /// How it came to be, for people, such as "cloned, not trained by reinforcement".
    pub training: String,
    /// One evaluation.
    pub vector: TestVector,
}

/// One evaluation of a network, by which a loader knows that it computes the same.
#[derive(Debug, Clone, PartialEq)]
pub struct TestVector {
    /// Rows by columns, the oldest row first.
    pub matrix: Vec<f32>,
    /// The context.
    pub context: Vec<f32>,
    /// What the network answers.
    pub output: Vec<f32>,
}

impl ModelFile {
    /// A model with [`untrained_weights`], for tests and for runs without a trained one.
    ///
    /// # Errors
    /// Whatever is wrong with the description.
    pub fn untrained(
        agent: &str,
        schema_hash: &str,
        description: NetworkDescription,
        seed: u64,
    ) -> Result<Self, NetworkError> {
        let weights = untrained_weights(&description, seed)?;
        let network = Network::new(&description, &weights)?;
        let shape = description.shape();
        let (matrix, context) = (seeded_inputs(shape.cells(), seed), seeded_inputs(shape.context, !seed));
        let mut output = vec![0.0; network.outputs()];
        network.forward(Batch::new(shape, &matrix, &context), &mut network.scratch(), &mut output);
        Ok(Self {
            description,
            weights,
            agent: agent.to_owned(),
            schema_hash: schema_hash.to_owned(),
            about: format!("random weights of seed {seed}"),
            training: "untrained".to_owned(),
            vector: TestVector { matrix, context, output },
        })
    }

    /// The file's bytes. What is inconsistent is written as it is, and refused by [`crate::load`].
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut header = Map::new();
        header.insert("__metadata__".to_owned(), self.metadata());
        let mut data = Vec::new();
        for (name, shape, values) in self.tensors() {
            let start = data.len();
            data.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            let tensor = json!({ "dtype": "F32", "shape": shape, "data_offsets": [start, data.len()] });
            header.insert(name, tensor);
        }
        let mut header = Value::Object(header).to_string();
        // The format wants the data aligned, and allows spaces for that.
        while !header.len().is_multiple_of(8) {
            header.push(' ');
        }
        let length = (header.len() as u64).to_le_bytes();
        [length.as_slice(), header.as_bytes(), &data].concat()
    }

    /// Writes the file and gives its SHA-256 in hex.
    ///
    /// # Errors
    /// [`ModelError::Unwritable`].
    pub fn save(&self, path: &Path) -> Result<String, ModelFileError> {
        let bytes = self.to_bytes();
        std::fs::write(path, &bytes).map_err(|error| ModelFileError {
            file: path.to_owned(),
            error: ModelError::Unwritable { cause: error.to_string() },
        })?;
        Ok(sha256(&bytes))
    }

    fn metadata(&self) -> Value {
        json!({
            "format": FORMAT,
            "schema_version": SCHEMA_VERSION.to_string(),
            "network": self.description.to_json(),
            "agent": self.agent,
            "schema_hash": self.schema_hash,
            "about": self.about,
            "training": self.training,
        })
    }

    /// Names, shapes and numbers of all tensors. Weights that do not fit the description are one-dimensional.
    fn tensors(&self) -> Vec<(String, Vec<usize>, &[f32])> {
        let shapes = Geometry::of(&self.description).map(|geometry| geometry.weights).unwrap_or_default();
        let mut tensors = Vec::new();
        for (i, layer) in self.weights.iter().enumerate() {
            let shape = shapes.get(i).filter(|shape| layer.check(shape).is_ok());
            let [weight, bias] = tensor_names(shapes.get(i).map_or(i, |shape| shape.layer));
            let weight_shape = shape.map_or_else(|| vec![layer.weight.len()], |shape| shape.weight.clone());
            tensors.push((weight, weight_shape, layer.weight.as_slice()));
            tensors.push((bias, vec![layer.bias.len()], &layer.bias));
        }
        let TestVector { matrix, context, output } = &self.vector;
        let rows = vec![self.description.rows, matrix.len() / self.description.rows.max(1)];
        tensors.push((MATRIX.to_owned(), rows, matrix));
        tensors.push((CONTEXT.to_owned(), vec![context.len()], context));
        tensors.push((OUTPUT.to_owned(), vec![output.len()], output));
        tensors
    }
}

/// The SHA-256 in lower-case hex, as configurations name a model file.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
