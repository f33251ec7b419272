//! Ticks already in memory, as a feed: what is measured is the engine alone.
//!
//! The peer workload is a random walk of trades: exponential gaps of 0.3 s, steps of -1, 0 or 1 ticks of
//! 0.1 from 50,000.0, sizes of 0.001 to 1.999. Made here with a small generator of our own, or read from the
//! peers' own file.

use feed::{DataSummary, Feed, FeedError, More};
use model::{Event, Nanos, Price, Quantity, SymbolId, Trade};

/// Events in a batch, as the file feed makes them.
pub const BATCH: usize = 8192;

/// 2024-01-01T00:00:00Z.
const START_NS: i64 = 1_704_067_200_000_000_000;

/// Batches of ticks in memory, handed over by copying into the caller's buffer or, where the batch is whole, swapping.
pub struct MemoryFeed {
    batches: Vec<Vec<Event>>,
    next: usize,
    summary: DataSummary,
}

impl MemoryFeed {
    /// A feed over ticks in time order.
    pub fn new(ticks: &[Event]) -> Self {
        let batches = ticks.chunks(BATCH).map(<[Event]>::to_vec).collect();
        Self {
            batches,
            next: 0,
            summary: DataSummary { ticks: ticks.len() as u64, ..DataSummary::default() },
        }
    }
}

impl Feed for MemoryFeed {
    fn connect(&mut self) -> Result<(), FeedError> {
        Ok(())
    }

    fn subscribe(&mut self, _symbols: &[SymbolId]) -> Result<(), FeedError> {
        Ok(())
    }

    fn on_tick(&mut self, batch: &mut Vec<Event>) -> Result<More, FeedError> {
        let Some(ready) = self.batches.get_mut(self.next) else { return Ok(More::Ended) };
        std::mem::swap(batch, ready);
        self.next += 1;
        Ok(More::Yes)
    }

    fn summary(&self) -> DataSummary {
        self.summary.clone()
    }
}

/// A small generator of 64 random bits, splitmix64.
pub struct Random(pub u64);

impl Random {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in 0..1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// The peer workload for some symbols: `count` trades of each, merged by time.
pub fn trades(symbols: u32, count: usize, gap_ns_mean: f64, seed: u64) -> Vec<Event> {
    let mut ticks = Vec::with_capacity(symbols as usize * count);
    for symbol in 0..symbols {
        let mut random = Random(seed + u64::from(symbol));
        let (mut ts, mut price) = (START_NS, 500_000_i64);
        for _ in 0..count {
            ts += (-(1.0 - random.unit()).ln() * gap_ns_mean) as i64 + 1;
            price += match random.bits() % 10 {
                0..3 => -1,
                3..7 => 0,
                _ => 1,
            };
            let size = 1 + random.bits() % 1999;
            let trade = Trade {
                ts_event: Nanos(ts),
                price: Price::new(price * 100_000_000),
                size: Quantity::new(size as i64 * 1_000_000),
                aggressor: if random.bits() & 1 == 0 { 1 } else { -1 },
            };
            ticks.push(Event::trade(Nanos(ts), SymbolId(symbol), trade));
        }
    }
    ticks.sort_by_key(|tick| (tick.ts, tick.symbol));
    ticks
}
