//! Which indicator with which parameters, and how it is written: `ema_50`, `bollinger_20_2.5`, `macd_12_26_9`.
//!
//! The text is the name under which values appear in files; parsing what was printed gives the same back.
//! Values with names of their own (`mmd_1` of `regime`) keep them to themselves: `volatility_30` is a value
//! of `regime`, so no other indicator can be written like it.
//! Not here: which indicators there are (`registry`).

use crate::definition::{Argument, Context, PARAMETERS_MAX, Parameter, Parameters, Values};
use crate::registry::{IndicatorKind, Running};
use model::{Rate, UNIT};
use std::fmt;

/// Longest period of any indicator, in bars.
pub const PERIOD_MAX: u32 = 10_000;
/// Widest Bollinger band, in deviations.
pub const WIDTH_MAX: i64 = 1_000;

/// One indicator and its parameters. Every value of this type has been checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndicatorSpec {
    kind: IndicatorKind,
    parameters: Parameters,
}

/// Why a text names no indicator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpecError {
    /// No indicator is written like this.
    Unknown(String),
    /// A period is missing, or not within 1..=[`PERIOD_MAX`].
    Period(String),
    /// A width is missing, or not above 0 and at most [`WIDTH_MAX`].
    Width(String),
    /// It is the name of a value, not of an indicator.
    Value {
        /// The text as given.
        text: String,
        /// The indicator that gives this value.
        indicator: String,
    },
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let example = |text: &str| {
            let kind = kind_of(text).map(|(kind, _)| IndicatorSpec::standard(kind).to_string());
            kind.unwrap_or_else(|| "sma_20".to_owned())
        };
        match self {
            Self::Unknown(text) => {
                let known: Vec<String> = IndicatorSpec::all().map(|spec| spec.to_string()).collect();
                write!(f, "{text:?} is no indicator; write one like {}", known.join(", "))
            }
            Self::Period(text) => write!(
                f,
                "the period of {text:?} must be a whole number from 1 to {PERIOD_MAX}, as in {}",
                example(text)
            ),
            Self::Width(text) => write!(
                f,
                "the width of {text:?} must be a number of deviations above 0 and at most {WIDTH_MAX}, as in {}",
                example(text)
            ),
            Self::Value { text, indicator } => {
                write!(f, "{text:?} is a value of the indicator {indicator}; write {indicator}")
            }
        }
    }
}

impl std::error::Error for SpecError {}

impl fmt::Display for IndicatorSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.definition().name)?;
        for argument in self.parameters.0 {
            match argument {
                Argument::Absent => {}
                Argument::Period(bars) => write!(f, "_{bars}")?,
                Argument::Width(deviations) => write!(f, "_{deviations}")?,
            }
        }
        Ok(())
    }
}

impl IndicatorSpec {
    /// Parses `ema_50`, `bollinger_20_2.5`, `obv`, ….
    ///
    /// # Errors
    /// [`SpecError`] with the text as given.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        if let Some(owner) = owner_of(text) {
            return Err(SpecError::Value { text: text.to_owned(), indicator: owner.to_string() });
        }
        let unknown = || SpecError::Unknown(text.to_owned());
        let (kind, rest) = kind_of(text).ok_or_else(unknown)?;
        let wanted = kind.definition().parameters;
        let mut given = rest.split('_');
        let mut parameters = Parameters([Argument::Absent; PARAMETERS_MAX]);
        for (i, (place, parameter)) in parameters.0.iter_mut().zip(wanted).enumerate() {
            // What stands too much belongs to the last one, and spoils it.
            let is_last = i + 1 == wanted.len();
            let written = given.next().filter(|_| !is_last || given.clone().next().is_none());
            *place = argument(*parameter, written.unwrap_or(""), text)?;
        }
        if wanted.is_empty() && !rest.is_empty() {
            return Err(unknown());
        }
        Ok(Self { kind, parameters })
    }

    /// The indicator that gives the value `name`: `regime` for `mmd_1`, `sma_50` for `sma_50`; `None` if
    /// there is none. So a feature by its name says which indicator must run.
    pub fn of_value(name: &str) -> Option<Self> {
        if let Some(owner) = owner_of(name) {
            return Some(owner);
        }
        let text = name.rsplit_once('.').map_or(name, |(text, _)| text);
        [name, text]
            .into_iter()
            .filter_map(|text| Self::parse(text).ok())
            .find(|spec| spec.value_names().iter().any(|value| value == name))
    }

    /// Every indicator there is, with its default parameters.
    pub fn all() -> impl Iterator<Item = Self> {
        IndicatorKind::ALL.iter().map(|kind| Self::standard(*kind))
    }

    /// With its default parameters.
    pub(crate) fn standard(kind: IndicatorKind) -> Self {
        let definition = kind.definition();
        let mut parameters = Parameters([Argument::Absent; PARAMETERS_MAX]);
        for (place, parameter) in parameters.0.iter_mut().zip(definition.parameters) {
            *place = argument(*parameter, parameter.default(), definition.name)
                .expect("the defaults of a definition are in range");
        }
        Self { kind, parameters }
    }

    /// Which one, without its parameters.
    pub(crate) fn kind(&self) -> IndicatorKind {
        self.kind
    }

    /// One that has seen nothing yet.
    pub(crate) fn build(&self, context: &Context) -> Running {
        self.kind.build(&self.parameters, context)
    }

    /// The names of its values, in the order in which they are emitted.
    pub fn value_names(&self) -> Vec<String> {
        match self.kind.definition().values {
            Values::Own => vec![self.to_string()],
            Values::Lines(lines) => lines.iter().map(|line| format!("{self}.{line}")).collect(),
            Values::Named(names) => names.iter().map(|name| (*name).to_owned()).collect(),
        }
    }
}

