//! The stage graph, whole.
//!
//! ```text
//!  ticks ─┐
//!  timers ┤ sequencer ─> portfolio ─> bars ─> indicators ─> matrices ─> synergy ─> strategy ─> risk+orders ─> venue
//!  fills ─┘                                                                                                 │
//!    └─────────────────────────────────── the venue's answers are inputs ───────────────────────────────────┘
//! ```
//! There are no back edges: processing input n, a stage sees the portfolio after n and nothing later, and
//! whatever an order causes comes back as a later input. At one boundary all bars of all symbols close,
//! then all indicators are computed, then all matrices, then synergies are found, then the strategy decides, then
//! risk and orders act: a [`Frame`] holds that order, and each stage appends to it.
//!
//! A group is the stages that share a thread; it holds those stages and `None` for the others, so that one
//! piece of code runs every layout. A tick that may cause nothing takes the short way, [`Group::tick`].
//!
//! Orders come seldom, so their path is cold: what it costs is the cache lines of code and data that it touches. What a
//! frame goes through is therefore marked `#[inline]` in the stages' crates (a call into another crate goes through a
//! table of addresses, which is cold, too), and whatever can wait until the orders have left does.

use crate::layout::{Layout, Stage};
use crate::probes::{Path, Probes};
use bars::Bars;
use indicators::Indicators;
use matching::VenueError;
use matrices::Matrices;
use model::{Decision, Event, Frame, Kind, StreamHash};
use orders::{OrderError, OrderStage};
use portfolio::{Portfolio, PortfolioError};
use std::fmt;
use strategy::{Intents, Strategy, Wakes};
use synergy::Synergies;

/// Why the fold cannot go on.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// A figure of the account left its range at this input.
    Portfolio {
        /// The input's sequence number.
        seq: u64,
        /// What happened.
        error: PortfolioError,
    },
    /// The venue could not compute a fill.
    Venue(VenueError),
    /// The venue said something of an order that cannot be.
    Orders {
        /// The input's sequence number.
        seq: u64,
        /// What happened.
        error: OrderError,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Portfolio { seq, error } => write!(f, "at input {seq}: {error}"),
            Self::Venue(error) => error.fmt(f),
            Self::Orders { seq, error } => {
                write!(f, "at input {seq}: {error}")
            }
        }
    }
}

impl std::error::Error for Fault {}

/// The strategy with the hash of what it says.
#[derive(Debug)]
pub(crate) struct StrategyStage<S> {
    pub strategy: S,
    intents: Intents,
    hash: StreamHash,
}

model::state!([S: Strategy] StrategyStage<S> { strategy, hash; scratch intents });

impl<S: Strategy> StrategyStage<S> {
    fn new(strategy: S) -> Self {
        Self { strategy, intents: Intents::default(), hash: StreamHash::new() }
    }

    fn on_frame(&mut self, frame: &mut Frame) {
        let input = *frame.input();
        if input.kind.is_tick() {
            self.strategy.on_tick(&input, &mut self.intents);
        }
        self.strategy.on_frame(frame, &mut self.intents);
        for decision in self.intents.decisions() {
            frame.push_decision(*decision);
            self.hash.events(&frame.events[frame.events.len() - 1..]);
            self.hash.words(&decision.words()[..Decision::WORDS_HASHED]);
        }
        for intent in self.intents.iter() {
            let event = intent.to_event(&input, Kind::INTENT, None);
            self.hash.events(&[event]);
            frame.push(event);
        }
        self.intents.clear();
    }

    pub fn event_hash(&self) -> u128 {
        self.hash.value()
    }

    pub fn state_hash(&self) -> u128 {
        let mut hash = StreamHash::new();
        self.strategy.state_hash(&mut hash);
        hash.value()
    }
}

/// All stages of a run but the sequencer, before they are given to threads.
#[derive(Debug)]
pub struct Stages<S> {
    /// Positions, equity.
    pub portfolio: Portfolio,
    /// Bars.
    pub bars: Bars,
    /// Indicator values.
    pub indicators: Indicators,
    /// Feature matrices, where somebody reads them.
    pub matrices: Option<Matrices>,
    /// Synergies, where somebody reads them.
    pub synergies: Option<Synergies>,
    /// What is wanted.
    pub strategy: S,
    /// Risk and orders: what is allowed, what is sent.
    pub orders: OrderStage,
}

/// The stages that share a thread.
#[derive(Debug)]
pub(crate) struct Group<S> {
    pub portfolio: Option<Portfolio>,
    pub bars: Option<Bars>,
    pub indicators: Option<Indicators>,
    pub matrices: Option<Matrices>,
    pub synergies: Option<Synergies>,
    pub strategy: Option<StrategyStage<S>>,
    pub orders: Option<OrderStage>,
    pub probes: Probes,
    /// Whether a tick may cause an order, so that every tick is a frame.
    pub ticks_are_frames: bool,
    /// Whether the indicators here read every tick. Beside the flag above, where a tick finds it at once.
    pub indicators_read_ticks: bool,
}

