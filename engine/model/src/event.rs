//! Events: everything that moves through the engine, one cache line each.
//!
//! An input event has a sequence number of its own; an event that a stage derives from it carries the
//! same number as its cause. `ts` is engine time. The meaning of `flags`, `detail` and the five payload
//! words depends on the kind; the typed constructors and readers here and in `order`, `intent`, `bar`
//! are the only code that knows it.
//! Not here: results that do not fit in five words; they travel in the [`crate::Frame`].

use crate::{Nanos, Price, Quantity, SymbolId};
use bytemuck::{Pod, Zeroable};

/// What an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Pod, Zeroable)]
#[repr(transparent)]
pub struct Kind(pub u8);

impl Kind {
    /// Nothing: an empty slot of a ring.
    pub const NONE: Self = Self(0);
    /// Input: a trade printed.
    pub const TRADE: Self = Self(1);
    /// Input: the best bid and ask.
    pub const QUOTE: Self = Self(2);
    /// Input: a boundary at which bars close.
    pub const TIMER: Self = Self(3);
    /// Input: the venue's answer to an order, fills excepted.
    pub const REPORT: Self = Self(4);
    /// Input: the venue filled an order, in part or whole.
    pub const FILL: Self = Self(5);
    /// Input: the run starts or ends (`flags` 1 or 2).
    pub const SESSION: Self = Self(6);
    /// Input, reserved: an operator's command.
    pub const COMMAND: Self = Self(7);
    /// Input, reserved: order book depth.
    pub const DEPTH: Self = Self(8);
    /// Input, reserved: a funding payment.
    pub const FUNDING: Self = Self(9);
    /// Input, reserved: an instrument changed.
    pub const INSTRUMENT: Self = Self(10);

    /// Derived: the portfolio changed or was marked; `words[0]` indexes [`crate::Frame::accounts`].
    pub const PORTFOLIO: Self = Self(32);
    /// Derived: a bar closed; `words[0]` indexes [`crate::Frame::bars`].
    pub const BAR: Self = Self(33);
    /// Derived: indicator values of a bar; `words[0]` indexes [`crate::Frame::sets`].
    pub const INDICATORS: Self = Self(34);
    /// Derived: a feature matrix; `words[0]` indexes [`crate::Frame::matrices`].
    pub const MATRIX: Self = Self(35);
    /// Derived: a synergy of signals; `words[0]` indexes [`crate::Frame::synergies`].
    pub const SYNERGY: Self = Self(36);
    /// Derived: the agents' decision; `words[0]` indexes [`crate::Frame::decisions`].
    pub const DECISION: Self = Self(37);
    /// Derived: what a strategy wants.
    pub const INTENT: Self = Self(38);
    /// Derived: risk refused an intent.
    pub const REFUSAL: Self = Self(39);
    /// Derived: an order goes to the venue.
    pub const ORDER: Self = Self(40);
    /// Derived: a request to cancel an order goes to the venue.
    pub const CANCEL: Self = Self(41);
    /// Derived: a target waits for the answer to a cancel, or its waiting came to nothing; see [`crate::TargetWait`].
    pub const WAIT: Self = Self(42);

    /// Whether events of this kind are inputs, with a sequence number of their own.
    #[inline]
    pub const fn is_input(self) -> bool {
        self.0 < 32 && self.0 != Self::NONE.0
    }

    /// Whether it is market data.
    #[inline]
    pub const fn is_tick(self) -> bool {
        self.0 == Self::TRADE.0 || self.0 == Self::QUOTE.0
    }
}

/// One event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
#[repr(C, align(64))]
pub struct Event {
    /// The sequence number of the input that this is, or was derived from. Inputs count from 1.
    pub seq: u64,
    /// Engine time.
    pub ts: Nanos,
    /// The symbol, or [`SymbolId::NONE`].
    pub symbol: SymbolId,
    /// What it is.
    pub kind: Kind,
    /// Small facts, by kind.
    pub flags: u8,
    /// A small number, by kind.
    pub detail: u16,
    /// The payload, by kind.
    pub words: [i64; 5],
}

const _: () = assert!(size_of::<Event>() == 64 && align_of::<Event>() == 64, "an event is one cache line");

/// A trade as it was printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trade {
    /// The venue's time.
    pub ts_event: Nanos,
    /// Price.
    pub price: Price,
    /// Size, positive.
    pub size: Quantity,
    /// 1: the buyer took; -1: the seller took; 0: unknown.
    pub aggressor: i8,
}

