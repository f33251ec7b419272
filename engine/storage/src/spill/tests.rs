//! What is put comes out in order, after crashes too; what is not whole does not; the folder is bounded.

use super::*;
use crate::Rows;
use crate::testing::trade;
use proptest::prelude::*;

fn batch(first: u64, rows: u64) -> Batch {
    let ticks = (first..first + rows).map(|seq| trade(seq, seq as i64, 0)).collect();
    Batch { first_seq: first, last_seq: first + rows - 1, rows: Rows::Ticks(ticks) }
}

fn open(folder: &Path) -> Spill {
    Spill::open(folder, "run", 1 << 20).expect("it opens")
}

/// The first numbers of all batches, taking them out.
fn drain(spill: &mut Spill) -> Vec<u64> {
    std::iter::from_fn(|| match spill.next() {
        Next::Batch(batch) => {
            spill.remove_given();
            Some(batch.first_seq)
        }
        Next::Nothing => None,
        Next::Damaged { rows } => panic!("{rows} rows are damaged"),
    })
    .collect()
}

fn folder_bytes(folder: &Path) -> u64 {
    fs::read_dir(folder)
        .expect("it is there")
        .flatten()
        .map(|file| file.metadata().expect("a file").len())
        .sum()
}

#[test]
fn batches_come_out_in_order_and_survive_the_process() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut spill = open(folder.path());
    for first in [1, 101, 201] {
        assert!(matches!(spill.put(&batch(first, 100)), Put::Taken));
    }
    assert!(matches!(spill.next(), Next::Batch(found) if found == batch(1, 100)));
    spill.remove_given();
    assert_eq!((spill.rows(), spill.through().ticks), (200, 300));
    drop(spill);
    let mut again = open(folder.path());
    assert_eq!((again.rows(), again.through().ticks), (300, 300), "what was read is not remembered");
    assert!(matches!(again.put(&batch(301, 1)), Put::Taken));
    assert_eq!(drain(&mut again), [1, 101, 201, 301]);
    assert_eq!((again.bytes(), again.is_empty()), (0, true));
    assert_eq!(again.files().expect("listed"), [], "what was stored is gone");
}

#[test]
fn a_full_spill_takes_nothing_and_stays_within_its_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut spill = open(folder.path());
    let mut taken = 0;
    while matches!(spill.put(&batch(1 + 100 * taken, 100)), Put::Taken) {
        taken += 1;
    }
    assert!((150..=163).contains(&taken), "{taken} batches of 6.4 KB fill a mebibyte");
    assert!(matches!(spill.put(&batch(1 + 100 * taken, 100)), Put::Full));
    assert!(folder_bytes(folder.path()) <= 1 << 20);
    for _ in 0..40 {
        assert!(matches!(spill.next(), Next::Batch(_)));
        spill.remove_given();
    }
    assert!(matches!(spill.put(&batch(1 + 100 * taken, 100)), Put::Taken), "there is room again");
    assert_eq!(drain(&mut spill).len() as u64, taken + 1 - 40);
}

#[test]
fn what_cannot_be_used_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut spill = open(folder.path());
    assert!(matches!(spill.put(&batch(1, 1)), Put::Taken));
    let said = |run: &str| Spill::open(folder.path(), run, 1 << 20).expect_err("refused").to_string();
    assert!(said("run").contains("in use by another process"));
    drop(spill);
    assert!(said("other").contains("holds rows of run run"));
    let file = folder.path().join("00000000000000000000.spill");
    let mut bytes = fs::read(&file).expect("read");
    bytes[8] = 2;
    fs::write(&file, bytes).expect("written");
    assert!(said("run").contains("format version 2, newer than this program knows"));
}

#[test]
fn rows_that_the_disk_changed_are_counted_and_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut spill = open(folder.path());
    for first in [1, 101] {
        assert!(matches!(spill.put(&batch(first, 100)), Put::Taken));
    }
    let file = folder.path().join("00000000000000000000.spill");
    let mut bytes = fs::read(&file).expect("read");
    let at = bytes.len() - 10;
    bytes[at] ^= 1;
    fs::write(&file, bytes).expect("written");
    assert!(matches!(spill.next(), Next::Batch(_)));
    spill.remove_given();
    assert!(matches!(spill.next(), Next::Damaged { rows: 100 }));
    assert!(matches!(spill.next(), Next::Nothing));
    assert!(matches!(spill.put(&batch(201, 100)), Put::Taken));
    assert_eq!(drain(&mut spill), [201]);
}

proptest! {
    /// Whatever one byte becomes, or wherever the files end: a prefix of what was put comes out, and never anything
    /// else.
    #[test]
    fn a_torn_or_changed_spill_gives_a_prefix(cut in any::<bool>(), at in 0.0..1.0_f64, flip in 1..=255_u8) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut spill = Spill::open(folder.path(), "run", 8 * 64 * 1024).expect("it opens");
        let put: Vec<u64> = (0..40).map(|n| 1 + 50 * n).collect();
        for first in &put {
            prop_assert!(matches!(spill.put(&batch(*first, 50)), Put::Taken));
        }
        let files = spill.files().expect("listed");
        drop(spill);
        let (_, file) = &files[(at * files.len() as f64) as usize];
        let mut bytes = fs::read(file).expect("read");
        let place = (at * 7919.0).fract() * bytes.len() as f64;
        // The header says whose it is: a flip there is refused, or makes the file no spill at all.
        let place = (place as usize).max(19);
        if cut { bytes.truncate(place) } else { bytes[place] ^= flip }
        fs::write(file, bytes).expect("written");
        let mut again = Spill::open(folder.path(), "run", 8 * 64 * 1024).expect("it opens");
        let through = again.through().ticks;
        let found = drain(&mut again);
        prop_assert_eq!(&found[..], &put[..found.len()]);
        prop_assert!(found.len() < put.len());
        prop_assert_eq!(through, 50 * found.len() as u64);
    }
}
