//! The stage: reads the primary bars of a frame and their indicator sets, appends the synergies they complete.
//!
//! All bars and sets of a boundary stand in the frame before the first synergy. The indicator stage appends at most
//! one set for each primary bar, in the order of the bars; so one pass over the bars finds each bar's set. Gaps are
//! followed from the first bar on; the other signals and the gaps' count from the first set on.
//! Gaps are kept here a second time, beside those of the indicators: a set says that one was mitigated, not which.
//! Not here: when a signal fires (`signal`), which count together (`set`).

use crate::set::{Outcome, Rules, SignalSet};
use crate::signal::{Firing, MlmiCrossing, SlopeSign, fvg};
use crate::source::{Readings, Sources};
use crate::{Counts, SynergyConfig, SynergyError};
use indicators::Fvg;
use model::{
    Bar, Event, Frame, IndicatorSet, MarketContext, Pattern, Signal, SignalKind, StreamHash, SymbolId,
    Synergy, Timeframe,
};

/// The synergy stage of the pipeline.
#[derive(Debug, Clone)]
pub struct Synergies {
    config: SynergyConfig,
    rules: Rules,
    sources: Sources,
    symbols: Vec<State>,
    /// By symbol, then source: the latest known distance to a low volume node; NaN before the first.
    lvn_distances: Vec<f64>,
    counts: Counts,
    emitted: StreamHash,
}

model::state!(Synergies { symbols, lvn_distances, counts, emitted; config config, rules, sources });

/// What is followed of one symbol.
#[derive(Debug, Clone)]
struct State {
    mlmi: MlmiCrossing,
    nwrqk: SlopeSign,
    gaps: Fvg,
    set: SignalSet,
}

model::state!(State { mlmi, nwrqk, gaps, set });

impl Synergies {
    /// The stage for symbols 0..`symbols`, nothing seen yet. `names[i]` are the names of the indicator values of the
    /// run's timeframe i, in order.
    ///
    /// # Errors
    /// [`SynergyError`] if the configuration is out of range, or the run lacks its timeframe or a value it needs.
    pub fn new(
        config: SynergyConfig,
        timeframes: &[Timeframe],
        names: &[Vec<String>],
        symbols: usize,
    ) -> Result<Self, SynergyError> {
        config.check()?;
        let sources = Sources::new(&config, timeframes, names)?;
        let is_listed = Pattern::ALL.map(|pattern| config.patterns.contains(&pattern));
        let rules = Rules { window: config.window, cool_down: config.cool_down, is_listed };
        let state = State {
            mlmi: MlmiCrossing::new(),
            nwrqk: SlopeSign::new(),
            gaps: Fvg::new(),
            set: SignalSet::new(),
        };
        Ok(Self {
            rules,
            symbols: vec![state; symbols],
            lvn_distances: vec![f64::NAN; symbols * sources.lvn_distance.len()],
            counts: Counts::default(),
            emitted: StreamHash::new(),
            config,
            sources,
        })
    }

    /// Follows each primary bar of the timeframe, in frame order, and appends the synergies.
    ///
    /// # Panics
    /// If a bar's symbol is not of this run, or a set's values are not those of the schema.
    pub fn on_frame(&mut self, frame: &mut Frame) {
        for i in 0..frame.sets.len() {
            let set = frame.sets[i];
            self.note_lvn_distance(&set, frame.set_values(&set));
        }
        let mut sets_passed = 0;
        for i in 0..frame.bars.len() {
            let bar = frame.bars[i];
            if !bar.primary {
                continue;
            }
            let set = frame.sets.get(sets_passed).copied().filter(|set| is_of(set, &bar));
            sets_passed += usize::from(set.is_some());
            if bar.timeframe == self.sources.timeframe {
                self.on_bar(&bar, set, frame);
            }
        }
        debug_assert_eq!(sets_passed, frame.sets.len(), "sets follow primary bars, in their order");
    }

    fn note_lvn_distance(&mut self, set: &IndicatorSet, values: &[f64]) {
        let sources = &self.sources.lvn_distance;
        let known = &mut self.lvn_distances[set.symbol.index() * sources.len()..][..sources.len()];
        for ((timeframe, place), known) in sources.iter().zip(known) {
            if *timeframe == set.timeframe && !values[*place].is_nan() {
                *known = values[*place];
            }
        }
    }

