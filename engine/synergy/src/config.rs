//! The configuration, `synergy.*`, and what is wrong with one.
//!
//! A configuration is plain data; the stage checks it when it is built.

use model::{Nanos, Pattern, Rate, Span, Timeframe, UNIT};
use std::fmt;

/// Longest window and cool-down: a week.
pub const SPAN_MAX: Nanos = Nanos(7 * Nanos::DAY.0);
/// Largest height of a gap that can be asked for: the whole close.
pub const HEIGHT_MAX: i64 = UNIT;

/// Which way a mitigated gap points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FvgDirection {
    /// The gap's own: price came back to it and should turn.
    Retest,
    /// The opposite: price went through it and should go on.
    Fade,
}

impl FvgDirection {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Retest, Self::Fade];

    /// The name used in configs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Retest => "retest",
            Self::Fade => "fade",
        }
    }

    /// The one of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|direction| direction.name() == name)
    }
}

/// `synergy.*`.
#[derive(Debug, Clone, PartialEq)]
pub struct SynergyConfig {
    /// Whose bars and indicator sets it reads.
    pub timeframe: Timeframe,
    /// Longest time from the first signal to the third.
    pub window: Nanos,
    /// How long signals are ignored after an emitted synergy.
    pub cool_down: Nanos,
    /// Least |nwrqk_value| of a signal.
    pub nwrqk_min: f64,
    /// Which way a mitigated gap points.
    pub fvg_direction: FvgDirection,
    /// Least height of a mitigated gap, as a fraction of the close.
    pub fvg_height_min: Rate,
    /// The height at which a gap's strength is 1, as a fraction of the close.
    pub fvg_height_full: Rate,
    /// The patterns that are emitted.
    pub patterns: Vec<Pattern>,
}

impl Default for SynergyConfig {
    /// 5m, 50 minutes, 25 minutes, 0.01, retest, 0.1%, 0.5%, and the four patterns that do not begin with a gap.
    fn default() -> Self {
        let rate = |text| Rate::parse(text).expect("the default is a number");
        Self {
            timeframe: Timeframe::parse("5m").expect("the default is a timeframe"),
            window: Nanos(50 * Nanos::MINUTE.0),
            cool_down: Nanos(25 * Nanos::MINUTE.0),
            nwrqk_min: 0.01,
            fvg_direction: FvgDirection::Retest,
            fvg_height_min: rate("0.001"),
            fvg_height_full: rate("0.005"),
            patterns: Pattern::ALL[..4].to_vec(),
        }
    }
}

/// Why the stage cannot be built. Keys are full paths in the configuration.
#[derive(Debug, Clone, PartialEq)]
pub enum SynergyError {
    /// `synergy.window` is not above 0 and at most [`SPAN_MAX`], or `synergy.cool_down` not 0 to that.
    Span {
        /// Which one.
        key: &'static str,
        /// What was given.
        value: Nanos,
    },
    /// `synergy.nwrqk_min` is no number from 0 up.
    NwrqkMin(f64),
    /// A height is not within 0 and 1, or `synergy.fvg_height_full` is 0.
    Height {
        /// Which one.
        key: &'static str,
        /// What was given.
        value: Rate,
    },
    /// `synergy.patterns` is empty.
    NoPatterns,
    /// `synergy.patterns` names this one twice.
    RepeatedPattern(Pattern),
    /// The run lacks `synergy.timeframe`.
    Timeframe(Timeframe),
    /// The indicators of `synergy.timeframe` do not give this value.
    FeatureMissing {
        /// The value's name.
        feature: &'static str,
        /// The timeframe.
        timeframe: Timeframe,
    },
}

impl fmt::Display for SynergyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Span { key, value } => {
                let least = if *key == "synergy.window" { "above 0" } else { "0 or more" };
                write!(f, "{key} = {} is out of range; write {least} and at most 7d", Span(*value))
            }
            Self::NwrqkMin(value) => {
                write!(f, "synergy.nwrqk_min = {value} is out of range; write a number from 0 up")
            }
            Self::Height { key, value } => {
                let least = if *key == "synergy.fvg_height_full" { "above 0" } else { "0 or more" };
                write!(f, "{key} = {value} is out of range; write a fraction {least} and at most 1")
            }
            Self::NoPatterns => f.write_str(
                "synergy.patterns is empty, so that nothing would be emitted; list at least one like mlmi>nwrqk>fvg",
            ),
            Self::RepeatedPattern(pattern) => {
                write!(f, "synergy.patterns names {pattern} twice; remove one")
            }
            Self::Timeframe(timeframe) => {
                write!(f, "synergy.timeframe = {timeframe} is not in bars.timeframes; add it there")
            }
            Self::FeatureMissing { feature, timeframe } => write!(
                f,
                "synergy needs {feature}, which no indicator of {timeframe} gives; add it to that timeframe's indicators"
            ),
        }
    }
}

