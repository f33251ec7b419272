//! Where files of ticks are: on this machine, or in a bucket.
//!
//! An object is pinned where it is found: its size, its etag and its footer are kept, and every later read asks for
//! exactly that content, so an object that is replaced during a run is an error and never a mixture.

use crate::CatalogError;
use objects::{Bucket, Bytes, Object, ObjectUrl, S3Config};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where a search for files begins.
#[derive(Debug, Clone)]
pub enum Root {
    /// A catalog, a folder or a file of this machine.
    Local(PathBuf),
    /// A catalog, a prefix or an object in a bucket.
    Bucket {
        /// Which bucket.
        bucket: Bucket,
        /// A key, or what keys begin with as if it were a folder; empty: the whole bucket.
        key: String,
    },
}

impl Root {
    /// Reads a path as a user gives it: `s3://BUCKET/KEY`, else a path of this machine. Nothing is asked yet.
    ///
    /// # Errors
    /// [`CatalogError::Object`] where the URL or the credentials are none.
    pub fn parse(path: &Path, config: &S3Config) -> Result<Self, CatalogError> {
        match path.to_str().filter(|text| ObjectUrl::is_url(text)) {
            None => Ok(Self::Local(path.to_owned())),
            Some(text) => {
                let url = ObjectUrl::parse(text)?;
                Ok(Self::Bucket { bucket: Bucket::s3(&url.bucket, config)?, key: url.key })
            }
        }
    }
}

/// Where a file of ticks is.
#[derive(Debug, Clone)]
pub enum Location {
    /// On this machine.
    Local(PathBuf),
    /// In a bucket.
    Object(Arc<ObjectFile>),
}

impl Location {
    /// Its path, or its URL in the form of one.
    pub fn path(&self) -> &Path {
        match self {
            Self::Local(path) => path,
            Self::Object(file) => &file.path,
        }
    }
}

impl From<&Path> for Location {
    fn from(path: &Path) -> Self {
        Self::Local(path.to_owned())
    }
}

impl From<&PathBuf> for Location {
    fn from(path: &PathBuf) -> Self {
        Self::Local(path.clone())
    }
}

impl From<&Self> for Location {
    fn from(location: &Self) -> Self {
        location.clone()
    }
}

/// Bytes of an object's end that are asked for at once: almost every footer is shorter.
const TAIL_BYTES: u64 = 64 * 1024;

/// Objects up to this size are kept whole.
const WHOLE_BYTES_MAX: u64 = 16 * 1024;

/// Longest footer: one of a hundred thousand row groups is shorter.
const FOOTER_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// The length of the footer's length and the magic bytes behind it.
const END_BYTES: u64 = 8;

/// An object that is read as a file, as it was found.
#[derive(Debug)]
pub struct ObjectFile {
    pub(crate) path: PathBuf,
    pub(crate) bucket: Bucket,
    pub(crate) object: Object,
    /// Its last bytes, the footer among them.
    pub(crate) tail: Bytes,
}

impl ObjectFile {
    /// Finds objects, several at a time, each with its footer.
    ///
    /// # Errors
    /// [`CatalogError::Object`] for the first that cannot be read.
    pub fn find(bucket: &Bucket, keys: &[String]) -> Result<Vec<Arc<Self>>, CatalogError> {
        let tails = bucket.tails(keys, TAIL_BYTES);
        tails.into_iter().map(|found| Self::of_tail(bucket, found?)).collect()
    }

    fn of_tail(bucket: &Bucket, (object, tail): (Object, Bytes)) -> Result<Arc<Self>, CatalogError> {
        let path = PathBuf::from(bucket.url(&object.key));
        let wanted = match tail.len().checked_sub(END_BYTES as usize) {
            Some(start) => {
                let length = tail[start..start + 4].try_into().expect("four bytes are four");
                u64::from(u32::from_le_bytes(length)) + END_BYTES
            }
            None => 0,
        };
        let is_parquet = tail.ends_with(crate::open::MAGIC) && wanted <= object.size;
        let tail = if object.size <= WHOLE_BYTES_MAX || !is_parquet {
            tail
        } else if wanted > FOOTER_BYTES_MAX {
            let cause = format!("it would be {wanted} bytes long");
            return Err(CatalogError::DamagedFooter { path, cause });
        } else if wanted > tail.len() as u64 {
            bucket.fetch(&object, object.size - wanted..object.size).wait()?
        } else {
            Bytes::copy_from_slice(&tail[tail.len() - wanted as usize..])
        };
        Ok(Arc::new(Self { path, bucket: bucket.clone(), object, tail }))
    }

    /// Bytes of the object.
    pub(crate) fn size(&self) -> u64 {
        self.object.size
    }

    /// Where the tail begins.
    pub(crate) fn tail_start(&self) -> u64 {
        self.size() - self.tail.len() as u64
    }

    /// What tells its content from any other: its etag, without quotes.
    pub fn etag(&self) -> Option<&str> {
        self.object.etag.as_deref().map(|etag| etag.trim_matches('"'))
    }
}
