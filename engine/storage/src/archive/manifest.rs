//! What an archive knows of a run: `_archive/runs/RUN.json`, swapped in whole.
//!
//! The watermarks say what is in complete files. `open` names the folders that may hold files of the run beyond them:
//! it is written before files are, so after a crash exactly these folders are looked at, and what is in them already
//! is not written again.

use crate::Watermarks;
use crate::query::Span;
use model::Nanos;
use serde_json::{Value, json};

/// The version of what is on disk.
const SCHEMA_VERSION: u64 = 1;

/// What is known of a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Manifest {
    pub stored: Watermarks,
    /// Engine times of the first and the last tick that are stored.
    pub times: Option<(Nanos, Nanos)>,
    /// Engine times between which ticks were left out; both ends are instants that may not be whole.
    pub gaps: Vec<(Nanos, Nanos)>,
    /// Folders from the catalog's root, with slashes.
    pub open: Vec<String>,
}

impl Manifest {
    /// Where every tick is stored, ascending. Of the last instant of a run more may come, so it is outside.
    pub(super) fn spans(&self) -> Vec<Span> {
        let mut spans: Vec<Span> =
            self.times.and_then(|(from, to)| Span::new(from, to)).into_iter().collect();
        for (first, last) in &self.gaps {
            let Some(gap) = Span::new(*first, last.saturating_add(Nanos(1))) else { continue };
            spans = spans.into_iter().flat_map(|span| span.without(gap)).flatten().collect();
        }
        spans
    }

    /// The file of a run from the catalog's root.
    pub(super) fn file(run: &str) -> String {
        format!("_archive/runs/{}.json", catalog::encode_symbol(run))
    }

    pub(super) fn to_bytes(&self, run: &str) -> Vec<u8> {
        let value = json!({
            "schema_version": SCHEMA_VERSION,
            "run": run,
            "ticks": self.stored.ticks,
            "results": self.stored.results,
            "first_ts_ns": self.times.map(|(first, _)| first.0),
            "last_ts_ns": self.times.map(|(_, last)| last.0),
            "gaps_ns": self.gaps.iter().map(|(from, to)| [from.0, to.0]).collect::<Vec<_>>(),
            "open": self.open,
        });
        let mut bytes = serde_json::to_vec_pretty(&value).expect("texts and numbers are JSON");
        bytes.push(b'\n');
        bytes
    }

    /// Reads a manifest; an error is the end of a sentence that begins with the file.
    pub(super) fn parse(bytes: &[u8], run: &str) -> Result<Self, String> {
        let damaged = || "is no manifest of an archive; restore it, or archive to another place".to_owned();
        let value: Value = serde_json::from_slice(bytes).map_err(|_| damaged())?;
        let version = value["schema_version"].as_u64().ok_or_else(damaged)?;
        if version > SCHEMA_VERSION {
            return Err(format!(
                "has schema_version {version}, newer than {SCHEMA_VERSION}; use a newer program"
            ));
        }
        if value["run"] != run {
            return Err(format!("is of another run than {run}; archive to another place"));
        }
        let number = |name: &str| value[name].as_u64().ok_or_else(damaged);
        let folder = |folder: &Value| folder.as_str().map(str::to_owned);
        let open = value["open"].as_array().and_then(|open| open.iter().map(folder).collect());
        let stored = Watermarks { ticks: number("ticks")?, results: number("results")? };
        let time = |name: &str| value[name].as_i64().map(Nanos);
        let times = time("first_ts_ns").zip(time("last_ts_ns"));
        let instant = |value: &Value| value.as_i64().map(Nanos);
        let gap = |gap: &Value| Some((instant(&gap[0])?, instant(&gap[1])?));
        let gaps = value["gaps_ns"].as_array().and_then(|gaps| gaps.iter().map(gap).collect());
        Ok(Self { stored, times, gaps: gaps.ok_or_else(damaged)?, open: open.ok_or_else(damaged)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_are_read_as_they_were_written() {
        let stored = Watermarks { ticks: u64::MAX, results: 7 };
        let times = Some((Nanos(-5), Nanos(i64::MAX)));
        let gaps = vec![(Nanos(-3), Nanos(8))];
        let open = vec!["trades/symbol=A%2FB/date=1970-01-01".to_owned()];
        let manifest = Manifest { stored, times, gaps, open };
        assert_eq!(
            manifest.spans(),
            [Span { from: Nanos(-5), to: Nanos(-3) }, Span { from: Nanos(9), to: Nanos(i64::MAX) }]
        );
        let bytes = manifest.to_bytes("a \"run\"");
        assert_eq!(Manifest::parse(&bytes, "a \"run\""), Ok(manifest));
        let check = |bytes: &[u8], run: &str, part: &str| {
            let error = Manifest::parse(bytes, run).unwrap_err();
            assert!(error.contains(part), "{error:?} has {part:?}");
        };
        check(&bytes, "other", "another run");
        check(b"", "x", "no manifest");
        check(b"{\"schema_version\": 2}", "x", "newer than 1");
        check(
            b"{\"schema_version\": 1, \"run\": \"x\", \"ticks\": 1, \"results\": -1, \"open\": []}",
            "x",
            "no manifest",
        );
    }
}
