//! Intervals of the week, as they are written: `Mon-Fri 09:30-16:00`, `Sat 10:00-12:00`, `Sun 18:00-Fri 17:00`.
//!
//! Each span is an interval, also where the next begins at its end: a session ends there. Spans that overlap are
//! one, so that each way to write the same intervals makes the same list.
//! Not here: zones and instants (`hours`).

use std::fmt;

pub(crate) const MINUTES_PER_DAY: i32 = 1_440;
pub(crate) const MINUTES_PER_WEEK: i32 = 7 * MINUTES_PER_DAY;
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// An interval of the week, in minutes of local time since Monday 00:00. It starts in the week, may end in the
/// next, and is at most a week long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Interval {
    pub start: i32,
    pub end: i32,
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [start, end] = [self.start, self.end].map(|minute| {
            let (day, minute) = (minute / MINUTES_PER_DAY % 7, minute % MINUTES_PER_DAY);
            format!("{} {:02}:{:02}", DAYS[day as usize], minute / 60, minute % 60)
        });
        write!(f, "{start}-{end}")
    }
}

/// The intervals of one text; `None` if it is none. An end at or before the start of its day is on the next day.
pub(crate) fn parse(text: &str) -> Option<Vec<Interval>> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words[..] {
        [first, middle, last] => {
            let (open, second) = middle.split_once('-')?;
            let start = weekday(first)? * MINUTES_PER_DAY + minute(open)?;
            let end = weekday(second)? * MINUTES_PER_DAY + minute(last)?;
            Some(vec![interval(start, if end > start { end } else { end + MINUTES_PER_WEEK })])
        }
        [days, times] => {
            let (open, close) = times.split_once('-')?;
            let (open, close) = (minute(open)?, minute(close)?);
            let close = if close > open { close } else { close + MINUTES_PER_DAY };
            let on = |day: i32| interval(day * MINUTES_PER_DAY + open, day * MINUTES_PER_DAY + close);
            Some(weekdays(days)?.into_iter().map(on).collect())
        }
        _ => None,
    }
}

/// With its start in the week: 24:00 on a Sunday is Monday 00:00.
fn interval(start: i32, end: i32) -> Interval {
    let shift = start.div_euclid(MINUTES_PER_WEEK) * MINUTES_PER_WEEK;
    Interval { start: start - shift, end: end - shift }
}

/// `Mon`, `Mon-Fri`, `Sat-Sun,Wed`.
fn weekdays(text: &str) -> Option<Vec<i32>> {
    let mut days = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (weekday(first)?, weekday(last)?);
        days.extend((0..=(last - first).rem_euclid(7)).map(|day| (first + day) % 7));
    }
    Some(days)
}

fn weekday(text: &str) -> Option<i32> {
    DAYS.iter().position(|day| day.eq_ignore_ascii_case(text)).map(|day| day as i32)
}

/// `HH:MM`, 24:00 included.
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

/// Sorted, those that overlap made one, over the end of the week too.
pub(crate) fn merged(mut intervals: Vec<Interval>) -> Vec<Interval> {
    intervals.sort_unstable();
    let mut out: Vec<Interval> = Vec::new();
    for interval in intervals {
        match out.last_mut() {
            Some(last) if interval.start < last.end => last.end = last.end.max(interval.end),
            _ => out.push(interval),
        }
    }
    // The last may reach into the first of the next week.
    while let [first, .., last] = out[..]
        && first.start + MINUTES_PER_WEEK < last.end
    {
        let end = last.end.max(first.end + MINUTES_PER_WEEK);
        out.last_mut().expect("there are two").end = end;
        out.remove(0);
    }
    for interval in &mut out {
        interval.end = interval.end.min(interval.start + MINUTES_PER_WEEK);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(texts: &[&str], expected: Option<&[(i32, i32)]>) {
        let parsed: Option<Vec<Vec<Interval>>> = texts.iter().map(|text| parse(text)).collect();
        let merged = parsed.map(|parsed| merged(parsed.concat()));
        let pairs = merged.map(|all| all.iter().map(|one| (one.start, one.end)).collect::<Vec<_>>());
        assert_eq!(pairs.as_deref(), expected, "{texts:?}");
    }

    #[test]
    fn a_text_names_days_or_one_span() {
        check(&["Mon 09:30-16:00"], Some(&[(570, 960)]));
        check(&["mon,wed 00:00-01:00"], Some(&[(0, 60), (2_880, 2_940)]));
        check(&["Sun 18:00-Fri 17:00"], Some(&[(9_720, 16_860)]));
        check(&["Mon 00:00-Mon 00:00"], Some(&[(0, 10_080)]));
        // An end that is not behind the start is on the next day.
        check(&["Sun-Mon 22:00-21:00"], Some(&[(1_320, 2_700), (9_960, 11_340)]));
        check(&["Sat 12:00-12:00"], Some(&[(7_920, 9_360)]));
        for bad in ["", "Mon", "Mon 9:30-16:00", "Moo 09:30-16:00", "Mon 09:60-16:00", "Mon 09:00-24:01"] {
            check(&[bad], None);
        }
    }

    #[test]
    fn spans_that_touch_are_two_and_spans_that_overlap_are_one() {
        check(&["Sat-Mon 00:00-24:00"], Some(&[(0, 1_440), (7_200, 8_640), (8_640, 10_080)]));
        check(
            &["Mon 13:00-14:00", "Mon 10:00-12:00", "Mon 11:00-13:00", "Mon 10:00-11:00"],
            Some(&[(600, 780), (780, 840)]),
        );
        check(&["Sun 22:00-Mon 02:00", "Mon 01:00-03:00", "Mon 02:30-04:00"], Some(&[(9_960, 10_320)]));
        check(&["Sun 22:00-Mon 02:00", "Mon 02:00-03:00"], Some(&[(120, 180), (9_960, 10_200)]));
        check(&["Sun 24:00-Tue 01:00"], Some(&[(0, 1_500)]));
        // The whole week, which must begin somewhere.
        check(&["Sun 18:00-Fri 17:00", "Fri 16:00-Sun 19:00"], Some(&[(6_720, 16_800)]));
    }

    #[test]
    fn intervals_are_printed_with_both_days() {
        let printed = |text: &str| parse(text).unwrap().iter().map(Interval::to_string).collect::<Vec<_>>();
        assert_eq!(printed("Sun,Mon 22:05-21:00"), ["Sun 22:05-Mon 21:00", "Mon 22:05-Tue 21:00"]);
        assert_eq!(printed("Sun 18:00-24:00"), ["Sun 18:00-Mon 00:00"]);
    }
}
