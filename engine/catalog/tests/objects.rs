//! Catalogs in buckets: what is found and read there is what is found and read in a folder.

use catalog::{
    CatalogError, Chunk, DataFile, ReadOptions, Root, TickKind, TickReader, TickWriter, TimeRange, discover,
    discover_in,
};
use model::{Nanos, Price, Quantity, Quote, Trade};
use object_store::memory::InMemory;
use objects::{Bucket, ObjectError, Put};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const ROWS: i64 = 300_000;

fn write_catalog(root: &Path) {
    for symbol in ["A/B", "BTCUSDT"] {
        let mut trades = TickWriter::create(root, TickKind::Trades, symbol).unwrap();
        let mut quotes = TickWriter::create(root, TickKind::Quotes, symbol).unwrap();
        let mut bits = 88_172_645_463_325_252_u64;
        for row in 0..ROWS {
            // More than a day, sizes that do not compress.
            bits ^= bits << 13;
            bits ^= bits >> 7;
            bits ^= bits << 17;
            let (ts_event, size) =
                (Nanos(row * 500_000_000), Quantity::new(1 + (bits % 1_000_000_000) as i64));
            let (price, aggressor) = (Price::new(1 + row % 1_000), 1);
            trades.trade(&Trade { ts_event, price, size, aggressor }).unwrap();
            if row % 10 == 0 {
                let (bid_size, ask_size) = ((row % 20 == 0).then_some(size), None);
                quotes.quote(&Quote { ts_event, bid: price, ask: price, bid_size, ask_size }).unwrap();
            }
        }
        trades.finish().unwrap();
        quotes.finish().unwrap();
    }
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files_below(&path, found) } else { found.push(path) }
    }
}

/// A bucket with the files of a folder below a prefix.
fn bucket_of(root: &Path, prefix: &str) -> Bucket {
    let bucket = Bucket::of("bucket", Arc::new(InMemory::new()));
    let mut paths = Vec::new();
    files_below(root, &mut paths);
    for path in paths {
        let key = format!("{prefix}{}", path.strip_prefix(root).unwrap().to_str().unwrap());
        bucket.put(&key, std::fs::read(&path).unwrap(), Put::Over).unwrap();
    }
    bucket
}

fn root(bucket: &Bucket, key: &str) -> Root {
    Root::Bucket { bucket: bucket.clone(), key: key.to_owned() }
}

fn find(bucket: &Bucket, key: &str) -> Result<Vec<DataFile>, CatalogError> {
    discover_in(&[root(bucket, key)], &ReadOptions::default())
}

type Cells = (u64, Vec<i64>, [Vec<i64>; 4], Vec<i8>, Vec<u32>);

fn read(file: &DataFile, range: TimeRange) -> Vec<Cells> {
    let mut reader = TickReader::open(&file.location, &ReadOptions::default(), range).unwrap();
    let mut chunk = Chunk::new(reader.kind());
    let mut chunks = Vec::new();
    while reader.next_chunk(&mut chunk).unwrap() {
        let Chunk { first_row, ts_event, numbers, side, symbol, .. } = &chunk;
        chunks.push((*first_row, ts_event.clone(), numbers.clone(), side.clone(), symbol.clone()));
    }
    chunks
}

#[test]
fn a_catalog_in_a_bucket_is_the_one_in_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    write_catalog(folder.path());
    let local = discover(&[folder.path().to_owned()], &ReadOptions::default()).unwrap();
    for (prefix, key) in [("", ""), ("a b/c%2F=", "a b/c%2F="), ("x/", "x"), ("x/", "x/")] {
        let prefix =
            if prefix.is_empty() || prefix.ends_with('/') { prefix.to_owned() } else { format!("{prefix}/") };
        let bucket = bucket_of(folder.path(), &prefix);
        let remote = find(&bucket, key).unwrap();
        assert_eq!(remote.len(), local.len());
        for (ours, theirs) in local.iter().zip(&remote) {
            let from_root = ours.path.strip_prefix(folder.path()).unwrap().to_str().unwrap();
            assert_eq!(theirs.path.to_str().unwrap(), bucket.url(&format!("{prefix}{from_root}")));
            assert_eq!(
                (&ours.symbols, ours.kind, &ours.row_groups),
                (&theirs.symbols, theirs.kind, &theirs.row_groups)
            );
            let later = TimeRange { from: Nanos(80_000_000_000_000), to: Nanos(100_000_000_000_000) };
            for range in [TimeRange::ALL, later] {
                assert!(read(ours, range) == read(theirs, range), "{}", theirs.path.display());
            }
        }
    }
}

