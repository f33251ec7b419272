//! Where an import writes before its catalog has it: whole or absent.
//!
//! It is written to a hidden folder inside the catalog, which is also the claim (two imports cannot have one), so that
//! every move at the end is a rename on one file system. A day that the catalog already has is left alone where its
//! ticks are the same, and refused where they differ: nothing says which of the two is right. Days that are new are
//! moved in the largest whole there is; should a move fail, those before it are undone. A process that is killed
//! between two moves leaves whole days, and the same import again adds the others.
//! Not here: what is written.

use super::error::ImportError;
use catalog::TickDigest;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The hidden folder.
const STAGE: &str = ".import";
/// Holds the number of the process that writes.
const OWNER: &str = ".owner";
/// The folder of refused rows.
const REJECTS: &str = "rejects";
/// The folders of ticks.
const TABLES: [&str; 2] = ["quotes", "trades"];

/// What became part of the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Committed {
    /// Rows of days that the catalog had already.
    pub rows_unchanged: u64,
    /// Files of ticks that are new.
    pub files_written: u64,
    /// The file of refused rows.
    pub rejects: Option<PathBuf>,
}

/// A claimed catalog. Dropped, nothing is left of the claim.
pub(crate) struct Stage {
    out: PathBuf,
    folder: PathBuf,
    /// Whether the catalog's folder was not there before.
    is_new: bool,
}

fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> ImportError {
    let path = path.to_owned();
    move |error| ImportError::Io { action, path, error }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // What cannot be removed is hidden from every reader, and the next import tries again.
        let _ = fs::remove_dir_all(&self.folder);
        if self.is_new {
            // Succeeds only where it is empty.
            let _ = fs::remove_dir(&self.out);
        }
    }
}

impl Stage {
    /// Claims a catalog.
    ///
    /// # Errors
    /// [`ImportError`] where the path is a file, another import has claimed it, or the disk refuses.
    pub(crate) fn claim(out: &Path) -> Result<Self, ImportError> {
        let is_new = match fs::metadata(out) {
            Ok(metadata) if !metadata.is_dir() => return Err(ImportError::NotAFolder(out.to_owned())),
            Ok(_) => false,
            Err(_) => {
                fs::create_dir_all(out).map_err(io("create", out))?;
                true
            }
        };
        let folder = out.join(STAGE);
        if fs::create_dir(&folder).is_err() {
            if let Some(process) = owner(&folder) {
                return Err(ImportError::Busy { path: out.to_owned(), process });
            }
            if folder.exists() {
                // Left by an import that was killed.
                fs::remove_dir_all(&folder).map_err(io("remove", &folder))?;
            }
            fs::create_dir(&folder).map_err(io("create", &folder))?;
        }
        let stage = Self { out: out.to_owned(), folder, is_new };
        let owner = stage.folder.join(OWNER);
        fs::write(&owner, std::process::id().to_string()).map_err(io("write", &owner))?;
        Ok(stage)
    }

    /// The folder to write ticks to.
    pub(crate) fn root(&self) -> &Path {
        &self.folder
    }

    /// The file to write refused rows to; `name` is the same for the same import.
    pub(crate) fn rejects(&self, name: &str) -> PathBuf {
        self.folder.join(REJECTS).join(format!("{name}.parquet"))
    }

    /// Makes what was written part of the catalog.
    ///
    /// # Errors
    /// [`ImportError`]; the catalog is then as it was.
    pub(crate) fn commit(self) -> Result<Committed, ImportError> {
        let mut committed = Committed::default();
        for table in TABLES {
            for symbol in children(&self.folder.join(table))? {
                for day in children(&symbol)? {
                    self.settle(&day, &mut committed)?;
                }
                remove_if_empty(&symbol);
            }
            remove_if_empty(&self.folder.join(table));
        }
        let mut moves = Moves::default();
        let staged = std::iter::once(REJECTS).chain(TABLES);
        for name in staged {
            let (from, to) = (self.folder.join(name), self.out.join(name));
            if let Some(file) = children(&from)?.first().filter(|_| name == REJECTS) {
                committed.rejects = file.file_name().map(|file| to.join(file));
            }
            if let Err(error) = moves.graft(&from, &to) {
                moves.undo();
                return Err(error);
            }
        }
        sync(&self.out)?;
        Ok(committed)
    }

    /// Compares a day with the catalog's; one that is there already goes no further.
    fn settle(&self, day: &Path, committed: &mut Committed) -> Result<(), ImportError> {
        let within = day.strip_prefix(&self.folder).expect("a staged day is in the stage");
        let standing = self.out.join(within);
        let there = TickDigest::of_folder(&standing)?;
        if there == TickDigest::NONE {
            committed.files_written += children(day)?.len() as u64;
            return Ok(());
        }
        let made = TickDigest::of_folder(day)?;
        if made != there {
            return Err(ImportError::DayTaken { path: standing });
        }
        committed.rows_unchanged += made.rows;
        fs::remove_dir_all(day).map_err(io("remove", day))
    }
}

/// Moves that were made, so that they can be undone.
#[derive(Default)]
struct Moves {
    made: Vec<[PathBuf; 2]>,
}

