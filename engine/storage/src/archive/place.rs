//! Where an archive is: a folder of this machine, or a prefix in a bucket.
//!
//! Files appear whole under their names, once, and small ones are swapped in whole; all else about the two differs here
//! and in `swap` only.

use super::folder;
use crate::StoreError;
use catalog::{CatalogError, Location, ObjectFile, PartName, Partition, Root, Table};
use model::{Clock, Nanos, SystemClock};
use objects::{Bucket, Bytes, ObjectError, Put, S3Config};
use std::path::{Path, PathBuf};

/// Where an archive is.
#[derive(Debug, Clone)]
pub enum Place {
    /// A folder; it is made if it is not there.
    Folder(PathBuf),
    /// A prefix in a bucket, which must be there.
    Bucket {
        /// The bucket.
        bucket: Bucket,
        /// What keys begin with: empty, or ending with a slash.
        prefix: String,
    },
}

/// A file that is whole, on its way to its name.
pub(super) struct NewFile {
    pub partition: Partition,
    pub part: PartName,
    pub bytes: Vec<u8>,
}

impl Place {
    /// Reads a path as a user gives it: `s3://BUCKET/PREFIX`, else a folder. Nothing is asked yet.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where the URL or the credentials are none.
    pub fn parse(path: &Path, s3: &S3Config) -> Result<Self, StoreError> {
        match Root::parse(path, s3) {
            Ok(Root::Local(path)) => Ok(Self::Folder(path)),
            Ok(Root::Bucket { bucket, key }) => Ok(Self::bucket(bucket, &key)),
            Err(error) => Err(StoreError::Refused {
                store: format!("archive {}", path.display()),
                why: error.to_string(),
            }),
        }
    }

    /// A prefix of a bucket, with or without a slash at its end.
    pub fn bucket(bucket: Bucket, prefix: &str) -> Self {
        let prefix =
            if prefix.is_empty() || prefix.ends_with('/') { prefix.to_owned() } else { format!("{prefix}/") };
        Self::Bucket { bucket, prefix }
    }

    /// Its name, for people.
    pub fn name(&self) -> String {
        match self {
            Self::Folder(root) => format!("archive {}", root.display()),
            Self::Bucket { bucket, prefix } => format!("archive {}", bucket.url(prefix)),
        }
    }

    /// The error of a store for an error of an object.
    pub(super) fn object_error(&self, error: &ObjectError) -> StoreError {
        let (store, why) = (self.name(), error.to_string());
        if error.is_temporary() {
            StoreError::Unavailable { store, why }
        } else {
            StoreError::Refused { store, why }
        }
    }

    /// The error of a store for an error of the disk.
    pub(super) fn io_error(&self, action: &str, path: &Path, error: &std::io::Error) -> StoreError {
        use std::io::ErrorKind::{NotADirectory, PermissionDenied, ReadOnlyFilesystem};
        let (store, why) = (self.name(), format!("cannot {action} {}: {error}", path.display()));
        match error.kind() {
            PermissionDenied | ReadOnlyFilesystem | NotADirectory => StoreError::Refused { store, why },
            _ => StoreError::Unavailable { store, why },
        }
    }

    /// The error of a store for a file that cannot be read or written.
    pub(super) fn catalog_error(&self, error: &CatalogError) -> StoreError {
        match error {
            CatalogError::Object(error) => self.object_error(error),
            CatalogError::Io { action, path, error } => self.io_error(action, path, error),
            other => StoreError::Refused { store: self.name(), why: other.to_string() },
        }
    }

