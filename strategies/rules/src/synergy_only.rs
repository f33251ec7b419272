//! `synergy_only`: takes each synergy's direction at market, with the sizing and the exits of the agents.
//!
//! Why: it is what the agents are measured against; where they do better, it is their decisions that do.
//!
//! - At a synergy: the position wanted is direction × size, at the price of the synergy. A size of 0 wants nothing, and
//!   neither does what is held already.
//! - At each bar of the exits' timeframe, before the synergies: stop, target and time stop, at market to flat, said
//!   again while the position stands. A synergy on the side that is being left does not stop its exit.
//!
//! Not here: how synergies come about (`synergy`), sizes and exits themselves (`strategy`).

use model::{
    Event, Frame, InstrumentTable, Intent, Kind, Money, Quantity, StreamHash, Style, Synergy, Timeframe,
};
use std::fmt;
use strategy::{
    Exits, ExitsConfig, ExitsError, Intents, Schema, Sizing, SizingConfig, SizingError, Strategy, Wakes,
};

/// What the rule is built from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SynergyOnlyConfig {
    /// How large a position is.
    pub sizing: SizingConfig,
    /// On which timeframe its volatility is read: the strategic one.
    pub sizing_timeframe: Timeframe,
    /// When a position is left.
    pub exits: ExitsConfig,
    /// On which bars that is checked: the tactical ones.
    pub exits_timeframe: Timeframe,
}

impl Default for SynergyOnlyConfig {
    /// The agents' defaults: volatility of 30m, exits on 5m.
    fn default() -> Self {
        let timeframe = |text| Timeframe::parse(text).expect("a timeframe");
        Self {
            sizing: SizingConfig::default(),
            sizing_timeframe: timeframe("30m"),
            exits: ExitsConfig::default(),
            exits_timeframe: timeframe("5m"),
        }
    }
}

/// Why the rule cannot be built.
#[derive(Debug, Clone, PartialEq)]
pub enum SynergyOnlyError {
    /// The sizing is out of range, or its volatility is missing.
    Sizing(SizingError),
    /// The exits are out of range, or their timeframe or ATR is missing.
    Exits(ExitsError),
}

