//! When a signal fires: one small function for each kind.
//!
//! Each gives direction and strength. Gaps are measured on integers; the other two are decided on indicator values,
//! which are floats by nature.
//! Not here: which signals count together (`set`).

use crate::{FvgDirection, SynergyConfig};
use indicators::Gap;
use model::{Direction, Price, StreamHash, UNIT};

/// The value that mlmi crosses.
const MLMI_MIDDLE: f64 = 0.5;
/// Least confidence of an mlmi signal.
const MLMI_CONFIDENCE_MIN: f64 = 0.5;
/// √30: the inverse of the largest nwrqk value there can be.
const NWRQK_SCALE: f64 = 5.477_225_575_051_661;

/// A direction and a strength from 0 to 1.
pub(crate) type Firing = (Direction, f64);

/// Follows a symbol's mlmi value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MlmiCrossing {
    /// At the set before; NaN without one.
    previous: f64,
}

model::value!(MlmiCrossing { previous });

impl MlmiCrossing {
    pub(crate) const fn new() -> Self {
        Self { previous: f64::NAN }
    }

    /// Takes the next set's value; fires if it crosses 0.5 with confidence.
    pub(crate) fn fold(&mut self, value: f64, confidence: f64) -> Option<Firing> {
        let previous = std::mem::replace(&mut self.previous, value);
        let side = if previous <= MLMI_MIDDLE && value > MLMI_MIDDLE {
            Direction::Long
        } else if previous >= MLMI_MIDDLE && value < MLMI_MIDDLE {
            Direction::Short
        } else {
            return None;
        };
        (confidence >= MLMI_CONFIDENCE_MIN).then_some((side, confidence))
    }

    pub(crate) fn hash_into(self, hash: &mut StreamHash) {
        hash.float(self.previous);
    }
}

/// Follows the sign of a symbol's nwrqk slope.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SlopeSign {
    /// Of the last slope that was not zero.
    last: Option<Direction>,
}

model::value!(SlopeSign { last });

impl SlopeSign {
    pub(crate) const fn new() -> Self {
        Self { last: None }
    }

    /// Takes the next set's slope; fires if its sign is new and |value| is at least `value_min`.
    pub(crate) fn fold(&mut self, slope: f64, value: f64, value_min: f64) -> Option<Firing> {
        let sign = if slope > 0.0 {
            Direction::Long
        } else if slope < 0.0 {
            Direction::Short
        } else {
            return None;
        };
        let changed = self.last.replace(sign).is_some_and(|last| last != sign);
        let strength = (value.abs() * NWRQK_SCALE).min(1.0);
        (changed && value.abs() >= value_min).then_some((sign, strength))
    }

    pub(crate) fn hash_into(self, hash: &mut StreamHash) {
        hash.words(&[self.last.map_or(0, Direction::sign) as u64]);
    }
}

