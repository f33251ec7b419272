//! Approved intents to orders: the order state machine.
//!
//! Why: a strategy says which position it wants; what must be sent for that depends on what is held and
//! what is under way, and only one place may know it. Risk and orders are one group: this stage owns the
//! gate, and every order is made from an [`gate::Approved`] proposal.
//! Not here: the checks (`gate`), matching (`matching`), forwarding to the venue (`pipeline`).
//!
//! | module | it is |
//! | --- | --- |
//! | `state` | the states of an order and which change leads where |
//! | `open` | one symbol's open orders |
//! | `error` | what the venue may not say |
//! | `touch` | the best bid and ask an order can join |
//! | `waiting` | a target that waits for the answers of cancels |
//! | `stage` | the stage: folds answers, turns intents into orders, whole or in parts, cancels and refusals |

mod error;
mod open;
mod stage;
mod state;
mod touch;
mod waiting;

pub use error::OrderError;
pub use open::OpenOrder;
pub use stage::OrderStage;
pub use state::{Change, OrderState, TransitionError};
