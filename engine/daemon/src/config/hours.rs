//! When a market is open: always, or weekly intervals of local time in an IANA zone.
//!
//! `Mon-Fri 09:30-16:00` is the same span on several days; `Sun 18:00-Fri 17:00` is one span over days.
//! Not here: holidays, and what is done with ticks outside the hours (`feed`).

use super::node::Value;

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const DAY_MINUTES: u16 = 24 * 60;
const WEEK_MINUTES: u16 = 7 * DAY_MINUTES;

/// A part of the week in minutes of local time since Monday 00:00; the end is not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WeekInterval {
    /// First minute.
    pub start_minute: u16,
    /// First minute after it, at most 10,080.
    pub end_minute: u16,
}

/// When a market is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hours {
    /// At all times.
    Always,
    /// Weekly.
    Weekly {
        /// IANA name of the zone, such as `America/New_York`.
        zone: String,
        /// Sorted, without overlaps; none touches the next.
        intervals: Vec<WeekInterval>,
    },
}

/// Reads hours.
///
/// # Errors
/// What is wrong, as a clause after the value.
pub(super) fn parse(value: &Value) -> Result<Hours, String> {
    match value {
        Value::Text(text) if text == "always" => Ok(Hours::Always),
        Value::Text(_) => Err("which is no market hours".to_owned()),
        Value::Table(entries) => {
            if let Some((name, _)) = entries.iter().find(|(name, _)| name != "zone" && name != "intervals") {
                return Err(format!("where {name:?} is neither zone nor intervals"));
            }
            let zone = value.get("zone").and_then(|node| node.value.as_text()).ok_or("which has no zone")?;
            jiff::tz::TimeZone::get(zone).map_err(|_| format!("where {zone:?} is no IANA time zone"))?;
            Ok(Hours::Weekly { zone: zone.to_owned(), intervals: parse_intervals(value)? })
        }
        _ => Err(value.kind().to_owned()),
    }
}

fn parse_intervals(value: &Value) -> Result<Vec<WeekInterval>, String> {
    let list = value
        .get("intervals")
        .and_then(|node| node.value.as_list())
        .ok_or("which has no list of intervals")?;
    let mut intervals = Vec::new();
    for item in list {
        let text = item.value.as_text().ok_or_else(|| format!("where {} is no interval", item.value))?;
        intervals.extend(parse_interval(text).ok_or_else(|| format!("where {text:?} is no interval"))?);
    }
    if intervals.is_empty() {
        return Err("which is never open".to_owned());
    }
    Ok(merged(intervals))
}

/// One text is several intervals if it names several days or passes the end of the week.
fn parse_interval(text: &str) -> Option<Vec<WeekInterval>> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        [days, span] => {
            let (start, end) = span.split_once('-')?;
            let (start, end) = (parse_minute(start)?, parse_minute(end)?);
            let on = |day: u16| WeekInterval {
                start_minute: day * DAY_MINUTES + start,
                end_minute: day * DAY_MINUTES + end,
            };
            (start < end).then_some(())?;
            Some(parse_days(days)?.into_iter().map(on).collect())
        }
        [first, middle, end] => {
            let (start, last) = middle.split_once('-')?;
            let start = parse_day(first)? * DAY_MINUTES + parse_minute(start)?;
            let end = parse_day(last)? * DAY_MINUTES + parse_minute(end)?;
            Some(week_span(start, end)).filter(|spans| !spans.is_empty())
        }
        _ => None,
    }
}

/// From one minute of the week to another, over the end of the week if need be.
fn week_span(start: u16, end: u16) -> Vec<WeekInterval> {
    let parts = if start < end { vec![(start, end)] } else { vec![(start, WEEK_MINUTES), (0, end)] };
    let interval = |(start_minute, end_minute)| WeekInterval { start_minute, end_minute };
    parts.into_iter().map(interval).filter(|i| i.start_minute < i.end_minute).collect()
}

/// `Mon`, `Mon-Fri`, `Sat-Sun,Wed`.
fn parse_days(text: &str) -> Option<Vec<u16>> {
    let mut days = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (parse_day(first)?, parse_day(last)?);
        let count = (last + 7 - first) % 7 + 1;
        days.extend((0..count).map(|i| (first + i) % 7));
    }
    Some(days)
}

fn parse_day(text: &str) -> Option<u16> {
    DAYS.iter().position(|day| day.eq_ignore_ascii_case(text)).and_then(|day| u16::try_from(day).ok())
}

/// `HH:MM`, 24:00 included.
fn parse_minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let two = |part: &str| {
        part.parse::<u16>().ok().filter(|_| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()))
    };
    let minutes = two(hour)? * 60 + two(minute).filter(|minute| *minute < 60)?;
    (minutes <= DAY_MINUTES).then_some(minutes)
}

fn merged(mut intervals: Vec<WeekInterval>) -> Vec<WeekInterval> {
    intervals.sort_unstable();
    let mut out: Vec<WeekInterval> = Vec::new();
    for interval in intervals {
        debug_assert!(interval.start_minute < interval.end_minute && interval.end_minute <= WEEK_MINUTES);
        match out.last_mut() {
            Some(last) if interval.start_minute <= last.end_minute => {
                last.end_minute = last.end_minute.max(interval.end_minute);
            }
            _ => out.push(interval),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::node::{Origin, parse_value};
    use super::*;

    fn check(intervals: &str, expected: Option<&[(u16, u16)]>) {
        let text = format!("{{ zone = \"Europe/London\", intervals = {intervals} }}");
        let hours = parse(&parse_value(&text, Origin::Set).value).ok();
        let pairs = hours.map(|hours| match hours {
            Hours::Always => Vec::new(),
            Hours::Weekly { intervals, .. } => {
                intervals.iter().map(|i| (i.start_minute, i.end_minute)).collect::<Vec<_>>()
            }
        });
        assert_eq!(pairs.as_deref(), expected, "{intervals}");
    }

    #[test]
    fn intervals() {
        check(r#"["Mon 09:30-16:00"]"#, Some(&[(570, 960)]));
        check(r#"["mon,wed 00:00-01:00"]"#, Some(&[(0, 60), (2880, 2940)]));
        check(r#"["Sat-Mon 00:00-24:00"]"#, Some(&[(0, 1440), (7200, 10080)]));
        check(r#"["Sun 18:00-Fri 17:00"]"#, Some(&[(0, 6780), (9720, 10080)]));
        check(r#"["Mon 00:00-Mon 00:00"]"#, Some(&[(0, 10080)]));
        check(r#"["Mon 10:00-12:00", "Mon 11:00-13:00", "Mon 13:00-14:00"]"#, Some(&[(600, 840)]));
        for bad in ["[]", "[1]", "\"x\"", r#"["Mon"]"#, r#"["Mon 16:00-09:30"]"#, r#"["Mon 9:30-16:00"]"#] {
            check(bad, None);
        }
        for bad in [r#"["Moo 09:30-16:00"]"#, r#"["Mon 09:60-16:00"]"#, r#"["Mon 09:00-24:01"]"#] {
            check(bad, None);
        }
    }

    #[test]
    fn zones_are_checked() {
        let parse = |text: &str| parse(&parse_value(text, Origin::Set).value);
        assert_eq!(parse("\"always\""), Ok(Hours::Always));
        for bad in
            ["sometimes", "{ intervals = [\"Mon 09:30-16:00\"] }", "{ zone = \"Mars/Base\", intervals = [] }"]
        {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(parse("{ zone = \"UTC\", intervals = [\"Mon 09:30-16:00\"], days = 5 }").is_err());
    }
}
