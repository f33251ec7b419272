//! Writing the venue's answers: reports, and fills with their number and fee.
//!
//! Not here: who fills when (`book`).

use crate::VenueConfig;
use model::{
    Event, Fill, Liquidity, Money, MoneyError, Nanos, Order, OrderId, Price, Quantity, RejectReason, Report,
    ReportKind, SymbolId, fee, notional,
};
use std::fmt;

/// Why the venue cannot go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VenueError {
    /// A fill's notional or fee is beyond the range of money; mend the fee rate, the multiplier or the quantity.
    FeeOverflow {
        /// The order.
        order: OrderId,
        /// Its symbol's name.
        symbol: String,
    },
    /// The venue is in another process, which is gone or does not say what it should: this is what happened and what
    /// to do.
    Gone(String),
}

impl fmt::Display for VenueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FeeOverflow { order, symbol } => write!(
                f,
                "the notional or fee of a fill of order {} in {symbol} is beyond 79 quintillion; check venue.fees, \
                 the instrument's multiplier and the order's quantity",
                order.0
            ),
            Self::Gone(sentence) => f.write_str(sentence),
        }
    }
}

impl std::error::Error for VenueError {}

/// An order at the venue with what is left of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OpenOrder {
    pub order: Order,
    /// What is not filled yet, positive while the order is open.
    pub left: i64,
    /// When it arrived.
    pub arrived: Nanos,
}

model::value!(OpenOrder { order, left, arrived });

/// What one order gets at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Execution {
    pub quantity: i64,
    pub price: Price,
    pub liquidity: Liquidity,
}

/// The first order whose fee could not be computed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FeeFailed(pub OrderId);

/// Where answers of one moment are written.
pub(crate) struct Tape<'a> {
    pub config: &'a VenueConfig,
    /// The number of the last fill.
    pub fills: &'a mut u32,
    pub ts: Nanos,
    pub out: &'a mut Vec<Event>,
}

impl Tape<'_> {
    /// Fills `open` with `execution`; a quantity of zero is no fill.
    pub fn fill(
        &mut self,
        open: &mut OpenOrder,
        execution: Execution,
        multiplier: Quantity,
    ) -> Result<(), FeeFailed> {
        let Execution { quantity, price, liquidity } = execution;
        if quantity == 0 {
            return Ok(());
        }
        assert!(quantity > 0 && quantity <= open.left, "a fill is within what is left of its order");
        let quantity = Quantity::new(quantity);
        let fee = self.fee(price, quantity, multiplier, liquidity).map_err(|_| FeeFailed(open.order.id))?;
        *self.fills = self.fills.checked_add(1).expect("a run has fewer than 4 billion fills");
        open.left -= quantity.raw();
        let Order { id: order, symbol, side, .. } = open.order;
        let fill = Fill { order, number: *self.fills, symbol, side, quantity, price, fee, liquidity };
        self.out.push(fill.to_event(self.ts));
        Ok(())
    }

    /// Reports on an order.
    pub fn report(&mut self, id: OrderId, symbol: SymbolId, kind: ReportKind) {
        self.out.push(Report { id, symbol, kind, reason: None }.to_event(self.ts));
    }

    /// Rejects an order.
    pub fn reject(&mut self, order: &Order, reason: RejectReason) {
        let Order { id, symbol, .. } = *order;
        self.out
            .push(Report { id, symbol, kind: ReportKind::Rejected, reason: Some(reason) }.to_event(self.ts));
    }

    fn fee(
        &self,
        price: Price,
        quantity: Quantity,
        multiplier: Quantity,
        liquidity: Liquidity,
    ) -> Result<Money, MoneyError> {
        let rate = match liquidity {
            Liquidity::Maker => self.config.maker,
            Liquidity::Taker => self.config.taker,
        };
        fee(notional(price, quantity, multiplier)?, rate)
    }
}
