//! The stages of the peer workload, built from plain settings.

use agents::{AgentsConfig, Inputs, Marl, Models};
use bars::{Bars, BarsConfig, Fill};
use gate::{Gate, Limits};
use indicators::{IndicatorConfig, IndicatorSpec, Indicators, Seed};
use matching::{FillSize, Venue, VenueConfig};
use matrices::{IndicatorSource, Matrices, MatricesConfig};
use model::{BarSource, Instrument, InstrumentTable, Money, Nanos, Quantity, Rate, SymbolTable, Timeframe};
use orders::OrderStage;
use pipeline::{Layout, Placement, RunConfig, Stages};
use portfolio::{Portfolio, UpdateOn};
use ring::{Cores, Wait};
use rules::{EmaCross, EmaCrossConfig};
use strategy::{Schema, Strategy};
use synergy::{Synergies, SynergyConfig};

/// What is computed from bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Features {
    /// Nothing beside what the strategy computes itself.
    None,
    /// The classical indicators on every timeframe.
    Classical,
    /// Every indicator where it runs by default, the default matrices, and synergies. Needs 5m and 30m.
    All,
}

/// What a bench replays through.
#[derive(Debug, Clone)]
pub struct Setup {
    /// How many symbols.
    pub symbols: u32,
    /// Timeframes, shortest first.
    pub timeframes: Vec<Timeframe>,
    /// What is computed from bars.
    pub features: Features,
    /// Which stages share a thread.
    pub layout: Layout,
    /// How threads wait.
    pub wait: Wait,
    /// The rule's fast period.
    pub fast: u32,
    /// The rule's slow period.
    pub slow: u32,
}

/// Everything a run needs but its feed.
pub struct Ready<S = EmaCross> {
    /// The run's configuration.
    pub config: RunConfig,
    /// The stages.
    pub stages: Stages<S>,
    /// The venue.
    pub venue: Venue,
}

/// Timeframes of their names.
pub fn timeframes(names: &[&str]) -> Vec<Timeframe> {
    names.iter().map(|name| Timeframe::parse(name).expect("a timeframe")).collect()
}

impl Setup {
    /// The peer workload: one symbol, 1m and 5m bars, no indicators but the strategy's own, all on one core.
    pub fn peer() -> Self {
        Self {
            symbols: 1,
            timeframes: timeframes(&["1m", "5m"]),
            features: Features::None,
            layout: Layout::fused(),
            wait: Wait::Block,
            fast: 10,
            slow: 30,
        }
    }

    /// Builds the stages around the peers' rule.
    pub fn build(&self, cores: &Cores) -> Ready<EmaCross> {
        let ema = EmaCrossConfig {
            timeframe: Timeframe::parse("1m").expect("a timeframe"),
            fast: self.fast,
            slow: self.slow,
            quantity: Quantity::parse("0.01").expect("a quantity"),
            seed: Seed::First,
        };
        let rule = EmaCross::new(ema, &self.timeframes, self.symbols as usize);
        self.around(rule.expect("the rule is well configured"), cores)
    }

    /// Builds the stages around the agents, which answer by these models.
    pub fn build_agents(&self, config: AgentsConfig, models: Models, cores: &Cores) -> Ready<Marl> {
        assert_eq!(self.features, Features::All, "agents read every feature");
        let (names, matrices) = (self.indicators().schema(), MatricesConfig::standard());
        let inputs = Inputs {
            schema: Schema { timeframes: &self.timeframes, names: &names },
            matrices: matrices.specs(),
            synergy_timeframe: synergy::SynergyConfig::default().timeframe,
            instruments: &self.instruments(),
            initial_capital: capital(),
        };
        let agents = Marl::new(config, models, &inputs).expect("the agents are well configured");
        self.around(agents, cores)
    }

    /// The instruments.
    pub fn instruments(&self) -> InstrumentTable {
        let names = (0..self.symbols).map(|n| format!("BTC{n:04}"));
        InstrumentTable::new(SymbolTable::new(names), |name| Instrument::plain(name, "USDT"))
    }

    /// The indicators alone.
    pub fn indicators(&self) -> IndicatorConfig {
        // On a timeframe of its own the standard is the classical ones.
        let classical = || IndicatorConfig::standard_specs(Timeframe::parse("7m").expect("a timeframe"));
        let lists = self.timeframes.iter().map(|timeframe| match self.features {
            Features::None => Vec::new(),
            Features::Classical => classical(),
            Features::All => with_tactical(IndicatorConfig::standard_specs(*timeframe)),
        });
        IndicatorConfig::new(50, &self.timeframes, lists.collect()).expect("indicators are well configured")
    }

    fn around<S: Strategy>(&self, strategy: S, cores: &Cores) -> Ready<S> {
        let instruments = self.instruments();
        let symbols = instruments.symbols.len();
        let bars = BarsConfig {
            timeframes: self.timeframes.clone(),
            sources: vec![vec![BarSource::Trade]; symbols],
            fill: Fill::None,
        };
        let indicators = self.indicators();
        let names = indicators.schema();
        let all = self.features == Features::All;
        let matrices = || {
            let source = IndicatorSource { timeframes: &self.timeframes, names: &names, parameters: &[] };
            Matrices::new(MatricesConfig::standard(), &source, symbols).expect("its features are there")
        };
        let synergies = || {
            Synergies::new(SynergyConfig::default(), &self.timeframes, &names, symbols)
                .expect("its features are there")
        };
        let venue = VenueConfig {
            latency: Nanos(0),
            maker: Rate::ZERO,
            taker: Rate::ZERO,
            fill_size: FillSize::Unlimited,
        };
        let stages = Stages {
            portfolio: Portfolio::new(&instruments, capital(), UpdateOn::Boundaries),
            bars: Bars::new(&bars).expect("bars are well configured"),
            matrices: all.then(matrices),
            synergies: all.then(synergies),
            indicators: Indicators::new(indicators, &vec![BarSource::Trade; symbols]),
            strategy,
            orders: OrderStage::new(&instruments, Gate::new(Limits::default(), &instruments, capital())),
        };
        let pinned = (0..self.layout.groups()).filter_map(|n| cores.nth(n)).collect();
        let config = RunConfig {
            layout: self.layout.clone(),
            placement: Placement { cores: pinned, wait: self.wait },
            bars,
            latency: Nanos(0),
            end: None,
            latency_sample: 1024,
            commands: Vec::new(),
        };
        Ready { config, stages, venue: Venue::new(venue, &instruments, &vec![false; symbols]) }
    }
}

fn capital() -> Money {
    Money::parse("1000000").expect("an amount")
}

/// With what the tactical matrix reads beside the standard.
fn with_tactical(mut specs: Vec<IndicatorSpec>) -> Vec<IndicatorSpec> {
    for feature in ["price_momentum_5", "volume_ratio"] {
        let spec = IndicatorSpec::of_value(feature).expect("a feature");
        if !specs.contains(&spec) {
            specs.push(spec);
        }
    }
    specs
}
