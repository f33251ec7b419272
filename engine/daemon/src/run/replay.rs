//! One run of the engine: feed, stages, venue, journal and recorder put together around a strategy.
//!
//! ```text
//! decode, merge ─> engine (this thread: sequencer …) ─> recorder ─> run folder
//!                     └─> journal ─> follower
//! ```
//! Not here: the command (`backtest`), what is kept and how (`kept`).

use super::backtest::hash_files;
use super::batches::{BatchTap, BatchedFeed};
use super::data::RunData;
use super::kept::{
    FollowerTask, Following, FrameSpool, Kept, SkippingFeed, Storing, ahead_when_settled, past,
};
use super::models::Models;
use super::outcome::{assert_account, speed};
use super::paper::Paper;
use super::placement::{Placed, place};
use super::recorder::{Kept as KeptFrames, Recorder};
use super::stored::RunTicks;
use super::timed::TimedFeed;
use super::venue::RunVenue;
use super::wiring::{self, WithStrategy};
use crate::config::Loaded;
use crate::failure::Failure;
use crate::progress::{self, Show, Shown};
use bars::BarsConfig;
use feed::Feed;
use journal::{JournalError, JournalThread, Watch};
use model::{Event, SymbolId};
use pipeline::{
    Edge, Fold, OnFailure, Outcome, Outlets, Past, RunConfig, RunError, Settled, Tap, resume, run, tap,
};
use report::RunFolder;
use ring::{Cores, Stopwatch, pin_to_core};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use storage::Tiers;
use strategy::Strategy;

/// A journal that is written: what others may look at, and the thread to wait for.
type Written = (Watch, JournalThread);

/// Everything but the strategy.
pub struct Replay<'a> {
    loaded: &'a Loaded,
    data: &'a RunData,
    bars: BarsConfig,
    placed: Placed,
    folder: RunFolder,
    run: RunConfig,
    progress: pipeline::Progress,
    kept: Option<Kept>,
    paper: Option<Paper>,
    tiers: Option<Tiers>,
}

/// What a replay leaves.
pub struct Done {
    /// What the engine says.
    pub outcome: Outcome,
    /// What was read.
    pub read: feed::DataSummary,
    /// The run folder in the making.
    pub folder: RunFolder,
    /// How it did.
    pub figures: portfolio::Figures,
    /// How fast it was.
    pub speed: report::SpeedSummary,
    /// The data's hashes, as lines.
    pub file_hashes: String,
    /// Whether everything was kept to the end.
    pub journal: Result<(), JournalError>,
}

type RunFeed = BatchedFeed<TimedFeed<RunTicks>>;

impl<'a> Replay<'a> {
    /// Puts together what does not depend on the strategy.
    ///
    /// # Errors
    /// [`Failure::Usage`] where the configuration does not fit the data or the machine.
    #[expect(clippy::too_many_arguments, reason = "it is the list of what a run is made of")]
    pub fn prepare(
        loaded: &'a Loaded,
        data: &'a RunData,
        cores: &Cores,
        folder: RunFolder,
        commands: Vec<Event>,
        progress: pipeline::Progress,
        kept: Option<Kept>,
        paper: Option<Paper>,
        tiers: Option<Tiers>,
    ) -> Result<Self, Failure> {
        let config = &loaded.config;
        wiring::check_quantity(config, data)?;
        let (bars, placed) = (wiring::bars_config(config, &data.kinds), place(config, cores)?);
        let run = RunConfig {
            layout: config.run.layout.clone(),
            placement: placed.placement.clone(),
            bars: bars.clone(),
            latency: config.venue.latency,
            end: config.data.to,
            latency_sample: config.latency_sample.into(),
            commands,
        };
        Ok(Self { loaded, data, bars, placed, folder, run, progress, kept, paper, tiers })
    }

    /// What is to be said about the placement.
    pub fn note(&self) -> Option<&str> {
        self.placed.note.as_deref()
    }

