//! What volume and changes of the close say.

use super::{Row, divide, last};
use model::UNIT;
use num_bigint::BigInt;

const DAY_NANOS: i64 = 86_400_000_000_000;

/// Σ price·volume/Σ volume, of raw prices `parts` times too large.
fn weighted_price(pairs: &[(BigInt, i64)], parts: i64) -> Option<f64> {
    let volume: BigInt = pairs.iter().map(|(_, volume)| BigInt::from(*volume)).sum();
    let total: BigInt = pairs.iter().map(|(price, volume)| price * *volume).sum();
    (volume != BigInt::ZERO).then(|| divide(total, volume * parts * UNIT))
}

/// Of the bars that opened on the day on which the last one did.
pub fn vwap_session(rows: &[Row]) -> Option<f64> {
    let day = |row: &Row| row.ts_open.div_euclid(DAY_NANOS);
    let today = day(rows.last()?);
    let session = rows.iter().filter(|row| day(row) == today);
    let pairs: Vec<_> = session.filter_map(|row| Some((BigInt::from(row.vwap?), row.volume))).collect();
    weighted_price(&pairs, 1)
}

/// Of the last n bars, at the mean of their four prices.
pub fn vwap_rolling(rows: &[Row], n: usize) -> Option<f64> {
    let four = |row: &Row| [row.open, row.high, row.low, row.close].map(BigInt::from).into_iter().sum();
    let pairs: Vec<(BigInt, i64)> = last(rows, n)?.iter().map(|row| (four(row), row.volume)).collect();
    weighted_price(&pairs, 4)
}

/// The balance of volume.
pub fn obv(rows: &[Row]) -> f64 {
    let moved =
        rows.windows(2).map(|pair| BigInt::from(pair[1].volume) * (pair[1].close - pair[0].close).signum());
    divide(moved.sum::<BigInt>() + rows[0].volume, BigInt::from(UNIT))
}

/// The population deviation of n returns, shifted by the first of them.
pub fn volatility(rows: &[Row], n: usize) -> Option<f64> {
    let ratio = |pair: &[Row]| pair[1].close as f64 / pair[0].close as f64;
    let ratios: Vec<f64> = last(rows, n + 1)?.windows(2).map(ratio).collect();
    let shifted: Vec<f64> = ratios.iter().map(|ratio| ratio - ratios[0]).collect();
    let mean = shifted.iter().sum::<f64>() / n as f64;
    let squares = shifted.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    Some((squares / n as f64).sqrt())
}

/// The change over n bars.
pub fn momentum(rows: &[Row], n: usize) -> Option<f64> {
    let window = last(rows, n + 1)?;
    Some(divide(BigInt::from(window[n].close) - window[0].close, BigInt::from(UNIT)))
}
