//! What the next event probably is: the same table on both sides, fed with the same events.
//!
//! Symbols share places in the table if there are more of them than places. That makes worse predictions and no wrong
//! event: both sides are wrong in the same way.
//! Not here: bytes.

use model::{Event, Kind};

/// Places of the table, a power of two.
const SLOTS: usize = 1024;

/// The last values of one symbol.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    /// The frame in which they were seen; those of another frame count as 0.
    frame: u64,
    price: i64,
    quote: [i64; 4],
}

/// Everything that both sides remember within a frame.
#[derive(Debug)]
pub struct Predictor {
    slots: Vec<Slot>,
    frame: u64,
    /// The number of the next input.
    pub next_seq: u64,
    /// Engine time of the event before.
    pub ts: i64,
    /// Symbol of the event before.
    pub symbol: u32,
}

impl Predictor {
    /// Ready for a first frame.
    pub fn new() -> Self {
        Self { slots: vec![Slot::default(); SLOTS], frame: 0, next_seq: 1, ts: 0, symbol: 0 }
    }

    /// Forgets everything: a frame begins whose first input has this number.
    pub fn begin(&mut self, next_seq: u64) {
        self.frame += 1;
        (self.next_seq, self.ts, self.symbol) = (next_seq, 0, 0);
    }

    /// The number that an event of this kind has: inputs have the next one, what derives from them the last one.
    #[inline]
    pub fn seq(&self, kind: Kind) -> u64 {
        self.next_seq.wrapping_sub(u64::from(!kind.is_input()))
    }

    /// The detail that an event of this kind has.
    #[inline]
    pub fn detail(kind: Kind) -> u16 {
        // A report without a reason.
        if kind == Kind::REPORT { u16::MAX } else { 0 }
    }

    /// The payload of an event of which all but the payload is known.
    #[inline]
    pub fn words(&self, event: &Event) -> [i64; 5] {
        let slot = &self.slots[event.symbol.0 as usize % SLOTS];
        let known = slot.frame == self.frame;
        let price = if known { slot.price } else { 0 };
        match event.kind {
            Kind::TRADE => [event.ts.0, price, 0, 0, 0],
            Kind::QUOTE => {
                let [bid, ask, bid_size, ask_size] = if known { slot.quote } else { [0; 4] };
                [event.ts.0, bid, ask, bid_size, ask_size]
            }
            Kind::FILL => [0, 0, price, 0, 0],
            Kind::ORDER => [0, event.seq as i64, 0, 0, 0],
            _ => [0; 5],
        }
    }

    /// Remembers an event.
    #[inline]
    pub fn learn(&mut self, event: &Event) {
        if event.kind.is_input() {
            self.next_seq = event.seq.wrapping_add(1);
        }
        (self.ts, self.symbol) = (event.ts.0, event.symbol.0);
        if !event.kind.is_tick() {
            return;
        }
        let slot = &mut self.slots[event.symbol.0 as usize % SLOTS];
        if slot.frame != self.frame {
            *slot = Slot { frame: self.frame, ..Slot::default() };
        }
        if event.kind == Kind::TRADE {
            slot.price = event.words[1];
        } else {
            slot.quote.copy_from_slice(&event.words[1..]);
        }
    }
}
