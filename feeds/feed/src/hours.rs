//! Market hours: weekly intervals of local time.
//!
//! Why cached: whether a market is open changes a few times a day. The instant is compared with the ends
//! of the current constant span; only beyond them is a calendar asked. An end that local time skips or
//! repeats when clocks change is taken as the zone's rules resolve it (after a gap, before a fold).
//! Not here: holidays.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use model::Nanos;
use std::fmt;

/// The text is not market hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HoursError {
    /// The zone is not in the IANA database.
    Zone(String),
    /// The interval is not of the form `Mon-Fri 09:30-16:00` or `Sun 18:00-Fri 17:00`.
    Interval(String),
    /// There is no interval.
    Empty,
}

impl fmt::Display for HoursError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zone(zone) => {
                write!(f, "{zone:?} is not an IANA time zone; write one like \"America/New_York\"")
            }
            Self::Interval(text) => write!(
                f,
                "{text:?} is not an interval of market hours; write \"Mon-Fri 09:30-16:00\", \"Sat 10:00-12:00\" or \"Sun 18:00-Fri 17:00\""
            ),
            Self::Empty => {
                f.write_str("market hours have no interval; leave hours out for a market that never closes")
            }
        }
    }
}

impl std::error::Error for HoursError {}

const MINUTES_PER_DAY: i32 = 1_440;
const MINUTES_PER_WEEK: i32 = 7 * MINUTES_PER_DAY;

/// An interval of the week, in minutes of local time since Monday 00:00. The end may lie in the next week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Interval {
    start: i32,
    end: i32,
}

/// When a market is open.
#[derive(Debug, Clone)]
pub struct MarketHours {
    zone: TimeZone,
    intervals: Vec<Interval>,
    /// The constant span that held the last instant asked about: [start, end).
    span: Span,
}

#[derive(Debug, Clone, Copy)]
struct Span {
    start: Nanos,
    end: Nanos,
    open: bool,
}

impl PartialEq for MarketHours {
    fn eq(&self, other: &Self) -> bool {
        self.zone == other.zone && self.intervals == other.intervals
    }
}

impl Eq for MarketHours {}

impl MarketHours {
    /// Parses a zone and intervals: `Mon-Fri 09:30-16:00` (each of these days; an end at or before the
    /// start is on the next day), `Sat 10:00-12:00`, or `Sun 18:00-Fri 17:00` (one span). `24:00` is midnight.
    ///
    /// # Errors
    /// [`HoursError`] with the text at fault.
    pub fn parse(zone: &str, intervals: &[impl AsRef<str>]) -> Result<Self, HoursError> {
        let zone = TimeZone::get(zone).map_err(|_| HoursError::Zone(zone.to_owned()))?;
        let mut parsed = Vec::new();
        for text in intervals {
            let text = text.as_ref();
            parse_interval(text, &mut parsed).ok_or_else(|| HoursError::Interval(text.to_owned()))?;
        }
        if parsed.is_empty() {
            return Err(HoursError::Empty);
        }
        let span = Span { start: Nanos::MAX, end: Nanos::MIN, open: false };
        Ok(Self { zone, intervals: parsed, span })
    }

    /// Whether the market is open at an instant.
    #[inline]
    pub fn is_open(&mut self, ts: Nanos) -> bool {
        if ts < self.span.start || ts >= self.span.end {
            self.span = self.span_at(ts);
        }
        self.span.open
    }

    /// The longest span around an instant in which the market stays open or stays closed.
    #[cold]
    fn span_at(&self, ts: Nanos) -> Span {
        let instant =
            Timestamp::from_nanosecond(i128::from(ts.0)).expect("64-bit nanoseconds are an instant");
        let date = self.zone.to_datetime(instant).date();
        let into_week = i64::from(date.weekday().to_monday_zero_offset());
        let mut span = Span { start: Nanos::MIN, end: Nanos::MAX, open: false };
        let mut open: Vec<(Nanos, Nanos)> = Vec::new();
        for week in -2..=2 {
            for interval in &self.intervals {
                let bound = |minute| self.instant(date, week * 7 - into_week, minute);
                if let (Some(start), Some(end)) = (bound(interval.start), bound(interval.end)) {
                    open.push((start, end));
                }
            }
        }
        open.sort_unstable();
        // Spans that touch or overlap are one.
        let mut merged: Vec<(Nanos, Nanos)> = Vec::new();
        for (start, end) in open.into_iter().filter(|(start, end)| start < end) {
            match merged.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => merged.push((start, end)),
            }
        }
        for (start, end) in merged {
            if end <= ts {
                span.start = end;
            } else if start <= ts {
                return Span { start, end, open: true };
            } else {
                span.end = start;
                break;
            }
        }
        span
    }

    /// The instant of a local minute of the week that starts `days` after `date`.
    fn instant(&self, date: jiff::civil::Date, days: i64, minute: i32) -> Option<Nanos> {
        let days = days + i64::from(minute.div_euclid(MINUTES_PER_DAY));
        let date = date.checked_add(SignedDuration::from_hours(24 * days)).ok()?;
        let minute = minute.rem_euclid(MINUTES_PER_DAY);
        let time = Time::new((minute / 60) as i8, (minute % 60) as i8, 0, 0).ok()?;
        let instant = self.zone.to_timestamp(date.to_datetime(time)).ok()?;
        let nanos = instant.as_nanosecond().clamp(i128::from(i64::MIN), i128::from(i64::MAX));
        i64::try_from(nanos).ok().map(Nanos)
    }
}

