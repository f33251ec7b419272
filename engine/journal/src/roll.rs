//! The segment that is written, and the room that is reserved for the next.
//!
//! A segment gets its name when its header is durable, and frames when its name is. The room is taken ahead under
//! another name: that takes time, and a disk may have none.
//! Not here: what is written.

use crate::disk::{Access, NamedFile};
use crate::header::{FileHeader, HEADER_BYTES, Purpose};
use crate::layout::{SEGMENT_NEXT, SegmentName};
use crate::{Folder, Identity, JournalError, Options};
use model::{Clock, SystemClock};
use std::io;

/// The segment that is written.
#[derive(Debug)]
pub(crate) struct OpenSegment {
    file: NamedFile,
    pub salt: u64,
    first_seq: u64,
    /// Where the next frame goes.
    pub end: u64,
    /// Up to where everything is durable.
    pub durable: u64,
}

impl OpenSegment {
    /// Makes an empty file the segment that begins with an input, durably.
    pub fn create(
        folder: &Folder,
        file: NamedFile,
        identity: Identity,
        session: u32,
        first_seq: u64,
        first_index: u64,
    ) -> Result<Self, JournalError> {
        let header = FileHeader::new(identity, session, first_seq, first_index, SystemClock.now().0);
        file.write_all_at(&header.encode(Purpose::Segment), 0)?;
        file.sync()?;
        let name = SegmentName::plain(first_seq).to_string();
        folder.rename(SEGMENT_NEXT, &name)?;
        folder.sync()?;
        let file = NamedFile { path: folder.join(&name), ..file };
        Ok(Self { file, salt: header.salt, first_seq, end: HEADER_BYTES, durable: HEADER_BYTES })
    }

    /// Goes on in a segment whose frames end at `end` and are known to be durable up to `durable`. What stands behind
    /// is made zero, so that no byte of an earlier life is ever behind a frame of this one; then all of it is durable.
    ///
    /// What lies between is written again: after a sync that failed, a system may hold it in memory as if it were on
    /// disk, and a sync alone would write nothing.
    pub fn reopen(folder: &Folder, name: SegmentName, durable: u64, end: u64) -> Result<Self, JournalError> {
        let file = folder.open(&name.to_string(), Access::Write)?;
        let mut block = vec![0; HEADER_BYTES as usize];
        let count = file.read_at(&mut block, 0)?;
        let header = FileHeader::decode(&block[..count], Purpose::Segment, &file.path)?;
        file.rewrite(durable, end)?;
        file.zero_nonzero(end)?;
        file.sync()?;
        Ok(Self { file, salt: header.salt, first_seq: header.first_seq, end, durable: end })
    }

    /// Whether `bytes` more do not fit. A segment without an input takes more than fits: the next one would have its
    /// name.
    pub fn is_full(&self, bytes: usize, segment_bytes: u64, next_seq: u64) -> bool {
        self.end + bytes as u64 > segment_bytes && next_seq > self.first_seq
    }

    /// Writes behind all frames.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), JournalError> {
        let end = self.end + bytes.len() as u64;
        if end > u64::from(u32::MAX) {
            let error = io::Error::new(io::ErrorKind::FileTooLarge, "4 GiB of events without an input");
            return Err(JournalError::io("write", &self.file.path, &error));
        }
        self.file.write_all_at(bytes, self.end)?;
        self.end = end;
        Ok(())
    }

    /// Returns when everything written is durable.
    pub fn sync(&mut self) -> Result<(), JournalError> {
        if self.durable < self.end {
            self.file.sync()?;
            self.durable = self.end;
        }
        Ok(())
    }
}

/// The room for the next segment.
#[derive(Debug, Default)]
pub(crate) struct Spare(Option<NamedFile>);

impl Spare {
    /// Whether the room is taken.
    pub fn is_reserved(&self) -> bool {
        self.0.is_some()
    }

    /// Takes the room, if it is not taken, and looks whether enough is left besides.
    pub fn reserve(&mut self, folder: &Folder, options: &Options) -> Result<(), JournalError> {
        if self.0.is_none() {
            let file = folder.open(SEGMENT_NEXT, Access::Create)?;
            file.allocate(options.segment_bytes)?;
            self.0 = Some(file);
        }
        let free = folder.free_bytes()?;
        if free < options.free_bytes_min {
            let what = format!("{free} bytes are free, fewer than {}", options.free_bytes_min);
            let error = io::Error::new(io::ErrorKind::StorageFull, what);
            return Err(JournalError::io("keep room beside", folder.path(), &error));
        }
        Ok(())
    }

    /// Gives the room away; takes it now if it was not taken before.
    pub fn take(&mut self, folder: &Folder, options: &Options) -> Result<NamedFile, JournalError> {
        if self.0.is_none() {
            // That little is left besides is no reason not to use what is left.
            self.reserve(folder, &Options { free_bytes_min: 0, ..*options })?;
        }
        Ok(self.0.take().expect("it was reserved"))
    }
}
