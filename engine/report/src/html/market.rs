//! Prices, fills and positions by symbol: which symbols are drawn, from which bars.
//!
//! The first pass counts; the second keeps thinned series of the symbols and timeframes that were chosen. A
//! position is summed exactly and becomes a float only where it is drawn.

use super::decisions::CountBySymbol;
use super::gather::BUCKETS_MAX;
use super::thin::Thin;
use crate::read::{ReadError, Scan};
use model::{Timeframe, UNIT};
use std::collections::BTreeMap;
use std::path::Path;

/// Symbols that are drawn.
pub(super) const SYMBOLS_MAX: usize = 6;
/// Bars that are drawn one by one; of more the timeframe is coarser, or they are thinned.
const BARS_MAX: u64 = BUCKETS_MAX as u64;
/// The order in which sources of bars are preferred.
const SOURCES: [&str; 4] = ["trade", "mid", "bid", "ask"];

/// What was traded.
pub(super) struct Market {
    /// Those drawn, the most traded first.
    pub symbols: Vec<Symbol>,
    /// How many there are in all.
    pub symbols_total: usize,
}

/// One symbol.
pub(super) struct Symbol {
    pub name: String,
    pub fills: u64,
    /// `None` without bars.
    pub prices: Option<Prices>,
    pub buys: Thin,
    pub sells: Thin,
    pub position: Thin,
    /// The sum of its fills, in units of 1e-9.
    position_raw: i128,
}

/// A symbol's prices.
pub(super) struct Prices {
    pub timeframe: String,
    pub source: String,
    pub bars: Thin,
}

impl Symbol {
    fn new(name: String, fills: u64, prices: Option<Prices>) -> Self {
        let thin = || Thin::new(BUCKETS_MAX);
        Self { name, fills, prices, buys: thin(), sells: thin(), position: thin(), position_raw: 0 }
    }

    /// All its series.
    pub fn series(&self) -> impl Iterator<Item = &Thin> {
        let fills = [&self.buys, &self.sells, &self.position];
        fills.into_iter().chain(self.prices.as_ref().map(|prices| &prices.bars))
    }

    fn fill(&mut self, ts: i64, is_buy: bool, price: i128, quantity: i128) {
        let marks = if is_buy { &mut self.buys } else { &mut self.sells };
        marks.push(ts, to_f64(price));
        self.position_raw += if is_buy { quantity } else { -quantity };
        self.position.push(ts, to_f64(self.position_raw));
    }
}

/// Units of 1e-9 as the nearest double: for drawing only.
pub(super) fn to_f64(raw: i128) -> f64 {
    raw as f64 / UNIT as f64
}

/// The bars of a symbol, by timeframe and source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct BarKind {
    timeframe: String,
    source: String,
}

#[derive(Debug, Default)]
struct Activity {
    fills: u64,
    decisions: u64,
    trades: u64,
    bars: BTreeMap<BarKind, u64>,
}

/// Reads bars and fills. Of symbols traded alike those come first on which agents decided more.
pub(super) fn read(run_dir: &Path, decisions: Option<&CountBySymbol>) -> Result<Market, ReadError> {
    let mut activity: BTreeMap<String, Activity> = BTreeMap::new();
    count_fills(run_dir, &mut activity)?;
    count_bars(run_dir, &mut activity)?;
    for (symbol, count) in decisions.into_iter().flatten() {
        entry(&mut activity, symbol).decisions = *count;
    }
    let symbols_total = activity.len();
    let mut ranked: Vec<(String, Activity)> = activity.into_iter().collect();
    // The sort is stable: symbols that are equally busy stay in the order of their names.
    ranked.sort_by_key(|(_, activity)| {
        std::cmp::Reverse((activity.fills, activity.decisions, activity.trades))
    });
    ranked.truncate(SYMBOLS_MAX);
    let chosen = ranked.into_iter().map(|(name, activity)| {
        let prices = choose(&activity.bars).map(|kind| Prices {
            timeframe: kind.timeframe,
            source: kind.source,
            bars: Thin::new(BUCKETS_MAX),
        });
        Symbol::new(name, activity.fills, prices)
    });
    let mut symbols: Vec<Symbol> = chosen.collect();
    read_bars(run_dir, &mut symbols)?;
    read_fills(run_dir, &mut symbols)?;
    Ok(Market { symbols, symbols_total })
}

/// The finest timeframe that has few enough bars, else the coarsest; of the preferred source.
fn choose(bars: &BTreeMap<BarKind, u64>) -> Option<BarKind> {
    let rank =
        |kind: &BarKind| SOURCES.iter().position(|source| *source == kind.source).unwrap_or(SOURCES.len());
    let source = &bars.keys().min_by_key(|kind| rank(kind))?.source;
    let length = |kind: &BarKind| Timeframe::parse(&kind.timeframe).map_or(i64::MAX, |frame| frame.nanos().0);
    let mut kinds: Vec<(&BarKind, u64)> =
        bars.iter().filter(|(kind, _)| kind.source == *source).map(|(kind, count)| (kind, *count)).collect();
    kinds.sort_by_key(|(kind, _)| length(kind));
    let finest = kinds.iter().find(|(_, count)| *count <= BARS_MAX);
    finest.or(kinds.last()).map(|(kind, _)| (*kind).clone())
}

