//! Files of ticks: replay of Parquet (decode ahead, validate, merge), and import of raw files into a catalog.
//!
//! ```text
//!  files ─> worker threads: pages -> columns -> rows that stand alone ─┐
//!                                                                     ├─> merger thread ─> batches ─> engine
//!  files ─> worker threads (one chunk in flight per open file) ────────┘   order, memory of earlier ticks
//! ```
//!
//! Why so: decoding is the expensive part and runs on as many threads as are given; order and every check
//! that remembers run on one thread, in merged order, so the result is the same for any number of workers
//! and any way of splitting the rows over files.
//! Not here: what makes a row good (`feed`), the file format (`catalog`).

mod bounds;
mod decode;
pub mod import;
mod lane;
mod merge;
mod options;
mod output;
mod replay;
mod stream;
mod workers;

pub use options::{ReplayClock, ReplayOptions, ThreadHook, TimeSource};
pub use replay::ParquetFeed;