fn parse_interval(text: &str, out: &mut Vec<Interval>) -> Option<()> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words[..] {
        // `Sun 18:00-Fri 17:00`
        [first, middle, last] => {
            let (open, second) = middle.split_once('-')?;
            let start = weekday(first)? * MINUTES_PER_DAY + minute(open)?;
            let end = weekday(second)? * MINUTES_PER_DAY + minute(last)?;
            out.push(Interval { start, end: if end > start { end } else { end + MINUTES_PER_WEEK } });
        }
        // `Mon-Fri 09:30-16:00`, `Sat 10:00-12:00`
        [days, times] => {
            let (first, last) = days.split_once('-').unwrap_or((days, days));
            let (first, last) = (weekday(first)?, weekday(last)?);
            let (open, close) = times.split_once('-')?;
            let (open, close) = (minute(open)?, minute(close)?);
            let close = if close > open { close } else { close + MINUTES_PER_DAY };
            for day in 0..=(last - first).rem_euclid(7) {
                let midnight = (first + day).rem_euclid(7) * MINUTES_PER_DAY;
                out.push(Interval { start: midnight + open, end: midnight + close });
            }
        }
        _ => return None,
    }
    Some(())
}

fn weekday(text: &str) -> Option<i32> {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let short = text.to_ascii_lowercase();
    let day = days.iter().position(|day| *day == short)?;
    Some(i32::from(Weekday::from_monday_zero_offset(day as i8).ok()?.to_monday_zero_offset()))
}

fn minute(text: &str) -> Option<i32> {
    let (hours, minutes) = text.split_once(':')?;
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !two_digits(hours) || !two_digits(minutes) {
        return None;
    }
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= MINUTES_PER_DAY).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Nanos {
        Nanos(i64::try_from(text.parse::<Timestamp>().unwrap().as_nanosecond()).unwrap())
    }

    fn check(zone: &str, intervals: &[&str], cases: &[(&str, bool)]) {
        let mut hours = MarketHours::parse(zone, intervals).unwrap();
        for (time, expected) in cases.iter().chain(cases.iter().rev()) {
            assert_eq!(hours.is_open(at(time)), *expected, "{zone} {intervals:?} {time}");
        }
    }

    #[test]
    fn knows_the_zone_and_the_week() {
        // New York is UTC-5 in January and UTC-4 in July.
        check(
            "America/New_York",
            &["Mon-Fri 09:30-16:00"],
            &[
                ("2024-01-10T14:29:59.999999999Z", false),
                ("2024-01-10T14:30:00Z", true),
                ("2024-01-10T20:59:59.999999999Z", true),
                ("2024-01-10T21:00:00Z", false),
                ("2024-07-10T13:30:00Z", true),
                ("2024-07-10T13:29:59Z", false),
                ("2024-01-13T15:00:00Z", false),
            ],
        );
        check(
            "America/Chicago",
            &["Sun 17:00-Fri 16:00"],
            &[
                ("2024-01-07T22:59:59Z", false),
                ("2024-01-07T23:00:00Z", true),
                ("2024-01-10T03:00:00Z", true),
                ("2024-01-12T21:59:59Z", true),
                ("2024-01-12T22:00:00Z", false),
                ("2024-01-13T12:00:00Z", false),
            ],
        );
        check(
            "UTC",
            &["Mon-Sun 00:00-24:00"],
            &[("2024-01-07T23:59:59Z", true), ("2024-01-08T00:00:00Z", true), ("1970-01-01T00:00:00Z", true)],
        );
        check(
            "UTC",
            &["Fri 22:00-02:00"],
            &[("2024-01-13T01:59:59Z", true), ("2024-01-13T02:00:00Z", false)],
        );
    }

    #[test]
    fn refuses_what_is_not_hours() {
        let zone = MarketHours::parse("Mars/Olympus", &["Mon 09:00-10:00"]);
        assert_eq!(zone, Err(HoursError::Zone("Mars/Olympus".to_owned())));
        for text in [
            "",
            "Mon",
            "Mon 9:00-10:00",
            "Mon 09:00",
            "Mon 09:00-25:00",
            "Xyz 09:00-10:00",
            "Mon 09:60-10:00",
        ] {
            assert_eq!(MarketHours::parse("UTC", &[text]), Err(HoursError::Interval(text.to_owned())));
        }
        assert_eq!(MarketHours::parse("UTC", &[] as &[&str]), Err(HoursError::Empty));
    }

    proptest! {
        /// Against the local wall clock, asked anew for every instant.
        #[test]
        fn agrees_with_the_local_clock(
            seconds in prop::collection::vec(0_i64..2_000_000_000, 1..50),
            zone in prop::sample::select(vec!["UTC", "America/New_York", "Asia/Kolkata", "Europe/London"]),
        ) {
            let intervals = ["Mon-Fri 09:30-16:00", "Sat 10:00-11:30", "Sun 18:00-Mon 06:00"];
            let inside = |minute: i32| {
                let (day, of_day) = (minute / MINUTES_PER_DAY, minute % MINUTES_PER_DAY);
                (day < 5 && (570..960).contains(&of_day))
                    || (day == 5 && (600..690).contains(&of_day))
                    || (day == 6 && of_day >= 1_080)
                    || (day == 0 && of_day < 360)
            };
            let mut hours = MarketHours::parse(zone, &intervals).unwrap();
            let tz = TimeZone::get(zone).unwrap();
            for second in seconds {
                let local = tz.to_datetime(Timestamp::from_second(second).unwrap());
                let day = i32::from(local.date().weekday().to_monday_zero_offset());
                let minute = day * MINUTES_PER_DAY + i32::from(local.hour()) * 60 + i32::from(local.minute());
                prop_assert_eq!(hours.is_open(Nanos(second * 1_000_000_000)), inside(minute), "{} {}", zone, local);
            }
        }
    }
}
