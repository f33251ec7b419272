//! Matrices, synergies, agents, sizing and exits: checked, with what they need of bars and indicators.

use super::super::checked::{AgentsSetup, BackendChoice, ModelSource, StrategyChoice};
use super::super::error::{ConfigError, Place};
use super::super::nearest::nearest;
use super::super::node::{Node, Value};
use super::super::times;
use super::{CHECKED, Need, Read, list_texts};
use agents::{AgentsConfig, CircuitConfig, DecideOn, SimulatedMiss, check_latency};
use gate::Limits;
use indicators::IndicatorSpec;
use matching::VenueConfig;
use matrices::{Column, MatricesConfig, MatrixSpec, Scaling};
use model::{Agent, Nanos, Pattern, Timeframe};
use rules::SynergyOnlyConfig;
use std::path::PathBuf;
use strategy::{ExitsConfig, SizingConfig};
use synergy::{FvgDirection, SynergyConfig};

/// What the agents' side of the configuration comes to.
pub(super) struct Intelligence {
    pub matrices: MatricesConfig,
    pub synergy: SynergyConfig,
    pub agents: AgentsSetup,
    pub synergy_only: SynergyOnlyConfig,
    /// What is read of indicators.
    pub needs: Vec<Need>,
}

impl Intelligence {
    /// The timeframes that must have bars.
    pub(super) fn timeframes(&self) -> Vec<Timeframe> {
        self.needs.iter().map(|need| need.timeframe).collect()
    }
}

pub(super) fn build(
    read: &Read<'_>,
    strategy: StrategyChoice,
    venue: &VenueConfig,
    risk: &Limits,
) -> Result<Intelligence, ConfigError> {
    let matrices = matrices(read, strategy)?;
    let mut needs = matrix_needs(read, &matrices)?;
    let synergy = synergy(read)?;
    let sizing = SizingConfig {
        target_volatility: read.number("sizing.target_volatility"),
        max_position: risk.max_position,
    };
    let exits = ExitsConfig {
        stop_atr: read.number("exits.stop_atr"),
        target_atr: read.number("exits.target_atr"),
        time_stop_bars: read.integer("exits.time_stop_bars"),
    };
    let synergy_only = SynergyOnlyConfig {
        sizing,
        sizing_timeframe: read.timeframe("synergy_only.volatility_timeframe"),
        exits,
        exits_timeframe: synergy.timeframe,
    };
    let mut places = [0, 1];
    let need = |timeframe, feature: &str| Need { timeframe, feature: feature.to_owned() };
    if strategy.reads_synergies() {
        needs.extend(["mlmi_value", "nwrqk_value"].map(|feature| need(synergy.timeframe, feature)));
    }
    if strategy == StrategyChoice::SynergyOnly {
        needs.push(need(synergy_only.sizing_timeframe, "volatility_30"));
        needs.push(need(synergy.timeframe, "atr_14"));
    }
    if strategy == StrategyChoice::Marl {
        places = [
            named(read, &matrices, "agents.strategic_matrix")?,
            named(read, &matrices, "agents.tactical_matrix")?,
        ];
        let [strategic, tactical] = places.map(|place| matrices.specs()[place].timeframe);
        needs.push(need(strategic, "volatility_30"));
        needs.push(need(tactical, "atr_14"));
        check_latency(venue.latency, read.duration("agents.simulated_latency"), tactical).map_err(
            |error| {
                read.refuse(
                    &["agents.simulated_latency", "venue.latency"],
                    format!("does not stand: {error}"),
                )
            },
        )?;
    }
    let agents = agents(read, places, sizing, exits)?;
    if strategy == StrategyChoice::Marl {
        check_listed(read, &agents)?;
    }
    Ok(Intelligence { agents, matrices, synergy, synergy_only, needs })
}

/// The place of the matrix that a key names.
fn named(read: &Read<'_>, matrices: &MatricesConfig, key: &str) -> Result<usize, ConfigError> {
    let name = read.text(key);
    matrices.specs().iter().position(|spec| spec.name == name).ok_or_else(|| {
        let known = nearest(name, matrices.specs().iter().map(|spec| spec.name.as_str())).unwrap_or_default();
        read.refuse(
            &[key],
            format!("is {name:?}, which is no matrix of matrices.list; the nearest is {known:?}"),
        )
    })
}

