//! One symbol's open orders, in the order they were sent.
//!
//! An order that reaches a terminal state is dropped: hot state is as small as what is under way. If a
//! cancel was sent before, its answer is still to come, so its id is kept until then.
//! Not here: exposure (`gate`).

use crate::{Change, OrderState, TransitionError};
use model::{OrderId, Quantity, Side, StreamHash};

/// Open orders per symbol before the list grows.
const OPEN_ORDERS_CAPACITY: usize = 16;
/// Most orders there can be: their numbers have 32 bits.
const ORDERS_MAX: usize = u32::MAX as usize;

/// An order under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenOrder {
    /// Its number.
    pub id: OrderId,
    /// Which way.
    pub side: Side,
    /// What is not filled yet, positive.
    pub left: Quantity,
    /// Where it is in its life; not terminal.
    pub state: OrderState,
}

model::value!(OpenOrder { id, side, left, state });

/// What went wrong with a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Transition(TransitionError),
    Overfill { left: Quantity },
    NotOpen,
}

/// All open orders of one symbol.
#[derive(Debug, Clone)]
pub(crate) struct OpenOrders {
    open: Vec<OpenOrder>,
    /// Orders that ended with a cancel on its way: a refusal of it is still to come.
    unanswered: Vec<OrderId>,
}

model::state!(OpenOrders { ; list open: ORDERS_MAX, unanswered: ORDERS_MAX });

impl OpenOrders {
    pub fn new() -> Self {
        Self {
            open: Vec::with_capacity(OPEN_ORDERS_CAPACITY),
            unanswered: Vec::with_capacity(OPEN_ORDERS_CAPACITY),
        }
    }

    pub fn all(&self) -> &[OpenOrder] {
        &self.open
    }

    /// A new order was sent.
    #[inline]
    pub fn add(&mut self, id: OrderId, side: Side, quantity: Quantity) {
        debug_assert!(quantity > Quantity::ZERO, "an order's quantity is positive");
        debug_assert!(self.open.last().is_none_or(|last| last.id < id), "order numbers rise");
        self.open.push(OpenOrder { id, side, left: quantity, state: OrderState::PendingNew });
    }

    /// Signed quantity that is expected to fill: orders with a cancel on its way do not count.
    #[inline]
    pub fn net_expected(&self) -> i128 {
        let expected = self.open.iter().filter(|order| !order.state.awaits_cancel());
        expected.map(|order| i128::from(order.left.raw() * order.side.sign())).sum()
    }

    /// Whether a cancel of an open order of this side is on its way.
    #[inline]
    pub fn has_cancel_on(&self, side: Side) -> bool {
        self.open.iter().any(|order| order.side == side && order.state.awaits_cancel())
    }

    /// Folds a fill.
    pub fn fill(&mut self, id: OrderId, quantity: Quantity) -> Result<(), Fault> {
        let place = self.place(id).ok_or(Fault::NotOpen)?;
        let order = &mut self.open[place];
        let left = order.left.raw() - quantity.raw();
        if left < 0 {
            return Err(Fault::Overfill { left: order.left });
        }
        let before = order.state;
        let change = if left == 0 { Change::FillRest } else { Change::FillPart };
        order.state = before.after(change).map_err(Fault::Transition)?;
        order.left = Quantity::new(left);
        if order.state.is_terminal() {
            self.drop_at(place, before);
        }
        Ok(())
    }

    /// Folds any other change. Returns the order as it was if the change ended it.
    pub fn change(&mut self, id: OrderId, change: Change) -> Result<Option<OpenOrder>, Fault> {
        let Some(place) = self.place(id) else { return self.answer_late(id, change) };
        let before = self.open[place];
        let state = before.state.after(change).map_err(Fault::Transition)?;
        self.open[place].state = state;
        if !state.is_terminal() {
            return Ok(None);
        }
        // The answer to the cancel has come with the change itself, or no more answers come.
        let answered = matches!(change, Change::Cancel | Change::Expire);
        self.drop_at(place, if answered { OrderState::Working } else { before.state });
        Ok(Some(before))
    }

    /// Asks `send` to send a cancel for each order that has none on its way.
    pub fn request_cancels(&mut self, mut send: impl FnMut(OrderId)) {
        for order in self.open.iter_mut().filter(|order| !order.state.awaits_cancel()) {
            order.state =
                order.state.after(Change::RequestCancel).expect("an open order can be cancelled once");
            send(order.id);
        }
    }

    /// Adds the state to a hash.
    pub fn hash(&self, hash: &mut StreamHash) {
        hash.words(&[self.open.len() as u64, self.unanswered.len() as u64]);
        for order in &self.open {
            let flags = (order.state as u64) << 32 | (order.side.sign() as u64) << 40;
            hash.words(&[u64::from(order.id.0) | flags, order.left.raw() as u64]);
        }
        self.unanswered.iter().for_each(|id| hash.words(&[u64::from(id.0)]));
    }

    fn place(&self, id: OrderId) -> Option<usize> {
        self.open.iter().position(|order| order.id == id)
    }

    /// A change for an order that is not open: legal only as the refusal of a cancel that lost the race.
    fn answer_late(&mut self, id: OrderId, change: Change) -> Result<Option<OpenOrder>, Fault> {
        let place = self.unanswered.iter().position(|&unanswered| unanswered == id).ok_or(Fault::NotOpen)?;
        if change != Change::RefuseCancel {
            return Err(Fault::NotOpen);
        }
        self.unanswered.remove(place);
        Ok(None)
    }

    fn drop_at(&mut self, place: usize, state_before: OrderState) {
        let order = self.open.remove(place);
        if state_before.awaits_cancel() {
            self.unanswered.push(order.id);
        }
    }
}
