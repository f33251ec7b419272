//! The very SQL that the cold tier runs on TimescaleDB, on a build of it for node: hypertables, the seed's indexes,
//! compression after a day, retention of a year.
//!
//! That build speaks to no client over a socket, so the store's own connection is tested on PostgreSQL's partitions.

use model::Nanos;
use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use storage::postgres::{Flavour, PostgresTier, create_statements, tidy_statements, view_statements};

/// 2024-01-01T00:00:00Z.
const YEAR: i64 = 1_704_067_200;

/// The rows that each statement gave, cells separated by `|`.
fn run(statements: &[String]) -> Option<Vec<Vec<String>>> {
    let Some(modules) = std::env::var_os("GRANDMODEL_TEST_TIMESCALE") else {
        let line = "SKIPPED TimescaleDB's SQL: GRANDMODEL_TEST_TIMESCALE is not set; scripts/services.sh sets it where \
                    node and npm are installed\n";
        std::io::stderr().write_all(line.as_bytes()).expect("written");
        return None;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/timescale.mjs");
    let mut node = Command::new("node")
        .arg(script)
        .arg(modules)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is there where its modules are");
    let list = serde_json::to_string(statements).expect("a list of strings");
    node.stdin.take().expect("piped").write_all(list.as_bytes()).expect("node reads");
    let output = node.wait_with_output().expect("node ends");
    assert!(output.status.success(), "node failed");
    let answers: Vec<Value> = serde_json::from_slice(&output.stdout).expect("a list of answers");
    assert_eq!(answers.len(), statements.len());
    let rows = answers.iter().zip(statements).map(|(answer, statement)| {
        assert!(answer["error"].is_null(), "{statement}\n{}", answer["error"]);
        let rows = answer["rows"].as_array().expect("rows");
        rows.iter().map(|row| line(row.as_array().expect("a row"))).collect()
    });
    Some(rows.collect())
}

fn line(cells: &[Value]) -> String {
    cells.iter().map(|cell| cell.as_str().unwrap_or_default()).collect::<Vec<_>>().join("|")
}

/// A trade every ten minutes for so many hours from the year's beginning, in the columns' order.
fn trades(hours: i64) -> String {
    format!(
        "INSERT INTO cold.trade_rows SELECT 1, 1, n, to_timestamp({YEAR} + n * 600), ({YEAR} + n * 600) * 1000000000::bigint, \
         n * 1000000000::bigint, 200000000000, 7, 1 FROM generate_series(0, {}) AS n",
        hours * 6 - 1
    )
}

fn tidied(now_s: i64) -> Vec<String> {
    tidy_statements("cold", Nanos(365 * Nanos::DAY.0), Nanos(now_s * 1_000_000_000))
}

const CHUNKS: &str = "SELECT count(*), count(*) FILTER (WHERE is_compressed), min(range_end - range_start) \
                      FROM timescaledb_information.chunks WHERE hypertable_name = 'trade_rows'";
const TRADES: &str = "SELECT count(*), min(seq), max(seq), sum(price) FROM cold.trades";

#[test]
fn hypertables_are_made_compressed_and_dropped_by_engine_time() {
    let mut statements = vec!["CREATE EXTENSION timescaledb".to_owned()];
    statements.extend(create_statements("cold", PostgresTier::Cold, Flavour::Timescale));
    statements.extend(view_statements("cold"));
    let mut asked = Vec::new();
    let mut ask = |statements: &mut Vec<String>, query: &str| {
        asked.push(statements.len());
        statements.push(query.to_owned());
    };
    ask(
        &mut statements,
        "SELECT hypertable_name, compression_enabled FROM timescaledb_information.hypertables ORDER BY 1",
    );
    ask(
        &mut statements,
        "SELECT indexname FROM pg_indexes WHERE schemaname = 'cold' AND tablename = 'trade_rows' ORDER BY 1",
    );
    statements.push(
        "INSERT INTO cold.runs (name, session, strategy, account) VALUES ('r1', 's', 'marl', 'paper')"
            .to_owned(),
    );
    statements.push("INSERT INTO cold.symbols (name, venue, currency) VALUES ('A', 'SIM', 'USD')".to_owned());
    statements.push(trades(48));
    // A day and a half later the chunks that are a day old are compressed, and compressed rows read the same.
    for now in [YEAR + 36 * 3_600, YEAR + 36 * 3_600, YEAR + 365 * 86_400 + 3_600] {
        statements.extend(tidied(now));
        ask(&mut statements, CHUNKS);
        ask(&mut statements, TRADES);
    }
    // A late row into a compressed chunk is stored, too.
    statements.push(trades(2).replace(", n, to_timestamp", ", 1000 + n, to_timestamp"));
    ask(&mut statements, TRADES);
    let Some(rows) = run(&statements) else { return };
    let answers: Vec<&[String]> = asked.iter().map(|&at| rows[at].as_slice()).collect();
    let tables = [
        "account_rows",
        "bar_rows",
        "decision_rows",
        "fill_rows",
        "indicator_rows",
        "order_rows",
        "position_rows",
        "quote_rows",
        "trade_rows",
    ];
    assert_eq!(answers[0], tables.map(|table| format!("{table}|true")));
    assert_eq!(answers[1], ["trade_rows_symbol_ts", "trade_rows_ts_price"]);
    for twice in [2, 4] {
        assert_eq!(answers[twice], ["48|12|01:00:00"]);
        assert_eq!(answers[twice + 1], ["288|0|287|41328.000000000"]);
    }
    assert_eq!(answers[6], ["47|47|01:00:00"], "the first hour is a year old");
    assert_eq!(answers[7], ["282|6|287|41313.000000000"]);
    assert_eq!(answers[8], ["294|6|1011|41379.000000000"]);
}

#[test]
fn both_flavours_have_the_same_tables_and_columns() {
    let strip = |statement: &String| {
        let columns = statement.split(" PARTITION BY").next().unwrap_or_default();
        statement.starts_with("CREATE TABLE").then(|| columns.to_owned())
    };
    let tables = |flavour| -> Vec<String> {
        create_statements("s", PostgresTier::Cold, flavour).iter().filter_map(strip).collect()
    };
    assert_eq!(tables(Flavour::Partitions), tables(Flavour::Timescale));
    assert_eq!(tables(Flavour::Partitions).len(), 16);
}
