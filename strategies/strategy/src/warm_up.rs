//! A strategy that is asked only from an instant on, so that indicators are warm when it first decides.
//!
//! Why around the strategy: everything before it folds the earlier ticks as any others, so bars, indicators, matrices
//! and synergies at the first decision are what they would be in a run that had begun earlier; and a strategy has no
//! word for "not yet". What it keeps of its own begins at that instant, too.
//! Not here: where the earlier ticks come from.

use crate::{Intents, Revisit, Strategy, StrategyFigures, Wakes};
use model::state::{State, StateError, StateReader, StateWriter};
use model::{Event, Frame, Nanos, StreamHash, Timeframe};

/// A strategy that sees nothing before an instant.
#[derive(Debug)]
pub struct WarmedUp<S> {
    strategy: S,
    from: Nanos,
}

impl<S> WarmedUp<S> {
    /// The strategy sees ticks and frames of `from` and later; of all, if it is [`Nanos::MIN`].
    pub fn new(strategy: S, from: Nanos) -> Self {
        Self { strategy, from }
    }
}

/// The instant is configuration.
impl<S: State> State for WarmedUp<S> {
    fn save(&self, to: &mut StateWriter) {
        self.strategy.save(to);
    }

    fn load(&mut self, from: &mut StateReader<'_>) -> Result<(), StateError> {
        self.strategy.load(from)
    }
}

impl<S: Strategy> Strategy for WarmedUp<S> {
    fn name(&self) -> &'static str {
        self.strategy.name()
    }

    fn wakes(&self) -> Wakes {
        self.strategy.wakes()
    }

    fn timeframes(&self) -> Vec<Timeframe> {
        self.strategy.timeframes()
    }

    fn revisits(&self) -> Option<Revisit> {
        self.strategy.revisits()
    }

    #[inline]
    fn on_tick(&mut self, tick: &Event, out: &mut Intents) {
        if tick.ts >= self.from {
            self.strategy.on_tick(tick, out);
        }
    }

    #[inline]
    fn on_frame(&mut self, frame: &Frame, out: &mut Intents) {
        if frame.input().ts >= self.from {
            self.strategy.on_frame(frame, out);
        }
    }

    fn state_hash(&self, hash: &mut StreamHash) {
        self.strategy.state_hash(hash);
    }

    fn figures(&self) -> StrategyFigures {
        self.strategy.figures()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Goal, Intent, Kind, SymbolId};

    /// Withdraws at everything it sees, and counts it.
    #[derive(Debug, Default)]
    struct Counting {
        seen: u64,
    }

    model::state!(Counting { seen });

    impl Strategy for Counting {
        fn name(&self) -> &'static str {
            "counting"
        }

        fn wakes(&self) -> Wakes {
            Wakes::Ticks
        }

        fn timeframes(&self) -> Vec<Timeframe> {
            Vec::new()
        }

        fn on_tick(&mut self, tick: &Event, out: &mut Intents) {
            self.seen += 1;
            out.push(Intent::new(tick.symbol, Goal::Withdraw));
        }

        fn on_frame(&mut self, _: &Frame, out: &mut Intents) {
            self.seen += 1;
            out.push(Intent::new(SymbolId(0), Goal::Withdraw));
        }

        fn state_hash(&self, hash: &mut StreamHash) {
            hash.words(&[self.seen]);
        }
    }

    #[test]
    fn nothing_is_seen_or_said_before_the_instant() {
        let check = |from: Nanos, ts: i64, expected: u64| {
            let mut strategy = WarmedUp::new(Counting::default(), from);
            let mut out = Intents::default();
            let event = Event { kind: Kind::TRADE, ts: Nanos(ts), ..Event::default() };
            strategy.on_tick(&event, &mut out);
            let mut frame = Frame::default();
            frame.events.push(event);
            strategy.on_frame(&frame, &mut out);
            assert_eq!((strategy.strategy.seen, out.len() as u64), (expected, expected), "{from:?} {ts}");
            let mut bytes = StateWriter::default();
            strategy.save(&mut bytes);
            let mut again = WarmedUp::new(Counting::default(), from);
            again.load(&mut StateReader::new(&bytes.into_bytes())).unwrap();
            assert_eq!(again.strategy.seen, expected);
        };
        check(Nanos::MIN, -5, 2);
        check(Nanos(10), 9, 0);
        check(Nanos(10), 10, 2);
    }
}
