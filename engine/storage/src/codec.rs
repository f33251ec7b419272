//! Batches as bytes, for the spill: fields in their order, little-endian, lengths before lists.
//!
//! Why not a library's format: the vocabulary knows none, and ticks should cost no more than a copy.
//! Not here: checksums and files (`segment`). A batch is read back by the version of the program that wrote it, or by
//! a later one of the same format version.

use crate::{Batch, OrderState, OrderStatus, Record, Rows};
use model::{Account, Bar, BarSource, Decision, Event, Fill, Money, Nanos, Order, Price, Quantity, SymbolId};

const TICKS: u8 = 0;
const RESULTS: u8 = 1;

const BAR: u8 = 0;
const INDICATORS: u8 = 1;
const DECISION: u8 = 2;
const ORDER: u8 = 3;
const FILL: u8 = 4;
const ACCOUNT: u8 = 5;
const POSITION: u8 = 6;

/// Appends a batch.
pub(crate) fn encode(batch: &Batch, out: &mut Vec<u8>) {
    let (stream, count) = match &batch.rows {
        Rows::Ticks(ticks) => (TICKS, ticks.len()),
        Rows::Results(records) => (RESULTS, records.len()),
    };
    out.push(stream);
    words(out, &[batch.first_seq, batch.last_seq, count as u64]);
    match &batch.rows {
        Rows::Ticks(ticks) => out.extend_from_slice(bytemuck::cast_slice(ticks)),
        Rows::Results(records) => records.iter().for_each(|record| encode_record(record, out)),
    }
}

/// The batch of these bytes; `None` if they are not one, whole and nothing else.
pub(crate) fn decode(bytes: &[u8]) -> Option<Batch> {
    let mut input = Input(bytes);
    let stream = input.byte()?;
    let (first_seq, last_seq, count) = (input.word()?, input.word()?, usize::try_from(input.word()?).ok()?);
    let rows = match stream {
        TICKS => {
            let bytes = input.take(count.checked_mul(size_of::<Event>())?)?;
            let mut ticks = vec![Event::default(); count];
            bytemuck::cast_slice_mut(&mut ticks).copy_from_slice(bytes);
            Rows::Ticks(ticks)
        }
        RESULTS => Rows::Results((0..count).map(|_| decode_record(&mut input)).collect::<Option<_>>()?),
        _ => return None,
    };
    input.0.is_empty().then_some(Batch { first_seq, last_seq, rows })
}

fn words(out: &mut Vec<u8>, words: &[u64]) {
    out.extend_from_slice(bytemuck::cast_slice(words));
}

fn event(out: &mut Vec<u8>, event: Event) {
    out.extend_from_slice(bytemuck::bytes_of(&event));
}

fn head(out: &mut Vec<u8>, tag: u8, seq: u64, ts: Nanos) {
    out.push(tag);
    words(out, &[seq, ts.0 as u64]);
}

fn encode_record(record: &Record, out: &mut Vec<u8>) {
    match record {
        Record::Bar { seq, bar } => encode_bar(*seq, bar, out),
        Record::Indicators { seq, symbol, timeframe, ts_close, values } => {
            head(out, INDICATORS, *seq, *ts_close);
            words(out, &[symbol.0.into(), (*timeframe).into(), values.len() as u64]);
            out.extend_from_slice(bytemuck::cast_slice(values));
        }
        Record::Decision { seq, ts, decision } => {
            head(out, DECISION, *seq, *ts);
            words(out, &decision.words());
        }
        Record::Order { seq, ts, state } => {
            head(out, ORDER, *seq, *ts);
            event(out, state.order.to_event());
            words(out, &[state.status as u64, state.filled.raw() as u64]);
        }
        Record::Fill { seq, ts, fill, order } => {
            head(out, FILL, *seq, *ts);
            event(out, fill.to_event(*ts));
            event(out, order.to_event());
        }
        Record::Account { seq, ts, account } => {
            head(out, ACCOUNT, *seq, *ts);
            account.amounts().iter().for_each(|amount| out.extend_from_slice(&amount.raw().to_le_bytes()));
        }
        Record::Position { seq, ts, symbol, quantity } => {
            head(out, POSITION, *seq, *ts);
            words(out, &[symbol.0.into(), quantity.raw() as u64]);
        }
    }
}

fn encode_bar(seq: u64, bar: &Bar, out: &mut Vec<u8>) {
    head(out, BAR, seq, bar.ts_close);
    let small = u64::from(bar.symbol.0)
        | u64::from(bar.timeframe) << 32
        | (bar.source as u64) << 40
        | u64::from(bar.primary) << 48
        | u64::from(bar.vwap.is_some()) << 56;
    let prices = [bar.open, bar.high, bar.low, bar.close, bar.vwap.unwrap_or_default()];
    words(out, &[small, bar.ts_open.0 as u64, bar.trades.into()]);
    words(out, &prices.map(|price| price.raw() as u64));
    out.extend_from_slice(&bar.volume.to_le_bytes());
}

