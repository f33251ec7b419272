//! The command line: what may be typed, and which function does it.
//!
//! stdout carries results only. An error is one sentence on stderr, and the exit status tells its kind
//! (`failure`); that holds for what clap refuses, too.
//! Not here: what the commands do.

use crate::config::{Loaded, Override, is_market, load_market};
use crate::failure::Failure;
use crate::{doctor, journal, run};
use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  grandmodel backtest --config configs/quickstart.toml
  grandmodel backtest --config configs/peer.toml --data ticks.parquet --from 2025-01-01 --json
  grandmodel generate --config configs/quickstart-market.toml --out data/quickstart
  grandmodel explain runs/LAST --seq 123456
  grandmodel config show configs/quickstart.toml --set run.layout=split
  grandmodel journal verify journal/LIVE
  grandmodel doctor

Exit status: 0 done, 1 it could not be done, 2 usage or configuration error.
Every configuration key is in configs/reference.toml.";

const BACKTEST_EXAMPLES: &str = "\
Examples:
  grandmodel backtest --config configs/quickstart.toml
  grandmodel backtest --config configs/peer.toml --data ticks.parquet --out /tmp/run --force
  grandmodel backtest --config configs/quickstart.toml --from 2025-01-06 --to 2025-01-07T12:00:00Z
  grandmodel backtest --config configs/quickstart.toml --set venue.latency=1ms --set run.layout=split

The run folder is RUNS/<UTC time>-<strategy>-<hash> unless --out names one; RUNS is run.out.
It holds summary.json, report.html and a Parquet table for bars, orders, fills, equity and more;
with --set batches.record=true, batches.parquet: statistics of the ticks by the hundred or the millisecond.";

const GENERATE_EXAMPLES: &str = "\
Example:
  grandmodel generate --config configs/quickstart-market.toml --out data/quickstart

The same configuration makes the same ticks on every machine. Keys of the file:
seed, start, days, and for each [[symbols]]: name, start_price, tick_size, lot, daily_volatility,
trades_per_day, quotes_per_trade.";

const IMPORT_EXAMPLES: &str = "\
Examples:
  grandmodel import --format bars --symbol BTCPERP --out catalog btc_1m.csv.gz
  grandmodel import --format bars --columns ts=timestamp,volume=vol --ts-unit ms --out catalog a.csv b.csv
  grandmodel import --format bars --set ingest.excess_decimals=round --out catalog bars.csv

bars: CSV with the columns ts, open, high, low, close, volume and, without --symbol, symbol; also .gz and .zst.
Each bar becomes four trades. Rows that are refused are kept in the catalog's folder rejects.
A day that the catalog already has is left as it is, and refused if its ticks differ.";

/// A trading engine: ticks in, bars, indicators, decisions and orders out; the same answer every time.
#[derive(Debug, Parser)]
#[command(name = "grandmodel", version, after_help = EXAMPLES, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Replay ticks through the whole pipeline and write a run folder.
    Backtest(BacktestArgs),
    /// Read raw files into a catalog.
    Import(ImportArgs),
    /// Make a deterministic synthetic market into a catalog.
    Generate(GenerateArgs),
    /// Write report.html of a run folder.
    Report(ReportArgs),
    /// Print one decision's whole cause, from tick to order.
    Explain(ExplainArgs),
    /// Check a configuration file, or show every effective value and where it comes from.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Check, print or replay a journal. Changes nothing; to check and print may go on beside a writer.
    #[command(subcommand)]
    Journal(JournalCommand),
    /// Be the simulated venue of a run with --paper: one engine, on stdin and stdout.
    Venue(VenueArgs),
    /// Say what on this machine is fine, what costs latency, and how to mend it.
    Doctor(DoctorArgs),
}

/// `backtest`
#[derive(Debug, Clone, Args)]
#[command(after_help = BACKTEST_EXAMPLES)]
pub struct BacktestArgs {
    /// The run's configuration, a TOML file.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// A catalog, a folder or a .parquet file; replaces data.paths. May be given several times.
    #[arg(long, value_name = "PATH")]
    pub data: Vec<String>,
    /// First instant: RFC 3339, or a date (midnight UTC). Replaces data.from.
    #[arg(long, value_name = "TS")]
    pub from: Option<String>,
    /// First instant not replayed any more. Replaces data.to.
    #[arg(long, value_name = "TS")]
    pub to: Option<String>,
    /// Override one key; a VALUE that is not TOML is taken as a string. May be given several times.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// The run folder; a non-empty one is refused without --force.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replace a run folder that exists.
    #[arg(long)]
    pub force: bool,
    /// Continue a killed run from its journal; without one, begin.
    #[arg(long)]
    pub resume: bool,
    /// Trade with the simulated venue in a process of its own; keeps a strict journal unless journal.durability says
    /// otherwise.
    #[arg(long)]
    pub paper: bool,
    /// Print the summary as one JSON object instead of a table.
    #[arg(long)]
    pub json: bool,
}

