//! Runs a layout: one thread per group, rings between them, the caller's thread for the sequencer's group.

use crate::edge::Edge;
use crate::graph::{Group, Stages};
use crate::layout::Layout;
use crate::outcome::Outcome;
use crate::probes::Probes;
use crate::sequencer::{Outlets, Progress, Remote, RunError, Sequencer, Tail};
use crate::snapshot;
use crate::wire::{Decoder, Item, Slot, encode};
use bars::{BarsConfig, Boundaries};
use feed::Feed;
use matching::Exchange;
use model::{Event, Frame, Kind, Nanos};
use ring::{Received, Receiver, Sender, Wait, Waiter, pin_to_core, ring};
use std::sync::Arc;
use strategy::{Revisit, Strategy};

/// Slots of a ring between groups.
const RING_SLOTS: usize = 1 << 14;
/// Slots of the ring that brings orders back to the venue.
const ORDER_SLOTS: usize = 1 << 12;

/// Where groups run and how they wait.
#[derive(Debug, Clone)]
pub struct Placement {
    /// Core of each group's thread, the first for the calling thread. Shorter than the groups: the rest unpinned.
    pub cores: Vec<usize>,
    /// How threads wait for each other.
    pub wait: Wait,
}

/// What a run needs beside its stages.
#[derive(Debug, Clone)]
pub struct RunConfig {
    /// Which stages share a thread.
    pub layout: Layout,
    /// Where they run.
    pub placement: Placement,
    /// The bars' configuration, from which the sequencer knows its timers.
    pub bars: BarsConfig,
    /// The venue's latency.
    pub latency: Nanos,
    /// Where the clock stands at the end, if later than the last tick.
    pub end: Option<Nanos>,
    /// One tick in so many is measured.
    pub latency_sample: u64,
    /// Inputs of [`model::Kind::COMMAND`] and their times, earliest first; one from before the run comes at its start.
    pub commands: Vec<Event>,
}

/// Replays a feed through the stages.
///
/// # Errors
/// [`RunError`] where the data, the fold, the recorder or a thread fails.
pub fn run<S: Strategy + 'static, V: Exchange>(
    config: &RunConfig,
    stages: Stages<S>,
    edge: Edge<V>,
    feed: &mut dyn Feed,
    outlets: Outlets,
    progress: &Progress,
) -> Result<Outcome, RunError> {
    run_from(config, stages, edge, None, feed, outlets, progress)
}

/// Continues a run from a snapshot ([`crate::Fold::save`]), on any layout. Stages, venue and configuration are those of
/// that run, built anew; the feed's first tick is the one after [`crate::SnapshotHead::ticks`].
///
/// # Errors
/// [`RunError::Snapshot`] before anything else is done, if it is not of this run; otherwise as [`run`].
pub fn resume<S: Strategy + 'static, V: Exchange>(
    config: &RunConfig,
    stages: Stages<S>,
    edge: Edge<V>,
    snapshot: &[u8],
    feed: &mut dyn Feed,
    outlets: Outlets,
    progress: &Progress,
) -> Result<Outcome, RunError> {
    run_from(config, stages, edge, Some(snapshot), feed, outlets, progress)
}

/// The sequencer with its group, which is followed by nothing yet, and the groups behind it.
pub(crate) fn build<S: Strategy, V: Exchange>(
    config: &RunConfig,
    layout: &Layout,
    stages: Stages<S>,
    edge: Edge<V>,
) -> (Sequencer<S, V>, Vec<Group<S>>) {
    let probes = Probes::new(config.latency_sample);
    let boundaries = Boundaries::new(&config.bars);
    let boundaries = match stages.strategy.revisits() {
        Some(Revisit { timeframe, after }) => boundaries.revisiting(timeframe, after),
        None => boundaries,
    };
    let mut groups = Group::deal(stages, layout, &probes);
    let (head, nowhere) = (groups.remove(0), Tail::Here(Outlets::default()));
    (Sequencer::new(head, nowhere, edge, config.latency, boundaries, &config.commands), groups)
}

