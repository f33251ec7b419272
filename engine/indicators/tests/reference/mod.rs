//! The batch definitions, written a second time and slowly: exact integers where prices are summed,
//! explicit weights where averages are recursive. Nothing here shares code or shape with the crate.

mod averages;
mod flow;
mod ranges;

pub use averages::{atr, ema, mean_and_deviation, rsi_cutler, rsi_wilder, sma};

use num_bigint::BigInt;

/// One bar, raw.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub ts_open: i64,
    pub open: i64,
    pub high: i64,
    pub low: i64,
    pub close: i64,
    pub volume: i64,
    /// Of the bar's own ticks; nothing without volume.
    pub vwap: Option<i64>,
}

/// The value `name` (`macd_12_26_9.line`) at the last of `rows`, the whole history; `None`: it has none there.
pub fn value(name: &str, rows: &[Row]) -> Option<f64> {
    let (text, line) = match name.split_once('.') {
        // The point of a width is none before a line.
        Some((text, line)) if !line.starts_with(|c: char| c.is_ascii_digit()) => (text, line),
        _ => (name, ""),
    };
    let numbers: Vec<usize> = text.split('_').filter_map(|part| part.parse().ok()).collect();
    let kind = text.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    match (kind, &numbers[..]) {
        ("sma", [n]) => sma(rows, *n),
        ("ema", [n]) => ema(rows, *n, *n),
        ("wma", [n]) => averages::wma(rows, *n),
        ("rsi", [n]) => rsi_wilder(rows, *n),
        ("rsi_cutler", [n]) => rsi_cutler(rows, *n),
        ("atr", [n]) => atr(rows, *n),
        ("macd", [fast, slow, signal]) => averages::macd(rows, [*fast, *slow, *signal], line),
        ("bollinger", [n, k]) => {
            let (mean, deviation) = mean_and_deviation(rows, *n)?;
            let side = ["lower", "middle", "upper"].iter().position(|name| *name == line)? as f64 - 1.0;
            Some(mean + side * *k as f64 * deviation)
        }
        ("stochastic", [n, k, d]) => ranges::stochastic(rows, [*n, *k, *d], line),
        ("adx", [n]) => ranges::adx(rows, *n),
        ("donchian", [n]) => Some(ranges::donchian(rows, *n, line)),
        ("vwap_session", []) => flow::vwap_session(rows),
        ("vwap_rolling", [n]) => flow::vwap_rolling(rows, *n),
        ("obv", []) => Some(flow::obv(rows)),
        ("volatility", [n]) => flow::volatility(rows, *n),
        ("momentum", [n]) => flow::momentum(rows, *n),
        _ => panic!("no batch definition of {name}"),
    }
}

/// `numerator / denominator` of integers to an f64, by way of long division of the digits.
fn divide(numerator: BigInt, denominator: BigInt) -> f64 {
    let scaled: BigInt = numerator * BigInt::from(10).pow(30) / denominator;
    scaled.to_string().parse::<f64>().expect("an integer is a float") / 1e30
}

fn sum(values: impl Iterator<Item = i64>) -> BigInt {
    values.map(BigInt::from).sum()
}

/// The last n of something, if there are as many.
fn last<T>(values: &[T], n: usize) -> Option<&[T]> {
    values.len().checked_sub(n).map(|start| &values[start..])
}

/// seed·(1−k)^m + Σ k·(1−k)^age·x over the m values after the seed, smallest terms first.
fn weighted(seed: f64, after: &[f64], k: f64) -> f64 {
    let weight = |age: usize| (1.0 - k).powf(age as f64);
    let terms = after.iter().enumerate().map(|(i, x)| k * weight(after.len() - 1 - i) * x);
    seed * weight(after.len()) + terms.sum::<f64>()
}

/// [`weighted`] seeded with the mean of the first n.
fn seeded(values: &[f64], n: usize, k: f64) -> Option<f64> {
    let seed = values.get(..n)?.iter().sum::<f64>() / n as f64;
    Some(weighted(seed, &values[n..], k))
}

/// A value at every bar of a history, where there is one.
fn at_every_bar(rows: &[Row], value: impl Fn(&[Row]) -> Option<f64>) -> Vec<f64> {
    (1..=rows.len()).filter_map(|len| value(&rows[..len])).collect()
}
