//! The states of an order and which change leads where.
//!
//! ```text
//! PendingNew ──accept──> Working ──request cancel──> PendingCancel ──cancel──> Cancelled
//!     │ └─request cancel─> PendingNewCancel ──accept──────┘ └─refuse cancel─> Working
//!     └──reject──> Rejected          Working, PendingCancel ──last fill──> Filled
//!                                    every open state ──expire──> Expired
//! ```
//! A part fill changes the quantity left and not the state.
//! Not here: quantities (`open`).

use std::fmt;

/// Where an order is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum OrderState {
    /// Sent, not answered yet.
    PendingNew = 0,
    /// Sent, not answered yet, and a cancel was sent after it.
    PendingNewCancel = 1,
    /// Accepted; may fill.
    Working = 2,
    /// Accepted; may fill until the cancel sent after it arrives.
    PendingCancel = 3,
    /// Filled whole. Terminal.
    Filled = 4,
    /// Cancelled. Terminal.
    Cancelled = 5,
    /// Rejected by the venue. Terminal.
    Rejected = 6,
    /// Open when the run ended. Terminal.
    Expired = 7,
}

model::value!(OrderState {
    PendingNew = 0, PendingNewCancel = 1, Working = 2, PendingCancel = 3, Filled = 4, Cancelled = 5, Rejected = 6,
    Expired = 7
});

/// What can happen to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// The venue accepted it.
    Accept,
    /// The venue rejected it.
    Reject,
    /// A fill that leaves something.
    FillPart,
    /// The fill that leaves nothing.
    FillRest,
    /// We ask for a cancel.
    RequestCancel,
    /// The venue cancelled it.
    Cancel,
    /// The venue did not cancel it.
    RefuseCancel,
    /// The run ended.
    Expire,
}

/// A change that the state does not allow: the venue's answers and our orders do not belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransitionError {
    /// The order's state.
    pub state: OrderState,
    /// What came.
    pub change: Change,
}

impl fmt::Display for TransitionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} came while the order was {:?}", self.change, self.state)
    }
}

impl std::error::Error for TransitionError {}

impl OrderState {
    /// All states.
    pub const ALL: [Self; 8] = [
        Self::PendingNew,
        Self::PendingNewCancel,
        Self::Working,
        Self::PendingCancel,
        Self::Filled,
        Self::Cancelled,
        Self::Rejected,
        Self::Expired,
    ];

    /// The state after a change.
    ///
    /// # Errors
    /// [`TransitionError`] where the state does not allow the change.
    pub fn after(self, change: Change) -> Result<Self, TransitionError> {
        use Change::{Accept, Cancel, Expire, FillPart, FillRest, RefuseCancel, Reject, RequestCancel};
        use OrderState::{
            Cancelled, Expired, Filled, PendingCancel, PendingNew, PendingNewCancel, Rejected, Working,
        };
        match (self, change) {
            (PendingNew, Accept) | (Working, FillPart) | (PendingCancel, RefuseCancel) => Ok(Working),
            (PendingNew, RequestCancel) => Ok(PendingNewCancel),
            (PendingNewCancel, Accept) | (Working, RequestCancel) | (PendingCancel, FillPart) => {
                Ok(PendingCancel)
            }
            (PendingNew | PendingNewCancel, Reject) => Ok(Rejected),
            (Working | PendingCancel, FillRest) => Ok(Filled),
            (PendingCancel, Cancel) => Ok(Cancelled),
            (PendingNew | PendingNewCancel | Working | PendingCancel, Expire) => Ok(Expired),
            (PendingNew | PendingNewCancel, FillPart | FillRest | Cancel | RefuseCancel)
            | (PendingNewCancel | PendingCancel, RequestCancel)
            | (Working | PendingCancel, Accept | Reject)
            | (Working, Cancel | RefuseCancel)
            | (
                Filled | Cancelled | Rejected | Expired,
                Accept | Reject | FillPart | FillRest | RequestCancel | Cancel | RefuseCancel | Expire,
            ) => Err(TransitionError { state: self, change }),
        }
    }

    /// Whether nothing can happen to the order any more.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Filled | Self::Cancelled | Self::Rejected | Self::Expired)
    }

    /// Whether a cancel was sent and not answered.
    pub const fn awaits_cancel(self) -> bool {
        matches!(self, Self::PendingNewCancel | Self::PendingCancel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Change::{Accept, Cancel, Expire, FillPart, FillRest, RefuseCancel, Reject, RequestCancel};
    use OrderState::{Cancelled, Expired, Filled, PendingCancel, PendingNewCancel, Rejected, Working};

    const CHANGES: [Change; 8] =
        [Accept, Reject, FillPart, FillRest, RequestCancel, Cancel, RefuseCancel, Expire];

    /// The whole table, a row per state in the order of [`OrderState::ALL`], a column per change; `None` is illegal.
    #[test]
    fn the_table_of_transitions() {
        let none = None::<OrderState>;
        #[rustfmt::skip]
        let table = [
            [Some(Working), Some(Rejected), none, none, Some(PendingNewCancel), none, none, Some(Expired)],
            [Some(PendingCancel), Some(Rejected), none, none, none, none, none, Some(Expired)],
            [none, none, Some(Working), Some(Filled), Some(PendingCancel), none, none, Some(Expired)],
            [none, none, Some(PendingCancel), Some(Filled), none, Some(Cancelled), Some(Working), Some(Expired)],
            [none; 8], [none; 8], [none; 8], [none; 8],
        ];
        for (state, row) in OrderState::ALL.into_iter().zip(table) {
            for (change, expected) in CHANGES.into_iter().zip(row) {
                let expected = expected.ok_or(TransitionError { state, change });
                assert_eq!(state.after(change), expected);
            }
        }
    }

    #[test]
    fn the_error_names_both() {
        let error = Filled.after(Accept).unwrap_err();
        assert_eq!(error.to_string(), "Accept came while the order was Filled");
    }
}
