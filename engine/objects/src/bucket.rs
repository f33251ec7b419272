//! A bucket: list, read, put, delete.

use crate::error::{Asked, read};
use crate::listing::{Connector, OddKeys};
use crate::runtime::{provide_tls, runtime};
use crate::setup::Setup;
use crate::{Bytes, Fetch, ObjectError, S3Config};
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::aws::AmazonS3Builder;
use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientOptions, GetOptions, GetRange, ObjectMeta, ObjectStore, PutMode, PutOptions,
    PutPayload, RetryConfig, UpdateVersion,
};
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// An object as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// Its size, bytes.
    pub size: u64,
    /// What tells this content from any other of that key, if the store says it.
    pub etag: Option<String>,
}

/// When an object is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put<'a> {
    /// Always.
    Over,
    /// If there is none of that key.
    IfAbsent,
    /// If the one that is there has this etag.
    IfMatch(&'a str),
}

/// A bucket. Calls block until the answer is there, after as many questions as its patience allows.
#[derive(Clone)]
pub struct Bucket(Arc<Inner>);

struct Inner {
    name: String,
    host: String,
    store: Arc<dyn ObjectStore>,
    /// Lists by any beginning of keys; without it only whole parts can be asked for.
    pages: Option<Arc<dyn PaginatedListStore>>,
    odd: OddKeys,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bucket(s3://{} at {})", self.0.name, self.0.host)
    }
}

impl From<ObjectMeta> for Object {
    fn from(meta: ObjectMeta) -> Self {
        Self { key: meta.location.to_string(), size: meta.size, etag: meta.e_tag }
    }
}

impl Bucket {
    /// A bucket of a server of S3; nothing is asked yet.
    ///
    /// # Errors
    /// [`ObjectError::Setup`] for the endpoint or the credentials.
    pub fn s3(name: &str, config: &S3Config) -> Result<Self, ObjectError> {
        Self::of_setup(name, &Setup::new(config, |name| std::env::var(name).ok())?)
    }

