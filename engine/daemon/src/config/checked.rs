//! The checked configuration of a run: what the wiring reads. Every value in it makes sense.
//!
//! Where a crate has a checked configuration of its own, that is what stands here.
//! Not here: how it is checked (`shape`, `build`).

use agents::AgentsConfig;
use feed::MarketHours;
use gate::Limits;
use indicators::IndicatorConfig;
use journal::Durability;
use matching::VenueConfig;
use matrices::MatricesConfig;
use model::{Agent, BarSource, Instrument, Money, Nanos, Price, Quantity, Rate, Timeframe};
use objects::S3Config;
use pipeline::Layout;
use rules::{EmaCrossConfig, MeanReversionConfig, SynergyOnlyConfig};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use storage::query::Holes;
use synergy::SynergyConfig;

/// A run's configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// What runs.
    pub run: RunConfig,
    /// On which ticks.
    pub data: DataConfig,
    /// The server of paths in buckets.
    pub s3: S3Config,
    /// How ticks become bars.
    pub bars: BarsConfig,
    /// Whether batches of ticks are recorded.
    pub record_batches: bool,
    /// What is computed from bars.
    pub indicators: IndicatorConfig,
    /// Windows of features; none where nobody reads them.
    pub matrices: MatricesConfig,
    /// Whether the matrices are recorded.
    pub record_matrices: bool,
    /// When signals make a synergy.
    pub synergy: SynergyConfig,
    /// The strategy `marl`.
    pub agents: AgentsSetup,
    /// The strategy `synergy_only`.
    pub synergy_only: SynergyOnlyConfig,
    /// The strategy `ema_cross`.
    pub ema_cross: EmaCrossConfig,
    /// The strategy `mean_reversion`.
    pub mean_reversion: MeanReversionConfig,
    /// The simulated venue.
    pub venue: VenueConfig,
    /// What the gate refuses.
    pub risk: Limits,
    /// What is done with bad rows.
    pub ingest: IngestConfig,
    /// Whose time the engine lives in.
    pub replay: ReplayConfig,
    /// One tick in so many is measured.
    pub latency_sample: u32,
    /// How inputs are kept.
    pub journal: JournalConfig,
    /// Where ticks and results are stored beside the run.
    pub storage: StorageConfig,
    /// What is traded.
    pub instruments: InstrumentsConfig,
}

/// `journal.*`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalConfig {
    /// When an input counts as kept.
    pub durability: Durability,
    /// The folder; `None`: beside the run folder.
    pub dir: Option<PathBuf>,
    /// Room reserved for a file.
    pub segment_bytes: u64,
    /// How often the state is saved; `None`: never.
    pub snapshot_every: Option<Duration>,
    /// What is kept of what lies before the oldest snapshot.
    pub keep: JournalKeep,
    /// How many snapshots are kept.
    pub snapshots: usize,
    /// The venue's own record of orders; `None`: in the journal's folder.
    pub venue_record: Option<PathBuf>,
}

/// `storage.*`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageConfig {
    /// The tiers, in the order they are written.
    pub tiers: Vec<TierChoice>,
    /// Folder of files and spills.
    pub dir: PathBuf,
    /// What happens where a tier is slower than the run.
    pub when_full: WhenFull,
    /// Most bytes of a tier's spill.
    pub spill_bytes_max: u64,
    /// How long the end of a run waits.
    pub close_within: Duration,
    /// A file with the URL of Redis; `None`: from the environment.
    pub redis_url_file: Option<PathBuf>,
    /// What keys in Redis begin with.
    pub redis_prefix: String,
    /// The archive's folder or bucket; `None`: in `dir`.
    pub archive_path: Option<PathBuf>,
    /// The database; `None`: from the environment.
    pub postgres_address: Option<String>,
    /// A file with its password; `None`: from the environment, or none.
    pub postgres_password_file: Option<PathBuf>,
}

/// A tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TierChoice {
    /// The last of everything, in this process.
    Memory,
    /// The same in Redis.
    Redis,
    /// A day, in a file.
    Sqlite,
    /// A day, in PostgreSQL.
    Postgres,
    /// A year, in TimescaleDB or PostgreSQL.
    Cold,
    /// All of it, in a catalog.
    Archive,
}

