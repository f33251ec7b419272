//! The backend of this crate's own kernels.

use crate::backend::refuse_not_finite;
use crate::{Backend, Batch, EvaluateError, Network, OUTPUTS, Scratch, Shape};
use std::sync::Arc;

/// A network and the memory it works in. Clones share the weights and nothing else.
#[derive(Debug, Clone)]
pub struct Native {
    network: Arc<Network>,
    scratch: Scratch,
}

impl Native {
    /// As configuration and errors write it.
    pub const NAME: &'static str = "native";

    /// A backend that evaluates this network.
    ///
    /// # Panics
    /// If the network does not answer with [`OUTPUTS`] numbers; [`crate::load`] refuses such a file.
    pub fn new(network: Arc<Network>) -> Self {
        assert_eq!(network.outputs(), OUTPUTS, "a policy answers with {OUTPUTS} numbers");
        let scratch = network.scratch();
        Self { network, scratch }
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }
}

impl Backend for Native {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn shape(&self) -> Shape {
        self.network.shape()
    }

    fn evaluate(&mut self, batch: Batch<'_>, out: &mut [[f32; OUTPUTS]]) -> Result<(), EvaluateError> {
        assert_eq!(out.len(), batch.len(), "one answer for each observation");
        self.network.forward(batch, &mut self.scratch, out.as_flattened_mut());
        refuse_not_finite(Self::NAME, out)
    }
}
