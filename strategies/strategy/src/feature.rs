//! Where a strategy finds one feature in the run's indicator sets.
//!
//! Names are resolved once, when the strategy is built; on the way of a bar there are only two indices.
//! Not here: what the features are (`indicators`).

use crate::timeframe_index;
use model::{Event, Frame, Kind, SymbolId, Timeframe};
use std::fmt;

/// What the run's indicator stage emits.
#[derive(Debug, Clone, Copy)]
pub struct Schema<'a> {
    /// The run's timeframes, sorted.
    pub timeframes: &'a [Timeframe],
    /// The names of the values of each timeframe's sets, in order.
    pub names: &'a [Vec<String>],
}

/// The place of a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feature {
    timeframe: u8,
    place: usize,
}

/// Why a feature cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeatureError {
    /// The run lacks the timeframe.
    Timeframe {
        /// The feature's name.
        feature: &'static str,
        /// The one that is missing.
        timeframe: Timeframe,
    },
    /// No indicator of the timeframe gives it.
    Missing {
        /// The feature's name.
        feature: &'static str,
        /// Its timeframe.
        timeframe: Timeframe,
    },
}

impl fmt::Display for FeatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeframe { feature, timeframe } => {
                write!(
                    f,
                    "{feature} is read on {timeframe}, which the run does not have; add it to bars.timeframes"
                )
            }
            Self::Missing { feature, timeframe } => {
                write!(
                    f,
                    "no indicator of {timeframe} gives {feature}; add it to that timeframe's indicators"
                )
            }
        }
    }
}

impl std::error::Error for FeatureError {}

impl Schema<'_> {
    /// The place of a feature on a timeframe.
    ///
    /// # Errors
    /// [`FeatureError`] if the run lacks either.
    pub fn find(&self, timeframe: Timeframe, feature: &'static str) -> Result<Feature, FeatureError> {
        assert_eq!(self.timeframes.len(), self.names.len(), "each timeframe has its names");
        let index = timeframe_index(self.timeframes, timeframe);
        let index = index.ok_or(FeatureError::Timeframe { feature, timeframe })?;
        let place = self.names[usize::from(index)].iter().position(|name| name == feature);
        let place = place.ok_or(FeatureError::Missing { feature, timeframe })?;
        Ok(Feature { timeframe: index, place })
    }
}

impl Feature {
    /// The feature's value, if the event announces a set that has one. NaN is none.
    #[inline]
    pub fn read(&self, event: &Event, frame: &Frame) -> Option<(SymbolId, f64)> {
        if event.kind != Kind::INDICATORS {
            return None;
        }
        let set = &frame.sets[event.words[0] as usize];
        if set.timeframe != self.timeframe {
            return None;
        }
        let value = frame.set_values(set)[self.place];
        (!value.is_nan()).then_some((set.symbol, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{IndicatorSet, Nanos};

    fn timeframe(text: &str) -> Timeframe {
        Timeframe::parse(text).unwrap()
    }

    fn find(text: &str, feature: &'static str) -> Result<Feature, FeatureError> {
        let names = [vec![], vec!["a".to_owned(), "b".to_owned()]];
        Schema { timeframes: &[timeframe("1m"), timeframe("5m")], names: &names }
            .find(timeframe(text), feature)
    }

    #[test]
    fn what_is_missing_is_named() {
        let said = |text, feature| find(text, feature).unwrap_err().to_string();
        assert_eq!(said("1m", "b"), "no indicator of 1m gives b; add it to that timeframe's indicators");
        let expected = "b is read on 30m, which the run does not have; add it to bars.timeframes";
        assert_eq!(said("30m", "b"), expected);
    }

    #[test]
    fn reads_its_own_timeframe_and_no_nan() {
        let feature = find("5m", "b").unwrap();
        let check = |timeframe: u8, values: [f64; 2], expected: Option<f64>| {
            let mut frame = Frame::default();
            frame.begin(Event::input(Kind::TIMER, Nanos(1), SymbolId::NONE));
            frame.values.extend(values);
            let set = IndicatorSet {
                symbol: SymbolId(3),
                timeframe,
                ts_close: Nanos(1),
                values_start: 0,
                values_len: 2,
            };
            frame.push_set(set);
            assert_eq!(feature.read(&frame.events[0], &frame), None, "a timer has no values");
            let read = feature.read(&frame.events[1], &frame);
            assert_eq!(read, expected.map(|value| (SymbolId(3), value)));
        };
        check(1, [1.0, 2.0], Some(2.0));
        check(0, [1.0, 2.0], None);
        check(1, [1.0, f64::NAN], None);
    }
}
