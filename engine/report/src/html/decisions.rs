//! The agents' decisions as the page shows them: counts of all, thinned series by symbol, the most confident in full.
//!
//! The first pass counts and chooses; the second keeps what was chosen. Memory is bounded by the number of symbols,
//! not of decisions.
//! Not here: drawing (`lanes`), the list (`voices`).

use super::facts::{Tally, sort_tallies};
use super::gather::BUCKETS_MAX;
use super::market::Market;
use super::thin::Thin;
use crate::agents::ENSEMBLE;
use crate::caused::{self, Causes};
use crate::decided::{self, DECISIONS, Decided, P, probabilities};
use crate::exits::{self, ExitOrder};
use crate::format;
use crate::read::{ReadError, Scan, TableFile};
use model::{Action, Agent};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Decisions that are shown in full.
pub(super) const SHOWN_MAX: usize = 200;
/// Symbols whose decisions are drawn.
pub(super) const CHARTS_MAX: usize = 3;
/// Fills of an order that are shown.
const FILLS_MAX: usize = 4;
/// Characters of a name that is counted.
const NAME_CHARS_MAX: usize = 48;
/// Agents, and all of them together.
const LANES: usize = Agent::ALL.len() + 1;

/// How many decisions each symbol has.
pub(super) type CountBySymbol = BTreeMap<String, u64>;

/// What a first look at the table tells.
pub(super) struct Survey {
    pub by_symbol: CountBySymbol,
    outcomes: BTreeMap<String, u64>,
    verdicts: BTreeMap<String, u64>,
    shown: BTreeSet<(u64, String)>,
}

/// Everything about decisions that the page shows.
pub(super) struct Decisions {
    /// How many there are.
    pub total: u64,
    /// By what came of them.
    pub outcomes: Vec<Tally>,
    /// By what they came to before risk.
    pub verdicts: Vec<Tally>,
    /// By the orders in which their signals came.
    pub patterns: Vec<Tally>,
    /// Of drawn symbols, in the order of the market's.
    pub drawn: Vec<DrawnSymbol>,
    /// How many symbols have decisions.
    pub symbols_total: usize,
    /// The most confident of those that no time-out ended, in order of time.
    pub shown: Vec<Decided>,
    /// What they rest on, and what came of them.
    pub causes: Causes,
    /// The exits among their orders, by id.
    pub exits: BTreeMap<String, ExitOrder>,
}

/// The decisions of a symbol, thinned.
pub(super) struct DrawnSymbol {
    pub name: String,
    pub total: u64,
    /// p_long − p_short by agent, the ensemble's last (`entry`: aggressive − wait).
    pub lanes: [Thin; LANES],
    /// When something was decided, by action and fate.
    pub marks: BTreeMap<(usize, Fate), Thin>,
}

/// What came of a decision, as a mark shows it. The order is from back to front.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    Hold,
    Timeout,
    Refused,
    Approved,
}

impl Fate {
    /// The fate of an outcome of the contract.
    pub fn of(outcome: &str) -> Self {
        match outcome {
            "approved" => Self::Approved,
            "timeout" => Self::Timeout,
            _ if outcome.starts_with("refused") => Self::Refused,
            _ => Self::Hold,
        }
    }
}

/// Looks through the table; `None` where nobody decided anything.
pub(super) fn survey(run_dir: &Path) -> Result<Option<Survey>, ReadError> {
    let table = TableFile::open(run_dir, DECISIONS)?;
    if table.rows() == 0 {
        return Ok(None);
    }
    let mut survey = Survey {
        by_symbol: BTreeMap::new(),
        outcomes: BTreeMap::new(),
        verdicts: BTreeMap::new(),
        shown: BTreeSet::new(),
    };
    let mut confident = Confident::default();
    let columns = ["seq", "symbol", "agent", "confidence", "outcome", "verdict"];
    table.scan(&columns, None)?.each(|rows| {
        let (seqs, symbols, agents) = (rows.numbers("seq")?, rows.texts("symbol")?, rows.texts("agent")?);
        let (confidences, outcomes) = (rows.doubles("confidence")?, rows.texts("outcome")?);
        let verdicts = rows.texts("verdict")?;
        for row in (0..rows.len()).filter(|row| agents.get(*row) == Some(ENSEMBLE)) {
            let symbol = symbols.text(row);
            count(&mut survey.outcomes, outcomes.get(row));
            count(&mut survey.verdicts, verdicts.get(row));
            // Where an answer is missing, its default of 1 makes the confidence.
            if outcomes.get(row).map(Fate::of) != Some(Fate::Timeout) {
                confident.add(confidences.value(row), seqs.value(row), &symbol);
            }
            *survey.by_symbol.entry(symbol).or_default() += 1;
        }
        Ok(())
    })?;
    survey.shown = confident.keys();
    Ok((!survey.by_symbol.is_empty()).then_some(survey))
}

fn count(counts: &mut BTreeMap<String, u64>, name: Option<&str>) {
    let name = format::clip(name.unwrap_or("unknown"), NAME_CHARS_MAX);
    *counts.entry(name).or_default() += 1;
}

/// The most confident decisions seen so far, and at most as many again.
#[derive(Default)]
struct Confident(Vec<(f64, u64, String)>);

