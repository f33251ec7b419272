//! `none`: the strategy that never wants anything, for runs that only make bars and indicators.

use model::{Event, Frame, StreamHash, Timeframe};
use strategy::{Intents, Strategy, Wakes};

/// Never wakes.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoStrategy;

model::state!(NoStrategy {});

impl Strategy for NoStrategy {
    fn name(&self) -> &'static str {
        "none"
    }

    fn wakes(&self) -> Wakes {
        Wakes::None
    }

    fn timeframes(&self) -> Vec<Timeframe> {
        Vec::new()
    }

    #[inline]
    fn on_tick(&mut self, _tick: &Event, _out: &mut Intents) {}

    #[inline]
    fn on_frame(&mut self, _frame: &Frame, _out: &mut Intents) {}

    fn state_hash(&self, _hash: &mut StreamHash) {}
}
