//! Damaged files: an error that names the file, or, where no checksum tells, other values; never a panic.

use crate::support::{Row, row, trade_columns, try_replay, write, write_with};
use catalog::{ReadOptions, TickKind, TickWriter};
use feed::FeedError;
use model::{Nanos, Price, Quantity, Trade};
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;
use std::path::Path;

fn rows() -> Vec<Row> {
    (0..400).map(|i| row(1_000 + i * 3, "A", 1_000 + i % 7)).collect()
}

fn check(bytes: &[u8], expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.parquet");
    std::fs::write(&path, bytes).unwrap();
    let error = try_replay(&[path], &ReadOptions::default(), |_| {}).unwrap_err().to_string();
    assert!(error.contains(expected) && error.contains("bad.parquet"), "{error}");
}

#[test]
fn what_is_no_whole_file_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("good.parquet");
    write(&path, &trade_columns(&rows()), 100);
    let good = std::fs::read(&path).unwrap();
    check(b"", "is empty");
    check(b"ts_event,price,size\n", "is not a Parquet file");
    for length in [4, 11, 12, 100, good.len() / 2, good.len() - 5, good.len() - 1] {
        check(&good[..length], "is truncated");
    }
    let missing = folder.path().join("none.parquet");
    let error = try_replay(&[missing], &ReadOptions::default(), |_| {}).unwrap_err().to_string();
    assert!(error.contains("cannot open") && error.contains("none.parquet"), "{error}");
}

#[test]
fn a_damaged_page_names_row_group_and_column() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.parquet");
    write(&path, &trade_columns(&rows()), 100);
    let metadata = {
        let file = std::fs::File::open(&path).unwrap();
        parquet::file::metadata::ParquetMetaDataReader::new().parse_and_finish(&file).unwrap()
    };
    let chunk = metadata.row_group(2).column(3);
    let (start, length) = chunk.byte_range();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[start as usize..(start + length) as usize].fill(0xff);
    check(&bytes, "is damaged in row group 2, column \"price\"");
}

/// Flips bytes everywhere and replays; whatever happens, it must not be a panic of ours.
fn survives_flips(path: &Path, step: usize) {
    let good = std::fs::read(path).unwrap();
    let bad_path = path.with_file_name("flipped.parquet");
    let (mut failed, mut read) = (0, 0);
    for position in (0..good.len()).step_by(step) {
        for flip in [0x01, 0x80, 0xff] {
            let mut bytes = good.clone();
            bytes[position] ^= flip;
            std::fs::write(&bad_path, bytes).unwrap();
            match try_replay(std::slice::from_ref(&bad_path), &ReadOptions::default(), |_| {}) {
                Ok(_) => read += 1,
                Err(error @ FeedError::Thread { .. }) => panic!("byte {position} ^ {flip:#x}: {error}"),
                Err(error) => {
                    assert!(error.to_string().contains("flipped.parquet"), "byte {position}: {error}");
                    failed += 1;
                }
            }
        }
    }
    assert!(failed > 0, "{read} flips were read as if nothing were wrong");
}

#[test]
fn flipped_bytes_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let compressed = folder.path().join("compressed.parquet");
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    write_with(&compressed, &trade_columns(&rows()), properties);
    survives_flips(&compressed, 7);
    let plain = folder.path().join("plain.parquet");
    let mut mixed = rows();
    mixed.iter_mut().step_by(3).for_each(|row| row.symbol = Some("B"));
    write(&plain, &trade_columns(&mixed), 150);
    survives_flips(&plain, 13);
    let mut writer = TickWriter::create(folder.path(), TickKind::Trades, "A").unwrap();
    for i in 0..400 {
        let (price, size) = (Price::new(100 + i % 9), Quantity::new(i + 1));
        writer.trade(&Trade { ts_event: Nanos(i * 50), price, size, aggressor: 1 }).unwrap();
    }
    writer.finish().unwrap();
    survives_flips(&folder.path().join("trades/symbol=A/date=1970-01-01/part-0.parquet"), 5);
}

#[test]
fn truncation_at_every_length_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("good.parquet");
    write(&path, &trade_columns(&rows()[..50]), 20);
    let good = std::fs::read(&path).unwrap();
    let bad_path = folder.path().join("short.parquet");
    for length in (0..good.len()).step_by(11) {
        std::fs::write(&bad_path, &good[..length]).unwrap();
        let result = try_replay(std::slice::from_ref(&bad_path), &ReadOptions::default(), |_| {});
        let error = result.unwrap_err().to_string();
        assert!(error.contains("short.parquet"), "{length}: {error}");
    }
}
