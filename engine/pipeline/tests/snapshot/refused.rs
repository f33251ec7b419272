//! What is no snapshot of this run is refused, with a sentence that names where, and never a panic.

use super::case::{Case, Ready, ticks};
use super::made::{ema_cross, indicators, marl, mean_reversion, timeframes};
use super::market::Ticks;
use agents::DecideOn;
use bars::{Bars, BarsConfig, Fill};
use gate::{Gate, Limits};
use indicators::{IndicatorConfig, Indicators};
use model::state::{StateCause, StateError};
use model::{BarSource, Event, Instrument, InstrumentTable, Nanos, Quantity, SymbolTable};
use orders::OrderStage;
use pipeline::{Edge, Fold, Outlets, Progress, RunError, SnapshotHead, resume};
use proptest::prelude::*;
use rules::{EmaCross, EmaCrossConfig, Entry, StopOn};
use std::sync::OnceLock;
use strategy::Strategy;

fn case() -> Case {
    Case { latency: Nanos(1_000_000), fill: Fill::Flat, has_sessions: true, ticks: 1_200, ..Case::default() }
}

/// The ticks of a run, and a snapshot in its middle.
fn taken<S: Strategy>(strategy: S) -> (Vec<Event>, Vec<u8>) {
    let ticks = ticks(&case());
    let mut fold = case().fold(strategy, &ticks, Outlets::default());
    case().feed(&mut fold, &ticks[..800]);
    let mut bytes = Vec::new();
    fold.save(&mut bytes);
    (ticks, bytes)
}

/// What is said of a snapshot in a run built anew, with something else in it.
fn said<S: Strategy>(
    strategy: S,
    ticks: &[Event],
    bytes: &[u8],
    change: impl FnOnce(&mut Ready<S>),
) -> Result<(), StateError> {
    let mut ready = case().ready(strategy, ticks);
    change(&mut ready);
    Fold::new(&ready.config, ready.stages, Edge::new(ready.venue), Outlets::default()).load(bytes)
}

fn check<S: Strategy>(strategy: S, change: impl FnOnce(&mut Ready<S>), section: &str, cause: StateCause) {
    let (ticks, bytes) = taken(ema_cross());
    let error = said(strategy, &ticks, &bytes, change).unwrap_err();
    assert_eq!((error.section, error.cause), (section, cause), "{error}");
    let start = format!("the snapshot cannot be used: its section {section} ");
    assert!(error.to_string().starts_with(&start), "{error}");
}

#[test]
fn another_configuration_is_named() {
    let setting = StateCause::Setting;
    let nothing = |_: &mut Ready<_>| ();
    check(mean_reversion(StopOn::Bar, Entry::Limit), |_| (), "head", setting("strategy"));
    check(marl(DecideOn::Bar), |_| (), "head", setting("strategy"));
    let quantity = Quantity::parse("2").unwrap();
    let config =
        EmaCrossConfig { timeframe: timeframes()[0], fast: 3, slow: 9, quantity, ..Default::default() };
    let config = EmaCrossConfig { seed: indicators::Seed::First, ..config };
    check(EmaCross::new(config, &timeframes(), 2).unwrap(), nothing, "strategy", setting("period"));
    check(ema_cross(), |ready| ready.config.latency = Nanos(5), "sequencer", setting("venue latency"));
    let renamed = |ready: &mut Ready<_>| {
        let symbols = SymbolTable::new(["ALPHA", "BETA"].map(String::from));
        let instruments = InstrumentTable::new(symbols, |symbol| Instrument::plain(symbol, "USD"));
        let gate = Gate::new(Limits::default(), &instruments, super::case::capital());
        ready.stages.orders = OrderStage::new(&instruments, gate);
    };
    check(ema_cross(), renamed, "orders", setting("symbols"));
    let fewer = |ready: &mut Ready<_>| ready.config.commands.truncate(1);
    check(ema_cross(), fewer, "sequencer", setting("list of commands"));
    let no_matrices = |ready: &mut Ready<_>| ready.stages.matrices = None;
    check(ema_cross(), no_matrices, "synergy", StateCause::Name("synergy"));
    let no_indicators = |ready: &mut Ready<_>| {
        let config = IndicatorConfig::new(10, &timeframes(), vec![Vec::new(); 3]).unwrap();
        ready.stages.indicators = Indicators::new(config, &[BarSource::Trade; 2]);
    };
    let expected = StateCause::Length { expected: 0, found: indicators().per_timeframe()[0].len() as u64 };
    check(ema_cross(), no_indicators, "indicators", expected);
    let other_bars = |ready: &mut Ready<_>| {
        let (timeframes, sources) = (timeframes()[1..].to_vec(), super::made::sources());
        ready.stages.bars = Bars::new(&BarsConfig { timeframes, sources, fill: Fill::None }).unwrap();
    };
    check(ema_cross(), other_bars, "bars", StateCause::Length { expected: 2, found: 3 });
}

