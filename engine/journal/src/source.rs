//! The bytes of a file of frames, in order: as they stand in it, or unpacked.
//!
//! Not here: what they mean (`reader`).

use crate::disk::NamedFile;
use crate::layout::Packing;
use crate::{Folder, JournalError, disk::Access};
use std::fmt;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use zstd::stream::read::Decoder;

/// What is unpacked refers back at most so far, as a power of two: what a damaged file claims is not allocated.
const WINDOW_LOG_MAX: u32 = 23;

/// A file, read from its start to its end.
struct Sequential {
    file: NamedFile,
    offset: u64,
}

impl Read for Sequential {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.file.file.read_at(bytes, self.offset)?;
        self.offset += count as u64;
        Ok(count)
    }
}

enum Bytes {
    Plain(Sequential),
    Zstd(Box<Decoder<'static, BufReader<Sequential>>>),
}

/// Where frames are read from.
pub(crate) struct Source {
    pub path: PathBuf,
    bytes: Bytes,
    /// Where the next byte stands, unpacked.
    offset: u64,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({} at {})", self.path.display(), self.offset)
    }
}

impl Source {
    pub fn open(folder: &Folder, name: &str, packing: Packing) -> Result<Self, JournalError> {
        let file = folder.open(name, Access::Read)?;
        let path = file.path.clone();
        let file = Sequential { file, offset: 0 };
        let bytes = match packing {
            Packing::Plain => Bytes::Plain(file),
            Packing::Zstd => {
                let failed = |error| JournalError::io("unpack", &path, &error);
                let mut decoder = Decoder::new(file).map_err(failed)?;
                decoder.window_log_max(WINDOW_LOG_MAX).map_err(failed)?;
                Bytes::Zstd(Box::new(decoder))
            }
        };
        Ok(Self { path, bytes, offset: 0 })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The next bytes; 0 at the end.
    pub fn read(&mut self, bytes: &mut [u8]) -> Result<usize, JournalError> {
        let count = loop {
            let read = match &mut self.bytes {
                Bytes::Plain(file) => file.read(bytes),
                Bytes::Zstd(decoder) => decoder.read(bytes),
            };
            match read {
                Ok(count) => break count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // What the unpacker says has no number of the system's.
                Err(error) if error.raw_os_error().is_none() && matches!(self.bytes, Bytes::Zstd(_)) => {
                    let why = format!("it cannot be unpacked further ({error})");
                    return Err(JournalError::damaged(&self.path, self.offset, why));
                }
                Err(error) => return Err(JournalError::io("read", &self.path, &error)),
            }
        };
        self.offset += count as u64;
        Ok(count)
    }

    /// Goes to an offset, if the file is plain; says whether it is.
    pub fn seek(&mut self, offset: u64) -> bool {
        let Bytes::Plain(file) = &mut self.bytes else { return false };
        (file.offset, self.offset) = (offset, offset);
        true
    }
}
