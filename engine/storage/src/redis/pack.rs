//! Commands as they go over the wire, and the keys and values of the layout.
//!
//! Commands are written into one buffer without an object for each: a batch has thousands of values.
//! Not here: what the layout means (`redis`).

use crate::query::TickKind;
use crate::{Dictionary, Record};
use model::{Event, Nanos, Price, Quantity, Quote, SymbolId, Trade};
use std::io::Write;

/// Bytes of packed ticks.
const TRADE_BYTES: usize = 42;
const QUOTE_BYTES: usize = 58;
const TRADE: u8 = 1;
const QUOTE: u8 = 2;
const SIZE_UNKNOWN: i64 = i64::MIN;

/// The keys of a run.
pub(crate) struct Keys {
    prefix: String,
    state: Vec<u8>,
    /// By symbol.
    ticks: Vec<Vec<u8>>,
    symbols: Vec<String>,
    timeframes: Vec<String>,
}

impl Keys {
    pub fn new(prefix: &str, dictionary: &Dictionary) -> Self {
        let symbols: Vec<String> =
            dictionary.instruments.symbols.iter().map(|(_, name)| name.to_owned()).collect();
        Self {
            prefix: prefix.to_owned(),
            state: format!("{prefix}:state").into_bytes(),
            ticks: symbols.iter().map(|symbol| format!("{prefix}:ticks:{symbol}").into_bytes()).collect(),
            symbols,
            timeframes: dictionary.timeframes.iter().map(ToString::to_string).collect(),
        }
    }

    pub fn state(&self) -> &[u8] {
        &self.state
    }

    pub fn ticks(&self, symbol: usize) -> &[u8] {
        &self.ticks[symbol]
    }

    pub fn ticks_of_all(&self) -> impl Iterator<Item = Vec<u8>> {
        self.ticks.iter().cloned()
    }

    /// Every key that the run may have.
    pub fn all(&self) -> impl Iterator<Item = Vec<u8>> {
        let of_symbol = |symbol: &String| {
            let of_timeframe = |timeframe: &String| {
                ["bar", "indicators"].map(|what| format!("{}:{what}:{symbol}:{timeframe}", self.prefix))
            };
            let mut keys: Vec<String> = self.timeframes.iter().flat_map(of_timeframe).collect();
            keys.push(format!("{}:position:{symbol}", self.prefix));
            keys
        };
        let keys = self.symbols.iter().flat_map(of_symbol).collect::<Vec<_>>();
        let others = [self.state.clone(), format!("{}:account", self.prefix).into_bytes()];
        self.ticks_of_all().chain(keys.into_iter().map(String::into_bytes)).chain(others)
    }

    /// The key of a record; `None` of what this store does not keep.
    pub fn of(&self, record: &Record) -> Option<Vec<u8>> {
        let of_symbol =
            |what: &str, symbol: SymbolId| format!("{}:{what}:{}", self.prefix, self.symbols[symbol.index()]);
        let timeframe = |index: u8| &self.timeframes[usize::from(index)];
        let key = match record {
            Record::Bar { bar, .. } if bar.primary => {
                format!("{}:{}", of_symbol("bar", bar.symbol), timeframe(bar.timeframe))
            }
            Record::Indicators { symbol, timeframe: index, .. } => {
                format!("{}:{}", of_symbol("indicators", *symbol), timeframe(*index))
            }
            Record::Position { symbol, .. } => of_symbol("position", *symbol),
            Record::Account { .. } => format!("{}:account", self.prefix),
            Record::Bar { .. } | Record::Decision { .. } | Record::Order { .. } | Record::Fill { .. } => {
                return None;
            }
        };
        Some(key.into_bytes())
    }
}

/// Commands, packed.
#[derive(Default)]
pub(crate) struct Pack {
    bytes: Vec<u8>,
    commands: usize,
}

impl Pack {
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn commands(&self) -> usize {
        self.commands
    }

    fn begin(&mut self, parts: usize) {
        self.commands += 1;
        write!(self.bytes, "*{parts}\r\n").expect("memory takes all");
    }

