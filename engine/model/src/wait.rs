//! Targets that wait for the venue's answer to a cancel, as events tell of them.
//!
//! A wait begins at the input of its intent. It ends with an order or a refusal that names that input, or with another
//! of these events, so that whoever follows a target need not guess what became of it.
//! Not here: when a target waits (`orders`).

use crate::{Event, Kind, Purpose, Quantity, SymbolId};

/// What became of a waiting target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum WaitStep {
    /// It waits from now on.
    Begun = 0,
    /// A newer wish for its symbol took its place, or the run ended.
    Superseded = 1,
    /// The answers have come, and what is held and expected to fill is the target already.
    AtTarget = 2,
}

impl WaitStep {
    /// All, in the order of their codes.
    pub const ALL: [Self; 3] = [Self::Begun, Self::Superseded, Self::AtTarget];
}

/// A step of a waiting target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TargetWait {
    /// For which symbol.
    pub symbol: SymbolId,
    /// The position wanted.
    pub position: Quantity,
    /// The input whose intent it is.
    pub cause_seq: u64,
    /// What became of it.
    pub step: WaitStep,
    /// What it is for.
    pub purpose: Purpose,
}

impl TargetWait {
    /// As an event derived from the input `at`.
    pub fn to_event(&self, at: &Event) -> Event {
        let mut event = Event::derived(at, Kind::WAIT, self.symbol);
        event.flags = self.step as u8;
        event.detail = self.purpose as u16;
        event.words[0] = self.position.raw();
        event.words[1] = self.cause_seq as i64;
        event
    }

    /// Reads a step.
    ///
    /// # Panics
    /// If the event's flags are no step's code.
    pub fn from_event(event: &Event) -> Self {
        debug_assert_eq!(event.kind, Kind::WAIT);
        Self {
            symbol: event.symbol,
            position: Quantity::new(event.words[0]),
            cause_seq: event.words[1] as u64,
            step: WaitStep::ALL[usize::from(event.flags)],
            purpose: Purpose::of_code(event.detail.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Nanos;

    #[test]
    fn waits_survive_the_encoding() {
        let at = Event { seq: 9, ..Event::input(Kind::REPORT, Nanos(5), SymbolId(2)) };
        for step in WaitStep::ALL {
            let wait = TargetWait {
                symbol: SymbolId(2),
                position: Quantity::new(-7),
                cause_seq: 4,
                step,
                purpose: Purpose::Stop,
            };
            let event = wait.to_event(&at);
            assert_eq!((event.seq, TargetWait::from_event(&event)), (9, wait));
        }
    }
}
