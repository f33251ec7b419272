//! The order stage: folds the venue's answers, then turns the frame's intents into orders, cancels and
//! refusals.
//!
//! Not here: how an intent becomes a proposal (`wishes`) and that an order (`proposals`); sending. The pipeline
//! forwards the emitted events to the venue.

mod proposals;
mod wishes;

use crate::open::{Fault, OpenOrders};
use crate::touch::Touch;
use crate::waiting::{Waiting, hash_waiting};
use crate::{Change, OpenOrder, OrderError};
use gate::Gate;
use model::{
    Event, Fill, Frame, InstrumentTable, Kind, OrderId, Quantity, Report, ReportKind, StreamHash, SymbolId,
    SymbolTable, combine_hashes,
};

/// Orders and the gate they pass. A pure fold of frames.
#[derive(Debug, Clone)]
pub struct OrderStage {
    gate: Gate,
    symbols: SymbolTable,
    lots: Vec<Quantity>,
    orders: Vec<OpenOrders>,
    touches: Vec<Touch>,
    /// By symbol.
    waiting: Vec<Option<Waiting>>,
    next_id: u32,
    risk_hash: StreamHash,
    order_hash: StreamHash,
}

model::state!(OrderStage {
    gate, orders, touches, waiting, next_id, risk_hash, order_hash;
    same symbols, lots
});

impl OrderStage {
    /// A stage without orders.
    pub fn new(instruments: &InstrumentTable, gate: Gate) -> Self {
        Self {
            gate,
            symbols: instruments.symbols.clone(),
            lots: instruments.instruments.iter().map(|i| i.lot).collect(),
            orders: instruments.instruments.iter().map(|_| OpenOrders::new()).collect(),
            touches: vec![Touch::default(); instruments.instruments.len()],
            waiting: vec![None; instruments.instruments.len()],
            next_id: 0,
            risk_hash: StreamHash::new(),
            order_hash: StreamHash::new(),
        }
    }

    /// Takes the touch, and hands the gate a last price.
    #[inline]
    pub fn on_tick(&mut self, tick: &Event) {
        self.gate.on_tick(tick);
        if tick.kind == Kind::QUOTE {
            self.note_touch(tick);
        }
    }

    /// Out of line, so that a trade pays one comparison.
    #[inline(never)]
    fn note_touch(&mut self, tick: &Event) {
        self.touches[tick.symbol.index()].on_quote(tick);
    }

    /// Folds the frame's input and equity, then handles its intents in order, then a target that waited for the input,
    /// appending ORDER, CANCEL, REFUSAL and WAIT events.
    ///
    /// # Errors
    /// [`OrderError`] if an answer does not belong to our orders or a target is out of reach.
    #[inline]
    pub fn on_frame(&mut self, frame: &mut Frame) -> Result<(), OrderError> {
        let input = *frame.input();
        self.gate.on_frame(frame);
        match input.kind {
            Kind::FILL => self.fold_fill(&Fill::from_event(&input))?,
            Kind::REPORT => self.fold_report(&Report::from_event(&input))?,
            _ if input.kind.is_tick() => self.on_tick(&input),
            _ => {}
        }
        self.on_intents(frame)
    }

    /// The gate.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// The open orders of a symbol, in the order they were sent.
    pub fn open_orders(&self, symbol: SymbolId) -> &[OpenOrder] {
        self.orders[symbol.index()].all()
    }

    /// The position that waits for the answers of cancels on the side where it would trade.
    pub fn waiting_target(&self, symbol: SymbolId) -> Option<Quantity> {
        self.waiting[symbol.index()].map(|waiting| waiting.wish.position)
    }

    /// How many orders were sent.
    pub fn orders_sent(&self) -> u32 {
        self.next_id
    }

    /// Hashes what waits to be hashed, if it is much: asked when the frame's orders have left.
    #[inline]
    pub fn catch_up(&mut self) {
        self.risk_hash.catch_up();
        self.order_hash.catch_up();
    }

    /// Hash of the REFUSAL events emitted so far.
    pub fn risk_hash(&self) -> u128 {
        self.risk_hash.value()
    }

    /// Hash of the ORDER, CANCEL and WAIT events emitted so far.
    pub fn order_hash(&self) -> u128 {
        self.order_hash.value()
    }

    /// Hash of all emitted so far: risk's, then orders'.
    pub fn event_hash(&self) -> u128 {
        combine_hashes(&[self.risk_hash(), self.order_hash()])
    }

    /// Hash of the gate's state, then of the open orders, the touches and what waits.
    pub fn state_hash(&self) -> u128 {
        let mut hash = StreamHash::new();
        hash.words(&[u64::from(self.next_id)]);
        self.orders.iter().for_each(|orders| orders.hash(&mut hash));
        self.touches.iter().for_each(|touch| hash.words(&touch.words()));
        self.waiting.iter().for_each(|waiting| hash_waiting(*waiting, &mut hash));
        combine_hashes(&[self.gate.state_hash(), hash.value()])
    }

    fn fold_fill(&mut self, fill: &Fill) -> Result<(), OrderError> {
        let done = self.orders[fill.symbol.index()].fill(fill.order, fill.quantity);
        done.map_err(|fault| self.error(fault, fill.order, fill.symbol, Change::FillPart, fill.quantity))?;
        self.gate.on_fill(fill);
        Ok(())
    }

    fn fold_report(&mut self, report: &Report) -> Result<(), OrderError> {
        let &Report { id, symbol, kind, .. } = report;
        let change = match kind {
            ReportKind::Accepted => Change::Accept,
            ReportKind::Cancelled => Change::Cancel,
            ReportKind::Rejected => Change::Reject,
            ReportKind::Expired => Change::Expire,
            ReportKind::CancelRejected => Change::RefuseCancel,
        };
        let ended = self.orders[symbol.index()].change(id, change);
        let ended = ended.map_err(|fault| self.error(fault, id, symbol, change, Quantity::ZERO))?;
        if let Some(order) = ended {
            self.gate.on_release(symbol, order.side, order.left);
        }
        Ok(())
    }

    #[cold]
    fn error(
        &self,
        fault: Fault,
        order: OrderId,
        symbol: SymbolId,
        change: Change,
        filled: Quantity,
    ) -> OrderError {
        let symbol = self.symbols.name(symbol).to_owned();
        match fault {
            Fault::Transition(cause) => OrderError::Transition { order, symbol, cause },
            Fault::Overfill { left } => OrderError::Overfill { order, symbol, left, filled },
            Fault::NotOpen => OrderError::NotOpen { order, symbol, change },
        }
    }
}
