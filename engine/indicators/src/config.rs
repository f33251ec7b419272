//! The checked configuration of the stage: which indicators on which timeframe, and from which bar on.

use crate::definition::{Context, Standard};
use crate::registry::IndicatorKind;
use crate::{IndicatorSpec, SpecError};
use model::{Nanos, Price, SessionCalendar, Timeframe};
use std::fmt;
use std::sync::Arc;

/// `indicators.min_history` where nothing else is said, in bars.
pub const MIN_HISTORY_DEFAULT: u32 = 50;

/// Which indicators run on which timeframe. Every value of this type has been checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndicatorConfig {
    min_history: u32,
    timeframes: Vec<Timeframe>,
    per_timeframe: Vec<Vec<IndicatorSpec>>,
    profile_bin: Option<Price>,
}

/// Why a configuration was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigError {
    /// A text is no indicator.
    Spec(SpecError),
    /// Two indicators on one timeframe give a value of the same name.
    Repeated {
        /// The value's name.
        name: String,
        /// The timeframe.
        timeframe: Timeframe,
    },
    /// A bin of the volume profile must have a width above 0.
    ProfileBin(Price),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spec(error) => error.fmt(f),
            Self::Repeated { name, timeframe } => {
                write!(f, "the indicators of {timeframe} give {name} twice; remove one")
            }
            Self::ProfileBin(width) => {
                write!(f, "a bin of the volume profile cannot be {width} wide; write a price step above 0")
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
    /// Checks a configuration. `timeframes` are all of the run, shortest first; `per_timeframe[i]` are the
    /// indicators of the i-th. Nothing is emitted for a symbol and timeframe before `min_history` bars.
    ///
    /// # Errors
    /// [`ConfigError::Repeated`] where two values of one timeframe have one name.
    ///
    /// # Panics
    /// If the two lists differ in length.
    pub fn new(
        min_history: u32,
        timeframes: &[Timeframe],
        per_timeframe: Vec<Vec<IndicatorSpec>>,
    ) -> Result<Self, ConfigError> {
        assert_eq!(timeframes.len(), per_timeframe.len(), "each timeframe has its list of indicators");
        let timeframes = timeframes.to_vec();
        let config = Self { min_history, timeframes, per_timeframe, profile_bin: None };
        for (mut names, timeframe) in config.schema().into_iter().zip(&config.timeframes) {
            names.sort_unstable();
            if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(ConfigError::Repeated { name: pair[0].clone(), timeframe: *timeframe });
            }
        }
        Ok(config)
    }

    /// The default: the classical indicators everywhere, those of the synergy's signals on 5m, all on 30m;
    /// from 50 bars on.
    pub fn standard(timeframes: &[Timeframe]) -> Self {
        let per_timeframe = timeframes.iter().map(|timeframe| Self::standard_specs(*timeframe)).collect();
        Self::new(MIN_HISTORY_DEFAULT, timeframes, per_timeframe).expect("the default names no value twice")
    }

    /// What runs on one timeframe by default.
    pub fn standard_specs(timeframe: Timeframe) -> Vec<IndicatorSpec> {
        let minutes = |count: i64| timeframe.nanos().0 == count * Nanos::MINUTE.0;
        let runs = |kind: &IndicatorKind| match kind.definition().standard {
            Standard::Everywhere => true,
            Standard::FiveMinutes => minutes(5) || minutes(30),
            Standard::ThirtyMinutes => minutes(30),
            Standard::Option => false,
        };
        IndicatorSpec::all().filter(|spec| runs(&spec.kind())).collect()
    }

    /// The same with price bins of the volume profile `width` wide, instead of a width by the first price.
    ///
    /// # Errors
    /// [`ConfigError::ProfileBin`] for a width that is not above 0.
    pub fn with_profile_bin(mut self, width: Price) -> Result<Self, ConfigError> {
        if width <= Price::ZERO {
            return Err(ConfigError::ProfileBin(width));
        }
        self.profile_bin = Some(width);
        Ok(self)
    }

    /// The settings that change what a value is but not its name, where they are not at their default, by key.
    pub fn parameters(&self) -> Vec<(String, String)> {
        self.profile_bin.map(|width| ("profile_bin".to_owned(), width.to_string())).into_iter().collect()
    }

    /// Bars before the first value.
    pub fn min_history(&self) -> u32 {
        self.min_history
    }

    /// The run's timeframes, shortest first.
    pub fn timeframes(&self) -> &[Timeframe] {
        &self.timeframes
    }

    /// The indicators by timeframe.
    pub fn per_timeframe(&self) -> &[Vec<IndicatorSpec>] {
        &self.per_timeframe
    }

    /// What the indicators of the i-th timeframe are built for, of a symbol with these sessions.
    pub(crate) fn context(&self, timeframe: usize, calendar: &Arc<dyn SessionCalendar>) -> Context {
        let calendar = Arc::clone(calendar);
        Context { timeframe: self.timeframes[timeframe], profile_bin: self.profile_bin, calendar }
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

    fn timeframes(texts: &[&str]) -> Vec<Timeframe> {
        texts.iter().map(|text| Timeframe::parse(text).unwrap()).collect()
    }

    const CLASSICAL: [&str; 21] = [
        "sma_20",
        "ema_20",
        "wma_20",
        "rsi_14",
        "atr_14",
        "macd_12_26_9.line",
        "macd_12_26_9.signal",
        "macd_12_26_9.histogram",
        "bollinger_20_2.upper",
        "bollinger_20_2.middle",
        "bollinger_20_2.lower",
        "stochastic_12_3_5.k",
        "stochastic_12_3_5.d",
        "adx_14",
        "donchian_50.high",
        "donchian_50.low",
        "vwap_session",
        "vwap_rolling_50",
        "obv",
        "volatility_20",
        "momentum_10",
    ];

    #[test]
    fn the_default_schema_has_this_order() {
        let config = IndicatorConfig::standard(&timeframes(&["1s", "5m", "30m", "1h"]));
        let schema = config.schema();
        assert_eq!((&schema[0], &schema[3]), (&CLASSICAL.map(str::to_owned).to_vec(), &schema[0]));
        let kinds = |timeframe: usize| {
            let specs = config.per_timeframe()[timeframe].iter().skip(15);
            specs.map(IndicatorSpec::to_string).collect::<Vec<_>>()
        };
        assert_eq!(kinds(1), ["mlmi", "nwrqk", "fvg"]);
        let all =
            ["mlmi", "nwrqk", "rqk", "fvg", "profile", "regime", "price_momentum_5", "volume_ratio", "clock"];
        assert_eq!(kinds(2), all);
        assert_eq!(config.min_history(), 50);
    }

    #[test]
    fn refuses_a_value_named_twice() {
        let spec = |text: &str| IndicatorSpec::parse(text).unwrap();
        let lists = vec![vec![spec("sma_5")], vec![spec("sma_5"), spec("sma_6"), spec("sma_5")]];
        let error = IndicatorConfig::new(50, &timeframes(&["1s", "5m"]), lists).unwrap_err();
        let timeframe = Timeframe::parse("5m").unwrap();
        assert_eq!(error, ConfigError::Repeated { name: "sma_5".to_owned(), timeframe });
        assert_eq!(error.to_string(), "the indicators of 5m give sma_5 twice; remove one");
    }

    #[test]
    fn refuses_a_bin_without_width() {
        let config = IndicatorConfig::standard(&timeframes(&["30m"]));
        for (width, good) in [(1, true), (0, false), (-1, false)] {
            let width = Price::new(width);
            assert_eq!(config.clone().with_profile_bin(width).is_ok(), good, "{width}");
        }
    }
}
