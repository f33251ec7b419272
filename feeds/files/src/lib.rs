//! Replay of Parquet files: decode ahead, validate, merge.
