//! One symbol's ticks, one after the other, in memory that does not grow with the market.

use crate::arrivals::{Arrival, Arrivals};
use crate::climate::Climate;
use crate::config::{ConfigError, SymbolConfig, SyntheticConfig};
use crate::market::{Market, micros};
use crate::random::Random;
use model::{Nanos, Quote, Trade};
use std::collections::VecDeque;

const SECONDS_PER_DAY: f64 = 86_400.0;
/// Most ticks of one event: the prints of a sweep and its quote.
const TICKS_PER_EVENT_MAX: usize = 8;
/// Prints of a taker, on average; measured.
const PRINTS_PER_TAKER: f64 = 1.25;
/// Quotes that follow sweeps, per taker; measured.
const QUOTES_PER_TAKER: f64 = 0.17;

/// A trade or a quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyntheticTick {
    /// A trade printed.
    Trade(Trade),
    /// The best bid and ask changed.
    Quote(Quote),
}

impl SyntheticTick {
    /// When it happened.
    pub fn ts_event(&self) -> Nanos {
        match self {
            Self::Trade(trade) => trade.ts_event,
            Self::Quote(quote) => quote.ts_event,
        }
    }
}

/// The ticks of one symbol in time order. At equal times their order is the one they happened in.
#[derive(Debug, Clone)]
pub struct SyntheticTicks {
    random: Random,
    climate: Climate,
    arrivals: Arrivals,
    market: Market,
    /// Share of events that are takers.
    taker_share: f64,
    end: Nanos,
    ts_last: Nanos,
    pending: VecDeque<SyntheticTick>,
}

impl SyntheticTicks {
    /// The ticks of `symbol` in the market of `config`, whose own list of symbols does not matter here.
    ///
    /// # Errors
    /// [`ConfigError`] if the market or the symbol makes no sense.
    pub fn new(config: &SyntheticConfig, symbol: &SymbolConfig) -> Result<Self, ConfigError> {
        config.check()?;
        symbol.check()?;
        let mut random = Random::for_symbol(config.seed, &symbol.name);
        let climate = Climate::new(symbol, config.start, &mut random);
        let market = Market::new(symbol, config.start, &climate, &mut random);
        let takers = f64::from(symbol.trades_per_day) / PRINTS_PER_TAKER;
        let quotes = f64::from(symbol.trades_per_day) * symbol.quotes_per_trade - takers * QUOTES_PER_TAKER;
        let events = takers + quotes.max(0.0);
        Ok(Self {
            random,
            climate,
            arrivals: Arrivals::new(config.start, events / SECONDS_PER_DAY),
            market,
            taker_share: takers / events,
            end: config.start + Nanos(i64::from(config.days) * Nanos::DAY.0),
            ts_last: config.start,
            pending: VecDeque::with_capacity(TICKS_PER_EVENT_MAX),
        })
    }

    /// Lets one more thing happen; `false` at the end of the market.
    fn advance(&mut self) -> bool {
        match self.arrivals.next(&self.climate, &mut self.random) {
            Arrival::MinuteEnd(now) => {
                self.market.diffuse(now, &self.climate, &mut self.random);
                self.climate.begin_minute(now, self.market.price(), &mut self.random);
                self.market.jump(self.climate.jump);
                now < self.end
            }
            Arrival::Event(now) => {
                self.market.diffuse(now, &self.climate, &mut self.random);
                // A quote that showed a sweep may be later than this event: time does not run backwards.
                let now = micros(now).max(self.ts_last);
                let (climate, random, out) = (&self.climate, &mut self.random, &mut self.pending);
                if random.chance(self.taker_share) {
                    self.market.take(now, climate, random, out);
                } else {
                    self.market.quote(now, climate, random, out);
                }
                self.ts_last = self.pending.back().map_or(self.ts_last, SyntheticTick::ts_event);
                debug_assert!(self.pending.len() <= TICKS_PER_EVENT_MAX);
                true
            }
        }
    }
}

impl Iterator for SyntheticTicks {
    type Item = SyntheticTick;

    fn next(&mut self) -> Option<SyntheticTick> {
        while self.pending.is_empty() {
            if !self.advance() {
                return None;
            }
        }
        // The reaction to a sweep in the last instant would fall behind the end.
        self.pending.pop_front().filter(|tick| tick.ts_event() < self.end)
    }
}
