//! The windows that agents read at a decision: each feature's value, what it was scaled by, and the cells that came of
//! it.
//!
//! Values come from `indicators.parquet`, whose row groups are read from the newest back, as far as a window reaches.
//! Cells come from `matrices.parquet` where the run kept it; else the values are normalised again by the stage's own
//! code, which gives the same bits (`engine/daemon/tests/e2e/context.rs`).
//! Not here: what a cell is (`matrices`).

use crate::decided::{DECISIONS, Decided};
use crate::meta::{MATRICES_NOTE, MatrixNote};
use crate::read::{ReadError, Rows, TableFile};
use matrices::{FEATURE_MAX, Normalised, normalise};
use std::collections::BTreeMap;
use std::path::Path;

/// A window as agents read it.
pub(super) struct FeatureSet {
    pub matrix: MatrixNote,
    /// The end of the newest bar in it; `None` where there was none yet.
    pub ts_close: Option<i64>,
    /// By column: the newest value; NaN of what is not complete.
    pub values: Vec<f64>,
    /// What the values were scaled by; `None` where the folder does not hold the whole window.
    pub scale: Option<Normalised>,
    /// What the networks read.
    pub cells: Option<Cells>,
}

/// The cells of a window, row by row, the oldest first.
pub(super) struct Cells {
    pub source: Source,
    pub all: Vec<f32>,
}

/// Where cells come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// They were recorded.
    Recorded,
    /// They were worked out again.
    Normalised,
}

/// The windows of a decision, in the order in which the folder names them.
pub(super) fn read(run_dir: &Path, decided: &Decided) -> Result<Vec<FeatureSet>, ReadError> {
    let note = TableFile::open(run_dir, DECISIONS)?.note(MATRICES_NOTE).map(serde_json::from_str);
    let notes: Vec<MatrixNote> = note.and_then(Result::ok).unwrap_or_default();
    let recorded = recorded(run_dir, decided, &notes)?;
    let until = |recorded: &Option<Recorded>| recorded.as_ref().map_or(decided.ts, |found| found.ts_close);
    let mut histories: Vec<History> = notes
        .into_iter()
        .zip(&recorded)
        .map(|(matrix, found)| History { matrix, until: until(found), bars: BTreeMap::new() })
        .collect();
    let table = TableFile::open(run_dir, "indicators.parquet")?;
    if !histories.is_empty() {
        read_values(&table, decided, &mut histories)?;
    }
    Ok(histories.into_iter().zip(recorded).map(|(history, found)| history.set(found)).collect())
}

fn read_values(table: &TableFile, decided: &Decided, histories: &mut [History]) -> Result<(), ReadError> {
    for group in table.groups_within("ts_close", &(i64::MIN..=decided.ts)).into_iter().rev() {
        let scan = table.scan_groups(&["symbol", "timeframe", "ts_close", "name", "value"], &[group])?;
        scan.each(|rows| histories.iter_mut().try_for_each(|history| history.take(rows, decided)))?;
        if histories.iter().all(|history| history.is_whole(group.first)) {
            break;
        }
    }
    Ok(())
}

/// The values of one symbol's features, bar by bar.
struct History {
    matrix: MatrixNote,
    /// The newest bar that counts.
    until: i64,
    /// By the end of the bar: a value for each column, NaN of what is not there.
    bars: BTreeMap<i64, Vec<f64>>,
}

/// Whether a bar has a row in its matrix.
fn is_complete(values: &[f64]) -> bool {
    values.iter().all(|value| value.abs() <= FEATURE_MAX)
}

impl History {
    fn take(&mut self, rows: &Rows<'_>, decided: &Decided) -> Result<(), ReadError> {
        let (symbols, timeframes, names) =
            (rows.texts("symbol")?, rows.texts("timeframe")?, rows.texts("name")?);
        let (closes, values) = (rows.times("ts_close")?, rows.doubles("value")?);
        let columns = &self.matrix.columns;
        for row in 0..rows.len() {
            let ts_close = closes.value(row);
            let is_ours = ts_close <= self.until
                && timeframes.get(row) == Some(&self.matrix.timeframe)
                && symbols.get(row) == Some(&decided.symbol);
            let name = names.get(row).filter(|_| is_ours);
            let Some(at) = name.and_then(|name| columns.iter().position(|column| column == name)) else {
                continue;
            };
            let bar = self.bars.entry(ts_close).or_insert_with(|| vec![f64::NAN; columns.len()]);
            bar[at] = values.value(row);
        }
        Ok(())
    }

