//! A stream of events as an engine makes it: inputs in order, and orders that come a little later.

use super::random::Random;
use model::{Event, Kind, Nanos, Price, Quantity, Quote, SymbolId, Trade};

/// Makes the stream from any place on.
#[derive(Debug)]
pub struct Stream {
    random: Random,
    pub next_seq: u64,
    ts: i64,
}

impl Stream {
    pub fn new(seed: u64, next_seq: u64) -> Self {
        Self { random: Random(seed ^ next_seq << 20), next_seq, ts: 1_700_000_000_000_000_000 }
    }

    pub fn take(&mut self, count: usize) -> Vec<Event> {
        (0..count).map(|_| self.event()).collect()
    }

    fn event(&mut self) -> Event {
        let random = &mut self.random;
        self.ts += random.below(2_000_000) as i64;
        let (ts, symbol) = (Nanos(self.ts), SymbolId(random.below(3) as u32));
        if self.next_seq > 1 && random.chance(6) {
            let kind = if random.chance(3) { Kind::CANCEL } else { Kind::ORDER };
            let seq = self.next_seq - 1 - random.below(self.next_seq.min(4) - 1);
            let words = [random.bits() as i64, seq as i64, 7_000_000, random.bits() as i64, 0];
            return Event { seq, ts, symbol, kind, flags: 1, detail: 0, words };
        }
        let price =
            |random: &mut Random| Price::new(40_000_000_000_000 + random.below(50) as i64 * 10_000_000);
        let event = match random.below(10) {
            0 => Event::input(Kind::TIMER, ts, SymbolId::NONE),
            1 => Event { words: [random.bits() as i64; 5], ..Event::input(Kind::FILL, ts, symbol) },
            2..6 => {
                let size = Quantity::new(1 + random.below(9_000_000_000) as i64);
                Event::trade(ts, symbol, Trade { ts_event: ts, price: price(random), size, aggressor: -1 })
            }
            _ => {
                let quote = Quote {
                    ts_event: ts,
                    bid: price(random),
                    ask: price(random),
                    bid_size: None,
                    ask_size: Some(Quantity::new(5)),
                };
                Event::quote(ts, symbol, quote)
            }
        };
        let seq = self.next_seq;
        self.next_seq += 1;
        Event { seq, ..event }
    }
}
