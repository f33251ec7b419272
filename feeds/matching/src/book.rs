//! One symbol at the venue: the standing quote, the open orders in time order, who fills when.
//!
//! | order | symbol with quotes | trades only |
//! | --- | --- | --- |
//! | market | taker, at the opposite side as it stands; rest at following quotes | taker, at prints |
//! | limit, at arrival | taker at the opposite side if that is at its price or better | rests |
//! | limit, resting | maker at its price: a print strictly through it, or the opposite side reaches it | maker: a print strictly through it |
//!
//! A quote's side gives up to its size when that is known, once, until the next quote. A print gives up
//! to its size with [`FillSize::Print`], any quantity otherwise. Orders are served in order of arrival.
//! Crossed quotes are legal: each side is taken as it stands.
//! Not here: latency (`venue`).

use crate::FillSize;
use crate::available::Available;
use crate::tape::{Execution, FeeFailed, OpenOrder, Tape};
use model::{
    Instrument, Liquidity, Order, OrderId, OrderType, Price, Quantity, Quote, RejectReason, ReportKind, Side,
    StreamHash, Trade,
};

/// Open orders per symbol before the list grows.
const OPEN_ORDERS_CAPACITY: usize = 16;
/// Most orders there can be: their numbers have 32 bits.
const ORDERS_MAX: usize = u32::MAX as usize;

/// One side of the quote as it stands. Before the first quote there is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Standing {
    price: Price,
    available: Available,
}

model::value!(Standing { price, available });

impl Standing {
    const NONE: Self = Self { price: Price::ZERO, available: Available::NOTHING };
}

/// The venue's state of one symbol.
#[derive(Debug, Clone)]
pub(crate) struct Book {
    quoted: bool,
    tick_size: Price,
    lot: Quantity,
    multiplier: Quantity,
    bid: Standing,
    ask: Standing,
    open: Vec<OpenOrder>,
}

model::state!(Book { bid, ask; list open: ORDERS_MAX; same quoted, tick_size, lot, multiplier });

impl Book {
    pub fn new(instrument: &Instrument, quoted: bool) -> Self {
        Self {
            quoted,
            tick_size: instrument.tick_size,
            lot: instrument.lot,
            multiplier: instrument.multiplier,
            bid: Standing::NONE,
            ask: Standing::NONE,
            open: Vec::with_capacity(OPEN_ORDERS_CAPACITY),
        }
    }

    /// How many orders are open.
    pub fn open_orders(&self) -> usize {
        self.open.len()
    }

    /// Whether a tick can fill anything.
    #[inline]
    pub fn is_idle(&self) -> bool {
        self.open.is_empty()
    }

    /// Replaces the standing quote.
    #[inline]
    pub fn stand(&mut self, quote: &Quote) {
        debug_assert!(self.quoted, "a symbol with quotes is declared as such");
        self.bid = Standing { price: quote.bid, available: Available::of(quote.bid_size) };
        self.ask = Standing { price: quote.ask, available: Available::of(quote.ask_size) };
    }

    /// An order arrives: it is accepted or rejected, takes what it can, and rests with what is left.
    pub fn arrive(&mut self, order: Order, tape: &mut Tape<'_>) -> Result<(), FeeFailed> {
        if let Some(reason) = self.violation(&order) {
            tape.reject(&order, reason);
            return Ok(());
        }
        tape.report(order.id, order.symbol, ReportKind::Accepted);
        let mut open = OpenOrder { order, left: order.quantity.raw(), arrived: tape.ts };
        let standing = opposite(&mut self.bid, &mut self.ask, order.side);
        if self.quoted && within_limit(&order, standing.price) {
            let quantity = standing.available.take(open.left);
            let execution = Execution { quantity, price: standing.price, liquidity: Liquidity::Taker };
            tape.fill(&mut open, execution, self.multiplier)?;
        }
        if open.left > 0 {
            self.open.push(open);
        }
        Ok(())
    }

