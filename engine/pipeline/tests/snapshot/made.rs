//! The stages' configurations: every indicator on three timeframes, two matrices, synergies that come easily, and each
//! strategy on top.

use super::case::{capital, instruments};
use agents::{
    AgentsConfig, CircuitConfig, DecideOn, Inputs, Marl, SimulatedMiss, observation_shape, swap_event,
};
use indicators::{IndicatorConfig, IndicatorSpec, Seed};
use inference::{Backend, Layer, NETWORK_VERSION, Native, NetworkDescription, OUTPUTS, untrained};
use matrices::{Column, IndicatorSource, Matrices, MatricesConfig, MatrixSpec};
use model::{
    Agent, AgentGroup, BarSource, Event, Kind, Nanos, Pattern, Quantity, Rate, Session, SessionCalendar,
    SymbolId, Timeframe,
};
use rules::{
    EmaCross, EmaCrossConfig, Entry, MeanReversion, MeanReversionConfig, StopOn, SynergyOnly,
    SynergyOnlyConfig,
};
use std::sync::Arc;
use strategy::{ExitsConfig, Schema, SizingConfig};
use synergy::{Synergies, SynergyConfig};

pub fn timeframes() -> Vec<Timeframe> {
    ["10s", "1m", "5m"].map(|text| Timeframe::parse(text).unwrap()).to_vec()
}

fn timeframe(text: &str) -> Timeframe {
    Timeframe::parse(text).unwrap()
}

pub fn sources() -> Vec<Vec<BarSource>> {
    vec![vec![BarSource::Trade], vec![BarSource::Trade, BarSource::Mid, BarSource::Bid]]
}

/// An hour open, half an hour not.
#[derive(Debug)]
pub struct Hours;

impl SessionCalendar for Hours {
    fn session_at(&self, ts: Nanos) -> Session {
        let cycle = Nanos::HOUR.0 / 2 * 3;
        let open = Nanos(ts.0 - ts.0.rem_euclid(cycle));
        Session { open, close: open + Nanos::HOUR, next_open: open + Nanos(cycle) }
    }
}

/// Every indicator there is on every timeframe, and a second one of some.
pub fn indicators() -> IndicatorConfig {
    let more = ["ema_5", "sma_3", "stochastic_4_2_3", "rsi_cutler_5"];
    let specs: Vec<_> =
        IndicatorSpec::all().chain(more.map(|name| IndicatorSpec::parse(name).unwrap())).collect();
    IndicatorConfig::new(10, &timeframes(), vec![specs; 3]).unwrap()
}

fn matrix_specs() -> Vec<MatrixSpec> {
    let spec = |name: &str, timeframe, window, columns: &[&str]| MatrixSpec {
        name: name.to_owned(),
        timeframe,
        window,
        columns: columns.iter().map(|column| Column::standard(column)).collect(),
    };
    vec![
        spec("strategic", timeframes()[1], 4, &["nwrqk_value", "hour_sin", "sma_20"]),
        spec("tactical", timeframes()[0], 5, &["fvg_bullish_active", "lvn_distance"]),
    ]
}

pub fn features() -> (Matrices, Synergies) {
    let names = indicators().schema();
    let (all, parameters) = (timeframes(), indicators().parameters());
    let source = IndicatorSource { timeframes: &all, names: &names, parameters: &parameters };
    let synergy = SynergyConfig {
        timeframe: all[0],
        window: Nanos(8 * Nanos::HOUR.0),
        cool_down: Nanos(Nanos::MINUTE.0),
        nwrqk_min: 0.0,
        fvg_height_min: Rate::ZERO,
        patterns: Pattern::ALL[..5].to_vec(),
        ..SynergyConfig::default()
    };
    let matrices = Matrices::new(MatricesConfig::new(matrix_specs()).unwrap(), &source, 2).unwrap();
    (matrices, Synergies::new(synergy, &all, &names, 2).unwrap())
}

