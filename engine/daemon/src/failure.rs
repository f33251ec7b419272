//! How a command fails, and the exit status it leaves.
//!
//! | status | when |
//! | --- | --- |
//! | 0 | done |
//! | 1 | it could not be done: data, venue, disk |
//! | 2 | usage or configuration |

use crate::config::ConfigError;
use std::fmt;

/// Why a command failed: one sentence that names the file, row or key, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Usage or configuration: the user can mend it where it was written.
    Usage(String),
    /// It could not be done.
    Failed(String),
}

impl Failure {
    /// stdout does not take what is printed.
    pub fn output(error: &std::io::Error) -> Self {
        Self::Failed(format!("stdout cannot be written ({error}); send it where there is room"))
    }

    /// The exit status.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Failed(_) => 1,
            Self::Usage(_) => 2,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Usage(sentence) | Self::Failed(sentence)) = self;
        f.write_str(sentence)
    }
}

impl std::error::Error for Failure {}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Usage(error.to_string())
    }
}
