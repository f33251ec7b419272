//! A chunk: consecutive rows of one file as plain columns.
//!
//! Memory is reused from chunk to chunk. Odd cells are marked in band ([`crate::Cell`]); where the mark
//! does not tell the value, its text stands in a side list that is empty for clean data.

use crate::{Cell, Column, TickKind, TradeId};
use model::Price;
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
    pub(crate) odd: Vec<OddCell>,
}

/// A cell whose mark does not tell its value.
#[derive(Debug)]
pub(crate) struct OddCell {
    pub row: usize,
    pub column: Column,
    pub text: String,
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
            odd: Vec::new(),
        }
    }

    /// How many rows.
    #[inline]
    pub fn rows(&self) -> usize {
        self.ts_event.len()
    }

    /// Empties the chunk for rows that start at `first_row`, and keeps its memory.
    pub(crate) fn restart(&mut self, kind: TickKind, first_row: u64) {
        self.kind = kind;
        self.first_row = first_row;
        self.ts_event.clear();
        self.ts_recv.clear();
        self.symbol.clear();
        self.numbers.iter_mut().for_each(Vec::clear);
        self.side.clear();
        self.trade_id.clear();
        self.odd.clear();
    }

    /// The values of a row as text: `price=NaN size=1 side=1`. `symbol` is added where it is given.
    pub fn raw(&self, row: usize, symbol: Option<&str>) -> String {
        let mut text = String::new();
        if let Some(odd) = self.odd_text(row, Column::TsEvent) {
            let _ = write!(text, "ts_event={odd} ");
        } else if self.ts_event[row] == crate::TIME_INVALID {
            text.push_str("ts_event=null ");
        }
        if let Some(symbol) = symbol {
            let _ = write!(text, "symbol={symbol:?} ");
        }
        for (column, numbers) in Column::numbers(self.kind).iter().zip(&self.numbers) {
            let _ = write!(text, "{}=", column.name());
            self.write_cell(&mut text, row, *column, numbers[row]);
            text.push(' ');
        }
        if let Some(&side) = self.side.get(row) {
            match self.odd_text(row, Column::Side) {
                Some(odd) => _ = write!(text, "side={odd} "),
                None => _ = write!(text, "side={side} "),
            }
        }
        if let Some(id) = self.trade_id.get(row) {
            let _ = write!(text, "trade_id={id} ");
        }
        text.truncate(text.trim_end().len());
        text
    }

    fn write_cell(&self, text: &mut String, row: usize, column: Column, raw: i64) {
        let _ = match Cell::from_raw(raw) {
            Cell::Value(value) => write!(text, "{}", Price::new(value)),
            Cell::Null => write!(text, "null"),
            Cell::NotANumber => write!(text, "NaN"),
            Cell::Infinite { negative: false } => write!(text, "inf"),
            Cell::Infinite { negative: true } => write!(text, "-inf"),
            Cell::TooManyDecimals { .. } | Cell::OutOfRange { .. } => {
                write!(text, "{}", self.odd_text(row, column).unwrap_or("?"))
            }
        };
    }

    fn odd_text(&self, row: usize, column: Column) -> Option<&str> {
        let found = self.odd.iter().find(|odd| odd.row == row && odd.column == column);
        found.map(|odd| odd.text.as_str())
    }
}
