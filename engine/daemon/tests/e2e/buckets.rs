//! `backtest --data s3://…`: what a folder gives, a bucket gives, and what goes wrong is said in one sentence without
//! credentials.

use crate::support::data::{Random, Walk, walk};
use crate::support::exact::instant;
use crate::support::s3::{CANARY, Mood, Server};
use crate::support::{Ended, Place};
use std::path::{Path, PathBuf};

const CONFIG: &str = "[run]\nstrategies = [\"ema_cross\"]\nwait = \"block\"\n[bars]\ntimeframes = [\"1m\"]\n\
    [indicators]\nmin_history = 10\n[ema_cross]\ntimeframe = \"1m\"\nfast = 2\nslow = 5\n\
    [s3]\ntimeout = \"2s\"\nretries = 10\n";

/// A folder of trades and quotes, in files that are too large to be kept whole.
fn write_data(place: &Place) -> PathBuf {
    let mut random = Random::new(5);
    let of = |symbol, quotes_in_ten| Walk {
        symbol,
        start_ts: instant(2024, 8, 8, 80_000),
        ticks: 30_000,
        gap: 500_000_000,
        price: 61_234_560_000_000,
        grid: 10_000_000,
        step: 300,
        size_max: 2_000_000_000,
        quotes_in_ten,
    };
    let folder = place.path("data");
    for (name, symbol, quotes_in_ten) in [("a b", "BTCUSDT.SPOT", 0), ("c%2F=&d", "EURUSD", 6)] {
        let inner = folder.join(name);
        std::fs::create_dir_all(&inner).expect("a folder");
        walk(&mut random, &of(symbol, quotes_in_ten)).write(&inner, name);
    }
    folder
}

/// Runs a backtest over a bucket, with credentials in the environment.
fn backtest(place: &Place, name: &str, server: &Server, data: &str, flags: &[&str]) -> Ended {
    let mut command = place.command(name, CONFIG, &[PathBuf::from(data)], flags);
    command.arg("--json").env_remove("AWS_SESSION_TOKEN").env_remove("HTTP_PROXY").env_remove("http_proxy");
    command.env("AWS_ENDPOINT_URL", format!("http://{}", server.address)).env("AWS_REGION", "eu-central-1");
    command.env("AWS_ACCESS_KEY_ID", format!("AK{CANARY}")).env("AWS_SECRET_ACCESS_KEY", CANARY);
    let ended: Ended = command.output().expect("the program starts").into();
    assert!(!format!("{ended:?}").contains(CANARY), "{ended:?}");
    ended
}

fn holds_canary(folder: &Path) -> bool {
    std::fs::read_dir(folder).expect("a folder").any(|entry| {
        let path = entry.expect("an entry").path();
        let bytes = std::fs::read(&path).expect("a file");
        bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes())
    })
}

#[test]
fn a_bucket_gives_the_hashes_of_the_folder() {
    let place = Place::new();
    let data = write_data(&place);
    let local = place.run("local", CONFIG, std::slice::from_ref(&data), &[]);
    for (name, mood) in [("well", Mood::Well), ("shaky", Mood::Shaky)] {
        let server = Server::start("market.data-1", "deep/er/", &data, mood);
        let threads = ["--set", "data.decode_threads=3"];
        let ended = backtest(&place, name, &server, "s3://market.data-1/deep", &threads);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let remote = crate::support::Run::open(&place.path(name), &ended.stdout);
        assert_eq!(remote.hashes(), local.hashes());
        assert_eq!(remote.summary["data"], local.summary["data"]);
        assert!(server.is_signed() && !holds_canary(&remote.dir));
        let shown = std::fs::read_to_string(remote.dir.join("config.toml")).expect("it is there");
        assert!(shown.contains("# etag 1  s3://market.data-1/deep/er/a b/"), "{shown}");
    }
}

#[test]
fn a_span_does_not_read_the_rest() {
    let place = Place::new();
    let data = write_data(&place);
    let size = |folder: &Path| -> u64 {
        let entries = std::fs::read_dir(folder).expect("a folder").flatten();
        entries.map(|entry| entry.metadata().expect("a file").len()).sum()
    };
    let whole = size(&data.join("a b")) + size(&data.join("c%2F=&d"));
    let server = Server::start("bucket", "", &data, Mood::Well);
    let span = ["--from", "2024-08-08T22:20:00Z", "--to", "2024-08-08T22:21:00Z"];
    let ended = backtest(&place, "span", &server, "s3://bucket", &span);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(server.sent() < whole / 2, "{} of {whole} bytes were read", server.sent());
}

#[test]
fn what_is_wrong_is_one_sentence() {
    let place = Place::new();
    let data = write_data(&place);
    for (name, mood, url, parts) in [
        (
            "denied",
            Mood::Denies,
            "s3://bucket/",
            ["s3://bucket/: access was refused (InvalidAccessKeyId)", "AWS_"],
        ),
        ("bucket", Mood::Well, "s3://bouquet/", ["there is no such bucket", "s3://bouquet"]),
        ("nothing", Mood::Well, "s3://bucket/none", ["s3://bucket/none holds no .parquet file", "give"]),
        ("replaced", Mood::Replaces(1), "s3://bucket/", ["changed while it was being read", "s3://bucket/"]),
        ("deleted", Mood::Deletes(1), "s3://bucket/", ["is not there", "s3://bucket/"]),
        ("silent", Mood::Silent(1), "s3://bucket/", ["cannot be reached at 127.0.0.1", "s3.endpoint"]),
    ] {
        let server = Server::start("bucket", "", &data, mood);
        backtest(&place, name, &server, url, &["--set", "s3.retries=1"]).check_refused(1, &parts);
        assert!(!place.path(name).exists(), "{name}: a run folder is whole or absent");
    }
}

#[test]
fn a_server_is_named_and_trusted_before_it_is_asked() {
    let place = Place::new();
    let server = Server::start("bucket", "", &write_data(&place), Mood::Well);
    let check = |name: &str, endpoint: &str, code: i32, parts: &[&str]| {
        let set = format!("s3.endpoint={endpoint}");
        backtest(&place, name, &server, "s3://bucket", &["--set", &set]).check_refused(code, parts);
    };
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("bound").local_addr().expect("bound");
    check("nobody", &format!("http://{nobody}"), 1, &["cannot be reached", "refused"]);
    check("plain", "http://192.0.2.1:9000", 1, &["http://192.0.2.1:9000 is not encrypted", "https://"]);
    check("user", &format!("https://x:{CANARY}@example.org"), 1, &["without a user or password"]);
    let mut command = place.command("none", CONFIG, &[PathBuf::from("s3://bucket")], &[]);
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"] {
        command.env_remove(name);
    }
    let ended: Ended = command.output().expect("the program starts").into();
    ended.check_refused(1, &["there are no credentials for S3", "AWS_ACCESS_KEY_ID"]);
}
