//! The journal: everything the engine was told and every order that left, kept before it takes effect.
//!
//! Why: state is a fold over the stream of inputs, so keeping the stream keeps everything. What is kept is inputs (each
//! with the next sequence number) and the orders and requests to cancel that they caused; the journal knows no more of
//! them than that. Recovery is the ordinary way to start: [`open`], the newest of the [`snapshots`], a [`Cursor`].
//!
//! | to | use |
//! | --- | --- |
//! | write | [`open`], then [`start`]: an [`Appender`] for the engine's thread, a thread for the disk |
//! | write nothing, and still never repeat a session | [`claim_session`], [`Appender::off`] |
//! | read | [`Cursor`]; [`Follower`] beside the writer; [`verify`] for all there is to say |
//! | keep it small | [`snapshots`], [`retain`], [`compact`] |
//! | keep derived records | [`Spool`] |
//!
//! Positions in the stream are counted twice: by the sequence numbers of inputs, from 1, and by the index of events,
//! derived ones included: how many stand before. Both go on over sessions, and over what retention removed.
//! Not here: what events mean, what a state is, when to take a snapshot, what the engine does when the disk fails.

mod appender;
mod compaction;
mod cursor;
pub mod disk;
mod encoding;
mod error;
mod follower;
mod frame;
mod header;
mod inspect;
mod layout;
mod lock;
mod marks;
mod open;
mod options;
mod pending;
mod reader;
mod retention;
mod roll;
mod segment;
mod session;
pub mod snapshots;
mod source;
mod spool;
mod thread;
mod verify;
mod writer;

pub use appender::Appender;
pub use compaction::{Compacted, compact};
pub use cursor::{Batch, Cursor};
pub use disk::Folder;
pub use error::JournalError;
pub use follower::Follower;
pub use header::{FORMAT_VERSION, Identity};
pub use inspect::{Torn, identity_of};
pub use marks::{Health, Watch};
pub use open::{Recovered, SessionClaim, claim_session, open};
pub use options::{Durability, Options};
pub use retention::{Retained, retain, thin};
pub use segment::SessionMark;
pub use spool::{SPOOL_RECORD_BYTES_MAX, Spool, SpoolFound, SpoolReader, SpoolRecord};
pub use thread::{Closed, JournalThread, Threading, start};
pub use verify::{Report, SegmentReport, SnapshotReport, verify};
pub use writer::Writer;
