//! Ticks of one symbol and kind as columns, on their way into a file.
//!
//! Why columns: pages are encoded from plain 64-bit integers as they stand here, without a copy in between.
//! Not here: columns of what was read (`chunk`), where odd cells are marked.

use crate::{Chunk, NULL_CELL, TickKind};
use model::{Event, Kind, Nanos, SymbolId};

/// Ticks of one symbol and kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TickRows {
    kind: TickKind,
    /// `ts_event`, ns.
    pub(crate) ts_event: Vec<i64>,
    /// Engine time, ns, which is when the engine had the tick.
    pub(crate) ts_recv: Vec<i64>,
    /// Price and size, or bid, ask, bid size and ask size, at 1e-9; [`NULL_CELL`] where a quote's size is unknown.
    pub(crate) numbers: [Vec<i64>; 4],
    /// Sides of trades.
    pub(crate) side: Vec<i8>,
}

impl TickRows {
    /// No rows.
    pub const fn new(kind: TickKind) -> Self {
        Self {
            kind,
            ts_event: Vec::new(),
            ts_recv: Vec::new(),
            numbers: [const { Vec::new() }; 4],
            side: Vec::new(),
        }
    }

    /// Which table they belong to.
    pub const fn kind(&self) -> TickKind {
        self.kind
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.ts_event.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The table that an event belongs to, if it is a tick.
    pub const fn kind_of(event: &Event) -> Option<TickKind> {
        match event.kind {
            Kind::TRADE => Some(TickKind::Trades),
            Kind::QUOTE => Some(TickKind::Quotes),
            _ => None,
        }
    }

    /// Appends a tick.
    ///
    /// # Panics
    /// If it belongs to the other table, or to none.
    #[inline]
    pub fn push(&mut self, event: &Event) {
        assert!(Self::kind_of(event) == Some(self.kind), "rows of a table are of its kind");
        // The payload's words are the columns' cells; a size that is unknown has the same mark in both.
        const { assert!(NULL_CELL == i64::MIN) };
        let [ts, first, second, third, fourth] = event.words;
        self.ts_event.push(ts);
        self.ts_recv.push(event.ts.0);
        self.numbers[0].push(first);
        self.numbers[1].push(second);
        match self.kind {
            TickKind::Trades => self.side.push(event.flags as i8),
            TickKind::Quotes => {
                self.numbers[2].push(third);
                self.numbers[3].push(fourth);
            }
        }
    }

    /// Appends rows of a chunk of the same kind, which a file of ours was read into.
    pub(crate) fn append(&mut self, chunk: &Chunk, rows: std::ops::Range<usize>) {
        debug_assert_eq!(chunk.kind, self.kind, "rows of a table are of its kind");
        self.ts_event.extend_from_slice(&chunk.ts_event[rows.clone()]);
        // A file without it is one of a catalog where both times are one.
        let received = if chunk.ts_recv.is_empty() { &chunk.ts_event } else { &chunk.ts_recv };
        self.ts_recv.extend_from_slice(&received[rows.clone()]);
        for (ours, theirs) in self.numbers.iter_mut().zip(&chunk.numbers) {
            if !theirs.is_empty() {
                ours.extend_from_slice(&theirs[rows.clone()]);
            }
        }
        if !chunk.side.is_empty() {
            self.side.extend_from_slice(&chunk.side[rows]);
        }
    }

    /// Gives them up, and keeps the memory.
    pub fn clear(&mut self) {
        self.ts_event.clear();
        self.ts_recv.clear();
        self.numbers.iter_mut().for_each(Vec::clear);
        self.side.clear();
    }

    /// The row at `index` as an event of a symbol, with engine time and without a sequence number.
    pub fn event(&self, index: usize, symbol: SymbolId) -> Event {
        let [first, second, third, fourth] = self.numbers.each_ref().map(|numbers| numbers.get(index));
        let word = |number: Option<&i64>| number.copied().unwrap_or_default();
        let (kind, side) = match self.kind {
            TickKind::Trades => (Kind::TRADE, self.side[index]),
            TickKind::Quotes => (Kind::QUOTE, 0),
        };
        let words = [self.ts_event[index], word(first), word(second), word(third), word(fourth)];
        let ts = Nanos(self.ts_recv[index]);
        Event { seq: 0, ts, symbol, kind, flags: side as u8, detail: 0, words }
    }

    /// `ts_event` of the row at `index`.
    pub fn ts_event(&self, index: usize) -> Nanos {
        Nanos(self.ts_event[index])
    }

    /// Puts them in order of time; those of one time stay in the order they came in.
    pub fn sort(&mut self) {
        if self.ts_event.is_sorted() {
            return;
        }
        let mut order: Vec<u32> = (0..self.len() as u32).collect();
        order.sort_by_key(|&row| self.ts_event[row as usize]);
        fn ordered<T: Copy>(column: &[T], order: &[u32]) -> Vec<T> {
            order.iter().map(|&row| column[row as usize]).collect()
        }
        self.ts_event = ordered(&self.ts_event, &order);
        self.ts_recv = ordered(&self.ts_recv, &order);
        for numbers in self.numbers.iter_mut().filter(|numbers| !numbers.is_empty()) {
            *numbers = ordered(numbers, &order);
        }
        if !self.side.is_empty() {
            self.side = ordered(&self.side, &order);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Price, Quantity, Quote, Trade};

    #[test]
    fn rows_of_one_time_stay_in_their_order() {
        let mut rows = TickRows::new(TickKind::Trades);
        for (ts, price, side) in [(3, 30, 1), (1, 10, -1), (3, 31, 0), (1, 11, 1)] {
            let (price, size) = (Price::new(price), Quantity::new(1));
            let trade = Trade { ts_event: Nanos(ts), price, size, aggressor: side };
            rows.push(&Event::trade(Nanos(9), SymbolId(0), trade));
        }
        rows.sort();
        assert_eq!(rows.ts_event, [1, 1, 3, 3]);
        assert_eq!(rows.numbers[0], [10, 11, 30, 31]);
        assert_eq!(rows.side, [-1, 1, 1, 0]);
        let trade = Trade { ts_event: Nanos(3), price: Price::new(30), size: Quantity::new(1), aggressor: 1 };
        assert_eq!(rows.event(2, SymbolId(0)), Event::trade(Nanos(9), SymbolId(0), trade));
    }

    #[test]
    fn a_quote_without_sizes_has_null_cells() {
        let mut rows = TickRows::new(TickKind::Quotes);
        let (bid, ask) = (Price::new(1), Price::new(2));
        let quote = Quote { ts_event: Nanos(5), bid, ask, bid_size: None, ask_size: Some(Quantity::new(7)) };
        rows.push(&Event::quote(Nanos(9), SymbolId(0), quote));
        assert_eq!(rows.event(0, SymbolId(3)), Event::quote(Nanos(9), SymbolId(3), quote));
        assert_eq!(rows.numbers.map(|numbers| numbers[0]), [1, 2, NULL_CELL, 7]);
    }
}
