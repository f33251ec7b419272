//! The agents in the table: what they were asked, how positions were left, and what their weights are worth.

use super::block::{self, Tone};
use super::{Colour, count};

/// What the agents did.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AgentFigures {
    /// Synergies found.
    pub synergies: u64,
    /// Decisions made.
    pub decisions: u64,
    /// Decisions that were due before the agents' matrices existed.
    pub not_ready: u64,
    /// Answers that were missing.
    pub missed: u64,
    /// Positions that began to be left, by reason.
    pub exits: Vec<(String, u64)>,
    /// What the weights are, each kind once.
    pub training: Vec<String>,
}

/// The section, with a newline at its end.
pub(super) fn render(figures: &AgentFigures, colour: Colour) -> String {
    let some = |n: u64, one: &str, more: &str| format!("{} {}", count(n), if n == 1 { one } else { more });
    let mut asked = vec![
        some(figures.synergies, "synergy", "synergies"),
        some(figures.decisions, "decision", "decisions"),
    ];
    if figures.not_ready > 0 {
        asked.push(format!("{} too early for a full matrix", count(figures.not_ready)));
    }
    if figures.missed > 0 {
        asked.push(some(figures.missed, "missed answer", "missed answers"));
    }
    let mut out = format!("{}\n  {}\n", block::paint("Agents", Tone::Title, colour), asked.join(", "));
    let exits: u64 = figures.exits.iter().map(|(_, n)| n).sum();
    let reasons: Vec<String> =
        figures.exits.iter().filter(|(_, n)| *n > 0).map(|(why, n)| format!("{why} {}", count(*n))).collect();
    match exits {
        0 => out.push_str("  Exits       none\n"),
        _ => out.push_str(&format!("  Exits       {} ({})\n", count(exits), reasons.join(", "))),
    }
    for (nth, training) in figures.training.iter().enumerate() {
        out.push_str(&format!("  {:<12}{training}\n", if nth == 0 { "Weights" } else { "" }));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(figures: &AgentFigures, expected: &str) {
        assert_eq!(render(figures, Colour::Off), expected);
    }

    #[test]
    fn what_agents_did_in_plain_text() {
        check(
            &AgentFigures {
                synergies: 1_051,
                decisions: 1,
                not_ready: 2,
                missed: 3,
                exits: vec![("stop".to_owned(), 4), ("target".to_owned(), 0), ("time_stop".to_owned(), 1)],
                training: vec!["cloned from a rule, not trained".to_owned()],
            },
            "Agents\n  1,051 synergies, 1 decision, 2 too early for a full matrix, 3 missed answers\n  \
             Exits       5 (stop 4, time_stop 1)\n  Weights     cloned from a rule, not trained\n",
        );
        check(&AgentFigures::default(), "Agents\n  0 synergies, 0 decisions\n  Exits       none\n");
    }
}
