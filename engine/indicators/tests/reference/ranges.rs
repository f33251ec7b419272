//! What highs and lows say.

use super::{Row, last, seeded, weighted};
use model::UNIT;
use num_bigint::BigInt;

/// Highest high and lowest low of the last n, or of all there are.
fn extremes(rows: &[Row], n: usize) -> (i64, i64) {
    let window = &rows[rows.len().saturating_sub(n)..];
    let highs = window.iter().map(|row| row.high).max();
    (highs.expect("a bar"), window.iter().map(|row| row.low).min().expect("a bar"))
}

/// One side of the channel, in price units.
pub fn donchian(rows: &[Row], n: usize, line: &str) -> f64 {
    let (high, low) = extremes(rows, n);
    let side = match line {
        "high" => high,
        "low" => low,
        _ => panic!("a channel has no {line}"),
    };
    side as f64 / UNIT as f64
}

/// Where the last close stands in the range of the last n bars; 50 in a range without height.
fn place(rows: &[Row], n: usize) -> Option<f64> {
    last(rows, n)?;
    let ((high, low), close) = (extremes(rows, n), rows[rows.len() - 1].close);
    Some(if high == low { 50.0 } else { 100.0 - 100.0 * (high - close) as f64 / (high - low) as f64 })
}

/// The mean of a value at the last `count` bars.
fn smoothed(rows: &[Row], count: usize, value: impl Fn(&[Row]) -> Option<f64>) -> Option<f64> {
    let mut total = 0.0;
    for back in 0..count {
        total += value(&rows[..rows.len().checked_sub(back)?])?;
    }
    Some(total / count as f64)
}

/// %K or %D.
pub fn stochastic(rows: &[Row], [n, k, d]: [usize; 3], line: &str) -> Option<f64> {
    let percent_k = |rows: &[Row]| smoothed(rows, k, |rows| place(rows, n));
    match line {
        "k" => percent_k(rows),
        "d" => smoothed(rows, d, percent_k),
        _ => panic!("a stochastic has no {line}"),
    }
}

/// Movements up and down that count, one pair per change.
fn movements(rows: &[Row]) -> Vec<(i64, i64)> {
    let pair = |pair: &[Row]| {
        let (up, down) = (pair[1].high - pair[0].high, pair[0].low - pair[1].low);
        (if up > 0 && up > down { up } else { 0 }, if down > 0 && down > up { down } else { 0 })
    };
    rows.windows(2).map(pair).collect()
}

/// DX after the m-th movement.
fn directional_index(movements: &[(i64, i64)], n: usize) -> f64 {
    let average = |part: fn(&(i64, i64)) -> i64| {
        let seed: BigInt = movements[..n].iter().map(|pair| BigInt::from(part(pair))).sum();
        let seed: f64 = seed.to_string().parse().expect("an integer is a float");
        let after: Vec<f64> = movements[n..].iter().map(|pair| part(pair) as f64).collect();
        weighted(seed / n as f64, &after, 1.0 / n as f64)
    };
    let (plus, minus) = (average(|pair| pair.0), average(|pair| pair.1));
    if plus + minus > 0.0 { 100.0 * (plus - minus).abs() / (plus + minus) } else { 0.0 }
}

/// ADX: Wilder's average of DX.
pub fn adx(rows: &[Row], n: usize) -> Option<f64> {
    let movements = movements(rows);
    let dxs: Vec<f64> = (n..=movements.len()).map(|m| directional_index(&movements[..m], n)).collect();
    seeded(&dxs, n, 1.0 / n as f64)
}
