//! Time: nanoseconds since the epoch in UTC, timeframes, and the only way to read a clock.
//!
//! Why: engine time is the time of the input being folded. Code that needs the wall clock takes a
//! [`Clock`], so that a replay or a test can give it another one.
//! Not here: calendars, time zones, and text; those are for the edges.

use std::fmt;
use std::ops::{Add, Sub};

/// Nanoseconds since 1970-01-01T00:00:00Z, or a span of them.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, bytemuck::Pod, bytemuck::Zeroable,
)]
#[repr(transparent)]
pub struct Nanos(pub i64);

impl Nanos {
    /// Later than every time.
    pub const MAX: Self = Self(i64::MAX);
    /// Earlier than every time.
    pub const MIN: Self = Self(i64::MIN);
    /// One second.
    pub const SECOND: Self = Self(1_000_000_000);
    /// One minute.
    pub const MINUTE: Self = Self(60_000_000_000);
    /// One hour.
    pub const HOUR: Self = Self(3_600_000_000_000);
    /// One day.
    pub const DAY: Self = Self(86_400_000_000_000);
    /// The earliest time a tick may have, 1678-01-01T00:00:00Z. This and [`Self::TICK_END`] lie a hundred days
    /// inside the range of 64 bits, so that a latency and a week's timeframe still fit beside any tick.
    pub const TICK_FIRST: Self = Self(-9_214_560_000 * Self::SECOND.0);
    /// The first time that is too late for a tick, 2262-01-01T00:00:00Z.
    pub const TICK_END: Self = Self(9_214_646_400 * Self::SECOND.0);

    /// Whether a tick may have this time: [`Self::TICK_FIRST`] inclusive, [`Self::TICK_END`] exclusive.
    #[inline]
    pub const fn is_tick_time(self) -> bool {
        self.0 >= Self::TICK_FIRST.0 && self.0 < Self::TICK_END.0
    }

    /// The sum, stopping at the ends of the range.
    #[inline]
    pub const fn saturating_add(self, span: Self) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Add for Nanos {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Nanos {
    type Output = Self;
    #[inline]
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

const _: () = {
    assert!(Nanos::TICK_FIRST.0 - Nanos::MIN.0 > 100 * Nanos::DAY.0, "a span of days fits before any tick");
    assert!(Nanos::MAX.0 - Nanos::TICK_END.0 > 100 * Nanos::DAY.0, "a span of days fits after any tick");
};

/// A bar's length: a positive span, written `1s`, `5m`, `30m`, `1h`, `1d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timeframe(Nanos);

/// The text is not a timeframe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeframeError(pub String);

impl fmt::Display for TimeframeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a timeframe; write a whole number and ms, s, m, h or d, at most 7d", self.0)
    }
}

impl std::error::Error for TimeframeError {}

const TIMEFRAME_UNITS: [(&str, i64); 5] = [
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

impl Timeframe {
    /// Longest timeframe, in nanoseconds: a week.
    pub const NANOS_MAX: i64 = 7 * Nanos::DAY.0;

    /// Parses `1s`, `5m`, …
    ///
    /// # Errors
    /// [`TimeframeError`] with the text as given.
    pub fn parse(text: &str) -> Result<Self, TimeframeError> {
        let error = || TimeframeError(text.to_owned());
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let count: i64 = text[..digits].parse().map_err(|_| error())?;
        let unit = TIMEFRAME_UNITS.iter().find(|(name, _)| *name == &text[digits..]).ok_or_else(error)?.1;
        count.checked_mul(unit).and_then(|nanos| Self::from_nanos(Nanos(nanos))).ok_or_else(error)
    }

    /// The timeframe of this length; `None` if it is not above 0, or longer than [`Self::NANOS_MAX`].
    pub fn from_nanos(nanos: Nanos) -> Option<Self> {
        (1..=Self::NANOS_MAX).contains(&nanos.0).then_some(Self(nanos))
    }

    /// The length.
    #[inline]
    pub const fn nanos(self) -> Nanos {
        self.0
    }

    /// The start of the bar that holds `ts`: bars are aligned to UTC multiples of their length.
    #[inline]
    pub const fn bar_open(self, ts: Nanos) -> Nanos {
        Nanos(ts.0 - ts.0.rem_euclid(self.0.0))
    }

    /// The end of the bar that holds `ts`, the first instant that is not in it.
    #[inline]
    pub const fn bar_close(self, ts: Nanos) -> Nanos {
        self.bar_open(ts).saturating_add(self.0)
    }
}

impl fmt::Display for Timeframe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Span(self.0).fmt(f)
    }
}

