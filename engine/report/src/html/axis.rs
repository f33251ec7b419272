//! Where an axis is marked: round numbers, decades, and the boundaries of the UTC calendar.

use crate::format;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};

const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A mark of an axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick<T> {
    /// Where.
    pub at: T,
    /// What it says.
    pub label: String,
}

/// Round numbers within `low..=high`, about `count` of them.
pub(super) fn linear(low: f64, high: f64, count: usize) -> Vec<Tick<f64>> {
    assert!(low < high && count > 0, "an axis has a length");
    let rough = (high - low) / count as f64;
    let power = 10_f64.powf(rough.log10().floor());
    let step = power
        * match rough / power {
            ..1.5 => 1.0,
            ..3.5 => 2.0,
            ..7.5 => 5.0,
            _ => 10.0,
        };
    let places = (-(step * 1.000_001).log10().floor()).clamp(0.0, 9.0) as usize;
    // An end that is a round number itself is marked, whatever its last bit says.
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    (first..=last)
        .map(|nth| nth as f64 * step)
        .map(|at| Tick { at, label: format::float(at, places) })
        .collect()
}

/// The powers of ten from `10^low` to `10^high`, at their exponent; labelled as spans of nanoseconds.
pub(super) fn decades_ns(low: i32, high: i32) -> Vec<Tick<f64>> {
    (low..=high)
        .map(|power| Tick { at: f64::from(power), label: format::nanos(10_f64.powi(power)) })
        .collect()
}

/// Boundaries of the UTC calendar within `from..=to`, as many as have room: their labels with a gap after each
/// take at most `chars_max` characters, unless there are only two.
pub(super) fn time(from: i64, to: i64, chars_max: usize) -> Vec<Tick<i64>> {
    assert!(from < to, "an axis has a length");
    let count_max = |step: i64| marks_max(chars_max, label_chars(step));
    match steps().find(|step| boundaries(from, to, *step).count <= count_max(*step)) {
        Some(step) => regular(from, to, step),
        None => months(from, to, marks_max(chars_max, MONTH_CHARS)),
    }
}

fn marks_max(chars_max: usize, label_chars: usize) -> i128 {
    const GAP_CHARS: usize = 3;
    (chars_max / (label_chars + GAP_CHARS)).max(2) as i128
}

/// Successive boundaries: the first, and how many.
struct Boundaries {
    first: i128,
    count: i128,
}

/// The multiples of a step within `from..=to`.
fn boundaries(from: i64, to: i64, step: i64) -> Boundaries {
    // Weeks begin on Monday; the epoch was a Thursday.
    let origin = i128::from(if step % (7 * DAY) == 0 { 4 * DAY } else { 0 });
    let (from, to, step) = (i128::from(from) - origin, i128::from(to) - origin, i128::from(step));
    let first = from + (-from).rem_euclid(step);
    Boundaries { first: first + origin, count: (to - first).div_euclid(step) + 1 }
}

/// Steps that start at midnight or divide a day, shortest first.
fn steps() -> impl Iterator<Item = i64> {
    let fractions = (0..9).flat_map(|power| [1, 2, 5].map(|step| step * 10_i64.pow(power)));
    let seconds = [1, 2, 5, 10, 15, 30].map(|step| step * SECOND);
    let minutes = [1, 2, 5, 10, 15, 30].map(|step| step * MINUTE);
    let hours = [1, 2, 3, 6, 12].map(|step| step * HOUR);
    let days = [1, 2, 7, 14].map(|step| step * DAY);
    fractions.chain(seconds).chain(minutes).chain(hours).chain(days)
}

fn regular(from: i64, to: i64, step: i64) -> Vec<Tick<i64>> {
    let Boundaries { first, count } = boundaries(from, to, step);
    (0..count)
        .filter_map(|nth| i64::try_from(first + nth * i128::from(step)).ok())
        .map(|at| Tick { at, label: instant_label(at, step) })
        .collect()
}

/// How instants are written: to the precision of a step.
const PRECISIONS: [(i64, &str, usize); 6] = [
    (DAY, "%-d %b", 6),
    (MINUTE, "%H:%M", 6),
    (SECOND, "%H:%M:%S", 8),
    (1_000_000, "%H:%M:%S.%3f", 12),
    (1_000, "%H:%M:%S.%6f", 15),
    (1, "%H:%M:%S.%9f", 18),
];
/// Characters of `Jan 2025`.
const MONTH_CHARS: usize = 8;

fn label_chars(step: i64) -> usize {
    PRECISIONS.iter().find(|(least, ..)| step >= *least).map_or(MONTH_CHARS, |(_, _, chars)| *chars)
}

fn instant_label(at: i64, step: i64) -> String {
    let step = if at % DAY == 0 { DAY } else { step };
    let precision = PRECISIONS.iter().find(|(least, ..)| step >= *least);
    precision.map_or_else(String::new, |(_, pattern, _)| label(at, pattern))
}

