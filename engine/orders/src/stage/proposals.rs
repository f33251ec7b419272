//! Proposals to orders or refusals, whole or in parts.
//!
//! What only reduces the position, with everything that works on its side, must never fail for its size: if it is more
//! than `risk.max_order_quantity` or `risk.max_order_notional` allow one order, it is sent in parts, each the
//! largest order allowed, the last one the rest. At most 64 leave at once; what is left is ordered when the
//! target is said again. What opens or reverses is sent as one order or refused.
//! Not here: what is proposed, and when (`wishes`), the checks (`gate`).

use super::OrderStage;
use crate::waiting::Wish;
use gate::{Approved, Proposal};
use model::{Frame, Order, OrderId, OrderType, Quantity, RefusalReason, TimeInForce};

/// How many orders one target may become at one input.
const PARTS_MAX: u32 = 64;

impl OrderStage {
    /// Sends what the gate approves of a proposal, whole or in parts; a refusal says why nothing is sent.
    #[inline]
    pub(super) fn decide(&mut self, frame: &mut Frame, wish: &Wish, whole: Proposal, nth: &mut u32) {
        let (size, mut left) = (self.part_quantity(&whole), whole.quantity);
        for _ in 0..PARTS_MAX {
            let part = Proposal { quantity: left.min(size), ..whole };
            match self.gate.check(&part) {
                Ok(approved) => {
                    *nth += 1;
                    self.send(frame, approved, *nth, wish);
                }
                Err(reason) => return self.refuse(frame, wish, reason),
            }
            left = Quantity::new(left.raw() - part.quantity.raw());
            if left == Quantity::ZERO {
                return;
            }
        }
    }

    /// How large each order is that a proposal is sent as, but the last: all of it, unless it only reduces the
    /// position and is more than one order may be.
    #[inline]
    fn part_quantity(&self, whole: &Proposal) -> Quantity {
        if !self.gate.only_reduces(whole) {
            return whole.quantity;
        }
        let lot = self.lots[whole.symbol.index()];
        self.gate.largest_order(whole, lot).unwrap_or(whole.quantity)
    }

    pub(super) fn refuse(&mut self, frame: &mut Frame, wish: &Wish, reason: RefusalReason) {
        let refusal = wish.intent().refusal(frame.input(), reason, wish.cause_seq);
        frame.push(refusal);
        self.risk_hash.events(&[refusal]);
    }

    /// Makes the order of an approved proposal: the only place where orders begin.
    #[inline]
    fn send(&mut self, frame: &mut Frame, approved: Approved<Proposal>, nth: u32, wish: &Wish) {
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
            seq: frame.input().seq,
            cause_seq: wish.cause_seq,
            ts: frame.input().ts,
            delay: wish.delay,
            purpose: wish.purpose,
        };
        self.orders[symbol.index()].add(id, side, quantity);
        self.gate.on_order(&order);
        let event = order.to_event();
        frame.push(event);
        self.order_hash.events(&[event]);
    }
}
