//! A checked description and its weights, made into the steps that are executed.
//!
//! A network is a *trunk*, which works over time on one observation after another, and a *head*, which works
//! on vectors and takes many observations at once, so that each weight that is loaded serves several of them.
//! ReLU is part of the step before it.

use crate::geometry::{Form, Geometry};
use crate::kernels::Activation;
use crate::limits::ACTIVATIONS_MAX;
use crate::packed::Packed;
use crate::{Layer, LayerWeights, NetworkDescription, NetworkError};

/// Most observations that pass through the head together: enough to use each weight several times, few
/// enough for their activations to stay beside the weights in a core's cache.
const CHUNK_MAX: usize = 32;

/// A step over time.
#[derive(Debug, Clone)]
pub(crate) enum TrunkStep {
    /// A convolution; its input has `padding` rows of zeros before and after.
    Convolve { weights: Packed, activation: Activation, padding: usize, channels: usize, rows_out: usize },
    /// Means.
    Pool { rows: usize, channels: usize, spans: usize },
}

impl TrunkStep {
    /// Rows of zeros that its input has before and after.
    pub fn padding(&self) -> usize {
        match self {
            Self::Convolve { padding, .. } => *padding,
            Self::Pool { .. } => 0,
        }
    }

    /// Rows and channels of its result.
    pub fn result(&self) -> (usize, usize) {
        match self {
            Self::Convolve { weights, rows_out, .. } => (*rows_out, weights.outputs),
            Self::Pool { channels, spans, .. } => (*spans, *channels),
        }
    }

    fn multiply_adds(&self) -> usize {
        match self {
            Self::Convolve { weights, rows_out, .. } => rows_out * weights.inputs * weights.outputs,
            Self::Pool { .. } => 0,
        }
    }
}

/// A step on vectors. `stride` is the distance of the vectors of two observations.
#[derive(Debug, Clone)]
pub(crate) enum HeadStep {
    /// A dense layer and the stride of its results.
    Dense { weights: Packed, activation: Activation, stride: usize },
    /// The context, written behind the first `at` numbers.
    Context { at: usize },
    /// A softmax of all numbers.
    Softmax,
}

/// The steps of a network and the sizes of their memory.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub trunk: Vec<TrunkStep>,
    pub head: Vec<HeadStep>,
    /// Numbers that the trunk gives.
    pub features: usize,
    /// Distance of the trunk's results of two observations.
    pub features_stride: usize,
    /// Length of the output.
    pub outputs: usize,
    /// Observations that pass through the head together.
    pub chunk: usize,
    /// Numbers of each of the trunk's two buffers.
    pub trunk_floats: usize,
    /// Numbers of each of the head's two buffers.
    pub head_floats: usize,
    /// Weights and biases.
    pub parameters: usize,
    /// Multiply-adds of one observation.
    pub multiply_adds: usize,
}

impl Plan {
    pub fn new(description: &NetworkDescription, weights: &[LayerWeights]) -> Result<Self, NetworkError> {
        let geometry = Geometry::of(description)?;
        if geometry.weights.len() != weights.len() {
            let (expected, found) = (geometry.weights.len(), weights.len());
            return Err(NetworkError::WeightCount { expected, found });
        }
        for (weights, shape) in weights.iter().zip(&geometry.weights) {
            weights.check(shape)?;
        }
        let mut steps =
            Steps { geometry: &geometry, description, trunk: Vec::new(), head: Vec::new(), start: (0, 0) };
        let mut weights = weights.iter();
        for index in 0..description.layers.len() {
            steps.push(index, &mut weights);
        }
        Ok(steps.into_plan())
    }
}

struct Steps<'a> {
    geometry: &'a Geometry,
    description: &'a NetworkDescription,
    trunk: Vec<TrunkStep>,
    head: Vec<HeadStep>,
    /// Numbers that flatten gives, and their stride.
    start: (usize, usize),
}

impl Steps<'_> {
    fn push<'w>(&mut self, index: usize, weights: &mut impl Iterator<Item = &'w LayerWeights>) {
        let layers = &self.description.layers;
        let activation = match layers.get(index + 1) {
            Some(Layer::Relu {}) => Activation::Relu,
            _ => Activation::Identity,
        };
        let mut next = || weights.next().expect("the weights were counted");
        let (given, gives) = (self.geometry.forms[index], self.geometry.forms[index + 1]);
        match (layers[index], given, gives) {
            (
                Layer::Conv1d { width, padding, .. },
                Form::Matrix { channels, .. },
                Form::Matrix { rows, .. },
            ) => {
                let weights = Packed::new(next(), width);
                self.trunk.push(TrunkStep::Convolve {
                    weights,
                    activation,
                    padding,
                    channels,
                    rows_out: rows,
                });
            }
            (Layer::AvgPool { spans }, Form::Matrix { rows, channels }, _) => {
                self.trunk.push(TrunkStep::Pool { rows, channels, spans });
            }
            (Layer::Flatten {}, _, Form::Vector { width }) => self.start = (width, self.stride(index, width)),
            (Layer::Dense { .. }, _, Form::Vector { width }) => {
                let (weights, stride) = (Packed::new(next(), 1), self.stride(index, width));
                self.head.push(HeadStep::Dense { weights, activation, stride });
            }
            (Layer::ConcatContext {}, Form::Vector { width }, _) => {
                self.head.push(HeadStep::Context { at: width })
            }
            (Layer::Softmax {}, ..) => self.head.push(HeadStep::Softmax),
            (Layer::Relu {}, ..) => {}
            (layer, ..) => unreachable!("{} does not take {given:?}: the geometry was checked", layer.kind()),
        }
    }

    /// Room for what layer `index` gives, and for the context if it is appended to that.
    fn stride(&self, index: usize, width: usize) -> usize {
        let after = self.description.layers[index + 1..].iter().find(|layer| **layer != Layer::Relu {});
        if after == Some(&Layer::ConcatContext {}) { width + self.description.context } else { width }
    }

    fn into_plan(self) -> Plan {
        let Self { geometry, description, trunk, head, start: (features, features_stride) } = self;
        let stride = |step: &HeadStep| if let HeadStep::Dense { stride, .. } = step { *stride } else { 0 };
        let widest = head.iter().map(stride).max().unwrap_or(0).max(features_stride);
        let chunk = (ACTIVATIONS_MAX / widest).clamp(1, CHUNK_MAX);
        // Buffer i holds the input of step i, with its rows of zeros.
        let mut size = (description.rows, description.columns);
        let mut trunk_floats = 0;
        for step in &trunk {
            trunk_floats = trunk_floats.max((size.0 + 2 * step.padding()) * size.1);
            size = step.result();
        }
        let dense = |step: &HeadStep| match step {
            HeadStep::Dense { weights, .. } => weights.inputs * weights.outputs,
            _ => 0,
        };
        let multiply_adds =
            trunk.iter().map(TrunkStep::multiply_adds).sum::<usize>() + head.iter().map(dense).sum::<usize>();
        Plan {
            trunk,
            head,
            features,
            features_stride,
            outputs: geometry.outputs,
            chunk,
            trunk_floats,
            head_floats: chunk * widest,
            parameters: geometry.parameters,
            multiply_adds,
        }
    }
}
