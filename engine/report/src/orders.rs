//! The row of an order: how it stood last, written once nothing can change it any more.
//!
//! Rows stand in the order of creation, so they wait behind the oldest order that is still open
//! ([`model::OpenOrders`]).

use crate::meta::RunMeta;
use crate::tables::OrderColumns;
use model::{Order, OrderLife, OrderType};

/// `SESSION-SEQ-K`.
pub(crate) fn client_order_id(order: &Order, meta: &RunMeta) -> String {
    let session = meta.earlier_sessions.get(&(order.seq, order.nth)).unwrap_or(&meta.session);
    format!("{session}-{}-{}", order.seq, order.nth)
}

/// Appends the row of an order.
pub(crate) fn write_order(life: &OrderLife, columns: &mut OrderColumns, meta: &RunMeta) {
    let order = &life.state.order;
    columns.client_order_id.append_value(client_order_id(order, meta));
    columns.parent_id.append_null();
    columns.seq.append_value(life.seq);
    columns.cause_seq.append_value(order.cause_seq);
    columns.ts_event.push(order.ts);
    columns.symbol.append_value(meta.instruments.symbols.name(order.symbol));
    columns.strategy.append_value(&meta.strategy);
    columns.account.append_value(&meta.account);
    columns.venue.append_value(&meta.instruments.get(order.symbol).venue);
    columns.side.append_value(order.side.name());
    columns.order_type.append_value(order.order_type.name());
    columns.tif.append_value(order.tif.name());
    columns.quantity.quantity(order.quantity);
    columns.limit_price.price_option(match order.order_type {
        OrderType::Limit(price) => Some(price),
        OrderType::Market => None,
    });
    columns.status.append_value(life.state.status.name());
    columns.filled.quantity(life.state.filled);
    columns.avg_price.price_option(life.average_price());
    columns.purpose.append_value(order.purpose.name());
}
