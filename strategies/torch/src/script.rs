//! A TorchScript module as a backend.
//!
//! Why [`TorchScript::evaluate`] asks about one observation at a time: libtorch takes other kernels for other batch
//! sizes, so that the last bits of an answer depend on how many are asked at once, and an engine's results may not.
//! [`TorchScript::forward`] is the one call for a whole batch, for who can live with that.
//!
//! Each call copies the observations into tensors of libtorch's and allocates there; this backend is not for a path on
//! which nothing is allocated.
//! Not here: threads. libtorch is told, for the whole process, to use the one that asks.

use crate::error::{TorchError, TorchProblem, one_line};
use crate::file::read_hashed;
use crate::sidecar::read_vector;
use inference::{
    Backend, Batch, EvaluateError, Expected, ModelError, OUTPUTS, Shape, TestVector, refuse_not_finite,
};
use std::path::Path;
use tch::{CModule, Device, Kind, TchError, Tensor};

/// How far the answer to the test vector may be from the recorded one, as for native model files.
const VECTOR_DIFFERENCE_MAX: f64 = 1e-5;
/// How far probabilities may be from adding up to 1.
const SUM_DIFFERENCE_MAX: f32 = 1e-4;
/// Runs after loading: libtorch observes the first and compiles the module anew after it.
const RUNS_WARM: usize = 3;

/// A policy as a TorchScript module: `forward(matrix [n, rows, columns], context [n, context])` gives probabilities
/// `[n, 3]`, all of them f32.
#[derive(Debug)]
pub struct TorchScript {
    module: CModule,
    shape: Shape,
}

impl TorchScript {
    /// As configuration and errors write it.
    pub const NAME: &'static str = "libtorch";

    /// Loads the module at `path` if `sha256` is the file's, onto the processor, for observations of `shape`.
    ///
    /// It is run on observations of zeros, one and two at a time, and its answers must be probabilities. From then on
    /// libtorch uses one thread for each of the process's that asks it something.
    ///
    /// # Errors
    /// Whatever keeps it from being such a module: see [`TorchProblem`].
    pub fn load(path: &Path, sha256: &str, shape: Shape) -> Result<Self, TorchError> {
        let named = |problem| TorchError { file: path.to_owned(), problem };
        let bytes = read_hashed(path, sha256).map_err(|error| named(error.into()))?;
        Self::from_bytes(&bytes, shape).map_err(named)
    }

    /// Loads as [`TorchScript::load`] does, and checks what the [sidecar](crate#sidecar) says: the agent, the hash of
    /// the features, and the test vector, which the module must answer as recorded to within 1e-5.
    ///
    /// # Errors
    /// As [`TorchScript::load`], and whatever the sidecar and the module disagree about.
    pub fn load_checked(path: &Path, expected: &Expected, sidecar: &Path) -> Result<Self, TorchError> {
        let vector = read_vector(sidecar, expected)
            .map_err(|error| TorchError { file: sidecar.to_owned(), problem: error.into() })?;
        let script = Self::load(path, &expected.sha256, expected.shape)?;
        match script.check_vector(&vector) {
            Ok(()) => Ok(script),
            Err(problem) => Err(TorchError { file: path.to_owned(), problem }),
        }
    }

    /// Answers all observations in one call: `out[i]` is what the module says, finite or not.
    ///
    /// # Errors
    /// [`EvaluateError::Failed`] if libtorch fails or the answer is not `[n, 3]` of f32.
    ///
    /// # Panics
    /// As [`Backend::evaluate`].
    pub fn forward(&self, batch: Batch<'_>, out: &mut [[f32; OUTPUTS]]) -> Result<(), EvaluateError> {
        assert_eq!(batch.shape(), self.shape, "observations of this module's shape");
        assert_eq!(out.len(), batch.len(), "one answer for each observation");
        if batch.is_empty() {
            return Ok(());
        }
        self.run(batch, out).map_err(|cause| EvaluateError::Failed { backend: Self::NAME.to_owned(), cause })
    }

