//! A tier on Redis while the server, or the way to it, fails: afterwards every tick is there once.

mod support;

use redis::Commands;
use std::time::Duration;
use storage::{Full, Hole, Policy, RedisStore, Status, Stream, TierEvent};
use support::proxy::Proxy;
use support::redis::{Durable, Redis};
use support::rows::{SYMBOLS, close, offer, settle, start, symbol_of};

/// The numbers of all ticks that the server has, in order; fails if one is there twice.
fn stored(server: &Redis) -> Vec<u64> {
    let mut client = server.client();
    let mut all = Vec::new();
    for symbol in 0..SYMBOLS {
        let list: Vec<Vec<u8>> =
            client.lrange(format!("grandmodel:ticks:S{symbol:02}"), 0, -1).expect("a list");
        let numbers =
            list.iter().rev().map(|tick| u64::from_le_bytes(tick[..8].try_into().expect("8 bytes")));
        let numbers: Vec<u64> = numbers.collect();
        assert!(numbers.is_sorted(), "a list is in order");
        assert!(numbers.iter().all(|seq| symbol_of(*seq) == symbol));
        all.extend(numbers);
    }
    all.sort_unstable();
    assert!(all.windows(2).all(|pair| pair[0] < pair[1]), "no tick is there twice");
    all
}

fn all(last: u64) -> Vec<u64> {
    (1..=last).collect()
}

/// Fewer than a thousand of each symbol, so that lists are not capped.
const LAST: u64 = 60_000;

#[test]
fn a_frozen_server_goes_on_where_it_was() {
    let Some(server) = Redis::start(Durable::No, None) else { return };
    let mut tiers = start(Box::new(RedisStore::new(server.config())), Policy::Block);
    for round in 0..3 {
        offer(&mut tiers, round * 20_000 + 1..=round * 20_000 + 10_000);
        server.freeze();
        offer(&mut tiers, round * 20_000 + 10_001..=round * 20_000 + 20_000);
        std::thread::sleep(Duration::from_millis(700));
        server.thaw();
    }
    let report = close(tiers);
    assert_eq!(stored(&server), all(LAST));
    assert_eq!((report.holes, report.unsaved_rows, report.stored.ticks), (vec![], 0, LAST));
    assert!(report.outages > 0);
}

#[test]
fn a_frozen_server_does_not_freeze_the_end() {
    let Some(server) = Redis::start(Durable::No, None) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let spill = || Policy::Spill { folder: folder.path().to_owned(), bytes_max: 64 << 20, then: Full::Block };
    let mut tiers = start(Box::new(RedisStore::new(server.config())), spill());
    offer(&mut tiers, 1..=1_000);
    settle(&tiers);
    server.freeze();
    offer(&mut tiers, 1_001..=LAST);
    let report = tiers.close(Duration::from_millis(50)).pop().expect("a tier");
    assert_eq!(report.unsaved_rows, LAST - 1_000);
    assert_eq!(report.spilled_rows, report.unsaved_rows, "the next start has it");
    server.thaw();
    let tiers = start(Box::new(RedisStore::new(server.config())), spill());
    assert_eq!(tiers.resume_from().ticks, LAST);
    assert_eq!((close(tiers).holes, stored(&server)), (vec![], all(LAST)));
}

#[test]
fn a_killed_server_that_kept_its_data_is_stored_to_once() {
    let Some(mut server) = Redis::start(Durable::Yes, None) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let spill = Policy::Spill { folder: folder.path().to_owned(), bytes_max: 8 << 20, then: Full::Block };
    let mut tiers = start(Box::new(RedisStore::new(server.config())), spill);
    for round in 0..6 {
        // Killed while batches are on their way.
        offer(&mut tiers, round * 10_000 + 1..=round * 10_000 + 10_000);
        std::thread::sleep(Duration::from_millis(3 * round));
        server.kill();
        std::thread::sleep(Duration::from_millis(20));
        server.restart();
    }
    let report = close(tiers);
    assert_eq!(stored(&server), all(LAST));
    assert_eq!((report.holes, report.unsaved_rows, report.status), (vec![], 0, Status::Up));
    assert!(report.outages > 0 && report.spill_bytes_max <= 8 << 20);
}

