//! What is written can be read, once; what is missing is not claimed; what is old goes; what is not ours is left alone.

use super::*;
use crate::query::{Holes, Source, Span, TickKind, TickReader, Ticks};
use crate::testing::{dictionary, quote, records, trade};
use model::Event;
use std::path::Path;

fn store(folder: &Path) -> SqliteStore {
    SqliteStore::new(SqliteConfig::new(folder.join("warm.db")))
}

fn ticks(first_seq: u64, ticks: Vec<Event>) -> Batch {
    Batch { first_seq, last_seq: ticks.last().expect("a tick").seq, rows: Rows::Ticks(ticks) }
}

fn results(first_seq: u64, seq: u64) -> Batch {
    Batch { first_seq, last_seq: seq, rows: Rows::Results(records(seq)) }
}

/// The first column of a query as text, row by row.
fn ask(folder: &Path, query: &str) -> Vec<String> {
    let connection = Connection::open(folder.join("warm.db")).expect("it opens");
    let mut statement = connection.prepare(query).expect("a query");
    let text =
        |row: &rusqlite::Row<'_>| row.get::<_, rusqlite::types::Value>(0).map(|value| format!("{value:?}"));
    statement.query_map([], text).expect("it runs").collect::<rusqlite::Result<_>>().expect("rows")
}

fn spans(folder: &Path, symbol: &str, kind: TickKind) -> Vec<(i64, i64)> {
    let mut sources = sqlite_sources(&folder.join("warm.db")).expect("it can be read");
    let spans = sources.first_mut().map(|source| source.spans(symbol, kind).expect("it can be read"));
    spans.into_iter().flatten().map(|span| (span.from.0, span.to.0)).collect()
}

fn numbers(folder: &Path, symbol: &str, kind: TickKind, from: i64, to: i64) -> Vec<u64> {
    let sources = sqlite_sources(&folder.join("warm.db")).expect("it can be read");
    let sources = sources.into_iter().map(|source| Box::new(source) as Box<dyn Source>).collect();
    let span = Span::new(Nanos(from), Nanos(to)).expect("a span");
    let mut reading =
        TickReader::new(sources).read(symbol, kind, span, Holes::Report).expect("it can be read");
    let (mut all, mut page) = (Vec::new(), Vec::new());
    loop {
        reading.read(&mut page).expect("it can be read");
        if page.is_empty() {
            return all;
        }
        all.extend(page.drain(..).map(|tick| tick.seq));
    }
}

#[test]
fn ticks_come_back_as_they_were_and_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = store(folder.path());
    assert_eq!(store.open(&dictionary("run")), Ok(Watermarks::default()));
    let symbol = |seq: u64| (seq % 2) as u32;
    let tick = |seq: u64| {
        if seq.is_multiple_of(3) {
            quote(seq, seq as i64 / 4, symbol(seq))
        } else {
            trade(seq, seq as i64 / 4, symbol(seq))
        }
    };
    store.write(&ticks(1, (1..=9_000).map(tick).collect())).expect("written");
    store.write(&ticks(9_001, (9_001..=10_000).map(tick).collect())).expect("written");
    assert_eq!(spans(folder.path(), "AAA", TickKind::Trades), [(0, 2500)]);
    for kind in TickKind::ALL {
        let expected = |from: i64, to: i64| -> Vec<u64> {
            let is_wanted = |seq: &u64| {
                let tick = tick(*seq);
                tick.symbol.0 == 1 && TickKind::of(&tick) == Some(kind) && (from..to).contains(&tick.ts.0)
            };
            (1..=10_000).filter(is_wanted).collect()
        };
        for (from, to) in [(0, 3_000), (100, 101), (2_400, 2_500), (-5, 0), (2_500, 2_501)] {
            assert_eq!(numbers(folder.path(), "BBB", kind, from, to), expected(from, to), "{from} to {to}");
        }
    }
    let mut source = sqlite_sources(&folder.path().join("warm.db")).expect("it opens").remove(0);
    let (mut found, span) = (Vec::new(), Span { from: Nanos(1), to: Nanos(2) });
    source.ticks("AAA", TickKind::Quotes, span).expect("held").read(&mut found).expect("read");
    assert_eq!(found, [Event { symbol: model::SymbolId::NONE, ..quote(6, 1, 0) }]);
    assert_eq!(store.open(&dictionary("run")), Ok(Watermarks { ticks: 10_000, results: 0 }));
    assert_eq!(spans(folder.path(), "CCC", TickKind::Trades), []);
}

