//! Segments: the files of a spill, each a header and framed, checksummed batches.
//!
//! | bytes | header of a file | bytes | frame |
//! | --- | --- | --- | --- |
//! | 8 | `GMSPILL\0` | 4 | length of the batch's bytes, L |
//! | 4 | version of the format, 1 | 4 | rows in the batch |
//! | 4 | length of the run's name, N | 16 | xxh3-128 of the 8 bytes before and the L after |
//! | N | the run's name | L | the batch (`codec`) |
//!
//! All numbers are little-endian. A frame that ends early or whose checksum is wrong ends the file: what follows is no
//! part of it.
//! Not here: which segments there are, and when they go (`spill`).

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use twox_hash::xxhash3_128::Hasher;

const MAGIC: [u8; 8] = *b"GMSPILL\0";
const VERSION: u32 = 1;
/// Bytes before the run's name.
const HEADER_BYTES: usize = 16;
/// Bytes before a frame's batch.
pub(crate) const FRAME_BYTES: usize = 24;
/// Longest run name and frame that are believed.
const RUN_BYTES_MAX: usize = 4096;
const FRAME_BYTES_MAX: usize = 1 << 30;

/// One file of a spill.
#[derive(Debug)]
pub(crate) struct Segment {
    pub path: PathBuf,
    file: File,
    /// Bytes of header and frames.
    pub bytes: u64,
    /// Rows of all frames.
    pub rows: u64,
    /// Where the next frame to read begins, and the rows of those before.
    read_at: u64,
    read_rows: u64,
}

/// A frame that was read.
#[derive(Debug)]
pub(crate) struct Frame {
    pub batch: Vec<u8>,
    pub rows: u64,
}

/// What a file turned out to be.
#[derive(Debug)]
pub(crate) enum Opened {
    /// A segment of this run; whether frames were torn off its end.
    Segment { segment: Segment, torn: bool },
    /// A segment of another run.
    OtherRun(String),
    /// Written by a later version.
    Newer(u32),
    /// Not even a header.
    Torn,
}

/// Bytes of a header.
pub(crate) fn header_bytes(run: &str) -> u64 {
    (HEADER_BYTES + run.len()) as u64
}

fn header(run: &str) -> Vec<u8> {
    let mut header = MAGIC.to_vec();
    header.extend_from_slice(&VERSION.to_le_bytes());
    header.extend_from_slice(&(run.len() as u32).to_le_bytes());
    header.extend_from_slice(run.as_bytes());
    header
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

fn checksum(head: &[u8], batch: &[u8]) -> [u8; 16] {
    let mut hasher = Hasher::new();
    hasher.write(head);
    hasher.write(batch);
    hasher.finish_128().to_le_bytes()
}

impl Segment {
    /// A new, empty one.
    pub fn create(path: &Path, run: &str) -> io::Result<Self> {
        let mut file = File::options().read(true).write(true).create_new(true).open(path)?;
        file.write_all(&header(run))?;
        let bytes = header_bytes(run);
        Ok(Self { path: path.to_owned(), file, bytes, rows: 0, read_at: bytes, read_rows: 0 })
    }

    /// One that an earlier process left, cut where its last whole frame ends. Calls `found` with every batch.
    pub fn open(path: &Path, run: &str, mut found: impl FnMut(&Frame)) -> io::Result<Opened> {
        let file = File::options().read(true).write(true).open(path)?;
        let length = file.metadata()?.len();
        let mut head = [0; HEADER_BYTES];
        if length < HEADER_BYTES as u64 {
            return Ok(Opened::Torn);
        }
        file.read_exact_at(&mut head, 0)?;
        let (version, name_bytes) = (word(&head, 8), word(&head, 12) as usize);
        if head[..8] != MAGIC {
            return Ok(Opened::Torn);
        }
        if version > VERSION {
            return Ok(Opened::Newer(version));
        }
        if name_bytes > RUN_BYTES_MAX || length < (HEADER_BYTES + name_bytes) as u64 {
            return Ok(Opened::Torn);
        }
        let mut name = vec![0; name_bytes];
        file.read_exact_at(&mut name, HEADER_BYTES as u64)?;
        if name != run.as_bytes() {
            return Ok(Opened::OtherRun(String::from_utf8_lossy(&name).into_owned()));
        }
        let start = header_bytes(run);
        let mut segment =
            Self { path: path.to_owned(), file, bytes: length, rows: 0, read_at: start, read_rows: 0 };
        while let Some(frame) = segment.peek()? {
            found(&frame);
            segment.rows += frame.rows;
            segment.read_at += (FRAME_BYTES + frame.batch.len()) as u64;
        }
        let torn = segment.read_at < length;
        segment.bytes = segment.read_at;
        segment.file.set_len(segment.bytes)?;
        segment.read_at = start;
        Ok(Opened::Segment { segment, torn })
    }

    /// Appends a frame; the segment is as it was if that fails.
    pub fn append(&mut self, batch: &[u8], rows: u64) -> io::Result<()> {
        let mut head = (batch.len() as u32).to_le_bytes().to_vec();
        head.extend_from_slice(&(rows as u32).to_le_bytes());
        let sum = checksum(&head, batch);
        head.extend_from_slice(&sum);
        let written = self
            .file
            .write_all_at(&head, self.bytes)
            .and_then(|()| self.file.write_all_at(batch, self.bytes + FRAME_BYTES as u64));
        if written.is_err() {
            // What could not be cut off has no checksum, or is overwritten by the next frame.
            let _ = self.file.set_len(self.bytes);
            return written;
        }
        self.bytes += (FRAME_BYTES + batch.len()) as u64;
        self.rows += rows;
        Ok(())
    }

    /// The next frame to read; `None` at the end, or where the bytes are not what was written.
    pub fn peek(&self) -> io::Result<Option<Frame>> {
        let mut head = [0; FRAME_BYTES];
        if self.read_at + FRAME_BYTES as u64 > self.bytes {
            return Ok(None);
        }
        self.file.read_exact_at(&mut head, self.read_at)?;
        let (length, rows) = (word(&head, 0) as usize, word(&head, 4));
        let end = self.read_at + (FRAME_BYTES + length) as u64;
        if length > FRAME_BYTES_MAX || end > self.bytes {
            return Ok(None);
        }
        let mut batch = vec![0; length];
        self.file.read_exact_at(&mut batch, self.read_at + FRAME_BYTES as u64)?;
        let whole = checksum(&head[..8], &batch) == head[8..];
        Ok(whole.then_some(Frame { batch, rows: rows.into() }))
    }

    /// Moves past a frame that was peeked at.
    pub fn advance(&mut self, frame_batch_bytes: usize, rows: u64) {
        self.read_at += (FRAME_BYTES + frame_batch_bytes) as u64;
        self.read_rows += rows;
    }

    /// Whether every frame was read.
    pub fn is_read(&self) -> bool {
        self.read_at >= self.bytes
    }

    /// Rows that were not read.
    pub fn unread_rows(&self) -> u64 {
        self.rows - self.read_rows
    }
}
