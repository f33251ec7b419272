//! Everything the page shows, read from the run folder: each table once or twice, in bounded memory.

use super::decisions::{self, Decisions};
use super::facts::{Facts, Tally, sort_tallies};
use super::market::{self, Market};
use super::thin::Thin;
use super::timechart::Span;
use crate::format;
use crate::read::{ReadError, Rows, Scan, TableFile, Texts, unreadable, wanted};
use arrow_array::{Array, Decimal128Array, TimestampNanosecondArray, UInt64Array};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Buckets of a series that spans the run.
pub(super) const BUCKETS_MAX: usize = 1_500;
/// Rows of orders and fills that are shown.
pub(super) const HEAD_ROWS_MAX: usize = 200;
/// Bytes of the configuration that are shown.
const CONFIG_BYTES_MAX: usize = 64 * 1024;
/// Reasons that are told apart; what comes after them is counted together.
const REASONS_MAX: usize = 10_000;

/// A run, as the page shows it.
pub(super) struct Run {
    pub facts: Facts,
    pub config: Config,
    /// From the first instant of the run to the last; `None` without data.
    pub span: Option<Span>,
    pub equity: Equity,
    pub market: Market,
    pub orders: Head,
    pub fills: Head,
    /// `None` where nobody decided anything.
    pub decisions: Option<Decisions>,
    /// `rejects.parquet`, counted by kind and reason.
    pub rejects: Vec<Reject>,
}

/// `config.toml`.
pub(super) struct Config {
    pub text: String,
    /// Whether there is more of it than is shown.
    pub is_cut: bool,
}

/// `equity.parquet`.
pub(super) struct Equity {
    pub equity: Thin,
    /// As a negative fraction: it hangs from zero.
    pub drawdown: Thin,
}

/// The first rows of a table.
pub(super) struct Head {
    /// Names of the columns.
    pub columns: &'static [&'static str],
    /// Cells as text; `None` for null.
    pub rows: Vec<Vec<Option<String>>>,
    /// Rows of the whole table.
    pub total: u64,
}

/// Why something was turned away, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reject {
    /// `tick`, `intent` or `order`.
    pub kind: String,
    /// Reason and count.
    pub reason: Tally,
}

const ORDER_COLUMNS: [&str; 12] = [
    "ts_event",
    "client_order_id",
    "symbol",
    "side",
    "type",
    "tif",
    "quantity",
    "limit_price",
    "status",
    "filled",
    "avg_price",
    // A folder from before orders said what they were for lacks it.
    "purpose",
];
const FILL_COLUMNS: [&str; 9] = [
    "ts_event",
    "client_order_id",
    "symbol",
    "side",
    "quantity",
    "price",
    "fee",
    "fee_currency",
    "liquidity",
];

/// Reads the folder.
pub(super) fn gather(run_dir: &Path) -> Result<Run, ReadError> {
    if !run_dir.is_dir() {
        return Err(ReadError::NoFolder(run_dir.to_owned()));
    }
    let facts = Facts::read(run_dir)?;
    let config = config(run_dir)?;
    let equity = equity(run_dir)?;
    let survey = decisions::survey(run_dir)?;
    let market = market::read(run_dir, survey.as_ref().map(|survey| &survey.by_symbol))?;
    let decisions = survey.map(|survey| decisions::read(run_dir, survey, &market)).transpose()?;
    let orders = head(run_dir, "orders.parquet", order_columns(run_dir)?)?;
    let fills = head(run_dir, "fills.parquet", &FILL_COLUMNS)?;
    let rejects = rejects(run_dir)?;
    let span = span(&facts, &equity, &market, decisions.as_ref());
    Ok(Run { facts, config, span, equity, market, orders, fills, decisions, rejects })
}

fn config(run_dir: &Path) -> Result<Config, ReadError> {
    let path = run_dir.join("config.toml");
    let bytes = fs::read(&path).map_err(|error| unreadable(&path, error))?;
    let shown = &bytes[..bytes.len().min(CONFIG_BYTES_MAX)];
    Ok(Config { text: String::from_utf8_lossy(shown).into_owned(), is_cut: shown.len() < bytes.len() })
}

fn equity(run_dir: &Path) -> Result<Equity, ReadError> {
    let mut series = Equity { equity: Thin::new(BUCKETS_MAX), drawdown: Thin::new(BUCKETS_MAX) };
    let scan = Scan::open(run_dir, "equity.parquet", &["ts_event", "equity", "drawdown"], None)?;
    scan.each(|rows| {
        let (times, equity) = (rows.times("ts_event")?, rows.decimals("equity")?);
        let drawdown = rows.doubles("drawdown")?;
        for row in 0..rows.len() {
            let ts = times.value(row);
            series.equity.push(ts, market::to_f64(equity.value(row)));
            // Zero minus, so that no drawdown is not minus zero.
            series.drawdown.push(ts, 0.0 - drawdown.value(row));
        }
        Ok(())
    })?;
    Ok(series)
}

