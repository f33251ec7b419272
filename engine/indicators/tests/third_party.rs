//! Against values that others computed: the spy_* files of ../shared/data/indicators, within the
//! differences its README lists (the files are printed to about seven digits).
//!
//! Where that folder is absent the test says so and returns; `batch.rs` is its twin on generated data.

use indicators::{
    Adx, Atr, Bollinger, Donchian, Ema, Macd, Obv, Rsi, Seed, Sma, Smoothing, Stochastic, VwapRolling,
};
use model::{Bar, BarSource, Nanos, Price, Rate, SymbolId, UNIT};
use std::path::Path;

/// The rows of a comma-separated file by column name, or `None` where the data is absent.
struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    fn open(name: &str) -> Option<Self> {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/indicators"));
        let Ok(text) = std::fs::read_to_string(folder.join(name)) else {
            eprintln!("shared/data absent: {name} was not compared");
            return None;
        };
        let fields = |line: &str| line.split(',').map(|field| field.trim().to_owned()).collect::<Vec<_>>();
        let mut lines = text.trim_start_matches('\u{feff}').lines().filter(|line| !line.trim().is_empty());
        let header = fields(lines.next().expect("a header"));
        Some(Self { header, rows: lines.map(fields).collect() })
    }

    fn cell<'a>(&self, row: &'a [String], column: &str) -> &'a str {
        let place = self.header.iter().position(|name| name == column);
        row.get(place.unwrap_or_else(|| panic!("no column {column} in {:?}", self.header)))
            .map_or("", |cell| cell)
    }

    fn price(&self, row: &[String], column: &str) -> Price {
        Price::parse(self.cell(row, column)).unwrap_or_else(|error| panic!("{column} of {row:?} {error}"))
    }

    /// A volume, in units of 1e-9; the files write some as 1.156476E+08, exactly.
    fn volume(&self, row: &[String]) -> i128 {
        let volume: f64 = self.cell(row, "Volume").parse().expect("a volume is a number");
        volume as i128 * i128::from(UNIT)
    }

    fn bar(&self, row: &[String]) -> Bar {
        Bar {
            symbol: SymbolId(0),
            timeframe: 0,
            source: BarSource::Trade,
            primary: true,
            ts_open: Nanos(0),
            ts_close: Nanos::DAY,
            open: self.price(row, "Open"),
            high: self.price(row, "High"),
            low: self.price(row, "Low"),
            close: self.price(row, "Close"),
            volume: self.volume(row),
            vwap: None,
            trades: 1,
        }
    }

    /// The reference value, if the file gives one.
    fn expected(&self, row: &[String], column: &str) -> Option<f64> {
        self.cell(row, column).parse().ok().filter(|value: &f64| !value.is_nan())
    }
}

/// Compares one column row by row. Where the file has a value there must be one, and at least 150 times.
fn check(file: &str, column: &str, tolerance: f64, mut value: impl FnMut(&Table, &[String]) -> Option<f64>) {
    let Some(table) = Table::open(file) else { return };
    let mut compared = 0;
    for (i, row) in table.rows.iter().enumerate() {
        let (got, expected) = (value(&table, row), table.expected(row, column));
        if let Some(expected) = expected {
            let got = got.unwrap_or_else(|| panic!("{file} row {}: no {column}, file {expected}", i + 1));
            assert!(
                (got - expected).abs() <= tolerance,
                "{file} row {}: {column} {got}, file {expected}",
                i + 1
            );
            compared += 1;
        }
    }
    assert!(compared > 150, "{file}: only {compared} values of {column} were compared");
}

const SPY: &str = "spy_with_indicators.txt";

#[test]
fn real_averages() {
    let mut sma = Sma::new(14);
    check(SPY, "SMA14", 6.5e-3, |table, row| sma.update(table.price(row, "Close")));
    let mut ema = Ema::new(14, Seed::Sma);
    check(SPY, "EMA14", 6.5e-3, |table, row| ema.update(table.price(row, "Close")));
    let mut ema = Ema::new(14, Seed::Sma);
    check("spy_ema.csv", "EMA14", 1e-12, |table, row| ema.update(table.price(row, "close")));
}

