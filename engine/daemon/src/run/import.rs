//! `grandmodel import`: raw files in, catalog out.
//!
//! An import follows the rules of a run: keys of `ingest` and `instruments` may be set, so that a row that a backtest
//! would refuse is refused for the same reason. A signal ends it with nothing written: half of a file is no catalog.
//! Not here: what the formats are and how they are read (`files::import`).

use super::data::symbol_rules;
use super::generate::note;
use super::print;
use super::signals::drain_at_signal;
use crate::cli::{ImportArgs, parse_sets};
use crate::config::{self, Config, Loaded, print_instant};
use crate::failure::Failure;
use crate::progress::{Progress, Show, Shown};
use crate::table::count;
use catalog::{Excess, TsUnit};
use feed::{OnBadRow, Rules};
use files::import::{ColumnNames, Format, Import, ImportError, ImportOptions, ImportProgress, Imported};
use model::{Nanos, Timeframe, normalise_symbol};
use std::fmt::Write;
use std::sync::Arc;

/// Sections of the configuration that an import follows.
const SECTIONS: [&str; 2] = ["ingest", "instruments"];
/// Times before this are more likely of another unit than ns.
const YEAR_1971: Nanos = Nanos(365 * Nanos::DAY.0);

/// The configuration that `--set` changes: an import trades nothing.
const NO_STRATEGY: &str = "run.strategies = [\"none\"]\n";

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Self {
        if error.is_usage() { Self::Usage(error.to_string()) } else { Self::Failed(error.to_string()) }
    }
}

/// Reads raw files into a catalog.
///
/// # Errors
/// [`Failure::Usage`] for the command line and files that are not there, [`Failure::Failed`] for data and disk.
pub fn import(args: &ImportArgs) -> Result<(), Failure> {
    let options = options(args)?;
    let imported = run(options)?;
    if args.json {
        return print(&format!("{}\n", json(&imported)));
    }
    print(&text(args, &imported))
}

fn run(options: ImportOptions) -> Result<Imported, Failure> {
    let progress = ImportProgress::default();
    drain_at_signal(&progress.stop);
    let shown = Shown::start("import: looking", Progress::new(0, Arc::clone(&progress.rows)), Show::detect());
    let import = Import::scan(options, &progress);
    drop(shown);
    let import = import?;
    let whole = Progress::new(import.ticks_expected(), Arc::clone(&progress.ticks));
    let shown = Shown::start("import", whole, Show::detect());
    let imported = import.run(&progress);
    drop(shown);
    let imported = imported?;
    if imported.last_ts.is_some_and(|last| last < YEAR_1971) {
        note("all times lie before 1971; whole numbers are nanoseconds unless --ts-unit says otherwise");
    }
    Ok(imported)
}

fn options(args: &ImportArgs) -> Result<ImportOptions, Failure> {
    let refuse = |flag: &str, error: &dyn std::fmt::Display| Failure::Usage(format!("{flag}: {error}"));
    let format = Format::parse(&args.format).ok_or_else(|| {
        let known: Vec<&str> = Format::ALL.into_iter().map(Format::name).collect();
        let sentence =
            format!("{:?} is not among the formats that this build reads: {}", args.format, known.join(", "));
        refuse("--format", &sentence)
    })?;
    let config = rules(args)?;
    let mut options = ImportOptions::new(format, args.files.clone(), args.out.clone());
    if let Some(columns) = &args.columns {
        options.columns = ColumnNames::parse(columns, format).map_err(|error| refuse("--columns", &error))?;
    }
    let symbol = args.symbol.as_deref().map(normalise_symbol).transpose();
    options.symbol = symbol.map_err(|error| refuse("--symbol", &error))?;
    options.ts_unit = TsUnit::parse(&args.ts_unit)
        .ok_or_else(|| refuse("--ts-unit", &format!("{:?} is no unit; use s, ms, us or ns", args.ts_unit)))?;
    let length = args.bar_length.as_deref().map(Timeframe::parse).transpose();
    options.bar_length = length.map_err(|error| refuse("--bar-length", &error))?.map(|length| length.nanos());
    options.excess = match config.ingest.excess_decimals {
        config::ExcessDecimals::Reject => Excess::Reject,
        config::ExcessDecimals::Round => Excess::Round,
    };
    let on_bad_row = match config.ingest.on_bad_row {
        config::OnBadRow::Reject => OnBadRow::Reject,
        config::OnBadRow::Fail => OnBadRow::Fail,
    };
    options.rules = Rules { on_bad_row, max_price_jump: config.ingest.max_price_jump, ..Rules::default() };
    options.symbol_rules = Box::new(move |name| symbol_rules(&config, name));
    Ok(options)
}

/// The configuration that `--set` makes; nothing but the sections that an import follows may be set.
fn rules(args: &ImportArgs) -> Result<Config, Failure> {
    for text in &args.set {
        let section = text.split(['.', '=']).next().unwrap_or_default().trim();
        if !SECTIONS.contains(&section) {
            let sections = SECTIONS.join(" and ");
            return Err(Failure::Usage(format!(
                "--set {text} changes nothing here: an import follows keys of {sections}"
            )));
        }
    }
    let config = Loaded::parse("import", NO_STRATEGY, &parse_sets(&args.set)?)?.config;
    if config.ingest.reorder_window.0 > 0 {
        let sentence = "ingest.reorder_window does not sort bars; sort the file, or leave it out";
        return Err(Failure::Usage(sentence.to_owned()));
    }
    Ok(config)
}