impl TierChoice {
    /// All, as configurations name them.
    pub const ALL: [Self; 6] =
        [Self::Memory, Self::Redis, Self::Sqlite, Self::Postgres, Self::Cold, Self::Archive];

    /// Its name in configurations.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Redis => "redis",
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::Cold => "cold",
            Self::Archive => "archive",
        }
    }
}

/// What happens where a tier is slower than the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenFull {
    /// Rows go to files.
    Spill,
    /// The run waits.
    Block,
    /// Rows are dropped and counted.
    Drop,
}

/// What is kept of what lies before the oldest snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JournalKeep {
    /// All of it.
    All,
    /// Nothing.
    Snapshots,
}

/// `run.*`
#[derive(Debug, Clone, PartialEq)]
pub struct RunConfig {
    /// What decides.
    pub strategy: StrategyChoice,
    /// How stages are put on threads.
    pub layout: Layout,
    /// More than zero.
    pub initial_capital: Money,
    /// Code of the account's currency.
    pub currency: String,
    /// Folder of run folders.
    pub out: PathBuf,
    /// How a thread waits.
    pub wait: Wait,
    /// Which cores threads are pinned to.
    pub cores: Cores,
}

/// What decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StrategyChoice {
    /// Six agents.
    Marl,
    /// Every synergy.
    SynergyOnly,
    /// Two averages.
    EmaCross,
    /// Bollinger bands, RSI and a stop.
    MeanReversion,
    /// Nothing.
    None,
}

impl StrategyChoice {
    /// The name used in configs and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Marl => "marl",
            Self::SynergyOnly => "synergy_only",
            Self::EmaCross => "ema_cross",
            Self::MeanReversion => "mean_reversion",
            Self::None => "none",
        }
    }

    /// Whether it acts on synergies.
    pub const fn reads_synergies(self) -> bool {
        matches!(self, Self::Marl | Self::SynergyOnly)
    }
}

/// How a thread waits for work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Spin if there are cores enough, else block.
    Auto,
    /// Spin.
    Spin,
    /// Give the core to another thread between looks.
    Yield,
    /// Sleep until woken.
    Block,
}

/// Which cores threads are pinned to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cores {
    /// The machine's, chosen by the program.
    Auto,
    /// None: the system moves threads as it likes.
    Unpinned,
    /// These, in turn.
    List(Vec<usize>),
}

/// `data.*`
#[derive(Debug, Clone, PartialEq)]
pub struct DataConfig {
    /// Catalogs, folders, files; empty until `--data` names some.
    pub paths: Vec<PathBuf>,
    /// Columns that have other names in the files.
    pub columns: Vec<ColumnName>,
    /// Name of rows without a symbol.
    pub symbol: Option<String>,
    /// Unit of timestamps that are plain integers.
    pub ts_unit: TimeUnit,
    /// Inclusive.
    pub from: Option<Nanos>,
    /// Exclusive.
    pub to: Option<Nanos>,
    /// How long before `from` ticks are replayed, unseen by the strategy.
    pub warm_up: Nanos,
    /// Tiers whose ticks are read.
    pub stored: Vec<TierChoice>,
    /// What happens where they lack some.
    pub stored_holes: Holes,
    /// Threads that decode, at least 1.
    pub decode_threads: usize,
    /// Configuration of the generator that makes the data if it does not exist.
    pub generate: Option<PathBuf>,
}

impl DataConfig {
    /// From when on ticks are read: the warm-up before the first instant; `None`: from the first there is.
    pub fn read_from(&self) -> Option<Nanos> {
        self.from.map(|from| Nanos(from.0.saturating_sub(self.warm_up.0)))
    }

    /// From when on the strategy is asked.
    pub fn decided_from(&self) -> Nanos {
        self.from.filter(|_| self.warm_up > Nanos(0)).unwrap_or(Nanos::MIN)
    }
}

/// A column and what a file calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnName {
    /// Our name.
    pub name: String,
    /// The file's.
    pub column: String,
}

/// Unit of an integer timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeUnit {
    /// 1 s.
    Seconds,
    /// 1e-3 s.
    Milliseconds,
    /// 1e-6 s.
    Microseconds,
    /// 1e-9 s.
    Nanoseconds,
}

impl TimeUnit {
    /// Its length in nanoseconds.
    pub const fn nanos(self) -> i64 {
        match self {
            Self::Seconds => 1_000_000_000,
            Self::Milliseconds => 1_000_000,
            Self::Microseconds => 1_000,
            Self::Nanoseconds => 1,
        }
    }
}