impl Confident {
    fn add(&mut self, confidence: f64, seq: u64, symbol: &str) {
        self.0.push((confidence, seq, symbol.to_owned()));
        if self.0.len() >= 2 * SHOWN_MAX {
            self.settle();
        }
    }

    /// Keeps the most confident; of equals the latest.
    fn settle(&mut self) {
        self.0.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| (b.1, &b.2).cmp(&(a.1, &a.2))));
        self.0.truncate(SHOWN_MAX);
    }

    fn keys(mut self) -> BTreeSet<(u64, String)> {
        self.settle();
        self.0.into_iter().map(|(_, seq, symbol)| (seq, symbol)).collect()
    }
}

/// Reads what was chosen.
pub(super) fn read(run_dir: &Path, survey: Survey, market: &Market) -> Result<Decisions, ReadError> {
    let Survey { by_symbol, outcomes, verdicts, shown } = survey;
    let names = market.symbols.iter().filter_map(|symbol| by_symbol.get_key_value(&symbol.name));
    let mut drawn: Vec<DrawnSymbol> = names
        .take(CHARTS_MAX)
        .map(|(name, total)| DrawnSymbol {
            name: name.clone(),
            total: *total,
            lanes: std::array::from_fn(|_| Thin::new(BUCKETS_MAX)),
            marks: BTreeMap::new(),
        })
        .collect();
    read_series(run_dir, &mut drawn)?;
    let causes = caused::read(run_dir, shown.iter().cloned(), FILLS_MAX)?;
    let ids: BTreeSet<&str> =
        causes.values().flat_map(|cause| &cause.orders).map(|order| order.id.as_str()).collect();
    let exits = exits::read(run_dir, |exit| ids.contains(exit.id.as_str()))?;
    let is_shown = |seq, symbol: &str| shown.contains(&(seq, symbol.to_owned()));
    Ok(Decisions {
        total: by_symbol.values().sum(),
        outcomes: tallies(outcomes),
        verdicts: tallies(verdicts),
        patterns: patterns(run_dir)?,
        drawn,
        symbols_total: by_symbol.len(),
        shown: decided::read(run_dir, is_shown)?,
        exits,
        causes,
    })
}

fn tallies(counts: BTreeMap<String, u64>) -> Vec<Tally> {
    let mut tallies: Vec<Tally> = counts.into_iter().map(|(name, count)| Tally { name, count }).collect();
    sort_tallies(&mut tallies);
    tallies
}

fn patterns(run_dir: &Path) -> Result<Vec<Tally>, ReadError> {
    let mut counts = BTreeMap::new();
    let scan = match Scan::open(run_dir, "synergies.parquet", &["pattern"], None) {
        // A folder from before there was such a table.
        Err(ReadError::Missing(_)) => return Ok(Vec::new()),
        scan => scan?,
    };
    scan.each(|rows| {
        let patterns = rows.texts("pattern")?;
        (0..rows.len()).for_each(|row| count(&mut counts, patterns.get(row)));
        Ok(())
    })?;
    Ok(tallies(counts))
}

fn read_series(run_dir: &Path, drawn: &mut [DrawnSymbol]) -> Result<(), ReadError> {
    let columns = ["ts_event", "symbol", "agent", P[0], P[2], P[1], "action", "confidence", "outcome"];
    Scan::open(run_dir, DECISIONS, &columns, None)?.each(|rows| {
        let (times, symbols, agents) = (rows.times("ts_event")?, rows.texts("symbol")?, rows.texts("agent")?);
        let (actions, outcomes) = (rows.texts("action")?, rows.texts("outcome")?);
        let ([long, _, short], confidences) = (probabilities(rows)?, rows.doubles("confidence")?);
        for row in 0..rows.len() {
            let Some(symbol) = symbols.get(row) else { continue };
            let Some(of) = drawn.iter_mut().find(|of| of.name == symbol) else { continue };
            let (ts, agent) = (times.value(row), agents.get(row).unwrap_or_default());
            let lane = if agent == ENSEMBLE {
                Some(LANES - 1)
            } else {
                Agent::parse(agent).map(|agent| agent as usize)
            };
            if let Some(lane) = lane {
                of.lanes[lane].push(ts, long.value(row) - short.value(row));
            }
            if agent == ENSEMBLE {
                let action = Action::ALL.iter().position(|action| Some(action.name()) == actions.get(row));
                let fate = Fate::of(outcomes.get(row).unwrap_or_default());
                let marks = of.marks.entry((action.unwrap_or(Action::Flat as usize), fate));
                marks.or_insert_with(|| Thin::new(BUCKETS_MAX)).push(ts, confidences.value(row));
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_confident_are_kept_and_of_equals_the_latest() {
        let mut confident = Confident::default();
        for seq in 0..1_000 {
            confident.add(if seq == 3 { 0.9 } else { 0.5 }, seq, "A");
        }
        let keys = confident.keys();
        assert_eq!(keys.len(), SHOWN_MAX);
        assert!(keys.contains(&(3, "A".to_owned())) && keys.contains(&(999, "A".to_owned())));
        assert!(!keys.contains(&(800, "A".to_owned())) && keys.contains(&(801, "A".to_owned())));
    }
}