impl BacktestArgs {
    /// Reads and checks the configuration under this command line. Paths start at the working folder.
    ///
    /// # Errors
    /// [`Failure::Usage`] for flags that exclude each other and for what the configuration refuses.
    pub fn load(&self) -> Result<Loaded, Failure> {
        if self.resume && self.force {
            let sentence = "--resume continues a run and --force begins it anew; give one of them";
            return Err(Failure::Usage(sentence.to_owned()));
        }
        let mut overrides = self.overrides()?;
        if self.paper {
            // Tiers want a journal; whether one is asked for is looked at without them.
            let mut without_tiers = overrides.clone();
            without_tiers.push(Override::list("storage.tiers", &[], "--paper"));
            if Loaded::load(&self.config, &without_tiers)?.is_default("journal.durability") {
                overrides.push(Override::text("journal.durability", "strict", "--paper"));
            }
        }
        let loaded = Loaded::load(&self.config, &overrides)?;
        loaded.check_files(Path::new(""))?;
        Ok(loaded)
    }

    /// `--set` first, so that a flag of its own wins over a `--set` of its key.
    fn overrides(&self) -> Result<Vec<Override>, Failure> {
        let mut overrides = parse_sets(&self.set)?;
        if !self.data.is_empty() {
            overrides.push(Override::list("data.paths", &self.data, "--data"));
        }
        for (path, text, flag) in [("data.from", &self.from, "--from"), ("data.to", &self.to, "--to")] {
            overrides.extend(text.iter().map(|text| Override::text(path, text, flag)));
        }
        Ok(overrides)
    }
}

/// `import`
#[derive(Debug, Clone, Args)]
#[command(after_help = IMPORT_EXAMPLES)]
pub struct ImportArgs {
    /// What the files look like: bars.
    #[arg(long, value_name = "FORMAT")]
    pub format: String,
    /// The symbol of rows that have none; renames where all rows have one and the same.
    #[arg(long, value_name = "SYM")]
    pub symbol: Option<String>,
    /// Our names and the files': ts, symbol, open, high, low, close, volume.
    #[arg(long, value_name = "NAME=COLUMN,…")]
    pub columns: Option<String>,
    /// The unit of times that are whole numbers: s, ms, us or ns.
    #[arg(long, value_name = "UNIT", default_value = "ns")]
    pub ts_unit: String,
    /// How long a bar is, like 1m; otherwise the most common difference of successive times.
    #[arg(long, value_name = "LENGTH")]
    pub bar_length: Option<String>,
    /// Override one key of ingest or instruments, whose rules an import follows. May be given several times.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// The catalog; days are added to one that exists.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Print what was done as one JSON object.
    #[arg(long)]
    pub json: bool,
    /// The files.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
}

