//! The feature schema of a matrix: a canonical text, and its hash.
//!
//! Why: a model file carries the hash of the features it was trained on, and the loader refuses another. The text is
//! plain so that any language can make the hash again: SHA-256 of its bytes, in lower-case hex.
//!
//! One line each, ended by a newline, fields parted by one space: the version, then `matrix`, `timeframe`, `window`
//! in bars, `parameter KEY VALUE` for each setting that is not at its default, then
//! `column FEATURE UNIT SCALING` for each column in order, where SCALING is `z` or `raw`. The parameters of a feature
//! stand in its name (`ema_50`) or are fixed by the version. When values begin (`indicators.min_history`) changes
//! none of them and is not part of it.
//! Not here: model files (`inference`).

use crate::{ConfigError, MatrixSpec, unit_of};
use model::Timeframe;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The version of the text and of the features' definitions; a change of either is a new one.
pub const SCHEMA_VERSION: u32 = 1;

/// What the run's indicator stage emits.
#[derive(Debug, Clone, Copy)]
pub struct IndicatorSource<'a> {
    /// The run's timeframes, by index.
    pub timeframes: &'a [Timeframe],
    /// The names of the values of each timeframe's sets, in order.
    pub names: &'a [Vec<String>],
    /// Settings that change what a feature is but not its name, where they are not at their default, by key in byte
    /// order: `("profile.bin", "0.5")`. Without spaces and newlines.
    pub parameters: &'a [(String, String)],
}

/// A matrix' schema text and its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureSchema {
    text: String,
    hash: String,
}

impl FeatureSchema {
    /// The schema of a matrix over these indicators.
    ///
    /// # Errors
    /// [`ConfigError::UnitUnknown`] for a feature without a unit.
    pub fn new(spec: &MatrixSpec, source: &IndicatorSource) -> Result<Self, ConfigError> {
        let mut lines = vec![
            format!("grandmodel features {SCHEMA_VERSION}"),
            format!("matrix {}", spec.name),
            format!("timeframe {}", spec.timeframe),
            format!("window {}", spec.window),
        ];
        lines.extend(source.parameters.iter().map(|(key, value)| format!("parameter {key} {value}")));
        for column in &spec.columns {
            let unit = unit_of(&column.feature).ok_or_else(|| ConfigError::UnitUnknown {
                matrix: spec.name.clone(),
                feature: column.feature.clone(),
            })?;
            lines.push(format!("column {} {unit} {}", column.feature, column.scaling.name()));
        }
        let text = lines.join("\n") + "\n";
        Ok(Self { hash: sha256_hex(&text), text })
    }

    /// The canonical text.
    pub fn schema_text(&self) -> &str {
        &self.text
    }

    /// SHA-256 of the text, 64 lower-case hex digits.
    pub fn schema_hash(&self) -> &str {
        &self.hash
    }
}

fn sha256_hex(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes all that is written");
        hex
    })
}

#[cfg(test)]
mod tests;
