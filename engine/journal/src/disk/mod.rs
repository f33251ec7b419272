//! What the journal asks of a disk, and where tests put another one.
//!
//! Why a trait: what survives a power cut cannot be tried on a real disk. The tests' disk has a cache that loses what
//! was not synced, fails at a chosen operation, and writes short.
//! Not here: retries. Whoever calls decides what a failure means; for the journal it is final.

mod system;

pub use system::SystemDisk;

use crate::JournalError;
use std::fmt::Debug;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// To read; it must exist.
    Read,
    /// To read and write; it must exist.
    Write,
    /// To read and write; it is made, or emptied if it exists.
    Create,
}

/// Files and folders.
pub trait Disk: Send + Sync + Debug {
    /// The names in a folder, in any order.
    ///
    /// # Errors
    /// The system's, as for every function here.
    fn names(&self, folder: &Path) -> io::Result<Vec<String>>;
    /// Makes a folder with all above it, durably.
    ///
    /// # Errors
    /// The system's.
    fn create_folder(&self, folder: &Path) -> io::Result<()>;
    /// Opens a file.
    ///
    /// # Errors
    /// The system's.
    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn DiskFile>>;
    /// Gives a file another name, replacing one that has it; durable after [`Disk::sync_folder`].
    ///
    /// # Errors
    /// The system's.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file; durable after [`Disk::sync_folder`].
    ///
    /// # Errors
    /// The system's.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Returns when the names of a folder are durable.
    ///
    /// # Errors
    /// The system's.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
    /// Bytes that may still be allocated on the disk of a folder.
    ///
    /// # Errors
    /// The system's.
    fn free_bytes(&self, folder: &Path) -> io::Result<u64>;
}

/// An open file.
pub trait DiskFile: Send + Debug {
    /// Reads from `offset`; how many bytes, 0 at the end.
    ///
    /// # Errors
    /// The system's, as for every function here.
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize>;
    /// Writes at `offset`; how many bytes, which may be fewer than given.
    ///
    /// # Errors
    /// The system's.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize>;
    /// Reserves the first `bytes` bytes, so that writing there needs no more room; new ones are zero.
    ///
    /// # Errors
    /// The system's.
    fn allocate(&self, bytes: u64) -> io::Result<()>;
    /// Cuts or extends it.
    ///
    /// # Errors
    /// The system's.
    fn set_size(&self, bytes: u64) -> io::Result<()>;
    /// Returns when its bytes are durable, and its length if that is needed to read them.
    ///
    /// # Errors
    /// The system's. What was written before is then in doubt, whatever a later call says.
    fn sync(&self) -> io::Result<()>;
    /// Takes an exclusive advisory lock until it is closed; `false` if another holds it.
    ///
    /// # Errors
    /// The system's.
    fn try_lock(&self) -> io::Result<bool>;
}

/// A folder on a disk; where a journal, its snapshots and spools live.
#[derive(Debug, Clone)]
pub struct Folder {
    disk: Arc<dyn Disk>,
    path: PathBuf,
}

