//! What a run was, when it is over.

use crate::graph::{Fault, Group};
use crate::probes::Probes;
use crate::sequencer::{RunError, Sequencer};
use matching::Exchange;
use model::combine_hashes;
use portfolio::Portfolio;
use strategy::{Strategy, StrategyFigures};

/// What a run was.
#[derive(Debug)]
pub struct Outcome {
    /// Hash of everything every stage emitted, in graph order, inputs first.
    pub event_hash: u128,
    /// Hash of every stage's final state, in the same order.
    pub state_hash: u128,
    /// How many inputs were sequenced.
    pub inputs: u64,
    /// How many of them were ticks.
    pub ticks: u64,
    /// How many ticks were older than a closed boundary.
    pub late: u64,
    /// How many ticks fell outside a bar's 4,096 price bins of the volume profile and count in its outermost.
    pub ticks_clamped: u64,
    /// The final portfolio.
    pub portfolio: Portfolio,
    /// What the synergy stage counted, if there was one.
    pub synergies: Option<synergy::Counts>,
    /// How the strategy and its agents did.
    pub strategy: StrategyFigures,
    /// The latencies of all groups.
    pub probes: Probes,
}

impl Outcome {
    /// Puts the groups' final stages together. `others` are the groups behind the sequencer's, in order.
    pub(crate) fn collect<S: Strategy>(
        mut sequencer: Sequencer<S, impl Exchange>,
        others: Vec<Group<S>>,
    ) -> Result<Self, RunError> {
        let (inputs, ticks) = (sequencer.sequence, sequencer.ticks);
        let mut event_hashes = vec![sequencer.hash.value()];
        let mut state_hashes = vec![sequencer.state_hash().map_err(Fault::Venue)?];
        let mut probes: Option<Probes> = None;
        let (mut portfolio, mut synergies, mut strategy) = (None, None, StrategyFigures::default());
        let (mut late, mut ticks_clamped) = (0, 0);
        for group in std::iter::once(sequencer.group).chain(others) {
            match &mut probes {
                Some(probes) => probes.merge(&group.probes),
                None => probes = Some(group.probes),
            }
            if let Some(stage) = group.portfolio {
                event_hashes.push(stage.event_hash());
                state_hashes.push(stage.state_hash());
                portfolio = Some(stage);
            }
            if let Some(stage) = group.bars {
                event_hashes.push(stage.event_hash());
                state_hashes.push(stage.state_hash());
                late = stage.late();
            }
            if let Some(stage) = group.indicators {
                ticks_clamped = stage.ticks_clamped();
                event_hashes.push(stage.event_hash());
                state_hashes.push(stage.state_hash());
            }
            if let Some(stage) = group.matrices {
                event_hashes.push(stage.event_hash());
                state_hashes.push(stage.state_hash());
            }
            if let Some(stage) = group.synergies {
                event_hashes.push(stage.event_hash());
                state_hashes.push(stage.state_hash());
                synergies = Some(*stage.counts());
            }
            if let Some(stage) = group.strategy {
                event_hashes.push(stage.event_hash());
                state_hashes.push(stage.state_hash());
                strategy = stage.strategy.figures();
            }
            if let Some(stage) = group.orders {
                event_hashes.extend([stage.risk_hash(), stage.order_hash()]);
                state_hashes.push(stage.state_hash());
            }
        }
        Ok(Self {
            event_hash: combine_hashes(&event_hashes),
            state_hash: combine_hashes(&state_hashes),
            inputs,
            ticks,
            late,
            ticks_clamped,
            portfolio: portfolio.expect("a layout holds every stage"),
            synergies,
            strategy,
            probes: probes.expect("a layout has a group"),
        })
    }
}
