//! Performance by the contract's formulas, from `equity.parquet` and `fills.parquet` alone.

use super::Run;
use super::exact::{half_even, notional, parse};
use super::tables::{EquityRow, FillRow, equity, fills};
use std::collections::BTreeMap;

const HOUR: i64 = 3_600_000_000_000;
const DAY: i64 = 24 * HOUR;

/// Compares every figure of a run's summary.
#[track_caller]
pub fn check(run: &Run) {
    let (rows, fills) = (equity(&run.dir), fills(&run.dir));
    let capital = parse(&run.text(&["portfolio", "initial_capital"]));
    for (name, expected) in figures(&rows, &fills, capital) {
        let found = run.value(&["performance", name]);
        match expected {
            None => assert!(found.is_null(), "{name} is {found}, not undefined"),
            Some(expected) => {
                let found = found.as_f64().unwrap_or_else(|| panic!("{name} is {found}, not {expected}"));
                let close = (found - expected).abs() <= 1e-9 * expected.abs().max(1e-9);
                assert!(close, "{name} is {found}, not {expected}");
            }
        }
    }
}

fn figures(rows: &[EquityRow], fills: &[FillRow], capital: i128) -> Vec<(&'static str, Option<f64>)> {
    let (first, last) = (rows[0], rows[rows.len() - 1]);
    let span = last.ts_event - first.ts_event;
    let (period, per_year): (i64, f64) = if span < 5 * DAY { (HOUR, 8_760.0) } else { (DAY, 365.0) };
    let returns = returns(rows, period);
    let count = returns.len() as f64;
    let mean = returns.iter().sum::<f64>() / count;
    let square = |of: f64| of * of;
    let squares: f64 = returns.iter().map(|r| square(r - mean)).sum();
    let deviation = if returns.len() < 2 { f64::NAN } else { (squares / (count - 1.0)).sqrt() };
    let downside = (returns.iter().map(|r| square(r.min(0.0))).sum::<f64>() / count).sqrt();
    let defined = |value: f64| value.is_finite().then_some(value);
    let equity_mean = rows.iter().map(|row| row.equity as f64).sum::<f64>() / rows.len() as f64;
    let traded: i128 = fills.iter().map(|fill| notional(fill.price, fill.quantity, fill.multiplier)).sum();
    let trips = trips(fills);
    let wins: Vec<i128> = trips.iter().copied().filter(|net| *net > 0).collect();
    let losses: i128 = -trips.iter().filter(|net| **net < 0).sum::<i128>();
    let trades = trips.len() as f64;
    vec![
        ("return", Some((last.equity - capital) as f64 / capital as f64)),
        ("sharpe", defined(mean / deviation * per_year.sqrt())),
        ("sortino", defined(mean / downside * per_year.sqrt())),
        ("volatility", defined(deviation * per_year.sqrt())),
        ("max_drawdown", Some(drawdown(rows))),
        ("turnover", Some(traded as f64 / equity_mean)),
        ("trades", Some(trades)),
        ("win_rate", defined(wins.len() as f64 / trades)),
        ("profit_factor", (losses > 0).then(|| wins.iter().sum::<i128>() as f64 / losses as f64)),
        ("exposure", defined(held(fills, last.ts_event) as f64 / span as f64)),
    ]
}

/// Simple returns of equity at the multiples of `period` within the run, and at its end.
fn returns(rows: &[EquityRow], period: i64) -> Vec<f64> {
    let (first, end) = (rows[0].ts_event, rows[rows.len() - 1].ts_event);
    let mut samples = Vec::new();
    let mut boundary = (first + period - 1).div_euclid(period) * period;
    while boundary < end {
        let before = rows.partition_point(|row| row.ts_event <= boundary);
        samples.push(rows[before - 1].equity);
        boundary += period;
    }
    samples.push(rows[rows.len() - 1].equity);
    samples.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / pair[0] as f64).collect()
}

fn drawdown(rows: &[EquityRow]) -> f64 {
    let (mut peak, mut worst) = (rows[0].equity, 0.0_f64);
    for row in rows {
        peak = peak.max(row.equity);
        worst = worst.max((peak - row.equity) as f64 / peak as f64);
    }
    worst
}

/// What each trade earned, net of fees: from flat or reversal to flat or reversal. The fee of a reversal is
/// split by quantity.
fn trips(fills: &[FillRow]) -> Vec<i128> {
    let mut done = Vec::new();
    let mut open: BTreeMap<&str, [i128; 2]> = BTreeMap::new();
    for fill in fills {
        let [held, net] = open.entry(&fill.symbol).or_default();
        let signed = if fill.side == "buy" { fill.quantity } else { -fill.quantity };
        let value = |quantity| notional(fill.price, quantity, fill.multiplier);
        let after = *held + signed;
        let is_reversal = *held != 0 && after != 0 && (*held > 0) != (after > 0);
        if is_reversal {
            let closing_fee = half_even(fill.fee * held.abs(), fill.quantity);
            done.push(*net - value(-*held) - closing_fee);
            *net = -(value(signed) - value(-*held)) - (fill.fee - closing_fee);
        } else {
            *net -= value(signed) + fill.fee;
            if after == 0 {
                done.push(std::mem::take(net));
            }
        }
        *held = after;
    }
    done
}

/// How long any position was held, in nanoseconds.
fn held(fills: &[FillRow], end: i64) -> i64 {
    let mut held: BTreeMap<&str, i128> = BTreeMap::new();
    let (mut since, mut sum) = (None, 0);
    for fill in fills {
        *held.entry(&fill.symbol).or_default() +=
            if fill.side == "buy" { fill.quantity } else { -fill.quantity };
        match (since, held.values().any(|quantity| *quantity != 0)) {
            (None, true) => since = Some(fill.ts_event),
            (Some(start), false) => {
                sum += fill.ts_event - start;
                since = None;
            }
            _ => {}
        }
    }
    sum + since.map_or(0, |start| end - start)
}
