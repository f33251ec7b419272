//! The end of a run for people: what it was, how the account stands, what was traded, what the data was like.
//!
//! It takes a plain struct of numbers and makes text; colour only if asked for.
//! Not here: the numbers (`report`), and the JSON that programs read.

mod agents;
mod block;
mod figures;

pub use agents::AgentFigures;
pub use figures::{count, decimals, money, percent, rate, span};

use crate::config::print_second;
use block::{Block, Tone, side_by_side};
use comfy_table::{CellAlignment, Table, presets};
use model::{Money, Nanos};
use std::io::IsTerminal;
use std::path::PathBuf;

/// Symbols named in the headline before the rest is only counted.
const SYMBOLS_MAX: usize = 6;

/// Whether text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// With ANSI escapes.
    On,
    /// Plain.
    Off,
}

impl Colour {
    /// On if stdout is a terminal that shows it and `NO_COLOR` is not set.
    pub fn detect() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        if std::io::stdout().is_terminal() && !refused && !dumb { Self::On } else { Self::Off }
    }
}

/// A finished run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunTable {
    /// What ran on what.
    pub headline: Headline,
    /// How the account stands.
    pub account: AccountFigures,
    /// What was traded.
    pub trading: TradingFigures,
    /// What the agents did; `None` without agents.
    pub agents: Option<AgentFigures>,
    /// What the data was like.
    pub data: DataFigures,
    /// By stage, in the order of the graph; empty leaves the table out.
    pub latency: Vec<StageLatency>,
    /// Where everything is.
    pub folder: PathBuf,
    /// Where the report is.
    pub report: Option<PathBuf>,
}

/// What ran on what.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Headline {
    /// The strategy's name.
    pub strategy: String,
    /// All symbols.
    pub symbols: Vec<String>,
    /// The first tick's time.
    pub first: Option<Nanos>,
    /// The last tick's time.
    pub last: Option<Nanos>,
    /// Ticks through the pipeline.
    pub ticks: u64,
    /// Seconds of wall clock.
    pub wall_s: f64,
    /// Ticks a second.
    pub ticks_per_s: f64,
}

/// How the account stands; `None` where a figure is not defined.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AccountFigures {
    /// Code.
    pub currency: String,
    /// At the start.
    pub initial_capital: Money,
    /// At the end.
    pub equity: Money,
    /// Closed, before fees.
    pub realised_pnl: Money,
    /// Open.
    pub unrealised_pnl: Money,
    /// Paid.
    pub fees: Money,
    /// Fraction.
    pub total_return: Option<f64>,
    /// Positive fraction.
    pub max_drawdown: Option<f64>,
    /// Annualised.
    pub sharpe: Option<f64>,
    /// Annualised.
    pub sortino: Option<f64>,
}

/// What was traded.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TradingFigures {
    /// Sent to the venue.
    pub orders: u64,
    /// Answered by it.
    pub fills: u64,
    /// Refused by the gate, by reason.
    pub refused: Vec<(String, u64)>,
    /// From flat to flat.
    pub trades: u64,
    /// Fraction of trades.
    pub win_rate: Option<f64>,
    /// Gains by losses.
    pub profit_factor: Option<f64>,
    /// Notional by mean equity.
    pub turnover: Option<f64>,
    /// Fraction of time.
    pub exposure: Option<f64>,
}

/// What the data was like.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DataFigures {
    /// Files read.
    pub files: u64,
    /// Rows read.
    pub rows: u64,
    /// Set aside, by reason.
    pub rejected: Vec<(String, u64)>,
    /// Kept, by kind.
    pub suspicious: Vec<(String, u64)>,
    /// Symbols whose ticks were made from bars.
    pub made_from_bars: Vec<String>,
}

/// A stage's latency in nanoseconds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StageLatency {
    /// Its name.
    pub stage: String,
    /// Median.
    pub p50_ns: u64,
    /// 99th percentile.
    pub p99_ns: u64,
    /// 99.9th percentile.
    pub p999_ns: u64,
    /// Largest.
    pub max_ns: u64,
    /// How many were measured.
    pub count: u64,
}

/// The whole text, with a newline at its end.
pub fn render(run: &RunTable, colour: Colour) -> String {
    let mut out = headline(&run.headline, colour);
    out.push('\n');
    out.push_str(&side_by_side(&account(&run.account), &trading(&run.trading), colour));
    out.push('\n');
    if let Some(figures) = &run.agents {
        out.push_str(&agents::render(figures, colour));
        out.push('\n');
    }
    out.push_str(&data(&run.data, colour));
    if !run.latency.is_empty() {
        out.push('\n');
        out.push_str(&latency(&run.latency, colour));
    }
    out.push('\n');
    out.push_str(&format!("Run folder  {}\n", run.folder.display()));
    if let Some(report) = &run.report {
        out.push_str(&format!("Report      {}\n", report.display()));
    }
    out
}

