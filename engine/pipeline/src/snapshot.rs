//! A snapshot: the whole engine between two batches of ticks, as bytes.
//!
//! A mark with the format's number and a head that can be read alone, then a section each for the sequencer, the venue
//! and every stage, in graph order. Groups hold stages in that order, so a snapshot taken on one thread is dealt out
//! to the groups of any layout by reading it group by group. Nothing is under way at that moment: over rings there
//! would be.
//! Not here: files and their versions (`journal`), the recorder's own state, the feed's, latencies.

use crate::graph::Group;
use crate::layout::Stage;
use crate::sequencer::Sequencer;
use matching::{Exchange, Venue};
use model::Nanos;
use model::state::{State, StateCause, StateError, StateReader, StateWriter, Value};
use strategy::Strategy;

/// Changes with what is written, however little.
const FORMAT: &str = "engine state 1";

const HEAD: &str = "head";
const VENUE: &str = "venue";

/// Where a snapshot was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotHead {
    /// The strategy's name.
    pub strategy: String,
    /// The number of the last input.
    pub sequence: u64,
    /// Ticks that are in it: so many a feed must leave out.
    pub ticks: u64,
    /// Engine time.
    pub now: Nanos,
}

model::value!(SnapshotHead { strategy, sequence, ticks, now });

impl SnapshotHead {
    /// Reads it, and no more.
    ///
    /// # Errors
    /// [`StateError`] if the bytes do not begin as a snapshot does.
    pub fn of(snapshot: &[u8]) -> Result<Self, StateError> {
        Self::read_from(&mut StateReader::new(snapshot))
    }

    fn read_from(from: &mut StateReader<'_>) -> Result<Self, StateError> {
        from.mark(FORMAT)?;
        let mut head = None;
        from.section(HEAD, |from| {
            head = Some(Self::read(from)?);
            Ok(())
        })?;
        Ok(head.expect("a section that was read has its head"))
    }
}

/// Writes the state of a sequencer whose group holds every stage.
pub(crate) fn save<S: Strategy>(sequencer: &Sequencer<S, Venue>, to: &mut StateWriter) {
    let head = SnapshotHead {
        strategy: strategy_name(sequencer, &[]).to_owned(),
        sequence: sequencer.sequence,
        ticks: sequencer.ticks,
        now: sequencer.now,
    };
    to.mark(FORMAT);
    to.section(HEAD, |to| head.put(to));
    to.section(Stage::Sequencer.name(), |to| sequencer.save(to));
    to.section(VENUE, |to| sequencer.edge.venue.save(to));
    sequencer.group.save(to);
}

/// Restores a sequencer and all groups, its own and the `others` behind it, that have seen nothing yet.
pub(crate) fn load<S: Strategy, V: Exchange>(
    sequencer: &mut Sequencer<S, V>,
    others: &mut [Group<S>],
    snapshot: &[u8],
) -> Result<(), StateError> {
    let mut from = StateReader::new(snapshot);
    let head = SnapshotHead::read_from(&mut from)?;
    if head.strategy != strategy_name(sequencer, others) {
        let cause = StateCause::Setting("strategy");
        return Err(StateError { section: HEAD, mark: "", cause });
    }
    from.section(Stage::Sequencer.name(), |from| sequencer.load(from))?;
    from.section(VENUE, |from| sequencer.edge.venue.restore(from))?;
    sequencer.group.load(&mut from)?;
    others.iter_mut().try_for_each(|group| group.load(&mut from))?;
    from.finish()
}

fn strategy_name<S: Strategy, V>(sequencer: &Sequencer<S, V>, others: &[Group<S>]) -> &'static str {
    let strategy = std::iter::once(&sequencer.group).chain(others).find_map(|group| group.strategy.as_ref());
    strategy.expect("a layout holds every stage").strategy.name()
}

/// The stages that are here, a section each, in graph order.
impl<S: Strategy> State for Group<S> {
    fn save(&self, to: &mut StateWriter) {
        fn save(stage: Stage, state: &Option<impl State>, to: &mut StateWriter) {
            state.iter().for_each(|state| to.section(stage.name(), |to| state.save(to)));
        }
        let Self {
            portfolio,
            bars,
            indicators,
            matrices,
            synergies,
            strategy,
            orders,
            probes: _,
            ticks_are_frames: _,
            indicators_read_ticks: _,
        } = self;
        save(Stage::Portfolio, portfolio, to);
        save(Stage::Bars, bars, to);
        save(Stage::Indicators, indicators, to);
        save(Stage::Matrices, matrices, to);
        save(Stage::Synergy, synergies, to);
        save(Stage::Strategy, strategy, to);
        save(Stage::Orders, orders, to);
    }

    fn load(&mut self, from: &mut StateReader<'_>) -> Result<(), StateError> {
        fn load(
            stage: Stage,
            state: &mut Option<impl State>,
            from: &mut StateReader<'_>,
        ) -> Result<(), StateError> {
            state.iter_mut().try_for_each(|state| from.section(stage.name(), |from| state.load(from)))
        }
        load(Stage::Portfolio, &mut self.portfolio, from)?;
        load(Stage::Bars, &mut self.bars, from)?;
        load(Stage::Indicators, &mut self.indicators, from)?;
        load(Stage::Matrices, &mut self.matrices, from)?;
        load(Stage::Synergy, &mut self.synergies, from)?;
        load(Stage::Strategy, &mut self.strategy, from)?;
        load(Stage::Orders, &mut self.orders, from)
    }
}
