//! FVG, fair value gaps: prices that a fast move jumped over and to which it may return.
//!
//! A gap is bullish at bar t iff low[t] > high[t−2], close[t−1] > high[t−2], and the middle bar's body
//! |close − open| exceeds 1.5 times the mean body of the 20 bars ending at t; its zone is [high[t−2], low[t]].
//! Bearish is the mirror image. At each bar, in this order: gaps of age 50 are dropped; standing gaps whose far
//! edge the price reaches are mitigated and gone; a new one may form, of age 0 and active on its own bar. So at
//! most one gap forms at a bar and at most 50 are active.
//!
//! Everything is decided on integers: the body test is 40·body > 3·Σ bodies. Values exist from bar 20 on.
//! A level relative to a close of 0 is not defined and NaN.
//! Not here: which mitigations are signals (`synergy`); it reads them in [`Fvg::mitigated`].

use crate::definition::{Context, Definition, Indicator, Parameters, Standard, Values};
use crate::room::Room;
use crate::window::Window;
use model::{Bar, Direction, Price};

/// Bars of the mean body.
const BODIES: u32 = 20;
/// A gap of this age is dropped, in bars.
const AGE_MAX: u32 = 50;
/// Bars over which `age` falls to 1/e.
const AGE_SCALE_BARS: f64 = 10.0;

/// A gap between the prices of three bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Long for a bullish gap, short for a bearish one.
    pub direction: Direction,
    /// The lower edge.
    pub bottom: Price,
    /// The upper edge, above the lower one.
    pub top: Price,
    /// Bars since it formed, below 50.
    pub age: u32,
}

model::value!(Gap { direction, bottom, top, age });

/// What the indicator says at a bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FvgValues {
    /// 1 if a bullish gap is active, else 0.
    pub bullish_active: f64,
    /// 1 if a bearish gap is active, else 0.
    pub bearish_active: f64,
    /// 1 if any gap was mitigated on this bar, else 0.
    pub mitigation_signal: f64,
    /// (edge − close)/close of the nearest edge of all active gaps; 0 if there is none, NaN at a close of 0.
    pub nearest_level: f64,
    /// e^(−age/10) of the gap with that edge; 0 if there is none.
    pub age: f64,
}

/// The prices of a bar, raw.
#[derive(Debug, Clone, Copy)]
struct Candle {
    open: i64,
    high: i64,
    low: i64,
    close: i64,
}

model::value!(Candle { open, high, low, close });

/// The gaps of one series of bars.
#[derive(Debug, Clone)]
pub struct Fvg {
    bodies: Window,
    body_sum: i128,
    /// The bar before the newest, then the one before that.
    before: [Option<Candle>; 2],
    /// Oldest first.
    active: Room<Gap>,
    /// Those mitigated on the newest bar, oldest first.
    mitigated: Room<Gap>,
    /// e^(−age/10) by age.
    freshness: [f64; AGE_MAX as usize],
}

model::state!(Fvg {
    bodies, body_sum, before;
    list active: AGE_MAX as usize, mitigated: AGE_MAX as usize;
    config freshness;
    check |fvg| fvg.active.iter().all(|gap| gap.age < AGE_MAX)
});

impl Gap {
    /// The height in raw units, positive: a difference of two prices can leave their range.
    #[inline]
    pub const fn height_raw(&self) -> i64 {
        self.top.raw() - self.bottom.raw()
    }

    /// Whether a bar reaches the far edge.
    fn is_reached(&self, bar: &Candle) -> bool {
        match self.direction {
            Direction::Long => bar.low <= self.bottom.raw(),
            Direction::Short => bar.high >= self.top.raw(),
        }
    }
}

impl Indicator for Fvg {
    const DEFINITION: Definition = Definition {
        name: "fvg",
        parameters: &[],
        values: Values::Named(&[
            "fvg_bullish_active",
            "fvg_bearish_active",
            "fvg_mitigation_signal",
            "fvg_nearest_level",
            "fvg_age",
        ]),
        standard: Standard::FiveMinutes,
        reads_ticks: false,
    };

    fn build(_: &Parameters, _: &Context) -> Self {
        Self::new()
    }

    fn on_bar(&mut self, bar: &Bar, values: &mut [f64]) {
        if let Some(now) = self.update(bar.open, bar.high, bar.low, bar.close) {
            let FvgValues { bullish_active, bearish_active, mitigation_signal, nearest_level, age } = now;
            values.copy_from_slice(&[bullish_active, bearish_active, mitigation_signal, nearest_level, age]);
        }
    }
}

impl Candle {
    fn body(&self) -> i64 {
        (self.close - self.open).abs()
    }
}

impl Default for Fvg {
    fn default() -> Self {
        Self::new()
    }
}

