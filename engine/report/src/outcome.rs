//! What came of a decision, once risk and orders had their say in the same frame.
//!
//! | verdict | outcome |
//! | --- | --- |
//! | `timed_out` | `timeout` |
//! | `below_gate`, `wait`, `at_target`, `leaving` | `hold` |
//! | `act`, and risk refused the wish | `refused:REASON` |
//! | `act`, and an order followed | `approved` |
//! | `act`, and nothing followed: with what is on its way, less than a lot is missing | `hold` |
//!
//! A frame may hold other wishes for the symbol, exits: only what says that it is a decision's counts.

use model::{Event, Frame, Intent, Kind, Order, Purpose, RefusalReason, Verdict};
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
            Verdict::BelowGate | Verdict::Wait | Verdict::AtTarget | Verdict::Leaving => Self::Hold,
            Verdict::Act => {
                let mut later = frame.events[at + 1..].iter().filter(|later| later.symbol == event.symbol);
                later.find_map(Self::of_act).unwrap_or(Self::Hold)
            }
        }
    }

    /// What came of the wish of a decision, if a later event of its symbol says so.
    fn of_act(event: &Event) -> Option<Self> {
        match event.kind {
            Kind::ORDER if Order::from_event(event).purpose == Purpose::Decision => Some(Self::Approved),
            Kind::REFUSAL if Intent::from_event(event).purpose == Purpose::Decision => {
                Some(Self::Refused(Intent::refusal_reason(event)))
            }
            _ => None,
        }
    }
}
