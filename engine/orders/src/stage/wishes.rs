//! Intents to orders, cancels and refusals.
//!
//! A target is compared with what is held plus what is expected to fill; the difference, rounded down to
//! the lot, is proposed to the gate. An order whose cancel is on its way is not expected to fill (a
//! strategy that withdraws and sets a new target means the new one), but the gate still counts it,
//! because it may.
//!
//! What only reduces the position, with everything that works on its side, must never fail for its size: if it is more
//! than `risk.max_order_quantity` or `risk.max_order_notional` allow one order, it is sent in parts, each the
//! largest order allowed, the last one the rest. At most [`PARTS_MAX`] leave at once; what is left is ordered when the
//! target is said again. What opens or reverses is sent as one order or refused.
//! Not here: the venue's answers (`stage`), the checks (`gate`).

use super::OrderStage;
use crate::OrderError;
use gate::{Approved, Proposal};
use model::{
    Frame, Goal, Intent, Kind, Nanos, Order, OrderId, OrderType, Quantity, RefusalReason, Side, Style,
    SymbolId, TimeInForce,
};

/// How many orders one target may become in one frame.
const PARTS_MAX: u32 = 64;

impl OrderStage {
    /// Handles the frame's intents in order.
    pub(super) fn on_intents(&mut self, frame: &mut Frame) -> Result<(), OrderError> {
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

    /// Sends what the gate approves of a proposal, whole or in parts; a refusal says why nothing is sent.
    fn decide(
        &mut self,
        frame: &mut Frame,
        intent: &Intent,
        proposal: Result<Proposal, RefusalReason>,
        nth: &mut u32,
    ) {
        let whole = match proposal {
            Ok(whole) => whole,
            Err(reason) => return self.refuse(frame, intent, reason),
        };
        let (size, mut left) = (self.part_quantity(&whole), whole.quantity);
        for _ in 0..PARTS_MAX {
            let part = Proposal { quantity: left.min(size), ..whole };
            match self.gate.check(&part) {
                Ok(approved) => {
                    *nth += 1;
                    self.send(frame, approved, *nth, intent.delay);
                }
                Err(reason) => return self.refuse(frame, intent, reason),
            }
            left = Quantity::new(left.raw() - part.quantity.raw());
            if left == Quantity::ZERO {
                return;
            }
        }
    }

    /// How large each order is that a proposal is sent as, but the last: all of it, unless it only reduces the
    /// position and is more than one order may be.
    fn part_quantity(&self, whole: &Proposal) -> Quantity {
        if !self.gate.only_reduces(whole) {
            return whole.quantity;
        }
        let lot = self.lots[whole.symbol.index()];
        self.gate.largest_order(whole, lot).unwrap_or(whole.quantity)
    }

    fn refuse(&mut self, frame: &mut Frame, intent: &Intent, reason: RefusalReason) {
        let refusal = intent.to_event(frame.input(), Kind::REFUSAL, Some(reason));
        frame.push(refusal);
        self.risk_hash.events(&[refusal]);
    }

    /// Makes the order of an approved proposal: the only place where orders begin.
    fn send(&mut self, frame: &mut Frame, approved: Approved<Proposal>, nth: u32, delay: Nanos) {
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
            delay,
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
}
