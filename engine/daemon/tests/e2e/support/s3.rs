//! A server that speaks as much of S3 as a reader asks for: lists in small pages, gives ranges of pinned objects, and
//! misbehaves on request.
//!
//! It is written from the protocol's documentation and shares nothing with the client.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// What no output may hold.
pub const CANARY: &str = "canarySecretThatNobodyMayPrint";

/// Keys of a page of a listing.
const PAGE: usize = 3;

/// What becomes of requests for objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Well,
    /// Every third request is answered with 503, every fifth connection is closed.
    Shaky,
    /// Credentials are refused, with an answer that repeats them.
    Denies,
    /// After so many ranges of objects, they are replaced.
    Replaces(usize),
    /// After so many ranges of objects, they are gone.
    Deletes(usize),
    /// After so many ranges of objects, there is no answer.
    Silent(usize),
}

struct State {
    bucket: String,
    objects: BTreeMap<String, Arc<Vec<u8>>>,
    mood: Mood,
    requests: usize,
    ranges: usize,
    /// Bytes of objects that were sent.
    sent: u64,
    /// Whether every request was signed with the canary's key id.
    is_signed: bool,
}

/// The server; it ends with the test program.
pub struct Server {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Server {
    /// Serves the files below a folder as objects of a bucket whose keys begin with `prefix`.
    pub fn start(bucket: &str, prefix: &str, folder: &Path, mood: Mood) -> Self {
        let mut objects = BTreeMap::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(at) = folders.pop() {
            for entry in std::fs::read_dir(at).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let key = path.strip_prefix(folder).expect("it is below").to_str().expect("text");
                    objects.insert(format!("{prefix}{key}"), Arc::new(std::fs::read(&path).expect("read")));
                }
            }
        }
        let (requests, ranges, sent, is_signed) = (0, 0, 0, true);
        let state = State { bucket: bucket.to_owned(), objects, mood, requests, ranges, sent, is_signed };
        let state = Arc::new(Mutex::new(state));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || while serve(&stream, &shared).is_some() {});
            }
        });
        Self { address, state }
    }

    pub fn sent(&self) -> u64 {
        self.state.lock().expect("no thread panicked").sent
    }

    pub fn is_signed(&self) -> bool {
        self.state.lock().expect("no thread panicked").is_signed
    }
}

/// A request's head.
struct Request {
    path: String,
    query: BTreeMap<String, String>,
    range: Option<String>,
    if_match: Option<String>,
    is_signed: bool,
}

fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((&first, tail)) = rest.split_first() {
        if first == b'%' {
            let digits = std::str::from_utf8(&tail[..2]).expect("two digits");
            bytes.push(u8::from_str_radix(digits, 16).expect("hexadecimal"));
            rest = &tail[2..];
        } else {
            bytes.push(if first == b'+' { b' ' } else { first });
            rest = tail;
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}

fn read_request(stream: &TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next()?.ok()?;
    let target = first.split(' ').nth(1)?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (decoded(name), decoded(value)));
    let query = query.split('&').filter_map(pair).collect();
    // A plus in a path is a plus.
    let path = decoded(&path.replace('+', "%2B"));
    let mut request = Request { path, query, range: None, if_match: None, is_signed: false };
    for line in lines {
        let line = line.ok()?;
        let Some((name, value)) = line.split_once(": ") else { return Some(request) };
        match name.to_ascii_lowercase().as_str() {
            "range" => request.range = Some(value.to_owned()),
            "if-match" => request.if_match = Some(value.to_owned()),
            "authorization" => {
                request.is_signed =
                    value.contains(&format!("Credential=AK{CANARY}/")) && value.contains("Signature=");
            }
            _ => {}
        }
    }
    None
}

/// Answers one request; `None` when the connection is over.
fn serve(stream: &TcpStream, state: &Mutex<State>) -> Option<()> {
    let request = read_request(stream)?;
    let answer = {
        let mut state = state.lock().expect("no thread panicked");
        state.requests += 1;
        state.is_signed &= request.is_signed;
        if state.mood == Mood::Shaky && state.requests.is_multiple_of(5) {
            return None;
        }
        answer(&request, &mut state)
    };
    let Some((status, headers, body)) = answer else {
        std::thread::sleep(std::time::Duration::from_secs(60));
        return None;
    };
    let mut out =
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n", body.len()).into_bytes();
    out.extend(body);
    let mut stream = stream;
    stream.write_all(&out).ok()
}

