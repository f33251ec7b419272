//! The agents' weights: the program's own, or those of files that the configuration names by hash.
//!
//! Not here: what a file must be (`inference`).

use super::wiring;
use crate::config::{Config, ModelSource, StrategyChoice};
use crate::failure::Failure;
use inference::{Backend, Expected, Native, Network};
use matrices::Matrices;
use model::{Agent, Event, Nanos};
use std::path::Path;
use std::sync::Arc;

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
    /// The network.
    pub network: Arc<Network>,
}

/// All weights of a run.
#[derive(Debug, Clone)]
pub struct Models {
    /// By agent.
    pub at_start: Vec<AgentModel>,
    /// As `agents.reloads`.
    pub reloads: Vec<AgentModel>,
}

impl Models {
    /// Loads every agent's weights, if the strategy has agents.
    ///
    /// # Errors
    /// [`Failure::Usage`] with the loader's sentence; nothing is used of a file that was refused.
    pub fn load(config: &Config) -> Result<Option<Self>, Failure> {
        if config.run.strategy != StrategyChoice::Marl {
            return Ok(None);
        }
        // Only for their schemas: how many symbols there are does not matter.
        let matrices = wiring::matrices(config, 1)?.expect("agents have their matrices");
        let at_start = Agent::ALL.into_iter().map(|agent| {
            let source = config.agents.models.iter().find(|source| source.agent == agent);
            match source {
                Some(source) => from_file(source, config, &matrices),
                None => built_in(agent, config, &matrices),
            }
        });
        let reloads = config.agents.reloads.iter().map(|(_, source)| from_file(source, config, &matrices));
        Ok(Some(Self {
            at_start: at_start.collect::<Result<_, _>>()?,
            reloads: reloads.collect::<Result<_, _>>()?,
        }))
    }

    /// By agent: what answers at the start, then its reloads in the order of their times.
    pub fn backends(&self) -> agents::Models {
        Agent::ALL.map(|agent| {
            let own = self.at_start.iter().chain(&self.reloads).filter(|model| model.agent == agent);
            own.map(|model| -> Box<dyn Backend> { Box::new(Native::new(Arc::clone(&model.network))) })
                .collect()
        })
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

fn from_file(source: &ModelSource, config: &Config, matrices: &Matrices) -> Result<AgentModel, Failure> {
    let expected = expected(source.agent, source.sha256.clone(), config, matrices);
    let model =
        inference::load(&source.file, &expected).map_err(|error| Failure::Usage(error.to_string()))?;
    Ok(agent_model(source.agent, source.file.display().to_string(), model))
}

fn built_in(agent: Agent, config: &Config, matrices: &Matrices) -> Result<AgentModel, Failure> {
    let bytes = BUILT_IN[agent as usize];
    let expected = expected(agent, inference::sha256(bytes), config, matrices);
    let name = format!("built-in {}.safetensors", agent.name());
    let model = inference::load_bytes(Path::new(&name), bytes, &expected).map_err(|error| {
        Failure::Usage(format!(
            "{error}; the run's features are not those of the built-in weights: list others in agents.models"
        ))
    })?;
    Ok(agent_model(agent, name, model))
}

fn agent_model(agent: Agent, file: String, model: inference::Model) -> AgentModel {
    AgentModel { agent, file, sha256: model.sha256, training: model.training, network: model.network }
}
