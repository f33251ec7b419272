//! Tiers against a store of the test's own, which fails on request: after whatever happens, every row is there once, in
//! order, or is named as missing.

mod random;
mod server;

use super::*;
use crate::testing::{dictionary, records, trade};
use crate::{Full, Hole, Retry, TierEvent};
use model::Nanos;
use server::{GatheringStore, Mode, Shared, TestStore, UnsureStore};
use std::path::Path;

const PATIENCE: Duration = Duration::from_secs(20);

fn config(server: &Shared, policy: Policy, queue_rows: usize) -> TierConfig {
    let store = Box::new(UnsureStore(TestStore::new(server)));
    let retry = Retry { first: Duration::from_millis(1), max: Duration::from_millis(4) };
    TierConfig { policy, queue_rows, retry, ..TierConfig::new("test", store) }
}

fn start(server: &Shared, policy: Policy, queue_rows: usize) -> Tiers {
    Tiers::start(vec![config(server, policy, queue_rows)], &dictionary("run")).expect("it starts")
}

fn spill(folder: &Path, bytes_max: u64, then: Full) -> Policy {
    Policy::Spill { folder: folder.to_owned(), bytes_max, then }
}

/// Offers ticks of these numbers in batches of `batch`.
fn offer(tiers: &mut Tiers, numbers: std::ops::RangeInclusive<u64>, batch: u64) -> Result<(), TierStopped> {
    let numbers: Vec<u64> = numbers.collect();
    let chunks = numbers.chunks(batch as usize).map(|chunk| {
        let ticks: Vec<Event> = chunk.iter().map(|seq| trade(*seq, *seq as i64, 0)).collect();
        tiers.offer_ticks(&ticks)?;
        tiers.flush()
    });
    chunks.collect()
}

fn close(tiers: Tiers) -> TierReport {
    tiers.close(PATIENCE).pop().expect("there is one tier")
}

fn all(last: u64) -> Vec<u64> {
    (1..=last).collect()
}

#[test]
fn both_streams_are_stored_once_and_the_store_is_tidied_at_the_end() {
    let server = Shared::new(Mode::Up);
    let mut tiers = start(&server, Policy::Block, 64);
    offer(&mut tiers, 1..=1000, 7).expect("stored");
    for seq in 1..=50 {
        tiers.offer_results(seq, records(seq).into_iter()).expect("stored");
        tiers.offer_results(seq, records(seq).into_iter()).expect("left out: it was offered before");
    }
    let report = close(tiers);
    assert_eq!(server.ticks(), all(1000));
    let (results, tidied) = server.with(|server| (server.results.clone(), server.tidied));
    assert_eq!((results.len(), tidied), (50 * records(1).len(), 1));
    assert!(results.is_sorted());
    assert_eq!((report.stored, report.unsaved_rows), (Watermarks { ticks: 1000, results: 50 }, 0));
    assert_eq!((report.stored_rows, report.holes), (1000 + results.len() as u64, vec![]));
}

#[test]
fn a_store_that_fails_in_every_way_is_stored_to_once() {
    let server = Shared::new(Mode::Down);
    let mut tiers = start(&server, Policy::Block, 100_000);
    assert!(!tiers.held()[0].is_reached);
    offer(&mut tiers, 1..=100, 10).expect("queued");
    server.set(Mode::Unsure);
    for n in 1..20 {
        offer(&mut tiers, 100 * n + 1..=100 * (n + 1), 10).expect("queued");
        server.set([Mode::Unsure, Mode::Down, Mode::Up, Mode::Unsure][n as usize % 4]);
        std::thread::sleep(Duration::from_millis(2));
    }
    server.set(Mode::Up);
    let report = close(tiers);
    assert_eq!(server.ticks(), all(2000));
    assert_eq!((report.holes, report.unsaved_rows), (vec![], 0));
    assert!(report.outages > 0 && report.retries > 0);
}

#[test]
fn outages_are_said_once_each() {
    let server = Shared::new(Mode::Up);
    let mut tiers = start(&server, Policy::Block, 100_000);
    let mut said = Vec::new();
    for first in [1, 101] {
        server.set(Mode::Down);
        offer(&mut tiers, first..=first + 99, 10).expect("queued");
        std::thread::sleep(Duration::from_millis(30));
        server.set(Mode::Up);
        while tiers.lags()[0].rows > 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        said.extend(tiers.notices().into_iter().map(|notice| notice.event));
    }
    let [TierEvent::Down(_), TierEvent::Back(attempts), TierEvent::Down(_), TierEvent::Back(_)] = said[..]
    else {
        panic!("{said:?}");
    };
    assert!(attempts > 1, "it was tried again and again, quietly");
    close(tiers);
}