fn label(at: i64, pattern: &str) -> String {
    Timestamp::from_nanosecond(at.into()).map(|at| at.strftime(pattern).to_string()).unwrap_or_default()
}

/// First days of months, or of every few months or years.
fn months(from: i64, to: i64, count_max: i128) -> Vec<Tick<i64>> {
    const STEPS_MONTHS: [i32; 12] = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1_200, 4_800];
    let month_of = |ts: i64| {
        let date =
            Timestamp::from_nanosecond(ts.into()).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(TimeZone::UTC);
        i32::from(date.year()) * 12 + i32::from(date.month()) - 1
    };
    // The first month begins before the axis, unless the axis begins with it.
    let (first, last) = (month_of(from.saturating_sub(1)) + 1, month_of(to));
    let start = |step: i32| first + (-first).rem_euclid(step);
    let fits = |step: &&i32| i128::from((last - start(**step)).div_euclid(**step) + 1) <= count_max;
    let step = *STEPS_MONTHS.iter().find(fits).unwrap_or(&4_800);
    let start = start(step);
    let pattern = if step >= 12 { "%Y" } else { "%b %Y" };
    (start..=last)
        .step_by(usize::try_from(step).unwrap_or(1))
        .filter_map(month_start)
        .filter(|at| (from..=to).contains(at))
        .map(|at| Tick { at, label: label(at, pattern) })
        .collect()
}

/// The first instant of a month, counted from the year 0.
fn month_start(month: i32) -> Option<i64> {
    let year = jiff::civil::date(i16::try_from(month.div_euclid(12)).ok()?, 1, 1);
    let date = year.checked_add(i64::from(month.rem_euclid(12)).months()).ok()?;
    i64::try_from(date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_nanosecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: i64 = 1_735_689_600 * SECOND; // 2025-01-01

    fn check_time(span: i64, chars_max: usize, expected: &[&str]) {
        let ticks = time(START + 1, START + span, chars_max);
        assert_eq!(ticks.iter().map(|tick| tick.label.as_str()).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn times_stand_at_boundaries_of_the_calendar() {
        check_time(3, 70, &["00:00:00.000000001", "00:00:00.000000002", "00:00:00.000000003"]);
        check_time(4 * SECOND, 44, &["00:00:01", "00:00:02", "00:00:03", "00:00:04"]);
        check_time(HOUR, 40, &["00:15", "00:30", "00:45", "01:00"]);
        check_time(2 * DAY, 40, &["12:00", "2 Jan", "12:00", "3 Jan"]);
        check_time(30 * DAY, 40, &["6 Jan", "13 Jan", "20 Jan", "27 Jan"]);
        check_time(9 * DAY, 60, &["2 Jan", "4 Jan", "6 Jan", "8 Jan", "10 Jan"]);
        check_time(120 * DAY, 45, &["Feb 2025", "Mar 2025", "Apr 2025", "May 2025"]);
        check_time(2_000 * DAY, 35, &["2026", "2028", "2030"]);
    }

    #[test]
    fn numbers_are_round() {
        let labels =
            |low, high| -> Vec<String> { linear(low, high, 4).into_iter().map(|tick| tick.label).collect() };
        assert_eq!(
            labels(98_700.0, 104_500.0),
            ["99,000", "100,000", "101,000", "102,000", "103,000", "104,000"]
        );
        assert_eq!(labels(-0.03, 0.0), ["−0.03", "−0.02", "−0.01", "0.00"]);
        assert_eq!(labels(1.0, 1.0004), ["1.0000", "1.0001", "1.0002", "1.0003", "1.0004"]);
        assert_eq!(
            decades_ns(1, 3).into_iter().map(|tick| tick.label).collect::<Vec<_>>(),
            ["10 ns", "100 ns", "1 µs"]
        );
    }

    proptest! {
        #[test]
        fn any_axis_has_few_marks_inside_it(from in any::<i64>(), to in any::<i64>(), chars in 0_usize..150) {
            prop_assume!(from < to);
            let ticks = time(from, to, chars);
            let written: usize = ticks.iter().map(|tick| tick.label.chars().count() + 2).sum();
            prop_assert!(ticks.len() <= 2 || written <= chars, "{ticks:?}");
            prop_assert!(ticks.iter().all(|tick| (from..=to).contains(&tick.at)));
        }

        #[test]
        fn any_range_has_few_marks_inside_it(low in -1e12_f64..1e12, length in 1e-2_f64..1e12) {
            let ticks = linear(low, low + length, 5);
            prop_assert!((2..=9).contains(&ticks.len()), "{} marks", ticks.len());
            let slack = length * 1e-6 + low.abs() * 1e-12;
            prop_assert!(ticks.iter().all(|tick| tick.at >= low - slack && tick.at <= low + length + slack));
        }
    }
}
