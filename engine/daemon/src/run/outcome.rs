//! What a run was, as the summary's fields and as the table for people.

use super::data::RunData;
use super::models::AgentModel;
use crate::config::{Loaded, print_instant};
use crate::table::{
    AccountFigures, AgentFigures, DataFigures, Headline, RunTable, StageLatency, TradingFigures,
};
use feed::DataSummary;
use model::{Money, Pattern, Quantity};
use pipeline::{LatencyRow, Outcome};
use portfolio::{Figures, Holding};
use report::{
    AgentSummary, AgentsSummary, Counts, CountsSummary, DataSection, LatencySummary, ModelSummary,
    PerformanceSummary, PortfolioSummary, PositionSummary, SCHEMA_VERSION, SpeedSummary, Summary,
};
use std::collections::BTreeMap;
use std::path::PathBuf;
use strategy::ExitReason;

/// Everything a finished run left behind.
pub struct Finished<'a> {
    /// Its configuration.
    pub loaded: &'a Loaded,
    /// Its data.
    pub data: &'a RunData,
    /// What was read.
    pub read: DataSummary,
    /// What the engine says; `None` if there was no data.
    pub outcome: &'a Outcome,
    /// The agents' weights at the start; empty without agents.
    pub models: &'a [AgentModel],
    /// What was recorded.
    pub counts: Counts,
    /// How it did.
    pub figures: Figures,
    /// Its name.
    pub run_id: String,
    /// The layout, as it was run.
    pub layout: String,
    /// How fast it was.
    pub speed: SpeedSummary,
}

