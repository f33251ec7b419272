//! Runs that are killed and continued: the real program, SIGKILL at random moments, and, for paper runs, the venue's
//! own record of the orders it saw.
//!
//! What must hold: a backtest that was killed and continued any number of times ends with the hashes and the run folder
//! of one that was not. A paper run with a strict journal has every order that the venue saw, the venue saw none twice,
//! and replaying its journal gives its hashes.

use crate::determinism::{LAYOUTS, check_same, config, market};
use crate::support::data::Random;
use crate::support::{Ended, PROGRAM, Place, Run, tables};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Rounds of killing in the long test.
const ROUNDS_LONG: u64 = 500;
const ROUNDS: u64 = 25;

fn rounds() -> u64 {
    if std::env::var_os("PROPTEST_CASES").is_some() { ROUNDS_LONG } else { ROUNDS }
}

/// The keys of a run that is kept; snapshots are taken all the time.
fn kept(durability: &str) -> Vec<String> {
    [
        &format!("journal.durability={durability}"),
        "journal.window=1ms",
        "journal.snapshot_every=10ms",
        "journal.segment=1",
    ]
    .iter()
    .flat_map(|set| ["--set".to_owned(), (*set).to_owned()])
    .collect()
}

/// One run that is killed until it is not.
struct Killed<'a> {
    place: &'a Place,
    config: String,
    files: &'a [PathBuf],
    flags: Vec<String>,
    kills: u64,
}

impl Killed<'_> {
    fn command(&self, resume: bool) -> Command {
        let flags: Vec<&str> = self.flags.iter().map(String::as_str).collect();
        let mut command = self.place.command("run", &self.config, self.files, &flags);
        command.arg("--json");
        if resume {
            command.arg("--resume");
        }
        command
    }

    /// Starts, kills after `delay`; `true` if the run had ended before.
    fn kill_after(&mut self, resume: bool, delay: Duration) -> bool {
        if self.place.path("run").exists() {
            // It was killed when all was done.
            return true;
        }
        let mut child = self.command(resume).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(delay);
        let ended = child.try_wait().unwrap().is_some();
        // It may end by itself meanwhile.
        let _ = child.kill();
        let output = child.wait_with_output().unwrap();
        let by_itself = ended || output.status.code().is_some();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code().is_none_or(|code| code == 0), "{stderr}");
        self.kills += u64::from(!by_itself);
        by_itself
    }

    /// Resumes to the end.
    #[track_caller]
    fn finish(&self) -> Run {
        let ended: Ended = self.command(true).output().unwrap().into();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        Run::open(&self.place.path("run"), &ended.stdout)
    }

    fn journal(&self) -> PathBuf {
        self.place.path("run.journal")
    }
}

/// `journal replay --json`.
#[track_caller]
fn replayed(journal: &Path) -> Value {
    let output = Command::new(PROGRAM).args(["journal", "replay", "--json"]).arg(journal).output().unwrap();
    let ended: Ended = output.into();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    serde_json::from_str(&ended.stdout).unwrap()
}