fn headline(headline: &Headline, colour: Colour) -> String {
    let named: Vec<&str> = headline.symbols.iter().take(SYMBOLS_MAX).map(String::as_str).collect();
    let symbols = match headline.symbols.len() {
        0 => "no symbol".to_owned(),
        few if few <= SYMBOLS_MAX => named.join(", "),
        many => format!("{}, … ({many} symbols)", named.join(", ")),
    };
    let title = block::paint(&format!("{} on {symbols}", headline.strategy), Tone::Title, colour);
    let (Some(first), Some(last)) = (headline.first, headline.last) else {
        return format!("{title}\nThere was no data in this span.\n");
    };
    let days = span((last - first).0 as f64 / 1e9);
    let ticks = count(headline.ticks);
    let (wall, speed) = (span(headline.wall_s), rate(headline.ticks_per_s));
    let (first, last) = (print_second(first), print_second(last));
    format!("{title}\n{first} to {last} UTC ({days})\n{ticks} ticks in {wall}, {speed}\n")
}

fn account(figures: &AccountFigures) -> Block {
    let sign = |amount: Money| if amount < Money::ZERO { Tone::Bad } else { Tone::Good };
    let return_tone = match figures.total_return {
        Some(value) if value < 0.0 => Tone::Bad,
        Some(_) => Tone::Good,
        None => Tone::Plain,
    };
    let mut block = Block::new(&format!("Account ({})", figures.currency));
    block.line("Initial capital", money(figures.initial_capital), Tone::Plain);
    block.line("Equity", money(figures.equity), Tone::Plain);
    block.line("Return", percent(figures.total_return), return_tone);
    block.line("Realised", money(figures.realised_pnl), sign(figures.realised_pnl));
    block.line("Unrealised", money(figures.unrealised_pnl), sign(figures.unrealised_pnl));
    block.line("Fees", money(figures.fees), Tone::Plain);
    block.line("Max drawdown", percent(figures.max_drawdown), Tone::Plain);
    block.line("Sharpe", decimals(figures.sharpe), Tone::Plain);
    block.line("Sortino", decimals(figures.sortino), Tone::Plain);
    block
}

fn trading(figures: &TradingFigures) -> Block {
    let refused: u64 = figures.refused.iter().map(|(_, n)| n).sum();
    let mut block = Block::new("Trading");
    block.line("Orders", count(figures.orders), Tone::Plain);
    block.line("Fills", count(figures.fills), Tone::Plain);
    block.line("Refused", count(refused), if refused > 0 { Tone::Bad } else { Tone::Plain });
    for (reason, n) in &figures.refused {
        block.line(&format!("  {reason}"), count(*n), Tone::Faint);
    }
    block.line("Trades", count(figures.trades), Tone::Plain);
    block.line("Win rate", percent(figures.win_rate), Tone::Plain);
    block.line("Profit factor", decimals(figures.profit_factor), Tone::Plain);
    block.line("Turnover", decimals(figures.turnover), Tone::Plain);
    block.line("Exposure", percent(figures.exposure), Tone::Plain);
    block
}

fn data(figures: &DataFigures, colour: Colour) -> String {
    let files = match figures.files {
        0 => "storage".to_owned(),
        1 => "1 file".to_owned(),
        files => format!("{} files", count(files)),
    };
    let mut out = format!("{}\n", block::paint("Data", Tone::Title, colour));
    out.push_str(&format!("  {} rows in {files}\n", count(figures.rows)));
    for (name, kinds, tone) in
        [("Rejected", &figures.rejected, Tone::Bad), ("Suspicious", &figures.suspicious, Tone::Faint)]
    {
        let total: u64 = kinds.iter().map(|(_, n)| n).sum();
        if total == 0 {
            out.push_str(&format!("  {name:<12}none\n"));
            continue;
        }
        let mut sorted: Vec<&(String, u64)> = kinds.iter().filter(|(_, n)| *n > 0).collect();
        sorted.sort_by_key(|(kind, n)| (std::cmp::Reverse(*n), kind.clone()));
        let parts: Vec<String> = sorted.iter().map(|(kind, n)| format!("{kind} {}", count(*n))).collect();
        let total = block::paint(&count(total), tone, colour);
        out.push_str(&format!("  {name:<12}{total} ({})\n", parts.join(", ")));
    }
    if !figures.made_from_bars.is_empty() {
        out.push_str(&format!("  Ticks of {} were made from bars\n", figures.made_from_bars.join(", ")));
    }
    out
}

