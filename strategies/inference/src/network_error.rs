//! Why a description or its weights are no network: one sentence each, naming the layer and the remedy.

use crate::NETWORK_VERSION;
use crate::limits::{ACTIVATIONS_MAX, PARAMETERS_MAX, TAPS_MAX};
use std::fmt;

/// What is wrong with a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetworkError {
    /// The description is not JSON of the expected form.
    Json {
        /// What the parser says.
        cause: String,
    },
    /// A version this code does not know.
    Version {
        /// The description's version.
        found: u32,
    },
    /// A size outside its limits.
    Size {
        /// Which size.
        what: &'static str,
        /// Its value.
        found: usize,
        /// Smallest allowed.
        min: usize,
        /// Largest allowed.
        max: usize,
    },
    /// A layer that does not fit.
    Layer {
        /// Index, from 0.
        index: usize,
        /// Its kind.
        kind: &'static str,
        /// What does not fit.
        problem: LayerProblem,
    },
    /// The last layer gives a matrix.
    EndsInMatrix,
    /// There is a context that no layer takes, or the other way round.
    Context {
        /// Length of the context.
        context: usize,
    },
    /// Weights for another number of layers.
    WeightCount {
        /// Layers with weights in the description.
        expected: usize,
        /// Weights given.
        found: usize,
    },
    /// A weight or bias of the wrong length.
    WeightLength {
        /// Index of the layer, from 0.
        layer: usize,
        /// `weight` or `bias`.
        what: &'static str,
        /// Numbers that the description asks for.
        expected: usize,
        /// Numbers given.
        found: usize,
    },
}

/// Why a layer does not fit where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayerProblem {
    /// `in` is not what the layer before gives.
    Inputs {
        /// The layer's `in`.
        declared: usize,
        /// What it is given.
        given: usize,
    },
    /// It works over time, and is given a vector.
    NeedsMatrix,
    /// It works on a vector, and is given a matrix.
    NeedsVector,
    /// `width` or `padding` is out of range.
    Taps {
        /// Taps.
        width: usize,
        /// Rows of zeros.
        padding: usize,
    },
    /// The window is wider than the padded matrix is long.
    TooFewRows {
        /// Rows with padding.
        rows: usize,
        /// Taps.
        width: usize,
    },
    /// It gives nothing or too much.
    OutputSize {
        /// How many numbers it would give.
        numbers: usize,
    },
    /// The network would have more than [`PARAMETERS_MAX`] weights.
    TooManyParameters,
    /// ReLU after something other than `conv1d` or `dense`.
    ReluPlace,
    /// Softmax before the end.
    SoftmaxPlace,
    /// The context appended again.
    ContextTwice,
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json { cause } => {
                write!(
                    f,
                    "the network description is not valid JSON of version {NETWORK_VERSION} ({cause}); export it again"
                )
            }
            Self::Version { found } => write!(
                f,
                "the network description has version {found}, and this program reads version {NETWORK_VERSION}; \
                 use the program that wrote it or export it again"
            ),
            Self::Size { what, found, min, max } => {
                write!(f, "{what} of the network is {found}; it must be within {min}..={max}")
            }
            Self::Layer { index, kind, problem } => write!(f, "layer {index} ({kind}) {problem}"),
            Self::EndsInMatrix => write!(f, "the network ends in a matrix; add flatten and dense layers"),
            Self::Context { context: 0 } => {
                write!(
                    f,
                    "the network has concat_context and a context of length 0; remove the layer or set context"
                )
            }
            Self::Context { context } => {
                write!(
                    f,
                    "the network takes a context of {context} numbers and never uses it; add concat_context"
                )
            }
            Self::WeightCount { expected, found } => write!(
                f,
                "the network has {expected} layers with weights and {found} were given; give one for each"
            ),
            Self::WeightLength { layer, what, expected, found } => write!(
                f,
                "the {what} of layer {layer} has {found} numbers where the description says {expected}; \
                 make them agree"
            ),
        }
    }
}

impl fmt::Display for LayerProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inputs { declared, given } => {
                write!(f, "takes {declared} inputs and is given {given}; set its in to {given}")
            }
            Self::NeedsMatrix => write!(f, "works over time and is given a vector; put it before flatten"),
            Self::NeedsVector => write!(f, "works on a vector and is given a matrix; put flatten before it"),
            Self::Taps { width, padding } => write!(
                f,
                "has width {width} and padding {padding}; width must be within 1..={TAPS_MAX} and padding below it"
            ),
            Self::TooFewRows { rows, width } => {
                write!(f, "is {width} wide and has only {rows} rows, padding included; narrow it or pad more")
            }
            Self::OutputSize { numbers } => write!(
                f,
                "holds {numbers} numbers; it must be within 1..={ACTIVATIONS_MAX}, so choose another size"
            ),
            Self::TooManyParameters => {
                write!(f, "brings the network above {PARAMETERS_MAX} weights; make it smaller")
            }
            Self::ReluPlace => write!(f, "must stand directly after conv1d or dense; move it"),
            Self::SoftmaxPlace => write!(f, "must be the last layer; move it"),
            Self::ContextTwice => write!(f, "appends the context a second time; remove it"),
        }
    }
}

impl std::error::Error for NetworkError {}
