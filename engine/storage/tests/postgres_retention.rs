//! Versions, partitions and retention against a real server.

mod support {
    #![allow(dead_code, reason = "each test program uses a part")]
    pub mod postgres;
    pub mod proxy;
    pub mod samples;
}

use model::{Event, Nanos, SymbolId};
use storage::postgres::{
    Flavour, PostgresSettings, PostgresStore, PostgresTier, create_statements, postgres_sources,
};
use storage::query::{Source, Span, TickKind};
use storage::{Batch, Record, Rows, Store};
use support::postgres::{Schema, Server, server};
use support::samples::{YEAR, dictionary, results, tick, ticks};

/// One tick a minute from the year's beginning.
fn minutes(first: u64, last: u64) -> Batch {
    let rows: Vec<Event> = (first..=last).map(|seq| tick(seq, YEAR, Nanos::MINUTE)).collect();
    Batch { first_seq: first, last_seq: last, rows: Rows::Ticks(rows) }
}

fn hours(count: i64) -> Nanos {
    Nanos(YEAR.0 + count * Nanos::HOUR.0)
}

/// The partitions of a table, by the end of their names.
fn partitions(schema: &Schema, table: &str) -> Vec<String> {
    let query = format!(
        "SELECT replace(c.relname, '{table}_', '') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid \
         WHERE i.inhparent = '%.{table}'::regclass AND c.relkind = 'r' ORDER BY 1"
    );
    schema.lines(&query)
}

fn open(server: &Server, schema: &Schema) -> PostgresStore {
    let mut store = PostgresStore::new(&server.warm(schema)).expect("settings");
    store.open(&dictionary("r1")).expect("open");
    store
}

#[test]
fn retention_drops_exactly_the_partitions_that_are_past_it() {
    let Some(server) = server() else { return };
    let schema = server.schema("keep");
    let mut store = open(&server, &schema);
    for first in (1..=1_611).step_by(179) {
        store.write(&minutes(first, first + 178)).expect("stored");
    }
    // 27 hours of ticks, and one partition ahead.
    let all: Vec<String> =
        (0..28).map(|hour| format!("202401{:02}{:02}", 1 + hour / 24, hour % 24)).collect();
    assert_eq!(partitions(&schema, "trade_rows"), all);
    assert_eq!(partitions(&schema, "quote_rows"), all);
    schema.sql.run(&format!(
        "CREATE TABLE {0}.trade_rows_mine PARTITION OF {0}.trade_rows \
                             FOR VALUES FROM ('1999-01-01 00:00+00') TO ('1999-01-02 00:00+00')",
        schema.name
    ));
    // Nothing is older than 24 hours to the end of its partition.
    store.tidy(Nanos(hours(25).0 - 1)).expect("tidy");
    assert_eq!(partitions(&schema, "quote_rows"), all);
    store.tidy(hours(25)).expect("tidy");
    assert_eq!(partitions(&schema, "quote_rows"), all[1..]);
    for _ in 0..2 {
        store.tidy(Nanos(hours(27).0 + 1)).expect("tidy");
        assert_eq!(partitions(&schema, "quote_rows"), all[3..]);
    }
    assert_eq!(partitions(&schema, "trade_rows")[..24], all[3..27]);
    assert_eq!(schema.cell("SELECT count(*) FROM %.trade_rows_mine"), "0", "what is not ours stays");
    assert_eq!(schema.ticks(), (180..=1_611).collect::<Vec<_>>());
    // A new connection knows what there is.
    assert_eq!(store.open(&dictionary("r1")).expect("open").ticks, 1_611);
    store.tidy(hours(28)).expect("tidy");
    assert_eq!(partitions(&schema, "quote_rows"), all[4..]);
    store.write(&minutes(1_612, 1_800)).expect("stored");
}

#[test]
fn complete_partitions_of_ticks_are_indexed_and_open_ones_are_not() {
    let Some(server) = server() else { return };
    let schema = server.schema("index");
    let mut store = open(&server, &schema);
    store.write(&minutes(1, 150)).expect("stored");
    let query = "SELECT tablename FROM pg_indexes WHERE schemaname = '%' AND starts_with(tablename, 'trade_rows') ORDER BY 1";
    assert_eq!(schema.lines(query), Vec::<String>::new());
    for _ in 0..2 {
        store.tidy(hours(2)).expect("tidy");
        assert_eq!(schema.lines(query), ["trade_rows_2024010100", "trade_rows_2024010101"]);
    }
    store.write(&minutes(151, 200)).expect("stored");
}

#[test]
fn a_reader_in_the_way_puts_retention_off() {
    let Some(server) = server() else { return };
    let schema = server.schema("reader");
    let mut store = open(&server, &schema);
    store.write(&minutes(1, 150)).expect("stored");
    let reader = server.sql();
    reader.run(&format!("BEGIN; SELECT count(*) FROM {}.trade_rows", schema.name));
    let before = partitions(&schema, "trade_rows");
    store.tidy(hours(48)).expect("it is put off");
    assert_eq!(partitions(&schema, "trade_rows"), before);
    // The reader is not in the way of new partitions.
    store.write(&minutes(151, 400)).expect("stored");
    reader.run("COMMIT");
    store.tidy(hours(48)).expect("tidy");
    assert_eq!(partitions(&schema, "trade_rows"), Vec::<String>::new());
}

