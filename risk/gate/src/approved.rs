//! A proposal, and the type that says it was checked.
//!
//! Not here: the checks (`checks`).

use model::{Price, Quantity, Side, SymbolId};

/// An order that is not one yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proposal {
    /// For which symbol.
    pub symbol: SymbolId,
    /// Which way.
    pub side: Side,
    /// How much, positive.
    pub quantity: Quantity,
    /// At this price or better; `None` at what the market gives.
    pub limit: Option<Price>,
}

/// Something the gate has approved. It can be made nowhere else:
///
/// ```compile_fail,E0451
/// let forged = gate::Approved { value: 1 };
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Approved<T> {
    value: T,
}

impl<T> Approved<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value }
    }

    /// What was approved.
    pub fn get(&self) -> &T {
        &self.value
    }

    /// What was approved, for the one who acts on it.
    pub fn into_inner(self) -> T {
        self.value
    }
}
