//! The order stage: folds the venue's answers, then turns the frame's intents into orders, cancels and
//! refusals.
//!
//! A target is compared with what is held plus what is expected to fill; the difference, rounded down to
//! the lot, is proposed to the gate. An order whose cancel is on its way is not expected to fill (a
//! strategy that withdraws and sets a new target means the new one), but the gate still counts it,
//! because it may.
//! Not here: sending. The pipeline forwards the emitted events to a [`crate::Gateway`].

use crate::open::{Fault, OpenOrders};
use crate::touch::Touch;
use crate::{Change, OpenOrder, OrderError};
use gate::{Approved, Gate, Proposal};
use model::{
    Event, Fill, Frame, Goal, InstrumentTable, Intent, Kind, Order, OrderId, OrderType, Quantity,
    RefusalReason, Report, ReportKind, Side, StreamHash, Style, SymbolId, SymbolTable, TimeInForce,
    combine_hashes,
};

/// Orders and the gate they pass. A pure fold of frames.
#[derive(Debug, Clone)]
pub struct OrderStage {
    gate: Gate,
    symbols: SymbolTable,
    lots: Vec<Quantity>,
    orders: Vec<OpenOrders>,
    touches: Vec<Touch>,
    next_id: u32,
    risk_hash: StreamHash,
    order_hash: StreamHash,
}

impl OrderStage {
    /// A stage without orders.
    pub fn new(instruments: &InstrumentTable, gate: Gate) -> Self {
        Self {
            gate,
            symbols: instruments.symbols.clone(),
            lots: instruments.instruments.iter().map(|i| i.lot).collect(),
            orders: instruments.instruments.iter().map(|_| OpenOrders::new()).collect(),
            touches: vec![Touch::default(); instruments.instruments.len()],
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

    /// Folds the frame's input and equity, then handles its intents in order, appending ORDER, CANCEL and
    /// REFUSAL events.
    ///
    /// # Errors
    /// [`OrderError`] if an answer does not belong to our orders or a target is out of reach.
    pub fn on_frame(&mut self, frame: &mut Frame) -> Result<(), OrderError> {
        let input = *frame.input();
        self.gate.on_frame(frame);
        match input.kind {
            Kind::FILL => self.fold_fill(&Fill::from_event(&input))?,
            Kind::REPORT => self.fold_report(&Report::from_event(&input))?,
            _ if input.kind.is_tick() => self.on_tick(&input),
            _ => {}
        }
        let mut nth = 0;
        for i in 0..frame.events.len() {
            if frame.events[i].kind != Kind::INTENT {
                continue;
            }
            let intent = Intent::from_event(&frame.events[i]);
            match intent.goal {
                Goal::Withdraw => self.withdraw(frame, intent.symbol),
                Goal::Target { position, style } => {
                    if let Some(proposal) = self.propose(intent.symbol, position, style)? {
                        self.decide(frame, &intent, proposal, &mut nth);
                    }
                }
            }
        }
        Ok(())
    }

    /// The gate.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// The open orders of a symbol, in the order they were sent.
    pub fn open_orders(&self, symbol: SymbolId) -> &[OpenOrder] {
        self.orders[symbol.index()].all()
    }

    /// How many orders were sent.
    pub fn orders_sent(&self) -> u32 {
        self.next_id
    }

    /// Hash of the REFUSAL events emitted so far.
    pub fn risk_hash(&self) -> u128 {
        self.risk_hash.value()
    }

    /// Hash of the ORDER and CANCEL events emitted so far.
    pub fn order_hash(&self) -> u128 {
        self.order_hash.value()
    }

    /// Hash of all emitted so far: risk's, then orders'.
    pub fn event_hash(&self) -> u128 {
        combine_hashes(&[self.risk_hash(), self.order_hash()])
    }

    /// Hash of the gate's state, then of the open orders.
    pub fn state_hash(&self) -> u128 {
        let mut hash = StreamHash::new();
        hash.words(&[u64::from(self.next_id)]);
        self.orders.iter().for_each(|orders| orders.hash(&mut hash));
        self.touches.iter().for_each(|touch| hash.words(&touch.words()));
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

    /// What to propose to get from what is held and expected to `target`; `None` if that is less than a lot.
    /// A wish at the touch that no price was ever heard of is refused as one too far from the last price.
    fn propose(
        &self,
        symbol: SymbolId,
        target: Quantity,
        style: Style,
    ) -> Result<Option<Result<Proposal, RefusalReason>>, OrderError> {
        let expected = self.gate.exposure(symbol).position + self.orders[symbol.index()].net_expected();
        let delta = i128::from(target.raw()) - expected;
        let lot = i128::from(self.lots[symbol.index()].raw()).max(1);
        let rounded = delta.abs() - delta.abs() % lot;
        if rounded == 0 {
            return Ok(None);
        }
        let too_far = || OrderError::TargetTooFar { symbol: self.symbols.name(symbol).to_owned(), target };
        let quantity = i64::try_from(rounded).ok().and_then(Quantity::from_raw).ok_or_else(too_far)?;
        let side = if delta > 0 { Side::Buy } else { Side::Sell };
        let limit = match style {
            Style::Market => None,
            Style::Limit(price) => Some(price),
            Style::Touch => match self.touches[symbol.index()].of(side).or(self.gate.last_price(symbol)) {
                None => return Ok(Some(Err(RefusalReason::PriceCollar))),
                touch => touch,
            },
        };
        Ok(Some(Ok(Proposal { symbol, side, quantity, limit })))
    }

    fn decide(
        &mut self,
        frame: &mut Frame,
        intent: &Intent,
        proposal: Result<Proposal, RefusalReason>,
        nth: &mut u32,
    ) {
        match proposal.and_then(|proposal| self.gate.check(&proposal)) {
            Ok(approved) => {
                *nth += 1;
                self.send(frame, approved, *nth, intent);
            }
            Err(reason) => {
                let refusal = intent.to_event(frame.input(), Kind::REFUSAL, Some(reason));
                frame.push(refusal);
                self.risk_hash.events(&[refusal]);
            }
        }
    }

    /// Makes the order of an approved proposal: the only place where orders begin.
    fn send(&mut self, frame: &mut Frame, approved: Approved<Proposal>, nth: u32, intent: &Intent) {
        let Proposal { symbol, side, quantity, limit } = approved.into_inner();
        let id = OrderId(self.next_id);
        self.next_id = self.next_id.checked_add(1).expect("a run has fewer than 4 billion orders");
        let order = Order {
            id,
            nth,
            symbol,
            side,
            order_type: limit.map_or(OrderType::Market, OrderType::Limit),
            tif: TimeInForce::Gtc,
            quantity,
            cause_seq: frame.input().seq,
            ts: frame.input().ts,
            delay: intent.delay,
            purpose: intent.purpose,
        };
        self.orders[symbol.index()].add(id, side, quantity);
        self.gate.on_order(&order);
        let event = order.to_event();
        frame.push(event);
        self.order_hash.events(&[event]);
    }

    /// Emits a cancel for each order of the symbol that has none on its way, in flight or working.
    fn withdraw(&mut self, frame: &mut Frame, symbol: SymbolId) {
        let Self { orders, order_hash, .. } = self;
        orders[symbol.index()].request_cancels(|id| {
            let event = Order::cancel_event(frame.input(), id, symbol);
            frame.push(event);
            order_hash.events(&[event]);
        });
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
