//! Frames over rings: an event is one slot, a frame is a header slot, its events, then its larger results.
//!
//! Why: a ring's slots are 64 bytes. Larger results follow their events as raw words, so that each group
//! owns what it reads and no memory is shared but the ring's own.
//! Not here: the words of each result (`records`).

mod records;

use bytemuck::Zeroable;
use model::{Decision, Event, Frame, Kind, Matrix, Synergy};
use records::{
    ACCOUNT_WORDS, BAR_WORDS, SET_WORDS, account_of, account_words, bar_of, bar_words, set_of, set_words,
};

/// The kind of a header slot. Never hashed, never seen by a stage.
const HEADER: Kind = Kind(255);
/// Words in a slot.
const SLOT_WORDS: usize = size_of::<Event>() / size_of::<u64>();

/// What a slot of the ring holds: an event, or eight words of a frame.
pub(crate) type Slot = Event;

/// How many of each a frame holds, in the order in which they follow its events.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    events: usize,
    bars: usize,
    sets: usize,
    values: usize,
    accounts: usize,
    matrices: usize,
    cells: usize,
    synergies: usize,
    decisions: usize,
}

impl Counts {
    fn of(frame: &Frame) -> Self {
        Self {
            events: frame.events.len(),
            bars: frame.bars.len(),
            sets: frame.sets.len(),
            values: frame.values.len(),
            accounts: frame.accounts.len(),
            matrices: frame.matrices.len(),
            cells: frame.cells.len(),
            synergies: frame.synergies.len(),
            decisions: frame.decisions.len(),
        }
    }

    /// Two to a word: a frame of four billion of anything would not fit in memory.
    fn pack(self) -> [i64; 5] {
        let pair = |low: usize, high: usize| low as i64 | (high as i64) << 32;
        [
            pair(self.events, self.bars),
            pair(self.sets, self.values),
            pair(self.accounts, self.matrices),
            pair(self.cells, self.synergies),
            pair(self.decisions, 0),
        ]
    }

    fn unpack(words: [i64; 5]) -> Self {
        let [low, high] = [words.map(|word| word as u32 as usize), words.map(|word| (word >> 32) as usize)];
        Self {
            events: low[0],
            bars: high[0],
            sets: low[1],
            values: high[1],
            accounts: low[2],
            matrices: high[2],
            cells: low[3],
            synergies: high[3],
            decisions: low[4],
        }
    }

    /// Slots that follow the header.
    fn slots(&self) -> usize {
        let words = self.bars * BAR_WORDS
            + self.sets * SET_WORDS
            + self.values
            + self.accounts * ACCOUNT_WORDS
            + self.matrices * Matrix::WORDS
            + self.cells.div_ceil(2)
            + self.synergies * Synergy::WORDS
            + self.decisions * Decision::WORDS;
        self.events + words.div_ceil(SLOT_WORDS)
    }
}

