//! What happened to the agents, for the summary. Nothing here can change a result.

use model::{Agent, Verdict};
use strategy::ExitReason;

/// Counts since the start of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// By verdict, in the order of [`Verdict::ALL`]: decisions.
    pub verdicts: [u64; Verdict::ALL.len()],
    /// Decisions that were due before both matrices of their symbol existed; nobody was asked.
    pub unready: u64,
    /// By agent: answers it was asked for; while it is left alone it is asked for none.
    pub asked: [u64; Agent::ALL.len()],
    /// By agent: answers that were missing, whatever for: those that nobody asked for while it was left alone as well.
    pub misses: [u64; Agent::ALL.len()],
    /// By agent: missing ones that were asked for, and failed or were not finite.
    pub failures: [u64; Agent::ALL.len()],
    /// By agent: how often it was left alone.
    pub openings: [u64; Agent::ALL.len()],
    /// By agent: answers from the caches of its models.
    pub cache_hits: [u64; Agent::ALL.len()],
    /// By agent: answers that its models had to compute.
    pub cache_misses: [u64; Agent::ALL.len()],
    /// Models swapped by a command.
    pub swaps: u64,
    /// Commands to swap a model that the agent does not have; they change nothing.
    pub swaps_refused: u64,
    /// By reason, in the order of [`ExitReason::ALL`]: positions left.
    pub exits: [u64; ExitReason::ALL.len()],
}

model::state!(Counts {
    verdicts,
    unready,
    asked,
    misses,
    failures,
    openings,
    cache_hits,
    cache_misses,
    swaps,
    swaps_refused,
    exits
});

impl Counts {
    /// How many decisions were made.
    pub fn decisions(&self) -> u64 {
        self.verdicts.iter().sum()
    }
}
