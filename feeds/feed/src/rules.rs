//! What is checked, and how strictly: the checked form of the `ingest` settings.

use crate::MarketHours;
use model::{Nanos, Rate};

/// What a bad row does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnBadRow {
    /// It is counted and kept aside; every good row is used.
    #[default]
    Reject,
    /// The first one ends the run.
    Fail,
}

/// Rules for all symbols.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// What a bad row does.
    pub on_bad_row: OnBadRow,
    /// Largest |p / last − 1|; zero: not checked.
    pub max_price_jump: Rate,
    /// Rows of a source that are behind its newest by at most this are sorted, others are refused; zero: none is
    /// sorted.
    pub reorder_window: Nanos,
}

impl Default for Rules {
    fn default() -> Self {
        let half = Rate::parse("0.5").expect("0.5 is a rate");
        Self { on_bad_row: OnBadRow::Reject, max_price_jump: half, reorder_window: Nanos(0) }
    }
}

/// Rules of one symbol.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SymbolRules {
    /// Whether prices of zero and below are legal.
    pub allow_negative_price: bool,
    /// When it trades; `None`: always.
    pub hours: Option<MarketHours>,
}
