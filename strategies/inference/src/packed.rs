//! Weights in the order in which the kernels read them.
//!
//! Outputs come in blocks of 16, one per SIMD lane. Element k of the reduction belongs to reduction lane
//! k mod 16 (`kernels/mod.rs`), and the kernels sum four of these at a time: pass q holds the lanes q, q + 4,
//! q + 8, q + 12. So a block is stored pass by pass, and each pass in ascending k: every kernel reads a block
//! from its first byte to its last, one cache line (16 outputs of one element) at a time.
//! Outputs beyond the last are weighed with zeros and never written.

use crate::LayerWeights;
use bytemuck::{Pod, Zeroable};

/// Numbers in a block of outputs, and lanes of a reduction.
pub(crate) const LANES: usize = 16;
/// Passes of a block.
pub(crate) const PASSES: usize = 4;

/// One cache line: 16 numbers.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C, align(64))]
pub(crate) struct Lanes(pub [f32; LANES]);

/// The weights of one affine layer.
#[derive(Debug, Clone)]
pub(crate) struct Packed {
    weights: Vec<Lanes>,
    bias: Vec<Lanes>,
    /// Length of the reduction.
    pub inputs: usize,
    /// How many results.
    pub outputs: usize,
}

impl Packed {
    /// Packs PyTorch's `Linear` (`taps` = 1) or `Conv1d` (`[out, in, taps]`). A window of the convolution is
    /// `taps` rows of channels, so that element k of its reduction is channel k mod `in` of tap ⌊k / `in`⌋.
    pub fn new(layer: &LayerWeights, taps: usize) -> Self {
        let outputs = layer.bias.len();
        let inputs = layer.weight.len() / outputs;
        assert_eq!(layer.weight.len(), inputs * outputs, "each output has as many weights");
        assert_eq!(inputs % taps, 0, "each tap has as many weights");
        let channels = inputs / taps;
        let at =
            |output: usize, k: usize| layer.weight[output * inputs + (k % channels) * taps + k / channels];
        let blocks = outputs.div_ceil(LANES);
        let mut weights = Vec::with_capacity(blocks * inputs);
        let mut bias = Vec::with_capacity(blocks);
        for block in 0..blocks {
            let lanes = |value: &dyn Fn(usize) -> f32| {
                let of = |lane| {
                    let output = block * LANES + lane;
                    if output < outputs { value(output) } else { 0.0 }
                };
                Lanes(std::array::from_fn(of))
            };
            bias.push(lanes(&|output| layer.bias[output]));
            for pass in 0..PASSES {
                let elements = (0..inputs).filter(|k| k % PASSES == pass);
                weights.extend(elements.map(|k| lanes(&|output| at(output, k))));
            }
        }
        Self { weights, bias, inputs, outputs }
    }

    /// Blocks of 16 outputs.
    #[inline]
    pub fn blocks(&self) -> usize {
        self.bias.len()
    }

    /// One block: pass after pass.
    #[inline(always)]
    pub fn block(&self, block: usize) -> &[Lanes] {
        &self.weights[block * self.inputs..][..self.inputs]
    }

    /// How many elements a pass has beyond the last whole sixteen.
    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    pub fn rest(&self, pass: usize) -> usize {
        (self.inputs % LANES + PASSES - 1 - pass) / PASSES
    }

    /// One pass of one block: element `4 i + pass` of the reduction is at `i`.
    #[inline(always)]
    pub fn pass(&self, block: usize, pass: usize) -> &[Lanes] {
        // Pass q has as many elements as there are k < inputs with k mod 4 = q.
        let before = pass * (self.inputs / PASSES) + pass.min(self.inputs % PASSES);
        let len = (self.inputs + PASSES - 1 - pass) / PASSES;
        &self.block(block)[before..][..len]
    }

    /// The bias of one block.
    #[inline(always)]
    pub fn bias(&self, block: usize) -> &Lanes {
        &self.bias[block]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_weight_is_where_its_pass_says() {
        for (outputs, inputs) in [(1, 1), (3, 21), (16, 48), (17, 5), (40, 7), (2, 633)] {
            let weight: Vec<f32> = (0..outputs * inputs).map(|i| i as f32 + 1.0).collect();
            let bias = (0..outputs).map(|i| -(i as f32)).collect();
            let packed = Packed::new(&LayerWeights { weight, bias }, 1);
            let mut seen = 0;
            for block in 0..packed.blocks() {
                for pass in 0..PASSES {
                    for (i, lanes) in packed.pass(block, pass).iter().enumerate() {
                        for (lane, &value) in lanes.0.iter().enumerate() {
                            let (output, k) = (block * LANES + lane, PASSES * i + pass);
                            let expected =
                                if output < outputs { (output * inputs + k) as f32 + 1.0 } else { 0.0 };
                            let what = format!("{outputs}x{inputs} output {output} element {k}");
                            assert_eq!(value.to_bits(), expected.to_bits(), "{what}");
                            seen += 1;
                        }
                    }
                }
            }
            assert_eq!(seen, outputs.div_ceil(LANES) * LANES * inputs);
            let last = outputs.min(LANES) - 1;
            assert_eq!(packed.bias(0).0[last].to_bits(), (-(last as f32)).to_bits());
        }
    }

    #[test]
    fn a_window_of_a_convolution_is_taps_of_channels() {
        // weight[o = 0][channel][tap] = 10 * channel + tap, two channels, three taps.
        let weight = vec![0.0, 1.0, 2.0, 10.0, 11.0, 12.0];
        let packed = Packed::new(&LayerWeights { weight, bias: vec![0.5] }, 3);
        let window: Vec<f32> = (0..6).map(|k| packed.pass(0, k % 4)[k / 4].0[0]).collect();
        assert_eq!(window, [0.0, 10.0, 1.0, 11.0, 2.0, 12.0]);
    }
}
