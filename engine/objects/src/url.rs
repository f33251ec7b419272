//! `s3://BUCKET/KEY`.
//!
//! Nothing is decoded: a key is the text behind the bucket, percent signs, blanks and all, as the tools of the stores
//! write it.

use crate::ObjectError;

/// What begins every URL of an object.
const SCHEME: &str = "s3://";

/// A bucket, and the key of an object in it or what keys begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectUrl {
    /// The bucket's name.
    pub bucket: String,
    /// A key or the beginning of keys, without the slash before it; empty: the whole bucket.
    pub key: String,
}

impl ObjectUrl {
    /// Whether a text is meant as the URL of an object.
    pub fn is_url(text: &str) -> bool {
        text.starts_with(SCHEME)
    }

    /// Reads a URL.
    ///
    /// # Errors
    /// [`ObjectError::Setup`] where it names no bucket.
    pub fn parse(text: &str) -> Result<Self, ObjectError> {
        let rest = text.strip_prefix(SCHEME).unwrap_or_default();
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        // Every name that a bucket has ever been allowed to have.
        if !(3..=255).contains(&bucket.len()) || !bucket.bytes().all(is_name) {
            let why = format!("{text} names no bucket; write s3://BUCKET/PREFIX");
            return Err(ObjectError::Setup { why });
        }
        Ok(Self { bucket: bucket.to_owned(), key: key.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_buckets_and_keys() {
        for (text, bucket, key) in [
            ("s3://abc", "abc", ""),
            ("s3://abc/", "abc", ""),
            ("s3://a.b-C_1/trades/symbol=A%2FB/x y.parquet", "a.b-C_1", "trades/symbol=A%2FB/x y.parquet"),
            ("s3://abc/a//b/", "abc", "a//b/"),
        ] {
            let url = ObjectUrl { bucket: bucket.to_owned(), key: key.to_owned() };
            assert_eq!(ObjectUrl::parse(text), Ok(url));
        }
        for text in ["s3://", "s3:///x", "s3://a", "s3://user:secret@host/x", "http://abc/x", "abc"] {
            assert!(ObjectUrl::parse(text).is_err(), "{text}");
        }
    }
}
