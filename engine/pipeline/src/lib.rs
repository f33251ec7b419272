//! Sequencer, timers and the stage graph: one stream of inputs, folded by every stage in the same order.
//!
//! Read `graph` first: it is the whole graph, in one file. `sequencer` decides what the next input is and
//! when it may be released; `edge` is what stands beside it, the venue and the journal, and `replay` the past of a run
//! that is continued; `layout` says which stages share a thread; `threads` runs a layout; `wire`
//! carries frames over rings; `tap` hands what happened to a recorder; `probes` measure. `fold` is a run whose ticks
//! the caller hands over, so that it can stop between two batches and save a `snapshot`.
//! Not here: what a stage does, where ticks come from, what becomes of the records.

mod edge;
mod fold;
mod frames;
mod graph;
mod keeper;
mod layout;
mod outcome;
mod probes;
mod replay;
mod sequencer;
mod snapshot;
mod tap;
mod threads;
mod wire;

pub use edge::{Edge, Keeper, OnFailure, Settled};
pub use fold::Fold;
pub use frames::{FrameReader, FrameWriter};
pub use graph::{Fault, Stages};
pub use keeper::JournalKeeper;
pub use layout::{Layout, LayoutError, Stage};
pub use outcome::Outcome;
pub use probes::{LatencyRow, Probes};
pub use replay::{Diverged, Inputs, Past};
pub use sequencer::{Outlets, Progress, RunError};
pub use snapshot::SnapshotHead;
pub use tap::{Tap, TapEnd, tap};
pub use threads::{Placement, RunConfig, resume, run};
