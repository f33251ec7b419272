//! The archive on a real server of S3: killed, frozen, cut off in the middle of a request.

use super::kill::kill_until_done;
use super::proxy::Proxy;
use super::server::{CANARY, ask, bucket, config, impatient, make_bucket, server};
use super::support::{Dice, check, dictionary, feed, names, small};
use objects::{ObjectError, Patience, Put};
use std::time::Duration;
use storage::archive::{Archive, ArchiveConfig, Compacted, Place};
use storage::{Store, StoreError};

const END: u64 = 4_000;

#[test]
fn conditions_and_odd_keys_are_what_the_server_makes_of_them() {
    let Some(at) = server() else { return };
    let folder = tempfile::tempdir().unwrap();
    let bucket = bucket(&make_bucket(at, "keys"), at, folder.path(), Patience::default());
    let etag = bucket.put("a/ä b+c=%2F.parquet", "one", Put::IfAbsent).unwrap().unwrap();
    let exists = bucket.put("a/ä b+c=%2F.parquet", "two", Put::IfAbsent);
    assert!(matches!(exists, Err(ObjectError::Exists { .. })), "{exists:?}");
    bucket.put("a/ä b+c=%2F.parquet", "eno", Put::IfMatch(&etag)).unwrap();
    let changed = bucket.put("a/ä b+c=%2F.parquet", "two", Put::IfMatch(&etag));
    assert!(matches!(changed, Err(ObjectError::Changed { .. })), "{changed:?}");
    for key in ["a//odd", "a/folder/", "/lead"] {
        let answer = ask(at, "PUT", &format!("/{}/{key}", bucket.name()));
        assert!(answer.starts_with("HTTP/1.1 200"), "{key}: {answer}");
    }
    let keys = |prefix: &str, is_wanted: fn(&str) -> bool| {
        bucket
            .list(prefix, is_wanted)
            .map(|found| found.into_iter().map(|object| object.key).collect::<Vec<_>>())
    };
    assert_eq!(keys("", |key| key.ends_with(".parquet")).unwrap(), ["a/ä b+c=%2F.parquet"]);
    assert_eq!(keys("a/ä b", |_| true).unwrap(), ["a/ä b+c=%2F.parquet"]);
    let odd = keys("a/", |_| true);
    assert!(matches!(&odd, Err(ObjectError::OddKey { url }) if url.ends_with("a//odd")), "{odd:?}");
    assert_eq!(bucket.tail("a/ä b+c=%2F.parquet", 2).unwrap().1, "no");
    bucket.delete(&["a/ä b+c=%2F.parquet".to_owned(), "never".to_owned()]).unwrap();
    assert_eq!(keys("", |key| key.ends_with(".parquet")).unwrap(), [""; 0]);
}

#[test]
fn more_objects_than_a_page_are_listed() {
    let Some(at) = server() else { return };
    let folder = tempfile::tempdir().unwrap();
    let bucket = bucket(&make_bucket(at, "pages"), at, folder.path(), Patience::default());
    let objects = (0..1_100).map(|index| (format!("x/{index:04}"), "1".into())).collect();
    bucket.put_absent(objects).unwrap();
    assert_eq!(bucket.list("x/", |_| true).unwrap().len(), 1_100);
}

/// Lets `trouble` happen, again and again, while a run is archived; every error must be one that passes.
fn with_trouble(what: &str, trouble: impl Fn(&Proxy, u64)) {
    let Some(at) = server() else { return };
    let folder = tempfile::tempdir().unwrap();
    let proxy = Proxy::start(at);
    let name = make_bucket(at, what);
    let by_proxy = Place::bucket(bucket(&name, proxy.address(), folder.path(), impatient()), "c");
    let mut store = Archive::new(by_proxy, ArchiveConfig { flush_rows: 600, ..small() });
    let mut dice = Dice(17);
    let (mut end, mut failures) = (0, 0);
    while end < END {
        end = (end + 800).min(END);
        trouble(&proxy, dice.below(1 << 16));
        loop {
            let opened = store.open(&dictionary("live"));
            let stored = opened.and_then(|marks| feed(&mut store, marks, end, &mut dice));
            match stored.and_then(|()| store.flush()) {
                Ok(()) => break,
                Err(error @ StoreError::Unavailable { .. }) => {
                    assert!(!format!("{error} {error:?}").contains(CANARY), "{error}");
                    failures += 1;
                    proxy.restore();
                }
                Err(error) => panic!("{error}"),
            }
        }
        proxy.restore();
    }
    assert!(failures > 0, "there was trouble");
    let place = Place::bucket(bucket(&name, at, folder.path(), Patience::default()), "c");
    check(&place, END);
}