/// Bytes that are still to be read.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn byte(&mut self) -> Option<u8> {
        Some(self.array::<1>()?[0])
    }

    fn word(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn words<const N: usize>(&mut self) -> Option<[u64; N]> {
        let mut words = [0; N];
        words.iter_mut().try_for_each(|word| self.word().map(|read| *word = read))?;
        Some(words)
    }

    fn wide(&mut self) -> Option<i128> {
        self.array().map(i128::from_le_bytes)
    }

    fn event(&mut self) -> Option<Event> {
        let mut event = Event::default();
        bytemuck::bytes_of_mut(&mut event).copy_from_slice(self.take(size_of::<Event>())?);
        Some(event)
    }

    fn symbol(&mut self) -> Option<SymbolId> {
        u32::try_from(self.word()?).ok().map(SymbolId)
    }

    fn quantity(&mut self) -> Option<Quantity> {
        Quantity::from_raw(self.word()? as i64)
    }
}

fn decode_record(input: &mut Input<'_>) -> Option<Record> {
    let (tag, seq, ts) = (input.byte()?, input.word()?, Nanos(input.word()? as i64));
    Some(match tag {
        BAR => Record::Bar { seq, bar: decode_bar(ts, input)? },
        INDICATORS => {
            let (symbol, timeframe) = (input.symbol()?, u8::try_from(input.word()?).ok()?);
            let count = usize::try_from(input.word()?).ok()?;
            let bytes = input.take(count.checked_mul(8)?)?;
            let mut values = vec![0.0_f64; count];
            bytemuck::cast_slice_mut(&mut values).copy_from_slice(bytes);
            Record::Indicators { seq, symbol, timeframe, ts_close: ts, values: values.into() }
        }
        DECISION => Record::Decision { seq, ts, decision: Box::new(Decision::from_words(input.words()?)) },
        ORDER => {
            let order = Order::from_event(&input.event()?);
            let status = OrderStatus::ALL.get(usize::try_from(input.word()?).ok()?).copied()?;
            Record::Order { seq, ts, state: OrderState { order, status, filled: input.quantity()? } }
        }
        FILL => {
            let fill = Fill::from_event(&input.event()?);
            Record::Fill { seq, ts, fill, order: Order::from_event(&input.event()?) }
        }
        ACCOUNT => {
            let mut amounts = [Money::ZERO; 7];
            for amount in &mut amounts {
                *amount = Money::from_raw(input.wide()?).ok()?;
            }
            Record::Account { seq, ts, account: Account::from_amounts(amounts) }
        }
        POSITION => Record::Position { seq, ts, symbol: input.symbol()?, quantity: input.quantity()? },
        _ => return None,
    })
}

fn decode_bar(ts_close: Nanos, input: &mut Input<'_>) -> Option<Bar> {
    let [small, ts_open, trades] = input.words()?;
    let [open, high, low, close, vwap] = input.words()?.map(|raw| Price::from_raw(raw as i64));
    Some(Bar {
        symbol: SymbolId(small as u32),
        timeframe: (small >> 32) as u8,
        source: *BarSource::ALL.get(usize::from((small >> 40) as u8))?,
        primary: (small >> 48) & 1 == 1,
        ts_open: Nanos(ts_open as i64),
        ts_close,
        open: open?,
        high: high?,
        low: low?,
        close: close?,
        volume: input.wide()?,
        vwap: if small >> 56 == 0 { None } else { Some(vwap?) },
        trades: u32::try_from(trades).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{quote, records, trade};

    fn check(batch: &Batch) {
        let mut bytes = Vec::new();
        encode(batch, &mut bytes);
        assert_eq!(decode(&bytes).as_ref(), Some(batch));
        for length in 0..bytes.len() {
            assert_eq!(decode(&bytes[..length]), None, "{length} of {} bytes", bytes.len());
        }
        bytes.push(0);
        assert_eq!(decode(&bytes), None, "one byte too many");
    }

    #[test]
    fn batches_survive_their_bytes_and_nothing_shorter_is_one() {
        let ticks = vec![trade(5, 9, 0), quote(6, 9, 1)];
        check(&Batch { first_seq: 2, last_seq: 6, rows: Rows::Ticks(ticks) });
        check(&Batch { first_seq: 2, last_seq: 9, rows: Rows::Results(records(3)) });
        check(&Batch { first_seq: 1, last_seq: u64::MAX, rows: Rows::Results(Vec::new()) });
    }
}
