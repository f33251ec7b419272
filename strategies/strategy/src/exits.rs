//! When a position is left without asking anybody: stop, target and time, and the positions they watch.
//!
//! At each primary bar of their timeframe, on its close, in this order; the first that holds is the reason:
//! - stop: `exits.stop_atr` ATRs at entry, or more, against the mean entry price;
//! - target: `exits.target_atr` ATRs at entry, or more, beyond it;
//! - time: `exits.time_stop_bars` bars have closed since the entry.
//!
//! The prices are compared as integers. An entry is a fill from flat or through it; adding to a position moves its mean
//! entry price, and neither its ATR nor its age. ATR is the latest `atr_14` that exists at the entry, or, if there is
//! none yet, the first after it. A multiple of 0 is off; a distance that is configured is at least one unit of 1e-9,
//! however small the ATR, so that it is never off by rounding, and a price that stands still decides nothing.
//!
//! A position of less than one lot is flat here, whatever its sign: no order could trade it, so that nothing would ever
//! end its exit. Fills in parts leave such a rest. It has no entry, no age and no exit; the fill that takes it to a lot
//! is the entry, and the mean entry price stays that of all that is held.
//!
//! Once there is a reason it stands until the position is flat or on the other side, so that an exit is said again at
//! each bar until it is done, whatever the price does.
//! Not here: how an exit is said (the strategies), sizes (`sizing`).

use crate::{Feature, FeatureError, Position, Schema};
use model::{
    Bar, Event, Fill, Frame, InstrumentTable, Kind, Purpose, Quantity, StreamHash, SymbolId, Timeframe, UNIT,
};
use std::fmt;

/// The feature that distances are measured in.
pub const ATR_FEATURE: &str = "atr_14";
/// Longest distance that can be configured, in ATRs.
pub const ATR_MULTIPLE_MAX: f64 = 1e6;

/// `exits.*`; 0 is off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExitsConfig {
    /// Distance of the stop, in ATRs at entry.
    pub stop_atr: f64,
    /// Distance of the target, in ATRs at entry.
    pub target_atr: f64,
    /// How many bars a position may stand.
    pub time_stop_bars: u32,
}

impl Default for ExitsConfig {
    /// Stop 2 ATR, target 3 ATR, 48 bars: four hours of five-minute bars.
    fn default() -> Self {
        Self { stop_atr: 2.0, target_atr: 3.0, time_stop_bars: 48 }
    }
}

/// Why positions cannot be watched.
#[derive(Debug, Clone, PartialEq)]
pub enum ExitsError {
    /// A distance is not within 0 and [`ATR_MULTIPLE_MAX`].
    Distance {
        /// Which one.
        key: &'static str,
        /// What was given.
        value: f64,
    },
    /// The ATR cannot be read.
    Feature(FeatureError),
}

impl fmt::Display for ExitsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Distance { key, value } => {
                write!(
                    f,
                    "{key} = {value} is out of range; write a number from 0 (off) to {ATR_MULTIPLE_MAX}"
                )
            }
            Self::Feature(error) => write!(f, "exits: {error}"),
        }
    }
}

impl std::error::Error for ExitsError {}

/// Why a position is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ExitReason {
    /// The price went against it.
    Stop = 0,
    /// The price went far enough.
    Target = 1,
    /// It stood long enough.
    Time = 2,
}

model::value!(ExitReason { Stop = 0, Target = 1, Time = 2 });

impl ExitReason {
    /// All, in the order in which they are checked.
    pub const ALL: [Self; 3] = [Self::Stop, Self::Target, Self::Time];

    /// What the exit's wish is for.
    pub const fn purpose(self) -> Purpose {
        match self {
            Self::Stop => Purpose::Stop,
            Self::Target => Purpose::Target,
            Self::Time => Purpose::TimeStop,
        }
    }
}

