//! Reads events while they are written, in the process that writes them.
//!
//! Why from the file: a tier that was down reads what it missed at its own pace, and nobody keeps it in memory. It
//! reads only what the writer has said is written, so it never sees half a frame.
//! Not here: other processes, which cannot know how far the writer is.

use crate::cursor::{Batch, From, open_segment};
use crate::layout::{self, SegmentName};
use crate::marks::Watch;
use crate::segment::{Decoded, Item, SegmentReader};
use crate::{Folder, Identity, JournalError};

/// Follows a journal that is being written.
#[derive(Debug)]
pub struct Follower {
    folder: Folder,
    identity: Identity,
    watch: Watch,
    from: From,
    reader: Option<SegmentReader>,
    decoded: Decoded,
    session: u32,
}

impl Follower {
    /// Follows from the input `from_seq` on; see [`crate::Cursor::open`].
    pub fn new(folder: &Folder, identity: Identity, watch: Watch, from_seq: u64) -> Self {
        Self {
            folder: folder.clone(),
            identity,
            watch,
            from: From::new(from_seq),
            reader: None,
            decoded: Decoded::new(),
            session: 0,
        }
    }

    /// The next events that are written; `None` if there are none now.
    ///
    /// # Errors
    /// [`JournalError::Missing`] if retention was faster; damage, with file and offset; the disk's.
    pub fn next_batch(&mut self) -> Result<Option<Batch<'_>>, JournalError> {
        loop {
            if self.reader.as_ref().map_or(0, |reader| reader.index) >= self.watch.written() {
                return Ok(None);
            }
            let reader = match &mut self.reader {
                Some(reader) => reader,
                empty => {
                    let names = self.from.segments(&self.folder)?;
                    let Some(name) = names.front() else { return Ok(None) };
                    let reader = open_segment(&self.folder, *name, &self.identity)?;
                    self.session = reader.frames.header.session;
                    empty.insert(reader)
                }
            };
            match next(reader, &mut self.decoded)? {
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
                // More is written, and not here.
                Item::Rest => *reader = following(&self.folder, &self.identity, reader)?,
            }
        }
    }
}

/// The segment behind the one that a reader has read to its end.
fn following(
    folder: &Folder,
    identity: &Identity,
    before: &SegmentReader,
) -> Result<SegmentReader, JournalError> {
    let wanted = before.next_seq;
    let next = match open_segment(folder, SegmentName::plain(wanted), identity) {
        Err(error) if error.is_not_found() => {
            let first = layout::segments(folder)?.first().map_or(0, |name| name.first_seq);
            return Err(JournalError::Missing { path: folder.path().to_owned(), wanted, first });
        }
        next => next?,
    };
    if next.index == before.index {
        return Ok(next);
    }
    let why = "it does not begin where the segment before it ends";
    Err(JournalError::damaged(next.frames.path(), 0, why))
}

/// The next frame; what was read before the writer wrote it is read again.
fn next(reader: &mut SegmentReader, decoded: &mut Decoded) -> Result<Item, JournalError> {
    match reader.next(Some(decoded))? {
        Item::Rest if reader.frames.seek(reader.frames.offset()) => reader.next(Some(decoded)),
        item => Ok(item),
    }
}
