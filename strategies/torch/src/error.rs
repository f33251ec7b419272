//! Why a TorchScript file is refused: one sentence each, naming the file and the remedy.

use inference::{ModelError, OUTPUTS};
use std::fmt;
use std::path::PathBuf;
use tch::TchError;

/// A TorchScript file or its sidecar that is not used, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct TorchError {
    /// The file that is wrong.
    pub file: PathBuf,
    /// What is wrong with it.
    pub problem: TorchProblem,
}

/// What is wrong with a TorchScript file or its sidecar.
#[derive(Debug, Clone, PartialEq)]
pub enum TorchProblem {
    /// What can be wrong with any model file: it cannot be read, its hash, its agent, its features, its vector.
    Model(ModelError),
    /// libtorch does not load it.
    Load {
        /// What libtorch says.
        cause: String,
    },
    /// It loads and does not run on observations of the configured shape.
    Run {
        /// What libtorch says, or how its answer is shaped.
        cause: String,
    },
    /// It answers with numbers that are not probabilities.
    NotProbabilities {
        /// Its answer to an observation of zeros, or to the test vector.
        found: [f32; OUTPUTS],
    },
}

impl From<ModelError> for TorchProblem {
    fn from(error: ModelError) -> Self {
        Self::Model(error)
    }
}

impl fmt::Display for TorchProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Model(error) => write!(f, "{error}"),
            Self::Load { cause } => {
                write!(f, "libtorch cannot load it ({cause}); save it with torch.jit.save or export it again")
            }
            Self::Run { cause } => write!(
                f,
                "it does not answer observations of the configured shape ({cause}); configure the matrix it was \
                 trained on, or export a module that takes [n, rows, columns] and [n, context]"
            ),
            Self::NotProbabilities { found } => write!(
                f,
                "it answers {found:?}, which are no probabilities; export it with its softmax at the end"
            ),
        }
    }
}

impl fmt::Display for TorchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "model file {}: {}", self.file.display(), self.problem)
    }
}

impl std::error::Error for TorchError {}

/// What libtorch says, in one line: its message without the trace of its own calls.
pub(crate) fn one_line(error: &TchError) -> String {
    let text = match error {
        TchError::Torch(text) => text.clone(),
        other => other.to_string(),
    };
    let line = text.lines().map(str::trim).rev().find(|line| line.contains("Error: "));
    let line = line.or_else(|| text.lines().map(str::trim).find(|line| !line.is_empty()));
    line.unwrap_or("no reason given").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(one_line(&TchError::Torch(text.to_owned())), expected);
    }

    #[test]
    fn libtorch_is_quoted_in_one_line() {
        check(
            "PytorchStreamReader failed\nframe #0: c10::Error\nframe #1: ...",
            "PytorchStreamReader failed",
        );
        check(
            "The following operation failed in the TorchScript interpreter.\nTraceback of TorchScript\n  File \
             \"a.py\", line 3\nRuntimeError: mat1 and mat2 shapes cannot be multiplied (1x9 and 8x3)\n",
            "RuntimeError: mat1 and mat2 shapes cannot be multiplied (1x9 and 8x3)",
        );
        check("\n", "no reason given");
    }
}
