//! Every request of a bucket fails once, before it is carried out or after, and the process goes on or starts again.

use super::support::{Dice, check, dictionary, feed, small};
use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use objects::Bucket;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use storage::archive::{Archive, Place};
use storage::{Store, StoreError};

/// A store in memory whose request number `left` fails; below zero none does.
#[derive(Debug)]
struct Faulty {
    inner: Arc<InMemory>,
    left: AtomicI64,
    is_after: bool,
}

impl std::fmt::Display for Faulty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Faulty")
    }
}

fn broken() -> Error {
    Error::Generic { store: "S3", source: "connection reset".into() }
}

impl Faulty {
    fn is_hit(&self) -> bool {
        self.left.fetch_sub(1, Ordering::SeqCst) == 0
    }

    /// Whether this request fails before it is carried out, and whether after.
    fn fate(&self) -> [bool; 2] {
        let is_hit = self.is_hit();
        [is_hit && !self.is_after, is_hit && self.is_after]
    }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(&self, path: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let [before, after] = self.fate();
        if before {
            return Err(broken());
        }
        let done = self.inner.put_opts(path, payload, options).await?;
        if after { Err(broken()) } else { Ok(done) }
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        if self.is_hit() { Err(broken()) } else { self.inner.get_opts(path, options).await }
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let [before, after] = self.fate();
        let paths = if before { futures_util::stream::empty().boxed() } else { paths };
        let deleted = self.inner.delete_stream(paths);
        if before || after { deleted.map(|_| Err(broken())).chain(once_broken()).boxed() } else { deleted }
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        if self.is_hit() { once_broken() } else { self.inner.list(prefix) }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(path, options).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

fn once_broken<T: Send + 'static>() -> BoxStream<'static, Result<T>> {
    futures_util::stream::once(async { Err(broken()) }).boxed()
}

const END: u64 = 1_500;

/// Lets request `number` of a run fail; `false` if there were fewer.
fn run(number: i64, is_after: bool, restarts: bool) -> bool {
    let inner = Arc::new(InMemory::new());
    let faulty = Arc::new(Faulty { inner, left: AtomicI64::new(number), is_after });
    let place = Place::bucket(Bucket::of("faulty", Arc::clone(&faulty) as Arc<dyn ObjectStore>), "x");
    let mut store = Archive::new(place.clone(), small());
    let mut dice = Dice(5);
    let mut attempt = |store: &mut Archive| -> std::result::Result<(), StoreError> {
        let marks = store.open(&dictionary("live"))?;
        feed(store, marks, END, &mut dice)?;
        store.flush()?;
        store.compact_all().map(|_| ())
    };
    let mut failures = 0;
    while let Err(error) = attempt(&mut store) {
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
        failures += 1;
        if restarts {
            store = Archive::new(place.clone(), small());
        }
    }
    assert!(failures <= 1);
    faulty.left.store(-1, Ordering::SeqCst);
    // A lock that could not be given back keeps the next away for a while; rows are right without.
    check(&place, END);
    failures == 1
}

#[test]
fn each_request_may_fail() {
    for is_after in [false, true] {
        for restarts in [false, true] {
            let mut number = 0;
            let mut silent = 0;
            // A failed delete or a lock that is not given back goes unnoticed, so some numbers seem to do nothing.
            while silent < 40 {
                silent = if run(number, is_after, restarts) { 0 } else { silent + 1 };
                number += 1;
            }
            assert!(number > 100, "there were {number} requests");
        }
    }
}
