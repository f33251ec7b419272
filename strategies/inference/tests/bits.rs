//! The same bits from every instruction set and in every batch: compared with the promised order of
//! operations, carried out one by one, on networks of any size and on any bits.

mod reference;

use inference::{
    Batch, InstructionSet, Layer, LayerWeights, Network, NetworkDescription, Shape, seeded_inputs,
    untrained_weights,
};
use proptest::prelude::*;
use reference::{Double, Exact, forward};

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// The answers of every instruction set, whole and one by one, against the reference.
fn check(description: &NetworkDescription, weights: &[LayerWeights], matrices: &[f32], contexts: &[f32]) {
    let batch = Batch::new(description.shape(), matrices, contexts);
    let exact: Vec<f32> = (0..batch.len())
        .flat_map(|i| forward::<Exact>(description, weights, batch.matrix(i), batch.context(i)))
        .map(|value| if value.is_nan() { f32::NAN } else { value as f32 })
        .collect();
    for set in InstructionSet::available() {
        let network = Network::new(description, weights).unwrap().with_instructions(set);
        let mut scratch = network.scratch();
        let mut whole = vec![9.0; exact.len()];
        network.forward(batch, &mut scratch, &mut whole);
        assert_eq!(bits(&whole), bits(&exact), "{} together", set.name());
        let mut single = vec![9.0; network.outputs()];
        for (i, expected) in exact.chunks(network.outputs()).enumerate() {
            network.forward(batch.slice(i..i + 1), &mut scratch, &mut single);
            assert_eq!(bits(&single), bits(expected), "{} one by one, observation {i}", set.name());
        }
    }
}

#[test]
fn default_networks_in_batches_of_all_heights() {
    for description in [NetworkDescription::strategic(), NetworkDescription::tactical()] {
        let weights = untrained_weights(&description, 5).unwrap();
        let shape = description.shape();
        for count in [1, 2, 3, 4, 5, 6, 7, 8, 13, 20, 32, 33, 65] {
            let matrices = seeded_inputs(count * shape.cells(), count as u64);
            check(&description, &weights, &matrices, &seeded_inputs(count * shape.context, 99));
        }
    }
}

#[test]
fn default_networks_are_close_to_double_precision() {
    for description in [NetworkDescription::strategic(), NetworkDescription::tactical()] {
        let weights = untrained_weights(&description, 6).unwrap();
        let network = Network::new(&description, &weights).unwrap();
        let shape = description.shape();
        let (matrices, contexts) =
            (seeded_inputs(50 * shape.cells(), 1), seeded_inputs(50 * shape.context, 2));
        let batch = Batch::new(shape, &matrices, &contexts);
        let mut out = vec![0.0; 50 * 3];
        network.forward(batch, &mut network.scratch(), &mut out);
        for (i, found) in out.chunks(3).enumerate() {
            let expected = forward::<Double>(&description, &weights, batch.matrix(i), batch.context(i));
            for (&found, expected) in found.iter().zip(expected) {
                assert!((f64::from(found) - expected).abs() < 2e-6, "{shape}: {found} is not {expected}");
            }
        }
    }
}

#[test]
fn numbers_at_the_ends_of_the_scale() {
    let tiny = f32::from_bits(1);
    let special = [
        0.0,
        -0.0,
        tiny,
        -tiny,
        f32::MIN_POSITIVE,
        1e-38,
        -1e-38,
        1e-30,
        1.0,
        -3.0,
        1e30,
        f32::MAX,
        f32::MIN,
    ];
    let not_finite = [f32::INFINITY, f32::NEG_INFINITY, f32::NAN];
    for description in [NetworkDescription::strategic(), NetworkDescription::tactical()] {
        let shape = description.shape();
        let weights = untrained_weights(&description, 7).unwrap();
        let mut tiny_weights = weights.clone();
        tiny_weights.iter_mut().for_each(|layer| layer.weight.iter_mut().for_each(|weight| *weight *= 1e-36));
        let mut matrices: Vec<f32> = (0..shape.cells() * 8).map(|i| special[i * 7 % (5 + i % 9)]).collect();
        for (i, value) in not_finite.into_iter().enumerate() {
            matrices[shape.cells() * (5 + i) + 40 * i + 3] = value;
        }
        let contexts = seeded_inputs(shape.context * 8, 1);
        check(&description, &weights, &matrices, &contexts);
        check(&description, &tiny_weights, &matrices, &contexts);
    }
}

