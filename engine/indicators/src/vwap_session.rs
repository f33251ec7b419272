//! Volume-weighted average price since UTC midnight: Σ price·size/Σ size of the session's ticks.
//!
//! A bar's vwap times its volume is Σ price·size of its ticks, to half a unit of 1e-9 per unit of volume; so the
//! sums are of bars, exact, and any timeframe that divides a day gives the same at the same time, to 1e-9. A
//! session starts with the first bar that opens at or after midnight; a bar that spans midnight belongs to the
//! session it opened in. Without volume (bars of quotes) there is no value.
//! Not here: sessions of instruments that are not UTC days.

use crate::definition::{Context, Definition, Indicator, Parameters, Standard, Values};
use crate::weighted_sum::WeightedSum;
use model::{Bar, Nanos};

/// The session's average, in price units.
#[derive(Debug, Clone, Default)]
pub struct VwapSession {
    /// Days from the epoch to the session.
    day: Option<i64>,
    sum: WeightedSum,
    /// A bar had volume but no vwap (prices and sizes at their limits): the session has none either.
    is_lost: bool,
}

impl VwapSession {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bar; the average of the session so far, if it has volume.
    #[inline]
    pub fn update(&mut self, bar: &Bar) -> Option<f64> {
        let day = bar.ts_open.0.div_euclid(Nanos::DAY.0);
        if self.day != Some(day) {
            *self = Self { day: Some(day), ..Self::default() };
        }
        match bar.vwap {
            Some(vwap) => self.sum.add(vwap.raw(), bar.volume),
            None => self.is_lost |= bar.volume > 0,
        }
        if self.is_lost { None } else { self.sum.mean(1.0) }
    }
}

impl Indicator for VwapSession {
    const DEFINITION: Definition = Definition {
        name: "vwap_session",
        parameters: &[],
        values: Values::Own,
        standard: Standard::Everywhere,
        reads_ticks: false,
    };

    fn build(_: &Parameters, _: &Context) -> Self {
        Self::new()
    }

    fn on_bar(&mut self, bar: &Bar, values: &mut [f64]) {
        if let Some(value) = self.update(bar) {
            values[0] = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{BarSource, Price, SymbolId, UNIT};

    /// An hourly bar whose prices do not matter.
    fn bar(hour: i64, volume: i128, vwap: Option<i64>) -> Bar {
        let ts_open = Nanos(hour * Nanos::HOUR.0);
        Bar {
            symbol: SymbolId(0),
            timeframe: 0,
            source: BarSource::Trade,
            primary: true,
            ts_open,
            ts_close: ts_open + Nanos::HOUR,
            open: Price::new(1),
            high: Price::new(1),
            low: Price::new(1),
            close: Price::new(1),
            volume,
            vwap: vwap.map(|units| Price::new(units * UNIT)),
            trades: 1,
        }
    }

    fn check(bars: &[Bar], expected: &[Option<f64>]) {
        let mut vwap = VwapSession::new();
        assert_eq!(bars.iter().map(|bar| vwap.update(bar)).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn starts_over_at_midnight() {
        check(
            &[
                bar(-2, 1, Some(5)),
                bar(-1, 3, Some(9)),
                bar(0, 2, Some(4)),
                bar(23, 2, Some(6)),
                bar(24, 0, None),
            ],
            &[Some(5.0), Some(8.0), Some(4.0), Some(5.0), None],
        );
    }

    #[test]
    fn a_session_need_not_have_a_bar_at_midnight() {
        check(&[bar(20, 1, Some(5)), bar(55, 1, Some(7))], &[Some(5.0), Some(7.0)]);
    }

    #[test]
    fn a_bar_across_midnight_belongs_to_the_day_it_opened_in() {
        let across = Bar { ts_close: Nanos(25 * Nanos::HOUR.0), ..bar(23, 1, Some(9)) };
        check(&[bar(22, 1, Some(5)), across, bar(25, 1, Some(3))], &[Some(5.0), Some(7.0), Some(3.0)]);
    }

    #[test]
    fn a_lost_sum_is_not_made_up() {
        check(
            &[bar(1, 1, Some(5)), bar(2, 7, None), bar(3, 1, Some(5)), bar(25, 1, Some(6))],
            &[Some(5.0), None, None, Some(6.0)],
        );
    }
}