impl Fvg {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self {
            bodies: Window::new(BODIES),
            body_sum: 0,
            before: [None; 2],
            active: Room::new(AGE_MAX as usize),
            mitigated: Room::new(AGE_MAX as usize),
            freshness: std::array::from_fn(|age| libm::exp(-(age as f64) / AGE_SCALE_BARS)),
        }
    }

    /// Takes the next bar; the values from the 20th on.
    pub fn update(&mut self, open: Price, high: Price, low: Price, close: Price) -> Option<FvgValues> {
        let [open, high, low, close] = [open, high, low, close].map(Price::raw);
        debug_assert!(low <= open.min(close) && high >= open.max(close), "a bar holds its open and close");
        let bar = Candle { open, high, low, close };
        self.body_sum += i128::from(bar.body()) - i128::from(self.bodies.push(bar.body()));
        self.grow_older();
        self.mitigate(&bar);
        if let Some(gap) = self.formed(&bar) {
            self.active.push(gap);
        }
        debug_assert!(self.active.len() <= AGE_MAX as usize, "at most one gap forms at a bar");
        self.before = [Some(bar), self.before[0]];
        self.bodies.is_full().then(|| self.values(close))
    }

    /// The gaps mitigated on the newest bar, oldest first.
    #[inline]
    pub fn mitigated(&self) -> &[Gap] {
        &self.mitigated
    }

    /// The gaps active after the newest bar, oldest first.
    #[inline]
    pub fn active(&self) -> &[Gap] {
        &self.active
    }

    fn grow_older(&mut self) {
        self.active.retain_mut(|gap| {
            gap.age += 1;
            gap.age < AGE_MAX
        });
    }

    fn mitigate(&mut self, bar: &Candle) {
        self.mitigated.clear();
        let mitigated = &mut self.mitigated;
        self.active.retain(|gap| {
            let reached = gap.is_reached(bar);
            if reached {
                mitigated.push(*gap);
            }
            !reached
        });
    }

    /// The gap that the newest bar leaves to the one two before it.
    fn formed(&self, bar: &Candle) -> Option<Gap> {
        let [Some(middle), Some(first)] = self.before else { return None };
        // body > 1.5 · Σ/20
        let is_fast = 2 * i128::from(BODIES) * i128::from(middle.body()) > 3 * self.body_sum;
        if !self.bodies.is_full() || !is_fast {
            return None;
        }
        let gap = |direction, bottom, top| {
            Some(Gap { direction, bottom: Price::new(bottom), top: Price::new(top), age: 0 })
        };
        if bar.low > first.high && middle.close > first.high {
            gap(Direction::Long, first.high, bar.low)
        } else if bar.high < first.low && middle.close < first.low {
            gap(Direction::Short, bar.high, first.low)
        } else {
            None
        }
    }

    fn values(&self, close: i64) -> FvgValues {
        let flag = |on: bool| f64::from(u8::from(on));
        let has = |direction| flag(self.active.iter().any(|gap| gap.direction == direction));
        let (nearest_level, age) = match self.nearest(close) {
            None => (0.0, 0.0),
            Some((offset, gap)) => {
                let level = if close == 0 { f64::NAN } else { offset as f64 / close as f64 };
                (level, self.freshness[gap.age as usize])
            }
        };
        FvgValues {
            bullish_active: has(Direction::Long),
            bearish_active: has(Direction::Short),
            mitigation_signal: flag(!self.mitigated.is_empty()),
            nearest_level,
            age,
        }
    }

    /// The nearest edge less the close, and its gap: the younger on a tie, then the lower edge.
    fn nearest(&self, close: i64) -> Option<(i64, &Gap)> {
        let edges = self.active.iter().rev().flat_map(|gap| [(gap.bottom, gap), (gap.top, gap)]);
        // Of equals, `min_by_key` gives the first.
        edges.map(|(edge, gap)| (edge.raw() - close, gap)).min_by_key(|(offset, _)| offset.abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds bars (open, high, low, close).
    fn feed(fvg: &mut Fvg, bars: &[[i64; 4]]) -> Option<FvgValues> {
        let mut last = None;
        for bar in bars {
            let [open, high, low, close] = bar.map(Price::new);
            last = fvg.update(open, high, low, close);
        }
        last
    }

    /// Twenty bars at 100 without a body, then a bar that jumps from 100 to 120.
    fn ready_to_gap() -> Fvg {
        let mut fvg = Fvg::new();
        feed(&mut fvg, &[[100, 101, 99, 100]; 20]);
        feed(&mut fvg, &[[100, 120, 100, 120]]);
        fvg
    }

    fn signals(values: Option<FvgValues>) -> bool {
        values.unwrap().mitigation_signal > 0.5
    }

    fn gap(direction: Direction, bottom: i64, top: i64, age: u32) -> Gap {
        Gap { direction, bottom: Price::new(bottom), top: Price::new(top), age }
    }

    #[test]
    fn forms_on_its_own_bar_only_above_the_first() {
        for (low, expected) in [(102, vec![gap(Direction::Long, 101, 102, 0)]), (101, vec![])] {
            let mut fvg = ready_to_gap();
            let values = feed(&mut fvg, &[[120, 125, low, 104]]).unwrap();
            assert_eq!(fvg.active(), expected);
            assert_eq!(values.bullish_active > 0.5, !expected.is_empty());
        }
        let mut fvg = ready_to_gap();
        let values = feed(&mut fvg, &[[120, 125, 110, 120]]).unwrap();
        let expected = FvgValues {
            bullish_active: 1.0,
            bearish_active: 0.0,
            mitigation_signal: 0.0,
            nearest_level: -10.0 / 120.0,
            age: 1.0,
        };
        assert_eq!(values, expected);
    }

    #[test]
    fn the_body_must_exceed_one_and_a_half_means() {
        // Bodies of 18 bars, the middle one and the newest: 40·body > 3·Σ, here with Σ = 18·10 + body + 15.
        for (body, expected) in [(15, 0), (16, 1)] {
            let mut fvg = Fvg::new();
            feed(&mut fvg, &[[100, 110, 100, 110]; 18]);
            feed(&mut fvg, &[[110, 110 + body, 110, 110 + body], [140, 160, 140, 155]]);
            assert_eq!(fvg.active().len(), expected, "{body}");
        }
    }

    #[test]
    fn the_far_edge_mitigates_the_near_one_does_not() {
        for (direction, bars, near, far) in [
            (Direction::Long, [120, 125, 110, 120], [120, 120, 102, 120], [120, 120, 101, 120]),
            (Direction::Short, [80, 90, 75, 80], [80, 98, 80, 80], [80, 99, 80, 80]),
        ] {
            let mut fvg = Fvg::new();
            feed(&mut fvg, &[[100, 101, 99, 100]; 20]);
            let jump = if direction == Direction::Long { [100, 120, 100, 120] } else { [100, 100, 80, 80] };
            feed(&mut fvg, &[jump, bars]);
            assert!(!signals(feed(&mut fvg, &[near])));
            assert!(fvg.mitigated().is_empty() && fvg.active().len() == 1, "{direction:?}");
            assert!(signals(feed(&mut fvg, &[far])));
            assert_eq!((fvg.mitigated()[0].direction, fvg.mitigated()[0].age), (direction, 2));
            assert!(fvg.active().is_empty());
            assert!(!signals(feed(&mut fvg, &[far])));
        }
    }

    #[test]
    fn a_gap_of_age_fifty_is_dropped_before_it_is_tested() {
        for (quiet, expected) in [(48, 1), (49, 0)] {
            let mut fvg = ready_to_gap();
            feed(&mut fvg, &[[120, 125, 110, 120]]);
            feed(&mut fvg, &vec![[120, 121, 119, 120]; quiet]);
            assert_eq!(fvg.active().len(), 1);
            feed(&mut fvg, &[[120, 120, 50, 120]]);
            assert_eq!((fvg.mitigated().len(), fvg.active().len()), (expected, 0));
        }
    }

    #[test]
    fn the_nearest_edge_prefers_the_younger_then_the_lower() {
        let check = |gaps: &[Gap], close: i64, expected: (i64, u32)| {
            let mut fvg = Fvg::new();
            fvg.active.extend_from_slice(gaps);
            assert_eq!(fvg.nearest(close).map(|(offset, gap)| (offset, gap.age)), Some(expected));
        };
        let (old, young) = (gap(Direction::Long, 90, 98, 7), gap(Direction::Short, 102, 110, 3));
        check(&[old, young], 100, (2, 3));
        check(&[old, young], 99, (-1, 7));
        check(&[old], 94, (-4, 7));
        check(&[old, gap(Direction::Long, 98, 102, 2)], 100, (-2, 2));
    }

    #[test]
    fn values_come_with_the_twentieth_bar_and_zero_closes_have_no_level() {
        let mut fvg = Fvg::new();
        assert_eq!(feed(&mut fvg, &[[0; 4]; 19]), None);
        let nothing = feed(&mut fvg, &[[0; 4]]).unwrap();
        assert_eq!((nothing.nearest_level, nothing.age), (0.0, 0.0));
        let mut fvg = ready_to_gap();
        feed(&mut fvg, &[[120, 125, 110, 120]]);
        fvg.active[0].bottom = Price::new(-5);
        let values = feed(&mut fvg, &[[1, 1, 0, 0]]).unwrap();
        assert!(values.nearest_level.is_nan() && values.age > 0.9, "{values:?}");
    }
}
