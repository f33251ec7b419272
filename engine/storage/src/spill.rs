//! The spill: batches that a tier could not hold in memory, in files, in order, bounded.
//!
//! **Rule of a crash.** Frames are written in order and not synced. After the program died, everything that was put is
//! there; after a power cut, the tail may be torn or gone. A torn frame ends the spill: it and whatever follows are
//! dropped when the spill is opened. That loses nothing, because the caller offers everything again that lies above
//! what the tier says it holds ([`crate::Tiers::resume_from`]): the store's watermark, or the end of the spill if it
//! joins the watermark. What the spill repeats of the store is left out by the watermark. A spill that does not join
//! it (the store lost what it had, or only gathered it) is given up if the caller offers what lies between; see
//! `queue::state`.
//!
//! A file is removed when all of it is stored. So the folder holds at most `bytes_max`, of which a part of one file may
//! be stored already.
//! Not here: when to spill (`queue`), the layout of a file (`segment`).

use crate::segment::{FRAME_BYTES, Opened, Segment, header_bytes};
use crate::{Batch, Watermarks, codec};
use std::collections::VecDeque;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Files a full spill is cut into, and the least and most bytes of one.
const SEGMENTS: u64 = 8;
const SEGMENT_BYTES_MIN: u64 = 64 * 1024;
const SEGMENT_BYTES_MAX: u64 = 16 * 1024 * 1024;

const EXTENSION: &str = "spill";

/// Why a spill cannot be used. All are errors of configuration, said at the start.
#[derive(Debug)]
pub enum SpillError {
    /// Another process uses the folder.
    InUse(PathBuf),
    /// The folder holds what another run could not store.
    OtherRun {
        /// The folder.
        folder: PathBuf,
        /// The run.
        run: String,
    },
    /// A later version of the program wrote it.
    Newer {
        /// The file.
        file: PathBuf,
        /// The version of its format.
        version: u32,
    },
    /// The system refuses.
    Io {
        /// The folder or file.
        path: PathBuf,
        /// What it says.
        cause: io::Error,
    },
}

impl fmt::Display for SpillError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse(folder) => {
                write!(
                    f,
                    "{} is in use by another process; give each tier a folder of its own",
                    folder.display()
                )
            }
            Self::OtherRun { folder, run } => {
                let folder = folder.display();
                write!(
                    f,
                    "{folder} holds rows of run {run} that are not stored yet; continue that run, or remove them"
                )
            }
            Self::Newer { file, version } => {
                write!(
                    f,
                    "{} has format version {version}, newer than this program knows; update it",
                    file.display()
                )
            }
            Self::Io { path, cause } => write!(f, "{}: {cause}", path.display()),
        }
    }
}

impl std::error::Error for SpillError {}

/// What became of a batch that was put.
#[derive(Debug)]
pub(crate) enum Put {
    /// It is in the spill.
    Taken,
    /// There is no room for it.
    Full,
    /// The disk refuses.
    Failed(io::Error),
}

/// What comes next out of a spill.
#[derive(Debug)]
pub(crate) enum Next {
    /// Nothing: it is empty.
    Nothing,
    /// This batch.
    Batch(Batch),
    /// So many rows could not be read back and are gone: the disk gave other bytes than it was given.
    Damaged { rows: u64 },
}

/// A spill.
#[derive(Debug)]
pub(crate) struct Spill {
    folder: PathBuf,
    run: String,
    bytes_max: u64,
    segment_bytes: u64,
    /// Oldest first; the last is written to.
    segments: VecDeque<Segment>,
    next_name: u64,
    /// What [`Spill::next`] gave last: bytes and rows of its frame.
    given: Option<(usize, u64)>,
    /// By stream, the first number in it when it was opened, and the last that was ever in it; 0 where there is none.
    first: Watermarks,
    through: Watermarks,
    encoded: Vec<u8>,
    /// Held while the spill is in use.
    _lock: File,
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> SpillError {
    |cause| SpillError::Io { path: path.to_owned(), cause }
}

impl Spill {
    /// Opens the folder, making it if need be, with what an earlier process of this run left in it.
    pub fn open(folder: &Path, run: &str, bytes_max: u64) -> Result<Self, SpillError> {
        fs::create_dir_all(folder).map_err(io_error(folder))?;
        let lock_path = folder.join("lock");
        let lock = File::create(&lock_path).map_err(io_error(&lock_path))?;
        lock.try_lock().map_err(|_| SpillError::InUse(folder.to_owned()))?;
        let mut spill = Self {
            folder: folder.to_owned(),
            run: run.to_owned(),
            bytes_max,
            segment_bytes: (bytes_max / SEGMENTS).clamp(SEGMENT_BYTES_MIN, SEGMENT_BYTES_MAX),
            segments: VecDeque::new(),
            next_name: 0,
            given: None,
            first: Watermarks::default(),
            through: Watermarks::default(),
            encoded: Vec::new(),
            _lock: lock,
        };
        spill.recover()?;
        Ok(spill)
    }

