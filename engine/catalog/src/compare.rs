//! Whether two folders hold the same ticks, however these are laid out in files.
//!
//! Why a digest: an import that is run again must find that nothing changed, also when another version of the
//! program wrote the files or a compaction put several into one. A sum of hashes does not depend on the order.
//! Not here: what is done with two that differ (`feeds/files`).

use crate::{CatalogError, Chunk, ReadOptions, SYMBOL_NULL, TickReader, TimeRange};
use model::Nanos;
use std::path::{Path, PathBuf};
use twox_hash::xxhash3_128;

/// The ticks of some files: their number, their span, and the sum of their hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TickDigest {
    /// Rows.
    pub rows: u64,
    /// Earliest `ts_event`; later than every time if there is no row.
    pub first_ts: Nanos,
    /// Latest `ts_event`; earlier than every time if there is no row.
    pub last_ts: Nanos,
    sum: u128,
}

impl TickDigest {
    /// The digest of no rows.
    pub const NONE: Self = Self { rows: 0, first_ts: Nanos::MAX, last_ts: Nanos::MIN, sum: 0 };

    /// Reads all files of ticks that stand in a folder, not those in folders below it. Where the ticks come from
    /// ([`crate::DataFile::source`]) is part of the digest.
    ///
    /// # Errors
    /// [`CatalogError`] for a file that cannot be read as ticks, and where the folder cannot be listed.
    pub fn of_folder(folder: &Path) -> Result<Self, CatalogError> {
        let mut digest = Self::NONE;
        for path in tick_files(folder)? {
            digest.add_file(&path)?;
        }
        Ok(digest)
    }

    fn add_file(&mut self, path: &Path) -> Result<(), CatalogError> {
        let mut reader = TickReader::open(path, &ReadOptions::default(), TimeRange::ALL)?;
        let source = reader.source().unwrap_or_default().to_owned();
        let mut chunk = Chunk::new(reader.kind());
        let mut bytes = Vec::new();
        while reader.next_chunk(&mut chunk)? {
            for row in 0..chunk.rows() {
                bytes.clear();
                row_bytes(&chunk, row, reader.symbols(), &mut bytes);
                bytes.extend(source.as_bytes());
                self.sum = self.sum.wrapping_add(xxhash3_128::Hasher::oneshot(&bytes));
                self.rows += 1;
                let ts = Nanos(chunk.ts_event[row]);
                self.first_ts = self.first_ts.min(ts);
                self.last_ts = self.last_ts.max(ts);
            }
        }
        Ok(())
    }
}

/// The files of ticks in a folder, in byte order of their names; none if the folder is not there.
fn tick_files(folder: &Path) -> Result<Vec<PathBuf>, CatalogError> {
    let io = |error| CatalogError::Io { action: "list", path: folder.to_owned(), error };
    let mut files = Vec::new();
    match std::fs::read_dir(folder) {
        Ok(entries) => {
            for entry in entries {
                let path = entry.map_err(io)?.path();
                let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
                if !is_hidden && path.extension().is_some_and(|extension| extension == "parquet") {
                    files.push(path);
                }
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(io(error)),
    }
    files.sort();
    Ok(files)
}

/// A row as bytes: equal rows have equal bytes, and rows that differ do not.
fn row_bytes(chunk: &Chunk, row: usize, symbols: &[String], bytes: &mut Vec<u8>) {
    bytes.push(chunk.kind as u8);
    bytes.extend(chunk.ts_event[row].to_le_bytes());
    for numbers in chunk.numbers.iter().filter(|numbers| !numbers.is_empty()) {
        bytes.extend(numbers[row].to_le_bytes());
    }
    bytes.extend(chunk.side.get(row).map(|side| *side as u8));
    bytes.extend(chunk.trade_id.get(row).copied().unwrap_or_default().0.to_le_bytes());
    let symbol = match chunk.symbol[row] {
        SYMBOL_NULL => "",
        key => &symbols[key as usize],
    };
    bytes.extend((symbol.len() as u64).to_le_bytes());
    bytes.extend(symbol.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{TickKind, TickWriter};
    use model::{Price, Quantity, Trade};

    fn trade(ts: i64, price: i64) -> Trade {
        Trade { ts_event: Nanos(ts), price: Price::new(price), size: Quantity::new(1), aggressor: 0 }
    }

    /// Writes the trades of 1970-01-01 in files of some lengths, and gives the folder's digest.
    fn digest(source: Option<&str>, files: &[&[Trade]]) -> TickDigest {
        let root = tempfile::tempdir().unwrap();
        for trades in files {
            let mut writer = TickWriter::create(root.path(), TickKind::Trades, "X").unwrap();
            if let Some(source) = source {
                writer = writer.with_source(source);
            }
            trades.iter().for_each(|trade| writer.trade(trade).unwrap());
            writer.finish().unwrap();
        }
        TickDigest::of_folder(&root.path().join("trades/symbol=X/date=1970-01-01")).unwrap()
    }

    #[test]
    fn the_same_ticks_have_the_same_digest_in_any_files() {
        let all = [trade(1, 5), trade(2, 6), trade(2, 6), trade(3, 7)];
        let whole = digest(None, &[&all]);
        assert_eq!((whole.rows, whole.first_ts, whole.last_ts), (4, Nanos(1), Nanos(3)));
        assert_eq!(digest(None, &[&all[..2], &all[2..]]), whole);
        for other in [
            digest(None, &[&all[..3]]),
            digest(Some("bars 1m"), &[&all]),
            digest(None, &[&[trade(1, 5), trade(2, 6), trade(2, 7), trade(3, 7)]]),
            digest(None, &[&[trade(1, 5), trade(1, 6), trade(2, 6), trade(3, 7)]]),
        ] {
            assert_ne!(other, whole);
        }
        let nowhere = tempfile::tempdir().unwrap();
        assert_eq!(TickDigest::of_folder(&nowhere.path().join("absent")).unwrap(), TickDigest::NONE);
    }
}
