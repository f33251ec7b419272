//! The program as a whole: peak memory as the data grows, and how long it takes to start.
//!
//! Method: the program beside this one replays generated markets of 30 and of 300 days; the system's own
//! high-water mark of its memory is read while it runs. A start is the whole life of a replay of one tick, so the
//! time to the first tick is less.

use crate::figures::{Figure, Figures};
use crate::rings::median;
use catalog::{TickKind, TickWriter};
use ring::{Latency, Stopwatch};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const STARTS: usize = 21;

fn program() -> PathBuf {
    let here = std::env::current_exe().expect("this program has a path");
    here.with_file_name("grandmodel")
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).expect("a temporary file can be written");
}

fn market(folder: &Path, days: u32) -> PathBuf {
    let (config, data) = (folder.join(format!("{days}.toml")), folder.join(format!("data-{days}")));
    let symbol = "[[symbols]]\nname = \"A\"\nstart_price = \"100\"\ntick_size = \"0.01\"\nlot = \"1\"\n\
                  daily_volatility = 0.02\ntrades_per_day = 40000\nquotes_per_trade = 2.0\n";
    write(&config, &format!("seed = 1\nstart = \"2025-01-01\"\ndays = {days}\n{symbol}"));
    let mut command = Command::new(program());
    command.arg("generate").arg("--config").arg(&config).arg("--out").arg(&data);
    assert!(run(&mut command).wait().expect("generate ends").success(), "generate makes the market");
    data
}

fn run(command: &mut Command) -> Child {
    command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("grandmodel is built beside this program")
}

fn backtest(folder: &Path, data: &Path) -> Child {
    let config = folder.join("run.toml");
    write(&config, "[run]\nstrategies = [\"ema_cross\"]\n[bars]\ntimeframes = [\"1m\", \"5m\"]\n");
    let out = folder.join("run");
    let mut command = Command::new(program());
    command
        .arg("backtest")
        .arg("--config")
        .arg(config)
        .arg("--data")
        .arg(data)
        .arg("--out")
        .arg(out)
        .arg("--force");
    run(&mut command)
}

/// The high-water mark of a replay's memory, in KiB.
fn peak_kib(folder: &Path, data: &Path) -> f64 {
    let mut child = backtest(folder, data);
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0.0_f64;
    while child.try_wait().expect("the program can be waited for").is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or("");
        let kib = line.split_whitespace().nth(1).and_then(|word| word.parse().ok()).unwrap_or(0.0);
        peak = peak.max(kib);
        std::thread::sleep(Duration::from_millis(2));
    }
    peak
}

/// Runs the bench.
pub fn run_all() -> Figures {
    let mut figures = Figures::new("process");
    let folder = tempfile::tempdir().expect("the system has a folder for temporary files");
    let (small, large) = (market(folder.path(), 30), market(folder.path(), 300));
    let peak = |data: &Path| median(&mut (0..5).map(|_| peak_kib(folder.path(), data)).collect::<Vec<_>>());
    let (small, large) = (peak(&small), peak(&large));
    figures.push(Figure::count("peak memory, 30 days", small / 1024.0, "MiB", ""));
    figures.push(Figure::count("peak memory, 300 days", large / 1024.0, "MiB", ""));
    figures.push(Figure::count("10 x the data adds", (large / small - 1.0) * 100.0, "%", "< 5 %"));

    let one = folder.path().join("one");
    let mut writer = TickWriter::create(&one, TickKind::Trades, "A").expect("the folder can be written");
    let tick = crate::market::trades(1, 1, 1.0, 1)[0].as_trade();
    writer.trade(&tick).and_then(|()| writer.finish()).expect("one tick can be written");
    let (stopwatch, mut starts) = (Stopwatch::new(), Latency::new());
    for _ in 0..STARTS {
        let start = stopwatch.raw();
        let mut child = backtest(folder.path(), &one);
        assert!(child.wait().expect("the program ends").success(), "one tick can be replayed");
        starts.record(stopwatch.nanos_between(start, stopwatch.raw()));
    }
    let start_ms = starts.quantile_ns(0.5) as f64 / 1e6;
    figures.push(Figure::count(
        "whole life of a replay of one tick, p50",
        start_ms,
        "ms",
        "<= 200 ms to the first tick",
    ));
    figures
}
