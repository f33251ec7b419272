//! `mean_reversion`: against a stretched price, back to the middle band, with a stop.
//!
//! Per symbol, at each bar of its timeframe, once band, RSI and ATR are complete:
//! - flat, close below the lower band, RSI below `rsi_low`: long; above and above, short;
//! - held, close at or beyond the middle band: out;
//! - held, price `stop_atr` ATRs (at entry) or more against the mean entry price: out.
//!
//! What it holds it knows from fills only. A market wish that was not met (refused, or no tick yet) is
//! said again at the next bar that still wants it; a target already working costs nothing to repeat.
//! A limit entry is withdrawn at the next bar; what of it may still fill holds back the exit, so that
//! a late fill cannot leave a position nobody wants. Withdrawing takes its bar: a new entry comes later.

use crate::{Entry, MeanReversionConfig, RuleError, StopOn};
use indicators::{Atr, Bollinger, Place, Rsi, Smoothing};
use model::state::{StateError, StateReader, StateWriter, Value};
use model::{
    Bar, Event, Fill, Frame, Goal, Intent, Kind, Price, Quantity, Report, ReportKind, StreamHash, Style,
    SymbolId, Timeframe, UNIT,
};
use std::cmp::Ordering;
use strategy::{Intents, Position, Strategy, Wakes, timeframe_index};

/// The rule, with its indicators and its position per symbol.
#[derive(Debug, Clone)]
pub struct MeanReversion {
    config: MeanReversionConfig,
    timeframe: u8,
    symbols: Vec<State>,
}

model::state!(MeanReversion { symbols; config config, timeframe });

#[derive(Debug, Clone)]
struct State {
    bollinger: Bollinger,
    rsi: Rsi,
    atr: Atr,
    position: Position,
    /// From the mean entry price, raw; set when an entry is wanted.
    stop_distance: i64,
    limit: Limit,
    exit: Exit,
}

model::state!(State { bollinger, rsi, atr, position, stop_distance, limit, exit });

/// The limit entry, as far as its rest may still fill. `left` is raw and positive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Limit {
    Gone,
    Open { left: i64 },
    Withdrawn { left: i64 },
}

/// A code, and what is left where an order may still work.
impl Value for Limit {
    fn put(&self, to: &mut StateWriter) {
        let parts = match self {
            Self::Gone => None,
            Self::Open { left } => Some((false, *left)),
            Self::Withdrawn { left } => Some((true, *left)),
        };
        parts.put(to);
    }

