//! What a run is made of, and how one is run: whole, or in parts.

use super::made;
use super::market::{Ticks, made_market};
use bars::{Bars, BarsConfig, Fill};
use gate::{Gate, Limits};
use indicators::Indicators;
use matching::{FillSize, Venue, VenueConfig};
use model::{
    BarSource, Event, Frame, Instrument, InstrumentTable, Kind, Money, Nanos, Quantity, Rate,
    SessionCalendar, SymbolTable, UtcDays,
};
use orders::OrderStage;
use pipeline::{Fold, Layout, Outcome, Outlets, Placement, Progress, RunConfig, Stages, resume, run, tap};
use portfolio::{Portfolio, UpdateOn};
use ring::Wait;
use std::collections::BTreeSet;
use std::sync::Arc;
use strategy::{Strategy, Wakes};

/// One run's circumstances.
#[derive(Debug, Clone)]
pub struct Case {
    pub layout: Layout,
    pub latency: Nanos,
    pub fill: Fill,
    /// Whether symbol 1 has an hour's session and half an hour's pause, in place of days.
    pub has_sessions: bool,
    pub seed: u64,
    pub ticks: usize,
    /// How many ticks a batch has.
    pub batch: usize,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            layout: Layout::fused(),
            latency: Nanos(0),
            fill: Fill::None,
            has_sessions: false,
            seed: 1,
            ticks: 4_000,
            batch: 64,
        }
    }
}

/// What a run was, and the frames its recorder saw.
pub struct Seen {
    pub outcome: Outcome,
    pub frames: Vec<Frame>,
}

/// Everything a run needs but its ticks.
pub struct Ready<S> {
    pub config: RunConfig,
    pub stages: Stages<S>,
    pub venue: Venue,
}

pub fn instruments() -> InstrumentTable {
    let symbols = SymbolTable::new(["ALPHA", "BRAVO"].map(String::from));
    InstrumentTable::new(symbols, |symbol| Instrument::plain(symbol, "USD"))
}

pub fn capital() -> Money {
    Money::parse("100000").unwrap()
}

/// The market at an eighth of its pace, but for its pauses, so that there are enough bars. One tick in fifty was made up
/// to half a minute before it is seen, so that some are late.
pub fn ticks(case: &Case) -> Vec<Event> {
    let mut ticks = made_market(case.seed, case.ticks);
    let mut shift = 0;
    for nth in 1..ticks.len() {
        let gap = ticks[nth].ts - (ticks[nth - 1].ts - Nanos(shift));
        shift += if gap < Nanos(10 * Nanos::SECOND.0) { 7 * gap.0 } else { 0 };
        ticks[nth].ts = ticks[nth].ts + Nanos(shift);
        ticks[nth].words[0] = ticks[nth].ts.0;
    }
    for (n, tick) in (0_i64..).zip(&mut ticks).filter(|(n, _)| n % 50 == 49) {
        tick.words[0] -= n * 7_919 % 30 * Nanos::SECOND.0;
    }
    ticks
}

impl Case {
    fn bars(&self) -> BarsConfig {
        BarsConfig { timeframes: made::timeframes(), sources: made::sources(), fill: self.fill }
    }

