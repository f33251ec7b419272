//! What a value may be, by kind of key: type and range, one key at a time.
//!
//! Why: a shape is named in the table of keys, so that what is checked and what is documented are the same.
//! A checked value is in one normal form (`60s` becomes `1m`), which is what the configuration hash covers.
//! Not here: rules between keys (`build`).

mod lists;
mod names;
mod numbers;
mod tables;

use super::node::{Node, Origin, Value};
use super::schema::Schema;
use super::{hours, layout, times};

/// The values of a choice.
#[derive(Debug, Clone, Copy)]
pub struct Choices {
    /// What may be chosen.
    pub now: &'static [&'static str],
}

/// Which fixed-point number a decimal must fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fixed {
    /// [`model::Price`].
    Price,
    /// [`model::Quantity`].
    Quantity,
    /// [`model::Money`].
    Money,
    /// [`model::Rate`].
    Rate,
}

/// Which decimals make sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// More than zero.
    AboveZero,
    /// Zero and more.
    ZeroOrMore,
    /// More than −1 and less than 1.
    Fraction,
    /// Above 0 and below 1.
    Share,
}

/// Where a range of numbers starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Least {
    /// Above this.
    Above(f64),
    /// At this.
    From(f64),
}

/// Whether a limit can be switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Off {
    /// It is always a number.
    Never,
    /// `"none"` switches it off.
    ByNone,
    /// `"auto"` leaves it to the program.
    ByAuto,
}

/// A list of tables: where its fields stand in the schema.
#[derive(Debug, Clone, Copy)]
pub struct Tables {
    /// Prefix of the fields that are only here, `[]` included.
    pub fields: &'static str,
    /// Section whose keys are fields too, as defaults of all tables; empty if there is none.
    pub defaults: &'static str,
    /// The field that names a table; no two have the same.
    pub id: &'static str,
}

/// What a value may be.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// A string with something in it.
    Text,
    /// A path.
    Path,
    /// A list of paths; one string is a list of one.
    Paths,
    /// One of some words.
    Choice(Choices),
    /// A list of exactly one of some words.
    OneInList(Choices),
    /// A list of some words, each at most once; none is legal.
    SomeInList(Choices),
    /// A whole number.
    Integer {
        /// The least.
        min: i64,
        /// The largest.
        max: i64,
    },
    /// A finite number of at most this.
    Number(Least, f64),
    /// True or false.
    Boolean,
    /// An exact decimal of up to nine places.
    Decimal(Fixed, Range, Off),
    /// A span of time, zero or more.
    Duration,
    /// A bar's length.
    Timeframe,
    /// Bars' lengths.
    Timeframes,
    /// An instant.
    Instant,
    /// A currency's code.
    Currency,
    /// A symbol.
    Symbol,
    /// Our column names and the file's.
    Columns,
    /// Which prices make bars.
    Sources,
    /// How stages are put on threads.
    Layout,
    /// Which cores the threads are pinned to.
    Cores,
    /// Indicators by name, or `"standard"`.
    Indicators,
    /// A list of names.
    Names,
    /// Orders in which signals come.
    Patterns,
    /// A SHA-256 as 64 hexadecimal digits.
    Sha256,
    /// Indicators by timeframe.
    IndicatorsByTimeframe,
    /// When a market is open.
    Hours,
    /// A list of tables.
    Tables(Tables),
}

/// Why a value is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// Where the very value was written, which may be deep in a list.
    pub(super) origin: Origin,
    /// What to add to the key's path.
    pub(super) suffix: String,
    /// "is 5, an integer; write …".
    pub(super) sentence: String,
}

impl Shape {
    /// Checks a value and gives its normal form.
    pub(super) fn check(&self, node: &Node, schema: &Schema) -> Result<Value, Problem> {
        match self {
            Self::Text | Self::Path => {
                let text = self.text(node)?;
                if text.trim().is_empty() {
                    Err(self.refuse(node, "which is empty"))
                } else {
                    Ok(node.value.clone())
                }
            }
            Self::Paths => lists::check_paths(self, node),
            Self::Choice(choices) => names::check_choice(self, *choices, node),
            Self::OneInList(choices) => lists::check_one_in_list(self, *choices, node),
            Self::SomeInList(choices) => lists::check_some_in_list(self, *choices, node),
            Self::Integer { min, max } => numbers::check_integer(self, *min, *max, node),
            Self::Number(least, max) => numbers::check_number(self, *least, *max, node),
            Self::Boolean => match node.value {
                Value::Boolean(_) => Ok(node.value.clone()),
                _ => Err(self.mistyped(node)),
            },
            Self::Decimal(fixed, range, off) => numbers::check_decimal(self, (*fixed, *range, *off), node),
            Self::Duration => numbers::check_duration(self, node),
            Self::Timeframe => lists::check_timeframe(self, node).map(|tf| Value::Text(tf.to_string())),
            Self::Timeframes => lists::check_timeframes(self, node),
            Self::Instant => self.by(node, |text| times::parse_instant(text).map(times::print_instant)),
            Self::Currency => self.by(node, names::currency),
            Self::Symbol => self.by(node, names::symbol),
            Self::Columns => self.by(node, names::columns),
            Self::Sources => lists::check_sources(self, node),
            Self::Layout => match layout::parse(&node.value) {
                Ok(_) => Ok(node.value.clone()),
                Err(why) => Err(self.refuse(node, &why)),
            },
            Self::Cores => lists::check_cores(self, node),
            Self::Indicators => lists::check_indicators(self, node),
            Self::IndicatorsByTimeframe => tables::check_by_timeframe(self, node),
            Self::Names => lists::check_names(self, node),
            Self::Patterns => lists::check_patterns(self, node),
            Self::Sha256 => self.by(node, names::sha256),
            Self::Hours => match hours::parse(&node.value) {
                Ok(_) => Ok(node.value.clone()),
                Err(why) => Err(self.refuse(node, &why)),
            },
            Self::Tables(tables) => tables::check_tables(self, tables, node, schema),
        }
    }

