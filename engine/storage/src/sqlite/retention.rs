//! Forgetting: rows older than what is kept.
//!
//! What is claimed moves up before anything is deleted, in the same transaction. Ticks go symbol by symbol, each in a
//! transaction of its own, so that readers and the next batch wait for none of them long.
//! Not here: how long rows are kept.

use model::Nanos;
use rusqlite::{Connection, params};

/// Tables with a time in a column of that name.
const TIMED: [(&str, &str); 5] = [
    ("bars", "ts_close"),
    ("indicators", "ts_close"),
    ("decisions", "ts"),
    ("fills", "ts"),
    ("equity", "ts"),
];

/// Pages of free space that are given back to the file system in one go.
const VACUUM_PAGES: i64 = 4096;

/// Deletes what is older than `before`, and other runs of which nothing is left.
pub(crate) fn forget(connection: &mut Connection, run: i64, before: Nanos) -> rusqlite::Result<()> {
    connection.execute(
        "UPDATE runs SET ticks_from = min(?1, ticks_to) WHERE ticks_from < min(?1, ticks_to)",
        [before.0],
    )?;
    let pairs: Vec<(i64, i64)> = connection
        .prepare("SELECT run, symbol FROM runs, symbols")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for table in ["trades", "quotes"] {
        // The rows to delete are the first of each symbol, so that only they and one more are looked at.
        let mut delete = connection.prepare(&format!(
            "DELETE FROM {table} WHERE run = ?1 AND symbol = ?2 AND seq < coalesce((SELECT seq FROM {table}
             WHERE run = ?1 AND symbol = ?2 AND ts >= ?3 ORDER BY seq LIMIT 1), 9223372036854775807)"
        ))?;
        for (run, symbol) in &pairs {
            delete.execute(params![run, symbol, before.0])?;
        }
    }
    let transaction = connection.transaction()?;
    transaction.execute(
        "DELETE FROM votes WHERE EXISTS (SELECT 1 FROM decisions WHERE decisions.run = votes.run
         AND decisions.seq = votes.seq AND decisions.symbol = votes.symbol AND decisions.ts < ?1)",
        [before.0],
    )?;
    for (table, column) in TIMED {
        transaction.execute(&format!("DELETE FROM {table} WHERE {column} < ?1"), [before.0])?;
    }
    transaction.execute(
        "DELETE FROM orders WHERE ts < ?1 AND status NOT IN ('new', 'partially_filled')",
        [before.0],
    )?;
    transaction.execute("DELETE FROM gaps WHERE ts_to < ?1", [before.0])?;
    transaction.execute(
        "DELETE FROM runs WHERE run <> ?1 AND coalesce(ticks_to, ?2) <= ?2
         AND NOT EXISTS (SELECT 1 FROM bars WHERE bars.run = runs.run)
         AND NOT EXISTS (SELECT 1 FROM orders WHERE orders.run = runs.run)
         AND NOT EXISTS (SELECT 1 FROM equity WHERE equity.run = runs.run)",
        params![run, before.0],
    )?;
    transaction.execute("DELETE FROM positions WHERE run NOT IN (SELECT run FROM runs)", [])?;
    transaction.commit()?;
    let mut vacuum = connection.prepare(&format!("PRAGMA incremental_vacuum({VACUUM_PAGES})"))?;
    let mut freed = vacuum.query([])?;
    while freed.next()?.is_some() {}
    Ok(())
}
