//! A file of bars, row by row.

use super::bar::PRICES;
use crate::import::error::ImportError;
use crate::import::header::Header;
use crate::import::lines::{Line, Lines};
use crate::import::number::{Amount, parse_amount};
use crate::import::options::{ColumnNames, SYMBOL, TS_EVENT, VOLUME};
use crate::import::record::Splitter;
use crate::import::time::parse_time;
use catalog::{Excess, TsUnit};
use feed::Time;
use std::path::Path;

/// Whether a row has the header's cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// It has.
    Cells,
    /// It has more or fewer, or a quote that is never closed: it is no row of the format.
    Broken,
}

/// Reads bars from a file.
pub(super) struct BarFile {
    lines: Lines,
    splitter: Splitter,
    width: usize,
    ts_event: usize,
    symbol: Option<usize>,
    prices: [usize; 4],
    volume: usize,
}

impl BarFile {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// [`ImportError`] where it is no file of bars.
    pub(super) fn open(path: &Path, names: &ColumnNames) -> Result<Self, ImportError> {
        let (mut lines, mut splitter) = (Lines::open(path)?, Splitter::new());
        let header = Header::read(&mut lines, &mut splitter, names)?;
        let width = header.width();
        let (ts_event, symbol) = (header.require(TS_EVENT)?, header.find(SYMBOL)?);
        let mut prices = [0; 4];
        for (place, name) in prices.iter_mut().zip(PRICES) {
            *place = header.require(name)?;
        }
        let volume = header.require(VOLUME)?;
        Ok(Self { lines, splitter, width, ts_event, symbol, prices, volume })
    }

    /// Goes to the next row; `None` at the end.
    ///
    /// # Errors
    /// [`ImportError`] where the file cannot be read further.
    pub(super) fn advance(&mut self) -> Result<Option<Shape>, ImportError> {
        let Some(line) = self.lines.advance()? else { return Ok(None) };
        let is_row = line == Line::Whole
            && self.splitter.split(self.lines.bytes())
            && self.splitter.cells() == self.width;
        Ok(Some(if is_row { Shape::Cells } else { Shape::Broken }))
    }

    /// Whether it has a column of symbols.
    pub(super) fn has_symbols(&self) -> bool {
        self.symbol.is_some()
    }

    /// The row's time.
    pub(super) fn ts_event(&self, unit: TsUnit) -> Time {
        parse_time(self.splitter.cell(self.ts_event), unit)
    }

    /// The row's symbol as it stands there; empty where it has none.
    pub(super) fn symbol(&self) -> &str {
        self.symbol.map_or("", |column| self.splitter.cell(column))
    }

    /// A price in the order of [`PRICES`]; `None` if it is no number.
    pub(super) fn price(&self, at: usize, excess: Excess) -> Option<Amount> {
        parse_amount(self.splitter.cell(self.prices[at]), excess)
    }

    /// The volume; `None` if it is no number.
    pub(super) fn volume(&self, excess: Excess) -> Option<Amount> {
        parse_amount(self.splitter.cell(self.volume), excess)
    }

    /// The row's line.
    pub(super) fn row(&self) -> u64 {
        self.lines.number()
    }

    /// The row as it stands in the file.
    pub(super) fn raw(&self) -> String {
        self.lines.shown()
    }

    /// The hash of all that was read.
    pub(super) fn content_hash(&self) -> u128 {
        self.lines.content_hash()
    }
}
