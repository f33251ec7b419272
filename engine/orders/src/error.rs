//! What the venue may not say of our orders, and what we may not ask of it.
//!
//! Each means that inputs and orders do not belong together (a mixed-up journal, a faulty venue), or a
//! senseless target. The stage is of no use afterwards.

use crate::{Change, TransitionError};
use model::{OrderId, Quantity};
use std::fmt;

/// Why the order stage cannot go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderError {
    /// An answer that the order's state does not allow; look for a journal or a venue of another run.
    Transition {
        /// The order.
        order: OrderId,
        /// Its symbol's name.
        symbol: String,
        /// State and change.
        cause: TransitionError,
    },
    /// A fill of more than what is left of the order; look for a repeated fill.
    Overfill {
        /// The order.
        order: OrderId,
        /// Its symbol's name.
        symbol: String,
        /// What was left.
        left: Quantity,
        /// What was filled.
        filled: Quantity,
    },
    /// An answer to an order that is not open; look for a repeated answer.
    NotOpen {
        /// The order.
        order: OrderId,
        /// The symbol's name.
        symbol: String,
        /// What came.
        change: Change,
    },
    /// The target is further from the position than one order can go; lower the strategy's quantity.
    TargetTooFar {
        /// The symbol's name.
        symbol: String,
        /// The position wanted.
        target: Quantity,
    },
}

impl fmt::Display for OrderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transition { order, symbol, cause } => {
                write!(
                    f,
                    "order {} in {symbol}: {cause}; check that journal and venue are of this run",
                    order.0
                )
            }
            Self::Overfill { order, symbol, left, filled } => write!(
                f,
                "order {} in {symbol} was filled {filled} with {left} left; check the venue for a repeated fill",
                order.0
            ),
            Self::NotOpen { order, symbol, change } => write!(
                f,
                "order {} in {symbol} is not open, but {change:?} came for it; check the venue for a repeated answer",
                order.0
            ),
            Self::TargetTooFar { symbol, target } => write!(
                f,
                "the target {target} in {symbol} needs an order above 999999999.999999999; lower the strategy's quantity"
            ),
        }
    }
}

impl std::error::Error for OrderError {}
