//! Why a configuration is refused: one sentence with file, line, key, cause and remedy.
//!
//! Not here: the exit status; every one of these is 2 (`failure`).

use super::node::Origin;
use std::fmt;
use std::path::PathBuf;

/// Where a refused value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The configuration file, as it was named.
    pub file: String,
    /// Where in it, or beside it.
    pub origin: Origin,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.origin {
            Origin::Default => write!(f, "{} (default)", self.file),
            Origin::File { line } => write!(f, "{}:{line}", self.file),
            Origin::Set => f.write_str("--set"),
            Origin::Flag(flag) => f.write_str(flag),
        }
    }
}

/// Why a configuration is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigError {
    /// The file cannot be read; name one that can.
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        cause: String,
    },
    /// The file is not TOML; mend the line.
    NotToml {
        /// The file.
        file: String,
        /// The line, 1-based.
        line: u32,
        /// What the parser says.
        message: String,
    },
    /// The text of a `--set` is not KEY=VALUE.
    NotAnOverride {
        /// The text.
        text: String,
    },
    /// No such key; the nearest known one is named.
    UnknownKey {
        /// Where it was written.
        place: Place,
        /// Its full path.
        path: String,
        /// The nearest known key or section.
        nearest: String,
    },
    /// A value that cannot be right.
    Value {
        /// Where it was written.
        place: Place,
        /// The key's full path.
        path: String,
        /// What is wrong and what to do, without a subject: "is -5, which …; write …".
        problem: String,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { file, cause } => {
                let file = file.display();
                write!(f, "the configuration file {file} cannot be read ({cause}); name one that can be")
            }
            Self::NotToml { file, line, message } => {
                write!(f, "{file}:{line}: this line is not TOML ({message}); correct it")
            }
            Self::NotAnOverride { text } => {
                write!(
                    f,
                    "--set {text} is not of the form KEY=VALUE; write for example --set run.layout=split"
                )
            }
            Self::UnknownKey { place, path, nearest } => {
                write!(f, "{place}: {path} is no known key; the nearest is {nearest}")
            }
            Self::Value { place, path, problem } => write!(f, "{place}: {path} {problem}"),
        }
    }
}

impl std::error::Error for ConfigError {}
