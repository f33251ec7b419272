//! Frames over rings: an event is one slot, a frame is a header slot, its events, then its larger results.
//!
//! Why: a ring's slots are 64 bytes. Larger results follow their events as raw words, so that each group
//! owns what it reads and no memory is shared but the ring's own.

use bytemuck::Zeroable;
use model::{Account, Bar, BarSource, Event, Frame, IndicatorSet, Kind, Money, Nanos, Price, SymbolId};

/// The kind of a header slot. Never hashed, never seen by a stage.
const HEADER: Kind = Kind(255);
/// Words in a slot.
const SLOT_WORDS: usize = size_of::<Event>() / size_of::<u64>();

const BAR_WORDS: usize = 11;
const SET_WORDS: usize = 4;
const ACCOUNT_WORDS: usize = 14;

/// What a slot of the ring holds: an event, or eight words of a frame.
pub(crate) type Slot = Event;

/// Appends a frame to an outbox. `started` is the stopwatch when the sequencer took the input up.
pub(crate) fn encode(frame: &Frame, started: u64, scratch: &mut Vec<u64>, outbox: &mut Vec<Slot>) {
    let mut header = Event::zeroed();
    header.kind = HEADER;
    header.seq = started;
    header.words = [
        frame.events.len() as i64,
        frame.bars.len() as i64,
        frame.sets.len() as i64,
        frame.values.len() as i64,
        frame.accounts.len() as i64,
    ];
    outbox.push(header);
    outbox.extend_from_slice(&frame.events);
    scratch.clear();
    frame.bars.iter().for_each(|bar| scratch.extend(bar_words(bar)));
    frame.sets.iter().for_each(|set| scratch.extend(set_words(set)));
    scratch.extend(frame.values.iter().map(|value| value.to_bits()));
    frame.accounts.iter().for_each(|account| scratch.extend(account_words(account)));
    scratch.resize(scratch.len().next_multiple_of(SLOT_WORDS), 0);
    let slots = scratch.chunks_exact(SLOT_WORDS).map(|words| {
        let words: [u64; SLOT_WORDS] = words.try_into().expect("chunks are exact");
        bytemuck::cast::<_, Slot>(words)
    });
    outbox.extend(slots);
}

/// What a slot completed.
#[derive(Debug, PartialEq)]
pub(crate) enum Item {
    /// A bare tick.
    Tick,
    /// The frame given to [`Decoder::push`] is complete.
    Frame {
        /// The stopwatch when the sequencer took the input up.
        started: u64,
    },
    /// More slots must follow.
    Incomplete,
}

/// Puts frames together again.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    slots: Vec<Slot>,
    missing: usize,
}

impl Decoder {
    /// Takes the next slot.
    #[inline]
    pub fn push(&mut self, slot: &Slot, frame: &mut Frame) -> Item {
        if self.missing == 0 {
            if slot.kind != HEADER {
                return Item::Tick;
            }
            let [events, bars, sets, values, accounts] = slot.words.map(|count| count as usize);
            let words = bars * BAR_WORDS + sets * SET_WORDS + values + accounts * ACCOUNT_WORDS;
            self.missing = events + words.div_ceil(SLOT_WORDS);
            self.slots.clear();
            self.slots.push(*slot);
            return Item::Incomplete;
        }
        self.slots.push(*slot);
        self.missing -= 1;
        if self.missing > 0 {
            return Item::Incomplete;
        }
        self.decode(frame);
        Item::Frame { started: self.slots[0].seq }
    }

    fn decode(&self, frame: &mut Frame) {
        let [events, bars, sets, values, accounts] = self.slots[0].words.map(|count| count as usize);
        frame.clear();
        frame.events.extend_from_slice(&self.slots[1..=events]);
        let words: &[u64] = bytemuck::cast_slice(&self.slots[1 + events..]);
        let (bar_part, words) = words.split_at(bars * BAR_WORDS);
        let (set_part, words) = words.split_at(sets * SET_WORDS);
        let (value_part, words) = words.split_at(values);
        frame.bars.extend(bar_part.chunks_exact(BAR_WORDS).map(bar_of));
        frame.sets.extend(set_part.chunks_exact(SET_WORDS).map(set_of));
        frame.values.extend(value_part.iter().map(|bits| f64::from_bits(*bits)));
        frame.accounts.extend(words[..accounts * ACCOUNT_WORDS].chunks_exact(ACCOUNT_WORDS).map(account_of));
    }
}

fn wide(raw: i128) -> [u64; 2] {
    [raw as u64, (raw >> 64) as u64]
}

fn narrow(words: &[u64]) -> i128 {
    i128::from(words[0]) | (i128::from(words[1] as i64) << 64)
}

/// No vwap: no price is this.
const NO_PRICE: i64 = i64::MIN;

