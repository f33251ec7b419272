//! Power cuts, kills and failing disks at every operation: what was acknowledged comes back, and nothing else.

use crate::support::disk::{Fault, SimulatedDisk};
use crate::support::events::Stream;
use crate::support::random::Random;
use crate::support::{OURS, SMALL, cases, read};
use journal::{Folder, JournalError, Writer, compact, open, retain, snapshots};
use model::Event;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What must hold over all lives of one journal.
#[derive(Debug)]
struct History {
    seed: u64,
    /// Everything appended that may come back.
    appended: Vec<Event>,
    /// How many of them must come back, whatever happens.
    kept: u64,
    /// How many of them must come back at the next opening: after a kill, all that were written.
    kept_once: u64,
    /// Session numbers that were handed out.
    sessions: BTreeSet<u32>,
}

impl History {
    fn new(seed: u64) -> Self {
        Self { seed, appended: Vec::new(), kept: 0, kept_once: 0, sessions: BTreeSet::new() }
    }

    /// Opens the journal and checks what came back. `None` where the disk failed meanwhile.
    fn open(&mut self, folder: &Folder) -> Option<Writer> {
        let kept = self.kept.max(std::mem::take(&mut self.kept_once));
        let (writer, recovered) = match open(folder, OURS, &SMALL) {
            Ok(opened) => opened,
            Err(error @ JournalError::Io { .. }) => {
                assert!(error.to_string().contains("/j"), "the file is named: {error}");
                return None;
            }
            Err(error) => panic!("a power cut is no damage: {error}"),
        };
        let newer = self.sessions.last().is_none_or(|last| *last < recovered.session.session);
        assert!(newer, "session {} after {:?}", recovered.session.session, self.sessions);
        self.sessions.insert(recovered.session.session);
        assert!(recovered.index >= kept, "{} of {kept} came back", recovered.index);
        let index = recovered.index as usize;
        assert!(index <= self.appended.len(), "{index} came back and {} were appended", self.appended.len());
        self.appended.truncate(index);
        let inputs = self.appended.iter().filter(|event| event.kind.is_input()).count() as u64;
        assert_eq!((recovered.next_seq, writer.next_seq()), (inputs + 1, inputs + 1));
        assert_eq!((recovered.session.index, writer.appended()), (index as u64, index as u64));
        // What came back and is in use now must not be lost later.
        self.kept = writer.durable();
        Some(writer)
    }

    /// Appends, writes and syncs at random until the disk fails or the life is over.
    fn live(&mut self, writer: &mut Writer, random: &mut Random) -> Result<(), JournalError> {
        let mut stream = Stream::new(self.seed ^ random.bits(), writer.next_seq());
        for _ in 0..random.below(60) {
            match random.below(10) {
                0..5 => {
                    let events = stream.take(random.below(40) as usize);
                    writer.append(&events)?;
                    self.appended.extend(events);
                }
                5..7 => writer.write()?,
                7 => {
                    writer.prepare();
                }
                _ => writer.sync()?,
            }
            self.kept = self.kept.max(writer.durable());
        }
        Ok(())
    }
}

fn check_lives(seed: u64) {
    let mut random = Random(seed);
    let mut history = History::new(seed);
    let mut disk = SimulatedDisk::new();
    for _ in 0..4 {
        let folder = Folder::on(Arc::new(disk.clone()), "/j");
        let fault = [Fault::Fail, Fault::Short, Fault::PowerOff, Fault::PowerOff][random.below(4) as usize];
        disk.fail_at(1 + random.below(80), fault);
        let mut killed_at = history.kept;
        if let Some(mut writer) = history.open(&folder) {
            let lived = history.live(&mut writer, &mut random);
            history.kept = history.kept.max(writer.durable());
            killed_at = history.kept.max(writer.written());
            if let Err(error) = lived {
                let failure = writer.failure().cloned();
                assert_eq!((failure.as_ref(), writer.sync()), (Some(&error), Err(error.clone())));
                assert_eq!(writer.append(&[]), Err(error));
            } else if random.chance(3) {
                let all = writer.appended();
                if writer.close().is_ok() {
                    history.kept = all;
                }
            }
        }
        disk = if random.chance(3) {
            history.kept_once = killed_at;
            disk.after_kill()
        } else {
            disk.after_power_cut(&mut random)
        };
    }
    let folder = Folder::on(Arc::new(disk), "/j");
    let writer = history.open(&folder).expect("nothing fails any more");
    assert_eq!(read(&folder).unwrap(), history.appended);
    drop(writer);
}

proptest! {
    #![proptest_config(cases(400))]
    #[test]
    fn what_was_acknowledged_comes_back(seed: u64) {
        check_lives(seed);
    }
}

/// A journal of some sessions and segments with snapshots, and what is in it.
fn long_journal(disk: &SimulatedDisk) -> (Folder, Vec<Event>) {
    let folder = Folder::on(Arc::new(disk.clone()), "/j");
    let mut history = History::new(7);
    for life in 0..3 {
        let mut writer = history.open(&folder).unwrap();
        let events = Stream::new(life, writer.next_seq()).take(900);
        for part in events.chunks(50) {
            writer.append(part).unwrap();
            writer.write().unwrap();
        }
        history.appended.extend(events);
        snapshots::write(&folder, OURS, writer.next_seq() - 1, &[life as u8; 50]).unwrap();
        writer.close().unwrap();
    }
    (folder, history.appended)
}

