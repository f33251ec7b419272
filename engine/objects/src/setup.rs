//! How a server is reached: endpoint, region, credentials, patience.
//!
//! Credentials come from the environment or from a file that only its owner may read, never from arguments, and are
//! printed nowhere. Without encryption only this machine is spoken to.
//! Not here: credentials that a cloud hands to its machines; a run says what it uses.

use crate::ObjectError;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::net::IpAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Largest credentials file.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// Permission bits of group and world.
const OTHERS: u32 = 0o077;

/// What a configuration says of the server; what it leaves open is in the environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct S3Config {
    /// `https://HOST[:PORT]`, or `http://` to this machine. `None`: `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, else
    /// AWS.
    pub endpoint: Option<String>,
    /// `None`: `AWS_REGION`, `AWS_DEFAULT_REGION`, else us-east-1.
    pub region: Option<String>,
    /// A file like `~/.aws/credentials`. `None`: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`.
    pub credentials: Option<PathBuf>,
    /// How long is waited, how often is asked.
    pub patience: Patience,
}

/// How long is waited for an answer, and how often is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For one answer, whole.
    pub answer: Duration,
    /// Questions after the first, with growing pauses.
    pub retries: usize,
    /// After this long nothing is asked again.
    pub give_up: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(30),
            retries: 5,
            give_up: Duration::from_secs(90),
        }
    }
}

/// Everything that is needed to ask a server.
#[derive(Clone)]
pub(crate) struct Setup {
    /// `None`: AWS.
    pub endpoint: Option<String>,
    /// For sentences.
    pub host: String,
    pub is_plain: bool,
    pub region: String,
    pub credentials: Credentials,
    pub patience: Patience,
}

/// Never printed.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub key_id: String,
    pub secret: String,
    pub token: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(***)")
    }
}

fn setup(why: String) -> ObjectError {
    ObjectError::Setup { why }
}

impl Setup {
    /// Completes a configuration from the environment: `env` gives a variable's value.
    pub(crate) fn new(config: &S3Config, env: impl Fn(&str) -> Option<String>) -> Result<Self, ObjectError> {
        let set = |name| env(name).filter(|value| !value.is_empty());
        let endpoint = config.endpoint.clone();
        let endpoint = endpoint.or_else(|| set("AWS_ENDPOINT_URL_S3")).or_else(|| set("AWS_ENDPOINT_URL"));
        let region = config.region.clone();
        let region = region.or_else(|| set("AWS_REGION")).or_else(|| set("AWS_DEFAULT_REGION"));
        let region = region.unwrap_or_else(|| "us-east-1".to_owned());
        let (host, is_plain) = match &endpoint {
            Some(endpoint) => host_of(endpoint)?,
            None => (format!("s3.{region}.amazonaws.com"), false),
        };
        let credentials = match &config.credentials {
            Some(path) => Credentials::read(path)?,
            None => Credentials::of_environment(set)?,
        };
        Ok(Self { endpoint, host, is_plain, region, credentials, patience: config.patience })
    }
}

