//! What goes in comes out, once, whatever the batches, and whoever continues.

use super::support::{Dice, bar_batch, check, dictionary, feed, names, small, tick, tick_batch};
use model::{Event, Kind, Nanos};
use object_store::memory::InMemory;
use objects::Bucket;
use std::sync::Arc;
use storage::archive::{Archive, ArchiveConfig, Compacted, Place, archive_sources};
use storage::query::{Source, Span, TickKind};
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
        let mut source = archive_sources(place).unwrap().remove(0);
        assert_eq!(source.symbols().unwrap().len(), 3);
        let all: Vec<Event> = (1..=END).filter_map(tick).collect();
        let (first, last) = (all[0].ts, all[all.len() - 1].ts);
        assert_eq!(source.spans("EUR/USD", TickKind::Trades).unwrap(), [Span { from: first, to: last }]);
        assert_eq!(source.spans("NONE", TickKind::Trades).unwrap(), []);
        for (from, to) in [(first, last), (all[700].ts, all[3_000].ts), (Nanos(0), Nanos::MAX), (last, first)]
        {
            let Some(span) = Span::new(from, to) else { continue };
            let mut ticks = source.ticks("EUR/USD", TickKind::Trades, span).unwrap();
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

/// Two runs over the same time: each is read alone, the one that ends later first.
#[test]
fn runs_over_the_same_time_are_read_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    for place in &places(&folder) {
        for (run, last) in [("first", 900), ("second", 1_000), ("third", 500)] {
            let mut store = Archive::new(place.clone(), ArchiveConfig::default());
            store.open(&dictionary(run)).unwrap();
            store.write(&tick_batch(1, last)).unwrap();
            store.flush().unwrap();
            store.compact_all().unwrap();
        }
        let mut sources = archive_sources(place).unwrap();
        assert!(sources[0].name().ends_with("(run second)") && sources[2].name().ends_with("(run third)"));
        let all: Vec<Event> = (1..=1_000).filter_map(tick).collect();
        for (source, last) in sources.iter_mut().zip([1_000, 900, 500]) {
            let span = source.spans("EUR/USD", TickKind::Trades).unwrap()[0];
            let mut found = Vec::new();
            let mut ticks = source.ticks("EUR/USD", TickKind::Trades, span).unwrap();
            let mut before = usize::MAX;
            while std::mem::replace(&mut before, found.len()) != found.len() {
                ticks.read(&mut found).unwrap();
            }
            let is_wanted = |event: &&Event| {
                event.kind == Kind::TRADE
                    && event.symbol.index() == 1
                    && event.seq <= last
                    && event.ts < span.to
            };
            assert_eq!(found.len(), all.iter().filter(is_wanted).count());
        }
    }
}

/// What was left out is in no span, and neither are the instants beside it.
#[test]
fn what_was_left_out_is_in_no_span() {
    let folder = tempfile::tempdir().unwrap();
    for place in &places(&folder) {
        let mut store = Archive::new(place.clone(), ArchiveConfig::default());
        store.open(&dictionary("live")).unwrap();
        let (first, second) = (tick_batch(11, 400), tick_batch(601, 1_000));
        let times = |batch: &storage::Batch| match &batch.rows {
            storage::Rows::Ticks(ticks) => (ticks[0].ts, ticks[ticks.len() - 1].ts),
            storage::Rows::Results(_) => unreachable!("ticks were asked for"),
        };
        store.write(&first).unwrap();
        store.write(&second).unwrap();
        store.flush().unwrap();
        let after = |ts: Nanos| Nanos(ts.0 + 1);
        let ((a, b), (c, d)) = (times(&first), times(&second));
        let expected = [Span { from: after(a), to: b }, Span { from: after(c), to: d }];
        let spans = |place| archive_sources(place).unwrap()[0].spans("EUR/USD", TickKind::Trades).unwrap();
        assert_eq!(spans(place), expected);
        // A process that begins anew knows it, too.
        let mut store = Archive::new(place.clone(), ArchiveConfig::default());
        store.open(&dictionary("live")).unwrap();
        store.write(&tick_batch(1_001, 1_100)).unwrap();
        store.flush().unwrap();
        assert_eq!(spans(place)[0], expected[0]);
        assert_eq!(spans(place).len(), 2);
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
