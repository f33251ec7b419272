//! The commands that put the crates together: backtest, import, generate, report.
//!
//! Not here: what they put together, and the command line.

mod backtest;
mod batches;
mod data;
mod features;
mod generate;
mod import;
mod journal_replay;
mod kept;
mod models;
mod outcome;
mod paper;
mod placement;
mod recorder;
mod replay;
mod signals;
mod stored;
pub(crate) mod stores;
mod timed;
mod venue;
mod wiring;

pub use backtest::backtest;
pub use features::features;
pub use generate::{generate, generate_if_missing};
pub use import::import;
pub use journal_replay::journal_replay;
pub use paper::venue;

use crate::cli::{ExplainArgs, ReportArgs};
use crate::config::Config;
use crate::failure::Failure;
use std::io::Write;

/// Writes `report.html` of a run folder.
///
/// # Errors
/// [`Failure::Failed`] if the folder is no run folder.
pub fn report(args: &ReportArgs) -> Result<(), Failure> {
    let path = report::render_report(&args.run_dir).map_err(|error| Failure::Failed(error.to_string()))?;
    print(&format!("{}\n", path.display()))
}

/// Whether the matrices of a configuration can be made and its models loaded.
///
/// # Errors
/// [`Failure::Usage`] with the first that cannot.
pub fn check(config: &Config) -> Result<(), Failure> {
    wiring::matrices(config, 1)?;
    models::Models::load(config).map(|_| ())
}

/// One decision's whole cause, as text.
///
/// # Errors
/// [`Failure::Failed`] if the folder is no run folder, [`Failure::Usage`] if nothing was decided at that input.
pub fn explain(args: &ExplainArgs) -> Result<String, Failure> {
    report::explain(&args.run_dir, args.seq).map_err(|error| {
        let sentence = error.to_string();
        if error.is_usage() { Failure::Usage(sentence) } else { Failure::Failed(sentence) }
    })
}

/// Writes a result to stdout.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| Failure::output(&error))
}
