//! What an indicator is to the rest of the crate: its definition, and three functions.
//!
//! Why a trait: text, value names, defaults and construction of an indicator stand in its own file, and
//! everything else (parsing, the stage, the standard configuration, the generic tests) reads them there.
//! `registry.rs` lists the indicators and says how to add one.
//! Not here: the list itself; how text is parsed (`spec`).

use model::state::State;
use model::{Bar, Price, Quantity, Rate, SessionCalendar, Timeframe};
use std::sync::Arc;

/// Most parameters of one indicator.
pub(crate) const PARAMETERS_MAX: usize = 3;

/// An indicator as the stage runs it. All memory is taken in [`Self::build`]; nothing after it allocates.
pub(crate) trait Indicator: State {
    /// What it is called, takes and gives.
    const DEFINITION: Definition;

    /// Nothing seen yet. The parameters are in range and as many as the definition says.
    fn build(parameters: &Parameters, context: &Context) -> Self;

    /// Takes the next closed bar and writes the values there are now. `values` has the definition's length
    /// and arrives as NaN; what is not complete, or undefined at this bar, stays NaN and makes no row.
    fn on_bar(&mut self, bar: &Bar, values: &mut [f64]);

    /// Takes a tick of the bar that is open now: its price and its size, 1 for a quote. Called only if the
    /// definition says [`Definition::reads_ticks`]; the ticks of a bar come before its [`Self::on_bar`].
    fn on_tick(&mut self, _price: Price, _size: Quantity) {}

    /// How many ticks so far were counted elsewhere than where they belong, for want of room.
    fn ticks_clamped(&self) -> u64 {
        0
    }
}

/// What an indicator is called, takes and gives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Definition {
    /// The text without parameters: `sma` of `sma_20`. Lower case; may hold underscores.
    pub name: &'static str,
    /// The parameters in the order of the text, each with its default.
    pub parameters: &'static [Parameter],
    /// What its values are called.
    pub values: Values,
    /// On which timeframes it runs if the configuration names no indicators.
    pub standard: Standard,
    /// Whether it needs every tick, not only bars.
    pub reads_ticks: bool,
}

/// A kind of parameter, with its default as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parameter {
    /// A whole number of bars, 1 to [`crate::PERIOD_MAX`].
    Period(&'static str),
    /// A decimal number of deviations, above 0 and at most [`crate::WIDTH_MAX`].
    Width(&'static str),
}

impl Parameter {
    /// The default as it is written.
    pub(crate) const fn default(self) -> &'static str {
        match self {
            Self::Period(text) | Self::Width(text) => text,
        }
    }
}

/// What the values of an indicator are called.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Values {
    /// One value, called as the indicator's text: `sma_20`.
    Own,
    /// The text, a point and these: `macd_12_26_9.line`.
    Lines(&'static [&'static str]),
    /// These, whatever the text. No other indicator may then be written like one of them.
    Named(&'static [&'static str]),
}

impl Values {
    /// How many.
    pub(crate) const fn len(self) -> usize {
        match self {
            Self::Own => 1,
            Self::Lines(names) | Self::Named(names) => names.len(),
        }
    }
}

/// On which timeframes an indicator runs if the configuration names none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standard {
    /// On all.
    Everywhere,
    /// On 5m, the synergy's, and on 30m.
    FiveMinutes,
    /// On 30m, which has all but the options.
    ThirtyMinutes,
    /// On none: it runs where it is named.
    Option,
}

/// One checked parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Argument {
    /// The indicator has no parameter in this place.
    Absent,
    /// In bars.
    Period(u32),
    /// In deviations.
    Width(Rate),
}

/// The checked parameters of one indicator, in the order of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parameters(pub [Argument; PARAMETERS_MAX]);

impl Parameters {
    /// The period in that place, in bars.
    ///
    /// # Panics
    /// If the definition has no period there.
    pub(crate) fn period(&self, place: usize) -> u32 {
        match self.0[place] {
            Argument::Period(bars) => bars,
            other => panic!("parameter {place} is a period, not {other:?}"),
        }
    }

    /// The width in that place, in deviations.
    ///
    /// # Panics
    /// If the definition has no width there.
    pub(crate) fn width(&self, place: usize) -> Rate {
        match self.0[place] {
            Argument::Width(deviations) => deviations,
            other => panic!("parameter {place} is a width, not {other:?}"),
        }
    }
}

/// Where an indicator runs.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    /// The bars' length.
    pub timeframe: Timeframe,
    /// The width of a price bin of the volume profile; `None`: from the symbol's first price.
    pub profile_bin: Option<Price>,
    /// The symbol's sessions.
    pub calendar: Arc<dyn SessionCalendar>,
}
