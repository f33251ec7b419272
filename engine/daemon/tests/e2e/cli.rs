//! The command line, from argument list to stdout, stderr sentence and exit status.

use daemon::cli::{Cli, Command, dispatch};
use daemon::failure::Failure;
use std::ffi::OsString;
use std::path::PathBuf;

/// Runs a command line; what it printed, or how it failed.
fn run(args: &[&str]) -> Result<String, Failure> {
    let mut out = Vec::new();
    let args = std::iter::once("grandmodel").chain(args.iter().copied()).map(OsString::from);
    dispatch(args, &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

#[track_caller]
fn check_refused(args: &[&str], code: u8, parts: &[&str]) {
    let failure = run(args).expect_err("it is refused");
    assert_eq!(failure.exit_code(), code, "{failure}");
    let sentence = failure.to_string();
    assert!(!sentence.contains('\n'), "{sentence:?} is one sentence");
    for part in parts {
        assert!(sentence.contains(part), "{sentence:?} has no {part:?}");
    }
}

fn config(name: &str) -> String {
    format!("{}/../../configs/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn usage_errors_are_one_sentence_and_status_2() {
    for (args, parts) in [
        (vec![], vec!["a command is missing", "--help"]),
        (vec!["config"], vec!["a command is missing"]),
        (vec!["backtset"], vec!["unrecognized subcommand 'backtset'", "'backtest'"]),
        (vec!["backtest"], vec!["--config <FILE>"]),
        (vec!["backtest", "--config", "c.toml", "--fast"], vec!["unexpected argument '--fast'"]),
        (vec!["backtest", "--config"], vec!["--config <FILE>", "value"]),
        (vec!["import", "x"], vec!["--format <FORMAT>", "--out <DIR>"]),
        (vec!["import", "--format", "bars", "--out", "o"], vec!["<FILE>"]),
        (vec!["config", "check"], vec!["<FILE>"]),
        (vec!["generate", "--config", "m.toml"], vec!["--out <DIR>"]),
        (vec!["report"], vec!["<RUN_DIR>"]),
        (vec!["journal"], vec!["a command is missing"]),
        (vec!["journal", "verify"], vec!["<DIR>"]),
        (vec!["journal", "dump", "d", "--from", "x"], vec!["'x'", "--from <SEQ>"]),
    ] {
        check_refused(&args, 2, &parts);
    }
}

#[test]
fn help_and_version_go_to_stdout() {
    let help = run(&["--help"]).unwrap();
    for word in [
        "backtest",
        "import",
        "generate",
        "report",
        "config",
        "journal",
        "doctor",
        "Exit status",
        "configs/quickstart.toml",
    ] {
        assert!(help.contains(word), "{word} is not in\n{help}");
    }
    let help = run(&["backtest", "--help"]).unwrap();
    for flag in [
        "--config", "--data", "--from", "--to", "--set", "--out", "--force", "--resume", "--paper", "--json",
        "Examples",
    ] {
        assert!(help.contains(flag), "{flag} is not in\n{help}");
    }
    assert_eq!(run(&["--version"]).unwrap(), format!("grandmodel {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn every_flag_of_backtest_is_parsed() {
    use clap::Parser;
    let line = "grandmodel backtest --config c.toml --data a --data b --from 2025-01-01 --to 2025-01-02 \
                --set run.layout=split --set venue.latency=1ms --out o --force --resume --paper --json";
    let Command::Backtest(args) = Cli::try_parse_from(line.split_whitespace()).unwrap().command else {
        panic!("a backtest")
    };
    assert_eq!((args.config, args.out), (PathBuf::from("c.toml"), Some(PathBuf::from("o"))));
    assert_eq!(
        (args.data, args.set),
        (vec!["a".into(), "b".into()], vec!["run.layout=split".into(), "venue.latency=1ms".into()])
    );
    assert_eq!((args.from.as_deref(), args.to.as_deref()), (Some("2025-01-01"), Some("2025-01-02")));
    assert!(args.force && args.resume && args.paper && args.json);
}

fn backtest_args(line: &[&str]) -> daemon::cli::BacktestArgs {
    use clap::Parser;
    let args = ["grandmodel", "backtest"].iter().chain(line);
    match Cli::try_parse_from(args).unwrap().command {
        Command::Backtest(args) => args,
        other => panic!("{other:?} is no backtest"),
    }
}

#[test]
fn a_backtest_loads_its_configuration_under_its_flags() {
    let peer = config("peer.toml");
    let here = env!("CARGO_MANIFEST_DIR");
    let args = backtest_args(&[
        "--config",
        &peer,
        "--set",
        "data.paths=nowhere",
        "--data",
        here,
        "--to",
        "2025-01-02",
    ]);
    let loaded = args.load().unwrap();
    assert_eq!(loaded.config.data.paths, [PathBuf::from(here)]);
    assert_eq!(loaded.config.data.to, daemon::config::parse_instant("2025-01-02").ok());
    assert_eq!(loaded.config.run.currency, "USDT");

    for (line, part) in [
        (vec!["--config", &peer, "--resume", "--force"], "give one of them"),
        (vec!["--config", &peer, "--from", "soon"], "--from: data.from is \"soon\""),
        (vec!["--config", &peer, "--data", "no/such"], "--data: data.paths names no/such"),
        (vec!["--config", &peer, "--set", "oops"], "--set oops is not of the form KEY=VALUE"),
        (vec!["--config", "no/such.toml"], "no/such.toml cannot be read"),
    ] {
        let failure = backtest_args(&line).load().unwrap_err();
        assert!(matches!(failure, Failure::Usage(_)), "{failure}");
        assert!(failure.to_string().contains(part), "{failure}");
    }
}

#[test]
fn config_check_prints_one_line() {
    let text = run(&["config", "check", &config("peer.toml")]).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.contains("peer.toml is valid: ema_cross, fused, 1000000 USDT, config hash"), "{text}");
    let text = run(&["config", "check", &config("quickstart-market.toml")]).unwrap();
    assert!(text.contains("3 symbols over 30 days"), "{text}");
}

#[test]
fn config_check_refuses_with_status_2() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.toml");
    let name = file.to_str().unwrap();
    for (text, part) in [
        ("[run]\nlayuot = 1\n", "bad.toml:2: run.layuot is no known key; the nearest is run.layout"),
        ("[run\n", "bad.toml:1: "),
        ("data.paths = \"missing\"\n", "bad.toml:1: data.paths names missing"),
        ("symbols = []\n", "bad.toml:1: symbols makes no market"),
    ] {
        std::fs::write(&file, text).unwrap();
        check_refused(&["config", "check", name], 2, &[part]);
    }
    std::fs::write(&file, [0xff, 0xfe]).unwrap();
    check_refused(&["config", "check", name], 2, &["bad.toml cannot be read", "UTF-8"]);
}

#[test]
fn config_show_names_origins() {
    let text = run(&["config", "show", &config("peer.toml"), "--set", "venue.latency=250us"]).unwrap();
    for line in ["latency = \"250us\" # --set", "fill = \"none\" # default", "[ema_cross]"] {
        assert!(text.lines().any(|shown| shown == line), "{line} is not in\n{text}");
    }
    assert!(text.contains("symbol = \"BTCUSDT\" # peer.toml:"), "{text}");
}

#[test]
fn the_doctor_speaks_of_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("not/there/yet");
    let text = run(&["doctor", "--out", out.to_str().unwrap()]).unwrap();
    for topic in
        ["cores", "governor", "isolated cores", "huge pages", "clock", "open files", "disk", "services"]
    {
        assert!(text.contains(topic), "{topic} is not in\n{text}");
    }
    let value: serde_json::Value = serde_json::from_str(&run(&["doctor", "--json"]).unwrap()).unwrap();
    assert!(value["findings"].as_array().unwrap().len() > 10);
}

#[test]
fn a_stdout_that_takes_nothing_is_status_1() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::from(std::io::ErrorKind::StorageFull))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    for args in [vec!["--version"], vec!["doctor"], vec!["config", "show", &config("peer.toml")]] {
        let args = std::iter::once("grandmodel").chain(args).map(OsString::from);
        let failure = dispatch(args, &mut Full).unwrap_err();
        assert_eq!(failure.exit_code(), 1);
        assert!(failure.to_string().starts_with("stdout cannot be written"), "{failure}");
    }
}
