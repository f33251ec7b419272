//! What was on the table when a decision was made: the bars that closed, the features agents saw, risk's words.

use crate::decided::{DECISIONS, Decided};
use crate::meta::{MATRICES_NOTE, MatrixNote};
use crate::read::{Nullable as _, ReadError, Rows, Scan, TableFile};
use std::collections::BTreeMap;
use std::path::Path;

/// What a decision was made on, beside its synergy.
pub(super) struct Context {
    /// The bars of the symbol that closed at its instant, in the order they were recorded.
    pub bars: Vec<BarRow>,
    /// By matrix.
    pub features: Vec<FeatureSet>,
    /// The wishes of the symbol that risk refused at its instant.
    pub refusals: Vec<Refusal>,
}

/// A row of `bars.parquet`. Fixed-point numbers are in units of 1e-9.
pub(super) struct BarRow {
    pub timeframe: String,
    pub source: String,
    pub ts_open: i64,
    /// Open, high, low, close.
    pub prices: [i128; 4],
    pub volume: i128,
    pub vwap: Option<i128>,
    pub trades: u32,
}

/// The newest values of a matrix' features.
pub(super) struct FeatureSet {
    pub matrix: MatrixNote,
    /// The end of their bar; `None` where there were none yet.
    pub ts_close: Option<i64>,
    /// By name.
    pub values: BTreeMap<String, f64>,
}

/// A refused wish.
pub(super) struct Refusal {
    pub reason: String,
    /// The wish, in words.
    pub raw: String,
}

impl Context {
    /// Reads what surrounded a decision.
    pub fn read(run_dir: &Path, decided: &Decided) -> Result<Self, ReadError> {
        Ok(Self {
            bars: bars(run_dir, decided)?,
            features: features(run_dir, decided)?,
            refusals: refusals(run_dir, decided)?,
        })
    }
}

fn bars(run_dir: &Path, decided: &Decided) -> Result<Vec<BarRow>, ReadError> {
    const COLUMNS: [&str; 12] = [
        "symbol",
        "timeframe",
        "source",
        "ts_open",
        "ts_close",
        "open",
        "high",
        "low",
        "close",
        "volume",
        "vwap",
        "trades",
    ];
    let table = TableFile::open(run_dir, "bars.parquet")?;
    let groups = table.groups_within("ts_close", &(decided.ts..=decided.ts));
    let mut bars = Vec::new();
    table.scan_groups(&COLUMNS, &groups)?.each(|rows| {
        let (symbols, closes) = (rows.texts("symbol")?, rows.times("ts_close")?);
        for row in 0..rows.len() {
            if closes.value(row) == decided.ts && symbols.get(row) == Some(&decided.symbol) {
                bars.push(bar(rows, row)?);
            }
        }
        Ok(())
    })?;
    Ok(bars)
}

fn bar(rows: &Rows<'_>, row: usize) -> Result<BarRow, ReadError> {
    let price = |column: &'static str| Ok(rows.decimals(column)?.value(row));
    Ok(BarRow {
        timeframe: rows.texts("timeframe")?.text(row),
        source: rows.texts("source")?.text(row),
        ts_open: rows.times("ts_open")?.value(row),
        prices: [price("open")?, price("high")?, price("low")?, price("close")?],
        volume: price("volume")?,
        vwap: rows.decimals("vwap")?.maybe(row),
        trades: rows.counts("trades")?.value(row),
    })
}

/// The newest values at or before the decision, by matrix. Row groups are read from the newest back, as far as needed.
fn features(run_dir: &Path, decided: &Decided) -> Result<Vec<FeatureSet>, ReadError> {
    let note = TableFile::open(run_dir, DECISIONS)?.note(MATRICES_NOTE).map(serde_json::from_str);
    let matrices: Vec<MatrixNote> = note.and_then(Result::ok).unwrap_or_default();
    let unread = |matrix| FeatureSet { matrix, ts_close: None, values: BTreeMap::new() };
    let mut sets: Vec<FeatureSet> = matrices.into_iter().map(unread).collect();
    if sets.is_empty() {
        return Ok(sets);
    }
    let table = TableFile::open(run_dir, "indicators.parquet")?;
    for group in table.groups_within("ts_close", &(i64::MIN..=decided.ts)).into_iter().rev() {
        let scan = table.scan_groups(&["symbol", "timeframe", "ts_close", "name", "value"], &[group])?;
        scan.each(|rows| sets.iter_mut().try_for_each(|set| set.take(rows, decided)))?;
        // The rows of one bar may begin in the row group before.
        let is_whole =
            |set: &FeatureSet| set.ts_close.zip(group.first).is_some_and(|(found, first)| first < found);
        if sets.iter().all(is_whole) {
            break;
        }
    }
    Ok(sets)
}

impl FeatureSet {
    /// Takes the values among these rows, where they are newer than what it has.
    fn take(&mut self, rows: &Rows<'_>, decided: &Decided) -> Result<(), ReadError> {
        let (symbols, timeframes, names) =
            (rows.texts("symbol")?, rows.texts("timeframe")?, rows.texts("name")?);
        let (closes, values) = (rows.times("ts_close")?, rows.doubles("value")?);
        for row in 0..rows.len() {
            let ts_close = closes.value(row);
            let is_ours = ts_close <= decided.ts
                && Some(ts_close) >= self.ts_close
                && timeframes.get(row) == Some(&self.matrix.timeframe)
                && symbols.get(row) == Some(&decided.symbol);
            let Some(name) =
                names.get(row).filter(|name| is_ours && self.matrix.columns.iter().any(|c| c == name))
            else {
                continue;
            };
            if self.ts_close != Some(ts_close) {
                self.values.clear();
                self.ts_close = Some(ts_close);
            }
            self.values.insert(name.to_owned(), values.value(row));
        }
        Ok(())
    }
}

fn refusals(run_dir: &Path, decided: &Decided) -> Result<Vec<Refusal>, ReadError> {
    let mut refusals = Vec::new();
    let columns = ["kind", "reason", "raw", "symbol", "ts_event"];
    Scan::open(run_dir, "rejects.parquet", &columns, None)?.each(|rows| {
        let (kinds, symbols, times) = (rows.texts("kind")?, rows.texts("symbol")?, rows.times("ts_event")?);
        let (reasons, raws) = (rows.texts("reason")?, rows.texts("raw")?);
        for row in 0..rows.len() {
            let is_ours = kinds.get(row) == Some("intent")
                && times.maybe(row) == Some(decided.ts)
                && symbols.get(row) == Some(&decided.symbol);
            if is_ours {
                refusals.push(Refusal { reason: reasons.text(row), raw: raws.text(row) });
            }
        }
        Ok(())
    })?;
    Ok(refusals)
}