    fn from_bytes(mut bytes: &[u8], shape: Shape) -> Result<Self, TorchProblem> {
        tch::set_num_threads(1);
        let module = CModule::load_data_on_device(&mut bytes, Device::Cpu)
            .map_err(|error| TorchProblem::Load { cause: one_line(&error) })?;
        let script = Self { module, shape };
        let zeros = vec![0.0; 2 * shape.floats()];
        let mut out = [[0.0; OUTPUTS]; 2];
        for count in [2, 1] {
            let batch = Batch::new(shape, &zeros[..count * shape.cells()], &zeros[..count * shape.context]);
            for _ in 0..RUNS_WARM {
                script.run(batch, &mut out[..count]).map_err(|cause| TorchProblem::Run { cause })?;
            }
            out[..count].iter().try_for_each(check_probabilities)?;
        }
        Ok(script)
    }

    /// What [`TorchScript::forward`] does, after its checks; the error is what libtorch says.
    fn run(&self, batch: Batch<'_>, out: &mut [[f32; OUTPUTS]]) -> Result<(), String> {
        let answer = self.answer(batch).map_err(|error| one_line(&error))?;
        let (size, kind) = (answer.size(), answer.kind());
        if size != [batch.len() as i64, OUTPUTS as i64] || kind != Kind::Float {
            return Err(format!(
                "it answers {} observations with {size:?} of {kind:?} and not [{}, {OUTPUTS}] of Float",
                batch.len(),
                batch.len()
            ));
        }
        let flat = out.as_flattened_mut();
        answer.f_copy_data(flat, flat.len()).map_err(|error| one_line(&error))
    }

    fn answer(&self, batch: Batch<'_>) -> Result<Tensor, TchError> {
        let _no_gradients = tch::no_grad_guard();
        let [n, rows, columns, context] =
            [batch.len(), self.shape.rows, self.shape.columns, self.shape.context].map(|size| size as i64);
        let matrices = bytemuck::cast_slice(batch.matrices());
        let contexts = bytemuck::cast_slice(batch.contexts());
        self.module.forward_ts(&[
            Tensor::f_from_data_size(matrices, &[n, rows, columns], Kind::Float)?,
            Tensor::f_from_data_size(contexts, &[n, context], Kind::Float)?,
        ])
    }

    fn check_vector(&self, vector: &TestVector) -> Result<(), TorchProblem> {
        let mut out = [[0.0; OUTPUTS]];
        let batch = Batch::new(self.shape, &vector.matrix, &vector.context);
        self.run(batch, &mut out).map_err(|cause| TorchProblem::Run { cause })?;
        check_probabilities(&out[0])?;
        let differences =
            out[0].iter().zip(&vector.output).map(|(&a, &b)| (f64::from(a) - f64::from(b)).abs());
        // In this order a NaN comes last.
        let difference = differences.max_by(f64::total_cmp).unwrap_or(f64::NAN);
        if difference <= VECTOR_DIFFERENCE_MAX {
            return Ok(());
        }
        Err(ModelError::TestVector { difference, difference_max: VECTOR_DIFFERENCE_MAX }.into())
    }
}

/// Whether these are none below 0 and add up to 1.
fn check_probabilities(answer: &[f32; OUTPUTS]) -> Result<(), TorchProblem> {
    let is_one = (answer.iter().sum::<f32>() - 1.0).abs() <= SUM_DIFFERENCE_MAX;
    if is_one && answer.iter().all(|&probability| probability >= 0.0) {
        Ok(())
    } else {
        Err(TorchProblem::NotProbabilities { found: *answer })
    }
}

impl Backend for TorchScript {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn shape(&self) -> Shape {
        self.shape
    }

    fn evaluate(&mut self, batch: Batch<'_>, out: &mut [[f32; OUTPUTS]]) -> Result<(), EvaluateError> {
        assert_eq!(out.len(), batch.len(), "one answer for each observation");
        for (i, answer) in out.iter_mut().enumerate() {
            self.forward(batch.slice(i..i + 1), std::slice::from_mut(answer))?;
        }
        refuse_not_finite(Self::NAME, out)
    }
}
