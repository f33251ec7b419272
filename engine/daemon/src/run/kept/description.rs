//! What a journal's folder says of its run, so that it can be replayed without the data.

use super::Start;
use crate::config::{Loaded, stamp};
use crate::failure::Failure;
use crate::run::data::RunData;
use crate::run::wiring::Kinds;
use model::{Clock, Nanos, SymbolTable, SystemClock};
use std::fmt::Write as _;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The symbols of a run, in the order of their ids, and which kinds of ticks each has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// A name that no other run has: stores know a run by it, however often it is continued.
    pub run: String,
    /// The symbols.
    pub symbols: SymbolTable,
    /// By symbol.
    pub kinds: Vec<Kinds>,
}

fn run_file(dir: &Path) -> PathBuf {
    dir.join("run.toml")
}

/// What the line begins with that names the run.
const RUN: &str = "# run of the journal: ";

/// The line that parts the symbols from the configuration.
const SYMBOLS: &str = "# symbols of the journal, with their kinds of ticks:";

/// Writes the description beside the journal; one that is there must be the same.
///
/// # Errors
/// [`Failure::Failed`] where the disk refuses, or the data have other symbols than the journal's run.
pub fn describe(dir: &Path, loaded: &Loaded, described: &Described) -> Result<(), Failure> {
    let path = run_file(dir);
    if path.exists() {
        let (_, before) = Described::read(dir)?;
        if (&before.symbols, &before.kinds) != (&described.symbols, &described.kinds) {
            return Err(Failure::Failed(format!(
                "the data have other symbols or kinds of ticks than when {} was begun; give back the data there was, or \
                 begin anew with --force",
                dir.display()
            )));
        }
        return Ok(());
    }
    let mut text = loaded.show();
    writeln!(text, "\n{RUN}{}\n{SYMBOLS}", described.run).expect("a string can always grow");
    for ((_, name), kinds) in described.symbols.iter().zip(&described.kinds) {
        writeln!(text, "# {name} {} {}", u8::from(kinds.trades), u8::from(kinds.quotes))
            .expect("a string can always grow");
    }
    let beside = dir.join("run.toml.new");
    let written = fs::File::create(&beside)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&beside, &path))
        .and_then(|()| fs::File::open(dir)?.sync_all());
    written.map_err(|error| Failure::Failed(format!("could not write {} ({error})", path.display())))
}

impl Described {
    /// The description of a run whose journal is, or will be, in `dir`: by the name it has there already, or a new one.
    ///
    /// # Errors
    /// [`Failure`] where something is there that is no description.
    pub fn of(dir: &Path, loaded: &Loaded, data: &RunData, start: Start) -> Result<Self, Failure> {
        let run = if start == Start::Resume && run_file(dir).exists() {
            Self::read(dir)?.1.run
        } else {
            let now = SystemClock.now();
            format!("{}.{:09}-{}", stamp(now), now.0.rem_euclid(Nanos::SECOND.0), loaded.session())
        };
        Ok(Self { run, symbols: data.instruments.symbols.clone(), kinds: data.kinds.clone() })
    }

    /// Reads the configuration and the symbols of a journal's run.
    ///
    /// # Errors
    /// [`Failure`] where they are not there or not whole.
    pub fn read(dir: &Path) -> Result<(Loaded, Self), Failure> {
        let path = run_file(dir);
        let failed = |why: String| {
            Failure::Failed(format!("{} is not the description of a journal's run ({why})", path.display()))
        };
        let text = fs::read_to_string(&path).map_err(|error| failed(error.to_string()))?;
        let loaded = Loaded::parse(&path.display().to_string(), &text, &[])?;
        let (_, symbols) =
            text.split_once(SYMBOLS).ok_or_else(|| failed("it names no symbols".to_owned()))?;
        let run = text.lines().rev().find_map(|line| line.strip_prefix(RUN));
        let run = run.ok_or_else(|| failed("it names no run".to_owned()))?.to_owned();
        let mut named = Vec::new();
        for line in symbols.lines().filter(|line| !line.trim().is_empty()) {
            let words: Vec<&str> = line.trim_start_matches('#').split_whitespace().collect();
            let [name, trades, quotes] = words[..] else {
                return Err(failed(format!("{line:?} is no symbol")));
            };
            named.push((name.to_owned(), Kinds { trades: trades == "1", quotes: quotes == "1" }));
        }
        let symbols = SymbolTable::new(named.iter().map(|(name, _)| name.clone()));
        let kinds = named.iter().map(|(_, kinds)| *kinds).collect();
        Ok((loaded, Self { run, symbols, kinds }))
    }
}
