//! How a strategy and its agents did in a run, for the summary. Not part of any result: a cache may be of any size.

use crate::ExitReason;
use model::Agent;

/// What a strategy counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StrategyFigures {
    /// By agent; empty where it has none.
    pub agents: Vec<AgentFigures>,
    /// Decisions that were due before everything their agents read existed: nobody was asked, and there is no record.
    pub not_ready: u64,
    /// Sizes that the largest one cut off ([`crate::SIZE_MAX`]).
    pub sizes_capped: u64,
    /// By reason, in the order of [`ExitReason::ALL`]: how often a position began to be left.
    pub exits: [u64; ExitReason::ALL.len()],
}

/// One agent's counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgentFigures {
    /// Which one.
    pub agent: Agent,
    /// Answers it was asked for; while its circuit is open it is asked for none.
    pub asked: u64,
    /// Answers that were missing, those that its open circuit did not ask for included.
    pub missed: u64,
    /// Times that its circuit opened.
    pub circuit_openings: u64,
    /// Answers that it remembered.
    pub cache_hits: u64,
    /// Answers that it computed.
    pub cache_misses: u64,
}
