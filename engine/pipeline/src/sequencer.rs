//! What the next input is, and when it may be released.
//!
//! The sequencer gives every input its number. At equal times the venue's answers come first, then commands, then
//! timers, then data. The simulated venue stands beside it: a tick is applied to the venue when it is released, and
//! fills that it causes are sequenced right before it.
//!
//! Release rule: input x may be released once ts(x) < ts(e) + venue latency for every unfinished input e
//! that may cause an order: what wakes the strategy, and the venue's answers, which a target may wait for.
//! On one thread every input is finished at once; over rings the sequencer waits for the last group's
//! progress, and only then.
//! Not here: what the inputs do to the stages (`graph`).

mod state;

use crate::edge::Edge;
use crate::graph::{Fault, Group};
use crate::replay::Diverged;
use crate::tap::Tap;
use crate::wire::{Slot, encode};
use bars::Boundaries;
use feed::{Feed, FeedError, More};
use matching::{Exchange, VenueError};
use model::state::StateError;
use model::{Event, Frame, Kind, Nanos, StreamHash, SymbolId};
use ring::{Received, Receiver, Sender, Wait, Waiter};
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use strategy::Strategy;

/// Slots that wait to be published before they are.
const OUTBOX_SLOTS_MAX: usize = 256;

/// Why a run ended early.
#[derive(Debug)]
pub enum RunError {
    /// The data could not be read.
    Feed(FeedError),
    /// The fold could not go on.
    Fault(Fault),
    /// The snapshot to start from is not one of this run.
    Snapshot(StateError),
    /// The recorder ended first; its own error says why.
    Recorder,
    /// Another thread of the engine ended first; its own error says why.
    Thread,
    /// Nothing more can be kept; the journal says why.
    Journal,
    /// What a continued run sequences is not what its journal has.
    Diverged(Diverged),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Feed(error) => error.fmt(f),
            Self::Fault(fault) => fault.fmt(f),
            Self::Snapshot(error) => error.fmt(f),
            Self::Recorder => f.write_str("the run's records could not be written"),
            Self::Thread => {
                f.write_str("a thread of the engine ended early; this is a bug, please report it")
            }
            Self::Journal => f.write_str("the run's inputs could not be kept"),
            Self::Diverged(diverged) => diverged.fmt(f),
        }
    }
}

impl std::error::Error for RunError {}

impl From<FeedError> for RunError {
    fn from(error: FeedError) -> Self {
        Self::Feed(error)
    }
}

impl From<Fault> for RunError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Diverged> for RunError {
    fn from(diverged: Diverged) -> Self {
        Self::Diverged(diverged)
    }
}

impl From<StateError> for RunError {
    fn from(error: StateError) -> Self {
        Self::Snapshot(error)
    }
}

impl From<crate::tap::RecorderGone> for RunError {
    fn from(_: crate::tap::RecorderGone) -> Self {
        Self::Recorder
    }
}

impl From<ring::Disconnected> for RunError {
    fn from(_: ring::Disconnected) -> Self {
        Self::Thread
    }
}

/// What others may see of a run while it goes on, and how they stop it.
#[derive(Debug, Default)]
pub struct Progress {
    /// Ticks released so far.
    pub ticks: Arc<AtomicU64>,
    /// Engine time, in nanoseconds since the epoch.
    pub now_ns: AtomicI64,
    /// Set to stop taking input; what was taken is finished.
    pub stop: Arc<AtomicBool>,
}

/// Where the last group's results go, beside the venue.
#[derive(Default)]
pub struct Outlets {
    /// Every frame but those of ticks that caused nothing.
    pub tap: Option<Tap>,
    /// Every order and request to cancel, the moment it is approved: a gateway on another core.
    pub orders: Option<Sender<Event>>,
}

impl Outlets {
    /// Hands a finished frame on.
    #[inline]
    pub(crate) fn finish(&mut self, frame: &Frame) -> Result<(), RunError> {
        if let Some(orders) = &mut self.orders {
            for event in
                frame.events.iter().filter(|event| event.kind == Kind::ORDER || event.kind == Kind::CANCEL)
            {
                orders.send(std::slice::from_ref(event), || ())?;
            }
        }
        match &mut self.tap {
            // A tick that caused nothing is not recorded.
            Some(tap) if !frame.input().kind.is_tick() || frame.events.len() > 1 => Ok(tap.record(frame)?),
            _ => Ok(()),
        }
    }

    pub(crate) fn flush(&mut self) -> Result<(), RunError> {
        match &mut self.tap {
            Some(tap) => Ok(tap.flush()?),
            None => Ok(()),
        }
    }
}

/// Whether an order may come of an input that is a frame.
fn may_cause_order(kind: Kind) -> bool {
    kind == Kind::TIMER || kind == Kind::REPORT || kind == Kind::FILL || kind.is_tick()
}

