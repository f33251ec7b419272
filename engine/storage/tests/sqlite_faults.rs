//! A tier on SQLite while its process is killed, its disk is full, and others read: every tick is there once.

mod support;

use rusqlite::Connection;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use storage::query::{Holes, Source, Span, TickKind, TickReader, Ticks};
use storage::{Batch, Policy, Rows, SqliteConfig, SqliteStore, Status, Store, TierEvent, sqlite_sources};
use support::rows::{close, dictionary, offer, start, tick};

const CHILD: &str = "GRANDMODEL_TEST_SQLITE_CHILD";

fn store(file: &Path) -> SqliteStore {
    SqliteStore::new(SqliteConfig::new(file.to_owned()))
}

/// How many ticks there are, the highest number, and the watermark.
fn counts(file: &Path) -> (u64, u64, u64) {
    let connection = Connection::open(file).expect("it opens");
    let one =
        |query: &str| connection.query_row(query, [], |row| row.get::<_, i64>(0)).expect("it runs") as u64;
    let both = "(SELECT seq FROM trades UNION ALL SELECT seq FROM quotes)";
    let count = one(&format!("SELECT count(*) FROM {both}"));
    (
        count,
        one(&format!("SELECT coalesce(max(seq), 0) FROM {both}")),
        one("SELECT coalesce(max(ticks_seq), 0) FROM runs"),
    )
}

/// Not a test of its own: what the killed process does.
#[test]
fn child_that_writes_until_it_is_killed() {
    let Some(file) = std::env::var_os(CHILD) else { return };
    let mut store = store(Path::new(&file));
    let mut last = store.open(&dictionary("run")).expect("it opens").ticks;
    loop {
        let batch = Batch {
            first_seq: last + 1,
            last_seq: last + 500,
            rows: Rows::Ticks((last + 1..=last + 500).map(tick).collect()),
        };
        store.write(&batch).expect("written");
        last += 500;
    }
}

#[test]
fn a_killed_process_leaves_whole_batches() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("warm.db");
    let mut before = 0;
    for round in 0..8_u64 {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "child_that_writes_until_it_is_killed"])
            .env(CHILD, &file)
            .stdout(Stdio::null())
            .spawn()
            .expect("it starts");
        // Until it wrote something in this round, and then a little.
        for _ in 0..2_000 {
            if file.exists() && Connection::open(&file).is_ok_and(|connection| written(&connection) > before)
            {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(7 * round));
        child.kill().expect("it runs");
        child.wait().expect("it ran");
        let (count, highest, mark) = counts(&file);
        assert!(mark > before && mark.is_multiple_of(500), "{mark} after {before}");
        assert_eq!((count, highest), (mark, mark), "the watermark and the rows are of one transaction");
        before = mark;
    }
}

fn written(connection: &Connection) -> u64 {
    connection
        .query_row("SELECT max(ticks_seq) FROM runs", [], |row| row.get::<_, Option<i64>>(0))
        .ok()
        .flatten()
        .unwrap_or(0) as u64
}

/// A file system of so many kilobytes; gone with the value.
struct Tmpfs(tempfile::TempDir);

impl Tmpfs {
    fn mount(kilobytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let size = format!("size={kilobytes}k");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(folder.path())
            .stderr(Stdio::null())
            .status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self(folder));
        }
        eprintln!("SKIPPED a test of a full disk: this user may not mount a tmpfs");
        None
    }

    fn grow(&self, kilobytes: u32) {
        let size = format!("remount,size={kilobytes}k");
        let status = Command::new("mount").args(["-o", &size]).arg(self.0.path()).status();
        assert!(status.expect("mount is there").success());
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_is_waited_out() {
    let Some(disk) = Tmpfs::mount(2_048) else { return };
    let file = disk.0.path().join("warm.db");
    let mut tiers = start(Box::new(store(&file)), Policy::Block);
    offer(&mut tiers, 1..=100_000);
    for _ in 0..5_000 {
        if tiers.lags()[0].status == Status::Down {
            break;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let said: Vec<_> = tiers.notices().into_iter().map(|notice| notice.event).collect();
    assert!(matches!(&said[..], [TierEvent::Down(why)] if why.contains("full")), "{said:?}");
    disk.grow(64 * 1024);
    let report = close(tiers);
    assert_eq!((report.unsaved_rows, report.holes), (0, vec![]));
    assert_eq!(counts(&file), (100_000, 100_000, 100_000));
}

#[test]
fn a_full_disk_under_a_spill_drops_or_waits_and_never_lies() {
    let Some(disk) = Tmpfs::mount(1_024) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("warm.db");
    let locked = {
        drop(store(&file).open(&dictionary("run")));
        Connection::open(&file).expect("it opens")
    };
    let policy =
        Policy::Spill { folder: disk.0.path().join("spill"), bytes_max: 64 << 20, then: storage::Full::Drop };
    let config = SqliteConfig { lock_wait: Duration::from_millis(10), ..SqliteConfig::new(file.clone()) };
    let tier = storage::TierConfig {
        queue_rows: 2_000,
        ..support::rows::config(Box::new(SqliteStore::new(config)), policy)
    };
    let mut tiers = storage::Tiers::start(vec![tier], &dictionary("run")).expect("it starts");
    locked.execute_batch("BEGIN IMMEDIATE").expect("locked");
    offer(&mut tiers, 1..=50_000);
    let failed = |notice: &storage::Notice| matches!(notice.event, TierEvent::SpillFailed(_));
    assert!(tiers.notices().iter().any(failed), "the spill's disk is full");
    locked.execute_batch("COMMIT").expect("unlocked");
    let report = close(tiers);
    let missing: u64 = report.holes.iter().map(|hole| hole.last_seq + 1 - hole.first_seq).sum();
    assert!(report.dropped_rows > 0 && missing == report.dropped_rows, "{report:?}");
    assert_eq!(counts(&file).0, 50_000 - missing);
}

#[test]
fn readers_beside_the_tier_see_whole_spans() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("warm.db");
    let mut tiers = start(Box::new(store(&file)), Policy::Block);
    offer(&mut tiers, 1..=500);
    support::rows::settle(&tiers);
    for round in 0..20_u64 {
        offer(&mut tiers, 501 + round * 2_000..=500 + (round + 1) * 2_000);
        let mut sources = sqlite_sources(&file).expect("it can be read");
        let span = sources[0].spans("S01", TickKind::Trades).expect("held")[0];
        let sources = sources.into_iter().map(|source| Box::new(source) as Box<dyn Source>).collect();
        let mut reading =
            TickReader::new(sources).read("S01", TickKind::Trades, span, Holes::Refuse).expect("whole");
        let (mut count, mut page) = (0, Vec::new());
        loop {
            reading.read(&mut page).expect("read");
            if page.is_empty() {
                break;
            }
            count += page.drain(..).len() as u64;
        }
        let to = span.to.0 as u64 / 1_000_000;
        let is_wanted = |seq: &u64| support::rows::symbol_of(*seq) == 1 && !seq.is_multiple_of(3);
        assert_eq!(count, (1..to).filter(is_wanted).count() as u64);
        let _ = Span::new(span.from, span.to);
    }
    close(tiers);
}
