//! Removes what no recovery needs any more: old snapshots, and segments that lie wholly before the oldest kept one.
//!
//! Why not before as many snapshots as asked for are good: the fewer there are, the more the segments are worth.
//! Snapshots go first: a segment without its snapshot is harmless, a snapshot without its segments would be a trap.
//! Every step may be interrupted and run again. It may run beside the writer, one at a time.
//! Not here: packing what is kept (`compaction`).

use crate::layout::{self, snapshot_name};
use crate::{Folder, JournalError, snapshots};

/// What was removed and what is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Retained {
    /// The inputs of the good snapshots that are kept, newest first.
    pub kept: Vec<u64>,
    /// How many snapshots were removed.
    pub snapshots_removed: usize,
    /// How many segments were removed.
    pub segments_removed: usize,
    /// Snapshots that are damaged. Those newer than the oldest kept one are left for a human to see.
    pub damaged: Vec<JournalError>,
}

/// Keeps the newest `keep` good snapshots and every segment that has an input after the oldest of them. Removes nothing
/// as long as there are fewer good ones; never the last segment.
///
/// # Errors
/// The disk's; what was not removed is removed the next time.
///
/// # Panics
/// If `keep` is 0.
pub fn retain(folder: &Folder, keep: usize) -> Result<Retained, JournalError> {
    let mut retained = thin(folder, keep)?;
    if let Some(oldest) = retained.kept.last().copied().filter(|_| retained.kept.len() == keep) {
        retained.segments_removed = remove_segments(folder, oldest)?;
    }
    Ok(retained)
}

/// Keeps the newest `keep` good snapshots and removes the older ones; the segments stay.
///
/// # Errors
/// The disk's; what was not removed is removed the next time.
///
/// # Panics
/// If `keep` is 0.
pub fn thin(folder: &Folder, keep: usize) -> Result<Retained, JournalError> {
    assert!(keep > 0, "a journal without a snapshot is kept whole");
    let mut retained = Retained::default();
    let all = layout::snapshots(folder)?;
    for seq in all.iter().rev() {
        if retained.kept.len() == keep {
            break;
        }
        match snapshots::read(folder, None, *seq) {
            Ok(_) => retained.kept.push(*seq),
            Err(error @ JournalError::Io { .. }) => return Err(error),
            Err(error) => retained.damaged.push(error),
        }
    }
    let Some(oldest) = retained.kept.last().copied().filter(|_| retained.kept.len() == keep) else {
        return Ok(retained);
    };
    for seq in all.into_iter().filter(|seq| *seq < oldest) {
        folder.remove(&snapshot_name(seq))?;
        retained.snapshots_removed += 1;
    }
    if retained.snapshots_removed > 0 {
        folder.sync()?;
    }
    Ok(retained)
}

/// Removes the segments of which every input is at or before `seq`, oldest first.
fn remove_segments(folder: &Folder, seq: u64) -> Result<usize, JournalError> {
    let names = layout::segments(folder)?;
    let mut removed = 0;
    for pair in names.windows(2) {
        if pair[1].first_seq > seq.saturating_add(1) {
            break;
        }
        // Both are there where a compaction was interrupted.
        for name in crate::compaction::both(pair[0].first_seq) {
            match folder.remove(&name.to_string()) {
                Err(error) if error.is_not_found() => {}
                done => done?,
            }
        }
        // One after the other: what is left after a power cut begins later and has no hole.
        folder.sync()?;
        removed += 1;
    }
    Ok(removed)
}