impl Finished<'_> {
    /// The summary.
    pub fn summary(&self) -> Summary {
        let probes = self.outcome.probes.rows();
        Summary {
            schema_version: SCHEMA_VERSION,
            run_id: self.run_id.clone(),
            config_hash: self.loaded.config_hash(),
            strategies: vec![self.loaded.config.run.strategy.name().to_owned()],
            layout: self.layout.clone(),
            data: self.data_section(),
            counts: self.counts_summary(),
            portfolio: self.portfolio(),
            performance: performance(&self.figures),
            speed: self.speed.clone(),
            agents: self.agents(),
            latency_ns: probes.iter().map(|row| (row.name.clone(), latency(row))).collect(),
            event_hash: format!("{:032x}", self.outcome.event_hash),
            state_hash: format!("{:032x}", self.outcome.state_hash),
        }
    }

    fn suspicious(&self) -> BTreeMap<String, u64> {
        let mut kinds: BTreeMap<String, u64> =
            self.read.suspicious.iter().map(|(kind, n)| ((*kind).to_owned(), *n)).collect();
        let counted = [("late", self.outcome.late), ("profile_clamped", self.outcome.ticks_clamped)];
        kinds.extend(counted.into_iter().filter(|(_, n)| *n > 0).map(|(kind, n)| (kind.to_owned(), n)));
        kinds
    }

    fn data_section(&self) -> DataSection {
        DataSection {
            files: self.read.files,
            rows_read: self.read.rows_read,
            ticks: self.read.ticks,
            rejected: self.read.rejected.iter().map(|(reason, n)| ((*reason).to_owned(), *n)).collect(),
            suspicious: self.suspicious(),
            first_ts: self.read.first_ts.map(print_instant),
            last_ts: self.read.last_ts.map(print_instant),
            made_from_bars: self.data.made_from_bars(),
        }
    }

    fn counts_summary(&self) -> CountsSummary {
        let timeframes = self.loaded.config.bars.timeframes.iter();
        CountsSummary {
            bars: timeframes
                .zip(&self.counts.bars)
                .map(|(timeframe, n)| (timeframe.to_string(), *n))
                .collect(),
            indicator_sets: self.counts.indicator_sets,
            matrices: self.counts.matrices,
            synergies: self.counts.synergies(),
            synergies_by_pattern: by_pattern(self.counts.synergies_by_pattern),
            synergies_unlisted: by_pattern(self.outcome.synergies.map_or([0; Pattern::ALL.len()], unlisted)),
            decisions: self.counts.decisions,
            orders: self.counts.orders,
            fills: self.counts.fills,
            refused: self.counts.refused.iter().map(|(reason, n)| ((*reason).to_owned(), *n)).collect(),
        }
    }

    fn agents(&self) -> Option<AgentsSummary> {
        let strategy = &self.outcome.strategy;
        let agents = strategy.agents.iter().map(|figures| {
            let model = self.models.iter().find(|model| model.agent == figures.agent);
            let model = model.expect("each agent has its weights");
            let summary = AgentSummary {
                asked: figures.asked,
                missed: figures.missed,
                cache_hits: figures.cache_hits,
                cache_misses: figures.cache_misses,
                circuit_openings: figures.circuit_openings,
                model: ModelSummary {
                    file: model.file.clone(),
                    sha256: model.sha256.clone(),
                    training: model.training.clone(),
                },
            };
            (figures.agent.name().to_owned(), summary)
        });
        let exits = ExitReason::ALL.into_iter().zip(strategy.exits);
        let exits = exits.map(|(reason, n)| (reason.purpose().name().to_owned(), n)).collect();
        (!strategy.agents.is_empty()).then(|| AgentsSummary {
            by_agent: agents.collect(),
            not_ready: strategy.not_ready,
            sizes_capped: strategy.sizes_capped,
            exits,
        })
    }

    fn agent_figures(&self, agents: &AgentsSummary) -> AgentFigures {
        // Of each file's words the part before the colon: what follows is its own figure.
        let kind = |agent: &AgentSummary| agent.model.training.split(':').next().unwrap_or("").to_owned();
        let mut training: Vec<String> = agents.by_agent.values().map(kind).collect();
        training.sort();
        training.dedup();
        AgentFigures {
            synergies: self.counts.synergies(),
            decisions: self.counts.decisions,
            not_ready: agents.not_ready,
            missed: agents.by_agent.values().map(|agent| agent.missed).sum(),
            exits: agents.exits.clone().into_iter().collect(),
            training,
        }
    }

    fn portfolio(&self) -> PortfolioSummary {
        let account = self.outcome.portfolio.account();
        let open =
            self.outcome.portfolio.holdings().filter(|holding| holding.position.quantity != Quantity::ZERO);
        PortfolioSummary {
            currency: self.loaded.config.run.currency.clone(),
            initial_capital: self.outcome.portfolio.initial_capital().to_string(),
            cash: account.cash.to_string(),
            equity: account.equity.to_string(),
            realised_pnl: account.realised_pnl.to_string(),
            unrealised_pnl: account.unrealised_pnl.to_string(),
            fees: account.fees.to_string(),
            positions: open.map(|holding| self.position(&holding)).collect(),
        }
    }

    fn position(&self, holding: &Holding) -> PositionSummary {
        let instruments = &self.data.instruments;
        PositionSummary {
            symbol: instruments.symbols.name(holding.symbol).to_owned(),
            quantity: holding.position.quantity.to_string(),
            cost: holding.position.cost.to_string(),
            avg_price: holding.avg_price.map(|price| price.to_string()),
            mark_price: holding.mark_price.map(|price| price.to_string()),
            multiplier: holding.multiplier.to_string(),
            currency: instruments.get(holding.symbol).currency.clone(),
        }
    }

    /// The table for people.
    pub fn table(&self, folder: PathBuf) -> RunTable {
        let figures = &self.figures;
        let account = self.outcome.portfolio.account();
        let pairs = |map: &BTreeMap<String, u64>| map.iter().map(|(k, n)| (k.clone(), *n)).collect();
        let data = self.data_section();
        RunTable {
            headline: Headline {
                strategy: self.loaded.config.run.strategy.name().to_owned(),
                symbols: self.data.traded_symbols(),
                first: self.read.first_ts,
                last: self.read.last_ts,
                ticks: self.read.ticks,
                wall_s: self.speed.wall_s,
                ticks_per_s: self.speed.ticks_per_s,
            },
            account: AccountFigures {
                currency: self.loaded.config.run.currency.clone(),
                initial_capital: self.outcome.portfolio.initial_capital(),
                equity: account.equity,
                realised_pnl: account.realised_pnl,
                unrealised_pnl: account.unrealised_pnl,
                fees: account.fees,
                total_return: figures.total_return,
                max_drawdown: figures.max_drawdown,
                sharpe: figures.sharpe,
                sortino: figures.sortino,
            },
            trading: TradingFigures {
                orders: self.counts.orders,
                fills: self.counts.fills,
                refused: self.counts.refused.iter().map(|(reason, n)| ((*reason).to_owned(), *n)).collect(),
                trades: figures.trades,
                win_rate: figures.win_rate,
                profit_factor: figures.profit_factor,
                turnover: figures.turnover,
                exposure: figures.exposure,
            },
            agents: self.agents().map(|agents| self.agent_figures(&agents)),
            data: DataFigures {
                files: data.files,
                rows: data.rows_read,
                rejected: pairs(&data.rejected),
                suspicious: pairs(&data.suspicious),
                made_from_bars: data.made_from_bars,
            },
            latency: self.outcome.probes.rows().iter().map(stage_latency).collect(),
            report: Some(folder.join("report.html")),
            folder,
        }
    }
}

