//! The bytes of a file, once their hash is known to be the configured one.
//!
//! Why in memory: what is hashed is then what libtorch parses, and nobody can change the file between the two. That
//! matters here, since a TorchScript file is a program.

use inference::limits::FILE_BYTES_MAX;
use inference::{ModelError, sha256};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The whole file, which must not grow beyond its limit while it is read.
///
/// # Errors
/// [`ModelError::Unreadable`], [`ModelError::TooLarge`].
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, ModelError> {
    let unreadable = |error: std::io::Error| ModelError::Unreadable { cause: error.to_string() };
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(ModelError::Unreadable { cause: "it is not a regular file".to_owned() });
    }
    let mut bytes = Vec::new();
    let mut file = File::open(path).map_err(unreadable)?.take(FILE_BYTES_MAX + 1);
    file.read_to_end(&mut bytes).map_err(unreadable)?;
    let length = metadata.len().max(bytes.len() as u64);
    if length > FILE_BYTES_MAX { Err(ModelError::TooLarge { bytes: length }) } else { Ok(bytes) }
}

/// The whole file, if this is its hash.
///
/// # Errors
/// As [`read`]; [`ModelError::HashMalformed`], [`ModelError::Hash`].
pub(crate) fn read_hashed(path: &Path, configured: &str) -> Result<Vec<u8>, ModelError> {
    if configured.len() != 64 || !configured.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(ModelError::HashMalformed { configured: configured.to_owned() });
    }
    let bytes = read(path)?;
    let (expected, found) = (configured.to_ascii_lowercase(), sha256(&bytes));
    if found == expected { Ok(bytes) } else { Err(ModelError::Hash { expected, found }) }
}
