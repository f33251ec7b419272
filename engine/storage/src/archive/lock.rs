//! One compactor of an archive at a time, known by name.
//!
//! In a folder the lock is the system's and ends with its process. In a bucket it is an object with an owner and an
//! end, taken over only after that and only if it is still the one that was read. Correctness does not hang on it:
//! what two compactors make of the same files lies one within the other ([`catalog::PartName`]). It saves their work.

use super::folder::{self, failed};
use super::place::Place;
use crate::StoreError;
use model::Nanos;
use objects::{Bucket, Object, ObjectError, Put};
use serde_json::{Value, json};
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};

/// How long an owner in a bucket may go without a sign: the longest merge is shorter.
const LEASE: Nanos = Nanos(15 * 60 * Nanos::SECOND.0);

const FILE: &str = "_archive/compact.lock";

/// A lock that is held.
pub(super) enum Lock {
    /// The system ends it when the file is closed.
    Folder {
        _file: File,
    },
    Bucket {
        bucket: Bucket,
        key: String,
        owner: String,
        etag: String,
    },
}

/// What came of asking for the lock.
pub(super) enum Asked {
    Held(Lock),
    /// By somebody else.
    Busy {
        owner: String,
    },
}

impl Lock {
    /// Asks for the lock at a place, in the name of `owner`; `now` is the time of day.
    pub(super) fn ask(place: &Place, owner: &str, now: Nanos) -> Result<Asked, StoreError> {
        match place {
            Place::Folder(root) => ask_folder(root, owner)
                .map_err(|folder::Failed { action, path, error }| place.io_error(action, &path, &error)),
            Place::Bucket { bucket, prefix } => {
                let key = format!("{prefix}{FILE}");
                ask_bucket(bucket, key, owner, now).map_err(|error| place.object_error(&error))
            }
        }
    }

    /// Says that the owner is alive; `false` if the lock is somebody else's by now.
    pub(super) fn renew(&mut self, place: &Place, now: Nanos) -> Result<bool, StoreError> {
        let Self::Bucket { bucket, key, owner, etag } = self else { return Ok(true) };
        let until = now.saturating_add(LEASE);
        match put(bucket, key, owner, until, Put::IfMatch(etag)) {
            Ok(renewed) => *etag = renewed,
            Err(ObjectError::Changed { .. } | ObjectError::NotFound { .. }) => return Ok(false),
            Err(error) => return Err(place.object_error(&error)),
        }
        Ok(true)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Self::Bucket { bucket, key, owner, etag } = self {
            // If it cannot be given back, or is somebody else's, its end will come.
            let _ = put(bucket, key, owner, Nanos(0), Put::IfMatch(etag));
        }
    }
}

fn ask_folder(root: &std::path::Path, owner: &str) -> Result<Asked, folder::Failed> {
    let path = root.join(FILE);
    let mut file = folder::open_lock(&path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut owner = String::new();
            file.read_to_string(&mut owner).map_err(failed("read", &path))?;
            return Ok(Asked::Busy { owner: owner.trim().to_owned() });
        }
        Err(TryLockError::Error(error)) => return Err(failed("lock", &path)(error)),
    }
    let write = |file: &mut File| {
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        writeln!(file, "{owner}")
    };
    write(&mut file).map_err(failed("write", &path))?;
    Ok(Asked::Held(Lock::Folder { _file: file }))
}

/// What the lock's object says; no two who ask say the same.
fn text(owner: &str, until: Nanos) -> String {
    json!({ "owner": owner, "until_ns": until.0 }).to_string()
}

fn put(bucket: &Bucket, key: &str, owner: &str, until: Nanos, when: Put<'_>) -> Result<String, ObjectError> {
    let etag = bucket.put(key, text(owner, until), when)?;
    etag.ok_or_else(|| ObjectError::Failed { url: bucket.url(key), why: "without an etag".to_owned() })
}

