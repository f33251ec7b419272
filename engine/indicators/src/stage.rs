//! The stage: reads the primary bars of a frame, appends one indicator set for each.
//!
//! All bars of a boundary stand in the frame before the first set: breadth first. Hot state is one slot
//! per symbol and timeframe, all of it allocated at the start. Where an indicator needs every tick, the stage
//! passes on those that are in the primary bars; where none does, a tick costs one predictable branch.
//! Not here: bars of other sources than the symbol's first; they are recorded, not read.

use crate::buckets::Buckets;
use crate::definition::Context;
use crate::price_of::price_of;
use crate::registry::Running;
use crate::{IndicatorConfig, IndicatorSpec};
use model::{
    Bar, BarSource, Event, Frame, IndicatorSet, Kind, Price, Quantity, SessionCalendar, StreamHash, UNIT,
    UtcDays,
};
use std::sync::Arc;

/// What one quote counts, in place of a size.
const QUOTE_SIZE: Quantity = Quantity::new(UNIT);

/// The indicator stage of the pipeline.
#[derive(Debug, Clone)]
pub struct Indicators {
    config: IndicatorConfig,
    /// By symbol, then timeframe.
    slots: Vec<Slot>,
    /// By symbol: which prices its primary bars are made of.
    sources: Vec<BarSource>,
    /// The indicators that need ticks.
    tick_readers: Vec<TickReader>,
    buckets: Buckets,
    emitted: StreamHash,
}

model::state!(Indicators { slots, buckets, emitted; same sources; config config, tick_readers });

/// Where an indicator that needs ticks stands, in the slots of every symbol.
#[derive(Debug, Clone, Copy)]
struct TickReader {
    timeframe: usize,
    indicator: usize,
}

/// One symbol on one timeframe.
#[derive(Debug, Clone)]
struct Slot {
    bars: u64,
    indicators: Vec<Running>,
    /// The newest values in schema order; NaN where not complete or not defined.
    values: Vec<f64>,
}

model::state!(Slot { bars, indicators, values });

impl Indicators {
    /// The stage before any tick. `sources` are the primary ones of symbols 0, 1, …, whose sessions are days in UTC.
    pub fn new(config: IndicatorConfig, sources: &[BarSource]) -> Self {
        let days: Arc<dyn SessionCalendar> = Arc::new(UtcDays);
        Self::with_sessions(config, sources, &vec![days; sources.len()])
    }

    /// The same of symbols with these sessions.
    ///
    /// # Panics
    /// If the two lists differ in length.
    pub fn with_sessions(
        config: IndicatorConfig,
        sources: &[BarSource],
        calendars: &[Arc<dyn SessionCalendar>],
    ) -> Self {
        assert_eq!(sources.len(), calendars.len(), "each symbol has its source and its sessions");
        let lists = config.per_timeframe();
        let slots = calendars.iter().flat_map(|calendar| {
            let slot_of = |(at, specs): (usize, &Vec<_>)| Slot::new(specs, &config.context(at, calendar));
            lists.iter().enumerate().map(slot_of).collect::<Vec<_>>()
        });
        let mut tick_readers = Vec::new();
        for (timeframe, specs) in lists.iter().enumerate() {
            let readers = specs.iter().enumerate().filter(|(_, spec)| spec.kind().definition().reads_ticks);
            tick_readers.extend(readers.map(|(indicator, _)| TickReader { timeframe, indicator }));
        }
        Self {
            slots: slots.collect(),
            sources: sources.to_vec(),
            tick_readers,
            buckets: Buckets::new(config.timeframes()),
            config,
            emitted: StreamHash::new(),
        }
    }

    /// Whether [`Self::on_tick`] does anything: some configured indicator needs every tick.
    pub fn reads_ticks(&self) -> bool {
        !self.tick_readers.is_empty()
    }

    /// Takes a tick, in input order. The frame of a boundary must have come before the first tick at or past
    /// it.
    #[inline]
    pub fn on_tick(&mut self, tick: &Event) {
        if !self.tick_readers.is_empty() {
            self.pass_on(tick);
        }
    }

    /// Gives the tick to those who need it, if it is in the symbol's primary bars.
    fn pass_on(&mut self, tick: &Event) {
        if !self.buckets.holds(tick) {
            return;
        }
        let source = self.sources[tick.symbol.index()];
        let Some((price, size)) = priced(tick, source) else { return };
        let first = tick.symbol.index() * self.config.per_timeframe().len();
        for reader in &self.tick_readers {
            self.slots[first + reader.timeframe].indicators[reader.indicator].on_tick(price, size);
        }
    }

