//! What a network is, as a model file writes it: the observation's sizes and a list of layers, in JSON.
//!
//! Why a list and no graph: every policy here is one chain, and a chain can be checked by walking it once
//! (`geometry.rs`). Any sizes are a file; a new kind of layer is a new version of the description.
//! Not here: the weights.

use crate::{NetworkError, OUTPUTS, Shape};
use serde::{Deserialize, Serialize};

/// The version of the description that this code writes, and the newest that it reads.
pub const NETWORK_VERSION: u32 = 1;

/// A network without its weights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkDescription {
    /// Version of this description, [`NETWORK_VERSION`].
    pub version: u32,
    /// Rows of the input matrix.
    pub rows: usize,
    /// Columns of the input matrix.
    pub columns: usize,
    /// Length of the context vector; 0 if there is none.
    pub context: usize,
    /// The layers, first to last.
    pub layers: Vec<Layer>,
}

/// One layer.
///
/// A *matrix* is time by channels; the input is one whose channels are the columns. A *vector* has no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Layer {
    /// Matrix to vector: row by row, the oldest first, channels fastest. In PyTorch, where time is the last
    /// axis, `x.transpose(1, 2).flatten(1)`.
    Flatten {},
    /// Cross-correlation over time, stride 1: `y[t, o] = bias[o] + Σ weight[o, i, k] · x[t + k − padding, i]`,
    /// x being 0 outside. Weights as PyTorch's `Conv1d`: `[out, in, width]`.
    Conv1d {
        /// Channels in.
        #[serde(rename = "in")]
        input: usize,
        /// Channels out.
        #[serde(rename = "out")]
        output: usize,
        /// Taps.
        width: usize,
        /// Rows of zeros before and after, less than `width`.
        padding: usize,
    },
    /// max(x, 0), directly after `conv1d` or `dense`. NaN stays NaN.
    Relu {},
    /// Means over time: span s of S over T rows takes rows ⌊s·T/S⌋ to ⌈(s+1)·T/S⌉, as PyTorch's
    /// `AdaptiveAvgPool1d`.
    AvgPool {
        /// Rows out.
        spans: usize,
    },
    /// Appends the context to the vector. Once, if there is a context.
    ConcatContext {},
    /// `y[o] = bias[o] + Σ weight[o, i] · x[i]`. Weights as PyTorch's `Linear`: `[out, in]`.
    Dense {
        /// Numbers in.
        #[serde(rename = "in")]
        input: usize,
        /// Numbers out.
        #[serde(rename = "out")]
        output: usize,
    },
    /// exp(x − max) / Σ exp(x − max), as the last layer.
    Softmax {},
}

impl Layer {
    /// The name of its kind in JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Flatten {} => "flatten",
            Self::Conv1d { .. } => "conv1d",
            Self::Relu {} => "relu",
            Self::AvgPool { .. } => "avg_pool",
            Self::ConcatContext {} => "concat_context",
            Self::Dense { .. } => "dense",
            Self::Softmax {} => "softmax",
        }
    }
}

impl NetworkDescription {
    /// The default network of the strategic agents: flattened matrix and context, 128-64-32-3, ReLU, softmax.
    pub fn strategic() -> Self {
        let shape = Shape::STRATEGIC;
        let mut layers = vec![Layer::Flatten {}, Layer::ConcatContext {}];
        push_dense(&mut layers, &[shape.floats(), 128, 64, 32, OUTPUTS]);
        Self::new(shape, layers)
    }

    /// The default network of the tactical agents: convolutions 7→16→32 of width 3 with ReLU, means over 8
    /// spans, context, 64-3, softmax.
    pub fn tactical() -> Self {
        let shape = Shape::TACTICAL;
        let convolution = |input, output| Layer::Conv1d { input, output, width: 3, padding: 1 };
        let mut layers =
            vec![convolution(shape.columns, 16), Layer::Relu {}, convolution(16, 32), Layer::Relu {}];
        layers.extend([Layer::AvgPool { spans: 8 }, Layer::Flatten {}, Layer::ConcatContext {}]);
        push_dense(&mut layers, &[8 * 32 + shape.context, 64, OUTPUTS]);
        Self::new(shape, layers)
    }

    /// A network of the current version.
    pub fn new(shape: Shape, layers: Vec<Layer>) -> Self {
        let Shape { rows, columns, context } = shape;
        Self { version: NETWORK_VERSION, rows, columns, context, layers }
    }

    /// What it sees.
    pub fn shape(&self) -> Shape {
        Shape { rows: self.rows, columns: self.columns, context: self.context }
    }

    /// Reads JSON. The version is looked at first, so that a newer file is refused as newer, not as malformed.
    ///
    /// # Errors
    /// [`NetworkError::Json`] or [`NetworkError::Version`]. Whether the layers fit is checked by
    /// [`crate::Network::new`].
    pub fn from_json(text: &str) -> Result<Self, NetworkError> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let malformed = |error: serde_json::Error| NetworkError::Json { cause: error.to_string() };
        let Versioned { version } = serde_json::from_str(text).map_err(malformed)?;
        if version != NETWORK_VERSION {
            return Err(NetworkError::Version { found: version });
        }
        serde_json::from_str(text).map_err(malformed)
    }

    /// Writes JSON, always the same for the same network.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("numbers and names are JSON")
    }
}

/// Dense layers of these widths with ReLU between them, and a softmax.
fn push_dense(layers: &mut Vec<Layer>, widths: &[usize]) {
    for (i, pair) in widths.windows(2).enumerate() {
        if i > 0 {
            layers.push(Layer::Relu {});
        }
        layers.push(Layer::Dense { input: pair[0], output: pair[1] });
    }
    layers.push(Layer::Softmax {});
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_reads_back() {
        for network in [NetworkDescription::strategic(), NetworkDescription::tactical()] {
            assert_eq!(NetworkDescription::from_json(&network.to_json()).unwrap(), network);
        }
        let json = NetworkDescription::tactical().to_json();
        let start = r#"{"version":1,"rows":60,"columns":7,"context":9,"layers":[{"kind":"conv1d","in":7,"out":16,"width":3,"padding":1},{"kind":"relu"},"#;
        assert!(json.starts_with(start), "{json}");
    }

    #[test]
    fn kinds_are_named_as_in_json() {
        for network in [NetworkDescription::strategic(), NetworkDescription::tactical()] {
            for layer in network.layers {
                let json = serde_json::to_value(layer).unwrap();
                assert_eq!(json["kind"], layer.kind());
            }
        }
    }

    #[test]
    fn what_is_not_a_description_is_refused() {
        let check = |text: &str, expected: &str| {
            let error = NetworkDescription::from_json(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        };
        check("", "not valid JSON");
        check("{}", "missing field `version`");
        check(r#"{"version":2,"nodes":[]}"#, "version 2");
        check(r#"{"version":1,"rows":1,"columns":1,"context":0}"#, "missing field `layers`");
        check(r#"{"version":1,"rows":-1,"columns":1,"context":0,"layers":[]}"#, "-1");
        let of =
            |layer: &str| format!(r#"{{"version":1,"rows":1,"columns":1,"context":0,"layers":[{layer}]}}"#);
        check(&of(r#"{"kind":"lstm"}"#), "unknown variant `lstm`");
        check(&of(r#"{"kind":"relu","slope":0.1}"#), "unknown field `slope`");
        check(
            &of(r#"{"kind":"conv1d","in":1,"out":1,"width":1,"padding":0,"stride":2}"#),
            "unknown field `stride`",
        );
        check(&of(r#"{"kind":"dense","in":1}"#), "missing field `out`");
    }
}
