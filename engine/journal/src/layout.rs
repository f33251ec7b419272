//! The names in a journal's folder.
//!
//! | name | is |
//! | --- | --- |
//! | `LOCK` | locked by the process that writes, whose name is in it |
//! | `session` | the current session's number |
//! | `segment-N.log`, `segment-N.log.zst` | events from input N on; packed once closed and compacted |
//! | `segment-next.new` | room reserved for the next segment |
//! | `snapshot-N.bin` | the engine's state after input N |
//! | `*.new` | half written, never read |
//!
//! Other names are left alone: spools and run records may stand beside.

use crate::{Folder, JournalError};
use std::fmt;

pub(crate) const LOCK: &str = "LOCK";
pub(crate) const SESSION: &str = "session";
pub(crate) const SEGMENT_NEXT: &str = "segment-next.new";

/// How a segment is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Packing {
    /// As it was written.
    Plain,
    /// Compressed by zstd.
    Zstd,
}

/// A segment's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SegmentName {
    /// The number of its first input, or of the first that was to come.
    pub first_seq: u64,
    pub packing: Packing,
}

impl SegmentName {
    pub const fn plain(first_seq: u64) -> Self {
        Self { first_seq, packing: Packing::Plain }
    }

    pub fn parse(name: &str) -> Option<Self> {
        let rest = name.strip_prefix("segment-")?;
        let (digits, packing) = match rest.strip_suffix(".log") {
            Some(digits) => (digits, Packing::Plain),
            None => (rest.strip_suffix(".log.zst")?, Packing::Zstd),
        };
        Some(Self { first_seq: number(digits)?, packing })
    }
}

impl fmt::Display for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = if self.packing == Packing::Zstd { ".zst" } else { "" };
        write!(f, "segment-{:020}.log{end}", self.first_seq)
    }
}

/// The name of a snapshot.
pub(crate) fn snapshot_name(seq: u64) -> String {
    format!("snapshot-{seq:020}.bin")
}

/// The input of a snapshot's name.
pub(crate) fn parse_snapshot(name: &str) -> Option<u64> {
    number(name.strip_prefix("snapshot-")?.strip_suffix(".bin")?)
}

/// Exactly twenty digits.
fn number(digits: &str) -> Option<u64> {
    let are_digits = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if are_digits { digits.parse().ok() } else { None }
}

/// All segments, oldest first; the plain one where a compaction was interrupted and both are there.
pub(crate) fn segments(folder: &Folder) -> Result<Vec<SegmentName>, JournalError> {
    let mut found: Vec<SegmentName> =
        folder.names()?.iter().filter_map(|name| SegmentName::parse(name)).collect();
    found.sort_unstable();
    found.dedup_by_key(|name| name.first_seq);
    Ok(found)
}

/// All snapshots' inputs, oldest first.
pub(crate) fn snapshots(folder: &Folder) -> Result<Vec<u64>, JournalError> {
    let mut found: Vec<u64> = folder.names()?.iter().filter_map(|name| parse_snapshot(name)).collect();
    found.sort_unstable();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for packing in [Packing::Plain, Packing::Zstd] {
            let name = SegmentName { first_seq: u64::MAX, packing };
            assert_eq!(SegmentName::parse(&name.to_string()), Some(name));
        }
        assert_eq!(SegmentName::plain(7).to_string(), "segment-00000000000000000007.log");
        assert_eq!(parse_snapshot(&snapshot_name(7)), Some(7));
        for name in [
            "segment-7.log",
            "segment-00000000000000000007.log.new",
            "segment-next.new",
            "segment-+0000000000000000007.log",
            "segment-99999999999999999999.log",
            "snapshot-00000000000000000007.bin.new",
        ] {
            assert_eq!((SegmentName::parse(name), parse_snapshot(name)), (None, None), "{name}");
        }
    }
}
