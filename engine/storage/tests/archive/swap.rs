//! Compaction under the eyes of readers: those of ours, and those that only list `*.parquet`.

use super::support::{Dice, dictionary, expected, feed, held, small};
use catalog::PartName;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use storage::Store;
use storage::archive::{Archive, Compacted, Place};

const END: u64 = 3_000;

/// The rows of one folder as a plain listing shows them.
fn listed(folder: &Path) -> u64 {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    let parquet = names.iter().filter(|name| name.ends_with(".parquet") && !name.starts_with('.'));
    parquet.map(|name| PartName::parse(name).unwrap().rows).sum()
}

#[test]
fn whoever_lists_a_partition_sees_every_row_once() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("catalog");
    let config = storage::archive::ArchiveConfig { flush_rows: 100, compact_files: 1_000, ..small() };
    let mut store = Archive::new(Place::Folder(root.clone()), config);
    let marks = store.open(&dictionary("live")).unwrap();
    feed(&mut store, marks, END, &mut Dice(9)).unwrap();
    store.flush().unwrap();
    let days: Vec<_> = ["trades", "quotes", "bars"]
        .iter()
        .flat_map(|table| super::support::SYMBOLS.map(|symbol| (*table, catalog::encode_symbol(symbol))))
        .flat_map(|(table, symbol)| {
            std::fs::read_dir(root.join(table).join(format!("symbol={symbol}"))).unwrap()
        })
        .map(|entry| entry.unwrap().path())
        .map(|path| (listed(&path), path))
        .collect();
    let is_over = Arc::new(AtomicBool::new(false));
    let watcher = std::thread::spawn({
        let is_over = Arc::clone(&is_over);
        move || {
            let mut looks = 0;
            while !is_over.load(Ordering::SeqCst) {
                for (rows, path) in &days {
                    assert_eq!(listed(path), *rows, "{}", path.display());
                }
                looks += 1;
            }
            looks
        }
    });
    let Ok(Compacted::Done { files }) = store.compact_all() else { panic!("it can be done here") };
    is_over.store(true, Ordering::SeqCst);
    assert!(watcher.join().unwrap() > 0 && files > 20, "{files}");
    let place = Place::Folder(root);
    assert_eq!(held(&place), expected(END));
}

#[test]
fn two_compactors_and_a_writer_at_once_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::Folder(folder.path().join("catalog"));
    let mut store = Archive::new(place.clone(), small());
    let marks = store.open(&dictionary("live")).unwrap();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let compactor = Archive::new(place.clone(), small());
                while !is_over.load(Ordering::SeqCst) {
                    compactor.compact_all().unwrap();
                }
            });
        }
        feed(&mut store, marks, END, &mut Dice(13)).unwrap();
        store.flush().unwrap();
        is_over.store(true, Ordering::SeqCst);
    });
    super::support::check(&place, END);
}

#[test]
fn files_of_others_stay_where_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("catalog");
    let mut store = Archive::new(Place::Folder(root.clone()), small());
    let marks = store.open(&dictionary("live")).unwrap();
    feed(&mut store, marks, 1_000, &mut Dice(2)).unwrap();
    store.flush().unwrap();
    let day = std::fs::read_dir(root.join("bars/symbol=XAUUSD")).unwrap().next().unwrap().unwrap().path();
    std::fs::write(day.join("part-0.parquet"), "another's").unwrap();
    std::fs::write(day.join(".hidden"), "too").unwrap();
    store.compact_all().unwrap();
    assert_eq!(std::fs::read_to_string(day.join("part-0.parquet")).unwrap(), "another's");
    assert_eq!(std::fs::read_to_string(day.join(".hidden")).unwrap(), "too");
    assert!(!root.join("_archive/compacting").exists());
}
