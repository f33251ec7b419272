//! The simulated venue in a process of its own: what paper trading trades with.
//!
//! Why: a crash of the engine needs a witness outside of it. The venue process holds the orders, answers for them, and
//! writes down each order before it does anything with it; an engine that comes back asks for its orders by their ids
//! and never sends one again. Matching is that of a backtest, so a paper run over the same ticks ends with the same
//! hashes.
//!
//! | module | it is |
//! | --- | --- |
//! | `line` | the lines of the protocol, written and read |
//! | `terms` | what the venue is like, told in the first line |
//! | `record` | the append-only file of the orders it saw |
//! | `server` | the venue's side: lines in, lines out |
//! | `client` | the engine's side: starts the process, and is the venue beside the sequencer |
//!
//! Not here: matching (`matching`), sockets; a live venue has a crate of its own.

mod client;
mod line;
mod record;
mod server;
mod terms;

pub use client::{Client, StartError};
pub use record::{Record, RecordError, Recorded};
pub use server::{ServeError, serve};
pub use terms::Terms;
