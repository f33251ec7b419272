//! Snapshots of the engine's state: opaque bytes with the input after which they hold.
//!
//! Written beside, synced, swapped in: there is never half a snapshot under a snapshot's name. A damaged one is passed
//! over and reported; one of another configuration or version is refused, since its journal would not be this one's.
//! Not here: what the bytes mean; which segments a snapshot makes dispensable (`retention`).
//!
//! | bytes | field |
//! | --- | --- |
//! | 0–7 | magic |
//! | 8–11, 12–15 | version of the format, version of the events' meaning |
//! | 16–31 | config hash |
//! | 32–39 | the last input that the state has folded |
//! | 40–47 | length of the state, in bytes |
//! | 48–63 | XXH3-128 of all bytes before and the state |
//! | from 64 | the state |

use crate::disk::Access;
use crate::header::{FORMAT_VERSION, Identity, word32, word64};
use crate::layout::{self, snapshot_name};
use crate::{Folder, JournalError};
use twox_hash::xxhash3_128;

const MAGIC: &[u8; 8] = b"GMSNAPSH";
const HEADER_BYTES: usize = 64;
const HASH_AT: usize = 48;

/// The engine's state after an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The last input that the state has folded.
    pub seq: u64,
    /// The state.
    pub state: Vec<u8>,
}

/// The newest good snapshot, and what was passed over to find it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newest {
    /// It; `None` if there is no good one.
    pub snapshot: Option<Snapshot>,
    /// Newer ones that are damaged, newest first.
    pub damaged: Vec<JournalError>,
}

/// Writes the state after input `seq`; returns when it is durable. One that is there already is replaced. The caller
/// sees to it that the journal is durable up to that input.
///
/// # Errors
/// The disk's; an older snapshot is not touched by it.
pub fn write(folder: &Folder, identity: Identity, seq: u64, state: &[u8]) -> Result<(), JournalError> {
    let mut header = Vec::with_capacity(HEADER_BYTES);
    header.extend(MAGIC);
    header.extend(FORMAT_VERSION.to_le_bytes());
    header.extend(identity.schema_version.to_le_bytes());
    header.extend(identity.config_hash.to_le_bytes());
    header.extend(seq.to_le_bytes());
    header.extend((state.len() as u64).to_le_bytes());
    let hash = checksum(&header, state);
    header.extend(hash.to_le_bytes());
    folder.replace(&snapshot_name(seq), &[&header, state])
}

/// The inputs of all snapshots, by their names, oldest first; good or not.
///
/// # Errors
/// The disk's.
pub fn list(folder: &Folder) -> Result<Vec<u64>, JournalError> {
    layout::snapshots(folder)
}

/// The newest good snapshot at or before an input.
///
/// # Errors
/// A snapshot of another configuration or version stands there; the disk's.
pub fn newest(folder: &Folder, identity: Identity, at_most_seq: u64) -> Result<Newest, JournalError> {
    let mut damaged = Vec::new();
    for seq in list(folder)?.into_iter().rev().filter(|seq| *seq <= at_most_seq) {
        match read(folder, Some(&identity), seq) {
            Ok(snapshot) => return Ok(Newest { snapshot: Some(snapshot), damaged }),
            Err(error @ (JournalError::Damaged { .. } | JournalError::Foreign { .. })) => damaged.push(error),
            Err(error) => return Err(error),
        }
    }
    Ok(Newest { snapshot: None, damaged })
}

/// A snapshot is written when the journal is durable beyond it, so one that the journal does not reach proves a loss.
///
/// # Errors
/// [`JournalError::Shortened`]; an I/O error.
pub(crate) fn check_reached(folder: &Folder, identity: &Identity, next_seq: u64) -> Result<(), JournalError> {
    match newest(folder, *identity, u64::MAX)?.snapshot {
        Some(snapshot) if snapshot.seq >= next_seq => Err(JournalError::Shortened {
            path: folder.path().to_owned(),
            last: next_seq - 1,
            snapshot: snapshot.seq,
        }),
        _ => Ok(()),
    }
}