#[test]
fn every_record_has_its_row_and_an_orders_last_state_holds() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = store(folder.path());
    store.open(&dictionary("run")).expect("it opens");
    store.write(&results(1, 10)).expect("written");
    let mut last = records(10);
    last.retain(|record| matches!(record, crate::Record::Order { .. } | crate::Record::Position { .. }));
    for record in &mut last {
        if let crate::Record::Order { seq, state, .. } = record {
            (*seq, state.status) = (11, crate::OrderStatus::Cancelled);
        }
    }
    store.write(&Batch { first_seq: 11, last_seq: 11, rows: Rows::Results(last) }).expect("written");
    let tables = ["bars", "indicators", "decisions", "votes", "orders", "fills", "equity", "positions"];
    let counts = tables.map(|table| ask(folder.path(), &format!("SELECT count(*) FROM {table}")).remove(0));
    let expected = [2, 2, 1, 6, 1, 1, 1, 1].map(|count| format!("Integer({count})"));
    assert_eq!(counts, expected);
    let row = ask(
        folder.path(),
        "SELECT client_order_id || ' ' || status || ' ' || seq || ' ' || filled FROM orders",
    );
    assert_eq!(row, ["Text(\"0badcafe-10-1 cancelled 11 4\")"]);
    assert_eq!(ask(folder.path(), "SELECT volume FROM bars LIMIT 1"), ["Text(\"1180591620717.411303424\")"]);
    assert_eq!(ask(folder.path(), "SELECT equity FROM equity"), ["Text(\"1237940039285380274.899124224\")"]);
}

#[test]
fn a_batch_that_comes_late_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = store(folder.path());
    store.open(&dictionary("run")).expect("it opens");
    let batch = ticks(1, vec![trade(1, 5, 0), trade(2, 6, 0)]);
    store.write(&batch).expect("written");
    let mut late = self::store(folder.path());
    late.open(&dictionary("run")).expect("it opens");
    store.write(&ticks(3, vec![trade(3, 7, 0)])).expect("written");
    assert!(matches!(late.write(&ticks(3, vec![trade(3, 7, 0)])), Err(StoreError::Unavailable { .. })));
    assert_eq!(ask(folder.path(), "SELECT count(*) FROM trades"), ["Integer(3)"]);
    assert_eq!(late.open(&dictionary("run")), Ok(Watermarks { ticks: 3, results: 0 }));
}

#[test]
fn holes_split_what_is_claimed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = store(folder.path());
    store.open(&dictionary("run")).expect("it opens");
    store.write(&ticks(4, vec![trade(5, 10, 0), trade(6, 20, 0)])).expect("written");
    store.write(&ticks(9, vec![trade(9, 30, 0), trade(10, 40, 0)])).expect("written");
    store.write(&results(7, 9)).expect("written");
    assert_eq!(spans(folder.path(), "AAA", TickKind::Trades), [(11, 20), (31, 40)]);
    assert_eq!(ask(folder.path(), "SELECT first_seq FROM gaps ORDER BY stream, first_seq").len(), 3);
}

#[test]
fn runs_are_sources_of_their_own_the_newest_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = store(folder.path());
    for (run, from) in [("first", 0), ("second", 50)] {
        store.open(&dictionary(run)).expect("it opens");
        let run: Vec<Event> = (1..=100).map(|seq| trade(seq, from + seq as i64, 0)).collect();
        store.write(&ticks(1, run)).expect("written");
    }
    assert_eq!(store.open(&dictionary("first")), Ok(Watermarks { ticks: 100, results: 0 }));
    let found = numbers(folder.path(), "AAA", TickKind::Trades, 40, 60);
    assert_eq!(
        found,
        (40..=50).chain(1..=9).collect::<Vec<_>>(),
        "each instant from the newest run that has it"
    );
}