fn run_from<S: Strategy + 'static, V: Exchange>(
    config: &RunConfig,
    stages: Stages<S>,
    edge: Edge<V>,
    snapshot: Option<&[u8]>,
    feed: &mut dyn Feed,
    outlets: Outlets,
    progress: &Progress,
) -> Result<Outcome, RunError> {
    let (mut sequencer, mut groups) = build(config, &config.layout, stages, edge);
    if let Some(snapshot) = snapshot {
        snapshot::load(&mut sequencer, &mut groups, snapshot)?;
    }
    let (tail, workers) = spawn(config, groups, outlets);
    sequencer.tail = tail;
    // Last, so that the threads started above do not inherit the pin.
    if let Some(core) = config.placement.cores.first() {
        pin_to_core(*core);
    }
    let ran = sequencer.run(feed, config.end, progress);
    // Dropping the ring ends the other groups, in order.
    sequencer.tail = Tail::Here(Outlets::default());
    let mut others = Vec::new();
    let mut failed = None;
    for worker in workers {
        match worker.join() {
            Ok(Ok(group)) => others.push(group),
            Ok(Err(error)) => failed = Some(error),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
    match (ran, failed) {
        (Ok(()), None) => Outcome::collect(sequencer, others),
        // The sequencer notices only that a thread is gone; that thread knows why.
        (Ok(()) | Err(RunError::Thread), Some(error)) | (Err(error), _) => Err(error),
    }
}

type WorkerThread<S> = std::thread::JoinHandle<Result<Group<S>, RunError>>;

/// Starts the groups behind the sequencer's; gives the sequencer's way on to them.
fn spawn<S: Strategy + 'static>(
    config: &RunConfig,
    groups: Vec<Group<S>>,
    outlets: Outlets,
) -> (Tail, Vec<WorkerThread<S>>) {
    if groups.is_empty() {
        return (Tail::Here(outlets), Vec::new());
    }
    let wait = config.placement.wait;
    let (order_sender, orders) = ring(ORDER_SLOTS, wait);
    let progress = Arc::new(ring::Progress::new());
    let mut last = Some(LastEnd { orders: order_sender, outlets, progress: Arc::clone(&progress), wait });
    let (sender, first) = ring(RING_SLOTS, wait);
    let mut upstream = Some(first);
    let mut threads = Vec::new();
    let count = groups.len();
    for (n, group) in groups.into_iter().enumerate() {
        let receiver = upstream.take().expect("every group but the last makes the ring to the next");
        let end = if n + 1 < count {
            let (next_sender, next_receiver) = ring(RING_SLOTS, wait);
            upstream = Some(next_receiver);
            WorkerEnd::Middle(next_sender)
        } else {
            WorkerEnd::Last(last.take().expect("one group is the last"))
        };
        let core = config.placement.cores.get(n + 1).copied();
        threads.push(start(Worker::new(group, end), receiver, core, n + 1));
    }
    // No more can be unfinished than the first ring has slots.
    (Tail::There(Remote::new(sender, orders, progress, wait, RING_SLOTS)), threads)
}

fn start<S: Strategy + 'static>(
    worker: Worker<S>,
    upstream: Receiver<Slot>,
    core: Option<usize>,
    n: usize,
) -> WorkerThread<S> {
    let body = move || {
        if let Some(core) = core {
            pin_to_core(core);
        }
        worker.run(upstream)
    };
    std::thread::Builder::new().name(format!("group-{n}")).spawn(body).expect("the system can start a thread")
}

/// Where a group's frames go.
enum WorkerEnd {
    /// To the next group.
    Middle(Sender<Slot>),
    /// Orders to the venue, frames to the recorder.
    Last(LastEnd),
}

/// The end of the last group.
struct LastEnd {
    orders: Sender<Slot>,
    outlets: Outlets,
    progress: Arc<ring::Progress>,
    wait: Wait,
}

impl Drop for LastEnd {
    fn drop(&mut self) {
        // However this thread ends, the sequencer must not wait for it any more.
        self.progress.finish(u64::MAX, Wait::Block);
    }
}

impl LastEnd {
    fn finish(&mut self, frame: &Frame) -> Result<(), RunError> {
        let seq = frame.input().seq;
        for event in
            frame.events.iter().filter(|event| event.kind == Kind::ORDER || event.kind == Kind::CANCEL)
        {
            self.orders.send(&[*event], || ())?;
        }
        self.outlets.finish(frame)?;
        self.progress.finish(seq, self.wait);
        Ok(())
    }
}

/// A group on a thread of its own, behind a ring.
struct Worker<S> {
    group: Group<S>,
    end: WorkerEnd,
    frame: Frame,
    outbox: Vec<Slot>,
    scratch: Vec<u64>,
}

impl<S: Strategy> Worker<S> {
    fn new(group: Group<S>, end: WorkerEnd) -> Self {
        Self { group, end, frame: Frame::default(), outbox: Vec::new(), scratch: Vec::new() }
    }

    /// Folds what comes from upstream until there will be no more.
    fn run(mut self, mut upstream: Receiver<Slot>) -> Result<Group<S>, RunError> {
        let (mut decoder, mut waiter) = (Decoder::default(), Waiter::new());
        loop {
            let mut outcome = Ok(());
            let received = upstream.poll(|slot| {
                if outcome.is_ok() {
                    outcome = self.slot(slot, &mut decoder);
                }
            });
            outcome?;
            match received {
                Received::Items(_) => {
                    waiter.reset();
                    self.flush()?;
                }
                Received::Nothing => upstream.wait(&mut waiter),
                Received::Closed => break,
            }
        }
        if let WorkerEnd::Last(end) = &mut self.end {
            end.outlets.flush()?;
        }
        Ok(self.group)
    }

    #[inline]
    fn slot(&mut self, slot: &Slot, decoder: &mut Decoder) -> Result<(), RunError> {
        match decoder.push(slot, &mut self.frame) {
            Item::Incomplete => Ok(()),
            Item::Tick => {
                self.group.tick(slot);
                if let WorkerEnd::Middle(_) = self.end {
                    self.outbox.push(*slot);
                }
                Ok(())
            }
            Item::Frame { started } => {
                self.group.frame(&mut self.frame)?;
                match &mut self.end {
                    WorkerEnd::Middle(_) => encode(&self.frame, started, &mut self.scratch, &mut self.outbox),
                    WorkerEnd::Last(end) => {
                        end.finish(&self.frame)?;
                        self.group.end_paths(&self.frame, started);
                    }
                }
                Ok(())
            }
        }
    }

    fn flush(&mut self) -> Result<(), RunError> {
        if let WorkerEnd::Middle(next) = &mut self.end {
            next.send(&self.outbox, || ())?;
            self.outbox.clear();
        }
        Ok(())
    }
}