fn latency(stages: &[StageLatency], colour: Colour) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["", "p50", "p99", "p99.9", "max", "measured"]);
    for stage in stages {
        let figures = [stage.p50_ns, stage.p99_ns, stage.p999_ns, stage.max_ns, stage.count].map(count);
        table.add_row(std::iter::once(stage.stage.clone()).chain(figures));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let body: String = table.lines().map(|line| format!(" {}\n", line.trim_end())).collect();
    format!("{}\n{body}", block::paint("Latency (ns)", Tone::Title, colour))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse_instant;

    fn run() -> RunTable {
        RunTable {
            headline: Headline {
                strategy: "mean_reversion".to_owned(),
                symbols: vec!["ALPHA".to_owned(), "BRAVO".to_owned()],
                first: parse_instant("2025-01-01").ok(),
                last: parse_instant("2025-01-31").ok(),
                ticks: 5_123_456,
                wall_s: 1.2,
                ticks_per_s: 4_269_546.0,
            },
            account: AccountFigures {
                currency: "USD".to_owned(),
                initial_capital: Money::parse("100000").unwrap(),
                equity: Money::parse("98765.432").unwrap(),
                realised_pnl: Money::parse("-1200").unwrap(),
                unrealised_pnl: Money::parse("31.005").unwrap(),
                fees: Money::parse("65.573").unwrap(),
                total_return: Some(-0.012_345_68),
                max_drawdown: Some(0.0213),
                sharpe: Some(-1.404),
                sortino: None,
            },
            trading: TradingFigures {
                orders: 1352,
                fills: 1353,
                refused: vec![("max_position".to_owned(), 3)],
                trades: 675,
                win_rate: Some(0.541),
                profit_factor: Some(1.214),
                turnover: Some(1234.5),
                exposure: Some(0.8),
            },
            agents: None,
            data: DataFigures {
                files: 180,
                rows: 5_123_468,
                rejected: vec![("duplicate".to_owned(), 2), ("price_jump".to_owned(), 10)],
                suspicious: vec![],
                made_from_bars: vec![],
            },
            latency: vec![
                StageLatency {
                    stage: "bars".to_owned(),
                    p50_ns: 90,
                    p99_ns: 310,
                    p999_ns: 900,
                    max_ns: 12_345,
                    count: 5003,
                },
                StageLatency { stage: "strategy".to_owned(), ..StageLatency::default() },
            ],
            folder: PathBuf::from("runs/x"),
            report: Some(PathBuf::from("runs/x/report.html")),
        }
    }

    const EXPECTED: &str = "\
mean_reversion on ALPHA, BRAVO
2025-01-01 00:00:00 to 2025-01-31 00:00:00 UTC (30 d)
5,123,456 ticks in 1.20 s, 4.27 M/s

Account (USD)                   Trading
  Initial capital  100,000.00     Orders             1,352
  Equity            98,765.43     Fills              1,353
  Return              -1.23 %     Refused                3
  Realised          -1,200.00       max_position         3
  Unrealised            31.00     Trades               675
  Fees                  65.57     Win rate         54.10 %
  Max drawdown         2.13 %     Profit factor       1.21
  Sharpe                -1.40     Turnover        1,234.50
  Sortino                   –     Exposure         80.00 %

Data
  5,123,468 rows in 180 files
  Rejected    12 (price_jump 10, duplicate 2)
  Suspicious  none

Latency (ns)
            p50  p99  p99.9     max  measured
  bars       90  310    900  12,345     5,003
  strategy    0    0      0       0         0

Run folder  runs/x
Report      runs/x/report.html
";

    #[test]
    fn a_run_in_plain_text() {
        assert_eq!(render(&run(), Colour::Off), EXPECTED);
    }

    #[test]
    fn colour_adds_escapes_and_nothing_else() {
        let coloured = render(&run(), Colour::On);
        assert!(coloured.contains("\u{1b}["));
        let mut plain = String::new();
        let mut rest = coloured.as_str();
        while let Some(at) = rest.find('\u{1b}') {
            plain.push_str(&rest[..at]);
            rest = &rest[at + rest[at..].find('m').expect("an escape ends") + 1..];
        }
        plain.push_str(rest);
        assert_eq!(plain, EXPECTED);
    }

    #[test]
    fn ticks_made_from_bars_are_said() {
        let mut run = run();
        run.data.made_from_bars = vec!["ALPHA".to_owned(), "BRAVO".to_owned()];
        let said = "  Suspicious  none\n  Ticks of ALPHA, BRAVO were made from bars\n";
        assert_eq!(render(&run, Colour::Off), EXPECTED.replace("  Suspicious  none\n", said));
    }

    #[test]
    fn no_data_is_said() {
        let text = render(&RunTable::default(), Colour::Off);
        assert!(text.contains("There was no data"), "{text}");
    }
}