impl std::error::Error for SynergyError {}

impl SynergyConfig {
    /// Whether every value is in its range.
    ///
    /// # Errors
    /// [`SynergyError`] with the first key that is not.
    pub fn check(&self) -> Result<(), SynergyError> {
        if !(1..=SPAN_MAX.0).contains(&self.window.0) {
            return Err(SynergyError::Span { key: "synergy.window", value: self.window });
        }
        if !(0..=SPAN_MAX.0).contains(&self.cool_down.0) {
            return Err(SynergyError::Span { key: "synergy.cool_down", value: self.cool_down });
        }
        if !(self.nwrqk_min >= 0.0 && self.nwrqk_min.is_finite()) {
            return Err(SynergyError::NwrqkMin(self.nwrqk_min));
        }
        if !(0..=HEIGHT_MAX).contains(&self.fvg_height_min.raw()) {
            return Err(SynergyError::Height { key: "synergy.fvg_height_min", value: self.fvg_height_min });
        }
        if !(1..=HEIGHT_MAX).contains(&self.fvg_height_full.raw()) {
            return Err(SynergyError::Height { key: "synergy.fvg_height_full", value: self.fvg_height_full });
        }
        let repeated = |i: &usize| self.patterns[..*i].contains(&self.patterns[*i]);
        match (0..self.patterns.len()).find(repeated) {
            Some(i) => Err(SynergyError::RepeatedPattern(self.patterns[i])),
            None if self.patterns.is_empty() => Err(SynergyError::NoPatterns),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_range_is_refused_by_key() {
        let check = |edit: fn(&mut SynergyConfig), expected: Option<&str>| {
            let mut config = SynergyConfig::default();
            edit(&mut config);
            let said = config.check().err().map(|error| error.to_string());
            match (&said, expected) {
                (None, None) => {}
                (Some(said), Some(expected)) if said.starts_with(expected) => {}
                _ => panic!("{said:?}, expected {expected:?}"),
            }
        };
        check(|_| (), None);
        check(|config| config.window = Nanos(0), Some("synergy.window = 0s"));
        check(|config| config.window = SPAN_MAX, None);
        check(|config| config.window.0 = SPAN_MAX.0 + 1, Some("synergy.window = "));
        check(|config| config.cool_down = Nanos(0), None);
        check(|config| config.cool_down = Nanos(-1), Some("synergy.cool_down = -1ns"));
        check(|config| config.nwrqk_min = 0.0, None);
        check(|config| config.nwrqk_min = -0.1, Some("synergy.nwrqk_min = -0.1"));
        check(|config| config.nwrqk_min = f64::NAN, Some("synergy.nwrqk_min = NaN"));
        check(|config| config.nwrqk_min = f64::INFINITY, Some("synergy.nwrqk_min = inf"));
        check(|config| config.fvg_height_min = Rate::ZERO, None);
        check(|c| c.fvg_height_min = Rate::parse("1.1").unwrap(), Some("synergy.fvg_height_min = 1.1"));
        check(|config| config.fvg_height_full = Rate::ZERO, Some("synergy.fvg_height_full = 0 "));
        check(|config| config.patterns.clear(), Some("synergy.patterns is empty"));
        check(|c| c.patterns.push(Pattern::ALL[1]), Some("synergy.patterns names mlmi>fvg>nwrqk twice"));
        check(|config| config.patterns = Pattern::ALL.to_vec(), None);
    }

    #[test]
    fn the_default_lists_these_patterns() {
        let listed: Vec<String> = SynergyConfig::default().patterns.iter().map(Pattern::to_string).collect();
        assert_eq!(listed, ["mlmi>nwrqk>fvg", "mlmi>fvg>nwrqk", "nwrqk>fvg>mlmi", "nwrqk>mlmi>fvg"]);
        assert_eq!(FvgDirection::ALL.map(|one| FvgDirection::parse(one.name())), FvgDirection::ALL.map(Some));
        assert_eq!(FvgDirection::parse("follow"), None);
    }
}