#[test]
fn a_full_tier_that_drops_shows_its_holes_and_never_claims_them() {
    let server = Shared::new(Mode::Down);
    let mut tiers = start(&server, Policy::Drop, 100);
    offer(&mut tiers, 1..=200, 10).expect("queued or dropped");
    let lag = &tiers.lags()[0];
    assert_eq!((lag.rows, lag.dropped_rows, lag.behind), (100, 100, Nanos(199)));
    assert_eq!(lag.oldest, Some((Stream::Ticks, 1)));
    server.set(Mode::Up);
    while tiers.lags()[0].rows > 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    offer(&mut tiers, 201..=250, 10).expect("queued");
    server.set(Mode::Up);
    let report = close(tiers);
    let hole = Hole { stream: Stream::Ticks, first_seq: 101, last_seq: 200 };
    assert_eq!((report.holes, report.dropped_rows, report.stored_rows), (vec![hole], 100, 150));
    assert_eq!(server.ticks(), (1..=100).chain(201..=250).collect::<Vec<_>>());
}

#[test]
fn a_spill_keeps_order_is_bounded_and_empties() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Shared::new(Mode::Down);
    let mut tiers = start(&server, spill(folder.path(), 1 << 20, Full::Drop), 100);
    offer(&mut tiers, 1..=10_000, 10).expect("spilled");
    let lag = &tiers.lags()[0];
    assert_eq!((lag.rows, lag.dropped_rows), (10_000, 0));
    assert!(lag.spill_bytes > 9_000 * 64 && lag.spill_bytes <= 1 << 20);
    server.set(Mode::Up);
    offer(&mut tiers, 10_001..=10_100, 10).expect("queued");
    let report = close(tiers);
    assert_eq!(server.ticks(), all(10_100));
    assert_eq!((report.spilled_rows, report.unsaved_rows, report.holes), (0, 0, vec![]));
    assert!(report.spill_bytes_max <= 1 << 20);
    let left = std::fs::read_dir(folder.path()).expect("listed").count();
    assert_eq!(left, 1, "only the lock is left");
}

#[test]
fn a_full_spill_drops_or_waits_as_configured() {
    for then in [Full::Drop, Full::Block] {
        let folder = tempfile::tempdir().expect("a folder");
        let server = Shared::new(Mode::Down);
        let mut tiers = start(&server, spill(folder.path(), 128 * 1024, then), 100);
        let up = server.clone();
        let (release, waiter) = (tiers.release(), then == Full::Block);
        let helper = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            up.set(Mode::Up);
            drop(release);
        });
        offer(&mut tiers, 1..=10_000, 10).expect("taken in the end, or dropped");
        helper.join().expect("it ends");
        let report = close(tiers);
        assert!(report.spill_bytes_max <= 128 * 1024 && report.spill_bytes_max > 64 * 1024);
        if waiter {
            assert_eq!((server.ticks(), report.dropped_rows), (all(10_000), 0));
            assert!(report.waits > 0);
        } else {
            let missing: u64 = report.holes.iter().map(|hole| hole.last_seq + 1 - hole.first_seq).sum();
            assert_eq!(missing, report.dropped_rows);
            assert_eq!(server.ticks().len() as u64 + missing, 10_000);
        }
    }
}

#[test]
fn a_killed_engine_goes_on_where_store_and_spill_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Shared::new(Mode::Up);
    let policy = spill(folder.path(), 1 << 20, Full::Block);
    let mut tiers = start(&server, policy.clone(), 100);
    offer(&mut tiers, 1..=500, 10).expect("stored");
    while tiers.lags()[0].rows > 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    server.set(Mode::Down);
    offer(&mut tiers, 501..=2_000, 10).expect("spilled");
    let copy = tempfile::tempdir().expect("a folder");
    for file in std::fs::read_dir(folder.path()).expect("listed").flatten() {
        std::fs::copy(file.path(), copy.path().join(file.file_name())).expect("copied");
    }
    drop(tiers);
    // What a kill leaves is the copy: memory is gone.
    let mut again = start(&server, spill(copy.path(), 1 << 20, Full::Block), 100);
    let from = again.resume_from().ticks;
    assert!((1_900..2_000).contains(&from), "{from}: all but what was in memory is in the spill");
    again.begin(Watermarks { ticks: from, results: 0 }, OpenOrders::default());
    offer(&mut again, 1..=2_500, 10).expect("what was held is left out");
    server.set(Mode::Up);
    let report = close(again);
    assert_eq!((server.ticks(), report.holes), (all(2_500), vec![]));
}

