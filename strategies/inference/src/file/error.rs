//! Why a model file is refused: one sentence each, naming the file and the remedy.

use crate::limits::{FILE_BYTES_MAX, HEADER_BYTES_MAX};
use crate::{NetworkError, OUTPUTS, Shape};
use std::fmt;
use std::path::PathBuf;

/// A model file that is not used, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelFileError {
    /// The file.
    pub file: PathBuf,
    /// What is wrong with it.
    pub error: ModelError,
}

impl fmt::Display for ModelFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "model file {}: {}", self.file.display(), self.error)
    }
}

impl std::error::Error for ModelFileError {}

/// What is wrong with a model file.
#[derive(Debug, Clone, PartialEq)]
pub enum ModelError {
    /// It cannot be opened or read.
    Unreadable {
        /// What the operating system says.
        cause: String,
    },
    /// It cannot be written.
    Unwritable {
        /// What the operating system says.
        cause: String,
    },
    /// It is longer than [`FILE_BYTES_MAX`].
    TooLarge {
        /// Its length, if that is known.
        bytes: u64,
    },
    /// It is of a format that is never read.
    Foreign {
        /// The format.
        format: &'static str,
    },
    /// The configured hash is not one.
    HashMalformed {
        /// What is configured.
        configured: String,
    },
    /// Its SHA-256 is not the configured one.
    Hash {
        /// Configured, in lower-case hex.
        expected: String,
        /// The file's, in lower-case hex.
        found: String,
    },
    /// Its header claims to be longer than [`HEADER_BYTES_MAX`] or than the file.
    HeaderLength {
        /// What it claims, in bytes.
        claimed: u64,
        /// Length of the file, in bytes.
        file: u64,
    },
    /// Its header is not one of `safetensors`.
    Header {
        /// What the parser says.
        cause: String,
    },
    /// A key is missing in the header's metadata.
    MetadataMissing {
        /// The key.
        key: &'static str,
    },
    /// It is `safetensors`, and not a model of this program.
    Format {
        /// Its `format`.
        found: String,
    },
    /// Its `schema_version` is not one this program reads.
    Version {
        /// Its version.
        found: String,
    },
    /// Its network is inconsistent.
    Network(NetworkError),
    /// It answers with another number of outputs than a policy, or without a softmax.
    NotAPolicy {
        /// Outputs.
        outputs: usize,
    },
    /// It was made for another agent.
    Agent {
        /// Configured.
        expected: String,
        /// The file's.
        found: String,
    },
    /// It was trained on other features.
    Schema {
        /// The hash of the run's features.
        expected: String,
        /// The hash in the file.
        found: String,
    },
    /// It sees another shape of observation.
    Shape {
        /// What the run provides.
        expected: Shape,
        /// What the network takes.
        found: Shape,
    },
    /// A tensor is missing.
    TensorMissing {
        /// Its name.
        name: String,
    },
    /// A tensor that the network does not use.
    TensorUnknown {
        /// Its name.
        name: String,
    },
    /// A tensor of another type than f32.
    TensorType {
        /// Its name.
        name: String,
        /// Its type.
        found: String,
    },
    /// A tensor of another shape than the network says.
    TensorShape {
        /// Its name.
        name: String,
        /// What the network says.
        expected: Vec<usize>,
        /// What the file has.
        found: Vec<usize>,
    },
    /// A tensor with a number that is NaN or infinite.
    TensorNotFinite {
        /// Its name.
        name: String,
        /// The first such number's index.
        index: usize,
    },
    /// The network does not give the test vector's output.
    TestVector {
        /// The largest difference.
        difference: f64,
        /// The largest one allowed.
        difference_max: f64,
    },
}

impl From<NetworkError> for ModelError {
    fn from(error: NetworkError) -> Self {
        Self::Network(error)
    }
}

