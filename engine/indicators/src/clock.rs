//! Where in the day and in the week a bar closes, as points on two circles.
//!
//! hour = 2π·second of day/86,400, weekday = 2π·second of the week from Monday/604,800, of `ts_close` in UTC.
//! Seconds keep their fraction: a bar that closes between two lies between their points. Sine and cosine are
//! `libm`'s. The values depend on the bar's time alone, so there is no state and no history to wait for.
//! Not here: sessions and time zones of exchanges.

use crate::definition::{Context, Definition, Indicator, Parameters, Standard, Values};
use model::{Bar, Nanos};
use std::f64::consts::TAU;

const WEEK: i64 = 7 * Nanos::DAY.0;
/// 1970-01-01 was a Thursday: the epoch lies three days into its week.
const EPOCH_IN_WEEK: i64 = 3 * Nanos::DAY.0;

/// The two points at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClockValues {
    /// Sine of the time of day.
    pub hour_sin: f64,
    /// Cosine of the time of day: 1 at midnight UTC.
    pub hour_cos: f64,
    /// Sine of the time of the week.
    pub weekday_sin: f64,
    /// Cosine of the time of the week: 1 at Monday's midnight UTC.
    pub weekday_cos: f64,
}

impl ClockValues {
    /// The points at a bar's close.
    pub fn at(ts_close: Nanos) -> Self {
        let hour = angle(ts_close.0.rem_euclid(Nanos::DAY.0), Nanos::DAY.0);
        // Reduced before the shift, so that no time leaves the range.
        let weekday = angle((ts_close.0.rem_euclid(WEEK) + EPOCH_IN_WEEK) % WEEK, WEEK);
        Self {
            hour_sin: libm::sin(hour),
            hour_cos: libm::cos(hour),
            weekday_sin: libm::sin(weekday),
            weekday_cos: libm::cos(weekday),
        }
    }
}

/// The indicator: the points of each bar's close.
#[derive(Debug, Clone, Copy, Default)]
pub struct TimeOfWeek;

model::state!(TimeOfWeek {});

impl Indicator for TimeOfWeek {
    const DEFINITION: Definition = Definition {
        name: "clock",
        parameters: &[],
        values: Values::Named(&["hour_sin", "hour_cos", "weekday_sin", "weekday_cos"]),
        standard: Standard::ThirtyMinutes,
        reads_ticks: false,
    };

    fn build(_: &Parameters, _: &Context) -> Self {
        Self
    }

    fn on_bar(&mut self, bar: &Bar, values: &mut [f64]) {
        let ClockValues { hour_sin, hour_cos, weekday_sin, weekday_cos } = ClockValues::at(bar.ts_close);
        values.copy_from_slice(&[hour_sin, hour_cos, weekday_sin, weekday_cos]);
    }
}

/// The share of a turn, in radians.
fn angle(nanos: i64, turn: i64) -> f64 {
    TAU * (nanos as f64 / turn as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ts_hours: i64, hour: f64, weekday: f64) {
        let values = ClockValues::at(Nanos(ts_hours * Nanos::HOUR.0));
        let (day, week) = (TAU * hour / 24.0, TAU * weekday / 168.0);
        let expected = [day.sin(), day.cos(), week.sin(), week.cos()];
        let got = [values.hour_sin, values.hour_cos, values.weekday_sin, values.weekday_cos];
        assert!(
            got.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-14),
            "{ts_hours} h: {got:?}, {expected:?}"
        );
    }

    #[test]
    fn turns_with_the_day_and_the_week() {
        check(0, 0.0, 72.0);
        check(4 * 24, 0.0, 0.0);
        check(4 * 24 + 6, 6.0, 6.0);
        check(4 * 24 - 1, 23.0, 167.0);
        // 2024-08-08T23:00:00Z, a Thursday.
        check(478_655, 23.0, 3.0 * 24.0 + 23.0);
        check(-1, 23.0, 71.0);
    }

    #[test]
    fn every_time_has_its_point() {
        for ts in [Nanos::MIN, Nanos::MAX, Nanos::TICK_FIRST] {
            let values = ClockValues::at(ts);
            assert!((values.hour_sin.powi(2) + values.hour_cos.powi(2) - 1.0).abs() < 1e-15);
        }
    }
}
