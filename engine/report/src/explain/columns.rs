//! Figures and columns of plain text: decimals as scripts read them, cells aligned by characters.

use crate::format;
use model::UNIT;

/// An instant, in UTC.
pub(super) fn instant(ts: i64) -> String {
    format!("{} UTC", format::time(ts))
}

/// A fixed-point number in units of 1e-9, as scripts read it.
pub(super) fn decimal(raw: i128) -> String {
    let (magnitude, unit) = (raw.unsigned_abs(), u128::from(UNIT.unsigned_abs()));
    let sign = if raw < 0 { "-" } else { "" };
    let text = format!("{sign}{}.{:09}", magnitude / unit, magnitude % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

pub(super) fn maybe_decimal(raw: Option<i128>) -> String {
    raw.map_or_else(|| "-".to_owned(), decimal)
}

/// A float in six significant digits.
pub(super) fn number(value: f64) -> String {
    let scientific = format!("{value:.5e}");
    let exponent: Option<i32> = scientific.split_once('e').and_then(|(_, exponent)| exponent.parse().ok());
    let Some(exponent) = exponent.filter(|exponent| (-7..=12).contains(exponent)) else {
        return scientific;
    };
    let text = format!("{value:.*}", usize::try_from(5 - exponent).unwrap_or(0));
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    text.to_owned()
}

/// Where a column's cells stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Right,
}

/// Rows of equally many cells, in columns two spaces apart; the first row is the head.
pub(super) fn aligned(rows: &[Vec<String>], align: &[Align]) -> Vec<String> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..align.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(align).zip(&widths).map(|((cell, align), width)| match align {
            Align::Left => format!("  {cell:<width$}"),
            Align::Right => format!("  {cell:>width$}"),
        });
        cells.collect()
    };
    rows.iter().map(line).collect()
}

pub(super) fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_every_digit() {
        let check = |raw, expected: &str| assert_eq!(decimal(raw), expected);
        check(1_234_567_500_000_000, "1234567.5");
        check(-1, "-0.000000001");
        check(0, "0");
        check(-100_000_000_000, "-100");
    }

    #[test]
    fn numbers_have_six_digits() {
        for (value, expected) in [
            (0.0, "0"),
            (1.0, "1"),
            (-0.123_456_789, "-0.123457"),
            (123_456.789, "123457"),
            (1_234_567.0, "1234567"),
            (0.000_012_3, "0.0000123"),
            (1e-9, "1.00000e-9"),
            (9.999_999, "10"),
        ] {
            assert_eq!(number(value), expected, "{value}");
        }
    }

    #[test]
    fn columns_are_aligned_by_characters() {
        let rows = [row(["a", "·b"]), row(["ccc", "d"])];
        assert_eq!(aligned(&rows, &[Align::Left, Align::Right]), ["  a    ·b", "  ccc   d"]);
    }
}
