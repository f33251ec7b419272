//! Writing state.

use super::{NAME_BYTES, Value, name_bytes};
use twox_hash::XxHash3_128;

/// Bytes of a section's length and of its checksum.
pub(super) const LENGTH_BYTES: usize = 8;
pub(super) const CHECKSUM_BYTES: usize = 16;

/// Bytes to which state is appended.
#[derive(Debug, Default)]
pub struct StateWriter {
    bytes: Vec<u8>,
}

impl StateWriter {
    /// Nothing written yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same in the memory of a buffer, whose content is dropped.
    pub fn reusing(mut buffer: Vec<u8>) -> Self {
        buffer.clear();
        Self { bytes: buffer }
    }

    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Appends bytes as they are.
    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Appends a length.
    #[inline]
    pub fn len(&mut self, len: usize) {
        (len as u64).put(self);
    }

    /// Appends a section: its name, the length and the xxh3-128 of what `save` writes, and that.
    ///
    /// # Panics
    /// If the name is empty or longer than 16 bytes.
    pub fn section(&mut self, name: &'static str, save: impl FnOnce(&mut Self)) {
        self.mark(name);
        let head = self.bytes.len();
        self.bytes.extend_from_slice(&[0; LENGTH_BYTES + CHECKSUM_BYTES]);
        let start = self.bytes.len();
        save(self);
        let (before, body) = self.bytes.split_at_mut(start);
        let (length, checksum) = before[head..].split_at_mut(LENGTH_BYTES);
        length.copy_from_slice(&(body.len() as u64).to_le_bytes());
        checksum.copy_from_slice(&XxHash3_128::oneshot(body).to_le_bytes());
    }

    /// Appends a name, so that a reader that is out of step notices here.
    ///
    /// # Panics
    /// If the name is empty or longer than 16 bytes.
    pub fn mark(&mut self, name: &'static str) {
        let bytes: [u8; NAME_BYTES] = name_bytes(name);
        self.bytes.extend_from_slice(&bytes);
    }
}