/// A span of time as text, in the largest unit of which it is a whole number: `5m`, `90s`, `1500ns`, `0s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub Nanos);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(Nanos(nanos)) = *self;
        if nanos == 0 {
            return f.write_str("0s");
        }
        let coarse = TIMEFRAME_UNITS.iter().rev().find(|(_, unit)| nanos % unit == 0);
        let (name, unit) = coarse.unwrap_or(if nanos % 1_000 == 0 { &("us", 1_000) } else { &("ns", 1) });
        write!(f, "{}{name}", nanos / unit)
    }
}

/// The only way to read a wall clock.
pub trait Clock {
    /// The time now.
    fn now(&self) -> Nanos;
}

/// The machine's clock. Live edges only: nothing in a backtest may hold one.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the machine's clock")]
    fn now(&self) -> Nanos {
        let since_epoch = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .expect("the machine's clock is set after 1970");
        Nanos(i64::try_from(since_epoch.as_nanos()).expect("the machine's clock is set before 2262"))
    }
}

/// A clock that a test sets by hand.
#[derive(Debug, Default)]
pub struct ManualClock(std::cell::Cell<i64>);

impl ManualClock {
    /// Sets the time.
    pub fn set(&self, now: Nanos) {
        self.0.set(now.0);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Nanos {
        Nanos(self.0.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeframes_parse_and_print() {
        for text in ["500ms", "1s", "5m", "30m", "1h", "1d", "7d"] {
            assert_eq!(Timeframe::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Timeframe::parse("60s").unwrap().to_string(), "1m");
        for (nanos, text) in
            [(0, "0s"), (1_500, "1500ns"), (7_000, "7us"), (90_000_000_000, "90s"), (-60_000_000_000, "-1m")]
        {
            assert_eq!(Span(Nanos(nanos)).to_string(), text);
        }
        for text in ["", "m", "0m", "-1m", "1.5m", "8d", "1w", "99999999999999999999s", "1 m"] {
            assert_eq!(Timeframe::parse(text), Err(TimeframeError(text.to_owned())));
        }
    }

    #[test]
    fn a_week_and_a_latency_fit_beside_any_tick() {
        let week = Timeframe::parse("7d").unwrap();
        for ts in [Nanos::TICK_FIRST, Nanos(Nanos::TICK_END.0 - 1)] {
            assert!(ts.is_tick_time());
            let late = ts + Nanos::DAY;
            assert!(week.bar_open(ts) <= ts && week.bar_close(late) > late);
            assert_eq!((week.bar_close(late) - week.bar_open(late)).0, Timeframe::NANOS_MAX);
        }
        for ts in [Nanos::MIN, Nanos(Nanos::TICK_FIRST.0 - 1), Nanos::TICK_END, Nanos::MAX] {
            assert!(!ts.is_tick_time(), "{ts:?}");
        }
    }

    #[test]
    fn bars_align_to_utc_before_and_after_the_epoch() {
        let minute = Timeframe::parse("1m").unwrap();
        assert_eq!(minute.bar_open(Nanos(61_000_000_000)), Nanos(60_000_000_000));
        assert_eq!(minute.bar_close(Nanos(60_000_000_000)), Nanos(120_000_000_000));
        assert_eq!(minute.bar_open(Nanos(-1)), Nanos(-60_000_000_000));
    }
}
