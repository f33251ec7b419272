//! Batches of every symbol's ticks, one series for each source that the symbol's bars have.
//!
//! Which ticks: those that bars of the source are made of, at the same prices, so that a symbol with trades and
//! quotes mixes no kinds; a trade has its size, a quote none. Late ticks, which are in no bar, are in batches: a
//! batch has no boundary to be late for. Time is engine time, which does not fall, whatever clock it follows.
//! Batches come out in the order in which ticks end them; which they are depends on the series' ticks alone.
//! All memory is taken at the start, but for the list that the caller gives.
//! Not here: what a batch says of its ticks (`batch`); who reads them.

use crate::batch::{TickBatch, TickBatches};
use crate::price_of::price_of;
use model::{BarSource, Event, Kind, SymbolId};

/// A batch of one symbol's ticks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SymbolBatch {
    /// Whose ticks.
    pub symbol: SymbolId,
    /// Which of their prices.
    pub source: BarSource,
    /// What they were.
    pub batch: TickBatch,
}

/// Folds the ticks of a run into batches.
#[derive(Debug, Clone)]
pub struct SymbolBatches {
    /// Symbol by symbol, source by source.
    series: Vec<Series>,
    /// By symbol: where its series begin; one more for the end of the last.
    starts: Vec<usize>,
}

model::state!(SymbolBatches { series; config starts });

#[derive(Debug, Clone)]
struct Series {
    symbol: SymbolId,
    source: BarSource,
    batches: TickBatches,
}

model::state!(Series { batches; same symbol, source });

impl Series {
    fn told(&self, batch: TickBatch) -> SymbolBatch {
        SymbolBatch { symbol: self.symbol, source: self.source, batch }
    }
}

impl SymbolBatches {
    /// Nothing seen yet. `sources` are those of the bars of symbols 0, 1, ….
    pub fn new(sources: &[Vec<BarSource>]) -> Self {
        let (mut series, mut starts) = (Vec::new(), vec![0]);
        for (symbol, sources) in (0..).map(SymbolId).zip(sources) {
            let fresh = |source: &BarSource| Series { symbol, source: *source, batches: TickBatches::new() };
            series.extend(sources.iter().map(fresh));
            starts.push(series.len());
        }
        Self { series, starts }
    }

    /// Takes a tick, in input order, and adds the batches that it ends to `ended`.
    ///
    /// # Panics
    /// If the tick's symbol is not of this run.
    #[inline]
    pub fn on_tick(&mut self, tick: &Event, ended: &mut Vec<SymbolBatch>) {
        let symbol = tick.symbol.index();
        for series in &mut self.series[self.starts[symbol]..self.starts[symbol + 1]] {
            let Some(price) = price_of(tick, series.source) else { continue };
            let size_raw = if tick.kind == Kind::TRADE { tick.as_trade().size.raw() } else { 0 };
            if let Some(batch) = series.batches.on_tick(tick.ts, price, size_raw) {
                ended.push(series.told(batch));
            }
        }
    }

    /// Adds the batches in progress to `ended`, by symbol and source: there are no more ticks.
    pub fn finish(&mut self, ended: &mut Vec<SymbolBatch>) {
        for series in &mut self.series {
            if let Some(batch) = series.batches.finish() {
                ended.push(series.told(batch));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Nanos, Price, Quantity, Quote, Trade, UNIT};

    const MILLISECOND: i64 = 1_000_000;

    fn trade(ts: i64, symbol: u32, price: i64) -> Event {
        let ts = Nanos(ts);
        let (price, size) = (Price::new(price * UNIT), Quantity::new(2 * UNIT));
        Event::trade(ts, SymbolId(symbol), Trade { ts_event: ts, price, size, aggressor: 1 })
    }

    fn quote(ts: i64, symbol: u32, bid: i64, ask: i64) -> Event {
        let ts = Nanos(ts);
        let [bid, ask] = [bid, ask].map(|price| Price::new(price * UNIT));
        Event::quote(ts, SymbolId(symbol), Quote { ts_event: ts, bid, ask, bid_size: None, ask_size: None })
    }

    /// (symbol, source, ts of the first tick, ticks, price change, volume in units)
    type Row = (u32, BarSource, i64, u32, f64, i128);

    fn check(sources: &[&[BarSource]], ticks: &[Event], expected: &[Row], at_the_end: &[Row]) {
        let sources: Vec<Vec<BarSource>> = sources.iter().map(|sources| sources.to_vec()).collect();
        let mut batches = SymbolBatches::new(&sources);
        let row = |ended: &SymbolBatch| {
            let batch = &ended.batch;
            let volume = batch.volume / i128::from(UNIT);
            (ended.symbol.0, ended.source, batch.ts_first.0, batch.ticks, batch.price_change, volume)
        };
        let mut ended = Vec::new();
        ticks.iter().for_each(|tick| batches.on_tick(tick, &mut ended));
        assert_eq!(ended.drain(..).map(|batch| row(&batch)).collect::<Vec<_>>(), expected);
        batches.finish(&mut ended);
        assert_eq!(ended.drain(..).map(|batch| row(&batch)).collect::<Vec<_>>(), at_the_end);
        batches.finish(&mut ended);
        assert_eq!(ended, []);
    }

    #[test]
    fn symbols_do_not_mix_and_a_batch_comes_when_a_tick_ends_it() {
        use BarSource::{Mid, Trade};
        let ticks = [
            trade(0, 0, 10),
            quote(1, 1, 20, 22),
            trade(MILLISECOND - 1, 0, 13),
            // Ends nothing of symbol 0, which has none of its ticks.
            quote(2 * MILLISECOND, 1, 30, 32),
            trade(3 * MILLISECOND, 0, 11),
        ];
        check(
            &[&[Trade], &[Mid]],
            &ticks,
            &[(1, Mid, 1, 1, 0.0, 0), (0, Trade, 0, 2, 3.0, 4)],
            &[(0, Trade, 3 * MILLISECOND, 1, 0.0, 2), (1, Mid, 2 * MILLISECOND, 1, 0.0, 0)],
        );
    }

    #[test]
    fn a_symbol_has_a_series_for_each_source_of_its_bars() {
        use BarSource::{Ask, Bid, Trade};
        let ticks = [quote(0, 0, 10, 20), trade(1, 0, 5), quote(2, 0, 11, 25), quote(MILLISECOND, 0, 1, 2)];
        check(
            &[&[Ask, Trade, Bid]],
            &ticks,
            &[(0, Ask, 0, 2, 5.0, 0), (0, Bid, 0, 2, 1.0, 0)],
            &[(0, Ask, MILLISECOND, 1, 0.0, 0), (0, Trade, 1, 1, 0.0, 2), (0, Bid, MILLISECOND, 1, 0.0, 0)],
        );
    }

    #[test]
    fn ticks_of_a_kind_without_bars_are_in_no_batch() {
        check(&[&[BarSource::Trade], &[]], &[quote(0, 0, 1, 2), trade(0, 1, 1)], &[], &[]);
    }

    #[test]
    fn time_is_engine_time() {
        // The venue's clock goes back; the engine's does not.
        let mut ticks = [trade(5, 0, 1), trade(5 + MILLISECOND, 0, 2)];
        ticks[1].words[0] = 0;
        let source = BarSource::Trade;
        let second = (0, source, 5 + MILLISECOND, 1, 0.0, 2);
        check(&[&[source]], &ticks, &[(0, source, 5, 1, 0.0, 2)], &[second]);
    }
}