/// The way on from the sequencer's group.
pub(crate) enum Tail {
    /// There is no other group: frames go to the recorder, orders to the venue, at once.
    Here(Outlets),
    /// Other groups follow over a ring.
    There(Remote),
}

/// What the sequencer's thread holds of the groups behind a ring.
pub(crate) struct Remote {
    pub sender: Sender<Slot>,
    pub orders: Receiver<Slot>,
    pub progress: Arc<ring::Progress>,
    pub wait: Wait,
    outbox: Vec<Slot>,
    scratch: Vec<u64>,
    /// Inputs that may cause an order and were not yet seen to be finished, oldest first.
    unfinished: VecDeque<Unfinished>,
    unfinished_max: usize,
}

#[derive(Debug, Clone, Copy)]
struct Unfinished {
    seq: u64,
    ts: Nanos,
}

impl Remote {
    pub fn new(
        sender: Sender<Slot>,
        orders: Receiver<Slot>,
        progress: Arc<ring::Progress>,
        wait: Wait,
        unfinished_max: usize,
    ) -> Self {
        Self {
            sender,
            orders,
            progress,
            wait,
            outbox: Vec::with_capacity(4 * OUTBOX_SLOTS_MAX),
            scratch: Vec::new(),
            unfinished: VecDeque::with_capacity(unfinished_max),
            unfinished_max,
        }
    }

    fn flush(&mut self, edge: &mut Edge<impl Exchange>) -> Result<(), RunError> {
        let (orders, mut forwarded) = (&mut self.orders, Ok(()));
        // The last group may be waiting for room for its orders: take them while we wait for room.
        self.sender.send(&self.outbox, || {
            if forwarded.is_ok() {
                forwarded = drain(orders, edge);
            }
        })?;
        self.outbox.clear();
        forwarded
    }

    /// Waits until `seq` is finished; its orders are with the venue afterwards.
    fn finish(&mut self, seq: u64, edge: &mut Edge<impl Exchange>) -> Result<(), RunError> {
        self.flush(edge)?;
        let mut waiter = Waiter::new();
        while self.progress.finished() < seq {
            drain(&mut self.orders, edge)?;
            let progress = &self.progress;
            waiter.idle(self.wait, || progress.sleep_until(seq));
        }
        if self.progress.finished() == u64::MAX {
            return Err(RunError::Thread);
        }
        drain(&mut self.orders, edge)
    }
}

fn drain(orders: &mut Receiver<Slot>, edge: &mut Edge<impl Exchange>) -> Result<(), RunError> {
    let mut forwarded = Ok(());
    let mut forward = |slot: &Slot| {
        if forwarded.is_ok() {
            forwarded = edge.forward(slot);
        }
    };
    while let Received::Items(_) = orders.poll(&mut forward) {}
    forwarded
}

/// The sequencer with the stages that share its thread.
pub(crate) struct Sequencer<S, V> {
    pub group: Group<S>,
    pub tail: Tail,
    pub edge: Edge<V>,
    pub latency: Nanos,
    pub boundaries: Boundaries,
    pub hash: StreamHash,
    pub sequence: u64,
    pub ticks: u64,
    /// Engine time: that of the last input.
    pub now: Nanos,
    frame: Frame,
    answers: Vec<Event>,
    /// The earliest time at which something but a timer is due: an arrival at the venue, a release to wait for.
    due: Nanos,
    /// The number after which an input from outside of the fold is due.
    before_outside: u64,
    /// Commands whose time has not come, earliest first.
    commands: VecDeque<Event>,
}

/// Session events: the run starts, the run ends.
const SESSION_START: u8 = 1;
pub(crate) const SESSION_END: u8 = 2;

impl<S: Strategy, V: Exchange> Sequencer<S, V> {
    /// `commands` are inputs of [`Kind::COMMAND`], earliest first.
    pub fn new(
        group: Group<S>,
        tail: Tail,
        edge: Edge<V>,
        latency: Nanos,
        boundaries: Boundaries,
        commands: &[Event],
    ) -> Self {
        debug_assert!(
            commands.is_sorted_by_key(|command| command.ts),
            "commands come in the order of their times"
        );
        Self {
            commands: commands.iter().copied().collect(),
            group,
            tail,
            edge,
            latency,
            boundaries,
            hash: StreamHash::new(),
            sequence: 0,
            ticks: 0,
            now: Nanos::MIN,
            frame: Frame::default(),
            answers: Vec::with_capacity(1024),
            // Nothing is due before the first input; then it is looked at what is.
            due: Nanos::MIN,
            before_outside: u64::MAX,
        }
    }

