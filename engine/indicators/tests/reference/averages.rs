//! Averages of closes and of what closes do.

use super::{Row, at_every_bar, divide, last, seeded, sum, weighted};
use model::UNIT;
use num_bigint::BigInt;

/// The mean of the last n closes.
pub fn sma(rows: &[Row], n: usize) -> Option<f64> {
    let window = last(rows, n)?;
    Some(divide(sum(window.iter().map(|row| row.close)), BigInt::from(n) * UNIT))
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

/// WMA: weights 1 to n, the newest heaviest.
pub fn wma(rows: &[Row], n: usize) -> Option<f64> {
    let weighted = (1..).zip(last(rows, n)?).map(|(weight, row)| BigInt::from(row.close) * weight);
    Some(divide(weighted.sum(), BigInt::from(n * (n + 1) / 2) * UNIT))
}

/// MACD of closes less the first: a distance of averages does not see a shift, but floats do.
pub fn macd(rows: &[Row], [fast, slow, signal]: [usize; 3], line: &str) -> Option<f64> {
    let shifted: Vec<Row> = rows.iter().map(|row| Row { close: row.close - rows[0].close, ..*row }).collect();
    let lines = at_every_bar(&shifted, |rows| Some(ema(rows, fast, fast)? - ema(rows, slow, slow)?));
    let now = *lines.last()?;
    let average = seeded(&lines, signal, 2.0 / (signal as f64 + 1.0));
    match line {
        "line" => Some(now),
        "signal" => average,
        "histogram" => average.map(|average| now - average),
        _ => panic!("MACD has no {line}"),
    }
}