/// The orders that the venue saw, by id.
fn witnessed(journal: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(journal.join("orders.log")).unwrap_or_default();
    let ids = text.lines().filter(|line| !line.ends_with(" cut"));
    ids.map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

/// SEQ-K of an id.
fn place_of(id: &str) -> &str {
    id.split_once('-').unwrap().1
}

fn check_replayed(run: &Run, journal: &Path) {
    let replayed = replayed(journal);
    let [event_hash, state_hash] = run.hashes();
    assert_eq!(replayed["event_hash"], event_hash);
    assert_eq!(replayed["state_hash"], state_hash);
    assert_eq!(replayed["ended"], true);
}

#[test]
fn a_backtest_killed_at_any_moment_ends_as_if_it_had_not_been() {
    let mut random = Random::new(11);
    for round in 0..rounds() {
        let place = Place::new();
        let files = market(round, 6_000).write(&place.path(""), "ticks");
        let strategy = ["ema_cross", "bar", "tick"][round as usize % 3];
        let layout = LAYOUTS[random.below(LAYOUTS.len() as i64) as usize];
        let config = config(strategy, ["0ns", "1ms"][round as usize % 2]);
        let whole = place.run("whole", &config, &files, &[]);
        let mut flags = kept(["strict", "async"][random.below(2) as usize]);
        flags.extend(["--set".to_owned(), format!("run.layout={layout}")]);
        let mut run = Killed { place: &place, config, files: &files, flags, kills: 0 };
        let mut resume = false;
        while run.kills < 4 && !run.kill_after(resume, Duration::from_millis(random.below(400) as u64)) {
            resume = true;
        }
        if run.place.path("run").exists() {
            // It ended before it could be killed.
            continue;
        }
        let continued = run.finish();
        check_same(&continued, &whole);
        check_replayed(&continued, &run.journal());
    }
}

#[test]
fn every_order_that_the_venue_saw_is_known_and_none_was_sent_twice() {
    let mut random = Random::new(12);
    let (mut kills, mut lost) = (0, 0);
    for round in 0..rounds() {
        let place = Place::new();
        let files = market(1_000 + round, 6_000).write(&place.path(""), "ticks");
        let strategy = ["ema_cross", "bar", "tick"][round as usize % 3];
        let config = config(strategy, ["0ns", "1ms"][round as usize % 2]);
        let whole = place.run("whole", &config, &files, &[]);
        let flags = kept("strict").into_iter().chain(["--paper".to_owned()]).collect();
        let mut run = Killed { place: &place, config, files: &files, flags, kills: 0 };
        let mut resume = false;
        while run.kills < 4 && !run.kill_after(resume, Duration::from_millis(random.below(600) as u64)) {
            resume = true;
        }
        kills += run.kills;
        if run.place.path("run").exists() {
            continue;
        }
        let continued = run.finish();
        let seen = witnessed(&run.journal());
        let orders = tables::orders(&continued.dir);
        let known: BTreeSet<&str> = orders.iter().map(|order| order.client_order_id.as_str()).collect();
        for id in &seen {
            assert!(
                known.contains(id.as_str()),
                "the venue saw {id}, which the recovered state does not know"
            );
        }
        let places: BTreeSet<&str> = seen.iter().map(|id| place_of(id)).collect();
        assert_eq!(places.len(), seen.len(), "an order was sent twice: {seen:?}");
        check_replayed(&continued, &run.journal());
        // An order that was kept and not sent is lost, and only then is the run another than the uninterrupted one.
        let unseen = known.len() - seen.len();
        lost += unseen;
        if unseen == 0 {
            assert_eq!(continued.hashes(), whole.hashes());
        }
    }
    eprintln!("{kills} kills, {lost} orders were kept and never sent");
    assert!(kills > 0, "no run was killed in time");
}

#[test]
fn a_paper_run_is_a_backtest_with_other_ids() {
    let place = Place::new();
    let files = market(3, 2_000).write(&place.path(""), "ticks");
    for (strategy, latency) in [("ema_cross", "0ns"), ("bar", "1ms"), ("tick", "0ns")] {
        let config = config(strategy, latency);
        let name = format!("{strategy}-plain");
        let plain = place.run(&name, &config, &files, &[]);
        let paper = place.run(&format!("{strategy}-paper"), &config, &files, &["--paper"]);
        assert_eq!(paper.hashes(), plain.hashes());
        let ids = |run: &Run| -> Vec<String> {
            tables::orders(&run.dir).into_iter().map(|order| order.client_order_id).collect()
        };
        let (paper_ids, plain_ids) = (ids(&paper), ids(&plain));
        assert!(paper_ids.iter().all(|id| id.starts_with("00000001-")), "{paper_ids:?}");
        assert_eq!(
            paper_ids.iter().map(|id| place_of(id)).collect::<Vec<_>>(),
            plain_ids.iter().map(|id| place_of(id)).collect::<Vec<_>>()
        );
        let journal = place.path(&format!("{strategy}-paper.journal"));
        assert_eq!(witnessed(&journal), paper_ids, "the venue saw exactly these, in this order");
        check_replayed(&paper, &journal);
    }
}

#[test]
fn what_cannot_be_continued_says_so() {
    let place = Place::new();
    let files = market(4, 500).write(&place.path(""), "ticks");
    let strict = "--set=journal.durability=strict";
    let check = |flags: &[&str], code: i32, parts: &[&str]| {
        place.backtest("run", &config("ema_cross", "0ns"), &files, flags).check_refused(code, parts);
    };
    check(&["--resume"], 2, &["--resume needs the journal", "journal.durability"]);
    check(&["--resume", "--force", strict], 2, &["--resume", "--force", "one of them"]);
    place.run("run", &config("ema_cross", "0ns"), &files, &[strict]);
    let said = place.backtest("run", &config("ema_cross", "0ns"), &files, &["--resume", strict]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.stderr.contains("is complete; nothing is left to continue"), "{}", said.stderr);
    Run::open(&place.path("run"), &said.stdout);
    place
        .backtest("run", &config("ema_cross", "1ms"), &files, &["--resume", strict])
        .check_refused(2, &["not empty"]);
    std::fs::remove_dir_all(place.path("run")).unwrap();
    check(&[strict], 2, &["run.journal holds a run already", "--resume", "--force"]);
    let other = config("ema_cross", "1ms");
    let before = names_and_sizes(&place.path("run.journal"));
    place.backtest("run", &other, &files, &["--resume", strict]).check_refused(1, &["configuration"]);
    let changed = market(5, 500).write(&place.path(""), "other");
    let ended = place.backtest("run", &config("ema_cross", "0ns"), &changed, &["--resume", strict]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("input 1 of the journal is "), "{}", ended.stderr);
    assert_eq!(before.len(), names_and_sizes(&place.path("run.journal")).len());
    // What was ended can be gone through again: the same folder comes of it.
    let again = place.run("run", &config("ema_cross", "0ns"), &files, &["--resume", strict]);
    check_replayed(&again, &place.path("run.journal"));
    place.run("run", &config("ema_cross", "0ns"), &files, &["--force", strict]);
    std::fs::remove_dir_all(place.path("run")).unwrap();
    let ended = place.backtest("run", &config("ema_cross", "0ns"), &files, &["--resume", strict, "--paper"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("orders.log is not there: continue without --paper"), "{}", ended.stderr);
}

/// What a journal lost that was durable once is found out by its snapshots, and by the venue's record.
#[test]
fn a_journal_that_lost_its_end_is_refused() {
    let place = Place::new();
    let files = market(4, 6_000).write(&place.path(""), "ticks");
    let config = config("tick", "1ms");
    let flags: Vec<String> = kept("strict").into_iter().chain(["--paper".to_owned()]).collect();
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    place.run("run", &config, &files, &flags);
    std::fs::remove_dir_all(place.path("run")).unwrap();
    let resume = [&flags[..], &["--resume"]].concat();
    check_paper_only(&place, &config, &files, &flags);
    let journal = place.path("run.journal");
    // All segments but the first, and the greater part of it.
    let names = names_and_sizes(&journal).into_iter().map(|(name, _)| name);
    let segments: Vec<String> = names.filter(|name| name.starts_with("segment-")).collect();
    segments[1..].iter().for_each(|name| std::fs::remove_file(journal.join(name)).unwrap());
    let first = std::fs::OpenOptions::new().write(true).open(journal.join(&segments[0])).unwrap();
    first.set_len(50_000).unwrap();
    let has_snapshots = names_and_sizes(&journal).iter().any(|(name, _)| name.starts_with("snapshot-"));
    let verify = Command::new(PROGRAM).args(["journal", "verify"]).arg(&journal).output().unwrap();
    let ended = place.backtest("run", &config, &files, &resume);
    if has_snapshots {
        assert_eq!(verify.status.code(), Some(1), "{verify:?}");
        ended.check_refused(1, &["a snapshot was taken after input", "are gone"]);
    }
    // Without snapshots the venue's record tells.
    for (name, _) in names_and_sizes(&journal).iter().filter(|(name, _)| name.starts_with("snapshot-")) {
        std::fs::remove_file(journal.join(name)).unwrap();
    }
    let ended = place.backtest("run", &config, &files, &resume);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("orders.log has an order that was sent at input"), "{}", ended.stderr);
}

/// A paper run is not continued without its venue.
fn check_paper_only(place: &Place, config: &str, files: &[PathBuf], flags: &[&str]) {
    let here: Vec<&str> =
        flags.iter().copied().filter(|flag| *flag != "--paper").chain(["--resume"]).collect();
    let ended = place.backtest("run", config, files, &here);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("continue it with --paper"), "{}", ended.stderr);
}

