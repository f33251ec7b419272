//! Orders, the venue's answers and fills, and how they are laid out in events.
//!
//! Not here: the order's life (`orders`), matching (`matching`).

use crate::{Event, Kind, Money, Nanos, Price, Purpose, Quantity, SymbolId};

/// An order's dense number in a run, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(pub u32);

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// Adds to the position.
    Buy,
    /// Takes from the position.
    Sell,
}

impl Side {
    /// The name used in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        }
    }

    /// 1 for a buy, -1 for a sell.
    #[inline]
    pub const fn sign(self) -> i64 {
        match self {
            Self::Buy => 1,
            Self::Sell => -1,
        }
    }
}

/// How an order is priced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderType {
    /// At what the market gives.
    Market,
    /// At this price or better.
    Limit(Price),
}

impl OrderType {
    /// The name used in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Market => "market",
            Self::Limit(_) => "limit",
        }
    }
}

/// How long an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeInForce {
    /// Until cancelled, or the run ends.
    Gtc,
}

impl TimeInForce {
    /// The name used in files.
    pub const fn name(self) -> &'static str {
        "gtc"
    }
}

/// An order as it leaves for the venue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// Its number.
    pub id: OrderId,
    /// Its place among the orders sent at one input, from 1: the K of `SESSION-SEQ-K`.
    pub nth: u32,
    /// For which symbol.
    pub symbol: SymbolId,
    /// Which way.
    pub side: Side,
    /// How it is priced.
    pub order_type: OrderType,
    /// How long it stands.
    pub tif: TimeInForce,
    /// How much, positive.
    pub quantity: Quantity,
    /// The input at which it was sent: the SEQ of `SESSION-SEQ-K`.
    pub seq: u64,
    /// The input whose intent it carries out: `seq`, or one before if its target had to wait.
    pub cause_seq: u64,
    /// When it was sent, in engine time.
    pub ts: Nanos,
    /// How long after that it leaves. Not negative.
    pub delay: Nanos,
    /// What it is for: that of the wish it comes of.
    pub purpose: Purpose,
}

const FLAG_SELL: u8 = 1;
const FLAG_LIMIT: u8 = 2;
const FLAG_MAKER: u8 = 4;

fn side_of(flags: u8) -> Side {
    if flags & FLAG_SELL != 0 { Side::Sell } else { Side::Buy }
}

fn side_flag(side: Side) -> u8 {
    if side == Side::Sell { FLAG_SELL } else { 0 }
}

impl Order {
    /// As an event; `seq` and `ts` are the event's own.
    #[inline]
    pub fn to_event(&self) -> Event {
        let (limit_flag, price) = match self.order_type {
            OrderType::Market => (0, 0),
            OrderType::Limit(price) => (FLAG_LIMIT, price.raw()),
        };
        Event {
            seq: self.seq,
            ts: self.ts,
            symbol: self.symbol,
            kind: Kind::ORDER,
            flags: side_flag(self.side) | limit_flag,
            detail: self.purpose as u16,
            words: [
                i64::from(self.id.0) | i64::from(self.nth) << 32,
                self.cause_seq as i64,
                self.quantity.raw(),
                price,
                self.delay.0,
            ],
        }
    }

    /// Reads an order.
    #[inline]
    pub fn from_event(event: &Event) -> Self {
        debug_assert_eq!(event.kind, Kind::ORDER);
        let limit = event.flags & FLAG_LIMIT != 0;
        Self {
            id: OrderId(event.words[0] as u32),
            nth: (event.words[0] >> 32) as u32,
            symbol: event.symbol,
            side: side_of(event.flags),
            order_type: if limit { OrderType::Limit(Price::new(event.words[3])) } else { OrderType::Market },
            tif: TimeInForce::Gtc,
            quantity: Quantity::new(event.words[2]),
            seq: event.seq,
            cause_seq: event.words[1] as u64,
            ts: event.ts,
            delay: Nanos(event.words[4]),
            purpose: Purpose::of_code(event.detail.into()),
        }
    }

    /// A request to cancel order `id`, derived from `cause`.
    pub fn cancel_event(cause: &Event, id: OrderId, symbol: SymbolId) -> Event {
        let mut event = Event::derived(cause, Kind::CANCEL, symbol);
        event.words[0] = i64::from(id.0);
        event
    }
}

/// What the venue says of an order, fills excepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ReportKind {
    /// The order stands.
    Accepted = 0,
    /// The order was cancelled at our request.
    Cancelled = 1,
    /// The venue will not have the order.
    Rejected = 2,
    /// The run ended with the order open.
    Expired = 3,
    /// The order to cancel was not open any more.
    CancelRejected = 4,
}

/// Why the venue rejected an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum RejectReason {
    /// The quantity is no multiple of the lot, or below one.
    Lot = 0,
    /// The limit price is no multiple of the tick size.
    TickSize = 1,
    /// The engine was cut before the order left, and the venue, asked for it by its id, never saw it.
    Lost = 2,
    /// It never left: its causes could not be kept in the journal.
    NotKept = 3,
}

impl RejectReason {
    /// All, in the order of their codes.
    pub const ALL: [Self; 4] = [Self::Lot, Self::TickSize, Self::Lost, Self::NotKept];