/// The matrices that are listed, and those that the agents see by default.
fn matrices(read: &Read<'_>, strategy: StrategyChoice) -> Result<MatricesConfig, ConfigError> {
    let mut specs: Vec<MatrixSpec> =
        read.tables("matrices.list").iter().map(|table| matrix(&table.value)).collect();
    check_raw(read)?;
    if strategy == StrategyChoice::Marl {
        for spec in [MatrixSpec::strategic(), MatrixSpec::tactical()] {
            let seen = ["agents.strategic_matrix", "agents.tactical_matrix"].map(|key| read.text(key));
            let is_seen = seen.contains(&spec.name.as_str());
            if is_seen && !specs.iter().any(|known| known.name == spec.name) {
                specs.push(spec);
            }
        }
    }
    MatricesConfig::new(specs)
        .map_err(|error| read.refuse(&["matrices.list"], format!("does not stand: {error}")))
}

/// A column that is to stay raw must be one of the matrix.
fn check_raw(read: &Read<'_>) -> Result<(), ConfigError> {
    for (index, table) in read.tables("matrices.list").iter().enumerate() {
        let list = |name: &str| table.value.get(name).map(|node| list_texts(&node.value)).unwrap_or_default();
        let features = list("features");
        if let Some(raw) = list("raw").into_iter().find(|raw| !features.contains(raw)) {
            let known = nearest(raw, features.iter().copied()).unwrap_or_default();
            return Err(ConfigError::Value {
                place: Place { file: read.0.file().to_owned(), origin: table.origin },
                path: format!("matrices.list[{index}].raw"),
                problem: format!("names {raw:?}, which is not among its features; the nearest is {known:?}"),
            });
        }
    }
    Ok(())
}

fn matrix(table: &Value) -> MatrixSpec {
    let field = |name: &str| table.get(name).map(|node| &node.value);
    let text = |name: &str| field(name).and_then(Value::as_text).expect(CHECKED);
    let raw = field("raw").map(list_texts);
    let column = |feature: &str| match &raw {
        None => Column::standard(feature),
        Some(raw) => {
            let scaling = if raw.contains(&feature) { Scaling::Raw } else { Scaling::ZScore };
            Column { feature: feature.to_owned(), scaling }
        }
    };
    MatrixSpec {
        name: text("name").to_owned(),
        timeframe: Timeframe::parse(text("timeframe")).expect(CHECKED),
        window: field("window").expect(CHECKED).to_string().parse().expect(CHECKED),
        columns: list_texts(field("features").expect(CHECKED)).into_iter().map(column).collect(),
    }
}

/// Every column, which an indicator must give.
fn matrix_needs(read: &Read<'_>, matrices: &MatricesConfig) -> Result<Vec<Need>, ConfigError> {
    let mut needs = Vec::new();
    for (index, spec) in matrices.specs().iter().enumerate() {
        for column in &spec.columns {
            if IndicatorSpec::of_value(&column.feature).is_none() {
                let names: Vec<String> = IndicatorSpec::all().flat_map(|spec| spec.value_names()).collect();
                let known = nearest(&column.feature, names.iter().map(String::as_str)).unwrap_or_default();
                let origin = read.tables("matrices.list")[index].origin;
                return Err(ConfigError::Value {
                    place: Place { file: read.0.file().to_owned(), origin },
                    path: format!("matrices.list[{index}].features"),
                    problem: format!(
                        "of {:?} names {:?}, which no indicator gives; the nearest value is {known:?}",
                        spec.name, column.feature
                    ),
                });
            }
            needs.push(Need { timeframe: spec.timeframe, feature: column.feature.clone() });
        }
    }
    Ok(needs)
}

fn synergy(read: &Read<'_>) -> Result<SynergyConfig, ConfigError> {
    let patterns = read.texts("synergy.patterns");
    let config = SynergyConfig {
        timeframe: read.timeframe("synergy.timeframe"),
        window: read.duration("synergy.window"),
        cool_down: read.duration("synergy.cool_down"),
        nwrqk_min: read.number("synergy.nwrqk_min"),
        fvg_direction: FvgDirection::parse(read.text("synergy.fvg_direction")).expect(CHECKED),
        fvg_height_min: read.rate("synergy.fvg_height_min"),
        fvg_height_full: read.rate("synergy.fvg_height_full"),
        patterns: patterns.into_iter().map(|text| Pattern::parse(text).expect(CHECKED)).collect(),
    };
    config.check().map_err(|error| {
        let keys =
            ["synergy.window", "synergy.cool_down", "synergy.fvg_height_min", "synergy.fvg_height_full"];
        let said = error.to_string();
        let at = keys.iter().find(|key| said.starts_with(**key)).unwrap_or(&keys[0]);
        read.refuse(&[at], format!("does not stand: {said}"))
    })?;
    Ok(config)
}

