//! Memory is flat over many ticks, whatever state the tiers are in. A program of its own, because it looks at the
//! process.

mod support;

use model::Nanos;
use std::time::Duration;
use storage::{
    Batch, Dictionary, Full, MemoryStore, Policy, SqliteConfig, SqliteStore, Store, StoreError, TierConfig,
    Tiers, Watermarks,
};
use support::rows::{dictionary, tick};

/// A store that is down.
struct Down;

impl Store for Down {
    fn name(&self) -> String {
        "nothing".to_owned()
    }

    fn open(&mut self, _: &Dictionary) -> Result<Watermarks, StoreError> {
        Err(StoreError::Unavailable { store: self.name(), why: "it is down".to_owned() })
    }

    fn write(&mut self, _: &Batch) -> Result<(), StoreError> {
        unreachable!("it never opens")
    }

    fn tidy(&mut self, _: Nanos) -> Result<(), StoreError> {
        Ok(())
    }
}

/// What the process has in memory, in bytes.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages: u64 = status.split(' ').nth(1).expect("a second field").parse().expect("a number");
    pages * 4096
}

#[test]
fn memory_is_flat_over_many_ticks() {
    let folder = tempfile::tempdir().expect("a folder");
    let down = |name: &str, policy| TierConfig {
        policy,
        queue_rows: 50_000,
        ..TierConfig::new(name, Box::new(Down))
    };
    let spill = Policy::Spill { folder: folder.path().join("spill"), bytes_max: 8 << 20, then: Full::Drop };
    let kept = SqliteConfig {
        keep: Nanos(600 * Nanos::SECOND.0),
        ..SqliteConfig::new(folder.path().join("warm.db"))
    };
    let warm = TierConfig {
        tidy_every: Nanos(60 * Nanos::SECOND.0),
        queue_rows: 50_000,
        ..TierConfig::new("warm", Box::new(SqliteStore::new(kept)))
    };
    let tiers = vec![
        TierConfig { queue_rows: 50_000, ..TierConfig::new("hot", Box::new(MemoryStore::new())) },
        warm,
        down("drops", Policy::Drop),
        down("spills", spill),
    ];
    let mut tiers = Tiers::start(tiers, &dictionary("run")).expect("they start");
    let million = 1_000_000;
    let mut first = 0;
    let millions = if std::env::var_os("PROPTEST_CASES").is_some() { 10 } else { 2 };
    for seq in 1..=millions * million {
        tiers.offer_ticks(&[tick(seq)]).expect("taken");
        if seq == million {
            first = resident_bytes();
        }
    }
    let (last, file) = (resident_bytes(), folder.path().join("warm.db").metadata().expect("a file").len());
    assert!(last < first + (16 << 20), "{first} bytes after a million ticks, {last} after {millions}");
    // Ten minutes of a thousand ticks a second, 60 bytes each, and what is not tidied yet.
    assert!(file < 128 << 20, "the database has {file} bytes");
    let spilled = std::fs::read_dir(folder.path().join("spill")).expect("a folder").flatten();
    assert!(spilled.map(|file| file.metadata().expect("a file").len()).sum::<u64>() <= 8 << 20);
    let reports = tiers.close(Duration::from_secs(20));
    assert_eq!(reports[0].stored.ticks, millions * million);
    assert_eq!(reports[1].stored.ticks, millions * million);
}
