//! Ticks that tiers stored, replayed: a run of them is the run of the files they came from, and indicators that were
//! warmed by them are those of a run that had begun earlier.

use crate::determinism::{check_same, config, market};
use crate::support::exact::rfc3339;
use crate::support::tables::Table;
use crate::support::{Ended, PROGRAM, Place, Run};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

const SECOND: i64 = 1_000_000_000;

/// The flags of a run that stores what it replays.
fn storing(tiers: &str) -> [String; 3] {
    [
        "--set=journal.durability=async".to_owned(),
        "--set=storage.when_full=block".to_owned(),
        format!("--set=storage.tiers={tiers}"),
    ]
}

fn with<'a>(flags: &'a [String], more: &[&'a str]) -> Vec<&'a str> {
    flags.iter().map(String::as_str).chain(more.iter().copied()).collect()
}

/// The settings of the servers of `scripts/services.sh`, and the tiers on them; none where they are not up.
fn servers() -> Option<[String; 2]> {
    let (address, file) = (
        std::env::var("GRANDMODEL_TEST_POSTGRES").ok()?,
        std::env::var("GRANDMODEL_TEST_POSTGRES_PASSWORD_FILE").ok()?,
    );
    Some([
        format!("--set=storage.postgres.address={address}"),
        format!("--set=storage.postgres.password_file={file}"),
    ])
}

#[test]
fn a_run_of_stored_ticks_is_the_run_of_their_files() {
    let place = Place::new();
    let files = market(31, 1_500).write(&place.path(""), "ticks");
    for (strategy, latency) in [("ema_cross", "0ns"), ("tick", "1ms")] {
        let config = config(strategy, latency);
        let name = |what: &str| format!("{strategy}-{what}");
        let flags = storing(r#"["sqlite","archive"]"#);
        let base = place.run(&name("base"), &config, &files, &with(&flags, &[]));
        assert!(base.count(&["counts", "fills"]) > 20, "it trades: {}", base.value(&["counts"]));
        for stored in [r#"["sqlite"]"#, r#"["archive"]"#, r#"["sqlite","archive"]"#] {
            let set = format!("data.stored={stored}");
            let run = place.run(&name(&stored.replace('"', "")), &config, &[], &["--set", &set]);
            check_same(&base, &run);
            assert_eq!(run.count(&["data", "files"]), 0);
            let shown = std::fs::read_to_string(run.dir.join("config.toml")).unwrap();
            assert!(shown.contains("# stored ticks of "), "{shown}");
        }
        // A span of them is that span of the files.
        let ts = |at: i64| rfc3339(market(31, 1_500).merged()[0].ts() + at * SECOND);
        let span = ["--from", &ts(300), "--to", &ts(900)];
        let base = place.run(&name("span"), &config, &files, &span);
        let set = [&span[..], &["--set", r#"data.stored=["archive"]"#]].concat();
        check_same(&base, &place.run(&name("stored-span"), &config, &[], &set));
    }
}

#[test]
fn a_run_of_ticks_in_postgres_is_the_run_of_their_files() {
    let Some(server) = servers() else {
        eprintln!("GRANDMODEL_TEST_POSTGRES is not set; scripts/test.sh sets it");
        return;
    };
    let place = Place::new();
    let files = market(33, 600).write(&place.path(""), "ticks");
    let config = config("bar", "1ms");
    let flags: Vec<String> = storing(r#"["cold"]"#).into_iter().chain(server).collect();
    let base = place.run("base", &config, &files, &with(&flags, &[]));
    // The newest run is the one just stored; those of other tests are of other symbols or other times.
    let run = place.run("stored", &config, &[], &with(&flags[3..], &["--set", r#"data.stored=["cold"]"#]));
    check_same(&base, &run);
}

/// By symbol, timeframe, name and close: the indicator values of closes in a span.
fn values(run: &Run, from: i64, to: i64) -> BTreeMap<(String, String, String, i64), f64> {
    let table = Table::read(&run.dir, "indicators");
    let (symbols, timeframes, names) = (table.names("symbol"), table.names("timeframe"), table.names("name"));
    let rows = symbols.into_iter().zip(timeframes).zip(names).zip(table.times("ts_close"));
    let rows = rows.zip(table.maybe_doubles("value"));
    let found = rows.filter_map(|((((symbol, timeframe), name), close), value)| {
        let close = close.expect("a bar has a close");
        (from..to).contains(&close).then_some(((symbol, timeframe, name, close), value?))
    });
    found.collect()
}

#[test]
fn indicators_are_warm_when_the_strategy_first_decides() {
    let place = Place::new();
    let market = market(35, 1_500);
    let files = market.write(&place.path(""), "ticks");
    let config = config("ema_cross", "1ms");
    let whole = place.run("whole", &config, &files, &with(&storing(r#"["archive"]"#), &[]));
    let first = market.merged()[0].ts();
    let from = first + 700 * SECOND;
    let from_text = rfc3339(from);
    let warm = ["--from", &from_text, "--set", "data.warm_up=10m"];
    let of_files = place.run("files", &config, &files, &warm);
    // Stored ticks before, those of files from then on: files that have nothing before are no hindrance.
    let stored = [&warm[..], &["--set", r#"data.stored=["archive"]"#]].concat();
    check_same(&of_files, &place.run("stored", &config, &files, &stored));
    check_same(&of_files, &place.run("alone", &config, &[], &stored));
    // In the first minute there are as many values as in the run that began earlier, and without warm-up there are not;
    // averages of the last bars are the same.
    let first_minute = |run: &Run| values(run, from, from + 60 * SECOND);
    let cold = place.run("cold", &config, &files, &warm[..2]);
    let (warm, earlier, cold) = (first_minute(&of_files), first_minute(&whole), first_minute(&cold));
    assert!(warm.keys().eq(earlier.keys()) && cold.len() < warm.len(), "{} {}", cold.len(), warm.len());
    let averages: Vec<_> = warm.iter().filter(|((_, _, name, _), _)| name.starts_with("sma")).collect();
    assert!(averages.len() > 10, "{:?}", warm.keys().next());
    for (key, value) in averages {
        assert!((value / earlier[key] - 1.0).abs() < 1e-12, "{key:?}: {value} {}", earlier[key]);
    }
    // Nothing is decided before; afterwards something is.
    for table in ["orders", "fills"] {
        let times = Table::read(&of_files.dir, table).times("ts_event");
        assert!(!times.is_empty() && times.iter().all(|ts| ts.unwrap() >= from), "{table}");
    }
}

#[test]
fn what_is_stored_nowhere_is_refused_or_named() {
    let place = Place::new();
    let market = market(37, 900);
    let files = market.write(&place.path(""), "ticks");
    let config = config("ema_cross", "0ns");
    let ts = |at: i64| rfc3339(market.merged()[0].ts() + at * SECOND);
    let flags = storing(r#"["archive"]"#);
    place.run("early", &config, &files, &with(&flags, &["--to", &ts(200)]));
    place.run("late", &config, &files, &with(&flags, &["--from", &ts(400)]));
    let stored = ["--set", r#"data.stored=["archive"]"#];
    let refused = place.backtest("refused", &config, &[], &stored);
    refused.check_refused(2, &["no quotes of BTCUSDT.PERP from 2024-08-", "data.stored_holes"]);
    let ended = place.backtest(
        "named",
        &config,
        &[],
        &[&stored[..], &["--set", "data.stored_holes=report"]].concat(),
    );
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("are stored nowhere, and left out"), "{}", ended.stderr);
    // What lies before the first stored tick and after the last is said.
    let wide = ["--from", "2024-08-01", "--to", &ts(150)];
    let ended = place.backtest("wide", &config, &[], &[&stored[..], &wide].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("stored ticks begin at 2024-08-"), "{}", ended.stderr);
    let late = ["--from", &ts(500), "--to", "2024-12-01"];
    let ended = place.backtest("after", &config, &[], &[&stored[..], &late].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("stored ticks end at 2024-08-"), "{}", ended.stderr);
    // Tiers and --paper need no word about the journal: it is strict.
    let paper = ["--paper", r#"--set=storage.tiers=["memory"]"#];
    place.run("paper", &config, &files, &paper);
    let outside = [&stored[..], &["--from", "2030-01-01"]].concat();
    place.backtest("outside", &config, &[], &outside).check_refused(1, &["archive have no tick of the time"]);
    let memory = ["--set", r#"data.stored=["memory"]"#];
    place.backtest("memory", &config, &[], &memory).check_refused(2, &["data.stored", "memory"]);
    let open = ["--set", "data.warm_up=1h"];
    place.backtest("open", &config, &files, &open).check_refused(2, &["data.warm_up", "data.from"]);
}

fn doctor(place: &Place, flags: &[&str]) -> Ended {
    let mut command = Command::new(PROGRAM);
    command.current_dir(place.path("")).arg("doctor").arg("--config").arg(place.path("c.toml")).args(flags);
    command.output().expect("the program starts").into()
}

#[test]
fn doctor_says_what_answers() {
    let place = Place::new();
    place.write("c.toml", &config("ema_cross", "0ns"));
    let set = [
        "--set=journal.durability=strict",
        r#"--set=storage.tiers=["memory","redis","sqlite","cold","archive"]"#,
    ];
    let password = place.write("password", "canary-of-doctor\n");
    let url = place.write("url", "redis://:canary-of-doctor@127.0.0.1:1/0\n");
    for file in [&password, &url] {
        let mut rights = std::fs::metadata(file).unwrap().permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut rights, 0o600);
        std::fs::set_permissions(file, rights).unwrap();
    }
    let at = |key: &str, file: &PathBuf| format!("--set={key}={}", file.display());
    let more = [
        at("storage.redis.url_file", &url),
        at("storage.postgres.password_file", &password),
        "--set=storage.postgres.address=postgres://me@127.0.0.1:1/market".to_owned(),
    ];
    let flags: Vec<&str> = set.into_iter().chain(more.iter().map(String::as_str)).collect();
    let ended = doctor(&place, &flags);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for part in ["redis", "127.0.0.1:1", "cold", "warm.sqlite is not made yet", "archive", "start the server"]
    {
        assert!(ended.stdout.contains(part), "{part:?} is not in {}", ended.stdout);
    }
    assert!(!format!("{ended:?}").contains("canary"), "{ended:?}");
    if let Some(server) = servers() {
        let flags: Vec<&str> = set.into_iter().chain(server.iter().map(String::as_str)).collect();
        let ended = doctor(&place, &flags);
        assert!(ended.stdout.contains("no TimescaleDB: partitions"), "{}", ended.stdout);
    }
}

/// Every file below a folder, with its bytes.
fn all_files(folder: &std::path::Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all_files(&path, found);
        } else {
            found.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
}

/// Stores that are not there, with secrets in files and in the environment: the run goes on, and no secret is in
/// anything that it prints or writes.
#[test]
fn no_secret_is_in_any_output() {
    const CANARY: &str = "canary-0f1e2d3c";
    let place = Place::new();
    let files = market(39, 300).write(&place.path(""), "ticks");
    let secrets = Place::new();
    let mode = |path: &PathBuf| {
        let rights = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(path, rights).unwrap();
        path.display().to_string()
    };
    let password = mode(&secrets.write("password", &format!("{CANARY}\n")));
    let url = mode(&secrets.write("url", &format!("redis://user:{CANARY}@127.0.0.1:1/0\n")));
    let keys = format!("aws_access_key_id = AK{CANARY}\naws_secret_access_key = {CANARY}\n");
    let keys = mode(&secrets.write("keys", &keys));
    let sets = [
        "journal.durability=strict".to_owned(),
        r#"storage.tiers=["memory","redis","sqlite","postgres","cold","archive"]"#.to_owned(),
        "storage.close_within=100ms".to_owned(),
        format!("storage.redis.url_file={url}"),
        "storage.postgres.address=postgres://someone@127.0.0.1:1/market".to_owned(),
        format!("storage.postgres.password_file={password}"),
        "storage.archive.path=s3://bucket/market".to_owned(),
        "s3.endpoint=http://127.0.0.1:1".to_owned(),
        "s3.timeout=200ms".to_owned(),
        "s3.retries=0".to_owned(),
        format!("s3.credentials={keys}"),
    ];
    let flags: Vec<String> = sets.iter().map(|set| format!("--set={set}")).collect();
    let config = config("ema_cross", "0ns");
    let from_files = place.run("files", &config, &files, &with(&flags, &[]));
    assert_eq!(
        from_files.hashes(),
        place.run("plain", &config, &files, &[]).hashes(),
        "stores change nothing"
    );
    // The same out of the environment.
    let flags: Vec<&String> =
        flags.iter().filter(|flag| !flag.contains("_file=") && !flag.contains("s3.cred")).collect();
    let mut command = place.command("environment", &config, &files, &[]);
    command.args(flags).arg("--set=storage.dir=other");
    command.env("GRANDMODEL_REDIS_URL", format!("redis://:{CANARY}@127.0.0.1:1/0"));
    command.env("GRANDMODEL_POSTGRES_PASSWORD", CANARY);
    command.env("AWS_ACCESS_KEY_ID", format!("AK{CANARY}")).env("AWS_SECRET_ACCESS_KEY", CANARY);
    let ended: Ended = command.output().expect("the program starts").into();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for part in ["storage tier redis", "storage tier postgres", "storage tier cold", "storage tier archive"] {
        assert!(ended.stderr.contains(part), "{part:?} is not in {}", ended.stderr);
    }
    assert!(!format!("{ended:?}").contains(CANARY), "{ended:?}");
    let dump =
        Command::new(PROGRAM).arg("journal").arg("dump").arg(place.path("files.journal")).output().unwrap();
    assert!(dump.status.success());
    let mut written = vec![(PathBuf::from("journal dump"), dump.stdout)];
    all_files(&place.path(""), &mut written);
    assert!(written.len() > 30, "the spills are there, too: {}", written.len());
    for (path, bytes) in written {
        let has = bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
        assert!(!has, "{} holds a secret", path.display());
    }
}
