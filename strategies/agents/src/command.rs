//! The one command the agents obey: use another of an agent's models.
//!
//! A command is an input like any other: it has a sequence number, and from that input on the other model answers, in
//! a replay as well. All models of a run are loaded before it begins; a command names one by its place.
//! Not here: loading files, other commands.

use model::{Agent, Event, Kind, Nanos, SymbolId};

/// The code of this command in `words[0]` of a [`Kind::COMMAND`] event; `words[1]` is the agent, `words[2]` the index.
pub const SWAP_MODEL: i64 = 1;

/// From this input on, the agent answers by this model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelSwap {
    /// Which agent.
    pub agent: Agent,
    /// The model's place in the agent's list.
    pub index: usize,
}

/// A swap of models, as an input at engine time `ts`.
pub fn swap_event(ts: Nanos, agent: Agent, index: usize) -> Event {
    let mut event = Event::input(Kind::COMMAND, ts, SymbolId::NONE);
    let index = i64::try_from(index).expect("a list of models has fewer than 2^63 places");
    event.words = [SWAP_MODEL, agent as i64, index, 0, 0];
    event
}

impl ModelSwap {
    /// Reads a swap; `None` of other commands, and of a swap that names no agent.
    pub fn from_event(event: &Event) -> Option<Self> {
        if event.kind != Kind::COMMAND || event.words[0] != SWAP_MODEL {
            return None;
        }
        let agent = Agent::ALL.into_iter().find(|agent| *agent as i64 == event.words[1])?;
        let index = usize::try_from(event.words[2]).ok()?;
        Some(Self { agent, index })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swaps_survive_the_encoding() {
        for agent in Agent::ALL {
            let swap = ModelSwap { agent, index: 7 };
            assert_eq!(ModelSwap::from_event(&swap_event(Nanos(3), agent, 7)), Some(swap));
        }
    }

    #[test]
    fn what_is_no_swap_is_none() {
        let good = swap_event(Nanos(3), Agent::Fvg, 1);
        for (word, value) in [(0, 2), (1, 6), (1, -1), (2, -1)] {
            let mut event = good;
            event.words[word] = value;
            assert_eq!(ModelSwap::from_event(&event), None, "word {word} is {value}");
        }
        assert_eq!(ModelSwap::from_event(&Event { kind: Kind::TIMER, ..good }), None);
    }
}
