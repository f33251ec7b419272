//! The spool of frames: what the recorder saw, kept until the run folder is whole.
//!
//! A run folder is half a fold itself (orders under way, decisions without an outcome), and its Parquet files cannot be
//! continued. So frames are kept as they came, and a continued run's folder is made from them.
//! Not here: frames of rejected rows; the data are read again.

use journal::{Folder, Identity, JournalError, Spool, SpoolReader};
use model::Frame;
use pipeline::{FrameReader, FrameWriter};

/// Keeps frames, each once.
pub struct FrameSpool {
    folder: Folder,
    name: &'static str,
    identity: Identity,
    spool: Spool,
    writer: FrameWriter,
}

impl FrameSpool {
    /// Opens the spool, or makes it. Frames behind input `last` are cut off: the journal does not know them, so what
    /// follows from them may be other than it was.
    ///
    /// # Errors
    /// [`JournalError`] where it is another run's or damaged.
    pub fn open(
        folder: &Folder,
        name: &'static str,
        identity: Identity,
        last: u64,
    ) -> Result<Self, JournalError> {
        let (mut spool, found) = Spool::open(folder, name, identity)?;
        if found.last_seq > last {
            spool.truncate_after(last)?;
        }
        Ok(Self { folder: folder.clone(), name, identity, spool, writer: FrameWriter::default() })
    }

    /// The input of the last frame; 0 if there is none.
    pub fn last_seq(&self) -> u64 {
        self.spool.last_seq()
    }

    /// Keeps a frame, unless it is kept already.
    ///
    /// # Errors
    /// The disk's.
    pub fn append(&mut self, frame: &Frame) -> Result<(), JournalError> {
        let seq = frame.input().seq;
        if seq <= self.spool.last_seq() {
            return Ok(());
        }
        self.spool.append(seq, self.writer.bytes(frame))
    }

    /// Hands everything to the system.
    ///
    /// # Errors
    /// The disk's.
    pub fn write(&mut self) -> Result<(), JournalError> {
        self.spool.write()
    }

    /// Calls `each` for every frame up to an input.
    ///
    /// # Errors
    /// Damage; the first error of `each`.
    pub fn frames<E: From<JournalError>>(
        &self,
        last: u64,
        mut each: impl FnMut(&Frame) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut reader = SpoolReader::open(&self.folder, self.name, self.identity)?;
        let mut frames = FrameReader::default();
        while let Some(record) = reader.next_record()? {
            if record.seq > last {
                break;
            }
            let frame = frames.frame(record.bytes).expect("a record with the right checksum is a frame");
            each(frame)?;
        }
        Ok(())
    }
}
