//! Networks answer without allocating: counted over batches of all kinds, with and without a cache before them.

use bench::allocations::{Counting, count};
use inference::{
    Backend, Batch, Cached, InstructionSet, Native, NetworkDescription, seeded_inputs, untrained,
};
use std::sync::Arc;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations of answering batches of 1, 20 and 70 observations, new ones and known ones.
fn allocations(backend: &mut dyn Backend) -> u64 {
    let shape = backend.shape();
    let inputs: Vec<_> = (0..6)
        .flat_map(|seed| [1, 20, 70].map(|len| (len, seed)))
        .map(|(len, seed)| {
            let (matrices, contexts) = (len * shape.cells(), len * shape.context);
            (seeded_inputs(matrices, seed % 4), seeded_inputs(contexts, seed % 4), vec![[0.0; 3]; len])
        })
        .collect();
    let mut inputs = inputs;
    let before = count();
    for (matrices, contexts, out) in &mut inputs {
        backend.evaluate(Batch::new(shape, matrices, contexts), out).expect("finite answers");
    }
    count() - before
}

#[test]
fn evaluation_allocates_nothing() {
    assert!(count() > 0, "the counting allocator is in use");
    for description in [NetworkDescription::strategic(), NetworkDescription::tactical()] {
        for set in InstructionSet::available() {
            let network = untrained(&description, 1).expect("consistent").with_instructions(set);
            let mut native = Native::new(Arc::new(network));
            assert_eq!(allocations(&mut native), 0, "{} {}", description.shape(), set.name());
            let mut cached = Cached::new(Box::new(native), 50);
            assert_eq!(allocations(&mut cached), 0, "{} {} cached", description.shape(), set.name());
        }
    }
}
