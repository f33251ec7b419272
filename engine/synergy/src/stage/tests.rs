//! What the stage reads from frames, what it appends, and what the hashes tell apart.

use super::*;
use crate::FvgDirection;
use model::{BarSource, Direction, Kind, Nanos, Price};

pub(super) const NAMES: [&str; 6] =
    ["mlmi_value", "mlmi_confidence", "nwrqk_value", "nwrqk_slope", "volatility_20", "lvn_distance"];

/// Values of a set in the order of [`NAMES`] that fire nothing after themselves.
const CALM: [f64; 6] = [0.0, 1.0, 0.1, -1.0, 0.25, 1.5];
/// After [`CALM`], mlmi fires long with strength 0.75.
const MLMI: [f64; 6] = [0.875, 0.75, 0.1, -1.0, 0.25, 1.5];
/// After [`MLMI`], nwrqk fires long with strength 1.
const NWRQK: [f64; 6] = [0.875, 0.75, 0.5, 1.0, 0.25, 1.5];

/// Run timeframes: 1m, without indicators; 5m, the synergy's; 30m with a distance to low volume nodes.
pub(super) fn stage(config: SynergyConfig, symbols: usize) -> Synergies {
    let timeframes = ["1m", "5m", "30m"].map(|text| Timeframe::parse(text).unwrap());
    let own = NAMES.map(str::to_owned).to_vec();
    let names = [vec![], own, vec!["poc_distance".to_owned(), "lvn_distance".to_owned()]];
    Synergies::new(config, &timeframes, &names, symbols).unwrap()
}

/// The `nth` five-minute bar of a symbol; prices are open, high, low, close.
pub(super) fn bar(symbol: u32, nth: u64, prices: [i64; 4]) -> Bar {
    let [open, high, low, close] = prices.map(Price::new);
    let ts_close = Nanos((nth as i64 + 1) * 5 * Nanos::MINUTE.0);
    Bar {
        symbol: SymbolId(symbol),
        timeframe: 1,
        source: BarSource::Trade,
        primary: true,
        ts_open: Nanos(ts_close.0 - 5 * Nanos::MINUTE.0),
        ts_close,
        open,
        high,
        low,
        close,
        volume: 1_000 + i128::from(nth),
        vwap: None,
        trades: 1,
    }
}

/// A frame of the bars, each with the values of its set, if it has one.
pub(super) fn frame_of(bars: &[(Bar, Option<&[f64]>)]) -> Frame {
    let mut frame = Frame::default();
    let ts = bars.iter().map(|(bar, _)| bar.ts_close).max().unwrap_or_default();
    let seq = (ts.0 / Nanos::MINUTE.0) as u64;
    frame.begin(Event { seq, ..Event::input(Kind::TIMER, ts, SymbolId::NONE) });
    bars.iter().for_each(|(bar, _)| frame.push_bar(*bar));
    for (Bar { symbol, timeframe, ts_close, .. }, values) in bars {
        let Some(values) = values else { continue };
        let (values_start, values_len) = (frame.values.len() as u32, values.len() as u32);
        frame.values.extend_from_slice(values);
        let (symbol, timeframe, ts_close) = (*symbol, *timeframe, *ts_close);
        frame.push_set(IndicatorSet { symbol, timeframe, ts_close, values_start, values_len });
    }
    frame
}

/// Twenty quiet bars, a jump, a bar that leaves a bullish gap from 100,100 to 100,700, and one more; then a bar that
/// falls through the gap: bar number 23. Its strength at a close of 100,000 is 1.
const GAP_BAR: usize = 23;
fn prices(nth: usize) -> [i64; 4] {
    match nth {
        0..20 => [100_000, 100_100, 99_900, 100_000],
        20 => [100_000, 101_000, 100_000, 101_000],
        21 | 22 => [101_000, 101_000, 100_700, 101_000],
        GAP_BAR => [101_000, 101_000, 100_000, 100_000],
        _ => [100_000, 100_100, 99_900, 100_000],
    }
}

