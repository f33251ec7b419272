//! The whole engine on one thread, fed by the caller: a run that can stop between two batches, be saved and go on.
//!
//! It is the fused sequencer without a feed and without a progress line, so the same batches give what [`crate::run`]
//! gives. Between two batches nothing is under way: every answer is sequenced, every order is with the venue; that is
//! where a snapshot is taken. How ticks are cut into batches changes nothing.
//! Not here: when a snapshot is taken and where it is kept (`journal`, the program).

use crate::edge::Edge;
use crate::graph::Stages;
use crate::layout::Layout;
use crate::outcome::{Hashes, Outcome};
use crate::sequencer::{Outlets, RunError, Sequencer, Tail};
use crate::snapshot;
use crate::threads::{RunConfig, build};
use matching::Venue;
use model::state::{StateError, StateWriter};
use model::{Event, Nanos};
use std::sync::atomic::AtomicBool;
use strategy::Strategy;

/// A run under way.
pub struct Fold<S> {
    sequencer: Sequencer<S, Venue>,
}

impl<S: Strategy> Fold<S> {
    /// Before the first tick. The layout, placement and end of `config` are not read.
    pub fn new(config: &RunConfig, stages: Stages<S>, edge: Edge<Venue>, outlets: Outlets) -> Self {
        let (mut sequencer, others) = build(config, &Layout::fused(), stages, edge);
        debug_assert!(others.is_empty(), "all stages are on one thread");
        sequencer.tail = Tail::Here(outlets);
        Self { sequencer }
    }

    /// Folds the next ticks, in time order; the first of all begin the run. They get their numbers in place.
    ///
    /// # Errors
    /// [`RunError`] where the fold or the recorder fails; the run is then of no use.
    pub fn ticks(&mut self, batch: &mut [Event]) -> Result<(), RunError> {
        self.sequencer.fold(batch)
    }

    /// Hands the recorder what waits to fill a batch: afterwards it has every frame up to now.
    ///
    /// # Errors
    /// [`RunError::Recorder`] if it is gone.
    pub fn flush(&mut self) -> Result<(), RunError> {
        self.sequencer.flush()
    }

    /// Ends the run, at `end` if that is later than the last input.
    ///
    /// # Errors
    /// [`RunError`] where the fold or the recorder fails.
    pub fn finish(mut self, end: Option<Nanos>) -> Result<Outcome, RunError> {
        self.sequencer.close(end, &AtomicBool::new(false))?;
        // The recorder waits until nothing more can come.
        self.sequencer.tail = Tail::Here(Outlets::default());
        Outcome::collect(self.sequencer, Vec::new())
    }

    /// Writes a snapshot over what `into` holds, in its memory.
    pub fn save(&self, into: &mut Vec<u8>) {
        let mut to = StateWriter::reusing(std::mem::take(into));
        snapshot::save(&self.sequencer, &mut to);
        *into = to.into_bytes();
    }

    /// Restores a snapshot, in a run of the same configuration that has seen no tick. The next tick is the one after
    /// [`Self::ticks_seen`].
    ///
    /// # Errors
    /// [`StateError`] if the bytes are not a snapshot of such a run; this one is then of no use.
    ///
    /// # Panics
    /// If the run has begun.
    pub fn load(&mut self, snapshot: &[u8]) -> Result<(), StateError> {
        assert_eq!(self.sequencer.sequence, 0, "a snapshot is restored before the first tick");
        snapshot::load(&mut self.sequencer, &mut [], snapshot)
    }

    /// The hash of everything emitted so far: the `event_hash` of a run that ended here without its end.
    pub fn event_hash(&mut self) -> u128 {
        self.hashes().events
    }

    /// The hash of the state now.
    pub fn state_hash(&mut self) -> u128 {
        self.hashes().state
    }

    fn hashes(&mut self) -> Hashes {
        Hashes::of(&mut self.sequencer, &[]).expect("a venue in this process is never gone")
    }

    /// Whether a request is on its way to the venue. A snapshot holds it as sent, which in a run whose venue is another
    /// process only its answer proves.
    pub fn is_in_flight(&self) -> bool {
        self.sequencer.edge.venue.next_arrival() != Nanos::MAX
    }

    /// Ticks folded so far.
    pub fn ticks_seen(&self) -> u64 {
        self.sequencer.ticks
    }

    /// The number of the last input.
    pub fn sequence(&self) -> u64 {
        self.sequencer.sequence
    }

    /// Engine time: that of the last input; [`Nanos::MIN`] before the first.
    pub fn now(&self) -> Nanos {
        self.sequencer.now
    }
}