/// `generate`
#[derive(Debug, Clone, Args)]
#[command(after_help = GENERATE_EXAMPLES)]
pub struct GenerateArgs {
    /// The market's configuration, a TOML file.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// The catalog to write; a non-empty folder is refused without --force.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Replace a catalog that exists.
    #[arg(long)]
    pub force: bool,
    /// Print what was written as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `report`
#[derive(Debug, Clone, Args)]
pub struct ReportArgs {
    /// The run folder.
    #[arg(value_name = "RUN_DIR")]
    pub run_dir: PathBuf,
}

/// `config`
#[derive(Debug, Clone, Subcommand)]
pub enum ConfigCommand {
    /// Check a file: one line and status 0, or one sentence and status 2.
    Check(ConfigArgs),
    /// Print the effective configuration, each value with its origin.
    Show(ConfigArgs),
    /// Print the features of each matrix, with the hash that model files carry.
    Features(FeaturesArgs),
}

/// `config check`, `config show`
#[derive(Debug, Clone, Args)]
pub struct ConfigArgs {
    /// The configuration, a TOML file.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Override one key; a VALUE that is not TOML is taken as a string. May be given several times.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

/// `config features`
#[derive(Debug, Clone, Args)]
pub struct FeaturesArgs {
    /// The configuration.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `explain`
#[derive(Debug, Clone, Args)]
pub struct ExplainArgs {
    /// The run folder.
    #[arg(value_name = "RUN_DIR")]
    pub run_dir: PathBuf,
    /// The sequence number of the input that the agents decided on, as in decisions.parquet and report.html.
    #[arg(long, value_name = "N")]
    pub seq: u64,
}

/// `venue`
#[derive(Debug, Clone, Args)]
pub struct VenueArgs {
    /// Speak on stdin and stdout.
    #[arg(long)]
    pub stdio: bool,
    /// The file that orders are written down in before anything is done with them; it is only ever appended to.
    #[arg(long, value_name = "FILE")]
    pub record: PathBuf,
}

/// `journal`
#[derive(Debug, Clone, Subcommand)]
pub enum JournalCommand {
    /// Check every checksum and event; status 1 if anything is damaged.
    Verify(JournalVerifyArgs),
    /// Print events, one JSON object a line.
    Dump(JournalDumpArgs),
    /// Fold a journal again, compare everything that comes out with it, and print the state's hash.
    Replay(JournalReplayArgs),
}

/// `journal replay`
#[derive(Debug, Clone, Args)]
pub struct JournalReplayArgs {
    /// The journal's folder.
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `journal verify`
#[derive(Debug, Clone, Args)]
pub struct JournalVerifyArgs {
    /// The journal's folder.
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `journal dump`
#[derive(Debug, Clone, Args)]
pub struct JournalDumpArgs {
    /// The journal's folder.
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// The first input to print, with all that stands behind it.
    #[arg(long, value_name = "SEQ", default_value_t = 1)]
    pub from: u64,
    /// The last input to print, with the orders that stand behind it.
    #[arg(long, value_name = "SEQ", default_value_t = u64::MAX, hide_default_value = true)]
    pub to: u64,
}

/// `doctor`
#[derive(Debug, Clone, Args)]
pub struct DoctorArgs {
    /// The folder of run folders, whose disk is looked at.
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub out: PathBuf,
    /// A configuration whose storage tiers are looked at, too.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Override one of its keys.
    #[arg(long, value_name = "KEY=VALUE", requires = "config")]
    pub set: Vec<String>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// The whole program: runs a command line, prints to the real stdout and stderr, gives the exit status.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    match dispatch(args, &mut std::io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // A stderr that is gone leaves nobody to tell.
            let _ = writeln!(std::io::stderr(), "grandmodel: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

/// Runs a command line; what goes to stdout goes to `out`, except for the commands of `run`.
///
/// # Errors
/// [`Failure`], with the exit status it stands for.
pub fn dispatch(args: impl IntoIterator<Item = OsString>, out: &mut dyn Write) -> Result<(), Failure> {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) if !error.use_stderr() => return print(out, &error.to_string()),
        Err(error) => return Err(usage(&error)),
    };
    match cli.command {
        Command::Backtest(args) => run::backtest(&args),
        Command::Import(args) => run::import(&args),
        Command::Generate(args) => run::generate(&args),
        Command::Report(args) => run::report(&args),
        Command::Config(ConfigCommand::Check(args)) => print(out, &check(&args)?),
        Command::Config(ConfigCommand::Show(args)) => print(out, &load(&args)?.show()),
        Command::Config(ConfigCommand::Features(args)) => print(out, &run::features(&args)?),
        Command::Explain(args) => print(out, &run::explain(&args)?),
        Command::Journal(JournalCommand::Verify(args)) => journal::verify(&args, out),
        Command::Journal(JournalCommand::Dump(args)) => journal::dump(&args, out),
        Command::Journal(JournalCommand::Replay(args)) => print(out, &run::journal_replay(&args)?),
        Command::Venue(args) => run::venue(&args),
        Command::Doctor(args) => print(out, &doctor::run(&args)?),
    }
}

pub(crate) fn print(out: &mut dyn Write, text: &str) -> Result<(), Failure> {
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| Failure::output(&error))
}

/// What clap says, as one sentence: all before the usage, on one line.
fn usage(error: &clap::Error) -> Failure {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Failure::Usage("a command is missing; see grandmodel --help".to_owned());
    }
    let text = error.to_string();
    let said = text.lines().take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"));
    let said: Vec<&str> = said.map(str::trim).filter(|line| !line.is_empty()).collect();
    let sentence = said.join(" ");
    let sentence = sentence.strip_prefix("error: ").unwrap_or(&sentence);
    Failure::Usage(format!("{sentence}; see grandmodel --help"))
}

/// The line that says a file is valid.
fn check(args: &ConfigArgs) -> Result<String, Failure> {
    let file = args.file.display();
    if std::fs::read_to_string(&args.file).is_ok_and(|text| is_market(&text)) {
        let market = load_market(&args.file)?;
        let (symbols, days) = (market.symbols.len(), market.days);
        return Ok(format!("{file} is valid: a synthetic market of {symbols} symbols over {days} days\n"));
    }
    let loaded = load(args)?;
    loaded.check_files(Path::new(""))?;
    run::check(&loaded.config)?;
    let run = &loaded.config.run;
    let (strategy, layout, session) = (run.strategy.name(), &run.layout, loaded.session());
    let (capital, currency) = (run.initial_capital, &run.currency);
    Ok(format!("{file} is valid: {strategy}, {layout}, {capital} {currency}, config hash {session}…\n"))
}

fn load(args: &ConfigArgs) -> Result<Loaded, Failure> {
    Ok(Loaded::load(&args.file, &parse_sets(&args.set)?)?)
}

pub(crate) fn parse_sets(texts: &[String]) -> Result<Vec<Override>, Failure> {
    Ok(texts.iter().map(|text| Override::set(text)).collect::<Result<_, _>>()?)
}
