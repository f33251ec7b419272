//! Six agents, their coordination, and what comes of their decisions: the strategy `marl`.
//!
//! Three strategic agents read the long matrix and two tactical ones the short one; all vote on a direction. A sixth,
//! `entry`, says how urgently. [`Marl`] asks them, weighs what they say, sizes and places the position, and leaves it
//! at stop, target or time. The same frames give the same decisions, whatever the batches, caches and machine.
//!
//! Where the definitions leave room, this crate holds to these readings:
//! - A decision that is due before both of its symbol's matrices exist is counted, and nobody is asked.
//! - A tie for the largest probability is flat, with flat's own probability; `entry` waits on a tie.
//! - Nothing is compared with a wish: "at target" is what fills say is held, to less than a lot. A position of less
//!   than one lot is flat: it is not left, and does not stand in the way of an entry. The context tells it as it is.
//! - Agents closing a position pass the gate and `entry` like any other decision; stop, target and time do not.
//! - A limit order is "cancelled after one tactical bar" when engine time reaches the time of its wish plus one
//!   tactical timeframe, whether or not the symbol has a bar then. The time of the wish is `ts_event` of the order;
//!   `agents.simulated_latency` does not move it.
//! - Misses in a row are counted over an agent's answers, by frame and then by symbol; a circuit that opens leaves
//!   the agent alone from the next frame on, and what it is not asked counts as missed.
//! - An answer that is not finite, or fails, is a missing one.
//! - A missing voter counts as flat against entering and adding, and never closes, reduces or reverses a position: such
//!   a decision is held as a time-out. Exits wait for nobody.
//! - A synergy on the side that an exit is leaving does not stop the exit; one on the other side reverses.
//!
//! Not here: networks (`inference`), features (`matrices`), signals (`synergy`), orders, training.

mod command;
mod config;
mod context;
mod coordination;
mod counts;
mod error;
mod latest;
mod marl;
mod misses;
mod policy;
#[cfg(test)]
mod testing;
mod working;

pub use command::{ModelSwap, SWAP_MODEL, swap_event};
pub use config::{AgentsConfig, CircuitConfig, DecideOn, SimulatedMiss};
pub use context::CONTEXT_LEN;
pub use counts::Counts;
pub use error::{AgentsError, LatencyError, check_latency};
pub use marl::{Inputs, Marl, Models, observation_shape};