type Answer = (&'static str, String, Vec<u8>);

fn failed(status: &'static str, code: &str) -> Answer {
    let body = format!(
        "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{CANARY}</Message>\
         <AWSAccessKeyId>AK{CANARY}</AWSAccessKeyId></Error>"
    );
    (status, "Content-Type: application/xml\r\n".to_owned(), body.into_bytes())
}

/// The answer; `None`: there is none.
fn answer(request: &Request, state: &mut State) -> Option<Answer> {
    if state.mood == Mood::Shaky && state.requests.is_multiple_of(3) {
        return Some(failed("503 Slow Down", "SlowDown"));
    }
    if state.mood == Mood::Denies {
        return Some(failed("403 Forbidden", "InvalidAccessKeyId"));
    }
    let path = request.path.trim_start_matches('/');
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    if bucket != state.bucket {
        return Some(failed("404 Not Found", "NoSuchBucket"));
    }
    if request.query.contains_key("list-type") {
        return Some(list(request, state));
    }
    get(request, key, state)
}

fn list(request: &Request, state: &State) -> Answer {
    let prefix = request.query.get("prefix").cloned().unwrap_or_default();
    let after = request.query.get("continuation-token").cloned().unwrap_or_default();
    let keys: Vec<&String> =
        state.objects.keys().filter(|key| key.starts_with(&prefix) && **key > after).collect();
    let mut body = String::from("<?xml version=\"1.0\"?><ListBucketResult>");
    for key in keys.iter().take(PAGE) {
        let (escaped, size) = (key.replace('&', "&amp;"), state.objects[*key].len());
        body += &format!(
            "<Contents><Key>{escaped}</Key><LastModified>2024-01-01T00:00:00.000Z</LastModified>\
             <ETag>&quot;1&quot;</ETag><Size>{size}</Size></Contents>"
        );
    }
    if keys.len() > PAGE {
        body += &format!(
            "<NextContinuationToken>{}</NextContinuationToken>",
            keys[PAGE - 1].replace('&', "&amp;")
        );
    }
    body += "</ListBucketResult>";
    ("200 OK", "Content-Type: application/xml\r\n".to_owned(), body.into_bytes())
}

fn get(request: &Request, key: &str, state: &mut State) -> Option<Answer> {
    let is_suffix = request.range.as_deref().is_some_and(|range| range.starts_with("bytes=-"));
    state.ranges += usize::from(request.range.is_some() && !is_suffix);
    let is_past = |limit: usize, state: &State| state.ranges > limit;
    let mut etag = "\"1\"";
    match state.mood {
        Mood::Replaces(limit) if is_past(limit, state) => etag = "\"2\"",
        Mood::Deletes(limit) if is_past(limit, state) => return Some(failed("404 Not Found", "NoSuchKey")),
        Mood::Silent(limit) if is_past(limit, state) => return None,
        _ => {}
    }
    if request.if_match.as_deref().is_some_and(|wanted| wanted != etag) {
        return Some(failed("412 Precondition Failed", "PreconditionFailed"));
    }
    let Some(bytes) = state.objects.get(key) else { return Some(failed("404 Not Found", "NoSuchKey")) };
    let size = bytes.len();
    let (start, end) = match request.range.as_deref().and_then(|range| range.strip_prefix("bytes=")) {
        None => (0, size),
        Some(range) => match range.split_once('-').expect("a range") {
            ("", last) => (size.saturating_sub(last.parse().expect("a number")), size),
            (first, "") => (first.parse().expect("a number"), size),
            (first, last) => (first.parse().expect("a number"), last.parse::<usize>().expect("a number") + 1),
        },
    };
    let end = end.min(size);
    let part = bytes[start..end].to_vec();
    state.sent += part.len() as u64;
    let mut headers =
        format!("ETag: {etag}\r\nLast-Modified: Mon, 01 Jan 2024 00:00:00 GMT\r\nAccept-Ranges: bytes\r\n");
    let mut status = "200 OK";
    if request.range.is_some() {
        status = "206 Partial Content";
        headers += &format!("Content-Range: bytes {start}-{}/{size}\r\n", end.saturating_sub(1));
    }
    Some((status, headers, part))
}