fn ask_bucket(bucket: &Bucket, key: String, owner: &str, now: Nanos) -> Result<Asked, ObjectError> {
    let until = now.saturating_add(LEASE);
    let held = |etag| {
        let (bucket, owner) = (bucket.clone(), owner.to_owned());
        Ok(Asked::Held(Lock::Bucket { bucket, key: key.clone(), owner, etag }))
    };
    match put(bucket, &key, owner, until, Put::IfAbsent) {
        Ok(etag) => return held(etag),
        Err(ObjectError::Exists { .. }) => {}
        Err(error) => return Err(error),
    }
    let busy = |owner: &str| Ok(Asked::Busy { owner: owner.to_owned() });
    let Some((object, bytes)) = bucket.read_whole(&key)? else { return busy("another") };
    // A request whose answer was lost is made again, and then meets what it wrote itself.
    let is_ours = |bytes: &[u8]| bytes == text(owner, until).as_bytes();
    if let (true, Some(etag)) = (is_ours(&bytes), &object.etag) {
        return held(etag.clone());
    }
    let value: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let other = value["owner"].as_str().unwrap_or("another");
    let has_ended = value["until_ns"].as_i64().is_none_or(|until| until <= now.0);
    let Some(etag) = object.etag.filter(|_| has_ended) else { return busy(other) };
    match put(bucket, &key, owner, until, Put::IfMatch(&etag)) {
        Ok(etag) => held(etag),
        Err(ObjectError::Changed { .. } | ObjectError::Exists { .. }) => match bucket.read_whole(&key)? {
            Some((Object { etag: Some(etag), .. }, bytes)) if is_ours(&bytes) => held(etag),
            _ => busy(other),
        },
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn ask(place: &Place, owner: &str, now: Nanos) -> Result<Lock, String> {
        match Lock::ask(place, owner, now).unwrap() {
            Asked::Held(lock) => Ok(lock),
            Asked::Busy { owner } => Err(owner),
        }
    }

    fn check(place: &Place) {
        let mut first = ask(place, "first", Nanos(5)).unwrap();
        assert_eq!(ask(place, "second", Nanos(6)).err().as_deref(), Some("first"));
        assert!(first.renew(place, Nanos(7)).unwrap());
        drop(first);
        let second = ask(place, "second", Nanos(8)).unwrap();
        assert_eq!(ask(place, "first", Nanos(9)).err().as_deref(), Some("second"));
        drop(second);
    }

    #[test]
    fn one_at_a_time_holds_it_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::Folder(folder.path().to_owned());
        place.prepare("x").unwrap();
        check(&place);
        check(&Place::bucket(Bucket::of("b", Arc::new(object_store::memory::InMemory::new())), "a"));
    }

    #[test]
    fn a_lock_whose_answer_was_lost_is_held() {
        let bucket = Bucket::of("b", Arc::new(object_store::memory::InMemory::new()));
        let place = Place::bucket(bucket.clone(), "");
        let until = Nanos(5).saturating_add(LEASE);
        bucket.put(FILE, text("first", until), Put::IfAbsent).unwrap();
        assert_eq!(ask(&place, "first", Nanos(6)).err().as_deref(), Some("first"), "another asked then");
        let first = ask(&place, "first", Nanos(5)).unwrap();
        assert!(ask(&place, "second", Nanos(5)).is_err());
        drop(first);
        assert!(ask(&place, "second", Nanos(5)).is_ok());
    }

    #[test]
    fn a_silent_owner_loses_it_and_learns_so() {
        let place = Place::bucket(Bucket::of("b", Arc::new(object_store::memory::InMemory::new())), "");
        let mut first = ask(&place, "first", Nanos(0)).unwrap();
        assert!(ask(&place, "second", Nanos(LEASE.0 - 1)).is_err());
        let second = ask(&place, "second", LEASE).unwrap();
        assert!(!first.renew(&place, LEASE).unwrap());
        drop(first);
        assert_eq!(
            ask(&place, "third", LEASE).err().as_deref(),
            Some("second"),
            "it is not given back by another"
        );
        drop(second);
    }
}
