//! A stream: the rows of one symbol in one file, in the order they are to be judged.

use crate::decode::Rows;
use crate::options::ReplayClock;
use catalog::{TickKind, TradeId};
use feed::{ReorderWindow, SourceHistory};
use model::{Event, Nanos, SymbolId};

/// A consumed front of this many rows is given up.
const COMPACT_ROWS: usize = 8_192;

/// The place of a row in the merged order; `class` is 0 for "rows of a file may follow from here".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub ts: Nanos,
    pub class: u8,
    pub symbol: SymbolId,
    pub file: u32,
    /// The stream, or the turn if `class` is 0.
    pub target: u32,
}

/// The rows of one symbol in one file.
pub(crate) struct Stream {
    pub turn: usize,
    pub symbol: SymbolId,
    pub class: u8,
    pub file: u32,
    pub index: u32,
    /// What is remembered of the symbol and kind: an index into the merger's histories.
    pub history: usize,
    pub past: SourceHistory,
    /// Whether its head stands in the merger's heap.
    pub is_queued: bool,
    pub events: Vec<Event>,
    /// Ids of the events; empty if the file has none.
    pub ids: Vec<TradeId>,
    /// The next row.
    pub head: usize,
    reorder: Option<ReorderWindow<(Event, TradeId)>>,
    clock: ReplayClock,
    latest_recv: Nanos,
    has_ids: bool,
}

/// A row came too late to be sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLate;

/// Where a stream comes from.
pub(crate) struct Origin {
    pub turn: usize,
    pub file: u32,
    pub index: u32,
    pub kind: TickKind,
    pub symbol: SymbolId,
}

/// The class of a kind in [`Place`]: quotes before trades.
pub(crate) const fn class_of(kind: TickKind) -> u8 {
    match kind {
        TickKind::Quotes => 1,
        TickKind::Trades => 2,
    }
}

impl Stream {
    pub(crate) fn new(origin: &Origin, clock: ReplayClock, reorder_window: Nanos) -> Self {
        let class = class_of(origin.kind);
        Self {
            turn: origin.turn,
            symbol: origin.symbol,
            class,
            file: origin.file,
            index: origin.index,
            history: origin.symbol.index() * 2 + usize::from(class - 1),
            past: SourceHistory::default(),
            is_queued: false,
            events: Vec::new(),
            ids: Vec::new(),
            head: 0,
            reorder: (reorder_window.0 > 0).then(|| ReorderWindow::new(reorder_window)),
            clock,
            latest_recv: Nanos::MIN,
            has_ids: false,
        }
    }

    /// Whether no row waits to be judged.
    pub(crate) fn is_drained(&self) -> bool {
        self.head == self.events.len()
    }

    /// The place of a row at `ts`.
    pub(crate) fn place(&self, ts: Nanos) -> Place {
        Place { ts, class: self.class, symbol: self.symbol, file: self.file, target: self.index }
    }

    /// The place of its next row.
    pub(crate) fn head_place(&self) -> Option<Place> {
        self.events.get(self.head).map(|event| self.place(event.ts))
    }

    /// The earliest row that is held back to be sorted, in engine time.
    pub(crate) fn earliest_held(&self) -> Option<Nanos> {
        let held = self.reorder.as_ref()?.held().map(|(event, _)| event.ts).min()?;
        Some(if self.clock == ReplayClock::Recv { held.max(self.latest_recv) } else { held })
    }

    /// Whether rows are held back to be sorted.
    pub(crate) fn holds_back(&self) -> bool {
        self.reorder.as_ref().is_some_and(|reorder| reorder.earliest().is_some())
    }

    /// Whether rows are sorted within a window.
    pub(crate) fn sorts(&self) -> bool {
        self.reorder.is_some()
    }

    /// Takes all rows of a chunk by swapping memory. Only when drained, and only rows of its symbol; not if it sorts.
    pub(crate) fn take_all(&mut self, rows: &mut Rows) {
        debug_assert!(self.is_drained() && !self.sorts(), "rows that wait are not given up");
        self.head = 0;
        std::mem::swap(&mut self.events, &mut rows.events);
        std::mem::swap(&mut self.ids, &mut rows.ids);
        self.has_ids = !self.ids.is_empty();
        if self.clock == ReplayClock::Recv {
            for event in &mut self.events {
                self.latest_recv = self.latest_recv.max(event.ts);
                event.ts = self.latest_recv;
            }
        }
    }

    /// Gives up its memory, once nothing more comes.
    pub(crate) fn take_memory(&mut self) -> Rows {
        debug_assert!(self.is_drained(), "rows that wait are not given up");
        self.head = 0;
        let (events, ids) = (std::mem::take(&mut self.events), std::mem::take(&mut self.ids));
        Rows { events, ids, rejects: Vec::new() }
    }

    /// Takes a row.
    ///
    /// # Errors
    /// [`TooLate`], if it is further behind the newest than the window allows.
    pub(crate) fn push(&mut self, event: Event, id: Option<TradeId>) -> Result<(), TooLate> {
        self.has_ids |= id.is_some();
        let id = id.unwrap_or(TradeId::NONE);
        let Some(mut reorder) = self.reorder.take() else {
            self.release(event, id);
            return Ok(());
        };
        let taken = reorder.push(event.tick_ts_event(), (event, id), |(event, id)| self.release(event, id));
        self.reorder = Some(reorder);
        taken.map_err(|_| TooLate)
    }

    /// No row follows: what is held back has found its order.
    pub(crate) fn finish(&mut self) {
        if let Some(mut reorder) = self.reorder.take() {
            reorder.finish(|(event, id)| self.release(event, id));
            self.reorder = Some(reorder);
        }
    }

    fn release(&mut self, mut event: Event, id: TradeId) {
        if self.clock == ReplayClock::Recv {
            self.latest_recv = self.latest_recv.max(event.ts);
            event.ts = self.latest_recv;
        }
        self.compact();
        self.events.push(event);
        if self.has_ids {
            self.ids.push(id);
        }
    }

    fn compact(&mut self) {
        if self.is_drained() {
            self.events.clear();
            self.ids.clear();
            self.head = 0;
        } else if self.head >= COMPACT_ROWS && self.head * 2 >= self.events.len() {
            self.events.drain(..self.head);
            if self.has_ids {
                self.ids.drain(..self.head);
            }
            self.head = 0;
        }
    }
}
