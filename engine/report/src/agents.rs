//! Writes what the agents saw and said: `decisions.parquet`, `synergies.parquet` and, where asked for,
//! `matrices.parquet`.
//!
//! A single agent's action is its own largest probability; on a tie it is flat (`entry`: wait), the choice that does
//! nothing. Probabilities and the context are widened from f32, exactly.
//! Not here: what came of a decision (`outcome`), which decisions have to wait for that (`held`).

use crate::error::ReportError;
use crate::held::{Held, HeldDecisions};
use crate::meta::{MATRICES_NOTE, MatrixTable, RunMeta};
use crate::outcome::{Fate, Final, Outcome};
use crate::table::Table;
use crate::tables::{DecisionColumns, MatrixColumns, SynergyColumns};
use arrow_array::builder::Float64Builder;
use model::{Action, Agent, Decision, Event, Frame, Matrix, Nanos, Synergy, Urgency};
use parquet::file::metadata::KeyValue;
use std::path::Path;

/// The name in the column `agent` of what all agents decided together.
pub(crate) const ENSEMBLE: &str = "ensemble";

/// The three tables.
pub(crate) struct AgentTables {
    decisions: Table<DecisionColumns>,
    held: HeldDecisions,
    synergies: Table<SynergyColumns>,
    matrices: Option<Table<MatrixColumns>>,
}

impl AgentTables {
    /// Creates the files.
    pub fn create(folder: &Path, meta: &RunMeta) -> Result<Self, ReportError> {
        let notes = vec![KeyValue::new(MATRICES_NOTE.to_owned(), meta.matrices_note())];
        let matrices = match meta.matrix_table {
            MatrixTable::Omitted => None,
            MatrixTable::Written => Some(Table::create(folder, "matrices.parquet")?),
        };
        Ok(Self {
            decisions: Table::create_with_notes(folder, "decisions.parquet", notes)?,
            held: HeldDecisions::default(),
            synergies: Table::create(folder, "synergies.parquet")?,
            matrices,
        })
    }

    /// Adds a matrix, if the table is kept.
    pub fn matrix(
        &mut self,
        seq: u64,
        matrix: &Matrix,
        frame: &Frame,
        meta: &RunMeta,
    ) -> Result<(), ReportError> {
        let Some(table) = &mut self.matrices else { return Ok(()) };
        let columns = &mut table.columns;
        columns.seq.append_value(seq);
        columns.ts_close.push(matrix.ts_close);
        columns.symbol.append_value(meta.instruments.symbols.name(matrix.symbol));
        columns.matrix.append_value(&meta.matrices[usize::from(matrix.matrix)].name);
        columns.rows.append_value(u32::from(matrix.rows));
        columns.columns.append_value(u32::from(matrix.columns));
        columns.cells.values().append_slice(frame.matrix_cells(matrix));
        columns.cells.append(true);
        table.settle()
    }

    /// Adds a synergy.
    pub fn synergy(&mut self, event: &Event, synergy: &Synergy, meta: &RunMeta) -> Result<(), ReportError> {
        let defined = |value: f64| Some(value).filter(|value| !value.is_nan());
        let columns = &mut self.synergies.columns;
        columns.seq.append_value(event.seq);
        columns.ts_event.push(event.ts);
        columns.symbol.append_value(meta.instruments.symbols.name(synergy.symbol));
        columns.pattern.append_value(synergy.pattern.to_string());
        columns.direction.append_value(synergy.direction.name());
        columns.strength.append_value(synergy.strength);
        for (nth, signal) in columns.signals.iter_mut().zip(&synergy.signals) {
            nth.kind.append_value(signal.kind.name());
            nth.strength.append_value(signal.strength);
            nth.ts.push(signal.ts);
        }
        columns.price.price(synergy.context.price);
        columns.volatility.append_option(defined(synergy.context.volatility));
        columns.volume.raw(synergy.context.volume);
        columns.lvn_distance.append_option(defined(synergy.context.lvn_distance));
        self.synergies.settle()
    }

    /// Takes the decision that the frame's event number `at` announces: a row for each agent, then the ensemble's, once
    /// it is known what came of it.
    pub fn decision(&mut self, frame: &Frame, at: usize) {
        let Event { seq, ts, words, .. } = frame.events[at];
        let decision = frame.decisions[words[0] as usize];
        self.held.push(Held { seq, ts, decision, fate: Fate::of(frame, at) });
    }

    /// Notes what an order, a refusal or a wait makes of a decision of an earlier frame.
    pub fn resolve(&mut self, event: &Event) {
        if let Some(resolution) = Fate::resolved_by(event) {
            self.held.resolve(resolution);
        }
    }

