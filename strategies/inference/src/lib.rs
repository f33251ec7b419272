//! Networks that answer in microseconds, the same bits on every machine.
//!
//! A policy is a chain of small layers ([`NetworkDescription`]); its file ([`load`]) is `safetensors`, checked
//! by hash, by shape and by a test vector. A [`Backend`] answers batches of observations: [`Native`] with the
//! kernels of this crate, others with runtimes of their own, and [`Cached`] before any of them remembers
//! answers.
//!
//! Why our own kernels: the default networks are some 80,000 multiply-adds, which general runtimes take longer
//! to dispatch than to compute; and what an agent decides must replay bit by bit on another machine, which
//! general runtimes do not promise. `kernels/mod.rs` fixes the order of every operation.
//!
//! Not here: what agents do with probabilities (`agents`), training, other runtimes.

mod backend;
mod batch;
mod cache;
mod cached;
mod description;
mod file;
mod geometry;
mod instructions;
mod kernels;
pub mod limits;
mod native;
mod network;
mod network_error;
mod packed;
mod plan;
mod shape;
mod weights;

pub use backend::{Backend, EvaluateError, refuse_not_finite};
pub use batch::Batch;
pub use cache::{CACHE_ENTRIES_DEFAULT, CACHE_ENTRIES_MAX};
pub use cached::Cached;
pub use description::{Layer, NETWORK_VERSION, NetworkDescription};
pub use file::{
    Expected, Model, ModelError, ModelFile, ModelFileError, TestVector, load, load_bytes, sha256,
};
pub use instructions::InstructionSet;
pub use native::Native;
pub use network::{Network, Scratch};
pub use network_error::{LayerProblem, NetworkError};
pub use shape::{OUTPUTS, Shape};
pub use weights::{LayerWeights, seeded_inputs, untrained, untrained_weights};
