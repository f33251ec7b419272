//! The same inputs give the same events and the same state: on every layout, with every wait strategy,
//! with and without venue latency, for a strategy that wakes on bars and one that wakes on ticks.

mod market;

use bars::{Bars, BarsConfig, Fill};
use gate::{Gate, Limits};
use indicators::{IndicatorConfig, Indicators, Seed};
use market::{Ticks, made_market};
use matching::{FillSize, Venue, VenueConfig};
use model::{
    BarSource, Event, Frame, Instrument, InstrumentTable, Kind, Money, Nanos, Quantity, Rate, SymbolTable,
    Timeframe,
};
use orders::OrderStage;
use pipeline::{Layout, Outcome, Outlets, Placement, Progress, RunConfig, Stage, Stages, run, tap};
use portfolio::{Portfolio, UpdateOn};
use ring::Wait;
use rules::{EmaCross, EmaCrossConfig, Entry, MeanReversion, MeanReversionConfig, StopOn};
use strategy::{Strategy, Wakes};

/// Two symbols: one with trades only, one with quotes and trades.
fn instruments() -> InstrumentTable {
    let symbols = SymbolTable::new(["ALPHA", "BRAVO"].map(String::from));
    InstrumentTable::new(symbols, |symbol| Instrument::plain(symbol, "USD"))
}

fn timeframes() -> Vec<Timeframe> {
    ["10s", "1m", "5m"].map(|text| Timeframe::parse(text).unwrap()).to_vec()
}

#[derive(Debug, Clone)]
struct Case {
    layout: Layout,
    wait: Wait,
    latency: Nanos,
    batch: usize,
}

/// What a run was, as far as two runs must agree, and the frames its recorder saw.
struct Seen {
    outcome: Outcome,
    frames: Vec<Frame>,
}

fn replay<S: Strategy + 'static>(strategy: S, case: &Case, ticks: &[Event]) -> Seen {
    let instruments = instruments();
    let bars =
        BarsConfig { timeframes: timeframes(), sources: vec![vec![BarSource::Trade]; 2], fill: Fill::None };
    let capital = Money::parse("100000").unwrap();
    let update_on = if strategy.wakes() == Wakes::Ticks { UpdateOn::Ticks } else { UpdateOn::Boundaries };
    let limits = Limits { max_position: Some(Quantity::parse("3").unwrap()), ..Limits::default() };
    let stages = Stages {
        portfolio: Portfolio::new(&instruments, capital, update_on),
        bars: Bars::new(&bars).unwrap(),
        indicators: Indicators::new(IndicatorConfig::standard(3), 2),
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
        venue,
        &mut feed,
        Outlets { tap: Some(tap), orders: None },
        &Progress::default(),
    )
    .unwrap();
    Seen { outcome, frames: recorder.join().unwrap() }
}

fn one_stage_each() -> Layout {
    let names = Stage::ALL.map(Stage::name).map(String::from);
    let mut groups: Vec<Vec<String>> = names[..5].iter().map(|name| vec![name.clone()]).collect();
    groups.push(names[5..].to_vec());
    Layout::from_groups(&groups).unwrap()
}

fn three_groups() -> Layout {
    let names = Stage::ALL.map(Stage::name).map(String::from);
    Layout::from_groups(&[names[..2].to_vec(), names[2..4].to_vec(), names[4..].to_vec()]).unwrap()
}

fn check_layouts<S: Strategy + 'static>(strategy: impl Fn() -> S, ticks: &[Event], orders_min: usize) {
    for latency in [Nanos(0), Nanos(1_000_000)] {
        let fused = Case { layout: Layout::fused(), wait: Wait::Block, latency, batch: 512 };
        let expected = replay(strategy(), &fused, ticks);
        let count =
            |kind: Kind| expected.frames.iter().flat_map(|f| &f.events).filter(|e| e.kind == kind).count();
        assert!(
            count(Kind::ORDER) >= orders_min,
            "only {} orders: the case tests little",
            count(Kind::ORDER)
        );
        assert!(count(Kind::FILL) >= orders_min && count(Kind::INDICATORS) > 100);
        for case in [
            fused.clone(),
            Case { batch: 7, ..fused.clone() },
            Case { layout: Layout::split(), ..fused.clone() },
            Case { layout: Layout::split(), wait: Wait::Yield, batch: 1, ..fused.clone() },
            Case { layout: three_groups(), ..fused.clone() },
            Case { layout: one_stage_each(), ..fused.clone() },
        ] {
            let seen = replay(strategy(), &case, ticks);
            assert_eq!(seen.outcome.event_hash, expected.outcome.event_hash, "{case:?}");
            assert_eq!(seen.outcome.state_hash, expected.outcome.state_hash, "{case:?}");
            assert_eq!(seen.outcome.portfolio.account(), expected.outcome.portfolio.account(), "{case:?}");
            assert_eq!(seen.frames, expected.frames, "{case:?}");
        }
    }
}

fn ema_cross() -> EmaCross {
    let config = EmaCrossConfig {
        timeframe: Timeframe::parse("10s").unwrap(),
        fast: 3,
        slow: 8,
        quantity: Quantity::parse("2").unwrap(),
        seed: Seed::First,
    };
    EmaCross::new(config, &timeframes(), 2).unwrap()
}

fn mean_reversion(stop_on: StopOn, entry: Entry) -> MeanReversion {
    let config = MeanReversionConfig {
        timeframe: Timeframe::parse("10s").unwrap(),
        rsi_low: 45.0,
        rsi_high: 55.0,
        bollinger_k: Rate::parse("1").unwrap(),
        stop_atr: 0.7,
        entry,
        stop_on,
        ..MeanReversionConfig::default()
    };
    MeanReversion::new(config, &timeframes(), 2).unwrap()
}

#[test]
fn bars_wake_the_strategy() {
    check_layouts(ema_cross, &made_market(1, 20_000), 50);
}

#[test]
fn ticks_wake_the_strategy() {
    check_layouts(|| mean_reversion(StopOn::Tick, Entry::Market), &made_market(2, 6_000), 20);
}

#[test]
fn limit_orders_rest_and_are_withdrawn() {
    check_layouts(|| mean_reversion(StopOn::Bar, Entry::Limit), &made_market(3, 20_000), 20);
}

#[test]
fn another_seed_gives_another_hash() {
    let case = Case { layout: Layout::fused(), wait: Wait::Block, latency: Nanos(0), batch: 512 };
    let hash = |seed| replay(ema_cross(), &case, &made_market(seed, 2_000)).outcome.event_hash;
    assert_ne!(hash(1), hash(2));
}

#[test]
fn input_numbers_have_no_gap_and_time_never_goes_back() {
    let case = Case { layout: Layout::split(), wait: Wait::Block, latency: Nanos(1_000_000), batch: 100 };
    let seen = replay(ema_cross(), &case, &made_market(4, 5_000));
    let inputs: Vec<&Event> = seen.frames.iter().map(Frame::input).collect();
    assert!(inputs.windows(2).all(|pair| pair[0].seq < pair[1].seq && pair[0].ts <= pair[1].ts));
    assert_eq!(seen.outcome.inputs, inputs.last().unwrap().seq);
    // Every derived event carries the number of its input.
    assert!(seen.frames.iter().all(|frame| frame.events.iter().all(|event| event.seq == frame.input().seq)));
    // Every input that is no tick has a frame.
    assert_eq!(seen.frames.len() as u64, seen.outcome.inputs - seen.outcome.ticks);
}