    fn recover(&mut self) -> Result<(), SpillError> {
        let mut ended = false;
        for (name, path) in self.files()? {
            self.next_name = name + 1;
            let (first, through) = (&mut self.first, &mut self.through);
            let mut note = |frame: &crate::segment::Frame| {
                if let Some(batch) = codec::decode(&frame.batch) {
                    let stream = batch.stream();
                    through.set(stream, batch.last_seq);
                    if first.of(stream) == 0 {
                        first.set(stream, batch.first_seq);
                    }
                }
            };
            let opened = if ended {
                Opened::Torn
            } else {
                Segment::open(&path, &self.run, &mut note).map_err(io_error(&path))?
            };
            match opened {
                Opened::Segment { segment, torn } => {
                    ended = torn;
                    self.segments.push_back(segment);
                }
                Opened::OtherRun(run) => {
                    return Err(SpillError::OtherRun { folder: self.folder.clone(), run });
                }
                Opened::Newer(version) => return Err(SpillError::Newer { file: path, version }),
                Opened::Torn => {
                    ended = true;
                    fs::remove_file(&path).map_err(io_error(&path))?;
                }
            }
        }
        self.remove_read();
        Ok(())
    }

    /// The spill's files by their numbers.
    fn files(&self) -> Result<Vec<(u64, PathBuf)>, SpillError> {
        let entries = fs::read_dir(&self.folder).map_err(io_error(&self.folder))?;
        let paths = entries.flatten().map(|entry| entry.path());
        let is_ours = |path: &PathBuf| path.extension().is_some_and(|extension| extension == EXTENSION);
        let number = |path: PathBuf| Some((path.file_stem()?.to_str()?.parse().ok()?, path));
        let mut files: Vec<(u64, PathBuf)> = paths.filter(is_ours).filter_map(number).collect();
        files.sort_unstable();
        Ok(files)
    }

    /// By stream, the first number that an earlier process left in it; 0 where it left nothing.
    pub fn first(&self) -> Watermarks {
        self.first
    }

    /// By stream, the last number in it; 0 where it has nothing.
    pub fn through(&self) -> Watermarks {
        self.through
    }

    /// Bytes of its files.
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    /// Rows that were not taken out.
    pub fn rows(&self) -> u64 {
        self.segments.iter().map(Segment::unread_rows).sum()
    }

    /// Whether it holds nothing.
    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// Appends a batch.
    pub fn put(&mut self, batch: &Batch) -> Put {
        self.encoded.clear();
        codec::encode(batch, &mut self.encoded);
        let fresh = self.segments.back().is_none_or(|segment| segment.bytes >= self.segment_bytes);
        let header = if fresh { header_bytes(&self.run) } else { 0 };
        let more = header + (FRAME_BYTES + self.encoded.len()) as u64;
        if self.bytes() + more > self.bytes_max {
            return Put::Full;
        }
        if fresh && let Err(error) = self.begin_segment() {
            return Put::Failed(error);
        }
        let segment = self.segments.back_mut().expect("there is a segment to write to");
        if let Err(error) = segment.append(&self.encoded, batch.len() as u64) {
            self.remove_read();
            return Put::Failed(error);
        }
        self.through.set(batch.stream(), batch.last_seq);
        Put::Taken
    }

    fn begin_segment(&mut self) -> io::Result<()> {
        let path = self.folder.join(format!("{:020}.{EXTENSION}", self.next_name));
        let segment = Segment::create(&path, &self.run).inspect_err(|_| {
            let _ = fs::remove_file(&path);
        })?;
        self.next_name += 1;
        self.segments.push_back(segment);
        Ok(())
    }

    /// The oldest batch, which stays until [`Spill::remove_given`].
    pub fn next(&mut self) -> Next {
        let Some(front) = self.segments.front() else { return Next::Nothing };
        let batch = front.peek().ok().flatten().and_then(|frame| {
            self.given = Some((frame.batch.len(), frame.rows));
            codec::decode(&frame.batch)
        });
        batch.map_or_else(|| self.give_up_front(), Next::Batch)
    }

    /// Gives up everything in it.
    pub fn clear(&mut self) {
        self.given = None;
        for segment in self.segments.drain(..) {
            // A file that cannot be removed is read by the next process; the watermarks leave it out.
            let _ = fs::remove_file(&segment.path);
        }
    }

    /// Removes what [`Spill::next`] gave.
    pub fn remove_given(&mut self) {
        let (bytes, rows) = self.given.take().expect("something was given");
        self.segments.front_mut().expect("it came out of a segment").advance(bytes, rows);
        self.remove_read();
    }

    /// The rest of the front cannot be read: it goes.
    fn give_up_front(&mut self) -> Next {
        let front = self.segments.pop_front().expect("there is a front");
        self.given = None;
        let _ = fs::remove_file(&front.path);
        Next::Damaged { rows: front.unread_rows() }
    }

    fn remove_read(&mut self) {
        while let Some(front) = self.segments.pop_front_if(|front| front.is_read()) {
            // A file that cannot be removed is read again by the next process, which changes nothing.
            let _ = fs::remove_file(&front.path);
        }
    }
}

#[cfg(test)]
mod tests;
