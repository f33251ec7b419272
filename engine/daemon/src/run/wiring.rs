//! The checked configuration, mapped to each crate's own, and the stages built from it.
//!
//! Not here: what the values mean (each crate), whether they make sense (`config`).

use super::data::RunData;
use crate::config::{BarFill, BarSources, Config, StrategyChoice};
use crate::failure::Failure;
use agents::Marl;
use bars::{Bars, BarsConfig, Fill};
use gate::Gate;
use indicators::Indicators;
use matching::Venue;
use matrices::{IndicatorSource, Matrices};
use model::{BarSource, InstrumentTable, Quantity, SessionCalendar, UtcDays};
use orders::OrderStage;
use pipeline::Stages;
use portfolio::{Portfolio, UpdateOn};
use rules::{EmaCross, MeanReversion, NoStrategy, SynergyOnly};
use std::sync::Arc;
use strategy::{Schema, Strategy, Wakes, WarmedUp};
use synergy::Synergies;

/// Which kinds of ticks a symbol has in a run's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kinds {
    /// It has trades.
    pub trades: bool,
    /// It has quotes.
    pub quotes: bool,
}

fn refused(error: impl std::fmt::Display) -> Failure {
    Failure::Usage(error.to_string())
}

/// The bars' configuration. By default a symbol's bars come from its trades if it has any, else from mids.
pub fn bars_config(config: &Config, kinds: &[Kinds]) -> BarsConfig {
    let sources = kinds.iter().map(|kinds| match &config.bars.sources {
        BarSources::List(sources) => sources.clone(),
        BarSources::Auto if kinds.trades => vec![BarSource::Trade],
        BarSources::Auto => vec![BarSource::Mid],
    });
    let fill = match config.bars.fill {
        BarFill::None => Fill::None,
        BarFill::Flat => Fill::Flat,
    };
    BarsConfig { timeframes: config.bars.timeframes.clone(), sources: sources.collect(), fill }
}

/// The matrices of the run; `None` where it has none.
pub fn matrices(config: &Config, symbols: usize) -> Result<Option<Matrices>, Failure> {
    if config.matrices.specs().is_empty() {
        return Ok(None);
    }
    let names = config.indicators.schema();
    let parameters = config.indicators.parameters();
    let source = IndicatorSource {
        timeframes: config.indicators.timeframes(),
        names: &names,
        parameters: &parameters,
    };
    Matrices::new(config.matrices.clone(), &source, symbols).map(Some).map_err(refused)
}

/// The synergies of the run; `None` where nobody reads them.
pub fn synergies(config: &Config, symbols: usize) -> Result<Option<Synergies>, Failure> {
    if !config.run.strategy.reads_synergies() {
        return Ok(None);
    }
    let (timeframes, names) = (config.indicators.timeframes(), config.indicators.schema());
    Synergies::new(config.synergy.clone(), timeframes, &names, symbols).map(Some).map_err(refused)
}

/// The simulated venue.
pub fn venue(config: &Config, instruments: &InstrumentTable, kinds: &[Kinds]) -> Venue {
    Venue::new(config.venue, instruments, &quoted(kinds))
}

/// By symbol: whether it has quotes.
pub fn quoted(kinds: &[Kinds]) -> Vec<bool> {
    kinds.iter().map(|kinds| kinds.quotes).collect()
}

/// The sessions of each symbol: its market hours, or days in UTC.
fn calendars(config: &Config, instruments: &InstrumentTable) -> Vec<Arc<dyn SessionCalendar>> {
    let calendar = |name: &str| -> Arc<dyn SessionCalendar> {
        match &config.instruments.of(name).hours {
            Some(hours) => Arc::new(hours.clone()),
            None => Arc::new(UtcDays),
        }
    };
    instruments.symbols.iter().map(|(_, name)| calendar(name)).collect()
}