/// Reads one snapshot, whoever wrote it if no identity is given.
pub(crate) fn read(folder: &Folder, identity: Option<&Identity>, seq: u64) -> Result<Snapshot, JournalError> {
    let file = folder.open(&snapshot_name(seq), Access::Read)?;
    let path = file.path.clone();
    let mut header = [0; HEADER_BYTES];
    let count = file.read_at(&mut header, 0)?;
    if count < 16 || header[..8] != *MAGIC {
        return Err(JournalError::foreign(&path, "is no snapshot"));
    }
    let found = word32(&header, 8);
    if found != FORMAT_VERSION {
        return Err(JournalError::OtherVersion { path, what: "format", found, known: FORMAT_VERSION });
    }
    let damaged = |offset: usize, why: &str| Err(JournalError::damaged(&path, offset as u64, why));
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    if bytes.len() < HEADER_BYTES {
        return damaged(bytes.len(), "its header is cut");
    }
    if word64(&bytes, 40) != (bytes.len() - HEADER_BYTES) as u64 {
        return damaged(40, "it is not as long as it says");
    }
    let (header, state) = bytes.split_at(HEADER_BYTES);
    if checksum(&header[..HASH_AT], state).to_le_bytes() != header[HASH_AT..] {
        return damaged(HASH_AT, "it does not match its checksum");
    }
    if word64(header, 32) != seq {
        return damaged(32, "its name is that of another input");
    }
    if let Some(identity) = identity {
        let config_hash = u128::from_le_bytes(header[16..32].try_into().expect("16 bytes"));
        identity.check(&path, &Identity { config_hash, schema_version: word32(header, 12) })?;
    }
    bytes.drain(..HEADER_BYTES);
    Ok(Snapshot { seq, state: bytes })
}

fn checksum(header: &[u8], state: &[u8]) -> u128 {
    let mut hash = xxhash3_128::Hasher::new();
    hash.write(header);
    hash.write(state);
    hash.finish_128()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fs;

    const OURS: Identity = Identity::new(9);

    #[test]
    fn the_newest_good_one_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path());
        assert_eq!(newest(&folder, OURS, 9).unwrap(), Newest { snapshot: None, damaged: Vec::new() });
        for seq in [3, 5, 8] {
            write(&folder, OURS, seq, &[seq as u8; 100]).unwrap();
        }
        fs::write(dir.path().join("snapshot-00000000000000000009.bin.new"), "half").unwrap();
        assert_eq!(list(&folder).unwrap(), [3, 5, 8]);
        let seq_at = |at_most| newest(&folder, OURS, at_most).unwrap().snapshot.map(|found| found.seq);
        assert_eq!([9, 8, 7, 3, 2].map(seq_at), [Some(8), Some(8), Some(5), Some(3), None]);

        let file = dir.path().join(snapshot_name(8));
        let good = fs::read(&file).unwrap();
        fs::write(&file, &good[..good.len() - 1]).unwrap();
        let found = newest(&folder, OURS, 9).unwrap();
        assert_eq!(found.snapshot, Some(Snapshot { seq: 5, state: vec![5; 100] }));
        assert!(found.damaged[0].to_string().contains("08.bin is damaged at byte 40"), "{:?}", found.damaged);
    }

    #[test]
    fn another_identity_is_refused_and_not_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path());
        write(&folder, OURS, 3, b"state").unwrap();
        let error = newest(&folder, Identity::new(8), 9).unwrap_err();
        assert!(matches!(error, JournalError::OtherConfig { .. }), "{error}");
        let newer = Identity { schema_version: 2, ..OURS };
        write(&folder, newer, 4, b"state").unwrap();
        let error = newest(&folder, OURS, 9).unwrap_err();
        assert!(matches!(error, JournalError::OtherVersion { what: "schema", found: 2, .. }), "{error}");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
        #[test]
        fn arbitrary_bytes_are_no_snapshot(mut bytes in prop::collection::vec(any::<u8>(), 0..300), like: bool) {
            let dir = tempfile::tempdir().unwrap();
            if like && bytes.len() >= 48 {
                // As much like one as can be had without its checksum; it claims to be enormous.
                bytes[..8].copy_from_slice(MAGIC);
                bytes[8..12].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
            }
            fs::write(dir.path().join(snapshot_name(7)), &bytes).unwrap();
            match newest(&Folder::new(dir.path()), OURS, 9) {
                Ok(found) => prop_assert!(found.snapshot.is_none() && found.damaged.len() == 1),
                Err(error) => prop_assert!(error.to_string().contains("version"), "{}", error),
            }
        }

        #[test]
        fn any_flip_or_cut_is_noticed(
            state in prop::collection::vec(any::<u8>(), 0..300),
            at: prop::sample::Index,
            bit in 0..8_u8,
        ) {
            let dir = tempfile::tempdir().unwrap();
            let folder = Folder::new(dir.path());
            write(&folder, OURS, 7, &state).unwrap();
            let file = dir.path().join(snapshot_name(7));
            let good = fs::read(&file).unwrap();
            let at = at.index(good.len());
            let mut bad = good.clone();
            bad[at] ^= 1 << bit;
            for bytes in [&bad[..], &good[..at]] {
                fs::write(&file, bytes).unwrap();
                let read = newest(&folder, OURS, 9);
                prop_assert!(!matches!(read, Ok(Newest { snapshot: Some(_), .. })), "byte {}", at);
            }
            fs::write(&file, &good).unwrap();
            prop_assert_eq!(newest(&folder, OURS, 9).unwrap().snapshot.unwrap().state, state);
        }
    }
}
