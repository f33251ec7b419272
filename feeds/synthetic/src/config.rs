//! What market to make.
//!
//! Plain data; [`SyntheticConfig::check`] says what is wrong with it. Not here: how it is written in TOML.

use model::{Nanos, Price, Quantity, UNIT, normalise_symbol};
use std::fmt;

/// Most days of one market: a century.
pub(crate) const DAYS_MAX: u32 = 36_500;
/// Most trades of one symbol and day.
pub(crate) const TRADES_PER_DAY_MAX: u32 = 50_000_000;
/// Most quotes between two trades, on average.
pub(crate) const QUOTES_PER_TRADE_MAX: f64 = 1_000.0;
/// Fewest ticks in a start price, so that a price can fall far and stay above zero.
pub(crate) const START_TICKS_MIN: i64 = 1_000;
/// Highest start price, so that a price can rise far and stay in range.
pub(crate) const START_PRICE_MAX: i64 = 10_000_000;
/// Largest lot, so that the largest size stays in range.
pub(crate) const LOT_MAX: i64 = 10_000;

/// One symbol of the market. Rates are averages over many days.
#[derive(Debug, Clone, PartialEq)]
pub struct SymbolConfig {
    /// The symbol, normalised.
    pub name: String,
    /// The first price, at least 1,000 ticks and at most 10,000,000.
    pub start_price: Price,
    /// The grid of all prices.
    pub tick_size: Price,
    /// The grid of all sizes.
    pub lot: Quantity,
    /// Deviation of a day's return, as a fraction; trends and jumps add to it.
    pub daily_volatility: f64,
    /// Trades a day, about.
    pub trades_per_day: u32,
    /// Quotes to each trade, about. 0: the symbol has no quotes.
    pub quotes_per_trade: f64,
}

/// A whole market.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticConfig {
    /// Another seed, another market.
    pub seed: u64,
    /// The first instant, a midnight UTC.
    pub start: Nanos,
    /// How many days; the market never closes.
    pub days: u32,
    /// The symbols.
    pub symbols: Vec<SymbolConfig>,
}

/// What is wrong with a configuration. Each names the key and what to write.
#[derive(Debug, Clone, PartialEq)]
pub enum ConfigError {
    /// There are no symbols.
    NoSymbols,
    /// A name is not a normalised symbol.
    Name(String),
    /// Two symbols have one name.
    Repeated(String),
    /// `start` is not a midnight UTC of 1970 to 2100.
    Start(Nanos),
    /// A number is outside its range.
    Range {
        /// The symbol it belongs to, if it is a symbol's.
        symbol: Option<String>,
        /// Which one.
        key: &'static str,
        /// What was given.
        value: String,
        /// What is allowed, in words.
        allowed: String,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSymbols => f.write_str("symbols is empty; describe at least one symbol"),
            Self::Name(name) => {
                write!(f, "symbols.name = {name:?} is no symbol; write [A-Z0-9][A-Z0-9._:@=^/-]{{0,31}}")
            }
            Self::Repeated(name) => write!(f, "symbols.name = {name:?} stands twice; rename one"),
            Self::Start(start) => {
                write!(f, "start = {} ns is not a midnight UTC from 1970 to 2100; write a date", start.0)
            }
            Self::Range { symbol, key, value, allowed } => {
                let of = symbol.as_ref().map(|symbol| format!(" of {symbol}")).unwrap_or_default();
                write!(f, "{key}{of} = {value} is out of range; write {allowed}")
            }
        }
    }
}

impl std::error::Error for ConfigError {}

impl SyntheticConfig {
    /// Three symbols, thirty days from 2025-01-01, about five million ticks.
    pub fn standard() -> Self {
        let price = |text| Price::parse(text).expect("a price");
        let symbol = |name: &str, start, tick, lot, daily_volatility, trades_per_day| SymbolConfig {
            name: name.to_owned(),
            start_price: price(start),
            tick_size: price(tick),
            lot: Quantity::parse(lot).expect("a quantity"),
            daily_volatility,
            trades_per_day,
            quotes_per_trade: 1.8,
        };
        Self {
            seed: 1,
            // 2025-01-01T00:00:00Z
            start: Nanos(1_735_689_600 * UNIT),
            days: 30,
            symbols: vec![
                symbol("ALPHA", "50000", "2", "0.001", 0.025, 28_000),
                symbol("BRAVO", "3000", "0.2", "0.01", 0.03, 19_000),
                symbol("CHARLIE", "120", "0.01", "0.1", 0.04, 12_000),
            ],
        }
    }

    /// Whether a market can be made of it.
    ///
    /// # Errors
    /// [`ConfigError`] for the first thing that is wrong.
    pub fn check(&self) -> Result<(), ConfigError> {
        const START_MAX: i64 = 4_102_444_800 * UNIT;
        if self.symbols.is_empty() {
            return Err(ConfigError::NoSymbols);
        }
        if !(0..=START_MAX).contains(&self.start.0) || self.start.0 % Nanos::DAY.0 != 0 {
            return Err(ConfigError::Start(self.start));
        }
        if !(1..=DAYS_MAX).contains(&self.days) {
            return Err(range(None, "days", self.days, format!("a whole number from 1 to {DAYS_MAX}")));
        }
        for (i, symbol) in self.symbols.iter().enumerate() {
            symbol.check()?;
            if self.symbols[..i].iter().any(|other| other.name == symbol.name) {
                return Err(ConfigError::Repeated(symbol.name.clone()));
            }
        }
        Ok(())
    }

