//! Numbers, times and text for people: thousands separators, units, UTC, a real minus sign, escaped HTML.
//!
//! All functions but [`escape`] give plain text; it is escaped where it enters the page.

use jiff::Timestamp;
use model::round_half_even;
use std::fmt::Write as _;

/// What stands where a figure is not defined.
pub(crate) const UNDEFINED: &str = "–";

/// Text as HTML content or attribute value.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // Control characters have no place in HTML; data may hold them.
            c if c.is_control() && c != '\n' && c != '\t' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// At most `chars_max` characters of a text, with an ellipsis where it was cut.
pub(crate) fn clip(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    let mut clipped: String = text.chars().take(chars_max.saturating_sub(1)).collect();
    clipped.push('…');
    clipped
}

/// A whole number with thousands separators.
pub(crate) fn count(count: u64) -> String {
    group(&count.to_string())
}

/// Puts separators into a run of digits.
fn group(digits: &str) -> String {
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A fixed-point number in units of 1e-9, all its decimals, without trailing zeros.
pub(crate) fn decimal(raw: i128) -> String {
    let text = decimal_places(raw, 9);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A fixed-point number in units of 1e-9, rounded half-even to `places` decimals (at most 9).
pub(crate) fn decimal_places(raw: i128, places: u32) -> String {
    assert!(places <= 9, "fixed-point numbers have nine decimals");
    let rounded = round_half_even(raw, 10_i128.pow(9 - places));
    let unit = 10_u128.pow(places);
    let magnitude = rounded.unsigned_abs();
    let mut text = String::new();
    if rounded < 0 {
        text.push('−');
    }
    text.push_str(&group(&(magnitude / unit).to_string()));
    if places > 0 {
        let _ = write!(text, ".{:0width$}", magnitude % unit, width = places as usize);
    }
    text
}

/// A float with `places` decimals and thousands separators.
pub(crate) fn float(value: f64, places: usize) -> String {
    if !value.is_finite() {
        return UNDEFINED.to_owned();
    }
    let text = format!("{:.places$}", value.abs());
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(w, f)| (w, Some(f)));
    let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    let sign = if value < 0.0 && !is_zero { "−" } else { "" };
    match fraction {
        Some(fraction) => format!("{sign}{}.{fraction}", group(whole)),
        None => format!("{sign}{}", group(whole)),
    }
}

/// The same with a plus sign where the number is positive.
pub(crate) fn signed(text: String, is_positive: bool) -> String {
    if is_positive && text.bytes().any(|byte| matches!(byte, b'1'..=b'9')) {
        format!("+{text}")
    } else {
        text
    }
}

/// A fraction as per cent.
pub(crate) fn percent(fraction: f64) -> String {
    let text = float(fraction * 100.0, 2);
    if text == UNDEFINED { text } else { format!("{text}%") }
}

/// A large figure in few digits: `5.21 M`.
pub(crate) fn short(value: f64) -> String {
    const STEPS: [(f64, &str); 3] = [(1e9, " G"), (1e6, " M"), (1e4, " k")];
    let Some((at, unit)) = STEPS.iter().find(|(at, _)| value.abs() >= *at) else {
        return float(value, 0);
    };
    let scaled = if *unit == " k" { value / 1e3 } else { value / at };
    let places = if scaled.abs() >= 100.0 { 0 } else { 2 - usize::from(scaled.abs() >= 10.0) };
    format!("{}{unit}", float(scaled, places))
}

/// A span of nanoseconds: `84 ns`, `1.2 µs`, `310 ms`.
pub(crate) fn nanos(span: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns")];
    let (size, unit) = *UNITS.iter().find(|(size, _)| span >= *size).unwrap_or(&(1.0, "ns"));
    let scaled = span / size;
    let is_whole = size <= 1.0 || scaled >= 100.0 || (scaled - scaled.round()).abs() < 1e-9;
    format!("{} {unit}", float(scaled, usize::from(!is_whole)))
}

/// An instant in UTC, to the second or as many groups of three decimals as it has.
pub(crate) fn time(ts: i64) -> String {
    let Ok(instant) = Timestamp::from_nanosecond(ts.into()) else {
        return UNDEFINED.to_owned();
    };
    let pattern = match ts.rem_euclid(1_000_000_000) {
        0 => "%Y-%m-%d %H:%M:%S",
        part if part % 1_000_000 == 0 => "%Y-%m-%d %H:%M:%S.%3f",
        part if part % 1_000 == 0 => "%Y-%m-%d %H:%M:%S.%6f",
        _ => "%Y-%m-%d %H:%M:%S.%9f",
    };
    instant.strftime(pattern).to_string()
}

/// A length of time in words: `30 days`, `6.5 hours`, `12 seconds`.
pub(crate) fn length(span_ns: i64) -> String {
    const UNITS: [(f64, &str); 4] = [(86_400e9, "day"), (3_600e9, "hour"), (60e9, "minute"), (1e9, "second")];
    let span = span_ns as f64;
    let (size, unit) = *UNITS.iter().find(|(size, _)| span >= *size).unwrap_or(&(1e9, "second"));
    let text = float((span / size * 10.0).round() / 10.0, 1);
    let text = text.strip_suffix(".0").unwrap_or(&text);
    format!("{text} {unit}{}", if text == "1" { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(actual: &str, expected: &str) {
        assert_eq!(actual, expected);
    }

    #[test]
    fn decimals_keep_every_digit_and_round_half_even() {
        check(&decimal(1_234_567_500_000_000), "1,234,567.5");
        check(&decimal(-1), "−0.000000001");
        check(&decimal(0), "0");
        check(&decimal(100_000_000_000), "100");
        check(&decimal_places(104_512_335_000_000, 2), "104,512.34");
        check(&decimal_places(104_512_345_000_000, 2), "104,512.34");
        check(&decimal_places(-5_000_000, 2), "0.00");
        check(&decimal_places(-15_000_000, 2), "−0.02");
        check(&decimal_places(999_500_000_000, 0), "1,000");
    }

    #[test]
    fn floats_have_separators_and_no_negative_zero() {
        check(&float(-1234.567, 1), "−1,234.6");
        check(&float(-0.0001, 2), "0.00");
        check(&float(f64::NAN, 2), UNDEFINED);
        check(&percent(-0.02314), "−2.31%");
        check(&signed(percent(0.0451), true), "+4.51%");
        check(&signed(percent(0.000_001), true), "0.00%");
        check(&short(5_214_000.0), "5.21 M");
        check(&short(52_140.0), "52.1 k");
        check(&short(9_999.0), "9,999");
        check(&count(1_000), "1,000");
        check(&count(999), "999");
    }

    #[test]
    fn spans_and_times_say_their_unit() {
        check(&nanos(84.0), "84 ns");
        check(&nanos(0.0), "0 ns");
        check(&nanos(1_250.0), "1.2 µs");
        check(&nanos(10_000.0), "10 µs");
        check(&nanos(310_000_000.0), "310 ms");
        check(&time(1_735_689_600_000_000_000), "2025-01-01 00:00:00");
        check(&time(1_735_689_600_120_000_000), "2025-01-01 00:00:00.120");
        check(&time(1_735_689_600_000_000_001), "2025-01-01 00:00:00.000000001");
        check(&length(30 * 86_400_000_000_000), "30 days");
        check(&length(86_400_000_000_000), "1 day");
        check(&length(23_400_000_000_000), "6.5 hours");
    }

    #[test]
    fn html_is_escaped_and_clipped_by_characters() {
        check(&escape("<b a='1'>&\"\u{7}"), "&lt;b a=&#39;1&#39;&gt;&amp;&quot;\u{fffd}");
        check(&clip("ééééé", 3), "éé…");
        check(&clip("ééé", 3), "ééé");
    }
}
