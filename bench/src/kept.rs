//! An engine whose inputs are kept in a journal and stored in tiers, for measuring what that costs the hot path.
//!
//! The journal has a thread of its own; another follows its files and feeds memory, SQLite and a Redis that is not
//! there, as the program does.

use journal::{
    Durability, Folder, Follower, Identity, JournalThread, Options, Threading, Watch, open, start,
};
use matching::Venue;
use model::OpenOrders;
use pipeline::{Edge, JournalKeeper, OnFailure};
use ring::Wait;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use storage::{
    Dictionary, Full, MemoryStore, Policy, RedisConfig, RedisStore, Secret, SqliteConfig, SqliteStore,
    TierConfig, TierReport, Tiers, Watermarks,
};

const IDENTITY: Identity = Identity::new(7);
const PAUSE: Duration = Duration::from_millis(10);
/// What SQLite still has to take at the end takes less; the one that is not there takes nothing.
const CLOSE_WITHIN: Duration = Duration::from_secs(15);
/// Room in the journal's ring: a third of a second of ticks at 200,000 a second.
const RING_SLOTS: usize = 1 << 16;

/// What runs beside the engine.
pub struct Kept {
    dir: tempfile::TempDir,
    thread: JournalThread,
    watch: Watch,
    over: Arc<AtomicBool>,
    storing: Option<JoinHandle<Vec<TierReport>>>,
}

impl Kept {
    /// A venue's edge that keeps what passes; with `tiers`, what was kept is stored, too.
    pub fn around(venue: Venue, durability: Durability, tiers: Option<&Dictionary>) -> (Edge<Venue>, Self) {
        let dir = folder();
        let options = Options::default();
        let (writer, _) = open(&Folder::new(dir.path()), IDENTITY, &options).expect("the disk takes it");
        let threading = Threading {
            wait: Wait::Yield,
            idle: Wait::Block,
            ring_slots: RING_SLOTS,
            ..Threading::default()
        };
        let (appender, thread) = start(writer, durability, &threading).expect("there is a thread");
        let watch = appender.watch().expect("it is written");
        let over = Arc::new(AtomicBool::new(false));
        let beside = watch.clone();
        let storing = tiers.map(|dictionary| store(dir.path(), beside, dictionary, Arc::clone(&over)));
        let edge =
            Edge::new(venue).keeping(Box::new(JournalKeeper::new(appender, durability)), OnFailure::End);
        (edge, Self { dir, thread, watch, over, storing })
    }

    /// Waits until everything is kept and stored where it can be; gives how often the engine waited for room, and the
    /// rows that each tier stored.
    pub fn end(self) -> (u64, Vec<u64>) {
        self.thread.close().expect("the disk takes it");
        self.over.store(true, Ordering::Relaxed);
        let reports = self.storing.map(|storing| storing.join().expect("the tiers end well"));
        drop(self.dir);
        (self.watch.waits(), reports.into_iter().flatten().map(|report| report.stored_rows).collect())
    }
}

/// On the disk that holds the repository.
fn folder() -> tempfile::TempDir {
    let target = Path::new("target");
    let made = if target.is_dir() { tempfile::tempdir_in(target) } else { tempfile::tempdir() };
    made.expect("the disk takes a folder")
}

fn store(
    dir: &Path,
    watch: Watch,
    dictionary: &Dictionary,
    over: Arc<AtomicBool>,
) -> JoinHandle<Vec<TierReport>> {
    let spills = |name: &str| Policy::Spill {
        folder: dir.join(format!("spill-{name}")),
        bytes_max: 1 << 30,
        then: Full::Drop,
    };
    let of = |name: &str, store| TierConfig { policy: spills(name), ..TierConfig::new(name, store) };
    let nowhere = RedisConfig::new(Secret::of("redis://127.0.0.1:1/0").expect("a URL"));
    let sqlite = SqliteStore::new(SqliteConfig::new(dir.join("warm.sqlite")));
    let tiers = vec![
        of("memory", Box::new(MemoryStore::new())),
        of("sqlite", Box::new(sqlite)),
        of("redis", Box::new(RedisStore::new(nowhere))),
    ];
    let mut tiers = Tiers::start(tiers, dictionary).expect("the stores open");
    let mut follower = Follower::new(&Folder::new(dir), IDENTITY, watch, 1);
    let body = move || {
        tiers.begin(Watermarks::default(), OpenOrders::default());
        loop {
            // Looked at before the journal is.
            let is_over = over.load(Ordering::Relaxed);
            let mut batches = 0;
            while let Some(batch) = follower.next_batch().expect("it is whole") {
                tiers.offer_ticks(batch.events).expect("the stores take ticks");
                batches += 1;
            }
            if is_over && batches == 0 {
                return tiers.close(CLOSE_WITHIN);
            }
            std::thread::sleep(PAUSE);
        }
    };
    std::thread::Builder::new().name("store".to_owned()).spawn(body).expect("the system can start a thread")
}
