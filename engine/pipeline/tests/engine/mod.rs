//! An engine with every stage, small enough to be run hundreds of times in a test.

use crate::market::Ticks;
use bars::{Bars, BarsConfig, Fill};
use gate::{Gate, Limits};
use indicators::{IndicatorConfig, IndicatorSpec, Indicators};
use matching::{FillSize, Venue, VenueConfig};
use matrices::{Column, IndicatorSource, Matrices, MatricesConfig, MatrixSpec};
use model::{
    BarSource, Event, Frame, Instrument, InstrumentTable, Kind, Money, Nanos, Quantity, Rate, SymbolId,
    SymbolTable, Timeframe,
};
use orders::OrderStage;
use pipeline::{Edge, Layout, Outcome, Outlets, Placement, Progress, RunConfig, RunError, Stages, run, tap};
use portfolio::{Portfolio, UpdateOn};
use ring::Wait;
use strategy::{Strategy, Wakes};
use synergy::{Synergies, SynergyConfig};

/// Two symbols: one with trades only, one with quotes and trades.
pub fn instruments() -> InstrumentTable {
    let symbols = SymbolTable::new(["ALPHA", "BRAVO"].map(String::from));
    InstrumentTable::new(symbols, |symbol| Instrument::plain(symbol, "USD"))
}

pub fn timeframes() -> Vec<Timeframe> {
    ["10s", "1m", "5m"].map(|text| Timeframe::parse(text).unwrap()).to_vec()
}

#[derive(Debug, Clone)]
pub struct Case {
    pub layout: Layout,
    pub wait: Wait,
    pub latency: Nanos,
    pub batch: usize,
}

/// What a run was, as far as two runs must agree, and the frames its recorder saw.
pub struct Seen {
    pub outcome: Outcome,
    pub frames: Vec<Frame>,
}

/// Indicators on every timeframe, a matrix and synergies on the shortest.
pub fn features() -> (Indicators, Matrices, Synergies) {
    let timeframes = timeframes();
    let names = ["sma_5", "mlmi", "nwrqk", "fvg", "profile"];
    let specs: Vec<_> = names.iter().map(|name| IndicatorSpec::parse(name).unwrap()).collect();
    let config = IndicatorConfig::new(10, &timeframes, vec![specs; 3]).unwrap();
    let names = config.schema();
    let source = IndicatorSource { timeframes: &timeframes, names: &names, parameters: &[] };
    let matrix = MatrixSpec {
        name: "small".to_owned(),
        timeframe: timeframes[0],
        window: 5,
        columns: ["nwrqk_value", "fvg_bullish_active", "lvn_distance"].map(Column::standard).to_vec(),
    };
    let matrices = Matrices::new(MatricesConfig::new(vec![matrix]).unwrap(), &source, 2).unwrap();
    let synergy = SynergyConfig { timeframe: timeframes[0], ..SynergyConfig::default() };
    let synergies = Synergies::new(synergy, &timeframes, &names, 2).unwrap();
    (Indicators::new(config, &[BarSource::Trade; 2]), matrices, synergies)
}

/// Replays ticks; nothing is kept.
pub fn replay<S: Strategy + 'static>(strategy: S, case: &Case, ticks: &[Event]) -> Seen {
    replay_at(strategy, case, ticks, Edge::new).unwrap()
}

/// Replays ticks with what `edge` makes of the venue.
pub fn replay_at<S: Strategy + 'static>(
    strategy: S,
    case: &Case,
    ticks: &[Event],
    edge: impl FnOnce(Venue) -> Edge<Venue>,
) -> Result<Seen, RunError> {
    let instruments = instruments();
    let bars =
        BarsConfig { timeframes: timeframes(), sources: vec![vec![BarSource::Trade]; 2], fill: Fill::None };
    let capital = Money::parse("100000").unwrap();
    let update_on = if strategy.wakes() == Wakes::Ticks { UpdateOn::Ticks } else { UpdateOn::Boundaries };
    let limits = Limits { max_position: Some(Quantity::parse("3").unwrap()), ..Limits::default() };
    let (indicators, matrices, synergies) = features();
    let stages = Stages {
        portfolio: Portfolio::new(&instruments, capital, update_on),
        bars: Bars::new(&bars).unwrap(),
        indicators,
        matrices: Some(matrices),
        synergies: Some(synergies),
        strategy,
        orders: OrderStage::new(&instruments, Gate::new(limits, &instruments, capital)),
    };
    let rate = |text: &str| Rate::parse(text).unwrap();
    let venue = VenueConfig {
        latency: case.latency,
        maker: rate("-0.0001"),
        taker: rate("0.0005"),
        fill_size: FillSize::Print,
    };
    let venue = Venue::new(venue, &instruments, &[false, true]);
    let config = RunConfig {
        layout: case.layout.clone(),
        placement: Placement { cores: Vec::new(), wait: case.wait },
        bars,
        latency: case.latency,
        end: Some(ticks.last().unwrap().ts + Nanos::HOUR),
        latency_sample: 64,
        commands: commands(ticks),
    };
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
    let mut feed = Ticks::new(ticks, case.batch);
    let outcome = run(
        &config,
        stages,
        edge(venue),
        &mut feed,
        Outlets { tap: Some(tap), orders: None },
        &Progress::default(),
    );
    let frames = recorder.join().unwrap();
    Ok(Seen { outcome: outcome?, frames })
}

/// One from before the run, one in its middle, one after its end.
pub fn commands(ticks: &[Event]) -> Vec<Event> {
    let command = |ts, word| {
        let mut event = Event::input(Kind::COMMAND, ts, SymbolId::NONE);
        event.words[0] = word;
        event
    };
    let (middle, end) = (ticks[ticks.len() / 2].ts, ticks.last().unwrap().ts + Nanos::DAY);
    vec![command(Nanos(0), 7), command(middle, 8), command(end, 9)]
}
