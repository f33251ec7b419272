//! `explain`: one decision's whole cause, from tick to order, as plain text; of an exit, why the position was left.
//!
//! Why: a decision that cannot be explained cannot be trusted. Everything stands in the run folder's tables, and the
//! arithmetic is written out with the recorded numbers, so that a reader can check it by hand.
//! Not here: asking a network again. What is printed was recorded, or is worked out from what was: cells that were
//! not kept, products and sums.
//!
//! Reading order: this page finds the decisions, `context` and `features` what they rest on, `arithmetic` how the
//! voices were combined, `text` and `saw` write it down.

mod arithmetic;
mod columns;
mod context;
mod features;
mod left;
mod models;
mod saw;
mod text;

use crate::caused::{self, Cause};
use crate::decided::{self, DECISIONS, Decided};
use crate::exits;
use crate::read::{ReadError, Scan};
use context::Context;
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

/// Fills of an order that are printed; of the rest the number is.
const FILLS_MAX: usize = 50;

/// Why a decision cannot be explained.
#[derive(Debug)]
pub enum ExplainError {
    /// The run folder cannot be read.
    Folder(ReadError),
    /// Nobody decided anything in this run; explain a run of agents.
    NoDecisions(PathBuf),
    /// The input caused no decision; name one that did.
    NoDecision {
        /// The run folder.
        run_dir: PathBuf,
        /// The input.
        seq: u64,
        /// The last input before it that did.
        before: Option<u64>,
        /// The first input after it that did.
        after: Option<u64>,
    },
}

impl ExplainError {
    /// Whether the user must name another decision, rather than mend the folder.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::NoDecisions(_) | Self::NoDecision { .. })
    }
}

impl fmt::Display for ExplainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(error) => error.fmt(f),
            Self::NoDecisions(run_dir) => {
                write!(f, "{} has no decisions; name the folder of a run of agents", run_dir.display())
            }
            Self::NoDecision { run_dir, seq, before, after } => {
                write!(
                    f,
                    "input {seq} of {} caused no decision and no exit; name one that did with --seq: ",
                    run_dir.display()
                )?;
                match (before, after) {
                    (Some(before), Some(after)) => write!(f, "the nearest are {before} and {after}"),
                    (Some(before), None) => write!(f, "the last is {before}"),
                    (None, Some(after)) => write!(f, "the first is {after}"),
                    (None, None) => f.write_str("there is none"),
                }
            }
        }
    }
}

impl std::error::Error for ExplainError {}

impl From<ReadError> for ExplainError {
    fn from(error: ReadError) -> Self {
        Self::Folder(error)
    }
}

/// The whole cause of the decisions that input `seq` led to, in the order of their symbols: input, bars, indicators,
/// synergy, features, portfolio context, what each agent said, how it was combined, gate, verdict, risk's answer,
/// orders and fills. Then the exits of other symbols that it caused; without a decision, those are all, or those of
/// whose orders it is the last word.
///
/// # Errors
/// [`ExplainError`] where the folder cannot be read or the input caused neither a decision nor an exit.
pub fn explain(run_dir: &Path, seq: u64) -> Result<String, ExplainError> {
    if !run_dir.is_dir() {
        return Err(ReadError::NoFolder(run_dir.to_owned()).into());
    }
    let mut decisions = decided::read(run_dir, |of, _| of == seq)?;
    decisions.sort_by(|a, b| a.symbol.cmp(&b.symbol));
    let keys: BTreeSet<(u64, String)> = decisions.iter().map(key).collect();
    let causes = caused::read(run_dir, keys.iter().cloned(), FILLS_MAX)?;
    let ids: BTreeSet<&str> =
        causes.values().flat_map(|cause| &cause.orders).map(|order| order.id.as_str()).collect();
    let exits = exits::read(run_dir, |exit| {
        let is_last_word = decisions.is_empty() && exit.seq == seq;
        exit.cause_seq == seq || is_last_word || ids.contains(exit.id.as_str())
    })?;
    let nothing = Cause::default();
    let mut pages = Vec::new();
    for decided in &decisions {
        let cause = causes.get(&key(decided)).unwrap_or(&nothing);
        let context = Context::read(run_dir, decided)?;
        pages.push(text::page(decided, cause, &context, &exits));
    }
    let left = exits.values().map(|exit| (exit.cause_seq, exit.symbol.clone()));
    let left = left.filter(|key| !keys.contains(key));
    pages.extend(left::pages(&caused::read(run_dir, left, FILLS_MAX)?, &exits));
    if pages.is_empty() {
        return Err(nearest(run_dir, seq)?);
    }
    Ok(pages.join(&format!("\n{}\n\n", "-".repeat(72))))
}

fn key(decided: &Decided) -> (u64, String) {
    (decided.seq, decided.symbol.clone())
}

/// Which decisions stand next to an input without one.
fn nearest(run_dir: &Path, seq: u64) -> Result<ExplainError, ReadError> {
    let (mut before, mut after) = (None, None);
    Scan::open(run_dir, DECISIONS, &["seq"], None)?.each(|rows| {
        for found in rows.numbers("seq")?.iter().flatten() {
            if found < seq {
                before = before.max(Some(found));
            } else {
                after = Some(after.unwrap_or(found).min(found));
            }
        }
        Ok(())
    })?;
    let run_dir = run_dir.to_owned();
    Ok(match (before, after) {
        (None, None) => ExplainError::NoDecisions(run_dir),
        _ => ExplainError::NoDecision { run_dir, seq, before, after },
    })
}
