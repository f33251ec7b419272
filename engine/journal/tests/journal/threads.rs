//! The thread: nothing is lost between the engine's end and the disk, whatever the pace, and a failure is heard.

use crate::support::disk::{Fault, SimulatedDisk};
use crate::support::events::Stream;
use crate::support::{OURS, SMALL, longer, read};
use journal::{
    Appender, Durability, Folder, Follower, Health, JournalError, Options, Threading, open, start,
};
use model::Event;
use ring::Wait;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const ASYNC: Durability = Durability::Async { window: Duration::from_millis(4) };

fn threading(ring_slots: usize) -> Threading {
    Threading { ring_slots, ..Threading::default() }
}

#[test]
fn everything_arrives_in_order_at_every_durability() {
    for durability in [Durability::Strict, ASYNC] {
        for (slots, batch) in [(1 << 12, 100), (16, 1), (64, 500)] {
            let dir = tempfile::tempdir().unwrap();
            let folder = Folder::new(dir.path());
            let (writer, _) = open(&folder, OURS, &SMALL).unwrap();
            let (mut appender, thread) = start(writer, durability, &threading(slots)).unwrap();
            let events = Stream::new(1, 1).take(5_000);
            for part in events.chunks(batch) {
                appender.append(part).unwrap();
            }
            assert_eq!(appender.appended(), 5_000);
            appender.wait_durable(4_000).unwrap();
            assert!(appender.durable() >= 4_000 && appender.written() >= appender.durable());
            assert_eq!((appender.health(), appender.failed()), (Health::Good, None));
            drop(appender);
            let closed = thread.close().unwrap();
            assert_eq!(
                (closed.index, closed.next_seq),
                (5_000, 1 + events.iter().filter(|e| e.kind.is_input()).count() as u64)
            );
            assert_eq!(read(&folder).unwrap(), events);
            let (_, recovered) = open(&folder, OURS, &SMALL).unwrap();
            assert!(recovered.was_closed);
        }
    }
}

#[test]
fn what_is_awaited_survives_a_power_cut() {
    for wait in [Wait::Spin, Wait::Yield, Wait::Block] {
        let disk = SimulatedDisk::new();
        let folder = Folder::on(Arc::new(disk.clone()), "/j");
        let (writer, _) = open(&folder, OURS, &SMALL).unwrap();
        let (mut appender, thread) =
            start(writer, Durability::Strict, &Threading { wait, ..Threading::default() }).unwrap();
        let mut stream = Stream::new(1, 1);
        let mut events = Vec::new();
        for round in 0..50 {
            let part = stream.take(1 + round % 7);
            appender.append(&part).unwrap();
            events.extend(part);
            appender.wait_durable(appender.appended()).unwrap();
            let mut random = crate::support::random::Random(round as u64);
            let left = Folder::on(Arc::new(disk.after_power_cut(&mut random)), "/j");
            assert_eq!(read(&left).unwrap(), events);
        }
        drop(appender);
        thread.close().unwrap();
    }
}

