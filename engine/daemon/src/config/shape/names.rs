//! Words: choices, currencies, symbols, columns, indicators.

use super::super::nearest::nearest;
use super::super::node::{Node, Value};
use super::{Choices, Problem, Shape};
use indicators::IndicatorSpec;

/// Our names of the columns that `data.columns` may map.
pub(in super::super) const COLUMN_NAMES: [&str; 12] = [
    "ts_event", "ts", "ts_recv", "symbol", "price", "size", "side", "trade_id", "bid", "ask", "bid_size",
    "ask_size",
];

/// A word out of some.
pub(super) fn check_choice(shape: &Shape, choices: Choices, node: &Node) -> Result<Value, Problem> {
    let text = shape.text(node)?;
    if choices.now.contains(&text) {
        Ok(node.value.clone())
    } else {
        Err(shape.refuse(node, "which is none of its values"))
    }
}

/// A currency's code.
pub(super) fn currency(text: &str) -> Result<String, String> {
    let ok =
        (3..=10).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    if ok { Ok(text.to_owned()) } else { Err("which is no currency code".to_owned()) }
}

/// A symbol, trimmed and upper-cased.
pub(super) fn symbol(text: &str) -> Result<String, String> {
    model::normalise_symbol(text)
        .map_err(|_| "which is not of the form [A-Z0-9][A-Z0-9._:@=^/-]{0,31}".to_owned())
}

/// Pairs NAME=COLUMN, sorted by name; the empty text is no pair.
pub(super) fn columns(text: &str) -> Result<String, String> {
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (name, column) = pair.split_once('=').ok_or(format!("where {pair:?} has no ="))?;
        let (name, column) = (name.trim(), column.trim());
        if !COLUMN_NAMES.contains(&name) {
            let nearest = nearest(name, COLUMN_NAMES).unwrap_or_default();
            return Err(format!("where {name:?} is none of our columns (the nearest is {nearest:?})"));
        }
        let name = if name == "ts" { "ts_event" } else { name };
        if column.is_empty() {
            return Err(format!("where {name:?} is given no column"));
        }
        if pairs.iter().any(|(known, _)| *known == name) {
            return Err(format!("where {name:?} is given twice"));
        }
        pairs.push((name, column));
    }
    pairs.sort_unstable();
    Ok(pairs.iter().map(|(name, column)| format!("{name}={column}")).collect::<Vec<_>>().join(","))
}

/// An indicator such as `sma_20` or `bollinger_20_2.5`, in its normal form.
pub(super) fn indicator(text: &str) -> Result<String, String> {
    IndicatorSpec::parse(text).map(|spec| spec.to_string()).map_err(|error| format!("where {error}"))
}

/// A SHA-256 in small hexadecimal digits.
pub(super) fn sha256(text: &str) -> Result<String, String> {
    let is_hash = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    if is_hash { Ok(text.to_ascii_lowercase()) } else { Err("which is no SHA-256".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indicators() {
        for (text, expected) in [
            ("sma_20", Ok("sma_20")),
            ("bollinger_20_2.50", Ok("bollinger_20_2.5")),
            ("bollinger_20", Err("width")),
            ("sma_0", Err("period")),
            ("smma_20", Err("no indicator")),
            ("", Err("no indicator")),
        ] {
            match (indicator(text), expected) {
                (Ok(name), Ok(expected)) => assert_eq!(name, expected),
                (Err(why), Err(part)) => assert!(why.contains(part), "{why}"),
                (result, _) => panic!("{text:?} gives {result:?}"),
            }
        }
    }

    #[test]
    fn column_maps() {
        for (text, expected) in [
            ("", Some("")),
            ("ts=time", Some("ts_event=time")),
            (" size = qty , price=px,", Some("price=px,size=qty")),
            ("ts=a,ts_event=b", None),
            ("price", None),
            ("price=", None),
            ("prize=px", None),
        ] {
            assert_eq!(columns(text).ok().as_deref(), expected, "{text:?}");
        }
    }
}
