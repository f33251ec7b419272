//! A process that is killed at any moment, while it writes and while it puts files together, and started again.

use super::support::{Dice, check, dictionary, feed, held, small};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use storage::Store;
use storage::archive::{Archive, Place};

const END: u64 = 40_000;

/// The variable that makes this test program the child.
const PLACE: &str = "GRANDMODEL_TEST_ARCHIVE_CHILD";

/// Starts a child that archives up to `end` and then puts all files together.
fn child(place: &str, end: u64, seed: u64) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "kill::the_child", "--nocapture"]);
    command.env(PLACE, place).env("GRANDMODEL_TEST_ARCHIVE_SEED", seed.to_string());
    command.env("GRANDMODEL_TEST_ARCHIVE_END", end.to_string());
    command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap()
}

/// Does nothing unless it is started by [`child`].
#[test]
fn the_child() {
    let Ok(place) = std::env::var(PLACE) else { return };
    let number = |name: &str| std::env::var(name).unwrap().parse().unwrap();
    let (seed, end) = (number("GRANDMODEL_TEST_ARCHIVE_SEED"), number("GRANDMODEL_TEST_ARCHIVE_END"));
    let place = Place::parse(Path::new(&place), &objects::S3Config::default()).unwrap();
    let mut store = Archive::new(place, small());
    let marks = store.open(&dictionary("live")).unwrap();
    let mut dice = Dice(seed);
    feed(&mut store, marks, end, &mut dice).unwrap();
    store.flush().unwrap();
    store.compact_all().unwrap();
}

/// Kills children after random spans until one has come to its end; gives how many were killed.
pub fn kill_until_done(place: &str, end: u64, millis_max: u64, mut between: impl FnMut()) -> usize {
    let seed = 1;
    let mut dice = Dice(seed);
    for round in 0.. {
        let mut child = child(place, end, seed + round as u64);
        std::thread::sleep(Duration::from_millis(5 + dice.below(millis_max) + round as u64 * 2));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "the child said why");
            return round;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        between();
    }
    unreachable!("some child comes to its end")
}

#[test]
fn a_killed_process_loses_nothing_that_it_said_was_stored() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("catalog");
    let place = Place::Folder(root.clone());
    let mut stored = 0;
    let killed = kill_until_done(root.to_str().unwrap(), END, 150, || {
        let Ok(manifest) = std::fs::read_to_string(root.join("_archive/runs/live.json")) else { return };
        let value: serde_json::Value = serde_json::from_str(&manifest).unwrap();
        let now = value["ticks"].as_u64().unwrap();
        assert!(now >= stored, "a watermark never goes back");
        stored = now;
        let first = super::support::tick(1).unwrap();
        let mut rows = 0;
        for (_, found) in held(&place) {
            let mut found: Vec<_> = found.iter().map(|row| (row.1, row.2)).collect();
            let length = found.len();
            found.sort_unstable();
            found.dedup();
            assert_eq!(found.len(), length, "no row is there twice");
            let minute = 60_000_000_000;
            rows += found.iter().filter(|row| (row.0 - first.ts.0) / minute < now as i64).count();
        }
        let expected = (1..=now).filter(|seq| super::support::tick(*seq).is_some()).count();
        assert_eq!(rows, expected, "all that is said to be stored is there");
    });
    assert!(killed > 3, "{killed} were killed");
    check(&place, END);
}
