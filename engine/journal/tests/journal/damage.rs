//! Copies of a journal with bytes flipped, cut and zeroed: the exact events before the damage, or a refusal with the
//! offset that changes nothing; never other events, never a panic.

use crate::support::disk::SimulatedDisk;
use crate::support::events::Stream;
use crate::support::{OURS, SMALL, cases, longer, read};
use journal::{Folder, Identity, JournalError, open, verify};
use model::Event;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const HEADER_BYTES: usize = 4096;

/// A journal in memory: its files, and all its events.
struct Whole {
    files: BTreeMap<PathBuf, Vec<u8>>,
    events: Vec<Event>,
}

impl Whole {
    /// Two sessions over some segments, in frames of a few events; the last one closed or killed.
    fn new(close: bool, options: &journal::Options) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path());
        let mut events = Vec::new();
        for life in 0..2 {
            let (mut writer, _) = open(&folder, OURS, options).unwrap();
            let part = Stream::new(life, writer.next_seq()).take(400);
            for frame in part.chunks(7) {
                writer.append(frame).unwrap();
                writer.sync().unwrap();
            }
            events.extend(part);
            if close || life == 0 {
                writer.close().unwrap();
            }
        }
        let files = files(dir.path());
        Self { files, events }
    }

    fn segments(&self) -> Vec<PathBuf> {
        let is_segment = |path: &&PathBuf| path.extension().is_some_and(|end| end == "log");
        self.files.keys().filter(is_segment).cloned().collect()
    }

    fn copy(&self, name: &Path, bytes: &[u8]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (path, good) in &self.files {
            let bytes = if path == name { bytes } else { good };
            fs::write(dir.path().join(path), bytes).unwrap();
        }
        dir
    }
}

fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| (path.file_name().unwrap().into(), fs::read(&path).unwrap())).collect()
}

/// The frames of a segment, read from the description of the format alone: where each starts, and its events.
fn frames(bytes: &[u8]) -> Vec<(usize, usize)> {
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let (mut at, mut found) = (HEADER_BYTES, Vec::new());
    while at + 24 <= bytes.len() && word(at) > 0 {
        found.push((at, word(at + 20) & 0xffff));
        at += 24 + word(at);
    }
    found.push((at, 0));
    found
}

/// What may come of damage.
#[derive(Debug)]
struct Expected {
    /// Events before the frame that is damaged.
    before: usize,
    /// Where that frame begins.
    offset: u64,
    must_refuse: bool,
}

/// Damages a segment and looks what an opening makes of it. `changed`: the first byte that is different.
fn check(whole: &Whole, name: &Path, bytes: &[u8], changed: usize, close: bool, zeroed_to_end: bool) {
    let segments = whole.segments();
    let nth = segments.iter().position(|segment| segment == name).unwrap();
    let is_last = nth == segments.len() - 1;
    let good = &whole.files[name];
    let frames_of = frames(good);
    let hit = frames_of.iter().rposition(|(start, _)| *start <= changed);
    let before: usize =
        segments[..nth].iter().flat_map(|segment| frames(&whole.files[segment])).map(|f| f.1).sum();
    let before = before + frames_of[..hit.unwrap_or(0)].iter().map(|frame| frame.1).sum::<usize>();
    let end = frames_of.len() - 1;
    let expected = Expected {
        before,
        offset: hit.map_or(0, |hit| frames_of[hit].0 as u64),
        // Behind the last frame but one, nothing later says that it was durable.
        must_refuse: !is_last || hit.is_none() || (close && !zeroed_to_end && hit.unwrap() + 1 < end),
    };
    let dir = whole.copy(name, bytes);
    let folder = Folder::new(dir.path());
    let report = verify(&folder).unwrap();
    let earlier = files(dir.path());
    match open(&folder, OURS, &SMALL) {
        Ok((writer, recovered)) => {
            assert!(!expected.must_refuse, "{} byte {changed}: {expected:?}", name.display());
            assert!(!report.is_damaged(), "{:?}", report.damage);
            assert_eq!(recovered.index as usize, expected.before, "byte {changed}");
            drop(writer);
            assert_eq!(read(&folder).unwrap(), whole.events[..expected.before]);
        }
        Err(error) => {
            assert!(report.is_damaged(), "{error}");
            if let JournalError::Damaged { path, offset, .. } = &error
                && path.file_name().unwrap() == name
            {
                assert_eq!(*offset, expected.offset, "{error}");
            }
            assert!(error.to_string().contains("segment-"), "{error}");
            // A lock file without a name in it may have been made; nothing else.
            assert_eq!(files(dir.path()), earlier);
            let events = read(&folder);
            assert!(events.is_err(), "a cursor refuses it, too: {:?}", events.map(|events| events.len()));
        }
    }
}

