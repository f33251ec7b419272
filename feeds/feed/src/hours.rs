//! Market hours: weekly intervals of local time.
//!
//! Why cached: whether a market is open changes a few times a day. The instant is compared with the ends
//! of the current constant span; only beyond them is a calendar asked. An end that local time skips or
//! repeats when clocks change is taken as the zone's rules resolve it (after a gap, before a fold).
//! Each interval is a session of its own, also where it begins at the end of the one before: a pause at noon makes
//! two sessions of a day, and one span of many days is one. Who wants a day to be a session writes it so.
//! Not here: holidays; how intervals are written (`week`).

use crate::week::{self, Interval, MINUTES_PER_DAY};
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use model::{Nanos, Session, SessionCalendar};
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

/// When a market is open.
#[derive(Debug, Clone)]
pub struct MarketHours {
    zone: TimeZone,
    /// Sorted; none overlaps another.
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

/// The zone and the intervals, in one form however they were written.
impl fmt::Display for MarketHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.zone.iana_name().unwrap_or("UTC"))?;
        self.intervals.iter().try_for_each(|interval| write!(f, ", {interval}"))
    }
}

impl SessionCalendar for MarketHours {
    fn session_at(&self, ts: Nanos) -> Session {
        let mut session = Session { open: Nanos::MIN, close: Nanos::MIN, next_open: Nanos::MAX };
        for (start, end) in self.spans_near(ts) {
            if start > ts {
                session.next_open = session.next_open.min(start);
            } else if start > session.open {
                (session.open, session.close) = (start, end);
            }
        }
        session.close = session.close.min(session.next_open);
        session
    }
}

