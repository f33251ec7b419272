//! Records: what the engine made of an input, each whole in itself but for the names of symbols, timeframes and
//! indicators ([`crate::Dictionary`]).

use model::{Account, Bar, Decision, Fill, Nanos, Order, OrderState, Quantity, SymbolId};

/// One result.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// A bar closed.
    Bar {
        /// At this input.
        seq: u64,
        /// The bar.
        bar: Bar,
    },
    /// The values of all indicators of a timeframe at a bar, in the order of the run's schema; NaN: not complete yet.
    Indicators {
        /// At this input.
        seq: u64,
        /// Whose.
        symbol: SymbolId,
        /// Index of the timeframe in the run's list.
        timeframe: u8,
        /// The bar's end.
        ts_close: Nanos,
        /// The values.
        values: Box<[f64]>,
    },
    /// The agents decided.
    Decision {
        /// At this input.
        seq: u64,
        /// In engine time.
        ts: Nanos,
        /// What.
        decision: Box<Decision>,
    },
    /// An order was sent, or changed its state. Of several of one order, the last holds.
    Order {
        /// At this input.
        seq: u64,
        /// In engine time.
        ts: Nanos,
        /// How it stands now.
        state: OrderState,
    },
    /// An order, or a part of it, was filled.
    Fill {
        /// At this input.
        seq: u64,
        /// In engine time.
        ts: Nanos,
        /// The fill.
        fill: Fill,
        /// The order.
        order: Order,
    },
    /// The account after an input that is worth a row of the run folder's `equity.parquet`.
    Account {
        /// At this input.
        seq: u64,
        /// In engine time.
        ts: Nanos,
        /// The figures.
        account: Account,
    },
    /// A position after a fill.
    Position {
        /// At this input.
        seq: u64,
        /// In engine time.
        ts: Nanos,
        /// Whose.
        symbol: SymbolId,
        /// How much is held, signed.
        quantity: Quantity,
    },
}

impl Record {
    /// The input that it comes of.
    pub const fn seq(&self) -> u64 {
        match self {
            Self::Bar { seq, .. }
            | Self::Indicators { seq, .. }
            | Self::Decision { seq, .. }
            | Self::Order { seq, .. }
            | Self::Fill { seq, .. }
            | Self::Account { seq, .. }
            | Self::Position { seq, .. } => *seq,
        }
    }
    /// Engine time: of the input, or of the boundary that is the bar's end.
    pub const fn ts(&self) -> Nanos {
        match self {
            Self::Bar { bar, .. } => bar.ts_close,
            Self::Indicators { ts_close, .. } => *ts_close,
            Self::Decision { ts, .. }
            | Self::Order { ts, .. }
            | Self::Fill { ts, .. }
            | Self::Account { ts, .. }
            | Self::Position { ts, .. } => *ts,
        }
    }
}
