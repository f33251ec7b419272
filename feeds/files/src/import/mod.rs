//! Import of raw files into a catalog: what is read, what is refused and why, whole or absent.
//!
//! ```text
//! FILE… ─> open (unpack) ─> lines ─> cells ─> numbers, times ─> a format's rows ─> checks ─> stage ─> catalog
//!                                                                                    └─> rejects
//! ```
//!
//! Why beside the replay: both must refuse the same rows for the same reasons (`feed`), and both merge several files
//! by time. A format of its own is a folder like `bars`; the modules beside it serve all formats of text.
//! Not here: the command line, which formats a build offers on it (`daemon`), the file format of the catalog.

mod bars;
mod error;
mod header;
mod lines;
mod number;
mod open;
mod options;
mod reason;
mod record;
mod rejects;
mod stage;
mod time;

pub use bars::{BarLength, is_bars};
pub use error::{Codec, ColumnNamesError, ImportError};
pub use options::{ColumnNames, Format, ImportOptions, RulesOfSymbol};

use model::Nanos;
use rejects::RejectLog;
use stage::Stage;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use twox_hash::xxhash3_128;

/// How far an import is, and whether it is to stop; both are looked at and set by others while it runs.
#[derive(Debug, Clone, Default)]
pub struct ImportProgress {
    /// Rows that have been looked at.
    pub rows: Arc<AtomicU64>,
    /// Ticks that the rows done make.
    pub ticks: Arc<AtomicU64>,
    /// Set to end the import: nothing of it stays.
    pub stop: Arc<AtomicBool>,
}

/// Running counts of a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Totals {
    pub rows_read: u64,
    pub rows_accepted: u64,
    pub ticks: u64,
    pub first_ts: Option<Nanos>,
    pub last_ts: Option<Nanos>,
}

impl Totals {
    /// Counts a tick that is written.
    pub(crate) fn tick(&mut self, ts: Nanos) {
        self.ticks += 1;
        self.first_ts = Some(self.first_ts.map_or(ts, |first| first.min(ts)));
        self.last_ts = self.last_ts.max(Some(ts));
    }
}

/// What an import did. Rows of the raw files are either rejected or in the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Imported {
    /// Raw files.
    pub files: u64,
    /// Rows of the raw files.
    pub rows_read: u64,
    /// Rows new in the catalog.
    pub rows_written: u64,
    /// Rows that were in the catalog already, the same.
    pub rows_unchanged: u64,
    /// Rows refused, by reason; reasons that did not occur are absent.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Rows kept though odd, by kind.
    pub suspicious: BTreeMap<&'static str, u64>,
    /// Rows that are no ticks and not meant to be.
    pub skipped: u64,
    /// Earliest `ts_event` of the ticks.
    pub first_ts: Option<Nanos>,
    /// Latest `ts_event` of the ticks.
    pub last_ts: Option<Nanos>,
    /// Files new in the catalog, of ticks.
    pub files_written: u64,
    /// Where the refused rows are kept, if there are any.
    pub rejects: Option<PathBuf>,
    /// How long the bars are, where ticks are made of bars.
    pub bar_length: Option<BarLength>,
}

/// An import that has looked at its files and can begin.
pub struct Import {
    options: ImportOptions,
    scan: bars::Scan,
}

impl std::fmt::Debug for Import {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Import({:?}, {} rows)", self.options, self.scan.rows)
    }
}

impl Import {
    /// Looks at the files: nothing is written.
    ///
    /// # Errors
    /// [`ImportError`] for the first file that is not of the format, and where something about all of them cannot be
    /// told.
    pub fn scan(options: ImportOptions, progress: &ImportProgress) -> Result<Self, ImportError> {
        let scan = match options.format {
            Format::Bars => bars::scan(&options, progress)?,
        };
        Ok(Self { options, scan })
    }

    /// How many ticks the files make at most.
    pub fn ticks_expected(&self) -> u64 {
        match self.options.format {
            Format::Bars => self.scan.rows * bars::TRADES as u64,
        }
    }

    /// Writes the ticks into the catalog.
    ///
    /// # Errors
    /// [`ImportError`]; the catalog is then as it was.
    pub fn run(self, progress: &ImportProgress) -> Result<Imported, ImportError> {
        let stage = Stage::claim(&self.options.out)?;
        let mut rejects = RejectLog::new(stage.rejects(&self.name()), self.options.rules.on_bad_row);
        let totals = match self.options.format {
            Format::Bars => bars::merge(&self.options, &self.scan, stage.root(), &mut rejects, progress)?,
        };
        let rejected = rejects.finish()?;
        let accounted = totals.rows_accepted + rejected.values().sum::<u64>();
        assert_eq!(totals.rows_read, accounted, "every row is in the catalog or among the rejects");
        let committed = stage.commit()?;
        Ok(Imported {
            files: self.options.files.len() as u64,
            rows_read: totals.rows_read,
            rows_written: totals.ticks - committed.rows_unchanged,
            rows_unchanged: committed.rows_unchanged,
            rejected,
            suspicious: BTreeMap::new(),
            skipped: 0,
            first_ts: totals.first_ts,
            last_ts: totals.last_ts,
            files_written: committed.files_written,
            rejects: committed.rejects,
            bar_length: self.scan.length,
        })
    }

    /// The name of the import's file of rejects: the same for the same rows read in the same way.
    fn name(&self) -> String {
        let options = &self.options;
        let mut hash = xxhash3_128::Hasher::new();
        for content in &self.scan.contents {
            hash.write(&content.to_le_bytes());
        }
        let length = self.scan.length.map(|known| known.length);
        let read =
            (&options.columns, &options.symbol, options.ts_unit, options.excess, options.rules, length);
        hash.write(format!("{read:?}").as_bytes());
        format!("{}-{:032x}", options.format.name(), hash.finish_128())
    }
}