impl MarketHours {
    /// Parses a zone and intervals: `Mon-Fri 09:30-16:00` (each of these days; an end at or before the
    /// start is on the next day), `Sat,Sun 10:00-12:00`, or `Sun 18:00-Fri 17:00` (one span). `24:00` is midnight.
    ///
    /// # Errors
    /// [`HoursError`] with the text at fault.
    pub fn parse(zone: &str, intervals: &[impl AsRef<str>]) -> Result<Self, HoursError> {
        let zone = TimeZone::get(zone).map_err(|_| HoursError::Zone(zone.to_owned()))?;
        let mut parsed = Vec::new();
        for text in intervals {
            let text = text.as_ref();
            parsed.extend(week::parse(text).ok_or_else(|| HoursError::Interval(text.to_owned()))?);
        }
        if parsed.is_empty() {
            return Err(HoursError::Empty);
        }
        let span = Span { start: Nanos::MAX, end: Nanos::MIN, open: false };
        Ok(Self { zone, intervals: week::merged(parsed), span })
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
        let mut span = Span { start: Nanos::MIN, end: Nanos::MAX, open: false };
        let mut open: Vec<(Nanos, Nanos)> = self.spans_near(ts).collect();
        open.sort_unstable();
        // Spans that touch or overlap are one.
        let mut merged: Vec<(Nanos, Nanos)> = Vec::new();
        for (start, end) in open {
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

    /// The intervals of the week around an instant and of two on each side, as instants; those that a change of
    /// clocks leaves nothing of are left out.
    fn spans_near(&self, ts: Nanos) -> impl Iterator<Item = (Nanos, Nanos)> {
        let instant =
            Timestamp::from_nanosecond(i128::from(ts.0)).expect("64-bit nanoseconds are an instant");
        let date = self.zone.to_datetime(instant).date();
        let into_week = i64::from(date.weekday().to_monday_zero_offset());
        let all = (-2..=2).flat_map(|week| self.intervals.iter().map(move |interval| (week, *interval)));
        all.filter_map(move |(week, Interval { start, end })| {
            let bound = |minute| self.instant(date, week * 7 - into_week, minute);
            Some((bound(start)?, bound(end)?)).filter(|(start, end)| start < end)
        })
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

    /// At each instant the session is the one that opens, closes and is followed at these.
    fn check_sessions(zone: &str, intervals: &[&str], cases: &[(&str, [&str; 3])]) {
        let hours = MarketHours::parse(zone, intervals).unwrap();
        for (time, expected) in cases {
            let [open, close, next_open] = expected.map(at);
            let expected = Session { open, close, next_open };
            assert_eq!(hours.session_at(at(time)), expected, "{zone} {intervals:?} {time}");
        }
    }

    #[test]
    fn a_session_may_cross_midnight_and_the_weekend_is_a_pause() {
        // From 22:00 to 21:00, Sunday to Friday; 2024-01-12 was a Friday.
        let friday = ["2024-01-11T22:00:00Z", "2024-01-12T21:00:00Z", "2024-01-14T22:00:00Z"];
        let monday = ["2024-01-14T22:00:00Z", "2024-01-15T21:00:00Z", "2024-01-15T22:00:00Z"];
        let cases = [
            ("2024-01-11T22:00:00Z", friday),
            ("2024-01-12T00:00:00Z", friday),
            ("2024-01-12T20:59:59Z", friday),
            ("2024-01-12T21:00:00Z", friday),
            ("2024-01-14T21:59:59.999999999Z", friday),
            ("2024-01-14T22:00:00Z", monday),
            ("2024-01-15T21:59:59Z", monday),
        ];
        check_sessions("UTC", &["Sun-Thu 22:00-21:00"], &cases);
    }

    #[test]
    fn a_session_follows_local_time() {
        // Clocks in New York went forward on 2024-03-10.
        let friday = ["2024-03-08T14:30:00Z", "2024-03-08T21:00:00Z", "2024-03-11T13:30:00Z"];
        let monday = ["2024-03-11T13:30:00Z", "2024-03-11T20:00:00Z", "2024-03-12T13:30:00Z"];
        let cases = [("2024-03-11T13:29:59Z", friday), ("2024-03-11T13:30:00Z", monday)];
        check_sessions("America/New_York", &["Mon-Fri 09:30-16:00"], &cases);
    }

    #[test]
    fn each_interval_is_a_session() {
        let morning = ["2024-01-10T00:00:00Z", "2024-01-10T02:30:00Z", "2024-01-10T03:30:00Z"];
        let afternoon = ["2024-01-10T03:30:00Z", "2024-01-10T06:00:00Z", "2024-01-11T00:00:00Z"];
        let cases = [("2024-01-10T03:00:00Z", morning), ("2024-01-10T12:00:00Z", afternoon)];
        check_sessions("Asia/Tokyo", &["Mon-Fri 09:00-11:30", "Mon-Fri 12:30-15:00"], &cases);
        // Days that touch are days; a span over days is one.
        let day = ["2024-01-10T00:00:00Z", "2024-01-11T00:00:00Z", "2024-01-11T00:00:00Z"];
        check_sessions("UTC", &["Mon-Sun 00:00-24:00"], &[("2024-01-10T23:00:00Z", day)]);
        let week = ["2024-01-07T23:00:00Z", "2024-01-12T22:00:00Z", "2024-01-14T23:00:00Z"];
        check_sessions("America/Chicago", &["Sun 17:00-Fri 16:00"], &[("2024-01-10T12:00:00Z", week)]);
    }

    #[test]
    fn hours_are_printed_in_one_form() {
        let printed =
            |intervals: &[&str]| MarketHours::parse("europe/london", intervals).unwrap().to_string();
        assert_eq!(printed(&["Mon 10:00-12:00"]), "Europe/London, Mon 10:00-Mon 12:00");
        assert_eq!(printed(&["Sat-Sun 10:00-12:00"]), printed(&["Sun 11:00-12:00", "sat,sun 10:00-12:00"]));
        assert_eq!(
            MarketHours::parse("UTC", &["Mon 22:00-02:00"]).unwrap().to_string(),
            "UTC, Mon 22:00-Tue 02:00"
        );
    }

    proptest! {
        /// A session is a span in which it is open; until the next one it is not, unless they touch.
        #[test]
        fn sessions_agree_with_what_is_open(
            seconds in prop::collection::vec(0_i64..2_000_000_000, 1..50),
            zone in prop::sample::select(vec!["UTC", "America/New_York", "Asia/Kolkata", "Europe/London"]),
            intervals in prop::sample::select(vec![
                vec!["Mon-Fri 09:30-16:00", "Sat 10:00-11:30", "Sun 18:00-Mon 06:00"],
                vec!["Sun-Thu 22:00-21:00"],
                vec!["Sun 02:15-02:45", "Sun 01:00-01:45"],
                vec!["Mon-Sun 00:00-24:00"],
                vec!["Wed 12:00-Wed 12:00"],
            ]),
        ) {
            let mut hours = MarketHours::parse(zone, &intervals).unwrap();
            for second in seconds {
                let ts = Nanos(second * 1_000_000_000);
                let session = hours.session_at(ts);
                let Session { open, close, next_open } = session;
                prop_assert!(open <= ts && ts < next_open && open < close && close <= next_open, "{session:?}");
                prop_assert_eq!(hours.is_open(ts), ts < close);
                for same in [open, Nanos(open.0.midpoint(close.0)), Nanos(next_open.0 - 1)] {
                    prop_assert_eq!(hours.session_at(same), session);
                }
                prop_assert!(hours.is_open(open) && hours.is_open(Nanos(close.0 - 1)) && hours.is_open(next_open));
                prop_assert_eq!(hours.session_at(next_open).open, next_open);
                prop_assert!(close == next_open || !hours.is_open(close) && !hours.is_open(Nanos(next_open.0 - 1)));
            }
        }

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
