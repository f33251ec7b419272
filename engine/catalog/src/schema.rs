//! The arrow schemas of the catalog's tick tables.
//!
//! Decimals have precision 18, so that the file holds them as 64-bit integers.

use arrow_schema::{DataType, Field, Schema, TimeUnit};
use model::{Event, Kind};

/// Digits of a price or size.
pub(crate) const DECIMAL_PRECISION: u8 = 18;
/// Of these, decimals.
pub(crate) const DECIMAL_SCALE: i8 = 9;

/// Which table a tick belongs to. Quotes come before trades at equal times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TickKind {
    /// Best bid and ask.
    Quotes,
    /// Prints.
    Trades,
}

impl TickKind {
    /// Both, in the order in which ticks of one time stand.
    pub const ALL: [Self; 2] = [Self::Quotes, Self::Trades];

    /// The kind of a tick; `None` of any other event.
    pub const fn of(event: &Event) -> Option<Self> {
        match event.kind {
            Kind::TRADE => Some(Self::Trades),
            Kind::QUOTE => Some(Self::Quotes),
            _ => None,
        }
    }

    /// The table's name, which is also its folder in a catalog.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quotes => "quotes",
            Self::Trades => "trades",
        }
    }
}

/// The optional columns of a tick table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extras {
    /// `ts_recv`: when the tick was received.
    pub ts_recv: bool,
    /// `trade_id`, as a string; trades only.
    pub trade_id: bool,
}

pub(crate) fn timestamp_type() -> DataType {
    DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()))
}

fn symbol_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

fn head(extras: Extras) -> Vec<Field> {
    let mut fields = vec![Field::new("ts_event", timestamp_type(), false)];
    if extras.ts_recv {
        fields.push(Field::new("ts_recv", timestamp_type(), true));
    }
    fields.push(Field::new("symbol", symbol_type(), false));
    fields
}

fn decimal(name: &str, nullable: bool) -> Field {
    Field::new(name, DataType::Decimal128(DECIMAL_PRECISION, DECIMAL_SCALE), nullable)
}

/// The schema of `trades`: `ts_event`, (`ts_recv`), `symbol`, `price`, `size`, `side`, (`trade_id`);
/// those in brackets are optional.
pub fn trades_schema(extras: Extras) -> Schema {
    let mut fields = head(extras);
    fields.extend([
        decimal("price", false),
        decimal("size", false),
        Field::new("side", DataType::Int8, false),
    ]);
    if extras.trade_id {
        fields.push(Field::new("trade_id", DataType::Utf8, true));
    }
    Schema::new(fields)
}

/// The schema of `quotes`: `ts_event`, (`ts_recv`), `symbol`, `bid`, `ask`, `bid_size`, `ask_size`.
pub fn quotes_schema(extras: Extras) -> Schema {
    let mut fields = head(extras);
    fields.extend([decimal("bid", false), decimal("ask", false)]);
    fields.extend([decimal("bid_size", true), decimal("ask_size", true)]);
    Schema::new(fields)
}

/// The schema of a table.
pub fn schema_of(kind: TickKind, extras: Extras) -> Schema {
    match kind {
        TickKind::Trades => trades_schema(extras),
        TickKind::Quotes => quotes_schema(extras),
    }
}
