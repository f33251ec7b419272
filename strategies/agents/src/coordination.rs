//! How six answers become one action.
//!
//! Within a group P = Σ w·P over its directional agents, in the order of [`Agent::ALL`], w = softmax of the configured
//! logits; together P = a·P_strategic + (1 − a)·P_tactical. All in f32, in the order written, without fused
//! operations; the weights are computed once, in f64.
//!
//! The action is the largest of P. On a tie for the largest, of two or of all three, it is flat, and its confidence the
//! probability of flat, however small. The entry agent's choice is the largest of its three likewise, and to wait on a
//! tie: an answer that prefers nothing moves nothing. A missing answer is weighed as what stands in for it, flat with
//! probability 1 (`policy`): it may tip the action to flat.
//! Not here: what comes of an action (`marl`); there, one that a missing voter had a part in takes no position away.

use model::{Action, Agent, AgentGroup, Direction, Pattern, Urgency};

/// What a confidence against the synergy is worth.
const OPPOSED: f32 = 0.7;

/// The weights of the voices.
#[derive(Debug, Clone)]
pub(crate) struct Coordination {
    weights: [f32; Agent::VOTERS],
    blend: [f32; Pattern::ALL.len()],
    blend_bar: f32,
}

/// What the agents say together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Vote {
    /// The strategic group's share.
    pub(crate) blend: f32,
    /// Of long, flat, short.
    pub(crate) ensemble: [f32; 3],
    pub(crate) action: Action,
    pub(crate) confidence: f32,
}

impl Coordination {
    pub(crate) fn new(
        logits: &[f64; Agent::VOTERS],
        blend: [f32; Pattern::ALL.len()],
        blend_bar: f32,
    ) -> Self {
        let mut weights = [0.0; Agent::VOTERS];
        for group in [AgentGroup::Strategic, AgentGroup::Tactical] {
            let members = || (0..Agent::VOTERS).filter(|&voter| Agent::ALL[voter].group() == group);
            let largest = members().map(|voter| logits[voter]).fold(f64::NEG_INFINITY, f64::max);
            let share = |voter: usize| libm::exp(logits[voter] - largest);
            let sum: f64 = members().map(share).sum();
            members().for_each(|voter| weights[voter] = (share(voter) / sum) as f32);
        }
        Self { weights, blend, blend_bar }
    }

    /// By voter: its weight in its group.
    pub(crate) fn weights(&self) -> [f32; Agent::VOTERS] {
        self.weights
    }

    /// What these answers say together, on this synergy.
    pub(crate) fn vote(
        &self,
        says: &[[f32; 3]; Agent::ALL.len()],
        synergy: Option<(Pattern, Direction)>,
    ) -> Vote {
        let blend = synergy.map_or(self.blend_bar, |(pattern, _)| self.blend[pattern.index()]);
        let (mut strategic, mut tactical) = ([0.0; 3], [0.0; 3]);
        for (voter, weight) in self.weights.into_iter().enumerate() {
            let group = match Agent::ALL[voter].group() {
                AgentGroup::Strategic => &mut strategic,
                AgentGroup::Tactical => &mut tactical,
            };
            for (sum, says) in group.iter_mut().zip(says[voter]) {
                *sum += weight * says;
            }
        }
        let ensemble = std::array::from_fn(|side| blend * strategic[side] + (1.0 - blend) * tactical[side]);
        let action = largest(&ensemble).map_or(Action::Flat, |side| Action::ALL[side]);
        let probability = ensemble[action as usize];
        let opposes = synergy.is_some_and(|(_, direction)| action.sign() == direction.opposite().sign());
        let confidence = if opposes { OPPOSED * probability } else { probability };
        Vote { blend, ensemble, action, confidence }
    }
}

/// What the entry agent chose.
pub(crate) fn urgency_of(says: &[f32; 3]) -> Urgency {
    largest(says).map_or(Urgency::Wait, |choice| Urgency::ALL[choice])
}

