//! Times as people write them: instants, durations, and a stamp for folder names.
//!
//! Not here: a clock. Everything is told which time it is.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::Nanos;

/// Shortest first; of two names of one unit the last is the one that is printed.
const UNITS: [(&str, i64); 8] = [
    ("ns", 1),
    ("µs", 1_000),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

/// Reads an RFC 3339 time, or a date as its midnight in UTC.
///
/// # Errors
/// What is wrong, as a clause after the text.
pub fn parse_instant(text: &str) -> Result<Nanos, String> {
    let text = text.trim();
    let timestamp = match text.parse::<Timestamp>() {
        Ok(timestamp) => timestamp,
        Err(_) if text.contains([':', 'T', ' ']) => {
            return Err("which is no time of RFC 3339 (it needs an offset: add Z for UTC)".to_owned());
        }
        Err(_) => {
            let date: Date = text.parse().map_err(|_| "which is neither a time nor a date".to_owned())?;
            date.to_zoned(TimeZone::UTC)
                .map_err(|error| format!("which is out of range ({error})"))?
                .timestamp()
        }
    };
    i64::try_from(timestamp.as_nanosecond())
        .map(Nanos)
        .map_err(|_| "which is not between the years 1678 and 2262".to_owned())
}

/// An instant as RFC 3339 in UTC, with as many decimals as it needs.
pub fn print_instant(instant: Nanos) -> String {
    Timestamp::from_nanosecond(i128::from(instant.0))
        .expect("64-bit nanoseconds are years 1677 to 2262")
        .to_string()
}

/// An instant to the second for people: `2025-01-31 12:00:00`.
pub fn print_second(instant: Nanos) -> String {
    print_instant(instant)[..19].replace('T', " ")
}

/// An instant for a folder's name: `20250131T120000Z`.
pub fn stamp(instant: Nanos) -> String {
    format!("{}Z", print_instant(instant)[..19].replace(['-', ':'], ""))
}

/// Reads a whole number and a unit as a span of zero or more.
///
/// # Errors
/// What is wrong, as a clause after the text.
pub fn parse_duration(text: &str) -> Result<Nanos, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let unit = UNITS.iter().find(|(name, _)| *name == &text[digits..]).map(|(_, unit)| *unit);
    match (text[..digits].parse::<i64>(), unit) {
        (_, None) | (Err(_), _) => Err("which is no duration".to_owned()),
        (Ok(count), Some(unit)) => {
            count.checked_mul(unit).map(Nanos).ok_or_else(|| "which is longer than 292 years".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Span;

    #[test]
    fn instants() {
        for (text, expected) in [
            ("1970-01-01", Some(0)),
            ("1970-01-02", Some(86_400_000_000_000)),
            ("1970-01-01T00:00:01Z", Some(1_000_000_000)),
            ("1970-01-01T01:00:00.000000001+01:00", Some(1)),
            ("1970-01-01T00:00:01", None),
            ("2500-01-01", None),
            ("2025-02-30", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(parse_instant(text).ok().map(|instant| instant.0), expected, "{text:?}");
        }
    }

    #[test]
    fn instants_print() {
        let instant = parse_instant("2025-01-31T12:00:00.5Z").unwrap();
        assert_eq!(print_instant(instant), "2025-01-31T12:00:00.5Z");
        assert_eq!(print_second(instant), "2025-01-31 12:00:00");
        assert_eq!(stamp(instant), "20250131T120000Z");
        for end in [Nanos::MIN, Nanos::MAX] {
            assert_eq!(parse_instant(&print_instant(end)), Ok(end));
        }
    }

    #[test]
    fn durations() {
        for (text, expected) in [
            ("0ns", Some("0s")),
            ("250us", Some("250us")),
            ("250µs", Some("250us")),
            ("1000ms", Some("1s")),
            ("60s", Some("1m")),
            ("90s", Some("90s")),
            ("36h", Some("36h")),
            ("1.5s", None),
            ("-1s", None),
            ("1", None),
            ("s", None),
            ("", None),
            ("300000000000d", None),
        ] {
            assert_eq!(
                parse_duration(text).ok().map(|span| Span(span).to_string()).as_deref(),
                expected,
                "{text:?}"
            );
        }
    }
}
