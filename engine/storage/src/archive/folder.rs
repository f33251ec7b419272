//! An archive in a folder of this machine: files whole or absent, synced, under a lock that a compaction takes alone.
//!
//! What is not finished stands in `_archive`, which every reader passes over, on the same file system as the catalog.

use super::place::NewFile;
use catalog::PartName;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What could not be done.
#[derive(Debug)]
pub(super) struct Failed {
    pub action: &'static str,
    pub path: PathBuf,
    pub error: io::Error,
}

/// Names an error's action and path.
pub(super) fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Failed {
    move |error| Failed { action, path: path.to_owned(), error }
}

/// The folder of all that is no row.
pub(super) fn aside(root: &Path) -> PathBuf {
    root.join("_archive")
}

fn incoming(root: &Path) -> PathBuf {
    aside(root).join("incoming")
}

/// Held shared while files get their names, and alone while a folder is swapped.
pub(super) fn names_lock(root: &Path) -> Result<File, Failed> {
    open_lock(&aside(root).join("names.lock"))
}

/// Opens a file that is only locked; its text names its owner.
pub(super) fn open_lock(path: &Path) -> Result<File, Failed> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    options.open(path).map_err(failed("open", path))
}

/// Makes the archive's folders, and removes what a crash of this run left unfinished.
pub(super) fn prepare(root: &Path, run: &str) -> Result<(), Failed> {
    for folder in [incoming(root), aside(root).join("runs")] {
        fs::create_dir_all(&folder).map_err(failed("create", &folder))?;
    }
    let is_ours = |name: &str| {
        let part = name.split_once(END).and_then(|(name, _)| PartName::parse(&format!("{name}.parquet")));
        part.is_some_and(|part| part.run == run)
    };
    let incoming = incoming(root);
    for name in names(&incoming).map_err(failed("list", &incoming))? {
        if is_ours(&name) {
            let path = incoming.join(name);
            fs::remove_file(&path).map_err(failed("remove", &path))?;
        }
    }
    sync_folder(root)
}

pub(super) fn sync_folder(path: &Path) -> Result<(), Failed> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(failed("sync", path))
}

fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), Failed> {
    let mut file = File::create(path).map_err(failed("create", path))?;
    file.write_all(bytes).map_err(failed("write", path))?;
    file.sync_data().map_err(failed("sync", path))
}

/// Swaps a file in: it has the old content or the new one, whatever happens.
pub(super) fn swap_in(path: &Path, bytes: &[u8]) -> Result<(), Failed> {
    let beside = path.with_extension("new");
    write_synced(&beside, bytes)?;
    fs::rename(&beside, path).map_err(failed("rename", path))?;
    sync_folder(path.parent().expect("a file stands in a folder"))
}

/// Where the name of a file ends that is on its way, and its partition begins.
const END: &str = ".parquet.";

/// The name of a file on its way: parts of several partitions have one name.
fn incoming_name(file: &NewFile) -> String {
    format!("{}.{}", file.part.file_name(), file.partition.folder().replace('/', "."))
}

/// Gives files their names, and returns when these are safe.
pub(super) fn publish(root: &Path, files: &[NewFile]) -> Result<(), Failed> {
    let incoming = incoming(root);
    for file in files {
        write_synced(&incoming.join(incoming_name(file)), &file.bytes)?;
    }
    let lock = names_lock(root)?;
    lock.lock_shared().map_err(failed("lock", root))?;
    let mut folders = BTreeSet::new();
    for file in files {
        let folder = root.join(file.partition.folder());
        make_folder(root, &folder)?;
        let path = folder.join(file.part.file_name());
        fs::rename(incoming.join(incoming_name(file)), &path).map_err(failed("rename", &path))?;
        folders.insert(folder);
    }
    folders.iter().try_for_each(|folder| sync_folder(folder))
}

/// Makes a folder below the root and syncs those above it that are new.
fn make_folder(root: &Path, folder: &Path) -> Result<(), Failed> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder).map_err(failed("create", folder))?;
    let above = folder.ancestors().skip(1).take_while(|above| above.starts_with(root));
    above.into_iter().try_for_each(sync_folder)
}

/// The names in a folder; none if it is not there.
pub(super) fn names(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry?.file_name().into_string());
    }
    Ok(names)
}

/// The folders below a root, from it and with slashes, that hold a file of a wanted name.
pub(super) fn folders(root: &Path, is_wanted: impl Fn(&str) -> bool) -> io::Result<Vec<String>> {
    let (mut found, mut waiting) = (Vec::new(), vec![String::new()]);
    while let Some(folder) = waiting.pop() {
        let names = names(&root.join(&folder))?;
        if names.iter().any(|name| is_wanted(name)) {
            found.push(folder.clone());
        }
        for name in names.into_iter().filter(|name| !name.starts_with(['_', '.'])) {
            let below = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            if root.join(&below).is_dir() {
                waiting.push(below);
            }
        }
    }
    Ok(found)
}