#[test]
fn results_stay_with_their_day_and_the_ages_of_ticks_are_bounded_by_retention() {
    let Some(server) = server() else { return };
    let schema = server.schema("days");
    let mut store = open(&server, &schema);
    store.write(&results(1)).expect("stored");
    assert_eq!(partitions(&schema, "bar_rows"), ["2024010100", "2024010200"]);
    store.tidy(Nanos(hours(48).0 - 1)).expect("tidy");
    assert_eq!(schema.cell("SELECT count(*) FROM %.bars"), "2");
    store.tidy(hours(48)).expect("tidy");
    assert_eq!(schema.cell("SELECT count(*) FROM %.bars"), "0");
    // A tick a day: of a batch of 1,000 days the last is written, and what would be dropped at once is not.
    let rows: Vec<Event> = (1..=1_000).map(|seq| tick(seq, YEAR, Nanos::DAY)).collect();
    store.write(&Batch { first_seq: 1, last_seq: 1_000, rows: Rows::Ticks(rows) }).expect("stored");
    assert_eq!(schema.ticks(), [999, 1_000]);
    let mut sources = postgres_sources(&server.warm(&schema)).expect("sources");
    let (cut, last) = (tick(999, YEAR, Nanos::DAY).ts, tick(1_000, YEAR, Nanos::DAY).ts);
    assert_eq!(
        sources[0].spans("BTCUSDT.SPOT", TickKind::Trades).expect("spans"),
        [Span { from: cut, to: last }]
    );
}

#[test]
fn the_version_before_is_brought_up_to_date_and_keeps_its_rows() {
    let Some(server) = server() else { return };
    let schema = server.schema("older");
    let name = &schema.name;
    for statement in create_statements(name, PostgresTier::Warm, Flavour::Partitions) {
        schema.sql.run(&statement);
    }
    schema.sql.run(&format!(
        "INSERT INTO {name}.schema_version (version) VALUES (1); \
         INSERT INTO {name}.runs (name, session, strategy, account) VALUES ('r1', 's', 'marl', 'paper'); \
         INSERT INTO {name}.watermarks VALUES (1, 'ticks', 7)"
    ));
    assert_eq!(schema.cell("SELECT to_regclass('%.trades') IS NULL"), "t");
    let mut store = PostgresStore::new(&server.warm(&schema)).expect("settings");
    assert_eq!(store.open(&dictionary("r1")).expect("open").ticks, 7);
    assert_eq!(schema.lines("SELECT version FROM %.schema_version ORDER BY 1"), ["1", "2"]);
    store.write(&ticks(8, 100)).expect("stored");
    assert_eq!(schema.cell("SELECT count(*) FROM %.trades"), "62");
    // Opening once more changes nothing.
    store.open(&dictionary("r1")).expect("open");
    assert_eq!(schema.cell("SELECT count(*) FROM %.schema_version"), "2");
}

#[test]
fn the_cold_tier_keeps_days_and_weeks_for_a_year() {
    let Some(server) = server() else { return };
    let schema = server.schema("cold");
    let settings = PostgresSettings {
        schema: schema.name.clone(),
        ..PostgresSettings::cold(&server.address, Some(server.password.clone()))
    };
    let mut store = PostgresStore::new(&settings).expect("settings");
    store.open(&dictionary("r1")).expect("open");
    if store.flavour() == Some(Flavour::Timescale) {
        return;
    }
    store.write(&minutes(1, 2_000)).expect("stored");
    store.write(&results(1)).expect("stored");
    assert_eq!(partitions(&schema, "trade_rows"), ["2024010100", "2024010200", "2024010300"]);
    assert_eq!(partitions(&schema, "account_rows"), ["2023122800", "2024010400"]);
    store.tidy(hours(24)).expect("tidy");
    let indexes = "SELECT indexname FROM pg_indexes WHERE schemaname = '%' AND starts_with(tablename, 'trade_rows') ORDER BY 1";
    assert_eq!(schema.lines(indexes), ["trade_rows_2024010100_symbol_ts", "trade_rows_2024010100_ts_price"]);
    store.tidy(Nanos(hours(24 * 366).0 - 1)).expect("tidy");
    assert_eq!(schema.ticks().len(), 2_000);
    store.tidy(hours(24 * 366)).expect("tidy");
    assert_eq!(partitions(&schema, "trade_rows"), ["2024010200", "2024010300"]);
}

#[test]
fn symbols_and_kinds_beyond_one_batch_make_no_difference() {
    let Some(server) = server() else { return };
    let schema = server.schema("order");
    let mut store = open(&server, &schema);
    // The state of an order at several inputs: the last one holds in `orders`.
    for seq in 10..14 {
        store.write(&results(seq)).expect("stored");
    }
    let rows = vec![Record::Position {
        seq: 20,
        ts: hours(1),
        symbol: SymbolId(0),
        quantity: model::Quantity::new(5),
    }];
    store.write(&Batch { first_seq: 14, last_seq: 20, rows: Rows::Results(rows) }).expect("stored");
    assert_eq!(schema.cell("SELECT count(*) FROM %.order_states"), "8");
    let last = "SELECT client_order_id, status FROM %.orders ORDER BY 1";
    let expected: Vec<String> = (10..14).map(|seq| format!("0123abcd-{seq}-1|partially_filled")).collect();
    assert_eq!(schema.lines(last), expected);
}
