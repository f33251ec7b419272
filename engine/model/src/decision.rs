//! What the agents said, how their voices were combined, and what came of it.
//!
//! Not here: how an agent comes to its distribution (`inference`), how voices are weighed (`agents`).

use crate::{Direction, Pattern, Quantity, SymbolId};

/// The six agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Agent {
    /// Strategic: the machine-learning market indicator.
    Mlmi = 0,
    /// Strategic: the kernel regression.
    Nwrqk = 1,
    /// Strategic: the market's regime.
    Regime = 2,
    /// Tactical: fair value gaps.
    Fvg = 3,
    /// Tactical: momentum.
    Momentum = 4,
    /// Tactical: whether and how to enter; it votes no direction.
    Entry = 5,
}

/// What an agent reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AgentGroup {
    /// The long matrix.
    Strategic,
    /// The short matrix.
    Tactical,
}

impl Agent {
    /// All, strategic ones first, `Entry` last.
    pub const ALL: [Self; 6] =
        [Self::Mlmi, Self::Nwrqk, Self::Regime, Self::Fvg, Self::Momentum, Self::Entry];
    /// How many vote a direction: all but `Entry`, the first of [`Agent::ALL`].
    pub const VOTERS: usize = 5;

    /// The name used in configs and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mlmi => "mlmi",
            Self::Nwrqk => "nwrqk",
            Self::Regime => "regime",
            Self::Fvg => "fvg",
            Self::Momentum => "momentum",
            Self::Entry => "entry",
        }
    }

    /// The agent of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|agent| agent.name() == name)
    }

    /// Its group.
    pub const fn group(self) -> AgentGroup {
        match self {
            Self::Mlmi | Self::Nwrqk | Self::Regime => AgentGroup::Strategic,
            Self::Fvg | Self::Momentum | Self::Entry => AgentGroup::Tactical,
        }
    }
}

/// The side the agents choose; its code is the place of its probability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Action {
    /// Hold a long position.
    Long = 0,
    /// Hold none.
    Flat = 1,
    /// Hold a short position.
    Short = 2,
}

impl Action {
    /// All, in the order of their probabilities.
    pub const ALL: [Self; 3] = [Self::Long, Self::Flat, Self::Short];

    /// 1, 0 or -1.
    pub const fn sign(self) -> i8 {
        match self {
            Self::Long => 1,
            Self::Flat => 0,
            Self::Short => -1,
        }
    }

    /// The name used in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Long => "long",
            Self::Flat => "flat",
            Self::Short => "short",
        }
    }
}

/// How urgently to trade; its code is the place of its probability in what `Entry` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Urgency {
    /// At the market.
    Aggressive = 0,
    /// With a limit at the touch.
    Execute = 1,
    /// Not now.
    Wait = 2,
}

impl Urgency {
    /// All, in the order of their probabilities.
    pub const ALL: [Self; 3] = [Self::Aggressive, Self::Execute, Self::Wait];

    /// The name used in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aggressive => "aggressive",
            Self::Execute => "execute",
            Self::Wait => "wait",
        }
    }
}

/// What came of a decision before risk saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Verdict {
    /// A new target goes to risk.
    Act = 0,
    /// The confidence is below the gate.
    BelowGate = 1,
    /// `Entry` says wait.
    Wait = 2,
    /// The target is what is held already, or rounds to nothing.
    AtTarget = 3,
    /// An agent's answer was missing and the default action stands: no entry.
    TimedOut = 4,
}

impl Verdict {
    /// All, in the order of their codes.
    pub const ALL: [Self; 5] = [Self::Act, Self::BelowGate, Self::Wait, Self::AtTarget, Self::TimedOut];

    /// The name used in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Act => "act",
            Self::BelowGate => "below_gate",
            Self::Wait => "wait",
            Self::AtTarget => "at_target",
            Self::TimedOut => "timed_out",
        }
    }
}

/// How many numbers of portfolio context stand beside the matrix that an agent reads.
pub const CONTEXT_LEN: usize = 9;

/// One decision of all agents on one symbol.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decision {
    /// On which symbol.
    pub symbol: SymbolId,
    /// What it was asked for; `None` where the agents are asked at every bar.
    pub synergy: Option<(Pattern, Direction)>,
    /// The portfolio context, as every network read it: position/limit, unrealised P&L/equity, bars since entry/100,
    /// drawdown, a place for each default pattern, direction of the synergy.
    pub context: [f32; CONTEXT_LEN],
    /// By agent: the probabilities of long, flat, short (`Entry`: aggressive, execute, wait).
    pub says: [[f32; 3]; Agent::ALL.len()],
    /// By agent: whether its answer was missing, so that its default stands in `says`.
    pub missed: [bool; Agent::ALL.len()],
    /// By voter: its weight in its group.
    pub weights: [f32; Agent::VOTERS],
    /// The strategic group's share.
    pub blend: f32,
    /// The combined probabilities of long, flat, short.
    pub ensemble: [f32; 3],
    /// The side chosen.
    pub action: Action,
    /// The probability of the action, less for one against the synergy.
    pub confidence: f32,
    /// What the confidence had to reach.
    pub gate: f32,
    /// What `Entry` chose.
    pub urgency: Urgency,
    /// What came of it.
    pub verdict: Verdict,
    /// The position wanted, where the verdict is to act; else the position held.
    pub target: Quantity,
}

