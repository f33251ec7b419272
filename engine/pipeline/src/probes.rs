//! Latency probes: one tick in N and one frame in a few per stage; every bar, order and fill path.
//!
//! A path is measured from the moment the sequencer took the input up, before any stage saw it, so that
//! time spent waiting in a ring counts. Stages are sampled because a clock read costs as much as their work.

use crate::layout::Stage;
use ring::{Latency, Stopwatch};

/// Paths that are always measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Path {
    /// A boundary's timer until every stage has seen its bars.
    Bar,
    /// The input that agents decided on until its orders have left for the venue.
    Decision,
    /// The input that caused an order until the order leaves for the venue.
    Order,
    /// A fill until every stage has seen it.
    Fill,
}

const PATHS: [(Path, &str); 4] = [
    (Path::Bar, "path.bar"),
    (Path::Decision, "path.decision"),
    (Path::Order, "path.order"),
    (Path::Fill, "path.fill"),
];

/// Frames are rarer than ticks: of them this many times more are measured per stage.
const TICKS_PER_FRAME_SAMPLE: u64 = 128;

/// One line of the summary's `latency_ns`.
#[derive(Debug, Clone)]
pub struct LatencyRow {
    /// A stage's name (its part of a sampled tick), `STAGE.frame` (of a boundary, fill or report), or a `path.*`.
    pub name: String,
    /// The measurements.
    pub latency: Latency,
    /// One in how many was measured.
    pub sampled_1_in: u64,
}

/// The probes of one group's thread.
#[derive(Debug, Clone)]
pub struct Probes {
    pub(crate) stopwatch: Stopwatch,
    sample_mask: u64,
    /// Frames seen, and how many of them are measured per stage.
    frames_seen: u64,
    frame_mask: u64,
    ticks: Vec<Latency>,
    frames: Vec<Latency>,
    paths: Vec<Latency>,
}

impl Probes {
    /// One tick in `sample` (rounded up to a power of two) is measured.
    ///
    /// # Panics
    /// If `sample` is zero.
    pub fn new(sample: u64) -> Self {
        assert!(sample > 0, "one tick in zero cannot be sampled");
        Self {
            stopwatch: Stopwatch::new(),
            sample_mask: sample.next_power_of_two() - 1,
            frames_seen: 0,
            frame_mask: (sample.next_power_of_two() / TICKS_PER_FRAME_SAMPLE).max(1) - 1,
            ticks: vec![Latency::new(); Stage::ALL.len()],
            frames: vec![Latency::new(); Stage::ALL.len()],
            paths: vec![Latency::new(); PATHS.len()],
        }
    }

    /// Whether the tick of this number is measured.
    #[inline]
    pub(crate) fn samples(&self, seq: u64) -> bool {
        seq & self.sample_mask == 0
    }

    /// Whether the stages' parts of the next frame are measured.
    #[inline]
    pub(crate) fn samples_frame(&mut self) -> bool {
        self.frames_seen += 1;
        self.frames_seen & self.frame_mask == 0
    }

    /// Ends a stage's part of a sampled tick that began at `lap`, and begins the next.
    #[inline]
    pub(crate) fn tick_lap(&mut self, stage: Stage, lap: &mut u64) {
        let now = self.stopwatch.raw();
        self.ticks[stage as usize].record(self.stopwatch.nanos_between(*lap, now));
        *lap = now;
    }

    /// Ends a stage's part of a frame that began at `lap`, and begins the next. Out of line: most frames are not
    /// measured, and an order's path is shorter without.
    #[cold]
    #[inline(never)]
    pub(crate) fn frame_lap(&mut self, stage: Stage, lap: &mut u64) {
        let now = self.stopwatch.raw();
        self.frames[stage as usize].record(self.stopwatch.nanos_between(*lap, now));
        *lap = now;
    }

    /// Ends a path that began at `started`.
    #[inline]
    pub(crate) fn path(&mut self, path: Path, started: u64) {
        let now = self.stopwatch.raw();
        self.paths[path as usize].record(self.stopwatch.nanos_between(started, now));
    }

    /// Adds all of another group's.
    pub(crate) fn merge(&mut self, other: &Self) {
        let pairs = |ours: &mut Vec<Latency>, theirs: &[Latency]| {
            ours.iter_mut().zip(theirs).for_each(|(ours, theirs)| ours.add(theirs));
        };
        pairs(&mut self.ticks, &other.ticks);
        pairs(&mut self.frames, &other.frames);
        pairs(&mut self.paths, &other.paths);
    }

    /// Everything that was measured at least once, in graph order.
    pub fn rows(&self) -> Vec<LatencyRow> {
        let row = |name: String, latency: &Latency, sampled_1_in: u64| LatencyRow {
            name,
            latency: latency.clone(),
            sampled_1_in,
        };
        let ticks = Stage::ALL
            .iter()
            .map(|s| row(s.name().to_owned(), &self.ticks[*s as usize], self.sample_mask + 1));
        let frames = Stage::ALL
            .iter()
            .map(|s| row(format!("{}.frame", s.name()), &self.frames[*s as usize], self.frame_mask + 1));
        let paths = PATHS.iter().map(|(path, name)| row((*name).to_owned(), &self.paths[*path as usize], 1));
        ticks.chain(frames).chain(paths).filter(|row| row.latency.count() > 0).collect()
    }
}