fn count_fills(run_dir: &Path, activity: &mut BTreeMap<String, Activity>) -> Result<(), ReadError> {
    Scan::open(run_dir, "fills.parquet", &["symbol"], None)?.each(|rows| {
        let symbols = rows.texts("symbol")?;
        for symbol in (0..rows.len()).filter_map(|row| symbols.get(row)) {
            entry(activity, symbol).fills += 1;
        }
        Ok(())
    })
}

fn count_bars(run_dir: &Path, activity: &mut BTreeMap<String, Activity>) -> Result<(), ReadError> {
    let columns = ["symbol", "timeframe", "source", "trades"];
    Scan::open(run_dir, "bars.parquet", &columns, None)?.each(|rows| {
        let (symbols, trades) = (rows.texts("symbol")?, rows.counts("trades")?);
        let (timeframes, sources) = (rows.texts("timeframe")?, rows.texts("source")?);
        for row in 0..rows.len() {
            let (Some(symbol), Some(timeframe), Some(source)) =
                (symbols.get(row), timeframes.get(row), sources.get(row))
            else {
                continue;
            };
            let activity = entry(activity, symbol);
            activity.trades += u64::from(trades.value(row));
            let kind = BarKind { timeframe: timeframe.to_owned(), source: source.to_owned() };
            *activity.bars.entry(kind).or_default() += 1;
        }
        Ok(())
    })
}

fn entry<'a>(activity: &'a mut BTreeMap<String, Activity>, symbol: &str) -> &'a mut Activity {
    if !activity.contains_key(symbol) {
        activity.insert(symbol.to_owned(), Activity::default());
    }
    activity.get_mut(symbol).expect("it was just inserted")
}

fn read_bars(run_dir: &Path, chosen: &mut [Symbol]) -> Result<(), ReadError> {
    let columns = ["symbol", "timeframe", "source", "ts_close", "high", "low", "close"];
    Scan::open(run_dir, "bars.parquet", &columns, None)?.each(|rows| {
        let symbols = rows.texts("symbol")?;
        let (timeframes, sources) = (rows.texts("timeframe")?, rows.texts("source")?);
        let (times, close) = (rows.times("ts_close")?, rows.decimals("close")?);
        let (high, low) = (rows.decimals("high")?, rows.decimals("low")?);
        for row in 0..rows.len() {
            let Some(prices) = find(chosen, symbols.get(row)).and_then(|symbol| symbol.prices.as_mut())
            else {
                continue;
            };
            let is_chosen = timeframes.get(row) == Some(prices.timeframe.as_str())
                && sources.get(row) == Some(prices.source.as_str());
            if is_chosen {
                let [low, high, close] = [low, high, close].map(|column| to_f64(column.value(row)));
                prices.bars.push_range(times.value(row), low, high, close);
            }
        }
        Ok(())
    })
}

fn read_fills(run_dir: &Path, chosen: &mut [Symbol]) -> Result<(), ReadError> {
    let columns = ["ts_event", "symbol", "side", "quantity", "price"];
    Scan::open(run_dir, "fills.parquet", &columns, None)?.each(|rows| {
        let (times, symbols, sides) = (rows.times("ts_event")?, rows.texts("symbol")?, rows.texts("side")?);
        let (quantities, prices) = (rows.decimals("quantity")?, rows.decimals("price")?);
        for row in 0..rows.len() {
            if let Some(symbol) = find(chosen, symbols.get(row)) {
                let is_buy = sides.get(row) == Some("buy");
                symbol.fill(times.value(row), is_buy, prices.value(row), quantities.value(row));
            }
        }
        Ok(())
    })
}

fn find<'a>(chosen: &'a mut [Symbol], name: Option<&str>) -> Option<&'a mut Symbol> {
    let name = name?;
    chosen.iter_mut().find(|symbol| symbol.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bars: &[(&str, &str, u64)], expected: Option<(&str, &str)>) {
        let kind =
            |timeframe: &str, source: &str| BarKind { timeframe: timeframe.into(), source: source.into() };
        let bars = bars.iter().map(|(timeframe, source, count)| (kind(timeframe, source), *count)).collect();
        assert_eq!(choose(&bars), expected.map(|(timeframe, source)| kind(timeframe, source)));
    }

    #[test]
    fn the_finest_bars_that_fit_are_drawn() {
        check(&[], None);
        check(&[("1m", "trade", 1_500), ("5m", "trade", 300)], Some(("1m", "trade")));
        check(
            &[("1m", "trade", 43_200), ("5m", "trade", 8_640), ("30m", "trade", 1_440)],
            Some(("30m", "trade")),
        );
        check(&[("1s", "bid", 90_000), ("10s", "bid", 9_000)], Some(("10s", "bid")));
        check(&[("1m", "ask", 10), ("5m", "mid", 10), ("1m", "bid", 10)], Some(("5m", "mid")));
        check(&[("1h", "trade", 5), ("5m", "trade", 60)], Some(("5m", "trade")));
    }
}