    /// Takes the end that keeps what is sequenced, and the past, into the venue's edge.
    fn edge(
        &mut self,
        venue: RunVenue,
        on_failure: OnFailure,
    ) -> Result<(Edge<RunVenue>, Option<Written>), Failure> {
        let mut edge = Edge::new(venue);
        let Some(kept) = &mut self.kept else { return Ok((edge, None)) };
        let after = kept.snapshot.as_ref().map_or(0, |(head, _)| head.sequence);
        if let Some(past) = past(kept, after)? {
            edge = edge.after(past);
        }
        let Some((keeper, watch, thread)) = kept.start() else { return Ok((edge, None)) };
        Ok((edge.keeping(Box::new(keeper), on_failure), Some((watch, thread))))
    }

    /// Starts the thread that feeds the storage tiers.
    fn store(&mut self, watch: Option<&Watch>) -> Option<Storing> {
        let (tiers, watch, kept) = (self.tiers.take()?, watch?, self.kept.as_ref()?);
        Some(Storing::start(tiers, kept.folder(), kept.identity(), watch))
    }

    /// Starts the thread that takes snapshots.
    fn follow(
        &self,
        watch: &Watch,
        spooled: &KeptFrames,
        settled: Settled,
        venue_is_here: bool,
    ) -> Option<Following> {
        let kept = self.kept.as_ref()?;
        kept.config().snapshot_every?;
        let over = Arc::new(AtomicBool::new(false));
        let task = FollowerTask {
            folder: kept.folder().clone(),
            identity: kept.identity(),
            watch: watch.clone(),
            config: kept.config().clone(),
            after: kept.snapshot.as_ref().map_or(0, |(head, _)| head.sequence),
            venue_is_here,
            spooled: spooled.written(),
            over: Arc::clone(&over),
        };
        let snapshot = kept.snapshot.as_ref().map(|(_, state)| state.clone());
        let (loaded, bars, run) = (self.loaded.clone(), self.bars.clone(), self.run.clone());
        let (instruments, kinds) = (self.data.instruments.clone(), self.data.kinds.clone());
        Some(Following::start(over, move || {
            let outside =
                ahead_when_settled(&task.folder, task.identity, task.after + 1, &settled, &task.over)?;
            let Some(outside) = outside else { return Ok(0) };
            let (_, backends) = Models::load(&loaded.config)?.unzip();
            let folded = Folded {
                loaded: &loaded,
                bars,
                run,
                instruments: &instruments,
                kinds: &kinds,
                snapshot,
                outside,
                task,
            };
            wiring::with_strategy(&loaded.config, &instruments, backends, folded)
        }))
    }
}

/// A follower's engine.
struct Folded<'a> {
    loaded: &'a Loaded,
    bars: BarsConfig,
    run: RunConfig,
    instruments: &'a model::InstrumentTable,
    kinds: &'a [wiring::Kinds],
    snapshot: Option<Vec<u8>>,
    outside: Vec<(u32, Event)>,
    task: FollowerTask,
}

impl WithStrategy for Folded<'_> {
    type Output = u64;

    fn run<S: Strategy + 'static>(self, strategy: S) -> Result<u64, Failure> {
        let config = &self.loaded.config;
        let stages = wiring::stages(config, self.instruments, &self.bars, strategy)?;
        let venue = wiring::venue(config, self.instruments, self.kinds);
        let edge = Edge::new(venue).after(Past::outside_only(self.outside));
        let mut fold = Fold::new(&self.run, stages, edge, Outlets::default());
        if let Some(snapshot) = &self.snapshot {
            fold.load(snapshot).map_err(|error| Failure::Failed(error.to_string()))?;
        }
        self.task.run(fold)
    }
}

impl WithStrategy for Replay<'_> {
    type Output = Done;

    fn run<S: Strategy + 'static>(mut self, strategy: S) -> Result<Done, Failure> {
        let config = &self.loaded.config;
        let (venue, on_failure) = match self.paper.take() {
            Some(paper) => (RunVenue::There(Box::new(paper.start()?)), OnFailure::Halt),
            None => {
                let venue = wiring::venue(config, &self.data.instruments, &self.data.kinds);
                (RunVenue::Here(venue), OnFailure::End)
            }
        };
        let venue_is_here = matches!(venue, RunVenue::Here(_));
        let (edge, journal) = self.edge(venue, on_failure)?;
        self.run_at(strategy, edge, venue_is_here, journal)
    }
}