/// Positions by symbol and when to leave them: a fold of fills, portfolio updates, ATRs and bars.
#[derive(Debug, Clone)]
pub struct Exits {
    config: ExitsConfig,
    timeframe: u8,
    /// `None` where both distances are off.
    atr: Option<Feature>,
    symbols: Vec<State>,
}

model::state!(Exits { symbols; config config, timeframe, atr });

#[derive(Debug, Clone, Copy)]
struct State {
    /// In units of 1e-9, at least 1.
    lot: i64,
    position: Position,
    /// The latest; NaN before the first.
    atr: f64,
    /// At entry, in units of 1e-9; `None` when flat, or before there is an ATR.
    distances: Option<Distances>,
    /// Bars closed since the entry.
    bars: u32,
    reason: Option<ExitReason>,
}

model::state!(State { position, atr, distances, bars, reason; same lot });

/// In units of 1e-9, not negative; 0 is off.
#[derive(Debug, Clone, Copy)]
struct Distances {
    stop: i64,
    target: i64,
}

model::value!(Distances { stop, target });

impl Exits {
    /// Flat in all symbols of the table, watching the bars of `timeframe`.
    ///
    /// # Errors
    /// [`ExitsError`] if the configuration is out of range or the run lacks the timeframe or the ATR.
    pub fn new(
        config: ExitsConfig,
        timeframe: Timeframe,
        schema: &Schema,
        instruments: &InstrumentTable,
    ) -> Result<Self, ExitsError> {
        for (key, value) in [("exits.stop_atr", config.stop_atr), ("exits.target_atr", config.target_atr)] {
            if !(0.0..=ATR_MULTIPLE_MAX).contains(&value) {
                return Err(ExitsError::Distance { key, value });
            }
        }
        let index = crate::timeframe_index(schema.timeframes, timeframe);
        let missing = FeatureError::Timeframe { feature: ATR_FEATURE, timeframe };
        let index = index.ok_or(ExitsError::Feature(missing))?;
        let reads_atr = config.stop_atr > 0.0 || config.target_atr > 0.0;
        let atr = reads_atr
            .then(|| schema.find(timeframe, ATR_FEATURE))
            .transpose()
            .map_err(ExitsError::Feature)?;
        let flat = |instrument: &model::Instrument| State {
            lot: instrument.lot.raw().max(1),
            position: Position::default(),
            atr: f64::NAN,
            distances: None,
            bars: 0,
            reason: None,
        };
        Ok(Self {
            config,
            timeframe: index,
            atr,
            symbols: instruments.instruments.iter().map(flat).collect(),
        })
    }

    /// Folds an event of a frame: fills, portfolio updates, ATRs. Bars come by [`Self::on_bar`].
    #[inline]
    pub fn on_event(&mut self, event: &Event, frame: &Frame) {
        match event.kind {
            Kind::FILL => {
                let fill = Fill::from_event(event);
                let state = &mut self.symbols[event.symbol.index()];
                state.change(&self.config, |position| position.on_fill(&fill));
            }
            Kind::PORTFOLIO if event.symbol != SymbolId::NONE => {
                let state = &mut self.symbols[event.symbol.index()];
                state.change(&self.config, |position| position.on_portfolio(event.words[1]));
            }
            Kind::INDICATORS => {
                if let Some((symbol, atr)) = self.atr.and_then(|feature| feature.read(event, frame)) {
                    let state = &mut self.symbols[symbol.index()];
                    state.atr = atr;
                    state.measure(&self.config);
                }
            }
            _ => {}
        }
    }

    /// Whether this bar is one that positions are watched on.
    #[inline]
    pub fn watches(&self, bar: &Bar) -> bool {
        bar.primary && bar.timeframe == self.timeframe
    }

    /// Folds a bar that is watched; why its symbol's position is to be left now, if it is.
    pub fn on_bar(&mut self, bar: &Bar) -> Option<ExitReason> {
        debug_assert!(self.watches(bar), "positions are watched on primary bars of one timeframe");
        let state = &mut self.symbols[bar.symbol.index()];
        if state.side() == 0 {
            return None;
        }
        state.bars = state.bars.saturating_add(1);
        state.reason = state.reason.or_else(|| state.reason_at(bar, &self.config));
        state.reason
    }

