//! Reads events back, in the order of the stream.
//!
//! A [`Cursor`] reads a journal that nobody writes: recovery and replay. It stops at a torn tail and refuses damage.
//! Not here: a journal that is being written (`follower`).

use crate::inspect::Torn;
use crate::layout::{self, Packing, SegmentName};
use crate::reader::Rest;
use crate::segment::{Decoded, Item, SegmentReader};
use crate::{Folder, Identity, JournalError};
use model::Event;
use std::collections::VecDeque;

/// Some successive events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch<'a> {
    /// The events, at least one.
    pub events: &'a [Event],
    /// The index of the first: how many events of the journal stand before it.
    pub index: u64,
    /// The session that they were appended in.
    pub session: u32,
}

/// Where the events from an input on begin.
#[derive(Debug)]
pub(crate) struct From {
    seq: u64,
    is_found: bool,
}

impl From {
    /// From an input on; up to 1, from the very beginning.
    pub fn new(seq: u64) -> Self {
        Self { seq: seq.max(1), is_found: seq <= 1 }
    }

    /// How many events of a batch stand before the beginning.
    pub fn skip(&mut self, events: &[Event]) -> usize {
        if self.is_found {
            return 0;
        }
        let first = events.iter().position(|event| event.kind.is_input() && event.seq >= self.seq);
        self.is_found = first.is_some();
        first.unwrap_or(events.len())
    }

    /// The segments to read, oldest first, from the one that holds the input.
    pub fn segments(&self, folder: &Folder) -> Result<VecDeque<SegmentName>, JournalError> {
        let mut names: VecDeque<SegmentName> = layout::segments(folder)?.into();
        let (wanted, path) = (self.seq, folder.path().to_owned());
        match names.front() {
            Some(first) if first.first_seq > wanted => {
                return Err(JournalError::Missing { path, wanted, first: first.first_seq });
            }
            _ => {}
        }
        while names.get(1).is_some_and(|second| second.first_seq <= wanted) {
            names.pop_front();
        }
        Ok(names)
    }
}

/// Opens a segment, as it is packed now: compaction may have been at it since its name was read.
pub(crate) fn open_segment(
    folder: &Folder,
    name: SegmentName,
    identity: &Identity,
) -> Result<SegmentReader, JournalError> {
    let other = match name.packing {
        Packing::Plain => Packing::Zstd,
        Packing::Zstd => Packing::Plain,
    };
    let reader = match SegmentReader::open(folder, name) {
        Err(error) if error.is_not_found() => {
            SegmentReader::open(folder, SegmentName { packing: other, ..name }).map_err(|_| error)?
        }
        reader => reader?,
    };
    identity.check(reader.frames.path(), &reader.frames.header.identity)?;
    Ok(reader)
}

/// Reads the events of a journal.
#[derive(Debug)]
pub struct Cursor {
    folder: Folder,
    identity: Identity,
    from: From,
    names: VecDeque<SegmentName>,
    reader: Option<SegmentReader>,
    decoded: Decoded,
    session: u32,
    torn: Option<Torn>,
}

impl Cursor {
    /// The events from the input `from_seq` on: that input, and all events behind it in the stream, derived ones of
    /// earlier inputs included where they came later. 0 and 1 stand for the journal's beginning.
    ///
    /// # Errors
    /// [`JournalError::Missing`] if that input was removed by retention; the disk's.
    pub fn open(folder: &Folder, identity: Identity, from_seq: u64) -> Result<Self, JournalError> {
        let from = From::new(from_seq);
        Ok(Self {
            folder: folder.clone(),
            identity,
            names: from.segments(folder)?,
            from,
            reader: None,
            decoded: Decoded::new(),
            session: 0,
            torn: None,
        })
    }

    /// The next events; `None` at the end.
    ///
    /// # Errors
    /// Damage, with file and offset; what another configuration or version wrote; the disk's.
    pub fn next_batch(&mut self) -> Result<Option<Batch<'_>>, JournalError> {
        loop {
            if self.reader.is_none() && !self.open_next(None)? {
                return Ok(None);
            }
            let reader = self.reader.as_mut().expect("a segment is open");
            match reader.next(Some(&mut self.decoded))? {
                Item::Events(count) => {
                    let skipped = self.from.skip(&self.decoded.events);
                    if skipped < count {
                        let index = reader.index - (count - skipped) as u64;
                        let events = &self.decoded.events[skipped..];
                        return Ok(Some(Batch { events, index, session: self.session }));
                    }
                }
                Item::Session(mark) => self.session = mark.session,
                Item::Closed => {}
                Item::Rest => {
                    if !self.rest()? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// What stood behind the last event, once [`Cursor::next_batch`] has said that there is no more.
    pub fn torn(&self) -> Option<&Torn> {
        self.torn.as_ref()
    }

    /// Opens the next segment, which must follow the place given; `false` if there is none.
    fn open_next(&mut self, follows: Option<(u64, u64)>) -> Result<bool, JournalError> {
        let Some(name) = self.names.pop_front() else { return Ok(false) };
        let reader = open_segment(&self.folder, name, &self.identity)?;
        if follows.is_some_and(|place| place != (reader.next_seq, reader.index)) {
            let why = "it does not begin where the segment before it ends";
            return Err(JournalError::damaged(reader.frames.path(), 0, why));
        }
        if follows.is_none() {
            self.session = reader.frames.header.session;
        }
        self.reader = Some(reader);
        Ok(true)
    }

    /// Where no frame is: whether there is more.
    fn rest(&mut self) -> Result<bool, JournalError> {
        let reader = self.reader.as_mut().expect("a segment is open");
        let (path, offset) = (reader.frames.path().to_owned(), reader.frames.offset());
        let place = (reader.next_seq, reader.index);
        match reader.rest()? {
            Rest::More => return Ok(true),
            Rest::Torn { bytes } if self.names.is_empty() => self.torn = Some(Torn { path, offset, bytes }),
            Rest::Torn { .. } => {
                let why = "it is no frame, and the next segment was begun when all of this one was on disk";
                return Err(JournalError::damaged(&path, offset, why));
            }
            _ => {}
        }
        self.reader = None;
        self.open_next(Some(place))
    }
}
