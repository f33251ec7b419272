//! Rewrites closed segments compressed: written beside, synced, swapped.
//!
//! A segment is read frame by frame first; a damaged one is left alone and reported. What was packed is unpacked and
//! compared before it takes the place. Every step may be interrupted and run again; readers read both, and the plain
//! one where both are there. It may run beside the writer, one at a time.
//! Not here: removing segments (`retention`).

use crate::disk::Access;
use crate::inspect;
use crate::layout::{self, Packing, SegmentName};
use crate::source::Source;
use crate::{Folder, JournalError};
use std::io::Write;
use twox_hash::xxhash3_128;
use zstd::stream::write::Encoder;

/// What was compacted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Compacted {
    /// How many segments were packed.
    pub segments: usize,
    /// Their bytes before, without what was reserved and not used.
    pub bytes_before: u64,
    /// Their bytes after.
    pub bytes_after: u64,
}

const LEVEL: i32 = 3;
const READ_BYTES: usize = 1 << 20;

/// The names that a segment may have.
pub(crate) fn both(first_seq: u64) -> [SegmentName; 2] {
    [Packing::Plain, Packing::Zstd].map(|packing| SegmentName { first_seq, packing })
}

/// Packs all segments but the last.
///
/// # Errors
/// Damage, with file and offset; the disk's. What was packed before stays so.
pub fn compact(folder: &Folder) -> Result<Compacted, JournalError> {
    let mut compacted = Compacted::default();
    let mut names = layout::segments(folder)?;
    names.pop();
    for name in names.into_iter().filter(|name| name.packing == Packing::Plain) {
        let (before, after) = pack(folder, name)?;
        compacted.segments += 1;
        compacted.bytes_before += before;
        compacted.bytes_after += after;
    }
    Ok(compacted)
}

/// Packs one segment; its bytes before and after.
fn pack(folder: &Folder, name: SegmentName) -> Result<(u64, u64), JournalError> {
    let facts = inspect::segment(folder, name, None, None, |_| ())?;
    if let Some(torn) = facts.torn {
        let why = "it is no frame, and the next segment was begun when all of this one was on disk";
        return Err(JournalError::damaged(&torn.path, torn.offset, why));
    }
    let packed = SegmentName { packing: Packing::Zstd, ..name };
    let beside = format!("{packed}.new");
    let (bytes_after, hash) = write_packed(folder, name, &beside, facts.end)?;
    let mut source = Source::open(folder, &beside, Packing::Zstd)?;
    if copy(&mut source, facts.end, |_| Ok(()))? != hash || source.read(&mut [0])? != 0 {
        let why = "what was packed is not what was read; check the machine's memory and disk";
        return Err(JournalError::damaged(&folder.join(&beside), 0, why));
    }
    drop(source);
    folder.rename(&beside, &packed.to_string())?;
    folder.sync()?;
    folder.remove(&name.to_string())?;
    folder.sync()?;
    Ok((facts.end, bytes_after))
}

/// Writes the first `end` bytes of a segment compressed; gives how many they are then, and their hash before.
fn write_packed(
    folder: &Folder,
    name: SegmentName,
    beside: &str,
    end: u64,
) -> Result<(u64, u128), JournalError> {
    let mut source = Source::open(folder, &name.to_string(), Packing::Plain)?;
    let file = folder.open(beside, Access::Create)?;
    let failed = |error: std::io::Error| JournalError::io("pack", &file.path, &error);
    let mut encoder = Encoder::new(Vec::new(), LEVEL).map_err(failed)?;
    encoder.include_checksum(true).map_err(failed)?;
    let mut written = 0;
    let hash = copy(&mut source, end, |bytes| {
        encoder.write_all(bytes).map_err(failed)?;
        let ready = encoder.get_mut();
        file.write_all_at(ready, written)?;
        written += ready.len() as u64;
        ready.clear();
        Ok(())
    })?;
    let ready = encoder.finish().map_err(failed)?;
    file.write_all_at(&ready, written)?;
    file.sync()?;
    Ok((written + ready.len() as u64, hash))
}

/// Hands the first `end` bytes on, in pieces; gives their hash.
fn copy(
    source: &mut Source,
    end: u64,
    mut take: impl FnMut(&[u8]) -> Result<(), JournalError>,
) -> Result<u128, JournalError> {
    let (mut buffer, mut left, mut hash) = (vec![0; READ_BYTES], end, xxhash3_128::Hasher::new());
    while left > 0 {
        let part = left.min(READ_BYTES as u64) as usize;
        let count = source.read(&mut buffer[..part])?;
        if count == 0 {
            break;
        }
        hash.write(&buffer[..count]);
        take(&buffer[..count])?;
        left -= count as u64;
    }
    Ok(hash.finish_128())
}
