//! The canonical encoding and its running hash.
//!
//! Why: "same answer" must be one comparison. Each stage hashes what it emits: 64-byte events as they
//! lie in memory (little-endian, no padding), then the words of the larger results they announce.
//! Floats enter by their bits with one NaN. No wall clock and no run id ever enters.
//!
//! The hash of a stream of bytes is a chain, so that it can be saved at any byte and continued. The stream is cut into
//! blocks of 4,096 bytes, the last one shorter and possibly empty: b₀, b₁, …, bₙ. With H = xxh3-128 (seed 0, the
//! standard secret), its value as 16 little-endian bytes, and ‖ for one after the other:
//!
//! ```text
//! c₀ = 16 bytes of 0        cᵢ₊₁ = H(cᵢ ‖ H(bᵢ)) for each full block        hash of the stream = H(cₙ ‖ H(bₙ))
//! ```
//!
//! So a hash under way is a chain value and fewer than 4,096 pending bytes. A block's own hash stands between it and
//! the chain, so that blocks are hashed where they lie: a batch of ticks is not copied.
//! Not here: checksums of files.

use crate::Event;
use crate::state::{State, StateError, StateReader, StateWriter, Value};
use twox_hash::XxHash3_128;

#[cfg(target_endian = "big")]
compile_error!("events are hashed as they lie in memory: a big-endian port must encode them first");

/// Bytes of a block. Large, so that its end costs little beside its bytes; a multiple of an event.
const BLOCK_BYTES: usize = 4096;

/// Bytes that wait: two blocks, so that a full one can wait until there is time for it ([`StreamHash::catch_up`]).
const PENDING_BYTES: usize = 2 * BLOCK_BYTES;

const _: () = assert!(BLOCK_BYTES.is_multiple_of(size_of::<Event>()), "events do not straddle blocks");

/// A running 128-bit hash over everything one stage emits.
#[derive(Clone)]
pub struct StreamHash {
    /// cᵢ.
    chain: u128,
    /// At most a full block that waits, and the block in the making.
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

/// The chain's next value: after the block, or of the whole stream if it is the last.
fn link(chain: u128, block: &[u8]) -> u128 {
    let block = XxHash3_128::oneshot(block);
    let mut both = [0; 32];
    both[..16].copy_from_slice(&chain.to_le_bytes());
    both[16..].copy_from_slice(&block.to_le_bytes());
    XxHash3_128::oneshot(&both)
}

impl StreamHash {
    /// The hash of nothing yet.
    pub fn new() -> Self {
        Self { chain: 0, pending: [0; PENDING_BYTES], pending_len: 0 }
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

    /// There is no room for these bytes.
    #[inline(never)]
    fn write_through(&mut self, mut bytes: &[u8]) {
        self.link_full_blocks();
        if self.pending_len + bytes.len() <= PENDING_BYTES {
            return self.write(bytes);
        }
        if self.pending_len > 0 {
            let (head, rest) = bytes.split_at(BLOCK_BYTES - self.pending_len);
            self.pending[self.pending_len..BLOCK_BYTES].copy_from_slice(head);
            self.chain = link(self.chain, &self.pending[..BLOCK_BYTES]);
            bytes = rest;
        }
        let (blocks, rest) = bytes.as_chunks::<BLOCK_BYTES>();
        for block in blocks {
            self.chain = link(self.chain, block);
        }
        self.pending[..rest.len()].copy_from_slice(rest);
        self.pending_len = rest.len();
    }

    /// Hashes the block that waits, if one is full. Asked where there is time for it, so that there is room where
    /// there is none.
    #[inline]
    pub fn catch_up(&mut self) {
        if self.pending_len >= BLOCK_BYTES {
            self.link_full_blocks();
        }
    }

    #[inline(never)]
    fn link_full_blocks(&mut self) {
        let full = self.pending_len / BLOCK_BYTES * BLOCK_BYTES;
        for block in self.pending[..full].as_chunks::<BLOCK_BYTES>().0 {
            self.chain = link(self.chain, block);
        }
        self.pending.copy_within(full..self.pending_len, 0);
        self.pending_len -= full;
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
        let mut whole = self.clone();
        whole.link_full_blocks();
        link(whole.chain, &whole.pending[..whole.pending_len])
    }
}

/// The chain value, and what is pending with its length.
impl State for StreamHash {
    fn save(&self, to: &mut StateWriter) {
        let mut whole = self.clone();
        whole.link_full_blocks();
        let Self { chain, pending, pending_len } = &whole;
        chain.put(to);
        to.len(*pending_len);
        to.bytes(&pending[..*pending_len]);
    }

    fn load(&mut self, from: &mut StateReader<'_>) -> Result<(), StateError> {
        self.chain = Value::read(from)?;
        let len = from.list_len(BLOCK_BYTES - 1)?;
        self.pending[..len].copy_from_slice(from.bytes(len)?);
        self.pending_len = len;
        Ok(())
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
    use proptest::prelude::*;

    /// The definition, over the whole stream.
    fn reference(stream: &[u8]) -> u128 {
        let linked = |chain: u128, block: &[u8]| {
            let parts = [chain, XxHash3_128::oneshot(block)].map(u128::to_le_bytes);
            XxHash3_128::oneshot(&parts.concat())
        };
        let full = stream.len() / 4096 * 4096;
        let chain = stream[..full].chunks(4096).fold(0, linked);
        linked(chain, &stream[full..])
    }

    proptest! {
        #[test]
        fn cutting_a_stream_does_not_change_its_hash(
            len in prop_oneof![0_usize..200, 4090_usize..4100, 8185_usize..8200, 0_usize..20_000],
            cuts in prop::collection::vec(0_usize..5000, 0..20),
        ) {
            let stream: Vec<u8> = (0..len).map(|i| (i * i / 7) as u8).collect();
            let (mut parts, mut rest) = (StreamHash::new(), &stream[..]);
            for cut in cuts {
                let (part, after) = rest.split_at(cut.min(rest.len()));
                parts.write(part);
                if part.len() % 2 == 0 {
                    parts.catch_up();
                }
                prop_assert_eq!(parts.value(), reference(&stream[..stream.len() - after.len()]));
                rest = after;
            }
            parts.write(rest);
            prop_assert_eq!(parts.value(), reference(&stream));
        }
    }

    #[test]
    fn the_definition_does_not_move() {
        let hash_of = |words: std::ops::Range<u64>| {
            let mut hash = StreamHash::new();
            hash.words(&words.collect::<Vec<_>>());
            hash.value()
        };
        // As the xxHash project's own library gives them.
        assert_eq!(hash_of(0..0), 0x610f_45a1_1794_815b_7a1e_be9d_5a5a_9c77);
        assert_eq!(hash_of(0..1000), 0xa074_ba95_d6b2_a34c_e8c5_fbe0_4913_1525);
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
