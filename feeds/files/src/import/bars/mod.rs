//! `bars`: CSV of open, high, low, close and volume, made into four trades a bar.
//!
//! ```text
//! scan:  every file once: rows, symbols, the differences of successive times -> the bars' length
//! merge: all files in order of (time, symbol, file, row) -> checks -> four trades -> one writer a symbol
//! ```
//!
//! Why two passes: where a bar's trades lie depends on its length, which the file does not say, and dense ids of
//! symbols follow the order of all names. Memory holds one row of each file whose time has come.
//!
//! What the trades are: the contract's open, extreme nearer the open, other extreme, close, at 0, ¼, ½ and ¾ of the
//! bar, a quarter of the volume each, rounded down to 1e-9, the remainder on the last. Where both extremes are equally
//! near, the low comes first. Bars of the same length, aligned to UTC, made of these trades are the file's bars,
//! exactly. `ts` is the start of a bar. The side is unknown.
//!
//! A bar is refused whole: when one of its four trades would be (`bar`, `history`), when its high or low contradicts
//! its other prices, when it starts before the last trade of the bar before it (`timestamp_regression`) or at the same
//! time (`duplicate`: a bar's time is its id). A bar without volume is no trade (`size_not_positive`), and a volume
//! whose quarter is below 1e-9 has none to give (`size_not_representable`).
//! Not here: files, text and numbers (the modules above), what makes a tick good (`feed`).

mod bar;
mod file;
mod history;
mod length;
mod merge;
mod scan;

pub(crate) use bar::TRADES;
pub(crate) use length::length_text;
pub(crate) use merge::merge;
pub(crate) use scan::{Scan, scan};

use model::Nanos;

/// How the source of ticks begins that were made of bars; the bars' length follows.
const SOURCE: &str = "bars ";

/// Whether a source of ticks ([`catalog::DataFile::source`]) says that they were made of bars.
pub fn is_bars(source: &str) -> bool {
    source.starts_with(SOURCE)
}

/// The source of ticks made of bars of a length.
fn source(length: Nanos) -> String {
    format!("{SOURCE}{}", length_text(length))
}

/// How long the bars of an import are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BarLength {
    /// The length.
    pub length: Nanos,
    /// Whether it was inferred from the times rather than given.
    pub is_inferred: bool,
}

impl std::fmt::Display for BarLength {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&length_text(self.length))
    }
}
