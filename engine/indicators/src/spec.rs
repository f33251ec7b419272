//! Which indicator with which parameters, and how it is written: `ema_50`, `bollinger_20_2.5`.
//!
//! The text is the name under which values appear in files; parsing what was printed gives the same back.

use model::{Rate, UNIT};
use std::fmt;

/// Longest period of any indicator, in bars.
pub const PERIOD_MAX: u32 = 10_000;
/// Widest Bollinger band, in deviations.
pub const WIDTH_MAX: i64 = 1_000;

/// One indicator and its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndicatorSpec {
    /// `sma_N`.
    Sma {
        /// In bars.
        period: u32,
    },
    /// `ema_N`, seeded with the mean of the first N closes.
    Ema {
        /// In bars.
        period: u32,
    },
    /// `rsi_N` (Wilder) or `rsi_cutler_N`.
    Rsi {
        /// In changes of the close.
        period: u32,
        /// How gains and losses are averaged.
        smoothing: crate::Smoothing,
    },
    /// `atr_N`.
    Atr {
        /// In bars.
        period: u32,
    },
    /// `bollinger_N_K`: three values, `.upper`, `.middle`, `.lower`.
    Bollinger {
        /// In bars.
        period: u32,
        /// Deviations to each side.
        k: Rate,
    },
}

/// Why a text or a parameter names no indicator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SpecError {
    /// No indicator is written like this.
    Unknown(String),
    /// The period is not within 1..=[`PERIOD_MAX`].
    Period(String),
    /// The width is not above 0 and at most [`WIDTH_MAX`].
    Width(String),
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(text) => write!(
                f,
                "{text:?} is no indicator; write one like sma_20, ema_20, rsi_14, rsi_cutler_14, atr_14 or bollinger_20_2"
            ),
            Self::Period(text) => {
                write!(f, "the period of {text:?} must be a whole number from 1 to {PERIOD_MAX}")
            }
            Self::Width(text) => {
                write!(
                    f,
                    "the width of {text:?} must be a number of deviations above 0 and at most {WIDTH_MAX}"
                )
            }
        }
    }
}

impl std::error::Error for SpecError {}

impl fmt::Display for IndicatorSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sma { period } => write!(f, "sma_{period}"),
            Self::Ema { period } => write!(f, "ema_{period}"),
            Self::Rsi { period, smoothing: crate::Smoothing::Wilder } => write!(f, "rsi_{period}"),
            Self::Rsi { period, smoothing: crate::Smoothing::Cutler } => write!(f, "rsi_cutler_{period}"),
            Self::Atr { period } => write!(f, "atr_{period}"),
            Self::Bollinger { period, k } => write!(f, "bollinger_{period}_{k}"),
        }
    }
}

impl IndicatorSpec {
    /// Parses `ema_50`, `bollinger_20_2.5`, ….
    ///
    /// # Errors
    /// [`SpecError`] with the text as given.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        let (kind, parameters) = text.split_once('_').ok_or_else(|| SpecError::Unknown(text.to_owned()))?;
        let period_of = |digits: &str| {
            let plain = digits.bytes().all(|b| b.is_ascii_digit());
            digits.parse().ok().filter(|_| plain).ok_or_else(|| SpecError::Period(text.to_owned()))
        };
        let spec = match kind {
            "sma" => Self::Sma { period: period_of(parameters)? },
            "ema" => Self::Ema { period: period_of(parameters)? },
            "rsi" => match parameters.strip_prefix("cutler_") {
                Some(digits) => Self::Rsi { period: period_of(digits)?, smoothing: crate::Smoothing::Cutler },
                None => Self::Rsi { period: period_of(parameters)?, smoothing: crate::Smoothing::Wilder },
            },
            "atr" => Self::Atr { period: period_of(parameters)? },
            "bollinger" => {
                let (digits, width) =
                    parameters.split_once('_').ok_or_else(|| SpecError::Width(text.to_owned()))?;
                let k = Rate::parse(width).map_err(|_| SpecError::Width(text.to_owned()))?;
                Self::Bollinger { period: period_of(digits)?, k }
            }
            _ => return Err(SpecError::Unknown(text.to_owned())),
        };
        spec.check()?;
        Ok(spec)
    }

    /// Whether the parameters are in range.
    ///
    /// # Errors
    /// [`SpecError`] with the name this would have.
    pub fn check(&self) -> Result<(), SpecError> {
        if !(1..=PERIOD_MAX).contains(&self.period()) {
            return Err(SpecError::Period(self.to_string()));
        }
        match self {
            Self::Bollinger { k, .. } if !(1..=WIDTH_MAX * UNIT).contains(&k.raw()) => {
                Err(SpecError::Width(self.to_string()))
            }
            _ => Ok(()),
        }
    }

    /// The period, in bars.
    pub fn period(&self) -> u32 {
        match self {
            Self::Sma { period }
            | Self::Ema { period }
            | Self::Rsi { period, .. }
            | Self::Atr { period }
            | Self::Bollinger { period, .. } => *period,
        }
    }

    /// The names of its values, in the order in which they are emitted.
    pub fn value_names(&self) -> Vec<String> {
        match self {
            Self::Bollinger { .. } => {
                ["upper", "middle", "lower"].map(|line| format!("{self}.{line}")).to_vec()
            }
            _ => vec![self.to_string()],
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
        ];
        for text in texts {
            assert_eq!(IndicatorSpec::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(IndicatorSpec::parse("bollinger_20_2.0").unwrap().to_string(), "bollinger_20_2");
    }

    #[test]
    fn refuses_by_part() {
        let check = |text: &str, expected: fn(String) -> SpecError| {
            assert_eq!(IndicatorSpec::parse(text), Err(expected(text.to_owned())), "{text:?}");
        };
        for text in ["", "sma", "wma_20", "SMA_20", " sma_20"] {
            check(text, SpecError::Unknown);
        }
        for text in
            ["sma_0", "ema_10001", "rsi_", "rsi_x", "atr_-1", "atr_+1", "rsi_cutler_0", "bollinger_0_2"]
        {
            check(text, SpecError::Period);
        }
        for text in
            ["bollinger_20", "bollinger_20_", "bollinger_20_0", "bollinger_20_-1", "bollinger_20_1001"]
        {
            check(text, SpecError::Width);
        }
    }

    #[test]
    fn errors_say_what_to_write() {
        let error = IndicatorSpec::parse("wma_20").unwrap_err().to_string();
        assert!(error.contains("\"wma_20\"") && error.contains("sma_20"), "{error}");
    }
}