    /// Updates the indicators of each primary bar in the frame, in frame order, and appends the sets. A frame
    /// whose input is a tick is that tick, too.
    ///
    /// # Panics
    /// If a bar's symbol or timeframe is not of this run.
    #[inline]
    pub fn on_frame(&mut self, frame: &mut Frame) {
        let input = *frame.input();
        if input.kind.is_tick() {
            self.on_tick(&input);
        }
        let events_before = frame.events.len();
        for i in 1..events_before {
            let event = frame.events[i];
            if event.kind == Kind::BAR {
                let bar = frame.bars[event.words[0] as usize];
                if bar.primary {
                    self.on_bar(&bar, frame);
                }
            }
        }
    }

    #[inline(never)]
    fn on_bar(&mut self, bar: &Bar, frame: &mut Frame) {
        let timeframes = self.config.per_timeframe().len();
        assert!(usize::from(bar.timeframe) < timeframes, "a bar's timeframe is one of the run's");
        let slot = &mut self.slots[bar.symbol.index() * timeframes + usize::from(bar.timeframe)];
        slot.update(bar);
        if slot.bars < u64::from(self.config.min_history()) || slot.values.is_empty() {
            return;
        }
        let values_start = frame.values.len() as u32;
        frame.values.extend_from_slice(&slot.values);
        frame.push_set(IndicatorSet {
            symbol: bar.symbol,
            timeframe: bar.timeframe,
            ts_close: bar.ts_close,
            values_start,
            values_len: slot.values.len() as u32,
        });
        let event: &[Event] = &frame.events[frame.events.len() - 1..];
        self.emitted.events(event);
        slot.values.iter().for_each(|value| self.emitted.float(*value));
    }

    /// How many ticks so far indicators counted elsewhere than where they belong, for want of room: those of
    /// the volume profile beyond its largest range.
    pub fn ticks_clamped(&self) -> u64 {
        self.slots.iter().flat_map(|slot| &slot.indicators).map(Running::ticks_clamped).sum()
    }

    /// The names of the values of each timeframe's sets, in the order in which they are emitted.
    pub fn schema(&self) -> Vec<Vec<String>> {
        self.config.schema()
    }

    /// Hashes what waits to be hashed, if it is much: asked when the frame's orders have left.
    #[inline]
    pub fn catch_up(&mut self) {
        self.emitted.catch_up();
    }

    /// The hash of all that was emitted: each event, then its values.
    pub fn event_hash(&self) -> u128 {
        self.emitted.value()
    }

    /// The hash of what the stage holds now: of each slot, its bars and its newest values.
    pub fn state_hash(&self) -> u128 {
        let mut hash = StreamHash::new();
        for slot in &self.slots {
            hash.words(&[slot.bars]);
            slot.values.iter().for_each(|value| hash.float(*value));
        }
        hash.value()
    }
}

impl Slot {
    fn new(specs: &[IndicatorSpec], context: &Context) -> Self {
        let indicators: Vec<Running> = specs.iter().map(|spec| spec.build(context)).collect();
        let values = indicators.iter().map(Running::values_len).sum();
        Self { bars: 0, indicators, values: vec![f64::NAN; values] }
    }

    fn update(&mut self, bar: &Bar) {
        self.bars += 1;
        self.values.fill(f64::NAN);
        let mut rest = &mut self.values[..];
        for indicator in &mut self.indicators {
            let (own, after) = rest.split_at_mut(indicator.values_len());
            indicator.on_bar(bar, own);
            rest = after;
        }
        debug_assert!(rest.is_empty(), "every value has its indicator");
        debug_assert!(self.values.iter().all(|value| !value.is_infinite()), "a value is a number or none");
    }
}

