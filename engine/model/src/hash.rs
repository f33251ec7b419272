//! The canonical encoding and its running hash.
//!
//! Why: "same answer" must be one comparison. Each stage hashes what it emits: 64-byte events as they
//! lie in memory (little-endian, no padding), then the words of the larger results they announce.
//! Floats enter by their bits with one NaN. No wall clock and no run id ever enters.
//! Not here: checksums of files.

use crate::Event;
use twox_hash::xxhash3_128;

#[cfg(target_endian = "big")]
compile_error!("events are hashed as they lie in memory: a big-endian port must encode them first");

/// Bytes that wait before they are hashed: a call of the hash costs more than a few bytes do.
const PENDING_BYTES: usize = 1024;

/// A running 128-bit xxh3 over everything one stage emits.
#[derive(Clone)]
pub struct StreamHash {
    inner: xxhash3_128::Hasher,
    pending: [u8; PENDING_BYTES],
    pending_len: usize,
}

impl std::fmt::Debug for StreamHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StreamHash({:032x})", self.value())
    }
}

impl Default for StreamHash {
    fn default() -> Self {
        Self::new()
    }
}

impl StreamHash {
    /// The hash of nothing yet.
    pub fn new() -> Self {
        Self { inner: xxhash3_128::Hasher::new(), pending: [0; PENDING_BYTES], pending_len: 0 }
    }

    /// Adds bytes, in order. How they are cut into calls does not matter.
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let end = self.pending_len + bytes.len();
        if end <= PENDING_BYTES {
            self.pending[self.pending_len..end].copy_from_slice(bytes);
            self.pending_len = end;
        } else {
            self.write_through(bytes);
        }
    }

    #[inline(never)]
    fn write_through(&mut self, bytes: &[u8]) {
        self.hash_pending();
        if bytes.len() > PENDING_BYTES {
            self.inner.write(bytes);
        } else {
            self.write(bytes);
        }
    }

    /// Hashes what waits, if that is half of what may wait or more. Asked where there is time for it, so that there is
    /// room where there is none.
    #[inline]
    pub fn catch_up(&mut self) {
        if self.pending_len >= PENDING_BYTES / 2 {
            self.hash_pending();
        }
    }

    #[inline(never)]
    fn hash_pending(&mut self) {
        self.inner.write(&self.pending[..self.pending_len]);
        self.pending_len = 0;
    }

    /// Adds events, in order. How a run of events is cut into calls does not matter.
    #[inline]
    pub fn events(&mut self, events: &[Event]) {
        self.write(bytemuck::cast_slice(events));
    }

    /// Adds words, little-endian.
    #[inline]
    pub fn words(&mut self, words: &[u64]) {
        self.write(bytemuck::cast_slice(words));
    }

    /// Adds one 128-bit amount.
    #[inline]
    pub fn amount(&mut self, raw: i128) {
        self.write(&raw.to_le_bytes());
    }

    /// Adds 128-bit amounts, in one go.
    #[inline]
    pub fn amounts(&mut self, raw: &[i128]) {
        self.write(bytemuck::cast_slice(raw));
    }

    /// Adds a float by its bits; every NaN is the same one.
    #[inline]
    pub fn float(&mut self, value: f64) {
        let bits = if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() };
        self.words(&[bits]);
    }

    /// Adds 32-bit floats by their bits, in one go. None may be NaN: it has more than one form.
    #[inline]
    pub fn cells(&mut self, cells: &[f32]) {
        debug_assert!(cells.iter().all(|cell| !cell.is_nan()), "a cell is a number");
        self.write(bytemuck::cast_slice(cells));
    }

    /// The hash so far.
    pub fn value(&self) -> u128 {
        let mut whole = self.inner.clone();
        whole.write(&self.pending[..self.pending_len]);
        whole.finish_128()
    }
}

/// One hash of several, in order: the stages' hashes, inputs first.
pub fn combine_hashes(hashes: &[u128]) -> u128 {
    let mut all = StreamHash::new();
    for hash in hashes {
        all.write(&hash.to_le_bytes());
    }
    all.value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cutting_a_stream_does_not_change_its_hash() {
        let words: Vec<u64> = (0..1000).collect();
        let mut whole = StreamHash::new();
        whole.words(&words);
        for cut in [1, 7, 31, 32, 33, 500] {
            let (mut parts, mut caught_up) = (StreamHash::new(), StreamHash::new());
            for chunk in words.chunks(cut) {
                parts.words(chunk);
                caught_up.words(chunk);
                caught_up.catch_up();
            }
            let values = (parts.value(), caught_up.value());
            assert_eq!(values, (whole.value(), whole.value()), "cut every {cut}");
        }
    }

    #[test]
    fn there_is_one_nan_and_two_zeros() {
        let of = |value: f64| {
            let mut hash = StreamHash::new();
            hash.float(value);
            hash.value()
        };
        assert_eq!(of(f64::NAN), of(-f64::NAN));
        assert_ne!(of(0.0), of(-0.0));
    }
}
