//! Numbers as text, in units of 1e-9, exactly.
//!
//! A number is an optional sign, digits with an optional point, and an optional exponent: what every program writes
//! for a decimal or a float. `NaN`, `inf` and nothing are known for what they are. All else is no number: `0x1F`,
//! `1_000`, `1,5`. Volumes may exceed the range of a size, because a bar's volume is cut in four.
//! Not here: what a number must be (`feed`).

use catalog::Excess;
use feed::Number;
use model::{Price, round_half_even};

/// Digits of the largest magnitude that is held: 10^30 units leave room in 128 bits.
const DIGITS_MAX: i64 = 30;
/// Decimals of a unit.
const DECIMALS: i64 = 9;

/// A number as a cell gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Amount {
    /// In units of 1e-9; below 10^30 in magnitude.
    Value(i128),
    /// An empty cell, or `null`.
    Null,
    /// Not a number.
    NotANumber,
    /// Plus or minus infinity.
    Infinite { negative: bool },
    /// More than nine decimals, or beyond the range.
    NotRepresentable { negative: bool },
}

impl Amount {
    /// As a price or size, which has a smaller range.
    pub(crate) fn number(self) -> Number {
        match self {
            Self::Value(value) => match i64::try_from(value) {
                Ok(raw) if raw.abs() <= Price::MAX.raw() => Number::Value(raw),
                _ => Number::NotRepresentable { negative: value < 0 },
            },
            Self::Null => Number::Null,
            Self::NotANumber => Number::NotANumber,
            Self::Infinite { negative } => Number::Infinite { negative },
            Self::NotRepresentable { negative } => Number::NotRepresentable { negative },
        }
    }
}

/// Reads a cell without spaces around it; `None` if it is no number of any kind.
pub(crate) fn parse_amount(text: &str, excess: Excess) -> Option<Amount> {
    let (negative, unsigned) = match text.as_bytes() {
        [] => return Some(Amount::Null),
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        all => (false, all),
    };
    let is = |word: &str| unsigned.eq_ignore_ascii_case(word.as_bytes());
    if text.eq_ignore_ascii_case("null") {
        return Some(Amount::Null);
    } else if is("nan") {
        return Some(Amount::NotANumber);
    } else if is("inf") || is("infinity") {
        return Some(Amount::Infinite { negative });
    }
    let magnitude = match parse_short(unsigned) {
        Some(units) => Some(units),
        None => Decimal::parse(unsigned)?.units(excess),
    };
    Some(match magnitude {
        Some(units) => Amount::Value(if negative { -units } else { units }),
        None => Amount::NotRepresentable { negative },
    })
}

/// Reads what most cells are, up to nine digits before the point and nine after it; `None` for anything else.
fn parse_short(text: &[u8]) -> Option<i128> {
    let point = text.iter().position(|byte| *byte == b'.').unwrap_or(text.len());
    let decimals = text.get(point + 1..).unwrap_or_default();
    if point == 0 || point > 9 || decimals.len() > DECIMALS as usize {
        return None;
    }
    let mut units = 0_i64;
    for byte in text[..point].iter().chain(decimals) {
        units = units * 10 + i64::from(byte.checked_sub(b'0').filter(|digit| *digit <= 9)?);
    }
    Some(i128::from(units) * 10_i128.pow(DECIMALS as u32 - decimals.len() as u32))
}

/// `digits` · 10^`power`, with no zero at either end; no digits at all for zero.
struct Decimal {
    digits: Vec<u8>,
    power: i64,
}

impl Decimal {
    fn parse(text: &[u8]) -> Option<Self> {
        let (mantissa, exponent) = match text.iter().position(|byte| byte.eq_ignore_ascii_case(&b'e')) {
            Some(at) => (&text[..at], parse_exponent(&text[at + 1..])?),
            None => (text, 0),
        };
        let point = mantissa.iter().position(|byte| *byte == b'.');
        let decimals = point.map_or(0, |at| mantissa.len() - at - 1);
        let all: Vec<u8> =
            mantissa.iter().enumerate().filter(|(at, _)| Some(*at) != point).map(|(_, byte)| *byte).collect();
        if all.is_empty() || !all.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let start = all.iter().position(|digit| *digit != b'0').unwrap_or(all.len());
        let end = all.iter().rposition(|digit| *digit != b'0').map_or(start, |last| last + 1);
        let power = exponent - decimals as i64 + (all.len() - end) as i64;
        let digits = all[start..end].iter().map(|digit| digit - b'0').collect();
        Some(Self { digits, power })
    }

    /// In units of 1e-9; `None` if it has more decimals, or more digits than are held.
    fn units(&self, excess: Excess) -> Option<i128> {
        let len = self.digits.len() as i64;
        let shift = self.power.saturating_add(DECIMALS);
        if len == 0 {
            return Some(0);
        }
        if len.saturating_add(shift) > DIGITS_MAX {
            return None;
        }
        let whole = |digits: &[u8]| digits.iter().fold(0_i128, |sum, digit| sum * 10 + i128::from(*digit));
        if shift >= 0 {
            return Some(whole(&self.digits) * 10_i128.pow(shift as u32));
        }
        if excess == Excess::Reject {
            return None;
        }
        // Two digits below the last one and whether anything follows them decide the rounding.
        let kept = len + shift;
        if kept < -1 {
            return Some(0);
        }
        let mut padded = vec![0; 2];
        padded.extend(&self.digits);
        let (head, tail) = padded.split_at((kept + 2) as usize);
        let next = i128::from(tail[0]) * 10 + i128::from(tail[1..].iter().any(|digit| *digit != 0));
        Some(round_half_even(whole(head) * 100 + next, 100))
    }
}

