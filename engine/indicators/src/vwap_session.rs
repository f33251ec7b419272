//! Volume-weighted average price since the session opened: Σ price·size/Σ size of the session's ticks.
//!
//! A session is one of the instrument's market hours; an instrument that never closes has days in UTC. A bar's
//! vwap times its volume is Σ price·size of its ticks, to half a unit of 1e-9 per unit of volume; so the sums are of
//! bars, exact, and any timeframe whose bars end where sessions open gives the same at the same time, to 1e-9.
//! A bar belongs to the session of its first open instant: one that spans an opening to the session it opened in, one
//! that opens in a pause to the session that opens within it, since no ticks are accepted before. One that lies in a
//! pause (the last ticks of a session, come late; flat bars) belongs to the session before.
//! Without volume (bars of quotes) there is no value.
//! Not here: when sessions open (`model::SessionCalendar`).

use crate::definition::{Context, Definition, Indicator, Parameters, Standard, Values};
use crate::weighted_sum::WeightedSum;
use model::{Bar, Nanos, Session, SessionCalendar, UtcDays};
use std::sync::Arc;

/// The session's average, in price units.
#[derive(Debug, Clone)]
pub struct VwapSession {
    calendar: Arc<dyn SessionCalendar>,
    /// The session that the last bar opened in, and the pause behind it; before any bar it holds no instant.
    session: Session,
    /// When the session opened whose sum this is.
    open: Nanos,
    sum: WeightedSum,
    /// A bar had volume but no vwap (prices and sizes at their limits): the session has none either.
    is_lost: bool,
}

model::state!(VwapSession { session, open, sum, is_lost; config calendar });

impl Default for VwapSession {
    fn default() -> Self {
        Self::new()
    }
}

impl VwapSession {
    /// Nothing seen yet, of an instrument that never closes.
    pub fn new() -> Self {
        Self::of(Arc::new(UtcDays))
    }

    /// Nothing seen yet, of an instrument with these sessions.
    pub fn of(calendar: Arc<dyn SessionCalendar>) -> Self {
        let session = Session { open: Nanos::MAX, close: Nanos::MAX, next_open: Nanos::MAX };
        Self { calendar, session, open: Nanos::MIN, sum: WeightedSum::default(), is_lost: false }
    }

    /// Takes the next bar; the average of the session so far, if it has volume.
    #[inline]
    pub fn update(&mut self, bar: &Bar) -> Option<f64> {
        let open = self.open_of(bar);
        if self.open != open {
            (self.open, self.sum, self.is_lost) = (open, WeightedSum::default(), false);
        }
        match bar.vwap {
            Some(vwap) => self.sum.add(vwap.raw(), bar.volume),
            None => self.is_lost |= bar.volume > 0,
        }
        if self.is_lost { None } else { self.sum.mean(1.0) }
    }

    /// When the session opened that a bar belongs to.
    fn open_of(&mut self, bar: &Bar) -> Nanos {
        if bar.ts_open < self.session.open || bar.ts_open >= self.session.next_open {
            self.session = self.calendar.session_at(bar.ts_open);
        }
        let Session { open, close, next_open } = self.session;
        debug_assert!(open <= bar.ts_open && bar.ts_open < next_open, "a calendar knows every instant");
        if bar.ts_open >= close && bar.ts_close > next_open { next_open } else { open }
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

    fn build(_: &Parameters, context: &Context) -> Self {
        Self::of(Arc::clone(&context.calendar))
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

    fn check_of(mut vwap: VwapSession, bars: &[Bar], expected: &[Option<f64>]) {
        assert_eq!(bars.iter().map(|bar| vwap.update(bar)).collect::<Vec<_>>(), expected);
    }

    fn check(bars: &[Bar], expected: &[Option<f64>]) {
        check_of(VwapSession::new(), bars, expected);
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

    /// Sessions of so many hours.
    #[derive(Debug)]
    struct Hours(Vec<[i64; 2]>);

    impl SessionCalendar for Hours {
        fn session_at(&self, ts: Nanos) -> Session {
            let hours = |hours: i64| Nanos(hours * Nanos::HOUR.0);
            let opened = self.0.iter().rposition(|[open, _]| hours(*open) <= ts);
            let next = opened.map_or(0, |at| at + 1);
            let [open, close] = opened.map_or([Nanos::MIN; 2], |at| self.0[at].map(hours));
            Session { open, close, next_open: self.0.get(next).map_or(Nanos::MAX, |[open, _]| hours(*open)) }
        }
    }

    /// A Friday, a weekend, a Monday with a pause at noon; hours count from a midnight, and the market opens at 22.
    fn week() -> VwapSession {
        VwapSession::of(Arc::new(Hours(vec![[-2, 21], [70, 82], [83, 93], [94, 117]])))
    }

    #[test]
    fn starts_over_where_a_session_opens_and_nowhere_else() {
        check_of(
            week(),
            &[
                bar(-2, 1, Some(2)),
                bar(-1, 1, Some(4)),
                // Midnight is no opening.
                bar(0, 2, Some(9)),
                bar(20, 4, Some(8)),
                // The weekend.
                bar(70, 1, Some(5)),
                bar(81, 1, Some(7)),
                // Behind the pause at noon, then without one bar at the opening.
                bar(83, 3, Some(1)),
                bar(95, 1, Some(8)),
            ],
            &[2.0, 3.0, 6.0, 7.0, 5.0, 6.0, 1.0, 8.0].map(Some),
        );
    }

    /// A bar of several hours.
    fn long(hour: i64, hours: i64, volume: i128, vwap: i64) -> Bar {
        let bar = bar(hour, volume, Some(vwap));
        Bar { ts_close: Nanos(bar.ts_open.0 + hours * Nanos::HOUR.0), ..bar }
    }

    #[test]
    fn a_bar_belongs_to_the_session_of_its_first_open_instant() {
        check_of(
            week(),
            &[
                bar(19, 1, Some(2)),
                // It opened in the session, and spans the weekend and the next opening.
                long(20, 52, 1, 4),
                bar(72, 1, Some(5)),
                bar(82, 1, Some(7)),
                // It opens in a pause, and a session opens within it.
                long(93, 3, 1, 9),
                bar(96, 1, Some(1)),
            ],
            &[2.0, 3.0, 5.0, 6.0, 9.0, 5.0].map(Some),
        );
        // It lies in a pause, and its end is the opening.
        check_of(
            week(),
            &[bar(20, 1, Some(2)), bar(21, 1, Some(4)), bar(69, 1, Some(6)), bar(70, 1, Some(1))],
            &[2.0, 3.0, 4.0, 1.0].map(Some),
        );
    }

    #[test]
    fn a_lost_sum_lasts_to_the_next_opening() {
        check_of(
            week(),
            &[bar(19, 1, Some(5)), bar(20, 7, None), bar(21, 1, Some(5)), bar(70, 1, Some(6))],
            &[Some(5.0), None, None, Some(6.0)],
        );
    }
}
