//! Any history of bars and values against the definition, recomputed from the whole of it.
//!
//! The reference finds each gap and the bar that mitigates it by looking at all bars, each crossing by looking back,
//! and each synergy by the slow rules of `set::reference`.

use super::tests::{bar, frame_of, stage};
use super::*;
use crate::set::reference::fates;
use model::{Direction, Nanos};
use proptest::prelude::*;

/// One bar's prices, and the six values of its set.
type Row = ([i64; 4], [f64; 6]);

/// Direction and height of all gaps that bar `at` mitigates.
fn mitigated(rows: &[Row], at: usize) -> Vec<(Direction, i64)> {
    let body = |t: usize| (rows[t].0[3] - rows[t].0[0]).abs();
    let mut found = Vec::new();
    for t in (at.saturating_sub(49)..at).filter(|t| *t >= 19) {
        let ([_, high_first, low_first, _], [_, high, low, _]) = (rows[t - 2].0, rows[t].0);
        let close_middle = rows[t - 1].0[3];
        let bodies: i64 = (t - 19..=t).map(body).sum();
        if body(t - 1) as f64 / 1.5 <= bodies as f64 / 20.0 {
            continue;
        }
        let reaches_down = |u: usize| rows[u].0[2] <= high_first;
        let reaches_up = |u: usize| rows[u].0[1] >= low_first;
        if low > high_first
            && close_middle > high_first
            && (t + 1..=at).find(|u| reaches_down(*u)) == Some(at)
        {
            found.push((Direction::Long, low - high_first));
        }
        if high < low_first && close_middle < low_first && (t + 1..=at).find(|u| reaches_up(*u)) == Some(at) {
            found.push((Direction::Short, low_first - high));
        }
    }
    found
}

fn side_of(value: f64) -> Option<Direction> {
    Direction::of_sign(if value > 0.0 { 1 } else { -i8::from(value < 0.0) })
}

/// What fires at bar `at`, whose first set was at bar `first`.
fn firings(rows: &[Row], first: usize, at: usize) -> [Option<(Direction, f64)>; 3] {
    let [value, confidence, nwrqk, slope, ..] = rows[at].1;
    let before = if at > first { rows[at - 1].1[0] } else { f64::NAN };
    let side = side_of(value - 0.5);
    let is_new = !before.is_nan() && side_of(before - 0.5) != side && confidence >= 0.5;
    let mlmi = side.filter(|_| is_new).map(|side| (side, confidence));
    let slope_before = (first..at).rev().find_map(|t| side_of(rows[t].1[3]));
    let sign = side_of(slope).filter(|sign| slope_before.is_some_and(|before| before != *sign));
    let nwrqk =
        sign.filter(|_| nwrqk.abs() >= 0.01).map(|sign| (sign, (nwrqk.abs() * 30_f64.sqrt()).min(1.0)));
    let close = rows[at].0[3];
    let mut gaps = mitigated(rows, at);
    gaps.sort_by_key(|(direction, height)| (*height, direction.sign()));
    let largest = gaps.last().filter(|(_, height)| height * 1_000 >= close);
    let fvg =
        largest.map(|(direction, height)| (*direction, (*height as f64 / (0.005 * close as f64)).min(1.0)));
    [mlmi, nwrqk, fvg]
}

/// All signals of a symbol, in order.
fn signals(rows: &[Row], first: usize) -> Vec<Signal> {
    let at_bar = |at: usize| {
        let ts = bar(0, at as u64, rows[at].0).ts_close;
        let firings = SignalKind::ALL.into_iter().zip(firings(rows, first, at));
        firings.filter_map(move |(kind, firing)| {
            firing.map(|(direction, strength)| Signal { kind, direction, strength, ts })
        })
    };
    (first..rows.len()).flat_map(at_bar).collect()
}

