//! A strategy that comes back to its wishes some time after a bar's close, between two bars.

use model::{
    Event, Frame, Goal, Intent, Kind, Nanos, Quantity, StreamHash, Style, SymbolId, Timeframe, UNIT,
};
use strategy::{Intents, Revisit, Strategy, Wakes};

/// Wants one more or one less at the touch at each bar of ten seconds, and withdraws a wish when it is 25 seconds old.
#[derive(Debug, Default)]
pub struct Patient {
    since: [Option<Nanos>; 2],
    wanted: [i64; 2],
}

model::state!(Patient { since, wanted });

/// How old a wish becomes.
pub const PATIENCE: Nanos = Nanos(25 * Nanos::SECOND.0);

fn timeframe() -> Timeframe {
    Timeframe::parse("10s").unwrap()
}

impl Strategy for Patient {
    fn name(&self) -> &'static str {
        "patient"
    }

    fn wakes(&self) -> Wakes {
        Wakes::Bars
    }

    fn timeframes(&self) -> Vec<Timeframe> {
        vec![timeframe()]
    }

    fn revisits(&self) -> Option<Revisit> {
        Some(Revisit { timeframe: timeframe(), after: PATIENCE })
    }

    fn on_tick(&mut self, _tick: &Event, _out: &mut Intents) {}

    fn on_frame(&mut self, frame: &Frame, out: &mut Intents) {
        let now = frame.input().ts;
        for (symbol, since) in (0..).map(SymbolId).zip(&mut self.since) {
            if frame.input().kind == Kind::TIMER && since.is_some_and(|since| now >= since + PATIENCE) {
                *since = None;
                out.push(Intent::new(symbol, Goal::Withdraw));
            }
        }
        for bar in frame.bars.iter().filter(|bar| bar.primary && bar.timeframe == 0) {
            let at = bar.symbol.index();
            if self.since[at].is_none() {
                self.since[at] = Some(now);
                self.wanted[at] = if self.wanted[at] > 0 { -UNIT } else { UNIT };
                out.push(Intent::target(bar.symbol, Quantity::new(self.wanted[at]), Style::Touch));
            }
        }
    }

    fn state_hash(&self, hash: &mut StreamHash) {
        self.wanted.iter().for_each(|wanted| hash.words(&[*wanted as u64]));
    }
}
