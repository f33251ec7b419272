//! Makes synthetic markets.

use super::print;
use crate::cli::GenerateArgs;
use crate::config::load_market;
use crate::failure::Failure;
use crate::progress::{Progress, Show, Shown};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use synthetic::{SyntheticConfig, WriteError, WrittenMarket, write_catalog};

/// Makes a synthetic market into a catalog.
///
/// # Errors
/// [`Failure::Usage`] for the configuration and an `--out` that is not empty, [`Failure::Failed`] for the disk.
pub fn generate(args: &GenerateArgs) -> Result<(), Failure> {
    let config = load_market(&args.config)?;
    if args.force && args.out.exists() {
        std::fs::remove_dir_all(&args.out).map_err(|error| {
            Failure::Failed(format!("could not replace {} ({error})", args.out.display()))
        })?;
    }
    let market = write(&config, &args.out)?;
    let (ticks, files) = (market.generated.trades + market.generated.quotes, market.written.files);
    let out = args.out.display();
    if args.json {
        let object = serde_json::json!({
            "out": args.out, "trades": market.generated.trades, "quotes": market.generated.quotes,
            "files": files, "bytes": market.written.bytes,
        });
        return print(&format!("{object}\n"));
    }
    let megabytes = market.written.bytes as f64 / 1e6;
    print(&format!("{out}: {} ticks in {files} files, {megabytes:.1} MB\n", crate::table::count(ticks)))
}

/// Makes a run's market where its data is not there and its configuration says how to make it.
///
/// # Errors
/// As [`generate`].
pub fn generate_if_missing(config: &Path, out: &Path) -> Result<(), Failure> {
    if out.exists() {
        return Ok(());
    }
    let market = load_market(config)?;
    note(&format!("{} is not there: making it from {}", out.display(), config.display()));
    write(&market, out).map(|_| ())
}

fn write(config: &SyntheticConfig, out: &Path) -> Result<WrittenMarket, Failure> {
    let ticks = Arc::new(AtomicU64::new(0));
    let shown =
        Shown::start("generate", Progress::new(config.ticks_expected(), Arc::clone(&ticks)), Show::detect());
    let written = write_catalog(config, out, &ticks);
    drop(shown);
    written.map_err(|error| match error {
        WriteError::Config(_) | WriteError::NotEmpty(_) => Failure::Usage(error.to_string()),
        WriteError::Io { .. } | WriteError::Catalog(_) => Failure::Failed(error.to_string()),
    })
}

/// Says something to a person, beside the results.
pub(super) fn note(text: &str) {
    use std::io::Write;
    // A stderr that is gone leaves nobody to tell.
    let _ = writeln!(std::io::stderr(), "grandmodel: {text}");
}