fn bar_words(bar: &Bar) -> [u64; BAR_WORDS] {
    let head = u64::from(bar.symbol.0)
        | u64::from(bar.timeframe) << 32
        | (bar.source as u64) << 40
        | u64::from(bar.primary) << 48;
    let [low, high] = wide(bar.volume);
    [
        head,
        bar.ts_open.0 as u64,
        bar.ts_close.0 as u64,
        bar.open.raw() as u64,
        bar.high.raw() as u64,
        bar.low.raw() as u64,
        bar.close.raw() as u64,
        low,
        high,
        bar.vwap.map_or(NO_PRICE, Price::raw) as u64,
        u64::from(bar.trades),
    ]
}

fn bar_of(words: &[u64]) -> Bar {
    let price = |at: usize| Price::new(words[at] as i64);
    let vwap = words[9] as i64;
    Bar {
        symbol: SymbolId(words[0] as u32),
        timeframe: (words[0] >> 32) as u8,
        source: BarSource::ALL[(words[0] >> 40) as u8 as usize],
        primary: words[0] >> 48 != 0,
        ts_open: Nanos(words[1] as i64),
        ts_close: Nanos(words[2] as i64),
        open: price(3),
        high: price(4),
        low: price(5),
        close: price(6),
        volume: narrow(&words[7..9]),
        vwap: (vwap != NO_PRICE).then(|| Price::new(vwap)),
        trades: words[10] as u32,
    }
}

fn set_words(set: &IndicatorSet) -> [u64; SET_WORDS] {
    [
        u64::from(set.symbol.0),
        u64::from(set.timeframe),
        set.ts_close.0 as u64,
        u64::from(set.values_start) | u64::from(set.values_len) << 32,
    ]
}

fn set_of(words: &[u64]) -> IndicatorSet {
    IndicatorSet {
        symbol: SymbolId(words[0] as u32),
        timeframe: words[1] as u8,
        ts_close: Nanos(words[2] as i64),
        values_start: words[3] as u32,
        values_len: (words[3] >> 32) as u32,
    }
}

fn account_words(account: &Account) -> [u64; ACCOUNT_WORDS] {
    let mut words = [0; ACCOUNT_WORDS];
    for (pair, amount) in words.chunks_exact_mut(2).zip(account.amounts()) {
        pair.copy_from_slice(&wide(amount.raw()));
    }
    words
}

fn account_of(words: &[u64]) -> Account {
    let mut amounts = [Money::ZERO; ACCOUNT_WORDS / 2];
    for (amount, pair) in amounts.iter_mut().zip(words.chunks_exact(2)) {
        *amount =
            Money::from_raw(narrow(pair)).expect("an account's figures were amounts when it was written");
    }
    Account::from_amounts(amounts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_survive_the_ring() {
        let mut frame = Frame::default();
        frame.begin(Event { seq: 7, ..Event::input(Kind::TIMER, Nanos(60), SymbolId::NONE) });
        for (volume, vwap) in [(i128::from(u64::MAX) * 5, Some(Price::new(-3))), (0, None)] {
            frame.push_bar(Bar {
                symbol: SymbolId(3),
                timeframe: 62,
                source: BarSource::Mid,
                primary: vwap.is_some(),
                ts_open: Nanos(-60),
                ts_close: Nanos(0),
                open: Price::MIN,
                high: Price::MAX,
                low: Price::MIN,
                close: Price::new(-1),
                volume,
                vwap,
                trades: u32::MAX,
            });
        }
        frame.values.extend([1.5, -0.0, f64::INFINITY]);
        frame.push_set(IndicatorSet {
            symbol: SymbolId(3),
            timeframe: 1,
            ts_close: Nanos(9),
            values_start: 0,
            values_len: 3,
        });
        let amounts = [1, -1, i128::from(u64::MAX), -i128::from(u64::MAX) * 9, 0, 5, 6];
        frame.push_account(
            Account::from_amounts(amounts.map(|raw| Money::from_raw(raw).unwrap())),
            SymbolId(3),
            -5,
        );

        let (mut outbox, mut scratch) = (Vec::new(), Vec::new());
        let tick = Event::input(Kind::TRADE, Nanos(1), SymbolId(0));
        outbox.push(tick);
        encode(&frame, 42, &mut scratch, &mut outbox);
        outbox.push(tick);
        encode(&frame, 43, &mut scratch, &mut outbox);

        let (mut decoder, mut decoded) = (Decoder::default(), Frame::default());
        let mut items = Vec::new();
        for slot in &outbox {
            match decoder.push(slot, &mut decoded) {
                Item::Incomplete => {}
                item => {
                    if item != Item::Tick {
                        assert_eq!(decoded, frame);
                    }
                    items.push(item);
                }
            }
        }
        assert_eq!(items, [Item::Tick, Item::Frame { started: 42 }, Item::Tick, Item::Frame { started: 43 }]);
    }
}
