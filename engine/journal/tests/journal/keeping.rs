//! Retention and compaction on good and damaged folders. That they may be stopped anywhere is tried in `crash`.

use crate::support::events::Stream;
use crate::support::{OURS, SMALL, read, read_from};
use journal::{Folder, JournalError, compact, open, retain, snapshots, verify};
use std::fs;
use std::path::Path;

fn segments(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name.starts_with("segment-0")).collect();
    names.sort();
    names
}

/// A journal of some segments, and the first input of each.
fn journal(dir: &Path) -> Vec<u64> {
    let (mut writer, _) = open(&Folder::new(dir), OURS, &SMALL).unwrap();
    for part in Stream::new(2, 1).take(3000).chunks(50) {
        writer.append(part).unwrap();
        writer.write().unwrap();
    }
    writer.close().unwrap();
    segments(dir).iter().map(|name| name[8..28].parse().unwrap()).collect()
}

#[test]
fn segments_go_when_enough_good_snapshots_are_behind_them() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path());
    let firsts = journal(dir.path());
    assert!(firsts.len() > 5, "{firsts:?}");
    let names = segments(dir.path());
    let events = read(&folder).unwrap();

    // Without snapshots, and with too few, nothing goes.
    assert_eq!(retain(&folder, 1).unwrap(), journal::Retained::default());
    snapshots::write(&folder, OURS, firsts[2] - 1, b"a").unwrap();
    let retained = retain(&folder, 2).unwrap();
    assert_eq!((retained.kept, retained.segments_removed), (vec![firsts[2] - 1], 0));

    // The segment that holds an input after the oldest kept one stays, even if it holds one before, too.
    snapshots::write(&folder, OURS, firsts[4] - 2, b"b").unwrap();
    snapshots::write(&folder, OURS, firsts[4], b"c").unwrap();
    let retained = retain(&folder, 3).unwrap();
    assert_eq!((retained.kept.len(), retained.snapshots_removed, retained.segments_removed), (3, 0, 2));
    assert_eq!(segments(dir.path()), names[2..]);

    // A damaged one does not count, and stays to be seen if it is newer.
    fs::write(dir.path().join(format!("snapshot-{:020}.bin", firsts[4] + 1)), "junk").unwrap();
    let retained = retain(&folder, 2).unwrap();
    assert_eq!((retained.kept, retained.damaged.len()), (vec![firsts[4], firsts[4] - 2], 1));
    assert_eq!((retained.snapshots_removed, retained.segments_removed), (1, 1));
    assert_eq!(segments(dir.path()), names[3..]);
    assert_eq!(retain(&folder, 2).unwrap().segments_removed, 0);

    // What is left is a journal that begins later.
    let (writer, recovered) = open(&folder, OURS, &SMALL).unwrap();
    assert_eq!((recovered.first_seq, recovered.index), (firsts[3], events.len() as u64));
    drop(writer);
    let error = read_from(&folder, firsts[3] - 1).unwrap_err();
    assert_eq!(
        error,
        JournalError::Missing { path: dir.path().to_owned(), wanted: firsts[3] - 1, first: firsts[3] }
    );
    let (index, found) = read_from(&folder, firsts[3]).unwrap();
    assert_eq!(found, events[index.unwrap() as usize..]);
}

#[test]
fn the_last_segment_stays_whatever_a_snapshot_says() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path());
    let firsts = journal(dir.path());
    snapshots::write(&folder, OURS, u64::MAX, b"state").unwrap();
    assert_eq!(retain(&folder, 1).unwrap().segments_removed, firsts.len() - 1);
    let last = segments(dir.path());
    assert_eq!(last.len(), 1);
    compact(&folder).unwrap();
    assert_eq!(segments(dir.path()), last);
}

#[test]
fn packed_segments_are_smaller_and_read_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path());
    let firsts = journal(dir.path());
    let events = read(&folder).unwrap();
    let compacted = compact(&folder).unwrap();
    assert_eq!(compacted.segments, firsts.len() - 1);
    assert!(compacted.bytes_after < compacted.bytes_before, "{compacted:?}");
    assert_eq!(compact(&folder).unwrap(), journal::Compacted::default());
    assert_eq!(read(&folder).unwrap(), events);
    let report = verify(&folder).unwrap();
    assert!(!report.is_damaged() && report.was_closed);
    assert_eq!(report.segments.iter().filter(|segment| segment.is_packed).count(), firsts.len() - 1);
    assert_eq!(report.segments.iter().map(|segment| segment.events).sum::<u64>(), events.len() as u64);

    let (mut writer, recovered) = open(&folder, OURS, &SMALL).unwrap();
    let more = Stream::new(8, recovered.next_seq).take(1000);
    writer.append(&more).unwrap();
    writer.close().unwrap();
    assert_eq!(read(&folder).unwrap(), [events, more].concat());
}

#[test]
fn a_damaged_segment_is_not_packed() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path());
    journal(dir.path());
    let names = segments(dir.path());
    let file = dir.path().join(&names[1]);
    let mut bytes = fs::read(&file).unwrap();
    bytes[5000] ^= 1;
    fs::write(&file, bytes).unwrap();
    let error = compact(&folder).unwrap_err().to_string();
    assert!(error.contains(&names[1]) && error.contains("is damaged at byte 4"), "{error}");
    assert_eq!(segments(dir.path())[1], names[1]);
}