#[test]
fn what_is_not_stored_at_the_end_waits_in_the_spill_for_the_next_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Shared::new(Mode::Frozen);
    let policy = || spill(folder.path(), 1 << 20, Full::Block);
    server.set(Mode::Up);
    let mut tiers = start(&server, policy(), 10_000);
    server.set(Mode::Frozen);
    offer(&mut tiers, 1..=300, 10).expect("queued");
    let report = tiers.close(Duration::from_millis(20)).pop().expect("a tier");
    assert_eq!((report.unsaved_rows, report.spilled_rows), (300, 300));
    server.set(Mode::Up);
    let tiers = start(&server, policy(), 10_000);
    assert_eq!(tiers.resume_from().ticks, 300);
    let report = close(tiers);
    assert_eq!((server.ticks(), report.spilled_rows), (all(300), 0));
}

#[test]
fn a_store_that_lost_what_it_had_is_told_of_and_given_the_rest() {
    let server = Shared::new(Mode::Up);
    let mut tiers = start(&server, Policy::Block, 1000);
    offer(&mut tiers, 1..=100, 10).expect("stored");
    while tiers.lags()[0].rows > 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    server.set(Mode::Empty);
    offer(&mut tiers, 101..=200, 100).expect("queued");
    while tiers.lags()[0].rows > 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let hole = Hole { stream: Stream::Ticks, first_seq: 1, last_seq: 100 };
    assert!(tiers.notices().iter().any(|notice| notice.event == TierEvent::Lost(hole)));
    assert_eq!(close(tiers).holes, [hole]);
    assert_eq!(server.ticks(), (101..=200).collect::<Vec<_>>());
}

#[test]
fn a_refusal_at_the_start_is_an_error_and_later_stops_what_may_not_drop() {
    let server = Shared::new(Mode::Refuses);
    let error =
        Tiers::start(vec![config(&server, Policy::Block, 10)], &dictionary("run")).expect_err("refused");
    assert_eq!(error.to_string(), "storage tier test: test: wrong password");

    server.set(Mode::Up);
    let mut tiers = start(&server, Policy::Block, 10);
    server.set(Mode::Refuses);
    let stopped = offer(&mut tiers, 1..=1000, 10).expect_err("it stops");
    assert_eq!(stopped.why, "test: wrong password");
    let refusals = tiers.notices().into_iter().filter(|notice| matches!(notice.event, TierEvent::Refused(_)));
    assert_eq!(refusals.count(), 1, "it is said once");
    assert!(matches!(close(tiers).status, Status::Refused(_)));

    server.set(Mode::Up);
    let mut tiers = start(&server, Policy::Drop, 10);
    server.set(Mode::Refuses);
    offer(&mut tiers, 1..=1000, 10).expect("it drops");
    let report = close(tiers);
    assert_eq!(
        (report.dropped_rows, report.unsaved_rows, server.with(|server| server.ticks.len())),
        (1000, 0, 0)
    );
    assert_eq!(report.holes, [Hole { stream: Stream::Ticks, first_seq: 1, last_seq: 1000 }]);
}

#[test]
fn a_frozen_store_freezes_neither_a_release_nor_the_end() {
    let server = Shared::new(Mode::Up);
    let mut tiers = start(&server, Policy::Block, 100);
    server.set(Mode::Frozen);
    let release = tiers.release();
    let helper = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(30));
        release.release();
    });
    offer(&mut tiers, 1..=1000, 10).expect("let go of");
    helper.join().expect("it ends");
    let report = tiers.close(Duration::from_millis(10)).pop().expect("a tier");
    assert_eq!((report.unsaved_rows, report.dropped_rows, report.stored.ticks), (1000, 0, 0));
    server.set(Mode::Up);
}

