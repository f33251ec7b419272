//! Bars of ticks as the contract says, one tick after the other and nothing clever.

use super::data::Tick;
use super::exact::{ONE, half_even};
use super::tables::BarRow;
use std::collections::BTreeMap;

/// Which bars to make.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Name and nanoseconds, shortest first.
    pub timeframes: Vec<(&'static str, i64)>,
    /// By symbol.
    pub sources: BTreeMap<&'static str, Vec<&'static str>>,
    /// Whether a span without ticks makes a bar.
    pub flat: bool,
    /// The last instant the run's clock reaches.
    pub end: i64,
}

impl Wanted {
    /// Trades where a symbol has them, mids elsewhere; no flat bars; to the last tick.
    pub fn default_of(ticks: &[Tick], timeframes: &[(&'static str, i64)]) -> Self {
        let mut sources: BTreeMap<&'static str, Vec<&'static str>> = BTreeMap::new();
        for tick in ticks {
            let source = if matches!(tick, Tick::Trade(_)) { "trade" } else { "mid" };
            let known = sources.entry(tick.symbol()).or_insert_with(|| vec![source]);
            if source == "trade" {
                *known = vec![source];
            }
        }
        let end = ticks.last().map_or(i64::MIN, Tick::ts);
        Self { timeframes: timeframes.to_vec(), sources, flat: false, end }
    }
}

#[derive(Debug, Clone)]
struct Open {
    prices: [i128; 4],
    volume: i128,
    traded: i128,
    count: u32,
}

/// (close, symbol, place of the timeframe, place of the source): the order of rows.
type Key = (i64, &'static str, usize, usize);

/// The price and the size that a tick adds to bars of a source.
pub fn part(tick: &Tick, source: &str) -> Option<[i128; 2]> {
    match (tick, source) {
        (Tick::Trade(trade), "trade") => Some([trade.price.into(), trade.size.into()]),
        (Tick::Quote(quote), "bid") => Some([quote.bid.into(), 0]),
        (Tick::Quote(quote), "ask") => Some([quote.ask.into(), 0]),
        (Tick::Quote(quote), "mid") => Some([half_even(i128::from(quote.bid) + i128::from(quote.ask), 2), 0]),
        _ => None,
    }
}

fn add(open: &mut Open, price: i128, size: i128) {
    open.prices[1] = open.prices[1].max(price);
    open.prices[2] = open.prices[2].min(price);
    open.prices[3] = price;
    open.volume += size;
    open.traded += price * size;
    open.count += 1;
}

/// All bars, in the order of the table.
pub fn bars(ticks: &[Tick], wanted: &Wanted) -> Vec<BarRow> {
    let mut open: BTreeMap<Key, Open> = BTreeMap::new();
    for tick in ticks {
        for (slot, source) in wanted.sources[tick.symbol()].iter().enumerate() {
            let Some([price, size]) = part(tick, source) else { continue };
            for (place, (_, length)) in wanted.timeframes.iter().enumerate() {
                let close = tick.ts().div_euclid(*length) * length + length;
                let fresh = Open { prices: [price; 4], volume: 0, traded: 0, count: 0 };
                add(open.entry((close, tick.symbol(), place, slot)).or_insert(fresh), price, size);
            }
        }
    }
    if wanted.flat {
        fill_gaps(&mut open, wanted);
    }
    let emitted = open.into_iter().filter(|((close, ..), _)| *close <= wanted.end);
    emitted.map(|(key, open)| row(&key, &open, wanted)).collect()
}

fn fill_gaps(open: &mut BTreeMap<Key, Open>, wanted: &Wanted) {
    let mut firsts: BTreeMap<(&'static str, usize, usize), i64> = BTreeMap::new();
    for (close, symbol, place, slot) in open.keys() {
        firsts.entry((symbol, *place, *slot)).or_insert(*close);
    }
    for ((symbol, place, slot), first) in firsts {
        let (mut close, mut last) = (first, 0);
        while close <= wanted.end {
            let flat = Open { prices: [last; 4], volume: 0, traded: 0, count: 0 };
            last = open.entry((close, symbol, place, slot)).or_insert(flat).prices[3];
            close += wanted.timeframes[place].1;
        }
    }
}

fn row((close, symbol, place, slot): &Key, open: &Open, wanted: &Wanted) -> BarRow {
    let (name, length) = wanted.timeframes[*place];
    BarRow {
        symbol: (*symbol).to_owned(),
        timeframe: name.to_owned(),
        source: wanted.sources[symbol][*slot].to_owned(),
        ts_open: close - length,
        ts_close: *close,
        prices: open.prices,
        volume: open.volume,
        vwap: (open.volume > 0).then(|| half_even(open.traded, open.volume)),
        trades: open.count,
    }
}

/// The name and nanoseconds of a timeframe.
#[track_caller]
pub fn timeframe(name: &'static str) -> (&'static str, i64) {
    let digits = name.trim_end_matches(char::is_alphabetic);
    let unit = match &name[digits.len()..] {
        "ms" => ONE as i64 / 1_000,
        "s" => ONE as i64,
        "m" => 60 * ONE as i64,
        "h" => 3_600 * ONE as i64,
        other => panic!("{other} is no unit"),
    };
    (name, digits.parse::<i64>().expect("a number") * unit)
}
