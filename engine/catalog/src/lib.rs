//! Parquet: the schemas of the catalog, finding files, reading ticks from them, writing them.
//!
//! Why: one crate knows the file format, so that "a price column in any physical form" is solved once.
//! Reading gives plain integer columns ([`Chunk`]) with odd cells marked in band; what an odd cell means
//! for a row is decided by `feed`, not here.
//! Not here: validation, merging, threads (`feeds/files`), text formats.

mod bars;
mod cell;
mod chunk;
mod column;
mod combine;
mod compare;
mod convert;
mod discover;
mod encode;
mod error;
mod fault;
mod float;
mod handle;
mod layout;
mod location;
mod open;
mod part;
mod partition;
mod read;
mod reject;
mod remote;
mod rows;
mod schema;
mod symbols;
mod trade_id;
mod write;

pub use bars::{BarRows, bars_schema, concat_bars};
pub use cell::{Cell, Excess, NULL_CELL, RAW_MAX, TIME_INVALID, is_value};
pub use chunk::{Chunk, SIDE_INVALID, SYMBOL_NULL};
pub use column::{Column, ColumnMap, ColumnMapError, ReadOptions, TsUnit};
pub use combine::CombinedReader;
pub use compare::TickDigest;
pub use discover::{DataFile, RowGroupSpan, TimeSpan, discover, discover_in};
pub use encode::TickEncoder;
pub use error::CatalogError;
pub use fault::ColumnFault;
pub use float::nearest_nano;
pub use location::{Location, ObjectFile, Root};
pub use open::is_decoding;
pub use part::{PartName, Partition, Table, superseded};
pub use partition::{decode_symbol, encode_symbol, partition_dir};
pub use read::{CHUNK_ROWS_MAX, TickReader, TimeRange};
pub use reject::{RejectWriter, RejectedRow};
pub use rows::TickRows;
pub use schema::{Extras, TickKind, quotes_schema, schema_of, trades_schema};
pub use trade_id::TradeId;
pub use write::{TickWriter, Written};