#[test]
fn a_panic_in_a_store_is_a_refusal_and_no_hang() {
    let server = Shared::new(Mode::Up);
    let mut tiers = start(&server, Policy::Block, 10);
    server.set(Mode::Panics);
    let stopped = offer(&mut tiers, 1..=1000, 10).expect_err("it stops");
    assert!(stopped.why.contains("this is a bug"));
    close(tiers);
}

#[test]
fn a_run_that_begins_above_what_the_store_has_has_a_hole() {
    let server = Shared::new(Mode::Up);
    let mut tiers = start(&server, Policy::Block, 100);
    assert_eq!(tiers.resume_from(), Watermarks::default());
    tiers.begin(Watermarks { ticks: 40, results: 0 }, OpenOrders::default());
    offer(&mut tiers, 35..=60, 5).expect("stored");
    let report = close(tiers);
    assert_eq!(report.holes, [Hole { stream: Stream::Ticks, first_seq: 1, last_seq: 40 }]);
    assert_eq!(server.ticks(), (41..=60).collect::<Vec<_>>());
}

#[test]
fn a_spill_that_does_not_join_the_store_gives_way_to_what_is_offered_again() {
    for again in [true, false] {
        let folder = tempfile::tempdir().expect("a folder");
        let server = Shared::new(Mode::Down);
        let policy = || spill(folder.path(), 1 << 20, Full::Block);
        let above = |ticks| Watermarks { ticks, results: 0 };
        let mut tiers = start(&server, policy(), 1000);
        tiers.begin(above(100), OpenOrders::default());
        offer(&mut tiers, 101..=200, 10).expect("queued");
        let report = tiers.close(Duration::from_millis(5)).pop().expect("a tier");
        assert_eq!(report.spilled_rows, 100);

        server.set(Mode::Up);
        let mut tiers = start(&server, policy(), 1000);
        assert_eq!(tiers.resume_from().ticks, 0, "the store has nothing, and the spill begins at 101");
        let from = if again { 0 } else { 150 };
        tiers.begin(above(from), OpenOrders::default());
        offer(&mut tiers, from + 1..=300, 10).expect("stored");
        let report = close(tiers);
        let hole = Hole { stream: Stream::Ticks, first_seq: 1, last_seq: 100 };
        let (expected, holes) = if again { (all(300), vec![]) } else { ((101..=300).collect(), vec![hole]) };
        assert_eq!((server.ticks(), report.holes), (expected, holes));
    }
}

#[test]
fn a_store_that_gathers_is_flushed_at_the_end_and_claims_nothing_before() {
    let server = Shared::new(Mode::Up);
    let store = GatheringStore::new(&server);
    let gathering = TierConfig { store: Box::new(store), ..config(&server, Policy::Block, 1000) };
    let mut tiers = Tiers::start(vec![gathering], &dictionary("run")).expect("it starts");
    offer(&mut tiers, 1..=500, 10).expect("gathered");
    while tiers.lags()[0].rows > 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(server.ticks(), [0_u64; 0]);
    server.set(Mode::Down);
    let up = server.clone();
    let helper = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(30));
        up.set(Mode::Up);
    });
    let report = close(tiers);
    helper.join().expect("it ends");
    assert_eq!((server.ticks(), report.stored.ticks), (all(500), 500));

    server.set(Mode::Down);
    let store = GatheringStore::new(&server);
    let gathering = TierConfig { store: Box::new(store), ..config(&server, Policy::Block, 1000) };
    let mut tiers = Tiers::start(vec![gathering], &dictionary("next")).expect("it starts");
    offer(&mut tiers, 1..=5, 5).expect("queued");
    assert_eq!(tiers.close(Duration::from_millis(5))[0].stored, Watermarks::default());
}

#[test]
fn what_was_gathered_and_not_written_is_said() {
    let server = Shared::new(Mode::Up);
    let store = GatheringStore::new(&server);
    let gathering = TierConfig { store: Box::new(store), ..config(&server, Policy::Block, 1000) };
    let mut tiers = Tiers::start(vec![gathering], &dictionary("run")).expect("it starts");
    offer(&mut tiers, 1..=500, 10).expect("gathered");
    while tiers.lags()[0].rows > 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    server.set(Mode::Down);
    let report = tiers.close(Duration::from_millis(20)).pop().expect("a tier");
    assert_eq!((report.unwritten_rows, report.unsaved_rows, server.ticks()), (500, 0, Vec::new()));
    let said = report.arrears().expect("it is not stored");
    assert!(said.contains("500 rows were gathered and not written"), "{said}");
}