#[test]
fn a_server_that_is_gone_comes_back_to_a_whole_archive() {
    with_trouble("refused", |proxy, _| proxy.refuse());
}

#[test]
fn a_server_that_is_frozen_is_given_up_on_and_asked_again() {
    with_trouble("frozen", |proxy, _| proxy.freeze());
}

#[test]
fn requests_that_are_cut_are_made_again() {
    with_trouble("cut", |proxy, number| {
        // One cut is asked again within the client; a server that goes away at some byte is not there for that.
        proxy.cut_after(number % 20_000);
        std::thread::sleep(Duration::from_millis(1));
        if number % 2 == 0 {
            proxy.refuse();
        }
    });
}

#[test]
fn a_killed_process_loses_nothing_on_a_server() {
    let Some(at) = server() else { return };
    // The child finds the server and its credentials in its environment.
    if std::env::var("AWS_ENDPOINT_URL").is_err() {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "bucket::a_killed_process_loses_nothing_on_a_server", "--nocapture"]);
        command.env("AWS_ENDPOINT_URL", format!("http://{at}"));
        command.env("AWS_ACCESS_KEY_ID", CANARY).env("AWS_SECRET_ACCESS_KEY", CANARY);
        let output = command.output().unwrap();
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && !said.contains(CANARY), "{said}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let name = make_bucket(at, "kill");
    let killed = kill_until_done(&format!("s3://{name}/archive"), 6_000, 1_500, || {});
    assert!(killed > 0, "{killed} were killed");
    let place = Place::bucket(bucket(&name, at, folder.path(), Patience::default()), "archive");
    check(&place, 6_000);
}

#[test]
fn two_compactors_on_a_server_take_turns() {
    let Some(at) = server() else { return };
    let folder = tempfile::tempdir().unwrap();
    let place = Place::bucket(bucket(&make_bucket(at, "two"), at, folder.path(), Patience::default()), "");
    let mut store = Archive::new(place.clone(), small());
    let marks = store.open(&dictionary("live")).unwrap();
    feed(&mut store, marks, END, &mut Dice(29)).unwrap();
    store.flush().unwrap();
    let before = names(&place).len();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let compactor = Archive::new(place.clone(), small());
                while !matches!(compactor.compact_all().unwrap(), Compacted::Done { .. }) {
                    // Who asks without a pause keeps the server from answering the other.
                    std::thread::sleep(Duration::from_millis(200));
                }
            });
        }
    });
    assert!(names(&place).len() < before);
    check(&place, END);
}

#[test]
fn what_is_wrong_with_a_server_is_said_in_one_sentence() {
    let Some(at) = server() else { return };
    let folder = tempfile::tempdir().unwrap();
    let open = |place: Place| Archive::new(place, small()).open(&dictionary("live")).unwrap_err();
    let missing = Place::bucket(bucket("no-such-bucket", at, folder.path(), Patience::default()), "");
    let error = open(missing);
    assert!(matches!(error, StoreError::Refused { .. }), "{error}");
    assert!(error.to_string().contains("there is no such bucket"), "{error}");
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = open(Place::bucket(bucket("abc", nobody, folder.path(), impatient()), ""));
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    assert!(error.to_string().contains("refused"), "{error}");
    let s3 = config(at, folder.path(), impatient());
    let parse = |path: &str, s3: &objects::S3Config| {
        Place::parse(std::path::Path::new(path), s3).unwrap_err().to_string()
    };
    assert!(parse("s3://", &s3).contains("names no bucket"));
    std::fs::remove_file(s3.credentials.as_ref().unwrap()).unwrap();
    let error = parse("s3://abc", &s3);
    assert!(error.contains("cannot be read") && !error.contains(CANARY), "{error}");
}
