//! A file of frames, frame after frame, and what stands behind the last good one.
//!
//! What follows the last good frame is nothing, a torn tail or damage. It is damage if a later frame says that those
//! bytes were durable when it was written; else a power cut or a killed write explains it.
//! Nothing that a length claims is allocated before as many bytes were read.
//! Not here: what frames mean (`segment`, `spool`).

use crate::frame::{FRAME_ALIGNMENT, FRAME_HEADER_BYTES, FrameHead, checksum};
use crate::header::{FileHeader, HEADER_BYTES, Purpose};
use crate::layout::Packing;
use crate::source::Source;
use crate::{Folder, JournalError};
use std::path::Path;

/// Bytes read at a time.
const READ_BYTES: usize = 1 << 20;

/// What stands at the reader's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// A whole frame with a good checksum.
    Frame(FrameHead),
    /// None.
    Rest,
}

/// What stands behind the last good frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Zeros, or the end of the file.
    Nothing,
    /// Bytes that were never known to be durable; so many, up to the last that is not zero.
    Torn { bytes: u64 },
    /// Bytes that were durable once.
    Damaged { why: String },
    /// A frame that was not there a moment ago: a writer is at work.
    More,
}

/// Reads frames in order.
#[derive(Debug)]
pub(crate) struct FrameReader {
    source: Source,
    pub header: FileHeader,
    purpose: Purpose,
    buffer: Vec<u8>,
    /// The reader's place in the buffer, and the buffer's in the file.
    start: usize,
    base: u64,
    ended: bool,
    /// Up to where the frames that were read say that the file was durable.
    durable: u64,
}

impl FrameReader {
    pub fn open(
        folder: &Folder,
        name: &str,
        packing: Packing,
        purpose: Purpose,
    ) -> Result<Self, JournalError> {
        let source = Source::open(folder, name, packing)?;
        let mut reader = Self {
            source,
            header: FileHeader::EMPTY,
            purpose,
            buffer: Vec::new(),
            start: 0,
            base: 0,
            ended: false,
            durable: HEADER_BYTES,
        };
        let block_bytes = reader.fill(HEADER_BYTES as usize)?.min(HEADER_BYTES as usize);
        reader.header = FileHeader::decode(&reader.buffer[..block_bytes], purpose, reader.source.path())?;
        reader.skip(HEADER_BYTES as usize);
        Ok(reader)
    }

    pub fn path(&self) -> &Path {
        self.source.path()
    }

    /// The reader's place in the file.
    pub fn offset(&self) -> u64 {
        self.base + self.start as u64
    }

    pub fn damaged(&self, why: impl Into<String>) -> JournalError {
        JournalError::damaged(self.path(), self.offset(), why)
    }

    /// Reads until `bytes` bytes stand at the place, or the file ends; how many do.
    fn fill(&mut self, bytes: usize) -> Result<usize, JournalError> {
        while self.buffer.len() - self.start < bytes && !self.ended {
            if self.start >= READ_BYTES {
                self.buffer.drain(..self.start);
                self.base += self.start as u64;
                self.start = 0;
            }
            let end = self.buffer.len();
            self.buffer.resize(end + READ_BYTES, 0);
            let count = self.source.read(&mut self.buffer[end..])?;
            self.buffer.truncate(end + count);
            self.ended = count == 0;
        }
        Ok(self.buffer.len() - self.start)
    }

    /// Up to where the frames that were passed say that the file was durable.
    pub fn durable(&self) -> u64 {
        self.durable
    }

    /// Passes the frame at the place.
    pub fn pass(&mut self, head: &FrameHead) {
        self.durable = self.durable.max(self.offset() - u64::from(head.undurable_bytes));
        self.skip(head.frame_bytes());
    }

    /// Moves on.
    fn skip(&mut self, bytes: usize) {
        self.start += bytes;
        debug_assert!(self.start <= self.buffer.len(), "only what was read is skipped");
    }

    /// Goes to a place and forgets what was read of it before; says whether the file can be read twice.
    pub fn seek(&mut self, offset: u64) -> bool {
        if !self.source.seek(offset) {
            return false;
        }
        self.buffer.clear();
        (self.start, self.base, self.ended) = (0, offset, false);
        true
    }

    /// Looks at the place, without moving on.
    pub fn step(&mut self) -> Result<Step, JournalError> {
        if self.fill(FRAME_HEADER_BYTES)? < FRAME_HEADER_BYTES {
            return Ok(Step::Rest);
        }
        let offset = self.offset();
        let head = FrameHead::read(&self.buffer[self.start..], offset, self.purpose);
        let Some(head) = head else { return Ok(Step::Rest) };
        if self.fill(head.frame_bytes())? < head.frame_bytes() {
            return Ok(Step::Rest);
        }
        let is_good = checksum(self.frame(&head), self.header.salt, offset) == head.crc;
        Ok(if is_good { Step::Frame(head) } else { Step::Rest })
    }

    /// The bytes of the frame at the place.
    fn frame(&self, head: &FrameHead) -> &[u8] {
        &self.buffer[self.start..self.start + head.frame_bytes()]
    }

    /// The payload of the frame at the place.
    pub fn payload(&self, head: &FrameHead) -> &[u8] {
        &self.frame(head)[FRAME_HEADER_BYTES..]
    }

    /// Where no frame is: what is there instead, up to the end of the file. The reader's place is then at that end,
    /// or as it was where there is [`Rest::More`].
    pub fn rest(&mut self) -> Result<Rest, JournalError> {
        let place = self.offset();
        let (mut nonzero_end, mut durable, mut first_after) = (place, place, None);
        while self.fill(READ_BYTES / 2)? > 0 {
            let zeros = self.zeros();
            if zeros > 0 {
                self.skip(zeros);
                continue;
            }
            match self.step()? {
                Step::Frame(head) => {
                    let offset = self.offset();
                    first_after.get_or_insert(offset);
                    durable = durable.max(offset - u64::from(head.undurable_bytes));
                    self.skip(head.frame_bytes());
                }
                Step::Rest => self.skip(FRAME_ALIGNMENT.min(self.buffer.len() - self.start)),
            }
            nonzero_end = self.offset();
        }
        if nonzero_end == place {
            return Ok(Rest::Nothing);
        }
        // A writer may have been in the middle of this frame, and be past it by now.
        let end = self.offset();
        if self.seek(place) {
            if let Step::Frame(_) = self.step()? {
                return Ok(Rest::More);
            }
            self.seek(end);
        }
        Ok(match first_after.filter(|_| durable > place) {
            Some(after) => Rest::Damaged {
                why: format!(
                    "it was on disk before the frame at byte {after} was written, and is no frame now"
                ),
            },
            None => Rest::Torn { bytes: nonzero_end - place },
        })
    }

    /// How many zeros stand at the place, a multiple of the alignment or all that is left.
    fn zeros(&self) -> usize {
        const BLOCK: usize = 4096;
        let left = &self.buffer[self.start..];
        // A unit of which only a part was read is not looked at yet.
        let whole = if self.ended { left.len() } else { left.len() / FRAME_ALIGNMENT * FRAME_ALIGNMENT };
        let left = &left[..whole];
        let blocks = left.chunks(BLOCK).take_while(|block| block.iter().all(|byte| *byte == 0));
        let zeros: usize = blocks.map(<[u8]>::len).sum();
        let units = left[zeros..].chunks(FRAME_ALIGNMENT);
        zeros + units.take_while(|unit| unit.iter().all(|byte| *byte == 0)).map(<[u8]>::len).sum::<usize>()
    }
}