/// The price and size with which a tick enters bars of that source, if it does.
fn priced(tick: &Event, source: BarSource) -> Option<(Price, Quantity)> {
    let price = price_of(tick, source)?;
    Some((price, if tick.kind == Kind::TRADE { tick.as_trade().size } else { QUOTE_SIZE }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Nanos, SymbolId, Timeframe};

    fn bar(symbol: u32, timeframe: u8, close: i64) -> Bar {
        let price = Price::new(close);
        Bar {
            symbol: SymbolId(symbol),
            timeframe,
            source: BarSource::Trade,
            primary: true,
            ts_open: Nanos(0),
            ts_close: Nanos::SECOND,
            open: price,
            high: price,
            low: price,
            close: price,
            volume: 0,
            vwap: None,
            trades: 1,
        }
    }

    fn stage_of(min_history: u32, lists: &[&[&str]]) -> Indicators {
        let timeframes = ["1s", "5s"].map(|text| Timeframe::parse(text).unwrap());
        let parse = |name: &&str| IndicatorSpec::parse(name).unwrap();
        let lists = lists.iter().map(|names| names.iter().map(parse).collect()).collect();
        let config = IndicatorConfig::new(min_history, &timeframes, lists).unwrap();
        Indicators::new(config, &[BarSource::Trade, BarSource::Trade])
    }

    fn stage(min_history: u32, names: &[&str]) -> Indicators {
        stage_of(min_history, &[names, names])
    }

    fn frame_of(seq: u64, bars: &[Bar]) -> Frame {
        let mut frame = Frame::default();
        frame.begin(Event { seq, ..Event::input(Kind::TIMER, Nanos::SECOND, SymbolId::NONE) });
        bars.iter().for_each(|bar| frame.push_bar(*bar));
        frame
    }

    #[test]
    fn sets_follow_all_bars_in_bar_order() {
        let mut stage = stage(1, &["sma_1"]);
        let mut frame = frame_of(1, &[bar(0, 0, 1), bar(1, 0, 2), bar(0, 1, 3), bar(1, 1, 4)]);
        stage.on_frame(&mut frame);
        let kinds: Vec<Kind> = frame.events[1..].iter().map(|event| event.kind).collect();
        assert_eq!(kinds, [[Kind::BAR; 4], [Kind::INDICATORS; 4]].concat());
        let sets: Vec<(u32, u8)> = frame.sets.iter().map(|set| (set.symbol.0, set.timeframe)).collect();
        assert_eq!(sets, [(0, 0), (1, 0), (0, 1), (1, 1)]);
        assert_eq!(frame.values, [1e-9, 2e-9, 3e-9, 4e-9]);
    }

    #[test]
    fn nothing_is_emitted_before_min_history_and_incomplete_values_are_nan() {
        let mut stage = stage(2, &["sma_1", "sma_3", "bollinger_3_2"]);
        let mut emitted = Vec::new();
        for i in 1..=3 {
            let mut frame = frame_of(i, &[bar(1, 0, 7)]);
            stage.on_frame(&mut frame);
            emitted.push(frame.values.iter().map(|value| value.is_nan()).collect::<Vec<_>>());
        }
        assert_eq!(emitted, [vec![], vec![false, true, true, true, true], vec![false; 5]]);
    }

    #[test]
    fn bars_of_other_sources_are_not_read() {
        let (mut with, mut without) = (stage(1, &["sma_2"]), stage(1, &["sma_2"]));
        for i in 1..=3 {
            let mut frame = frame_of(i, &[bar(0, 0, 5), Bar { primary: false, ..bar(0, 0, 9) }]);
            with.on_frame(&mut frame);
            assert_eq!(frame.sets.len(), 1);
            without.on_frame(&mut frame_of(i, &[bar(0, 0, 5)]));
        }
        assert_eq!(with.state_hash(), without.state_hash());
    }

    #[test]
    fn a_timeframe_without_indicators_has_no_sets() {
        let mut stage = stage_of(1, &[&[], &["sma_1"]]);
        let mut frame = frame_of(1, &[bar(0, 0, 5), bar(0, 1, 5)]);
        stage.on_frame(&mut frame);
        assert_eq!(frame.sets.len(), 1);
        assert_eq!(frame.set_values(&frame.sets[0]), [5e-9]);
    }

    #[test]
    fn hashes_tell_values_apart() {
        let run = |last: i64| {
            let mut stage = stage(1, &["sma_2", "rsi_2"]);
            for (seq, close) in [(1, 5), (2, 6), (3, last)] {
                stage.on_frame(&mut frame_of(seq, &[bar(0, 0, close)]));
            }
            (stage.event_hash(), stage.state_hash())
        };
        let (event_hash, state_hash) = run(7);
        assert_eq!(run(7), (event_hash, state_hash));
        assert_ne!(run(8).0, event_hash);
        assert_ne!(run(8).1, state_hash);
    }

    #[test]
    fn symbols_and_timeframes_do_not_mix() {
        let mut stage = stage(1, &["sma_2"]);
        stage.on_frame(&mut frame_of(1, &[bar(0, 0, 10), bar(1, 0, 20), bar(0, 1, 30)]));
        let mut frame = frame_of(2, &[bar(1, 0, 40)]);
        stage.on_frame(&mut frame);
        assert_eq!(frame.values, [30e-9]);
    }
}
