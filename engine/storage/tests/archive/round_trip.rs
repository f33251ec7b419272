//! What goes in comes out, once, whatever the batches, and whoever continues.

use super::support::{Dice, bar_batch, check, dictionary, feed, names, small, tick, tick_batch};
use catalog::TickKind;
use model::{Event, Kind, Nanos};
use object_store::memory::InMemory;
use objects::Bucket;
use std::sync::Arc;
use storage::archive::{Archive, ArchiveConfig, ArchiveSource, Compacted, Place};
use storage::{Store, StoreError, Watermarks};

const END: u64 = 6_000;

fn places(of: &tempfile::TempDir) -> [Place; 2] {
    let bucket = Bucket::of("memory", Arc::new(InMemory::new()));
    [Place::Folder(of.path().join("catalog")), Place::bucket(bucket, "some/prefix")]
}

#[test]
fn rows_are_there_once_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    for (index, place) in places(&folder).iter().enumerate() {
        let mut store = Archive::new(place.clone(), small());
        let marks = store.open(&dictionary("live")).unwrap();
        assert_eq!(marks, Watermarks::default());
        feed(&mut store, marks, END, &mut Dice(7 + index as u64)).unwrap();
        store.flush().unwrap();
        assert_eq!(store.stored(), Some(Watermarks { ticks: END, results: END }));
        check(place, END);
        let before = names(place).len();
        assert!(matches!(store.compact_all(), Ok(Compacted::Done { files }) if files > 0));
        assert!(names(place).len() < before);
        check(place, END);
        assert_eq!(store.compact_all(), Ok(Compacted::Done { files: 0 }), "there is nothing left to do");
        // Batches that are offered again change nothing.
        let now = names(place);
        store.write(&tick_batch(1, END)).unwrap();
        store.write(&bar_batch(END - 50, END)).unwrap();
        store.flush().unwrap();
        assert_eq!(names(place), now);
    }
}

#[test]
fn a_process_that_ends_unflushed_leaves_a_watermark_that_the_next_goes_on_from() {
    let folder = tempfile::tempdir().unwrap();
    for place in &places(&folder) {
        let mut dice = Dice(3);
        let mut end = 0;
        while end < END {
            let mut store = Archive::new(place.clone(), small());
            let marks = store.open(&dictionary("live")).unwrap();
            assert!(marks.ticks <= end && marks.results <= end);
            end = (end + dice.below(900)).min(END);
            feed(&mut store, marks, end, &mut dice).unwrap();
            assert!(store.stored().unwrap().ticks <= end);
        }
        let mut store = Archive::new(place.clone(), small());
        let marks = store.open(&dictionary("live")).unwrap();
        feed(&mut store, marks, END, &mut dice).unwrap();
        store.flush().unwrap();
        check(place, END);
    }
}

#[test]
fn runs_stand_beside_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let [place, _] = places(&folder);
    for (run, first, last) in [("a", 1, 500), ("a.b", 501, 900), ("a", 901, 1_000)] {
        let mut store = Archive::new(place.clone(), ArchiveConfig::default());
        store.open(&dictionary(run)).unwrap();
        store.write(&tick_batch(first, last)).unwrap();
        store.write(&bar_batch(first, last)).unwrap();
        store.flush().unwrap();
        store.compact_all().unwrap();
    }
    check(&place, 1_000);
}

#[test]
fn a_span_is_read_back_in_engine_time() {
    let folder = tempfile::tempdir().unwrap();
    for place in &places(&folder) {
        let mut store = Archive::new(place.clone(), small());
        let marks = store.open(&dictionary("live")).unwrap();
        feed(&mut store, marks, END, &mut Dice(11)).unwrap();
        store.flush().unwrap();
        let source = ArchiveSource::new(place.clone());
        let all: Vec<Event> = (1..=END).filter_map(tick).collect();
        let (first, last) = (all[0].ts, all[all.len() - 1].ts);
        assert_eq!(source.spans("EUR/USD", TickKind::Trades).unwrap(), [(first, last)]);
        assert_eq!(source.spans("NONE", TickKind::Trades).unwrap(), []);
        for (from, to) in [(first, last), (all[700].ts, all[3_000].ts), (Nanos(0), Nanos::MAX), (last, first)]
        {
            let mut ticks = source.ticks("EUR/USD", TickKind::Trades, from, to).unwrap();
            let (mut found, mut before) = (Vec::new(), usize::MAX);
            while std::mem::replace(&mut before, found.len()) != found.len() {
                ticks.read(&mut found).unwrap();
            }
            let is_wanted = |event: &&Event| {
                event.kind == Kind::TRADE && event.symbol.index() == 1 && from <= event.ts && event.ts < to
            };
            let expected: Vec<_> =
                all.iter().filter(is_wanted).map(|event| (event.ts, event.words)).collect();
            assert_eq!(found.iter().map(|event| (event.ts, event.words)).collect::<Vec<_>>(), expected);
        }
    }
}

fn refused(place: &Place, run: &str, part: &str) {
    let before =
        if matches!(place, Place::Folder(root) if !root.exists()) { Vec::new() } else { names(place) };
    let error = Archive::new(place.clone(), small()).open(&dictionary(run)).unwrap_err();
    assert!(matches!(error, StoreError::Refused { .. }), "{error}");
    assert!(error.to_string().contains(part), "{error} has {part:?}");
    assert_eq!(before, names(place), "nothing is changed");
}

#[test]
fn what_is_not_ours_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for place in &places(&folder) {
        let mut store = Archive::new(place.clone(), small());
        store.open(&dictionary("live")).unwrap();
        store.write(&tick_batch(1, 100)).unwrap();
        store.flush().unwrap();
        let write = |text: &str| match place {
            Place::Folder(root) => std::fs::write(root.join("_archive/runs/live.json"), text).unwrap(),
            Place::Bucket { bucket, prefix } => {
                let key = format!("{prefix}_archive/runs/live.json");
                bucket.put(&key, text.to_owned(), objects::Put::Over).map(|_| ()).unwrap();
            }
        };
        write("{\"schema_version\": 9}");
        refused(place, "live", "schema_version 9");
        write("nonsense");
        refused(place, "live", "is no manifest");
    }
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = Archive::new(Place::Folder(file), small()).open(&dictionary("x")).unwrap_err();
    assert!(matches!(error, StoreError::Refused { .. }), "{error}");
}
