//! Answers written down: whatever machine, compiler or instruction set computes them, these are the bits.

use inference::{Batch, InstructionSet, NetworkDescription, seeded_inputs, untrained};
use twox_hash::XxHash3_128;

/// The hash of the answers of seeded networks to twenty seeded observations.
fn hash(description: &NetworkDescription, set: InstructionSet) -> String {
    let network = untrained(description, 2_024).unwrap().with_instructions(set);
    let shape = description.shape();
    let (matrices, contexts) = (seeded_inputs(20 * shape.cells(), 1), seeded_inputs(20 * shape.context, 2));
    let mut out = vec![0.0; 20 * network.outputs()];
    network.forward(Batch::new(shape, &matrices, &contexts), &mut network.scratch(), &mut out);
    let bytes: Vec<u8> = out.iter().flat_map(|value| value.to_bits().to_le_bytes()).collect();
    format!("{:032x}", XxHash3_128::oneshot(&bytes))
}

#[test]
fn the_default_networks_give_the_recorded_bits() {
    for set in InstructionSet::available() {
        let strategic = hash(&NetworkDescription::strategic(), set);
        assert_eq!(strategic, "b1220d87d1b268d91de1d11e32c9577b", "strategic, {}", set.name());
        let tactical = hash(&NetworkDescription::tactical(), set);
        assert_eq!(tactical, "297dfa7820f0e114ff06e98185d5daeb", "tactical, {}", set.name());
    }
}
