//! The market as a catalog on disk: whole or absent.
//!
//! Symbols are independent, so each is made and written by whichever thread is free; the files do not
//! depend on it. Everything goes to a folder beside and is renamed at the end, so that an interrupted
//! run leaves nothing that looks like a market.

use crate::config::{ConfigError, SymbolConfig, SyntheticConfig};
use crate::sink::{Generated, TickSink, generate};
use catalog::{CatalogError, TickKind, TickWriter, Written};
use model::{Quote, Trade};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::{fmt, fs, io, thread};

/// Ticks between two reports of progress.
const PROGRESS_TICKS: u64 = 4_096;

/// Why a market could not be written.
#[derive(Debug)]
pub enum WriteError {
    /// The configuration makes no market.
    Config(ConfigError),
    /// The folder to write has something in it.
    NotEmpty(PathBuf),
    /// A folder could not be made, removed or renamed.
    Io {
        /// What was tried.
        action: &'static str,
        /// On which folder.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// A file could not be written.
    Catalog(CatalogError),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::NotEmpty(path) => {
                write!(f, "{} is not empty; name another folder or remove it first", path.display())
            }
            Self::Io { action, path, error } => {
                write!(f, "could not {action} {}: {error}; check the disk and the rights", path.display())
            }
            Self::Catalog(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for WriteError {}

impl From<ConfigError> for WriteError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<CatalogError> for WriteError {
    fn from(error: CatalogError) -> Self {
        Self::Catalog(error)
    }
}

/// A market on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WrittenMarket {
    /// The ticks.
    pub generated: Generated,
    /// The files.
    pub written: Written,
}

/// Writes the market into a catalog at `root`, which must be absent or empty. `ticks_done` counts up
/// while it runs, towards [`SyntheticConfig::ticks_expected`].
///
/// # Errors
/// [`WriteError`]; `root` is then as it was.
pub fn write_catalog(
    config: &SyntheticConfig,
    root: &Path,
    ticks_done: &AtomicU64,
) -> Result<WrittenMarket, WriteError> {
    config.check()?;
    if fs::read_dir(root).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(WriteError::NotEmpty(root.to_owned()));
    }
    let partial = partial_path(root);
    remove_if_there(&partial)?;
    let result = write_symbols(config, &partial, ticks_done).and_then(|market| {
        fs::create_dir_all(&partial).map_err(io_error("create", &partial))?;
        fs::rename(&partial, root).map_err(io_error("rename", &partial))?;
        Ok(market)
    });
    if result.is_err() {
        remove_if_there(&partial)?;
    }
    result
}

/// `.NAME.partial` beside `root`.
fn partial_path(root: &Path) -> PathBuf {
    let name =
        root.file_name().map_or_else(|| "market".to_owned(), |name| name.to_string_lossy().into_owned());
    root.with_file_name(format!(".{name}.partial"))
}

fn remove_if_there(path: &Path) -> Result<(), WriteError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error("remove", path)(error)),
        _ => Ok(()),
    }
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> WriteError {
    let path = path.to_owned();
    move |error| WriteError::Io { action, path, error }
}

/// Writes all symbols, several at a time; the first error in the order of the symbols is the result.
fn write_symbols(
    config: &SyntheticConfig,
    root: &Path,
    ticks_done: &AtomicU64,
) -> Result<WrittenMarket, WriteError> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(config.symbols.len());
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    let work = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(symbol) = config.symbols.get(index) else { return };
            let result = write_symbol(config, symbol, root, ticks_done);
            if result.is_err() {
                // No further symbols: the run has failed.
                next.store(config.symbols.len(), Ordering::Relaxed);
            }
            results.lock().expect("no thread panics with the lock held").push((index, result));
        }
    };
    thread::scope(|scope| {
        (1..threads).for_each(|_| drop(scope.spawn(work)));
        work();
    });
    let mut results = results.into_inner().expect("all threads have ended");
    results.sort_by_key(|(index, _)| *index);
    let mut market = WrittenMarket::default();
    for (_, result) in results {
        market = market.plus(result?);
    }
    Ok(market)
}

fn write_symbol(
    config: &SyntheticConfig,
    symbol: &SymbolConfig,
    root: &Path,
    ticks_done: &AtomicU64,
) -> Result<WrittenMarket, WriteError> {
    let alone = SyntheticConfig { symbols: vec![symbol.clone()], ..*config };
    let mut sink = SymbolSink {
        trades: TickWriter::create(root, TickKind::Trades, &symbol.name)?,
        quotes: TickWriter::create(root, TickKind::Quotes, &symbol.name)?,
        ticks: 0,
        ticks_done,
    };
    let generated = generate(&alone, &mut sink)?;
    let (trades, quotes) = (sink.trades.finish()?, sink.quotes.finish()?);
    ticks_done.fetch_add(sink.ticks % PROGRESS_TICKS, Ordering::Relaxed);
    let written = Written {
        rows: trades.rows + quotes.rows,
        files: trades.files + quotes.files,
        bytes: trades.bytes + quotes.bytes,
    };
    Ok(WrittenMarket { generated, written })
}

impl WrittenMarket {
    fn plus(self, other: Self) -> Self {
        let (a, b) = (self.generated, other.generated);
        Self {
            generated: Generated {
                trades: a.trades + b.trades,
                quotes: a.quotes + b.quotes,
                first_ts: a.first_ts.into_iter().chain(b.first_ts).min(),
                last_ts: a.last_ts.max(b.last_ts),
            },
            written: Written {
                rows: self.written.rows + other.written.rows,
                files: self.written.files + other.written.files,
                bytes: self.written.bytes + other.written.bytes,
            },
        }
    }
}

/// Both tables of one symbol.
struct SymbolSink<'a> {
    trades: TickWriter,
    quotes: TickWriter,
    ticks: u64,
    ticks_done: &'a AtomicU64,
}

impl SymbolSink<'_> {
    fn count(&mut self) {
        self.ticks += 1;
        if self.ticks.is_multiple_of(PROGRESS_TICKS) {
            self.ticks_done.fetch_add(PROGRESS_TICKS, Ordering::Relaxed);
        }
    }
}

impl TickSink for SymbolSink<'_> {
    type Error = CatalogError;

    fn trade(&mut self, _symbol: &str, trade: &Trade) -> Result<(), CatalogError> {
        self.count();
        self.trades.trade(trade)
    }

    fn quote(&mut self, _symbol: &str, quote: &Quote) -> Result<(), CatalogError> {
        self.count();
        self.quotes.quote(quote)
    }
}
