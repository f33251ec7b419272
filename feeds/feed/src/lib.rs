//! The feed interface, and the rules every tick passes before the engine sees it.
//!
//! Why: a live venue and a file must refuse the same ticks for the same reasons, in the same order.
//! Checks of one row alone are in `row`; checks that remember earlier ticks are in `history`.
//! Not here: files, sockets, merging of sources (`feeds/files` and the venues).

mod duplicates;
mod failure;
mod history;
mod hours;
mod jump;
mod number;
mod reject;
mod reorder;
mod row;
mod rules;
mod source;
mod summary;
mod week;

pub use duplicates::{DUPLICATE_WINDOW, DuplicateWindow};
pub use failure::FeedError;
pub use history::{SourceHistory, TickHistory, event_text};
pub use hours::{HoursError, MarketHours};
pub use jump::JumpGuard;
pub use number::Number;
pub use reject::{Reject, RejectReason, RejectSink};
pub use reorder::ReorderWindow;
pub use row::{Fault, RawQuote, RawTrade, Time};
pub use rules::{OnBadRow, Rules, SymbolRules};
pub use source::{Feed, More};
pub use summary::{DataSummary, Suspicion, Tally};