fn names_and_sizes(dir: &Path) -> Vec<(String, u64)> {
    let entries = std::fs::read_dir(dir).unwrap().map(Result::unwrap);
    let mut all: Vec<_> = entries
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.metadata().unwrap().len()))
        .collect();
    all.sort();
    all
}

/// Rows of some tables of the SQLite tier.
fn stored(place: &Place, tables: &[&str]) -> u64 {
    let database = rusqlite::Connection::open(place.path("storage/warm.sqlite")).unwrap();
    let count = |table: &&str| {
        let rows =
            database.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0));
        rows.unwrap().unsigned_abs()
    };
    tables.iter().map(count).sum()
}

#[test]
fn the_tiers_of_a_killed_run_have_every_row_once() {
    let mut random = Random::new(13);
    for round in 0..rounds() / 5 {
        let place = Place::new();
        let files = market(2_000 + round, 6_000).write(&place.path(""), "ticks");
        let config = config("bar", "1ms");
        let flags = kept("strict")
            .into_iter()
            .chain([r#"--set=storage.tiers=["memory","sqlite"]"#.to_owned()])
            .collect();
        let mut run = Killed { place: &place, config, files: &files, flags, kills: 0 };
        let mut resume = false;
        while run.kills < 3 && !run.kill_after(resume, Duration::from_millis(random.below(500) as u64)) {
            resume = true;
        }
        let ended = if run.place.path("run").exists() {
            let summary = std::fs::read_to_string(place.path("run/summary.json")).unwrap();
            Run::open(&place.path("run"), &summary)
        } else {
            run.finish()
        };
        assert_eq!(stored(&place, &["trades", "quotes"]), ended.count(&["data", "ticks"]), "round {round}");
        assert_eq!(stored(&place, &["fills"]), ended.count(&["counts", "fills"]));
        assert_eq!(stored(&place, &["orders"]), ended.count(&["counts", "orders"]));
        assert_eq!(stored(&place, &["bars"]), ended.total(&["counts", "bars"]));
    }
}

/// A backtest whose journal's folder is a file system of so many KiB; `None` where this machine gives none.
fn on_small_disk(place: &Place, name: &str, kib: u32, flags: &[&str], market_seed: u64) -> Option<Ended> {
    let dir = place.path(&format!("{name}.journal"));
    std::fs::create_dir_all(&dir).unwrap();
    let files = market(market_seed, 30_000).write(&place.path(""), "ticks");
    let command = place.command(name, &config("bar", "1ms"), &files, flags);
    let kept = place.path(&format!("{name}.kept"));
    // The venue's record is on another disk. What is on the small one when the run is over is copied away before the
    // disk goes.
    let script = format!(
        "mount -t tmpfs -o size={kib}k none '{dir}' || exit 77; \"$@\"; code=$?; cp -r '{dir}' '{kept}'; exit $code",
        dir = dir.display(),
        kept = kept.display()
    );
    let mut shell = Command::new("unshare");
    shell
        .args(["-r", "-m", "sh", "-c", &script, "sh"])
        .arg(command.get_program())
        .args(command.get_args())
        .arg("--json");
    shell.current_dir(place.path(""));
    let ended: Ended = shell.output().ok()?.into();
    if ended.code == Some(77) || ended.stderr.contains("unshare") {
        eprintln!("no small disk can be made here: {}", ended.stderr);
        return None;
    }
    Some(ended)
}

#[test]
fn a_backtest_whose_disk_is_full_says_so_and_is_continued_on_a_larger_one() {
    let place = Place::new();
    let flags = [
        "--resume",
        "--set=journal.durability=strict",
        "--set=journal.segment=1",
        "--set=journal.snapshot_every=0s",
    ];
    let Some(ended) = on_small_disk(&place, "run", 1_200, &flags, 21) else { return };
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stderr.contains("run.journal") && ended.stderr.contains("o space left"),
        "{}",
        ended.stderr
    );
    assert!(!place.path("run").exists(), "there is no run folder of half a run");
    std::fs::remove_dir(place.path("run.journal")).unwrap();
    std::fs::rename(place.path("run.kept"), place.path("run.journal")).unwrap();
    let files = market(21, 30_000).write(&place.path(""), "ticks");
    let whole = place.run("whole", &config("bar", "1ms"), &files, &[]);
    let continued = place.run("run", &config("bar", "1ms"), &files, &flags);
    check_same(&continued, &whole);
}

#[test]
fn a_paper_run_whose_disk_is_full_halts_new_risk_and_keeps_its_folder() {
    let place = Place::new();
    let flags = [
        "--paper",
        "--resume",
        "--set=venue.record=orders.log",
        "--set=journal.segment=1",
        "--set=journal.snapshot_every=0s",
    ];
    let Some(ended) = on_small_disk(&place, "run", 1_200, &flags, 22) else { return };
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("new risk was halted") && ended.stderr.contains("o space left"),
        "{}",
        ended.stderr
    );
    let run = Run::open(&place.path("run"), &ended.stdout);
    assert!(run.count(&["counts", "refused", "halted"]) > 0, "{}", run.value(&["counts"]));
    let seen = witnessed(&place.path(""));
    let orders = tables::orders(&run.dir);
    let sent: Vec<String> = orders
        .iter()
        .filter(|order| order.status != "rejected")
        .map(|order| order.client_order_id.clone())
        .collect();
    assert_eq!(seen, sent, "an order that could not be kept did not leave");
}