#[test]
fn a_killed_server_that_lost_its_data_has_a_hole_that_is_told() {
    let Some(mut server) = Redis::start(Durable::No, None) else { return };
    let mut tiers = start(Box::new(RedisStore::new(server.config())), Policy::Block);
    offer(&mut tiers, 1..=20_000);
    settle(&tiers);
    server.kill();
    offer(&mut tiers, 20_001..=40_000);
    server.restart();
    settle(&tiers);
    let hole = Hole { stream: Stream::Ticks, first_seq: 1, last_seq: 20_000 };
    assert!(tiers.notices().iter().any(|notice| notice.event == TierEvent::Lost(hole)));
    assert_eq!(close(tiers).holes, [hole]);
    assert_eq!(
        stored(&server),
        (20_001..=40_000).collect::<Vec<_>>(),
        "what was still held was offered again"
    );
}

#[test]
fn a_connection_cut_at_any_byte_neither_loses_nor_doubles() {
    let Some(server) = Redis::start(Durable::No, None) else { return };
    let proxy = Proxy::start(server.address());
    let mut tiers = start(Box::new(RedisStore::new(server.config_at(proxy.address()))), Policy::Block);
    for round in 0..30_u64 {
        proxy.cut_after(round * 7_919 % 60_000);
        offer(&mut tiers, round * 2_000 + 1..=round * 2_000 + 2_000);
        std::thread::sleep(Duration::from_millis(10));
    }
    proxy.restore();
    let report = close(tiers);
    assert_eq!(stored(&server), all(LAST));
    assert_eq!((report.holes, report.unsaved_rows), (vec![], 0));
    assert!(report.outages >= 10, "{} outages", report.outages);
}

#[test]
fn a_batch_that_arrives_late_is_not_applied_twice() {
    let Some(server) = Redis::start(Durable::No, None) else { return };
    let proxy = Proxy::start(server.address());
    let mut tiers = start(Box::new(RedisStore::new(server.config_at(proxy.address()))), Policy::Block);
    for round in 0..6_u64 {
        // Half open: what is sent waits in the proxy, and comes out after the store gave it up and sent it again.
        offer(&mut tiers, round * 10_000 + 1..=round * 10_000 + 5_000);
        proxy.freeze();
        offer(&mut tiers, round * 10_000 + 5_001..=round * 10_000 + 10_000);
        std::thread::sleep(Duration::from_millis(400));
        proxy.restore();
    }
    let report = close(tiers);
    assert_eq!(stored(&server), all(LAST));
    assert_eq!((report.holes, report.unsaved_rows), (vec![], 0));
}

#[test]
fn a_slow_way_is_no_outage() {
    let Some(server) = Redis::start(Durable::No, None) else { return };
    let proxy = Proxy::start(server.address());
    proxy.delay(Duration::from_millis(2));
    proxy.bandwidth(Some(20_000_000));
    let mut tiers = start(Box::new(RedisStore::new(server.config_at(proxy.address()))), Policy::Block);
    offer(&mut tiers, 1..=LAST);
    let report = close(tiers);
    assert_eq!((stored(&server), report.outages), (all(LAST), 0));
}

#[test]
fn a_server_that_is_down_at_the_start_is_caught_up_with() {
    let Some(mut server) = Redis::start(Durable::Yes, None) else { return };
    server.kill();
    let mut tiers = start(Box::new(RedisStore::new(server.config())), Policy::Block);
    assert!(!tiers.held()[0].is_reached);
    offer(&mut tiers, 1..=LAST);
    server.restart();
    let report = close(tiers);
    assert_eq!((stored(&server), report.holes), (all(LAST), vec![]));
}

#[test]
fn a_password_that_changes_under_way_stops_the_tier_once() {
    let Some(server) = Redis::start(Durable::No, None) else { return };
    let mut tiers = start(Box::new(RedisStore::new(server.config())), Policy::Drop);
    offer(&mut tiers, 1..=1_000);
    settle(&tiers);
    let mut client = server.client();
    let _: () =
        redis::cmd("CONFIG").arg("SET").arg("requirepass").arg("canary").query(&mut client).expect("set");
    let _: () =
        redis::cmd("CLIENT").arg("KILL").arg("TYPE").arg("normal").query(&mut client).expect("killed");
    offer(&mut tiers, 1_001..=5_000);
    for _ in 0..2_000 {
        if matches!(tiers.lags()[0].status, Status::Refused(_)) {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let refusals = tiers.notices().into_iter().filter(|notice| matches!(notice.event, TierEvent::Refused(_)));
    assert_eq!(refusals.count(), 1);
    let report = close(tiers);
    assert_eq!((report.stored_rows + report.dropped_rows, report.unsaved_rows), (5_000, 0));
    let _: u64 = client.llen("grandmodel:ticks:S01").expect("the test's own connection stands");
}