    /// What may be written, as it stands after "write" and in the reference.
    pub fn wants(&self) -> String {
        let fixed = match self {
            Self::Text => "a string",
            Self::Path => "a path",
            Self::Paths => "a list of paths",
            Self::Choice(choices) => return words(choices.now),
            Self::OneInList(choices) => return format!("a list of exactly one of {}", words(choices.now)),
            Self::SomeInList(choices) => return format!("a list of any of {}", words(choices.now)),
            Self::Integer { min, max } => return format!("a whole number from {min} to {max}"),
            Self::Number(Least::Above(above), max) => {
                return format!("a number above {above} and at most {max}");
            }
            Self::Number(Least::From(min), max) => return format!("a number from {min} to {max}"),
            Self::Boolean => "true or false",
            Self::Decimal(_, range, off) => return numbers::wants_decimal(*range, *off),
            Self::Duration => "a duration such as \"250us\" (a whole number and ns, us, ms, s, m, h or d)",
            Self::Timeframe => "a timeframe such as \"5m\" (a whole number and ms, s, m, h or d, at most 7d)",
            Self::Timeframes => "a list of timeframes such as [\"1m\", \"5m\"]",
            Self::Instant => {
                "a time with its offset such as \"2025-01-31T12:00:00Z\", or a date (midnight UTC)"
            }
            Self::Currency => "a code of 3 to 10 capital letters and digits such as \"USD\"",
            Self::Symbol => "a symbol such as \"BTCUSDT.SPOT\"",
            Self::Columns => "pairs NAME=COLUMN joined by commas such as \"ts_event=time,size=qty\"",
            Self::Sources => "\"auto\", or one or a list of \"trade\", \"bid\", \"ask\", \"mid\"",
            Self::Layout => "\"fused\", \"split\", or groups of stages in the order of the graph",
            Self::Cores => "\"auto\", \"none\", or a list of core numbers such as [0, 1]",
            Self::Indicators => {
                "\"standard\", or a list of indicators such as [\"sma_20\", \"rsi_14\", \"bollinger_20_2\"]"
            }
            Self::Names => "a list of names",
            Self::Patterns => "one or a list of orders of mlmi, nwrqk and fvg such as \"mlmi>nwrqk>fvg\"",
            Self::Sha256 => "64 hexadecimal digits",
            Self::IndicatorsByTimeframe => "a table of such lists such as { 5m = [\"sma_50\"] }",
            Self::Hours => {
                "\"always\", or { zone = \"America/New_York\", intervals = [\"Mon-Fri 09:30-16:00\"] }"
            }
            Self::Tables(_) => "a list of tables",
        };
        fixed.to_owned()
    }

    /// A refusal of the value: `why` follows it.
    pub(super) fn refuse(&self, node: &Node, why: &str) -> Problem {
        let sentence = format!("is {}, {why}; write {}", node.value, self.wants());
        Problem { origin: node.origin, suffix: String::new(), sentence }
    }

    /// A refusal of the value's type.
    fn mistyped(&self, node: &Node) -> Problem {
        self.refuse(node, node.value.kind())
    }

    fn text<'a>(&self, node: &'a Node) -> Result<&'a str, Problem> {
        node.value.as_text().ok_or_else(|| self.mistyped(node))
    }

    /// Checks text (or a date) by a function that gives its normal form or says what is wrong.
    fn by(&self, node: &Node, check: impl Fn(&str) -> Result<String, String>) -> Result<Value, Problem> {
        let text = match (&node.value, self) {
            (Value::Datetime(text), Self::Instant) => text,
            _ => self.text(node)?,
        };
        check(text).map(Value::Text).map_err(|why| self.refuse(node, &why))
    }
}

/// `"a", "b" or "c"`.
fn words(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
    match quoted.as_slice() {
        [.., _] if quoted.len() > 1 => {
            format!("{} or {}", quoted[..quoted.len() - 1].join(", "), quoted[quoted.len() - 1])
        }
        _ => quoted.join(""),
    }
}
