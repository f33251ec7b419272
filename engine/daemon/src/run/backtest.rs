//! `grandmodel backtest`: data in, run folder out.
//!
//! ```text
//! decode, merge ─> engine (this thread: sequencer …) ─> recorder ─> run folder
//! ```

use super::batches::{BatchTap, BatchedFeed};
use super::data::RunData;
use super::generate::{generate_if_missing, note};
use super::models::Models;
use super::outcome::{Finished, assert_account, speed};
use super::placement::{Placed, place};
use super::print;
use super::recorder::Recorder;
use super::signals::drain_at_signal;
use super::timed::TimedFeed;
use super::wiring::{self, WithStrategy};
use crate::cli::BacktestArgs;
use crate::config::{Config, Loaded, StrategyChoice};
use crate::failure::Failure;
use crate::progress::{self, Show, Shown};
use crate::table::{self, Colour};
use bars::BarsConfig;
use catalog::Location;
use feed::{Feed, FeedError};
use model::{AgentGroup, Clock, Event, SystemClock};
use pipeline::{Outcome, Outlets, RunConfig, RunError, Tap, run, tap};
use report::{AnsweringModel, OptionalTable, Overwrite, RunFolder, RunMeta};
use ring::{Cores, Stopwatch, pin_to_core};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use strategy::Strategy;

/// The account's name in orders; a backtest has one.
const ACCOUNT: &str = "backtest";

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
    let overwrite = if args.force { Overwrite::Replace } else { Overwrite::Refuse };
    if let Some(out) = &args.out {
        RunFolder::check(out, overwrite)?;
    }
    if let Some(generator) = config.data.generate.as_ref().filter(|_| args.data.is_empty()) {
        generate_if_missing(generator, &config.data.paths[0])?;
    }
    let data = RunData::find(config)?;
    let progress = pipeline::Progress::default();
    drain_at_signal(&progress.stop);
    let (models, backends) = Models::load(config)?.unzip();
    let answering = models.as_ref().map_or_else(Vec::new, |models| models.answering(config));
    let folder = RunFolderFor { loaded: &loaded, data: &data, overwrite, answering };
    let folder = folder.create(args.out.as_deref())?;
    let run_id = folder.name();
    let commands = models.as_ref().map_or_else(Vec::new, |models| models.commands(config));
    let replay = Replay::prepare(&loaded, &data, &cores, folder, commands, progress)?;
    if let Some(sentence) = &replay.placed.note {
        note(sentence);
    }
    let done = wiring::with_strategy(config, &data.instruments, backends, replay)?;
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
    let config_toml = format!("{}{}", loaded.show(), done.file_hashes);
    let folder = done.folder.finish(&summary, &config_toml)?;
    if args.json {
        return print(&summary.to_json());
    }
    print(&table::render(&finished.table(folder), Colour::detect()))
}

/// Runs of one second and one configuration that find names of their own.
const NAMES_MAX: u32 = 1_000;

/// What a run folder is made from.
struct RunFolderFor<'a> {
    loaded: &'a Loaded,
    data: &'a RunData,
    overwrite: Overwrite,
    answering: Vec<AnsweringModel>,
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
            session: self.loaded.session(),
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

/// Everything but the strategy.
struct Replay<'a> {
    loaded: &'a Loaded,
    data: &'a RunData,
    bars: BarsConfig,
    placed: Placed,
    folder: RunFolder,
    commands: Vec<Event>,
    progress: pipeline::Progress,
}

/// What a replay leaves.
struct Done {
    outcome: Outcome,
    read: feed::DataSummary,
    folder: RunFolder,
    figures: portfolio::Figures,
    speed: report::SpeedSummary,
    file_hashes: String,
}

impl<'a> Replay<'a> {
    fn prepare(
        loaded: &'a Loaded,
        data: &'a RunData,
        cores: &Cores,
        folder: RunFolder,
        commands: Vec<Event>,
        progress: pipeline::Progress,
    ) -> Result<Self, Failure> {
        let config = &loaded.config;
        wiring::check_quantity(config, data)?;
        Ok(Self {
            loaded,
            data,
            bars: wiring::bars_config(config, &data.kinds),
            placed: place(config, cores)?,
            folder,
            commands,
            progress,
        })
    }
}

