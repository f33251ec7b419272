//! The rules' configurations and what is wrong with one.
//!
//! A configuration is plain data; a strategy checks it when it is built.

use indicators::{PERIOD_MAX, Seed, WIDTH_MAX};
use model::{Quantity, Rate, Timeframe, UNIT};
use std::fmt;

/// `ema_cross.*`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EmaCrossConfig {
    /// Whose bars it reads.
    pub timeframe: Timeframe,
    /// Period of the fast average, in bars.
    pub fast: u32,
    /// Period of the slow average, in bars.
    pub slow: u32,
    /// The position it takes, long or short.
    pub quantity: Quantity,
    /// What both averages start from.
    pub seed: Seed,
}

impl Default for EmaCrossConfig {
    /// 10 against 30 one-minute bars, one unit, seeded with the first close.
    fn default() -> Self {
        let timeframe = Timeframe::parse("1m").expect("a timeframe");
        Self { timeframe, fast: 10, slow: 30, quantity: Quantity::new(UNIT), seed: Seed::First }
    }
}

/// How a position is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// At what the market gives.
    Market,
    /// At the bar's close or better, withdrawn at the next bar.
    Limit,
}

/// Where the stop is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopOn {
    /// At bar closes.
    Bar,
    /// At every tick: a trade's price, the bid for a long position, the ask for a short one.
    Tick,
}

/// `mean_reversion.*`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanReversionConfig {
    /// Whose bars it reads.
    pub timeframe: Timeframe,
    /// Period of the bands, in bars.
    pub bollinger_period: u32,
    /// Width of the bands to each side, in deviations.
    pub bollinger_k: Rate,
    /// Period of the RSI, in changes of the close.
    pub rsi_period: u32,
    /// A long entry needs an RSI below this.
    pub rsi_low: f64,
    /// A short entry needs an RSI above this.
    pub rsi_high: f64,
    /// Period of the ATR, in bars.
    pub atr_period: u32,
    /// The stop's distance from the entry price, in ATRs at entry.
    pub stop_atr: f64,
    /// The position it takes, long or short.
    pub quantity: Quantity,
    /// How it enters.
    pub entry: Entry,
    /// Where it checks the stop.
    pub stop_on: StopOn,
}

impl Default for MeanReversionConfig {
    /// Five-minute bars, Bollinger 20/2, RSI 14 at 30/70, a stop of two ATR 14, one unit, market entry,
    /// stop on bars.
    fn default() -> Self {
        Self {
            timeframe: Timeframe::parse("5m").expect("a timeframe"),
            bollinger_period: 20,
            bollinger_k: Rate::parse("2").expect("a number"),
            rsi_period: 14,
            rsi_low: 30.0,
            rsi_high: 70.0,
            atr_period: 14,
            stop_atr: 2.0,
            quantity: Quantity::new(UNIT),
            entry: Entry::Market,
            stop_on: StopOn::Bar,
        }
    }
}

/// Why a rule cannot be built. `key` is the key's full path in the configuration.
#[derive(Debug, Clone, PartialEq)]
pub enum RuleError {
    /// A period is not within 1..=10,000.
    Period {
        /// Which one.
        key: &'static str,
        /// What was given.
        value: u32,
    },
    /// `ema_cross.fast` is not below `ema_cross.slow`.
    FastNotBelowSlow {
        /// The fast period.
        fast: u32,
        /// The slow period.
        slow: u32,
    },
    /// A quantity is not positive.
    Quantity {
        /// Which one.
        key: &'static str,
        /// What was given.
        value: Quantity,
    },
    /// A number is outside its range.
    Range {
        /// Which one.
        key: &'static str,
        /// What was given.
        value: f64,
        /// What is allowed, in words.
        allowed: &'static str,
    },
    /// The run's list lacks the rule's timeframe.
    Timeframe {
        /// Which key names it.
        key: &'static str,
        /// The one that is missing.
        value: Timeframe,
    },
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Period { key, value } => {
                write!(f, "{key} = {value} is no period; write a whole number from 1 to {PERIOD_MAX}")
            }
            Self::FastNotBelowSlow { fast, slow } => write!(
                f,
                "ema_cross.fast = {fast} must be below ema_cross.slow = {slow}; exchange them or choose others"
            ),
            Self::Quantity { key, value } => {
                write!(f, "{key} = {value} is no position; write a decimal above 0")
            }
            Self::Range { key, value, allowed } => {
                write!(f, "{key} = {value} is out of range; write {allowed}")
            }
            Self::Timeframe { key, value } => {
                write!(f, "{key} = {value} is not among the run's timeframes; add it to bars.timeframes")
            }
        }
    }
}

impl std::error::Error for RuleError {}

