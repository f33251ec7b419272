//! Networks computed slowly, from the definitions alone: element by element, no blocks, no vectors.
//!
//! Two arithmetics share the layers. [`Exact`] repeats the reduction shape that the crate promises, operation
//! by operation, and must agree bit by bit; [`Double`] sums in f64 in the plain order, and must agree closely.

use inference::{Layer, LayerWeights, NetworkDescription};

/// How sums are formed. Values are f64 in both; `Exact` rounds each step to f32.
pub trait Arithmetic {
    fn dot(weights: &[f32], inputs: &[f64], bias: f32) -> f64;
    fn mean(values: &[f64]) -> f64;
    fn softmax(values: &[f64]) -> Vec<f64>;
}

/// The promised shape: sixteen lanes, one fold.
pub struct Exact;

fn fold(lanes: [Option<f32>; 16]) -> f32 {
    let sum = |a: Option<f32>, b: Option<f32>| match (a, b) {
        (Some(a), Some(b)) => Some(a + b),
        (a, b) => a.or(b),
    };
    let pair = |i: usize| sum(lanes[i], lanes[i + 8]);
    [0, 4, 1, 5, 2, 6, 3, 7].into_iter().map(pair).fold(None, sum).expect("an element")
}

fn lane_sum(values: impl Iterator<Item = f32>) -> f32 {
    let mut lanes = [None; 16];
    for (i, value) in values.enumerate() {
        lanes[i % 16] = Some(lanes[i % 16].map_or(value, |sum: f32| sum + value));
    }
    fold(lanes)
}

impl Arithmetic for Exact {
    fn dot(weights: &[f32], inputs: &[f64], bias: f32) -> f64 {
        let mut lanes = [None; 16];
        for (k, (&weight, &input)) in weights.iter().zip(inputs).enumerate() {
            let input = input as f32;
            lanes[k % 16] = Some(lanes[k % 16].map_or(weight * input, |sum: f32| weight.mul_add(input, sum)));
        }
        f64::from(fold(lanes) + bias)
    }

    fn mean(values: &[f64]) -> f64 {
        f64::from(lane_sum(values.iter().map(|&value| value as f32)) / values.len() as f32)
    }

    fn softmax(values: &[f64]) -> Vec<f64> {
        let values: Vec<f32> = values.iter().map(|&value| value as f32).collect();
        let largest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let powers: Vec<f32> = values.iter().map(|value| libm::expf(value - largest)).collect();
        let sum = lane_sum(powers.iter().copied());
        powers.iter().map(|power| f64::from(power / sum)).collect()
    }
}

/// Plain sums in f64.
pub struct Double;

impl Arithmetic for Double {
    fn dot(weights: &[f32], inputs: &[f64], bias: f32) -> f64 {
        f64::from(bias)
            + weights.iter().zip(inputs).map(|(&weight, input)| f64::from(weight) * input).sum::<f64>()
    }

    fn mean(values: &[f64]) -> f64 {
        values.iter().sum::<f64>() / values.len() as f64
    }

    fn softmax(values: &[f64]) -> Vec<f64> {
        let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = values.iter().map(|value| (value - largest).exp()).sum();
        values.iter().map(|value| (value - largest).exp() / sum).collect()
    }
}

/// The network's answer to one observation.
pub fn forward<A: Arithmetic>(
    description: &NetworkDescription,
    weights: &[LayerWeights],
    matrix: &[f32],
    context: &[f32],
) -> Vec<f64> {
    let wide = |values: &[f32]| -> Vec<f64> { values.iter().map(|&value| f64::from(value)).collect() };
    let mut rows: Vec<Vec<f64>> = matrix.chunks(description.columns).map(wide).collect();
    let mut weights = weights.iter();
    for layer in &description.layers {
        rows = match *layer {
            Layer::Conv1d { width, padding, .. } => {
                convolve::<A>(&rows, weights.next().unwrap(), width, padding)
            }
            Layer::Relu {} => rows.iter().map(|row| row.iter().map(|&x| relu(x)).collect()).collect(),
            Layer::AvgPool { spans } => pool::<A>(&rows, spans),
            Layer::Flatten {} => vec![rows.concat()],
            Layer::ConcatContext {} => vec![[rows.concat(), wide(context)].concat()],
            Layer::Dense { input, .. } => {
                let layer = weights.next().unwrap();
                let outputs = layer.weight.chunks(input).zip(&layer.bias);
                vec![outputs.map(|(weights, &bias)| A::dot(weights, &rows[0], bias)).collect()]
            }
            Layer::Softmax {} => vec![A::softmax(&rows[0])],
        };
    }
    rows.concat()
}

fn relu(x: f64) -> f64 {
    if x < 0.0 { 0.0 } else { x }
}

fn convolve<A: Arithmetic>(
    rows: &[Vec<f64>],
    layer: &LayerWeights,
    width: usize,
    padding: usize,
) -> Vec<Vec<f64>> {
    let channels = rows[0].len();
    let zeros = vec![vec![0.0; channels]; padding];
    let padded = [zeros.clone(), rows.to_vec(), zeros].concat();
    let output = |window: &[Vec<f64>], o: usize| {
        let weight = |tap: usize, channel: usize| layer.weight[(o * channels + channel) * width + tap];
        let weights: Vec<f32> =
            (0..width).flat_map(|tap| (0..channels).map(move |c| weight(tap, c))).collect();
        A::dot(&weights, &window.concat(), layer.bias[o])
    };
    padded.windows(width).map(|window| (0..layer.bias.len()).map(|o| output(window, o)).collect()).collect()
}

fn pool<A: Arithmetic>(rows: &[Vec<f64>], spans: usize) -> Vec<Vec<f64>> {
    let span = |s: usize| {
        let range = s * rows.len() / spans..((s + 1) * rows.len()).div_ceil(spans);
        let mean = |c: usize| A::mean(&rows[range.clone()].iter().map(|row| row[c]).collect::<Vec<_>>());
        (0..rows[0].len()).map(mean).collect()
    };
    (0..spans).map(span).collect()
}
