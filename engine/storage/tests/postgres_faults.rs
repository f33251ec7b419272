//! A server that is stopped, frozen, slow, or whose connections break anywhere: no row is lost or doubled.
//!
//! The tests of this program take turns: two of them stop the server itself.

mod support {
    #![allow(dead_code, reason = "each test program uses a part")]
    pub mod postgres;
    pub mod proxy;
    pub mod samples;
}

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::Duration;
use storage::postgres::{PostgresSettings, PostgresStore};
use storage::{Batch, Store, StoreError};
use support::postgres::{Schema, Server, Sql, impatient, server, services};
use support::proxy::Proxy;
use support::samples::{dictionary, ticks};

/// Longest silence that a store of these tests puts up with.
const PATIENCE_MS: u64 = 500;

fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a tier does: offers a batch until it is stored, opening the store anew after every failure. How often it
/// failed.
fn deliver(store: &mut PostgresStore, batch: &Batch) -> usize {
    let mut result = store.write(batch);
    for failures in 0..200 {
        let Err(error) = result else { return failures };
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
        result = store.open(&dictionary("r1")).and_then(|marks| {
            let mut rest = batch.clone();
            if rest.trim(marks.ticks) { store.write(&rest) } else { Ok(()) }
        });
        if result.is_err() {
            sleep(Duration::from_millis(50));
        }
    }
    panic!("{result:?} after 200 tries");
}

/// A store behind a proxy, impatient.
fn behind(server: &Server, schema: &Schema, proxy: &Proxy) -> PostgresStore {
    let settings = PostgresSettings { address: server.by(proxy), ..server.warm(schema) };
    let mut store = PostgresStore::new(&impatient(settings, PATIENCE_MS)).expect("settings");
    store.open(&dictionary("r1")).expect("open");
    store
}

fn complete(schema: &Schema, last: u64) {
    assert_eq!(schema.ticks(), (1..=last).collect::<Vec<_>>());
    assert_eq!(schema.cell("SELECT seq FROM %.watermarks WHERE stream = 'ticks'"), last.to_string());
}

#[test]
fn a_commit_whose_answer_is_lost_is_not_repeated() {
    let _turn = turn();
    let Some(server) = server() else { return };
    let schema = server.schema("lost");
    let proxy = Proxy::start(server.socket());
    let settings = PostgresSettings { address: server.by(&proxy), ..server.warm(&schema) };
    let mut store = PostgresStore::new(&impatient(settings, 5_000)).expect("settings");
    store.open(&dictionary("r1")).expect("open");
    // As many rows are as many bytes: they tell when the last of them, the commit, is through.
    store.write(&ticks(1, 50)).expect("stored");
    let before = proxy.forwarded();
    store.write(&ticks(51, 100)).expect("stored");
    let bytes = proxy.forwarded() - before;
    // From now on everything waits in the proxy on its way, so that the commit's answer is still there when the
    // connection is cut.
    proxy.delay(Duration::from_millis(100));
    let batch = ticks(101, 150);
    let result = std::thread::scope(|scope| {
        let writer = scope.spawn(|| store.write(&batch));
        while proxy.forwarded() < before + 2 * bytes && !writer.is_finished() {
            sleep(Duration::from_micros(200));
        }
        sleep(Duration::from_millis(30));
        proxy.drop_connections();
        writer.join().expect("the writer lives")
    });
    let error = result.expect_err("the answer was lost");
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    proxy.restore();
    assert_eq!(store.open(&dictionary("r1")).expect("open").ticks, 150, "the commit itself arrived");
    deliver(&mut store, &ticks(151, 200));
    complete(&schema, 200);
}

#[test]
fn connections_cut_anywhere_lose_and_double_nothing() {
    let _turn = turn();
    let Some(server) = server() else { return };
    let schema = server.schema("cut");
    let proxy = Proxy::start(server.socket());
    let mut store = behind(&server, &schema, &proxy);
    let rows = 200;
    store.write(&ticks(1, rows)).expect("stored");
    let before = proxy.forwarded();
    store.write(&ticks(rows + 1, 2 * rows)).expect("stored");
    let bytes = proxy.forwarded() - before;
    // 60 places evenly over a batch, the first and the last byte among them.
    let mut failures = 0;
    for n in 0..60 {
        proxy.cut_after(n * bytes / 59);
        let first = (n + 2) * rows + 1;
        failures += deliver(&mut store, &ticks(first, first + rows - 1));
    }
    assert!(failures >= 55, "{failures} of 60 batches were cut");
    proxy.restore();
    deliver(&mut store, &ticks(62 * rows + 1, 63 * rows));
    complete(&schema, 63 * rows);
}

