//! An order's life as the venue's answers tell it: the one fold of orders, fills and reports into a last state.
//!
//! Why: the recorder and the storage tiers both say where an order stands, and must say the same. Orders are kept from
//! the oldest that is still open on; memory is bounded by the orders sent while one rests.
//! Not here: what an order may still do (`orders`), what is open at the venue (`matching`).

use crate::{Fill, Order, OrderId, Price, Quantity, Report, ReportKind, round_half_even};
use std::collections::VecDeque;

/// Where an order stands. The names are those of the run folder's `orders.parquet`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum OrderStatus {
    /// Sent, not filled.
    New = 0,
    /// A part was filled.
    PartiallyFilled = 1,
    /// All of it was filled.
    Filled = 2,
    /// Withdrawn.
    Cancelled = 3,
    /// Refused by the venue.
    Rejected = 4,
    /// Open at the end of the run.
    Expired = 5,
}

impl OrderStatus {
    /// All, in the order of their codes.
    pub const ALL: [Self; 6] =
        [Self::New, Self::PartiallyFilled, Self::Filled, Self::Cancelled, Self::Rejected, Self::Expired];

    /// The name used in files and stores.
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::PartiallyFilled => "partially_filled",
            Self::Filled => "filled",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
        }
    }

    /// Whether nothing can change it any more.
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::New | Self::PartiallyFilled)
    }
}

/// An order as it stands after an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderState {
    /// The order as it was sent.
    pub order: Order,
    /// Where it stands.
    pub status: OrderStatus,
    /// How much of it is filled.
    pub filled: Quantity,
}

/// An order that is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderLife {
    /// How it stands.
    pub state: OrderState,
    /// The input that last changed it; the one it was sent at before there is one.
    pub seq: u64,
    /// Σ price · quantity of its fills, in units of 1e-18; `None` beyond 128 bits.
    pub traded: Option<i128>,
}

impl OrderLife {
    fn sent(order: Order) -> Self {
        let state = OrderState { order, status: OrderStatus::New, filled: Quantity::ZERO };
        Self { state, seq: order.seq, traded: Some(0) }
    }

    /// Mean price of its fills, by quantity, rounded half-even; `None` without one.
    pub fn average_price(&self) -> Option<Price> {
        let filled = self.state.filled.raw();
        let traded = self.traded.filter(|_| filled > 0)?;
        i64::try_from(round_half_even(traded, filled.into())).ok().and_then(Price::from_raw)
    }
}

/// The orders from the oldest open one on, by dense id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenOrders {
    lives: VecDeque<OrderLife>,
    /// Id of the front.
    first: u32,
}

impl OpenOrders {
    /// As it was when `first` and `lives` were taken from another.
    pub fn restore(first: OrderId, lives: impl IntoIterator<Item = OrderLife>) -> Self {
        Self { lives: lives.into_iter().collect(), first: first.0 }
    }

    /// The id of the first of [`Self::lives`], or of the next order if there is none.
    pub fn first(&self) -> OrderId {
        OrderId(self.first)
    }

    /// The orders that are followed, in the order of their ids.
    pub fn lives(&self) -> impl Iterator<Item = &OrderLife> {
        self.lives.iter()
    }

    /// Notes a new order.
    pub fn on_order(&mut self, order: Order) -> &OrderLife {
        debug_assert_eq!(order.id.0, self.first + self.lives.len() as u32, "order ids are dense");
        self.lives.push_back(OrderLife::sent(order));
        self.lives.back().expect("it was just pushed")
    }

    /// Notes a fill at the input `seq`.
    ///
    /// # Panics
    /// If the order is not followed.
    pub fn on_fill(&mut self, fill: &Fill, seq: u64) -> &OrderLife {
        let life = self.life(fill.order);
        let filled = life.state.filled.raw() + fill.quantity.raw();
        let quantity = life.state.order.quantity.raw();
        debug_assert!(filled <= quantity, "an order is filled at most whole");
        let traded = i128::from(fill.price.raw()) * i128::from(fill.quantity.raw());
        life.seq = seq;
        life.traded = life.traded.and_then(|sum| sum.checked_add(traded));
        life.state.filled = Quantity::new(filled);
        life.state.status =
            if filled == quantity { OrderStatus::Filled } else { OrderStatus::PartiallyFilled };
        life
    }

