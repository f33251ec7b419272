//! `grandmodel backtest`: data in, run folder out.
//!
//! ```text
//! decode, merge ─> engine (this thread: sequencer …) ─> recorder ─> run folder
//! ```

use super::data::RunData;
use super::generate::{generate_if_missing, note};
use super::kept::{Described, Kept, Start, ahead, open_tiers, venue_record};
use super::models::Models;
use super::outcome::Finished;
use super::paper::Paper;
use super::print;
use super::replay::Replay;
use super::signals::drain_at_signal;
use super::wiring;
use crate::cli::BacktestArgs;
use crate::config::{Config, Loaded, StrategyChoice, print_instant};
use crate::failure::Failure;
use crate::table::{self, Colour};
use catalog::Location;
use feed::FeedError;
use journal::Durability;
use model::{AgentGroup, Clock, Kind, Order, SystemClock};
use pipeline::RunError;
use report::{AnsweringModel, OptionalTable, Overwrite, RunFolder, RunMeta};
use ring::Cores;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The account's name in orders; a backtest has one.
pub(super) const ACCOUNT: &str = "backtest";

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Feed(FeedError::Configuration(sentence)) => Self::Usage(sentence),
            other => Self::Failed(other.to_string()),
        }
    }
}

impl From<FeedError> for Failure {
    fn from(error: FeedError) -> Self {
        RunError::Feed(error).into()
    }
}

/// Replays ticks through the pipeline and writes a run folder.
///
/// # Errors
/// [`Failure::Usage`] for the configuration, [`Failure::Failed`] for data and disk.
pub fn backtest(args: &BacktestArgs) -> Result<(), Failure> {
    // Before any thread is pinned.
    let cores = Cores::available();
    let loaded = args.load()?;
    let config = &loaded.config;
    let Some(overwrite) = claim_out(args, &loaded)? else { return Ok(()) };
    let journal_dir = journal_dir(args, config)?;
    if let Some(dir) = journal_dir.as_ref().filter(|_| args.resume && !args.paper) {
        check_venue(dir, config)?;
    }
    let data = find_data(args, config)?;
    let progress = pipeline::Progress::default();
    drain_at_signal(&progress.stop);
    let stop = Arc::clone(&progress.stop);
    let (models, backends) = Models::load(config)?.unzip();
    let start = match (args.resume, args.force) {
        (true, _) => Start::Resume,
        (false, true) => Start::Anew,
        (false, false) => Start::New,
    };
    let described = journal_dir.as_ref().map(|dir| Described::of(dir, &loaded, &data, start)).transpose()?;
    // Before anything is written: a store that refuses ends the command, and leaves no trace.
    let opened =
        described.as_ref().map(|described| open_tiers(described, &loaded, &data)).transpose()?.flatten();
    let journal = journal_dir.zip(described);
    let kept = journal.map(|(dir, described)| open_journal(&dir, &loaded, &described, start)).transpose()?;
    let paper =
        kept.as_ref().filter(|_| args.paper).map(|kept| Paper::of(kept, config, &data)).transpose()?;
    let sessions = Sessions::of(kept.as_ref().filter(|_| args.paper), &loaded)?;
    let answering = models.as_ref().map_or_else(Vec::new, |models| models.answering(config));
    let folder = RunFolderFor { loaded: &loaded, data: &data, overwrite, answering, sessions };
    let folder = folder.create(args.out.as_deref())?;
    let run_id = folder.name();
    let commands = models.as_ref().map_or_else(Vec::new, |models| models.commands(config));
    let replay = Replay::prepare(&loaded, &data, &cores, folder, commands, progress, kept, paper, opened)?;
    if let Some(sentence) = replay.note() {
        note(sentence);
    }
    let done = wiring::with_strategy(config, &data.instruments, backends, replay)?;
    if stop.load(Ordering::Relaxed) {
        let last = done.read.last_ts.map_or_else(String::new, |last| format!(" at {}", print_instant(last)));
        note(&format!("a signal ended the run{last}; it is whole up to there, and is not continued"));
    }
    let finished = Finished {
        run_id,
        layout: config.run.layout.to_string(),
        counts: done.folder.counts().clone(),
        loaded: &loaded,
        data: &data,
        read: done.read,
        outcome: &done.outcome,
        figures: done.figures,
        models: models.as_ref().map_or(&[], |models| &models.at_start),
        speed: done.speed,
    };
    let summary = finished.summary();
    let config_toml = format!("{}{}{}", loaded.show(), done.file_hashes, data.stored());
    let folder = done.folder.finish(&summary, &config_toml)?;
    if args.json {
        print(&summary.to_json())?;
    } else {
        print(&table::render(&finished.table(folder), Colour::detect()))?;
    }
    done.journal.map_err(|error| Failure::Failed(format!("new risk was halted: {error}")))
}

