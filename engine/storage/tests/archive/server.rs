//! The S3 server of `scripts/services.sh`, and buckets of a test's own on it.

use objects::{Bucket, Patience, S3Config};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// What no output may hold.
pub const CANARY: &str = "canarySecretThatNobodyMayPrint";

/// Says, past the test runner's capture, that a test did nothing.
pub fn skip(why: &str) {
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    let _ = std::io::stderr().write_all(format!("SKIPPED {test}: {why}\n").as_bytes());
}

/// Where the server listens; says so where there is none.
pub fn server() -> Option<SocketAddr> {
    let Ok(endpoint) = std::env::var("GRANDMODEL_TEST_S3") else {
        skip("GRANDMODEL_TEST_S3 is not set; scripts/test.sh sets it");
        return None;
    };
    Some(endpoint.trim_start_matches("http://").parse().expect("the script's address"))
}

/// A name that no other test has.
pub fn unique(what: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("t{}-{}-{what}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Asks a server in plain HTTP; gives the answer.
pub fn ask(server: SocketAddr, method: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(server).unwrap();
    let host = "Host: 127.0.0.1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    stream.write_all(format!("{method} {path} HTTP/1.1\r\n{host}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// A new bucket's name.
pub fn make_bucket(server: SocketAddr, what: &str) -> String {
    let name = unique(what);
    let answer = ask(server, "PUT", &format!("/{name}"));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    name
}

/// A configuration with a credentials file of its own in `folder`.
pub fn config(at: SocketAddr, folder: &std::path::Path, patience: Patience) -> S3Config {
    use std::os::unix::fs::PermissionsExt;
    let file = folder.join("credentials");
    let text = format!("[default]\naws_access_key_id = AK{CANARY}\naws_secret_access_key = {CANARY}\n");
    std::fs::write(&file, text).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    S3Config {
        endpoint: Some(format!("http://{at}")),
        region: Some("us-east-1".to_owned()),
        credentials: Some(file),
        patience,
    }
}

/// Gives up soon.
pub fn impatient() -> Patience {
    Patience {
        connect: Duration::from_millis(500),
        answer: Duration::from_millis(1_000),
        retries: 1,
        give_up: Duration::from_millis(2_500),
    }
}

/// A bucket by an address.
pub fn bucket(name: &str, at: SocketAddr, folder: &std::path::Path, patience: Patience) -> Bucket {
    Bucket::s3(name, &config(at, folder, patience)).unwrap()
}
