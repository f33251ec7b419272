//! The weights of one layer as PyTorch stores them, and made-up ones for tests and benches.

use crate::geometry::{Geometry, WeightShape};
use crate::{Network, NetworkDescription, NetworkError};

/// Weight and bias of one `conv1d` or `dense` layer.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerWeights {
    /// `[out, in, width]` or `[out, in]`, the last index fastest.
    pub weight: Vec<f32>,
    /// `[out]`.
    pub bias: Vec<f32>,
}

impl LayerWeights {
    pub(crate) fn check(&self, shape: &WeightShape) -> Result<(), NetworkError> {
        let lengths =
            [("weight", shape.weight_len(), self.weight.len()), ("bias", shape.outputs(), self.bias.len())];
        for (what, expected, found) in lengths {
            if expected != found {
                return Err(NetworkError::WeightLength { layer: shape.layer, what, expected, found });
            }
        }
        Ok(())
    }
}

/// Seeded weights with no training behind them: uniform in ±√(3/inputs), which keeps the deviation of what
/// flows through the layers near 1 for inputs near 1. Biases are uniform in ±0.1.
///
/// # Errors
/// Whatever is wrong with the description.
pub fn untrained_weights(
    description: &NetworkDescription,
    seed: u64,
) -> Result<Vec<LayerWeights>, NetworkError> {
    let geometry = Geometry::of(description)?;
    let mut uniform = Uniform(seed);
    let layers = geometry.weights.iter().map(|shape| {
        let inputs = shape.weight_len() / shape.outputs();
        let bound = (3.0 / inputs as f32).sqrt();
        LayerWeights {
            weight: (0..shape.weight_len()).map(|_| bound * uniform.next()).collect(),
            bias: (0..shape.outputs()).map(|_| 0.1 * uniform.next()).collect(),
        }
    });
    Ok(layers.collect())
}

/// A network with [`untrained_weights`].
///
/// # Errors
/// Whatever is wrong with the description.
pub fn untrained(description: &NetworkDescription, seed: u64) -> Result<Network, NetworkError> {
    Network::new(description, &untrained_weights(description, seed)?)
}

/// Observations for tests and benches: `count` numbers uniform in ±3, the range of normalised features.
pub fn seeded_inputs(count: usize, seed: u64) -> Vec<f32> {
    let mut uniform = Uniform(seed);
    (0..count).map(|_| 3.0 * uniform.next()).collect()
}

/// Uniform numbers in [-1, 1) by SplitMix64 (Steele, Lea and Flood, 2014).
struct Uniform(u64);

impl Uniform {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        // 24 bits are exact in f32.
        (z >> 40) as f32 / (1_u32 << 23) as f32 - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_numbers_are_bounded_centred_and_seeded() {
        let inputs = seeded_inputs(100_000, 7);
        let mean = inputs.iter().map(|&value| f64::from(value)).sum::<f64>() / 1e5;
        let square = inputs.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>() / 1e5;
        assert!(inputs.iter().all(|value| value.abs() <= 3.0));
        assert!(mean.abs() < 0.02 && (square - 3.0).abs() < 0.03, "mean {mean}, mean square {square}");
        assert_eq!(inputs, seeded_inputs(100_000, 7));
        assert_ne!(inputs[..9], seeded_inputs(9, 8));
    }

    #[test]
    fn weights_have_the_lengths_that_the_description_asks_for() {
        let lengths = |description: &NetworkDescription| -> Vec<(usize, usize)> {
            let weights = untrained_weights(description, 1).unwrap();
            weights.iter().map(|layer| (layer.weight.len(), layer.bias.len())).collect()
        };
        let strategic = lengths(&NetworkDescription::strategic());
        assert_eq!(strategic, [(633 * 128, 128), (128 * 64, 64), (64 * 32, 32), (32 * 3, 3)]);
        let tactical = lengths(&NetworkDescription::tactical());
        assert_eq!(tactical, [(16 * 7 * 3, 16), (32 * 16 * 3, 32), (64 * 265, 64), (3 * 64, 3)]);
    }
}
