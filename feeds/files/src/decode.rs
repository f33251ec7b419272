//! From chunks of columns to rows that stand alone: events, and rejects with their reasons.
//!
//! Runs on the workers and depends on nothing but the file and the settings. An event carries its row
//! number in `seq` until the merger hands it on.

use crate::bounds::Bounds;
use crate::options::{ReplayClock, TimeSource};
use catalog::{Cell, Chunk, Column, ReadOptions, SIDE_INVALID, SYMBOL_NULL, TIME_INVALID, TickKind};
use catalog::{DataFile, TickReader, TimeRange, TradeId};
use feed::{Fault, FeedError, Number, RawQuote, RawTrade, Reject, RejectReason};
use model::{Event, Nanos, Price, Quantity, Quote, SymbolId, SymbolTable, Trade, normalise_symbol};
use std::sync::Arc;

/// What every worker and the merger know.
pub(crate) struct Context {
    pub read: ReadOptions,
    pub symbols: SymbolTable,
    /// Names by id, to be shared with rejects.
    pub names: Vec<Arc<str>>,
    /// Whether ticks of an id are wanted.
    pub subscribed: Vec<bool>,
    pub allow_negative_price: Vec<bool>,
    pub clock: ReplayClock,
    pub range: TimeRange,
    pub time_source: Option<TimeSource>,
}

/// A file of the run.
#[derive(Debug)]
pub(crate) struct SourceFile {
    pub file: Arc<DataFile>,
    pub name: Arc<str>,
}

impl SourceFile {
    pub(crate) fn new(file: &Arc<DataFile>) -> Self {
        Self { file: Arc::clone(file), name: Arc::from(file.path.to_string_lossy()) }
    }

    /// Whether rows of several symbols must be told apart.
    pub(crate) fn is_mixed(&self) -> bool {
        self.file.symbols.len() > 1
    }
}

/// Rows of a file that stand alone, in file order.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub events: Vec<Event>,
    /// Trade ids of the events; empty if the file has none.
    pub ids: Vec<TradeId>,
    pub rejects: Vec<Reject>,
}

impl Rows {
    fn clear(&mut self) {
        self.events.clear();
        self.ids.clear();
        self.rejects.clear();
    }
}

/// What a symbol of the file means for the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Wanted(SymbolId),
    Unwanted,
    Invalid,
}

/// Decodes one file.
pub(crate) struct Decoder {
    context: Arc<Context>,
    source: Arc<SourceFile>,
    reader: TickReader,
    chunk: Chunk,
    /// By key of the reader's symbols.
    slots: Vec<Slot>,
    bounds: Option<Bounds>,
}

fn source_error(error: impl std::error::Error + Send + Sync + 'static) -> FeedError {
    FeedError::Source(Box::new(error))
}

impl Decoder {
    /// Opens a file.
    pub(crate) fn open(context: &Arc<Context>, source: &Arc<SourceFile>) -> Result<Self, FeedError> {
        let location = &source.file.location;
        let bounds = if source.is_mixed() {
            let times =
                TickReader::open_times(location, &context.read, context.range).map_err(source_error)?;
            Some(Bounds::scan(times, context.clock == ReplayClock::Recv).map_err(source_error)?)
        } else {
            None
        };
        let reader = TickReader::open(location, &context.read, context.range).map_err(source_error)?;
        let chunk = Chunk::new(reader.kind());
        let (context, source) = (Arc::clone(context), Arc::clone(source));
        Ok(Self { context, source, reader, chunk, slots: Vec::new(), bounds })
    }

    /// Fills `rows` with the next rows that are wanted; `false` at the end of the file.
    pub(crate) fn next_rows(&mut self, rows: &mut Rows) -> Result<bool, FeedError> {
        rows.clear();
        while rows.events.is_empty() && rows.rejects.is_empty() {
            if !self.reader.next_chunk(&mut self.chunk).map_err(source_error)? {
                return Ok(false);
            }
            self.resolve_symbols()?;
            match self.chunk.kind {
                TickKind::Trades => self.fill(rows, Self::fast_trade, Self::checked_trade),
                TickKind::Quotes => self.fill(rows, Self::fast_quote, Self::checked_quote),
            }
        }
        Ok(true)
    }