/// The columns of orders that are there to be shown.
fn order_columns(run_dir: &Path) -> Result<&'static [&'static str], ReadError> {
    let has_purpose = TableFile::open(run_dir, "orders.parquet")?.has("purpose");
    Ok(if has_purpose { &ORDER_COLUMNS } else { &ORDER_COLUMNS[..ORDER_COLUMNS.len() - 1] })
}

fn head(run_dir: &Path, file: &str, columns: &'static [&'static str]) -> Result<Head, ReadError> {
    let scan = Scan::open(run_dir, file, columns, Some(HEAD_ROWS_MAX))?;
    let mut head = Head { columns, rows: Vec::new(), total: scan.rows };
    scan.each(|rows| {
        for row in 0..rows.len() {
            let cells = columns.iter().map(|column| cell(rows, column, row)).collect::<Result<_, _>>()?;
            head.rows.push(cells);
        }
        Ok(())
    })?;
    debug_assert!(head.rows.len() <= HEAD_ROWS_MAX);
    Ok(head)
}

/// A value as text for a person; `None` for null.
fn cell(rows: &Rows<'_>, column: &'static str, row: usize) -> Result<Option<String>, ReadError> {
    let array = rows.array(column);
    if array.is_null(row) {
        return Ok(None);
    }
    let any = array.as_any();
    if let Some(times) = any.downcast_ref::<TimestampNanosecondArray>() {
        return Ok(Some(format::time(times.value(row))));
    }
    if any.is::<Decimal128Array>() {
        return Ok(Some(format::decimal(rows.decimals(column)?.value(row))));
    }
    if let Some(counts) = any.downcast_ref::<UInt64Array>() {
        return Ok(Some(counts.value(row).to_string()));
    }
    let texts = Texts::of(array).ok_or_else(|| rows.wrong(column, wanted::CELL))?;
    Ok(texts.maybe(row))
}

fn rejects(run_dir: &Path) -> Result<Vec<Reject>, ReadError> {
    let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
    let scan = Scan::open(run_dir, "rejects.parquet", &["kind", "reason"], None)?;
    scan.each(|rows| {
        let (kinds, reasons) = (rows.texts("kind")?, rows.texts("reason")?);
        for row in 0..rows.len() {
            let name = |text: Option<&str>| format::clip(text.unwrap_or("unknown"), 64);
            let mut key = (name(kinds.get(row)), name(reasons.get(row)));
            if counts.len() >= REASONS_MAX && !counts.contains_key(&key) {
                key = ("any".to_owned(), "other reasons".to_owned());
            }
            *counts.entry(key).or_default() += 1;
        }
        Ok(())
    })?;
    let mut rejects: Vec<Reject> = counts
        .into_iter()
        .map(|((kind, name), count)| Reject { kind, reason: Tally { name, count } })
        .collect();
    rejects.sort_by_key(|reject| std::cmp::Reverse(reject.reason.count));
    Ok(rejects)
}

/// The run's time: of its data, and of whatever the tables hold beyond that.
fn span(facts: &Facts, equity: &Equity, market: &Market, decisions: Option<&Decisions>) -> Option<Span> {
    let data = facts.instant("/data/first_ts").zip(facts.instant("/data/last_ts"));
    let series = market.symbols.iter().flat_map(|symbol| symbol.series());
    let lanes = decisions.into_iter().flat_map(|decisions| &decisions.drawn).flat_map(|symbol| &symbol.lanes);
    let spans = series.chain(lanes).chain([&equity.equity]).filter_map(Thin::span).chain(data);
    let (from, to) = spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
    // A run of one instant is drawn as a second around it.
    const HALF_SECOND: i64 = 500_000_000;
    if from < to {
        Some(Span { from, to })
    } else {
        Some(Span { from: from.saturating_sub(HALF_SECOND), to: to.saturating_add(HALF_SECOND) })
    }
}

impl Run {
    /// Rejects of a kind, the most frequent first.
    pub fn rejects_of(&self, kind: &str) -> Vec<Tally> {
        let of_kind = self.rejects.iter().filter(|reject| reject.kind == kind);
        let mut tallies: Vec<Tally> = of_kind.map(|reject| reject.reason.clone()).collect();
        sort_tallies(&mut tallies);
        tallies
    }
}
