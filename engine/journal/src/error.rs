//! Why a journal cannot be opened, read or written: one sentence that names the file, the offset, and what to do.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What went wrong. It can be kept and said again: a failed journal stays failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JournalError {
    /// The journal lost events that were durable: it ends before one of its snapshots.
    Shortened {
        /// The journal's folder.
        path: PathBuf,
        /// Its last input.
        last: u64,
        /// The input after which a snapshot was taken.
        snapshot: u64,
    },
    /// The operating system refused.
    Io {
        /// What was being done: `write`, `sync`, …
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What kind of refusal.
        kind: io::ErrorKind,
        /// The system's own words.
        message: String,
    },
    /// Another process writes this journal.
    Locked {
        /// The lock file.
        path: PathBuf,
        /// Who holds it.
        owner: String,
    },
    /// A file that is no part of a journal stands where one is expected, or a folder is not a journal's.
    Foreign {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// Written by a newer program, or one too old.
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// What differs: `format` or `schema`.
        what: &'static str,
        /// The file's version.
        found: u32,
        /// The version that this build reads.
        known: u32,
    },
    /// Written under another configuration.
    OtherConfig {
        /// The file.
        path: PathBuf,
        /// The file's config hash.
        found: u128,
        /// The config hash of this run.
        expected: u128,
    },
    /// Bytes that were once on disk are not what they were.
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where, in bytes from the file's start; in bytes of what is packed, for a packed file.
        offset: u64,
        /// What is wrong there.
        why: String,
    },
    /// Inputs before the first that is kept were asked for.
    Missing {
        /// The journal's folder.
        path: PathBuf,
        /// The input asked for.
        wanted: u64,
        /// The first input that is there.
        first: u64,
    },
    /// An event was appended whose number does not follow.
    OutOfOrder {
        /// The number that would follow.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// The journal's thread ended without saying why.
    ThreadGone,
}

impl JournalError {
    /// A refusal by the operating system.
    pub fn io(action: &'static str, path: &Path, error: &io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), kind: error.kind(), message: error.to_string() }
    }

    pub(crate) fn foreign(path: &Path, what: impl Into<String>) -> Self {
        Self::Foreign { path: path.to_owned(), what: what.into() }
    }

    pub(crate) fn damaged(path: &Path, offset: u64, why: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), offset, why: why.into() }
    }

    /// Whether a disk without room is the reason.
    pub fn is_disk_full(&self) -> bool {
        let Self::Io { kind, .. } = self else { return false };
        matches!(
            kind,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
        )
    }

    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Io { kind: io::ErrorKind::NotFound, .. })
    }
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { action, path, message, .. } if self.is_disk_full() => {
                write!(
                    f,
                    "cannot {action} {}: {message}; make room on its disk and start again",
                    path.display()
                )
            }
            Self::Io { action, path, message, .. } => {
                write!(f, "cannot {action} {}: {message}", path.display())
            }
            Self::Locked { path, owner } => write!(
                f,
                "{} is held by {owner}; stop it, or give this run a journal folder of its own",
                path.display()
            ),
            Self::Foreign { path, what } => {
                write!(f, "{} {what}; give a folder that is a journal's, or empty", path.display())
            }
            Self::OtherVersion { path, what, found, known } => write!(
                f,
                "{} has {what} version {found}, and this build reads version {known}; use the program that wrote it",
                path.display()
            ),
            Self::OtherConfig { path, found, expected } => write!(
                f,
                "{} belongs to the configuration {found:032x}, and this one is {expected:032x}; run with that configuration, or give a journal folder of its own",
                path.display()
            ),
            Self::Damaged { path, offset, why } => write!(
                f,
                "{} is damaged at byte {offset}: {why}; restore it from a copy, or move the folder away and begin a new journal",
                path.display()
            ),
            Self::Shortened { path, last, snapshot } => write!(
                f,
                "{} ends at input {last}, and a snapshot was taken after input {snapshot}: segments or parts of them are gone; restore them from a copy, or move the folder away and begin a new journal",
                path.display()
            ),
            Self::Missing { path, wanted, first } => write!(
                f,
                "{} begins with input {first}, and input {wanted} was asked for; start from a snapshot at or after input {}",
                path.display(),
                first.saturating_sub(1)
            ),
            Self::OutOfOrder { expected, found } => write!(
                f,
                "input {found} was appended to the journal where {expected} follows; this is a bug, please report it"
            ),
            Self::ThreadGone => {
                f.write_str("the journal's thread ended early; this is a bug, please report it")
            }
        }
    }
}

impl std::error::Error for JournalError {}