#[test]
fn real_relative_strength() {
    let mut rsi = Rsi::new(14, Smoothing::Cutler);
    check(SPY, "RSI 14", 3.5e-4, |table, row| rsi.update(table.price(row, "Close")));
    let mut rsi = Rsi::new(14, Smoothing::Wilder);
    check(SPY, "RSI 14 Wilder", 6e-6, |table, row| rsi.update(table.price(row, "Close")));
}

#[test]
fn real_true_range() {
    let mut atr = Atr::new(14);
    check("spy_atr_wilder.txt", "Average True Range 14", 6e-6, |table, row| {
        atr.update(table.price(row, "High"), table.price(row, "Low"), table.price(row, "Close"))
    });
    let mut range = Atr::new(1);
    check("spy_tr.txt", "TR", 1e-9, |table, row| {
        range.update(table.price(row, "High"), table.price(row, "Low"), table.price(row, "Close"))
    });
}

#[test]
fn real_bands() {
    let file = "spy_bollinger_bands.txt";
    let fresh = || Bollinger::new(20, Rate::parse("2").unwrap());
    let mut bollinger = fresh();
    check(file, "Moving Average 20", 7e-5, |table, row| {
        bollinger.update(table.price(row, "Close")).map(|bands| bands.middle)
    });
    let mut bollinger = fresh();
    check(file, "Bollinger Bands® 20 2 Top", 7e-5, |table, row| {
        bollinger.update(table.price(row, "Close")).map(|bands| bands.upper)
    });
    let mut bollinger = fresh();
    check(file, "Bollinger Bands® 20 2 Bottom", 7e-5, |table, row| {
        bollinger.update(table.price(row, "Close")).map(|bands| bands.lower)
    });
}

#[test]
fn real_convergence() {
    let mut macd = Macd::new(12, 26, 9);
    check(SPY, "MACD 12 26", 2e-4, |table, row| {
        macd.update(table.price(row, "Close")).map(|lines| lines.line)
    });
    for (column, value) in [("MACD", 0), ("Signal", 1), ("Histogram", 2)] {
        let mut macd = Macd::new(12, 26, 9);
        check("spy_with_macd.txt", column, 6e-6, |table, row| {
            let lines = macd.update(table.price(row, "Close"))?;
            [Some(lines.line), lines.signal, lines.histogram()][value]
        });
    }
}

#[test]
fn real_stochastic() {
    for (column, is_d) in [("Stochastics 12 %K 3", false), ("%D 5", true)] {
        let mut stochastic = Stochastic::new(12, 3, 5);
        check("spy_with_stoch12k3.txt", column, 4e-4, |table, row| {
            let [high, low, close] = ["High", "Low", "Close"].map(|column| table.price(row, column));
            let lines = stochastic.update(high, low, close)?;
            if is_d { lines.d } else { Some(lines.k) }
        });
    }
}

#[test]
fn real_directional_index() {
    let mut adx = Adx::new(14);
    check("spy_with_adx.txt", "ADX 14", 5.5e-5, |table, row| {
        adx.update(table.price(row, "High"), table.price(row, "Low"))
    });
}

#[test]
fn real_channel() {
    for (column, is_top) in [("Donchian Channels 50 Top", true), ("Donchian Channels 50 Bottom", false)] {
        let mut donchian = Donchian::new(50);
        check("spy_with_don50.txt", column, 1e-9, |table, row| {
            let channel = donchian.update(table.price(row, "High"), table.price(row, "Low"));
            Some(if is_top { channel.high } else { channel.low }.to_f64())
        });
    }
}

#[test]
fn real_volume() {
    let mut vwap = VwapRolling::new(50);
    check("spy_with_vwap.txt", "Moving VWAP 50", 6e-5, |table, row| vwap.update(&table.bar(row)));
    let mut obv = Obv::new();
    check("spy_with_obv.txt", "OBV", 1_300.0, |table, row| {
        Some(obv.update(table.price(row, "Close"), table.volume(row)))
    });
}
