//! One writer at a time.
//!
//! The lock is the system's and goes with its owner, however that dies; what is written in the file only names it.
//! Not here: readers, which need none.

use crate::disk::{Access, NamedFile};
use crate::layout::LOCK;
use crate::{Folder, JournalError};
use model::{Clock, SystemClock};
use std::path::Path;

/// A held lock; dropping it releases it.
#[derive(Debug)]
pub(crate) struct Lock {
    file: NamedFile,
    is_signed: bool,
}

impl Drop for Lock {
    fn drop(&mut self) {
        if self.is_signed {
            // Only so that nobody is told of an owner that has gone on to other things.
            let _ = self.file.set_size(0);
        }
    }
}

impl Lock {
    /// Takes the lock of a folder that has the file; `None` if it has none. Writes nothing.
    pub fn take(folder: &Folder) -> Result<Option<Self>, JournalError> {
        match folder.open(LOCK, Access::Write) {
            Err(error) if error.is_not_found() => Ok(None),
            file => Self::hold(file?).map(Some),
        }
    }

    /// Makes the file, and takes the lock.
    pub fn create(folder: &Folder) -> Result<Self, JournalError> {
        match Self::take(folder)? {
            Some(lock) => Ok(lock),
            None => Self::hold(folder.open(LOCK, Access::Create)?),
        }
    }

    fn hold(file: NamedFile) -> Result<Self, JournalError> {
        match file.file.try_lock() {
            Ok(true) => Ok(Self { file, is_signed: false }),
            Ok(false) => Err(JournalError::Locked { owner: owner(&file), path: file.path }),
            Err(error) => Err(JournalError::io("lock", &file.path, &error)),
        }
    }

    /// Writes who holds it into the file.
    pub fn sign(&mut self) -> Result<(), JournalError> {
        let now = SystemClock.now().0;
        let since = jiff::Timestamp::from_nanosecond(now.into()).expect("the machine's time is in range");
        let line = format!("process {} since {since:.0}\n", std::process::id());
        self.is_signed = true;
        self.file.set_size(0)?;
        self.file.write_all_at(line.as_bytes(), 0)
    }
}

/// Who is named in a lock file.
fn owner(file: &NamedFile) -> String {
    living(file).unwrap_or_else(|| "another process".to_owned())
}

/// Who is named in a lock file, if that process lives. An owner that has not signed yet is not named: what stands
/// there is of one before it.
fn living(file: &NamedFile) -> Option<String> {
    let mut bytes = [0; 100];
    let count = file.read_at(&mut bytes, 0).unwrap_or(0);
    let text = String::from_utf8_lossy(&bytes[..count]);
    let line = text.lines().next()?;
    let pid = line.strip_prefix("process ")?.split(' ').next()?;
    let lives = !Path::new("/proc/self").exists() || Path::new("/proc").join(pid).exists();
    lives.then(|| line.to_owned())
}

/// Who is named as a folder's writer and lives. Takes no lock, so that no opener is refused for it.
pub(crate) fn named_owner(folder: &Folder) -> Result<Option<String>, JournalError> {
    match folder.open(LOCK, Access::Read) {
        Err(error) if error.is_not_found() => Ok(None),
        file => Ok(living(&file?)),
    }
}
