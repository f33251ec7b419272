//! The peers' own programs, run beside ours on the same workload.
//!
//! Each `peer_*.py` prints one JSON line with `peer`, `version` and `ticks_per_s`; it is run in the same minutes
//! as our bench, so that the ratio holds on a noisy machine.

use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

/// Where the peers are.
#[derive(Debug, Clone)]
pub struct Peers {
    /// The folder of `peer_*.py`.
    pub folder: PathBuf,
    /// A Python that has the peers installed.
    pub python: PathBuf,
    /// The folder of their `ticks.parquet`.
    pub data: PathBuf,
}

/// A peer's figure.
#[derive(Debug)]
pub struct PeerFigure {
    /// Name, mode and version.
    pub name: String,
    /// Ticks per second through the run alone, data already in the peer's form.
    pub ticks_per_s: f64,
    /// Ticks per second with reading and converting the data.
    pub end_to_end_per_s: f64,
}

/// The peers of the class: a lean tick simulator, a full engine.
const RUNS: [(&str, &str); 2] = [("peer_hftbacktest.py", "tick"), ("peer_nautilus.py", "bars")];

impl Peers {
    /// Runs every peer that is installed; the others are named with what they said.
    pub fn run(&self) -> Vec<Result<PeerFigure, String>> {
        RUNS.iter().map(|(script, mode)| self.run_one(script, mode)).collect()
    }

    fn run_one(&self, script: &str, mode: &str) -> Result<PeerFigure, String> {
        let output = Command::new(&self.python)
            .arg(self.folder.join(script))
            .args(["--mode", mode])
            .env("PERF_DATA", &self.data)
            .output()
            .map_err(|error| format!("{script}: {error}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().rev().find(|line| line.starts_with('{'));
        let said = String::from_utf8_lossy(&output.stderr);
        let json: Value = line.and_then(|line| serde_json::from_str(line).ok()).ok_or_else(|| {
            format!("{script} did not run: {}", said.lines().last().unwrap_or("no message"))
        })?;
        let number = |key: &str| json[key].as_f64().unwrap_or(0.0);
        let ticks = number("ticks");
        let prepare_s: f64 = ["parquet_load_s", "to_events_s", "build_s", "to_objects_s", "add_data_s"]
            .iter()
            .map(|key| number(key))
            .sum();
        Ok(PeerFigure {
            name: format!(
                "{} {}",
                json["peer"].as_str().unwrap_or(script),
                json["version"].as_str().unwrap_or("")
            ),
            ticks_per_s: number("ticks_per_s"),
            end_to_end_per_s: ticks / (number("seconds") + prepare_s),
        })
    }
}