/// Fires if the largest gap mitigated on this bar is high enough.
pub(crate) fn fvg(mitigated: &[Gap], close: Price, config: &SynergyConfig) -> Option<Firing> {
    let rank = |gap: &&Gap| (gap.height_raw(), gap.direction == Direction::Long);
    let gap = mitigated.iter().max_by_key(rank)?;
    // height/|close| against a rate in units of 1e-9, both sides multiplied out.
    let height = i128::from(gap.height_raw()) * i128::from(UNIT);
    let share = |rate_raw: i64| i128::from(rate_raw) * i128::from(close.raw().abs());
    if height < share(config.fvg_height_min.raw()) {
        return None;
    }
    let full = share(config.fvg_height_full.raw());
    let strength = if height >= full { 1.0 } else { height as f64 / full as f64 };
    let direction = match config.fvg_direction {
        FvgDirection::Retest => gap.direction,
        FvgDirection::Fade => gap.direction.opposite(),
    };
    Some((direction, strength))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Direction::{Long, Short};

    #[test]
    fn mlmi_crosses_from_the_middle_or_beyond_it() {
        const NAN: f64 = f64::NAN;
        let check = |values: &[f64], expected: Option<Direction>| {
            let mut crossing = MlmiCrossing::new();
            let firings: Vec<_> = values.iter().map(|value| crossing.fold(*value, 0.75)).collect();
            assert_eq!(*firings.last().unwrap(), expected.map(|side| (side, 0.75)), "{values:?}");
        };
        check(&[0.4, 0.6], Some(Long));
        check(&[0.5, 0.6], Some(Long));
        check(&[0.6, 0.4], Some(Short));
        check(&[0.5, 0.4], Some(Short));
        check(&[0.6, 0.5, 0.4], Some(Short));
        check(&[0.6, 0.5, 0.6], Some(Long));
        check(&[0.6], None);
        check(&[0.6, 0.8], None);
        check(&[0.4, 0.5], None);
        check(&[0.6, 0.5], None);
        check(&[0.4, NAN], None);
        check(&[0.4, NAN, 0.6], None);
        check(&[0.4, NAN, 0.6, 0.4], Some(Short));
    }

    #[test]
    fn mlmi_needs_confidence_at_the_crossing() {
        for (confidence, expected) in
            [(0.5, Some((Long, 0.5))), (1.0, Some((Long, 1.0))), (0.499, None), (f64::NAN, None)]
        {
            let mut crossing = MlmiCrossing::new();
            crossing.fold(0.2, 0.6);
            assert_eq!(crossing.fold(0.8, confidence), expected);
            // Confidence that comes later is no crossing.
            assert_eq!(crossing.fold(0.8, 1.0), None);
        }
    }

    #[test]
    fn nwrqk_fires_where_the_sign_differs_from_the_last_one_that_was_not_zero() {
        let check = |slopes: &[f64], expected: Option<Direction>| {
            let mut sign = SlopeSign::new();
            let firings: Vec<_> = slopes.iter().map(|slope| sign.fold(*slope, 0.1, 0.01)).collect();
            assert_eq!(firings.last().unwrap().map(|(side, _)| side), expected, "{slopes:?}");
        };
        check(&[1e-12], None);
        check(&[1e-12, -1e-12], Some(Short));
        check(&[-1.0, 1.0], Some(Long));
        check(&[1.0, 0.0], None);
        check(&[1.0, 0.0, -1.0], Some(Short));
        check(&[1.0, -0.0, 1.0], None);
        check(&[1.0, f64::NAN, -1.0], Some(Short));
        check(&[0.0, 1.0], None);
        check(&[1.0, 2.0], None);
    }

    #[test]
    fn nwrqk_needs_a_value_and_scales_it() {
        let root_of_thirty = 30_f64.sqrt();
        assert_eq!(NWRQK_SCALE.to_bits(), root_of_thirty.to_bits());
        for (value, expected) in [
            (0.01, Some(0.01 * root_of_thirty)),
            (-0.1, Some(0.1 * root_of_thirty)),
            (0.2, Some(1.0)),
            (0.009_99, None),
            (f64::NAN, None),
        ] {
            let mut sign = SlopeSign::new();
            sign.fold(-1.0, 0.1, 0.01);
            assert_eq!(sign.fold(1.0, value, 0.01), expected.map(|strength| (Long, strength)), "{value}");
            // The sign was followed all the same: the next slope is no change.
            assert_eq!(sign.fold(1.0, 0.1, 0.01), None);
        }
    }

    fn gap(direction: Direction, bottom: i64, height: i64) -> Gap {
        Gap { direction, bottom: Price::new(bottom), top: Price::new(bottom + height), age: 3 }
    }

    #[test]
    fn fvg_takes_the_largest_gap_and_of_equals_the_bullish_one() {
        let check = |gaps: &[Gap], close: i64, expected: Option<Firing>| {
            let mut config = SynergyConfig::default();
            assert_eq!(fvg(gaps, Price::new(close), &config), expected, "{gaps:?}");
            config.fvg_direction = FvgDirection::Fade;
            let opposite = expected.map(|(direction, strength)| (direction.opposite(), strength));
            assert_eq!(fvg(gaps, Price::new(close), &config), opposite, "{gaps:?}");
        };
        check(&[], 100_000, None);
        check(&[gap(Long, 99_000, 100)], 100_000, Some((Long, 0.2)));
        check(&[gap(Long, 99_000, 99)], 100_000, None);
        check(&[gap(Short, 99_000, 100)], 100_001, None);
        check(&[gap(Short, 99_000, 400)], 100_000, Some((Short, 0.8)));
        check(&[gap(Short, 99_000, 500)], 100_000, Some((Short, 1.0)));
        check(&[gap(Short, 99_000, 900)], 100_000, Some((Short, 1.0)));
        check(&[gap(Short, 1, 200), gap(Long, 1, 300), gap(Short, 1, 250)], 100_000, Some((Long, 0.6)));
        check(&[gap(Short, 1, 200), gap(Long, 1, 200)], 100_000, Some((Long, 0.4)));
        check(&[gap(Long, 1, 200), gap(Short, 1, 200)], 100_000, Some((Long, 0.4)));
        check(&[gap(Long, 1, 200), gap(Short, 1, 201)], 100_000, Some((Short, 0.402)));
        check(&[gap(Short, -99_000, 100)], -100_000, Some((Short, 0.2)));
        check(&[gap(Short, -1, 1)], 0, Some((Short, 1.0)));
    }

    #[test]
    fn fvg_heights_at_the_ends_of_the_range_overflow_nothing() {
        let widest = Gap { direction: Long, bottom: Price::MIN, top: Price::MAX, age: 0 };
        assert_eq!(fvg(&[widest], Price::MAX, &SynergyConfig::default()), Some((Long, 1.0)));
    }
}