/// Whether the run folder may be written over; `None` if the run to be resumed is there, whole, and nothing is left to
/// do.
fn claim_out(args: &BacktestArgs, loaded: &Loaded) -> Result<Option<Overwrite>, Failure> {
    let mut overwrite = if args.force { Overwrite::Replace } else { Overwrite::Refuse };
    let Some(out) = &args.out else { return Ok(Some(overwrite)) };
    if let Some(summary) = complete(out, loaded).filter(|_| args.resume) {
        if loaded.config.storage.tiers.is_empty() {
            note(&format!("{} is complete; nothing is left to continue", out.display()));
            return if args.json { print(&summary) } else { Ok(()) }.map(|()| None);
        }
        // The same run once more, for stores that do not have all of it yet.
        overwrite = Overwrite::Replace;
    }
    RunFolder::check(out, overwrite)?;
    Ok(Some(overwrite))
}

/// The run's data, made first where the configuration says so.
fn find_data(args: &BacktestArgs, config: &Config) -> Result<RunData, Failure> {
    let generator = config.data.generate.as_ref().filter(|_| args.data.is_empty());
    if let (Some(generator), Some(folder)) = (generator, config.data.paths.first()) {
        generate_if_missing(generator, folder)?;
    }
    RunData::find(config)
}

/// A run that traded with a venue in another process is not continued without it.
fn check_venue(dir: &Path, config: &Config) -> Result<(), Failure> {
    let record = venue_record(&config.journal, dir);
    if !record.exists() {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "{} is the journal of a run with --paper ({} is its venue's record); continue it with --paper",
        dir.display(),
        record.display()
    )))
}

/// The summary of a run folder that is whole and of this configuration.
fn complete(out: &Path, loaded: &Loaded) -> Option<String> {
    let summary = std::fs::read_to_string(out.join("summary.json")).ok()?;
    let value: serde_json::Value = serde_json::from_str(&summary).ok()?;
    (value["config_hash"] == *loaded.config_hash()).then_some(summary)
}

/// Where the journal stands; `None` where nothing is kept.
fn journal_dir(args: &BacktestArgs, config: &Config) -> Result<Option<PathBuf>, Failure> {
    let off = config.journal.durability == Durability::Off;
    if args.resume && off {
        let sentence = "--resume needs the journal that the killed run was kept in; write journal.durability as it was \
                        for that run, \"strict\" or \"async\"";
        return Err(Failure::Usage(sentence.to_owned()));
    }
    if off && !args.paper {
        return Ok(None);
    }
    if let Some(dir) = &config.journal.dir {
        return Ok(Some(dir.clone()));
    }
    let Some(out) = &args.out else {
        let sentence = "a run that is kept needs a name to be found again by: name its folder with --out, or its journal \
                        with journal.dir";
        return Err(Failure::Usage(sentence.to_owned()));
    };
    let mut name = out.file_name().unwrap_or_default().to_os_string();
    name.push(".journal");
    Ok(Some(out.with_file_name(name)))
}

fn open_journal(dir: &Path, loaded: &Loaded, described: &Described, start: Start) -> Result<Kept, Failure> {
    let kept = Kept::open(dir, loaded, described, start)?;
    if let Some(torn) = kept.torn() {
        note(&torn);
    }
    if start == Start::Resume {
        let (dir, from) = (dir.display(), kept.snapshot.as_ref().map_or(0, |(head, _)| head.sequence));
        match kept.left() {
            Some((_, last)) => {
                note(&format!(
                    "{dir} holds {last} inputs; they are gone through again from input {} on",
                    from + 1
                ));
            }
            None => note(&format!("{dir} holds nothing yet; the run begins")),
        }
    }
    Ok(kept)
}

/// The sessions that stand in client order ids.
struct Sessions {
    current: String,
    earlier: BTreeMap<(u64, u32), String>,
}

