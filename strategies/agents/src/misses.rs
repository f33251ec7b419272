//! Answers that are missing: which ones a backtest takes away, and when an agent is left alone.
//!
//! Which answers are missing is a hash of seed, cause, symbol and agent: it does not depend on what else is asked at
//! the same time, on the layout, or on a generator's history.
//! Not here: deadlines of the live clock; there a miss enters the stream as an input.

use crate::{CircuitConfig, SimulatedMiss};
use model::{Agent, Nanos, StreamHash, SymbolId};

/// Whether this answer is taken away.
pub(crate) fn is_simulated(miss: &SimulatedMiss, cause_seq: u64, symbol: SymbolId, agent: Agent) -> bool {
    let subject = u64::from(symbol.0) << 8 | agent as u64;
    let hash = mix(mix(mix(miss.seed).wrapping_add(cause_seq)).wrapping_add(subject));
    // 53 bits are exact in f64: uniform in [0, 1).
    let uniform = (hash >> 11) as f64 / (1_u64 << 53) as f64;
    uniform < miss.probability
}

/// The step and the finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// One agent's run of misses. Open: it is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Circuit {
    in_a_row: u32,
    open_until: Nanos,
}

model::value!(Circuit { in_a_row, open_until });

impl Circuit {
    pub(crate) fn new() -> Self {
        Self { in_a_row: 0, open_until: Nanos::MIN }
    }

    #[inline]
    pub(crate) fn is_open(&self, now: Nanos) -> bool {
        now < self.open_until
    }

    /// Folds an answer or a miss; whether it opens the circuit. What else was asked together with the miss that opened
    /// it counts no more.
    pub(crate) fn fold(&mut self, missed: bool, now: Nanos, config: &CircuitConfig) -> bool {
        if self.is_open(now) {
            return false;
        }
        self.in_a_row = if missed { self.in_a_row.saturating_add(1) } else { 0 };
        let opens = config.misses > 0 && self.in_a_row >= config.misses;
        if opens {
            *self = Self { in_a_row: 0, open_until: now.saturating_add(config.cool_down) };
        }
        opens
    }

    pub(crate) fn hash_into(&self, hash: &mut StreamHash) {
        hash.words(&[u64::from(self.in_a_row), self.open_until.0 as u64]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_misses_is_the_probability() {
        for probability in [0.0, 0.01, 0.3, 1.0] {
            let miss = SimulatedMiss { seed: 7, probability };
            let missed = (0..60_000_u64).filter(|&n| {
                is_simulated(&miss, n / 60, SymbolId(n as u32 / 6 % 10), Agent::ALL[n as usize % 6])
            });
            let share = missed.count() as f64 / 60_000.0;
            assert!((share - probability).abs() < 0.006, "{share} of {probability}");
        }
    }

    #[test]
    fn each_part_of_the_key_matters() {
        let of = |seed, seq, symbol, agent| {
            let miss = SimulatedMiss { seed, probability: 0.5 };
            let bits =
                (0..64_u64).map(|n| u64::from(is_simulated(&miss, seq + n, SymbolId(symbol), agent)) << n);
            bits.sum::<u64>()
        };
        let base = of(1, 1000, 3, Agent::Mlmi);
        assert_eq!(base, of(1, 1000, 3, Agent::Mlmi));
        for other in [of(2, 1000, 3, Agent::Mlmi), of(1, 2000, 3, Agent::Mlmi), of(1, 1000, 4, Agent::Mlmi)] {
            assert_ne!(base, other);
        }
        assert_ne!(base, of(1, 1000, 3, Agent::Nwrqk));
    }

    #[test]
    fn misses_in_a_row_open_the_circuit_for_the_cool_down() {
        let config = CircuitConfig { misses: 3, cool_down: Nanos(10) };
        let mut circuit = Circuit::new();
        let mut check = |missed, now, opens, open_after| {
            assert_eq!(circuit.fold(missed, Nanos(now), &config), opens, "at {now}");
            assert_eq!(circuit.is_open(Nanos(now)), open_after, "after {now}");
        };
        check(true, 1, false, false);
        check(true, 2, false, false);
        check(false, 3, false, false);
        check(true, 4, false, false);
        check(true, 5, false, false);
        check(true, 6, true, true);
        check(true, 6, false, true);
        assert!(circuit.is_open(Nanos(15)) && !circuit.is_open(Nanos(16)));
        let mut again = |now| circuit.fold(true, Nanos(now), &config);
        assert_eq!([again(16), again(17), again(18)], [false, false, true]);
    }

    #[test]
    fn zero_misses_or_no_cool_down_never_leave_an_agent_alone() {
        for config in [
            CircuitConfig { misses: 0, cool_down: Nanos(10) },
            CircuitConfig { misses: 1, cool_down: Nanos(0) },
        ] {
            let mut circuit = Circuit::new();
            for now in 0..9 {
                circuit.fold(true, Nanos(now), &config);
                assert!(!circuit.is_open(Nanos(now)), "{config:?}");
            }
        }
    }
}