    /// The name used in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lot => "lot",
            Self::TickSize => "tick_size",
            Self::Lost => "lost",
            Self::NotKept => "not_kept",
        }
    }
}

/// The venue's answer to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Which order.
    pub id: OrderId,
    /// Its symbol.
    pub symbol: SymbolId,
    /// What is said.
    pub kind: ReportKind,
    /// Why, if rejected.
    pub reason: Option<RejectReason>,
}

impl Report {
    /// As an input at engine time `ts`.
    pub fn to_event(&self, ts: Nanos) -> Event {
        let mut event = Event::input(Kind::REPORT, ts, self.symbol);
        event.flags = self.kind as u8;
        event.detail = self.reason.map_or(u16::MAX, |reason| reason as u16);
        event.words[0] = i64::from(self.id.0);
        event
    }

    /// Reads a report.
    ///
    /// # Panics
    /// If the event's flags are no report's code.
    pub fn from_event(event: &Event) -> Self {
        debug_assert_eq!(event.kind, Kind::REPORT);
        let kind = match event.flags {
            0 => ReportKind::Accepted,
            1 => ReportKind::Cancelled,
            2 => ReportKind::Rejected,
            3 => ReportKind::Expired,
            4 => ReportKind::CancelRejected,
            code => panic!("{code} is no report"),
        };
        let reason = RejectReason::ALL.get(usize::from(event.detail)).copied();
        Self { id: OrderId(event.words[0] as u32), symbol: event.symbol, kind, reason }
    }
}

/// Whether a fill added or took liquidity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liquidity {
    /// The order rested.
    Maker,
    /// The order took.
    Taker,
}

impl Liquidity {
    /// The name used in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Maker => "maker",
            Self::Taker => "taker",
        }
    }
}

/// An order, or a part of it, was traded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fill {
    /// Which order.
    pub order: OrderId,
    /// The fill's number at the venue, from 1.
    pub number: u32,
    /// Its symbol.
    pub symbol: SymbolId,
    /// Which way.
    pub side: Side,
    /// How much, positive.
    pub quantity: Quantity,
    /// At which price.
    pub price: Price,
    /// The fee, in the instrument's currency; negative is a rebate.
    pub fee: Money,
    /// Whether it added or took liquidity.
    pub liquidity: Liquidity,
}

impl Fill {
    /// As an input at engine time `ts`.
    pub fn to_event(&self, ts: Nanos) -> Event {
        let mut event = Event::input(Kind::FILL, ts, self.symbol);
        let maker = if self.liquidity == Liquidity::Maker { FLAG_MAKER } else { 0 };
        event.flags = side_flag(self.side) | maker;
        let fee = self.fee.raw();
        event.words = [
            i64::from(self.order.0) | i64::from(self.number) << 32,
            self.quantity.raw(),
            self.price.raw(),
            fee as i64,
            (fee >> 64) as i64,
        ];
        event
    }

    /// Reads a fill.
    pub fn from_event(event: &Event) -> Self {
        debug_assert_eq!(event.kind, Kind::FILL);
        let fee = i128::from(event.words[3] as u64) | i128::from(event.words[4]) << 64;
        Self {
            order: OrderId(event.words[0] as u32),
            number: (event.words[0] >> 32) as u32,
            symbol: event.symbol,
            side: side_of(event.flags),
            quantity: Quantity::new(event.words[1]),
            price: Price::new(event.words[2]),
            fee: Money::from_raw(fee).expect("a fill's fee was an amount when it was written"),
            liquidity: if event.flags & FLAG_MAKER != 0 { Liquidity::Maker } else { Liquidity::Taker },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_fills_and_reports_survive_the_encoding() {
        for (side, order_type) in
            [(Side::Buy, OrderType::Market), (Side::Sell, OrderType::Limit(Price::new(-4)))]
        {
            let order = Order {
                id: OrderId(u32::MAX),
                nth: u32::MAX - 1,
                symbol: SymbolId(3),
                side,
                order_type,
                tif: TimeInForce::Gtc,
                quantity: Quantity::MAX,
                seq: 11,
                cause_seq: 10,
                ts: Nanos(12),
                delay: Nanos(13),
                purpose: Purpose::TimeStop,
            };
            assert_eq!(Order::from_event(&order.to_event()), order);
        }
        for (fee, liquidity) in [(-5, Liquidity::Maker), (i128::from(u64::MAX) * 3, Liquidity::Taker)] {
            let fill = Fill {
                order: OrderId(u32::MAX),
                number: u32::MAX,
                symbol: SymbolId(3),
                side: Side::Sell,
                quantity: Quantity::new(9),
                price: Price::MIN,
                fee: Money::from_raw(fee).unwrap(),
                liquidity,
            };
            assert_eq!(Fill::from_event(&fill.to_event(Nanos(1))), fill);
        }
        for kind in [
            ReportKind::Accepted,
            ReportKind::Cancelled,
            ReportKind::Rejected,
            ReportKind::Expired,
            ReportKind::CancelRejected,
        ] {
            let report =
                Report { id: OrderId(4), symbol: SymbolId(0), kind, reason: Some(RejectReason::TickSize) };
            assert_eq!(Report::from_event(&report.to_event(Nanos(1))), report);
        }
    }
}
