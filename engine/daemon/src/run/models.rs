//! The agents' weights: the program's own, or those of files that the configuration names by hash; and who answers with
//! them.
//!
//! A TorchScript file cannot say whose it is and for which features. A `safetensors` file beside it does, of the same
//! name: `mlmi.pt` and `mlmi.safetensors`.
//! Not here: what a file must be (`inference`, `torch`).

use super::wiring;
use crate::config::{BackendChoice, Config, ModelSource, StrategyChoice};
use crate::failure::Failure;
use inference::{Backend, Expected, Native};
use matrices::Matrices;
use model::{Agent, Event, Nanos};
use report::AnsweringModel;
use std::path::Path;

/// The program's own weights, by agent: files of `configs/models`.
const BUILT_IN: [&[u8]; Agent::ALL.len()] = [
    include_bytes!("../../../../configs/models/mlmi.safetensors"),
    include_bytes!("../../../../configs/models/nwrqk.safetensors"),
    include_bytes!("../../../../configs/models/regime.safetensors"),
    include_bytes!("../../../../configs/models/fvg.safetensors"),
    include_bytes!("../../../../configs/models/momentum.safetensors"),
    include_bytes!("../../../../configs/models/entry.safetensors"),
];

/// One agent's weights.
#[derive(Debug, Clone)]
pub struct AgentModel {
    /// Whose.
    pub agent: Agent,
    /// Where they came from.
    pub file: String,
    /// The file's hash, in hexadecimal.
    pub sha256: String,
    /// What the file says of how they came about.
    pub training: String,
}

/// An agent's weights, and who answers with them.
type Answering = (AgentModel, Box<dyn Backend>);

/// All weights of a run, without those who answer with them.
#[derive(Debug, Clone)]
pub struct Models {
    /// By agent.
    pub at_start: Vec<AgentModel>,
    /// As `agents.reloads`.
    pub reloads: Vec<AgentModel>,
}

impl Models {
    /// Loads every agent's weights, if the strategy has agents. With them come, by agent, those who answer: who does at
    /// the start, then its reloads in the order of their times.
    ///
    /// # Errors
    /// [`Failure::Usage`] with the loader's sentence; nothing is used of a file that was refused.
    pub fn load(config: &Config) -> Result<Option<(Self, agents::Models)>, Failure> {
        if config.run.strategy != StrategyChoice::Marl {
            return Ok(None);
        }
        // Only for their schemas: how many symbols there are does not matter.
        let matrices = wiring::matrices(config, 1)?.expect("agents have their matrices");
        let mut backends: agents::Models = Default::default();
        let mut keep = |(model, backend): Answering| {
            backends[model.agent as usize].push(backend);
            model
        };
        let at_start = Agent::ALL.into_iter().map(|agent| {
            let source = config.agents.models.iter().find(|source| source.agent == agent);
            match source {
                Some(source) => from_file(source, config, &matrices),
                None => built_in(agent, config, &matrices),
            }
        });
        let at_start = at_start.map(|loaded| loaded.map(&mut keep)).collect::<Result<_, _>>()?;
        let reloads = config.agents.reloads.iter().map(|(_, source)| from_file(source, config, &matrices));
        let reloads = reloads.map(|loaded| loaded.map(&mut keep)).collect::<Result<_, _>>()?;
        Ok(Some((Self { at_start, reloads }, backends)))
    }

    /// Whose weights answer, and from when on, for the records.
    pub fn answering(&self, config: &Config) -> Vec<AnsweringModel> {
        let model = |from: Option<Nanos>, model: &AgentModel| AnsweringModel {
            agent: model.agent.name().to_owned(),
            from_ns: from.map(|from| from.0),
            file: model.file.clone(),
            sha256: model.sha256.clone(),
        };
        let reloads = config.agents.reloads.iter().zip(&self.reloads);
        let reloads = reloads.map(|((at, _), reload)| model(Some(*at), reload));
        self.at_start.iter().map(|start| model(None, start)).chain(reloads).collect()
    }

    /// The inputs that swap the reloads in.
    pub fn commands(&self, config: &Config) -> Vec<Event> {
        let mut places = [0; Agent::ALL.len()];
        let swap = |((at, _), model): (&(Nanos, ModelSource), &AgentModel)| {
            places[model.agent as usize] += 1;
            agents::swap_event(*at, model.agent, places[model.agent as usize])
        };
        config.agents.reloads.iter().zip(&self.reloads).map(swap).collect()
    }
}

/// What the run's features ask of an agent's file.
fn expected(agent: Agent, sha256: String, config: &Config, matrices: &Matrices) -> Expected {
    let index = config.agents.config.matrix(agent.group());
    Expected {
        sha256,
        schema_hash: matrices.schemas()[index].schema_hash().to_owned(),
        agent: agent.name().to_owned(),
        shape: agents::observation_shape(&matrices.specs()[index]),
    }
}

fn refused(error: impl std::fmt::Display) -> Failure {
    Failure::Usage(error.to_string())
}

fn from_file(source: &ModelSource, config: &Config, matrices: &Matrices) -> Result<Answering, Failure> {
    let expected = expected(source.agent, source.sha256.clone(), config, matrices);
    match config.agents.backend {
        BackendChoice::Native => {
            let model = inference::load(&source.file, &expected).map_err(refused)?;
            Ok(native(source.agent, source.file.display().to_string(), model))
        }
        #[cfg(feature = "libtorch")]
        BackendChoice::Torch => torch_script(source, &expected),
    }
}

#[cfg(feature = "libtorch")]
fn torch_script(source: &ModelSource, expected: &Expected) -> Result<Answering, Failure> {
    let sidecar = source.file.with_extension("safetensors");
    let script = torch::TorchScript::load_checked(&source.file, expected, &sidecar).map_err(refused)?;
    let model = AgentModel {
        agent: source.agent,
        file: source.file.display().to_string(),
        sha256: expected.sha256.to_ascii_lowercase(),
        training: "a TorchScript file does not say".to_owned(),
    };
    Ok((model, Box::new(script)))
}

fn built_in(agent: Agent, config: &Config, matrices: &Matrices) -> Result<Answering, Failure> {
    let bytes = BUILT_IN[agent as usize];
    let expected = expected(agent, inference::sha256(bytes), config, matrices);
    let name = format!("built-in {}.safetensors", agent.name());
    let model = inference::load_bytes(Path::new(&name), bytes, &expected).map_err(|error| {
        Failure::Usage(format!(
            "{error}; the run's features are not those of the built-in weights: list others in agents.models"
        ))
    })?;
    Ok(native(agent, name, model))
}

fn native(agent: Agent, file: String, model: inference::Model) -> Answering {
    let known = AgentModel { agent, file, sha256: model.sha256, training: model.training };
    (known, Box::new(Native::new(model.network)))
}