    /// Whether the window is known, when everything after `first` has been read. The rows of the bar at `first` may
    /// begin in the row group before.
    fn is_whole(&self, first: Option<i64>) -> bool {
        let Some(first) = first else { return false };
        let complete = self.bars.range(first.saturating_add(1)..).filter(|(_, values)| is_complete(values));
        complete.take(self.rows()).count() == self.rows()
    }

    /// Rows that are wanted.
    fn rows(&self) -> usize {
        self.matrix.window.max(1)
    }

    fn set(self, recorded: Option<Recorded>) -> FeatureSet {
        let complete: Vec<(&i64, &Vec<f64>)> =
            self.bars.iter().rev().filter(|(_, values)| is_complete(values)).take(self.rows()).collect();
        let newest = complete.first().copied().or_else(|| self.bars.iter().next_back());
        let values = newest.map_or_else(Vec::new, |(_, values)| values.clone());
        let ts_close = recorded.as_ref().map(|found| found.ts_close).or(newest.map(|(ts, _)| *ts));
        let columns = self.matrix.scaled_columns().filter(|_| complete.len() == self.rows());
        let rows: Vec<f64> = complete.iter().rev().flat_map(|(_, values)| values.iter().copied()).collect();
        let scale = columns.map(|columns| normalise(&columns, &rows));
        let worked_out =
            || scale.as_ref().map(|scale| Cells { source: Source::Normalised, all: scale.cells.clone() });
        let cells =
            recorded.map(|found| Cells { source: Source::Recorded, all: found.cells }).or_else(worked_out);
        FeatureSet { matrix: self.matrix, ts_close, values, scale, cells }
    }
}

/// A row of `matrices.parquet`.
struct Recorded {
    ts_close: i64,
    cells: Vec<f32>,
}

/// By matrix: the newest that was recorded at or before the decision; none of a run that kept none.
fn recorded(
    run_dir: &Path,
    decided: &Decided,
    notes: &[MatrixNote],
) -> Result<Vec<Option<Recorded>>, ReadError> {
    let mut found: Vec<Option<Recorded>> = notes.iter().map(|_| None).collect();
    let table = match TableFile::open(run_dir, "matrices.parquet") {
        Err(ReadError::Missing(_)) => return Ok(found),
        table => table?,
    };
    for group in table.groups_within("ts_close", &(i64::MIN..=decided.ts)).into_iter().rev() {
        table.scan_groups(&["seq", "ts_close", "symbol", "matrix", "cells"], &[group])?.each(|rows| {
            let (seqs, closes, cells) = (rows.numbers("seq")?, rows.times("ts_close")?, rows.cells("cells")?);
            let (symbols, matrices) = (rows.texts("symbol")?, rows.texts("matrix")?);
            for row in (0..rows.len()).filter(|row| symbols.get(*row) == Some(&decided.symbol)) {
                let named = notes.iter().position(|note| matrices.get(row) == Some(&note.name));
                let Some(at) = named.filter(|_| seqs.value(row) <= decided.seq) else { continue };
                let (ts_close, cells) = (closes.value(row), cells.get(row));
                let is_whole =
                    !cells.is_empty() && cells.len().is_multiple_of(notes[at].columns.len().max(1));
                if is_whole && found[at].as_ref().is_none_or(|found| found.ts_close <= ts_close) {
                    found[at] = Some(Recorded { ts_close, cells: cells.to_vec() });
                }
            }
            Ok(())
        })?;
        // A row is a matrix: what an earlier row group holds is older.
        if found.iter().all(Option::is_some) {
            break;
        }
    }
    Ok(found)
}
