//! A chunk: consecutive rows of one file as plain columns.
//!
//! Memory is reused from chunk to chunk. Odd cells are marked in band ([`crate::Cell`]); the decoded columns
//! stay beside them until the next chunk, so that a refused row can be shown as the file has it. Good rows
//! pay nothing for that.

use crate::{Column, TickKind, TradeId, convert};
use arrow_array::RecordBatch;
use std::fmt::Write;

/// The mark of a side that is null or none of 1, -1 and 0.
pub const SIDE_INVALID: i8 = i8::MIN;

/// The mark of a null symbol.
pub const SYMBOL_NULL: u32 = u32::MAX;

/// Consecutive rows of one file.
#[derive(Debug)]
pub struct Chunk {
    /// Which table they belong to.
    pub kind: TickKind,
    /// The row number of the first, from 1.
    pub first_row: u64,
    /// `ts_event` in ns, or [`crate::TIME_INVALID`].
    pub ts_event: Vec<i64>,
    /// `ts_recv` in ns, or [`crate::TIME_INVALID`]; empty if it was not asked for or is not there.
    pub ts_recv: Vec<i64>,
    /// Index into [`crate::TickReader::symbols`], or [`SYMBOL_NULL`].
    pub symbol: Vec<u32>,
    /// Raw cells of price and size, or of bid, ask, bid size and ask size.
    pub numbers: [Vec<i64>; 4],
    /// Sides of trades, or [`SIDE_INVALID`]; empty for quotes.
    pub side: Vec<i8>,
    /// Trade ids; empty if the file has none.
    pub trade_id: Vec<TradeId>,
    /// The rows as they were decoded, in order.
    batches: Vec<Batch>,
    /// Which column of the batches is which of ours.
    places: Vec<Place>,
}

/// Decoded rows.
#[derive(Debug)]
struct Batch {
    /// The chunk's index of the first of them.
    first: usize,
    rows: RecordBatch,
}

/// Where the batches of a file keep a column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub column: Column,
    /// Index among a batch's columns.
    pub index: usize,
}

impl Chunk {
    /// An empty chunk.
    pub fn new(kind: TickKind) -> Self {
        Self {
            kind,
            first_row: 1,
            ts_event: Vec::new(),
            ts_recv: Vec::new(),
            symbol: Vec::new(),
            numbers: [const { Vec::new() }; 4],
            side: Vec::new(),
            trade_id: Vec::new(),
            batches: Vec::new(),
            places: Vec::new(),
        }
    }

    /// How many rows.
    #[inline]
    pub fn rows(&self) -> usize {
        self.ts_event.len()
    }

    /// Empties the chunk for rows that start at `first_row`, and keeps its memory.
    pub(crate) fn restart(&mut self, kind: TickKind, first_row: u64, places: &[Place]) {
        self.kind = kind;
        self.first_row = first_row;
        self.ts_event.clear();
        self.ts_recv.clear();
        self.symbol.clear();
        self.numbers.iter_mut().for_each(Vec::clear);
        self.side.clear();
        self.trade_id.clear();
        self.batches.clear();
        self.places.clear();
        self.places.extend_from_slice(places);
    }

    /// Keeps decoded rows, the first of which is the chunk's row `first`.
    pub(crate) fn keep(&mut self, first: usize, rows: RecordBatch) {
        debug_assert_eq!(first + rows.num_rows(), self.rows(), "the rows kept are those that were appended");
        self.batches.push(Batch { first, rows });
    }

    /// The values of a row as the file has them: `price=NaN size=1 side=1`. A time is shown where it is
    /// invalid. `symbol` is added where it is given.
    pub fn raw(&self, row: usize, symbol: Option<&str>) -> String {
        let mut text = String::new();
        for (column, times) in [(Column::TsEvent, &self.ts_event), (Column::TsRecv, &self.ts_recv)] {
            if times.get(row) == Some(&crate::TIME_INVALID) {
                self.write_cell(&mut text, row, column);
            }
        }
        if let Some(symbol) = symbol {
            let _ = write!(text, "symbol={symbol:?} ");
        }
        for column in Column::numbers(self.kind) {
            self.write_cell(&mut text, row, *column);
        }
        if !self.side.is_empty() {
            self.write_cell(&mut text, row, Column::Side);
        }
        if let Some(id) = self.trade_id.get(row) {
            let _ = write!(text, "trade_id={id} ");
        }
        text.truncate(text.trim_end().len());
        text
    }

    fn write_cell(&self, text: &mut String, row: usize, column: Column) {
        let cell = self.cell_text(row, column);
        let _ = write!(text, "{}={} ", column.name(), cell.as_deref().unwrap_or("?"));
    }

    /// A cell as the file has it; `None` where its column was not read.
    fn cell_text(&self, row: usize, column: Column) -> Option<String> {
        let place = self.places.iter().find(|place| place.column == column)?;
        let after = self.batches.partition_point(|batch| batch.first <= row);
        let batch = self.batches.get(after.checked_sub(1)?)?;
        Some(convert::cell_text(batch.rows.column(place.index), row - batch.first))
    }
}