/// Runs one symbol over the prices above with these values at these bars, else calm ones; gives all synergies.
fn run(stage: &mut Synergies, values: &[(usize, [f64; 6])]) -> Vec<Synergy> {
    let mut found = Vec::new();
    let mut now = CALM;
    for nth in 0..30 {
        now = values.iter().find(|(at, _)| *at == nth).map_or(now, |(_, values)| *values);
        let mut frame = frame_of(&[(bar(0, nth as u64, prices(nth)), Some(&now))]);
        stage.on_frame(&mut frame);
        found.extend(frame.synergies);
    }
    found
}

fn ts_of(nth: usize) -> Nanos {
    bar(0, nth as u64, prices(nth)).ts_close
}

#[test]
fn three_signals_make_a_synergy_with_its_context() {
    let mut stage = stage(SynergyConfig::default(), 1);
    let found = run(&mut stage, &[(18, MLMI), (20, NWRQK)]);
    let signal = |kind, nth, strength| Signal { kind, direction: Direction::Long, strength, ts: ts_of(nth) };
    let expected = Synergy {
        symbol: SymbolId(0),
        pattern: Pattern::parse("mlmi>nwrqk>fvg").unwrap(),
        direction: Direction::Long,
        strength: 2.75 / 3.0,
        signals: [
            signal(SignalKind::Mlmi, 18, 0.75),
            signal(SignalKind::Nwrqk, 20, 1.0),
            signal(SignalKind::Fvg, GAP_BAR, 1.0),
        ],
        context: MarketContext {
            price: Price::new(100_000),
            volatility: 0.25,
            volume: 1_023,
            lvn_distance: 1.5,
        },
    };
    assert_eq!(found, [expected]);
    let counts = stage.counts();
    assert_eq!(SignalKind::ALL.map(|kind| counts.signals(kind)), [1; 3]);
    assert_eq!(Pattern::ALL.map(|pattern| counts.synergies(pattern)), [1, 0, 0, 0, 0, 0]);
    assert_eq!(Pattern::ALL.map(|pattern| counts.unlisted(pattern)), [0; 6]);
}

#[test]
fn signals_of_one_bar_count_as_mlmi_nwrqk_fvg() {
    let check = |values: &[(usize, [f64; 6])], expected: &[&str]| {
        let found = run(&mut stage(SynergyConfig::default(), 1), values);
        let patterns: Vec<String> = found.iter().map(|synergy| synergy.pattern.to_string()).collect();
        assert_eq!(patterns, expected, "{values:?}");
    };
    check(&[(GAP_BAR, NWRQK)], &["mlmi>nwrqk>fvg"]);
    check(&[(GAP_BAR - 1, [0.875, 0.75, 0.5, -1.0, 0.0, 0.0]), (GAP_BAR, NWRQK)], &["mlmi>nwrqk>fvg"]);
    check(&[(GAP_BAR - 1, [0.0, 1.0, 0.5, 1.0, 0.0, 0.0]), (GAP_BAR, NWRQK)], &["nwrqk>mlmi>fvg"]);
    check(&[(GAP_BAR, [0.0, 1.0, 0.5, 1.0, 0.0, 0.0]), (GAP_BAR + 1, NWRQK)], &["nwrqk>fvg>mlmi"]);
    check(&[(GAP_BAR, MLMI), (GAP_BAR + 1, NWRQK)], &["mlmi>fvg>nwrqk"]);
    check(&[(GAP_BAR + 1, NWRQK)], &[]);
}

#[test]
fn unlisted_patterns_are_counted_and_not_emitted() {
    let mut stage = stage(SynergyConfig::default(), 1);
    assert_eq!(run(&mut stage, &[(GAP_BAR + 1, NWRQK)]), []);
    let unlisted = Pattern::parse("fvg>mlmi>nwrqk").unwrap();
    assert_eq!((stage.counts().unlisted(unlisted), stage.counts().synergies(unlisted)), (1, 0));
}