    /// No row after those handed out is earlier than this in engine time. Only for mixed files.
    pub(crate) fn bound(&self) -> Option<Nanos> {
        let next_row = self.chunk.first_row + self.chunk.rows() as u64;
        let bound = Nanos(self.bounds.as_ref()?.after(next_row));
        Some(match self.context.clock {
            ReplayClock::Event { latency } => bound.max(self.context.range.from).saturating_add(latency),
            ReplayClock::Recv => bound,
        })
    }

    /// Gives meaning to the symbols that the last chunk brought.
    fn resolve_symbols(&mut self) -> Result<(), FeedError> {
        for text in &self.reader.symbols()[self.slots.len()..] {
            let context = &self.context;
            let renamed = match (&context.read.symbol, self.source.file.symbols.as_slice()) {
                (Some(_), [renamed]) => Some(renamed),
                _ => None,
            };
            let slot = match normalise_symbol(text).map(|name| renamed.cloned().unwrap_or(name)) {
                Err(_) => Slot::Invalid,
                Ok(name) => match context.symbols.id(&name) {
                    Some(id) if self.source.file.symbols.contains(&name) => {
                        if context.subscribed[id.index()] { Slot::Wanted(id) } else { Slot::Unwanted }
                    }
                    _ => {
                        let file = &self.source.name;
                        return Err(FeedError::Configuration(format!(
                            "{file} holds rows of {name}, which it did not when it was listed; start again"
                        )));
                    }
                },
            };
            self.slots.push(slot);
        }
        Ok(())
    }

    fn slot(&self, row: usize) -> Slot {
        match self.chunk.symbol[row] {
            SYMBOL_NULL => Slot::Invalid,
            key => self.slots[key as usize],
        }
    }

    /// Engine time of a row whose `ts_event` is valid.
    #[inline]
    fn engine_time(&self, row: usize, ts_event: Nanos) -> Option<Nanos> {
        match self.context.clock {
            ReplayClock::Event { latency } => Some(ts_event.saturating_add(latency)),
            ReplayClock::Recv => {
                self.chunk.ts_recv.get(row).copied().filter(|ts| *ts != TIME_INVALID).map(Nanos)
            }
        }
    }

    /// Goes through the chunk. `fast` makes an event of a row that is plainly good; `checked` judges the others.
    #[inline]
    fn fill(
        &self,
        rows: &mut Rows,
        fast: impl Fn(&Self, usize, SymbolId) -> Option<Event>,
        checked: impl Fn(&Self, usize, Option<SymbolId>) -> Result<Event, Fault>,
    ) {
        let has_ids = self.reader.has(Column::TradeId);
        for row in 0..self.chunk.rows() {
            let ts = self.chunk.ts_event[row];
            if ts != TIME_INVALID && !self.context.range.contains(Nanos(ts)) {
                continue;
            }
            let (made, symbol) = match self.slot(row) {
                Slot::Unwanted => continue,
                Slot::Wanted(symbol) => (fast(self, row, symbol), Some(symbol)),
                Slot::Invalid => (None, None),
            };
            let judged = made.map_or_else(|| checked(self, row, symbol), Ok);
            match judged {
                Ok(mut event) => {
                    event.seq = self.chunk.first_row + row as u64;
                    rows.events.push(event);
                    if has_ids {
                        rows.ids.push(self.chunk.trade_id[row]);
                    }
                }
                Err(fault) => rows.rejects.push(self.reject(row, symbol, fault)),
            }
        }
    }

    #[inline]
    fn fast_trade(&self, row: usize, symbol: SymbolId) -> Option<Event> {
        let [prices, sizes, ..] = &self.chunk.numbers;
        let (ts, price, size, side) =
            (self.chunk.ts_event[row], prices[row], sizes[row], self.chunk.side[row]);
        // The marks of odd cells are negative, so positive means a number in range.
        if ts == TIME_INVALID || price <= 0 || size <= 0 || side == SIDE_INVALID {
            return None;
        }
        let ts_event = Nanos(ts);
        let trade = Trade { ts_event, price: Price::new(price), size: Quantity::new(size), aggressor: side };
        Some(Event::trade(self.engine_time(row, ts_event)?, symbol, trade))
    }

