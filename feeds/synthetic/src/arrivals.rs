//! When something happens: a self-exciting point process (Hawkes 1971) on the climate's activity.
//!
//! Each event raises the rate for a while, so events come in clusters. Simulated by thinning (Ogata
//! 1981): between events the rate only falls, so the rate now bounds it until the minute ends.

use crate::climate::Climate;
use crate::math::exp;
use crate::random::Random;
use model::Nanos;

/// Share of events that others set off.
const BRANCHING: f64 = 0.6;
/// How long an event is felt, in mean gaps between events.
const MEMORY_GAPS: f64 = 5.0;
/// Decays below e^-this count as nothing.
const DECAY_MAX: f64 = 700.0;

/// The next event, or the minute's end before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Arrival {
    /// Something happens at this time.
    Event(Nanos),
    /// The minute ends: the climate changes.
    MinuteEnd(Nanos),
}

/// The process.
#[derive(Debug, Clone)]
pub(crate) struct Arrivals {
    now: Nanos,
    minute_end: Nanos,
    /// Events a second that nobody set off, at activity 1.
    base_rate: f64,
    /// What one event adds to the rate, a second.
    kick: f64,
    /// How fast that fades, a second.
    decay: f64,
    /// What past events add to the rate now.
    excitation: f64,
}

impl Arrivals {
    /// From `start`, a midnight, on; `rate` events a second on average.
    pub(crate) fn new(start: Nanos, rate: f64) -> Self {
        let decay = rate / MEMORY_GAPS;
        Self {
            now: start,
            minute_end: start + Nanos::MINUTE,
            base_rate: rate * (1.0 - BRANCHING),
            kick: BRANCHING * decay,
            decay,
            excitation: 0.0,
        }
    }

    /// Moves to the next event, or to the end of the minute if that comes first.
    pub(crate) fn next(&mut self, climate: &Climate, random: &mut Random) -> Arrival {
        let base = self.base_rate * climate.activity;
        loop {
            let bound = base + self.excitation;
            let gap_s = random.exponential() / bound;
            let room = self.minute_end - self.now;
            // The comparison is made on seconds: a gap may be too long for nanoseconds.
            if gap_s >= room.0 as f64 / 1e9 {
                self.fade(room.0 as f64 / 1e9);
                self.now = self.minute_end;
                self.minute_end = self.now + Nanos::MINUTE;
                return Arrival::MinuteEnd(self.now);
            }
            self.fade(gap_s);
            self.now = self.now + Nanos((gap_s * 1e9) as i64);
            if random.uniform() * bound <= base + self.excitation {
                self.excitation += self.kick;
                return Arrival::Event(self.now);
            }
        }
    }

    fn fade(&mut self, seconds: f64) {
        self.excitation *= exp(-(self.decay * seconds).min(DECAY_MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SyntheticConfig;

    #[test]
    fn every_minute_ends_and_the_rate_is_what_was_asked_for() {
        const RATE: f64 = 2.0;
        const MINUTES: i64 = 3_000;
        let mut random = Random::new(3);
        let config = SyntheticConfig::standard().symbols.remove(0);
        let mut climate = Climate::new(&config, Nanos(0), &mut random);
        climate.activity = 1.0;
        let mut arrivals = Arrivals::new(Nanos(0), RATE);
        let (mut minutes, mut events, mut last) = (0, 0, Nanos(0));
        while minutes < MINUTES {
            let now = match arrivals.next(&climate, &mut random) {
                Arrival::MinuteEnd(now) => {
                    minutes += 1;
                    assert_eq!(now, Nanos(minutes * Nanos::MINUTE.0));
                    now
                }
                Arrival::Event(now) => {
                    events += 1;
                    assert!(now.0 < (minutes + 1) * Nanos::MINUTE.0);
                    now
                }
            };
            assert!(now >= last, "time runs backwards");
            last = now;
        }
        let rate = f64::from(events) / (MINUTES * 60) as f64;
        assert!((rate / RATE - 1.0).abs() < 0.05, "{rate}");
    }

    #[test]
    fn a_silent_market_still_has_minutes() {
        let mut random = Random::new(4);
        let config = SyntheticConfig::standard().symbols.remove(0);
        let climate = Climate::new(&config, Nanos(0), &mut random);
        let mut arrivals = Arrivals::new(Nanos(0), 1e-12);
        for minute in 1..=100 {
            let arrival = arrivals.next(&climate, &mut random);
            assert_eq!(arrival, Arrival::MinuteEnd(Nanos(minute * Nanos::MINUTE.0)));
        }
    }
}
