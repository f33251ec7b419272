//! What was on the table when a decision was made: the bars that closed, their indicators, the features agents saw,
//! risk's words.

use super::features::{self, FeatureSet};
use super::models;
use crate::decided::Decided;
use crate::meta::AnsweringModel;
use crate::read::{Nullable as _, ReadError, Rows, TableFile};
use std::path::Path;

/// What a decision was made on, beside its synergy.
pub(super) struct Context {
    /// The bars of the symbol that closed at its instant, in the order they were recorded.
    pub bars: Vec<BarRow>,
    /// What the indicators said of them.
    pub readings: Vec<Reading>,
    /// By matrix that agents read.
    pub features: Vec<FeatureSet>,
    /// The run's models.
    pub models: Vec<AnsweringModel>,
    /// The wishes of the symbol and the decision's input that risk refused.
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

/// What an indicator said of a bar that closed.
pub(super) struct Reading {
    pub timeframe: String,
    pub name: String,
    pub value: f64,
}

/// A refused wish.
pub(super) struct Refusal {
    pub reason: String,
    /// The wish, in words, with its purpose.
    pub raw: String,
}

impl Context {
    /// Reads what surrounded a decision.
    pub fn read(run_dir: &Path, decided: &Decided) -> Result<Self, ReadError> {
        Ok(Self {
            bars: bars(run_dir, decided)?,
            readings: readings(run_dir, decided)?,
            features: features::read(run_dir, decided)?,
            models: models::read(run_dir)?,
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

/// What the indicators said of the symbol's bars that closed with the decision, in the order they were recorded.
fn readings(run_dir: &Path, decided: &Decided) -> Result<Vec<Reading>, ReadError> {
    let table = TableFile::open(run_dir, "indicators.parquet")?;
    let groups = table.groups_within("ts_close", &(decided.ts..=decided.ts));
    let mut readings = Vec::new();
    table.scan_groups(&["symbol", "timeframe", "ts_close", "name", "value"], &groups)?.each(|rows| {
        let (symbols, closes) = (rows.texts("symbol")?, rows.times("ts_close")?);
        let (timeframes, names, values) =
            (rows.texts("timeframe")?, rows.texts("name")?, rows.doubles("value")?);
        for row in 0..rows.len() {
            if closes.value(row) == decided.ts && symbols.get(row) == Some(&decided.symbol) {
                let (timeframe, name) = (timeframes.text(row), names.text(row));
                readings.push(Reading { timeframe, name, value: values.value(row) });
            }
        }
        Ok(())
    })?;
    Ok(readings)
}

/// Folders from before refusals named their input have those of the decision's instant.
fn refusals(run_dir: &Path, decided: &Decided) -> Result<Vec<Refusal>, ReadError> {
    let mut refusals = Vec::new();
    let table = TableFile::open(run_dir, "rejects.parquet")?;
    let names_input = table.has("cause_seq");
    let which = if names_input { "cause_seq" } else { "ts_event" };
    table.scan(&["kind", "reason", "raw", "symbol", which], None)?.each(|rows| {
        let (kinds, symbols) = (rows.texts("kind")?, rows.texts("symbol")?);
        let (reasons, raws) = (rows.texts("reason")?, rows.texts("raw")?);
        for row in 0..rows.len() {
            let is_of_decision = if names_input {
                rows.numbers(which)?.maybe(row) == Some(decided.seq)
            } else {
                rows.times(which)?.maybe(row) == Some(decided.ts)
            };
            let is_ours = kinds.get(row) == Some("intent") && symbols.get(row) == Some(&decided.symbol);
            if is_ours && is_of_decision {
                refusals.push(Refusal { reason: reasons.text(row), raw: raws.text(row) });
            }
        }
        Ok(())
    })?;
    Ok(refusals)
}
