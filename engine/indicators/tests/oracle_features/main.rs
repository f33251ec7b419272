//! Against numpy: what the stage says of generated and of real markets, and the batches of their ticks, written
//! to files and recomputed by `oracle.py` beside this file from the definitions, with which it shares nothing.
//!
//! Runs where `GRANDMODEL_PYTHON` names a Python that has numpy, as `scripts/test.sh` does.

#[path = "../histories/mod.rs"]
mod histories;
mod made;
mod real;

use histories::History;
use indicators::{TickBatch, TickBatches};
use model::{Nanos, Price};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

/// Writes the bars with the stage's values, and the bars' ticks: integers raw, floats so that they read back.
fn write(folder: &Path, name: &str, history: &History) {
    let mut bars = format!("ts_close,open,high,low,close,volume,{}\n", History::value_names().join(","));
    let mut ticks = "bar,price,size\n".to_owned();
    let (rows, ticks_clamped) = history.run();
    for (number, (step, row)) in history.steps.iter().zip(rows).enumerate() {
        let bar = &step.bar;
        let prices = [bar.open, bar.high, bar.low, bar.close].map(|price| price.raw().to_string());
        write!(bars, "{},{},{}", bar.ts_close.0, prices.join(","), bar.volume).unwrap();
        row.iter().for_each(|value| write!(bars, ",{value:e}").unwrap());
        bars.push('\n');
        for (price, size) in &step.ticks {
            writeln!(ticks, "{number},{price},{size}").unwrap();
        }
    }
    std::fs::write(folder.join(format!("{name}.bars.csv")), bars).unwrap();
    std::fs::write(folder.join(format!("{name}.ticks.csv")), ticks).unwrap();
    let about = format!("{} {ticks_clamped}", history.timeframe.nanos().0);
    std::fs::write(folder.join(format!("{name}.about")), about).unwrap();
}

/// Writes ticks (time, raw price, raw size) and the batches they make.
fn write_batches(folder: &Path, name: &str, ticks: &[(i64, i64, i64)]) {
    let mut made = TickBatches::new();
    let mut batches: Vec<TickBatch> = ticks
        .iter()
        .filter_map(|(ts, price, size)| made.on_tick(Nanos(*ts), Price::new(*price), *size))
        .collect();
    batches.extend(made.finish());
    let mut text = "ts_first,time_span,ticks,vwap,price_change,volume,volatility\n".to_owned();
    for batch in &batches {
        let TickBatch { ts_first, time_span, ticks, vwap, price_change, volume, volatility } = batch;
        let vwap = vwap.unwrap_or(f64::NAN);
        writeln!(
            text,
            "{},{},{ticks},{vwap:e},{price_change:e},{volume},{volatility:e}",
            ts_first.0, time_span.0
        )
        .unwrap();
    }
    std::fs::write(folder.join(format!("{name}.batches.csv")), text).unwrap();
    let mut text = "ts,price,size\n".to_owned();
    ticks.iter().for_each(|(ts, price, size)| writeln!(text, "{ts},{price},{size}").unwrap());
    std::fs::write(folder.join(format!("{name}.batched.csv")), text).unwrap();
}

/// Lets numpy judge everything in the folder.
fn check(folder: &Path) {
    let Ok(python) = std::env::var("GRANDMODEL_PYTHON") else {
        eprintln!("GRANDMODEL_PYTHON is not set: nothing was compared with numpy");
        return;
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle_features/oracle.py");
    let output = Command::new(python).arg(script).arg(folder).output().expect("python starts");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    eprintln!("{said}");
}

#[test]
fn numpy_agrees_on_made_markets() {
    let folder = tempfile::tempdir().unwrap();
    for (name, history) in made::histories() {
        write(folder.path(), name, &history);
    }
    write_batches(folder.path(), "made", &made::ticks());
    check(folder.path());
}

#[test]
fn real_ticks_and_bars_agree_with_numpy() {
    let folder = tempfile::tempdir().unwrap();
    let Some(month) = real::month_of_minutes("crypto_btcperp_1m_20211231_20220201.csv") else { return };
    write(folder.path(), "btcperp_1m", &month);
    for (name, file, timeframe) in [
        ("btcusdt_1s", "crypto_btcusdt_binance_spot_20240808_trades.csv", "1s"),
        ("es_5s", "futures_esh4_cme_20231225_trades.csv", "5s"),
        ("eurusd_1m", "fx_eurusd_fxcm_20140504_quotes.csv", "1m"),
    ] {
        let Some(ticks) = real::ticks(file) else { return };
        write(folder.path(), name, &real::bars(&ticks, timeframe));
        write_batches(folder.path(), name, &ticks.rows);
    }
    check(folder.path());
}
