//! Objects in buckets: S3 and what speaks its protocol, in blocking calls.
//!
//! Why a crate of its own: the client is asynchronous and large. It runs on one thread of its own ([`Bucket`] blocks
//! the caller), so that nothing else knows a runtime, and readers can have it fetch ahead ([`Fetch`]).
//! Not here: what is in the objects (`catalog`), which are kept (`storage`).

mod bucket;
mod error;
mod fetch;
mod listing;
mod runtime;
mod setup;
mod url;

pub use bucket::{Bucket, Object, Put};
pub use bytes::Bytes;
pub use error::ObjectError;
pub use fetch::Fetch;
pub use setup::{Patience, S3Config};
pub use url::ObjectUrl;
