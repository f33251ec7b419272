//! The edge by which orders leave for a venue.
//!
//! The order stage only emits events; the pipeline forwards them to a gateway, so that a replay without
//! a venue emits the same ones.
//! Not here: the venue's answers; they come back as inputs.

use model::{Nanos, Order, OrderId, SymbolId};

/// Where orders and cancel requests are sent.
pub trait Gateway {
    /// Sends an order, at its `ts`.
    fn submit(&mut self, order: &Order);

    /// Asks at `ts` to cancel an order.
    fn cancel(&mut self, id: OrderId, symbol: SymbolId, ts: Nanos);
}
