//! A made market for the pipeline's tests, and a feed over ticks in memory.

use feed::{DataSummary, Feed, FeedError, More};
use model::{Event, Nanos, Price, Quantity, Quote, SymbolId, Trade};

/// A feed over ticks in memory, in batches of a given length.
pub struct Ticks {
    batches: std::vec::IntoIter<Vec<Event>>,
}

impl Ticks {
    pub fn new(ticks: &[Event], batch: usize) -> Self {
        Self { batches: ticks.chunks(batch).map(<[Event]>::to_vec).collect::<Vec<_>>().into_iter() }
    }
}

impl Feed for Ticks {
    fn connect(&mut self) -> Result<(), FeedError> {
        Ok(())
    }

    fn subscribe(&mut self, _symbols: &[SymbolId]) -> Result<(), FeedError> {
        Ok(())
    }

    fn on_tick(&mut self, batch: &mut Vec<Event>) -> Result<More, FeedError> {
        match self.batches.next() {
            Some(next) => {
                *batch = next;
                Ok(More::Yes)
            }
            None => Ok(More::Ended),
        }
    }

    fn summary(&self) -> DataSummary {
        DataSummary::default()
    }
}

/// Trades of symbol 0, quotes and trades of symbol 1: clustered and equal times, gaps, crossed and sizeless quotes.
pub fn made_market(seed: u64, count: usize) -> Vec<Event> {
    let mut state = seed;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut ts = 1_700_000_000_000_000_000_i64;
    let mut prices = [1_000_000_i64, 2_000_000];
    let mut ticks = Vec::with_capacity(count);
    while ticks.len() < count {
        ts += match random(100) {
            0..30 => 0,
            30..95 => random(800_000_000) as i64,
            95..99 => random(9_000_000_000) as i64,
            _ => random(600_000_000_000) as i64,
        };
        let symbol = random(2) as usize;
        prices[symbol] += random(201) as i64 - 100;
        let price = Price::new(prices[symbol] * 10_000);
        let size = Quantity::new((1 + random(2_000) as i64) * 1_000_000);
        if symbol == 1 && random(3) > 0 {
            let spread = random(40) as i64 - 4;
            let known = random(5) > 0;
            let quote = Quote {
                ts_event: Nanos(ts),
                bid: price,
                ask: Price::new(price.raw() + spread * 10_000),
                bid_size: known.then_some(size),
                ask_size: known.then_some(Quantity::new(random(3) as i64 * 700_000_000)),
            };
            ticks.push(Event::quote(Nanos(ts), SymbolId(1), quote));
        } else {
            let trade = Trade { ts_event: Nanos(ts), price, size, aggressor: random(3) as i8 - 1 };
            ticks.push(Event::trade(Nanos(ts), SymbolId(symbol as u32), trade));
        }
    }
    // Quotes come before trades at equal times, then symbol ids, as the feed hands them over.
    ticks.sort_by_key(|tick| (tick.ts, tick.kind != model::Kind::QUOTE, tick.symbol));
    ticks
}