/// `bars.*`
#[derive(Debug, Clone, PartialEq)]
pub struct BarsConfig {
    /// Shortest first, without repeats, those the strategy needs included.
    pub timeframes: Vec<Timeframe>,
    /// Which prices.
    pub sources: BarSources,
    /// What a span without ticks makes.
    pub fill: BarFill,
}

/// Which prices make bars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BarSources {
    /// Trades if the symbol has any, else mids.
    Auto,
    /// These; the first is what indicators and strategies read.
    List(Vec<BarSource>),
}

/// What a span without ticks makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BarFill {
    /// No bar.
    None,
    /// A bar at the last close.
    Flat,
}

/// `agents.*`
#[derive(Debug, Clone, PartialEq)]
pub struct AgentsSetup {
    /// All but files.
    pub config: AgentsConfig,
    /// Who answers.
    pub backend: BackendChoice,
    /// Weights in files, for some agents.
    pub models: Vec<ModelSource>,
    /// Weights that are swapped in during the run, earliest first.
    pub reloads: Vec<(Nanos, ModelSource)>,
}

/// `agents.backend`: who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackendChoice {
    /// Our own kernels.
    Native,
    /// libtorch, in a program that was built with it.
    #[cfg(feature = "libtorch")]
    Torch,
}

/// Weights in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelSource {
    /// Whose.
    pub agent: Agent,
    /// Where.
    pub file: PathBuf,
    /// What the file's hash must be, in hexadecimal.
    pub sha256: String,
}

/// `ingest.*`
#[derive(Debug, Clone, PartialEq)]
pub struct IngestConfig {
    /// What a bad row does.
    pub on_bad_row: OnBadRow,
    /// Zero: off.
    pub reorder_window: Nanos,
    /// Fraction of the last price; zero: off.
    pub max_price_jump: Rate,
    /// What more than nine decimals do.
    pub excess_decimals: ExcessDecimals,
}

/// What a bad row does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnBadRow {
    /// It is set aside and counted.
    Reject,
    /// It ends the run.
    Fail,
}

/// What a number of more than nine decimals does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExcessDecimals {
    /// Its row is bad.
    Reject,
    /// It is rounded.
    Round,
}

/// `replay.*`
#[derive(Debug, Clone, PartialEq)]
pub struct ReplayConfig {
    /// Which time of a tick is engine time.
    pub clock: ReplayClock,
    /// Added to the venue's time.
    pub feed_latency: Nanos,
}

/// Which time of a tick is engine time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayClock {
    /// The venue's.
    Event,
    /// The recorder's.
    Recv,
}

/// `instruments.*`
#[derive(Debug, Clone, PartialEq)]
pub struct InstrumentsConfig {
    /// Of every symbol that is not listed.
    pub default: InstrumentConfig,
    /// By symbol.
    pub list: BTreeMap<String, InstrumentConfig>,
}

/// What is known of an instrument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstrumentConfig {
    /// Zero: any price.
    pub tick_size: Price,
    /// Zero: any quantity.
    pub lot: Quantity,
    /// More than zero.
    pub multiplier: Quantity,
    /// Equal to the run's.
    pub currency: String,
    /// Where it trades.
    pub venue: String,
    /// The venue's name for it; `None`: the symbol.
    pub venue_symbol: Option<String>,
    /// When it trades, and so when its sessions begin; `None`: always.
    pub hours: Option<MarketHours>,
    /// Whether prices of zero and below are legal.
    pub allow_negative_price: bool,
}

impl InstrumentsConfig {
    /// What is known of a symbol.
    pub fn of(&self, symbol: &str) -> &InstrumentConfig {
        self.list.get(symbol).unwrap_or(&self.default)
    }

    /// The instrument of a symbol, for [`model::InstrumentTable::new`].
    pub fn instrument(&self, symbol: &str) -> Instrument {
        let known = self.of(symbol).clone();
        Instrument {
            tick_size: known.tick_size,
            lot: known.lot,
            multiplier: known.multiplier,
            currency: known.currency,
            venue: known.venue,
            venue_symbol: known.venue_symbol.unwrap_or_else(|| symbol.to_owned()),
            allow_negative_price: known.allow_negative_price,
        }
    }
}
