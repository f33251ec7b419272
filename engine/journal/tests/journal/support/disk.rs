//! A disk in memory with a cache that forgets: what a power cut, a failing disk and a full one leave behind.
//!
//! | event | leaves |
//! | --- | --- |
//! | sync | the file's changed sectors are durable |
//! | failed sync | they are durable no more and count as unchanged: a second sync writes nothing, as on real systems |
//! | power cut | of changed sectors any subset, some torn; of names and lengths not synced, any first part |
//! | kill | everything that was written |

use super::random::Random;
use journal::disk::{Access, Disk, DiskFile};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

const SECTOR: usize = 512;

/// What happens at an operation that changes the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It fails, and the next one works again.
    Fail,
    /// A write takes a part and the rest fails for want of room; other operations fail.
    Short,
    /// It fails, and so does everything after.
    PowerOff,
}

#[derive(Debug, Default, Clone)]
struct Inode {
    cache: Vec<u8>,
    durable: Vec<u8>,
    dirty: BTreeSet<usize>,
    is_locked: bool,
}

#[derive(Debug, Clone)]
enum NameChange {
    Link(PathBuf, usize),
    Unlink(PathBuf),
    Rename(PathBuf, PathBuf),
}

#[derive(Debug, Default, Clone)]
struct State {
    inodes: Vec<Inode>,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    changes: Vec<NameChange>,
    folders: BTreeSet<PathBuf>,
    operations: u64,
    fault: Option<(u64, Fault)>,
    is_off: bool,
    capacity: Option<u64>,
}

fn apply(names: &mut BTreeMap<PathBuf, usize>, change: &NameChange) {
    match change {
        NameChange::Link(path, inode) => {
            names.insert(path.clone(), *inode);
        }
        NameChange::Unlink(path) => {
            names.remove(path);
        }
        NameChange::Rename(from, to) => {
            if let Some(inode) = names.remove(from) {
                names.insert(to.clone(), inode);
            }
        }
    }
}

impl State {
    /// Counts an operation; how it goes wrong, if it does.
    fn operate(&mut self) -> Option<Fault> {
        if self.is_off {
            return Some(Fault::PowerOff);
        }
        self.operations += 1;
        let fault = self.fault.filter(|(at, _)| *at == self.operations).map(|(_, fault)| fault);
        self.is_off = fault == Some(Fault::PowerOff);
        fault
    }

    fn room(&self) -> u64 {
        let used: usize = self.names.values().map(|inode| self.inodes[*inode].cache.len()).sum();
        self.capacity.map_or(u64::MAX, |capacity| capacity.saturating_sub(used as u64))
    }

    fn change(&mut self, change: NameChange) {
        apply(&mut self.names, &change);
        self.changes.push(change);
    }
}

fn broken() -> io::Error {
    io::Error::other("the disk does not answer")
}

/// The disk. Clones are the same disk.
#[derive(Debug, Clone, Default)]
pub struct SimulatedDisk(Arc<Mutex<State>>);

impl SimulatedDisk {
    pub fn new() -> Self {
        Self::default()
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap())
    }

    /// What goes wrong at the nth operation from now, from 1.
    pub fn fail_at(&self, nth: u64, fault: Fault) {
        self.with(|state| state.fault = Some((state.operations + nth, fault)));
    }

    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.with(|state| state.capacity = bytes);
    }

    /// The disk that a killed process leaves to the next one.
    pub fn after_kill(&self) -> Self {
        let mut state = self.with(|state| state.clone());
        (state.is_off, state.fault) = (false, None);
        state.inodes.iter_mut().for_each(|inode| inode.is_locked = false);
        Self(Arc::new(Mutex::new(state)))
    }

    /// A disk that a power cut may leave.
    pub fn after_power_cut(&self, random: &mut Random) -> Self {
        let old = self.with(|state| state.clone());
        let mut state = State { folders: old.folders, capacity: old.capacity, ..State::default() };
        state.names = old.durable_names;
        let kept = random.below(old.changes.len() as u64 + 1) as usize;
        old.changes[..kept].iter().for_each(|change| apply(&mut state.names, change));
        state.durable_names = state.names.clone();
        state.inodes = old.inodes.iter().map(|inode| image(inode, random)).collect();
        Self(Arc::new(Mutex::new(state)))
    }

    /// All files with their bytes, as a reader sees them.
    pub fn contents(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        self.with(|state| {
            let file = |(path, inode): (&PathBuf, &usize)| (path.clone(), state.inodes[*inode].cache.clone());
            state.names.iter().map(file).collect()
        })
    }
}

/// What is left of a file.
fn image(inode: &Inode, random: &mut Random) -> Inode {
    let size = if random.chance(2) { inode.cache.len() } else { inode.durable.len() };
    let mut bytes = inode.durable.clone();
    bytes.resize(inode.cache.len().max(size), 0);
    for sector in &inode.dirty {
        let start = sector * SECTOR;
        let end = (start + SECTOR).min(inode.cache.len());
        if start >= end {
            continue;
        }
        let kept = match random.below(5) {
            0 | 1 => 0,
            2 | 3 => end - start,
            _ => random.below((end - start) as u64) as usize,
        };
        bytes[start..start + kept].copy_from_slice(&inode.cache[start..start + kept]);
    }
    bytes.truncate(size);
    Inode { cache: bytes.clone(), durable: bytes, ..Inode::default() }
}

