//! Volume ratio and the clock, from the whole history.

use crate::histories::Step;
use std::f64::consts::TAU;

pub fn volume_ratio(steps: &[Step]) -> f64 {
    let volumes: Vec<f64> = steps.iter().map(|step| step.bar.volume as f64 / 1e9).collect();
    let Some(after) = volumes.get(20..) else {
        return if volumes.len() < 20 { f64::NAN } else { ratio(&volumes, &[]) };
    };
    ratio(&volumes[..20], after)
}

/// The average by its weights: the seed's and those of the volumes after it.
fn ratio(seed: &[f64], after: &[f64]) -> f64 {
    let k = 2.0 / 21.0_f64;
    let weight = |age: usize| (1.0 - k).powf(age as f64);
    let mean = seed.iter().sum::<f64>() / 20.0;
    let terms = after.iter().rev().enumerate().map(|(age, volume)| k * weight(age) * volume);
    let average = mean * weight(after.len()) + terms.sum::<f64>();
    let volume = after.last().or(seed.last()).expect("a bar");
    if average > 0.0 { (1.0 + (volume / average - 1.0).max(0.0)).ln() } else { 0.0 }
}

/// Hour, then weekday: sine, cosine. Counted from a Monday, 2000-01-03.
pub fn clock(steps: &[Step]) -> [f64; 4] {
    let monday = 946_857_600;
    let close = steps[steps.len() - 1].bar.ts_close.0 / 1_000_000_000 - monday;
    assert!(close > 0, "the histories are later than that");
    let point = |turn: i64| {
        let angle = TAU * (close % turn) as f64 / turn as f64;
        [angle.sin(), angle.cos()]
    };
    let ([a, b], [c, d]) = (point(86_400), point(604_800));
    [a, b, c, d]
}