#[test]
fn signs_of_zero() {
    // −0 survives only where no lane, fold or bias adds +0 to it.
    for inputs in [1, 3, 15, 16, 17, 21, 48, 50] {
        let layers = vec![Layer::Flatten {}, Layer::Dense { input: inputs, output: 20 }];
        let shape = Shape { rows: 1, columns: inputs, context: 0 };
        let description = NetworkDescription::new(shape, layers.clone());
        let with_relu = NetworkDescription::new(shape, [layers, vec![Layer::Relu {}]].concat());
        let mut weights = untrained_weights(&description, inputs as u64).unwrap();
        weights[0].bias.fill(-0.0);
        let (negative, positive) = weights[0].weight.split_at_mut(10 * inputs);
        negative.iter_mut().for_each(|weight| *weight = -weight.abs());
        positive[..5 * inputs].iter_mut().for_each(|weight| *weight = weight.abs());
        let zeros = |sign: f32| vec![sign * 0.0; inputs];
        for description in [description, with_relu] {
            check(&description, &weights, &[zeros(1.0), zeros(-1.0)].concat(), &[]);
        }
    }
}

/// A consistent network of any sizes, with every kind of layer.
fn networks() -> impl Strategy<Value = NetworkDescription> {
    let convolutions = prop::collection::vec((1_usize..40, 1_usize..5, 0_usize..4, any::<bool>()), 0..3);
    let dense = prop::collection::vec((1_usize..70, any::<bool>()), 0..4);
    let pool = prop::option::of(1_usize..9);
    let parts = (1_usize..40, 1_usize..20, 0_usize..12, convolutions, pool, dense, any::<(bool, u8)>());
    parts.prop_map(|(rows, columns, context, convolutions, spans, dense, (has_softmax, place))| {
        let mut layers = Vec::new();
        let (mut time, mut channels) = (rows, columns);
        for (output, width, padding, has_relu) in convolutions {
            let (width, padding) = (width.min(time), padding.min(width.min(time) - 1));
            layers.push(Layer::Conv1d { input: channels, output, width, padding });
            layers.extend(has_relu.then_some(Layer::Relu {}));
            (time, channels) = (time + 2 * padding + 1 - width, output);
        }
        if let Some(spans) = spans {
            layers.push(Layer::AvgPool { spans });
            time = spans;
        }
        layers.push(Layer::Flatten {});
        let mut width = time * channels;
        let context_after = usize::from(place) % (dense.len() + 1);
        for step in 0..=dense.len() {
            if context > 0 && step == context_after {
                layers.push(Layer::ConcatContext {});
                width += context;
            }
            if let Some(&(output, has_relu)) = dense.get(step) {
                layers.push(Layer::Dense { input: width, output });
                layers.extend(has_relu.then_some(Layer::Relu {}));
                width = output;
            }
        }
        layers.extend(has_softmax.then_some(Layer::Softmax {}));
        NetworkDescription::new(Shape { rows, columns, context }, layers)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn any_network_on_any_numbers(description in networks(), seed in any::<u64>(), count in 1_usize..9) {
        let shape = description.shape();
        let weights = untrained_weights(&description, seed).unwrap();
        let inputs = seeded_inputs(count * shape.floats(), !seed);
        let (matrices, contexts) = inputs.split_at(count * shape.cells());
        check(&description, &weights, matrices, contexts);
    }

    #[test]
    fn any_network_on_any_bits(description in networks(), seed in any::<u64>()) {
        let shape = description.shape();
        let weights = untrained_weights(&description, seed).unwrap();
        // The middle bits of a seeded number stand for a whole one: every exponent, sign, infinity and NaN.
        let any_bits = |value: f32| f32::from_bits(value.to_bits().wrapping_mul(0x9E37_79B1));
        let inputs: Vec<f32> = seeded_inputs(shape.floats(), seed).into_iter().map(any_bits).collect();
        let (matrix, context) = inputs.split_at(shape.cells());
        check(&description, &weights, matrix, context);
    }
}
