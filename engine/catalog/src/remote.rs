//! Reading an object as if it were a file: in pieces, a little ahead, never whole.
//!
//! A row group's columns are windows that are passed through from front to back. Small neighbours are one window, which
//! is one request. Of each window one piece is held and the next is on its way; the windows of the next row group begin
//! while this one is decoded. Pieces shrink as more objects are open, so that memory stays within a budget.
//! Not here: asking again after a failure (`objects`).

use crate::location::ObjectFile;
use objects::{Bytes, Fetch, ObjectError};
use parquet::errors::ParquetError;
use std::io::Read;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Memory for pieces of all objects that are being read, held and on their way.
const BUDGET_BYTES: u64 = 256 * 1024 * 1024;

/// Largest and smallest piece.
const PIECE_BYTES_MAX: u64 = 2 * 1024 * 1024;
const PIECE_BYTES_MIN: u64 = 64 * 1024;

/// Pieces per object that the budget counts with.
const PIECES_PER_OBJECT: u64 = 8;

/// Neighbours with no more than this between them are one window.
const GAP_BYTES_MAX: u64 = 64 * 1024;

/// How many objects are being read.
static READERS: AtomicU64 = AtomicU64::new(0);

/// The bytes of a piece, with as many objects open as there are.
fn piece_bytes() -> u64 {
    let readers = READERS.load(Ordering::Relaxed).max(1);
    (BUDGET_BYTES / (readers * PIECES_PER_OBJECT)).clamp(PIECE_BYTES_MIN, PIECE_BYTES_MAX)
}

/// An object that is being read. Clones share what is held.
#[derive(Debug, Clone)]
pub(crate) struct RemoteFile {
    file: Arc<ObjectFile>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    windows: Vec<Window>,
    /// What made the last read fail: a decoder tells only its text.
    failure: Option<ObjectError>,
}

impl Drop for State {
    fn drop(&mut self) {
        READERS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Bytes that are read from front to back.
#[derive(Debug)]
struct Window {
    range: Range<u64>,
    piece: u64,
    held: Option<(u64, Bytes)>,
    ahead: Option<(Range<u64>, Fetch)>,
}

/// The part of `bytes`, which begin at `start`, from `position` on; `None` if that is not in them.
fn part(start: u64, bytes: &Bytes, position: u64) -> Option<Bytes> {
    let offset = usize::try_from(position.checked_sub(start)?).ok()?;
    (offset < bytes.len()).then(|| bytes.slice(offset..))
}

impl Window {
    /// A window whose first piece is on its way.
    fn open(file: &ObjectFile, range: Range<u64>, piece: u64) -> Self {
        let mut window = Self { range, piece, held: None, ahead: None };
        window.go_ahead(file, window.range.start);
        window
    }

    fn piece_at(&self, position: u64) -> Range<u64> {
        position..position.saturating_add(self.piece).min(self.range.end)
    }

    fn go_ahead(&mut self, file: &ObjectFile, position: u64) {
        let range = self.piece_at(position);
        if !range.is_empty() {
            self.ahead = Some((range.clone(), file.bucket.fetch(&file.object, range)));
        }
    }

    fn read(&mut self, file: &ObjectFile, position: u64) -> Result<Bytes, ObjectError> {
        if let Some(part) = self.held.as_ref().and_then(|(start, bytes)| part(*start, bytes, position)) {
            return Ok(part);
        }
        self.held = None;
        let (range, fetch) = match self.ahead.take() {
            Some((range, fetch)) if range.contains(&position) => (range, fetch),
            _ => {
                let range = self.piece_at(position);
                (range.clone(), file.bucket.fetch(&file.object, range))
            }
        };
        let bytes = fetch.wait()?;
        self.go_ahead(file, range.end);
        let found = part(range.start, &bytes, position);
        self.held = Some((range.start, bytes));
        found.ok_or_else(|| ObjectError::Changed { url: file.path.display().to_string() })
    }
}

/// Ranges as windows: neighbours are one as long as they fit into a piece.
fn together(mut ranges: Vec<Range<u64>>, piece: u64) -> Vec<Range<u64>> {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut windows: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match windows.last_mut() {
            Some(last)
                if range.start <= last.end + GAP_BYTES_MAX
                    && range.end.max(last.end) - last.start <= piece =>
            {
                last.end = last.end.max(range.end);
            }
            _ => windows.push(range),
        }
    }
    windows
}

impl RemoteFile {
    pub(crate) fn new(file: &Arc<ObjectFile>) -> Self {
        READERS.fetch_add(1, Ordering::Relaxed);
        let state = State { windows: Vec::new(), failure: None };
        Self { file: Arc::clone(file), state: Arc::new(Mutex::new(state)) }
    }

