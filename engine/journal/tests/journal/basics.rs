//! Writing, opening again, reading from any place.

use crate::support::events::Stream;
use crate::support::{OURS, SMALL, read, read_from};
use journal::{Folder, JournalError, Options, compact, open, verify};
use model::{Event, Kind, Nanos, SymbolId};
use proptest::prelude::*;
use std::fs;

#[test]
fn a_journal_goes_on_where_it_ended() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path().join("new/journal"));
    let mut events = Vec::new();
    for session in 1..=4 {
        let (mut writer, recovered) = open(&folder, OURS, &Options::default()).unwrap();
        assert_eq!(recovered.session.session, session);
        assert_eq!(
            recovered.sessions.iter().map(|mark| mark.session).collect::<Vec<_>>(),
            Vec::from_iter(1..=session)
        );
        assert_eq!((recovered.index, recovered.session.index), (events.len() as u64, events.len() as u64));
        assert_eq!((recovered.torn, recovered.first_seq), (None, 1));
        assert_eq!(recovered.was_closed, session != 3, "the second one was not closed");
        let more = Stream::new(9, writer.next_seq()).take(100);
        writer.append(&more).unwrap();
        writer.sync().unwrap();
        assert_eq!(
            (writer.appended(), writer.durable()),
            (events.len() as u64 + 100, events.len() as u64 + 100)
        );
        events.extend(more);
        if session == 2 {
            drop(writer);
        } else {
            writer.close().unwrap();
        }
    }
    assert_eq!(read(&folder).unwrap(), events);
}

#[test]
fn batches_tell_index_and_session() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path());
    let mut starts = Vec::new();
    for life in 0..3 {
        let (mut writer, recovered) = open(&folder, OURS, &SMALL).unwrap();
        starts.push(recovered.index);
        for part in Stream::new(life, writer.next_seq()).take(700).chunks(33) {
            writer.append(part).unwrap();
            writer.write().unwrap();
        }
        writer.close().unwrap();
    }
    let check = || {
        let mut cursor = journal::Cursor::open(&folder, OURS, 0).unwrap();
        while let Some(batch) = cursor.next_batch().unwrap() {
            let session = starts.iter().filter(|start| **start <= batch.index).count() as u32;
            assert_eq!(batch.session, session, "event {}", batch.index);
        }
    };
    check();
    compact(&folder).unwrap();
    check();
    let sessions = verify(&folder).unwrap().sessions;
    assert_eq!(
        sessions.iter().map(|mark| (mark.session, mark.index)).collect::<Vec<_>>(),
        Vec::from_iter((1..).zip(starts))
    );
}

#[test]
fn reading_begins_at_any_input() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path());
    let events = Stream::new(5, 1).take(2000);
    let (mut writer, _) = open(&folder, OURS, &SMALL).unwrap();
    for part in events.chunks(60) {
        writer.append(part).unwrap();
        writer.write().unwrap();
    }
    writer.close().unwrap();
    compact(&folder).unwrap();
    let inputs = events.iter().filter(|event| event.kind.is_input()).count() as u64;
    for from in (0..inputs + 3).step_by(37) {
        let first = events.iter().position(|event| event.kind.is_input() && event.seq >= from.max(1));
        let (index, found) = read_from(&folder, from).unwrap();
        assert_eq!(index, first.map(|first| first as u64), "from {from}");
        assert_eq!(found, events[first.unwrap_or(events.len())..], "from {from}");
    }
}

#[test]
fn inputs_must_follow_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let (mut writer, _) = open(&Folder::new(dir.path()), OURS, &SMALL).unwrap();
    let input = |seq| Event { seq, ..Event::input(Kind::TIMER, Nanos(5), SymbolId::NONE) };
    writer.append(&[input(1), input(2)]).unwrap();
    let error = writer.append(&[input(4)]).unwrap_err();
    assert_eq!(error, JournalError::OutOfOrder { expected: 3, found: 4 });
    assert_eq!(writer.append(&[input(3)]), Err(error.clone()));
    assert_eq!(writer.sync(), Err(error));
}

#[test]
fn orders_without_an_input_make_no_second_segment_of_one_name() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path());
    let order = Event { kind: Kind::ORDER, ..Event::default() };
    let (mut writer, _) = open(&folder, OURS, &SMALL).unwrap();
    let mut events = Vec::new();
    for n in 0..3000 {
        events.push(Event { words: [n * 7919, n, -n, n << 40, 1], ..order });
    }
    for part in events.chunks(100) {
        writer.append(part).unwrap();
        writer.sync().unwrap();
    }
    let input = Event { seq: 1, ..Event::input(Kind::TIMER, Nanos(5), SymbolId::NONE) };
    writer.append(&[input]).unwrap();
    writer.sync().unwrap();
    writer.append(&events).unwrap();
    writer.close().unwrap();
    assert_eq!(read(&folder).unwrap(), [&events[..], &[input], &events].concat());
    let (writer, recovered) = open(&folder, OURS, &SMALL).unwrap();
    assert_eq!((recovered.index, recovered.next_seq), (6001, 2));
    writer.close().unwrap();
}

#[test]
fn nothing_but_the_session_number_is_written_without_durability() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path());
    for session in 1..4 {
        assert_eq!(journal::claim_session(&folder, OURS).unwrap().session(), session);
    }
    let names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    let (writer, recovered) = open(&folder, OURS, &SMALL).unwrap();
    assert_eq!((recovered.session.session, recovered.next_seq), (4, 1));
    writer.close().unwrap();
    assert_eq!(journal::claim_session(&folder, OURS).unwrap().session(), 5);
    let (_, recovered) = open(&folder, OURS, &SMALL).unwrap();
    assert_eq!(recovered.sessions.iter().map(|mark| mark.session).collect::<Vec<_>>(), [4, 6]);
}

fn any_event() -> impl Strategy<Value = Event> {
    let fields = (any::<u64>(), any::<[i64; 5]>(), any::<i64>(), any::<u32>(), any::<(u8, u8, u16)>());
    fields.prop_map(|(seq, words, ts, symbol, (kind, flags, detail))| Event {
        seq,
        ts: Nanos(ts),
        symbol: SymbolId(symbol),
        kind: Kind(kind),
        flags,
        detail,
        words,
    })
}

proptest! {
    #![proptest_config(crate::support::cases(40))]
    #[test]
    fn arbitrary_events_come_back(mut events in prop::collection::vec(any_event(), 1..400), cut in 1..50_usize) {
        let inputs = events.iter_mut().filter(|event| event.kind.is_input());
        (1..).zip(inputs).for_each(|(seq, event)| event.seq = seq);
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path());
        let (mut writer, _) = open(&folder, OURS, &SMALL).unwrap();
        for part in events.chunks(cut) {
            writer.append(part).unwrap();
            writer.write().unwrap();
        }
        writer.close().unwrap();
        prop_assert_eq!(read(&folder).unwrap(), events);
    }
}
