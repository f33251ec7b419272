//! Walks a description once: which sizes flow from layer to layer, and which weights each layer needs.
//!
//! Why apart from the weights: a model file is checked against these sizes before a byte of its weights is
//! copied, so a file can claim nothing that it does not contain.

use crate::limits::{
    ACTIVATIONS_MAX, COLUMNS_MAX, CONTEXT_MAX, LAYERS_MAX, PARAMETERS_MAX, ROWS_MAX, TAPS_MAX,
};
use crate::{Layer, LayerProblem, NETWORK_VERSION, NetworkDescription, NetworkError};

/// What flows between two layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Time by channels.
    Matrix { rows: usize, channels: usize },
    /// No time any more.
    Vector { width: usize },
}

/// The weights of one layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WeightShape {
    /// Index of the layer in the description.
    pub layer: usize,
    /// `[out, in]` or `[out, in, width]`; the bias is `[out]`.
    pub weight: Vec<usize>,
}

impl WeightShape {
    /// Length of the bias.
    pub fn outputs(&self) -> usize {
        self.weight[0]
    }

    /// Numbers of the weight tensor.
    pub fn weight_len(&self) -> usize {
        self.weight.iter().product()
    }
}

/// The sizes of a consistent network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Geometry {
    /// What layer i takes; the last one is what the network gives.
    pub forms: Vec<Form>,
    /// The layers that have weights, in order.
    pub weights: Vec<WeightShape>,
    /// Length of the output.
    pub outputs: usize,
    /// Numbers in all weights and biases.
    pub parameters: usize,
}

impl Geometry {
    /// Checks every layer against the one before it.
    pub fn of(description: &NetworkDescription) -> Result<Self, NetworkError> {
        check_sizes(description)?;
        let mut form = Form::Matrix { rows: description.rows, channels: description.columns };
        let mut geometry = Self { forms: vec![form], weights: Vec::new(), outputs: 0, parameters: 0 };
        for (index, layer) in description.layers.iter().enumerate() {
            let problem = |problem| NetworkError::Layer { index, kind: layer.kind(), problem };
            check_place(description, index).map_err(problem)?;
            form = next(form, layer, description.context).map_err(problem)?;
            geometry.forms.push(form);
            geometry.add_weights(index, layer).map_err(problem)?;
        }
        match form {
            Form::Vector { width } => geometry.outputs = width,
            Form::Matrix { .. } => return Err(NetworkError::EndsInMatrix),
        }
        let appended = description.layers.contains(&Layer::ConcatContext {});
        if appended != (description.context > 0) {
            return Err(NetworkError::Context { context: description.context });
        }
        Ok(geometry)
    }

    fn add_weights(&mut self, layer_index: usize, layer: &Layer) -> Result<(), LayerProblem> {
        let weight = match *layer {
            Layer::Conv1d { input, output, width, .. } => vec![output, input, width],
            Layer::Dense { input, output } => vec![output, input],
            _ => return Ok(()),
        };
        // Each factor is at most 2^20, so that three of them fit 64 bits.
        let count = weight.iter().map(|&size| size as u64).product::<u64>() + weight[0] as u64;
        if count > (PARAMETERS_MAX - self.parameters) as u64 {
            return Err(LayerProblem::TooManyParameters);
        }
        self.parameters += count as usize;
        self.weights.push(WeightShape { layer: layer_index, weight });
        Ok(())
    }
}

fn check_sizes(description: &NetworkDescription) -> Result<(), NetworkError> {
    if description.version != NETWORK_VERSION {
        return Err(NetworkError::Version { found: description.version });
    }
    let sizes = [
        ("rows", description.rows, 1, ROWS_MAX),
        ("columns", description.columns, 1, COLUMNS_MAX),
        ("context", description.context, 0, CONTEXT_MAX),
        ("the number of layers", description.layers.len(), 1, LAYERS_MAX),
        ("rows x columns", description.rows.saturating_mul(description.columns), 1, ACTIVATIONS_MAX),
    ];
    for (what, found, min, max) in sizes {
        if !(min..=max).contains(&found) {
            return Err(NetworkError::Size { what, found, min, max });
        }
    }
    Ok(())
}

/// Layers that have their place.
fn check_place(description: &NetworkDescription, index: usize) -> Result<(), LayerProblem> {
    let layers = &description.layers;
    match layers[index] {
        Layer::Relu {} => match index.checked_sub(1).map(|before| layers[before]) {
            Some(Layer::Conv1d { .. } | Layer::Dense { .. }) => Ok(()),
            _ => Err(LayerProblem::ReluPlace),
        },
        Layer::Softmax {} if index + 1 != layers.len() => Err(LayerProblem::SoftmaxPlace),
        Layer::ConcatContext {} if layers[..index].contains(&layers[index]) => {
            Err(LayerProblem::ContextTwice)
        }
        _ => Ok(()),
    }
}