impl ModelError {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "check the path and its permissions",
            Self::Unwritable { .. } => "check the folder and its space",
            Self::TooLarge { .. } => "make the network smaller",
            Self::Foreign { .. } => "export it as safetensors",
            Self::HashMalformed { .. } => "configure what sha256sum prints",
            Self::Hash { .. } => "restore the file, or configure its hash if you trust it",
            Self::HeaderLength { .. } | Self::Header { .. } => {
                "the file is damaged or no safetensors file, so export it again"
            }
            Self::MetadataMissing { .. } | Self::Format { .. } => "export it with this project's writer",
            Self::Version { .. } => "use the program that wrote it or export it again",
            Self::Network(_) => "export a consistent network",
            Self::NotAPolicy { .. } => "use a policy's file",
            Self::Agent { .. } => "configure another file",
            Self::Schema { .. } => "train it on these features or restore the configuration of its features",
            Self::Shape { .. } => "configure the matrix it was trained on",
            Self::TensorMissing { .. } | Self::TensorShape { .. } => "export it again",
            Self::TensorUnknown { .. } => "remove it or export it again",
            Self::TensorType { .. } => "export it as F32",
            Self::TensorNotFinite { .. } => "its training diverged, so use an earlier checkpoint",
            Self::TestVector { .. } => "its weights or their order are wrong, so export it again",
        }
    }

    /// What is wrong, without the remedy.
    fn cause(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { cause } => write!(f, "cannot be read ({cause})"),
            Self::Unwritable { cause } => write!(f, "cannot be written ({cause})"),
            Self::TooLarge { bytes } => write!(f, "is {bytes} bytes long, more than {FILE_BYTES_MAX}"),
            Self::Foreign { format } => write!(f, "is {format}, which is never read"),
            Self::HashMalformed { configured } => {
                write!(f, "the configured SHA-256 {configured:?} is not 64 hex digits")
            }
            Self::Hash { expected, found } => write!(f, "has SHA-256 {found} and {expected} is configured"),
            Self::HeaderLength { claimed, file } => write!(
                f,
                "its header claims {claimed} bytes of a file of {file} (at most {HEADER_BYTES_MAX} are read)"
            ),
            Self::Header { cause } => write!(f, "its header is not one of safetensors ({cause})"),
            Self::MetadataMissing { key } => write!(f, "its metadata has no {key:?}"),
            Self::Format { found } => write!(f, "its format is {found:?} and not {:?}", super::FORMAT),
            Self::Version { found } => {
                write!(f, "has schema_version {found} and this program reads {}", super::SCHEMA_VERSION)
            }
            Self::Network(error) => write!(f, "{error}"),
            Self::NotAPolicy { outputs } => {
                write!(
                    f,
                    "its network gives {outputs} outputs, and a policy ends in a softmax over {OUTPUTS}"
                )
            }
            Self::Agent { expected, found } => {
                write!(f, "is a model of agent {found:?} and is configured for {expected:?}")
            }
            Self::Schema { expected, found } => {
                write!(f, "was trained on features with schema hash {found}, and this run has {expected}")
            }
            Self::Shape { expected, found } => {
                write!(
                    f,
                    "takes observations of {found} (rows x columns + context) and this run makes {expected}"
                )
            }
            Self::TensorMissing { name } => write!(f, "has no tensor {name:?}"),
            Self::TensorUnknown { name } => write!(f, "has a tensor {name:?} that its network does not use"),
            Self::TensorType { name, found } => write!(f, "its tensor {name:?} is of type {found}"),
            Self::TensorShape { name, expected, found } => {
                write!(f, "its tensor {name:?} has shape {found:?} where its network says {expected:?}")
            }
            Self::TensorNotFinite { name, index } => {
                write!(f, "its tensor {name:?} is not finite at index {index}")
            }
            Self::TestVector { difference, difference_max } => {
                write!(f, "differs from its own test vector by {difference:e}, more than {difference_max:e}")
            }
        }
    }
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause(f)?;
        // What is wrong with a network says itself how to mend it.
        if matches!(self, Self::Network(_)) { Ok(()) } else { write!(f, "; {}", self.remedy()) }
    }
}

impl std::error::Error for ModelError {}