#[test]
fn what_is_no_data_is_passed_over_and_one_object_is_a_file() {
    let folder = tempfile::tempdir().unwrap();
    write_catalog(folder.path());
    let day = "trades/symbol=BTCUSDT/date=1970-01-01";
    let bucket = bucket_of(folder.path(), "c/");
    let count = find(&bucket, "c").unwrap().len();
    let some = std::fs::read(folder.path().join(day).join("part-0.parquet")).unwrap();
    for key in [
        "c/bars/x.parquet",
        "c/rejects/x.parquet",
        "c/_archive/x.parquet",
        "c/.x.parquet",
        "c/x.csv",
        "cc/x.parquet",
    ] {
        bucket.put(key, "no data", Put::Over).unwrap();
    }
    assert_eq!(find(&bucket, "c").unwrap().len(), count);
    let one = format!("c/{day}/part-0.parquet");
    assert_eq!(find(&bucket, &one).unwrap()[0].path.to_str().unwrap(), bucket.url(&one));
    bucket.put("plain", some, Put::Over).unwrap();
    let options = ReadOptions { symbol: Some("X".to_owned()), ..ReadOptions::default() };
    assert_eq!(discover_in(&[root(&bucket, "plain")], &options).unwrap()[0].symbols, ["X"]);
    let twice =
        discover_in(&[root(&bucket, &one), root(&bucket, "c"), root(&bucket, "c/")], &ReadOptions::default());
    assert_eq!(twice.unwrap().len(), count);
}

#[test]
fn what_is_wrong_is_said_with_the_url() {
    let bucket = Bucket::of("bucket", Arc::new(InMemory::new()));
    let check = |key: &str, parts: &[&str]| {
        let error = find(&bucket, key).unwrap_err().to_string();
        assert!(parts.iter().all(|part| error.contains(part)), "{error} has {parts:?}");
    };
    bucket.put("empty.parquet", "", Put::Over).unwrap();
    bucket.put("text.parquet", "ts_event,price\n1,2\n", Put::Over).unwrap();
    bucket.put("cut.parquet", "PAR1 and then no end", Put::Over).unwrap();
    bucket.put("lies.parquet", &b"PAR1\xff\xff\xff\x7fPAR1"[..], Put::Over).unwrap();
    check("empty.parquet", &["s3://bucket/empty.parquet", "is empty"]);
    check("text.parquet", &["s3://bucket/text.parquet", "is not a Parquet file"]);
    check("cut.parquet", &["s3://bucket/cut.parquet", "is truncated"]);
    check("lies.parquet", &["s3://bucket/lies.parquet", "damaged Parquet footer"]);
    check("nothing", &["s3://bucket/nothing", "holds no .parquet file"]);
    check("nothing/", &["s3://bucket/nothing/", "holds no .parquet file"]);
}

#[test]
fn an_object_that_changes_or_vanishes_ends_the_reading() {
    let folder = tempfile::tempdir().unwrap();
    write_catalog(folder.path());
    let key = "trades/symbol=BTCUSDT/date=1970-01-01/part-0.parquet";
    for is_deleted in [false, true] {
        let bucket = bucket_of(folder.path(), "");
        let files = find(&bucket, key).unwrap();
        let mut reader =
            TickReader::open(&files[0].location, &ReadOptions::default(), TimeRange::ALL).unwrap();
        if is_deleted {
            bucket.delete(&[key.to_owned()]).unwrap();
        } else {
            let mut bytes = std::fs::read(folder.path().join(key)).unwrap();
            bytes[100] ^= 1;
            bucket.put(key, bytes, Put::Over).unwrap();
        }
        let mut chunk = Chunk::new(TickKind::Trades);
        let error = loop {
            match reader.next_chunk(&mut chunk) {
                Err(error) => break error,
                Ok(is_more) => assert!(is_more, "the object is not read to its end"),
            }
        };
        match (is_deleted, error) {
            (true, CatalogError::Object(ObjectError::NotFound { .. })) => {}
            (false, CatalogError::Object(ObjectError::Changed { .. })) => {}
            (_, other) => panic!("{other}"),
        }
    }
}
