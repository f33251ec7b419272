//! Values as they were written, each with where it came from.
//!
//! Why: every refusal and every line of `config show` names an origin, so a value never travels without it.
//! Not here: what a value must be (`shape`) and which keys exist (`keys`).

use std::fmt;
use toml::de::{DeTable, DeValue};

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Nobody wrote it.
    Default,
    /// The configuration file, 1-based line.
    File {
        /// The line.
        line: u32,
    },
    /// `--set KEY=VALUE`.
    Set,
    /// A flag of its own, such as `--data`.
    Flag(&'static str),
}

/// A value and where it came from.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it came from.
    pub origin: Origin,
}

/// A TOML value. Numbers keep their decimal text, so that no digit is lost before it is checked.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A string.
    Text(String),
    /// An integer, in decimal digits.
    Integer(String),
    /// A float, as it was written.
    Float(String),
    /// True or false.
    Boolean(bool),
    /// A date or a date with time, as it was written.
    Datetime(String),
    /// An array.
    List(Vec<Node>),
    /// A table, in the order it was written.
    Table(Vec<(String, Node)>),
}

impl Value {
    /// What it is, with an article.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Boolean(_) => "a boolean",
            Self::Datetime(_) => "a date",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }

    /// The text of a string.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a list.
    pub fn as_list(&self) -> Option<&[Node]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The entries of a table.
    pub fn as_table(&self) -> Option<&[(String, Node)]> {
        match self {
            Self::Table(entries) => Some(entries),
            _ => None,
        }
    }

    /// The entry of that name, if this is a table that has one.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.as_table()?.iter().find(|(key, _)| key == name).map(|(_, node)| node)
    }
}

/// As TOML on one line.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{}", quoted(text)),
            Self::Integer(text) | Self::Float(text) | Self::Datetime(text) => f.write_str(text),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::List(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    write!(f, "{}{}", if i == 0 { "" } else { ", " }, item.value)?;
                }
                f.write_str("]")
            }
            Self::Table(entries) if entries.is_empty() => f.write_str("{}"),
            Self::Table(entries) => {
                for (i, (key, node)) in entries.iter().enumerate() {
                    write!(f, "{}{} = {}", if i == 0 { "{ " } else { ", " }, key_text(key), node.value)?;
                }
                f.write_str(" }")
            }
        }
    }
}

/// A string in TOML's basic form, on one line.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A key as TOML wants it: bare where it may be.
pub(super) fn key_text(key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !key.is_empty() && key.chars().all(bare) { key.to_owned() } else { quoted(key) }
}

/// A text that is not TOML: the line and what the parser says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotToml {
    pub(super) line: u32,
    pub(super) message: String,
}

/// Reads a document into a table whose nodes know their lines.
pub(super) fn parse_document(text: &str) -> Result<Vec<(String, Node)>, NotToml> {
    let lines = Lines::new(text);
    let table = DeTable::parse(text).map_err(|error| NotToml {
        line: lines.of(error.span().map_or(text.len(), |span| span.start)),
        message: error.message().replace('\n', ", "),
    })?;
    Ok(table_entries(table.get_ref(), &|offset| Origin::File { line: lines.of(offset) }))
}

/// Reads one value; text that is not TOML is a string.
pub(super) fn parse_value(text: &str, origin: Origin) -> Node {
    let value = match DeValue::parse(text.trim()) {
        Ok(value) => value_of(value.get_ref(), &|_| origin),
        Err(_) => Value::Text(text.to_owned()),
    };
    Node { value, origin }
}

fn table_entries(table: &DeTable<'_>, origin: &dyn Fn(usize) -> Origin) -> Vec<(String, Node)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let node = |start, value: &DeValue<'_>| Node { value: value_of(value, origin), origin: origin(start) };
    let entry = |(key, value): (&toml::Spanned<std::borrow::Cow<'_, str>>, &toml::Spanned<DeValue<'_>>)| {
        (key.get_ref().to_string(), node(key.span().start, value.get_ref()))
    };
    entries.into_iter().map(entry).collect()
}

fn value_of(value: &DeValue<'_>, origin: &dyn Fn(usize) -> Origin) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(integer) => Value::Integer(decimal_digits(integer.as_str(), integer.radix())),
        DeValue::Float(float) => Value::Float(float.as_str().to_owned()),
        DeValue::Boolean(value) => Value::Boolean(*value),
        DeValue::Datetime(datetime) => Value::Datetime(datetime.to_string()),
        DeValue::Array(items) => {
            let node = |item: &toml::Spanned<DeValue<'_>>| Node {
                value: value_of(item.get_ref(), origin),
                origin: origin(item.span().start),
            };
            Value::List(items.iter().map(node).collect())
        }
        DeValue::Table(table) => Value::Table(table_entries(table, origin)),
    }
}

/// Decimal digits of an integer; one too large for 128 bits stays larger than every bound we check.
fn decimal_digits(text: &str, radix: u32) -> String {
    match radix {
        10 => text.trim_start_matches('+').to_owned(),
        _ => i128::from_str_radix(text, radix).unwrap_or(i128::MAX).to_string(),
    }
}

/// Offsets of a text's lines.
struct Lines(Vec<usize>);

impl Lines {
    fn new(text: &str) -> Self {
        Self(std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect())
    }

    /// The 1-based line that holds a byte offset.
    fn of(&self, offset: usize) -> u32 {
        u32::try_from(self.0.partition_point(|start| *start <= offset)).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_know_their_lines_and_keep_their_digits() {
        let text = "# head\n[a]\nx = 1_000\ny = [\n  1,\n  0.10,\n]\nb.c = 0x10\n";
        let document = parse_document(text).unwrap();
        let a = &document[0].1;
        assert_eq!(a.value.get("x").unwrap().origin, Origin::File { line: 3 });
        assert_eq!(a.value.get("x").unwrap().value, Value::Integer("1000".to_owned()));
        let y = a.value.get("y").unwrap().value.as_list().unwrap();
        assert_eq!((y[1].origin, y[1].value.to_string().as_str()), (Origin::File { line: 6 }, "0.10"));
        let c = a.value.get("b").unwrap().value.get("c").unwrap();
        assert_eq!((c.origin, c.value.to_string().as_str()), (Origin::File { line: 8 }, "16"));
    }

    #[test]
    fn what_is_not_toml_names_its_line() {
        assert_eq!(parse_document("a = 1\nb = \n").unwrap_err().line, 2);
        assert_eq!(parse_document("a = 1\na = 2\n").unwrap_err().line, 2);
    }

    #[test]
    fn a_value_that_is_not_toml_is_text() {
        for (text, kind) in [
            ("5m", "a string"),
            ("\"5m\"", "a string"),
            ("", "a string"),
            ("split", "a string"),
            ("5", "an integer"),
            ("0.5", "a float"),
            ("true", "a boolean"),
            ("2025-01-01", "a date"),
            ("[1, 2]", "a list"),
            ("{ a = 1 }", "a table"),
        ] {
            assert_eq!(parse_value(text, Origin::Set).value.kind(), kind, "{text:?}");
        }
    }

    #[test]
    fn printing_then_parsing_is_the_identity() {
        for text in
            ["\"a\\\"b\\\\c\\n\\u0001\"", "[1, [2.5, true]]", "{ zone = \"UTC\", \"a b\" = [] }", "{}"]
        {
            let node = parse_value(text, Origin::Set);
            assert_eq!(node.value.to_string(), text);
        }
    }
}
