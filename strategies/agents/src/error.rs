//! Why the agents cannot be built. Keys are full paths in the configuration.

use inference::{CACHE_ENTRIES_MAX, Shape};
use model::{Agent, Nanos, Pattern, Span, Timeframe};
use std::fmt;
use strategy::{ExitsError, SizingError};

/// What is wrong with a configuration, or with what the run offers.
#[derive(Debug, Clone, PartialEq)]
pub enum AgentsError {
    /// A number is not within 0 and 1.
    Share {
        /// Which one.
        key: &'static str,
        /// What was given.
        value: f64,
    },
    /// `agents.deadline_us` is 0.
    Deadline,
    /// A span is negative or longer than a week.
    Span {
        /// Which one.
        key: &'static str,
        /// What was given.
        value: Nanos,
    },
    /// `agents.cache_entries` is above [`CACHE_ENTRIES_MAX`].
    CacheEntries(usize),
    /// A logit is not finite.
    Logit {
        /// Whose.
        agent: Agent,
        /// What was given.
        value: f64,
    },
    /// A pattern's share of the strategic group is not within 0 and 1.
    Blend {
        /// Which pattern.
        pattern: Pattern,
        /// What was given.
        value: f32,
    },
    /// The run's list of matrices is shorter.
    Matrix {
        /// Which key names it.
        key: &'static str,
        /// What was given.
        index: usize,
        /// How many matrices the run has.
        count: usize,
    },
    /// An agent has no model.
    NoModel(Agent),
    /// A model takes other observations than its agent sees.
    Shape {
        /// Whose.
        agent: Agent,
        /// Which of its models.
        index: usize,
        /// What the agent sees.
        expected: Shape,
        /// What the model takes.
        found: Shape,
    },
    /// The sizing is out of range, or its volatility is missing.
    Sizing(SizingError),
    /// The exits are out of range, or their ATR is missing.
    Exits(ExitsError),
}

impl fmt::Display for AgentsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Share { key, value } => {
                write!(f, "{key} = {value} is out of range; write a number from 0 to 1")
            }
            Self::Deadline => {
                f.write_str("agents.deadline_us = 0 leaves no time to answer; write at least 1")
            }
            Self::Span { key, value } => {
                write!(f, "{key} = {} is out of range; write a span from 0 to 7d", Span(*value))
            }
            Self::CacheEntries(value) => {
                write!(f, "agents.cache_entries = {value} is out of range; write at most {CACHE_ENTRIES_MAX}")
            }
            Self::Logit { agent, value } => {
                write!(f, "agents.logits.{} = {value} is no weight; write a finite number", agent.name())
            }
            Self::Blend { pattern, value } => {
                write!(f, "agents.blend of {pattern} = {value} is out of range; write a number from 0 to 1")
            }
            Self::Matrix { key, index, count } => {
                write!(f, "{key} names matrix {index} of {count}; name one that the run has")
            }
            Self::NoModel(agent) => {
                write!(f, "agent {} has no model; list a file for it in agents.models", agent.name())
            }
            Self::Shape { agent, index, expected, found } => write!(
                f,
                "model {index} of agent {} takes observations of {found}, but the run's are {expected}; \
                 use one trained on this matrix",
                agent.name()
            ),
            Self::Sizing(error) => error.fmt(f),
            Self::Exits(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for AgentsError {}

/// An order may still be on its way when it should be withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LatencyError {
    /// `venue.latency`.
    pub venue: Nanos,
    /// `agents.simulated_latency`.
    pub simulated: Nanos,
    /// The shortest timeframe that decisions and withdrawals come at.
    pub timeframe: Timeframe,
}

impl fmt::Display for LatencyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "venue.latency = {} and agents.simulated_latency = {} together reach the next bar of {}, at which an \
             order would be withdrawn before it arrived; make them shorter",
            Span(self.venue),
            Span(self.simulated),
            self.timeframe
        )
    }
}

impl std::error::Error for LatencyError {}

/// Whether an order decided at one bar arrives before the next. `timeframe` is the tactical one, or the synergies' if
/// that is shorter.
///
/// Why it must: a limit order is withdrawn one tactical timeframe after its wish, or at the next bar where a decision
/// replaces it or an exit comes, and a cancel that overtakes its order cancels nothing.
///
/// # Errors
/// [`LatencyError`] if it does not.
pub fn check_latency(venue: Nanos, simulated: Nanos, timeframe: Timeframe) -> Result<(), LatencyError> {
    let arrives = venue.saturating_add(simulated);
    if arrives < timeframe.nanos() { Ok(()) } else { Err(LatencyError { venue, simulated, timeframe }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_arrives_before_the_next_bar() {
        let five = Timeframe::parse("5m").unwrap();
        let check = |venue, simulated, good| {
            assert_eq!(
                check_latency(Nanos(venue), Nanos(simulated), five).is_ok(),
                good,
                "{venue} {simulated}"
            );
        };
        let bar = five.nanos().0;
        check(0, 0, true);
        check(bar - 1, 0, true);
        check(1, bar - 2, true);
        check(1, bar - 1, false);
        check(i64::MAX, i64::MAX, false);
        let said = check_latency(Nanos(bar), Nanos(7), five).unwrap_err().to_string();
        assert!(said.starts_with("venue.latency = 5m and agents.simulated_latency = 7ns"), "{said}");
    }
}