    /// Replays a feed to its end, then moves the clock to `end` if that is later.
    pub fn run(
        &mut self,
        feed: &mut dyn Feed,
        end: Option<Nanos>,
        progress: &Progress,
    ) -> Result<(), RunError> {
        let mut batch = Vec::new();
        let mut stopped = false;
        while !stopped && feed.on_tick(&mut batch)? == More::Yes {
            self.fold(&mut batch)?;
            if self.edge.notices_failure()? {
                self.due = Nanos::MIN;
            }
            progress.ticks.store(self.ticks, Ordering::Relaxed);
            progress.now_ns.store(self.now.0, Ordering::Relaxed);
            stopped = progress.stop.load(Ordering::Relaxed);
        }
        self.close(end.filter(|_| !stopped), &progress.stop)
    }

    /// The next ticks of a run; the first of all begin it.
    pub fn fold(&mut self, batch: &mut [Event]) -> Result<(), RunError> {
        if let (0, Some(first)) = (self.sequence, batch.first()) {
            self.session(first.ts, SESSION_START)?;
        }
        self.batch(batch)
    }

    /// Ends a run that has begun, at `end` if that is later than now, and hands everything on.
    pub fn close(&mut self, end: Option<Nanos>, stop: &AtomicBool) -> Result<(), RunError> {
        if self.sequence > 0 {
            self.finish(end.map_or(self.now, |end| end.max(self.now)), stop)?;
        }
        self.flush()
    }

    /// Hands on what waits to be handed on.
    pub fn flush(&mut self) -> Result<(), RunError> {
        match &mut self.tail {
            Tail::Here(outlets) => outlets.flush(),
            Tail::There(remote) => remote.flush(&mut self.edge),
        }
    }

    /// Sequences a batch of ticks with everything that is due between them.
    fn batch(&mut self, batch: &mut [Event]) -> Result<(), RunError> {
        let mut hashed = 0;
        for at in 0..batch.len() {
            let ts = batch[at].ts;
            debug_assert!(ts >= self.now, "a feed hands ticks over in time order");
            if ts >= self.due || ts >= self.boundaries.next() || self.sequence >= self.before_outside {
                self.sequenced(&batch[hashed..at])?;
                hashed = at;
                self.settle(ts)?;
            }
            self.edge.venue.on_tick(&batch[at], &mut self.answers).map_err(Fault::Venue)?;
            if !self.answers.is_empty() {
                self.sequenced(&batch[hashed..at])?;
                hashed = at;
                self.answer()?;
            }
            let tick = &mut batch[at];
            self.sequence += 1;
            self.ticks += 1;
            self.now = ts;
            tick.seq = self.sequence;
            self.boundaries.on_tick(tick);
            let tick = *tick;
            if self.group.ticks_are_frames {
                // Its orders leave at once: what caused them is kept before.
                self.sequenced(&batch[hashed..=at])?;
                hashed = at + 1;
            }
            self.release_tick(&tick)?;
        }
        self.sequenced(&batch[hashed..])?;
        if let Tail::There(remote) = &mut self.tail {
            remote.flush(&mut self.edge)?;
        }
        Ok(())
    }

    /// Hashes inputs and hands them to the journal.
    #[inline]
    fn sequenced(&mut self, inputs: &[Event]) -> Result<(), RunError> {
        self.hash.events(inputs);
        Ok(self.edge.sequenced(inputs)?)
    }

    #[inline]
    fn release_tick(&mut self, tick: &Event) -> Result<(), RunError> {
        if self.group.ticks_are_frames {
            return self.release(*tick);
        }
        self.group.tick(tick);
        if let Tail::There(remote) = &mut self.tail {
            remote.outbox.push(*tick);
            if remote.outbox.len() >= OUTBOX_SLOTS_MAX {
                remote.flush(&mut self.edge)?;
            }
        }
        Ok(())
    }

    /// Releases everything that is due at or before `now`.
    fn settle(&mut self, now: Nanos) -> Result<(), RunError> {
        loop {
            if let Some(input) = self.edge.outside(self.sequence + 1, self.now) {
                self.input(input)?;
                continue;
            }
            let (arrival, timer) = (self.edge.venue.next_arrival(), self.boundaries.next());
            let command = self.next_command();
            let next = arrival.min(command).min(timer);
            if self.wait_for_answers(next.min(now))? {
                continue;
            }
            if next > now {
                break;
            }
            if arrival == next {
                self.edge.venue.arrive(&mut self.answers).map_err(Fault::Venue)?;
                self.answer()?;
            } else if command == next {
                let command = self.commands.pop_front().expect("a command is due");
                self.input(Event { ts: next, ..command })?;
            } else {
                let timer = self.boundaries.fire();
                self.input(timer)?;
            }
        }
        self.schedule();
        Ok(())
    }