    /// The latest known distance of the longest timeframe that has one; NaN if none has.
    fn lvn_distance(&self, symbol: SymbolId) -> f64 {
        let sources = self.sources.lvn_distance.len();
        let known = &self.lvn_distances[symbol.index() * sources..][..sources];
        known.iter().copied().find(|distance| !distance.is_nan()).unwrap_or(f64::NAN)
    }

    fn on_bar(&mut self, bar: &Bar, set: Option<IndicatorSet>, frame: &mut Frame) {
        let state = &mut self.symbols[bar.symbol.index()];
        state.gaps.update(bar.open, bar.high, bar.low, bar.close);
        let Some(set) = set else { return };
        let readings = self.sources.read(frame.set_values(&set));
        let firings = state.firings(&readings, bar, &self.config);
        for (kind, firing) in SignalKind::ALL.into_iter().zip(firings) {
            let Some((direction, strength)) = firing else { continue };
            debug_assert!((0.0..=1.0).contains(&strength), "a strength is from 0 to 1");
            self.counts.signals[kind as usize] += 1;
            let signal = Signal { kind, direction, strength, ts: bar.ts_close };
            match self.symbols[bar.symbol.index()].set.fold(signal, &self.rules) {
                Outcome::Nothing => {}
                Outcome::Unlisted(pattern) => self.counts.unlisted[pattern.index()] += 1,
                Outcome::Complete(pattern, signals) => {
                    self.counts.synergies[pattern.index()] += 1;
                    let context = self.context(bar, &readings);
                    self.emit(synergy(bar.symbol, pattern, signals, context), frame);
                }
            }
        }
    }

    fn context(&self, bar: &Bar, readings: &Readings) -> MarketContext {
        MarketContext {
            price: bar.close,
            volatility: readings.volatility,
            volume: bar.volume,
            lvn_distance: self.lvn_distance(bar.symbol),
        }
    }

    fn emit(&mut self, synergy: Synergy, frame: &mut Frame) {
        frame.push_synergy(synergy);
        let event: &[Event] = &frame.events[frame.events.len() - 1..];
        self.emitted.events(event);
        self.emitted.words(&synergy.words());
    }

    /// How many signals fired, and what became of them.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Hashes what waits to be hashed, if it is much: asked when the frame's orders have left.
    #[inline]
    pub fn catch_up(&mut self) {
        self.emitted.catch_up();
    }

    /// The hash of all that was emitted: each event, then its synergy.
    pub fn event_hash(&self) -> u128 {
        self.emitted.value()
    }

    /// The hash of what the stage holds now: of each symbol what it follows, its open gaps and its set; then the
    /// distances and the counts. The bars behind the gaps are hashed where they are made.
    pub fn state_hash(&self) -> u128 {
        let mut hash = StreamHash::new();
        self.symbols.iter().for_each(|state| state.hash_into(&mut hash));
        self.lvn_distances.iter().for_each(|distance| hash.float(*distance));
        self.counts.hash_into(&mut hash);
        hash.value()
    }
}

impl State {
    /// What fires at a bar, by kind.
    fn firings(&mut self, readings: &Readings, bar: &Bar, config: &SynergyConfig) -> [Option<Firing>; 3] {
        [
            self.mlmi.fold(readings.mlmi_value, readings.mlmi_confidence),
            self.nwrqk.fold(readings.nwrqk_slope, readings.nwrqk_value, config.nwrqk_min),
            fvg(self.gaps.mitigated(), bar.close, config),
        ]
    }

    fn hash_into(&self, hash: &mut StreamHash) {
        self.mlmi.hash_into(hash);
        self.nwrqk.hash_into(hash);
        self.set.hash_into(hash);
        let gaps = self.gaps.active();
        hash.words(&[gaps.len() as u64]);
        for gap in gaps {
            let words = [
                gap.direction.sign() as u64,
                gap.bottom.raw() as u64,
                gap.top.raw() as u64,
                u64::from(gap.age),
            ];
            hash.words(&words);
        }
    }
}

/// Whether a set holds the values of a bar.
fn is_of(set: &IndicatorSet, bar: &Bar) -> bool {
    (set.symbol, set.timeframe, set.ts_close) == (bar.symbol, bar.timeframe, bar.ts_close)
}

fn synergy(symbol: SymbolId, pattern: Pattern, signals: [Signal; 3], context: MarketContext) -> Synergy {
    let [first, second, third] = signals;
    let strength = (first.strength + second.strength + third.strength) / 3.0;
    Synergy { symbol, pattern, direction: first.direction, strength, signals, context }
}

#[cfg(test)]
mod history;
#[cfg(test)]
mod tests;
