//! Bars and the indicator values computed from them: the first results that do not fit in one event.

use crate::{Nanos, Price, Quantity, StreamHash, SymbolId};
use std::fmt;

/// Which price of the ticks a bar is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum BarSource {
    /// Traded prices.
    Trade = 0,
    /// Best bids.
    Bid = 1,
    /// Best asks.
    Ask = 2,
    /// (bid + ask) / 2, rounded half-even.
    Mid = 3,
}

impl BarSource {
    /// All, in the order of their codes.
    pub const ALL: [Self; 4] = [Self::Trade, Self::Bid, Self::Ask, Self::Mid];

    /// The name used in configs and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trade => "trade",
            Self::Bid => "bid",
            Self::Ask => "ask",
            Self::Mid => "mid",
        }
    }

    /// The source of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name() == name)
    }
}

impl fmt::Display for BarSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A closed bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// Whose.
    pub symbol: SymbolId,
    /// Index of its timeframe in the run's list, shortest first.
    pub timeframe: u8,
    /// Which price of the ticks.
    pub source: BarSource,
    /// Whether it is of the symbol's first configured source: the one indicators and strategies read.
    pub primary: bool,
    /// Start, inclusive; the label.
    pub ts_open: Nanos,
    /// End, exclusive.
    pub ts_close: Nanos,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Sum of sizes, in units of 1e-9; 0 for quotes.
    pub volume: i128,
    /// Volume-weighted mean price, rounded half-even; `None` without volume.
    pub vwap: Option<Price>,
    /// How many ticks.
    pub trades: u32,
}

impl Bar {
    /// Adds every field to a hash.
    #[inline]
    pub fn hash_into(&self, hash: &mut StreamHash) {
        hash.words(&[
            u64::from(self.symbol.0) | u64::from(self.timeframe) << 32 | (self.source as u64) << 40,
            self.ts_open.0 as u64,
            self.ts_close.0 as u64,
            self.open.raw() as u64,
            self.high.raw() as u64,
            self.low.raw() as u64,
            self.close.raw() as u64,
            self.vwap.map_or(i64::MIN, Price::raw) as u64,
            u64::from(self.trades),
            self.volume as u64,
            (self.volume >> 64) as u64,
        ]);
    }

    /// The volume as a quantity, if it is in range.
    pub fn volume_quantity(&self) -> Option<Quantity> {
        i64::try_from(self.volume).ok().and_then(Quantity::from_raw)
    }
}

/// The values of all indicators of one timeframe at one bar. The names are the run's schema for that
/// timeframe; `values_start..values_start + values_len` index [`crate::Frame::values`]. NaN: not complete yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndicatorSet {
    /// Whose.
    pub symbol: SymbolId,
    /// Index of the timeframe in the run's list.
    pub timeframe: u8,
    /// The bar's end.
    pub ts_close: Nanos,
    /// First value in the frame.
    pub values_start: u32,
    /// How many values.
    pub values_len: u32,
}
