//! Equity now and at the start of the UTC day.
//!
//! The opening equity of a day is the last equity known before the day's first input. Whatever is known
//! on that first input itself belongs to the new day.
//! Not here: how equity is computed (`portfolio`).

use model::{Money, Nanos, StreamHash};

/// The day's opening equity and the equity now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DayEquity {
    /// Days since the epoch; `None` before the first input.
    day: Option<i64>,
    opening: Money,
    now: Money,
}

model::value!(DayEquity { day, opening, now });

impl DayEquity {
    pub fn new(initial_capital: Money) -> Self {
        Self { day: None, opening: initial_capital, now: initial_capital }
    }

    /// An input of engine time `ts` comes.
    pub fn advance(&mut self, ts: Nanos) {
        let day = Some(ts.0.div_euclid(Nanos::DAY.0));
        if day != self.day {
            self.day = day;
            self.opening = self.now;
        }
    }

    /// Equity became known on the input last advanced to.
    pub fn set(&mut self, equity: Money) {
        self.now = equity;
    }

    /// What was lost since the day's opening; negative for a gain.
    pub fn loss_raw(&self) -> i128 {
        self.opening.raw() - self.now.raw()
    }

    pub fn hash(&self, hash: &mut StreamHash) {
        hash.words(&[self.day.unwrap_or(i64::MIN) as u64]);
        hash.amount(self.opening.raw());
        hash.amount(self.now.raw());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_opens_with_what_was_known_before_it() {
        let money = |raw| Money::from_raw(raw).unwrap();
        let mut day = DayEquity::new(money(100));
        // (input time in days and a bit, equity on it, loss after)
        for (ts, equity, loss) in [
            (Nanos(5), 100, 0),
            (Nanos(6), 70, 30),
            (Nanos(Nanos::DAY.0 - 1), 90, 10),
            (Nanos::DAY, 85, 5),
            (Nanos(Nanos::DAY.0 + 1), 95, -5),
        ] {
            day.advance(ts);
            day.set(money(equity));
            assert_eq!(day.loss_raw(), loss, "at {ts:?}");
        }
        day.advance(Nanos(3 * Nanos::DAY.0));
        assert_eq!(day.loss_raw(), 0, "a new day without news of equity has lost nothing");
    }
}
