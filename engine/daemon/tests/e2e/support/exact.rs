//! Decimals as integers of 1e-9, written once more from the contract: half-even, once per fill.

/// Units in 1.
pub const ONE: i128 = 1_000_000_000;

/// `numerator / denominator`, rounded to the nearest, halves to even.
pub fn half_even(numerator: i128, denominator: i128) -> i128 {
    assert!(denominator > 0);
    let floor = numerator.div_euclid(denominator);
    let rest = numerator - floor * denominator;
    if 2 * rest > denominator || (2 * rest == denominator && floor % 2 != 0) { floor + 1 } else { floor }
}

/// price · quantity · multiplier, in units of 1e-9.
pub fn notional(price: i128, quantity: i128, multiplier: i128) -> i128 {
    let product = price.checked_mul(quantity).and_then(|product| product.checked_mul(multiplier));
    half_even(product.expect("the test's numbers are small"), ONE * ONE)
}

/// The fee of a fill.
pub fn fee(notional: i128, rate: i128) -> i128 {
    half_even(notional.abs().checked_mul(rate).expect("the test's numbers are small"), ONE)
}

/// Reads a plain decimal of at most nine decimals.
#[track_caller]
pub fn parse(text: &str) -> i128 {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    assert!(decimals.len() <= 9 && !whole.is_empty(), "{text:?} is no plain decimal");
    let padded = format!("{whole}{decimals:0<9}");
    let raw: i128 = padded.parse().unwrap_or_else(|_| panic!("{text:?} is no decimal"));
    if text.starts_with('-') { -raw } else { raw }
}

/// An instant as the command line takes it.
pub fn rfc3339(ts: i64) -> String {
    jiff::Timestamp::from_nanosecond(ts.into()).expect("64 bits are an instant").to_string()
}

/// An instant, from a calendar date in UTC and the seconds since midnight.
pub fn instant(year: i64, month: i64, day: i64, second_of_day: i64) -> i64 {
    // Days since the epoch, counting years from March.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (y.div_euclid(400), y.rem_euclid(400));
    let days =
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + (153 * m + 2) / 5 + day - 1 - 719_468;
    (days * 86_400 + second_of_day) * 1_000_000_000
}

#[test]
fn the_references_arithmetic_is_right() {
    assert_eq!([5, 15, 25, -5, -15, 14].map(|n| half_even(n, 10)), [0, 2, 2, 0, -2, 1]);
    assert_eq!(["1", "-0.000000001", "12.5"].map(parse), [ONE, -1, 12_500_000_000]);
    assert_eq!(instant(1970, 1, 1, 1), 1_000_000_000);
    assert_eq!(instant(2014, 5, 5, 0), 1_399_248_000_000_000_000);
    assert_eq!(notional(parse("4780.25"), parse("-3"), parse("50")), parse("-717037.5"));
    assert_eq!(fee(parse("-717037.5"), parse("-0.0001")), parse("-71.70375"));
}
