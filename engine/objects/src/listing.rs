//! Listings without keys that the client cannot name.
//!
//! A key may have empty parts, or parts `.` and `..`; one of them, anywhere below a prefix, would make the client
//! refuse the whole listing. So they are cut out of the server's answer before it is read, and remembered.

use async_trait::async_trait;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpRequest, HttpResponse, HttpService, ReqwestConnector,
};
use object_store::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Keys that were cut out of listings.
pub(crate) type OddKeys = Arc<Mutex<Vec<String>>>;

/// Makes clients that cut odd keys out.
#[derive(Debug)]
pub(crate) struct Connector(pub OddKeys);

#[derive(Debug)]
struct Service {
    inner: HttpClient,
    odd: OddKeys,
}

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let inner = ReqwestConnector::default().connect(options)?;
        Ok(HttpClient::new(Service { inner, odd: Arc::clone(&self.0) }))
    }
}

#[async_trait]
impl HttpService for Service {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let is_listing = request.uri().query().is_some_and(|query| query.contains("list-type=2"));
        let response = self.inner.execute(request).await?;
        if !is_listing || !response.status().is_success() {
            return Ok(response);
        }
        let (mut head, body) = response.into_parts();
        let body = body.bytes().await?;
        let text = String::from_utf8_lossy(&body);
        let mut odd = Vec::new();
        let kept = cut(&text, &mut odd);
        self.odd.lock().unwrap_or_else(PoisonError::into_inner).extend(odd);
        head.headers.remove("content-length");
        Ok(HttpResponse::from_parts(head, kept.into()))
    }
}

/// A listing without the entries of keys that cannot be named; these are appended to `odd`, but for those that end in
/// a slash, which stand for folders.
fn cut(text: &str, odd: &mut Vec<String>) -> String {
    const END: &str = "</Contents>";
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("<Contents>") {
        let Some(length) = rest[start..].find(END).map(|end| end + END.len()) else { break };
        let entry = &rest[start..start + length];
        let key = key_of(entry);
        let can_be_named = Path::parse(&key).is_ok_and(|path| path.as_ref() == key);
        kept.push_str(&rest[..if can_be_named { start + length } else { start }]);
        if !can_be_named && !key.ends_with('/') {
            odd.push(key);
        }
        rest = &rest[start + length..];
    }
    kept.push_str(rest);
    kept
}

/// The key of an entry, without escapes.
fn key_of(entry: &str) -> String {
    let key = entry.split_once("<Key>").and_then(|(_, rest)| rest.split_once("</Key>"));
    let mut rest = key.map_or("", |(key, _)| key);
    let mut text = String::with_capacity(rest.len());
    while let Some(start) = rest.find('&') {
        let length = rest[start..].find(';').map_or(rest.len() - start, |end| end + 1);
        text.push_str(&rest[..start]);
        match unescaped(&rest[start..start + length]) {
            Some(letter) => text.push(letter),
            None => text.push_str(&rest[start..start + length]),
        }
        rest = &rest[start + length..];
    }
    text + rest
}

fn unescaped(escape: &str) -> Option<char> {
    let name = escape.strip_prefix('&')?.strip_suffix(';')?;
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(keys: &[&str], kept: &[&str], odd: &[&str]) {
        let entry = |key: &&str| format!("<Contents><Key>{key}</Key><Size>1</Size></Contents>");
        let whole = |keys: &[&str]| format!("<L>{}<K>x</K></L>", keys.iter().map(entry).collect::<String>());
        let mut found = Vec::new();
        assert_eq!(cut(&whole(keys), &mut found), whole(kept));
        assert_eq!(found, odd);
    }

    #[test]
    fn only_keys_that_cannot_be_named_are_cut_out() {
        check(&["a/b c%2F.parquet", "ä/=&amp;&#x2603;"], &["a/b c%2F.parquet", "ä/=&amp;&#x2603;"], &[]);
        check(&["a//b", "x", "../y", "./z"], &["x"], &["a//b", "../y", "./z"]);
        check(&["folder/", "/", "x"], &["x"], &[]);
        check(&["&#47;lead", "a/&#46;./b"], &[], &["/lead", "a/../b"]);
        check(&[], &[], &[]);
    }
}
