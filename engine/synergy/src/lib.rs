//! Signals to synergies: three kinds of signals in one direction within a window of time.
//!
//! All signals come from closed bars of one timeframe (`synergy.timeframe`, 5m), from the first bar that has an
//! indicator set on.
//!
//! | signal | fires when | direction | strength |
//! | --- | --- | --- | --- |
//! | mlmi | value crosses 0.5 and confidence ≥ 0.5 | side entered | confidence |
//! | nwrqk | slope changes sign and \|value\| ≥ `synergy.nwrqk_min` | new sign | min(1, \|value\|·√30) |
//! | fvg | a gap of height ≥ 0.1% of \|close\| is mitigated; of several the largest, of equals the bullish one | its own, or the opposite | min(1, height/(0.5% of \|close\|)) |
//!
//! Where the words leave room, this crate holds to these readings:
//! - A crossing is from ≤ 0.5 to above, or from ≥ 0.5 to below; the value before is that of the symbol's set before.
//!   A value that is missing crosses nothing, and neither does the one after it.
//! - A slope of 0 has no sign and is passed over; signs are followed from the first set on, whatever the value is.
//! - Exactly 50 minutes after the first is within; exactly 25 minutes after an emitted synergy is no longer ignored.
//! - An ignored signal leaves no trace, a repeated one included: it does not come back when the one before it expires.
//! - A pattern that is not listed empties the set and is counted; nothing was emitted, so no cool-down begins.
//!
//! Not here: the indicators (`indicators`), what is decided on a synergy (`agents`).

mod config;
mod counts;
mod set;
mod signal;
mod source;
mod stage;

pub use config::{FvgDirection, HEIGHT_MAX, SPAN_MAX, SynergyConfig, SynergyError};
pub use counts::Counts;
pub use stage::Synergies;
