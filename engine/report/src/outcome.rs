//! What came of a decision, once risk and orders had their say: in its own frame, or in that of the answer its target
//! waited for.
//!
//! | verdict | outcome |
//! | --- | --- |
//! | `timed_out` | `timeout` |
//! | `below_gate`, `wait`, `at_target` | `hold` |
//! | `act`, and risk refused the wish for its target | `refused:REASON` |
//! | `act`, and an order of its symbol followed | `approved` |
//! | `act`, and nothing followed: what is on its way already leads there | `hold` |
//! | `superseded`: its target waited, and a newer wish took its place | `hold` |
//! | `at_target`: its target waited, and the answers had led there | `hold` |
//!
//! A frame may hold other wishes for the symbol (an exit), so that a refusal counts first where it names the decision's
//! target, and otherwise only where no order followed; a wait counts where it names the target. What a later frame does
//! for a decision names the decision's input.

use model::{
    Decision, Event, Frame, Goal, Intent, Kind, Order, RefusalReason, SymbolId, TargetWait, Verdict, WaitStep,
};
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

/// The verdict that is recorded: that of the agents, but where their target waited and came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Final {
    /// The agents' own, or one that they would have said had they known.
    Said(Verdict),
    /// A newer wish took the place of the target, or the run ended.
    Superseded,
}

impl Final {
    /// The name used in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Said(verdict) => verdict.name(),
            Self::Superseded => "superseded",
        }
    }
}

/// What is known of a decision's outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// What came of it, and the verdict that goes with it.
    Known(Outcome, Final),
    /// Its target waits.
    Waits,
}

impl Fate {
    /// The fate of the decision that the frame's event number `at` announces, as far as its frame tells.
    pub fn of(frame: &Frame, at: usize) -> Self {
        let event = &frame.events[at];
        debug_assert_eq!(event.kind, Kind::DECISION);
        let decision = &frame.decisions[event.words[0] as usize];
        match decision.verdict {
            Verdict::TimedOut => Self::Known(Outcome::Timeout, Final::Said(decision.verdict)),
            Verdict::BelowGate | Verdict::Wait | Verdict::AtTarget => {
                Self::Known(Outcome::Hold, Final::Said(decision.verdict))
            }
            Verdict::Act => {
                let ours = |later: &&Event| {
                    later.symbol == event.symbol && cause_seq(later).is_none_or(|cause| cause == event.seq)
                };
                Self::of_act(frame.events[at + 1..].iter().filter(ours), decision)
            }
        }
    }

    /// What a later frame's event makes of a waiting decision of its symbol: nothing, if it tells of no order, refusal
    /// or wait.
    pub fn resolved_by(event: &Event) -> Option<Resolution> {
        let cause_seq = cause_seq(event).filter(|cause| *cause < event.seq)?;
        let fate = match event.kind {
            Kind::ORDER => Self::Known(Outcome::Approved, Final::Said(Verdict::Act)),
            Kind::REFUSAL => {
                Self::Known(Outcome::Refused(Intent::refusal_reason(event)), Final::Said(Verdict::Act))
            }
            _ => Self::after(TargetWait::from_event(event).step),
        };
        Some(Resolution { cause_seq, symbol: event.symbol, fate })
    }

    /// The fate of a decision whose target waited up to this step.
    fn after(step: WaitStep) -> Self {
        match step {
            WaitStep::Begun => Self::Waits,
            WaitStep::Superseded => Self::Known(Outcome::Hold, Final::Superseded),
            WaitStep::AtTarget => Self::Known(Outcome::Hold, Final::Said(Verdict::AtTarget)),
        }
    }

    /// What came of a wish for a target, by the later events of its symbol and input.
    fn of_act<'a>(later: impl Iterator<Item = &'a Event>, decision: &Decision) -> Self {
        let target = decision.target;
        let (mut ordered, mut refused, mut waited) = (false, None, None);
        for event in later {
            match event.kind {
                Kind::ORDER => ordered = true,
                Kind::REFUSAL => {
                    let reason = Intent::refusal_reason(event);
                    let goal = Intent::from_event(event).goal;
                    if matches!(goal, Goal::Target { position, .. } if position == target) {
                        return Self::Known(Outcome::Refused(reason), Final::Said(Verdict::Act));
                    }
                    refused = refused.or(Some(reason));
                }
                Kind::WAIT => {
                    let TargetWait { position, step, .. } = TargetWait::from_event(event);
                    waited = if position == target { Some(Self::after(step)) } else { waited };
                }
                _ => {}
            }
        }
        let outcome = match refused {
            _ if ordered => Outcome::Approved,
            Some(reason) => Outcome::Refused(reason),
            None => Outcome::Hold,
        };
        waited.unwrap_or(Self::Known(outcome, Final::Said(Verdict::Act)))
    }
}

/// What a later frame makes of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Resolution {
    /// The decision's input.
    pub cause_seq: u64,
    /// Its symbol.
    pub symbol: SymbolId,
    /// What came of it.
    pub fate: Fate,
}

/// The input whose intent an event carries out; `None` of events that carry out none.
fn cause_seq(event: &Event) -> Option<u64> {
    match event.kind {
        Kind::ORDER => Some(Order::from_event(event).cause_seq),
        Kind::REFUSAL => Some(Intent::refusal_cause_seq(event)),
        Kind::WAIT => Some(TargetWait::from_event(event).cause_seq),
        _ => None,
    }
}