    pub(crate) fn size(&self) -> u64 {
        self.file.size()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What made the last read fail, if it was the network or the object.
    pub(crate) fn take_failure(&self) -> Option<ObjectError> {
        self.state().failure.take()
    }

    /// Says which bytes are read now, and which after that; others are given up.
    pub(crate) fn enter(&self, now: Vec<Range<u64>>, next: Vec<Range<u64>>) {
        self.enter_by(now, next, piece_bytes());
    }

    fn enter_by(&self, now: Vec<Range<u64>>, next: Vec<Range<u64>>, piece: u64) {
        let mut wanted = together(now, piece);
        if piece == PIECE_BYTES_MAX {
            wanted.extend(together(next, piece));
        }
        let tail = self.file.tail_start();
        let mut state = self.state();
        let mut old = std::mem::take(&mut state.windows);
        for range in wanted.into_iter().filter(|range| range.start < tail) {
            let kept = old.iter().position(|window| window.range == range);
            state.windows.push(match kept {
                Some(index) => old.swap_remove(index),
                None => Window::open(&self.file, range, piece),
            });
        }
    }

    /// Bytes from `position` on, at least one unless it is the end.
    fn read(&self, position: u64) -> Result<Bytes, ObjectError> {
        if let Some(part) = part(self.file.tail_start(), &self.file.tail, position) {
            return Ok(part);
        }
        if position >= self.size() {
            return Ok(Bytes::new());
        }
        let mut state = self.state();
        let read = match state.windows.iter_mut().find(|window| window.range.contains(&position)) {
            Some(window) => window.read(&self.file, position),
            None => {
                let end = position.saturating_add(PIECE_BYTES_MIN).min(self.size());
                self.file.bucket.fetch(&self.file.object, position..end).wait()
            }
        };
        read.inspect_err(|error| state.failure = Some(error.clone()))
    }

    /// Exactly these bytes.
    pub(crate) fn bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let external = |error: ObjectError| ParquetError::External(Box::new(error));
        let first = self.read(start).map_err(external)?;
        if first.len() >= length {
            return Ok(first.slice(..length));
        }
        let end = start.checked_add(length as u64).filter(|end| *end <= self.size());
        let end =
            end.ok_or_else(|| ParquetError::EOF(format!("{length} bytes at {start} are beyond the end")))?;
        let mut bytes = Vec::with_capacity(length);
        let mut next = first;
        loop {
            let rest = (end - start) as usize - bytes.len();
            bytes.extend_from_slice(&next[..next.len().min(rest)]);
            if bytes.len() == length {
                return Ok(bytes.into());
            }
            next = self.read(start + bytes.len() as u64).map_err(external)?;
        }
    }
}

/// A place in an object from which bytes are read.
#[derive(Debug)]
pub(crate) struct RemoteRead {
    file: RemoteFile,
    position: u64,
    current: Bytes,
}

impl RemoteRead {
    pub(crate) fn new(file: RemoteFile, position: u64) -> Self {
        Self { file, position, current: Bytes::new() }
    }
}

impl Read for RemoteRead {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.current.is_empty() {
            self.current = self.file.read(self.position).map_err(std::io::Error::other)?;
        }
        let length = buffer.len().min(self.current.len());
        buffer[..length].copy_from_slice(&self.current.split_to(length));
        self.position += length as u64;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::memory::InMemory;
    use objects::{Bucket, Object, Put};
    use proptest::prelude::*;

