//! `ema_cross`: long while the fast average is above the slow one, short while it is below.
//!
//! Per symbol, from bar number `slow` on. Equal averages keep the side. A change of side is one market
//! intent; nothing is repeated, so that a refused or unfilled wish stays what it was, as in the peer
//! engines this rule is compared with.

use crate::{EmaCrossConfig, RuleError};
use indicators::Ema;
use model::{Bar, Event, Frame, Goal, Intent, Kind, Quantity, StreamHash, Style, SymbolId, Timeframe};
use strategy::{Intents, Strategy, Wakes, timeframe_index};

/// The rule, with its averages per symbol.
#[derive(Debug, Clone)]
pub struct EmaCross {
    config: EmaCrossConfig,
    timeframe: u8,
    symbols: Vec<State>,
}

model::state!(EmaCross { symbols; config config, timeframe });

#[derive(Debug, Clone)]
struct State {
    bars: u64,
    fast: Ema,
    slow: Ema,
    /// 1 long, -1 short, 0 nothing wanted yet.
    side: i64,
}

model::state!(State { bars, fast, slow, side });

impl EmaCross {
    /// The rule for symbols 0..`symbols`, on the run's sorted `timeframes`.
    ///
    /// # Errors
    /// [`RuleError`] if the configuration is out of range or the run lacks its timeframe.
    pub fn new(config: EmaCrossConfig, timeframes: &[Timeframe], symbols: usize) -> Result<Self, RuleError> {
        config.check()?;
        let missing = RuleError::Timeframe { key: "ema_cross.timeframe", value: config.timeframe };
        let timeframe = timeframe_index(timeframes, config.timeframe).ok_or(missing)?;
        let state = State {
            bars: 0,
            fast: Ema::new(config.fast, config.seed),
            slow: Ema::new(config.slow, config.seed),
            side: 0,
        };
        Ok(Self { config, timeframe, symbols: vec![state; symbols] })
    }

    #[inline]
    fn on_bar(&mut self, bar: &Bar, out: &mut Intents) {
        let state = &mut self.symbols[bar.symbol.index()];
        state.bars += 1;
        let averages = state.fast.update(bar.close).zip(state.slow.update(bar.close));
        if state.bars < u64::from(self.config.slow) {
            return;
        }
        let Some((fast, slow)) = averages else { return };
        let side = if fast > slow {
            1
        } else if fast < slow {
            -1
        } else {
            state.side
        };
        if side != state.side {
            state.side = side;
            out.push(target(bar.symbol, side * self.config.quantity.raw()));
        }
    }
}

#[inline]
fn target(symbol: SymbolId, position: i64) -> Intent {
    Intent::new(symbol, Goal::Target { position: Quantity::new(position), style: Style::Market })
}

impl Strategy for EmaCross {
    fn name(&self) -> &'static str {
        "ema_cross"
    }

    fn wakes(&self) -> Wakes {
        Wakes::Bars
    }

    fn timeframes(&self) -> Vec<Timeframe> {
        vec![self.config.timeframe]
    }

    #[inline]
    fn on_tick(&mut self, _tick: &Event, _out: &mut Intents) {}

    #[inline]
    fn on_frame(&mut self, frame: &Frame, out: &mut Intents) {
        for event in &frame.events {
            if event.kind == Kind::BAR {
                let bar = &frame.bars[event.words[0] as usize];
                if bar.primary && bar.timeframe == self.timeframe {
                    self.on_bar(bar, out);
                }
            }
        }
    }

    fn state_hash(&self, hash: &mut StreamHash) {
        for state in &self.symbols {
            hash.words(&[state.bars, state.side as u64]);
            hash.float(state.fast.value().unwrap_or(f64::NAN));
            hash.float(state.slow.value().unwrap_or(f64::NAN));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Script, timeframes};
    use indicators::Seed;

    fn rule(fast: u32, slow: u32, seed: Seed) -> EmaCross {
        let quantity = Quantity::parse("0.5").unwrap();
        let config = EmaCrossConfig { fast, slow, quantity, seed, ..EmaCrossConfig::default() };
        EmaCross::new(config, &timeframes(), 2).unwrap()
    }

    /// Feeds closes to a rule of 1 against 3 and compares what is said, bar by bar.
    fn check(seed: Seed, closes: &[&str], expected: &[&str]) {
        let mut script = Script::new(rule(1, 3, seed));
        let said: Vec<String> = closes.iter().map(|close| script.bar("1m", 0, close)).collect();
        assert_eq!(said, expected, "{seed:?} {closes:?}");
    }

    #[test]
    fn wants_the_side_of_the_fast_average_from_bar_slow_on() {
        check(
            Seed::First,
            &["10", "11", "12", "13", "9", "8", "14"],
            &["", "", "0.5", "", "-0.5", "", "0.5"],
        );
        // With the mean as seed the averages at bar 3 are 12 and 11.
        check(Seed::Sma, &["10", "11", "12", "13", "9"], &["", "", "0.5", "", "-0.5"]);
    }

    #[test]
    fn flat_prices_decide_nothing() {
        check(Seed::First, &["0.1"; 8], &[""; 8]);
        check(Seed::Sma, &["0.1"; 8], &[""; 8]);
    }

    #[test]
    fn equal_averages_keep_the_side() {
        // Seeded with the first close: slow 10, 12, 11; fast 10, 14, 10: short. Then both are 11 at 11.
        check(Seed::First, &["10", "14", "10", "11", "10", "11"], &["", "", "-0.5", "", "", "0.5"]);
    }

    #[test]
    fn seeds_differ_in_what_they_remember() {
        // The slow average at bar 4 is 57.5 from the first close, 65 from the mean of the first three.
        check(Seed::First, &["100", "100", "10", "60"], &["", "", "-0.5", "0.5"]);
        check(Seed::Sma, &["100", "100", "10", "60"], &["", "", "-0.5", ""]);
    }

    #[test]
    fn reads_its_own_timeframe_and_symbol_and_primary_bars_only() {
        let mut script = Script::new(rule(1, 2, Seed::First));
        for close in ["1", "2", "3"] {
            assert_eq!(script.bar("5m", 0, close), "");
            assert_eq!(script.other_source_bar("1m", 0, close), "");
        }
        assert_eq!(script.bar("1m", 0, "10"), "");
        assert_eq!(script.bar("1m", 1, "10"), "");
        assert_eq!(script.bar("1m", 0, "11"), "0.5");
        assert_eq!(script.bar("1m", 1, "9"), "-0.5");
    }

    #[test]
    fn a_missing_timeframe_is_named() {
        let config =
            EmaCrossConfig { timeframe: Timeframe::parse("2m").unwrap(), ..EmaCrossConfig::default() };
        let error = EmaCross::new(config, &timeframes(), 1).unwrap_err().to_string();
        assert!(error.contains("ema_cross.timeframe = 2m"), "{error}");
    }

    #[test]
    fn the_state_hash_tells_histories_apart() {
        let after = |closes: &[&str]| {
            let mut script = Script::new(rule(1, 3, Seed::First));
            closes.iter().for_each(|close| drop(script.bar("1m", 0, close)));
            script.state_hash()
        };
        assert_eq!(after(&["1", "2", "3"]), after(&["1", "2", "3"]));
        assert_ne!(after(&["1", "2", "3"]), after(&["1", "2", "4"]));
    }
}