    /// Waits for what must be finished before an input at `ts` may be released; says whether it waited.
    fn wait_for_answers(&mut self, ts: Nanos) -> Result<bool, RunError> {
        let Tail::There(remote) = &mut self.tail else { return Ok(false) };
        let mut waited = false;
        while let Some(oldest) = remote.unfinished.front().copied() {
            if ts < oldest.ts.saturating_add(self.latency) {
                break;
            }
            remote.finish(oldest.seq, &mut self.edge)?;
            remote.unfinished.pop_front();
            waited = true;
        }
        Ok(waited)
    }

    /// When the next command is due: not before the run's start. [`Nanos::MAX`] if none is.
    fn next_command(&self) -> Nanos {
        self.commands.front().map_or(Nanos::MAX, |command| command.ts.max(self.now))
    }

    fn schedule(&mut self) {
        self.due = self.edge.venue.next_arrival().min(self.next_command());
        if let Some(oldest) = self.oldest_unfinished() {
            self.due = self.due.min(oldest.ts.saturating_add(self.latency));
        }
        self.before_outside = self.edge.outside_seq(self.sequence + 1) - 1;
    }

    /// Sequences the venue's answers.
    #[cold]
    fn answer(&mut self) -> Result<(), RunError> {
        let mut answers = std::mem::take(&mut self.answers);
        for answer in answers.drain(..) {
            self.input(answer)?;
        }
        self.answers = answers;
        Ok(())
    }

    /// Sequences an input that is no tick of a batch.
    fn input(&mut self, mut input: Event) -> Result<(), RunError> {
        self.sequence += 1;
        input.seq = self.sequence;
        debug_assert!(input.ts >= self.now, "engine time never goes back");
        self.now = input.ts;
        self.sequenced(&[input])?;
        self.release(input)
    }

    /// Runs a sequenced input through the stages as a frame, and on.
    fn release(&mut self, input: Event) -> Result<(), RunError> {
        let started = self.group.probes.stopwatch.raw();
        self.frame.begin(input);
        self.group.frame(&mut self.frame)?;
        match &mut self.tail {
            Tail::Here(outlets) => {
                outlets.finish(&self.frame)?;
                self.group.end_paths(&self.frame, started);
                self.frame.events.iter().try_for_each(|event| self.edge.forward(event))?;
            }
            Tail::There(remote) => {
                encode(&self.frame, started, &mut remote.scratch, &mut remote.outbox);
                if may_cause_order(input.kind) {
                    if remote.unfinished.len() == remote.unfinished_max {
                        let oldest = remote.unfinished.pop_front().expect("a full queue has a front");
                        remote.finish(oldest.seq, &mut self.edge)?;
                    }
                    remote.unfinished.push_back(Unfinished { seq: input.seq, ts: input.ts });
                }
                if remote.outbox.len() >= OUTBOX_SLOTS_MAX {
                    remote.flush(&mut self.edge)?;
                }
            }
        }
        self.schedule();
        Ok(())
    }

    fn session(&mut self, ts: Nanos, what: u8) -> Result<(), RunError> {
        let mut event = Event::input(Kind::SESSION, ts, SymbolId::NONE);
        event.flags = what;
        self.input(event)
    }

    /// Moves the clock to `end`, lets everything arrive that is due by then, and expires the rest.
    fn finish(&mut self, mut end: Nanos, stop: &AtomicBool) -> Result<(), RunError> {
        // Flat bars may fill years without a tick: who asks to stop is heard between them too.
        while self.boundaries.next() <= end && self.now < end {
            if stop.load(Ordering::Relaxed) {
                end = self.now;
            } else {
                self.settle(self.boundaries.next())?;
            }
        }
        self.settle(end)?;
        // Orders of the last inputs may still be on their way from another thread.
        while let Some(oldest) = self.oldest_unfinished() {
            if let Tail::There(remote) = &mut self.tail {
                remote.finish(oldest.seq, &mut self.edge)?;
                remote.unfinished.pop_front();
            }
            self.settle(end)?;
        }
        self.edge.venue.expire(end, &mut self.answers).map_err(Fault::Venue)?;
        self.answer()?;
        self.session(end, SESSION_END)
    }

    fn oldest_unfinished(&self) -> Option<Unfinished> {
        match &self.tail {
            Tail::There(remote) => remote.unfinished.front().copied(),
            Tail::Here(_) => None,
        }
    }

    /// The hash of the sequencer's own state: what is numbered, what is open at the venue.
    ///
    /// # Errors
    /// [`VenueError`] if the venue is gone.
    pub fn state_hash(&mut self) -> Result<u128, VenueError> {
        let mut hash = StreamHash::new();
        hash.words(&[self.sequence, self.now.0 as u64]);
        Ok(model::combine_hashes(&[hash.value(), self.edge.venue.state_hash()?]))
    }
}
