//! What is no journal of ours is refused in one sentence, and nothing is changed.

use crate::support::{OURS, SMALL};
use journal::{Folder, JournalError, claim_session, open, verify};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap_or_default()))
        .collect()
}

#[track_caller]
fn check_refused(dir: &Path, parts: &[&str]) {
    let before = files(dir);
    let folder = Folder::new(dir);
    let opened = open(&folder, OURS, &SMALL).map(|_| ()).unwrap_err();
    let claimed = claim_session(&folder, OURS).map(|_| ()).unwrap_err();
    assert_eq!(opened.to_string(), claimed.to_string());
    let sentence = opened.to_string();
    assert!(!sentence.contains('\n'), "{sentence:?} is one sentence");
    for part in parts {
        assert!(sentence.contains(part), "{part:?} is not in {sentence:?}");
    }
    assert_eq!(files(dir), before, "nothing is changed");
}

#[test]
fn folders_that_are_no_journal() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("thesis.txt"), "chapter 1").unwrap();
    check_refused(
        dir.path(),
        &["holds thesis.txt and no session file", "give a folder that is a journal's, or empty"],
    );
    fs::write(dir.path().join("session"), "chapter 1, in which").unwrap();
    check_refused(dir.path(), &["session is no session file of a journal"]);

    let file = tempfile::NamedTempFile::new().unwrap();
    let folder = Folder::new(file.path());
    let sentence = open(&folder, OURS, &SMALL).map(|_| ()).unwrap_err().to_string();
    assert!(sentence.contains("Not a directory"), "{sentence}");
    let sentence = verify(&folder).unwrap_err().to_string();
    assert!(sentence.contains("Not a directory"), "{sentence}");
    let empty = tempfile::tempdir().unwrap();
    assert!(verify(&Folder::new(empty.path())).unwrap_err().to_string().contains("holds no journal"));
}

#[test]
fn folders_in_which_something_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let (writer, _) = open(&Folder::new(dir.path()), OURS, &SMALL).unwrap();
    writer.close().unwrap();
    let segment = dir.path().join("segment-00000000000000000001.log");
    let good = fs::read(&segment).unwrap();
    let session = fs::read(dir.path().join("session")).unwrap();

    let mut newer = good.clone();
    newer[8] = 9;
    fs::write(&segment, newer).unwrap();
    check_refused(dir.path(), &["segment-00000000000000000001.log has format version 9", "version 1"]);

    fs::remove_file(&segment).unwrap();
    fs::create_dir(&segment).unwrap();
    check_refused(dir.path(), &["cannot open", "segment-00000000000000000001.log", "not a regular file"]);
    fs::remove_dir(&segment).unwrap();
    fs::write(&segment, &good).unwrap();

    // A session number that goes back would bring client order ids back.
    let (writer, _) = open(&Folder::new(dir.path()), OURS, &SMALL).unwrap();
    writer.close().unwrap();
    fs::write(dir.path().join("session"), session).unwrap();
    check_refused(
        dir.path(),
        &["session is damaged at byte 0: it says session 1, and the segments tell of session 2"],
    );
    fs::remove_file(dir.path().join("session")).unwrap();
    check_refused(dir.path(), &["and no session file of a journal"]);
}

#[test]
fn a_second_writer_is_refused_and_told_who_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path());
    let (writer, _) = open(&folder, OURS, &SMALL).unwrap();
    let owner = format!("LOCK is held by process {} since 20", std::process::id());
    check_refused(dir.path(), &[&owner, "stop it, or give this run a journal folder of its own"]);
    assert!(matches!(open(&folder, OURS, &SMALL), Err(JournalError::Locked { .. })));
    assert!(verify(&folder).unwrap().writer.unwrap().starts_with("process "));
    drop(writer);
    // The lock goes with its owner; what is written in the file only names it.
    let (writer, recovered) = open(&folder, OURS, &SMALL).unwrap();
    assert_eq!(recovered.session.session, 2);
    drop(writer);
    fs::write(dir.path().join("LOCK"), "process 999999999 since 2020-01-01T00:00:00Z\n").unwrap();
    assert_eq!(verify(&folder).unwrap().writer, None);
    open(&folder, OURS, &SMALL).unwrap();
}
