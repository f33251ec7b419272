//! Intents to proposals: what is still to do for a target, and when it may be done.
//!
//! A target is compared with what is held plus what is expected to fill; the difference, rounded down to the lot, is
//! proposed to the gate. An order whose cancel is on its way is not expected to fill: a strategy that withdraws and
//! sets a new target means the new one. But it may fill, until the venue has answered. So **a target waits for the
//! answers of cancels on the side it would trade**: nothing is proposed while an order of the symbol has a cancel on
//! its way there. At the answer that leaves none, the target is compared again with what is then held and expected, and
//! proposed in that answer's frame; it may wait again for the other side, or have come to nothing. Cancels on the other
//! side hold nothing up.
//!
//! One target waits per symbol. A newer wish for the symbol, a withdrawal too, takes its place, also at the very input
//! that would have let it go; so does the end of the run. A limit at the touch is priced when it is proposed, and an
//! intent's delay begins when its order is sent. Where waiting begins, and where it ends without an order or a refusal,
//! a [`TargetWait`] says so.
//! Not here: what is sent of a proposal (`proposals`), the venue's answers (`stage`).

use super::OrderStage;
use crate::OrderError;
use crate::waiting::{Waiting, Wish};
use gate::Proposal;
use model::{
    Frame, Goal, Intent, Kind, Order, Quantity, RefusalReason, Report, ReportKind, Side, Style, SymbolId,
    TargetWait, WaitStep,
};

impl OrderStage {
    /// Handles the frame's intents in order, then what the frame's input lets go.
    #[inline]
    pub(super) fn on_intents(&mut self, frame: &mut Frame) -> Result<(), OrderError> {
        let mut nth = 0;
        for i in 0..frame.events.len() {
            if frame.events[i].kind != Kind::INTENT {
                continue;
            }
            let Intent { symbol, goal, delay, purpose } = Intent::from_event(&frame.events[i]);
            self.supersede(frame, symbol);
            match goal {
                Goal::Withdraw => self.withdraw(frame, symbol),
                Goal::Target { position, style } => {
                    let wish = Wish { symbol, position, style, delay, purpose, cause_seq: frame.input().seq };
                    if self.pursue(frame, wish, &mut nth)? == Pursued::Waits {
                        self.say(frame, wish, WaitStep::Begun);
                    }
                }
            }
        }
        match frame.input().kind {
            Kind::FILL | Kind::REPORT => self.resume(frame, &mut nth),
            _ => Ok(()),
        }
    }

    /// What waited for a symbol waits no more: something newer takes its place.
    #[inline]
    fn supersede(&mut self, frame: &mut Frame, symbol: SymbolId) {
        if let Some(waiting) = self.waiting[symbol.index()].take() {
            self.say(frame, waiting.wish, WaitStep::Superseded);
        }
    }

    /// The venue said something of the input's symbol: what waits for it may go on.
    fn resume(&mut self, frame: &mut Frame, nth: &mut u32) -> Result<(), OrderError> {
        let input = *frame.input();
        let Some(Waiting { wish, side }) = self.waiting[input.symbol.index()] else { return Ok(()) };
        if input.kind == Kind::REPORT && Report::from_event(&input).kind == ReportKind::Expired {
            self.supersede(frame, input.symbol);
            return Ok(());
        }
        if self.orders[input.symbol.index()].has_cancel_on(side) {
            return Ok(());
        }
        self.waiting[input.symbol.index()] = None;
        if self.pursue(frame, wish, nth)? == Pursued::AtTarget {
            self.say(frame, wish, WaitStep::AtTarget);
        }
        Ok(())
    }

    /// Does what is still to do for a wish, or lets it wait.
    #[inline]
    fn pursue(&mut self, frame: &mut Frame, wish: Wish, nth: &mut u32) -> Result<Pursued, OrderError> {
        let Some((side, quantity)) = self.distance(&wish)? else { return Ok(Pursued::AtTarget) };
        if self.orders[wish.symbol.index()].has_cancel_on(side) {
            self.waiting[wish.symbol.index()] = Some(Waiting { wish, side });
            return Ok(Pursued::Waits);
        }
        match self.priced(&wish, side, quantity) {
            Ok(proposal) => self.decide(frame, &wish, proposal, nth),
            Err(reason) => self.refuse(frame, &wish, reason),
        }
        Ok(Pursued::Decided)
    }

    /// Which way and how far it is from what is held and expected to the wish; `None` if less than a lot.
    #[inline]
    fn distance(&self, wish: &Wish) -> Result<Option<(Side, Quantity)>, OrderError> {
        let &Wish { symbol, position: target, .. } = wish;
        let expected = self.gate.exposure(symbol).position + self.orders[symbol.index()].net_expected();
        let delta = i128::from(target.raw()) - expected;
        let lot = i128::from(self.lots[symbol.index()].raw()).max(1);
        // Divisions of 128 bits are slow, and seldom needed.
        let rest = match (i64::try_from(delta), i64::try_from(lot)) {
            (Ok(delta), Ok(lot)) => i128::from((delta % lot).abs()),
            _ => delta.abs() % lot,
        };
        let rounded = delta.abs() - rest;
        if rounded == 0 {
            return Ok(None);
        }
        let too_far = || OrderError::TargetTooFar { symbol: self.symbols.name(symbol).to_owned(), target };
        let quantity = i64::try_from(rounded).ok().and_then(Quantity::from_raw).ok_or_else(too_far)?;
        Ok(Some((if delta > 0 { Side::Buy } else { Side::Sell }, quantity)))
    }

    /// The proposal, with the price of now. A wish at the touch that no price was ever heard of is refused as one
    /// too far from the last price.
    #[inline]
    fn priced(&self, wish: &Wish, side: Side, quantity: Quantity) -> Result<Proposal, RefusalReason> {
        let symbol = wish.symbol;
        let limit = match wish.style {
            Style::Market => None,
            Style::Limit(price) => Some(price),
            Style::Touch => {
                let touch = self.touches[symbol.index()].of(side).or(self.gate.last_price(symbol));
                Some(touch.ok_or(RefusalReason::PriceCollar)?)
            }
        };
        Ok(Proposal { symbol, side, quantity, limit })
    }

    /// Emits what became of a wish that waits, or did.
    fn say(&mut self, frame: &mut Frame, wish: Wish, step: WaitStep) {
        let Wish { symbol, position, cause_seq, purpose, .. } = wish;
        let event = TargetWait { symbol, position, cause_seq, step, purpose }.to_event(frame.input());
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

/// What was done for a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pursued {
    /// Orders were sent, or it was refused.
    Decided,
    /// There was nothing to do.
    AtTarget,
    /// Nothing yet.
    Waits,
}