/// What the layer makes of what it is given.
fn next(form: Form, layer: &Layer, context: usize) -> Result<Form, LayerProblem> {
    let given = match (form, layer) {
        (form, Layer::Relu {}) => return Ok(form),
        (Form::Matrix { rows, channels }, Layer::Flatten {}) => Form::Vector { width: rows * channels },
        (Form::Matrix { rows, channels }, Layer::Conv1d { .. }) => convolved(rows, channels, layer)?,
        (Form::Matrix { channels, .. }, &Layer::AvgPool { spans }) => Form::Matrix { rows: spans, channels },
        (Form::Vector { width }, Layer::ConcatContext {}) => Form::Vector { width: width + context },
        (Form::Vector { width }, &Layer::Dense { input, output }) => {
            equal(input, width)?;
            Form::Vector { width: output }
        }
        (form @ Form::Vector { .. }, Layer::Softmax {}) => form,
        (Form::Matrix { .. }, _) => return Err(LayerProblem::NeedsVector),
        (Form::Vector { .. }, _) => return Err(LayerProblem::NeedsMatrix),
    };
    let numbers = match given {
        Form::Matrix { rows, channels } => rows.saturating_mul(channels),
        Form::Vector { width } => width,
    };
    if (1..=ACTIVATIONS_MAX).contains(&numbers) {
        Ok(given)
    } else {
        Err(LayerProblem::OutputSize { numbers })
    }
}

fn convolved(rows: usize, channels: usize, layer: &Layer) -> Result<Form, LayerProblem> {
    let &Layer::Conv1d { input, output, width, padding } = layer else { unreachable!("a convolution") };
    equal(input, channels)?;
    if width == 0 || width > TAPS_MAX || padding >= width {
        return Err(LayerProblem::Taps { width, padding });
    }
    let padded = rows + 2 * padding;
    if padded < width {
        return Err(LayerProblem::TooFewRows { rows: padded, width });
    }
    let numbers = padded.saturating_mul(channels);
    if numbers > ACTIVATIONS_MAX {
        return Err(LayerProblem::OutputSize { numbers });
    }
    Ok(Form::Matrix { rows: padded - width + 1, channels: output })
}