    fn read(from: &mut StateReader<'_>) -> Result<Self, StateError> {
        Ok(match Option::read(from)? {
            None => Self::Gone,
            Some((false, left)) => Self::Open { left },
            Some((true, left)) => Self::Withdrawn { left },
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    Unwanted,
    /// Wanted, held back by a limit entry whose rest may still fill.
    Wanted,
    /// Said.
    Said,
}

model::value!(Exit { Unwanted = 0, Wanted = 1, Said = 2 });

/// What the indicators say of one bar.
#[derive(Debug, Clone, Copy)]
struct Reading {
    place: Place,
    against_middle: Ordering,
    rsi: f64,
    atr: f64,
}

impl MeanReversion {
    /// The rule for symbols 0..`symbols`, on the run's sorted `timeframes`.
    ///
    /// # Errors
    /// [`RuleError`] if the configuration is out of range or the run lacks its timeframe.
    pub fn new(
        config: MeanReversionConfig,
        timeframes: &[Timeframe],
        symbols: usize,
    ) -> Result<Self, RuleError> {
        config.check()?;
        let missing = RuleError::Timeframe { key: "mean_reversion.timeframe", value: config.timeframe };
        let timeframe = timeframe_index(timeframes, config.timeframe).ok_or(missing)?;
        let state = State {
            bollinger: Bollinger::new(config.bollinger_period, config.bollinger_k),
            rsi: Rsi::new(config.rsi_period, Smoothing::Wilder),
            atr: Atr::new(config.atr_period),
            position: Position::default(),
            stop_distance: 0,
            limit: Limit::Gone,
            exit: Exit::Unwanted,
        };
        Ok(Self { config, timeframe, symbols: vec![state; symbols] })
    }

    fn on_bar(&mut self, bar: &Bar, out: &mut Intents) {
        let config = &self.config;
        let state = &mut self.symbols[bar.symbol.index()];
        let reading = state.read(bar);
        let side = state.position.quantity().signum();
        if let Limit::Open { left } = state.limit {
            out.push(Intent::new(bar.symbol, Goal::Withdraw));
            state.limit = Limit::Withdrawn { left };
            if side == 0 {
                return;
            }
        }
        if side == 0 {
            if let Some(reading) = reading {
                state.enter(config, bar, &reading, out);
            }
            return;
        }
        let reverted = reading.is_some_and(|reading| reading.against_middle as i64 != -side);
        let stopped = config.stop_on == StopOn::Bar && state.position.is_lost(bar.close, state.stop_distance);
        if state.exit != Exit::Unwanted || reverted || stopped {
            state.leave(bar.symbol, out);
        }
    }
}

impl State {
    /// Updates the indicators; what they say, once all are complete.
    fn read(&mut self, bar: &Bar) -> Option<Reading> {
        self.bollinger.update(bar.close);
        let rsi = self.rsi.update(bar.close);
        let atr = self.atr.update(bar.high, bar.low, bar.close);
        Some(Reading {
            place: self.bollinger.place(bar.close)?,
            against_middle: self.bollinger.against_middle(bar.close)?,
            rsi: rsi?,
            atr: atr?,
        })
    }

    /// Flat: wants a position if the price is stretched.
    fn enter(&mut self, config: &MeanReversionConfig, bar: &Bar, reading: &Reading, out: &mut Intents) {
        let side = match reading.place {
            Place::Below if reading.rsi < config.rsi_low => 1,
            Place::Above if reading.rsi > config.rsi_high => -1,
            _ => return,
        };
        // `as` stops at the ends of the range: a stop that far away is never hit.
        self.stop_distance = (config.stop_atr * reading.atr * UNIT as f64) as i64;
        let style = match config.entry {
            Entry::Market => Style::Market,
            Entry::Limit => {
                self.limit = Limit::Open { left: config.quantity.raw() };
                Style::Limit(bar.close)
            }
        };
        let position = Quantity::new(side * config.quantity.raw());
        out.push(Intent::new(bar.symbol, Goal::Target { position, style }));
    }

    /// Wants to be flat, and says so unless the rest of a limit entry may still fill.
    fn leave(&mut self, symbol: SymbolId, out: &mut Intents) {
        if self.limit == Limit::Gone {
            let goal = Goal::Target { position: Quantity::ZERO, style: Style::Market };
            out.push(Intent::new(symbol, goal));
            self.exit = Exit::Said;
        } else {
            self.exit = Exit::Wanted;
        }
    }

    fn on_fill(&mut self, fill: &Fill) {
        self.position.on_fill(fill);
        let filled = fill.quantity.raw();
        self.limit = match self.limit {
            Limit::Open { left } if left > filled => Limit::Open { left: left - filled },
            Limit::Withdrawn { left } if left > filled => Limit::Withdrawn { left: left - filled },
            _ => Limit::Gone,
        };
        self.forget_exit_when_flat();
    }

    fn on_portfolio(&mut self, quantity: i64) {
        self.position.on_portfolio(quantity);
        self.forget_exit_when_flat();
    }

    fn on_report(&mut self, kind: ReportKind) {
        if kind != ReportKind::Accepted {
            self.limit = Limit::Gone;
        }
    }

    fn forget_exit_when_flat(&mut self) {
        if self.position.quantity() == 0 {
            self.exit = Exit::Unwanted;
        }
    }

    fn hash(&self, hash: &mut StreamHash) {
        hash.words(&self.position.words());
        let (limit, left) = match self.limit {
            Limit::Gone => (0, 0),
            Limit::Open { left } => (1, left),
            Limit::Withdrawn { left } => (2, left),
        };
        hash.words(&[self.stop_distance as u64, limit, left as u64, self.exit as u64]);
        let bands = self.bollinger.value();
        for value in [bands.map(|b| b.upper), bands.map(|b| b.middle), self.rsi.value(), self.atr.value()] {
            hash.float(value.unwrap_or(f64::NAN));
        }
    }
}

/// What a position could be closed at: a trade's price, the bid for a long one, the ask for a short one.
#[inline]
fn closing_price(tick: &Event, side: i64) -> Price {
    if tick.kind == Kind::TRADE {
        return tick.as_trade().price;
    }
    let quote = tick.as_quote();
    if side > 0 { quote.bid } else { quote.ask }
}

impl Strategy for MeanReversion {
    fn name(&self) -> &'static str {
        "mean_reversion"
    }

    fn wakes(&self) -> Wakes {
        match self.config.stop_on {
            StopOn::Bar => Wakes::Bars,
            StopOn::Tick => Wakes::Ticks,
        }
    }

    fn timeframes(&self) -> Vec<Timeframe> {
        vec![self.config.timeframe]
    }

    #[inline]
    fn on_tick(&mut self, tick: &Event, out: &mut Intents) {
        debug_assert!(tick.kind.is_tick(), "only ticks come here");
        let state = &mut self.symbols[tick.symbol.index()];
        let side = state.position.quantity().signum();
        if side == 0 || state.exit == Exit::Said {
            return;
        }
        let stopped = self.config.stop_on == StopOn::Tick
            && state.position.is_lost(closing_price(tick, side), state.stop_distance);
        if stopped || (state.exit == Exit::Wanted && state.limit == Limit::Gone) {
            state.leave(tick.symbol, out);
        }
    }

    fn on_frame(&mut self, frame: &Frame, out: &mut Intents) {
        for event in &frame.events {
            match event.kind {
                Kind::FILL => self.symbols[event.symbol.index()].on_fill(&Fill::from_event(event)),
                Kind::REPORT => self.symbols[event.symbol.index()].on_report(Report::from_event(event).kind),
                Kind::PORTFOLIO if event.symbol != SymbolId::NONE => {
                    self.symbols[event.symbol.index()].on_portfolio(event.words[1]);
                }
                Kind::BAR => {
                    let bar = &frame.bars[event.words[0] as usize];
                    if bar.primary && bar.timeframe == self.timeframe {
                        self.on_bar(bar, out);
                    }
                }
                _ => {}
            }
        }
    }

    fn state_hash(&self, hash: &mut StreamHash) {
        self.symbols.iter().for_each(|state| state.hash(hash));
    }
}

#[cfg(test)]
mod tests;
