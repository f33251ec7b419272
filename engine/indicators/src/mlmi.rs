//! MLMI, machine-learning market indicator: how the nearest earlier crossings of two averages turned out.
//!
//! A bar's point is (p1, p2) = (WMA20 of RSI20, WMA20 of RSI5). At each crossing of WMA5 and WMA20 of the close,
//! the crossing before it is labelled by whether the close is higher now than it was there, and joins the last
//! 200 labelled; then this one is remembered. The value is the mean label of the 5 labelled points nearest to the
//! bar's, and 0.5 while there are fewer. So a label is known to no bar before the one that made it.
//!
//! Decisions are made on integers: crossings on weighted sums of closes (`crossing`), labels on closes, signal
//! and confidence on the number of votes. The points are floats, summed anew over their window at each bar.
//! A value exists once the bar has a point: from bar 40 on.
//! Not here: what follows from a value that crosses 0.5 (`synergy`).

mod crossing;
mod labelled;

use crate::definition::{Context, Definition, Indicator, Parameters, Standard, Values};
use crate::recent::Recent;
use crate::{Rsi, Smoothing};
use crossing::Crossings;
use labelled::{Labelled, NEIGHBOURS, Point};
use model::{Bar, Price};

const RSI_SLOW: u32 = 20;
const RSI_FAST: u32 = 5;
/// Values in the average of each index.
const AVERAGED: u32 = 20;

/// What the indicator says at a bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MlmiValues {
    /// Share of the nearest crossings after which the close was higher, 0 to 1; 0.5 while there are too few.
    pub value: f64,
    /// 1, 0 or −1: the side of 0.5 on which the value lies.
    pub signal: f64,
    /// 0 to 1: the value's distance from 0.5, doubled.
    pub confidence: f64,
}

/// The indicator with its 200 labelled crossings.
#[derive(Debug, Clone)]
pub struct Mlmi {
    slow: SmoothedRsi,
    fast: SmoothedRsi,
    crossings: Crossings,
    /// The last crossing: its point and raw close, if it had a point.
    remembered: Option<(Point, i64)>,
    labelled: Labelled,
}

model::state!(Mlmi { slow, fast, crossings, remembered, labelled });

impl Default for Mlmi {
    fn default() -> Self {
        Self::new()
    }
}

impl Mlmi {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self {
            slow: SmoothedRsi::new(RSI_SLOW),
            fast: SmoothedRsi::new(RSI_FAST),
            crossings: Crossings::new(),
            remembered: None,
            labelled: Labelled::new(),
        }
    }

    /// Takes the next close; the values from the 40th on.
    pub fn update(&mut self, close: Price) -> Option<MlmiValues> {
        let (slow, fast) = (self.slow.update(close), self.fast.update(close));
        let point = slow.zip(fast).map(|(p1, p2)| Point { p1, p2 });
        if self.crossings.update(close) {
            let raw = close.raw();
            let before = std::mem::replace(&mut self.remembered, point.map(|point| (point, raw)));
            if let Some((point, close_there)) = before {
                self.labelled.push(point, raw > close_there);
            }
        }
        point.map(|point| MlmiValues::of(self.labelled.votes(point)))
    }
}

impl Indicator for Mlmi {
    const DEFINITION: Definition = Definition {
        name: "mlmi",
        parameters: &[],
        values: Values::Named(&["mlmi_value", "mlmi_signal", "mlmi_confidence"]),
        standard: Standard::FiveMinutes,
        reads_ticks: false,
    };

    fn build(_: &Parameters, _: &Context) -> Self {
        Self::new()
    }

    fn on_bar(&mut self, bar: &Bar, values: &mut [f64]) {
        if let Some(MlmiValues { value, signal, confidence }) = self.update(bar.close) {
            values.copy_from_slice(&[value, signal, confidence]);
        }
    }
}

impl MlmiValues {
    /// From the votes for higher among the nearest, if there are enough of those.
    fn of(votes: Option<u32>) -> Self {
        let all = NEIGHBOURS as f64;
        let Some(votes) = votes else { return Self { value: 0.5, signal: 0.0, confidence: 0.0 } };
        let lead = 2 * i64::from(votes) - NEIGHBOURS as i64;
        Self {
            value: f64::from(votes) / all,
            signal: lead.signum() as f64,
            confidence: lead.abs() as f64 / all,
        }
    }
}

/// The weighted average of the last 20 values of a relative strength index.
#[derive(Debug, Clone)]
struct SmoothedRsi {
    rsi: Rsi,
    values: Recent,
}

model::state!(SmoothedRsi { rsi, values });

impl SmoothedRsi {
    fn new(period: u32) -> Self {
        Self { rsi: Rsi::new(period, Smoothing::Wilder), values: Recent::new(AVERAGED) }
    }

    /// WMA20(RSI): weights 1 to 20, newest heaviest. Values that are all 0, 50 or 100 average to just that.
    fn update(&mut self, close: Price) -> Option<f64> {
        let window = self.values.push(self.rsi.update(close)?)?;
        let weighted = (1_u32..).zip(window).map(|(weight, value)| f64::from(weight) * value);
        Some(weighted.sum::<f64>() / f64::from(AVERAGED * (AVERAGED + 1) / 2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values_of(closes: impl IntoIterator<Item = i64>) -> Vec<Option<MlmiValues>> {
        let mut mlmi = Mlmi::new();
        closes.into_iter().map(|close| mlmi.update(Price::new(close))).collect()
    }

    /// A price that swings around `level`, up and down over `bars` bars each.
    fn swings(level: i64, bars: usize) -> impl Iterator<Item = i64> {
        (0..).map(move |i| {
            let phase = i % (2 * bars);
            level + if phase < bars { phase } else { 2 * bars - phase } as i64 * 1_000
        })
    }

    #[test]
    fn a_value_exists_from_bar_forty() {
        let values = values_of(swings(50_000, 7).take(60));
        assert!(values[..39].iter().all(Option::is_none));
        let undecided = MlmiValues { value: 0.5, signal: 0.0, confidence: 0.0 };
        assert_eq!(values[39], Some(undecided));
    }

    #[test]
    fn says_how_crossings_turned_out() {
        // Steep rises and slight falls: each crossing is higher than the one before. Mirrored, each is lower.
        let step = |i: i64| if i % 45 < 20 { 30 } else { -2 };
        let rising = (0..1_000).scan(0, |close, i| {
            *close += step(i);
            Some(*close)
        });
        for (sign, expected) in [(1, 1.0), (-1, 0.0)] {
            let last = values_of(rising.clone().map(|close| sign * close)).pop().flatten().unwrap();
            let decided = MlmiValues { value: expected, signal: 2.0 * expected - 1.0, confidence: 1.0 };
            assert_eq!(last, decided);
        }
    }

    #[test]
    fn votes_decide_the_sign() {
        let check = |votes, value: f64, signal: f64, confidence: f64| {
            assert_eq!(MlmiValues::of(votes), MlmiValues { value, signal, confidence }, "{votes:?}");
        };
        check(None, 0.5, 0.0, 0.0);
        check(Some(0), 0.0, -1.0, 1.0);
        check(Some(2), 0.4, -1.0, 0.2);
        check(Some(3), 0.6, 1.0, 0.2);
        check(Some(4), 0.8, 1.0, 0.6);
        check(Some(5), 1.0, 1.0, 1.0);
    }

    #[test]
    fn a_flat_price_crosses_nothing() {
        let values = values_of(std::iter::repeat_n(7, 500));
        assert!(values.iter().flatten().all(|values| values.value.to_bits() == 0.5_f64.to_bits()));
    }
}
