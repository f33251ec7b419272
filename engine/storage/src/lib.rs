//! Storage tiers: what was accepted and what came of it, kept in stores of different age and speed.
//!
//! Each tier has a thread, a bounded queue and a policy for when the queue is full. A [`Store`] takes batches and
//! moves a watermark with each, in one transaction; what was not stored is offered again, so that a tier that
//! was down or slow catches up without gap or duplicate.
//! Not here: the journal, which alone decides what a recovery finds; the run folder (`report`).

pub mod archive;
mod batch;
mod error;
mod record;
mod store;

pub use batch::{Batch, Rows, Stream};
pub use error::StoreError;
pub use record::{OrderState, OrderStatus, Record};
pub use store::{Dictionary, Store, Watermarks};