    /// About how many ticks the market will have: what a progress bar runs towards.
    pub fn ticks_expected(&self) -> u64 {
        let of_a_day =
            |symbol: &SymbolConfig| f64::from(symbol.trades_per_day) * (1.0 + symbol.quotes_per_trade);
        (self.symbols.iter().map(of_a_day).sum::<f64>() * f64::from(self.days)) as u64
    }
}

fn range(symbol: Option<&str>, key: &'static str, value: impl fmt::Display, allowed: String) -> ConfigError {
    ConfigError::Range { symbol: symbol.map(str::to_owned), key, value: value.to_string(), allowed }
}

impl SymbolConfig {
    /// Whether a symbol can be made of it.
    ///
    /// # Errors
    /// [`ConfigError`] for the first thing that is wrong.
    pub fn check(&self) -> Result<(), ConfigError> {
        if normalise_symbol(&self.name).as_deref() != Ok(self.name.as_str()) {
            return Err(ConfigError::Name(self.name.clone()));
        }
        let refuse =
            |key, value: &dyn fmt::Display, allowed| Err(range(Some(&self.name), key, value, allowed));
        let (start, tick, lot) = (self.start_price.raw(), self.tick_size.raw(), self.lot.raw());
        if tick <= 0 {
            return refuse("tick_size", &self.tick_size, "a decimal above 0".to_owned());
        }
        if start % tick != 0 || start / tick < START_TICKS_MIN || start > START_PRICE_MAX * UNIT {
            let allowed =
                format!("a multiple of the tick size, {START_TICKS_MIN} ticks to {START_PRICE_MAX}");
            return refuse("start_price", &self.start_price, allowed);
        }
        if !(1..=LOT_MAX * UNIT).contains(&lot) {
            return refuse("lot", &self.lot, format!("a decimal above 0 and at most {LOT_MAX}"));
        }
        if !(self.daily_volatility > 0.0 && self.daily_volatility <= 1.0) {
            return refuse(
                "daily_volatility",
                &self.daily_volatility,
                "a fraction above 0 and at most 1".to_owned(),
            );
        }
        if !(1..=TRADES_PER_DAY_MAX).contains(&self.trades_per_day) {
            let allowed = format!("a whole number from 1 to {TRADES_PER_DAY_MAX}");
            return refuse("trades_per_day", &self.trades_per_day, allowed);
        }
        if !(0.0..=QUOTES_PER_TRADE_MAX).contains(&self.quotes_per_trade) {
            return refuse(
                "quotes_per_trade",
                &self.quotes_per_trade,
                format!("a number from 0 to {QUOTES_PER_TRADE_MAX}"),
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl Fn(&mut SyntheticConfig), expected: &str) {
        let mut config = SyntheticConfig::standard();
        change(&mut config);
        let said = config.check().map_or_else(|error| error.to_string(), |()| "good".to_owned());
        assert!(said.starts_with(expected), "{said:?}, expected {expected:?}");
    }

    #[test]
    fn refuses_what_makes_no_market() {
        check(|_| {}, "good");
        check(|c| c.symbols.clear(), "symbols is empty");
        check(|c| c.symbols[1].name = "ALPHA".to_owned(), "symbols.name = \"ALPHA\" stands twice");
        check(|c| c.symbols[1].name = "alpha".to_owned(), "symbols.name = \"alpha\" is no symbol");
        check(|c| c.start = Nanos(1), "start = 1 ns is not a midnight");
        check(|c| c.days = 0, "days = 0 is out of range");
        check(|c| c.symbols[0].tick_size = Price::ZERO, "tick_size of ALPHA = 0 is");
        check(|c| c.symbols[0].start_price = Price::new(UNIT), "start_price of ALPHA = 1 is");
        check(
            |c| c.symbols[0].start_price = Price::parse("50000.5").unwrap(),
            "start_price of ALPHA = 50000.5 is",
        );
        check(|c| c.symbols[0].lot = Quantity::ZERO, "lot of ALPHA = 0 is");
        check(|c| c.symbols[0].daily_volatility = f64::NAN, "daily_volatility of ALPHA = NaN is");
        check(|c| c.symbols[0].trades_per_day = 0, "trades_per_day of ALPHA = 0 is");
        check(|c| c.symbols[0].quotes_per_trade = -1.0, "quotes_per_trade of ALPHA = -1 is");
        check(|c| c.symbols[0].quotes_per_trade = 0.0, "good");
    }

    #[test]
    fn the_standard_market_has_about_five_million_ticks() {
        let expected = SyntheticConfig::standard().ticks_expected();
        assert!((4_500_000..5_500_000).contains(&expected), "{expected}");
    }
}
