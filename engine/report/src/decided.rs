//! Decisions as they are read back from `decisions.parquet`: what each agent said, and what all came to.
//!
//! Not here: what a decision rests on and what came of it (`caused`).

use crate::agents::ENSEMBLE;
use crate::read::{Nullable as _, ReadError, Rows, TableFile, Texts};
use crate::tables::CONTEXT_COLUMNS;
use arrow_array::{Decimal128Array, Float64Array};
use model::{Agent, CONTEXT_LEN};
use std::path::Path;

/// The table.
pub(crate) const DECISIONS: &str = "decisions.parquet";

/// The columns of the probabilities.
pub(crate) const P: [&str; 3] = ["p_long", "p_flat", "p_short"];

const COLUMNS: [&str; 20] = [
    "seq",
    "ts_event",
    "symbol",
    "strategy",
    "agent",
    P[0],
    P[1],
    P[2],
    "action",
    "confidence",
    "outcome",
    "verdict",
    "missed",
    "weight",
    "blend",
    "gate",
    "urgency",
    "pattern",
    "direction",
    "target",
];

/// What one agent said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Say {
    /// Long, flat, short (`entry`: aggressive, execute, wait).
    pub p: [f64; 3],
    /// Its own largest.
    pub action: String,
    /// Whether its answer was missing, so that these are its defaults.
    pub missed: bool,
    /// Its weight in its group; `None` of `entry`.
    pub weight: Option<f64>,
}

/// One decision of all agents on one symbol.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Decided {
    pub seq: u64,
    /// Nanoseconds since the epoch.
    pub ts: i64,
    pub symbol: String,
    pub strategy: String,
    /// By agent; `None` of one that has no row.
    pub says: [Option<Say>; Agent::ALL.len()],
    /// What all came to; `None` where the ensemble has no row.
    pub whole: Option<Whole>,
}

/// What all agents came to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Whole {
    /// Long, flat, short.
    pub p: [f64; 3],
    pub action: String,
    pub confidence: f64,
    pub outcome: String,
    pub verdict: String,
    pub blend: Option<f64>,
    pub gate: Option<f64>,
    pub urgency: String,
    /// What was asked for; `None` where agents are asked at every bar.
    pub pattern: Option<String>,
    pub direction: Option<String>,
    /// In units of 1e-9.
    pub target: Option<i128>,
    /// The portfolio context that the agents read; `None` in a folder from before it was kept.
    pub context: Option<[f64; CONTEXT_LEN]>,
}

impl Decided {
    /// What an agent said.
    pub fn say(&self, agent: Agent) -> Option<&Say> {
        self.says[agent as usize].as_ref()
    }
}

/// The columns of some rows.
struct Batch<'a> {
    rows: &'a Rows<'a>,
    p: [&'a Float64Array; 3],
    confidence: &'a Float64Array,
    target: &'a Decimal128Array,
    context: Option<Vec<&'a Float64Array>>,
}

impl<'a> Batch<'a> {
    fn of(rows: &'a Rows<'a>, has_context: bool) -> Result<Self, ReadError> {
        let context = || CONTEXT_COLUMNS.iter().map(|name| rows.doubles(name)).collect::<Result<Vec<_>, _>>();
        Ok(Self {
            context: has_context.then(context).transpose()?,
            rows,
            p: probabilities(rows)?,
            confidence: rows.doubles("confidence")?,
            target: rows.decimals("target")?,
        })
    }

    fn p(&self, row: usize) -> [f64; 3] {
        self.p.map(|column| column.value(row))
    }

    fn text(&self, column: &'static str, row: usize) -> Result<Option<String>, ReadError> {
        Ok(self.rows.texts(column)?.maybe(row))
    }

    fn say(&self, row: usize) -> Result<Say, ReadError> {
        Ok(Say {
            p: self.p(row),
            action: self.text("action", row)?.unwrap_or_default(),
            missed: self.rows.flags("missed")?.maybe(row).unwrap_or(false),
            weight: self.rows.doubles("weight")?.maybe(row),
        })
    }

    fn whole(&self, row: usize) -> Result<Whole, ReadError> {
        Ok(Whole {
            p: self.p(row),
            action: self.text("action", row)?.unwrap_or_default(),
            confidence: self.confidence.value(row),
            outcome: self.text("outcome", row)?.unwrap_or_default(),
            verdict: self.text("verdict", row)?.unwrap_or_default(),
            blend: self.rows.doubles("blend")?.maybe(row),
            gate: self.rows.doubles("gate")?.maybe(row),
            urgency: self.text("urgency", row)?.unwrap_or_default(),
            pattern: self.text("pattern", row)?,
            direction: self.text("direction", row)?,
            target: self.target.maybe(row),
            context: self.context(row),
        })
    }

    fn context(&self, row: usize) -> Option<[f64; CONTEXT_LEN]> {
        let numbers: Option<Vec<f64>> =
            self.context.as_ref()?.iter().map(|column| column.maybe(row)).collect();
        numbers?.try_into().ok()
    }
}

/// The three columns of probabilities.
pub(crate) fn probabilities<'a>(rows: &Rows<'a>) -> Result<[&'a Float64Array; 3], ReadError> {
    Ok([rows.doubles(P[0])?, rows.doubles(P[1])?, rows.doubles(P[2])?])
}

/// Reads the decisions that are wanted, in the order of the table.
pub(crate) fn read(
    run_dir: &Path,
    mut is_wanted: impl FnMut(u64, &str) -> bool,
) -> Result<Vec<Decided>, ReadError> {
    let mut found: Vec<Decided> = Vec::new();
    let table = TableFile::open(run_dir, DECISIONS)?;
    let has_context = CONTEXT_COLUMNS.iter().all(|column| table.has(column));
    let context = if has_context { &CONTEXT_COLUMNS[..] } else { &[] };
    table.scan(&[&COLUMNS, context].concat(), None)?.each(|rows| {
        let (seqs, symbols) = (rows.numbers("seq")?, rows.texts("symbol")?);
        let batch = Batch::of(rows, has_context)?;
        let agents = rows.texts("agent")?;
        for row in 0..rows.len() {
            let (seq, symbol) = (seqs.value(row), symbols.get(row).unwrap_or_default());
            if is_wanted(seq, symbol) {
                let decided = entry(&mut found, seq, symbol, row, rows)?;
                add(decided, &batch, &agents, row)?;
            }
        }
        Ok(())
    })?;
    Ok(found)
}

/// The decision a row belongs to: rows of one stand together.
fn entry<'a>(
    found: &'a mut Vec<Decided>,
    seq: u64,
    symbol: &str,
    row: usize,
    rows: &Rows<'_>,
) -> Result<&'a mut Decided, ReadError> {
    if !found.last().is_some_and(|last| last.seq == seq && last.symbol == symbol) {
        found.push(Decided {
            seq,
            ts: rows.times("ts_event")?.value(row),
            symbol: symbol.to_owned(),
            strategy: rows.texts("strategy")?.text(row),
            says: [const { None }; Agent::ALL.len()],
            whole: None,
        });
    }
    Ok(found.last_mut().expect("it was just pushed"))
}

fn add(decided: &mut Decided, batch: &Batch<'_>, agents: &Texts<'_>, row: usize) -> Result<(), ReadError> {
    match agents.get(row) {
        Some(ENSEMBLE) => decided.whole = Some(batch.whole(row)?),
        Some(name) => {
            // An agent that this program does not know is left out.
            if let Some(agent) = Agent::parse(name) {
                decided.says[agent as usize] = Some(batch.say(row)?);
            }
        }
        None => {}
    }
    Ok(())
}