fn json(imported: &Imported) -> serde_json::Value {
    serde_json::json!({
        "rows_read": imported.rows_read,
        "rows_written": imported.rows_written,
        "rejected": imported.rejected,
        "suspicious": imported.suspicious,
        "skipped": imported.skipped,
        "first_ts": imported.first_ts.map(print_instant),
        "last_ts": imported.last_ts.map(print_instant),
        "files": imported.files,
        "rows_unchanged": imported.rows_unchanged,
        "files_written": imported.files_written,
        "rejects": imported.rejects.as_ref().map(|path| path.to_string_lossy()),
        "bar_length": imported.bar_length.map(|bar| bar.to_string()),
        "bar_length_inferred": imported.bar_length.map(|bar| bar.is_inferred),
    })
}

/// What was done, for people.
fn text(args: &ImportArgs, imported: &Imported) -> String {
    let rejected: u64 = imported.rejected.values().sum();
    let accepted = imported.rows_read - rejected;
    let mut text = format!("{}: ", args.out.display());
    // A string can always grow.
    let _ = match imported.bar_length.filter(|_| accepted > 0) {
        None if imported.rows_read == 0 => {
            writeln!(text, "there was no data in {}", some(imported.files, "file"))
        }
        None => writeln!(text, "none of {} could be used", some(imported.rows_read, "row")),
        Some(length) => {
            let how = if length.is_inferred { "as their times say" } else { "as given" };
            let made = format!("made from {} of {length} ({how})", some(accepted, "bar"));
            let files = some(imported.files_written, "file");
            match imported.rows_written {
                0 => writeln!(
                    text,
                    "nothing changed, for all {} {made} were there already",
                    some(imported.rows_unchanged, "trade")
                ),
                written => writeln!(text, "{} in {files}, {made}", some(written, "trade")),
            }
        }
    };
    if imported.rows_unchanged > 0 && imported.rows_written > 0 {
        let unchanged = some(imported.rows_unchanged, "trade");
        let _ = writeln!(text, "  Unchanged   {unchanged} of days that were there already, the same");
    }
    if let (Some(first), Some(last)) = (imported.first_ts, imported.last_ts) {
        let _ = writeln!(text, "  From        {} to {}", print_instant(first), print_instant(last));
    }
    if let Some(path) = &imported.rejects {
        let reasons: Vec<String> =
            imported.rejected.iter().map(|(reason, n)| format!("{reason} {}", count(*n))).collect();
        let (rows, reasons) = (some(rejected, "row"), reasons.join(", "));
        let _ = writeln!(text, "  Rejected    {rows} ({reasons}), kept in {}", path.display());
    }
    text
}

/// So many of something: `1 file`, `1,234 files`.
fn some(n: u64, what: &str) -> String {
    format!("{} {what}{}", count(n), if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use files::import::BarLength;

    #[test]
    fn what_was_done_is_said_in_words() {
        let line = "grandmodel import --format bars --out cat a.csv";
        let crate::cli::Command::Import(args) =
            crate::cli::Cli::try_parse_from(line.split(' ')).unwrap().command
        else {
            panic!("an import")
        };
        let check = |imported: Imported, expected: &str| assert_eq!(text(&args, &imported), expected);
        let files = Imported { files: 1, ..Imported::default() };
        check(files.clone(), "cat: there was no data in 1 file\n");
        let refused = Imported {
            rows_read: 1_234,
            rejected: [("parse", 1_234)].into(),
            rejects: Some("cat/rejects/r.parquet".into()),
            ..files.clone()
        };
        check(
            refused,
            "cat: none of 1,234 rows could be used\n  Rejected    1,234 rows (parse 1,234), kept in cat/rejects/r.parquet\n",
        );
        let bar_length = Some(BarLength { length: Nanos::MINUTE, is_inferred: true });
        let done = Imported { rows_read: 2, rows_written: 8, files_written: 2, bar_length, ..files };
        check(done.clone(), "cat: 8 trades in 2 files, made from 2 bars of 1m (as their times say)\n");
        let again = Imported { rows_written: 0, rows_unchanged: 8, files_written: 0, ..done.clone() };
        check(
            again,
            "cat: nothing changed, for all 8 trades made from 2 bars of 1m (as their times say) were there already\n",
        );
        let partly = Imported {
            rows_written: 4,
            rows_unchanged: 4,
            files_written: 1,
            first_ts: Some(Nanos(0)),
            last_ts: Some(Nanos::MINUTE),
            ..done
        };
        check(
            partly,
            "cat: 4 trades in 1 file, made from 2 bars of 1m (as their times say)\n  Unchanged   4 trades of days \
             that were there already, the same\n  From        1970-01-01T00:00:00Z to 1970-01-01T00:01:00Z\n",
        );
    }
}