#[test]
fn a_fade_points_the_other_way() {
    let config = SynergyConfig { fvg_direction: FvgDirection::Fade, ..SynergyConfig::default() };
    assert_eq!(run(&mut stage(config.clone(), 1), &[(18, MLMI), (20, NWRQK)]), []);
    // From the far side: mlmi and nwrqk turn down, as the faded bullish gap does.
    let up = [1.0, 1.0, 0.5, 1.0, 0.0, 0.0];
    let down = [0.0, 1.0, 0.5, -1.0, 0.0, 0.0];
    let found = run(&mut stage(config, 1), &[(5, up), (19, down)]);
    assert_eq!(found.iter().map(|synergy| synergy.direction).collect::<Vec<_>>(), [Direction::Short]);
}

#[test]
fn bars_without_a_set_follow_gaps_but_fire_nothing() {
    let run_from = |first_set: usize| {
        let mut stage = stage(SynergyConfig::default(), 1);
        let mut found = Vec::new();
        for nth in 0..30 {
            let values = if nth < GAP_BAR { CALM } else { NWRQK };
            let set = (nth >= first_set).then_some(&values[..]);
            let mut frame = frame_of(&[(bar(0, nth as u64, prices(nth)), set)]);
            stage.on_frame(&mut frame);
            found.extend(frame.synergies);
        }
        (found.len(), SignalKind::ALL.map(|kind| stage.counts().signals(kind)))
    };
    assert_eq!(run_from(0), (1, [1, 1, 1]));
    assert_eq!(run_from(GAP_BAR - 1), (1, [1, 1, 1]));
    // The crossings have no set before them, but the gap formed all the same.
    assert_eq!(run_from(GAP_BAR), (0, [0, 0, 1]));
    assert_eq!(run_from(GAP_BAR + 1), (0, [0, 0, 0]));
}

#[test]
fn bars_of_other_sources_and_timeframes_are_not_read() {
    let (mut alone, mut beside) = (stage(SynergyConfig::default(), 1), stage(SynergyConfig::default(), 1));
    for nth in 0..30 {
        let own = bar(0, nth as u64, prices(nth));
        let values = if nth < 20 { CALM } else { NWRQK };
        let mut frame = frame_of(&[(own, Some(&values))]);
        alone.on_frame(&mut frame);
        let far = bar(0, nth as u64, [500_000, 500_000, 1, 250_000]);
        let short = Bar { timeframe: 0, ..far };
        let other = Bar { primary: false, source: BarSource::Bid, ..far };
        let mut crowded =
            frame_of(&[(short, None), (own, Some(&values)), (other, None), (far_30m(far), None)]);
        beside.on_frame(&mut crowded);
        assert_eq!(frame.synergies, crowded.synergies);
    }
    assert_eq!(alone.counts(), beside.counts());
    assert_eq!(alone.state_hash(), beside.state_hash());
}

fn far_30m(bar: Bar) -> Bar {
    Bar { timeframe: 2, ..bar }
}

#[test]
fn the_distance_to_a_node_is_the_latest_of_the_longest_timeframe_that_has_one() {
    const NAN: f64 = f64::NAN;
    let check = |long: &[(usize, f64)], expected: f64| {
        let mut stage = stage(SynergyConfig::default(), 2);
        let mut found = Vec::new();
        for nth in 0..=GAP_BAR {
            let values = if nth < GAP_BAR { CALM } else { NWRQK };
            let own = bar(1, nth as u64, prices(nth));
            let distance = long.iter().find(|(at, _)| *at == nth).map(|(_, distance)| [9.0, *distance]);
            // Another symbol, whose distances are no business of this one.
            let other = far_30m(bar(0, nth as u64, prices(0)));
            let mut bars = vec![(own, Some(&values[..])), (other, Some(&[0.0, 7.0]))];
            bars.extend(distance.as_ref().map(|values| (far_30m(own), Some(&values[..]))));
            let mut frame = frame_of(&bars);
            stage.on_frame(&mut frame);
            found.extend(frame.synergies);
        }
        let found: Vec<f64> = found.iter().map(|synergy| synergy.context.lvn_distance).collect();
        assert_eq!(found, [expected], "{long:?}");
    };
    check(&[], 1.5);
    check(&[(3, -2.0)], -2.0);
    check(&[(3, -2.0), (9, -3.0)], -3.0);
    check(&[(3, -2.0), (9, NAN)], -2.0);
    check(&[(3, NAN)], 1.5);
    // What closes with the synergy's own bar is known.
    check(&[(3, -2.0), (GAP_BAR, -4.0)], -4.0);
}

