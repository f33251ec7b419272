//! Times as text: RFC 3339, or whole numbers of a unit.
//!
//! As everywhere, a time without zone is UTC and a date is its midnight; a space may stand for the `T`. A local
//! time of a named zone is refused rather than read as if it were UTC.

use catalog::TsUnit;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use model::Nanos;

/// Reads a cell without spaces around it; `None` if it is no time that a tick may have.
pub(crate) fn parse_time(text: &str, unit: TsUnit) -> Option<Nanos> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let nanos = if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse::<i64>().ok()?.checked_mul(unit.nanos())?
    } else {
        i64::try_from(parse_calendar(text)?.as_nanosecond()).ok()?
    };
    Some(Nanos(nanos)).filter(|ts| ts.is_tick_time())
}

fn parse_calendar(text: &str) -> Option<Timestamp> {
    let is_plain = |byte: u8| byte.is_ascii_digit() || b"-:. Tt".contains(&byte);
    if !text.bytes().all(|byte| is_plain(byte) || b"Zz+".contains(&byte)) {
        return None;
    }
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp);
    }
    if !text.bytes().all(is_plain) {
        return None;
    }
    let local = match text.parse::<DateTime>() {
        Ok(local) => local,
        Err(_) => text.parse::<Date>().ok()?.at(0, 0, 0, 0),
    };
    local.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, unit: TsUnit, expected: Option<i64>) {
        assert_eq!(parse_time(text, unit), expected.map(Nanos), "{text:?} {unit:?}");
    }

    #[test]
    fn times_of_every_form() {
        const TEN: i64 = 1_640_995_200_000_000_000;
        for text in [
            "2022-01-01T00:00:00Z",
            "2022-01-01t00:00:00z",
            "2022-01-01 00:00:00.000000",
            "2022-01-01T01:30:00+01:30",
            "2021-12-31 19:00:00-05:00",
            "2022-01-01",
            "2022-01-01T00:00",
            "1640995200000000000",
        ] {
            check(text, TsUnit::Nanos, Some(TEN));
        }
        check("2022-01-01 00:00:00.123456789", TsUnit::Nanos, Some(TEN + 123_456_789));
        check("1640995200", TsUnit::Seconds, Some(TEN));
        check("1640995200000", TsUnit::Millis, Some(TEN));
        check("1640995200000000", TsUnit::Micros, Some(TEN));
        check("-60", TsUnit::Seconds, Some(-60_000_000_000));
        check("1970-01-01", TsUnit::Seconds, Some(0));
    }

    #[test]
    fn what_is_no_time_of_a_tick_is_none() {
        for text in [
            "",
            "soon",
            "NaN",
            "1640995200.5",
            "1e9",
            "0x61CF9980",
            "1600-01-01T00:00:00Z",
            "2999-01-01T00:00:00Z",
            "2999-01-01",
            "2022-13-01",
            "2022-02-30T00:00:00Z",
            "2022-01-01T25:00:00Z",
            "01/02/2022",
            "1.2.2022",
            "2022-01-01T00:00:00[America/New_York]",
            "2022-01-01T00:00:00 UTC",
            "2022-01-01T00:00:00Z\0",
            "99999999999999999999",
            "\u{fffd}",
        ] {
            check(text, TsUnit::Nanos, None);
        }
        check("9223372036854775807", TsUnit::Nanos, None);
        check("9223372036854775807", TsUnit::Seconds, None);
    }

    proptest! {
        #[test]
        fn printed_times_come_back(ts in Nanos::TICK_FIRST.0..Nanos::TICK_END.0) {
            let text = Timestamp::from_nanosecond(i128::from(ts)).unwrap().to_string();
            prop_assert_eq!(parse_time(&text, TsUnit::Nanos), Some(Nanos(ts)));
            let plain = text.trim_end_matches('Z').replace('T', " ");
            prop_assert_eq!(parse_time(&plain, TsUnit::Nanos), Some(Nanos(ts)));
            prop_assert_eq!(parse_time(&ts.to_string(), TsUnit::Seconds).is_some(), ts.abs() < 9_214_560_000);
        }

        #[test]
        fn no_text_is_a_panic(text in "\\PC{0,40}") {
            let _ = parse_time(&text, TsUnit::Micros);
        }
    }
}