    fn of_setup(name: &str, setup: &Setup) -> Result<Self, ObjectError> {
        provide_tls();
        let patience = setup.patience;
        let options = ClientOptions::new()
            .with_connect_timeout(patience.connect)
            .with_timeout(patience.answer)
            .with_allow_http(setup.is_plain);
        let backoff = BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(5),
            base: 2.0,
        };
        let retry = RetryConfig { backoff, max_retries: patience.retries, retry_timeout: patience.give_up };
        let odd = OddKeys::default();
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(name)
            .with_region(&setup.region)
            .with_access_key_id(&setup.credentials.key_id)
            .with_secret_access_key(&setup.credentials.secret)
            .with_client_options(options)
            .with_retry(retry)
            .with_http_connector(Connector(Arc::clone(&odd)));
        if let Some(token) = &setup.credentials.token {
            builder = builder.with_token(token);
        }
        if let Some(endpoint) = &setup.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        // What the builder says of a wrong value may repeat it.
        let why = || "the client of S3 cannot be set up; check s3.endpoint and s3.region".to_owned();
        let store = Arc::new(builder.build().map_err(|_| ObjectError::Setup { why: why() })?);
        let pages: Arc<dyn PaginatedListStore> = Arc::<object_store::aws::AmazonS3>::clone(&store);
        let (name, host) = (name.to_owned(), setup.host.clone());
        Ok(Self(Arc::new(Inner { name, host, store, pages: Some(pages), odd })))
    }

    /// A bucket of any store: in memory, in a folder.
    pub fn of(name: &str, store: Arc<dyn ObjectStore>) -> Self {
        let (name, host) = (name.to_owned(), "this process".to_owned());
        Self(Arc::new(Inner { name, host, store, pages: None, odd: OddKeys::default() }))
    }

    /// The bucket's name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The URL of a key.
    pub fn url(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.0.name)
    }

    fn asked(&self, key: &str) -> Asked {
        let (bucket, host) = (format!("s3://{}", self.0.name), self.0.host.clone());
        Asked { bucket, host, url: self.url(key) }
    }

    fn path(&self, key: &str) -> Result<Path, ObjectError> {
        let path = Path::parse(key).ok().filter(|path| path.as_ref() == key && !key.is_empty());
        path.ok_or_else(|| ObjectError::OddKey { url: self.url(key) })
    }

    /// All objects whose keys begin with `prefix`, in byte order of their keys. An empty prefix, or one that ends with
    /// a slash, is what a folder is elsewhere. Objects that stand for folders are left out.
    ///
    /// # Errors
    /// [`ObjectError`]; [`ObjectError::OddKey`] if `is_wanted` says so of a key that cannot be read.
    pub fn list(&self, prefix: &str, is_wanted: impl Fn(&str) -> bool) -> Result<Vec<Object>, ObjectError> {
        let asked = self.asked(prefix);
        let listed = match &self.0.pages {
            Some(pages) => runtime().block_on(list_pages(pages.as_ref(), prefix)),
            None => runtime().block_on(self.list_parts(prefix)),
        };
        let listed = listed.map_err(|error| read(&error, &asked))?;
        let mut odd = self.0.odd.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = odd.drain(..).find(|key| key.starts_with(prefix) && is_wanted(key)) {
            return Err(ObjectError::OddKey { url: self.url(&key) });
        }
        let mut objects: Vec<Object> = listed.into_iter().map(Object::from).collect();
        objects.retain(|object| object.key.starts_with(prefix) && is_wanted(&object.key));
        objects.sort_by(|a, b| a.key.cmp(&b.key));
        objects.dedup_by(|a, b| a.key == b.key);
        Ok(objects)
    }

    async fn list_parts(&self, prefix: &str) -> object_store::Result<Vec<ObjectMeta>> {
        let whole = Path::parse(prefix.rsplit_once('/').map_or("", |(parts, _)| parts))?;
        self.0.store.list(Some(&whole)).try_collect().await
    }

    /// The last bytes of an object, at most `length`, and what it is.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub fn tail(&self, key: &str, length: u64) -> Result<(Object, Bytes), ObjectError> {
        let mut found = self.tails(std::slice::from_ref(&key.to_owned()), length);
        found.pop().expect("an answer for each key")
    }

    /// The same for many, several at a time; the answers are in the order of the keys.
    pub fn tails(&self, keys: &[String], length: u64) -> Vec<Result<(Object, Bytes), ObjectError>> {
        const AT_ONCE: usize = 16;
        let one = |key: String| async move {
            let options = GetOptions { range: Some(GetRange::Suffix(length)), ..GetOptions::default() };
            let path = self.path(&key)?;
            match self.get(&path, options).await {
                // There is no last byte of no bytes.
                Err(ObjectError::Failed { .. }) => self.get(&path, GetOptions::default()).await,
                other => other,
            }
        };
        runtime().block_on(stream::iter(keys.to_vec()).map(one).buffered(AT_ONCE).collect())
    }

    async fn get(&self, path: &Path, options: GetOptions) -> Result<(Object, Bytes), ObjectError> {
        let failed = |error| read(&error, &self.asked(path.as_ref()));
        let found = self.0.store.get_opts(path, options).await.map_err(failed)?;
        let object = Object::from(found.meta.clone());
        Ok((object, found.bytes().await.map_err(failed)?))
    }

    /// A whole object; `None` if there is none.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub fn read_whole(&self, key: &str) -> Result<Option<(Object, Bytes)>, ObjectError> {
        let path = self.path(key)?;
        match runtime().block_on(self.get(&path, GetOptions::default())) {
            Ok(found) => Ok(Some(found)),
            Err(ObjectError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Starts to read some bytes of an object as it was found.
    pub fn fetch(&self, object: &Object, range: Range<u64>) -> Fetch {
        let (bucket, object) = (self.clone(), object.clone());
        Fetch::start(async move { bucket.read_range(&object, range).await })
    }

    async fn read_range(&self, object: &Object, range: Range<u64>) -> Result<Bytes, ObjectError> {
        let path = self.path(&object.key)?;
        let length = range.end - range.start;
        let options = GetOptions {
            range: Some(GetRange::Bounded(range)),
            if_match: object.etag.clone(),
            ..GetOptions::default()
        };
        let (found, bytes) = self.get(&path, options).await?;
        if found.size != object.size || bytes.len() as u64 != length {
            return Err(ObjectError::Changed { url: self.url(&object.key) });
        }
        Ok(bytes)
    }

    /// Puts an object, whole or not at all; gives its etag.
    ///
    /// # Errors
    /// [`ObjectError::Exists`] and [`ObjectError::Changed`] where the condition does not hold. A request whose answer
    /// was lost may have been carried out; asked again, its own object is in its way.
    pub fn put(
        &self,
        key: &str,
        bytes: impl Into<Bytes>,
        when: Put<'_>,
    ) -> Result<Option<String>, ObjectError> {
        let path = self.path(key)?;
        let mode = match when {
            Put::Over => PutMode::Overwrite,
            Put::IfAbsent => PutMode::Create,
            Put::IfMatch(etag) => {
                PutMode::Update(UpdateVersion { e_tag: Some(etag.to_owned()), version: None })
            }
        };
        let options = PutOptions { mode, ..PutOptions::default() };
        let payload = PutPayload::from(bytes.into());
        let put = runtime().block_on(self.0.store.put_opts(&path, payload, options));
        put.map(|done| done.e_tag).map_err(|error| read(&error, &self.asked(key)))
    }

    /// Puts objects, several at a time, of whose keys there are none; where there is one, that is it.
    ///
    /// # Errors
    /// [`ObjectError`]; some may be there then.
    pub fn put_absent(&self, objects: Vec<(String, Bytes)>) -> Result<(), ObjectError> {
        const AT_ONCE: usize = 8;
        let one = |(key, bytes): (String, Bytes)| async move {
            let path = self.path(&key)?;
            let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
            let put = self.0.store.put_opts(&path, PutPayload::from(bytes), options).await;
            match put.map_err(|error| read(&error, &self.asked(&key))) {
                Ok(_) | Err(ObjectError::Exists { .. }) => Ok(()),
                Err(error) => Err(error),
            }
        };
        runtime().block_on(stream::iter(objects).map(one).buffer_unordered(AT_ONCE).try_collect())
    }

    /// Deletes objects; those that are not there are gone already.
    ///
    /// # Errors
    /// [`ObjectError`]; some may be gone then.
    pub fn delete(&self, keys: &[String]) -> Result<(), ObjectError> {
        let paths = keys.iter().map(|key| self.path(key)).collect::<Result<Vec<Path>, _>>()?;
        let deleted = runtime().block_on(async {
            let paths = stream::iter(paths.into_iter().map(Ok)).boxed();
            self.0.store.delete_stream(paths).collect::<Vec<_>>().await
        });
        for (result, key) in deleted.into_iter().zip(keys) {
            match result.map_err(|error| read(&error, &self.asked(key))) {
                Ok(_) | Err(ObjectError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

async fn list_pages(pages: &dyn PaginatedListStore, prefix: &str) -> object_store::Result<Vec<ObjectMeta>> {
    let mut objects = Vec::new();
    let mut page_token = None;
    loop {
        let options = PaginatedListOptions { page_token, ..PaginatedListOptions::default() };
        let page = pages.list_paginated(Some(prefix).filter(|prefix| !prefix.is_empty()), options).await?;
        objects.extend(page.result.objects);
        page_token = page.page_token;
        if page_token.is_none() {
            return Ok(objects);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::local::LocalFileSystem;
    use object_store::memory::InMemory;

    fn keys(bucket: &Bucket, prefix: &str) -> Vec<String> {
        let objects = bucket.list(prefix, |key| !key.ends_with(".tmp")).unwrap();
        objects.into_iter().map(|object| object.key).collect()
    }

    fn check(bucket: &Bucket) {
        assert_eq!(keys(bucket, ""), [""; 0]);
        let etag = bucket.put("a/x y.parquet", "one", Put::IfAbsent).unwrap();
        bucket.put("a/z%2F", "", Put::Over).unwrap();
        bucket.put("ab", "two", Put::Over).unwrap();
        bucket.put("a/b.tmp", "two", Put::Over).unwrap();
        assert_eq!(keys(bucket, ""), ["a/x y.parquet", "a/z%2F", "ab"]);
        assert_eq!(keys(bucket, "a/"), ["a/x y.parquet", "a/z%2F"]);
        assert_eq!(keys(bucket, "a/x"), ["a/x y.parquet"]);
        let exists = bucket.put("a/x y.parquet", "two", Put::IfAbsent);
        assert!(matches!(exists, Err(ObjectError::Exists { .. })), "{exists:?}");
        let (object, bytes) = bucket.tail("a/x y.parquet", 2).unwrap();
        assert_eq!((object.size, &bytes[..], &object.etag), (3, &b"ne"[..], &etag));
        assert_eq!(bucket.tail("a/x y.parquet", 20).unwrap().1, "one");
        assert_eq!(bucket.tail("a/z%2F", 20).unwrap().1, "");
        assert_eq!(bucket.fetch(&object, 1..2).wait().unwrap(), "n");
        bucket.put("a/x y.parquet", "eno", Put::Over).unwrap();
        let changed = bucket.fetch(&object, 1..2).wait();
        assert!(matches!(changed, Err(ObjectError::Changed { .. })), "{changed:?}");
        let gone = ["a/x y.parquet", "a/z%2F", "never"].map(str::to_owned);
        bucket.delete(&gone).unwrap();
        let gone = bucket.fetch(&object, 1..2).wait();
        assert!(matches!(gone, Err(ObjectError::NotFound { .. })), "{gone:?}");
        assert_eq!(bucket.read_whole("a/x y.parquet").unwrap(), None);
        assert_eq!(bucket.read_whole("ab").unwrap().unwrap().1, "two");
        for odd in ["", "a//b", "/a", "a/", "a/../b"] {
            assert!(matches!(bucket.read_whole(odd), Err(ObjectError::OddKey { .. })), "{odd:?}");
        }
    }

    #[test]
    fn stores_in_memory_and_in_folders_are_buckets() {
        check(&Bucket::of("memory", Arc::new(InMemory::new())));
        let folder = tempfile::tempdir().unwrap();
        check(&Bucket::of("folder", Arc::new(LocalFileSystem::new_with_prefix(folder.path()).unwrap())));
    }

    #[test]
    fn a_put_on_a_condition_needs_the_content_that_was_seen() {
        let bucket = Bucket::of("memory", Arc::new(InMemory::new()));
        let first = bucket.put("lock", "mine", Put::IfAbsent).unwrap().unwrap();
        let second = bucket.put("lock", "still mine", Put::IfMatch(&first)).unwrap().unwrap();
        assert_ne!(first, second);
        let late = bucket.put("lock", "yours", Put::IfMatch(&first));
        assert!(matches!(late, Err(ObjectError::Changed { .. })), "{late:?}");
    }
}
