//! The bars stage: one partial bar per symbol, source and timeframe.

use crate::boundaries::TimerMask;
use crate::partial::Partial;
use model::{Bar, BarSource, Event, Frame, Kind, Nanos, Price, StreamHash, SymbolId, Timeframe, mid};
use std::fmt;

/// Most timeframes in a run: a timer's mask has a bit for each.
pub const TIMEFRAMES_MAX: usize = 63;

/// What a span without ticks makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// No bar.
    None,
    /// A bar at the last close, without volume, from the symbol's first bar on.
    Flat,
}

model::value!(Fill { None = 0, Flat = 1 });

/// Which bars to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BarsConfig {
    /// Shortest first, without repeats.
    pub timeframes: Vec<Timeframe>,
    /// By symbol id: which prices make bars; the first is the primary one.
    pub sources: Vec<Vec<BarSource>>,
    /// What a span without ticks makes.
    pub fill: Fill,
}

/// Why bars cannot be configured so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BarsConfigError {
    /// More timeframes than [`TIMEFRAMES_MAX`]; ask for fewer.
    TooManyTimeframes(usize),
    /// Not strictly ascending; sort them and drop repeats.
    NotAscending(Timeframe),
}

impl fmt::Display for BarsConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyTimeframes(count) => {
                write!(f, "bars.timeframes lists {count}, more than {TIMEFRAMES_MAX}; ask for fewer")
            }
            Self::NotAscending(timeframe) => {
                write!(f, "bars.timeframes is not ascending at {timeframe}; sort it and drop repeats")
            }
        }
    }
}

impl std::error::Error for BarsConfigError {}

/// Where a symbol's partial bars are.
#[derive(Debug, Clone)]
struct Series {
    /// Its sources, primary first.
    sources: Vec<BarSource>,
    /// Index of its first partial; they lie source by source, timeframe by timeframe.
    first: usize,
}

/// Where a symbol's ticks go: all that the hot path reads of its series.
#[derive(Debug, Clone, Copy)]
struct Route {
    /// Index of the first partial of its trades, or `NO_PARTIAL`.
    trades: u32,
    /// Whether any source reads quotes.
    quotes: bool,
}

const NO_PARTIAL: u32 = u32::MAX;

/// The bars stage.
#[derive(Debug, Clone)]
pub struct Bars {
    timeframes: Vec<Timeframe>,
    fill: Fill,
    /// Timeframes that ticks go into: those that are no multiple of a shorter one.
    roots: Vec<usize>,
    /// By timeframe: the longer ones that are rolled up from it.
    parents: Vec<Vec<usize>>,
    series: Vec<Series>,
    routes: Vec<Route>,
    partials: Vec<Partial>,
    /// As `partials`: the last close, for flat bars. `None` before the first bar.
    last_closes: Vec<Option<Price>>,
    /// The latest boundary at or before engine time, of any root; what is older is late.
    bucket_open: Nanos,
    /// The next boundary of any root.
    bucket_close: Nanos,
    late: u64,
    hash: StreamHash,
}

model::state!(Bars {
    partials, last_closes, bucket_open, bucket_close, late, hash;
    same timeframes, fill;
    config roots, parents, series, routes
});

impl Bars {
    /// The stage before any tick.
    ///
    /// # Errors
    /// [`BarsConfigError`] where the timeframes are too many or not ascending.
    pub fn new(config: &BarsConfig) -> Result<Self, BarsConfigError> {
        let timeframes = config.timeframes.clone();
        if timeframes.len() > TIMEFRAMES_MAX {
            return Err(BarsConfigError::TooManyTimeframes(timeframes.len()));
        }
        if let Some(pair) = timeframes.windows(2).find(|pair| pair[0] >= pair[1]) {
            return Err(BarsConfigError::NotAscending(pair[1]));
        }
        let (mut roots, mut parents) = (Vec::new(), vec![Vec::new(); timeframes.len()]);
        for (i, timeframe) in timeframes.iter().enumerate() {
            let divides = |shorter: &usize| timeframe.nanos().0 % timeframes[*shorter].nanos().0 == 0;
            match (0..i).rev().find(divides) {
                Some(child) => parents[child].push(i),
                None => roots.push(i),
            }
        }
        let mut first = 0;
        let series = config.sources.iter().map(|sources| Series::new(sources, timeframes.len(), &mut first));
        let series: Vec<Series> = series.collect();
        Ok(Self {
            routes: series.iter().map(|series| series.route(timeframes.len())).collect(),
            series,
            partials: vec![Partial::default(); first],
            last_closes: vec![None; first],
            timeframes,
            fill: config.fill,
            roots,
            parents,
            bucket_open: Nanos::MIN,
            bucket_close: Nanos::MIN,
            late: 0,
            hash: StreamHash::new(),
        })
    }

    /// Folds a tick in. No boundary at or before its time may be outstanding.
    #[inline]
    pub fn on_tick(&mut self, tick: &Event) {
        if tick.ts >= self.bucket_close {
            self.advance(tick.ts);
        }
        // A feed's clock may run ahead of ours: such a tick belongs to the bar that is open now.
        if tick.tick_ts_event().min(tick.ts) < self.bucket_open {
            self.late += 1;
            return;
        }
        let route = self.routes[tick.symbol.index()];
        if tick.kind == Kind::TRADE {
            if route.trades != NO_PARTIAL {
                let (price, size) = (tick.words[1], tick.words[2]);
                for root in &self.roots {
                    self.partials[route.trades as usize + root].add(price, size);
                }
            }
        } else if route.quotes {
            self.add_quote(tick);
        }
    }