    fn part(&mut self, part: &[u8]) {
        write!(self.bytes, "${}\r\n", part.len()).expect("memory takes all");
        self.bytes.extend_from_slice(part);
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// A command of these parts.
    pub fn command(&mut self, parts: &[&[u8]]) {
        self.begin(parts.len());
        parts.iter().for_each(|part| self.part(part));
    }

    /// A command on these keys.
    pub fn command_of(&mut self, command: &[u8], keys: impl Iterator<Item = Vec<u8>>) {
        let keys: Vec<Vec<u8>> = keys.collect();
        self.begin(1 + keys.len());
        self.part(command);
        keys.iter().for_each(|key| self.part(key));
    }

    /// `key` is gone in `seconds` if nothing changes it.
    pub fn expire(&mut self, key: &[u8], seconds: u64) {
        self.command(&[b"EXPIRE", key, seconds.to_string().as_bytes()]);
    }

    /// Puts ticks before those of a list, one after the other.
    pub fn push_ticks(&mut self, key: &[u8], ticks: &[&Event]) {
        self.bytes.reserve(ticks.len() * (QUOTE_BYTES + 8));
        self.begin(2 + ticks.len());
        self.part(b"LPUSH");
        self.part(key);
        for tick in ticks {
            if TickKind::of(tick) == Some(TickKind::Trades) {
                self.bytes.extend_from_slice(b"$42\r\n");
            } else {
                self.bytes.extend_from_slice(b"$58\r\n");
            }
            pack_tick(tick, &mut self.bytes);
            self.bytes.extend_from_slice(b"\r\n");
        }
    }

    /// The hash of a record.
    pub fn hash(&mut self, key: &[u8], record: &Record, dictionary: &Dictionary) {
        let mut fields: Vec<(&str, String)> = vec![("seq", record.seq().to_string())];
        match record {
            Record::Bar { bar, .. } => {
                let volume = model::Money::from_raw(bar.volume);
                fields.extend([
                    ("source", bar.source.name().to_owned()),
                    ("ts_open", bar.ts_open.0.to_string()),
                    ("ts_close", bar.ts_close.0.to_string()),
                    ("open", bar.open.to_string()),
                    ("high", bar.high.to_string()),
                    ("low", bar.low.to_string()),
                    ("close", bar.close.to_string()),
                    ("volume", volume.map_or_else(|_| format!("{}e-9", bar.volume), |sum| sum.to_string())),
                    ("trades", bar.trades.to_string()),
                ]);
                fields.extend(bar.vwap.map(|vwap| ("vwap", vwap.to_string())));
            }
            Record::Indicators { timeframe, ts_close, values, .. } => {
                fields.push(("ts_close", ts_close.0.to_string()));
                let names = dictionary.indicator_names[usize::from(*timeframe)].iter().map(String::as_str);
                let complete = names.zip(values).filter(|(_, value)| !value.is_nan());
                fields.extend(complete.map(|(name, value)| (name, value.to_string())));
            }
            Record::Position { ts, quantity, .. } => {
                fields.extend([("ts", ts.0.to_string()), ("quantity", quantity.to_string())]);
            }
            Record::Account { ts, account, .. } => {
                let names =
                    ["cash", "position_value", "equity", "realised_pnl", "unrealised_pnl", "fees", "peak"];
                fields.push(("ts", ts.0.to_string()));
                fields.extend(names.into_iter().zip(account.amounts().map(|amount| amount.to_string())));
            }
            Record::Decision { .. } | Record::Order { .. } | Record::Fill { .. } => return,
        }
        self.begin(2 + 2 * fields.len());
        self.part(b"HSET");
        self.part(key);
        for (name, value) in fields {
            self.part(name.as_bytes());
            self.part(value.as_bytes());
        }
    }
}

fn pack_tick(tick: &Event, out: &mut Vec<u8>) {
    out.extend_from_slice(&tick.seq.to_le_bytes());
    out.extend_from_slice(&tick.ts.0.to_le_bytes());
    out.extend_from_slice(&tick.tick_ts_event().0.to_le_bytes());
    match TickKind::of(tick) {
        Some(TickKind::Trades) => {
            let trade = tick.as_trade();
            out.extend_from_slice(&[TRADE, trade.aggressor as u8]);
            let words = [trade.price.raw(), trade.size.raw()];
            words.iter().for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
        }
        Some(TickKind::Quotes) => {
            let quote = tick.as_quote();
            out.extend_from_slice(&[QUOTE, 0]);
            let size = |size: Option<Quantity>| size.map_or(SIZE_UNKNOWN, Quantity::raw);
            let words = [quote.bid.raw(), quote.ask.raw(), size(quote.bid_size), size(quote.ask_size)];
            words.iter().for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
        }
        None => unreachable!("a batch of ticks holds ticks"),
    }
}

/// The tick of these bytes; `None` if they are none.
pub(crate) fn unpack_tick(bytes: &[u8]) -> Option<Event> {
    let word = |at: usize| Some(i64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
    let (seq, ts, ts_event) = (word(0)? as u64, Nanos(word(8)?), Nanos(word(16)?));
    let (kind, flag) = (*bytes.get(24)?, *bytes.get(25)?);
    let tick = match (kind, bytes.len()) {
        (TRADE, TRADE_BYTES) => {
            let (price, size) = (Price::from_raw(word(26)?)?, Quantity::from_raw(word(34)?)?);
            Event::trade(ts, SymbolId::NONE, Trade { ts_event, price, size, aggressor: flag as i8 })
        }
        (QUOTE, QUOTE_BYTES) => {
            let (bid, ask) = (Price::from_raw(word(26)?)?, Price::from_raw(word(34)?)?);
            let size = |raw: i64| if raw == SIZE_UNKNOWN { None } else { Quantity::from_raw(raw) };
            let (bid_size, ask_size) = (size(word(42)?), size(word(50)?));
            Event::quote(ts, SymbolId::NONE, Quote { ts_event, bid, ask, bid_size, ask_size })
        }
        _ => return None,
    };
    Some(Event { seq, ..tick })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{quote, trade};

    #[test]
    fn ticks_survive_their_packing_and_other_lengths_are_none() {
        for (tick, length) in [(trade(7, -5, 1), TRADE_BYTES), (quote(8, i64::MAX, 1), QUOTE_BYTES)] {
            let mut bytes = Vec::new();
            pack_tick(&tick, &mut bytes);
            assert_eq!(bytes.len(), length);
            assert_eq!(unpack_tick(&bytes), Some(Event { symbol: SymbolId::NONE, ..tick }));
            assert!((0..length).all(|cut| unpack_tick(&bytes[..cut]).is_none()));
        }
    }

    #[test]
    fn commands_are_counted_parts_with_their_lengths() {
        let mut pack = Pack::default();
        pack.command(&[b"PING"]);
        pack.expire(b"k", 60);
        assert_eq!(pack.bytes(), b"*1\r\n$4\r\nPING\r\n*3\r\n$6\r\nEXPIRE\r\n$1\r\nk\r\n$2\r\n60\r\n");
        assert_eq!(pack.commands(), 2);
    }
}
