//! A strategy that at every bar withdraws what works and wants another position with a limit, so that targets wait.

use model::{
    BarSource, Event, Frame, Goal, Intent, Kind, Nanos, Price, Quantity, StreamHash, Style, Timeframe, UNIT,
};
use strategy::{Intents, Strategy, Wakes};

/// What it wants follows from the bar: sizes of -2 to 2, at the close or a little beside it, now and then at the touch
/// or the market, some with a delay.
#[derive(Debug, Default)]
pub struct Requote {
    bars: u64,
}

model::state!(Requote { bars });

impl Strategy for Requote {
    fn name(&self) -> &'static str {
        "requote"
    }

    fn wakes(&self) -> Wakes {
        Wakes::Bars
    }

    fn timeframes(&self) -> Vec<Timeframe> {
        vec![Timeframe::parse("10s").unwrap()]
    }

    fn on_tick(&mut self, _: &Event, _: &mut Intents) {}

    fn on_frame(&mut self, frame: &Frame, out: &mut Intents) {
        for event in frame.events.iter().filter(|event| event.kind == Kind::BAR && event.detail == 0) {
            let bar = &frame.bars[event.words[0] as usize];
            if !bar.primary {
                continue;
            }
            assert_eq!(bar.source, BarSource::Trade);
            self.bars += 1;
            let mixed = self.bars.wrapping_mul(6_364_136_223_846_793_005) >> 33;
            let beside = (mixed / 5 % 7) as i64 - 3;
            let style = match mixed % 11 {
                0 => Style::Market,
                1 | 2 => Style::Touch,
                _ => Style::Limit(Price::new(bar.close.raw() + beside * 1_000_000)),
            };
            let position = Quantity::new(((mixed / 35 % 5) as i64 - 2) * UNIT);
            if !mixed.is_multiple_of(4) {
                out.push(Intent::new(bar.symbol, Goal::Withdraw));
            }
            let delay = Nanos(if mixed.is_multiple_of(6) { 700_000_000 } else { 0 });
            out.push(Intent { delay, ..Intent::target(bar.symbol, position, style) });
        }
    }

    fn state_hash(&self, hash: &mut StreamHash) {
        hash.words(&[self.bars]);
    }
}
