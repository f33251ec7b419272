//! A target with the decision it comes from, and one that waits for the answers of cancels.
//!
//! A withdrawn order may fill until the venue has answered. A target that would trade on its side is not proposed
//! before: the gate would count both, and both might fill.
//! Not here: when a target waits and goes on (`stage`).

use model::{Event, Goal, Intent, Kind, Nanos, Purpose, Quantity, Side, StreamHash, Style, SymbolId};

/// A wish for a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wish {
    pub symbol: SymbolId,
    pub position: Quantity,
    pub style: Style,
    pub delay: Nanos,
    pub purpose: Purpose,
    /// The input whose intent it is.
    pub cause_seq: u64,
}

model::value!(Wish { symbol, position, style, delay, purpose, cause_seq });

impl Wish {
    /// The intent that it was.
    pub fn intent(&self) -> Intent {
        let goal = Goal::Target { position: self.position, style: self.style };
        Intent { symbol: self.symbol, goal, delay: self.delay, purpose: self.purpose }
    }
}

/// A wish that waits until no cancel is on its way on a side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub wish: Wish,
    /// The side on which it would have traded when it began to wait.
    pub side: Side,
}

model::value!(Waiting { wish, side });

/// Adds what waits for a symbol to a hash.
pub(crate) fn hash_waiting(waiting: Option<Waiting>, hash: &mut StreamHash) {
    let Some(Waiting { wish, side }) = waiting else { return hash.words(&[0]) };
    let cause = Event { seq: wish.cause_seq, ..Event::input(Kind::TIMER, Nanos(0), wish.symbol) };
    hash.words(&[side.sign() as u64]);
    hash.events(&[wish.intent().to_event(&cause, Kind::INTENT, None)]);
}