impl Moves {
    /// Moves a folder's content to where it belongs, in the largest whole there is. A file that is there already stays.
    fn graft(&mut self, from: &Path, to: &Path) -> Result<(), ImportError> {
        if !from.exists() {
            return Ok(());
        }
        if !to.exists() {
            fs::rename(from, to).map_err(io("move", from))?;
            self.made.push([from.to_owned(), to.to_owned()]);
            return Ok(());
        }
        if from.is_dir() {
            for child in children(from)? {
                let name = child.file_name().expect("an entry has a name");
                self.graft(&child, &to.join(name))?;
            }
            sync(to)?;
        }
        Ok(())
    }

    fn undo(&mut self) {
        for [from, to] in self.made.drain(..).rev() {
            // Whatever stays is a whole day; the sentence about the first failure says where to look.
            let _ = fs::rename(to, from);
        }
    }
}

/// What is in a folder, in byte order; nothing if it is not there.
fn children(folder: &Path) -> Result<Vec<PathBuf>, ImportError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io("list", folder)(error)),
    };
    let paths: Result<Vec<PathBuf>, _> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = paths.map_err(io("list", folder))?;
    paths.sort();
    Ok(paths)
}

fn remove_if_empty(folder: &Path) {
    // Fails where there is something in it, or no folder.
    let _ = fs::remove_dir(folder);
}

fn sync(folder: &Path) -> Result<(), ImportError> {
    fs::File::open(folder).and_then(|file| file.sync_all()).map_err(io("sync", folder))
}

/// The living process that writes to a claimed folder.
fn owner(folder: &Path) -> Option<u32> {
    let process: u32 = fs::read_to_string(folder.join(OWNER)).ok()?.parse().ok()?;
    Path::new("/proc").join(process.to_string()).exists().then_some(process)
}

#[cfg(test)]
mod tests {
    use super::*;
    use catalog::{TickKind, TickWriter};
    use model::{Nanos, Price, Quantity, Trade};

    /// Every file under a folder, hidden ones too.
    fn tree(folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(next) = folders.pop() {
            for child in children(&next).unwrap() {
                if child.is_dir() {
                    folders.push(child);
                } else {
                    found.push(child.strip_prefix(folder).unwrap().display().to_string());
                }
            }
        }
        found.sort();
        found
    }

    /// Stages one trade a day of some days (from 1970-01-01) and prices.
    fn stage(out: &Path, symbol: &str, trades: &[(i64, i64)]) -> Stage {
        let stage = Stage::claim(out).unwrap();
        let mut writer = TickWriter::create(stage.root(), TickKind::Trades, symbol).unwrap();
        for (day, price) in trades {
            let (ts_event, price) = (Nanos(day * Nanos::DAY.0), Price::new(*price));
            writer.trade(&Trade { ts_event, price, size: Quantity::new(1), aggressor: 0 }).unwrap();
        }
        writer.finish().unwrap();
        stage
    }

    fn file(symbol: &str, day: i64) -> String {
        format!("trades/symbol={symbol}/date=1970-01-0{}/part-0.parquet", day + 1)
    }

    #[test]
    fn new_days_are_added_and_known_ones_stay() {
        let place = tempfile::tempdir().unwrap();
        let out = place.path().join("a/catalog");
        let committed = stage(&out, "X", &[(0, 1), (1, 2)]).commit().unwrap();
        assert_eq!((committed.rows_unchanged, committed.files_written), (0, 2));
        assert_eq!(tree(&out), [file("X", 0), file("X", 1)]);
        let committed = stage(&out, "X", &[(1, 2), (2, 3)]).commit().unwrap();
        assert_eq!((committed.rows_unchanged, committed.files_written), (1, 1));
        stage(&out, "W", &[(1, 5)]).commit().unwrap();
        let all = [file("W", 1), file("X", 0), file("X", 1), file("X", 2)];
        assert_eq!(tree(&out), all);
        let refused = stage(&out, "X", &[(1, 2), (2, 4), (3, 9)]).commit().unwrap_err();
        assert!(refused.to_string().contains("date=1970-01-03 is there already"), "{refused}");
        assert_eq!(tree(&out), all, "nothing of a refused import stays");
    }

    #[test]
    fn a_claim_is_one_and_leaves_nothing() {
        let place = tempfile::tempdir().unwrap();
        let out = place.path().join("catalog");
        let claimed = Stage::claim(&out).unwrap();
        let refused = Stage::claim(&out).err().expect("it is claimed").to_string();
        assert!(refused.contains("another import"), "{refused}");
        drop(claimed);
        assert!(!out.exists(), "a folder that was made for nothing goes");
        // What a killed import left, of a process that cannot be.
        fs::create_dir_all(out.join(".import/trades")).unwrap();
        fs::write(out.join(".import/.owner"), "4294967295").unwrap();
        drop(Stage::claim(&out).unwrap());
        assert!(tree(&out).is_empty() && out.exists());
        let file = place.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(matches!(Stage::claim(&file), Err(ImportError::NotAFolder(_))));
    }

    #[test]
    fn a_move_that_fails_undoes_those_before_it() {
        let place = tempfile::tempdir().unwrap();
        let out = place.path().join("catalog");
        let stage = stage(&out, "X", &[(0, 1)]);
        fs::create_dir_all(stage.rejects("r").parent().unwrap()).unwrap();
        fs::write(stage.rejects("r"), "rows").unwrap();
        // A file stands where a folder must be.
        fs::write(out.join("trades"), "").unwrap();
        assert!(stage.commit().is_err());
        assert_eq!(tree(&out), ["trades"]);
    }
}
