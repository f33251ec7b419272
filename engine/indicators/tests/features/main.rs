//! Streaming equals batch at every prefix for the indicators of the intelligence page that are not classical:
//! what the stage emits, against the definitions written a second time and slowly, from the whole history.

mod batches;
mod flow;
mod fvg;
#[path = "../histories/mod.rs"]
mod histories;
mod mlmi;
mod profile;
mod returns;
mod schema;

use histories::{History, Step};
use model::{BarSource, Price, UNIT};
use proptest::prelude::*;

/// What a slow reference says of one feature at the last bar of a history: one value, NaN where there is none, or
/// several where the definition hangs on a difference that is smaller than rounding.
#[derive(Debug)]
pub struct Expected(Vec<f64>);

impl Expected {
    /// Whether a value is one of them, within 1e-9·max(1, |value|).
    fn agrees(&self, got: f64) -> bool {
        let near =
            |want: f64| (got.is_nan() && want.is_nan()) || (got - want).abs() <= 1e-9 * want.abs().max(1.0);
        self.0.iter().any(|want| near(*want))
    }
}

/// All values at the last bar, in the order of the schema.
fn expected(history: &History, steps: &[Step]) -> Vec<Expected> {
    let mut all: Vec<Expected> = mlmi::expected(steps).into_iter().collect();
    let plain = [
        returns::nwrqk(steps).to_vec(),
        returns::rqk(steps).to_vec(),
        fvg::expected(steps).to_vec(),
        profile::expected(steps).to_vec(),
        returns::regime(steps, history.timeframe.nanos()).to_vec(),
        vec![returns::price_momentum(steps), flow::volume_ratio(steps)],
        flow::clock(steps).to_vec(),
    ];
    all.extend(plain.into_iter().flatten().map(|value| Expected(vec![value])));
    all
}

fn check(history: &History, every: usize) {
    let (names, (rows, clamped)) = (History::value_names(), history.run());
    for (i, row) in rows.iter().enumerate().filter(|(i, _)| i % every == every - 1) {
        // The reference sees the prefix only: a value that knew a later bar would differ.
        let wants = expected(history, &history.steps[..=i]);
        assert_eq!((row.len(), wants.len()), (names.len(), names.len()));
        for ((name, got), want) in names.iter().zip(row).zip(&wants) {
            assert!(want.agrees(*got), "{name} at bar {}: {got}, the definition gives {want:?}", i + 1);
        }
    }
    assert_eq!(clamped, profile::clamped(&history.steps));
}

/// One tick of a generated bar: a step of the price in units of the grid, and a size.
type TickStep = (i64, i64);

/// Any legal history: bars with and without ticks, prices that stand still, drift, jump and cross zero.
fn history(bars: std::ops::Range<usize>) -> impl Strategy<Value = History> {
    // Where the price starts and how far it goes, in units of the grid; the raw size of the grid.
    let market = prop_oneof![
        (Just(50_000_i64), Just(60_i64), Just(UNIT)),
        (Just(138_000), Just(40), Just(UNIT / 100_000)),
        (Just(-20_000), Just(900), Just(UNIT / 100)),
        (Just(1_000), Just(90), Just(1)),
        (Just(0), Just(9), Just(1)),
        (Just(30), Just(1), Just(10 * UNIT)),
    ];
    let step = prop_oneof![4 => Just(0_i64), 12 => -10_i64..=10, 1 => -100_i64..=100];
    let size = prop_oneof![6 => 1_i64..=20, 1 => Just(Price::MAX.raw())];
    let tick = (step, size);
    let bar = prop_oneof![1 => Just(Vec::<TickStep>::new()), 9 => prop::collection::vec(tick, 1..6)];
    (market, prop::collection::vec(bar, bars)).prop_map(|((start, reach, grid), bars)| {
        let mut history = History::new("30m", BarSource::Trade);
        let mut price = start;
        history.push_next(vec![(price * grid, 1)]);
        for bar in bars {
            let tick_of = |(step, size): TickStep| {
                price += step * reach / 10;
                (price * grid, size)
            };
            history.push_next(bar.into_iter().map(tick_of).collect());
        }
        history
    })
}

proptest! {
    // A quarter of the usual number: each case checks every bar of a history against all of its past.
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 4))]

    #[test]
    fn streaming_equals_batch_at_every_prefix(history in history(1..180)) {
        check(&history, 1);
    }

    #[test]
    fn later_data_changes_no_earlier_value(
        history in history(100..200),
        other in history(1..60),
        cut in 1_usize..100,
    ) {
        let (rows, _) = history.run();
        let mut changed = History { steps: history.steps[..cut].to_vec(), ..history.clone() };
        let (truncated, _) = changed.run();
        // Whatever follows: no bar, or bars of quite another market.
        other.steps.iter().for_each(|step| changed.push_next(step.ticks.clone()));
        let (changed, _) = changed.run();
        for i in 0..cut {
            prop_assert_eq!(bits(&changed[i]), bits(&rows[i]), "bar {}", i + 1);
            prop_assert_eq!(bits(&truncated[i]), bits(&rows[i]), "bar {}", i + 1);
        }
    }

    #[test]
    fn labels_do_not_look_ahead(history in history(150..200), nth in any::<prop::sample::Index>(), up: bool) {
        // A crossing is labelled at the next one. Let the close there be far above, then far below.
        let crossings = mlmi::crossings(&history.steps);
        prop_assume!(!crossings.is_empty());
        let at = crossings[nth.index(crossings.len())];
        let (first, size) = history.steps[0].ticks[0];
        let far = (if up { first + first.abs() + 1_000 } else { first - first.abs() - 1_000 }, size);
        let mut turned = History { steps: history.steps[..at].to_vec(), ..history.clone() };
        (at..history.steps.len()).for_each(|_| turned.push_next(vec![far]));
        let ((rows, _), (turned_rows, _)) = (history.run(), turned.run());
        for i in 0..at {
            prop_assert_eq!(bits(&turned_rows[i]), bits(&rows[i]), "bar {}", i + 1);
        }
        check(&turned, 25);
    }
}

fn bits(row: &[f64]) -> Vec<u64> {
    row.iter().map(|value| value.to_bits()).collect()
}

/// A small generator of our own.
struct Random(u64);

impl Random {
    /// From −reach to reach.
    fn step(&mut self, reach: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as i64 % (2 * reach + 1) - reach
    }
}

#[test]
fn long_histories_do_not_drift() {
    // More than 200 labelled crossings, and windows that have turned over many times.
    let mut random = Random(11);
    let mut history = History::new("5m", BarSource::Trade);
    let mut price = 200_000;
    for i in 0..4_000_i64 {
        let calm = if i / 300 % 3 == 0 { 60 } else { 9 };
        let ticks = (0..4).map(|_| {
            price += random.step(calm) + i / 400 % 3 - 1;
            (price * UNIT / 10, 1 + random.step(500).abs() * UNIT / 10)
        });
        history.push_next(ticks.collect());
    }
    check(&history, 199);
    // Nothing above is empty talk: each feature has said more than its resting value.
    let (rows, _) = history.run();
    for (place, name) in History::value_names().iter().enumerate() {
        let column = || rows.iter().map(|row| row[place]).filter(|value| !value.is_nan());
        let first = column().next().expect("a value");
        let moved = column().filter(|value| value.to_bits() != first.to_bits()).count();
        assert!(moved > 50, "{name} has moved {moved} times");
    }
}
