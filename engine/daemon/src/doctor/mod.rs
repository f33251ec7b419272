//! What on this machine is fine, what costs latency, and how to mend it; and whether the services of a configuration
//! answer.
//!
//! Everything is read below a root folder, so that tests run on a made-up `/sys` and `/proc`; a file that is
//! not there means "could not tell", never a guess. It changes nothing.
//! Not here: measuring; the benches do that.

mod cpu;
mod limits;
mod memory;
mod services;

use crate::cli::{DoctorArgs, parse_sets};
use crate::config::Loaded;
use crate::failure::Failure;
use crate::table::Colour;
use std::path::{Path, PathBuf};

/// How a thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Fine.
    Ok,
    /// It costs latency, or will stop a run.
    Costs,
    /// The machine does not say.
    Unknown,
}

impl State {
    /// The word in text and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Costs => "costs",
            Self::Unknown => "unknown",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub topic: &'static str,
    /// How it stands.
    pub state: State,
    /// What was found, in a clause.
    pub found: String,
    /// How to mend it, or how to find out; none for what is fine.
    pub remedy: Option<String>,
}

impl Finding {
    fn ok(topic: &'static str, found: impl Into<String>) -> Self {
        Self { topic, state: State::Ok, found: found.into(), remedy: None }
    }

    fn costs(topic: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { topic, state: State::Costs, found: found.into(), remedy: Some(remedy.into()) }
    }

    fn unknown(topic: &'static str, file: &str) -> Self {
        let remedy =
            format!("look at {file} on the machine itself; containers and virtual machines often hide it");
        Self { topic, state: State::Unknown, found: "could not tell".to_owned(), remedy: Some(remedy) }
    }
}

/// A machine to look at.
#[derive(Debug, Clone)]
pub struct Machine {
    root: PathBuf,
    disk_free_bytes: Option<u64>,
}

impl Machine {
    /// The machine whose `/sys` and `/proc` stand below `root`; the free bytes of the run folder's disk, if known.
    pub fn new(root: &Path, disk_free_bytes: Option<u64>) -> Self {
        Self { root: root.to_owned(), disk_free_bytes }
    }

    /// A file's text without white space at its ends; `None` if it cannot be read.
    fn read(&self, path: &str) -> Option<String> {
        let text = std::fs::read_to_string(self.root.join(path.trim_start_matches('/'))).ok()?;
        Some(text.trim().to_owned())
    }

    /// The value behind `name:` in a file of such lines.
    fn field(&self, path: &str, name: &str) -> Option<String> {
        let text = self.read(path)?;
        let value = |line: &str| {
            let (key, value) = line.split_once(':')?;
            (key.trim() == name).then(|| value.trim().to_owned())
        };
        text.lines().find_map(value)
    }

    /// Everything, in the order it is shown.
    pub fn examine(&self) -> Vec<Finding> {
        let mut findings = cpu::examine(self);
        findings.extend(memory::examine(self));
        findings.extend(limits::examine(self));
        findings
    }
}

/// What `grandmodel doctor` prints.
///
/// # Errors
/// [`Failure::Usage`] for the configuration.
pub fn run(args: &DoctorArgs) -> Result<String, Failure> {
    let mut findings = Machine::new(Path::new("/"), limits::disk_free(&args.out)).examine();
    match &args.config {
        Some(file) => {
            findings.extend(services::examine(&Loaded::load(file, &parse_sets(&args.set)?)?.config))
        }
        None => findings.push(Finding::ok("services", "not looked at; --config FILE looks at its tiers")),
    }
    Ok(if args.json { json(&findings) } else { render(&findings, Colour::detect()) })
}

/// The findings for people.
pub fn render(findings: &[Finding], colour: Colour) -> String {
    let topic_width = findings.iter().map(|finding| finding.topic.len()).max().unwrap_or(0);
    let mut out = String::new();
    for Finding { topic, state, found, remedy } in findings {
        let code = match state {
            State::Ok => "32",
            State::Costs => "33",
            State::Unknown => "2",
        };
        let word = format!("{:<8}", state.name());
        let word = if colour == Colour::On { format!("\u{1b}[{code}m{word}\u{1b}[0m") } else { word };
        out.push_str(&format!("{word} {topic:<topic_width$}  {found}\n"));
        if let Some(remedy) = remedy {
            out.push_str(&format!("{}→ {remedy}\n", " ".repeat(8 + 1 + topic_width + 2)));
        }
    }
    let of = |state| findings.iter().filter(|finding| finding.state == state).count();
    let (fine, costs, unknown) = (of(State::Ok), of(State::Costs), of(State::Unknown));
    out.push_str(&format!("\n{fine} fine, {costs} cost latency, {unknown} could not be told.\n"));
    out
}

/// The findings for programs: one object on one line.
pub fn json(findings: &[Finding]) -> String {
    let object = |finding: &Finding| {
        serde_json::json!({
            "topic": finding.topic,
            "state": finding.state.name(),
            "found": finding.found,
            "remedy": finding.remedy,
        })
    };
    let all: Vec<serde_json::Value> = findings.iter().map(object).collect();
    format!("{}\n", serde_json::json!({ "schema_version": 1, "findings": all }))
}

#[cfg(test)]
mod tests;
