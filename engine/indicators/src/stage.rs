//! The stage: reads the primary bars of a frame, appends one indicator set for each.
//!
//! All bars of a boundary stand in the frame before the first set: breadth first. Hot state is one slot
//! per symbol and timeframe, all of it allocated at the start.
//! Not here: bars of other sources than the symbol's first; they are recorded, not read.

use crate::{Atr, Bollinger, Ema, IndicatorConfig, IndicatorSpec, Rsi, Seed, Sma};
use model::{Bar, Event, Frame, IndicatorSet, Kind, StreamHash};

/// The indicator stage of the pipeline.
#[derive(Debug, Clone)]
pub struct Indicators {
    config: IndicatorConfig,
    /// By symbol, then timeframe.
    slots: Vec<Slot>,
    emitted: StreamHash,
}

/// One symbol on one timeframe.
#[derive(Debug, Clone)]
struct Slot {
    bars: u64,
    indicators: Vec<Indicator>,
    /// The newest values in schema order; NaN where not complete yet.
    values: Vec<f64>,
}

#[derive(Debug, Clone)]
enum Indicator {
    Sma(Sma),
    Ema(Ema),
    Rsi(Rsi),
    Atr(Atr),
    Bollinger(Bollinger),
}

impl Indicators {
    /// The stage for symbols 0..`symbols`, nothing seen yet.
    pub fn new(config: IndicatorConfig, symbols: usize) -> Self {
        let of_one_symbol: Vec<Slot> = config.per_timeframe().iter().map(|specs| Slot::new(specs)).collect();
        let slots = std::iter::repeat_n(of_one_symbol, symbols).flatten().collect();
        Self { config, slots, emitted: StreamHash::new() }
    }

    /// Updates the indicators of each primary bar in the frame, in frame order, and appends the sets.
    ///
    /// # Panics
    /// If a bar's symbol or timeframe is not of this run.
    pub fn on_frame(&mut self, frame: &mut Frame) {
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

    /// The names of the values of each timeframe's sets, in the order in which they are emitted.
    pub fn schema(&self) -> Vec<Vec<String>> {
        self.config.schema()
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
    fn new(specs: &[IndicatorSpec]) -> Self {
        let values = specs.iter().map(|spec| spec.value_names().len()).sum();
        let indicators = specs.iter().map(Indicator::new).collect();
        Self { bars: 0, indicators, values: vec![f64::NAN; values] }
    }

    fn update(&mut self, bar: &Bar) {
        self.bars += 1;
        let mut rest = &mut self.values[..];
        for indicator in &mut self.indicators {
            let (own, after) = rest.split_at_mut(indicator.values_len());
            indicator.update(bar, own);
            rest = after;
        }
        debug_assert!(rest.is_empty(), "every value has its indicator");
    }
}

impl Indicator {
    fn new(spec: &IndicatorSpec) -> Self {
        match *spec {
            IndicatorSpec::Sma { period } => Self::Sma(Sma::new(period)),
            IndicatorSpec::Ema { period } => Self::Ema(Ema::new(period, Seed::Sma)),
            IndicatorSpec::Rsi { period, smoothing } => Self::Rsi(Rsi::new(period, smoothing)),
            IndicatorSpec::Atr { period } => Self::Atr(Atr::new(period)),
            IndicatorSpec::Bollinger { period, k } => Self::Bollinger(Bollinger::new(period, k)),
        }
    }

    fn values_len(&self) -> usize {
        if matches!(self, Self::Bollinger(_)) { 3 } else { 1 }
    }

    fn update(&mut self, bar: &Bar, values: &mut [f64]) {
        let value = match self {
            Self::Sma(sma) => sma.update(bar.close),
            Self::Ema(ema) => ema.update(bar.close),
            Self::Rsi(rsi) => rsi.update(bar.close),
            Self::Atr(atr) => atr.update(bar.high, bar.low, bar.close),
            Self::Bollinger(bollinger) => {
                if let Some(bands) = bollinger.update(bar.close) {
                    values.copy_from_slice(&[bands.upper, bands.middle, bands.lower]);
                }
                return;
            }
        };
        values[0] = value.unwrap_or(f64::NAN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{BarSource, Nanos, Price, SymbolId};

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

    fn stage(min_history: u32, names: &[&str]) -> Indicators {
        let specs: Vec<_> = names.iter().map(|name| IndicatorSpec::parse(name).unwrap()).collect();
        Indicators::new(IndicatorConfig::new(min_history, vec![specs.clone(), specs]).unwrap(), 2)
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
        let config = IndicatorConfig::new(1, vec![vec![], vec![IndicatorSpec::Sma { period: 1 }]]).unwrap();
        let mut stage = Indicators::new(config, 1);
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
