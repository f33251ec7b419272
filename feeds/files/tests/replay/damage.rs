//! Damaged files: an error that names the file, or, where no checksum tells, other values; never a panic.

use crate::support::{Row, row, trade_columns, try_replay, write, write_with};
use catalog::{ReadOptions, TickKind, TickWriter};
use feed::FeedError;
use model::{Nanos, Price, Quantity, Trade};
use parquet::basic::Compression;
use parquet::file::metadata::{
    ColumnChunkMetaDataBuilder, ParquetMetaData, ParquetMetaDataReader, ParquetMetaDataWriter,
};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
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
    let metadata = metadata_of(&path);
    let chunk = metadata.row_group(2).column(3);
    let (start, length) = chunk.byte_range();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[start as usize..(start + length) as usize].fill(0xff);
    check(&bytes, "is damaged in row group 2, column \"price\"");
}

fn metadata_of(path: &Path) -> ParquetMetaData {
    ParquetMetaDataReader::new().parse_and_finish(&std::fs::File::open(path).unwrap()).unwrap()
}

/// The bytes before a file's footer.
fn body(path: &Path) -> Vec<u8> {
    let mut bytes = std::fs::read(path).unwrap();
    let footer = u32::from_le_bytes(bytes[bytes.len() - 8..bytes.len() - 4].try_into().unwrap()) as usize;
    bytes.truncate(bytes.len() - 8 - footer);
    bytes
}

/// Writes a file of this body, whose footer says something else of one column chunk.
fn write_claim(
    path: &Path,
    mut body: Vec<u8>,
    row_group: usize,
    column: usize,
    claim: impl Fn(ColumnChunkMetaDataBuilder) -> ColumnChunkMetaDataBuilder,
) {
    let metadata = metadata_of(path);
    let mut groups = metadata.row_groups().to_vec();
    let group = groups[row_group].clone();
    let mut columns = group.columns().to_vec();
    columns[column] = claim(columns[column].clone().into_builder()).build().unwrap();
    groups[row_group] = group.into_builder().set_column_metadata(columns).build().unwrap();
    let metadata = metadata.into_builder().set_row_groups(groups).build();
    ParquetMetaDataWriter::new(&mut body, &metadata).finish().unwrap();
    std::fs::write(path, body).unwrap();
}

fn claim_brotli(path: &Path, row_group: usize, column: usize) {
    let brotli = Compression::BROTLI(Default::default());
    write_claim(path, body(path), row_group, column, |chunk| chunk.set_compression(brotli));
}

#[test]
fn a_codec_that_is_not_built_in_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.parquet");
    let mut columns = trade_columns(&rows());
    columns.push(crate::support::extra_column(rows().len()));
    for row_group in [0, 3] {
        write(&path, &columns, 100);
        claim_brotli(&path, row_group, 3);
        let sentence = "column \"price\" is compressed with brotli, which this build cannot read; \
                        write it with zstd, snappy, gzip or lz4";
        check(&std::fs::read(&path).unwrap(), sentence);
    }
    // A column that nobody reads may be compressed with anything.
    write(&path, &columns, 100);
    claim_brotli(&path, 0, 6);
    assert_eq!(try_replay(&[path], &ReadOptions::default(), |_| {}).unwrap().events.len(), rows().len());
}

/// CRC-32 as of gzip, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(crc & 1)))
    })
}

/// Gives the one page of the last column chunk a checksum: field 4 of its header, in Thrift's compact protocol.
fn add_checksum(path: &Path, column: usize, checksum: impl Fn(&[u8]) -> u32) {
    let chunk = metadata_of(path).row_group(0).column(column).clone();
    let (start, length) = (chunk.byte_range().0 as usize, chunk.byte_range().1 as usize);
    let bytes = body(path);
    let page = &bytes[start..start + length];
    // Before it stand three fields, each a byte 0x15 and a number: type, size, compressed size.
    let mut at = 0;
    let mut number = 0_u64;
    for _ in 0..3 {
        assert_eq!(page[at], 0x15, "a number in the next field");
        let end = at + 1 + page[at + 1..].iter().position(|byte| byte & 0x80 == 0).unwrap();
        number = page[at + 1..=end].iter().rev().fold(0, |sum, byte| sum << 7 | u64::from(byte & 0x7f));
        at = end + 1;
    }
    let payload = &page[length - (number >> 1) as usize..];
    let checksum = checksum(payload) as i32;
    let mut zigzag = ((checksum << 1) ^ (checksum >> 31)) as u32;
    let mut out = bytes[..start + at].to_vec();
    out.push(0x15);
    while zigzag > 0x7f {
        out.push(zigzag as u8 | 0x80);
        zigzag >>= 7;
    }
    // The next field is counted from this one.
    out.extend([zigzag as u8, page[at] - 0x10]);
    out.extend(&page[at + 1..]);
    let longer = (out.len() - start - length) as i64;
    write_claim(path, out, 0, column, |builder| {
        builder.set_total_compressed_size(chunk.compressed_size() + longer)
    });
}

#[test]
fn a_page_is_held_against_its_checksum() {
    assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.parquet");
    let mut columns = trade_columns(&rows());
    columns[3..].rotate_left(1);
    assert_eq!(columns[5].0, "price");
    let write_plain = || {
        let properties = WriterProperties::builder().set_dictionary_enabled(false);
        write_with(
            &path,
            &columns,
            properties
                .set_offset_index_disabled(true)
                .set_statistics_enabled(EnabledStatistics::Chunk)
                .build(),
        );
    };
    write_plain();
    add_checksum(&path, 5, crc32);
    let read = |path: &Path| try_replay(&[path.to_owned()], &ReadOptions::default(), |_| {});
    assert_eq!(read(&path).unwrap().events.len(), rows().len());
    // A value that looks as good as any other.
    let mut bytes = std::fs::read(&path).unwrap();
    let chunk = metadata_of(&path).row_group(0).column(5).byte_range();
    bytes[(chunk.0 + chunk.1 - 8) as usize] ^= 0x01;
    check(&bytes, "is damaged in row group 0, column \"price\"");
    write_plain();
    add_checksum(&path, 5, |page| crc32(page) ^ 1);
    check(&std::fs::read(&path).unwrap(), "is damaged in row group 0, column \"price\"");
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
