//! The market's climate: what changes slowly, once a minute.
//!
//! - the hour: a U over the UTC day, busy at both ends;
//! - volatility: log-normal, an AR(1) that forgets in about 100 minutes, so it clusters;
//! - activity: follows volatility, with an AR(1) of its own;
//! - regime: an uptrend, a downtrend, or a pull back to where it began; three hours on average;
//! - jumps: twice a day on average.

use crate::config::SymbolConfig;
use crate::math::exp;
use crate::random::Random;
use model::Nanos;

const MINUTES_PER_DAY: f64 = 1_440.0;
const SECONDS_PER_MINUTE: f64 = 60.0;
/// U(z) = (1 + 4z⁴)/1.8 on z from -1 to 1 has mean 1.
const U_DEPTH: f64 = 4.0;
const U_MEAN: f64 = 1.8;
/// Share of the log volatility that lasts a minute, and its stationary deviation.
const VOLATILITY_KEEPS: f64 = 0.99;
const VOLATILITY_DEVIATION: f64 = 0.45;
/// The same of activity's own part.
const ACTIVITY_KEEPS: f64 = 0.9;
const ACTIVITY_DEVIATION: f64 = 0.3;
/// How activity follows log volatility.
const ACTIVITY_FOLLOWS: f64 = 0.8;
/// Chance that a minute begins another regime.
const REGIME_CHANGES: f64 = 1.0 / 180.0;
/// A trend's drift a minute, in deviations of a minute.
const TREND_DRIFT: f64 = 0.06;
/// Share of the way back to the regime's first price that a reverting minute makes good.
const REVERSION: f64 = 1.0 / 30.0;
/// The same towards the start price, always: the price stays within sight of it for years.
const HOMING: f64 = 1.0 / (20.0 * MINUTES_PER_DAY);
/// Chance of a jump in a minute, and its deviation in deviations of a minute.
const JUMP_CHANCE: f64 = 1.0 / 720.0;
const JUMP_SIZE: f64 = 5.0;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Regime {
    Trend { direction: f64 },
    Reverting { anchor: f64 },
}

/// One minute of the climate.
#[derive(Debug, Clone)]
pub(crate) struct Climate {
    minute_volatility: f64,
    start_price: f64,
    log_volatility: f64,
    log_activity: f64,
    regime: Regime,
    /// Events a second, in averages of the whole market.
    pub(crate) activity: f64,
    /// Deviation of the return of one second.
    pub(crate) volatility: f64,
    /// Volatility against its average.
    pub(crate) volatility_factor: f64,
    /// Mean return of one second.
    pub(crate) drift: f64,
    /// Return at the start of this minute, mostly 0.
    pub(crate) jump: f64,
}

impl Climate {
    /// The climate of the minute that starts at `now`, a midnight.
    pub(crate) fn new(config: &SymbolConfig, now: Nanos, random: &mut Random) -> Self {
        let start_price = config.start_price.to_f64();
        let mut climate = Self {
            minute_volatility: config.daily_volatility / MINUTES_PER_DAY.sqrt(),
            start_price,
            log_volatility: VOLATILITY_DEVIATION * random.normal(),
            log_activity: ACTIVITY_DEVIATION * random.normal(),
            regime: Regime::Reverting { anchor: start_price },
            activity: 0.0,
            volatility: 0.0,
            volatility_factor: 1.0,
            drift: 0.0,
            jump: 0.0,
        };
        climate.begin_minute(now, start_price, random);
        climate
    }

    /// Moves on to the minute that starts at `now`, at this price.
    pub(crate) fn begin_minute(&mut self, now: Nanos, price: f64, random: &mut Random) {
        autoregress(&mut self.log_volatility, VOLATILITY_KEEPS, VOLATILITY_DEVIATION, random);
        autoregress(&mut self.log_activity, ACTIVITY_KEEPS, ACTIVITY_DEVIATION, random);
        if random.chance(REGIME_CHANGES) {
            self.regime = match random.bits() % 3 {
                0 => Regime::Trend { direction: 1.0 },
                1 => Regime::Trend { direction: -1.0 },
                _ => Regime::Reverting { anchor: price },
            };
        }
        let hour = u_shape(now);
        // Both exponents are shifted so that the average variance and the average activity are 1.
        let variance = VOLATILITY_DEVIATION * VOLATILITY_DEVIATION;
        self.volatility_factor = exp(self.log_volatility - variance) * hour.sqrt();
        let excess = ACTIVITY_FOLLOWS * ACTIVITY_FOLLOWS * variance + ACTIVITY_DEVIATION * ACTIVITY_DEVIATION;
        self.activity = hour * exp(ACTIVITY_FOLLOWS * self.log_volatility + self.log_activity - excess / 2.0);
        let deviation = self.minute_volatility * self.volatility_factor;
        self.volatility = deviation / SECONDS_PER_MINUTE.sqrt();
        let regime_drift = match self.regime {
            Regime::Trend { direction } => direction * TREND_DRIFT * deviation,
            Regime::Reverting { anchor } => REVERSION * (anchor / price - 1.0),
        };
        self.drift = (regime_drift + HOMING * (self.start_price / price - 1.0)) / SECONDS_PER_MINUTE;
        self.jump = if random.chance(JUMP_CHANCE) { JUMP_SIZE * deviation * random.normal() } else { 0.0 };
    }
}

/// One step of an AR(1) with this stationary deviation.
fn autoregress(value: &mut f64, keeps: f64, deviation: f64, random: &mut Random) {
    *value = keeps * *value + (1.0 - keeps * keeps).sqrt() * deviation * random.normal();
}

/// The busyness of a time of the day; 1 on average.
fn u_shape(now: Nanos) -> f64 {
    let share = now.0.rem_euclid(Nanos::DAY.0) as f64 / Nanos::DAY.0 as f64;
    let z = 2.0 * share - 1.0;
    (1.0 + U_DEPTH * z * z * z * z) / U_MEAN
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SyntheticConfig;

    #[test]
    fn the_day_is_a_u_of_mean_one() {
        let shares: Vec<f64> = (0..1_440).map(|minute| u_shape(Nanos(minute * Nanos::MINUTE.0))).collect();
        let mean = shares.iter().sum::<f64>() / 1_440.0;
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
        assert!(shares[0] > 2.0 && shares[1_439] > 2.0 && shares[720] < 0.6);
    }

    #[test]
    fn activity_and_variance_average_to_one() {
        let mut random = Random::new(5);
        let config = SyntheticConfig::standard().symbols.remove(0);
        let mut climate = Climate::new(&config, Nanos(0), &mut random);
        let (mut activity, mut variance) = (0.0, 0.0);
        const MINUTES: i64 = 400 * 1_440;
        for minute in 1..=MINUTES {
            climate.begin_minute(Nanos(minute * Nanos::MINUTE.0), 50_000.0, &mut random);
            activity += climate.activity / MINUTES as f64;
            variance += climate.volatility_factor * climate.volatility_factor / MINUTES as f64;
        }
        assert!((activity - 1.0).abs() < 0.05 && (variance - 1.0).abs() < 0.1, "{activity} {variance}");
    }
}
