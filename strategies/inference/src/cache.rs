//! A bounded memory of answers, keyed by the bits of the observation.
//!
//! A hash finds the candidates, and an answer is given only if every byte is equal: −0 and 0 are different
//! observations, and two observations with one hash are too. The oldest entry makes room for a new one (a
//! ring): what is evicted depends on the observations alone, and nothing has to be moved on a hit.
//! All memory is allocated by [`ObservationCache::new`].

use crate::{OUTPUTS, Shape};
use twox_hash::XxHash3_128;

/// Entries of a cache unless configured otherwise.
pub const CACHE_ENTRIES_DEFAULT: usize = 1_000;
/// Most entries of a cache.
pub const CACHE_ENTRIES_MAX: usize = 1 << 20;

const SEED: u64 = 0x6F62_7365_7276_6564;
const NONE: u32 = u32::MAX;
const _: () = assert!(CACHE_ENTRIES_MAX < NONE as usize);

/// Answers by observation. Entries whose hashes share a bucket form a chain through `next`.
#[derive(Debug)]
pub(crate) struct ObservationCache {
    shape: Shape,
    capacity: usize,
    len: usize,
    /// The entry that is replaced next once the cache is full.
    oldest: usize,
    buckets: Vec<u32>,
    next: Vec<u32>,
    hashes: Vec<u64>,
    keys: Vec<f32>,
    answers: Vec<[f32; OUTPUTS]>,
}

impl ObservationCache {
    /// # Panics
    /// If `capacity` is 0 or above [`CACHE_ENTRIES_MAX`].
    pub fn new(shape: Shape, capacity: usize) -> Self {
        assert!(
            (1..=CACHE_ENTRIES_MAX).contains(&capacity),
            "1..={CACHE_ENTRIES_MAX} entries, not {capacity}"
        );
        Self {
            shape,
            capacity,
            len: 0,
            oldest: 0,
            buckets: vec![NONE; (2 * capacity).next_power_of_two()],
            next: vec![NONE; capacity],
            hashes: vec![0; capacity],
            keys: vec![0.0; capacity * shape.floats()],
            answers: vec![[0.0; OUTPUTS]; capacity],
        }
    }

    /// The hash of an observation.
    pub fn hash(matrix: &[f32], context: &[f32]) -> u64 {
        let matrix = XxHash3_128::oneshot_with_seed(SEED, bytemuck::cast_slice(matrix)) as u64;
        XxHash3_128::oneshot_with_seed(matrix, bytemuck::cast_slice(context)) as u64
    }

    /// The answer to exactly this observation, if it is remembered.
    pub fn get(&self, hash: u64, matrix: &[f32], context: &[f32]) -> Option<[f32; OUTPUTS]> {
        let mut entry = self.buckets[self.bucket(hash)];
        while entry != NONE {
            let i = entry as usize;
            if self.hashes[i] == hash && self.is_key(i, matrix, context) {
                return Some(self.answers[i]);
            }
            entry = self.next[i];
        }
        None
    }

    /// Remembers an answer, unless the observation is already known.
    pub fn insert(&mut self, hash: u64, matrix: &[f32], context: &[f32], answer: [f32; OUTPUTS]) {
        if self.get(hash, matrix, context).is_some() {
            return;
        }
        let i = if self.len < self.capacity {
            self.len += 1;
            self.len - 1
        } else {
            let i = self.oldest;
            self.oldest = (i + 1) % self.capacity;
            self.unlink(i);
            i
        };
        let (floats, cells) = (self.shape.floats(), self.shape.cells());
        let key = &mut self.keys[i * floats..(i + 1) * floats];
        key[..cells].copy_from_slice(matrix);
        key[cells..].copy_from_slice(context);
        self.hashes[i] = hash;
        self.answers[i] = answer;
        let bucket = self.bucket(hash);
        self.next[i] = std::mem::replace(&mut self.buckets[bucket], i as u32);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.buckets.fill(NONE);
        (self.len, self.oldest) = (0, 0);
    }

    fn bucket(&self, hash: u64) -> usize {
        // The number of buckets is a power of two.
        hash as usize & (self.buckets.len() - 1)
    }

    fn is_key(&self, i: usize, matrix: &[f32], context: &[f32]) -> bool {
        let floats = self.shape.floats();
        let (cells, rest) = self.keys[i * floats..(i + 1) * floats].split_at(self.shape.cells());
        let bytes = bytemuck::cast_slice::<f32, u8>;
        bytes(cells) == bytes(matrix) && bytes(rest) == bytes(context)
    }

    fn unlink(&mut self, i: usize) {
        let bucket = self.bucket(self.hashes[i]);
        if self.buckets[bucket] == i as u32 {
            self.buckets[bucket] = self.next[i];
            return;
        }
        let mut before = self.buckets[bucket] as usize;
        while self.next[before] != i as u32 {
            before = self.next[before] as usize;
        }
        self.next[before] = self.next[i];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SHAPE: Shape = Shape { rows: 1, columns: 2, context: 1 };

    fn answer(value: u8) -> [f32; OUTPUTS] {
        [f32::from(value), 1.0, 2.0]
    }

    #[test]
    fn bits_decide_not_values() {
        let mut cache = ObservationCache::new(SHAPE, 4);
        cache.insert(7, &[0.0, 1.0], &[f32::NAN], answer(1));
        assert_eq!(cache.get(7, &[0.0, 1.0], &[f32::NAN]), Some(answer(1)));
        assert_eq!(cache.get(7, &[-0.0, 1.0], &[f32::NAN]), None);
        assert_eq!(cache.get(7, &[0.0, 1.0], &[-f32::NAN]), None);
        assert_eq!(cache.get(8, &[0.0, 1.0], &[f32::NAN]), None);
        cache.clear();
        assert_eq!(cache.get(7, &[0.0, 1.0], &[f32::NAN]), None);
    }

    #[test]
    fn hashes_tell_matrix_and_context_apart() {
        let hashes = [
            ObservationCache::hash(&[1.0, 2.0], &[3.0]),
            ObservationCache::hash(&[1.0], &[2.0, 3.0]),
            ObservationCache::hash(&[1.0, 2.0], &[-3.0]),
            ObservationCache::hash(&[1.0, -2.0], &[3.0]),
        ];
        for (i, hash) in hashes.iter().enumerate() {
            assert!(!hashes[..i].contains(hash), "{hashes:?}");
        }
    }

    proptest! {
        /// Against a list of the last insertions, with hashes that collide all the time.
        #[test]
        fn remembers_the_last_insertions(
            capacity in 1_usize..9,
            buckets in 1_u64..4,
            steps in prop::collection::vec((0_u8..14, any::<bool>()), 1..200),
        ) {
            let mut cache = ObservationCache::new(SHAPE, capacity);
            let mut known: Vec<u8> = Vec::new();
            for (key, is_insertion) in steps {
                let (matrix, context) = ([f32::from(key), 0.5], [f32::from(key / 2)]);
                let hash = u64::from(key) % buckets;
                if is_insertion {
                    cache.insert(hash, &matrix, &context, answer(key));
                    if !known.contains(&key) {
                        known.push(key);
                        known.drain(..known.len().saturating_sub(capacity));
                    }
                }
                let expected = known.contains(&key).then(|| answer(key));
                prop_assert_eq!(cache.get(hash, &matrix, &context), expected);
            }
        }
    }
}