/// The stages around a strategy.
pub fn stages<S: Strategy>(
    config: &Config,
    instruments: &InstrumentTable,
    bars: &BarsConfig,
    strategy: S,
) -> Result<Stages<S>, Failure> {
    let capital = config.run.initial_capital;
    let update_on = if strategy.wakes() == Wakes::Ticks { UpdateOn::Ticks } else { UpdateOn::Boundaries };
    let symbols = instruments.symbols.len();
    let primary: Vec<BarSource> = bars.sources.iter().map(|sources| sources[0]).collect();
    Ok(Stages {
        portfolio: Portfolio::new(instruments, capital, update_on),
        bars: Bars::new(bars).map_err(refused)?,
        indicators: Indicators::with_sessions(
            config.indicators.clone(),
            &primary,
            &calendars(config, instruments),
        ),
        matrices: matrices(config, symbols)?,
        synergies: synergies(config, symbols)?,
        strategy,
        orders: OrderStage::new(instruments, Gate::new(config.risk, instruments, capital)),
    })
}

/// A strategy's quantity must be one that each of its instruments can trade, and reverse.
///
/// # Errors
/// [`Failure::Usage`] naming the key, and the instrument whose lot it does not fit.
pub fn check_quantity(config: &Config, data: &RunData) -> Result<(), Failure> {
    let (key, quantity) = match config.run.strategy {
        StrategyChoice::EmaCross => ("ema_cross.quantity", config.ema_cross.quantity),
        StrategyChoice::MeanReversion => ("mean_reversion.quantity", config.mean_reversion.quantity),
        StrategyChoice::Marl | StrategyChoice::SynergyOnly | StrategyChoice::None => return Ok(()),
    };
    let largest = Quantity::MAX.raw() / 2;
    if quantity.raw() > largest {
        let sentence = format!("{key} = {quantity} cannot be reversed in one order; write at most 499999999");
        return Err(Failure::Usage(sentence));
    }
    for symbol in data.traded_symbols() {
        let lot = config.instruments.of(&symbol).lot;
        if lot.raw() > 0 && quantity.raw() % lot.raw() != 0 {
            let sentence = format!(
                "{key} = {quantity} is no multiple of the lot {lot} of {symbol}, which could not trade it; \
                 change one of them (instruments.list)"
            );
            return Err(Failure::Usage(sentence));
        }
    }
    Ok(())
}

/// What is done with the configured strategy, whichever it is.
pub trait WithStrategy {
    /// What comes out.
    type Output;

    /// Does it.
    fn run<S: Strategy + 'static>(self, strategy: S) -> Result<Self::Output, Failure>;
}

/// Builds the configured strategy and hands it on. Each is a type of its own: the stages call it directly.
/// `models` are those who answer for the agents, where there are any.
pub fn with_strategy<W: WithStrategy>(
    config: &Config,
    instruments: &InstrumentTable,
    models: Option<agents::Models>,
    with: W,
) -> Result<W::Output, Failure> {
    let (timeframes, symbols) = (&config.bars.timeframes, instruments.symbols.len());
    let names = config.indicators.schema();
    let schema = Schema { timeframes, names: &names };
    let initial_capital = config.run.initial_capital;
    // Nothing is decided while indicators warm up.
    let from = config.data.decided_from();
    match config.run.strategy {
        StrategyChoice::Marl => {
            let matrices = config.matrices.specs();
            let synergy_timeframe = config.synergy.timeframe;
            let inputs = agents::Inputs { schema, matrices, synergy_timeframe, instruments, initial_capital };
            let models = models.expect("agents have their weights");
            let marl = Marl::new(config.agents.config, models, &inputs).map_err(refused)?;
            with.run(WarmedUp::new(marl, from))
        }
        StrategyChoice::SynergyOnly => {
            let rule = SynergyOnly::new(config.synergy_only, &schema, instruments, initial_capital);
            with.run(WarmedUp::new(rule.map_err(refused)?, from))
        }
        StrategyChoice::EmaCross => {
            let rule = EmaCross::new(config.ema_cross, timeframes, symbols).map_err(refused)?;
            with.run(WarmedUp::new(rule, from))
        }
        StrategyChoice::MeanReversion => {
            let rule = MeanReversion::new(config.mean_reversion, timeframes, symbols).map_err(refused)?;
            with.run(WarmedUp::new(rule, from))
        }
        StrategyChoice::None => with.run(NoStrategy),
    }
}