impl Disk for SimulatedDisk {
    fn names(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.with(|state| {
            if !state.folders.contains(folder) {
                return Err(ErrorKind::NotFound.into());
            }
            let inside = state.names.keys().filter(|path| path.parent() == Some(folder));
            Ok(inside.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect())
        })
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        self.with(|state| {
            if state.operate().is_some() {
                return Err(broken());
            }
            state.folders.insert(folder.to_owned());
            Ok(())
        })
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn DiskFile>> {
        let inode = self.with(|state| {
            if state.is_off || (access == Access::Create && state.operate().is_some()) {
                return Err(broken());
            }
            let found = state.names.get(path).copied();
            let inode = match (found, access) {
                (Some(inode), _) => inode,
                (None, Access::Create) => {
                    state.inodes.push(Inode::default());
                    let inode = state.inodes.len() - 1;
                    state.change(NameChange::Link(path.to_owned(), inode));
                    inode
                }
                (None, _) => return Err(ErrorKind::NotFound.into()),
            };
            if access == Access::Create {
                state.inodes[inode].cache.clear();
            }
            Ok(inode)
        })?;
        Ok(Box::new(SimulatedFile { disk: self.clone(), inode, holds: Mutex::new(false) }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.with(|state| {
            if state.operate().is_some() {
                return Err(broken());
            }
            if !state.names.contains_key(from) {
                return Err(ErrorKind::NotFound.into());
            }
            state.change(NameChange::Rename(from.to_owned(), to.to_owned()));
            Ok(())
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.with(|state| {
            if state.operate().is_some() {
                return Err(broken());
            }
            if !state.names.contains_key(path) {
                return Err(ErrorKind::NotFound.into());
            }
            state.change(NameChange::Unlink(path.to_owned()));
            Ok(())
        })
    }

    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        self.with(|state| {
            if state.operate().is_some() {
                return Err(broken());
            }
            state.durable_names = state.names.clone();
            state.changes.clear();
            Ok(())
        })
    }

    fn free_bytes(&self, _: &Path) -> io::Result<u64> {
        Ok(self.with(|state| state.room()))
    }
}

#[derive(Debug)]
struct SimulatedFile {
    disk: SimulatedDisk,
    inode: usize,
    holds: Mutex<bool>,
}

impl Drop for SimulatedFile {
    fn drop(&mut self) {
        if *self.holds.lock().unwrap() {
            self.disk.with(|state| state.inodes[self.inode].is_locked = false);
        }
    }
}

impl SimulatedFile {
    /// Takes room for a length, if it can be had.
    fn extend(state: &mut State, inode: usize, bytes: usize) -> usize {
        let len = state.inodes[inode].cache.len();
        let more = (bytes.saturating_sub(len) as u64).min(state.room()) as usize;
        let new = len.max(len + more);
        state.inodes[inode].cache.resize(new, 0);
        state.inodes[inode].dirty.extend(len / SECTOR..new.div_ceil(SECTOR));
        new
    }
}

impl DiskFile for SimulatedFile {
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        self.disk.with(|state| {
            if state.is_off {
                return Err(broken());
            }
            let cache = &state.inodes[self.inode].cache;
            let start = (offset as usize).min(cache.len());
            let count = bytes.len().min(cache.len() - start);
            bytes[..count].copy_from_slice(&cache[start..start + count]);
            Ok(count)
        })
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.disk.with(|state| {
            let (start, mut count) = (offset as usize, bytes.len());
            match state.operate() {
                None => {}
                Some(Fault::Short) if count > 1 => {
                    count /= 2;
                    // The rest finds no room.
                    state.fault = Some((state.operations + 1, Fault::Fail));
                }
                Some(_) => return Err(broken()),
            }
            let end = Self::extend(state, self.inode, start + count);
            let count = count.min(end.saturating_sub(start));
            if count == 0 {
                return Err(ErrorKind::StorageFull.into());
            }
            let inode = &mut state.inodes[self.inode];
            inode.cache[start..start + count].copy_from_slice(&bytes[..count]);
            inode.dirty.extend(start / SECTOR..(start + count).div_ceil(SECTOR));
            Ok(count)
        })
    }

    fn allocate(&self, bytes: u64) -> io::Result<()> {
        self.disk.with(|state| {
            if state.operate().is_some() {
                return Err(broken());
            }
            let len = state.inodes[self.inode].cache.len() as u64;
            if bytes.saturating_sub(len) > state.room() {
                return Err(ErrorKind::StorageFull.into());
            }
            Self::extend(state, self.inode, bytes as usize);
            Ok(())
        })
    }

    fn set_size(&self, bytes: u64) -> io::Result<()> {
        self.disk.with(|state| {
            if state.operate().is_some() {
                return Err(broken());
            }
            let inode = &mut state.inodes[self.inode];
            inode.cache.resize(bytes as usize, 0);
            Ok(())
        })
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.with(|state| {
            let fault = state.operate();
            let inode = &mut state.inodes[self.inode];
            if fault == Some(Fault::PowerOff) {
                return Err(broken());
            }
            let dirty = std::mem::take(&mut inode.dirty);
            if fault.is_some() {
                return Err(broken());
            }
            inode.durable.resize(inode.cache.len(), 0);
            for sector in dirty {
                let start = sector * SECTOR;
                let end = (start + SECTOR).min(inode.cache.len());
                if start < end {
                    inode.durable[start..end].copy_from_slice(&inode.cache[start..end]);
                }
            }
            Ok(())
        })
    }

    fn try_lock(&self) -> io::Result<bool> {
        self.disk.with(|state| {
            let locked = &mut state.inodes[self.inode].is_locked;
            let got = !std::mem::replace(locked, true);
            *self.holds.lock().unwrap() |= got;
            Ok(got)
        })
    }
}
