//! The checked configuration of the stage: which indicators on which timeframe, and from which bar on.

use crate::{IndicatorSpec, Smoothing, SpecError};
use model::Rate;
use std::fmt;

/// `indicators.min_history` where nothing else is said, in bars.
pub const MIN_HISTORY_DEFAULT: u32 = 50;

/// Which indicators run on which timeframe. Every value of this type has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndicatorConfig {
    min_history: u32,
    per_timeframe: Vec<Vec<IndicatorSpec>>,
}

/// Why a configuration was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigError {
    /// An indicator's parameter is out of range.
    Spec(SpecError),
    /// The same indicator stands twice on one timeframe.
    Repeated {
        /// Its name.
        name: String,
        /// Index of the timeframe in the run's list.
        timeframe: usize,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spec(error) => error.fmt(f),
            Self::Repeated { name, timeframe } => {
                write!(
                    f,
                    "indicator {name} stands twice in the list of timeframe number {}; remove one",
                    timeframe + 1
                )
            }
        }
    }
}

impl std::error::Error for ConfigError {}

impl From<SpecError> for ConfigError {
    fn from(error: SpecError) -> Self {
        Self::Spec(error)
    }
}

impl IndicatorConfig {
    /// Checks a configuration. `per_timeframe[i]` are the indicators of the run's timeframe i; nothing is
    /// emitted for a symbol and timeframe before `min_history` bars.
    ///
    /// # Errors
    /// [`ConfigError`] for a parameter out of range or an indicator named twice on one timeframe.
    pub fn new(min_history: u32, per_timeframe: Vec<Vec<IndicatorSpec>>) -> Result<Self, ConfigError> {
        for (timeframe, specs) in per_timeframe.iter().enumerate() {
            for (i, spec) in specs.iter().enumerate() {
                spec.check()?;
                if specs[..i].contains(spec) {
                    return Err(ConfigError::Repeated { name: spec.to_string(), timeframe });
                }
            }
        }
        Ok(Self { min_history, per_timeframe })
    }

    /// The default: the same five indicators on each of `timeframes` timeframes, from 50 bars on.
    pub fn standard(timeframes: usize) -> Self {
        Self::new(MIN_HISTORY_DEFAULT, vec![Self::standard_specs(); timeframes])
            .expect("the default is in range")
    }

    /// `sma_20`, `ema_20`, `rsi_14`, `atr_14`, `bollinger_20_2`.
    pub fn standard_specs() -> Vec<IndicatorSpec> {
        vec![
            IndicatorSpec::Sma { period: 20 },
            IndicatorSpec::Ema { period: 20 },
            IndicatorSpec::Rsi { period: 14, smoothing: Smoothing::Wilder },
            IndicatorSpec::Atr { period: 14 },
            IndicatorSpec::Bollinger { period: 20, k: Rate::parse("2").expect("2 is a number") },
        ]
    }

    /// Bars before the first value.
    pub fn min_history(&self) -> u32 {
        self.min_history
    }

    /// The indicators by timeframe.
    pub fn per_timeframe(&self) -> &[Vec<IndicatorSpec>] {
        &self.per_timeframe
    }

    /// The names of the values of each timeframe's sets, in the order in which they are emitted.
    pub fn schema(&self) -> Vec<Vec<String>> {
        let names_of =
            |specs: &Vec<IndicatorSpec>| specs.iter().flat_map(IndicatorSpec::value_names).collect();
        self.per_timeframe.iter().map(names_of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_schema_has_this_order() {
        let config = IndicatorConfig::standard(2);
        let expected = [
            "sma_20",
            "ema_20",
            "rsi_14",
            "atr_14",
            "bollinger_20_2.upper",
            "bollinger_20_2.middle",
            "bollinger_20_2.lower",
        ];
        assert_eq!(config.schema(), [expected, expected]);
        assert_eq!(config.min_history(), 50);
    }

    #[test]
    fn refuses_what_is_out_of_range_or_repeated() {
        let sma = |period| IndicatorSpec::Sma { period };
        let error = IndicatorConfig::new(50, vec![vec![sma(10_001)]]).unwrap_err();
        assert_eq!(error, ConfigError::Spec(SpecError::Period("sma_10001".to_owned())));
        let error = IndicatorConfig::new(50, vec![vec![sma(5)], vec![sma(5), sma(6), sma(5)]]).unwrap_err();
        assert_eq!(error, ConfigError::Repeated { name: "sma_5".to_owned(), timeframe: 1 });
        assert!(error.to_string().contains("timeframe number 2"), "{error}");
    }
}
