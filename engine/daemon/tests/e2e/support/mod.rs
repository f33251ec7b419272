//! What the end-to-end tests share: the real program as a child process, data it reads, tables it wrote, and
//! slow references written from the contract alone.
//!
//! Nothing here calls the engine: what is compared with it must not come from it.
//!
//! | module | it is |
//! | --- | --- |
//! | `data` | ticks made in the test, Parquet files of them |
//! | `tables` | the run folder's tables as rows |
//! | `exact` | decimals as integers of 1e-9, half-even |
//! | `bars` | bars of ticks, one tick after the other |
//! | `replay` | the venue, the account and the equity rows, input by input |
//! | `figures` | performance from the run folder's files |
//! | `s3` | a server of objects, well and unwell |
//! | `imports` | files of bars, the command `import`, and what a catalog holds |

pub mod bars;
pub mod data;
pub mod exact;
pub mod figures;
pub mod imports;
pub mod replay;
pub mod s3;
pub mod tables;

use proptest::prelude::{ProptestConfig, Strategy};
use proptest::test_runner::TestRunner;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_grandmodel");

/// Runs a test on `few` random cases, each of which starts processes; on ten times as many where
/// `PROPTEST_CASES` asks for more.
#[track_caller]
pub fn check_random<S: Strategy>(few: u32, strategy: &S, test: impl Fn(S::Value)) {
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { 10 * few } else { few };
    // Not the macro `proptest!`, which would take the number from the environment as it is.
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) };
    let outcome = TestRunner::new(config).run(strategy, |case| {
        test(case);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// A folder for one test: data, configurations, run folders.
pub struct Place {
    folder: TempDir,
}

/// A process that has ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// `scripts/check_run.py` on a run, where `GRANDMODEL_PYTHON` names a Python that has pandas and pyarrow.
pub fn check_run(run: &Run, data: &[PathBuf]) -> Option<Ended> {
    let Some(python) = std::env::var_os("GRANDMODEL_PYTHON") else {
        eprintln!("GRANDMODEL_PYTHON names no Python: scripts/check_run.py was not run");
        return None;
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/check_run.py");
    let output = Command::new(python).arg(script).arg(&run.dir).args(data).output();
    Some(output.expect("the Python starts").into())
}

/// A run that succeeded.
#[derive(Debug)]
pub struct Run {
    pub dir: PathBuf,
    pub summary: Value,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the program writes UTF-8");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

impl Ended {
    /// It ended with `code`, said exactly one line on stderr with all `parts` in it, and nothing on stdout.
    #[track_caller]
    pub fn check_refused(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.stderr.lines().count(), 1, "one sentence: {self:?}");
        assert!(self.stdout.is_empty(), "stdout carries results only: {self:?}");
        for part in parts {
            assert!(self.stderr.contains(part), "{part:?} is not in {:?}", self.stderr);
        }
    }
}

impl Place {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a text file.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).expect("the temporary folder takes files");
        path
    }

    /// The names of all that is in the folder, hidden ones too.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).expect("the folder is there");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// A `backtest` with `config` as its configuration, its run folder at `name`, and more `flags`.
    pub fn command(&self, name: &str, config: &str, data: &[PathBuf], flags: &[&str]) -> Command {
        let file = self.write(&format!("{name}.toml"), config);
        let mut command = Command::new(PROGRAM);
        command.current_dir(self.folder.path()).arg("backtest").arg("--config").arg(file);
        for path in data {
            command.arg("--data").arg(path);
        }
        command.arg("--out").arg(self.path(name)).args(flags);
        command
    }

    /// Runs a backtest to its end, however it ends.
    pub fn backtest(&self, name: &str, config: &str, data: &[PathBuf], flags: &[&str]) -> Ended {
        self.command(name, config, data, flags).arg("--json").output().expect("the program starts").into()
    }

    /// Runs a backtest that must succeed.
    #[track_caller]
    pub fn run(&self, name: &str, config: &str, data: &[PathBuf], flags: &[&str]) -> Run {
        let ended = self.backtest(name, config, data, flags);
        assert_eq!(ended.code, Some(0), "{}\n{config}", ended.stderr);
        Run::open(&self.path(name), &ended.stdout)
    }
}

impl Run {
    /// A run folder and what `--json` printed for it, which must be the same object.
    #[track_caller]
    pub fn open(dir: &Path, stdout: &str) -> Self {
        let printed: Value = serde_json::from_str(stdout).expect("stdout is one JSON object");
        let text = std::fs::read_to_string(dir.join("summary.json")).expect("a run has a summary");
        let summary: Value = serde_json::from_str(&text).expect("a summary is JSON");
        assert_eq!(printed, summary);
        Self { dir: dir.to_owned(), summary }
    }

    /// The hash of everything emitted, and that of the final state.
    pub fn hashes(&self) -> [String; 2] {
        ["event_hash", "state_hash"].map(|key| self.text(&[key]))
    }

    /// A value by its path of keys.
    #[track_caller]
    pub fn value(&self, path: &[&str]) -> &Value {
        path.iter().fold(&self.summary, |value, key| {
            value.get(key).unwrap_or_else(|| panic!("{path:?} is not in the summary"))
        })
    }

    #[track_caller]
    pub fn text(&self, path: &[&str]) -> String {
        self.value(path).as_str().unwrap_or_else(|| panic!("{path:?} is no text")).to_owned()
    }

    #[track_caller]
    pub fn count(&self, path: &[&str]) -> u64 {
        self.value(path).as_u64().unwrap_or_else(|| panic!("{path:?} is no count"))
    }

    /// Σ of a table of counts.
    #[track_caller]
    pub fn total(&self, path: &[&str]) -> u64 {
        let counts = self.value(path).as_object().unwrap_or_else(|| panic!("{path:?} is no table"));
        counts.values().map(|n| n.as_u64().expect("a count")).sum()
    }
}
