//! Storage tiers: what was accepted and what came of it, kept in stores of different age and speed.
//!
//! Each tier has a thread, a bounded queue and a policy for when the queue is full. A [`Store`] takes batches and
//! moves a watermark with each, in one transaction; what was not stored is offered again, so that a tier that
//! was down or slow catches up without gap or duplicate. What could not be kept is a hole, which no store claims.
//!
//! | module | is |
//! | --- | --- |
//! | `batch`, `record`, `store` | what is stored, and the trait of every store |
//! | `gather`, `cutter` | results of frames as records; rows into batches |
//! | `tiers`, `queue`, `tier` | the caller's side, what lies between, the thread |
//! | `spill`, `segment`, `codec` | batches in files, while a store is away |
//! | `memory`, `redis`, `sqlite` | stores |
//! | [`query`] | ticks read back across stores, and replayed |
//!
//! Not here: the journal, which alone decides what a recovery finds; the run folder (`report`).

mod account;
pub mod archive;
mod backoff;
mod batch;
mod codec;
mod cutter;
mod error;
mod gather;
mod memory;
mod policy;
pub mod postgres;
pub mod query;
mod queue;
mod record;
mod redis;
mod secret;
mod segment;
mod spill;
mod sqlite;
mod store;
#[cfg(test)]
mod testing;
mod tier;
mod tiers;

pub use self::redis::{RedisConfig, RedisProbe, RedisSource, RedisStore, redis_probe};
pub use account::{HOLES_MAX, Hole, Lag, Notice, Status, TierEvent, TierReport};
pub use batch::{Batch, Rows, Stream};
pub use error::StoreError;
pub use gather::Gatherer;
pub use memory::{HOT_EXPIRY, HOT_TICKS, Latest, MemorySource, MemoryStore, MemoryView, Recent};
pub use model::{OrderState, OrderStatus};
pub use policy::{Full, Policy, QUEUE_ROWS, Retry, Streams, TierConfig};
pub use record::Record;
pub use secret::{Secret, SecretError};
pub use spill::SpillError;
pub use sqlite::{SqliteConfig, SqliteSource, SqliteStore, sqlite_sources};
pub use store::{Dictionary, Store, Watermarks};
pub use tiers::{BATCH_WAIT_NS, Held, Release, StartError, TierStopped, Tiers};