#[test]
fn a_run_does_not_begin_from_what_is_no_snapshot_of_it() {
    let (ticks, bytes) = taken(ema_cross());
    let Ready { config, stages, venue } = case().ready(marl(DecideOn::Bar), &ticks);
    let mut feed = Ticks::new(&ticks[800..], 64);
    let outcome = resume(
        &config,
        stages,
        Edge::new(venue),
        &bytes,
        &mut feed,
        Outlets::default(),
        &Progress::default(),
    );
    let Err(RunError::Snapshot(error)) = outcome else { panic!("{outcome:?}") };
    assert_eq!(
        error.to_string(),
        "the snapshot cannot be used: its section head differs in strategy; \
         use one of this program and configuration, or begin without one"
    );
    for bytes in [&b""[..], b"short", b"this is no snapshot at all, but it is long enough to be one"] {
        let error = SnapshotHead::of(bytes).unwrap_err();
        assert!(error.to_string().starts_with("the snapshot cannot be used: it "), "{error}");
    }
}

/// A snapshot of the agents, which has a section of every kind.
fn of_agents() -> &'static (Vec<Event>, Vec<u8>) {
    static TAKEN: OnceLock<(Vec<Event>, Vec<u8>)> = OnceLock::new();
    TAKEN.get_or_init(|| taken(marl(DecideOn::Bar)))
}

/// Bytes of the mark before the first section, of a section's name, length and checksum.
const MARK: usize = 16;
const HEAD: usize = 16 + 8 + 16;

/// Where each section's body begins, and its length.
fn bodies(bytes: &[u8]) -> Vec<(usize, usize)> {
    let (mut at, mut bodies) = (MARK, Vec::new());
    while at < bytes.len() {
        let len = u64::from_le_bytes(bytes[at + 16..at + 24].try_into().unwrap()) as usize;
        bodies.push((at + HEAD, len));
        at += HEAD + len;
    }
    bodies
}

#[test]
fn sections_are_those_of_the_graph() {
    let (_, bytes) = of_agents();
    let name = |(at, _): (usize, usize)| {
        let name = &bytes[at - HEAD..at - HEAD + 16];
        String::from_utf8(name.iter().copied().take_while(|byte| *byte != 0).collect()).unwrap()
    };
    let names: Vec<String> = bodies(bytes).into_iter().map(name).collect();
    let expected = "head sequencer venue portfolio bars indicators matrices synergy strategy orders";
    assert_eq!(names.join(" "), expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Flipped bits, lost ends: noticed and named, wherever they are.
    #[test]
    fn damage_is_refused(at in any::<prop::sample::Index>(), bit in 0_u8..8, is_cut in any::<bool>()) {
        let (ticks, bytes) = of_agents();
        let mut bytes = bytes.clone();
        let at = at.index(bytes.len());
        if is_cut { bytes.truncate(at) } else { bytes[at] ^= 1 << bit }
        let error = said(marl(DecideOn::Bar), ticks, &bytes, |_| ()).unwrap_err();
        prop_assert_eq!(error.section.is_empty(), at < MARK, "{}", error);
        prop_assert!(error.to_string().starts_with("the snapshot cannot be used: it"));
    }

    /// Bytes that nobody wrote, with checksums that are right: a state or an error.
    #[test]
    fn nonsense_does_not_panic(
        section in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        let (ticks, bytes) = of_agents();
        let mut bytes = bytes.clone();
        let bodies = bodies(&bytes);
        let (start, len) = bodies[section.index(bodies.len())];
        for (at, value) in edits {
            bytes[start + at.index(len)] = value;
        }
        let checksum = twox_hash::XxHash3_128::oneshot(&bytes[start..start + len]);
        bytes[start - 16..start].copy_from_slice(&checksum.to_le_bytes());
        let _ = said(marl(DecideOn::Bar), ticks, &bytes, |_| ());
    }
}
