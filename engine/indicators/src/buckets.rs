//! Which ticks are in bars: all but those older than a closed boundary.
//!
//! Why here again: the bars' stage decides the same, but may run in another group; both look at the same
//! ticks and the same timeframes, and so agree without talking.
//! Not here: which bar a tick is in. A boundary's bars close before the first tick at or past it is seen, so
//! a tick that is in a bar is in the one that is open.

use model::{Event, Nanos, Timeframe};

/// The boundaries around engine time, of the timeframes that ticks go into.
#[derive(Debug, Clone)]
pub(crate) struct Buckets {
    /// Timeframes that are no multiple of a shorter one; the others are rolled up from these.
    roots: Vec<Timeframe>,
    /// The latest boundary at or before engine time, of any root; what is older is late.
    open: Nanos,
    /// The next boundary of any root.
    close: Nanos,
}

model::state!(Buckets { open, close; same roots });

impl Buckets {
    /// For the run's timeframes, shortest first.
    pub(crate) fn new(timeframes: &[Timeframe]) -> Self {
        let is_root = |i: &usize| {
            let nanos = timeframes[*i].nanos().0;
            timeframes[..*i].iter().all(|shorter| nanos % shorter.nanos().0 != 0)
        };
        let roots = (0..timeframes.len()).filter(is_root).map(|i| timeframes[i]).collect();
        Self { roots, open: Nanos::MIN, close: Nanos::MIN }
    }

    /// Whether a tick is in the open bars. Ticks come in engine time.
    #[inline]
    pub(crate) fn holds(&mut self, tick: &Event) -> bool {
        if tick.ts >= self.close {
            self.advance(tick.ts);
        }
        // A feed's clock may run ahead of ours: such a tick belongs to the bar that is open now. As in `bars`.
        tick.tick_ts_event().min(tick.ts) >= self.open
    }

    #[cold]
    fn advance(&mut self, now: Nanos) {
        let roots = self.roots.iter();
        self.open = roots.clone().map(|root| root.bar_open(now)).max().unwrap_or(Nanos::MIN);
        self.close = roots.map(|root| root.bar_close(now)).min().unwrap_or(Nanos::MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Price, Quantity, SymbolId, Trade};

    fn check(timeframes: &[&str], ticks: &[(i64, i64, bool)]) {
        let timeframes: Vec<_> = timeframes.iter().map(|text| Timeframe::parse(text).unwrap()).collect();
        let mut buckets = Buckets::new(&timeframes);
        for &(event, now, expected) in ticks {
            let (event, now) = (Nanos(event * Nanos::SECOND.0), Nanos(now * Nanos::SECOND.0));
            let trade = Trade { ts_event: event, price: Price::new(1), size: Quantity::new(1), aggressor: 0 };
            let tick = Event::trade(now, SymbolId(0), trade);
            assert_eq!(buckets.holds(&tick), expected, "{timeframes:?}: {event:?} seen at {now:?}");
        }
    }

    #[test]
    fn what_is_older_than_a_boundary_is_in_no_bar() {
        check(&["5s", "10s"], &[(4, 4, true), (3, 4, true), (4, 5, false), (5, 5, true), (5, 9, true)]);
        check(&["5s"], &[(12, 9, true), (12, 12, true), (9, 12, false)]);
    }

    #[test]
    fn the_latest_boundary_of_any_root_counts() {
        check(&["2s", "3s"], &[(3, 3, true), (2, 3, false), (3, 4, false), (4, 4, true)]);
    }
}
