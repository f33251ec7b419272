//! A run with ticks and bars that are known by their sequence numbers, and a reader of what an archive holds of them.

use catalog::{
    CombinedReader, DataFile, Location, ReadOptions, Root, TickKind, TickRows, TimeRange, discover_in,
};
use model::{
    Bar, BarSource, Event, Instrument, InstrumentTable, Kind, Nanos, Price, Quantity, Quote, SymbolId,
    SymbolTable, Timeframe, Trade,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use storage::archive::{Archive, ArchiveConfig, Place};
use storage::{Batch, Dictionary, Record, Rows, Store, StoreError, Watermarks};

pub const SYMBOLS: [&str; 3] = ["BTCUSDT.SPOT", "EUR/USD", "XAUUSD"];

/// A day and a half apart, so that batches fall into several days.
const START: i64 = 1_700_000_000_000_000_000;

pub fn dictionary(run: &str) -> Dictionary {
    let symbols = SymbolTable::new(SYMBOLS.map(str::to_owned));
    Dictionary {
        run: run.to_owned(),
        session: "00000001".to_owned(),
        strategy: "none".to_owned(),
        account: "test".to_owned(),
        instruments: Arc::new(InstrumentTable::new(symbols, |name| Instrument::plain(name, "USD"))),
        timeframes: vec![Timeframe::parse("1m").unwrap()],
        indicator_names: vec![Vec::new()],
    }
}

/// The tick with a sequence number; some numbers are of timers and have none. One in 97 came late.
pub fn tick(seq: u64) -> Option<Event> {
    if seq % 11 == 5 {
        return None;
    }
    let symbol = SymbolId((seq * 7 % 3) as u32);
    let ts = START + seq as i64 * 60 * Nanos::SECOND.0;
    let ts_event = Nanos(if seq % 97 == 3 { ts - 1_000 * Nanos::SECOND.0 } else { ts });
    let price = Price::new(1_000_000_000 + (seq as i64 * 7_919 % 1_000) * 1_000_000);
    let size = Quantity::new(seq as i64);
    let mut event = if seq.is_multiple_of(4) {
        let bid_size = (!seq.is_multiple_of(8)).then_some(size);
        Event::quote(
            Nanos(ts),
            symbol,
            Quote { ts_event, bid: price, ask: price, bid_size, ask_size: Some(size) },
        )
    } else {
        Event::trade(Nanos(ts), symbol, Trade { ts_event, price, size, aggressor: (seq % 3) as i8 - 1 })
    };
    event.seq = seq;
    Some(event)
}

/// The bar with a sequence number.
pub fn bar(seq: u64) -> Option<Record> {
    if !seq.is_multiple_of(5) {
        return None;
    }
    let price = Price::new(seq as i64);
    let ts_open = Nanos(START + seq as i64 * 60 * Nanos::SECOND.0);
    let bar = Bar {
        symbol: SymbolId((seq % 3) as u32),
        timeframe: 0,
        source: BarSource::Trade,
        primary: true,
        ts_open,
        ts_close: ts_open.saturating_add(Nanos(60 * Nanos::SECOND.0)),
        open: price,
        high: price,
        low: price,
        close: price,
        volume: i128::from(seq),
        vwap: None,
        trades: 1,
    };
    Some(Record::Bar { seq, bar })
}

pub fn tick_batch(first_seq: u64, last_seq: u64) -> Batch {
    Batch { first_seq, last_seq, rows: Rows::Ticks((first_seq..=last_seq).filter_map(tick).collect()) }
}

pub fn bar_batch(first_seq: u64, last_seq: u64) -> Batch {
    Batch { first_seq, last_seq, rows: Rows::Results((first_seq..=last_seq).filter_map(bar).collect()) }
}

/// A plain source of numbers that look random.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

pub fn small() -> ArchiveConfig {
    ArchiveConfig { flush_rows: 300, compact_files: 4, ..ArchiveConfig::default() }
}

/// Offers everything up to `end` above what the store has, in batches of any size, tidying now and then.
pub fn feed(store: &mut Archive, marks: Watermarks, end: u64, dice: &mut Dice) -> Result<(), StoreError> {
    let Watermarks { mut ticks, mut results } = marks;
    while ticks < end || results < end {
        if ticks < end && (results >= end || dice.below(3) > 0) {
            let last = (ticks + 1 + dice.below(200)).min(end);
            store.write(&tick_batch(ticks + 1, last))?;
            ticks = last;
        } else {
            let last = (results + 1 + dice.below(400)).min(end);
            store.write(&bar_batch(results + 1, last))?;
            results = last;
        }
        if dice.below(6) == 0 {
            store.tidy(Nanos(START + ticks as i64 * 60 * Nanos::SECOND.0))?;
        }
    }
    Ok(())
}

/// A row as it is compared: times, numbers, side.
pub type Row = (i64, i64, [i64; 4], u8);

fn row(event: &Event) -> Row {
    let [ts, a, b, c, d] = event.words;
    (ts, event.ts.0, [a, b, c, d], event.flags)
}

/// What the archive must hold of the ticks up to `end`, by table and symbol, in order.
pub fn expected(end: u64) -> BTreeMap<(TickKind, String), Vec<Row>> {
    let mut found: BTreeMap<(TickKind, String), Vec<Row>> = BTreeMap::new();
    for event in (1..=end).filter_map(tick) {
        let kind = if event.kind == Kind::TRADE { TickKind::Trades } else { TickKind::Quotes };
        let symbol = SYMBOLS[event.symbol.index()].to_owned();
        found.entry((kind, symbol)).or_default().push(row(&event));
    }
    found.values_mut().for_each(|rows| rows.sort_by_key(|row| row.0));
    found
}

pub fn root(place: &Place) -> Root {
    match place {
        Place::Folder(path) => Root::Local(path.clone()),
        Place::Bucket { bucket, prefix } => Root::Bucket { bucket: bucket.clone(), key: prefix.clone() },
    }
}

/// What the archive holds, through the reader that a backtest has.
pub fn held(place: &Place) -> BTreeMap<(TickKind, String), Vec<Row>> {
    let files = discover_in(&[root(place)], &ReadOptions::default()).unwrap();
    let mut of: BTreeMap<(TickKind, String), Vec<Location>> = BTreeMap::new();
    for DataFile { kind, symbols, location, .. } in files {
        assert_eq!(symbols.len(), 1);
        of.entry((kind, symbols[0].clone())).or_default().push(location);
    }
    let read = |(key, files): ((TickKind, String), Vec<Location>)| {
        let mut reader = CombinedReader::open(key.0, &files, TimeRange::ALL).unwrap();
        let mut rows = TickRows::new(key.0);
        while reader.next_rows(&mut rows).unwrap() {}
        (key, (0..rows.len()).map(|index| row(&rows.event(index, SymbolId(0)))).collect())
    };
    of.into_iter().map(read).collect()
}

/// Compares what is there with what must be, row by row.
pub fn check(place: &Place, end: u64) {
    let (held, expected) = (held(place), expected(end));
    assert_eq!(held.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (key, rows) in &expected {
        let found = &held[key];
        let differs = rows.iter().zip(found).position(|(a, b)| a != b);
        assert_eq!((found.len(), differs), (rows.len(), None), "{key:?}");
    }
    check_bars(place, end);
}

fn check_bars(place: &Place, end: u64) {
    let expected = (1..=end).filter(|seq| bar(*seq).is_some()).count();
    let rows: u64 = bar_files(place).iter().map(|(_, rows)| rows).sum();
    assert_eq!(rows, expected as u64, "bars");
}

/// The current files of bars, and their rows as their names say.
fn bar_files(place: &Place) -> Vec<(String, u64)> {
    let mut folders: BTreeMap<String, Vec<catalog::PartName>> = BTreeMap::new();
    for name in names(place).into_iter().filter(|name| name.starts_with("bars/")) {
        let (folder, file) = name.rsplit_once('/').unwrap();
        folders.entry(folder.to_owned()).or_default().extend(catalog::PartName::parse(file));
    }
    let mut found = Vec::new();
    for (folder, parts) in folders {
        let is_old = catalog::superseded(&parts);
        let current = parts.iter().zip(is_old).filter(|(_, is_old)| !is_old);
        found.extend(current.map(|(part, _)| (folder.clone(), part.rows)));
    }
    found
}

/// All names below a place, from it.
pub fn names(place: &Place) -> Vec<String> {
    match place {
        Place::Bucket { bucket, prefix } => {
            let objects = bucket.list(prefix, |_| true).unwrap();
            objects.iter().map(|object| object.key[prefix.len()..].to_owned()).collect()
        }
        Place::Folder(root) => {
            let (mut found, mut waiting) = (Vec::new(), vec![root.clone()]);
            while let Some(folder) = waiting.pop() {
                for entry in std::fs::read_dir(folder).unwrap() {
                    let path = entry.unwrap().path();
                    if path.is_dir() {
                        waiting.push(path);
                    } else {
                        found.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
                    }
                }
            }
            found.sort();
            found
        }
    }
}
