//! Every indicator there is, one line each.
//!
//! # To add one
//! 1. Write `src/NAME.rs`: a head that says what it is, with the source of its formula; a type with all
//!    its state, whose memory is taken when it is built; `model::state!`, which names that state; `impl Indicator for
//!    Type` (`definition.rs`); tests.
//!    `sma.rs` is the shortest one, `macd.rs` has several values, `vwap_session.rs` may be
//!    undefined at a bar.
//! 2. Say `mod NAME;` in `lib.rs`, and add `NAME::Type` to the list below.
//! 3. Give its batch definition to `tests/`.
//!
//! Nothing else: its text is parsed, its values are named and emitted, its standard timeframes and the tests
//! that every indicator must pass come from its definition. Indicators are called directly, not through
//! pointers: the list becomes an enum with a variant for each type.
//! Not here: what a definition may say (`definition.rs`).

use crate::definition::{Context, Definition, Indicator, Parameters};
use model::state::{State, StateError, StateReader, StateWriter};
use model::{Bar, Price, Quantity};

macro_rules! registry {
    ($($module:ident :: $type:ident),* $(,)?) => {
        /// Which indicator.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum IndicatorKind { $($type),* }

        /// One running indicator.
        #[derive(Debug, Clone)]
        pub(crate) enum Running { $($type(crate::$module::$type)),* }

        impl IndicatorKind {
            /// All, in the order of the list: the order of their values in a standard set.
            pub(crate) const ALL: &[Self] = &[$(Self::$type),*];

            /// What it is called, takes and gives.
            pub(crate) const fn definition(self) -> &'static Definition {
                match self { $(Self::$type => &<crate::$module::$type as Indicator>::DEFINITION),* }
            }

            /// One that has seen nothing yet.
            pub(crate) fn build(self, parameters: &Parameters, context: &Context) -> Running {
                match self { $(Self::$type => Running::$type(Indicator::build(parameters, context))),* }
            }
        }

        impl Running {
            /// How many values it gives.
            #[inline]
            pub(crate) fn values_len(&self) -> usize {
                match self { $(Self::$type(_) => <crate::$module::$type as Indicator>::DEFINITION.values.len()),* }
            }

            /// Takes the next closed bar; `values` are as many as it gives, all NaN.
            #[inline]
            pub(crate) fn on_bar(&mut self, bar: &Bar, values: &mut [f64]) {
                match self { $(Self::$type(indicator) => Indicator::on_bar(indicator, bar, values)),* }
            }

            /// Takes a tick of the open bar.
            #[inline]
            pub(crate) fn on_tick(&mut self, price: Price, size: Quantity) {
                match self { $(Self::$type(indicator) => Indicator::on_tick(indicator, price, size)),* }
            }

            /// What it is called.
            const fn name(&self) -> &'static str {
                match self { $(Self::$type(_) => <crate::$module::$type as Indicator>::DEFINITION.name),* }
            }

            /// How many ticks were counted elsewhere than where they belong.
            pub(crate) fn ticks_clamped(&self) -> u64 {
                match self { $(Self::$type(indicator) => Indicator::ticks_clamped(indicator)),* }
            }
        }

        /// The indicator's name, then its state.
        impl State for Running {
            fn save(&self, to: &mut StateWriter) {
                to.mark(self.name());
                match self { $(Self::$type(indicator) => indicator.save(to)),* }
            }

            fn load(&mut self, from: &mut StateReader<'_>) -> Result<(), StateError> {
                from.mark(self.name())?;
                match self { $(Self::$type(indicator) => indicator.load(from)),* }
            }
        }
    };
}

registry![
    // Classical.
    sma::Sma,
    ema::Ema,
    wma::Wma,
    rsi::Rsi,
    rsi::RsiCutler,
    atr::Atr,
    macd::Macd,
    bollinger::Bollinger,
    stochastic::Stochastic,
    adx::Adx,
    donchian::Donchian,
    vwap_session::VwapSession,
    vwap_rolling::VwapRolling,
    obv::Obv,
    volatility::Volatility,
    momentum::Momentum,
    // Of the intelligence page: one line each, in the page's order.
    mlmi::Mlmi,
    nwrqk::Nwrqk,
    rqk::Rqk,
    fvg::Fvg,
    profile::VolumeProfile,
    regime::Regime,
    price_momentum::PriceMomentum,
    volume_ratio::VolumeRatio,
    clock::TimeOfWeek,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::{PARAMETERS_MAX, Values};

    fn definitions() -> impl Iterator<Item = &'static Definition> {
        IndicatorKind::ALL.iter().map(|kind| kind.definition())
    }

    #[test]
    fn every_name_is_written_once_and_plainly() {
        let plain = |name: &str| {
            !name.is_empty()
                && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        let mut names: Vec<&str> = definitions().map(|definition| definition.name).collect();
        for definition in definitions() {
            assert!(plain(definition.name), "{:?}", definition.name);
            assert!(definition.parameters.len() <= PARAMETERS_MAX, "{}", definition.name);
            assert!(definition.values.len() > 0, "{}", definition.name);
        }
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "two indicators have one name: {names:?}");
    }

    #[test]
    fn every_named_value_belongs_to_one_indicator() {
        let named = definitions().flat_map(|definition| match definition.values {
            Values::Named(names) => names,
            Values::Own | Values::Lines(_) => &[],
        });
        let mut names: Vec<&str> = named.copied().collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "two indicators name a value alike: {names:?}");
    }
}