    /// Notes a report at the input `seq`; `None` if it changes no order's state.
    ///
    /// # Panics
    /// If the order is not followed.
    pub fn on_report(&mut self, report: &Report, seq: u64) -> Option<&OrderLife> {
        // The answer to a cancel that came too late changes nothing, and the order may be gone already.
        let status = match report.kind {
            ReportKind::Accepted | ReportKind::CancelRejected => return None,
            ReportKind::Cancelled => OrderStatus::Cancelled,
            ReportKind::Rejected => OrderStatus::Rejected,
            ReportKind::Expired => OrderStatus::Expired,
        };
        let life = self.life(report.id);
        life.seq = seq;
        life.state.status = status;
        Some(life)
    }

    /// Takes the oldest order, if its state is final; any, if `all`.
    pub fn settle(&mut self, all: bool) -> Option<OrderLife> {
        let front = self.lives.pop_front_if(|life| all || life.state.status.is_final())?;
        self.first += 1;
        Some(front)
    }

    fn life(&mut self, id: OrderId) -> &mut OrderLife {
        let at = id.0.checked_sub(self.first).expect("the venue answers orders that are open");
        &mut self.lives[at as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Liquidity, Money, Nanos, OrderType, Purpose, Side, SymbolId, TimeInForce};

    fn order(id: u32, quantity: i64) -> Order {
        Order {
            id: OrderId(id),
            nth: 1,
            symbol: SymbolId(0),
            side: Side::Buy,
            order_type: OrderType::Market,
            tif: TimeInForce::Gtc,
            quantity: Quantity::new(quantity),
            seq: 10 + u64::from(id),
            cause_seq: 10,
            ts: Nanos(1),
            delay: Nanos(0),
            purpose: Purpose::Decision,
        }
    }

    fn fill(order: u32, quantity: i64, price: i64) -> Fill {
        Fill {
            order: OrderId(order),
            number: 1,
            symbol: SymbolId(0),
            side: Side::Buy,
            quantity: Quantity::new(quantity),
            price: Price::new(price),
            fee: Money::ZERO,
            liquidity: Liquidity::Taker,
        }
    }

    fn report(order: u32, kind: ReportKind) -> Report {
        Report { id: OrderId(order), symbol: SymbolId(0), kind, reason: None }
    }

    #[test]
    fn fills_and_reports_move_an_order_to_its_last_state() {
        let mut open = OpenOrders::default();
        for id in 0..3 {
            assert_eq!(open.on_order(order(id, 10)).seq, 10 + u64::from(id));
        }
        assert_eq!(open.on_report(&report(0, ReportKind::Accepted), 19), None);
        let life = *open.on_fill(&fill(0, 4, 100), 20);
        assert_eq!(
            (life.state.status, life.average_price()),
            (OrderStatus::PartiallyFilled, Some(Price::new(100)))
        );
        assert_eq!(
            open.on_report(&report(1, ReportKind::Cancelled), 21).unwrap().state.status,
            OrderStatus::Cancelled
        );
        assert_eq!(open.settle(false), None, "rows wait behind the oldest open order");
        let life = *open.on_fill(&fill(0, 6, 101), 22);
        assert_eq!((life.state.status, life.seq), (OrderStatus::Filled, 22));
        assert_eq!(life.average_price(), Some(Price::new(101)), "1006 / 10, half-even");
        let restored = OpenOrders::restore(open.first(), open.lives().copied());
        assert_eq!(restored, open);
        let settled: Vec<u32> =
            std::iter::from_fn(|| open.settle(false)).map(|life| life.state.order.id.0).collect();
        assert_eq!((settled, open.first()), (vec![0, 1], OrderId(2)));
        assert_eq!(
            open.on_report(&report(0, ReportKind::CancelRejected), 23),
            None,
            "it is gone, and nothing changed"
        );
        let rest = open.settle(true).unwrap();
        assert_eq!((rest.state.status, rest.average_price()), (OrderStatus::New, None));
    }
}