impl WithStrategy for Replay<'_> {
    type Output = Done;

    fn run<S: Strategy + 'static>(self, strategy: S) -> Result<Done, Failure> {
        let config = &self.loaded.config;
        let instruments = &self.data.instruments;
        let stages = wiring::stages(config, instruments, &self.bars, strategy)?;
        let venue = wiring::venue(config, instruments, &self.data.kinds);
        let run_config = RunConfig {
            layout: config.run.layout.clone(),
            placement: self.placed.placement.clone(),
            bars: self.bars.clone(),
            latency: config.venue.latency,
            end: config.data.to,
            latency_sample: config.latency_sample.into(),
            commands: self.commands,
        };
        let recorder = Recorder::new(self.folder);
        let (tap, tap_end) = tap();
        let recording = recorder.start(tap_end, instruments, config.run.initial_capital);
        let file_hashes = hash_files(self.data.locations());
        let pin = pin_in_turn(self.placed.decode_cores.clone());
        let feed = TimedFeed::new(self.data.feed(config, recorder.reject_sink(), pin));
        let batches = || BatchTap::start(&self.bars.sources, recorder.batch_sink());
        let mut feed = BatchedFeed::new(feed, config.record_batches.then(batches));
        let ran = replay(&run_config, stages, venue, &mut feed, tap, self.data.rows(), &self.progress);
        let read = feed.summary();
        let waited_ns = feed.inner().waited_ns();
        // Its threads hold the sinks for rejects and batches.
        let batched = feed.finish();
        let recorded = recording.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        batched?;
        let performance = match (&ran, recorded) {
            // The recorder knows why it ended; the engine only that it did.
            (Err(RunError::Recorder) | Ok(_), Err(error)) => return Err(error),
            (Err(_), _) => return Err(ran.map(|_| ()).unwrap_err().into()),
            (Ok(_), Ok(performance)) => performance,
        };
        let (outcome, wall_ns) = ran?;
        assert_account(&outcome);
        Ok(Done {
            speed: speed(read.ticks, wall_ns, waited_ns, read.decode_ns),
            read,
            folder: recorder.into_folder()?,
            figures: performance.figures(),
            file_hashes: file_hashes.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?,
            outcome,
        })
    }
}

/// Runs the engine on this thread; gives its outcome and the time it took, in nanoseconds.
fn replay<S: Strategy + 'static>(
    config: &RunConfig,
    stages: pipeline::Stages<S>,
    venue: matching::Venue,
    feed: &mut BatchedFeed<TimedFeed<files::ParquetFeed>>,
    tap: Tap,
    rows: u64,
    progress: &pipeline::Progress,
) -> Result<(Outcome, u64), RunError> {
    let shown =
        Shown::start("backtest", progress::Progress::new(rows, Arc::clone(&progress.ticks)), Show::detect());
    let stopwatch = Stopwatch::new();
    let start = stopwatch.raw();
    feed.connect()?;
    feed.subscribe(&(0..stages_symbols(&stages)).map(model::SymbolId).collect::<Vec<_>>())?;
    feed.inner().prime()?;
    let outcome = run(config, stages, venue, feed, Outlets { tap: Some(tap), orders: None }, progress);
    let wall_ns = stopwatch.nanos_between(start, stopwatch.raw());
    drop(shown);
    outcome.map(|outcome| (outcome, wall_ns))
}

fn stages_symbols<S>(stages: &pipeline::Stages<S>) -> u32 {
    u32::try_from(stages.portfolio.holdings().count()).expect("symbol ids are 32 bits")
}

/// Pins each thread that calls it to the next of some cores; without cores it does nothing.
fn pin_in_turn(cores: Vec<usize>) -> Arc<dyn Fn() + Send + Sync> {
    let next = AtomicUsize::new(0);
    Arc::new(move || {
        if !cores.is_empty() {
            pin_to_core(cores[next.fetch_add(1, Ordering::Relaxed) % cores.len()]);
        }
    })
}

type Hashes = std::thread::JoinHandle<Result<String, Failure>>;

/// Hashes the data files beside the run; gives the lines that end the run folder's `config.toml`. An object, which is
/// read only in parts, is named by the etag that every one of its reads was pinned to.
fn hash_files(locations: Vec<Location>) -> Hashes {
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