impl fmt::Display for SynergyOnlyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sizing(error) => error.fmt(f),
            Self::Exits(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SynergyOnlyError {}

/// The rule, with its positions.
#[derive(Debug, Clone)]
pub struct SynergyOnly {
    config: SynergyOnlyConfig,
    sizing: Sizing,
    exits: Exits,
}

model::state!(SynergyOnly { sizing, exits; config config });

impl SynergyOnly {
    /// The rule for the symbols of the table, reading sets of this schema.
    ///
    /// # Errors
    /// [`SynergyOnlyError`] if the configuration is out of range or the run lacks a timeframe or a feature.
    pub fn new(
        config: SynergyOnlyConfig,
        schema: &Schema,
        instruments: &InstrumentTable,
        initial_capital: Money,
    ) -> Result<Self, SynergyOnlyError> {
        let sizing =
            Sizing::new(config.sizing, config.sizing_timeframe, schema, instruments, initial_capital)
                .map_err(SynergyOnlyError::Sizing)?;
        let exits = Exits::new(config.exits, config.exits_timeframe, schema, instruments)
            .map_err(SynergyOnlyError::Exits)?;
        Ok(Self { config, sizing, exits })
    }

    fn on_synergy(&mut self, synergy: &Synergy, out: &mut Intents) {
        let size = self.sizing.size(synergy.symbol, synergy.context.price);
        let target = Quantity::new(i64::from(synergy.direction.sign()) * size.raw());
        if target != Quantity::ZERO && self.exits.calls_for_trade(synergy.symbol, target) {
            out.push(Intent::target(synergy.symbol, target, Style::Market));
        }
    }
}

impl Strategy for SynergyOnly {
    fn name(&self) -> &'static str {
        "synergy_only"
    }

    fn wakes(&self) -> Wakes {
        Wakes::Bars
    }

    fn timeframes(&self) -> Vec<Timeframe> {
        vec![self.config.exits_timeframe, self.config.sizing_timeframe]
    }

    #[inline]
    fn on_tick(&mut self, _tick: &Event, _out: &mut Intents) {}

    fn on_frame(&mut self, frame: &Frame, out: &mut Intents) {
        for event in &frame.events {
            self.sizing.on_event(event, frame);
            self.exits.on_event(event, frame);
        }
        for event in frame.events.iter().filter(|event| event.kind == Kind::BAR) {
            let bar = &frame.bars[event.words[0] as usize];
            if self.exits.watches(bar)
                && let Some(reason) = self.exits.on_bar(bar)
            {
                out.push(Intent::exit(bar.symbol, reason.purpose()));
            }
        }
        for event in frame.events.iter().filter(|event| event.kind == Kind::SYNERGY) {
            self.on_synergy(&frame.synergies[event.words[0] as usize], out);
        }
    }

    fn state_hash(&self, hash: &mut StreamHash) {
        self.sizing.hash_into(hash);
        self.exits.hash_into(hash);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Script, timeframes};
    use model::Direction::{Long, Short};
    use model::Side::{Buy, Sell};
    use model::{
        Account, Bar, BarSource, Direction, IndicatorSet, Instrument, MarketContext, Nanos, Pattern, Price,
        Signal, SignalKind, SymbolId, SymbolTable,
    };
    use strategy::{ATR_FEATURE, VOLATILITY_FEATURE};

    /// Both features on 5m.
    fn rule() -> SynergyOnly {
        let five = timeframes()[1];
        let config = SynergyOnlyConfig {
            sizing_timeframe: five,
            exits_timeframe: five,
            ..SynergyOnlyConfig::default()
        };
        let names = [vec![], vec![ATR_FEATURE.to_owned(), VOLATILITY_FEATURE.to_owned()]];
        let schema = Schema { timeframes: &timeframes(), names: &names };
        let symbols = SymbolTable::new(["A".to_owned(), "B".to_owned()]);
        let table = InstrumentTable::new(symbols, |symbol| Instrument::plain(symbol, "USD"));
        SynergyOnly::new(config, &schema, &table, Money::ZERO).unwrap()
    }

    fn synergy(symbol: u32, direction: Direction, price: Price) -> Synergy {
        let signal = Signal { kind: SignalKind::Mlmi, direction, strength: 0.5, ts: Nanos(1) };
        let context = MarketContext { price, volatility: f64::NAN, volume: 0, lvn_distance: f64::NAN };
        Synergy {
            symbol: SymbolId(symbol),
            pattern: Pattern::ALL[0],
            direction,
            strength: 0.5,
            signals: [signal; 3],
            context,
        }
    }

    /// A bar of symbol 0 with an ATR of 5 and a volatility of 0.5, then a synergy if there is one. Equity is 1000, so
    /// that a size at 100 is 2.
    fn bar(script: &mut Script<SynergyOnly>, close: &str, direction: Option<Direction>) -> String {
        let close = Price::parse(close).unwrap();
        script.boundary(|frame| {
            let account = Account { equity: Money::parse("1000").unwrap(), ..Account::default() };
            frame.push_account(account, SymbolId::NONE, 0);
            let (symbol, ts_close) = (SymbolId(0), Nanos::MINUTE);
            frame.push_bar(Bar {
                symbol,
                timeframe: 1,
                source: BarSource::Trade,
                primary: true,
                ts_open: Nanos(0),
                ts_close,
                open: close,
                high: close,
                low: close,
                close,
                volume: 0,
                vwap: None,
                trades: 1,
            });
            frame.values.extend([5.0, 0.5]);
            frame.push_set(IndicatorSet { symbol, timeframe: 1, ts_close, values_start: 0, values_len: 2 });
            if let Some(direction) = direction {
                frame.push_synergy(synergy(0, direction, close));
            }
        })
    }

    fn long_at_100() -> Script<SynergyOnly> {
        let mut script = Script::new(rule());
        assert_eq!(bar(&mut script, "100", Some(Long)), "2");
        assert_eq!(script.fill(Buy, "2", "100"), "", "a fill says nothing by itself");
        script
    }

    #[test]
    fn takes_the_direction_of_each_synergy() {
        let mut script = long_at_100();
        assert_eq!(bar(&mut script, "100", None), "");
        assert_eq!(bar(&mut script, "100", Some(Long)), "", "that is held already");
        assert_eq!(bar(&mut script, "95", Some(Long)), "2.105263157", "the size follows the price");
        assert_eq!(bar(&mut script, "100", Some(Short)), "-2");
        script.fill(Sell, "4", "100");
        assert_eq!(bar(&mut script, "100", Some(Short)), "");
    }

    #[test]
    fn without_a_volatility_it_wants_nothing() {
        let mut script = Script::new(rule());
        bar(&mut script, "100", None);
        let price = Price::parse("100").unwrap();
        assert_eq!(script.boundary(|frame| frame.push_synergy(synergy(1, Long, price))), "");
        assert_eq!(script.boundary(|frame| frame.push_synergy(synergy(0, Long, price))), "2");
    }

    #[test]
    fn leaves_at_stop_target_and_time_and_says_so_again() {
        for (close, before) in [("90", "90.000000001"), ("115", "114.999999999")] {
            let mut script = long_at_100();
            assert_eq!(bar(&mut script, before, None), "");
            assert_eq!(bar(&mut script, close, None), "0");
            assert_eq!(bar(&mut script, "100", None), "0", "it is still held");
            script.fill(Sell, "2", close);
            assert_eq!(bar(&mut script, close, None), "");
        }
        let mut script = long_at_100();
        let said: Vec<String> = (0..49).map(|_| bar(&mut script, "100", None)).collect();
        assert_eq!(said.iter().position(|said| said == "0"), Some(47));
    }

    #[test]
    fn a_synergy_does_not_undo_an_exit_but_may_reverse() {
        assert_eq!(bar(&mut long_at_100(), "90", Some(Long)), "0");
        assert_eq!(bar(&mut long_at_100(), "80", Some(Short)), "0 -2.5");
    }

    #[test]
    fn says_no_decisions_and_hashes_its_state() {
        let mut out = Intents::new();
        let mut frame = Frame::default();
        frame.begin(Event::input(Kind::TIMER, Nanos(1), SymbolId::NONE));
        frame.push_synergy(synergy(0, Long, Price::new(1)));
        rule().on_frame(&frame, &mut out);
        assert!(out.decisions().is_empty() && out.is_empty());
        let mut other = long_at_100();
        assert_eq!(other.state_hash(), long_at_100().state_hash());
        bar(&mut other, "100", None);
        assert_ne!(other.state_hash(), long_at_100().state_hash());
    }

    #[test]
    fn what_is_missing_is_named() {
        let table = InstrumentTable::default();
        let schema = Schema { timeframes: &timeframes(), names: &[vec![], vec![]] };
        let built = SynergyOnly::new(SynergyOnlyConfig::default(), &schema, &table, Money::ZERO);
        let expected =
            "sizing: volatility_30 is read on 30m, which the run does not have; add it to bars.timeframes";
        assert_eq!(built.unwrap_err().to_string(), expected);
    }
}