#[test]
fn a_window_passes_without_anybody_asking() {
    let disk = SimulatedDisk::new();
    let folder = Folder::on(Arc::new(disk.clone()), "/j");
    let (writer, _) = open(&folder, OURS, &SMALL).unwrap();
    let (mut appender, thread) = start(writer, ASYNC, &threading(64)).unwrap();
    for round in 1..4_u64 {
        let events: Vec<Event> =
            Stream::new(1, 1).take(10 * round as usize).split_off(10 * (round as usize - 1));
        appender.append(&events).unwrap();
        let watch = appender.watch().unwrap();
        while watch.durable() < 10 * round {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    drop(appender);
    thread.close().unwrap();
}

#[test]
fn a_failure_is_heard_by_all_who_ask_and_nobody_waits_for_ever() {
    for (durability, fault) in
        [(Durability::Strict, Fault::Fail), (ASYNC, Fault::Short), (ASYNC, Fault::PowerOff)]
    {
        let disk = SimulatedDisk::new();
        let folder = Folder::on(Arc::new(disk.clone()), "/j");
        let (writer, _) = open(&folder, OURS, &SMALL).unwrap();
        let (mut appender, thread) = start(writer, durability, &threading(16)).unwrap();
        let mut stream = Stream::new(1, 1);
        appender.append(&stream.take(10)).unwrap();
        appender.wait_durable(10).unwrap();
        disk.fail_at(3, fault);
        let error = loop {
            if let Err(error) = appender.append(&stream.take(10)) {
                break error;
            }
        };
        assert!(matches!(error, JournalError::Io { .. }), "{error}");
        assert_eq!((appender.failed(), appender.health()), (Some(&error), Health::Failed));
        assert_eq!(appender.wait_durable(10), Ok(()));
        assert_eq!(appender.wait_durable(appender.appended()), Err(error.clone()));
        assert_eq!(appender.append(&stream.take(1)), Err(error.clone()));
        assert_eq!(appender.watch().unwrap().failure(), Some(&error));
        drop(appender);
        assert_eq!(thread.close(), Err(error));
    }
}

#[test]
fn low_room_is_said_before_it_is_gone() {
    let disk = SimulatedDisk::new();
    let folder = Folder::on(Arc::new(disk.clone()), "/j");
    let (writer, _) = open(&folder, OURS, &SMALL).unwrap();
    disk.set_capacity(Some(3 * SMALL.segment_bytes));
    let (mut appender, thread) = start(writer, Durability::Strict, &threading(64)).unwrap();
    let mut stream = Stream::new(1, 1);
    let (mut was_low, mut told) = (false, None);
    while appender.health() != Health::Failed {
        if appender.append(&stream.take(5)).is_err() || appender.wait_durable(appender.appended()).is_err() {
            break;
        }
        // What is said of room is said after the sync; it may take a moment.
        was_low |= appender.health() == Health::LowSpace;
        told = told.or_else(|| appender.watch().unwrap().low_space());
    }
    assert!(was_low && told.is_some_and(|error| error.is_disk_full()));
    assert!(appender.failed().unwrap().is_disk_full());
    drop(appender);
    thread.close().unwrap_err();
}

#[test]
fn a_full_ring_is_waited_for_and_counted() {
    let disk = SimulatedDisk::new();
    let folder = Folder::on(Arc::new(disk), "/j");
    let (writer, _) = open(&folder, OURS, &Options { segment_bytes: 1 << 20, ..SMALL }).unwrap();
    let (mut appender, thread) = start(writer, ASYNC, &threading(4)).unwrap();
    for part in Stream::new(1, 1).take(5_000).chunks(20) {
        appender.append(part).unwrap();
    }
    assert!(appender.waits() > 0);
    drop(appender);
    assert_eq!(thread.close().unwrap().index, 5_000);
}

#[test]
fn an_event_out_of_order_stops_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    let (writer, _) = open(&Folder::new(dir.path()), OURS, &SMALL).unwrap();
    let (mut appender, thread) = start(writer, Durability::Strict, &threading(64)).unwrap();
    let events = Stream::new(1, 5).take(10);
    appender.append(&events).unwrap();
    let error = appender.wait_durable(10).unwrap_err();
    assert!(matches!(error, JournalError::OutOfOrder { expected: 1, .. }), "{error}");
    drop(appender);
    assert_eq!(thread.close(), Err(error));
}

#[test]
fn without_durability_nothing_happens() {
    let mut appender = Appender::off();
    appender.append(&Stream::new(1, 9).take(10)).unwrap();
    appender.wait_durable(99).unwrap();
    assert_eq!((appender.appended(), appender.durable(), appender.waits()), (0, 0, 0));
    assert!(appender.watch().is_none() && !appender.is_on() && appender.failed().is_none());
}

#[test]
fn what_was_appended_before_the_thread_is_kept_by_it() {
    for durability in [Durability::Strict, ASYNC] {
        let disk = SimulatedDisk::new();
        let folder = Folder::on(Arc::new(disk.clone()), "/j");
        let (mut writer, _) = open(&folder, OURS, &SMALL).unwrap();
        let events = Stream::new(1, 1).take(30);
        writer.append(&events).unwrap();
        let (mut appender, thread) = start(writer, durability, &threading(64)).unwrap();
        assert_eq!(appender.appended(), 30);
        appender.wait_durable(30).unwrap();
        let left = disk.after_power_cut(&mut crate::support::random::Random(1));
        assert_eq!(read(&Folder::on(Arc::new(left), "/j")).unwrap(), events);
        drop(appender);
        thread.close().unwrap();
    }
}

/// What was read of a segment before it grew is read again.
#[test]
fn a_follower_reads_on_where_the_writer_went_on() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path());
    let (writer, _) = open(&folder, OURS, &SMALL).unwrap();
    let (mut appender, thread) = start(writer, Durability::Strict, &threading(64)).unwrap();
    let mut follower = Follower::new(&folder, OURS, appender.watch().unwrap(), 1);
    let events = Stream::new(3, 1).take(3_000);
    let mut seen = Vec::new();
    for part in events.chunks(13) {
        appender.append(part).unwrap();
        appender.wait_durable(appender.appended()).unwrap();
        while let Some(batch) = follower.next_batch().unwrap() {
            seen.extend_from_slice(batch.events);
        }
        assert_eq!(seen, events[..seen.len()]);
        assert_eq!(seen.len() as u64, appender.appended());
    }
    drop(appender);
    thread.close().unwrap();
    assert_eq!(follower.next_batch(), Ok(None));
}

/// Reads beside a writer, over many segments that are packed under its feet, and sees every event once.
#[test]
fn a_follower_sees_everything_once() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path());
    let (mut writer, _) = open(&folder, OURS, &SMALL).unwrap();
    let old = Stream::new(1, 1).take(1_000);
    writer.append(&old).unwrap();
    let mut stream = Stream::new(2, writer.next_seq());
    let (mut appender, thread) = start(writer, ASYNC, &threading(256)).unwrap();
    let new = stream.take(longer(20_000, 300_000) as usize);
    let all = [old, new.clone()].concat();
    let is_done = Arc::new(AtomicBool::new(false));
    let mut followers = Vec::new();
    for from in [1, 700] {
        let (watch, folder) = (appender.watch().unwrap(), folder.clone());
        let (all, is_done) = (all.clone(), Arc::clone(&is_done));
        followers.push(std::thread::spawn(move || {
            let mut follower = Follower::new(&folder, OURS, watch, from);
            let mut seen = all.iter().position(|event| event.kind.is_input() && event.seq >= from).unwrap();
            loop {
                let ends = is_done.load(Ordering::Acquire);
                match follower.next_batch().unwrap() {
                    Some(batch) => {
                        assert_eq!(batch.index, seen as u64);
                        assert_eq!(batch.events, &all[seen..seen + batch.events.len()]);
                        seen += batch.events.len();
                    }
                    None if ends => return seen,
                    None => std::thread::yield_now(),
                }
            }
        }));
    }
    for (nth, part) in new.chunks(97).enumerate() {
        appender.append(part).unwrap();
        if nth % 50 == 49 {
            journal::compact(&folder).unwrap();
            assert!(!journal::verify(&folder).unwrap().is_damaged(), "a writer at work is no damage");
        }
    }
    drop(appender);
    thread.close().unwrap();
    is_done.store(true, Ordering::Release);
    for follower in followers {
        assert_eq!(follower.join().unwrap(), all.len());
    }
}