    fn object(bytes: &[u8], tail: usize) -> Arc<ObjectFile> {
        let bucket = Bucket::of("b", Arc::new(InMemory::new()));
        let etag = bucket.put("k", bytes.to_vec(), Put::Over).unwrap();
        let object = Object { key: "k".to_owned(), size: bytes.len() as u64, etag };
        let tail = Bytes::copy_from_slice(&bytes[bytes.len() - tail..]);
        Arc::new(ObjectFile { path: "s3://b/k".into(), bucket, object, tail })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_bytes_in_any_order_are_those_of_the_object(
            bytes in prop::collection::vec(any::<u8>(), 400..4_000),
            tail in 0_usize..400,
            piece in 1_u64..500,
            cuts in prop::collection::vec(0_u64..4_000, 0..12),
            reads in prop::collection::vec((0_u64..4_000, 0_usize..700, any::<bool>()), 1..40),
        ) {
            let size = bytes.len() as u64;
            let file = RemoteFile::new(&object(&bytes, tail));
            let mut cuts: Vec<u64> = cuts.into_iter().map(|cut| cut.min(size)).collect();
            cuts.sort_unstable();
            let ranges: Vec<Range<u64>> = cuts.chunks_exact(2).map(|pair| pair[0]..pair[1]).collect();
            let (now, next) = ranges.split_at(ranges.len() / 2);
            file.enter_by(now.to_vec(), next.to_vec(), piece);
            for (start, length, as_stream) in reads {
                let start = start.min(size);
                let length = length.min((size - start) as usize);
                let expected = &bytes[start as usize..start as usize + length];
                if as_stream {
                    let mut found = vec![0; length];
                    RemoteRead::new(file.clone(), start).read_exact(&mut found).unwrap();
                    prop_assert_eq!(found, expected);
                } else {
                    prop_assert_eq!(file.bytes(start, length).unwrap(), expected);
                }
            }
            prop_assert!(file.bytes(size - 1, 2).is_err());
            let mut rest = Vec::new();
            RemoteRead::new(file.clone(), 0).read_to_end(&mut rest).unwrap();
            prop_assert_eq!(rest, bytes);
            prop_assert_eq!(file.take_failure(), None);
        }
    }

    fn one(range: Range<u64>) -> Vec<Range<u64>> {
        std::iter::once(range).collect()
    }

    #[test]
    fn neighbours_are_one_request() {
        assert_eq!(together(vec![10..20, 0..10, 20..30, 5..5], 100), one(0..30));
        assert_eq!(together(vec![0..60, 60..120, 120..130], 100), [0..60, 60..130]);
        let far = 10 + GAP_BYTES_MAX + 1;
        assert_eq!(together(vec![0..10, far..far + 1], u64::MAX), [0..10, far..far + 1]);
        assert_eq!(together(one(0..500), 100), one(0..500));
    }

    #[test]
    fn an_object_that_changed_is_told_from_a_damaged_one() {
        let object = object(&[7; 1_000], 10);
        let file = RemoteFile::new(&object);
        object.bucket.put("k", vec![8; 1_000], Put::Over).unwrap();
        assert!(file.bytes(0, 5).is_err());
        assert!(matches!(file.take_failure(), Some(ObjectError::Changed { .. })));
        object.bucket.delete(&["k".to_owned()]).unwrap();
        assert!(file.bytes(0, 5).is_err());
        assert!(matches!(file.take_failure(), Some(ObjectError::NotFound { .. })));
        assert_eq!(file.bytes(995, 5).unwrap(), [7; 5].as_slice(), "the footer is kept");
    }

    #[test]
    fn pieces_shrink_as_more_objects_are_read() {
        let object = object(&[7; 10], 0);
        let readers: Vec<RemoteFile> = (0..1_000).map(|_| RemoteFile::new(&object)).collect();
        assert_eq!(piece_bytes(), PIECE_BYTES_MIN);
        drop(readers);
    }
}
