//! Why a row of a raw file is refused: the feed's reasons, and what only a raw format can have wrong with it.

use feed::RejectReason;
use std::collections::BTreeMap;

/// Why a row is refused; in the order of the checks, the first that fails is the reason. The checks of one row
/// alone come before those that remember earlier rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// As a tick would be.
    Tick(RejectReason),
    /// Of a bar: its high is below another of its prices, or its low above one. Checked after each price and the
    /// volume have been, where a tick's side would be.
    BarInconsistent,
}

impl Reason {
    /// The name in summaries and files.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Tick(reason) => reason.name(),
            Self::BarInconsistent => "bar_inconsistent",
        }
    }
}

/// Which check a row failed, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub reason: Reason,
    /// The column at fault, by our name; `None` if it is the row as a whole.
    pub column: Option<&'static str>,
}

impl Fault {
    /// A fault that a tick can have.
    pub(crate) const fn tick(reason: RejectReason, column: &'static str) -> Self {
        Self { reason: Reason::Tick(reason), column: Some(column) }
    }
}

/// Rows refused, by reason.
pub(crate) type Rejected = BTreeMap<&'static str, u64>;