    /// How many runs it has, and how long it took to look. It changes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn probe(&self) -> Result<(usize, Nanos), StoreError> {
        let start = SystemClock.now();
        Ok((self.runs()?.len(), SystemClock.now() - start))
    }

    /// Looks whether it is there; a folder is made.
    pub(super) fn prepare(&self, run: &str) -> Result<(), StoreError> {
        match self {
            Self::Folder(root) => folder::prepare(root, run)
                .map_err(|folder::Failed { action, path, error }| self.io_error(action, &path, &error)),
            Self::Bucket { .. } => Ok(()),
        }
    }

    /// A small file, whole; `None` if there is none.
    pub(super) fn read(&self, file: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match self {
            Self::Folder(root) => match std::fs::read(root.join(file)) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(self.io_error("read", &root.join(file), &error)),
            },
            Self::Bucket { bucket, prefix } => {
                let found = bucket.read_whole(&format!("{prefix}{file}"));
                let found = found.map_err(|error| self.object_error(&error))?;
                Ok(found.map(|(_, bytes)| bytes.to_vec()))
            }
        }
    }

    /// Swaps a small file in.
    pub(super) fn swap_in(&self, file: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        match self {
            Self::Folder(root) => folder::swap_in(&root.join(file), &bytes)
                .map_err(|folder::Failed { action, path, error }| self.io_error(action, &path, &error)),
            Self::Bucket { bucket, prefix } => {
                let put = bucket.put(&format!("{prefix}{file}"), bytes, Put::Over);
                put.map(|_| ()).map_err(|error| self.object_error(&error))
            }
        }
    }

    /// Gives files their names. One of a name that is there is there already: a name says what is in a file.
    pub(super) fn publish(&self, files: Vec<NewFile>) -> Result<(), StoreError> {
        match self {
            Self::Folder(root) => folder::publish(root, &files)
                .map_err(|folder::Failed { action, path, error }| self.io_error(action, &path, &error)),
            Self::Bucket { bucket, prefix } => {
                let object = |file: NewFile| {
                    let key = format!("{prefix}{}/{}", file.partition.folder(), file.part.file_name());
                    (key, Bytes::from(file.bytes))
                };
                let objects = files.into_iter().map(object).collect();
                bucket.put_absent(objects).map_err(|error| self.object_error(&error))
            }
        }
    }

    /// The files of an archive in a partition, superseded ones among them, in order of their names.
    pub(super) fn parts(&self, partition: &Partition) -> Result<Vec<PartName>, StoreError> {
        let mut parts: Vec<PartName> = match self {
            Self::Folder(root) => {
                let path = root.join(partition.folder());
                let names = folder::names(&path).map_err(|error| self.io_error("list", &path, &error))?;
                names.iter().filter_map(|name| PartName::parse(name)).collect()
            }
            Self::Bucket { bucket, prefix } => {
                let folder = format!("{prefix}{}/", partition.folder());
                let part = |key: &str| PartName::parse(key.strip_prefix(folder.as_str())?);
                let objects = bucket.list(&folder, |key| part(key).is_some());
                let objects = objects.map_err(|error| self.object_error(&error))?;
                objects.iter().filter_map(|object| part(&object.key)).collect()
            }
        };
        parts.sort();
        Ok(parts)
    }

    /// All partitions that hold files of an archive, each once, in order.
    pub(super) fn partitions(&self) -> Result<Vec<Partition>, StoreError> {
        let is_part = |name: &str| PartName::parse(name).is_some();
        let mut found: Vec<Partition> = match self {
            Self::Folder(root) => {
                let folders =
                    folder::folders(root, is_part).map_err(|error| self.io_error("list", root, &error))?;
                folders.iter().filter_map(|folder| Partition::parse(folder)).collect()
            }
            Self::Bucket { bucket, prefix } => {
                let split = |key: &str| {
                    let (folder, name) = key.strip_prefix(prefix.as_str())?.rsplit_once('/')?;
                    is_part(name).then(|| Partition::parse(folder))?
                };
                let objects = bucket.list(prefix, |key| split(key).is_some());
                let objects = objects.map_err(|error| self.object_error(&error))?;
                objects.iter().filter_map(|object| split(&object.key)).collect()
            }
        };
        found.sort();
        found.dedup();
        Ok(found)
    }

    /// The partitions of one symbol in a table, in order.
    pub(super) fn partitions_of(&self, table: Table, symbol: &str) -> Result<Vec<Partition>, StoreError> {
        let folder = Partition::of(table, symbol, Nanos(0)).folder();
        let above = folder.rsplit_once('/').map_or("", |(above, _)| above);
        let below = match self {
            Self::Folder(root) => {
                let path = root.join(above);
                folder::names(&path).map_err(|error| self.io_error("list", &path, &error))?
            }
            Self::Bucket { bucket, prefix } => {
                let above = format!("{prefix}{above}/");
                let day = |key: &str| Some(key.strip_prefix(above.as_str())?.rsplit_once('/')?.0.to_owned());
                let objects = bucket.list(&above, |key| day(key).is_some());
                let objects = objects.map_err(|error| self.object_error(&error))?;
                objects.iter().filter_map(|object| day(&object.key)).collect()
            }
        };
        let mut found: Vec<Partition> =
            below.iter().filter_map(|name| Partition::parse(&format!("{above}/{name}"))).collect();
        found.sort();
        found.dedup();
        Ok(found)
    }

    /// The runs that have a manifest.
    pub(super) fn runs(&self) -> Result<Vec<String>, StoreError> {
        let names = match self {
            Self::Folder(root) => {
                let path = folder::aside(root).join("runs");
                folder::names(&path).map_err(|error| self.io_error("list", &path, &error))?
            }
            Self::Bucket { bucket, prefix } => {
                let above = format!("{prefix}_archive/runs/");
                let objects = bucket.list(&above, |_| true).map_err(|error| self.object_error(&error))?;
                let name = |key: &str| key.strip_prefix(above.as_str()).map(str::to_owned);
                objects.iter().filter_map(|object| name(&object.key)).collect()
            }
        };
        let run = |name: &String| catalog::decode_symbol(name.strip_suffix(".json")?);
        Ok(names.iter().filter_map(run).collect())
    }

    /// Where files of a partition are, for readers.
    pub(super) fn locations(
        &self,
        partition: &Partition,
        parts: &[PartName],
    ) -> Result<Vec<Location>, CatalogError> {
        let file = |part: &PartName| format!("{}/{}", partition.folder(), part.file_name());
        match self {
            Self::Folder(root) => {
                Ok(parts.iter().map(|part| Location::Local(root.join(file(part)))).collect())
            }
            Self::Bucket { bucket, prefix } => {
                let keys: Vec<String> = parts.iter().map(|part| format!("{prefix}{}", file(part))).collect();
                Ok(ObjectFile::find(bucket, &keys)?.into_iter().map(Location::Object).collect())
            }
        }
    }
}