impl<S: Strategy> Group<S> {
    /// Deals the stages out to the groups of a layout.
    pub fn deal(stages: Stages<S>, layout: &Layout, probes: &Probes) -> Vec<Self> {
        let ticks_are_frames = stages.strategy.wakes() == Wakes::Ticks;
        let mut groups: Vec<Self> = (0..layout.groups())
            .map(|_| Self {
                portfolio: None,
                bars: None,
                indicators: None,
                matrices: None,
                synergies: None,
                strategy: None,
                orders: None,
                probes: probes.clone(),
                ticks_are_frames,
                indicators_read_ticks: false,
            })
            .collect();
        let at = |stage: Stage| {
            (0..layout.groups()).find(|n| layout.holds(*n, stage)).expect("a layout holds every stage")
        };
        groups[at(Stage::Portfolio)].portfolio = Some(stages.portfolio);
        groups[at(Stage::Bars)].bars = Some(stages.bars);
        groups[at(Stage::Indicators)].indicators_read_ticks = stages.indicators.reads_ticks();
        groups[at(Stage::Indicators)].indicators = Some(stages.indicators);
        groups[at(Stage::Matrices)].matrices = stages.matrices;
        groups[at(Stage::Synergy)].synergies = stages.synergies;
        groups[at(Stage::Strategy)].strategy = Some(StrategyStage::new(stages.strategy));
        groups[at(Stage::Orders)].orders = Some(stages.orders);
        groups
    }

    /// A tick that may cause nothing: it is marked to, and enters its bars.
    #[inline]
    pub fn tick(&mut self, tick: &Event) {
        debug_assert!(!self.ticks_are_frames);
        if self.probes.samples(tick.seq) {
            return self.tick_probed(tick);
        }
        if let Some(portfolio) = &mut self.portfolio {
            portfolio.on_tick(tick);
        }
        if let Some(bars) = &mut self.bars {
            bars.on_tick(tick);
        }
        if self.indicators_read_ticks {
            self.indicators.as_mut().expect("they are here").on_tick(tick);
        }
        if let Some(orders) = &mut self.orders {
            orders.on_tick(tick);
        }
    }

    #[cold]
    fn tick_probed(&mut self, tick: &Event) {
        let mut lap = self.probes.stopwatch.raw();
        if let Some(portfolio) = &mut self.portfolio {
            portfolio.on_tick(tick);
            self.probes.tick_lap(Stage::Portfolio, &mut lap);
        }
        if let Some(bars) = &mut self.bars {
            bars.on_tick(tick);
            self.probes.tick_lap(Stage::Bars, &mut lap);
        }
        if self.indicators_read_ticks {
            self.indicators.as_mut().expect("they are here").on_tick(tick);
            self.probes.tick_lap(Stage::Indicators, &mut lap);
        }
        if let Some(orders) = &mut self.orders {
            orders.on_tick(tick);
            self.probes.tick_lap(Stage::Orders, &mut lap);
        }
    }

    /// One input with whatever the groups before derived from it; each stage appends what it derives.
    pub fn frame(&mut self, frame: &mut Frame) -> Result<(), Fault> {
        let seq = frame.input().seq;
        let measured =
            if frame.input().kind.is_tick() { self.probes.samples(seq) } else { self.probes.samples_frame() };
        let mut lap = if measured { self.probes.stopwatch.raw() } else { 0 };
        if let Some(portfolio) = &mut self.portfolio {
            portfolio.on_frame(frame).map_err(|error| Fault::Portfolio { seq, error })?;
            if measured {
                self.probes.frame_lap(Stage::Portfolio, &mut lap);
            }
        }
        if let Some(bars) = &mut self.bars {
            bars.on_frame(frame);
            if measured {
                self.probes.frame_lap(Stage::Bars, &mut lap);
            }
        }
        if let Some(indicators) = &mut self.indicators {
            indicators.on_frame(frame);
            if measured {
                self.probes.frame_lap(Stage::Indicators, &mut lap);
            }
        }
        if let Some(matrices) = &mut self.matrices {
            matrices.on_frame(frame);
            if measured {
                self.probes.frame_lap(Stage::Matrices, &mut lap);
            }
        }
        if let Some(synergies) = &mut self.synergies {
            synergies.on_frame(frame);
            if measured {
                self.probes.frame_lap(Stage::Synergy, &mut lap);
            }
        }
        if let Some(strategy) = &mut self.strategy {
            strategy.on_frame(frame);
            if measured {
                self.probes.frame_lap(Stage::Strategy, &mut lap);
            }
        }
        if let Some(orders) = &mut self.orders {
            orders.on_frame(frame).map_err(|error| Fault::Orders { seq, error })?;
            if measured {
                self.probes.frame_lap(Stage::Orders, &mut lap);
            }
        }
        Ok(())
    }

    /// Measures the paths that end with this frame in the last group; its orders have left. Then there is time for
    /// what waits to be hashed.
    pub fn end_paths(&mut self, frame: &Frame, started: u64) {
        match frame.input().kind {
            Kind::TIMER => self.probes.path(Path::Bar, started),
            Kind::FILL => self.probes.path(Path::Fill, started),
            _ => {}
        }
        if !frame.decisions.is_empty() {
            self.probes.path(Path::Decision, started);
        }
        if frame.events.iter().any(|event| event.kind == Kind::ORDER) {
            self.probes.path(Path::Order, started);
        }
        if frame.events.len() > 1 {
            self.catch_up();
        }
    }

    fn catch_up(&mut self) {
        self.portfolio.iter_mut().for_each(Portfolio::catch_up);
        self.bars.iter_mut().for_each(Bars::catch_up);
        self.indicators.iter_mut().for_each(Indicators::catch_up);
        self.matrices.iter_mut().for_each(Matrices::catch_up);
        self.synergies.iter_mut().for_each(Synergies::catch_up);
        self.strategy.iter_mut().for_each(|strategy| strategy.hash.catch_up());
        self.orders.iter_mut().for_each(OrderStage::catch_up);
    }
}
