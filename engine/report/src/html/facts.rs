//! `summary.json` as the page reads it: figures by their place, each of which may be absent or null.
//!
//! Why not the `Summary` type: the page is made from a file that another version of this program may have
//! written; what it does not know it leaves out.

use crate::read::{ReadError, unreadable};
use crate::summary::SCHEMA_VERSION;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// How often something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tally {
    /// What.
    pub name: String,
    /// How often.
    pub count: u64,
}

/// The summary.
pub(super) struct Facts(Value);

impl Facts {
    /// Reads `summary.json`.
    pub fn read(run_dir: &Path) -> Result<Self, ReadError> {
        let path = run_dir.join("summary.json");
        let bytes = fs::read(&path).map_err(|error| unreadable(&path, error))?;
        let facts: Value = match serde_json::from_slice(&bytes) {
            Ok(facts) => facts,
            Err(error) => return Err(ReadError::Summary { path, error }),
        };
        match facts["schema_version"].as_u64() {
            Some(found) if found > u64::from(SCHEMA_VERSION) => Err(ReadError::Newer { path, found }),
            _ => Ok(Self(facts)),
        }
    }

    /// The value at a JSON pointer; nothing for null.
    pub fn at(&self, pointer: &str) -> Option<&Value> {
        self.0.pointer(pointer).filter(|value| !value.is_null())
    }

    /// A string, or anything else as JSON text.
    pub fn text(&self, pointer: &str) -> Option<String> {
        self.at(pointer).map(value_text)
    }

    /// A fixed-point number in units of 1e-9.
    pub fn amount(&self, pointer: &str) -> Option<i128> {
        model::parse_fixed(self.at(pointer)?.as_str()?).ok()
    }

    /// A float.
    pub fn float(&self, pointer: &str) -> Option<f64> {
        self.at(pointer)?.as_f64()
    }

    /// A whole number.
    pub fn count(&self, pointer: &str) -> Option<u64> {
        self.at(pointer)?.as_u64()
    }

    /// An instant, in nanoseconds since the epoch.
    pub fn instant(&self, pointer: &str) -> Option<i64> {
        let instant: jiff::Timestamp = self.at(pointer)?.as_str()?.parse().ok()?;
        i64::try_from(instant.as_nanosecond()).ok()
    }

    /// An object of counts, the most frequent first, names in order where they are equal.
    pub fn tallies(&self, pointer: &str) -> Vec<Tally> {
        let entries = self.at(pointer).and_then(Value::as_object).into_iter().flatten();
        let mut tallies: Vec<Tally> = entries
            .filter_map(|(name, count)| Some(Tally { name: name.clone(), count: count.as_u64()? }))
            .collect();
        sort_tallies(&mut tallies);
        tallies
    }

    /// The members of a list, as text.
    pub fn list(&self, pointer: &str) -> Vec<String> {
        self.at(pointer).and_then(Value::as_array).into_iter().flatten().map(value_text).collect()
    }

    /// The run's currency.
    pub fn currency(&self) -> String {
        self.text("/portfolio/currency").unwrap_or_default()
    }
}

/// The most frequent first, names in order where they are equal.
pub(super) fn sort_tallies(tallies: &mut [Tally]) {
    tallies.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
}

/// A JSON value as text for a person.
pub(super) fn value_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