/// A whole number with an optional sign; one that is far out of any range stands for all such.
fn parse_exponent(text: &[u8]) -> Option<i64> {
    const FAR: i64 = 1_000_000_000;
    let (sign, digits) = match text {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        all => (1, all),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits.iter().fold(0_i64, |sum, digit| (sum * 10 + i64::from(digit - b'0')).min(FAR));
    Some(sign * value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{NumberError, parse_fixed};
    use proptest::prelude::*;

    fn check(text: &str, expected: Option<Amount>) {
        assert_eq!(parse_amount(text, Excess::Reject), expected, "{text:?}");
    }

    #[test]
    fn numbers_of_every_kind() {
        use Amount::{Infinite, NotANumber, NotRepresentable, Null, Value};
        for (text, units) in [
            ("1.5", 1_500_000_000),
            ("-1.5", -1_500_000_000),
            ("+.5", 500_000_000),
            ("5.", 5_000_000_000),
            ("00012", 12_000_000_000),
            ("1e-05", 10_000),
            ("1.25E+2", 125_000_000_000),
            ("-0", 0),
            ("0e99999999999999999999", 0),
            ("0.0000000000000000000000000000000000", 0),
            ("1.50000000000000000000000000000000", 1_500_000_000),
            ("10000000000", 10_000_000_000_000_000_000),
            ("0.000000001", 1),
        ] {
            check(text, Some(Value(units)));
        }
        for text in ["", "null", "NULL"] {
            check(text, Some(Null));
        }
        for (text, negative) in [("inf", false), ("-Infinity", true), ("+INF", false)] {
            check(text, Some(Infinite { negative }));
        }
        check("-nan", Some(NotANumber));
        for (text, negative) in [
            ("0.0000000001", false),
            ("-1.0000000001", true),
            ("1e30", false),
            ("-1e400", true),
            ("1e-400", false),
        ] {
            check(text, Some(NotRepresentable { negative }));
        }
        let words =
            ["abc", "0x1F", "1_000", "1,5", "1 2", "1.2.3", ".", "-", "e5", "1e", "1e+", "1e5.5", "--1"];
        for text in words.into_iter().chain(["１", "\u{fffd}", "1\0", "-null", "1f", "$5", "5%"]) {
            check(text, None);
        }
    }

    #[test]
    fn excess_decimals_are_rounded_half_to_even_where_asked() {
        for (text, units) in [
            ("0.0000000005", 0),
            ("0.0000000015", 2),
            ("0.00000000150000000000000000001", 2),
            ("0.0000000005000000000000000000001", 1),
            ("0.00000000149999999999999999999", 1),
            ("-0.0000000025", -2),
            ("0.00000000005", 0),
            ("0.000000000049", 0),
            ("0.00000000096", 1),
            ("2300413.72949999989", 2_300_413_729_500_000),
            ("1e-400", 0),
        ] {
            assert_eq!(parse_amount(text, Excess::Round), Some(Amount::Value(units)), "{text}");
        }
    }

    #[test]
    fn a_price_has_a_smaller_range_than_a_volume() {
        let number = |text| parse_amount(text, Excess::Reject).unwrap().number();
        assert_eq!(number("999999999.999999999"), Number::Value(999_999_999_999_999_999));
        assert_eq!(number("-1000000000"), Number::NotRepresentable { negative: true });
        assert_eq!(number("1e20"), Number::NotRepresentable { negative: false });
    }

    proptest! {
        #[test]
        fn plain_decimals_agree_with_the_vocabulary(text in "[-+]?[0-9]{1,12}(\\.[0-9]{1,12})?") {
            let expected = match parse_fixed(&text) {
                Ok(units) => Amount::Value(units),
                Err(NumberError::TooManyDecimals) => Amount::NotRepresentable { negative: text.starts_with('-') },
                Err(other) => panic!("{text} {other}"),
            };
            prop_assert_eq!(parse_amount(&text, Excess::Reject), Some(expected));
        }

        #[test]
        fn an_exponent_moves_the_point(digits in 1_u64..1_000_000_000, decimals in 0_usize..9) {
            let text = format!("{digits}e-{decimals}");
            let padded = format!("{digits:010}");
            let (whole, part) = padded.split_at(padded.len() - decimals);
            prop_assert_eq!(
                parse_amount(&text, Excess::Reject), parse_amount(&format!("{whole}.{part}"), Excess::Reject)
            );
        }

        #[test]
        fn rounding_agrees_with_whole_numbers(raw in 0_i128..1_000_000_000_000_000, places in 10_u32..16) {
            let scale = 10_i128.pow(places);
            let text = format!("{}.{:0width$}", raw / scale, raw % scale, width = places as usize);
            let expected = round_half_even(raw, 10_i128.pow(places - 9));
            prop_assert_eq!(parse_amount(&text, Excess::Round), Some(Amount::Value(expected)));
        }

        #[test]
        fn no_text_is_a_panic(text in "\\PC{0,30}") {
            let _ = parse_amount(&text, Excess::Reject);
            let _ = parse_amount(&text, Excess::Round);
        }
    }
}
