//! The agents' configuration, `agents.*`, and whether it is in range.
//!
//! A configuration is plain data; the strategy checks it when it is built, together with what the run offers.
//! Not here: which model files there are (the wiring loads them), sizes and exits (`strategy`).

use crate::AgentsError;
use inference::{CACHE_ENTRIES_DEFAULT, CACHE_ENTRIES_MAX};
use model::{Agent, AgentGroup, Nanos, Pattern, Timeframe};
use strategy::{ExitsConfig, SizingConfig};

/// When the agents are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecideOn {
    /// At a synergy.
    Synergy,
    /// At every bar of the tactical timeframe; synergies are not read.
    Bar,
}

impl DecideOn {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Synergy, Self::Bar];

    /// The name used in configs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Synergy => "synergy",
            Self::Bar => "bar",
        }
    }

    /// The one of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// `agents.simulated_miss`: answers that a backtest takes away.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimulatedMiss {
    /// Of the hash that chooses them.
    pub seed: u64,
    /// Share of answers, 0 to 1.
    pub probability: f64,
}

/// `agents.circuit`: when an agent that keeps missing is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CircuitConfig {
    /// After how many misses in a row; 0: never.
    pub misses: u32,
    /// For how long, in event time.
    pub cool_down: Nanos,
}

/// `agents.*`, with the sizing and the exits of what they decide.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AgentsConfig {
    /// When they are asked.
    pub decide_on: DecideOn,
    /// Least confidence to act on, 0 to 1.
    pub gate: f32,
    /// How long an agent may think, in microseconds for a symbol's turn. Live only: a backtest waits.
    pub deadline_us: u32,
    /// How long a decision's order takes to leave, in event time.
    pub simulated_latency: Nanos,
    /// Which answers are missing.
    pub simulated_miss: SimulatedMiss,
    /// When an agent is left alone.
    pub circuit: CircuitConfig,
    /// Answers that each model remembers; 0: none.
    pub cache_entries: usize,
    /// By voter, in the order of [`Agent::ALL`]: a group's weights are the softmax of its logits.
    pub logits: [f64; Agent::VOTERS],
    /// By [`Pattern::index`]: the strategic group's share, 0 to 1.
    pub blend: [f32; Pattern::ALL.len()],
    /// The same where there is no synergy.
    pub blend_bar: f32,
    /// Index of the strategic matrix in the run's list. Its timeframe gives the volatility that sizes follow.
    pub strategic: usize,
    /// Index of the tactical matrix in the run's list. Its timeframe is the one exits are watched on.
    pub tactical: usize,
    /// How large a position is.
    pub sizing: SizingConfig,
    /// When a position is left.
    pub exits: ExitsConfig,
}

impl Default for AgentsConfig {
    /// At synergies, a gate of 0.5, 1,000 µs, no simulated latency or misses, five misses in a row open a circuit for
    /// ten minutes, 1,000 answers, equal weights, half for each group, matrices 0 and 1.
    fn default() -> Self {
        Self {
            decide_on: DecideOn::Synergy,
            gate: 0.5,
            deadline_us: 1_000,
            simulated_latency: Nanos(0),
            simulated_miss: SimulatedMiss { seed: 0, probability: 0.0 },
            circuit: CircuitConfig { misses: 5, cool_down: Nanos(10 * Nanos::MINUTE.0) },
            cache_entries: CACHE_ENTRIES_DEFAULT,
            logits: [0.0; Agent::VOTERS],
            blend: [0.5; Pattern::ALL.len()],
            blend_bar: 0.5,
            strategic: 0,
            tactical: 1,
            sizing: SizingConfig::default(),
            exits: ExitsConfig::default(),
        }
    }
}

impl AgentsConfig {
    /// Whether every value of `agents.*` is in its range. Sizing and exits are checked where they are built.
    ///
    /// # Errors
    /// [`AgentsError`] with the first key that is not.
    pub fn check(&self) -> Result<(), AgentsError> {
        check_share("agents.gate", f64::from(self.gate))?;
        if self.deadline_us == 0 {
            return Err(AgentsError::Deadline);
        }
        check_span("agents.simulated_latency", self.simulated_latency)?;
        check_share("agents.simulated_miss.probability", self.simulated_miss.probability)?;
        check_span("agents.circuit.cool_down", self.circuit.cool_down)?;
        if self.cache_entries > CACHE_ENTRIES_MAX {
            return Err(AgentsError::CacheEntries(self.cache_entries));
        }
        for (agent, logit) in Agent::ALL.into_iter().zip(self.logits) {
            if !logit.is_finite() {
                return Err(AgentsError::Logit { agent, value: logit });
            }
        }
        for (pattern, share) in Pattern::ALL.into_iter().zip(self.blend) {
            if !(0.0..=1.0).contains(&share) {
                return Err(AgentsError::Blend { pattern, value: share });
            }
        }
        check_share("agents.blend_bar", f64::from(self.blend_bar))
    }

    /// The index of the matrix that a group reads.
    pub fn matrix(&self, group: AgentGroup) -> usize {
        match group {
            AgentGroup::Strategic => self.strategic,
            AgentGroup::Tactical => self.tactical,
        }
    }
}

fn check_share(key: &'static str, value: f64) -> Result<(), AgentsError> {
    if (0.0..=1.0).contains(&value) { Ok(()) } else { Err(AgentsError::Share { key, value }) }
}

fn check_span(key: &'static str, value: Nanos) -> Result<(), AgentsError> {
    let good = (0..=Timeframe::NANOS_MAX).contains(&value.0);
    if good { Ok(()) } else { Err(AgentsError::Span { key, value }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_range_is_refused_by_key() {
        let check = |edit: fn(&mut AgentsConfig), expected: Option<&str>| {
            let mut config = AgentsConfig::default();
            edit(&mut config);
            let said = config.check().err().map(|error| error.to_string());
            match (&said, expected) {
                (None, None) => {}
                (Some(said), Some(expected)) if said.starts_with(expected) => {}
                _ => panic!("{said:?}, expected {expected:?}"),
            }
        };
        check(|_| (), None);
        check(|config| config.gate = 0.0, None);
        check(|config| config.gate = 1.5, Some("agents.gate = 1.5"));
        check(|config| config.gate = f32::NAN, Some("agents.gate = NaN"));
        check(|config| config.deadline_us = 0, Some("agents.deadline_us = 0"));
        check(|config| config.simulated_latency = Nanos(-1), Some("agents.simulated_latency = -1ns"));
        check(
            |config| config.simulated_miss.probability = 1.1,
            Some("agents.simulated_miss.probability = 1.1"),
        );
        check(|config| config.circuit.cool_down = Nanos::MAX, Some("agents.circuit.cool_down = "));
        check(|config| config.circuit = CircuitConfig { misses: 0, cool_down: Nanos(0) }, None);
        check(|config| config.cache_entries = 0, None);
        check(|config| config.cache_entries = CACHE_ENTRIES_MAX, None);
        check(|config| config.cache_entries = CACHE_ENTRIES_MAX + 1, Some("agents.cache_entries = "));
        check(|config| config.logits[3] = f64::INFINITY, Some("agents.logits.fvg = inf"));
        check(|config| config.blend[1] = -0.1, Some("agents.blend of mlmi>fvg>nwrqk = -0.1"));
        check(|config| config.blend_bar = 2.0, Some("agents.blend_bar = 2"));
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        assert_eq!(DecideOn::ALL.map(|one| DecideOn::parse(one.name())), DecideOn::ALL.map(Some));
        assert_eq!(DecideOn::parse("tick"), None);
    }
}
