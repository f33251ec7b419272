//! A backend that answers what it has seen before from memory, and asks another backend for the rest.
//!
//! Answers are those of the other backend, bit by bit, whatever the capacity: the memory may change only
//! the time.

use crate::cache::ObservationCache;
use crate::{Backend, Batch, EvaluateError, OUTPUTS, Shape};

/// Most observations that are looked up before the unknown ones are evaluated together.
const CHUNK: usize = 32;

/// A [`Backend`] with a bounded cache of observations before it.
pub struct Cached {
    inner: Box<dyn Backend>,
    cache: Option<ObservationCache>,
    hits: u64,
    misses: u64,
    unknown: Unknown,
}

/// The observations of a chunk that were not in the cache, side by side.
struct Unknown {
    matrices: Vec<f32>,
    contexts: Vec<f32>,
    out: [[f32; OUTPUTS]; CHUNK],
    places: [usize; CHUNK],
    hashes: [u64; CHUNK],
    len: usize,
}

/// Which answers were not finite.
#[derive(Default)]
struct NotFinite {
    first: Option<usize>,
    count: usize,
}

impl Cached {
    /// `inner` behind a cache of `capacity` observations; 0 turns it off.
    ///
    /// # Panics
    /// If `capacity` is above [`crate::CACHE_ENTRIES_MAX`].
    pub fn new(inner: Box<dyn Backend>, capacity: usize) -> Self {
        let shape = inner.shape();
        let cache = (capacity > 0).then(|| ObservationCache::new(shape, capacity));
        let unknown = Unknown {
            matrices: vec![0.0; CHUNK * shape.cells()],
            contexts: vec![0.0; CHUNK * shape.context],
            out: [[0.0; OUTPUTS]; CHUNK],
            places: [0; CHUNK],
            hashes: [0; CHUNK],
            len: 0,
        };
        Self { inner, cache, hits: 0, misses: 0, unknown }
    }

    /// Observations answered from the cache.
    pub fn hits(&self) -> u64 {
        self.hits
    }

    /// Observations that the inner backend was asked about.
    pub fn misses(&self) -> u64 {
        self.misses
    }

    /// Forgets all answers, as after a change of the inner backend's model. The counts stay.
    pub fn clear(&mut self) {
        if let Some(cache) = &mut self.cache {
            cache.clear();
        }
    }

    /// Answers what is known and notes what is not.
    fn look_up(&mut self, batch: Batch<'_>, out: &mut [[f32; OUTPUTS]]) {
        let Some(cache) = &self.cache else { return };
        self.unknown.len = 0;
        for (i, out) in out.iter_mut().enumerate() {
            let (matrix, context) = (batch.matrix(i), batch.context(i));
            let hash = ObservationCache::hash(matrix, context);
            match cache.get(hash, matrix, context) {
                Some(answer) => *out = answer,
                None => self.unknown.note(i, hash),
            }
        }
        self.hits += (batch.len() - self.unknown.len) as u64;
    }

    /// Evaluates what is not known, and remembers what is finite.
    fn evaluate_unknown(
        &mut self,
        batch: Batch<'_>,
        out: &mut [[f32; OUTPUTS]],
    ) -> Result<(), EvaluateError> {
        let unknown = &mut self.unknown;
        let Some(cache) = self.cache.as_mut().filter(|_| unknown.len > 0) else { return Ok(()) };
        self.misses += unknown.len as u64;
        let answers = &mut unknown.out[..unknown.len];
        // A chunk of which nothing is known needs no copy.
        let result = if unknown.len == batch.len() {
            self.inner.evaluate(batch, answers)
        } else {
            let (cells, context) = (batch.shape().cells(), batch.shape().context);
            let (matrices, contexts) = (
                &mut unknown.matrices[..unknown.len * cells],
                &mut unknown.contexts[..unknown.len * context],
            );
            for (row, &place) in unknown.places[..unknown.len].iter().enumerate() {
                matrices[row * cells..(row + 1) * cells].copy_from_slice(batch.matrix(place));
                contexts[row * context..(row + 1) * context].copy_from_slice(batch.context(place));
            }
            self.inner.evaluate(Batch::new(batch.shape(), matrices, contexts), answers)
        };
        if !matches!(result, Ok(()) | Err(EvaluateError::NotFinite { .. })) {
            return result;
        }
        for ((&answer, &place), &hash) in answers.iter().zip(&unknown.places).zip(&unknown.hashes) {
            out[place] = answer;
            if answer.iter().all(|value| value.is_finite()) {
                cache.insert(hash, batch.matrix(place), batch.context(place), answer);
            }
        }
        Ok(())
    }
}

impl Unknown {
    fn note(&mut self, place: usize, hash: u64) {
        (self.places[self.len], self.hashes[self.len]) = (place, hash);
        self.len += 1;
    }
}

impl NotFinite {
    fn count(&mut self, start: usize, out: &[[f32; OUTPUTS]]) {
        for (i, row) in out.iter().enumerate() {
            if !row.iter().all(|value| value.is_finite()) {
                self.first = self.first.or(Some(start + i));
                self.count += 1;
            }
        }
    }
}

impl Backend for Cached {
    /// The inner backend's.
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn shape(&self) -> Shape {
        self.inner.shape()
    }

    fn evaluate(&mut self, batch: Batch<'_>, out: &mut [[f32; OUTPUTS]]) -> Result<(), EvaluateError> {
        assert_eq!(out.len(), batch.len(), "one answer for each observation");
        assert_eq!(batch.shape(), self.inner.shape(), "the batch has the backend's shape");
        if self.cache.is_none() {
            self.misses += batch.len() as u64;
            return self.inner.evaluate(batch, out);
        }
        let mut not_finite = NotFinite::default();
        for start in (0..batch.len()).step_by(CHUNK) {
            let end = batch.len().min(start + CHUNK);
            let (chunk, out) = (batch.slice(start..end), &mut out[start..end]);
            self.look_up(chunk, out);
            self.evaluate_unknown(chunk, out)?;
            not_finite.count(start, out);
        }
        match not_finite.first {
            None => Ok(()),
            Some(observation) => Err(EvaluateError::NotFinite {
                backend: self.name().to_owned(),
                observation,
                count: not_finite.count,
            }),
        }
    }
}
