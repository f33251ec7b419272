//! Model files: `safetensors` with everything inside that is needed to refuse the wrong one.
//!
//! | metadata | is |
//! | --- | --- |
//! | `format`, `schema_version` | `grandmodel-policy`, `1` |
//! | `network` | the [`NetworkDescription`](crate::NetworkDescription) in JSON |
//! | `agent` | whose model this is |
//! | `schema_hash` | the hash of the feature schema it was trained on, compared as text |
//! | `about`, `training` | what it is and how it came to be, for people |
//!
//! | tensor, f32 | shape |
//! | --- | --- |
//! | `layers.N.weight`, `layers.N.bias` | of layer N (from 0) of the description, as PyTorch stores them |
//! | `test.matrix`, `test.context`, `test.output` | rows by columns, context, outputs: one evaluation |
//!
//! Why `safetensors`: it is a header and numbers, and reading it runs nothing. A file is read once, into
//! memory; what is hashed is what is parsed. Before its hash is known to be the configured one, only its length
//! and its first bytes are looked at.
//! Not here: which files a run uses (its configuration), and how files of other programs are converted.

mod container;
mod error;
mod load;
mod save;

pub use error::{ModelError, ModelFileError};
pub use load::{Expected, Model, load, load_bytes};
pub use save::{ModelFile, TestVector, sha256};

/// What `format` says.
const FORMAT: &str = "grandmodel-policy";
/// What `schema_version` says, and the newest that is read.
const SCHEMA_VERSION: u32 = 1;
/// How far the network's answer to the test vector may be from the recorded one: float arithmetic in another
/// order differs by about 1e-7, a wrong weight by more.
const VECTOR_DIFFERENCE_MAX: f64 = 1e-5;

const MATRIX: &str = "test.matrix";
const CONTEXT: &str = "test.context";
const OUTPUT: &str = "test.output";

/// Names of a layer's tensors.
fn tensor_names(layer: usize) -> [String; 2] {
    [format!("layers.{layer}.weight"), format!("layers.{layer}.bias")]
}