    /// The standing quote is new: serves the open orders.
    pub fn serve_quote(&mut self, tape: &mut Tape<'_>) -> Result<(), FeeFailed> {
        let now = tape.ts;
        for open in self.open.iter_mut().filter(|open| open.arrived <= now) {
            let standing = opposite(&mut self.bid, &mut self.ask, open.order.side);
            if !within_limit(&open.order, standing.price) {
                continue;
            }
            let (price, liquidity) = match open.order.order_type {
                OrderType::Market => (standing.price, Liquidity::Taker),
                OrderType::Limit(price) => (price, Liquidity::Maker),
            };
            let quantity = standing.available.take(open.left);
            tape.fill(open, Execution { quantity, price, liquidity }, self.multiplier)?;
        }
        self.open.retain(|open| open.left > 0);
        Ok(())
    }

    /// A trade printed: serves the open orders.
    pub fn serve_print(&mut self, trade: &Trade, tape: &mut Tape<'_>) -> Result<(), FeeFailed> {
        let mut available = match tape.config.fill_size {
            FillSize::Unlimited => Available::ALL,
            FillSize::Print => Available::of(Some(trade.size)),
        };
        let now = tape.ts;
        for open in self.open.iter_mut().filter(|open| open.arrived <= now) {
            let (price, liquidity) = match open.order.order_type {
                OrderType::Market if self.quoted => continue,
                OrderType::Market => (trade.price, Liquidity::Taker),
                OrderType::Limit(price) if strictly_through(open.order.side, price, trade.price) => {
                    (price, Liquidity::Maker)
                }
                OrderType::Limit(_) => continue,
            };
            let quantity = available.take(open.left);
            tape.fill(open, Execution { quantity, price, liquidity }, self.multiplier)?;
        }
        self.open.retain(|open| open.left > 0);
        Ok(())
    }

    /// Takes an open order out; false if it is not open.
    pub fn cancel(&mut self, id: OrderId) -> bool {
        let place = self.open.iter().position(|open| open.order.id == id);
        if let Some(place) = place {
            self.open.remove(place);
        }
        place.is_some()
    }

    /// Takes all open orders out.
    pub fn drain(&mut self) -> impl Iterator<Item = Order> {
        self.open.drain(..).map(|open| open.order)
    }

    /// Adds the state to a hash.
    pub fn hash(&self, hash: &mut StreamHash) {
        for standing in [self.bid, self.ask] {
            hash.words(&[standing.price.raw() as u64, standing.available.raw() as u64]);
        }
        hash.words(&[self.open.len() as u64]);
        for open in &self.open {
            hash.events(&[open.order.to_event()]);
            hash.words(&[open.left as u64, open.arrived.0 as u64]);
        }
    }

    /// Why the venue will not have the order, if so.
    fn violation(&self, order: &Order) -> Option<RejectReason> {
        let quantity = order.quantity.raw();
        if quantity <= 0 || (self.lot.raw() > 0 && quantity % self.lot.raw() != 0) {
            return Some(RejectReason::Lot);
        }
        match order.order_type {
            OrderType::Limit(price)
                if self.tick_size.raw() > 0 && price.raw() % self.tick_size.raw() != 0 =>
            {
                Some(RejectReason::TickSize)
            }
            OrderType::Limit(_) | OrderType::Market => None,
        }
    }
}

/// The side of the quote that an order of `side` takes from.
fn opposite<'a>(bid: &'a mut Standing, ask: &'a mut Standing, side: Side) -> &'a mut Standing {
    match side {
        Side::Buy => ask,
        Side::Sell => bid,
    }
}

/// Whether `price` is at the order's limit or better.
fn within_limit(order: &Order, price: Price) -> bool {
    match (order.order_type, order.side) {
        (OrderType::Market, _) => true,
        (OrderType::Limit(limit), Side::Buy) => price <= limit,
        (OrderType::Limit(limit), Side::Sell) => price >= limit,
    }
}

/// Whether a print is beyond the limit, so that the order at the limit must have traded before it.
fn strictly_through(side: Side, limit: Price, print: Price) -> bool {
    match side {
        Side::Buy => print < limit,
        Side::Sell => print > limit,
    }
}
