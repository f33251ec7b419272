//! Reading back across real stores: what tiers stored comes out as it went in, whichever of them has it.

mod support;

use feed::{Feed, More};
use model::{Event, Nanos, SymbolId};
use std::time::Duration;
use storage::query::{Holes, Source, Span, StoredFeed, TickReader};
use storage::{
    MemoryStore, MemoryView, Policy, RedisSource, RedisStore, SqliteConfig, SqliteStore, Store, Tiers,
    sqlite_sources,
};
use support::redis::{Durable, Redis};
use support::rows::{SYMBOLS, config, dictionary, offer, settle, tick};

const LAST: u64 = 100_000;

fn span(from: u64, to: u64) -> Span {
    Span::new(Nanos(from as i64 * 1_000_000), Nanos(to as i64 * 1_000_000)).expect("a span")
}

/// All ticks of the feed, by their venue's time in milliseconds, which is their number.
fn replay(reader: TickReader, span: Span, holes: Holes) -> (Vec<u64>, usize) {
    let instruments = dictionary("run").instruments;
    let mut feed = StoredFeed::new(reader, instruments, span, holes);
    feed.connect().expect("it connects");
    let symbols: Vec<SymbolId> = (0..SYMBOLS as u32).map(SymbolId).collect();
    feed.subscribe(&symbols).expect("it is held");
    let (mut all, mut batch) = (Vec::new(), Vec::new());
    while let More::Yes = feed.on_tick(&mut batch).expect("it reads") {
        for found in &batch {
            let seq = found.ts.0 as u64 / 1_000_000;
            assert_eq!(*found, Event { seq: 0, ..tick(seq) }, "it is as it was");
            all.push(seq);
        }
    }
    (all, feed.missing().len())
}

fn tier(store: Box<dyn Store>) -> storage::TierConfig {
    config(store, Policy::Block)
}

/// Stores every tick in all stores and gives their ends for reading.
fn stored(folder: &std::path::Path, redis: Option<&Redis>) -> MemoryView {
    let memory = MemoryStore::new();
    let view = memory.view();
    let sqlite = SqliteStore::new(SqliteConfig::new(folder.join("warm.db")));
    let mut configs = vec![tier(Box::new(memory)), tier(Box::new(sqlite))];
    configs.extend(redis.map(|redis| tier(Box::new(RedisStore::new(redis.config())))));
    let mut tiers = Tiers::start(configs, &dictionary("run")).expect("they start");
    offer(&mut tiers, 1..=LAST);
    settle(&tiers);
    assert!(tiers.close(Duration::from_secs(30)).iter().all(|report| report.unsaved_rows == 0));
    view
}

#[test]
fn a_span_comes_from_memory_redis_and_sqlite_as_from_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let redis = Redis::start(Durable::No, None);
    let view = stored(folder.path(), redis.as_ref());
    let sources = || {
        let mut sources: Vec<Box<dyn Source>> = vec![Box::new(view.source())];
        if let Some(redis) = &redis {
            sources.push(Box::new(RedisSource::open(&redis.config()).expect("it can be read")));
        }
        let warm = sqlite_sources(&folder.path().join("warm.db")).expect("it can be read");
        sources.extend(warm.into_iter().map(|source| Box::new(source) as Box<dyn Source>));
        TickReader::new(sources)
    };
    for (from, to) in
        [(1, LAST + 1), (LAST - 70_000, LAST - 60_000), (40_000, 40_001), (LAST - 500, 2 * LAST)]
    {
        let (found, missing) = replay(sources(), span(from, to), Holes::Refuse);
        assert_eq!((found, missing), ((from..to.min(LAST + 1)).collect(), 0), "{from} to {to}");
    }
    // Before the first tick nobody claims anything.
    let (found, missing) = replay(sources(), span(0, 100), Holes::Report);
    assert_eq!((found, missing), ((1..100).collect(), 2 * SYMBOLS as usize));
}

#[test]
fn memory_alone_has_the_end_and_says_where_it_begins() {
    let folder = tempfile::tempdir().expect("a folder");
    let view = stored(folder.path(), None);
    let reader = TickReader::new(vec![Box::new(view.source())]);
    let (found, missing) = replay(reader, span(1, LAST + 1), Holes::Report);
    assert_eq!(missing, 2 * SYMBOLS as usize, "of each symbol and kind, what is not in memory any more");
    let expected = SYMBOLS * storage::HOT_TICKS as u64;
    assert!((expected - SYMBOLS..=expected).contains(&(found.len() as u64)), "{} ticks", found.len());
    assert!(found.is_sorted() && found.last() == Some(&LAST));
}
