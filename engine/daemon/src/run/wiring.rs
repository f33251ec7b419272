//! The checked configuration, mapped to each crate's own, and the stages built from it.
//!
//! Not here: what the values mean (each crate), whether they make sense (`config`).

use super::data::RunData;
use crate::config::{self, BarFill, BarSources, Config, StrategyChoice};
use crate::failure::Failure;
use bars::{Bars, BarsConfig, Fill};
use gate::{Gate, Limits};
use indicators::{IndicatorConfig, IndicatorSpec, Indicators, Seed};
use matching::{Venue, VenueConfig};
use model::{BarSource, InstrumentTable, Quantity, Rate};
use orders::OrderStage;
use pipeline::{Layout, Stages};
use portfolio::{Portfolio, UpdateOn};
use rules::{EmaCross, EmaCrossConfig, MeanReversion, MeanReversionConfig, NoStrategy, RuleError};
use strategy::{Strategy, Wakes};

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

/// The indicators' configuration.
pub fn indicator_config(config: &Config) -> Result<IndicatorConfig, Failure> {
    let mut per_timeframe = Vec::new();
    for names in &config.indicators.by_timeframe {
        let specs: Result<Vec<_>, _> = names.iter().map(|name| IndicatorSpec::parse(name)).collect();
        per_timeframe.push(specs.map_err(refused)?);
    }
    IndicatorConfig::new(config.indicators.min_history, per_timeframe).map_err(refused)
}

/// The layout.
pub fn layout(config: &Config) -> Result<Layout, Failure> {
    let groups = config.run.layout.groups();
    let names: Vec<Vec<String>> =
        groups.iter().map(|group| group.iter().map(|stage| stage.name().to_owned()).collect()).collect();
    Layout::from_groups(&names).map_err(refused)
}

/// The simulated venue.
pub fn venue(config: &Config, instruments: &InstrumentTable, kinds: &[Kinds]) -> Venue {
    let quoted: Vec<bool> = kinds.iter().map(|kinds| kinds.quotes).collect();
    let fill_size = match config.venue.fill_size {
        config::FillSize::Unlimited => matching::FillSize::Unlimited,
        config::FillSize::Print => matching::FillSize::Print,
    };
    let venue = VenueConfig {
        latency: config.venue.latency,
        maker: config.venue.maker,
        taker: config.venue.taker,
        fill_size,
    };
    Venue::new(venue, instruments, &quoted)
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
    let risk = &config.risk;
    let limits = Limits {
        max_order_quantity: risk.max_order_quantity,
        max_order_notional: risk.max_order_notional,
        max_position: risk.max_position,
        price_collar: risk.price_collar,
        max_daily_loss: risk.max_daily_loss,
    };
    Ok(Stages {
        portfolio: Portfolio::new(instruments, capital, update_on),
        bars: Bars::new(bars).map_err(refused)?,
        indicators: Indicators::new(indicator_config(config)?, instruments.symbols.len()),
        strategy,
        orders: OrderStage::new(instruments, Gate::new(limits, instruments, capital)),
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
        StrategyChoice::None => return Ok(()),
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
pub fn with_strategy<W: WithStrategy>(
    config: &Config,
    symbols: usize,
    with: W,
) -> Result<W::Output, Failure> {
    let timeframes = &config.bars.timeframes;
    match config.run.strategy {
        StrategyChoice::EmaCross => with.run(ema_cross(config, symbols).map_err(refused)?),
        StrategyChoice::MeanReversion => {
            let rule = mean_reversion(config)?;
            with.run(MeanReversion::new(rule, timeframes, symbols).map_err(refused)?)
        }
        StrategyChoice::None => with.run(NoStrategy),
    }
}

fn ema_cross(config: &Config, symbols: usize) -> Result<EmaCross, RuleError> {
    let keys = &config.ema_cross;
    let seed = match keys.seed {
        config::EmaSeed::First => Seed::First,
        config::EmaSeed::Sma => Seed::Sma,
    };
    let rule = EmaCrossConfig {
        timeframe: keys.timeframe,
        fast: keys.fast,
        slow: keys.slow,
        quantity: keys.quantity,
        seed,
    };
    EmaCross::new(rule, &config.bars.timeframes, symbols)
}

fn mean_reversion(config: &Config) -> Result<MeanReversionConfig, Failure> {
    let keys = &config.mean_reversion;
    let bollinger_k = Rate::parse(&keys.bollinger_k.to_string()).map_err(|error| {
        Failure::Usage(format!("mean_reversion.bollinger_k = {} {error}; round it", keys.bollinger_k))
    })?;
    Ok(MeanReversionConfig {
        timeframe: keys.timeframe,
        bollinger_period: keys.bollinger_period,
        bollinger_k,
        rsi_period: keys.rsi_period,
        rsi_low: keys.rsi_low,
        rsi_high: keys.rsi_high,
        atr_period: keys.atr_period,
        stop_atr: keys.stop_atr,
        quantity: keys.quantity,
        entry: match keys.entry {
            config::Entry::Market => rules::Entry::Market,
            config::Entry::Limit => rules::Entry::Limit,
        },
        stop_on: match keys.stop_on {
            config::StopOn::Bar => rules::StopOn::Bar,
            config::StopOn::Tick => rules::StopOn::Tick,
        },
    })
}
