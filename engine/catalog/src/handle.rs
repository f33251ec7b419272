//! An open file, wherever it is.
//!
//! One decision per page: a local file is read through the same calls as if there were no buckets.

use crate::location::Location;
use crate::remote::{RemoteFile, RemoteRead};
use objects::{Bytes, ObjectError};
use parquet::errors::Result;
use parquet::file::reader::{ChunkReader, Length};
use std::fs::File;
use std::io::{BufReader, Read};
use std::ops::Range;

/// An open file.
#[derive(Debug)]
pub(crate) enum Handle {
    Local(File),
    Remote(RemoteFile),
}

impl Handle {
    /// Another handle of the same open file.
    pub(crate) fn duplicate(&self) -> std::io::Result<Self> {
        match self {
            Self::Local(file) => file.try_clone().map(Self::Local),
            Self::Remote(file) => Ok(Self::Remote(file.clone())),
        }
    }

    /// Says which bytes are read now, and which after that. A local file needs no telling.
    pub(crate) fn enter(&self, ranges: impl Fn() -> [Vec<Range<u64>>; 2]) {
        if let Self::Remote(file) = self {
            let [now, next] = ranges();
            file.enter(now, next);
        }
    }

    /// What made the last read fail, if it was the network or the object.
    pub(crate) fn take_failure(&self) -> Option<ObjectError> {
        match self {
            Self::Local(_) => None,
            Self::Remote(file) => file.take_failure(),
        }
    }

    /// The handle of a location that was opened before: of an object, nothing is asked.
    pub(crate) fn of(location: &Location) -> std::io::Result<Self> {
        match location {
            Location::Local(path) => File::open(path).map(Self::Local),
            Location::Object(file) => Ok(Self::Remote(RemoteFile::new(file))),
        }
    }
}

impl Length for Handle {
    fn len(&self) -> u64 {
        match self {
            Self::Local(file) => Length::len(file),
            Self::Remote(file) => file.size(),
        }
    }
}

/// A place in an open file.
#[derive(Debug)]
pub(crate) enum HandleRead {
    Local(BufReader<File>),
    Remote(RemoteRead),
}

impl Read for HandleRead {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Local(read) => read.read(buffer),
            Self::Remote(read) => read.read(buffer),
        }
    }

    fn read_to_end(&mut self, buffer: &mut Vec<u8>) -> std::io::Result<usize> {
        match self {
            Self::Local(read) => read.read_to_end(buffer),
            Self::Remote(read) => read.read_to_end(buffer),
        }
    }

    fn read_exact(&mut self, buffer: &mut [u8]) -> std::io::Result<()> {
        match self {
            Self::Local(read) => read.read_exact(buffer),
            Self::Remote(read) => read.read_exact(buffer),
        }
    }
}

impl ChunkReader for Handle {
    type T = HandleRead;

    fn get_read(&self, start: u64) -> Result<HandleRead> {
        match self {
            Self::Local(file) => file.get_read(start).map(HandleRead::Local),
            Self::Remote(file) => Ok(HandleRead::Remote(RemoteRead::new(file.clone(), start))),
        }
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        match self {
            Self::Local(file) => file.get_bytes(start, length),
            Self::Remote(file) => file.bytes(start, length),
        }
    }
}