impl Folder {
    /// A folder of the system's. It need not exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self::on(Arc::new(SystemDisk), path)
    }

    /// A folder of another disk.
    pub fn on(disk: Arc<dyn Disk>, path: impl Into<PathBuf>) -> Self {
        Self { disk, path: path.into() }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A path in it.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub(crate) fn names(&self) -> Result<Vec<String>, JournalError> {
        let mut names =
            self.disk.names(&self.path).map_err(|error| JournalError::io("list", &self.path, &error))?;
        names.sort_unstable();
        Ok(names)
    }

    pub(crate) fn create(&self) -> Result<(), JournalError> {
        self.disk.create_folder(&self.path).map_err(|error| JournalError::io("create", &self.path, &error))
    }

    pub(crate) fn open(&self, name: &str, access: Access) -> Result<NamedFile, JournalError> {
        let path = self.join(name);
        let action = if access == Access::Create { "create" } else { "open" };
        match self.disk.open(&path, access) {
            Ok(file) => Ok(NamedFile { path, file }),
            Err(error) => Err(JournalError::io(action, &path, &error)),
        }
    }

    pub(crate) fn rename(&self, from: &str, to: &str) -> Result<(), JournalError> {
        let (from, to) = (self.join(from), self.join(to));
        self.disk.rename(&from, &to).map_err(|error| JournalError::io("rename", &from, &error))
    }

    pub(crate) fn remove(&self, name: &str) -> Result<(), JournalError> {
        let path = self.join(name);
        self.disk.remove(&path).map_err(|error| JournalError::io("remove", &path, &error))
    }

    pub(crate) fn sync(&self) -> Result<(), JournalError> {
        self.disk.sync_folder(&self.path).map_err(|error| JournalError::io("sync", &self.path, &error))
    }

    pub(crate) fn free_bytes(&self) -> Result<u64, JournalError> {
        let free = self.disk.free_bytes(&self.path);
        free.map_err(|error| JournalError::io("ask for the free room of", &self.path, &error))
    }

    /// Writes a whole file beside its place and swaps it in: it is old, new or absent, never half.
    pub(crate) fn replace(&self, name: &str, parts: &[&[u8]]) -> Result<(), JournalError> {
        let beside = format!("{name}.new");
        let file = self.open(&beside, Access::Create)?;
        let mut offset = 0;
        for part in parts {
            file.write_all_at(part, offset)?;
            offset += part.len() as u64;
        }
        file.sync()?;
        drop(file);
        self.rename(&beside, name)?;
        self.sync()
    }

    /// A whole file, which is known to be small or as large as it says.
    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>, JournalError> {
        let file = self.open(name, Access::Read)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// An open file whose errors name it.
#[derive(Debug)]
pub(crate) struct NamedFile {
    pub path: PathBuf,
    pub file: Box<dyn DiskFile>,
}

/// Bytes read at a time.
const READ_BYTES: usize = 1 << 20;

impl NamedFile {
    fn error(&self, action: &'static str, error: &io::Error) -> JournalError {
        JournalError::io(action, &self.path, error)
    }

    /// Reads until `bytes` is full or the file ends; how many bytes.
    pub fn read_at(&self, bytes: &mut [u8], offset: u64) -> Result<usize, JournalError> {
        let mut done = 0;
        while done < bytes.len() {
            match self.file.read_at(&mut bytes[done..], offset + done as u64) {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.error("read", &error)),
            }
        }
        Ok(done)
    }

    /// Appends everything from the start to the end of the file. Memory grows with what is read, not with what a
    /// length claims.
    pub fn read_to_end(&self, bytes: &mut Vec<u8>) -> Result<(), JournalError> {
        loop {
            let start = bytes.len();
            bytes.resize(start + READ_BYTES, 0);
            let count = self.read_at(&mut bytes[start..], start as u64)?;
            bytes.truncate(start + count);
            if count < READ_BYTES {
                return Ok(());
            }
        }
    }

    /// Writes everything or fails; after a failure nobody knows how much stands there.
    pub fn write_all_at(&self, bytes: &[u8], offset: u64) -> Result<(), JournalError> {
        let mut done = 0;
        while done < bytes.len() {
            match self.file.write_at(&bytes[done..], offset + done as u64) {
                Ok(0) => return Err(self.error("write", &io::ErrorKind::WriteZero.into())),
                Ok(count) => done += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.error("write", &error)),
            }
        }
        Ok(())
    }

    /// Writes what stands there once more.
    pub fn rewrite(&self, start: u64, end: u64) -> Result<(), JournalError> {
        let mut buffer = vec![0; READ_BYTES.min((end - start) as usize)];
        let mut offset = start;
        while offset < end {
            let part = buffer.len().min((end - offset) as usize);
            let count = self.read_at(&mut buffer[..part], offset)?;
            self.write_all_at(&buffer[..count], offset)?;
            if count < part {
                break;
            }
            offset += part as u64;
        }
        Ok(())
    }

    /// Makes everything from an offset on zero, writing only where it is not.
    pub fn zero_nonzero(&self, start: u64) -> Result<(), JournalError> {
        let (zeros, mut buffer, mut offset) = (vec![0; READ_BYTES], vec![0; READ_BYTES], start);
        loop {
            let count = self.read_at(&mut buffer, offset)?;
            if count == 0 {
                return Ok(());
            }
            if buffer[..count].iter().any(|byte| *byte != 0) {
                self.write_all_at(&zeros[..count], offset)?;
            }
            offset += count as u64;
        }
    }

    pub fn allocate(&self, bytes: u64) -> Result<(), JournalError> {
        self.file.allocate(bytes).map_err(|error| self.error("reserve room for", &error))
    }

    pub fn set_size(&self, bytes: u64) -> Result<(), JournalError> {
        self.file.set_size(bytes).map_err(|error| self.error("cut", &error))
    }

    pub fn sync(&self) -> Result<(), JournalError> {
        self.file.sync().map_err(|error| self.error("sync", &error))
    }
}
