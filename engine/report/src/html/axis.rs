//! Where an axis is marked: round numbers, decades, and the boundaries of the UTC calendar.

use super::format;
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
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().find(|step| step * power >= rough).unwrap_or(10.0) * power;
    let places = (-(step * 1.000_001).log10().floor()).clamp(0.0, 9.0) as usize;
    let first = (low / step).ceil() as i64;
    let last = (high / step).floor() as i64;
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

/// Boundaries of the UTC calendar within `from..=to`, at most `count_max` of them.
pub(super) fn time(from: i64, to: i64, count_max: usize) -> Vec<Tick<i64>> {
    assert!(from < to && count_max >= 2, "an axis has a length");
    let span = i128::from(to) - i128::from(from);
    let fits = |step: i64| span / i128::from(step) < count_max as i128;
    match steps().find(|step| fits(*step)) {
        Some(step) => regular(from, to, step),
        None => months(from, to, count_max),
    }
}

/// Steps that start at midnight or divide a day, shortest first.
fn steps() -> impl Iterator<Item = i64> {
    let fractions = (0..9).flat_map(|power| [1, 2, 5].map(|step| step * 10_i64.pow(power)));
    let seconds = [1, 2, 5, 10, 15, 30].map(|step| step * SECOND);
    let minutes = [1, 2, 5, 10, 15, 30].map(|step| step * MINUTE);
    let hours = [1, 2, 3, 6, 12].map(|step| step * HOUR);
    let days = [1, 2, 4, 7, 14].map(|step| step * DAY);
    fractions.chain(seconds).chain(minutes).chain(hours).chain(days)
}

fn regular(from: i64, to: i64, step: i64) -> Vec<Tick<i64>> {
    // Weeks begin on Monday; the epoch was a Thursday.
    let origin = if step % (7 * DAY) == 0 { 4 * DAY } else { 0 };
    let offset = i128::from(from) - i128::from(origin);
    let first = offset + (-offset).rem_euclid(i128::from(step)) + i128::from(origin);
    let ticks = (0..).map(|nth| first + nth * i128::from(step)).take_while(|at| *at <= i128::from(to));
    ticks
        .filter_map(|at| i64::try_from(at).ok())
        .map(|at| Tick { at, label: instant_label(at, step) })
        .collect()
}

fn instant_label(at: i64, step: i64) -> String {
    let pattern = match step {
        _ if at % DAY == 0 => "%-d %b",
        MINUTE.. => "%H:%M",
        SECOND.. => "%H:%M:%S",
        1_000_000.. => "%H:%M:%S.%3f",
        1_000.. => "%H:%M:%S.%6f",
        _ => "%H:%M:%S.%9f",
    };
    label(at, pattern)
}

fn label(at: i64, pattern: &str) -> String {
    Timestamp::from_nanosecond(at.into()).map(|at| at.strftime(pattern).to_string()).unwrap_or_default()
}

/// First days of months, or of every few months or years.
fn months(from: i64, to: i64, count_max: usize) -> Vec<Tick<i64>> {
    const STEPS_MONTHS: [i32; 12] = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1_200, 4_800];
    let month_of = |ts: i64| {
        let date = Timestamp::from_nanosecond(ts.into()).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(TimeZone::UTC);
        i32::from(date.year()) * 12 + i32::from(date.month()) - 1
    };
    let (first, last) = (month_of(from), month_of(to));
    let fits = |step: &&i32| usize::try_from((last - first) / **step).unwrap_or(0) < count_max;
    let step = *STEPS_MONTHS.iter().find(fits).unwrap_or(&4_800);
    let start = first + (-first).rem_euclid(step);
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

    fn check_time(span: i64, expected: &[&str]) {
        let ticks = time(START + 1, START + span, 4);
        assert_eq!(ticks.iter().map(|tick| tick.label.as_str()).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn times_stand_at_boundaries_of_the_calendar() {
        check_time(4, &["00:00:00.000000002", "00:00:00.000000003", "00:00:00.000000004"]);
        check_time(4 * SECOND, &["00:00:01", "00:00:02", "00:00:03", "00:00:04"]);
        check_time(HOUR, &["00:15", "00:30", "00:45", "01:00"]);
        check_time(2 * DAY, &["12:00", "2 Jan", "12:00", "3 Jan"]);
        check_time(30 * DAY, &["13 Jan", "27 Jan"]);
        check_time(120 * DAY, &["Feb 2025", "Mar 2025", "Apr 2025", "May 2025"]);
        check_time(2_000 * DAY, &["2026", "2028", "2030"]);
    }

    #[test]
    fn numbers_are_round() {
        let labels = |low, high| -> Vec<String> { linear(low, high, 4).into_iter().map(|tick| tick.label).collect() };
        assert_eq!(labels(98_700.0, 104_500.0), ["100,000", "102,000", "104,000"]);
        assert_eq!(labels(-0.03, 0.0), ["−0.03", "−0.02", "−0.01", "0.00"]);
        assert_eq!(labels(1.0, 1.0004), ["1.0000", "1.0001", "1.0002", "1.0003", "1.0004"]);
        assert_eq!(decades_ns(1, 3).into_iter().map(|tick| tick.label).collect::<Vec<_>>(), ["10 ns", "100 ns", "1 µs"]);
    }

    proptest! {
        #[test]
        fn any_axis_has_few_marks_inside_it(from in any::<i64>(), to in any::<i64>(), count in 2_usize..12) {
            prop_assume!(from < to);
            let ticks = time(from, to, count);
            prop_assert!(ticks.len() <= count, "{} marks", ticks.len());
            prop_assert!(ticks.iter().all(|tick| (from..=to).contains(&tick.at)));
        }

        #[test]
        fn any_range_has_few_marks_inside_it(low in -1e12_f64..1e12, length in 1e-2_f64..1e12) {
            let ticks = linear(low, low + length, 5);
            prop_assert!(ticks.len() <= 7, "{} marks", ticks.len());
            let slack = length * 1e-6 + low.abs() * 1e-12;
            prop_assert!(ticks.iter().all(|tick| tick.at >= low - slack && tick.at <= low + length + slack));
        }
    }
}