const NO_PATTERN: u64 = 0xff;

/// Places for floats in the words; two of them are always 0.
const FLOATS: usize = 40;
/// The place of the context's first, at the beginning of a word.
const CONTEXT_FIRST: usize = 30;

const _: () = assert!(CONTEXT_FIRST + CONTEXT_LEN <= FLOATS && 3 + FLOATS / 2 == Decision::WORDS);
const _: () = assert!(3 + CONTEXT_FIRST / 2 == Decision::WORDS_HASHED, "the context's words come last");

impl Decision {
    /// How many words [`Decision::words`] gives.
    pub const WORDS: usize = 23;
    /// How many of them, from the first on, enter a hash: all but the context's. A context is worked out from accounts,
    /// fills, bars and synergies, which are hashed where they come from; what was answered to it is hashed here.
    pub const WORDS_HASHED: usize = 18;

    /// Every field, for a hash or a ring, the context's last. Two floats share a word.
    pub fn words(&self) -> [u64; Self::WORDS] {
        let (pattern, direction) = match self.synergy {
            Some((pattern, direction)) => (pattern.index() as u64, u64::from(direction == Direction::Long)),
            None => (NO_PATTERN, 0),
        };
        let missed = (0..).zip(self.missed).map(|(bit, missed)| u64::from(missed) << bit).sum::<u64>();
        let mut floats = [0.0_f32; FLOATS];
        floats[..18].copy_from_slice(self.says.as_flattened());
        floats[18..23].copy_from_slice(&self.weights);
        floats[23] = self.blend;
        floats[24..27].copy_from_slice(&self.ensemble);
        floats[27] = self.confidence;
        floats[28] = self.gate;
        floats[CONTEXT_FIRST..][..CONTEXT_LEN].copy_from_slice(&self.context);
        let mut words = [0; Self::WORDS];
        words[0] = u64::from(self.symbol.0) | pattern << 32 | direction << 40 | missed << 48;
        words[1] = self.action as u64 | (self.urgency as u64) << 8 | (self.verdict as u64) << 16;
        words[2] = self.target.raw() as u64;
        for (word, pair) in words[3..].iter_mut().zip(floats.chunks_exact(2)) {
            *word = u64::from(pair[0].to_bits()) | u64::from(pair[1].to_bits()) << 32;
        }
        words
    }

    /// The decision of these words.
    pub fn from_words(words: [u64; Self::WORDS]) -> Self {
        let byte = |word: u64, at: u32| (word >> at) as u8;
        let mut floats = [0.0_f32; FLOATS];
        for (pair, word) in floats.chunks_exact_mut(2).zip(&words[3..]) {
            pair.copy_from_slice(&[f32::from_bits(*word as u32), f32::from_bits((word >> 32) as u32)]);
        }
        let triple = |at: usize| [floats[at], floats[at + 1], floats[at + 2]];
        let pattern = byte(words[0], 32);
        let direction = if byte(words[0], 40) == 0 { Direction::Short } else { Direction::Long };
        Self {
            symbol: SymbolId(words[0] as u32),
            synergy: (u64::from(pattern) != NO_PATTERN)
                .then(|| (Pattern::ALL[usize::from(pattern)], direction)),
            context: std::array::from_fn(|place| floats[CONTEXT_FIRST + place]),
            says: std::array::from_fn(|agent| triple(3 * agent)),
            missed: std::array::from_fn(|agent| words[0] >> 48 >> agent & 1 == 1),
            weights: std::array::from_fn(|voter| floats[18 + voter]),
            blend: floats[23],
            ensemble: triple(24),
            confidence: floats[27],
            gate: floats[28],
            action: Action::ALL[usize::from(byte(words[1], 0))],
            urgency: Urgency::ALL[usize::from(byte(words[1], 8))],
            verdict: Verdict::ALL[usize::from(byte(words[1], 16))],
            target: Quantity::new(words[2] as i64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_survive_their_words() {
        let synergies =
            [None, Some((Pattern::ALL[0], Direction::Short)), Some((Pattern::ALL[5], Direction::Long))];
        for (n, synergy) in synergies.into_iter().enumerate() {
            for verdict in Verdict::ALL {
                let decision = Decision {
                    symbol: SymbolId(u32::MAX - 1),
                    synergy,
                    context: std::array::from_fn(|place| 0.5 - place as f32),
                    says: std::array::from_fn(|agent| [0.1 * agent as f32, 0.25, -0.0]),
                    missed: std::array::from_fn(|agent| agent % 2 == n % 2),
                    weights: [0.1, 0.2, 0.7, 0.4, 0.6],
                    blend: 0.5,
                    ensemble: [0.2, 0.3, 0.5],
                    action: Action::ALL[n],
                    confidence: 0.35,
                    gate: 0.5,
                    urgency: Urgency::ALL[n],
                    verdict,
                    target: Quantity::new(-9 * n as i64),
                };
                assert_eq!(Decision::from_words(decision.words()), decision);
                let elsewhere = Decision { context: [7.0; CONTEXT_LEN], ..decision };
                let (words, others) = (decision.words(), elsewhere.words());
                let differ: Vec<usize> = (0..Decision::WORDS).filter(|&at| words[at] != others[at]).collect();
                assert!(differ.into_iter().eq(Decision::WORDS_HASHED..Decision::WORDS));
            }
        }
    }
}
