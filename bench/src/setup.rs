//! The stages of the peer workload, built from plain settings.

use bars::{Bars, BarsConfig, Fill};
use gate::{Gate, Limits};
use indicators::{IndicatorConfig, Indicators, Seed};
use matching::{FillSize, Venue, VenueConfig};
use model::{BarSource, Instrument, InstrumentTable, Money, Nanos, Quantity, Rate, SymbolTable, Timeframe};
use orders::OrderStage;
use pipeline::{Layout, Placement, RunConfig, Stages};
use portfolio::{Portfolio, UpdateOn};
use ring::{Cores, Wait};
use rules::{EmaCross, EmaCrossConfig};

/// What a bench replays through.
#[derive(Debug, Clone)]
pub struct Setup {
    /// How many symbols.
    pub symbols: u32,
    /// Timeframes, shortest first.
    pub timeframes: Vec<Timeframe>,
    /// Whether the standard indicators run on every timeframe.
    pub indicators: bool,
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
pub struct Ready {
    /// The run's configuration.
    pub config: RunConfig,
    /// The stages.
    pub stages: Stages<EmaCross>,
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
            indicators: false,
            layout: Layout::fused(),
            wait: Wait::Block,
            fast: 10,
            slow: 30,
        }
    }

    /// Builds the stages.
    pub fn build(&self, cores: &Cores) -> Ready {
        let names = (0..self.symbols).map(|n| format!("BTC{n:04}"));
        let instruments =
            InstrumentTable::new(SymbolTable::new(names), |name| Instrument::plain(name, "USDT"));
        let symbols = instruments.symbols.len();
        let capital = Money::parse("1000000").expect("an amount");
        let bars = BarsConfig {
            timeframes: self.timeframes.clone(),
            sources: vec![vec![BarSource::Trade]; symbols],
            fill: Fill::None,
        };
        let indicators = if self.indicators {
            IndicatorConfig::standard(self.timeframes.len())
        } else {
            IndicatorConfig::new(50, vec![Vec::new(); self.timeframes.len()])
                .expect("no indicators are well configured")
        };
        let ema = EmaCrossConfig {
            timeframe: Timeframe::parse("1m").expect("a timeframe"),
            fast: self.fast,
            slow: self.slow,
            quantity: Quantity::parse("0.01").expect("a quantity"),
            seed: Seed::First,
        };
        let venue = VenueConfig {
            latency: Nanos(0),
            maker: Rate::ZERO,
            taker: Rate::ZERO,
            fill_size: FillSize::Unlimited,
        };
        let stages = Stages {
            portfolio: Portfolio::new(&instruments, capital, UpdateOn::Boundaries),
            bars: Bars::new(&bars).expect("bars are well configured"),
            indicators: Indicators::new(indicators, symbols),
            strategy: EmaCross::new(ema, &self.timeframes, symbols).expect("the rule is well configured"),
            orders: OrderStage::new(&instruments, Gate::new(Limits::default(), &instruments, capital)),
        };
        let pinned = (0..self.layout.groups()).filter_map(|n| cores.nth(n)).collect();
        let config = RunConfig {
            layout: self.layout.clone(),
            placement: Placement { cores: pinned, wait: self.wait },
            bars,
            latency: Nanos(0),
            end: None,
            latency_sample: 1024,
        };
        Ready { config, stages, venue: Venue::new(venue, &instruments, &vec![false; symbols]) }
    }
}