fn check_period(key: &'static str, value: u32) -> Result<(), RuleError> {
    if (1..=PERIOD_MAX).contains(&value) { Ok(()) } else { Err(RuleError::Period { key, value }) }
}

fn check_quantity(key: &'static str, value: Quantity) -> Result<(), RuleError> {
    if value > Quantity::ZERO { Ok(()) } else { Err(RuleError::Quantity { key, value }) }
}

impl EmaCrossConfig {
    /// Whether a rule can be built from it.
    ///
    /// # Errors
    /// [`RuleError`] for the first key that is out of range.
    pub fn check(&self) -> Result<(), RuleError> {
        check_period("ema_cross.fast", self.fast)?;
        check_period("ema_cross.slow", self.slow)?;
        if self.fast >= self.slow {
            return Err(RuleError::FastNotBelowSlow { fast: self.fast, slow: self.slow });
        }
        check_quantity("ema_cross.quantity", self.quantity)
    }
}

impl MeanReversionConfig {
    /// Whether a rule can be built from it.
    ///
    /// # Errors
    /// [`RuleError`] for the first key that is out of range.
    pub fn check(&self) -> Result<(), RuleError> {
        let check_range = |key, value: f64, good: bool, allowed| {
            if good { Ok(()) } else { Err(RuleError::Range { key, value, allowed }) }
        };
        check_period("mean_reversion.bollinger_period", self.bollinger_period)?;
        check_period("mean_reversion.rsi_period", self.rsi_period)?;
        check_period("mean_reversion.atr_period", self.atr_period)?;
        let k = self.bollinger_k.raw();
        let k_good = (1..=WIDTH_MAX * UNIT).contains(&k);
        check_range(
            "mean_reversion.bollinger_k",
            k as f64 / UNIT as f64,
            k_good,
            "a number above 0 and at most 1000",
        )?;
        let share = "a number from 0 to 100, rsi_low not above rsi_high";
        let low_good = (0.0..=100.0).contains(&self.rsi_low) && self.rsi_low <= self.rsi_high;
        check_range("mean_reversion.rsi_low", self.rsi_low, low_good, share)?;
        check_range("mean_reversion.rsi_high", self.rsi_high, (0.0..=100.0).contains(&self.rsi_high), share)?;
        let stop_good = self.stop_atr > 0.0 && self.stop_atr <= 1e6;
        check_range(
            "mean_reversion.stop_atr",
            self.stop_atr,
            stop_good,
            "a number above 0 and at most 1000000",
        )?;
        check_quantity("mean_reversion.quantity", self.quantity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(result: Result<(), RuleError>, expected: &str) {
        let said = result.map_or_else(|error| error.to_string(), |()| String::new());
        assert!(
            said.starts_with(expected) && said.is_empty() == expected.is_empty(),
            "{said:?}, expected {expected:?}"
        );
    }

    #[test]
    fn ema_cross_is_checked() {
        let config = EmaCrossConfig::default();
        check(config.check(), "");
        check(EmaCrossConfig { fast: 0, ..config }.check(), "ema_cross.fast = 0 is no period");
        check(EmaCrossConfig { slow: 10_001, ..config }.check(), "ema_cross.slow = 10001 is no period");
        check(
            EmaCrossConfig { fast: 30, ..config }.check(),
            "ema_cross.fast = 30 must be below ema_cross.slow = 30",
        );
        check(
            EmaCrossConfig { quantity: Quantity::ZERO, ..config }.check(),
            "ema_cross.quantity = 0 is no position",
        );
    }

    #[test]
    fn mean_reversion_is_checked() {
        let config = MeanReversionConfig::default();
        check(config.check(), "");
        let of = |change: fn(&mut MeanReversionConfig)| {
            let mut config = config;
            change(&mut config);
            config.check()
        };
        check(of(|c| c.bollinger_period = 0), "mean_reversion.bollinger_period = 0 is no period");
        check(of(|c| c.rsi_period = 0), "mean_reversion.rsi_period = 0 is no period");
        check(of(|c| c.atr_period = 0), "mean_reversion.atr_period = 0 is no period");
        check(of(|c| c.bollinger_k = Rate::ZERO), "mean_reversion.bollinger_k = 0 is out of range");
        check(of(|c| c.rsi_low = 71.0), "mean_reversion.rsi_low = 71 is out of range");
        check(of(|c| c.rsi_low = f64::NAN), "mean_reversion.rsi_low = NaN is out of range");
        check(of(|c| c.rsi_high = 101.0), "mean_reversion.rsi_high = 101 is out of range");
        check(of(|c| c.stop_atr = 0.0), "mean_reversion.stop_atr = 0 is out of range");
        check(
            of(|c| c.quantity = Quantity::new(-1)),
            "mean_reversion.quantity = -0.000000001 is no position",
        );
    }
}