/// The agents; `places` are the indices of the matrices that they see.
fn agents(
    read: &Read<'_>,
    places: [usize; 2],
    sizing: SizingConfig,
    exits: ExitsConfig,
) -> Result<AgentsSetup, ConfigError> {
    let share = read.number("agents.blend") as f32;
    let mut blend = [share; Pattern::ALL.len()];
    for table in read.tables("agents.blends") {
        let pattern = Pattern::parse(text(table, "pattern")).expect(CHECKED);
        let Some(Value::Float(share)) = table.value.get("blend").map(|node| &node.value) else {
            unreachable!("a blend is {CHECKED}")
        };
        blend[pattern.index()] = share.parse().expect(CHECKED);
    }
    let reload =
        |table: &Node| (times::parse_instant(text(table, "at")).expect(CHECKED), model_source(table));
    let mut reloads: Vec<(Nanos, ModelSource)> = read.tables("agents.reloads").iter().map(reload).collect();
    reloads.sort_by_key(|(at, _)| *at);
    let config = AgentsConfig {
        decide_on: DecideOn::parse(read.text("agents.decide_on")).expect(CHECKED),
        gate: read.number("agents.gate") as f32,
        deadline_us: read.integer("agents.deadline_us"),
        simulated_latency: read.duration("agents.simulated_latency"),
        simulated_miss: SimulatedMiss {
            seed: read.integer("agents.simulated_miss.seed").into(),
            probability: read.number("agents.simulated_miss.probability"),
        },
        circuit: CircuitConfig {
            misses: read.integer("agents.circuit.misses"),
            cool_down: read.duration("agents.circuit.cool_down"),
        },
        cache_entries: read.integer("agents.cache_entries") as usize,
        logits: std::array::from_fn(|voter| {
            read.number(&format!("agents.logits.{}", Agent::ALL[voter].name()))
        }),
        blend,
        blend_bar: share,
        strategic: places[0],
        tactical: places[1],
        sizing,
        exits,
    };
    let models = read.tables("agents.models").iter().map(model_source).collect();
    Ok(AgentsSetup { config, backend: backend(read)?, models, reloads })
}

fn backend(read: &Read<'_>) -> Result<BackendChoice, ConfigError> {
    match read.text("agents.backend") {
        "native" => Ok(BackendChoice::Native),
        #[cfg(feature = "libtorch")]
        "torch" => Ok(BackendChoice::Torch),
        name => Err(read.refuse(
            &["agents.backend"],
            format!(
                "is {name:?}, but this program was built without libtorch; run scripts/setup-torch.sh and build it \
                 with --features libtorch, or write \"native\""
            ),
        )),
    }
}

/// The program's own weights are for its own kernels: whoever else answers has a file for each agent.
fn check_listed(read: &Read<'_>, agents: &AgentsSetup) -> Result<(), ConfigError> {
    let is_listed = |agent: &Agent| agents.models.iter().any(|source| source.agent == *agent);
    match Agent::ALL.into_iter().find(|agent| !is_listed(agent)) {
        Some(agent) if agents.backend != BackendChoice::Native => Err(read.refuse(
            &["agents.backend"],
            format!(
                "is \"torch\", but agent {} has no TorchScript file; list one for each agent in agents.models \
                 (scripts/export-torchscript.py makes them), or write \"native\"",
                agent.name()
            ),
        )),
        _ => Ok(()),
    }
}

fn text<'a>(table: &'a Node, name: &str) -> &'a str {
    table.value.get(name).and_then(|node| node.value.as_text()).expect(CHECKED)
}

fn model_source(table: &Node) -> ModelSource {
    ModelSource {
        agent: Agent::parse(text(table, "agent")).expect(CHECKED),
        file: PathBuf::from(text(table, "file")),
        sha256: text(table, "sha256").to_owned(),
    }
}
