//! Reading a spool: where it ends, which records are void, and the others in order.

use crate::frame::kind;
use crate::header::{FileHeader, Purpose, word32, word64};
use crate::inspect::Torn;
use crate::layout::Packing;
use crate::reader::{FrameReader, Rest, Step};
use crate::{Folder, Identity, JournalError};

/// Bytes of a record before its own: tag and length.
const RECORD_HEADER_BYTES: usize = 12;

/// Adds a record to a block.
pub(super) fn put_record(block: &mut Vec<u8>, seq: u64, record: &[u8]) {
    block.extend(seq.to_le_bytes());
    block.extend(u32::try_from(record.len()).expect("a record is short").to_le_bytes());
    block.extend(record);
}

/// Records that a later frame makes void: those before `offset` with tags after `seq`.
#[derive(Debug, Clone, Copy)]
struct Cut {
    offset: u64,
    seq: u64,
}

/// What a spool's frames say.
#[derive(Debug)]
pub(super) struct Contents {
    pub header: FileHeader,
    pub last_seq: u64,
    pub end: u64,
    /// Up to where a frame says that the file was durable.
    pub durable: u64,
    pub torn: Option<Torn>,
    /// In order of their places, each with the least tag of it and all later ones.
    cuts: Vec<Cut>,
}

/// Reads all checksums and changes nothing.
pub(super) fn scan(folder: &Folder, name: &str, identity: &Identity) -> Result<Contents, JournalError> {
    let mut frames = FrameReader::open(folder, name, Packing::Plain, Purpose::Spool)?;
    identity.check(frames.path(), &frames.header.identity)?;
    let (mut last_seq, mut cuts) = (0, Vec::<Cut>::new());
    let (end, torn) = loop {
        let offset = frames.offset();
        match frames.step()? {
            Step::Frame(head) => {
                match frames.payload(&head)[0] {
                    kind::RECORDS => last_seq = head.next_seq,
                    kind::CUT => {
                        last_seq = last_seq.min(head.next_seq);
                        cuts.push(Cut { offset, seq: head.next_seq });
                    }
                    other => {
                        return Err(frames.damaged(format!("its frame is of kind {other}, which is none")));
                    }
                }
                frames.pass(&head);
            }
            Step::Rest => match frames.rest()? {
                Rest::More => {}
                Rest::Nothing => break (offset, None),
                Rest::Torn { bytes } => {
                    break (offset, Some(Torn { path: frames.path().to_owned(), offset, bytes }));
                }
                Rest::Damaged { why } => return Err(JournalError::damaged(frames.path(), offset, why)),
            },
        }
    };
    let mut least = u64::MAX;
    for cut in cuts.iter_mut().rev() {
        least = least.min(cut.seq);
        cut.seq = least;
    }
    Ok(Contents { header: frames.header, last_seq, end, durable: frames.durable(), torn, cuts })
}

/// A record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpoolRecord<'a> {
    /// The input that it came of.
    pub seq: u64,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// Reads a spool that nobody writes.
#[derive(Debug)]
pub struct SpoolReader {
    frames: FrameReader,
    contents: Contents,
    /// Cuts behind the reader's place.
    cuts_passed: usize,
    block: Vec<u8>,
    at: usize,
    /// Records of the block after this tag are void.
    valid_to: u64,
}

impl SpoolReader {
    /// Opens a spool to read it from its beginning.
    ///
    /// # Errors
    /// It is no spool of this identity, or damaged; the disk's.
    pub fn open(folder: &Folder, name: &str, identity: Identity) -> Result<Self, JournalError> {
        let contents = scan(folder, name, &identity)?;
        let frames = FrameReader::open(folder, name, Packing::Plain, Purpose::Spool)?;
        Ok(Self { frames, contents, cuts_passed: 0, block: Vec::new(), at: 0, valid_to: 0 })
    }

    /// What stands behind its last whole frame.
    pub fn torn(&self) -> Option<&Torn> {
        self.contents.torn.as_ref()
    }

    /// The next record that is not void; `None` at the end.
    ///
    /// # Errors
    /// Damage, with file and offset; the disk's.
    pub fn next_record(&mut self) -> Result<Option<SpoolRecord<'_>>, JournalError> {
        loop {
            while self.at < self.block.len() {
                let start = self.at + RECORD_HEADER_BYTES;
                let Some(header) = self.block.get(self.at..start) else { return Err(self.damaged()) };
                let (seq, bytes) = (word64(header, 0), word32(header, 8) as usize);
                if self.block.len() - start < bytes {
                    return Err(self.damaged());
                }
                self.at = start + bytes;
                if seq <= self.valid_to {
                    return Ok(Some(SpoolRecord { seq, bytes: &self.block[start..start + bytes] }));
                }
            }
            if !self.next_block()? {
                return Ok(None);
            }
        }
    }

    /// Unpacks the next frame; `false` at the end.
    fn next_block(&mut self) -> Result<bool, JournalError> {
        self.block.clear();
        self.at = 0;
        let offset = self.frames.offset();
        if offset >= self.contents.end {
            return Ok(false);
        }
        let Step::Frame(head) = self.frames.step()? else { return Err(self.damaged()) };
        let cuts = &self.contents.cuts;
        while cuts.get(self.cuts_passed).is_some_and(|cut| cut.offset <= offset) {
            self.cuts_passed += 1;
        }
        self.valid_to = cuts.get(self.cuts_passed).map_or(u64::MAX, |cut| cut.seq);
        let payload = self.frames.payload(&head);
        if payload[0] == kind::RECORDS {
            let unpacked = (payload.len() >= 9)
                .then(|| payload[9..].get(..word64(payload, 1) as usize))
                .flatten()
                .and_then(|packed| zstd::stream::decode_all(packed).ok());
            self.block = unpacked.ok_or_else(|| self.damaged())?;
        }
        self.frames.pass(&head);
        Ok(true)
    }

    fn damaged(&self) -> JournalError {
        self.frames.damaged("its frame has a good checksum and holds something else than it says")
    }
}
