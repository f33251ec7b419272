//! Rings between pinned threads.
//!
//! Why: groups of stages pass events over the `disruptor` crate's single-producer ring, in batches. This
//! crate adds what the ring leaves to its user: how to wait (spin, yield, sleep), how a sleeper is woken
//! without a lock on the hot path, how far a consumer has come, where threads run, and how long things take.
//! The atomics that we add are small and tried under random schedules (`--features shuttle`).
//! Not here: what the items mean. This crate knows no domain and contains no unsafe code of its own.

mod affinity;
mod probe;
mod progress;
mod signal;
mod spsc;
mod sync;
mod wait;

pub use affinity::{Cores, pin_to_core};
pub use probe::{LATENCY_NS_MAX, Latency, Stopwatch};
pub use progress::Progress;
pub use signal::Signal;
pub use spsc::{Disconnected, Received, Receiver, Sender, ring};
pub use wait::{Wait, Waiter};