/// Appends a frame to an outbox. `started` is the stopwatch when the sequencer took the input up.
pub(crate) fn encode(frame: &Frame, started: u64, scratch: &mut Vec<u64>, outbox: &mut Vec<Slot>) {
    let mut header = Event::zeroed();
    header.kind = HEADER;
    header.seq = started;
    header.words = Counts::of(frame).pack();
    outbox.push(header);
    outbox.extend_from_slice(&frame.events);
    scratch.clear();
    frame.bars.iter().for_each(|bar| scratch.extend(bar_words(bar)));
    frame.sets.iter().for_each(|set| scratch.extend(set_words(set)));
    scratch.extend(frame.values.iter().map(|value| value.to_bits()));
    frame.accounts.iter().for_each(|account| scratch.extend(account_words(account)));
    frame.matrices.iter().for_each(|matrix| scratch.extend(matrix.words()));
    scratch.extend(frame.cells.chunks(2).map(|pair| {
        let high = pair.get(1).map_or(0, |cell| cell.to_bits());
        u64::from(pair[0].to_bits()) | u64::from(high) << 32
    }));
    frame.synergies.iter().for_each(|synergy| scratch.extend(synergy.words()));
    frame.decisions.iter().for_each(|decision| scratch.extend(decision.words()));
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
            self.missing = Counts::unpack(slot.words).slots();
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
        let counts = Counts::unpack(self.slots[0].words);
        frame.clear();
        frame.events.extend_from_slice(&self.slots[1..=counts.events]);
        let mut words: &[u64] = bytemuck::cast_slice(&self.slots[1 + counts.events..]);
        let bars = take(&mut words, counts.bars * BAR_WORDS).chunks_exact(BAR_WORDS);
        frame.bars.extend(bars.map(bar_of));
        let sets = take(&mut words, counts.sets * SET_WORDS).chunks_exact(SET_WORDS);
        frame.sets.extend(sets.map(set_of));
        frame.values.extend(take(&mut words, counts.values).iter().map(|bits| f64::from_bits(*bits)));
        let accounts = take(&mut words, counts.accounts * ACCOUNT_WORDS).chunks_exact(ACCOUNT_WORDS);
        frame.accounts.extend(accounts.map(account_of));
        let (matrices, _) = take(&mut words, counts.matrices * Matrix::WORDS).as_chunks();
        frame.matrices.extend(matrices.iter().map(|words| Matrix::from_words(*words)));
        let halves = take(&mut words, counts.cells.div_ceil(2)).iter();
        let cells = halves.flat_map(|word| [*word as u32, (word >> 32) as u32]).take(counts.cells);
        frame.cells.extend(cells.map(f32::from_bits));
        let (synergies, _) = take(&mut words, counts.synergies * Synergy::WORDS).as_chunks();
        frame.synergies.extend(synergies.iter().map(|words| Synergy::from_words(*words)));
        let (decisions, _) = take(&mut words, counts.decisions * Decision::WORDS).as_chunks();
        frame.decisions.extend(decisions.iter().map(|words| Decision::from_words(*words)));
    }
}

/// The next words.
fn take<'a>(words: &mut &'a [u64], count: usize) -> &'a [u64] {
    let (taken, rest) = words.split_at(count);
    *words = rest;
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{
        Account, Action, Agent, Bar, BarSource, Direction, IndicatorSet, MarketContext, Money, Nanos,
        Pattern, Price, Quantity, Signal, SymbolId, Urgency, Verdict,
    };

    fn matrix(cells_start: u32, rows: u16, columns: u16) -> Matrix {
        Matrix { symbol: SymbolId(3), matrix: 1, ts_close: Nanos(60), cells_start, rows, columns }
    }

    fn synergy() -> Synergy {
        let pattern = Pattern::ALL[2];
        let direction = Direction::Short;
        Synergy {
            symbol: SymbolId(3),
            pattern,
            direction,
            strength: 0.75,
            signals: pattern.kinds().map(|kind| Signal { kind, direction, strength: 0.5, ts: Nanos(-1) }),
            context: MarketContext {
                price: Price::new(5),
                volatility: 0.25,
                volume: i128::from(u64::MAX) * 3,
                lvn_distance: -1.0,
            },
        }
    }

    fn decision() -> Decision {
        Decision {
            symbol: SymbolId(3),
            synergy: Some((Pattern::ALL[2], Direction::Short)),
            context: std::array::from_fn(|place| place as f32 - 0.25),
            says: [[0.25, 0.5, 0.25]; Agent::ALL.len()],
            missed: [false, true, false, false, false, true],
            weights: [0.5; Agent::VOTERS],
            blend: 0.5,
            ensemble: [0.1, 0.2, 0.7],
            action: Action::Short,
            confidence: 0.7,
            gate: 0.5,
            urgency: Urgency::Wait,
            verdict: Verdict::Wait,
            target: Quantity::new(-1),
        }
    }

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

        frame.cells.extend([0.5, -0.0, 3.0, 1.0, 2.0, 9.0]);
        frame.push_matrix(matrix(0, 2, 3));
        frame.cells.push(7.0);
        frame.push_matrix(matrix(6, 1, 1));
        frame.push_synergy(synergy());
        frame.push_decision(decision());

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
