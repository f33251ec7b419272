//! The engine's figures, each with the machine, the method and, where they are installed, the peers.
//!
//! Not here: tests. A wall-clock time on a shared machine says nothing about right or wrong.

pub mod allocations;
pub mod decode;
pub mod features;
pub mod figures;
pub mod inference;
pub mod journal;
pub mod kept;
pub mod kernels;
pub mod latency;
pub mod machine;
pub mod market;
pub mod peers;
pub mod process;
pub mod rings;
pub mod setup;
pub mod snapshot;
pub mod storage;
pub mod storage_archive;
pub mod storage_postgres;
pub mod throughput;