#[test]
fn what_is_old_goes_and_is_not_claimed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut store = store(folder.path());
    store.open(&dictionary("old")).expect("it opens");
    store.write(&ticks(1, vec![trade(1, 0, 0)])).expect("written");
    store.open(&dictionary("run")).expect("it opens");
    let hour = |seq: u64| seq as i64 * Nanos::HOUR.0;
    store
        .write(&ticks(1, (1..=100).map(|seq| trade(seq, hour(seq), (seq % 2) as u32)).collect()))
        .expect("written");
    store.write(&results(1, 7)).expect("written");
    for _ in 0..2 {
        store.tidy(Nanos(hour(100))).expect("tidied");
        assert_eq!(ask(folder.path(), "SELECT min(seq) FROM trades"), ["Integer(76)"]);
        assert_eq!(spans(folder.path(), "AAA", TickKind::Trades), [(hour(76), hour(100))]);
        assert_eq!(ask(folder.path(), "SELECT name FROM runs"), ["Text(\"run\")"]);
        let tables = ["bars", "indicators", "decisions", "votes", "fills", "equity"];
        let counts =
            tables.map(|table| ask(folder.path(), &format!("SELECT count(*) FROM {table}")).remove(0));
        assert!(counts.iter().all(|count| count == "Integer(0)"), "{counts:?}");
        assert_eq!(
            ask(folder.path(), "SELECT status FROM orders"),
            ["Text(\"partially_filled\")"],
            "it is open"
        );
    }
}

fn refused(folder: &Path, part: &str) {
    let file = folder.join("warm.db");
    let before = std::fs::read(&file).ok();
    let error = store(folder).open(&dictionary("run")).expect_err("it is refused");
    let StoreError::Refused { why, .. } = &error else { panic!("{error:?}") };
    assert!(why.contains(part), "{why} says {part}");
    assert_eq!(std::fs::read(&file).ok(), before, "it is left as it was");
}

#[test]
fn what_is_not_ours_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("warm.db");
    std::fs::write(&file, "certainly no database, but long enough to look for its header").expect("written");
    refused(folder.path(), "no database");
    std::fs::remove_file(&file).expect("removed");
    let other = Connection::open(&file).expect("it opens");
    other.execute_batch("CREATE TABLE theirs (a)").expect("made");
    drop(other);
    refused(folder.path(), "another program");
    std::fs::remove_file(&file).expect("removed");
    store(folder.path()).open(&dictionary("run")).expect("it is made");
    let later = Connection::open(&file).expect("it opens");
    later.execute_batch("PRAGMA user_version = 7; PRAGMA wal_checkpoint(TRUNCATE)").expect("set");
    drop(later);
    refused(folder.path(), "schema version 7, and this program knows 1");
    assert!(matches!(sqlite_sources(&file), Err(StoreError::Refused { .. })), "nor is it read");
    refused(&folder.path().join("nowhere"), "make its folder");
}

#[test]
fn a_locked_database_is_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = SqliteConfig {
        lock_wait: Duration::from_millis(20),
        ..SqliteConfig::new(folder.path().join("warm.db"))
    };
    let mut store = SqliteStore::new(config);
    store.open(&dictionary("run")).expect("it opens");
    let other = Connection::open(folder.path().join("warm.db")).expect("it opens");
    other.execute_batch("BEGIN IMMEDIATE").expect("locked");
    let batch = ticks(1, vec![trade(1, 5, 0)]);
    assert!(matches!(store.write(&batch), Err(StoreError::Unavailable { .. })));
    other.execute_batch("COMMIT").expect("unlocked");
    assert_eq!(store.open(&dictionary("run")), Ok(Watermarks::default()));
    store.write(&batch).expect("written");
}
