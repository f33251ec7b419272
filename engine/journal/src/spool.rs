//! A file of derived records beside the journal: opaque bytes, each tagged with the input it came of.
//!
//! Why: a run writes tables that are derived from its inputs, so they are no part of the journal. But a killed run that
//! is continued must not compute them anew: it goes on behind the records up to its snapshot.
//! Records are gathered into compressed frames, with the same checksums and the same treatment of a torn tail as the
//! journal's. Nothing is ever rewritten: records that are not valid any more are cut off by a record that says so.
//! Not here: what the records are. A spool has no lock: it belongs to whoever holds its journal's.
//!
//! A frame of records is, behind its kind, the length of what follows in 64 bits, then, packed by zstd, for each record
//! its tag in 64 bits, its length in 32, and its bytes.

mod read;

pub use read::{SpoolReader, SpoolRecord};

use crate::disk::{Access, NamedFile};
use crate::frame::{self, Seal, kind};
use crate::header::{FileHeader, HEADER_BYTES, Purpose};
use crate::inspect::Torn;
use crate::{Folder, Identity, JournalError};
use model::{Clock, SystemClock};

/// Longest record, in bytes.
pub const SPOOL_RECORD_BYTES_MAX: usize = 1 << 26;

/// Bytes of records at which a frame is written.
const BLOCK_BYTES: usize = 1 << 18;
const LEVEL: i32 = 1;

/// Writes a spool.
#[derive(Debug)]
pub struct Spool {
    file: NamedFile,
    salt: u64,
    end: u64,
    durable: u64,
    /// Records that wait to be packed.
    block: Vec<u8>,
    frame: Vec<u8>,
    last_seq: u64,
    failure: Option<JournalError>,
}

/// What the opening of a spool found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpoolFound {
    /// The last record's tag, or what the spool was cut to; 0 if there is none.
    pub last_seq: u64,
    /// What was cut off behind the last whole frame.
    pub torn: Option<Torn>,
}

impl Spool {
    /// Opens the spool `name` in a folder to go on behind its last record; makes it if it is not there.
    ///
    /// # Errors
    /// It is no spool of this identity, or damaged: nothing is changed then. Or the disk's.
    pub fn open(folder: &Folder, name: &str, identity: Identity) -> Result<(Self, SpoolFound), JournalError> {
        if !folder.names()?.iter().any(|found| found == name) {
            let header = FileHeader::new(identity, 0, 0, 0, SystemClock.now().0);
            folder.replace(name, &[&header.encode(Purpose::Spool)])?;
        }
        let contents = read::scan(folder, name, &identity)?;
        let file = folder.open(name, Access::Write)?;
        if contents.torn.is_some() {
            file.set_size(contents.end)?;
        }
        // What a failed sync may have left in memory only is written again, and the name made sure of.
        file.rewrite(contents.durable, contents.end)?;
        file.sync()?;
        folder.sync()?;
        let last_seq = contents.last_seq;
        let spool = Self {
            file,
            salt: contents.header.salt,
            end: contents.end,
            durable: contents.end,
            block: Vec::new(),
            frame: Vec::new(),
            last_seq,
            failure: None,
        };
        Ok((spool, SpoolFound { last_seq, torn: contents.torn }))
    }

    /// Appends a record that came of input `seq`, which is not before the last one's.
    ///
    /// # Errors
    /// The disk's, final: nothing is taken any more.
    ///
    /// # Panics
    /// If tags go back, or the record is longer than [`SPOOL_RECORD_BYTES_MAX`].
    pub fn append(&mut self, seq: u64, record: &[u8]) -> Result<(), JournalError> {
        assert!(seq >= self.last_seq, "record of input {seq} after one of input {}", self.last_seq);
        assert!(record.len() <= SPOOL_RECORD_BYTES_MAX, "a record is at most 64 MiB");
        self.check()?;
        read::put_record(&mut self.block, seq, record);
        self.last_seq = seq;
        if self.block.len() >= BLOCK_BYTES { self.write() } else { Ok(()) }
    }

    /// Writes what waits to the file: a killed process then loses nothing of it.
    ///
    /// # Errors
    /// The disk's, final.
    pub fn write(&mut self) -> Result<(), JournalError> {
        self.check()?;
        if self.block.is_empty() {
            return Ok(());
        }
        let packed = zstd::bulk::compress(&self.block, LEVEL);
        let packed = packed.map_err(|error| JournalError::io("pack", &self.file.path, &error))?;
        let mut payload = Vec::with_capacity(packed.len() + 8);
        payload.extend((packed.len() as u64).to_le_bytes());
        payload.extend(packed);
        self.block.clear();
        self.write_frame(kind::RECORDS, &payload, self.last_seq)
    }

    /// Writes what waits, and returns when all records are durable.
    ///
    /// # Errors
    /// The disk's, final.
    pub fn sync(&mut self) -> Result<(), JournalError> {
        self.write()?;
        if self.durable < self.end {
            let synced = self.file.sync();
            self.keep(synced)?;
            self.durable = self.end;
        }
        Ok(())
    }

    /// Makes all records of inputs after `seq` void, durably. They stay in the file and are never read again.
    ///
    /// # Errors
    /// The disk's, final.
    pub fn truncate_after(&mut self, seq: u64) -> Result<(), JournalError> {
        if self.last_seq <= seq {
            return self.sync();
        }
        self.write()?;
        self.write_frame(kind::CUT, &[], seq)?;
        self.last_seq = seq;
        self.sync()
    }

    /// The last record's tag, or what the spool was cut to; 0 if there is none.
    pub fn last_seq(&self) -> u64 {
        self.last_seq
    }

    fn write_frame(&mut self, kind: u8, payload: &[u8], next_seq: u64) -> Result<(), JournalError> {
        let (salt, offset) = (self.salt, self.end);
        // A frame says how far back it is not durable in 32 bits.
        if offset - self.durable > 1 << 31 {
            let synced = self.file.sync();
            self.keep(synced)?;
            self.durable = offset;
        }
        self.frame.clear();
        frame::begin(&mut self.frame, kind);
        self.frame.extend_from_slice(payload);
        frame::end(&mut self.frame);
        let seal = Seal { salt, offset, durable: self.durable, next_seq, events: 0, inputs: 0 };
        frame::seal(&mut self.frame, &seal);
        let written = self.file.write_all_at(&self.frame, offset);
        self.keep(written)?;
        self.end += self.frame.len() as u64;
        Ok(())
    }

    fn check(&self) -> Result<(), JournalError> {
        self.failure.clone().map_or(Ok(()), Err)
    }

    fn keep(&mut self, done: Result<(), JournalError>) -> Result<(), JournalError> {
        done.inspect_err(|error| self.failure = Some(error.clone()))
    }
}

const _: () = assert!(HEADER_BYTES.is_multiple_of(frame::FRAME_ALIGNMENT as u64));
