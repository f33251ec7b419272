//! Ticks made in the test, with the habits of real ones, and Parquet files of them.

use arrow_array::{ArrayRef, Decimal128Array, Int8Array, RecordBatch, StringArray, TimestampNanosecondArray};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A trade; numbers in units of 1e-9, time in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trade {
    pub symbol: &'static str,
    pub ts: i64,
    pub price: i64,
    pub size: i64,
    pub side: i8,
}

/// A quote; no size is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    pub symbol: &'static str,
    pub ts: i64,
    pub bid: i64,
    pub ask: i64,
    pub bid_size: Option<i64>,
    pub ask_size: Option<i64>,
}

/// One or the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tick {
    Trade(Trade),
    Quote(Quote),
}

impl Tick {
    pub fn ts(&self) -> i64 {
        match self {
            Self::Trade(trade) => trade.ts,
            Self::Quote(quote) => quote.ts,
        }
    }

    pub fn symbol(&self) -> &'static str {
        match self {
            Self::Trade(trade) => trade.symbol,
            Self::Quote(quote) => quote.symbol,
        }
    }
}

/// Trades and quotes of some symbols, each kind in order of (time, symbol).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Market {
    pub trades: Vec<Trade>,
    pub quotes: Vec<Quote>,
}

impl Market {
    /// In the contract's order: time, quotes before trades, symbol, row.
    pub fn merged(&self) -> Vec<Tick> {
        let quotes = self.quotes.iter().copied().map(Tick::Quote);
        let mut ticks: Vec<Tick> = quotes.chain(self.trades.iter().copied().map(Tick::Trade)).collect();
        ticks.sort_by_key(|tick| (tick.ts(), matches!(tick, Tick::Trade(_)), tick.symbol()));
        ticks
    }

    /// With the ticks of another market among its own.
    pub fn with(mut self, other: Self) -> Self {
        self.trades.extend(other.trades);
        self.quotes.extend(other.quotes);
        self.trades.sort_by_key(|trade| (trade.ts, trade.symbol));
        self.quotes.sort_by_key(|quote| (quote.ts, quote.symbol));
        self
    }

    /// Writes one file of each kind that there is, several symbols interleaved.
    pub fn write(&self, folder: &Path, name: &str) -> Vec<PathBuf> {
        let mut paths = Vec::new();
        if !self.trades.is_empty() {
            paths.push(folder.join(format!("{name}_trades.parquet")));
            write_trades(&paths[0], &self.trades);
        }
        if !self.quotes.is_empty() {
            paths.push(folder.join(format!("{name}_quotes.parquet")));
            write_quotes(&paths[paths.len() - 1], &self.quotes);
        }
        paths
    }
}

/// Numbers that look random and are the same every time (a 64-bit linear congruence, high bits).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        let mut random = Self(seed ^ 0x5DEE_CE66_D1CE_4E5B);
        random.bits();
        random
    }

    /// 48 bits.
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 16
    }

    /// 0 to `n` − 1.
    pub fn below(&mut self, n: i64) -> i64 {
        ((u128::from(self.bits()) * n as u128) >> 48) as i64
    }

    pub fn one_in(&mut self, n: i64) -> bool {
        self.below(n) == 0
    }
}

/// What a symbol's ticks are like.
#[derive(Debug, Clone, Copy)]
pub struct Walk {
    pub symbol: &'static str,
    pub start_ts: i64,
    pub ticks: usize,
    /// Mean time between ticks.
    pub gap: i64,
    /// Where the price starts and is drawn back to.
    pub price: i64,
    /// The price's grid; 1 for all nine decimals.
    pub grid: i64,
    /// The largest step of a tick, in grids.
    pub step: i64,
    /// Sizes are 1 to this, in units of 1e-9.
    pub size_max: i64,
    /// Of ten ticks, how many are quotes.
    pub quotes_in_ten: i64,
}

/// A random walk with equal timestamps, and quotes that are at times crossed, locked or without sizes.
pub fn walk(random: &mut Random, of: &Walk) -> Market {
    let mut market = Market::default();
    let (mut ts, mut price) = (of.start_ts, of.price);
    for _ in 0..of.ticks {
        if !random.one_in(5) {
            ts += 1 + random.below(5 * of.gap / 2);
        }
        let pull = (of.price - price) / (of.grid * 400);
        price += (random.below(2 * of.step + 1) - of.step + pull) * of.grid;
        let symbol = of.symbol;
        if random.below(10) < of.quotes_in_ten {
            let size = |random: &mut Random| (!random.one_in(4)).then(|| random.below(of.size_max));
            market.quotes.push(Quote {
                symbol,
                ts,
                bid: price - random.below(3) * of.grid,
                ask: price + (random.below(5) - 1) * of.grid,
                bid_size: size(random),
                ask_size: size(random),
            });
        } else {
            let (size, side) = (1 + random.below(of.size_max), random.below(3) as i8 - 1);
            market.trades.push(Trade { symbol, ts, price, size, side });
        }
    }
    market
}

fn times(values: impl Iterator<Item = i64>) -> ArrayRef {
    Arc::new(TimestampNanosecondArray::from_iter_values(values).with_timezone("UTC"))
}

fn decimals(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    let array: Decimal128Array = values.map(|value| value.map(i128::from)).collect();
    Arc::new(array.with_precision_and_scale(18, 9).expect("18 digits, 9 decimals"))
}

fn names(values: impl Iterator<Item = &'static str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

/// Writes columns as one file of row groups of at most `group_rows` rows.
pub fn write_columns(path: &Path, columns: Vec<(&str, ArrayRef)>, group_rows: usize) {
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, c)| (n, c, true)));
    let batch = batch.expect("columns of one length");
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(group_rows)).build();
    let file = File::create(path).expect("the folder takes files");
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).expect("a writer");
    writer.write(&batch).expect("the rows are written");
    writer.close().expect("the file is closed");
}

/// Writes trades in the catalog's columns.
pub fn write_trades(path: &Path, rows: &[Trade]) {
    let columns = vec![
        ("ts_event", times(rows.iter().map(|row| row.ts))),
        ("symbol", names(rows.iter().map(|row| row.symbol))),
        ("price", decimals(rows.iter().map(|row| Some(row.price)))),
        ("size", decimals(rows.iter().map(|row| Some(row.size)))),
        ("side", Arc::new(Int8Array::from_iter_values(rows.iter().map(|row| row.side))) as ArrayRef),
    ];
    write_columns(path, columns, 1_000);
}

/// Writes quotes in the catalog's columns.
pub fn write_quotes(path: &Path, rows: &[Quote]) {
    let columns = vec![
        ("ts_event", times(rows.iter().map(|row| row.ts))),
        ("symbol", names(rows.iter().map(|row| row.symbol))),
        ("bid", decimals(rows.iter().map(|row| Some(row.bid)))),
        ("ask", decimals(rows.iter().map(|row| Some(row.ask)))),
        ("bid_size", decimals(rows.iter().map(|row| row.bid_size))),
        ("ask_size", decimals(rows.iter().map(|row| row.ask_size))),
    ];
    write_columns(path, columns, 1_000);
}
