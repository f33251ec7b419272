//! What can go wrong with objects, each in one sentence without credentials.
//!
//! What a server says of a refused request may repeat the key id and the text that was signed, so of its answer only
//! the code (`NoSuchBucket`, `AccessDenied`) is kept, and of a failed connection only the innermost reason.

use object_store::Error;
use std::fmt;

/// Why an object cannot be had or kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObjectError {
    /// A URL, an endpoint or the credentials are none: nothing was asked.
    Setup {
        /// One sentence: what is wrong and what to do.
        why: String,
    },
    /// There is no such bucket.
    NoBucket {
        /// `s3://BUCKET`.
        bucket: String,
        /// The host that was asked.
        host: String,
    },
    /// There is no such object, or there is none any more.
    NotFound {
        /// The object.
        url: String,
    },
    /// The object is not the one that was found before.
    Changed {
        /// The object.
        url: String,
    },
    /// An object that was to be made is there.
    Exists {
        /// The object.
        url: String,
    },
    /// Its key is legal, but no client that normalises paths can name it.
    OddKey {
        /// The object.
        url: String,
    },
    /// The credentials do not do.
    Denied {
        /// What was asked for.
        url: String,
        /// The server's code.
        code: String,
    },
    /// No answer, or one that says to try again, however often it was asked.
    Unreachable {
        /// What was asked for.
        url: String,
        /// The host that was asked.
        host: String,
        /// The innermost reason.
        why: String,
    },
    /// Anything else that the server said.
    Failed {
        /// What was asked for.
        url: String,
        /// The server's code, or what could not be understood.
        why: String,
    },
}

impl ObjectError {
    /// Whether asking again later may do.
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}

impl fmt::Display for ObjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setup { why } => f.write_str(why),
            Self::NoBucket { bucket, host } => {
                write!(f, "{bucket}: there is no such bucket at {host}; check its name and s3.endpoint")
            }
            Self::NotFound { url } => write!(f, "{url} is not there; check the name, or list the data again"),
            Self::Changed { url } => write!(f, "{url} changed while it was being read; start again"),
            Self::Exists { url } => write!(f, "{url} is there already; nothing was written"),
            Self::OddKey { url } => {
                write!(f, "{url} has an empty, . or .. part in its key; copy the object to a key without")
            }
            Self::Denied { url, code } => write!(
                f,
                "{url}: access was refused ({code}); check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and \
                 AWS_SESSION_TOKEN, or the file of s3.credentials"
            ),
            Self::Unreachable { url, host, why } => {
                write!(f, "{url} cannot be reached at {host} ({why}); check s3.endpoint and the network")
            }
            Self::Failed { url, why } => write!(f, "{url}: the server answered {why}; check s3.endpoint"),
        }
    }
}

impl std::error::Error for ObjectError {}

/// What was being asked, for the sentence.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub bucket: String,
    pub host: String,
    pub url: String,
}

/// Codes of answers that say that the credentials do not do.
const DENIED: [&str; 9] = [
    "AccessDenied",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "TokenRefreshRequired",
    "RequestTimeTooSkewed",
    "AccountProblem",
    "AllAccessDisabled",
];

/// Codes of answers that say to ask again.
const AGAIN: [&str; 5] =
    ["SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "OperationAborted"];

/// Reads an error of the store.
pub(crate) fn read(error: &Error, asked: &Asked) -> ObjectError {
    let text = error.to_string();
    let Asked { bucket, host, url } = asked.clone();
    if let Some(code) = between(&text, "<Code>", "</Code>") {
        return match code {
            "NoSuchBucket" => ObjectError::NoBucket { bucket, host },
            "NoSuchKey" => ObjectError::NotFound { url },
            "PreconditionFailed" => precondition(error, url),
            code if DENIED.contains(&code) => ObjectError::Denied { url, code: plain(code) },
            code if AGAIN.contains(&code) => ObjectError::Unreachable { url, host, why: plain(code) },
            code => ObjectError::Failed { url, why: plain(code) },
        };
    }
    match error {
        Error::NotFound { .. } => ObjectError::NotFound { url },
        Error::Precondition { .. } | Error::AlreadyExists { .. } => precondition(error, url),
        Error::PermissionDenied { .. } => ObjectError::Denied { url, code: "403".to_owned() },
        Error::Unauthenticated { .. } => ObjectError::Denied { url, code: "401".to_owned() },
        Error::InvalidPath { .. } => ObjectError::OddKey { url },
        _ => match status(&text) {
            Some(status) if status.starts_with('5') => {
                ObjectError::Unreachable { url, host, why: format!("status {status}") }
            }
            Some(status) => ObjectError::Failed { url, why: format!("status {status}") },
            None => ObjectError::Unreachable { url, host, why: innermost(error) },
        },
    }
}

fn precondition(error: &Error, url: String) -> ObjectError {
    match error {
        Error::AlreadyExists { .. } => ObjectError::Exists { url },
        _ => ObjectError::Changed { url },
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let rest = &text[text.find(start)? + start.len()..];
    Some(&rest[..rest.find(end)?])
}

/// A code as it may be printed: letters and digits.
fn plain(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).take(64).collect()
}

/// The status of an answer without a body.
fn status(text: &str) -> Option<String> {
    let rest = &text[text.find("status code: ")? + "status code: ".len()..];
    Some(rest.chars().take_while(char::is_ascii_digit).collect())
}

/// The reason behind all reasons: `Connection refused (os error 111)`.
fn innermost(error: &Error) -> String {
    let mut reason: &dyn std::error::Error = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    let text = reason.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(error: Error, expected: &str) {
        let asked = Asked { bucket: "s3://b".into(), host: "h:1".into(), url: "s3://b/k".into() };
        let sentence = read(&error, &asked).to_string();
        assert!(sentence.starts_with(expected), "{sentence:?} starts with {expected:?}");
        assert!(!sentence.contains("canary"), "{sentence}");
    }

    fn generic(text: &str) -> Error {
        Error::Generic { store: "S3", source: text.to_owned().into() }
    }

    #[test]
    fn only_the_code_of_an_answer_is_told() {
        let body =
            |code: &str| format!("<Error><Code>{code}</Code><AWSAccessKeyId>canary</AWSAccessKeyId></Error>");
        check(generic(&body("NoSuchBucket")), "s3://b: there is no such bucket at h:1");
        check(generic(&body("NoSuchKey")), "s3://b/k is not there");
        check(
            generic(&body("SignatureDoesNotMatch")),
            "s3://b/k: access was refused (SignatureDoesNotMatch)",
        );
        check(generic(&body("SlowDown")), "s3://b/k cannot be reached at h:1 (SlowDown)");

        let denied = Error::PermissionDenied { path: "k".into(), source: "canary".into() };
        check(denied, "s3://b/k: access was refused (403)");
        let changed = Error::Precondition { path: "k".into(), source: body("PreconditionFailed").into() };
        check(changed, "s3://b/k changed while it was being read");
        let exists = Error::AlreadyExists { path: "k".into(), source: body("PreconditionFailed").into() };
        check(exists, "s3://b/k is there already");
        check(
            generic("Server returned non-2xx status code: 503: "),
            "s3://b/k cannot be reached at h:1 (status 503)",
        );
        check(generic("operation timed out"), "s3://b/k cannot be reached at h:1 (operation timed out)");
    }
}