impl Replay<'_> {
    fn run_at<S: Strategy + 'static>(
        mut self,
        strategy: S,
        edge: Edge<RunVenue>,
        venue_is_here: bool,
        journal: Option<Written>,
    ) -> Result<Done, Failure> {
        let config = &self.loaded.config;
        let instruments = &self.data.instruments;
        let stages = wiring::stages(config, instruments, &self.bars, strategy)?;
        let spool: Option<FrameSpool> = self.kept.as_mut().and_then(|kept| kept.spool.take());
        let spool_until =
            self.kept.as_ref().and_then(|kept| kept.snapshot.as_ref()).map_or(0, |(head, _)| head.sequence);
        let (watch, thread) = journal.unzip();
        let storing = self.store(watch.as_ref());
        let frames = KeptFrames::new(spool, spool_until, storing.as_ref().map(Storing::frames));
        let settled = if venue_is_here { Settled::already() } else { edge.settled() };
        let following = watch.as_ref().and_then(|watch| self.follow(watch, &frames, settled, venue_is_here));
        let recorder = Recorder::new(self.folder);
        let (tap, tap_end) = tap();
        let recording = recorder.start(tap_end, instruments, config, frames);
        let file_hashes = hash_files(self.data.locations());
        let pin = pin_in_turn(self.placed.decode_cores.clone());
        let feed = TimedFeed::new(self.data.feed(config, recorder.reject_sink(), pin));
        let batches = || BatchTap::start(&self.bars.sources, recorder.batch_sink());
        let mut feed = BatchedFeed::new(feed, config.record_batches.then(batches));
        let snapshot = self.kept.as_ref().and_then(|kept| kept.snapshot.as_ref());
        let from = snapshot.map(|(head, state)| (head.ticks, state.as_slice()));
        let ran = replay(&self.run, stages, edge, from, &mut feed, tap, self.data.rows(), &self.progress);
        let read = feed.summary();
        let waited_ns = feed.inner().waited_ns();
        // Its threads hold the sinks for rejects and batches.
        let batched = feed.finish();
        let recorded = recording.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        following.map(Following::end);
        if let Some(storing) = storing {
            storing.end(config.storage.close_within);
        }
        let closed = thread.map_or(Ok(()), |thread| thread.close().map(|_| ()));
        batched?;
        let performance = match (&ran, recorded) {
            // The recorder knows why it ended; the engine only that it did.
            (Err(RunError::Recorder) | Ok(_), Err(error)) => return Err(error),
            (Err(RunError::Journal), _) => return Err(closed.expect_err("it has failed").into()),
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
            journal: closed,
        })
    }
}

/// Runs the engine on this thread; gives its outcome and the time it took, in nanoseconds.
#[expect(clippy::too_many_arguments, reason = "it is the list of what a run is made of")]
fn replay<S: Strategy + 'static>(
    config: &RunConfig,
    stages: pipeline::Stages<S>,
    edge: Edge<RunVenue>,
    from: Option<(u64, &[u8])>,
    feed: &mut RunFeed,
    tap: Tap,
    rows: u64,
    progress: &pipeline::Progress,
) -> Result<(Outcome, u64), RunError> {
    let shown =
        Shown::start("backtest", progress::Progress::new(rows, Arc::clone(&progress.ticks)), Show::detect());
    let stopwatch = Stopwatch::new();
    let start = stopwatch.raw();
    feed.connect()?;
    feed.subscribe(&(0..stages_symbols(&stages)).map(SymbolId).collect::<Vec<_>>())?;
    feed.inner().prime()?;
    let outlets = Outlets { tap: Some(tap), orders: None };
    let outcome = match from {
        None => run(config, stages, edge, feed, outlets, progress),
        Some((ticks, state)) => {
            resume(config, stages, edge, state, &mut SkippingFeed::new(feed, ticks), outlets, progress)
        }
    };
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
