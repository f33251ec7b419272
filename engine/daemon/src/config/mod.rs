//! Configuration: TOML text → every key's value and origin → the checked [`Config`].
//!
//! Why in steps: what people write (`node`) is laid over the defaults of the table of keys (`keys`) and over
//! each other (`effective`), each value is checked by its key's shape (`shape`), and only then do rules
//! between keys make the types the wiring reads (`build`, `checked`). A refusal is one sentence with file,
//! line, key, cause and remedy (`error`).
//! Not here: wiring. Of the crates below, this module knows the vocabulary, what indicators may be named, and
//! the generator's configuration.

mod build;
mod checked;
mod effective;
mod error;
mod files;
mod hours;
mod identity;
mod keys;
mod layout;
mod market;
mod nearest;
mod node;
mod reference;
mod schema;
mod shape;
mod show;
#[cfg(test)]
mod tests;
mod times;

pub use checked::{
    AgentsSetup, BackendChoice, BarFill, BarSources, BarsConfig, ColumnName, Config, Cores, DataConfig,
    ExcessDecimals, IngestConfig, InstrumentConfig, InstrumentsConfig, JournalConfig, JournalKeep,
    ModelSource, OnBadRow, ReplayClock, ReplayConfig, RunConfig, StorageConfig, StrategyChoice, TierChoice,
    TimeUnit, Wait, WhenFull,
};
pub use effective::{Effective, Override};
pub use error::{ConfigError, Place};
pub use market::{is_market, load_market, parse_market};
pub use node::Origin;
pub use times::{parse_instant, print_instant, print_second, stamp};

use model::Nanos;
use std::path::{Path, PathBuf};

/// Hexadecimal digits of the configuration hash that name a backtest's session.
const SESSION_DIGITS: usize = 8;

/// A configuration that was read and checked.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What the wiring reads.
    pub config: Config,
    /// Every key as it was written, with its origin.
    pub effective: Effective,
}

impl Loaded {
    /// Reads and checks a file under some overrides; a later override replaces an earlier one.
    ///
    /// # Errors
    /// [`ConfigError`]: the first thing that is wrong.
    pub fn load(path: &Path, overrides: &[Override]) -> Result<Self, ConfigError> {
        Self::parse(&path.display().to_string(), &read(path)?, overrides)
    }

    /// Checks a text under some overrides; `file` is its name in errors.
    ///
    /// # Errors
    /// [`ConfigError`]: the first thing that is wrong.
    pub fn parse(file: &str, text: &str, overrides: &[Override]) -> Result<Self, ConfigError> {
        let effective = Effective::new(&keys::RUN, file, text, overrides)?;
        let config = build::build(&effective)?;
        Ok(Self { config, effective })
    }

    /// Checks that the files it names exist; paths that are not absolute start at `root`.
    ///
    /// # Errors
    /// [`ConfigError::Value`] at the key that names a missing one.
    pub fn check_files(&self, root: &Path) -> Result<(), ConfigError> {
        files::check(&self.effective, &self.config, root)
    }

    /// The effective configuration as TOML, each value with its origin as a comment.
    pub fn show(&self) -> String {
        show::show(&self.effective)
    }

    /// Whether nobody wrote a key.
    pub fn is_default(&self, path: &str) -> bool {
        self.effective.entry(path).written.as_ref().is_none_or(|node| node.origin == Origin::Default)
    }

    /// SHA-256 over everything that can change a result, as 64 hexadecimal digits.
    pub fn config_hash(&self) -> String {
        identity::config_hash(&self.effective, &self.config)
    }

    /// The session of a backtest: the first 8 digits of the hash. Client order ids start with it.
    pub fn session(&self) -> String {
        self.config_hash()[..SESSION_DIGITS].to_owned()
    }

    /// The run folder where `--out` names none: `runs/<UTC time>-<strategy>-<hash8>`.
    pub fn default_out(&self, now: Nanos) -> PathBuf {
        let run = &self.config.run;
        run.out.join(format!("{}-{}-{}", stamp(now), run.strategy.name(), self.session()))
    }
}

/// `configs/reference.toml`: every key once, with unit and default.
pub fn reference() -> String {
    reference::reference(
        &keys::RUN,
        "Every key of a run's configuration, with what it may be, its unit and its default.\n\
         A file needs only what differs from the defaults; --set KEY=VALUE overrides one key for one run.\n\
         This file is written from engine/daemon/src/config/keys.rs: run the daemon's tests with UPDATE_GOLDEN=1.",
    )
}

/// Reads a configuration file.
fn read(path: &Path) -> Result<String, ConfigError> {
    let unreadable = |cause: String| ConfigError::Unreadable { file: path.to_owned(), cause };
    let bytes = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| unreadable(format!("it is not UTF-8, {}", error.utf8_error())))
}
