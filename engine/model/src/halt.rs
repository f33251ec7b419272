//! The command that halts new risk.
//!
//! It is an input like any other: from it on the gate refuses every intent as `halted`, and requests to cancel still
//! leave. The sequencer gives it when the journal can keep no more.
//! Not here: other commands (`agents`), when it is given (`pipeline`).

use crate::{Event, Kind, Nanos, SymbolId};

/// Its code in `words[0]` of a [`Kind::COMMAND`] event.
const HALT: i64 = 2;

/// The command, as an input at engine time `ts`.
pub fn halt_event(ts: Nanos) -> Event {
    let mut event = Event::input(Kind::COMMAND, ts, SymbolId::NONE);
    event.words[0] = HALT;
    event
}

/// Whether an input halts new risk.
#[inline]
pub fn is_halt(event: &Event) -> bool {
    event.kind == Kind::COMMAND && event.words[0] == HALT
}
