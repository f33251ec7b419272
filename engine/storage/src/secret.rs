//! Secrets: passwords and URLs that contain them, kept out of logs, errors and `Debug`.
//!
//! They come from a file that only its owner may read, or from the environment: both are invisible to other users,
//! which an argument is not. A store takes a [`Secret`] and calls [`Secret::expose`] where it connects, nowhere else.
//! Not here: which store wants which secret; wiping memory, which a crate that copies the text on would undo.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Longest secret, in bytes: a URL with a password is far shorter, and a wrong file often is longer.
const SECRET_BYTES_MAX: u64 = 4096;

/// Permission bits of group and world.
const OTHERS: u32 = 0o077;

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Why a secret could not be had. Never contains any of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretError {
    /// The environment variable is not set.
    Unset {
        /// Its name.
        variable: String,
    },
    /// The file cannot be read.
    Unreadable {
        /// Which.
        file: PathBuf,
        /// What the system says.
        why: String,
    },
    /// Others than its owner may read the file.
    Open {
        /// Which.
        file: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// There is nothing in it, or what is in it is no line of text of at most 4,096 bytes.
    NoLine {
        /// The variable or file.
        place: String,
    },
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset { variable } => {
                write!(f, "the environment variable {variable} is not set; set it, or name a file instead")
            }
            Self::Unreadable { file, why } => write!(f, "{} cannot be read: {why}", file.display()),
            Self::Open { file, mode } => {
                let file = file.display();
                write!(f, "{file} may be read by others (mode {mode:03o}); run chmod 600 {file}")
            }
            Self::NoLine { place } => {
                write!(f, "{place} does not hold one line of text of at most {SECRET_BYTES_MAX} bytes")
            }
        }
    }
}

impl std::error::Error for SecretError {}

impl Secret {
    /// From the environment variable `name`.
    ///
    /// # Errors
    /// [`SecretError`] if it is not set, or not one line of text.
    pub fn from_env(name: &str) -> Result<Self, SecretError> {
        let text = std::env::var_os(name).ok_or_else(|| SecretError::Unset { variable: name.to_owned() })?;
        let place = format!("the environment variable {name}");
        Self::line(text.to_str().unwrap_or_default(), place)
    }

    /// From the first and only line of a file that only its owner may read.
    ///
    /// # Errors
    /// [`SecretError`] if it cannot be read, may be read by others, or is not one line of text.
    pub fn from_file(path: &Path) -> Result<Self, SecretError> {
        let unreadable =
            |error: std::io::Error| SecretError::Unreadable { file: path.to_owned(), why: error.to_string() };
        let file = File::open(path).map_err(unreadable)?;
        let mode = file.metadata().map_err(unreadable)?.mode() & 0o777;
        if mode & OTHERS != 0 {
            return Err(SecretError::Open { file: path.to_owned(), mode });
        }
        let mut bytes = Vec::new();
        file.take(SECRET_BYTES_MAX + 2).read_to_end(&mut bytes).map_err(unreadable)?;
        Self::line(std::str::from_utf8(&bytes).unwrap_or_default(), path.display().to_string())
    }

    /// A secret that is already in memory: one that was worked out from others, or a test's.
    ///
    /// # Errors
    /// [`SecretError::NoLine`] if it is not one line of text.
    pub fn of(text: &str) -> Result<Self, SecretError> {
        Self::line(text, "the secret".to_owned())
    }

    fn line(text: &str, place: String) -> Result<Self, SecretError> {
        let line = text.strip_suffix('\n').unwrap_or(text);
        let line = line.strip_suffix('\r').unwrap_or(line);
        let fits = !line.is_empty() && line.len() as u64 <= SECRET_BYTES_MAX;
        if fits && !line.contains(['\n', '\r', '\0']) {
            Ok(Self(line.to_owned()))
        } else {
            Err(SecretError::NoLine { place })
        }
    }

    /// The text itself, for the call that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `text`, with every occurrence of this secret in it replaced: for what a library says of a failure.
    pub fn redact(&self, text: &str) -> String {
        text.replace(&self.0, "***")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    fn check(content: &[u8], mode: u32, expected: Result<&str, &str>) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("password");
        fs::write(&path, content).expect("written");
        fs::set_permissions(&path, Permissions::from_mode(mode)).expect("set");
        let found = Secret::from_file(&path).map_err(|error| error.to_string());
        match (found, expected) {
            (Ok(secret), Ok(text)) => assert_eq!(secret.expose(), text),
            (Err(error), Err(part)) => {
                assert!(error.contains(part) && !error.contains("canary"), "{error:?} has {part:?}");
            }
            (found, expected) => panic!("{found:?} is not {expected:?}"),
        }
    }

    #[test]
    fn a_file_of_one_private_line_is_a_secret() {
        check(b"canary", 0o600, Ok("canary"));
        check(b"canary\n", 0o400, Ok("canary"));
        check(b" canary \r\n", 0o600, Ok(" canary "));
        for mode in [0o640, 0o604, 0o666, 0o620, 0o601] {
            check(b"canary", mode, Err("chmod 600"));
        }
        for content in [&b""[..], b"\n", b"canary\nmore\n", b"canary\n\n", b"\xffcanary", &[b'x'; 4097]] {
            check(content, 0o600, Err("does not hold one line"));
        }
        check(&[b'x'; 4096], 0o600, Ok(&"x".repeat(4096)));
        let missing = Secret::from_file(Path::new("/nowhere/password")).expect_err("it is not there");
        assert!(missing.to_string().starts_with("/nowhere/password cannot be read"));
    }

    #[test]
    fn a_variable_is_found_or_named() {
        let secret = Secret::from_env("PATH").expect("every process has a path");
        assert_eq!(Some(secret.expose()), std::env::var("PATH").ok().as_deref());
        let error = Secret::from_env("GRANDMODEL_NEVER_SET").expect_err("it is not set");
        assert_eq!(error, SecretError::Unset { variable: "GRANDMODEL_NEVER_SET".to_owned() });
    }

    #[test]
    fn nothing_prints_it() {
        let secret = Secret::of("canary").expect("a line");
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "Secret(***) Some(Secret(***))");
        assert_eq!(secret.redact("redis://:canary@host said canary"), "redis://:***@host said ***");
    }
}