    #[inline]
    fn fast_quote(&self, row: usize, symbol: SymbolId) -> Option<Event> {
        let [bids, asks, bid_sizes, ask_sizes] = &self.chunk.numbers;
        let (ts, bid, ask) = (self.chunk.ts_event[row], bids[row], asks[row]);
        let (bid_size, ask_size) = (bid_sizes[row], ask_sizes[row]);
        let size_ok = |size: i64| size >= 0 || size == catalog::NULL_CELL;
        if ts == TIME_INVALID || bid <= 0 || ask <= 0 || !size_ok(bid_size) || !size_ok(ask_size) {
            return None;
        }
        let size = |size: i64| if size < 0 { None } else { Some(Quantity::new(size)) };
        let ts_event = Nanos(ts);
        let quote = Quote {
            ts_event,
            bid: Price::new(bid),
            ask: Price::new(ask),
            bid_size: size(bid_size),
            ask_size: size(ask_size),
        };
        Some(Event::quote(self.engine_time(row, ts_event)?, symbol, quote))
    }

    fn number(&self, column: usize, row: usize) -> Number {
        match Cell::from_raw(self.chunk.numbers[column][row]) {
            Cell::Value(value) => Number::Value(value),
            Cell::Null => Number::Null,
            Cell::NotANumber => Number::NotANumber,
            Cell::Infinite { negative } => Number::Infinite { negative },
            Cell::TooManyDecimals { negative } | Cell::OutOfRange { negative } => {
                Number::NotRepresentable { negative }
            }
        }
    }

    fn times(&self, row: usize) -> Result<(Nanos, Nanos), Fault> {
        let fault = |column| Fault { reason: RejectReason::TimestampInvalid, column };
        let ts_event = self.ts_event(row).ok_or(fault("ts_event"))?;
        let engine = self.engine_time(row, ts_event).ok_or(fault("ts_recv"))?;
        Ok((ts_event, engine))
    }

    fn ts_event(&self, row: usize) -> Option<Nanos> {
        Some(Nanos(self.chunk.ts_event[row])).filter(|ts| ts.0 != TIME_INVALID)
    }

    fn allows_negative(&self, symbol: Option<SymbolId>) -> bool {
        symbol.is_some_and(|id| self.context.allow_negative_price[id.index()])
    }

    #[cold]
    fn checked_trade(&self, row: usize, symbol: Option<SymbolId>) -> Result<Event, Fault> {
        let (ts_event, engine) = self.times(row)?;
        let raw = RawTrade {
            ts_event: Some(ts_event),
            symbol,
            price: self.number(0, row),
            size: self.number(1, row),
            side: Some(self.chunk.side[row]).filter(|side| *side != SIDE_INVALID),
        };
        let trade = raw.check(self.allows_negative(symbol))?;
        Ok(Event::trade(engine, symbol.expect("a row that passed has a symbol"), trade))
    }

    #[cold]
    fn checked_quote(&self, row: usize, symbol: Option<SymbolId>) -> Result<Event, Fault> {
        let (ts_event, engine) = self.times(row)?;
        let raw = RawQuote {
            ts_event: Some(ts_event),
            symbol,
            bid: self.number(0, row),
            ask: self.number(1, row),
            bid_size: self.number(2, row),
            ask_size: self.number(3, row),
        };
        let quote = raw.check(self.allows_negative(symbol))?;
        Ok(Event::quote(engine, symbol.expect("a row that passed has a symbol"), quote))
    }

    #[cold]
    fn reject(&self, row: usize, symbol: Option<SymbolId>, fault: Fault) -> Reject {
        let text = match self.chunk.symbol[row] {
            SYMBOL_NULL => "",
            key => &self.reader.symbols()[key as usize],
        };
        Reject {
            file: Arc::clone(&self.source.name),
            row: self.chunk.first_row + row as u64,
            column: fault.column,
            reason: fault.reason,
            raw: self.chunk.raw(row, symbol.is_none().then_some(text)),
            symbol: symbol.map(|id| Arc::clone(&self.context.names[id.index()])),
            ts_event: self.ts_event(row),
        }
    }
}
