//! The largest sizes a network may have: what a file claims is compared with these before anything is allocated.
//!
//! They are far above any network that answers in microseconds, and low enough that the worst file costs
//! megabytes and a clear sentence.

/// Rows of an observation's matrix.
pub const ROWS_MAX: usize = 4_096;
/// Columns of an observation's matrix.
pub const COLUMNS_MAX: usize = 4_096;
/// Length of the context vector.
pub const CONTEXT_MAX: usize = 4_096;
/// Layers of a network, those without weights included.
pub const LAYERS_MAX: usize = 64;
/// Numbers that one observation may become between two layers.
pub const ACTIVATIONS_MAX: usize = 1 << 20;
/// Weights and biases of a network: 64 MiB.
pub const PARAMETERS_MAX: usize = 1 << 24;
/// Taps of a convolution.
pub const TAPS_MAX: usize = 256;
/// Length of a model file, in bytes.
pub const FILE_BYTES_MAX: u64 = 72 << 20;
/// Length of a model file's header, in bytes.
pub const HEADER_BYTES_MAX: u64 = 256 << 10;

const _: () = assert!(PARAMETERS_MAX as u64 * 4 + HEADER_BYTES_MAX < FILE_BYTES_MAX);
const _: () = assert!(ROWS_MAX <= ACTIVATIONS_MAX && COLUMNS_MAX <= ACTIVATIONS_MAX);
