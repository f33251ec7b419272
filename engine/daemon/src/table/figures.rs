//! Figures for people: thousands separators, short speeds and spans; "–" where a figure is not defined.
//!
//! Display only: what is rounded here is exact in the run folder.

use model::{Money, round_half_even};

/// Units of `Money` in a hundredth.
const HUNDREDTH: i128 = 10_000_000;

/// A whole number: `1,234,567`.
pub fn count(number: u64) -> String {
    grouped(&number.to_string())
}

/// An amount to two decimals, rounded half-even: `-1,234.50`.
pub fn money(amount: Money) -> String {
    let hundredths = round_half_even(amount.raw(), HUNDREDTH);
    let sign = if hundredths < 0 { "-" } else { "" };
    let (whole, part) = (hundredths.unsigned_abs() / 100, hundredths.unsigned_abs() % 100);
    format!("{sign}{}.{part:02}", grouped(&whole.to_string()))
}

/// A fraction as per cent to two decimals: `1.23 %`.
pub fn percent(fraction: Option<f64>) -> String {
    fraction
        .filter(|value| value.is_finite())
        .map_or("–".to_owned(), |value| format!("{} %", two(value * 100.0)))
}

/// A number to two decimals: `1,234.50`.
pub fn decimals(number: Option<f64>) -> String {
    number.filter(|value| value.is_finite()).map_or("–".to_owned(), two)
}

/// A speed: `4.27 M/s`.
pub fn rate(per_second: f64) -> String {
    match per_second {
        speed if !speed.is_finite() || speed <= 0.0 => "0/s".to_owned(),
        speed if speed >= 1e9 => format!("{:.2} G/s", speed / 1e9),
        speed if speed >= 1e6 => format!("{:.2} M/s", speed / 1e6),
        speed if speed >= 1e3 => format!("{:.1} k/s", speed / 1e3),
        speed => format!("{speed:.0}/s"),
    }
}

/// A span of seconds: `412 ms`, `6.00 s`, `2 min 05 s`, `3 h 02 min`, `30 d`, `30 d 4 h`.
pub fn span(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    match whole {
        _ if seconds < 0.9995 => format!("{:.0} ms", seconds.max(0.0) * 1e3),
        0..60 => format!("{seconds:.2} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        3600..86_400 => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
        _ if whole % 86_400 < 3600 => format!("{} d", whole / 86_400),
        _ => format!("{} d {} h", whole / 86_400, whole % 86_400 / 3600),
    }
}

fn two(value: f64) -> String {
    let text = format!("{:.2}", value.abs());
    let (whole, part) = text.split_once('.').expect("two decimals were asked for");
    let zero = text.bytes().all(|b| b == b'0' || b == b'.');
    format!("{}{}.{part}", if value < 0.0 && !zero { "-" } else { "" }, grouped(whole))
}

/// Digits with a comma before every third from the end.
fn grouped(digits: &str) -> String {
    debug_assert!(digits.bytes().all(|b| b.is_ascii_digit()), "only digits are grouped");
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        for (number, expected) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (123_456, "123,456"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ] {
            assert_eq!(count(number), expected);
        }
    }

    #[test]
    fn amounts() {
        for (text, expected) in [
            ("0", "0.00"),
            ("1234567.005", "1,234,567.00"),
            ("1.015", "1.02"),
            ("-0.004", "0.00"),
            ("-1234.5", "-1,234.50"),
            ("999.999", "1,000.00"),
        ] {
            assert_eq!(money(Money::parse(text).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn fractions_and_numbers() {
        assert_eq!(percent(Some(0.5)), "50.00 %");
        assert_eq!(percent(Some(-0.000_001)), "0.00 %");
        assert_eq!(percent(Some(-12.345)), "-1,234.50 %");
        assert_eq!(percent(None), "–");
        assert_eq!(decimals(Some(f64::INFINITY)), "–");
    }

    #[test]
    fn speeds_and_spans() {
        for (speed, expected) in
            [(0.0, "0/s"), (12.4, "12/s"), (1500.0, "1.5 k/s"), (4.269e6, "4.27 M/s"), (2e9, "2.00 G/s")]
        {
            assert_eq!(rate(speed), expected);
        }
        for (seconds, expected) in [
            (0.0, "0 ms"),
            (0.412, "412 ms"),
            (6.0, "6.00 s"),
            (125.0, "2 min 05 s"),
            (10_920.0, "3 h 02 min"),
            (2_592_000.0, "30 d"),
            (2_606_400.0, "30 d 4 h"),
        ] {
            assert_eq!(span(seconds), expected);
        }
    }
}