/// Host and port of an endpoint, and whether it is spoken to without encryption.
fn host_of(endpoint: &str) -> Result<(String, bool), ObjectError> {
    let (rest, is_plain) = match (endpoint.strip_prefix("https://"), endpoint.strip_prefix("http://")) {
        (Some(rest), _) => (rest, false),
        (None, Some(rest)) => (rest, true),
        (None, None) => {
            return Err(setup("s3.endpoint must begin with https://, or http:// to this machine".to_owned()));
        }
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() || authority.contains('@') {
        return Err(setup("s3.endpoint must be https://HOST:PORT, without a user or password".to_owned()));
    }
    if is_plain && !is_loopback(authority) {
        return Err(setup(format!(
            "s3.endpoint http://{authority} is not encrypted and not this machine; use https://"
        )));
    }
    Ok((authority.to_owned(), is_plain))
}

fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl Credentials {
    fn of_environment(set: impl Fn(&'static str) -> Option<String>) -> Result<Self, ObjectError> {
        let (Some(key_id), Some(secret)) = (set("AWS_ACCESS_KEY_ID"), set("AWS_SECRET_ACCESS_KEY")) else {
            return Err(setup(
                "there are no credentials for S3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a \
                 file with s3.credentials"
                    .to_owned(),
            ));
        };
        Ok(Self { key_id, secret, token: set("AWS_SESSION_TOKEN") })
    }

    /// Reads `aws_access_key_id`, `aws_secret_access_key` and `aws_session_token` from the section `[default]`, or from
    /// a file without sections.
    fn read(path: &Path) -> Result<Self, ObjectError> {
        let name = path.display();
        let unreadable = |error| setup(format!("s3.credentials {name} cannot be read: {error}"));
        let file = File::open(path).map_err(unreadable)?;
        let mode = file.metadata().map_err(unreadable)?.mode() & 0o777;
        if mode & OTHERS != 0 {
            let why = format!("{name} may be read by others (mode {mode:03o}); run chmod 600 {name}");
            return Err(setup(why));
        }
        let mut text = String::new();
        file.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(unreadable)?;
        Self::parse(&text).ok_or_else(|| {
            setup(format!(
                "{name} holds no credentials; write aws_access_key_id = … and aws_secret_access_key = … into it"
            ))
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let mut found = Self::default();
        let mut is_ours = true;
        for line in text.lines().map(str::trim) {
            if let Some(section) = line.strip_prefix('[') {
                is_ours = section.trim_end_matches(']').trim() == "default";
            } else if let Some((name, value)) = line.split_once('=').filter(|_| is_ours) {
                let value = value.trim().to_owned();
                match name.trim() {
                    "aws_access_key_id" => found.key_id = value,
                    "aws_secret_access_key" => found.secret = value,
                    "aws_session_token" => found.token = Some(value).filter(|token| !token.is_empty()),
                    _ => {}
                }
            }
        }
        Some(found).filter(|found| !found.key_id.is_empty() && !found.secret.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    fn env(name: &str) -> Option<String> {
        let value = match name {
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => "canary",
            "AWS_REGION" => "eu-central-1",
            "AWS_SESSION_TOKEN" => "",
            _ => return None,
        };
        Some(value.to_owned())
    }

    fn with_endpoint(endpoint: &str) -> Result<Setup, ObjectError> {
        Setup::new(&S3Config { endpoint: Some(endpoint.to_owned()), ..S3Config::default() }, env)
    }

    #[test]
    fn plain_text_stays_on_this_machine() {
        for (endpoint, host, is_plain) in [
            ("https://example.org:9000/", "example.org:9000", false),
            ("http://127.0.0.1:5000", "127.0.0.1:5000", true),
            ("http://[::1]:5000", "[::1]:5000", true),
            ("http://localhost", "localhost", true),
        ] {
            let setup = with_endpoint(endpoint).unwrap();
            assert_eq!((setup.host.as_str(), setup.is_plain), (host, is_plain));
        }
        for endpoint in [
            "http://example.org",
            "http://127.0.0.1.example.org",
            "http://10.0.0.1:9000",
            "https://user:canary@example.org",
            "example.org",
            "https://",
        ] {
            let error = with_endpoint(endpoint).err().expect("it is refused").to_string();
            assert!(!error.contains("canary"), "{error}");
        }
    }

    #[test]
    fn what_is_not_configured_is_in_the_environment() {
        let setup = Setup::new(&S3Config::default(), env).unwrap();
        assert_eq!((setup.region.as_str(), setup.endpoint), ("eu-central-1", None));
        assert_eq!(setup.host, "s3.eu-central-1.amazonaws.com");
        assert_eq!(setup.credentials.token, None, "an empty token is none");
        let error = Setup::new(&S3Config::default(), |_| None).err().expect("nothing is set").to_string();
        assert!(error.contains("AWS_ACCESS_KEY_ID"), "{error}");
        assert_eq!(format!("{:?}", setup.credentials), "Credentials(***)");
    }

    fn check_file(text: &str, mode: u32, expected: Result<(&str, &str, Option<&str>), &str>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials");
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let config = S3Config { credentials: Some(path), ..S3Config::default() };
        match (Setup::new(&config, |_| None), expected) {
            (Ok(Setup { credentials, .. }), Ok((key_id, secret, token))) => {
                assert_eq!((credentials.key_id.as_str(), credentials.secret.as_str()), (key_id, secret));
                assert_eq!(credentials.token.as_deref(), token);
            }
            (Err(error), Err(part)) => {
                let error = error.to_string();
                assert!(error.contains(part) && !error.contains("canary"), "{error:?} has {part:?}");
            }
            (found, expected) => panic!("{:?} is not {expected:?}", found.map(|setup| setup.credentials)),
        }
    }

    #[test]
    fn credentials_come_from_a_private_file() {
        let plain = "aws_access_key_id=a\naws_secret_access_key = b=c\n";
        check_file(plain, 0o600, Ok(("a", "b=c", None)));
        check_file(plain, 0o640, Err("chmod 600"));
        let sections =
            format!("[other]\naws_access_key_id = canary\n[default]\n{plain}aws_session_token = t\n[x]\n");
        check_file(&sections, 0o400, Ok(("a", "b=c", Some("t"))));
        check_file(
            "[other]\naws_access_key_id=canary\naws_secret_access_key=canary\n",
            0o600,
            Err("no credentials"),
        );
        check_file("", 0o600, Err("no credentials"));
    }
}