/// Quiet bars and large ones near 100,000, so that gaps form and are mitigated; values that cross often.
fn rows() -> impl Strategy<Value = Vec<Row>> {
    let step = prop_oneof![4 => -20_i64..20, 1 => 60_i64..900, 1 => -900_i64..-60];
    let wicks = (0_i64..15, 0_i64..15);
    let mlmi = prop_oneof![
        12 => prop::sample::select(vec![0.0, 0.2, 0.8, 1.0]),
        3 => prop::sample::select(vec![0.4, 0.5, 0.6]),
        1 => Just(f64::NAN),
    ];
    let slope =
        prop_oneof![8 => prop::sample::select(vec![-1e-6, 1e-6]), 1 => Just(0.0), 1 => Just(f64::NAN)];
    let nwrqk = prop::sample::select(vec![0.0, -0.009, 0.01, 0.05, -0.15, 0.3]);
    let calm = prop::collection::vec(any::<bool>(), 2);
    let row = (step, wicks, mlmi, slope, nwrqk, calm);
    prop::collection::vec(row, 0..160).prop_map(|rows| {
        let (mut close, mut values) = (100_000_i64, [f64::NAN; 6]);
        let mut next =
            |(step, (up, down), mlmi, slope, nwrqk, calm): (i64, (i64, i64), f64, f64, f64, Vec<bool>)| {
                let open = close;
                close = (open + step).max(50_000);
                // Now and then a value stays, so that sets wait for their third signal.
                if !calm[0] {
                    (values[0], values[1]) = (mlmi, (mlmi - 0.5).abs() * 2.0);
                }
                if !calm[1] {
                    (values[2], values[3]) = (nwrqk, slope);
                }
                ([open, open.max(close) + up, open.min(close) - down, close], values)
            };
        rows.into_iter().map(&mut next).collect()
    })
}

fn is_close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn synergies_and_counts_are_what_the_whole_history_says(
        symbols in prop::array::uniform2(rows()),
        first in 0_usize..60,
        all_patterns in any::<bool>(),
    ) {
        let mut config = SynergyConfig::default();
        if all_patterns {
            config.patterns = Pattern::ALL.to_vec();
        }
        let mut stage = stage(config, 2);
        let mut found: Vec<Synergy> = Vec::new();
        for nth in 0..symbols.iter().map(Vec::len).max().unwrap_or(0) {
            let bars: Vec<_> = (0..)
                .zip(&symbols)
                .filter_map(|(symbol, rows)| rows.get(nth).map(|(prices, values)| {
                    (bar(symbol, nth as u64, *prices), (nth >= first).then_some(&values[..]))
                }))
                .collect();
            let mut frame = frame_of(&bars);
            stage.on_frame(&mut frame);
            found.extend(frame.synergies);
        }
        let (mut fired, mut emitted, mut unlisted) = ([0; 3], [0; 6], [0; 6]);
        for (symbol, rows) in (0..).zip(&symbols) {
            let history = signals(rows, first);
            history.iter().for_each(|signal| fired[signal.kind as usize] += 1);
            let mut own = found.iter().filter(|synergy| synergy.symbol == SymbolId(symbol));
            for (places, is_emitted) in fates(&history, &stage.rules).iter().filter_map(|fate| fate.completed()) {
                let members = places.map(|place| history[place]);
                let pattern = Pattern::of(members.map(|member| member.kind)).unwrap();
                if !is_emitted {
                    unlisted[pattern.index()] += 1;
                    continue;
                }
                emitted[pattern.index()] += 1;
                let synergy = own.next().expect("each synergy that is due was emitted");
                check(synergy, pattern, &members, rows);
            }
            prop_assert_eq!(own.next(), None, "nothing more was emitted");
        }
        prop_assert_eq!(stage.counts(), &Counts { signals: fired, synergies: emitted, unlisted });
    }
}

fn check(synergy: &Synergy, pattern: Pattern, members: &[Signal; 3], rows: &[Row]) {
    assert_eq!((synergy.pattern, synergy.direction), (pattern, members[0].direction));
    for (got, want) in synergy.signals.iter().zip(members) {
        assert_eq!((got.kind, got.direction, got.ts), (want.kind, want.direction, want.ts));
        assert!(is_close(got.strength, want.strength), "{got:?}, expected {want:?}");
    }
    let mean = members.iter().map(|member| member.strength).sum::<f64>() / 3.0;
    assert!(is_close(synergy.strength, mean), "{}, expected {mean}", synergy.strength);
    let nth = (members[2].ts.0 / (5 * Nanos::MINUTE.0) - 1) as usize;
    assert_eq!(synergy.context.price.raw(), rows[nth].0[3]);
    assert_eq!(synergy.context.volume, 1_000 + nth as i128);
}

/// The generator reaches what it should: without this the property could hold of nothing.
#[test]
fn made_histories_have_synergies_of_every_kind() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut fired, mut completed) = ([0; 3], 0);
    for _ in 0..200 {
        let rows = rows().new_tree(&mut runner).unwrap().current();
        let history = signals(&rows, 20);
        history.iter().for_each(|signal| fired[signal.kind as usize] += 1);
        let rules = Rules { window: Nanos(50 * Nanos::MINUTE.0), cool_down: Nanos(0), is_listed: [true; 6] };
        completed += fates(&history, &rules).iter().filter(|fate| fate.completed().is_some()).count();
    }
    assert!(fired.iter().all(|fired| *fired > 200) && completed > 100, "{fired:?}, {completed}");
}
