//! Networks in TorchScript, answered by libtorch: the second runtime behind `inference::Backend`.
//!
//! **Without the cargo feature `libtorch`, which is off by default, this crate is empty**, so that building and
//! testing the workspace needs no libtorch. With it:
//!
//! ```text
//! scripts/setup-torch.sh                  # 500 MB into target/torch; prints the next line
//! export LIBTORCH=...
//! cargo test -p torch --features libtorch
//! cargo run --release -p daemon --features libtorch -- ...   # agents.backend = "torch"
//! ```
//!
//! A `TorchScript` is loaded from a file whose SHA-256 is configured, checked for its shape, for giving
//! probabilities and, where a [sidecar](#sidecar) is given, for its purpose and its test vector. It then answers
//! like the native backend, to within 1e-5 (`tests/agreement.rs`), and some eight times slower at batch 1
//! (`examples/speed.rs`).
//!
//! # Why
//! For networks of layers that the native kernels do not have: whatever PyTorch can trace can be asked. The
//! default networks are faster by the native backend, which also gives the same bits on every machine. libtorch
//! chooses its kernels by processor, so that its last bits belong to the machine and the version.
//!
//! # Sidecar
//! A `safetensors` file with the tensors `test.matrix`, `test.context` and `test.output`, and the metadata `agent`
//! and `schema_hash`. The native model file from which a TorchScript file was exported is one.
//!
//! Not here: training, exporting (`scripts/export-torchscript.py`), graphics cards, which agent asks.

#[cfg(feature = "libtorch")]
mod error;
#[cfg(feature = "libtorch")]
mod file;
#[cfg(feature = "libtorch")]
mod script;
#[cfg(feature = "libtorch")]
mod sidecar;

#[cfg(feature = "libtorch")]
pub use error::{TorchError, TorchProblem};
#[cfg(feature = "libtorch")]
pub use script::TorchScript;
