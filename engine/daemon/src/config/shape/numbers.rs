//! Numbers: integers, floats, exact decimals, durations.

use super::super::node::{Node, Value};
use super::super::times;
use super::{Fixed, Least, Off, Problem, Range, Shape};
use model::{Money, NumberError, Price, Quantity, Rate, Span, UNIT};
use rust_decimal::Decimal;

/// A whole number within bounds.
pub(super) fn check_integer(shape: &Shape, min: i64, max: i64, node: &Node) -> Result<Value, Problem> {
    let Value::Integer(text) = &node.value else { return Err(shape.mistyped(node)) };
    match text.parse::<i64>() {
        Ok(value) if (min..=max).contains(&value) => Ok(Value::Integer(value.to_string())),
        _ => Err(shape.refuse(node, "which is out of range")),
    }
}

/// A finite number within bounds.
pub(super) fn check_number(shape: &Shape, least: Least, max: f64, node: &Node) -> Result<Value, Problem> {
    let (Value::Integer(text) | Value::Float(text)) = &node.value else { return Err(shape.mistyped(node)) };
    let enough = |value: f64| match least {
        Least::Above(above) => value > above,
        Least::From(min) => value >= min,
    };
    match text.parse::<f64>() {
        Ok(value) if enough(value) && value <= max => Ok(Value::Float(format!("{value:?}"))),
        _ => Err(shape.refuse(node, "which is out of range")),
    }
}

/// What decimals a rule wants.
pub(super) fn wants_decimal(range: Range, off: Off) -> String {
    let range = match range {
        Range::AboveZero => "a decimal above zero such as \"1.5\"",
        Range::ZeroOrMore => "a decimal of zero or more such as \"0.5\"",
        Range::Fraction => "a fraction between -1 and 1 such as \"0.0005\"",
        Range::Share => "a fraction above 0 and below 1 such as \"0.001\"",
    };
    match off {
        Off::Never => range.to_owned(),
        Off::ByNone => format!("{range}, or \"none\" to switch it off"),
        Off::ByAuto => format!("{range}, or \"auto\""),
    }
}

/// A decimal as text, or as a TOML number whose very digits are taken.
pub(super) fn check_decimal(
    shape: &Shape,
    (fixed, range, off): (Fixed, Range, Off),
    node: &Node,
) -> Result<Value, Problem> {
    let text = match &node.value {
        Value::Text(text) if off == Off::ByNone && text == "none" => return Ok(node.value.clone()),
        Value::Text(text) if off == Off::ByAuto && text == "auto" => return Ok(node.value.clone()),
        Value::Text(text) | Value::Integer(text) => text.trim().to_owned(),
        Value::Float(text) => {
            plain_digits(text).ok_or_else(|| shape.refuse(node, "which is no exact decimal"))?
        }
        _ => return Err(shape.mistyped(node)),
    };
    let (raw, normal) =
        parse_fixed(fixed, &text).map_err(|error| shape.refuse(node, &format!("which {error}")))?;
    let wrong = match range {
        Range::ZeroOrMore if raw < 0 => Some("which is negative"),
        Range::AboveZero | Range::Share if raw <= 0 => Some("which is not above zero"),
        Range::Fraction | Range::Share if raw.unsigned_abs() >= u128::from(UNIT.unsigned_abs()) => {
            Some("which is no fraction")
        }
        _ => None,
    };
    wrong.map_or(Ok(Value::Text(normal)), |why| Err(shape.refuse(node, why)))
}

/// Units of 1e-9 and the normal form of a number of that kind.
fn parse_fixed(fixed: Fixed, text: &str) -> Result<(i128, String), NumberError> {
    Ok(match fixed {
        Fixed::Price => Price::parse(text).map(|price| (i128::from(price.raw()), price.to_string()))?,
        Fixed::Quantity => Quantity::parse(text).map(|q| (i128::from(q.raw()), q.to_string()))?,
        Fixed::Money => Money::parse(text).map(|money| (money.raw(), money.to_string()))?,
        Fixed::Rate => Rate::parse(text).map(|rate| (i128::from(rate.raw()), rate.to_string()))?,
    })
}

/// A TOML float's digits without an exponent; `None` if it is not finite or has more than a decimal holds.
fn plain_digits(text: &str) -> Option<String> {
    let text = text.trim_start_matches('+');
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return Some(text.to_owned()) };
    let decimal = Decimal::from_str_exact(mantissa).ok()?.normalize();
    let exponent: i32 = exponent.parse().ok()?;
    let scale = i32::try_from(decimal.scale()).ok()?.checked_sub(exponent)?;
    let plain = if scale >= 0 {
        Decimal::try_from_i128_with_scale(decimal.mantissa(), u32::try_from(scale).ok()?).ok()?
    } else {
        let factor = 10_i128.checked_pow(scale.unsigned_abs())?;
        Decimal::try_from_i128_with_scale(decimal.mantissa().checked_mul(factor)?, 0).ok()?
    };
    Some(plain.to_string())
}

/// A span of zero or more.
pub(super) fn check_duration(shape: &Shape, node: &Node) -> Result<Value, Problem> {
    let text = match &node.value {
        Value::Integer(text) if text == "0" => "0s",
        _ => shape.text(node)?,
    };
    let span = times::parse_duration(text).map_err(|why| shape.refuse(node, &why))?;
    Ok(Value::Text(Span(span).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_keep_their_very_digits() {
        for (text, expected) in [
            ("0.1", Some("0.1")),
            ("+1.50", Some("1.50")),
            ("5e-4", Some("0.0005")),
            ("1.25e3", Some("1250")),
            ("-2E0", Some("-2")),
            ("1e-30", None),
            ("1e40", None),
        ] {
            assert_eq!(plain_digits(text).as_deref(), expected, "{text}");
        }
    }
}