    /// Writes the decisions up to the first whose target waits; all of them if `all`.
    pub fn settle_decisions(&mut self, meta: &RunMeta, all: bool) -> Result<(), ReportError> {
        while let Some((Held { seq, ts, decision, .. }, outcome, verdict)) = self.held.pop(all) {
            let symbol = meta.instruments.symbols.name(decision.symbol);
            let whose = Whose { seq, ts, symbol, strategy: &meta.strategy };
            let columns = &mut self.decisions.columns;
            for agent in Agent::ALL {
                agent_row(columns, &whose, &decision, agent);
            }
            ensemble_row(columns, &whose, &decision, outcome, verdict);
            self.decisions.settle()?;
        }
        Ok(())
    }

    /// Writes what is left and syncs the files.
    pub fn finish(mut self, meta: &RunMeta) -> Result<(), ReportError> {
        self.settle_decisions(meta, true)?;
        self.decisions.finish()?;
        self.synergies.finish()?;
        self.matrices.map(Table::finish).transpose()?;
        Ok(())
    }
}

/// Whose decision it is, and when.
struct Whose<'a> {
    seq: u64,
    ts: Nanos,
    symbol: &'a str,
    strategy: &'a str,
}

/// The columns that every row has.
fn say(columns: &mut DecisionColumns, whose: &Whose<'_>, agent: &str, p: [f32; 3]) {
    columns.seq.append_value(whose.seq);
    columns.ts_event.push(whose.ts);
    columns.symbol.append_value(whose.symbol);
    columns.strategy.append_value(whose.strategy);
    columns.agent.append_value(agent);
    columns.p.iter_mut().zip(p).for_each(|(column, p)| column.append_value(p.into()));
}

fn agent_row(columns: &mut DecisionColumns, whose: &Whose<'_>, decision: &Decision, agent: Agent) {
    let at = agent as usize;
    let p = decision.says[at];
    say(columns, whose, agent.name(), p);
    let (action, confidence) = match agent {
        Agent::Entry => {
            let choice = largest(p, Urgency::Wait as usize);
            (Urgency::ALL[choice].name(), p[choice])
        }
        _ => {
            let choice = largest(p, Action::Flat as usize);
            (Action::ALL[choice].name(), p[choice])
        }
    };
    columns.action.append_value(action);
    columns.confidence.append_value(confidence.into());
    columns.outcome.append_value("");
    columns.missed.append_value(decision.missed[at]);
    columns.weight.append_option(decision.weights.get(at).map(|weight| f64::from(*weight)));
    columns.verdict.append_null();
    columns.blend.append_null();
    columns.gate.append_null();
    columns.urgency.append_null();
    columns.pattern.append_null();
    columns.direction.append_null();
    columns.target.quantity_option(None);
    columns.context.iter_mut().for_each(Float64Builder::append_null);
}

fn ensemble_row(
    columns: &mut DecisionColumns,
    whose: &Whose<'_>,
    decision: &Decision,
    outcome: Outcome,
    verdict: Final,
) {
    say(columns, whose, ENSEMBLE, decision.ensemble);
    columns.action.append_value(decision.action.name());
    columns.confidence.append_value(decision.confidence.into());
    columns.outcome.append_value(outcome.to_string());
    columns.verdict.append_value(verdict.name());
    columns.missed.append_null();
    columns.weight.append_null();
    columns.blend.append_value(decision.blend.into());
    columns.gate.append_value(decision.gate.into());
    columns.urgency.append_value(decision.urgency.name());
    columns.pattern.append_option(decision.synergy.map(|(pattern, _)| pattern.to_string()));
    columns.direction.append_option(decision.synergy.map(|(_, direction)| direction.name()));
    columns.target.quantity_option(Some(decision.target));
    let context = columns.context.iter_mut().zip(decision.context);
    context.for_each(|(column, number)| column.append_value(number.into()));
}

/// The place of the largest; `on_tie` where there are two.
fn largest(p: [f32; 3], on_tie: usize) -> usize {
    let largest = p.into_iter().fold(f32::NEG_INFINITY, f32::max);
    let mut places = (0..p.len()).filter(|place| p[*place] >= largest);
    match (places.next(), places.next()) {
        (Some(place), None) => place,
        _ => on_tie,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tie_does_nothing() {
        for (p, expected) in [
            ([0.5, 0.3, 0.2], 0),
            ([0.2, 0.3, 0.5], 2),
            ([0.2, 0.5, 0.3], 1),
            ([0.4, 0.2, 0.4], 7),
            ([0.4, 0.4, 0.2], 7),
            ([1.0 / 3.0; 3], 7),
            ([f32::NAN; 3], 7),
        ] {
            assert_eq!(largest(p, 7), expected, "{p:?}");
        }
    }
}