    fn add_quote(&mut self, tick: &Event) {
        let quote = tick.as_quote();
        let series = &self.series[tick.symbol.index()];
        for (slot, source) in series.sources.iter().enumerate() {
            let price = match source {
                BarSource::Trade => continue,
                BarSource::Bid => quote.bid,
                BarSource::Ask => quote.ask,
                BarSource::Mid => mid(quote.bid, quote.ask),
            };
            let first = series.first + slot * self.timeframes.len();
            for root in &self.roots {
                self.partials[first + root].add(price.raw(), 0);
            }
        }
    }

    #[cold]
    fn advance(&mut self, now: Nanos) {
        let roots = self.roots.iter().map(|root| self.timeframes[*root]);
        self.bucket_open = roots.clone().map(|root| root.bar_open(now)).max().unwrap_or(Nanos::MIN);
        self.bucket_close = roots.map(|root| root.bar_close(now)).min().unwrap_or(Nanos::MAX);
    }

    /// Closes the bars of a timer, for all symbols in id order, shorter timeframes first.
    #[inline]
    pub fn on_frame(&mut self, frame: &mut Frame) {
        let input = *frame.input();
        if input.kind == Kind::TIMER {
            let mask = TimerMask::of(&input);
            for symbol in 0..self.series.len() {
                self.close(symbol, mask, input.ts, frame);
            }
        } else if input.kind.is_tick() {
            self.on_tick(&input);
        }
    }

    #[inline]
    fn close(&mut self, symbol: usize, mask: TimerMask, boundary: Nanos, frame: &mut Frame) {
        let width = self.timeframes.len();
        for timeframe in (0..width).filter(|timeframe| mask.has(*timeframe)) {
            for slot in 0..self.series[symbol].sources.len() {
                let at = self.series[symbol].first + slot * width + timeframe;
                let partial = std::mem::take(&mut self.partials[at]);
                if partial.is_open() {
                    for parent in &self.parents[timeframe] {
                        self.partials[at - timeframe + parent].add_bar(&partial);
                    }
                    self.last_closes[at] = Some(Price::new(partial.close));
                    self.emit(symbol, timeframe, slot, boundary, &partial, frame);
                } else if let (Fill::Flat, Some(close)) = (self.fill, self.last_closes[at]) {
                    self.emit(symbol, timeframe, slot, boundary, &Partial::flat(close), frame);
                }
            }
        }
    }

    #[inline]
    fn emit(
        &mut self,
        symbol: usize,
        timeframe: usize,
        slot: usize,
        boundary: Nanos,
        partial: &Partial,
        frame: &mut Frame,
    ) {
        let bar = Bar {
            symbol: SymbolId(symbol as u32),
            timeframe: timeframe as u8,
            source: self.series[symbol].sources[slot],
            primary: slot == 0,
            ts_open: boundary - self.timeframes[timeframe].nanos(),
            ts_close: boundary,
            open: Price::new(partial.open),
            high: Price::new(partial.high),
            low: Price::new(partial.low),
            close: Price::new(partial.close),
            volume: partial.volume,
            vwap: partial.vwap(),
            trades: partial.trades,
        };
        debug_assert!(bar.low <= bar.open.min(bar.close) && bar.high >= bar.open.max(bar.close));
        frame.push_bar(bar);
        self.hash.events(&frame.events[frame.events.len() - 1..]);
        bar.hash_into(&mut self.hash);
    }

    /// How many ticks were older than a closed boundary, and so in no bar.
    pub fn late(&self) -> u64 {
        self.late
    }

    /// Hashes what waits to be hashed, if it is much: asked when the frame's orders have left.
    #[inline]
    pub fn catch_up(&mut self) {
        self.hash.catch_up();
    }

    /// The running hash of everything emitted.
    pub fn event_hash(&self) -> u128 {
        self.hash.value()
    }

    /// The hash of the bars in the making.
    pub fn state_hash(&self) -> u128 {
        let mut hash = StreamHash::new();
        for (partial, last_close) in self.partials.iter().zip(&self.last_closes) {
            partial.hash(&mut hash);
            hash.words(&[last_close.map_or(i64::MIN, Price::raw) as u64]);
        }
        hash.words(&[self.late]);
        hash.value()
    }
}

impl Series {
    /// Takes its places from `first` on, and moves `first` past them.
    fn new(sources: &[BarSource], timeframes: usize, first: &mut usize) -> Self {
        let series = Self { sources: sources.to_vec(), first: *first };
        *first += sources.len() * timeframes;
        series
    }

    fn route(&self, timeframes: usize) -> Route {
        let trade = self.sources.iter().position(|source| *source == BarSource::Trade);
        let partial = |slot| u32::try_from(self.first + slot * timeframes).expect("partial bars fit 32 bits");
        Route {
            trades: trade.map_or(NO_PARTIAL, partial),
            quotes: self.sources.iter().any(|source| *source != BarSource::Trade),
        }
    }
}
