//! The batch definitions, written a second time and slowly: exact integers where prices are summed,
//! explicit weights where averages are recursive. Nothing here shares code or shape with the crate.

use model::UNIT;
use num_bigint::BigInt;

/// One bar's raw prices.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub high: i64,
    pub low: i64,
    pub close: i64,
}

/// A bar from where it closed and how far it reached.
pub fn row(close: i64, up: i64, down: i64) -> Row {
    Row { high: close + up, low: close - down, close }
}

/// `numerator / denominator` of integers to an f64, by way of long division of the digits.
fn divide(numerator: BigInt, denominator: BigInt) -> f64 {
    let scaled: BigInt = numerator * BigInt::from(10).pow(30) / denominator;
    scaled.to_string().parse::<f64>().expect("an integer is a float") / 1e30
}

fn sum(values: impl Iterator<Item = i64>) -> BigInt {
    values.map(BigInt::from).sum()
}

/// The mean of the last n closes.
pub fn sma(rows: &[Row], n: usize) -> Option<f64> {
    let window = rows.len().checked_sub(n).map(|start| &rows[start..])?;
    Some(divide(sum(window.iter().map(|row| row.close)), BigInt::from(n) * UNIT))
}

/// seed·(1−k)^m + Σ k·(1−k)^age·x over the m values after the seed, smallest terms first.
fn weighted(seed: f64, after: &[f64], k: f64) -> f64 {
    let weight = |age: usize| (1.0 - k).powf(age as f64);
    let terms = after.iter().enumerate().map(|(i, x)| k * weight(after.len() - 1 - i) * x);
    seed * weight(after.len()) + terms.sum::<f64>()
}

/// EMA seeded with the mean of the first `seed_len` closes.
pub fn ema(rows: &[Row], n: usize, seed_len: usize) -> Option<f64> {
    let seed = sma(rows.get(..seed_len)?, seed_len)?;
    let after: Vec<f64> = rows[seed_len..].iter().map(|row| row.close as f64 / UNIT as f64).collect();
    Some(weighted(seed, &after, 2.0 / (n as f64 + 1.0)))
}

fn changes(rows: &[Row]) -> Vec<i64> {
    rows.windows(2).map(|pair| pair[1].close - pair[0].close).collect()
}

fn index(gain: f64, loss: f64) -> f64 {
    if gain + loss > 0.0 { 100.0 - 100.0 * loss / (gain + loss) } else { 50.0 }
}

/// RSI with Wilder's averages.
pub fn rsi_wilder(rows: &[Row], n: usize) -> Option<f64> {
    let changes = changes(rows);
    let seed = changes.get(..n)?;
    let average = |part: fn(i64) -> i64| {
        let first = divide(sum(seed.iter().map(|change| part(*change))), BigInt::from(n));
        let after: Vec<f64> = changes[n..].iter().map(|change| part(*change) as f64).collect();
        weighted(first, &after, 1.0 / n as f64)
    };
    if changes.iter().all(|change| *change == 0) {
        return Some(50.0);
    }
    Some(index(average(|change| change.max(0)), average(|change| (-change).max(0))))
}

/// RSI with plain means of the last n.
pub fn rsi_cutler(rows: &[Row], n: usize) -> Option<f64> {
    let changes = changes(rows);
    let window = &changes[changes.len().checked_sub(n)?..];
    let total =
        |part: fn(i64) -> i64| divide(sum(window.iter().map(|change| part(*change))), BigInt::from(1));
    Some(index(total(|change| change.max(0)), total(|change| (-change).max(0))))
}

/// ATR with Wilder's average.
pub fn atr(rows: &[Row], n: usize) -> Option<f64> {
    let ranges: Vec<i64> = (0..rows.len())
        .map(|i| {
            let own = rows[i].high - rows[i].low;
            let gaps = i.checked_sub(1).map(|last| {
                let close = rows[last].close;
                (rows[i].high - close).abs().max((rows[i].low - close).abs())
            });
            own.max(gaps.unwrap_or(0))
        })
        .collect();
    let seed = divide(sum(ranges.get(..n)?.iter().copied()), BigInt::from(n) * UNIT);
    let after: Vec<f64> = ranges[n..].iter().map(|range| *range as f64 / UNIT as f64).collect();
    Some(weighted(seed, &after, 1.0 / n as f64))
}

/// Mean and population deviation of the last n closes; the variance is one exact fraction.
pub fn mean_and_deviation(rows: &[Row], n: usize) -> Option<(f64, f64)> {
    let window = &rows[rows.len().checked_sub(n)?..];
    let total = sum(window.iter().map(|row| row.close));
    // n²·variance·n = Σ(n·x − Σx)², term by term.
    let scaled: BigInt = window.iter().map(|row| (BigInt::from(row.close) * n - &total).pow(2)).sum();
    let denominator = BigInt::from(n).pow(3) * BigInt::from(UNIT).pow(2);
    Some((sma(rows, n)?, divide(scaled, denominator).sqrt()))
}
