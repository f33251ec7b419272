//! The second pass: the bars of all files in one order, judged, cut into trades and written.
//!
//! A heap holds the next bar of every open file and, for files not opened yet, a time before which they have none. So
//! files are open only while their turn is, and are merged as a replay would merge them.

use super::bar::{PRICES, RawBar, TRADES, parse_fault};
use super::file::{BarFile, Shape};
use super::history::BarHistory;
use super::scan::Scan;
use crate::import::error::ImportError;
use crate::import::number::Amount;
use crate::import::options::{ImportOptions, VOLUME};
use crate::import::reason::Fault;
use crate::import::rejects::{Refused, RejectLog};
use crate::import::{ImportProgress, Totals};
use catalog::{TickKind, TickWriter};
use feed::SymbolRules;
use model::{Nanos, SymbolId, Trade};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::Path;
use std::sync::atomic::Ordering;

/// The place of a bar in the merged order: time, symbol, file.
type Place = (Nanos, SymbolId, usize);

/// The next bar of a file.
struct Head {
    symbol: SymbolId,
    trades: [Trade; TRADES],
}

/// A file.
enum Lane {
    Waiting,
    Open(Box<BarFile>, Head),
    Through,
}

/// A symbol's way into the catalog.
struct Target {
    rules: SymbolRules,
    history: BarHistory,
    writer: Option<TickWriter>,
}

struct Merger<'a> {
    options: &'a ImportOptions,
    scan: &'a Scan,
    /// The bars' length; any where no bar has a time.
    length: Nanos,
    source: String,
    root: &'a Path,
    lanes: Vec<Lane>,
    heap: BinaryHeap<Reverse<Place>>,
    targets: Vec<Target>,
    rejects: &'a mut RejectLog,
    totals: Totals,
}

/// Writes the trades of all bars into the catalog at `root`, which is new.
///
/// # Errors
/// [`ImportError`]; what was written is then of no use.
pub(crate) fn merge(
    options: &ImportOptions,
    scan: &Scan,
    root: &Path,
    rejects: &mut RejectLog,
    progress: &ImportProgress,
) -> Result<Totals, ImportError> {
    let target = |(_, name): (SymbolId, &str)| {
        let rules = (options.symbol_rules)(name);
        Target { history: BarHistory::new(&rules), rules, writer: None }
    };
    let length = scan.length.map_or(Nanos(TRADES as i64), |known| known.length);
    let mut merger = Merger {
        options,
        scan,
        length,
        source: super::source(length),
        root,
        lanes: options.files.iter().map(|_| Lane::Waiting).collect(),
        heap: BinaryHeap::new(),
        targets: scan.symbols.iter().map(target).collect(),
        rejects,
        totals: Totals::default(),
    };
    // A file without a time has no bar either, but its rows are read, too.
    let starts = scan.first.iter().map(|first| first.unwrap_or(Nanos::MIN)).enumerate();
    merger.heap.extend(starts.map(|(file, first)| Reverse((first, SymbolId(0), file))));
    merger.run(progress)?;
    merger.finish()
}

impl Merger<'_> {
    fn run(&mut self, progress: &ImportProgress) -> Result<(), ImportError> {
        while let Some(Reverse((.., file))) = self.heap.pop() {
            if progress.stop.load(Ordering::Relaxed) {
                return Err(ImportError::Stopped(self.options.out.clone()));
            }
            let rows = self.totals.rows_read;
            match std::mem::replace(&mut self.lanes[file], Lane::Through) {
                Lane::Waiting => {
                    let path = &self.options.files[file];
                    self.next(file, Box::new(BarFile::open(path, &self.options.columns)?))?;
                }
                Lane::Open(bars, head) => {
                    self.judge(file, &bars, &head)?;
                    self.next(file, bars)?;
                }
                Lane::Through => unreachable!("a file that is through has no place in the heap"),
            }
            progress.ticks.fetch_add((self.totals.rows_read - rows) * TRADES as u64, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Goes to a file's next bar that stands on its own; refuses the rows before it.
    fn next(&mut self, file: usize, mut bars: Box<BarFile>) -> Result<(), ImportError> {
        while let Some(shape) = bars.advance()? {
            self.totals.rows_read += 1;
            match self.read(&bars, shape) {
                Ok(head) => {
                    self.heap.push(Reverse((head.trades[0].ts_event, head.symbol, file)));
                    self.lanes[file] = Lane::Open(bars, head);
                    return Ok(());
                }
                Err(fault) => self.refuse(file, &bars, shape, fault)?,
            }
        }
        Ok(())
    }

    /// The checks of a row alone.
    fn read(&self, bars: &BarFile, shape: Shape) -> Result<Head, Fault> {
        if shape == Shape::Broken {
            return Err(parse_fault(None));
        }
        let excess = self.options.excess;
        let mut prices = [Amount::Null; 4];
        for (at, price) in prices.iter_mut().enumerate() {
            *price = bars.price(at, excess).ok_or(parse_fault(Some(PRICES[at])))?;
        }
        let volume = bars.volume(excess).ok_or(parse_fault(Some(VOLUME)))?;
        let symbol = self.symbol(bars);
        let raw = RawBar { ts_event: bars.ts_event(self.options.ts_unit), symbol, prices, volume };
        let allow_negative =
            symbol.is_some_and(|symbol| self.targets[symbol.index()].rules.allow_negative_price);
        let trades = raw.trades(self.length, allow_negative)?;
        Ok(Head { symbol: symbol.expect("a row that passed has a symbol"), trades })
    }

    fn symbol(&self, bars: &BarFile) -> Option<SymbolId> {
        self.scan.symbol(bars.symbol())
    }

    /// The checks that remember, and the catalog for a bar that passes them.
    fn judge(&mut self, file: usize, bars: &BarFile, head: &Head) -> Result<(), ImportError> {
        let target = &mut self.targets[head.symbol.index()];
        if let Err(fault) = target.history.admit(&head.trades, self.options.rules.max_price_jump) {
            return self.refuse(file, bars, Shape::Cells, fault);
        }
        let writer = match &mut target.writer {
            Some(writer) => writer,
            None => {
                let name = self.scan.symbols.name(head.symbol);
                let writer = TickWriter::create(self.root, TickKind::Trades, name)?;
                target.writer.insert(writer.with_source(&self.source))
            }
        };
        self.totals.rows_accepted += 1;
        for trade in &head.trades {
            writer.trade(trade)?;
            self.totals.tick(trade.ts_event);
        }
        Ok(())
    }

    fn refuse(&mut self, file: usize, bars: &BarFile, shape: Shape, fault: Fault) -> Result<(), ImportError> {
        let (mut symbol, mut ts_event) = (None, None);
        if shape == Shape::Cells {
            symbol = self.symbol(bars).map(|symbol| self.scan.symbols.name(symbol));
            ts_event = bars.ts_event(self.options.ts_unit);
        }
        let path = &self.options.files[file];
        self.rejects.refuse(&Refused {
            file: path,
            row: bars.row(),
            fault,
            raw: &bars.raw(),
            symbol,
            ts_event,
        })
    }

    fn finish(self) -> Result<Totals, ImportError> {
        for writer in self.targets.into_iter().filter_map(|target| target.writer) {
            writer.finish()?;
        }
        Ok(self.totals)
    }
}
