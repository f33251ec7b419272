//! Average directional index (J. Welles Wilder, 1978): how much of the movement goes one way, 0 to 100.
//!
//! From bar to bar, up = high − last high, down = last low − low; +DM = up if it is positive and above down, else
//! 0; −DM the reverse. Both are averaged as Wilder does, seeded with the first n, bars 2 to n + 1. DX = 100·|+DI −
//! −DI|/(+DI + −DI); ADX is Wilder's average of DX, seeded with the mean of the first n, so from bar 2n on.
//! ±DI are ±DM over one and the same true range, which cancels in DX and is not kept here.
//!
//! Which of the two movements counts is decided on integers. A bar with neither shrinks both averages alike and
//! leaves DX as it is; it is then kept, not recomputed, so that a long still stretch cannot decide by
//! rounding. Where nothing has moved either way, DX is 0.

use crate::definition::{Context, Definition, Indicator, Parameter, Parameters, Standard, Values};
use crate::recursive::RecursiveAverage;
use model::{Bar, Price};

/// The index of n bars.
#[derive(Debug, Clone)]
pub struct Adx {
    period: u32,
    range_last: Option<(i64, i64)>,
    /// Movements seen, counted no further than the period.
    seen: u32,
    /// Sums of the movements that make the seeds, raw.
    plus_sum: i128,
    minus_sum: i128,
    /// Wilder's averages of the movements, raw.
    plus: f64,
    minus: f64,
    dx: f64,
    average: RecursiveAverage,
}

model::state!(Adx { range_last, seen, plus_sum, minus_sum, plus, minus, dx, average; same period });

impl Adx {
    /// Nothing seen yet.
    ///
    /// # Panics
    /// If the period is not within 1..=[`crate::PERIOD_MAX`].
    pub fn new(period: u32) -> Self {
        let average = RecursiveAverage::wilder(period);
        Self {
            period,
            range_last: None,
            seen: 0,
            plus_sum: 0,
            minus_sum: 0,
            plus: 0.0,
            minus: 0.0,
            dx: 0.0,
            average,
        }
    }

    /// Takes the next bar; the value from the 2n-th on.
    #[inline]
    pub fn update(&mut self, high: Price, low: Price) -> Option<f64> {
        let (high, low) = (high.raw(), low.raw());
        let (high_last, low_last) = self.range_last.replace((high, low))?;
        let (plus, minus) = movement(high - high_last, low_last - low);
        if self.seen < self.period {
            self.seed(plus, minus)?;
        } else {
            self.step(plus, minus);
        }
        self.average.push(self.dx)
    }

    /// One of the first n movements; something with the last of them.
    fn seed(&mut self, plus: i64, minus: i64) -> Option<()> {
        self.seen += 1;
        self.plus_sum += i128::from(plus);
        self.minus_sum += i128::from(minus);
        if self.seen < self.period {
            return None;
        }
        let (plus, minus) = (self.plus_sum as f64, self.minus_sum as f64);
        (self.plus, self.minus) = (plus / f64::from(self.period), minus / f64::from(self.period));
        self.dx = directional_index(plus, minus);
        Some(())
    }

    fn step(&mut self, plus: i64, minus: i64) {
        let period = f64::from(self.period);
        self.plus += (plus as f64 - self.plus) / period;
        self.minus += (minus as f64 - self.minus) / period;
        // An average of one forgets everything before; a longer one keeps its proportions.
        if plus != 0 || minus != 0 || self.period == 1 {
            self.dx = directional_index(self.plus, self.minus);
        }
    }
}

/// +DM and −DM: at most one of them counts. Raw prices are within ±1e18, so the differences fit.
#[inline]
fn movement(up: i64, down: i64) -> (i64, i64) {
    match up.cmp(&down) {
        std::cmp::Ordering::Greater => (up.max(0), 0),
        std::cmp::Ordering::Less => (0, down.max(0)),
        std::cmp::Ordering::Equal => (0, 0),
    }
}

#[inline]
fn directional_index(plus: f64, minus: f64) -> f64 {
    debug_assert!(plus >= 0.0 && minus >= 0.0, "movements are not negative");
    let sum = plus + minus;
    if sum > 0.0 { 100.0 * ((plus - minus).abs() / sum) } else { 0.0 }
}

impl Indicator for Adx {
    const DEFINITION: Definition = Definition {
        name: "adx",
        parameters: &[Parameter::Period("14")],
        values: Values::Own,
        standard: Standard::Everywhere,
        reads_ticks: false,
    };

    fn build(parameters: &Parameters, _: &Context) -> Self {
        Self::new(parameters.period(0))
    }

    fn on_bar(&mut self, bar: &Bar, values: &mut [f64]) {
        if let Some(value) = self.update(bar.high, bar.low) {
            values[0] = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_movement_outwards_counts() {
        for (up, down, expected) in [
            (3, 1, (3, 0)),
            (1, 3, (0, 3)),
            (2, 2, (0, 0)),
            (-1, -2, (0, 0)),
            (-2, -1, (0, 0)),
            (-2, 5, (0, 5)),
            (0, -1, (0, 0)),
        ] {
            assert_eq!(movement(up, down), expected, "{up} {down}");
        }
    }

    fn check(period: u32, ranges: &[(i64, i64)], expected: &[Option<f64>]) {
        let mut adx = Adx::new(period);
        let update = |&(high, low): &(i64, i64)| adx.update(Price::new(high), Price::new(low));
        assert_eq!(ranges.iter().map(update).collect::<Vec<_>>(), expected, "{ranges:?}");
    }

    #[test]
    fn averages_as_wilder_does() {
        // Movements +3, −1, +2: sums (3, 1), DX 50; averages (1.5, .5), then (1.75, .25), DX 75; mean 62.5.
        // Then neither: DX stays at 75.
        let ranges = [(10, 5), (13, 6), (12, 5), (14, 6), (13, 7)];
        check(2, &ranges, &[None, None, None, Some(62.5), Some(68.75)]);
    }

    #[test]
    fn where_nothing_moves_there_is_no_direction() {
        check(2, &[(7, 7); 5], &[None, None, None, Some(0.0), Some(0.0)]);
        check(1, &[(7, 7), (8, 7), (8, 7)], &[None, Some(100.0), Some(0.0)]);
    }

    #[test]
    fn a_long_still_stretch_decides_nothing() {
        let mut adx = Adx::new(14);
        for i in 0..60 {
            adx.update(Price::new(1_000 + i * 7 % 11), Price::new(900 + i * 5 % 13));
        }
        adx.update(Price::new(1_000), Price::new(900));
        let direction = adx.dx;
        assert!(direction > 1.0, "there is a direction to keep: {direction}");
        // Long enough for the averages of movement to fall to the smallest float.
        let values = (0..20_000).map(|_| adx.update(Price::new(1_000), Price::new(900)));
        let still = values.last().flatten().unwrap();
        assert!((still - direction).abs() < 1e-9, "the last direction stands: {still}, {direction}");
    }
}
