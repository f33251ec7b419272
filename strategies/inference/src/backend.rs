//! Who answers observations: the one trait that every runtime of networks implements.
//!
//! Why a trait object and no generics: agents hold a list of backends chosen by configuration, and one of them
//! may live in a crate of its own because it links another runtime.
//! Not here: when agents are asked, and what they do with the answer.

use crate::{Batch, OUTPUTS, Shape};
use std::fmt;

/// A policy: observations in, probabilities out.
pub trait Backend: Send {
    /// The runtime's name, as configuration and errors write it.
    fn name(&self) -> &str;

    /// The observations it takes.
    fn shape(&self) -> Shape;

    /// Answers observation `i` in `out[i]`.
    ///
    /// What an observation is answered may not depend on which others are in the batch.
    ///
    /// # Errors
    /// [`EvaluateError::NotFinite`] if some answer is not finite; all of `out` is written nevertheless, and the
    /// rows that are not finite hold NaN. After [`EvaluateError::Failed`] the content of `out` is unspecified.
    ///
    /// # Panics
    /// If `out` is not as long as the batch, or the batch is of another shape.
    fn evaluate(&mut self, batch: Batch<'_>, out: &mut [[f32; OUTPUTS]]) -> Result<(), EvaluateError>;
}

/// Why observations were not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EvaluateError {
    /// Some answers are not finite: an observation holds NaN or infinity, or the network overflows on it.
    NotFinite {
        /// The backend's name.
        backend: String,
        /// The first such observation of the batch.
        observation: usize,
        /// How many of them.
        count: usize,
    },
    /// The runtime itself failed.
    Failed {
        /// The backend's name.
        backend: String,
        /// What the runtime says.
        cause: String,
    },
}

impl fmt::Display for EvaluateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFinite { backend, observation, count } => write!(
                f,
                "{backend} gave {count} answers that are not finite, the first to observation {observation}; \
                 check the features for NaN and infinity"
            ),
            Self::Failed { backend, cause } => {
                write!(f, "{backend} could not evaluate: {cause}; check the runtime or use \"native\"")
            }
        }
    }
}

impl std::error::Error for EvaluateError {}

/// Checks answers: each row is finite or becomes NaN throughout.
///
/// # Errors
/// [`EvaluateError::NotFinite`] with the first such row and their number.
pub fn refuse_not_finite(backend: &str, out: &mut [[f32; OUTPUTS]]) -> Result<(), EvaluateError> {
    let mut first = None;
    let mut count = 0;
    for (observation, row) in out.iter_mut().enumerate() {
        if !row.iter().all(|value| value.is_finite()) {
            *row = [f32::NAN; OUTPUTS];
            first = first.or(Some(observation));
            count += 1;
        }
    }
    match first {
        None => Ok(()),
        Some(observation) => {
            Err(EvaluateError::NotFinite { backend: backend.to_owned(), observation, count })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_not_finite_are_counted_and_become_nan() {
        let mut out = [[0.2, 0.3, 0.5], [0.1, f32::INFINITY, 0.0], [1.0, 0.0, 0.0], [f32::NAN, 0.0, 0.0]];
        let error = refuse_not_finite("native", &mut out).unwrap_err();
        assert_eq!(error, EvaluateError::NotFinite { backend: "native".into(), observation: 1, count: 2 });
        assert_eq!(out[0].map(f32::to_bits), [0.2, 0.3, 0.5].map(f32::to_bits));
        assert!(out[1].iter().chain(&out[3]).all(|value| value.is_nan()));
        let text = error.to_string();
        assert!(
            text.starts_with("native gave 2 answers that are not finite, the first to observation 1"),
            "{text}"
        );
        assert_eq!(refuse_not_finite("native", &mut out[2..3]), Ok(()));
    }
}