/// The best bid and ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    /// The venue's time.
    pub ts_event: Nanos,
    /// Best bid.
    pub bid: Price,
    /// Best ask. May be below the bid: real feeds are crossed at times.
    pub ask: Price,
    /// Size at the bid; `None` if the feed does not say.
    pub bid_size: Option<Quantity>,
    /// Size at the ask; `None` if the feed does not say.
    pub ask_size: Option<Quantity>,
}

impl Default for Event {
    /// No event: an empty slot of a ring.
    fn default() -> Self {
        Self::zeroed()
    }
}

const SIZE_UNKNOWN: i64 = i64::MIN;

impl Event {
    /// The version of what events mean, for what is kept on disk. It grows when the meaning of a kind, a flag or a
    /// word changes; readers of an older or newer one must not guess.
    pub const SCHEMA_VERSION: u32 = 1;

    /// A derived event of `cause`, empty but for its kind and symbol.
    #[inline]
    pub fn derived(cause: &Event, kind: Kind, symbol: SymbolId) -> Self {
        debug_assert!(!kind.is_input(), "only inputs are sequenced");
        Self { seq: cause.seq, ts: cause.ts, symbol, kind, flags: 0, detail: 0, words: [0; 5] }
    }

    /// An input without payload; the sequencer gives it its number.
    #[inline]
    pub fn input(kind: Kind, ts: Nanos, symbol: SymbolId) -> Self {
        debug_assert!(kind.is_input(), "derived events come from `derived`");
        Self { seq: 0, ts, symbol, kind, flags: 0, detail: 0, words: [0; 5] }
    }

    /// A trade, as the feed hands it to the sequencer. `ts` is engine time.
    #[inline]
    pub fn trade(ts: Nanos, symbol: SymbolId, trade: Trade) -> Self {
        let words = [trade.ts_event.0, trade.price.raw(), trade.size.raw(), 0, 0];
        Self { seq: 0, ts, symbol, kind: Kind::TRADE, flags: trade.aggressor as u8, detail: 0, words }
    }

    /// A quote, as the feed hands it to the sequencer. `ts` is engine time.
    #[inline]
    pub fn quote(ts: Nanos, symbol: SymbolId, quote: Quote) -> Self {
        let size = |size: Option<Quantity>| size.map_or(SIZE_UNKNOWN, Quantity::raw);
        let words =
            [quote.ts_event.0, quote.bid.raw(), quote.ask.raw(), size(quote.bid_size), size(quote.ask_size)];
        Self { seq: 0, ts, symbol, kind: Kind::QUOTE, flags: 0, detail: 0, words }
    }

    /// The venue's time of a tick.
    #[inline]
    pub fn tick_ts_event(&self) -> Nanos {
        debug_assert!(self.kind.is_tick());
        Nanos(self.words[0])
    }

    /// Reads a trade.
    #[inline]
    pub fn as_trade(&self) -> Trade {
        debug_assert_eq!(self.kind, Kind::TRADE);
        Trade {
            ts_event: Nanos(self.words[0]),
            price: Price::new(self.words[1]),
            size: Quantity::new(self.words[2]),
            aggressor: self.flags as i8,
        }
    }

    /// Reads a quote.
    #[inline]
    pub fn as_quote(&self) -> Quote {
        debug_assert_eq!(self.kind, Kind::QUOTE);
        let size = |raw: i64| if raw == SIZE_UNKNOWN { None } else { Some(Quantity::new(raw)) };
        Quote {
            ts_event: Nanos(self.words[0]),
            bid: Price::new(self.words[1]),
            ask: Price::new(self.words[2]),
            bid_size: size(self.words[3]),
            ask_size: size(self.words[4]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_survive_the_encoding() {
        let trade =
            Trade { ts_event: Nanos(7), price: Price::new(-5), size: Quantity::new(3), aggressor: -1 };
        assert_eq!(Event::trade(Nanos(8), SymbolId(2), trade).as_trade(), trade);
        let quote = Quote {
            ts_event: Nanos(7),
            bid: Price::new(10),
            ask: Price::new(9),
            bid_size: None,
            ask_size: Some(Quantity::ZERO),
        };
        assert_eq!(Event::quote(Nanos(8), SymbolId(2), quote).as_quote(), quote);
    }
}