fn equal(declared: usize, given: usize) -> Result<(), LayerProblem> {
    if declared == given { Ok(()) } else { Err(LayerProblem::Inputs { declared, given }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Shape;
    use Layer::{AvgPool, ConcatContext, Conv1d, Dense, Flatten, Relu, Softmax};

    const SHAPE: Shape = Shape { rows: 6, columns: 3, context: 2 };

    fn of(layers: &[Layer]) -> Result<Geometry, NetworkError> {
        Geometry::of(&NetworkDescription::new(SHAPE, layers.to_vec()))
    }

    /// The layer at `index` has this problem, and the sentence says which layer.
    fn check(layers: &[Layer], index: usize, problem: LayerProblem) {
        let kind = layers[index].kind();
        let error = of(layers).unwrap_err();
        assert_eq!(error, NetworkError::Layer { index, kind, problem });
        assert!(error.to_string().starts_with(&format!("layer {index} ({kind}) ")), "{error}");
    }

    #[test]
    fn sizes_flow_through_the_default_networks() {
        let tactical = Geometry::of(&NetworkDescription::tactical()).unwrap();
        let matrix = |rows, channels| Form::Matrix { rows, channels };
        let vector = |width| Form::Vector { width };
        let forms =
            [matrix(60, 7), matrix(60, 16), matrix(60, 16), matrix(60, 32), matrix(60, 32), matrix(8, 32)];
        assert_eq!(tactical.forms[..6], forms);
        let vectors = [vector(256), vector(265), vector(64), vector(64), vector(3), vector(3)];
        assert_eq!(tactical.forms[6..], vectors);
        assert_eq!((tactical.outputs, tactical.parameters), (3, 16 * 22 + 32 * 49 + 64 * 266 + 3 * 65));
        let strategic = Geometry::of(&NetworkDescription::strategic()).unwrap();
        assert_eq!(strategic.parameters, 634 * 128 + 129 * 64 + 65 * 32 + 33 * 3);
        let layers: Vec<usize> = strategic.weights.iter().map(|shape| shape.layer).collect();
        assert_eq!(layers, [2, 4, 6, 8]);
    }

    #[test]
    fn layers_that_do_not_fit_are_named() {
        let conv = |input, width, padding| Conv1d { input, output: 4, width, padding };
        let inputs = |declared, given| LayerProblem::Inputs { declared, given };
        check(&[conv(4, 3, 1), Flatten {}], 0, inputs(4, 3));
        check(&[Flatten {}, ConcatContext {}, Dense { input: 18, output: 3 }], 2, inputs(18, 20));
        check(&[conv(3, 3, 1), Relu {}, conv(3, 3, 1), Flatten {}], 2, inputs(3, 4));
        for (width, padding) in [(0, 0), (3, 3), (TAPS_MAX + 1, 0), (usize::MAX, 0), (3, usize::MAX)] {
            check(&[conv(3, width, padding), Flatten {}], 0, LayerProblem::Taps { width, padding });
        }
        check(&[conv(3, 9, 1), Flatten {}], 0, LayerProblem::TooFewRows { rows: 8, width: 9 });
        check(&[Dense { input: 18, output: 3 }], 0, LayerProblem::NeedsVector);
        check(&[Softmax {}], 0, LayerProblem::NeedsVector);
        check(&[ConcatContext {}], 0, LayerProblem::NeedsVector);
        check(&[Flatten {}, Flatten {}], 1, LayerProblem::NeedsMatrix);
        check(&[Flatten {}, AvgPool { spans: 2 }], 1, LayerProblem::NeedsMatrix);
        check(&[Flatten {}, conv(18, 1, 0)], 1, LayerProblem::NeedsMatrix);
        check(&[Relu {}, Flatten {}], 0, LayerProblem::ReluPlace);
        check(&[Flatten {}, Relu {}], 1, LayerProblem::ReluPlace);
        check(&[conv(3, 1, 0), Relu {}, Relu {}, Flatten {}], 2, LayerProblem::ReluPlace);
        check(&[Flatten {}, Softmax {}, Dense { input: 18, output: 3 }], 1, LayerProblem::SoftmaxPlace);
        check(&[Flatten {}, ConcatContext {}, ConcatContext {}], 2, LayerProblem::ContextTwice);
    }

    #[test]
    fn sizes_beyond_the_limits_are_named() {
        let output = |numbers| LayerProblem::OutputSize { numbers };
        check(&[AvgPool { spans: 0 }, Flatten {}], 0, output(0));
        check(&[AvgPool { spans: usize::MAX }, Flatten {}], 0, output(usize::MAX));
        check(&[Flatten {}, Dense { input: 18, output: 0 }], 1, output(0));
        check(
            &[Flatten {}, Dense { input: 18, output: ACTIVATIONS_MAX + 1 }],
            1,
            output(ACTIVATIONS_MAX + 1),
        );
        let wide = Dense { input: 18, output: ACTIVATIONS_MAX };
        check(&[Flatten {}, wide], 1, LayerProblem::TooManyParameters);
        let large = Dense { input: 1 << 12, output: 1 << 12 };
        let first = Dense { input: 18, output: 1 << 12 };
        check(&[Flatten {}, first, large], 2, LayerProblem::TooManyParameters);
        let rows = Conv1d { input: 3, output: ACTIVATIONS_MAX, width: 1, padding: 0 };
        check(&[rows, Flatten {}], 0, output(6 * ACTIVATIONS_MAX));
    }

    #[test]
    fn networks_that_lack_something_are_told_what() {
        let check = |description: NetworkDescription, expected: NetworkError, words: &str| {
            let error = Geometry::of(&description).unwrap_err();
            assert_eq!(error, expected);
            assert!(error.to_string().contains(words), "{error}");
        };
        let with = |shape, layers: &[Layer]| NetworkDescription::new(shape, layers.to_vec());
        let size = |what, found, min, max| NetworkError::Size { what, found, min, max };
        let pool = [AvgPool { spans: 2 }];
        check(with(SHAPE, &pool), NetworkError::EndsInMatrix, "add flatten");
        check(with(SHAPE, &[Flatten {}]), NetworkError::Context { context: 2 }, "add concat_context");
        let no_context = Shape { context: 0, ..SHAPE };
        let appended = [Flatten {}, ConcatContext {}];
        check(with(no_context, &appended), NetworkError::Context { context: 0 }, "remove the layer");
        check(with(SHAPE, &[]), size("the number of layers", 0, 1, LAYERS_MAX), "number of layers");
        let many = vec![Flatten {}; LAYERS_MAX + 1];
        check(with(SHAPE, &many), size("the number of layers", 65, 1, LAYERS_MAX), "1..=64");
        let shape = Shape { rows: 0, ..SHAPE };
        check(with(shape, &appended), size("rows", 0, 1, ROWS_MAX), "rows");
        let shape = Shape { columns: COLUMNS_MAX + 1, ..SHAPE };
        check(with(shape, &appended), size("columns", 4_097, 1, COLUMNS_MAX), "columns");
        let shape = Shape { context: usize::MAX, ..SHAPE };
        check(with(shape, &appended), size("context", usize::MAX, 0, CONTEXT_MAX), "context");
        let shape = Shape { rows: 4_096, columns: 4_096, context: 0 };
        check(with(shape, &[Flatten {}]), size("rows x columns", 1 << 24, 1, ACTIVATIONS_MAX), "rows x");
        let newer = NetworkDescription { version: 2, ..NetworkDescription::strategic() };
        check(newer, NetworkError::Version { found: 2 }, "version 2");
    }

    #[test]
    fn weights_that_do_not_fit_are_named() {
        let description = NetworkDescription::tactical();
        let mut weights = crate::untrained_weights(&description, 1).unwrap();
        let refused =
            |weights: &[crate::LayerWeights]| crate::Network::new(&description, weights).unwrap_err();
        assert_eq!(refused(&weights[..3]), NetworkError::WeightCount { expected: 4, found: 3 });
        weights[1].bias.pop();
        let error = refused(&weights);
        assert_eq!(error, NetworkError::WeightLength { layer: 2, what: "bias", expected: 32, found: 31 });
        assert!(error.to_string().contains("the bias of layer 2 has 31 numbers"), "{error}");
    }
}
