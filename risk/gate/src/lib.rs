//! Pre-trade checks; the only maker of [`Approved`].
//!
//! Why: an order exists only as an approved proposal, so nothing can reach the venue unchecked; that is
//! a type, not a habit. Risk and orders are one group: the gate knows working and in-flight quantity
//! because the order stage tells it as it sends.
//! Not here: making orders (`orders`), measuring risk of a portfolio.
//!
//! | module | it is |
//! | --- | --- |
//! | `approved` | the type that says "checked" |
//! | `limits` | the configured limits |
//! | `checks` | one pure function per limit |
//! | `largest` | how much of a proposal one order may be |
//! | `exposure` | position and working quantity of a symbol |
//! | `day` | equity now and at UTC midnight |
//! | `stage` | the gate: state, and the checks in their order |

mod approved;
mod checks;
mod day;
mod exposure;
mod largest;
mod limits;
mod stage;

pub use approved::{Approved, Proposal};
pub use exposure::Exposure;
pub use limits::Limits;
pub use stage::Gate;
