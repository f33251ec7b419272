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
    pub(crate) fn collect<S: Strategy, V: Exchange>(
        mut sequencer: Sequencer<S, V>,
        others: Vec<Group<S>>,
    ) -> Result<Self, RunError> {
        let Hashes { events: event_hash, state: state_hash } = Hashes::of(&mut sequencer, &others)?;
        let (inputs, ticks) = (sequencer.sequence, sequencer.ticks);
        let mut probes: Option<Probes> = None;
        let (mut portfolio, mut synergies, mut strategy) = (None, None, StrategyFigures::default());
        let (mut late, mut ticks_clamped) = (0, 0);
        for group in std::iter::once(sequencer.group).chain(others) {
            match &mut probes {
                Some(probes) => probes.merge(&group.probes),
                None => probes = Some(group.probes),
            }
            portfolio = portfolio.or(group.portfolio);
            synergies = synergies.or(group.synergies.map(|stage| *stage.counts()));
            late += group.bars.map_or(0, |stage| stage.late());
            ticks_clamped += group.indicators.map_or(0, |stage| stage.ticks_clamped());
            if let Some(stage) = group.strategy {
                strategy = stage.strategy.figures();
            }
        }
        Ok(Self {
            event_hash,
            state_hash,
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

/// A run's two hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hashes {
    pub events: u128,
    pub state: u128,
}

impl Hashes {
    /// Those of the run so far. `others` are the groups behind the sequencer's, in order.
    ///
    /// # Errors
    /// [`Fault::Venue`] if the venue is gone.
    pub fn of<S: Strategy, V: Exchange>(
        sequencer: &mut Sequencer<S, V>,
        others: &[Group<S>],
    ) -> Result<Self, RunError> {
        let mut events = vec![sequencer.hash.value()];
        let mut states = vec![sequencer.state_hash().map_err(Fault::Venue)?];
        let mut add = |event_hash, state_hash| {
            events.push(event_hash);
            states.push(state_hash);
        };
        for group in std::iter::once(&sequencer.group).chain(others) {
            group.portfolio.iter().for_each(|stage| add(stage.event_hash(), stage.state_hash()));
            group.bars.iter().for_each(|stage| add(stage.event_hash(), stage.state_hash()));
            group.indicators.iter().for_each(|stage| add(stage.event_hash(), stage.state_hash()));
            group.matrices.iter().for_each(|stage| add(stage.event_hash(), stage.state_hash()));
            group.synergies.iter().for_each(|stage| add(stage.event_hash(), stage.state_hash()));
            group.strategy.iter().for_each(|stage| add(stage.event_hash(), stage.state_hash()));
        }
        // Risk and orders are one stage with two hashes of what was emitted; it is the last one.
        let orders = std::iter::once(&sequencer.group).chain(others).find_map(|group| group.orders.as_ref());
        if let Some(stage) = orders {
            events.extend([stage.risk_hash(), stage.order_hash()]);
            states.push(stage.state_hash());
        }
        Ok(Self { events: combine_hashes(&events), state: combine_hashes(&states) })
    }
}
