//! Parquet: schemas, reading, writing.
