//! The configuration of `grandmodel generate`: a synthetic market.
//!
//! It goes through the same machinery as a run's, with a table of keys of its own, and becomes the generator's
//! own type. What the generator refuses is told with file, line and key, too.
//! Not here: the generator (`synthetic`).

use super::effective::Effective;
use super::error::{ConfigError, Place};
use super::node::{Node, Origin, Value, parse_document, parse_value};
use super::schema::{Key, Preset, Schema, Section};
use super::shape::{Fixed, Least, Off, Range, Shape, Tables};
use super::times;
use model::{Price, Quantity};
use std::path::Path;
use synthetic::{SymbolConfig, SyntheticConfig};

static MARKET: Schema = Schema { parts: &[KEYS], sections: SECTIONS };

const SECTIONS: &[Section] = &[Section { path: "symbols", doc: "What is traded." }];

const KEYS: &[Key] = &[
    Key::new(
        "seed",
        Shape::Integer { min: 0, max: i64::MAX },
        "1",
        "",
        "The same seed makes the same ticks on every machine.",
    ),
    Key::new("start", Shape::Instant, r#""2025-01-01""#, "UTC", "The first instant, a midnight."),
    Key::new("days", Shape::Integer { min: 1, max: 3660 }, "30", "days", "How long."),
    Key::new(
        "symbols",
        Shape::Tables(Tables { fields: "symbols[]", defaults: "", id: "name" }),
        "",
        "",
        "One table for each symbol.",
    )
    .required(r#"[{ name = "ALPHA", start_price = "100" }]"#),
    Key::new("symbols[].name", Shape::Symbol, "", "", "Its name.").required(r#""ALPHA""#),
    Key::new(
        "symbols[].start_price",
        Shape::Decimal(Fixed::Price, Range::AboveZero, Off::Never),
        "",
        "price",
        "Where its price starts: a multiple of the tick size, at least 1,000 ticks.",
    )
    .required(r#""100""#),
    Key::new(
        "symbols[].tick_size",
        Shape::Decimal(Fixed::Price, Range::AboveZero, Off::Never),
        r#""0.01""#,
        "price",
        "Its price step.",
    ),
    Key::new(
        "symbols[].lot",
        Shape::Decimal(Fixed::Quantity, Range::AboveZero, Off::Never),
        r#""1""#,
        "units",
        "Its quantity step.",
    ),
    Key::new(
        "symbols[].daily_volatility",
        Shape::Number(Least::Above(0.0), 1.0),
        "0.02",
        "fraction",
        "Deviation of a day's return.",
    ),
    Key::new(
        "symbols[].trades_per_day",
        Shape::Integer { min: 1, max: 100_000_000 },
        "20000",
        "trades",
        "Mean number of trades a day.",
    ),
    Key::new(
        "symbols[].quotes_per_trade",
        Shape::Number(Least::From(0.0), 1000.0),
        "2.0",
        "quotes",
        "Mean number of quotes for each trade; 0 makes a symbol without quotes.",
    ),
];

/// Reads and checks a market's file.
///
/// # Errors
/// [`ConfigError`] with file, line and key.
pub fn load_market(path: &Path) -> Result<SyntheticConfig, ConfigError> {
    parse_market(&path.display().to_string(), &super::read(path)?)
}

/// Checks a market's text; `file` is its name in errors.
///
/// # Errors
/// [`ConfigError`] with file, line and key.
pub fn parse_market(file: &str, text: &str) -> Result<SyntheticConfig, ConfigError> {
    let effective = Effective::new(&MARKET, file, text, &[])?;
    let value = |path: &str| effective.entry(path).normal.as_ref().expect("every key here has a value");
    let tables = value("symbols").as_list().expect("a list of tables");
    let start = times::parse_instant(value("start").as_text().expect("text")).expect("a checked instant");
    let market = SyntheticConfig {
        seed: number(value("seed")),
        start,
        days: number(value("days")),
        symbols: tables.iter().map(symbol).collect(),
    };
    match market.check() {
        Ok(()) => Ok(market),
        Err(error) => Err(refusal(&effective, &market, &error)),
    }
}

/// Whether a text is of this kind and not a run's configuration: it has a list `symbols`.
pub fn is_market(text: &str) -> bool {
    parse_document(text).is_ok_and(|document| document.iter().any(|(name, _)| name == "symbols"))
}

/// What the generator refuses, at the key it is about; where it names none, at the list of symbols.
fn refusal(effective: &Effective, market: &SyntheticConfig, error: &synthetic::ConfigError) -> ConfigError {
    let at = |path: &str| (effective.place(path), path.to_owned());
    let (place, path) = match error {
        synthetic::ConfigError::Start(_) => at("start"),
        synthetic::ConfigError::Range { symbol: None, key, .. } => at(key),
        synthetic::ConfigError::Range { symbol: Some(name), key, .. } => {
            let index =
                market.symbols.iter().position(|symbol| symbol.name == *name).expect("one of its symbols");
            let tables = effective.entry("symbols").written.as_ref().and_then(|node| node.value.as_list());
            let table = &tables.expect("a list of tables")[index];
            let origin = table.value.get(key).map_or(table.origin, |node| node.origin);
            (Place { file: effective.file().to_owned(), origin }, format!("symbols[{index}].{key}"))
        }
        _ => at("symbols"),
    };
    ConfigError::Value { place, path, problem: format!("makes no market: {error}") }
}

fn symbol(table: &Node) -> SymbolConfig {
    let value = |name: &str| match table.value.get(name) {
        Some(node) => node.value.clone(),
        None => {
            let key = MARKET.find(&format!("symbols[].{name}")).expect("a key of the schema");
            let Preset::Value(text) = key.preset else { unreachable!("{name} was checked to be there") };
            parse_value(text, Origin::Default).value
        }
    };
    let text = |name: &str| value(name).as_text().expect("text").to_owned();
    SymbolConfig {
        name: text("name"),
        start_price: Price::parse(&text("start_price")).expect("a checked price"),
        tick_size: Price::parse(&text("tick_size")).expect("a checked price"),
        lot: Quantity::parse(&text("lot")).expect("a checked quantity"),
        daily_volatility: number(&value("daily_volatility")),
        trades_per_day: number(&value("trades_per_day")),
        quotes_per_trade: number(&value("quotes_per_trade")),
    }
}

fn number<T: std::str::FromStr>(value: &Value) -> T {
    value.to_string().parse().ok().expect("a checked number")
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Nanos;

    #[test]
    fn a_symbol_has_defaults() {
        let market = parse_market("m.toml", "[[symbols]]\nname = \"a\"\nstart_price = 50\n").unwrap();
        assert_eq!((market.seed, market.days, market.start), (1, 30, Nanos(1_735_689_600_000_000_000)));
        let symbol = &market.symbols[0];
        assert_eq!(symbol.name, "A");
        assert_eq!(symbol.start_price, Price::parse("50").unwrap());
        assert_eq!((symbol.trades_per_day, symbol.tick_size), (20_000, Price::parse("0.01").unwrap()));
    }

    #[test]
    fn refusals_name_line_and_key() {
        for (text, parts) in [
            ("", ["m.toml:1", "symbols is missing"]),
            ("symbols = []", ["m.toml:1: symbols makes no market", "symbols is empty"]),
            ("seed = 1\n[[symbols]]\nname = \"A\"\n", ["m.toml:2", "symbols[0].start_price is missing"]),
            ("[[symbols]]\nname = \"A\"\nstart_price = 0\n", ["m.toml:3", "symbols[0].start_price is 0"]),
            ("[[symbols]]\nname = \"A\"\nstart_prize = 1\n", ["m.toml:3", "nearest is start_price"]),
            (
                "start = \"2025-01-01T01:00:00Z\"\n[[symbols]]\nname = \"A\"\nstart_price = 50\n",
                ["m.toml:1: start", "midnight"],
            ),
            (
                "[[symbols]]\nname = \"A\"\nstart_price = \"50.005\"\n",
                ["m.toml:3: symbols[0].start_price", "multiple"],
            ),
            (
                "[[symbols]]\nname = \"A\"\nstart_price = 50\ntick_size = 1\n",
                ["m.toml:3: symbols[0].start_price", "1000 ticks"],
            ),
            ("dais = 1\n", ["m.toml:1", "nearest is days"]),
            (
                "[[symbols]]\nname = \"A\"\nstart_price = 1\n[[symbols]]\nname = \"a\"\nstart_price = 1\n",
                ["m.toml:5", "symbols[1].name"],
            ),
        ] {
            let error = parse_market("m.toml", text).unwrap_err().to_string();
            assert!(parts.iter().all(|part| error.contains(part)), "{text:?}: {error}");
        }
    }
}