    /// What is held of a symbol.
    #[inline]
    pub fn position(&self, symbol: SymbolId) -> &Position {
        &self.symbols[symbol.index()].position
    }

    /// 1 long, -1 short, 0 flat or less than a lot.
    #[inline]
    pub fn side(&self, symbol: SymbolId) -> i64 {
        self.symbols[symbol.index()].side()
    }

    /// How many watched bars have closed since a symbol's position was entered; 0 when flat.
    #[inline]
    pub fn bars_held(&self, symbol: SymbolId) -> u32 {
        self.symbols[symbol.index()].bars
    }

    /// Whether a symbol's position is being left.
    #[inline]
    pub fn is_leaving(&self, symbol: SymbolId) -> bool {
        self.symbols[symbol.index()].reason.is_some()
    }

    /// Whether a target calls for a trade. It does not if less than a lot parts it from what is held. While the
    /// position is being left, one that is flat is said already, and one on its side would undo the exit; only the
    /// other side is a new wish.
    pub fn calls_for_trade(&self, symbol: SymbolId, target: Quantity) -> bool {
        let state = &self.symbols[symbol.index()];
        if state.reason.is_some() {
            target.raw().signum() == -state.side()
        } else {
            target.raw().abs_diff(state.position.quantity()) >= state.lot.unsigned_abs()
        }
    }

    /// Whether a target would close, reduce or reverse what is held. Nothing is, of less than a lot.
    pub fn takes_away(&self, symbol: SymbolId, target: Quantity) -> bool {
        let state = &self.symbols[symbol.index()];
        let side = state.side();
        side != 0 && target.raw() * side < state.position.quantity() * side
    }

    /// Adds the state to a hash.
    pub fn hash_into(&self, hash: &mut StreamHash) {
        for state in &self.symbols {
            hash.words(&state.position.words());
            hash.float(state.atr);
            let [stop, target] = state.distances.map_or([-1, -1], |at| [at.stop, at.target]);
            let reason = state.reason.map_or(u64::MAX, |reason| reason as u64);
            hash.words(&[stop as u64, target as u64, u64::from(state.bars), reason]);
        }
    }
}

impl State {
    /// 0 where less than a lot is held.
    fn side(&self) -> i64 {
        if self.position.quantity().abs() < self.lot { 0 } else { self.position.side() }
    }

    /// Changes the position; a new one, or one on the other side, starts over.
    fn change(&mut self, config: &ExitsConfig, change: impl FnOnce(&mut Position)) {
        let side = self.side();
        change(&mut self.position);
        if self.side() != side {
            (self.distances, self.bars, self.reason) = (None, 0, None);
            self.measure(config);
        }
    }

    /// Fixes the distances of a position that has none yet, once there is an ATR.
    fn measure(&mut self, config: &ExitsConfig) {
        if self.side() != 0 && self.distances.is_none() && !self.atr.is_nan() {
            // `as` stops at the ends of the range: a distance that long is never reached.
            let raw = |multiple: f64| match multiple {
                0.0 => 0,
                multiple => ((multiple * self.atr * UNIT as f64) as i64).max(1),
            };
            self.distances = Some(Distances { stop: raw(config.stop_atr), target: raw(config.target_atr) });
        }
    }

    fn reason_at(&self, bar: &Bar, config: &ExitsConfig) -> Option<ExitReason> {
        let position = &self.position;
        if let Some(Distances { stop, target }) = self.distances {
            if stop > 0 && position.is_lost(bar.close, stop) {
                return Some(ExitReason::Stop);
            }
            if target > 0 && position.is_gained(bar.close, target) {
                return Some(ExitReason::Target);
            }
        }
        (config.time_stop_bars > 0 && self.bars >= config.time_stop_bars).then_some(ExitReason::Time)
    }
}

#[cfg(test)]
mod tests;