    /// Builds everything anew. The commands are what the strategy is to be told: before the run, in its middle, after.
    pub fn ready<S: Strategy>(&self, strategy: S, ticks: &[Event]) -> Ready<S> {
        let (instruments, bars) = (instruments(), self.bars());
        let update_on = if strategy.wakes() == Wakes::Ticks { UpdateOn::Ticks } else { UpdateOn::Boundaries };
        let limits = Limits { max_position: Some(Quantity::parse("3").unwrap()), ..Limits::default() };
        let days: Arc<dyn SessionCalendar> = Arc::new(UtcDays);
        let own: Arc<dyn SessionCalendar> =
            if self.has_sessions { Arc::new(made::Hours) } else { Arc::clone(&days) };
        let (matrices, synergies) = made::features();
        let stages = Stages {
            portfolio: Portfolio::new(&instruments, capital(), update_on),
            bars: Bars::new(&bars).unwrap(),
            indicators: Indicators::with_sessions(made::indicators(), &[BarSource::Trade; 2], &[days, own]),
            matrices: Some(matrices),
            synergies: Some(synergies),
            strategy,
            orders: OrderStage::new(&instruments, Gate::new(limits, &instruments, capital())),
        };
        let rate = |text: &str| Rate::parse(text).unwrap();
        let venue = VenueConfig {
            latency: self.latency,
            maker: rate("-0.0001"),
            taker: rate("0.0005"),
            fill_size: FillSize::Print,
        };
        let config = RunConfig {
            layout: self.layout.clone(),
            placement: Placement { cores: Vec::new(), wait: Wait::Block },
            bars,
            latency: self.latency,
            end: Some(ticks.last().unwrap().ts + Nanos::HOUR),
            latency_sample: 64,
            commands: made::commands(ticks),
        };
        Ready { config, stages, venue: Venue::new(venue, &instruments, &[false, true]) }
    }

    /// The run that is never cut.
    pub fn whole<S: Strategy + 'static>(&self, strategy: S, ticks: &[Event]) -> Seen {
        let Ready { config, stages, venue } = self.ready(strategy, ticks);
        let mut feed = Ticks::new(ticks, self.batch);
        let (frames, outcome) = recorded(|outlets| {
            run(&config, stages, venue, &mut feed, outlets, &Progress::default()).unwrap()
        });
        Seen { outcome, frames }
    }

    /// The run from a snapshot on, on the case's layout.
    pub fn resumed<S: Strategy + 'static>(&self, strategy: S, ticks: &[Event], snapshot: &[u8]) -> Seen {
        let seen = usize::try_from(pipeline::SnapshotHead::of(snapshot).unwrap().ticks).unwrap();
        let Ready { config, stages, venue } = self.ready(strategy, ticks);
        let mut feed = Ticks::new(&ticks[seen..], self.batch);
        let (frames, outcome) = recorded(|outlets| {
            resume(&config, stages, venue, snapshot, &mut feed, outlets, &Progress::default()).unwrap()
        });
        Seen { outcome, frames }
    }

    /// A run on one thread that has seen nothing yet.
    pub fn fold<S: Strategy>(&self, strategy: S, ticks: &[Event], outlets: Outlets) -> Fold<S> {
        let Ready { config, stages, venue } = self.ready(strategy, ticks);
        Fold::new(&config, stages, venue, outlets)
    }

    /// Folds ticks in the case's batches.
    pub fn feed<S: Strategy>(&self, fold: &mut Fold<S>, ticks: &[Event]) {
        ticks.chunks(self.batch).for_each(|batch| fold.ticks(&mut batch.to_vec()).unwrap());
    }
}

/// What was recorded while `body` ran, and what it gave. The frames are complete once the outlets are gone.
pub fn recorded<T>(body: impl FnOnce(Outlets) -> T) -> (Vec<Frame>, T) {
    let (tap, tap_end) = tap();
    let recorder = std::thread::spawn(move || {
        let mut frames = Vec::new();
        tap_end
            .drain(|frame| {
                frames.push(frame.clone());
                Ok::<(), ()>(())
            })
            .unwrap();
        frames
    });
    let given = body(Outlets { tap: Some(tap), orders: None });
    (recorder.join().unwrap(), given)
}

/// How many orders had been sent by the input `seq` and were answered after it: in flight, standing, filled in part, or
/// with a cancel on its way.
pub fn under_way(frames: &[Frame], seq: u64) -> usize {
    let ids = |kinds: &[Kind], is_later: bool| -> BTreeSet<u32> {
        let events = frames.iter().flat_map(|frame| &frame.events);
        let wanted = events.filter(|event| kinds.contains(&event.kind) && (event.seq > seq) == is_later);
        wanted.map(|event| event.words[0] as u32).collect()
    };
    ids(&[Kind::ORDER], false).intersection(&ids(&[Kind::FILL, Kind::REPORT], true)).count()
}
