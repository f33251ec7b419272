//! Where a run folder stands: claimed at the start, filled at the end, whole or absent.
//!
//! A run is written beside under a hidden name, which is also the claim: two runs cannot have one. Only a run folder
//! is ever replaced, and what is in it that no run writes is kept. A folder that somebody works in, or above it,
//! is never touched.
//! Not here: what is in a run folder (`folder`).

use crate::error::ReportError;
use std::fs;
use std::path::{Path, PathBuf};

/// The file by which a folder is known to be a run's.
pub(crate) const SUMMARY: &str = "summary.json";
/// Holds the number of the process that writes.
const OWNER: &str = ".owner";
/// Files that a run writes only where asked to: those of the run before say nothing of this one.
const OPTIONAL: [&str; 2] = ["matrices.parquet", "batches.parquet"];

/// Whether a run folder that is there may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overwrite {
    /// It may.
    Replace,
    /// It may not.
    Refuse,
}

/// A claimed place. Dropped without being filled, nothing is left.
pub(crate) struct Place {
    out: PathBuf,
    partial: PathBuf,
    overwrite: Overwrite,
}

impl Drop for Place {
    fn drop(&mut self) {
        // It is gone once the place is filled; what cannot be removed is in nobody's way.
        let _ = fs::remove_dir_all(&self.partial);
    }
}

pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> ReportError {
    let path = path.to_owned();
    move |error| ReportError::Io { action, path, error }
}

pub(crate) fn sync(path: &Path) -> Result<(), ReportError> {
    fs::File::open(path).and_then(|file| file.sync_all()).map_err(io("sync", path))
}

impl Place {
    /// Claims `out`, which must be absent or empty, or a run folder that may be replaced.
    pub fn claim(out: &Path, overwrite: Overwrite) -> Result<Self, ReportError> {
        let out = resolve(out)?;
        check(&out, overwrite)?;
        let partial = beside(&out, "partial")?;
        if let Some(parent) = partial.parent() {
            fs::create_dir_all(parent).map_err(io("create", parent))?;
        }
        if fs::create_dir(&partial).is_err() {
            if let Some(process) = owner(&partial) {
                return Err(ReportError::Busy { path: out, process });
            }
            if partial.exists() {
                // Left by a run that was killed.
                fs::remove_dir_all(&partial).map_err(io("remove", &partial))?;
            }
            fs::create_dir(&partial).map_err(io("create", &partial))?;
        }
        let place = Self { out, partial, overwrite };
        let owner = place.partial.join(OWNER);
        fs::write(&owner, std::process::id().to_string()).map_err(io("write", &owner))?;
        Ok(place)
    }

    /// Whether `out` could be claimed.
    pub fn check(out: &Path, overwrite: Overwrite) -> Result<(), ReportError> {
        check(&resolve(out)?, overwrite)
    }

    /// The name of the folder, once it stands.
    pub fn name(&self) -> String {
        self.out.file_name().map_or_else(|| "run".to_owned(), |name| name.to_string_lossy().into_owned())
    }

    /// The folder to write to.
    pub fn partial(&self) -> &Path {
        &self.partial
    }

    /// Puts what was written in its place.
    pub fn fill(self) -> Result<PathBuf, ReportError> {
        let owner = self.partial.join(OWNER);
        fs::remove_file(&owner).map_err(io("remove", &owner))?;
        sync(&self.partial)?;
        // Somebody else may have put something there since.
        check(&self.out, self.overwrite)?;
        let before = beside(&self.out, "before")?;
        let replaces = self.out.exists();
        if replaces {
            fs::rename(&self.out, &before).map_err(io("move aside", &self.out))?;
        }
        if let Err(error) = fs::rename(&self.partial, &self.out) {
            if replaces {
                // Should this fail too, the sentence about the first failure still says where to look.
                let _ = fs::rename(&before, &self.out);
            }
            return Err(io("rename", &self.partial)(error));
        }
        if replaces {
            keep_strangers(&before, &self.out)?;
            fs::remove_dir_all(&before).map_err(io("remove", &before))?;
        }
        sync(self.out.parent().unwrap_or(&self.out))?;
        Ok(self.out.clone())
    }
}

/// Whether a run folder may stand at `out`.
fn check(out: &Path, overwrite: Overwrite) -> Result<(), ReportError> {
    let is_empty = match fs::read_dir(out) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
            return Err(ReportError::NotAFolder(out.to_owned()));
        }
        Err(error) => return Err(io("list", out)(error)),
    };
    let is_in_use = std::env::current_dir().is_ok_and(|here| here.starts_with(out));
    match overwrite {
        _ if is_in_use => Err(ReportError::InUse(out.to_owned())),
        _ if is_empty => Ok(()),
        Overwrite::Replace if out.join(SUMMARY).is_file() => Ok(()),
        Overwrite::Replace => Err(ReportError::NotARun(out.to_owned())),
        Overwrite::Refuse => Err(ReportError::NotEmpty(out.to_owned())),
    }
}

/// Moves every entry that a run does not write from one folder to the other.
fn keep_strangers(from: &Path, to: &Path) -> Result<(), ReportError> {
    for entry in fs::read_dir(from).map_err(io("list", from))? {
        let entry = entry.map_err(io("list", from))?;
        let target = to.join(entry.file_name());
        let is_ours = OPTIONAL.iter().any(|name| entry.file_name() == *name);
        if !is_ours && !target.exists() {
            fs::rename(entry.path(), &target).map_err(io("keep", &entry.path()))?;
        }
    }
    Ok(())
}

/// The living process that writes to a claimed folder.
fn owner(partial: &Path) -> Option<u32> {
    let process: u32 = fs::read_to_string(partial.join(OWNER)).ok()?.parse().ok()?;
    Path::new("/proc").join(process.to_string()).exists().then_some(process)
}

/// A hidden name in the folder of `out`.
fn beside(out: &Path, role: &str) -> Result<PathBuf, ReportError> {
    let Some(name) = out.file_name() else {
        let error =
            std::io::Error::new(std::io::ErrorKind::InvalidInput, "it has no name to be replaced under");
        return Err(io("write a run folder to", out)(error));
    };
    Ok(out.with_file_name(format!(".{}.{role}", name.to_string_lossy())))
}

/// The path itself behind links and dots; one that does not exist yet keeps its name.
fn resolve(out: &Path) -> Result<PathBuf, ReportError> {
    if fs::symlink_metadata(out).is_ok() {
        return fs::canonicalize(out).map_err(io("find", out));
    }
    std::path::absolute(out).map_err(io("find", out))
}
