//! TorchScript modules for tests, traced here, so that no exported file is needed.

use inference::{Expected, Shape, sha256};
use std::path::PathBuf;
use tch::{CModule, Kind, Tensor};
use tempfile::TempDir;
use torch::{TorchError, TorchScript};

pub const SHAPE: Shape = Shape { rows: 6, columns: 3, context: 3 };
pub const AGENT: &str = "momentum";
pub const SCHEMA_HASH: &str = "0123456789abcdef0123456789abcdef";

/// A file in a folder of its own.
pub struct Place {
    pub folder: TempDir,
    pub path: PathBuf,
    pub sha256: String,
}

impl Place {
    pub fn new(bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.pt");
        std::fs::write(&path, bytes).unwrap();
        Self { folder, path, sha256: sha256(bytes) }
    }

    /// The module that this function of (matrices, contexts) is.
    pub fn traced(forward: fn(&Tensor, &Tensor) -> Tensor) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.pt");
        let size = |sizes: &[i64]| Tensor::ones(sizes, (Kind::Float, tch::Device::Cpu));
        let inputs = [size(&[2, SHAPE.rows as i64, SHAPE.columns as i64]), size(&[2, SHAPE.context as i64])];
        let mut closure = |inputs: &[Tensor]| vec![forward(&inputs[0], &inputs[1])];
        CModule::create_by_tracing("Policy", "forward", &inputs, &mut closure).unwrap().save(&path).unwrap();
        let sha256 = sha256(&std::fs::read(&path).unwrap());
        Self { folder, path, sha256 }
    }

    pub fn expected(&self) -> Expected {
        let (sha256, shape) = (self.sha256.clone(), SHAPE);
        Expected { sha256, schema_hash: SCHEMA_HASH.to_owned(), agent: AGENT.to_owned(), shape }
    }

    pub fn load(&self) -> Result<TorchScript, TorchError> {
        TorchScript::load(&self.path, &self.sha256, SHAPE)
    }
}

/// A policy that can be worked out by hand: softmax of the column sums plus the context.
pub fn policy(matrices: &Tensor, contexts: &Tensor) -> Tensor {
    let sums = matrices.sum_dim_intlist([1_i64].as_slice(), false, Kind::Float);
    (sums + contexts).softmax(-1, Kind::Float)
}

/// What [`policy`] answers, in f64.
pub fn policy_by_hand(matrix: &[f32], context: &[f32]) -> [f64; 3] {
    let powers: [f64; 3] = std::array::from_fn(|column| {
        let cells = matrix.iter().skip(column).step_by(SHAPE.columns);
        (cells.map(|&cell| f64::from(cell)).sum::<f64>() + f64::from(context[column])).exp()
    });
    powers.map(|power| power / powers.iter().sum::<f64>())
}
