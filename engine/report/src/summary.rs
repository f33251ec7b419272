//! `summary.json`, field by field in the contract's order. Money and prices are decimal strings; what is not
//! defined is null.

use serde::Serialize;
use std::collections::BTreeMap;

/// The version of the run folder's files; readers refuse a newer one.
pub const SCHEMA_VERSION: u32 = 1;

/// The whole summary.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Version of the run folder's files.
    pub schema_version: u32,
    /// Name of the run.
    pub run_id: String,
    /// Hash of every key that can change a result.
    pub config_hash: String,
    /// What decided.
    pub strategies: Vec<String>,
    /// Which stages shared a thread.
    pub layout: String,
    /// What was read.
    pub data: DataSection,
    /// What was made of it.
    pub counts: CountsSummary,
    /// How the account stands.
    pub portfolio: PortfolioSummary,
    /// How it did.
    pub performance: PerformanceSummary,
    /// How fast it was.
    pub speed: SpeedSummary,
    /// How long things took, by stage and path.
    pub latency_ns: BTreeMap<String, LatencySummary>,
    /// How the agents were asked, and what they led to; absent without agents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agents: Option<AgentsSummary>,
    /// Hash of everything the stages emitted.
    pub event_hash: String,
    /// Hash of the stages' final states.
    pub state_hash: String,
}

/// `data`
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DataSection {
    /// Files.
    pub files: u64,
    /// Rows within the span asked for.
    pub rows_read: u64,
    /// Rows accepted.
    pub ticks: u64,
    /// Rows refused, by reason.
    pub rejected: BTreeMap<String, u64>,
    /// Rows accepted though odd, by kind.
    pub suspicious: BTreeMap<String, u64>,
    /// RFC 3339.
    pub first_ts: Option<String>,
    /// RFC 3339.
    pub last_ts: Option<String>,
    /// Symbols whose ticks, or some of them, were made from bars.
    pub made_from_bars: Vec<String>,
}

/// `counts`
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CountsSummary {
    /// By timeframe.
    pub bars: BTreeMap<String, u64>,
    /// Sets of indicator values.
    pub indicator_sets: u64,
    /// Feature matrices.
    pub matrices: u64,
    /// Synergies.
    pub synergies: u64,
    /// Decisions of agents.
    pub decisions: u64,
    /// Orders.
    pub orders: u64,
    /// Fills.
    pub fills: u64,
    /// Refused intents, by reason.
    pub refused: BTreeMap<String, u64>,
    /// Synergies by pattern, those there were.
    pub synergies_by_pattern: BTreeMap<String, u64>,
    /// Sets of three signals in an order that `synergy.patterns` does not list, by pattern, those there were: they are
    /// no synergies, and nobody is asked.
    pub synergies_unlisted: BTreeMap<String, u64>,
}

/// `portfolio`
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PortfolioSummary {
    /// Code.
    pub currency: String,
    /// Decimal.
    pub initial_capital: String,
    /// Decimal.
    pub cash: String,
    /// Decimal.
    pub equity: String,
    /// Decimal.
    pub realised_pnl: String,
    /// Decimal.
    pub unrealised_pnl: String,
    /// Decimal.
    pub fees: String,
    /// Open positions.
    pub positions: Vec<PositionSummary>,
}

/// One open position.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PositionSummary {
    /// Whose.
    pub symbol: String,
    /// Signed decimal.
    pub quantity: String,
    /// Decimal.
    pub cost: String,
    /// Decimal, for display.
    pub avg_price: Option<String>,
    /// Decimal.
    pub mark_price: Option<String>,
    /// Decimal.
    pub multiplier: String,
    /// Code.
    pub currency: String,
}

/// `performance`
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PerformanceSummary {
    /// Fraction.
    #[serde(rename = "return")]
    pub total_return: Option<f64>,
    /// Annualised.
    pub sharpe: Option<f64>,
    /// Annualised.
    pub sortino: Option<f64>,
    /// Positive fraction.
    pub max_drawdown: Option<f64>,
    /// Annualised.
    pub volatility: Option<f64>,
    /// Σ notional / mean equity.
    pub turnover: Option<f64>,
    /// Round trips.
    pub trades: u64,
    /// Fraction of trades.
    pub win_rate: Option<f64>,
    /// Gains / losses.
    pub profit_factor: Option<f64>,
    /// Fraction of time.
    pub exposure: Option<f64>,
}

/// `speed`
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SpeedSummary {
    /// From the first batch asked for to the last record handed over, in seconds.
    pub wall_s: f64,
    /// Ticks / `wall_s`.
    pub ticks_per_s: f64,
    /// Decoding, summed over threads, in seconds.
    pub decode_s: f64,
    /// The engine's thread without its waits for data, in seconds.
    pub pipeline_s: f64,
}

/// One line of `latency_ns`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LatencySummary {
    /// Median.
    pub p50: u64,
    /// 90th percentile.
    pub p90: u64,
    /// 99th percentile.
    pub p99: u64,
    /// 99.9th percentile.
    pub p999: u64,
    /// Largest.
    pub max: u64,
    /// How many were measured.
    pub count: u64,
    /// One in how many.
    pub sampled_1_in: u64,
}

/// `agents`: an entry by agent, and counts of all beside them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AgentsSummary {
    /// By agent.
    #[serde(flatten)]
    pub by_agent: BTreeMap<String, AgentSummary>,
    /// Decisions that were due before both matrices of their symbol existed: nobody was asked, and `decisions.parquet`
    /// has no row of them.
    pub not_ready: u64,
    /// Sizes of due decisions that were cut off at the largest there is, 249,999,999.999999999 units.
    pub sizes_capped: u64,
    /// Positions that began to be left, by reason; each reason is there.
    pub exits: BTreeMap<String, u64>,
}

/// One line of `agents`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AgentSummary {
    /// How often it was asked; not while it was left alone.
    pub asked: u64,
    /// How often its answer was missing and its default stood in, while it was left alone included.
    pub missed: u64,
    /// Answers from the cache of observations.
    pub cache_hits: u64,
    /// Answers that were computed.
    pub cache_misses: u64,
    /// How often it was left alone for a while after misses in a row.
    pub circuit_openings: u64,
    /// What answered.
    pub model: ModelSummary,
}

/// `agents.AGENT.model`
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelSummary {
    /// The file.
    pub file: String,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// What the file says of how it was trained.
    pub training: String,
}

impl Summary {
    /// The JSON text, indented, with a newline at its end.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a summary is plain data");
        text.push('\n');
        text
    }
}
