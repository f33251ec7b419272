//! Which timers there must be: a boundary at which some bar is open, or an instant that a strategy comes back to.
//!
//! A strategy that decides at the closes of a timeframe may have to act some time after that, whether or not anything
//! is traded until then. [`Boundaries::revisiting`] adds one timer after each boundary at which that timeframe closes;
//! where a boundary falls on the same instant, they are one. An instant that is come back to calls for no other.
//!
//! Why apart from [`crate::Bars`]: the sequencer injects timers and may run on another core than the bars;
//! both look at the same ticks and so agree without talking.
//! Not here: what a boundary closes for which symbol.

use crate::stage::{BarsConfig, Fill, TIMEFRAMES_MAX};
use model::{Event, Kind, Nanos, Timeframe};
use std::collections::VecDeque;

/// Instants to come back to before their queue has to grow.
const REVISITS_CAPACITY: usize = 1024;
/// Most instants to come back to at once: a week of closes of a millisecond.
const REVISITS_MAX: usize = 1 << 30;

/// The set of timeframes that close at a boundary: bit i is the run's i-th timeframe, shortest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TimerMask(pub u64);

impl TimerMask {
    /// Whether the i-th timeframe closes.
    #[inline]
    pub const fn has(self, timeframe: usize) -> bool {
        self.0 & (1 << timeframe) != 0
    }

    /// Reads the mask of a timer event.
    #[inline]
    pub fn of(timer: &Event) -> Self {
        debug_assert_eq!(timer.kind, Kind::TIMER);
        Self(timer.words[0] as u64)
    }
}

/// The boundaries at which some bar is open, and what is come back to.
#[derive(Debug, Clone)]
pub struct Boundaries {
    timeframes: Vec<Timeframe>,
    fill: Fill,
    /// By symbol: whether its trades, its quotes make bars.
    makes_bars: Vec<MakesBars>,
    /// By timeframe: the close of the bar that is open for some symbol; `Nanos::MAX` if none is.
    closes: Vec<Nanos>,
    /// The timeframe whose closes are come back to, and after how long.
    revisit: Option<(usize, Nanos)>,
    /// What is come back to, earliest first.
    revisits: VecDeque<Nanos>,
    /// The earliest of `closes` and `revisits`.
    next: Nanos,
    /// Whether every timeframe has an open bar, so that a tick has nothing to add.
    all_open: bool,
}

model::state!(Boundaries {
    closes, next, all_open;
    list revisits: REVISITS_MAX;
    same timeframes, fill, revisit;
    config makes_bars
});

#[derive(Debug, Clone, Copy)]
struct MakesBars {
    trades: bool,
    quotes: bool,
}

impl Boundaries {
    /// For the same configuration as the bars.
    pub fn new(config: &BarsConfig) -> Self {
        assert!(config.timeframes.len() <= TIMEFRAMES_MAX, "a timer's mask holds every timeframe");
        let makes_bars = config
            .sources
            .iter()
            .map(|sources| MakesBars {
                trades: sources.contains(&model::BarSource::Trade),
                quotes: sources.iter().any(|source| *source != model::BarSource::Trade),
            })
            .collect();
        Self {
            closes: vec![Nanos::MAX; config.timeframes.len()],
            timeframes: config.timeframes.clone(),
            fill: config.fill,
            makes_bars,
            revisit: None,
            revisits: VecDeque::new(),
            next: Nanos::MAX,
            all_open: config.timeframes.is_empty(),
        }
    }

    /// With a timer `after` each boundary at which a timeframe closes.
    ///
    /// # Panics
    /// If the timeframe is not one of the run's, or `after` is not positive.
    #[must_use]
    pub fn revisiting(self, timeframe: Timeframe, after: Nanos) -> Self {
        assert!(after.0 > 0, "an instant that is come back to lies ahead");
        let index = self.timeframes.iter().position(|known| *known == timeframe);
        let index = index.expect("closes that are come back to are those of the run's timeframes");
        Self { revisit: Some((index, after)), revisits: VecDeque::with_capacity(REVISITS_CAPACITY), ..self }
    }

    /// The next boundary that needs a timer; `Nanos::MAX` if no bar is open and nothing is come back to.
    #[inline]
    pub fn next(&self) -> Nanos {
        self.next
    }

    /// Notes a tick that is about to be released. No boundary at or before its time may be outstanding.
    #[inline]
    pub fn on_tick(&mut self, tick: &Event) {
        debug_assert!(tick.ts < self.next, "timers come before the first input at or past them");
        if !self.all_open {
            self.open(tick);
        }
    }

    #[cold]
    fn open(&mut self, tick: &Event) {
        let makes = self.makes_bars[tick.symbol.index()];
        let wanted = if tick.kind == Kind::TRADE { makes.trades } else { makes.quotes };
        let time = tick.tick_ts_event().min(tick.ts);
        // A tick from before the open bars' start is late for the shortest of them, and in no bar.
        if !wanted || self.timeframes.iter().any(|timeframe| time < timeframe.bar_open(tick.ts)) {
            return;
        }
        for (close, timeframe) in self.closes.iter_mut().zip(&self.timeframes) {
            if *close == Nanos::MAX {
                *close = timeframe.bar_close(tick.ts);
            }
        }
        self.settle();
    }

    /// Takes the next boundary: the timer event for it, without a sequence number.
    ///
    /// # Panics
    /// If there is no next boundary.
    #[inline]
    pub fn fire(&mut self) -> Event {
        let boundary = self.next;
        assert!(boundary != Nanos::MAX, "a timer fires only where there is a reason");
        if self.revisits.front() == Some(&boundary) {
            self.revisits.pop_front();
        }
        let mut mask = 0_u64;
        for (i, close) in self.closes.iter_mut().enumerate() {
            if *close == boundary {
                mask |= 1 << i;
                *close = match self.fill {
                    Fill::None => Nanos::MAX,
                    Fill::Flat => boundary.saturating_add(self.timeframes[i].nanos()),
                };
            }
        }
        if let Some((timeframe, after)) = self.revisit
            && TimerMask(mask).has(timeframe)
        {
            self.revisits.push_back(boundary.saturating_add(after));
        }
        self.settle();
        let mut timer = Event::input(Kind::TIMER, boundary, model::SymbolId::NONE);
        timer.words[0] = mask as i64;
        timer.flags = (mask & 1) as u8;
        timer
    }

    #[inline]
    fn settle(&mut self) {
        let revisit = self.revisits.front().copied().unwrap_or(Nanos::MAX);
        self.next = self.closes.iter().copied().min().unwrap_or(Nanos::MAX).min(revisit);
        self.all_open = self.closes.iter().all(|close| *close != Nanos::MAX);
    }
}