impl Sessions {
    /// Those of a journal whose orders left the process; otherwise the configuration's.
    fn of(trading: Option<&Kept>, loaded: &Loaded) -> Result<Self, Failure> {
        let Some(kept) = trading else {
            return Ok(Self { current: loaded.session(), earlier: BTreeMap::new() });
        };
        let name = |session: u32| format!("{session:08x}");
        let mut earlier = BTreeMap::new();
        if let Some((first, _)) = kept.left() {
            for (session, event) in ahead(kept.folder(), kept.identity(), first)? {
                if event.kind == Kind::ORDER {
                    let order = Order::from_event(&event);
                    earlier.insert((order.seq, order.nth), name(session));
                }
            }
        }
        if !earlier.is_empty() && !kept.venue_record().exists() {
            return Err(Failure::Usage(format!(
                "{} has orders, and the venue's record {} is not there: continue without --paper what was not begun with \
                 it, restore the record, or begin anew with --force",
                kept.folder().path().display(),
                kept.venue_record().display()
            )));
        }
        Ok(Self { current: name(kept.session()), earlier })
    }
}

/// Runs of one second and one configuration that find names of their own.
const NAMES_MAX: u32 = 1_000;

/// What a run folder is made from.
struct RunFolderFor<'a> {
    loaded: &'a Loaded,
    data: &'a RunData,
    overwrite: Overwrite,
    answering: Vec<AnsweringModel>,
    sessions: Sessions,
}

impl RunFolderFor<'_> {
    /// Claims the folder that was named, or else the first free one of the default name.
    fn create(&self, out: Option<&Path>) -> Result<RunFolder, Failure> {
        if let Some(out) = out {
            return Ok(RunFolder::create(out, self.overwrite, self.meta()?)?);
        }
        let base = self.loaded.default_out(SystemClock.now());
        let mut number = 1;
        loop {
            let mut name = base.clone().into_os_string();
            if number > 1 {
                name.push(format!("-{number}"));
            }
            match RunFolder::create(Path::new(&name), Overwrite::Refuse, self.meta()?) {
                Err(error) if error.is_usage() && number < NAMES_MAX => number += 1,
                other => return Ok(other?),
            }
        }
    }

    fn meta(&self) -> Result<RunMeta, Failure> {
        let config = &self.loaded.config;
        Ok(RunMeta {
            instruments: self.data.instruments.clone(),
            timeframes: config.bars.timeframes.clone(),
            indicator_names: config.indicators.schema(),
            matrices: config.matrices.specs().to_vec(),
            matrices_read: matrices_read(config),
            models: self.answering.clone(),
            matrix_table: written_if(config.record_matrices),
            batch_table: written_if(config.record_batches),
            session: self.sessions.current.clone(),
            earlier_sessions: self.sessions.earlier.clone(),
            strategy: config.run.strategy.name().to_owned(),
            account: ACCOUNT.to_owned(),
        })
    }
}

fn written_if(asked: bool) -> OptionalTable {
    if asked { OptionalTable::Written } else { OptionalTable::Omitted }
}

/// The matrices that the agents read; none where nobody is asked.
fn matrices_read(config: &Config) -> Vec<usize> {
    match config.run.strategy {
        StrategyChoice::Marl => {
            let mut read = [AgentGroup::Strategic, AgentGroup::Tactical]
                .map(|group| config.agents.config.matrix(group))
                .to_vec();
            read.dedup();
            read
        }
        _ => Vec::new(),
    }
}

pub(super) type Hashes = std::thread::JoinHandle<Result<String, Failure>>;

/// Hashes the data files beside the run; gives the lines that end the run folder's `config.toml`. An object, which is
/// read only in parts, is named by the etag that every one of its reads was pinned to.
pub(super) fn hash_files(locations: Vec<Location>) -> Hashes {
    let body = move || {
        let mut text = String::from("\n# The data, with its SHA-256, or the etag of an object:\n");
        for location in locations {
            let path = location.path();
            if let Location::Object(file) = &location {
                let etag = file.etag().unwrap_or("none");
                writeln!(text, "# etag {etag}  {}", path.display()).expect("a string can always grow");
                continue;
            }
            let failed = |error| Failure::Failed(format!("could not read {} ({error})", path.display()));
            let mut file = std::fs::File::open(path).map_err(failed)?;
            let mut hash = HashWriter(Sha256::new());
            std::io::copy(&mut file, &mut hash).map_err(failed)?;
            let digest: String = hash.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
            writeln!(text, "# {digest}  {}", path.display()).expect("a string can always grow");
        }
        Ok(text)
    };
    std::thread::Builder::new().name("hash".to_owned()).spawn(body).expect("the system can start a thread")
}

/// A hash as something that can be written to.
struct HashWriter(Sha256);

impl std::io::Write for HashWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