/// By name, the patterns that were counted.
fn by_pattern(counts: [u64; Pattern::ALL.len()]) -> BTreeMap<String, u64> {
    let counted = Pattern::ALL.into_iter().zip(counts).filter(|(_, n)| *n > 0);
    counted.map(|(pattern, n)| (pattern.to_string(), n)).collect()
}

/// By pattern: how often it came about without being listed.
fn unlisted(counts: synergy::Counts) -> [u64; Pattern::ALL.len()] {
    Pattern::ALL.map(|pattern| counts.unlisted(pattern))
}

fn performance(figures: &Figures) -> PerformanceSummary {
    PerformanceSummary {
        total_return: figures.total_return,
        sharpe: figures.sharpe,
        sortino: figures.sortino,
        max_drawdown: figures.max_drawdown,
        volatility: figures.volatility,
        turnover: figures.turnover,
        trades: figures.trades,
        win_rate: figures.win_rate,
        profit_factor: figures.profit_factor,
        exposure: figures.exposure,
    }
}

fn latency(row: &LatencyRow) -> LatencySummary {
    LatencySummary {
        p50: row.latency.quantile_ns(0.5),
        p90: row.latency.quantile_ns(0.9),
        p99: row.latency.quantile_ns(0.99),
        p999: row.latency.quantile_ns(0.999),
        max: row.latency.max_ns(),
        count: row.latency.count(),
        sampled_1_in: row.sampled_1_in,
    }
}

fn stage_latency(row: &LatencyRow) -> StageLatency {
    StageLatency {
        stage: row.name.clone(),
        p50_ns: row.latency.quantile_ns(0.5),
        p99_ns: row.latency.quantile_ns(0.99),
        p999_ns: row.latency.quantile_ns(0.999),
        max_ns: row.latency.max_ns(),
        count: row.latency.count(),
    }
}

/// Speed from nanoseconds.
pub fn speed(ticks: u64, wall_ns: u64, waited_ns: u64, decode_ns: u64) -> SpeedSummary {
    let seconds = |nanos: u64| nanos as f64 / 1e9;
    let wall_s = seconds(wall_ns);
    SpeedSummary {
        wall_s,
        ticks_per_s: if wall_ns > 0 { ticks as f64 / wall_s } else { 0.0 },
        decode_s: seconds(decode_ns),
        pipeline_s: seconds(wall_ns.saturating_sub(waited_ns)),
    }
}

/// A decimal that is what it was parsed from; asserts the account's identity to the last digit.
pub fn assert_account(outcome: &Outcome) {
    let account = outcome.portfolio.account();
    let sum = |a: Money, b: Money| a.plus(b).expect("the account is in range");
    let gains = sum(account.realised_pnl, account.unrealised_pnl);
    let equity = sum(sum(outcome.portfolio.initial_capital(), gains), account.fees.negated());
    assert_eq!(account.equity, equity, "equity is capital plus gains less fees");
    assert_eq!(account.equity, sum(account.cash, account.position_value), "equity is cash plus positions");
}
