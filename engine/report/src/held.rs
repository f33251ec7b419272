//! Decisions whose rows cannot be written yet, because a target waits for the venue's answer.
//!
//! Rows stand in the order of the inputs, so that the decisions after a waiting one are held, too. At most one target
//! waits per symbol; memory is bounded by the decisions made while the oldest of them waits.
//! Not here: what came of one (`outcome`).

use crate::outcome::{Fate, Final, Outcome, Resolution};
use model::{Decision, Nanos};
use std::collections::VecDeque;

/// A decision and what is known of its outcome.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held {
    pub seq: u64,
    pub ts: Nanos,
    pub decision: Decision,
    pub fate: Fate,
}

/// Decisions in the order they were made.
#[derive(Debug, Default)]
pub(crate) struct HeldDecisions {
    decisions: VecDeque<Held>,
}

impl HeldDecisions {
    /// A decision was made.
    pub fn push(&mut self, held: Held) {
        debug_assert!(
            self.decisions.back().is_none_or(|last| last.seq <= held.seq),
            "in the order of inputs"
        );
        self.decisions.push_back(held);
    }

    /// Something came of a wish that waited. It may be nobody's here: exits wait, too.
    pub fn resolve(&mut self, resolution: Resolution) {
        let Resolution { cause_seq, symbol, fate } = resolution;
        let first = self.decisions.partition_point(|held| held.seq < cause_seq);
        let of_cause = self.decisions.iter_mut().skip(first).take_while(|held| held.seq == cause_seq);
        for held in of_cause.filter(|held| held.decision.symbol == symbol && held.fate == Fate::Waits) {
            held.fate = fate;
        }
    }

    /// The next decision whose row can be written, with its outcome and verdict; of what still waits when `all` must
    /// be, the run's end has taken the place.
    pub fn pop(&mut self, all: bool) -> Option<(Held, Outcome, Final)> {
        let front = *self.decisions.front()?;
        let (outcome, verdict) = match front.fate {
            Fate::Known(outcome, verdict) => (outcome, verdict),
            Fate::Waits if all => (Outcome::Hold, Final::Superseded),
            Fate::Waits => return None,
        };
        self.decisions.pop_front();
        Some((front, outcome, verdict))
    }
}
