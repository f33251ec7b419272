//! Engine time in PostgreSQL: `timestamptz` counts microseconds, so the nanoseconds beyond stand in a column of their
//! own, `sub_us`.
//!
//! Everything is UTC; text always says so, whatever zone the server or a session is set to.

use jiff::Timestamp;
use model::Nanos;

/// Microseconds from 1970 to 2000, where PostgreSQL counts from.
const EPOCH_2000_US: i64 = 946_684_800_000_000;

/// A time as `timestamptz` holds it and the nanoseconds beyond, 0 to 999.
#[inline]
pub(crate) const fn split(ts: Nanos) -> (i64, i16) {
    (ts.0.div_euclid(1_000) - EPOCH_2000_US, ts.0.rem_euclid(1_000) as i16)
}

/// The time of both parts.
#[inline]
pub(crate) const fn join(micros: i64, sub_us: i16) -> Nanos {
    // At the very first microsecond the product alone is out of range; the sum is not.
    Nanos((micros + EPOCH_2000_US).wrapping_mul(1_000).wrapping_add(sub_us as i64))
}

/// A literal of type `timestamptz`, to the microsecond below.
pub(crate) fn literal(ts: Nanos) -> String {
    let time =
        Timestamp::from_microsecond(ts.0.div_euclid(1_000)).expect("64 bits of nanoseconds are in range");
    format!("'{}+00'::timestamptz", time.strftime("%Y-%m-%d %H:%M:%S%.6f"))
}

/// The hour that begins at `ts`, as `YYYYMMDDHH`.
pub(crate) fn hour_name(ts: Nanos) -> String {
    let time = Timestamp::from_nanosecond(ts.0.into()).expect("64 bits of nanoseconds are in range");
    time.strftime("%Y%m%d%H").to_string()
}

/// The hour of a name that [`hour_name`] gave.
pub(crate) fn parse_hour_name(name: &str) -> Option<Nanos> {
    if name.len() != 10 || !name.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let text = format!("{}-{}-{}T{}:00:00Z", &name[..4], &name[4..6], &name[6..8], &name[8..]);
    let time: Timestamp = text.parse().ok()?;
    i64::try_from(time.as_nanosecond()).ok().map(Nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_survive_both_parts_and_are_written_in_utc() {
        for ns in [0, -1, 999, 1_000, -1_001, Nanos::TICK_FIRST.0, Nanos::TICK_END.0 - 1, i64::MAX, i64::MIN]
        {
            let (micros, sub_us) = split(Nanos(ns));
            assert!((0..1_000).contains(&sub_us));
            assert_eq!(join(micros, sub_us), Nanos(ns));
        }
        assert_eq!(literal(Nanos(1_704_067_200_000_001_999)), "'2024-01-01 00:00:00.000001+00'::timestamptz");
        assert_eq!(literal(Nanos(-1)), "'1969-12-31 23:59:59.999999+00'::timestamptz");
    }

    #[test]
    fn hours_survive_their_names() {
        let years = Nanos::TICK_END.0 / Nanos::HOUR.0;
        for hour in [0, -1, 473_352, years - 1, Nanos::TICK_FIRST.0 / Nanos::HOUR.0] {
            let ts = Nanos(hour * Nanos::HOUR.0);
            assert_eq!(parse_hour_name(&hour_name(ts)), Some(ts));
        }
        assert_eq!(hour_name(Nanos(473_352 * Nanos::HOUR.0)), "2024010100");
        for name in ["", "202401010", "20240101000", "2024013100x", "2024133100", "2024010125"] {
            assert_eq!(parse_hour_name(name), None, "{name}");
        }
    }
}
