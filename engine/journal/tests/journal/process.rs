//! Real processes on the real disk: killed while they append, and out of room.
//!
//! A child is this test program again, at one test, which does nothing unless it is told by the environment.

use crate::support::events::Stream;
use crate::support::random::Random;
use crate::support::{OURS, SMALL, longer, read};
use journal::{Durability, Folder, Threading, open, start};
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

const DIR: &str = "GRANDMODEL_JOURNAL_CHILD_DIR";
const MODE: &str = "GRANDMODEL_JOURNAL_CHILD_MODE";

fn child(dir: &Path, mode: &str, wrapper: &[&str]) -> (Child, BufReader<ChildStdout>) {
    let program = env::current_exe().unwrap();
    let mut words: Vec<&str> = wrapper.to_vec();
    words.extend([program.to_str().unwrap(), "--exact", "process::appends_for_its_parent", "--nocapture"]);
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).env(DIR, dir).env(MODE, mode).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap());
    (child, lines)
}

/// What a child says: `session N`, `durable N`, `low`, `failed …`, `done`.
fn said(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("child: ").map(|rest| rest.split_once(' ').unwrap_or((rest, "")))
}

/// A parent that is gone ends the child.
fn say(words: &str) {
    std::io::stdout().write_all(format!("child: {words}\n").as_bytes()).unwrap();
}

/// No test of its own: what a child does. It says each index once it is durable.
#[test]
fn appends_for_its_parent() {
    let (Some(dir), Ok(mode)) = (env::var_os(DIR), env::var(MODE)) else { return };
    let folder = Folder::new(dir);
    let (writer, recovered) = open(&folder, OURS, &SMALL).unwrap();
    say(&format!("session {}", recovered.session.session));
    let durability = match &mode[..] {
        "async" => Durability::Async { window: Duration::from_millis(2) },
        _ => Durability::Strict,
    };
    let mut stream = Stream::new(0, writer.next_seq());
    let (mut appender, thread) = start(writer, durability, &Threading::default()).unwrap();
    let mut is_low = false;
    for round in 0.. {
        let failed = appender.append(&stream.take(1 + round % 23)).err();
        let failed = failed.or_else(|| appender.wait_durable(appender.appended()).err());
        if !is_low && appender.health() == journal::Health::LowSpace {
            is_low = true;
            say(&format!("low {}", appender.appended()));
        }
        if let Some(error) = failed {
            say(&format!("failed {error}"));
            drop(appender);
            thread.close().unwrap_err();
            return;
        }
        say(&format!("durable {}", appender.appended()));
    }
}

#[test]
fn a_killed_process_loses_nothing_that_it_acknowledged() {
    for mode in ["strict", "async"] {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::new(dir.path());
        let (mut random, mut session, mut durable) = (Random(5), 0, 0);
        let mut events = Vec::new();
        for _ in 0..longer(10, 100) {
            let (mut child, lines) = child(dir.path(), mode, &[]);
            // Killed at a random moment after a random number of acknowledgements.
            let mut left = 1 + random.below(60);
            for line in lines.lines() {
                let line = line.unwrap();
                match said(&line) {
                    Some(("session", number)) => {
                        let number: u32 = number.parse().unwrap();
                        assert!(number > session, "session {number} after {session}");
                        session = number;
                    }
                    Some(("durable", index)) => {
                        durable = index.parse::<usize>().unwrap();
                        left = left.saturating_sub(1);
                        if left == 0 {
                            std::thread::sleep(Duration::from_micros(random.below(500)));
                            child.kill().unwrap();
                        }
                    }
                    _ => {}
                }
            }
            child.wait().unwrap();
            let (writer, recovered) = open(&folder, OURS, &SMALL).unwrap();
            assert!(recovered.session.session > session);
            session = recovered.session.session;
            assert!(recovered.index as usize >= durable, "{} of {durable}", recovered.index);
            drop(writer);
            let found = read(&folder).unwrap();
            assert_eq!(found[..events.len()], events, "what was there stays");
            let mut stream = Stream::new(0, recovered_next(&events));
            assert_eq!(found[events.len()..], stream.take(found.len() - events.len()));
            events = found;
        }
        assert!(events.len() > 100);
    }
}

fn recovered_next(events: &[model::Event]) -> u64 {
    1 + events.iter().filter(|event| event.kind.is_input()).count() as u64
}

/// A child in a place without room warns, fails in one sentence, and what it acknowledged is there.
fn check_out_of_room(dir: &Path, wrapper: &[&str], reason: &str) {
    let (mut child, lines) = child(dir, "strict", wrapper);
    let (mut durable, mut failed, mut low) = (0, String::new(), false);
    for line in lines.lines() {
        let line = line.unwrap();
        match said(&line) {
            Some(("durable", index)) => durable = index.parse().unwrap(),
            Some(("failed", sentence)) => failed = sentence.to_owned(),
            Some(("low", _)) => low = true,
            _ => {}
        }
    }
    assert!(child.wait().unwrap().success());
    assert!(low, "it was said before");
    assert!(failed.contains(reason) && failed.contains("make room on its disk"), "{failed}");
    let found = read(&Folder::new(dir)).unwrap();
    assert!(found.len() >= durable && durable > 20, "{} of {durable}", found.len());
    assert_eq!(found, Stream::new(0, 1).take(found.len()));
}

/// A small file system of its own, while it lives.
struct Tmpfs(tempfile::TempDir);

impl Tmpfs {
    fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", "size=80k", "tmpfs"]).arg(dir.path());
        let mounted = command.stderr(Stdio::null()).status();
        mounted.is_ok_and(|status| status.success()).then(|| Self(dir))
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_is_said_and_nothing_acknowledged_is_lost() {
    match Tmpfs::mount() {
        Some(tmpfs) => check_out_of_room(tmpfs.0.path(), &[], "No space left on device"),
        None => eprintln!("no file system can be mounted: a full one was not tried"),
    }
}

/// No file may be longer than 6 KiB: no segment can be reserved, and a write that reaches so far goes short.
#[test]
fn a_limit_on_files_is_a_full_disk() {
    let dir = tempfile::tempdir().unwrap();
    open(&Folder::new(dir.path()), OURS, &SMALL).unwrap().0.close().unwrap();
    let limited = "trap '' XFSZ; ulimit -f 6; exec \"$@\"";
    check_out_of_room(dir.path(), &["bash", "-c", limited, "bash"], "File too large");
}
