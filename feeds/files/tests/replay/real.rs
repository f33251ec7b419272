//! Real data, where it is at hand: row counts as its README states them, nothing refused.

use crate::support::{replay_plain, row, trade_columns, write};
use std::path::PathBuf;

struct Expected {
    file: &'static str,
    rows: u64,
    crossed: u64,
    locked: u64,
}

const fn expected(file: &'static str, rows: u64, crossed: u64, locked: u64) -> Expected {
    Expected { file, rows, crossed, locked }
}

const FILES: [Expected; 7] = [
    expected("crypto_btcusdt_binance_spot_20240808_quotes", 28_040, 0, 0),
    expected("crypto_btcusdt_binance_spot_20240808_trades", 9_757, 0, 0),
    expected("crypto_btcusdt_binance_usdm_20240808_quotes", 66_089, 0, 0),
    expected("crypto_btcusdt_binance_usdm_20240808_trades", 21_313, 0, 0),
    expected("futures_esh4_cme_20231225_trades", 2_973, 0, 0),
    expected("fx_eurusd_fxcm_20140502_20140506_quotes", 265_256, 27_221, 32_526),
    expected("metal_xauusd_oanda_20140505_quotes", 186_204, 0, 0),
];

fn folder() -> Option<PathBuf> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/ticks"));
    if !folder.is_dir() {
        eprintln!("shared/data absent: the tests on real ticks are passed over");
        return None;
    }
    Some(folder)
}

#[test]
fn real_files_are_read_row_by_row() {
    let Some(folder) = folder() else { return };
    let mut paths = Vec::new();
    for Expected { file, rows, crossed, locked } in FILES {
        let path = folder.join(format!("{file}.parquet"));
        let replayed = replay_plain(std::slice::from_ref(&path));
        assert_eq!((replayed.summary.rows_read, replayed.summary.ticks), (rows, rows), "{file}");
        let suspicious = |name| replayed.summary.suspicious.get(name).copied().unwrap_or(0);
        if rows == 21_313 {
            assert_eq!(suspicious("equal_timestamp"), 16_053, "{file}");
        }
        if crossed > 0 {
            assert_eq!((suspicious("crossed"), suspicious("locked")), (crossed, locked), "{file}");
        }
        paths.push(path);
    }
    let all = replay_plain(&paths);
    assert_eq!(all.summary.ticks, FILES.iter().map(|file| file.rows).sum::<u64>());
}

/// The twin on data made here: two symbols over several files, every row read.
#[test]
fn every_row_of_made_files_is_read() {
    let folder = tempfile::tempdir().unwrap();
    for (part, symbol) in ["X", "Y", "X"].into_iter().enumerate() {
        let rows: Vec<_> = (0..20_000).map(|i| row(i, symbol, 500 + i % 3)).collect();
        write(&folder.path().join(format!("{part}.parquet")), &trade_columns(&rows), 6_000);
    }
    let replayed = replay_plain(&[folder.path().to_owned()]);
    assert_eq!(
        (replayed.summary.rows_read, replayed.summary.ticks, replayed.summary.files),
        (60_000, 60_000, 3)
    );
    assert_eq!(replayed.summary.suspicious["equal_timestamp"], 20_000);
}