#[test]
fn a_slow_connection_is_slow_and_nothing_else() {
    let _turn = turn();
    let Some(server) = server() else { return };
    let schema = server.schema("slow");
    let proxy = Proxy::start(server.socket());
    let mut store = behind(&server, &schema, &proxy);
    // A batch takes several times as long as the store is patient; it is not given up for that.
    proxy.bandwidth(Some(1_500_000));
    assert_eq!(deliver(&mut store, &ticks(1, 20_000)), 0);
    proxy.restore();
    complete(&schema, 20_000);
}

#[test]
fn a_half_open_connection_is_noticed_and_what_waited_in_it_changes_nothing() {
    let _turn = turn();
    let Some(server) = server() else { return };
    let schema = server.schema("half");
    let proxy = Proxy::start(server.socket());
    let mut store = behind(&server, &schema, &proxy);
    deliver(&mut store, &ticks(1, 1_000));
    proxy.freeze();
    let error = store.write(&ticks(1_001, 2_000)).expect_err("nothing passes");
    assert!(error.to_string().contains("no answer within"), "{error}");
    assert!(store.open(&dictionary("r1")).is_err(), "nothing passes");
    proxy.restore();
    deliver(&mut store, &ticks(1_001, 2_000));
    complete(&schema, 2_000);
}

#[test]
fn a_frozen_server_is_noticed_and_its_late_commit_is_seen() {
    let _turn = turn();
    let Some(server) = server() else { return };
    let schema = server.schema("frozen");
    let mut store = PostgresStore::new(&impatient(server.warm(&schema), PATIENCE_MS)).expect("settings");
    store.open(&dictionary("r1")).expect("open");
    deliver(&mut store, &ticks(1, 1_000));
    services(&["freeze", "postgres"]);
    let error = store.write(&ticks(1_001, 2_000)).expect_err("it is frozen");
    assert!(error.to_string().contains("no answer within"), "{error}");
    assert!(store.open(&dictionary("r1")).is_err(), "it is frozen");
    services(&["thaw", "postgres"]);
    deliver(&mut store, &ticks(1_001, 2_000));
    deliver(&mut store, &ticks(2_001, 3_000));
    complete(&schema, 3_000);
}

/// Delivers batches while `trouble` does something to the server, until there are `last` ticks; the failures.
fn deliver_through(store: &mut PostgresStore, last: u64, trouble: impl FnOnce() + Send) -> usize {
    std::thread::scope(|scope| {
        let trouble = scope.spawn(trouble);
        let (mut failures, mut first) = (0, 1);
        while first <= last {
            failures += deliver(store, &ticks(first, first + 999));
            first += 1_000;
            if first + 5_000 > last && !trouble.is_finished() {
                sleep(Duration::from_millis(20));
            }
        }
        trouble.join().expect("the trouble is over");
        failures
    })
}

#[test]
fn a_server_stopped_and_started_between_and_within_batches_has_every_row_once() {
    let _turn = turn();
    let Some(server) = server() else { return };
    let schema = server.schema("restart");
    let mut store = PostgresStore::new(&impatient(server.warm(&schema), 2_000)).expect("settings");
    store.open(&dictionary("r1")).expect("open");
    let failures = deliver_through(&mut store, 100_000, || {
        for _ in 0..3 {
            sleep(Duration::from_millis(150));
            services(&["stop", "postgres"]);
            sleep(Duration::from_millis(100));
            services(&["start", "postgres"]);
        }
    });
    assert!(failures > 0, "the server was away");
    // This test's own connection is as dead as the store's was.
    let after = Schema { name: schema.name.clone(), sql: server.sql() };
    complete(&after, 100_000);
    after.sql.run("SELECT 1");
    std::mem::forget(schema);
}

#[test]
fn a_server_frozen_again_and_again_has_every_row_once() {
    let _turn = turn();
    let Some(server) = server() else { return };
    let schema = server.schema("freezes");
    let mut store = PostgresStore::new(&impatient(server.warm(&schema), PATIENCE_MS)).expect("settings");
    store.open(&dictionary("r1")).expect("open");
    let failures = deliver_through(&mut store, 60_000, || {
        for _ in 0..4 {
            sleep(Duration::from_millis(120));
            services(&["freeze", "postgres"]);
            sleep(Duration::from_millis(2 * PATIENCE_MS));
            services(&["thaw", "postgres"]);
        }
    });
    assert!(failures > 0, "the server was frozen");
    complete(&schema, 60_000);
}

#[test]
fn a_backend_that_is_killed_takes_nothing_with_it() {
    let _turn = turn();
    let Some(server) = server() else { return };
    let schema = server.schema("killed");
    let mut store = PostgresStore::new(&impatient(server.warm(&schema), 2_000)).expect("settings");
    store.open(&dictionary("r1")).expect("open");
    let other: Sql = server.sql();
    let failures = deliver_through(&mut store, 60_000, || {
        for _ in 0..10 {
            sleep(Duration::from_millis(60));
            other.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'grandmodel'",
            );
        }
    });
    assert!(failures > 0, "it was killed");
    complete(&schema, 60_000);
}
