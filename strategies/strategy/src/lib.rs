//! What a strategy is, sees and may say.
//!
//! Why a crate of its own: a strategy can name neither an order nor a gateway, because this crate
//! knows neither. It sees frames and ticks, and says which position it wants ([`model::Intent`]); the
//! difference to what is held and working, and whether risk allows it, is decided behind it.
//! What strategies share stands here, too: how large a position may be ([`Sizing`]), when it is left without asking
//! anybody ([`Exits`]), what is really held ([`Position`]), where a feature is found ([`Schema`]), and that nobody is
//! asked before indicators are warm ([`WarmedUp`]).
//! Not here: any strategy (`rules`, `agents`), the stage that runs one (`pipeline`).

mod exits;
mod feature;
mod figures;
mod intents;
mod position;
mod sizing;
mod warm_up;

pub use exits::{ATR_FEATURE, ATR_MULTIPLE_MAX, ExitReason, Exits, ExitsConfig, ExitsError};
pub use feature::{Feature, FeatureError, Schema};
pub use figures::{AgentFigures, StrategyFigures};
pub use intents::Intents;
pub use position::Position;
pub use sizing::{SIZE_MAX, Sizing, SizingConfig, SizingError, TARGET_VOLATILITY_MAX, VOLATILITY_FEATURE};
pub use warm_up::WarmedUp;

use model::state::State;
use model::{Event, Frame, Nanos, StreamHash, Timeframe};

/// What may cause an intent. The simulated venue releases ticks by it: see "Time" in the design.
///
/// Fills, reports and portfolio updates never cause one by themselves; a strategy folds them and acts on
/// its next bar or tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wakes {
    /// Every tick, and every bar.
    Ticks,
    /// Bars and their indicators only.
    Bars,
    /// Nothing.
    None,
}

/// A timer that a strategy asks for beside the bars' own: one `after` each close of a bar of `timeframe`, whether or
/// not any bar closes then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revisit {
    /// One of [`Strategy::timeframes`], or another that the run has.
    pub timeframe: Timeframe,
    /// Positive.
    pub after: Nanos,
}

/// A fold of the run's frames that now and then wants a position.
///
/// The same frames and ticks must give the same intents and the same state, whatever the clock on the
/// wall and the layout of threads. Its [`State`] is all that it remembers: [`model::state!`] writes it from its fields.
pub trait Strategy: State + Send {
    /// Its name in configs and files.
    fn name(&self) -> &'static str;

    /// What may cause an intent of its.
    fn wakes(&self) -> Wakes;

    /// The timeframes it reads; the run adds them to its list.
    fn timeframes(&self) -> Vec<Timeframe>;

    /// The timers it asks for beside those at which bars close.
    fn revisits(&self) -> Option<Revisit> {
        None
    }

    /// Sees a tick. Called with [`Wakes::Ticks`] only.
    fn on_tick(&mut self, tick: &Event, out: &mut Intents);

    /// Sees a frame, whatever it woke for: bars, indicators, the portfolio's updates (of
    /// [`model::Kind::PORTFOLIO`]: the symbol, and in `words[1]` its position), fills and reports.
    fn on_frame(&mut self, frame: &Frame, out: &mut Intents);

    /// Adds its state to a hash.
    fn state_hash(&self, hash: &mut StreamHash);

    /// How it and its agents did.
    fn figures(&self) -> StrategyFigures {
        StrategyFigures::default()
    }
}

/// The index of a timeframe in the run's sorted list.
pub fn timeframe_index(timeframes: &[Timeframe], wanted: Timeframe) -> Option<u8> {
    debug_assert!(timeframes.is_sorted(), "the run's timeframes are sorted");
    timeframes.binary_search(&wanted).ok().and_then(|index| u8::try_from(index).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeframe_is_found_in_the_sorted_list() {
        let timeframes = ["1s", "1m", "5m"].map(|text| Timeframe::parse(text).unwrap());
        let check = |text: &str, expected| {
            assert_eq!(timeframe_index(&timeframes, Timeframe::parse(text).unwrap()), expected, "{text}");
        };
        check("1s", Some(0));
        check("60s", Some(1));
        check("5m", Some(2));
        check("2m", None);
    }
}
