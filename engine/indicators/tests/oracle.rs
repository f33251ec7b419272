//! Against numpy (and TA-Lib where it is installed): our values of generated bars, written to a file,
//! recomputed by `oracle.py` from the batch definitions. The classical indicators, in the standard set and others.
//!
//! Runs where `GRANDMODEL_PYTHON` names a Python that has numpy, as `scripts/test.sh` does.

use indicators::{IndicatorConfig, IndicatorSpec, Indicators};
use model::{Bar, BarSource, Event, Frame, Kind, Nanos, Price, SymbolId, Timeframe};
use std::fmt::Write;
use std::process::Command;

const BARS: u64 = 20_000;
/// The standard ones of a 1m timeframe, and these.
const OTHERS: [&str; 14] = [
    "sma_1",
    "ema_1",
    "rsi_2",
    "rsi_cutler_14",
    "atr_1",
    "ema_500",
    "bollinger_200_2.5",
    "wma_200",
    "macd_5_35_5",
    "stochastic_14_1_3",
    "adx_5",
    "vwap_rolling_3",
    "volatility_29",
    "momentum_1",
];

/// Bars near 40,000 that jump, trend and stand still, on a grid of 0.01.
fn bar(i: u64, close_last: i64) -> Bar {
    let bits = (i + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (i << 7).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let step = if i % 400 < 30 { 0 } else { (bits >> 40) as i64 % 2_001 - 1_000 + (i / 500 % 3) as i64 - 1 };
    let close = (close_last + step).max(100_000);
    let grid = |cents: i64| Price::new(cents * 10_000_000);
    let volume = if i % 50 < 5 { 0 } else { i128::from(bits >> 24 & 0xFFFF_FFFF) };
    let (high, low) =
        (close.max(close_last) + (bits >> 8 & 255) as i64, close.min(close_last) - (bits >> 16 & 255) as i64);
    Bar {
        symbol: SymbolId(0),
        timeframe: 0,
        source: BarSource::Trade,
        primary: true,
        ts_open: Nanos(i as i64 * 60_000_000_000),
        ts_close: Nanos((i as i64 + 1) * 60_000_000_000),
        open: grid(close_last),
        high: grid(high),
        low: grid(low),
        close: grid(close),
        volume,
        vwap: (volume > 0).then(|| grid(low + (bits >> 32) as i64 % (high - low + 1))),
        trades: 1,
    }
}

/// The bars and the stage's values as comma-separated text, floats printed so that they read back the same.
fn table() -> String {
    let minute = Timeframe::parse("1m").unwrap();
    let mut specs = IndicatorConfig::standard_specs(minute);
    specs.extend(OTHERS.iter().map(|name| IndicatorSpec::parse(name).unwrap()));
    let config = IndicatorConfig::new(1, &[minute], vec![specs]).unwrap();
    let mut stage = Indicators::new(config, &[BarSource::Trade]);
    let mut text = format!("ts_open,open,high,low,close,volume,vwap,{}\n", stage.schema()[0].join(","));
    let (mut frame, mut close) = (Frame::default(), 4_000_000);
    for i in 0..BARS {
        let bar = bar(i, close);
        close = bar.close.raw() / 10_000_000;
        frame.begin(Event { seq: i + 1, ..Event::input(Kind::TIMER, bar.ts_close, SymbolId::NONE) });
        frame.push_bar(bar);
        stage.on_frame(&mut frame);
        let values: Vec<String> = frame.values.iter().map(|value| format!("{value:e}")).collect();
        let vwap = bar.vwap.map(|vwap| vwap.to_string()).unwrap_or_default();
        write!(text, "{},{},{},{},{},", bar.ts_open.0, bar.open, bar.high, bar.low, bar.close).unwrap();
        writeln!(text, "{},{vwap},{}", bar.volume, values.join(",")).unwrap();
    }
    text
}

#[test]
fn numpy_agrees() {
    let Ok(python) = std::env::var("GRANDMODEL_PYTHON") else {
        eprintln!("GRANDMODEL_PYTHON is not set: nothing was compared with numpy");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("values.csv");
    std::fs::write(&file, table()).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle.py");
    let output = Command::new(python).arg(script).arg(&file).output().expect("python starts");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    eprintln!("{said}");
}