/// The place of the largest; `None` on a tie for it.
fn largest(probabilities: &[f32; 3]) -> Option<usize> {
    let largest = probabilities.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    // Equal by their bits or not at all: both come from the same three numbers.
    let mut places = (0..3).filter(|&place| probabilities[place] >= largest);
    let first = places.next();
    if places.next().is_some() { None } else { first }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Direction::{Long, Short};
    use proptest::prelude::*;

    const EVEN: [f32; 6] = [0.5; 6];
    const WAIT: [f32; 3] = [0.0, 0.0, 1.0];

    /// All strategic agents say one thing, all tactical ones another.
    fn says(strategic: [f32; 3], tactical: [f32; 3]) -> [[f32; 3]; 6] {
        [strategic, strategic, strategic, tactical, tactical, WAIT]
    }

    fn on(direction: Direction) -> Option<(Pattern, Direction)> {
        Some((Pattern::ALL[0], direction))
    }

    fn vote(says: [[f32; 3]; 6], synergy: Option<(Pattern, Direction)>) -> Vote {
        Coordination::new(&[0.0; 5], EVEN, 0.5).vote(&says, synergy)
    }

    fn near(a: f32, b: f32) -> bool {
        (a - b).abs() <= 1e-6
    }

    #[test]
    fn groups_are_averaged_and_blended() {
        let thirds = [[0.9, 0.1, 0.0], [0.6, 0.2, 0.2], [0.3, 0.6, 0.1]];
        let halves = [[0.2, 0.0, 0.8], [0.4, 0.4, 0.2]];
        let said = vote([thirds[0], thirds[1], thirds[2], halves[0], halves[1], WAIT], on(Long));
        // Strategic 0.6, 0.3, 0.1; tactical 0.3, 0.2, 0.5.
        let expected = [0.45, 0.25, 0.3];
        assert!(said.ensemble.iter().zip(expected).all(|(a, b)| near(*a, b)), "{said:?}");
        assert_eq!((said.action, said.confidence.to_bits()), (Action::Long, said.ensemble[0].to_bits()));
    }

    #[test]
    fn weights_are_a_softmax_within_each_group() {
        let logits = [0.0, libm::log(2.0), libm::log(5.0), 700.0, 700.0 + libm::log(3.0)];
        let weights = Coordination::new(&logits, EVEN, 0.5).weights();
        for (weight, expected) in weights.into_iter().zip([0.125, 0.25, 0.625, 0.25, 0.75]) {
            assert!(near(weight, expected), "{weights:?}");
        }
        let lonely = Coordination::new(&[-1e300, 1e300, 0.0, 0.0, -1e9], EVEN, 0.5).weights();
        assert_eq!(lonely.map(f32::to_bits), [0.0_f32, 1.0, 0.0, 1.0, 0.0].map(f32::to_bits));
    }

    #[test]
    fn each_pattern_has_its_own_blend() {
        let blend = [0.0, 0.1, 0.2, 0.3, 0.4, 1.0];
        let coordination = Coordination::new(&[0.0; 5], blend, 0.6);
        let says = says([1.0, 0.0, 0.0], [0.0, 0.0, 1.0]);
        for (pattern, share) in Pattern::ALL.into_iter().zip(blend) {
            let said = coordination.vote(&says, Some((pattern, Long)));
            assert!(near(said.ensemble[0], share) && near(said.blend, share), "{pattern}: {said:?}");
        }
        assert!(near(coordination.vote(&says, None).ensemble[0], 0.6));
    }

    #[test]
    fn a_tie_for_the_largest_is_flat_with_the_confidence_of_flat() {
        let check = |ensemble: [f32; 3], action, confidence: f32| {
            let said = vote(says(ensemble, ensemble), on(Long));
            assert_eq!(
                (said.action, said.confidence.to_bits()),
                (action, confidence.to_bits()),
                "{ensemble:?}"
            );
        };
        check([0.5, 0.0, 0.5], Action::Flat, 0.0);
        check([0.5, 0.5, 0.0], Action::Flat, 0.5);
        check([0.0, 0.5, 0.5], Action::Flat, 0.5);
        check([0.25, 0.25, 0.25], Action::Flat, 0.25);
        check([0.25, 0.5, 0.25], Action::Flat, 0.5);
        check([0.5, 0.25, 0.25], Action::Long, 0.5);
    }

    #[test]
    fn against_the_synergy_confidence_is_seven_tenths() {
        let check = |ensemble: [f32; 3], synergy, expected: f32| {
            let said = vote(says(ensemble, ensemble), synergy);
            assert!(near(said.confidence, expected), "{said:?} on {synergy:?}");
        };
        check([0.8, 0.1, 0.1], on(Long), 0.8);
        check([0.8, 0.1, 0.1], on(Short), 0.56);
        check([0.1, 0.1, 0.8], on(Long), 0.56);
        check([0.1, 0.1, 0.8], on(Short), 0.8);
        check([0.1, 0.8, 0.1], on(Long), 0.8);
        check([0.1, 0.8, 0.1], on(Short), 0.8);
        check([0.8, 0.1, 0.1], None, 0.8);
    }

    #[test]
    fn the_entry_agents_largest_is_the_urgency() {
        let check = |says: [f32; 3], expected| assert_eq!(urgency_of(&says), expected, "{says:?}");
        check([0.5, 0.3, 0.2], Urgency::Aggressive);
        check([0.3, 0.5, 0.2], Urgency::Execute);
        check([0.2, 0.3, 0.5], Urgency::Wait);
        check([0.4, 0.4, 0.2], Urgency::Wait);
        check([0.4, 0.2, 0.4], Urgency::Wait);
    }

    proptest! {
        /// Against f64 sums in another order: distributions in, a distribution out, the entry agent without a say.
        #[test]
        fn the_ensemble_equals_its_definition(
            raw in prop::collection::vec((1..100_u32, 1..100_u32, 1..100_u32), 6),
            logits in prop::array::uniform5(-3.0..3.0_f64), blend in 0.0..=1.0_f32, other in any::<u8>(),
        ) {
            let says: [[f32; 3]; 6] = std::array::from_fn(|agent| {
                let (long, flat, short) = raw[agent];
                let sum = (long + flat + short) as f32;
                [long as f32 / sum, flat as f32 / sum, short as f32 / sum]
            });
            let coordination = Coordination::new(&logits, [blend; 6], blend);
            let said = coordination.vote(&says, None);
            let group = |members: std::ops::Range<usize>, side: usize| {
                let total: f64 = members.clone().rev().map(|voter| logits[voter].exp()).sum();
                let weighted = members.rev().map(|voter| logits[voter].exp() * f64::from(says[voter][side]));
                weighted.sum::<f64>() / total
            };
            let blend = f64::from(blend);
            for side in 0..3 {
                let expected = (1.0 - blend) * group(3..5, side) + blend * group(0..3, side);
                prop_assert!((f64::from(said.ensemble[side]) - expected).abs() < 1e-6, "{:?}", said);
            }
            prop_assert!((said.ensemble.iter().sum::<f32>() - 1.0).abs() < 1e-5);
            let mut otherwise = says;
            otherwise[Agent::Entry as usize] = [f32::from(other), 0.0, 1.0];
            prop_assert_eq!(coordination.vote(&otherwise, None), said);
        }
    }
}