/// One from before the run, one in its middle that swaps a model, one after its end.
pub fn commands(ticks: &[Event]) -> Vec<Event> {
    let unknown = |ts| Event { words: [77, 0, 0, 0, 0], ..Event::input(Kind::COMMAND, ts, SymbolId::NONE) };
    let (middle, end) = (ticks[ticks.len() / 2].ts, ticks.last().unwrap().ts + Nanos::DAY);
    vec![
        swap_event(Nanos(0), Agent::Fvg, 1),
        unknown(Nanos(1)),
        swap_event(middle, Agent::Mlmi, 1),
        swap_event(middle, Agent::Entry, 9),
        unknown(end),
    ]
}

pub fn ema_cross() -> EmaCross {
    let quantity = Quantity::parse("2").unwrap();
    let config =
        EmaCrossConfig { timeframe: timeframe("10s"), fast: 3, slow: 8, quantity, seed: Seed::First };
    EmaCross::new(config, &timeframes(), 2).unwrap()
}

pub fn mean_reversion(stop_on: StopOn, entry: Entry) -> MeanReversion {
    let config = MeanReversionConfig {
        timeframe: timeframe("10s"),
        rsi_low: 45.0,
        rsi_high: 55.0,
        bollinger_k: Rate::parse("1").unwrap(),
        stop_atr: 0.7,
        entry,
        stop_on,
        ..MeanReversionConfig::default()
    };
    MeanReversion::new(config, &timeframes(), 2).unwrap()
}

fn sizing() -> SizingConfig {
    SizingConfig { target_volatility: 0.1, max_position: Some(Quantity::parse("2.5").unwrap()) }
}

pub fn synergy_only() -> SynergyOnly {
    let config = SynergyOnlyConfig {
        sizing: sizing(),
        sizing_timeframe: timeframe("1m"),
        exits: ExitsConfig { stop_atr: 1.0, target_atr: 1.5, time_stop_bars: 12 },
        exits_timeframe: timeframe("10s"),
    };
    let names = indicators().schema();
    let schema = Schema { timeframes: &timeframes(), names: &names };
    SynergyOnly::new(config, &schema, &instruments(), capital()).unwrap()
}

/// Two small networks for each agent, whose answers go missing now and then.
pub fn marl(decide_on: DecideOn) -> Marl {
    let config = AgentsConfig {
        decide_on,
        gate: 0.3,
        simulated_latency: Nanos(1_500_000_000),
        simulated_miss: SimulatedMiss { seed: 4, probability: 0.02 },
        circuit: CircuitConfig { misses: 2, cool_down: Nanos(3 * Nanos::MINUTE.0) },
        cache_entries: 20,
        sizing: sizing(),
        exits: ExitsConfig { stop_atr: 1.0, target_atr: 1.5, time_stop_bars: 12 },
        ..AgentsConfig::default()
    };
    let (names, matrices) = (indicators().schema(), matrix_specs());
    let inputs = Inputs {
        schema: Schema { timeframes: &timeframes(), names: &names },
        matrices: &matrices,
        synergy_timeframe: timeframe("10s"),
        instruments: &instruments(),
        initial_capital: capital(),
    };
    let models = Agent::ALL.map(|agent| (0..2).map(|nth| network(agent, nth)).collect());
    Marl::new(config, models, &inputs).unwrap()
}

fn network(agent: Agent, nth: u64) -> Box<dyn Backend> {
    let matrices = matrix_specs();
    let shape = observation_shape(&matrices[usize::from(agent.group() == AgentGroup::Tactical)]);
    let layers = vec![
        Layer::Flatten {},
        Layer::ConcatContext {},
        Layer::Dense { input: shape.floats(), output: 8 },
        Layer::Relu {},
        Layer::Dense { input: 8, output: OUTPUTS },
        Layer::Softmax {},
    ];
    let description = NetworkDescription {
        version: NETWORK_VERSION,
        rows: shape.rows,
        columns: shape.columns,
        context: shape.context,
        layers,
    };
    // A seed whose networks want something, and not always the same.
    let seed = 20 + 100 * nth + agent as u64;
    Box::new(Native::new(Arc::new(untrained(&description, seed).unwrap())))
}
