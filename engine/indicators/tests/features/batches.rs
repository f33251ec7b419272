//! Batches of ticks against their definition, written over all ticks at once.

use indicators::{TickBatch, TickBatches};
use model::{Nanos, Price, UNIT};
use proptest::prelude::*;

/// Time, raw price, raw size.
type Tick = (i64, i64, i64);

/// The ticks cut into batches: at the hundredth, and where a millisecond has passed since a batch's first.
fn cut(ticks: &[Tick]) -> Vec<&[Tick]> {
    let mut batches = Vec::new();
    let mut rest = ticks;
    while let Some(first) = rest.first() {
        let len = rest.iter().take(100).take_while(|tick| tick.0 < first.0 + 1_000_000).count();
        batches.push(&rest[..len]);
        rest = &rest[len..];
    }
    batches
}

fn check(got: &TickBatch, ticks: &[Tick]) {
    let (first, last) = (ticks[0], ticks[ticks.len() - 1]);
    assert_eq!((got.ts_first, got.time_span), (Nanos(first.0), Nanos(last.0 - first.0)));
    assert_eq!(got.ticks as usize, ticks.len());
    let volume: i128 = ticks.iter().map(|tick| i128::from(tick.2)).sum();
    assert_eq!(got.volume, volume);
    let near =
        |got: f64, want: f64| assert!((got - want).abs() <= 1e-9 * want.abs().max(1.0), "{got}, {want}");
    let unit = UNIT as f64;
    near(got.price_change, (last.1 - first.1) as f64 / unit);
    let prices: Vec<f64> = ticks.iter().map(|tick| (tick.1 - first.1) as f64 / unit).collect();
    let mean = prices.iter().sum::<f64>() / prices.len() as f64;
    let variance = prices.iter().map(|price| (price - mean).powi(2)).sum::<f64>() / prices.len() as f64;
    near(got.volatility, variance.sqrt());
    assert_eq!(got.vwap.is_some(), volume > 0);
    if let Some(vwap) = got.vwap {
        let weighted = ticks.iter().zip(&prices).map(|(tick, price)| price * (tick.2 as f64 / volume as f64));
        near(vwap, first.1 as f64 / unit + weighted.sum::<f64>());
    }
}

proptest! {
    #[test]
    fn equal_the_ticks_they_are_made_of(
        steps in prop::collection::vec(
            (prop_oneof![5 => 0_i64..3_000, 1 => 0_i64..2_000_000], -900_i64..900, 0_i64..3), 1..600),
        start in prop_oneof![Just(50_000 * UNIT), Just(-3 * UNIT), Just(900_000_000 * UNIT)],
        size in prop_oneof![Just(1_i64), Just(UNIT), Just(Price::MAX.raw() / 2)],
    ) {
        let (mut ts, mut price) = (0, start);
        let ticks: Vec<Tick> = steps.iter().map(|(wait, step, lots)| {
            (ts, price) = (ts + wait, price + step * UNIT / 1_000);
            (ts, price, lots * size)
        }).collect();
        let mut batches = TickBatches::new();
        let mut got: Vec<TickBatch> = ticks
            .iter()
            .filter_map(|(ts, price, size)| batches.on_tick(Nanos(*ts), Price::new(*price), *size))
            .collect();
        got.extend(batches.finish());
        let expected = cut(&ticks);
        prop_assert_eq!(got.len(), expected.len());
        got.iter().zip(expected).for_each(|(got, ticks)| check(got, ticks));
    }
}