#[test]
fn context_that_no_indicator_gives_is_nan() {
    let names: Vec<String> = NAMES[..4].iter().map(|name| (*name).to_owned()).collect();
    let timeframes = ["1m", "5m"].map(|text| Timeframe::parse(text).unwrap());
    let mut stage = Synergies::new(SynergyConfig::default(), &timeframes, &[vec![], names], 1).unwrap();
    let mut context = None;
    for nth in 0..=GAP_BAR {
        let values = if nth < GAP_BAR { CALM } else { NWRQK };
        let mut frame = frame_of(&[(bar(0, nth as u64, prices(nth)), Some(&values[..4]))]);
        stage.on_frame(&mut frame);
        context = frame.synergies.first().map(|synergy| synergy.context);
    }
    let context = context.expect("a synergy");
    assert!(context.volatility.is_nan() && context.lvn_distance.is_nan());
    assert_eq!(context.price, Price::new(100_000));
}

#[test]
fn the_standard_indicators_give_what_is_needed() {
    let timeframes = ["1m", "5m", "30m"].map(|text| Timeframe::parse(text).unwrap());
    let names = indicators::IndicatorConfig::standard(&timeframes).schema();
    let stage = Synergies::new(SynergyConfig::default(), &timeframes, &names, 1);
    assert_eq!(stage.map(|stage| stage.symbols.len()), Ok(1));
}

#[test]
fn events_announce_synergies_after_all_sets() {
    let mut stage = stage(SynergyConfig::default(), 2);
    let mut last = Frame::default();
    for nth in 0..=GAP_BAR {
        let values = if nth < GAP_BAR { CALM } else { NWRQK };
        let bars = [0, 1].map(|symbol| (bar(symbol, nth as u64, prices(nth)), Some(&values[..])));
        last = frame_of(&bars);
        stage.on_frame(&mut last);
    }
    let kinds: Vec<Kind> = last.events[1..].iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [[Kind::BAR; 2], [Kind::INDICATORS; 2], [Kind::SYNERGY; 2]].concat());
    let announced: Vec<(SymbolId, i64)> = last.events[5..].iter().map(|e| (e.symbol, e.words[0])).collect();
    assert_eq!(announced, [(SymbolId(0), 0), (SymbolId(1), 1)]);
    assert_eq!(last.synergies.iter().map(|synergy| synergy.symbol.0).collect::<Vec<_>>(), [0, 1]);
}

#[test]
fn hashes_tell_differences_apart() {
    let hashes = |values: &[(usize, [f64; 6])]| {
        let mut stage = stage(SynergyConfig::default(), 1);
        run(&mut stage, values);
        (stage.event_hash(), stage.state_hash())
    };
    let emitted = hashes(&[(18, MLMI), (20, NWRQK)]);
    assert_eq!(hashes(&[(18, MLMI), (20, NWRQK)]), emitted);
    assert_ne!(hashes(&[(19, MLMI), (20, NWRQK)]).0, emitted.0);
    let mut other_volatility = NWRQK;
    other_volatility[4] = 0.5;
    assert_ne!(hashes(&[(18, MLMI), (20, other_volatility)]).0, emitted.0);
    // Nothing emitted, but other states: a sign, a value, a signal that waits, a distance, a count.
    let mut states = vec![hashes(&[]), hashes(&[(25, MLMI)]), hashes(&[(26, MLMI)]), hashes(&[(29, NWRQK)])];
    let with = |index: usize, value: f64| {
        let mut values = CALM;
        values[index] = value;
        values
    };
    states.extend([(0, 0.25), (3, 0.0), (5, 2.5)].map(|(index, value)| hashes(&[(0, with(index, value))])));
    for (i, one) in states.iter().enumerate() {
        assert_eq!(one.0, states[0].0);
        for (k, other) in states[..i].iter().enumerate() {
            assert_ne!(one.1, other.1, "states {k} and {i}");
        }
    }
}
