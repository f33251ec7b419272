//! The simulated venue's matching: orders against quotes and prints; pure.
//!
//! Why: a backtest's fills must follow from the data, the order and a few stated rules, to the last
//! digit. The venue takes requests, applies ticks in the order the sequencer releases them, and answers
//! with input events. It reads no clock and does no I/O.
//! Not here: who sequences the answers (`pipeline`), the order's life on our side (`orders`), market
//! impact and queue position (a quote's or print's size is the only limit).
//!
//! | module | it is |
//! | --- | --- |
//! | `exchange` | what the sequencer needs of a venue, here or in another process |
//! | `venue` | requests in flight, the face to the sequencer |
//! | `book` | one symbol: the standing quote, open orders, who fills when |
//! | `available` | a size that can be used up once |
//! | `tape` | writing reports and numbered fills with fees |

mod available;
mod book;
mod exchange;
mod tape;
mod venue;

pub use exchange::{Delivery, Exchange, Handed};
pub use tape::VenueError;
pub use venue::{FillSize, Venue, VenueConfig};
