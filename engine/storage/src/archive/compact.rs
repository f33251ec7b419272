//! Putting small files of a partition together: written new, then swapped.
//!
//! In a folder, the partition is built anew beside the catalog, with links to what stays, and the two folders change
//! places in one step: whoever lists it, ours or not, sees all rows once, before and after. In a bucket no step
//! changes two objects, so the new one is put first and the old ones are deleted then: our readers tell by the names
//! what holds; others, which only list `*.parquet`, see rows twice in between. Every step may be cut short and run
//! again.

use super::folder::{self, Failed, aside, failed, names_lock, sync_folder};
use super::lock::{Asked, Lock};
use super::place::{NewFile, Place};
use super::plan::{GROUP_ROWS, Plan, merged, plan};
use crate::StoreError;
use catalog::{
    CatalogError, CombinedReader, Location, PartName, Partition, Table, TickEncoder, TickRows, TimeRange,
    concat_bars,
};
use model::{Clock, SystemClock};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Rows that are handed on at a time.
const ROWS_AT_ONCE: usize = 65_536;

/// What came of a compaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compacted {
    /// So many files are gone, their rows in fewer.
    Done {
        /// Files that were there and are not any more.
        files: usize,
    },
    /// The file system cannot let two folders change places.
    Unable,
    /// Somebody else is at it.
    Busy {
        /// Who.
        owner: String,
    },
}

/// Puts the files of a partition together. `finished`: no more will come, so all that can be is.
///
/// # Errors
/// [`StoreError`]; the partition has the old files or the new ones.
pub(super) fn compact(
    place: &Place,
    partition: &Partition,
    owner: &str,
    finished: bool,
) -> Result<Compacted, StoreError> {
    compact_groups(place, partition, owner, finished, GROUP_ROWS)
}

fn compact_groups(
    place: &Place,
    partition: &Partition,
    owner: &str,
    finished: bool,
    group_rows: u64,
) -> Result<Compacted, StoreError> {
    let mut lock = match Lock::ask(place, owner, SystemClock.now())? {
        Asked::Held(lock) => lock,
        Asked::Busy { owner } => return Ok(Compacted::Busy { owner }),
    };
    let mut files = 0;
    loop {
        let parts = place.parts(partition)?;
        let plan = plan(&parts, finished, group_rows);
        let is_partial = plan.is_partial;
        files += plan.leftover.len() + plan.groups.iter().map(|group| group.len() - 1).sum::<usize>();
        match place {
            Place::Folder(root) => {
                if !in_folder(place, root, partition, plan)? {
                    return Ok(Compacted::Unable);
                }
            }
            Place::Bucket { .. } => in_bucket(place, partition, plan)?,
        }
        if !is_partial {
            return Ok(Compacted::Done { files });
        }
        if !lock.renew(place, SystemClock.now())? {
            return Ok(Compacted::Busy { owner: "another".to_owned() });
        }
    }
}

/// Puts files together; gives what they were written to.
fn merge<W: Write + Send>(
    place: &Place,
    partition: &Partition,
    group: &[PartName],
    out: W,
) -> Result<W, StoreError> {
    let name = merged(group);
    let path = PathBuf::from(format!("{}/{}", partition.folder(), name.file_name()));
    let merge = || -> Result<(u64, W), CatalogError> {
        let files = place.locations(partition, group)?;
        match partition.table {
            Table::Bars => concat_bars(&files, &path, out),
            Table::Ticks(kind) => {
                let encoder = TickEncoder::new(out, path.clone(), kind, &partition.symbol)?;
                merge_ticks(&files, TickRows::new(kind), encoder)
            }
        }
    };
    let (rows, out) = merge().map_err(|error| place.catalog_error(&error))?;
    if rows != name.rows {
        let folder = partition.folder();
        let why = format!(
            "the files of {folder} have {rows} rows where their names say {}; restore them",
            name.rows
        );
        return Err(StoreError::Refused { store: place.name(), why });
    }
    Ok(out)
}

fn merge_ticks<W: Write + Send>(
    files: &[Location],
    mut rows: TickRows,
    mut encoder: TickEncoder<W>,
) -> Result<(u64, W), CatalogError> {
    let mut reader = CombinedReader::open(rows.kind(), files, TimeRange::ALL)?;
    loop {
        let is_more = reader.next_rows(&mut rows)?;
        if !is_more || rows.len() >= ROWS_AT_ONCE {
            encoder.write(&rows)?;
            rows.clear();
        }
        if !is_more {
            return encoder.finish();
        }
    }
}

fn in_bucket(place: &Place, partition: &Partition, plan: Plan) -> Result<(), StoreError> {
    let Place::Bucket { bucket, prefix } = place else { unreachable!("the place is in a bucket") };
    let delete = |parts: &[PartName]| {
        let key = |part: &PartName| format!("{prefix}{}/{}", partition.folder(), part.file_name());
        let keys: Vec<String> = parts.iter().map(key).collect();
        bucket.delete(&keys).map_err(|error| place.object_error(&error))
    };
    delete(&plan.leftover)?;
    for group in &plan.groups {
        let bytes = merge(place, partition, group, Vec::new())?;
        let partition = partition.clone();
        place.publish(vec![NewFile { partition, part: merged(group), bytes }])?;
        delete(group)?;
    }
    Ok(())
}

/// `false`: the file system cannot do it.
fn in_folder(place: &Place, root: &Path, partition: &Partition, plan: Plan) -> Result<bool, StoreError> {
    if plan.leftover.is_empty() && plan.groups.is_empty() {
        return Ok(true);
    }
    let error = |Failed { action, path, error }| place.io_error(action, &path, &error);
    let built = aside(root).join("compacting");
    remove_folder(&built).map_err(error)?;
    fs::create_dir_all(&built).map_err(failed("create", &built)).map_err(error)?;
    let mut gone = plan.leftover;
    for group in plan.groups {
        let path = built.join(merged(&group).file_name());
        let file = File::create(&path).map_err(failed("create", &path)).map_err(error)?;
        let file = merge(place, partition, &group, BufWriter::new(file))?;
        let file = file.into_inner().map_err(std::io::IntoInnerError::into_error);
        let synced = file.and_then(|file| file.sync_all());
        synced.map_err(failed("write", &path)).map_err(error)?;
        gone.extend(group);
    }
    swap(root, &root.join(partition.folder()), &built, &gone).map_err(error)
}

/// Gives `built` all files of `folder` but those that are gone, and lets the two change places; `false` where the file
/// system cannot do that, and nothing is changed.
fn swap(root: &Path, folder: &Path, built: &Path, gone: &[PartName]) -> Result<bool, Failed> {
    let gone: Vec<String> = gone.iter().map(PartName::file_name).collect();
    let lock = names_lock(root)?;
    lock.lock().map_err(failed("lock", root))?;
    for name in folder::names(folder).map_err(failed("list", folder))? {
        if !gone.contains(&name) {
            let path = built.join(&name);
            fs::hard_link(folder.join(&name), &path).map_err(failed("link", &path))?;
        }
    }
    sync_folder(built)?;
    match renameat_with(CWD, built, CWD, folder, RenameFlags::EXCHANGE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => return remove_folder(built).map(|()| false),
        done => done.map_err(|error| failed("swap", folder)(error.into()))?,
    }
    sync_folder(folder.parent().expect("a partition stands in a symbol's folder"))?;
    sync_folder(&aside(root))?;
    drop(lock);
    remove_folder(built).map(|()| true)
}

fn remove_folder(path: &Path) -> Result<(), Failed> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other.map_err(failed("remove", path)),
    }
}
