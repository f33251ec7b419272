//! PostgreSQL and TimescaleDB: the warm tier (24 hours) and the cold one (a year), readable by anybody who knows SQL.
//!
//! One store serves both; they differ in schema, retention and the width of partitions. Rows stand in tables named
//! `…_rows`, views of plain names (`trades`, `bars`, `orders`, …) show them with symbols and decimals. Where the
//! TimescaleDB extension is installed, the cold tier's tables are hypertables; else both tiers are partitioned by time.
//!
//! - Exactly once: a batch's rows and the watermark of its run and stream are one transaction, which takes the
//!   watermark's row first and moves it only from where this store believes it to be. So a transaction whose answer
//!   was lost is waited for, then seen, and never repeated.
//! - `tokio-postgres` on a runtime of the store's own, not the `postgres` crate: a frozen server keeps its connection
//!   open, so only a limit on each single wait notices it, and the blocking crate has none.
//! - Ticks hold prices as `int8` in units of 1e-9, not `numeric(18,9)`: COPY took 600,000 to 714,000 rows/s of the
//!   former and 570,000 to 590,000 of the latter, before what it costs to write decimals here. Results hold `numeric`.
//! - Ticks get their index (symbol, time) once their partition is complete: kept up row by row it takes COPY from
//!   600,000 to 230,000 rows/s.
//!
//! A database belongs to one course of time: retention goes by the engine time of the run that writes, so replays of
//! different years want schemas of their own.
//! Not here: threads, queues and retries, which all tiers share; TLS (use a local server, or a tunnel).

mod clock;
mod copy;
mod ddl;
mod dictionary;
mod failure;
mod link;
mod migrate;
mod partitions;
mod probe;
mod rows;
mod settings;
mod source;
mod store;
mod views;

pub use ddl::{Flavour, create_statements, tidy_statements};
pub use migrate::remove;
pub use probe::{Extension, PostgresProbe, Rights, probe};
pub use settings::{PostgresSettings, PostgresTier};
pub use source::{PostgresSource, postgres_sources};
pub use store::PostgresStore;
pub use views::view_statements;
