//! Sessions: the spans of time in which an instrument trades, as far as the fold must know them.
//!
//! Why a trait: which instants they are is local time in some zone, and calendars are for the edges. A stage keeps
//! the session it is in and asks again where that ends, a few times a day.
//! Not here: zones and weekly hours (`feed`); which ticks are refused (`feed`).

use crate::Nanos;
use std::fmt;

/// A session and the pause behind it: [open, close), then nothing until `next_open`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// When it opened.
    pub open: Nanos,
    /// When it closes, at most `next_open`.
    pub close: Nanos,
    /// When the one after it opens.
    pub next_open: Nanos,
}

/// Knows the sessions of an instrument. It is asked on the hot path, seldom: it does not allocate.
pub trait SessionCalendar: fmt::Debug + Send + Sync {
    /// The last session that opened at or before `ts`. It is the same for every `ts` from its `open` to its
    /// `next_open`.
    fn session_at(&self, ts: Nanos) -> Session;
}

/// The sessions of an instrument that never closes: days in UTC, without pauses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UtcDays;

impl SessionCalendar for UtcDays {
    fn session_at(&self, ts: Nanos) -> Session {
        let open = Nanos(ts.0 - ts.0.rem_euclid(Nanos::DAY.0));
        let close = open.saturating_add(Nanos::DAY);
        Session { open, close, next_open: close }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_follow_each_other() {
        for (ts, day) in [(0, 0), (Nanos::DAY.0 - 1, 0), (Nanos::DAY.0, 1), (-1, -1), (-Nanos::DAY.0, -1)] {
            let [open, close] = [day, day + 1].map(|day| Nanos(day * Nanos::DAY.0));
            assert_eq!(UtcDays.session_at(Nanos(ts)), Session { open, close, next_open: close }, "{ts}");
        }
        for ts in [Nanos::TICK_FIRST, Nanos::TICK_END] {
            assert_eq!(UtcDays.session_at(ts).open, ts, "the range of ticks begins and ends at a midnight");
        }
    }
}