fn damaged_in_every_way(close: bool, few: u32) {
    let whole = Whole::new(close, &SMALL);
    let segments = whole.segments();
    assert!(segments.len() > 3, "{} segments", segments.len());
    let place =
        (0..segments.len(), any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..3, 1..=255_u8);
    let mut runner = proptest::test_runner::TestRunner::new(cases(few));
    let outcome = runner.run(&place, |(nth, start, end, way, bits)| {
        let name = &segments[nth];
        let good = &whole.files[name];
        let mut bytes = good.clone();
        let start = start.index(good.len());
        match way {
            0 => bytes[start] ^= bits,
            1 => bytes.truncate(start),
            _ => {
                let end = end.index(good.len() - start) + start + 1;
                bytes[start..end].fill(0);
            }
        }
        let Some(changed) = (0..good.len()).find(|at| bytes.get(*at) != good.get(*at)) else { return Ok(()) };
        let data_end = frames(good).last().unwrap().0;
        let is_cut = bytes.get(changed..data_end).is_none_or(|rest| rest.iter().all(|byte| *byte == 0));
        if changed >= data_end && bytes.len() < good.len() {
            // Reserved room is missing, and nothing else.
            return Ok(());
        }
        check(&whole, name, &bytes, changed, close, is_cut);
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn a_closed_journal_tells_any_damage() {
    damaged_in_every_way(true, 400);
}

#[test]
fn a_killed_journal_gives_its_events_or_an_offset() {
    damaged_in_every_way(false, 400);
}

#[test]
fn every_byte_of_a_frame_counts() {
    let options = journal::Options { segment_bytes: 1 << 20, ..SMALL };
    let whole = Whole::new(true, &options);
    let name = &whole.segments()[0];
    let good = &whole.files[name];
    let places = frames(good);
    let (first, last) = (places[3].0, places[5].0);
    for at in (first..last).step_by(longer(3, 1) as usize) {
        let mut bytes = good.clone();
        bytes[at] ^= 0x40;
        check(&whole, name, &bytes, at, true, false);
    }
}

#[test]
fn a_segment_that_is_missing_or_misnamed_is_noticed() {
    let whole = Whole::new(true, &SMALL);
    let segments = whole.segments();
    let refused = |change: &dyn Fn(&Path)| {
        let dir = whole.copy(Path::new(""), &[]);
        change(dir.path());
        let before = files(dir.path());
        let error = open(&Folder::new(dir.path()), OURS, &SMALL).unwrap_err();
        assert_eq!(files(dir.path()), before);
        assert!(read(&Folder::new(dir.path())).is_err());
        error.to_string()
    };
    let error = refused(&|dir| fs::remove_file(dir.join(&segments[1])).unwrap());
    assert!(error.contains("is damaged at byte 0: it begins with input "), "{error}");
    let error = refused(&|dir| {
        fs::rename(dir.join(&segments[0]), dir.join(Path::new("segment-00000000000000000002.log"))).unwrap()
    });
    assert!(error.contains("says that it begins with input 1; it was given a wrong name"), "{error}");
    let error = refused(&|dir| {
        fs::copy(dir.join(&segments[0]), dir.join(&segments[1])).unwrap();
    });
    assert!(error.contains("wrong name"), "{error}");
    let error = refused(&|dir| fs::write(dir.join(&segments[1]), "").unwrap());
    assert!(error.contains("is no segment of a journal"), "{error}");
}

/// Frames of one file that stand in another, at the same place, are none there.
#[test]
fn bytes_of_another_life_are_no_frames() {
    let whole = Whole::new(true, &SMALL);
    let segments = whole.segments();
    let last = segments.last().unwrap();
    let (mut bytes, end) = (whole.files[last].clone(), frames(&whole.files[last]).last().unwrap().0);
    let strange = &whole.files[&segments[0]];
    let strange_end = frames(strange).last().unwrap().0;
    assert!(strange_end > end + 8, "the first segment is longer than the last");
    bytes[end..strange_end].copy_from_slice(&strange[end..strange_end]);
    let dir = whole.copy(last, &bytes);
    let (_, recovered) = open(&Folder::new(dir.path()), OURS, &SMALL).unwrap();
    assert_eq!(recovered.index as usize, whole.events.len());
    let torn = recovered.torn.expect("it is cut off");
    assert_eq!((torn.offset, torn.bytes), (end as u64, (strange_end - end) as u64));
    assert_eq!(read(&Folder::new(dir.path())).unwrap(), whole.events);
}

proptest! {
    #![proptest_config(cases(150))]
    #[test]
    fn arbitrary_bytes_are_no_journal(
        mut bytes in prop::collection::vec(any::<u8>(), 0..9000),
        like in 0..3,
        packed: bool,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path());
        drop(open(&folder, OURS, &SMALL).unwrap());
        let segment = dir.path().join("segment-00000000000000000001.log");
        let good = fs::read(&segment).unwrap();
        match like {
            // A good header, and then anything.
            1 => bytes = [&good[..HEADER_BYTES], &bytes].concat(),
            // Good lengths, and nothing else: each claims as much as a frame may.
            2 => {
                let mut frames = vec![0; 4096];
                frames.chunks_mut(8).for_each(|unit| unit[..4].copy_from_slice(&(1_u32 << 19).to_le_bytes()));
                bytes = [&good[..HEADER_BYTES], &frames, &bytes].concat();
            }
            _ => {}
        }
        if packed {
            let packed = zstd::bulk::compress(&bytes, 1).unwrap();
            fs::remove_file(&segment).unwrap();
            fs::write(dir.path().join("segment-00000000000000000001.log.zst"), packed).unwrap();
        } else {
            fs::write(&segment, &bytes).unwrap();
        }
        let events = read(&folder);
        prop_assert!(events.as_ref().map_or(true, Vec::is_empty));
        let _ = verify(&folder).unwrap();
        if let Ok((_, recovered)) = open(&folder, OURS, &SMALL) {
            prop_assert_eq!(recovered.index, 0);
        }
    }
}

#[test]
fn a_damaged_packed_segment_is_named_with_its_offset() {
    let whole = Whole::new(true, &SMALL);
    let dir = whole.copy(Path::new(""), &[]);
    let folder = Folder::new(dir.path());
    journal::compact(&folder).unwrap();
    assert_eq!(read(&folder).unwrap(), whole.events);
    let packed = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
    let packed = packed.filter(|path| path.extension().is_some_and(|end| end == "zst")).min().unwrap();
    let good = fs::read(&packed).unwrap();
    for at in (0..good.len()).step_by(longer(41, 7) as usize) {
        let mut bad = good.clone();
        bad[at] ^= 0x21;
        for bytes in [&bad[..], &good[..at]] {
            fs::write(&packed, bytes).unwrap();
            // Some bits of a packed file mean nothing; then all is as it was.
            match read(&folder) {
                Ok(events) => assert_eq!(events, whole.events),
                Err(error) => assert!(error.to_string().contains(".log.zst "), "{error}"),
            }
        }
    }
}

#[test]
fn another_identity_sees_nothing_of_it() {
    let disk = SimulatedDisk::new();
    let folder = Folder::on(std::sync::Arc::new(disk.clone()), "/j");
    let (mut writer, _) = open(&folder, OURS, &SMALL).unwrap();
    writer.append(&Stream::new(1, 1).take(10)).unwrap();
    writer.close().unwrap();
    let before = disk.contents();
    let stranger = Identity::new(77);
    assert!(matches!(open(&folder, stranger, &SMALL), Err(JournalError::OtherConfig { .. })));
    assert!(matches!(journal::claim_session(&folder, stranger), Err(JournalError::OtherConfig { .. })));
    let mut cursor = journal::Cursor::open(&folder, stranger, 1).unwrap();
    assert!(matches!(cursor.next_batch(), Err(JournalError::OtherConfig { .. })));
    assert_eq!(disk.contents(), before);
}
