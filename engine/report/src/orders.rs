//! Orders as the recorder follows them, until their row can be written.
//!
//! A row holds an order's last state, and rows stand in the order of creation. So rows wait behind the oldest
//! order that is still open; memory is bounded by the orders sent while one rests.

use crate::error::ReportError;
use crate::meta::RunMeta;
use crate::table::Table;
use crate::tables::OrderColumns;
use model::{Fill, Order, OrderId, OrderType, Price, Quantity, Report, ReportKind, round_half_even};
use std::collections::VecDeque;

/// The contract's `orders.status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    New,
    PartiallyFilled,
    Filled,
    Cancelled,
    Rejected,
    Expired,
}

impl Status {
    const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::PartiallyFilled => "partially_filled",
            Self::Filled => "filled",
            Self::Cancelled => "cancelled",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
        }
    }

    const fn is_final(self) -> bool {
        !matches!(self, Self::New | Self::PartiallyFilled)
    }
}

#[derive(Debug)]
struct OrderRow {
    order: Order,
    /// The input that last changed it; the one it was sent at before there is one.
    seq: u64,
    status: Status,
    filled: i64,
    /// Σ price · quantity of its fills; `None` beyond 128 bits.
    traded: Option<i128>,
}

/// The orders whose rows are not written yet, by dense id.
#[derive(Debug, Default)]
pub(crate) struct OpenOrders {
    rows: VecDeque<OrderRow>,
    /// Id of the front row.
    first: u32,
}

impl OpenOrders {
    /// Notes a new order.
    pub fn on_order(&mut self, order: Order) {
        debug_assert_eq!(order.id.0, self.first + self.rows.len() as u32, "order ids are dense");
        self.rows.push_back(OrderRow {
            order,
            seq: order.seq,
            status: Status::New,
            filled: 0,
            traded: Some(0),
        });
    }

    /// Notes a fill; gives the order's id for clients.
    pub fn on_fill(&mut self, fill: &Fill, seq: u64, meta: &RunMeta) -> String {
        let row = self.row(fill.order);
        row.seq = seq;
        row.filled += fill.quantity.raw();
        debug_assert!(row.filled <= row.order.quantity.raw(), "an order is filled at most whole");
        let traded = i128::from(fill.price.raw()) * i128::from(fill.quantity.raw());
        row.traded = row.traded.and_then(|sum| sum.checked_add(traded));
        row.status =
            if row.filled == row.order.quantity.raw() { Status::Filled } else { Status::PartiallyFilled };
        client_order_id(&row.order, meta)
    }

    /// Notes a report.
    pub fn on_report(&mut self, report: &Report, seq: u64) {
        // The answer to a cancel that came too late changes nothing, and the order's row may be written already.
        let status = match report.kind {
            ReportKind::Accepted | ReportKind::CancelRejected => return,
            ReportKind::Cancelled => Status::Cancelled,
            ReportKind::Rejected => Status::Rejected,
            ReportKind::Expired => Status::Expired,
        };
        let row = self.row(report.id);
        row.seq = seq;
        row.status = status;
    }

    fn row(&mut self, id: OrderId) -> &mut OrderRow {
        let at = id.0.checked_sub(self.first).expect("the venue answers orders that are open");
        &mut self.rows[at as usize]
    }

    /// Writes the rows of the oldest orders, up to the first that is still open; all of them if `all`.
    pub fn settle(
        &mut self,
        table: &mut Table<OrderColumns>,
        meta: &RunMeta,
        all: bool,
    ) -> Result<(), ReportError> {
        while self.rows.front().is_some_and(|row| all || row.status.is_final()) {
            let row = self.rows.pop_front().expect("there is a front");
            self.first += 1;
            write(&row, &mut table.columns, meta);
            table.settle()?;
        }
        Ok(())
    }
}

/// `SESSION-SEQ-K`.
fn client_order_id(order: &Order, meta: &RunMeta) -> String {
    format!("{}-{}-{}", meta.session, order.seq, order.nth)
}

fn write(row: &OrderRow, columns: &mut OrderColumns, meta: &RunMeta) {
    let order = &row.order;
    columns.client_order_id.append_value(client_order_id(order, meta));
    columns.parent_id.append_null();
    columns.seq.append_value(row.seq);
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
    columns.status.append_value(row.status.name());
    columns.filled.quantity(Quantity::new(row.filled));
    columns.avg_price.price_option(average(row));
    columns.purpose.append_value(order.purpose.name());
}

fn average(row: &OrderRow) -> Option<Price> {
    let traded = row.traded.filter(|_| row.filled > 0)?;
    i64::try_from(round_half_even(traded, row.filled.into())).ok().and_then(Price::from_raw)
}
