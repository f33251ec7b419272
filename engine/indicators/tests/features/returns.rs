//! What is made of closes and their returns, from the whole history and by the textbook.

use crate::histories::Step;
use model::{Nanos, UNIT};

fn close(step: &Step) -> f64 {
    step.bar.close.to_f64()
}

/// All returns; NaN after a close of 0.
fn returns(steps: &[Step]) -> Vec<f64> {
    let of = |pair: &[Step]| {
        let (last, now) = (pair[0].bar.close.raw(), pair[1].bar.close.raw());
        if last == 0 { f64::NAN } else { (now - last) as f64 / last as f64 }
    };
    steps.windows(2).map(of).collect()
}

fn last(values: &[f64], n: usize) -> Option<&[f64]> {
    values.get(values.len().checked_sub(n)?..)
}

fn variance(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64
}

/// Value, slope, volatility.
pub fn nwrqk(steps: &[Step]) -> [f64; 3] {
    let returns = returns(steps);
    let Some(window) = last(&returns, 19) else { return [f64::NAN; 3] };
    let n = 19.0;
    let (mut x, mut y, mut xx, mut xy) = (0.0, 0.0, 0.0, 0.0);
    for (i, r) in window.iter().enumerate() {
        let i = i as f64;
        (x, y, xx, xy) = (x + i, y + r, xx + i * i, xy + i * r);
    }
    let slope = (n * xy - x * y) / (n * xx - x * x);
    let volatility = variance(window).sqrt();
    [slope / (volatility + 1e-8), slope, volatility]
}

fn kernel(steps: &[Step], h: f64) -> f64 {
    let Some(start) = steps.len().checked_sub(27) else { return f64::NAN };
    let window = steps[start..].iter().rev().enumerate();
    let weight = |i: usize| (1.0 + (i * i) as f64 / (16.0 * h * h)).powf(-8.0);
    let (sum, weights) = window
        .fold((0.0, 0.0), |(sum, weights), (i, step)| (sum + weight(i) * close(step), weights + weight(i)));
    sum / weights
}

/// Value, slope, fast value.
pub fn rqk(steps: &[Step]) -> [f64; 3] {
    let now = kernel(steps, 8.0);
    [now, now - kernel(&steps[..steps.len() - 1], 8.0), kernel(steps, 6.0)]
}

fn discrepancy(x: &[f64], y: &[f64]) -> f64 {
    let pooled = [x, y].concat();
    let variance =
        if pooled.iter().all(|r| r.to_bits() == pooled[0].to_bits()) { 0.0 } else { variance(&pooled) };
    if pooled.iter().any(|r| r.is_nan()) {
        return f64::NAN;
    }
    if variance <= 0.0 {
        return 0.0;
    }
    let kernel = |a: f64, b: f64| (-(a - b).powi(2) / (2.0 * variance)).exp();
    let mean = |a: &[f64], b: &[f64]| {
        a.iter().flat_map(|a| b.iter().map(|b| kernel(*a, *b))).sum::<f64>() / (a.len() * b.len()) as f64
    };
    mean(x, x) + mean(y, y) - 2.0 * mean(x, y)
}

/// The three discrepancies, then the volatility of 30 returns a year.
pub fn regime(steps: &[Step], timeframe: Nanos) -> [f64; 4] {
    let returns = returns(steps);
    let window = |back: usize| last(&returns[..returns.len().saturating_sub(back)], 20);
    let mmd = |back: usize| window(0).zip(window(back)).map_or(f64::NAN, |(x, y)| discrepancy(x, y));
    let year = 365.25 * 86_400.0 / (timeframe.0 as f64 / UNIT as f64);
    let volatility = last(&returns, 30).map_or(f64::NAN, |window| variance(window).sqrt() * year.sqrt());
    [mmd(20), mmd(40), mmd(60), volatility]
}

pub fn price_momentum(steps: &[Step]) -> f64 {
    let Some(before) = steps.len().checked_sub(6) else { return f64::NAN };
    let (before, now) = (close(&steps[before]), close(&steps[steps.len() - 1]));
    let percent = (now / before - 1.0) * 100.0;
    if before.abs() > 0.0 { percent.clamp(-10.0, 10.0) } else { f64::NAN }
}
