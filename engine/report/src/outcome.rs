//! What came of a decision, once risk and orders had their say in the same frame.
//!
//! | verdict | outcome |
//! | --- | --- |
//! | `timed_out` | `timeout` |
//! | `below_gate`, `wait`, `at_target` | `hold` |
//! | `act`, and risk refused the wish for its target | `refused:REASON` |
//! | `act`, and an order of its symbol followed | `approved` |
//! | `act`, and nothing followed: what is on its way already leads there | `hold` |
//!
//! A frame may hold other wishes for the symbol (an exit), so that a refusal counts first where it names the decision's
//! target, and otherwise only where no order followed.

use model::{Event, Frame, Goal, Intent, Kind, Quantity, RefusalReason, Verdict};
use std::fmt;

/// The contract's `decisions.outcome` of the ensemble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// An order went to the venue.
    Approved,
    /// Risk refused.
    Refused(RefusalReason),
    /// Nothing was to be done.
    Hold,
    /// An agent's answer was missing.
    Timeout,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Approved => f.write_str("approved"),
            Self::Refused(reason) => write!(f, "refused:{}", reason.name()),
            Self::Hold => f.write_str("hold"),
            Self::Timeout => f.write_str("timeout"),
        }
    }
}

impl Outcome {
    /// What came of the decision that the frame's event number `at` announces.
    pub fn of(frame: &Frame, at: usize) -> Self {
        let event = &frame.events[at];
        debug_assert_eq!(event.kind, Kind::DECISION);
        let decision = &frame.decisions[event.words[0] as usize];
        match decision.verdict {
            Verdict::TimedOut => Self::Timeout,
            Verdict::BelowGate | Verdict::Wait | Verdict::AtTarget => Self::Hold,
            Verdict::Act => {
                let later = frame.events[at + 1..].iter().filter(|later| later.symbol == event.symbol);
                Self::of_act(later, decision.target)
            }
        }
    }

    /// What came of a wish for a target, by the later events of its symbol.
    fn of_act<'a>(later: impl Iterator<Item = &'a Event>, target: Quantity) -> Self {
        let (mut ordered, mut refused) = (false, None);
        for event in later {
            match event.kind {
                Kind::ORDER => ordered = true,
                Kind::REFUSAL => {
                    let reason = Intent::refusal_reason(event);
                    let goal = Intent::from_event(event).goal;
                    if matches!(goal, Goal::Target { position, .. } if position == target) {
                        return Self::Refused(reason);
                    }
                    refused = refused.or(Some(reason));
                }
                _ => {}
            }
        }
        match refused {
            _ if ordered => Self::Approved,
            Some(reason) => Self::Refused(reason),
            None => Self::Hold,
        }
    }
}
