//! What the tests share: a disk that forgets, a stream of events, and reading a journal whole.

pub mod disk;
pub mod events;
pub mod random;

use journal::{Cursor, Folder, Identity, JournalError, Options};
use model::Event;
use proptest::prelude::ProptestConfig;

pub const OURS: Identity = Identity::new(0x1234_5678_9abc);

/// Small segments, so that there are many.
pub const SMALL: Options = Options { segment_bytes: Options::SEGMENT_BYTES_MIN, free_bytes_min: 0 };

/// All events from an input on, and the index of the first.
pub fn read_from(folder: &Folder, from_seq: u64) -> Result<(Option<u64>, Vec<Event>), JournalError> {
    let mut cursor = Cursor::open(folder, OURS, from_seq)?;
    let (mut first, mut events) = (None, Vec::new());
    while let Some(batch) = cursor.next_batch()? {
        let next = *first.get_or_insert(batch.index) + events.len() as u64;
        assert_eq!(batch.index, next, "batches follow each other");
        events.extend_from_slice(batch.events);
    }
    Ok((first, events))
}

/// All events.
pub fn read(folder: &Folder) -> Result<Vec<Event>, JournalError> {
    read_from(folder, 1).map(|(_, events)| events)
}

/// Cases of a property whose every case is long: `few`, or ten times as many where `PROPTEST_CASES` asks for more.
pub fn cases(few: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(few * longer(1, 10)) }
}

/// A number for the short run, or one for the long.
pub fn longer(short: u32, long: u32) -> u32 {
    if std::env::var_os("PROPTEST_CASES").is_some() { long } else { short }
}