#[test]
fn keeping_may_stop_at_every_operation() {
    let whole = SimulatedDisk::new();
    let (folder, events) = long_journal(&whole);
    let oldest_kept = snapshots::list(&folder).unwrap()[1];
    let keep = |folder: &Folder| -> Result<(), JournalError> {
        compact(folder)?;
        retain(folder, 2)?;
        Ok(())
    };
    let check = |folder: &Folder| {
        let first = events.iter().position(|event| event.seq == oldest_kept + 1).unwrap();
        let (index, found) = crate::support::read_from(folder, oldest_kept + 1).unwrap();
        assert_eq!((index, &found[..]), (Some(first as u64), &events[first..]));
        assert!(!journal::verify(folder).unwrap().is_damaged());
        let newest = snapshots::newest(folder, OURS, u64::MAX).unwrap();
        assert_eq!(newest.snapshot.unwrap().state, [2; 50]);
    };
    let mut random = Random(1);
    for nth in 1.. {
        let disk = whole.after_kill();
        let folder = Folder::on(Arc::new(disk.clone()), "/j");
        disk.fail_at(nth, Fault::PowerOff);
        let done = keep(&folder);
        for left in [disk.after_kill(), disk.after_power_cut(&mut random), disk.after_power_cut(&mut random)]
        {
            let folder = Folder::on(Arc::new(left), "/j");
            check(&folder);
            keep(&folder).unwrap();
            check(&folder);
            let (writer, recovered) = open(&folder, OURS, &SMALL).unwrap();
            assert_eq!(recovered.index, events.len() as u64);
            writer.close().unwrap();
        }
        if done.is_ok() {
            assert!(nth > 30, "there were {nth} operations to stop at");
            return;
        }
    }
}

#[test]
fn a_failed_sync_is_final_and_its_events_do_not_count() {
    let disk = SimulatedDisk::new();
    let folder = Folder::on(Arc::new(disk.clone()), "/j");
    let (mut writer, _) = open(&folder, OURS, &SMALL).unwrap();
    let events = Stream::new(1, 1).take(20);
    writer.append(&events[..10]).unwrap();
    writer.sync().unwrap();
    writer.append(&events[10..]).unwrap();
    writer.write().unwrap();
    disk.fail_at(1, Fault::Fail);
    let error = writer.sync().unwrap_err();
    assert!(error.to_string().starts_with("cannot sync /j/segment-00000000000000000001.log: "), "{error}");
    // The disk works again, and the writer does not.
    assert_eq!(writer.sync(), Err(error.clone()));
    assert_eq!(writer.append(&events[..1]), Err(error));
    assert_eq!((writer.durable(), writer.written()), (10, 20));
    drop(writer);

    // The system still shows what it could not write. The next opening makes sure of it.
    let disk = disk.after_kill();
    let folder = Folder::on(Arc::new(disk.clone()), "/j");
    let (_, recovered) = open(&folder, OURS, &SMALL).unwrap();
    assert_eq!(recovered.index, 20);
    for seed in 0..20 {
        let left = Folder::on(Arc::new(disk.after_power_cut(&mut Random(seed))), "/j");
        assert_eq!(read(&left).unwrap(), events);
    }
}

#[test]
fn a_full_disk_is_known_before_the_segment_is_full() {
    let disk = SimulatedDisk::new();
    let folder = Folder::on(Arc::new(disk.clone()), "/j");
    let (mut writer, _) = open(&folder, OURS, &SMALL).unwrap();
    assert_eq!(writer.prepare(), None);
    let mut stream = Stream::new(3, 1);
    disk.set_capacity(Some(3 * SMALL.segment_bytes));
    let mut warned_at = None;
    let error = loop {
        writer.append(&stream.take(10)).unwrap();
        if let Err(error) = writer.sync() {
            break error;
        }
        if warned_at.is_none()
            && let Some(low) = writer.prepare()
        {
            assert!(low.is_disk_full(), "{low}");
            warned_at = Some(writer.appended());
        }
    };
    assert!(error.is_disk_full(), "{error}");
    let warned_at = warned_at.expect("it was said before");
    assert!(warned_at + 50 < writer.durable(), "warned at {warned_at}, full at {}", writer.durable());
    let durable = writer.durable();
    drop(writer);
    assert!(read(&folder).unwrap().len() as u64 >= durable);

    // With room again, it goes on.
    disk.set_capacity(None);
    let (mut writer, recovered) = open(&folder, OURS, &SMALL).unwrap();
    assert!(recovered.index >= durable);
    writer.append(&Stream::new(4, recovered.next_seq).take(500)).unwrap();
    writer.close().unwrap();
}

#[test]
fn little_free_room_is_said_too() {
    let disk = SimulatedDisk::new();
    let folder = Folder::on(Arc::new(disk.clone()), "/j");
    let options = journal::Options { free_bytes_min: 10_000, ..SMALL };
    let (mut writer, _) = open(&folder, OURS, &options).unwrap();
    assert_eq!(writer.prepare(), None);
    disk.set_capacity(Some(2 * SMALL.segment_bytes + 5_000));
    let low = writer.prepare().expect("room is low").to_string();
    assert!(low.contains("bytes are free, fewer than 10000"), "{low}");
    disk.set_capacity(None);
    assert_eq!(writer.prepare(), None);
}
