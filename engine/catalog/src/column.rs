//! The columns ticks are made of, what they are called in a file, and how to read them.

use crate::{Excess, TickKind};
use std::collections::BTreeMap;
use std::fmt;

/// A column of a tick table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// The venue's time.
    TsEvent,
    /// When the tick was received.
    TsRecv,
    /// The instrument.
    Symbol,
    /// Traded price.
    Price,
    /// Traded size.
    Size,
    /// Who took: 1, -1, 0.
    Side,
    /// The venue's id of the trade.
    TradeId,
    /// Best bid.
    Bid,
    /// Best ask.
    Ask,
    /// Size at the bid.
    BidSize,
    /// Size at the ask.
    AskSize,
}

impl Column {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::TsEvent,
        Self::TsRecv,
        Self::Symbol,
        Self::Price,
        Self::Size,
        Self::Side,
        Self::TradeId,
        Self::Bid,
        Self::Ask,
        Self::BidSize,
        Self::AskSize,
    ];

    /// The name in configs and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TsEvent => "ts_event",
            Self::TsRecv => "ts_recv",
            Self::Symbol => "symbol",
            Self::Price => "price",
            Self::Size => "size",
            Self::Side => "side",
            Self::TradeId => "trade_id",
            Self::Bid => "bid",
            Self::Ask => "ask",
            Self::BidSize => "bid_size",
            Self::AskSize => "ask_size",
        }
    }

    /// The column of a name; `ts` is `ts_event`.
    pub fn parse(name: &str) -> Option<Self> {
        if name == "ts" {
            return Some(Self::TsEvent);
        }
        Self::ALL.into_iter().find(|column| column.name() == name)
    }

    /// The number columns of a kind, in the order of [`crate::Chunk::numbers`].
    pub const fn numbers(kind: TickKind) -> &'static [Self] {
        match kind {
            TickKind::Trades => &[Self::Price, Self::Size],
            TickKind::Quotes => &[Self::Bid, Self::Ask, Self::BidSize, Self::AskSize],
        }
    }
}

/// A name in a column map is none of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnMapError(pub String);

impl fmt::Display for ColumnMapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = Column::ALL.into_iter().map(Column::name).collect();
        write!(f, "{:?} is no column of ticks; use ts, {}", self.0, names.join(", "))
    }
}

impl std::error::Error for ColumnMapError {}

/// Our column names to the file's, where they differ.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ColumnMap(BTreeMap<Column, String>);

impl ColumnMap {
    /// From pairs of our name and the file's.
    ///
    /// # Errors
    /// [`ColumnMapError`] for a name that is none of ours.
    pub fn new<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, ColumnMapError> {
        let mut map = BTreeMap::new();
        for (name, column) in pairs {
            let ours = Column::parse(name).ok_or_else(|| ColumnMapError(name.to_owned()))?;
            map.insert(ours, column.to_owned());
        }
        Ok(Self(map))
    }

    /// The file's name that was given for a column.
    pub fn given(&self, column: Column) -> Option<&str> {
        self.0.get(&column).map(String::as_str)
    }
}

/// The unit of timestamps that are plain integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TsUnit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Millis,
    /// Microseconds.
    Micros,
    /// Nanoseconds.
    #[default]
    Nanos,
}

impl TsUnit {
    /// The unit of a name: `s`, `ms`, `us`, `ns`.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "s" => Some(Self::Seconds),
            "ms" => Some(Self::Millis),
            "us" => Some(Self::Micros),
            "ns" => Some(Self::Nanos),
            _ => None,
        }
    }

    /// Nanoseconds in one.
    pub const fn nanos(self) -> i64 {
        match self {
            Self::Seconds => 1_000_000_000,
            Self::Millis => 1_000_000,
            Self::Micros => 1_000,
            Self::Nanos => 1,
        }
    }
}

/// How files are to be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReadOptions {
    /// What the columns are called.
    pub columns: ColumnMap,
    /// The symbol of rows that have none; renames where all rows have one and the same.
    pub symbol: Option<String>,
    /// The unit of integer timestamps.
    pub ts_unit: TsUnit,
    /// What to do with more than nine decimals.
    pub excess: Excess,
    /// Whether `ts_recv` is read.
    pub ts_recv: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_name_our_columns() {
        let map = ColumnMap::new([("ts", "time"), ("price", "px")]).unwrap();
        assert_eq!(map.given(Column::TsEvent), Some("time"));
        assert_eq!(map.given(Column::Price), Some("px"));
        assert_eq!(map.given(Column::Size), None);
        assert_eq!(ColumnMap::new([("pricee", "px")]), Err(ColumnMapError("pricee".to_owned())));
        for column in Column::ALL {
            assert_eq!(Column::parse(column.name()), Some(column));
        }
        for (name, nanos) in [("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000), ("ns", 1)] {
            assert_eq!(TsUnit::parse(name).map(TsUnit::nanos), Some(nanos));
        }
    }
}