/// The indicator whose values are called so of themselves, unless it is itself written like that.
fn owner_of(name: &str) -> Option<IndicatorSpec> {
    let owner = IndicatorKind::ALL.iter().find(|kind| match kind.definition().values {
        Values::Named(names) => names.contains(&name) && kind.definition().name != name,
        Values::Own | Values::Lines(_) => false,
    });
    owner.map(|kind| IndicatorSpec::standard(*kind))
}

/// The indicator with the longest name that begins the text, and the text of its parameters.
fn kind_of(text: &str) -> Option<(IndicatorKind, &str)> {
    let of_kind = |kind: &IndicatorKind| {
        let rest = text.strip_prefix(kind.definition().name)?;
        if rest.is_empty() { Some((*kind, "")) } else { rest.strip_prefix('_').map(|rest| (*kind, rest)) }
    };
    IndicatorKind::ALL.iter().filter_map(of_kind).max_by_key(|(kind, _)| kind.definition().name.len())
}

/// One parameter out of its text.
fn argument(parameter: Parameter, written: &str, text: &str) -> Result<Argument, SpecError> {
    match parameter {
        Parameter::Period(_) => {
            let plain = written.bytes().all(|b| b.is_ascii_digit());
            let bars = written.parse().ok().filter(|bars| plain && (1..=PERIOD_MAX).contains(bars));
            bars.map(Argument::Period).ok_or_else(|| SpecError::Period(text.to_owned()))
        }
        Parameter::Width(_) => {
            let width = Rate::parse(written).ok().filter(|k| (1..=WIDTH_MAX * UNIT).contains(&k.raw()));
            width.map(Argument::Width).ok_or_else(|| SpecError::Width(text.to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_parses_back() {
        let texts = [
            "sma_1",
            "ema_50",
            "rsi_14",
            "rsi_cutler_14",
            "atr_10000",
            "bollinger_20_2",
            "bollinger_20_2.5",
            "bollinger_5_0.1",
            "macd_5_35_5",
            "stochastic_12_3_5",
            "vwap_session",
            "vwap_rolling_7",
            "volatility_20",
            "momentum_10",
        ];
        for text in texts {
            assert_eq!(IndicatorSpec::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(IndicatorSpec::parse("bollinger_20_2.0").unwrap().to_string(), "bollinger_20_2");
    }

    #[test]
    fn every_default_parses_back_and_is_found_by_its_values() {
        for spec in IndicatorSpec::all() {
            assert_eq!(IndicatorSpec::parse(&spec.to_string()), Ok(spec));
            for name in spec.value_names() {
                assert_eq!(IndicatorSpec::of_value(&name), Some(spec), "{name}");
            }
        }
        let upper = IndicatorSpec::of_value("bollinger_5_2.5.upper").unwrap();
        assert_eq!(upper.to_string(), "bollinger_5_2.5");
        for name in ["", "bollinger_5_2.5.top", "bollinger_5_2.5", "sma", "sma_20.line", "close"] {
            assert_eq!(IndicatorSpec::of_value(name), None, "{name}");
        }
    }

    #[test]
    fn refuses_by_part() {
        let check = |text: &str, expected: fn(String) -> SpecError| {
            assert_eq!(IndicatorSpec::parse(text), Err(expected(text.to_owned())), "{text:?}");
        };
        for text in ["", "smma_20", "SMA_20", " sma_20", "sma20", "_20", "obv_3", "vwap", "vwap_session_1"] {
            check(text, SpecError::Unknown);
        }
        for text in [
            "sma",
            "sma_0",
            "ema_10001",
            "rsi_",
            "rsi_x",
            "rsi_cutler",
            "atr_-1",
            "atr_+1",
            "atr_14_14",
            "rsi_cutler_0",
            "macd_12_26",
            "macd_12_26_9_1",
            "macd_12__9",
            "vwap_rolling",
            "bollinger_0_2",
        ] {
            check(text, SpecError::Period);
        }
        for text in [
            "bollinger_20",
            "bollinger_20_",
            "bollinger_20_0",
            "bollinger_20_-1",
            "bollinger_20_1001",
            "bollinger_20_2_2",
        ] {
            check(text, SpecError::Width);
        }
    }

    #[test]
    fn a_value_with_a_name_of_its_own_is_no_indicator() {
        for (text, indicator) in [("volatility_30", "regime"), ("mmd_1", "regime"), ("fvg_age", "fvg")] {
            let error = SpecError::Value { text: text.to_owned(), indicator: indicator.to_owned() };
            assert_eq!(IndicatorSpec::parse(text), Err(error));
            assert_eq!(IndicatorSpec::of_value(text).unwrap().to_string(), indicator);
        }
        assert_eq!(IndicatorSpec::parse("volatility_31").unwrap().value_names(), ["volatility_31"]);
    }

    #[test]
    fn errors_say_what_to_write() {
        let check = |text: &str, part: &str| {
            let error = IndicatorSpec::parse(text).unwrap_err().to_string();
            assert!(error.contains(&format!("{text:?}")) && error.contains(part), "{error}");
        };
        check("smma_20", "sma_20, ema_20");
        check("rsi_cutler", "as in rsi_cutler_14");
        check("macd_12_26", "as in macd_12_26_9");
        check("volatility_30", "write regime");
        check("bollinger_20", "as in bollinger_20_2");
    }
}
