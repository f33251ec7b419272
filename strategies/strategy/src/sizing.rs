//! How large a position may be: the volatility target.
//!
//! size = equity · target volatility / (volatility · price · multiplier), rounded down to the lot and capped by
//! `risk.max_position`: the position whose price moves are worth `sizing.target_volatility` of equity a year.
//!
//! - Volatility is the symbol's latest `volatility_30` that exists, on the timeframe the sizing is built for; equity is
//!   the latest account's, the initial capital before the first.
//! - Without a volatility, or where volatility, price or equity is not above 0, the size is 0.
//! - A size is at most a quarter of the largest quantity, so that a reversal fits in one order even if a limit order
//!   that was withdrawn filled in the meantime ([`SIZE_MAX`]). What that cuts off is counted.
//! - The quotient is computed in f64 in the order written; from there on sizes are integers.
//!
//! Not here: Kelly's fraction, the limits of single orders (`gate`).

use crate::{Feature, FeatureError, Schema};
use model::{
    Account, Event, Frame, InstrumentTable, Kind, Money, Price, Quantity, StreamHash, SymbolId, Timeframe,
    UNIT,
};
use std::fmt;

/// The feature it reads: deviation of the last 30 returns, a year.
pub const VOLATILITY_FEATURE: &str = "volatility_30";
/// Highest target: ten times the equity's worth a year.
pub const TARGET_VOLATILITY_MAX: f64 = 10.0;
/// Largest size, in units of 1e-9.
pub const SIZE_MAX: i64 = Quantity::MAX.raw() / 4;

/// `sizing.*`, and the limit of `risk.*` that caps a size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SizingConfig {
    /// `sizing.target_volatility`: a year, as a fraction of equity.
    pub target_volatility: f64,
    /// `risk.max_position`, if configured. Not negative.
    pub max_position: Option<Quantity>,
}

impl Default for SizingConfig {
    /// 10% a year, no cap.
    fn default() -> Self {
        Self { target_volatility: 0.1, max_position: None }
    }
}

/// Why sizes cannot be computed.
#[derive(Debug, Clone, PartialEq)]
pub enum SizingError {
    /// `sizing.target_volatility` is not above 0 and at most [`TARGET_VOLATILITY_MAX`].
    TargetVolatility(f64),
    /// `risk.max_position` is negative.
    MaxPosition(Quantity),
    /// The volatility cannot be read.
    Feature(FeatureError),
}

impl fmt::Display for SizingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TargetVolatility(value) => write!(
                f,
                "sizing.target_volatility = {value} is out of range; write a fraction above 0 and at most {TARGET_VOLATILITY_MAX}"
            ),
            Self::MaxPosition(value) => {
                write!(f, "risk.max_position = {value} is negative; write a decimal of 0 or more")
            }
            Self::Feature(error) => write!(f, "sizing: {error}"),
        }
    }
}

impl std::error::Error for SizingError {}

/// Sizes by symbol: a fold of accounts and volatilities.
#[derive(Debug, Clone)]
pub struct Sizing {
    config: SizingConfig,
    volatility: Feature,
    account: Account,
    symbols: Vec<State>,
    /// Sizes that [`SIZE_MAX`] cut off.
    capped: u64,
}

model::state!(Sizing { account, symbols, capped; config config, volatility });

#[derive(Debug, Clone, Copy)]
struct State {
    /// In units of 1e-9, at least 1.
    lot: i64,
    multiplier: f64,
    /// A year; NaN before the first.
    volatility: f64,
}

model::state!(State { volatility; same lot, multiplier });

impl Sizing {
    /// Sizes for the symbols of the table, by the volatility of `timeframe`. `account` stands until the run's first.
    ///
    /// # Errors
    /// [`SizingError`] if the configuration is out of range or the run lacks the volatility.
    pub fn new(
        config: SizingConfig,
        timeframe: Timeframe,
        schema: &Schema,
        instruments: &InstrumentTable,
        initial_capital: Money,
    ) -> Result<Self, SizingError> {
        let target = config.target_volatility;
        if !(target > 0.0 && target <= TARGET_VOLATILITY_MAX) {
            return Err(SizingError::TargetVolatility(target));
        }
        if let Some(negative) = config.max_position.filter(|limit| *limit < Quantity::ZERO) {
            return Err(SizingError::MaxPosition(negative));
        }
        let volatility = schema.find(timeframe, VOLATILITY_FEATURE).map_err(SizingError::Feature)?;
        let symbols = instruments.instruments.iter().map(|instrument| State {
            lot: instrument.lot.raw().max(1),
            multiplier: instrument.multiplier.to_f64(),
            volatility: f64::NAN,
        });
        let account = Account {
            cash: initial_capital,
            equity: initial_capital,
            peak: initial_capital,
            ..Account::default()
        };
        Ok(Self { config, volatility, account, symbols: symbols.collect(), capped: 0 })
    }

    /// Folds an event of a frame: accounts and volatilities.
    #[inline]
    pub fn on_event(&mut self, event: &Event, frame: &Frame) {
        if event.kind == Kind::PORTFOLIO {
            self.account = frame.accounts[event.words[0] as usize];
        } else if let Some((symbol, volatility)) = self.volatility.read(event, frame) {
            self.symbols[symbol.index()].volatility = volatility;
        }
    }

    /// The latest account.
    #[inline]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// `risk.max_position`, if configured.
    #[inline]
    pub fn max_position(&self) -> Option<Quantity> {
        self.config.max_position
    }

    /// The size of a position entered at `price`: not negative, a multiple of the lot.
    pub fn size(&mut self, symbol: SymbolId, price: Price) -> Quantity {
        let state = self.symbols[symbol.index()];
        let budget = self.account.equity.to_f64() * self.config.target_volatility;
        let risk = state.volatility * price.to_f64() * state.multiplier;
        // NaN is not above 0. A risk that is infinite leaves nothing.
        if !(budget > 0.0 && risk > 0.0) {
            return Quantity::ZERO;
        }
        // `as` rounds towards 0 and stops at the end of the range.
        let raw = ((budget / risk) * UNIT as f64) as i64;
        let cap = self.config.max_position.map_or(SIZE_MAX, |limit| limit.raw().min(SIZE_MAX));
        let capped = raw.min(cap);
        self.capped += u64::from(raw > SIZE_MAX && cap == SIZE_MAX);
        let size = capped - capped % state.lot;
        debug_assert!((0..=SIZE_MAX).contains(&size), "a size is in range");
        Quantity::new(size)
    }

    /// How many sizes [`SIZE_MAX`] cut off.
    #[inline]
    pub fn capped(&self) -> u64 {
        self.capped
    }

    /// Adds the state to a hash: all that later sizes depend on.
    pub fn hash_into(&self, hash: &mut StreamHash) {
        self.account.hash_into(hash);
        self.symbols.iter().for_each(|state| hash.float(state.volatility));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{IndicatorSet, Instrument, Nanos, SymbolTable};
    use num_bigint::BigInt;
    use num_rational::Ratio;
    use proptest::prelude::*;

    fn quantity(text: &str) -> Quantity {
        Quantity::parse(text).unwrap()
    }

    fn timeframe(text: &str) -> Timeframe {
        Timeframe::parse(text).unwrap()
    }

    fn sizing_of(config: SizingConfig, lot: Quantity, multiplier: Quantity) -> Result<Sizing, SizingError> {
        let table = InstrumentTable::new(SymbolTable::new(["A".to_owned(), "B".to_owned()]), |symbol| {
            Instrument { lot, multiplier, ..Instrument::plain(symbol, "USD") }
        });
        let names = [vec![], vec!["sma_20".to_owned(), VOLATILITY_FEATURE.to_owned()]];
        let schema = Schema { timeframes: &[timeframe("5m"), timeframe("30m")], names: &names };
        Sizing::new(config, timeframe("30m"), &schema, &table, Money::parse("1000").unwrap())
    }

    fn note_volatility(sizing: &mut Sizing, timeframe: u8, volatility: f64) {
        let mut frame = Frame::default();
        frame.begin(Event::input(Kind::TIMER, Nanos(1), SymbolId::NONE));
        frame.values.extend([7.0, volatility]);
        let symbol = SymbolId(1);
        frame.push_set(IndicatorSet {
            symbol,
            timeframe,
            ts_close: Nanos(1),
            values_start: 0,
            values_len: 2,
        });
        frame.events.iter().for_each(|event| sizing.on_event(event, &frame));
    }

    fn note_equity(sizing: &mut Sizing, equity: &str) {
        let mut frame = Frame::default();
        frame.begin(Event::input(Kind::TIMER, Nanos(1), SymbolId::NONE));
        let account = Account { equity: Money::parse(equity).unwrap(), ..Account::default() };
        frame.push_account(account, SymbolId::NONE, 0);
        frame.events.iter().for_each(|event| sizing.on_event(event, &frame));
    }

    /// One row: what is known, and the size that follows.
    struct Case {
        equity: &'static str,
        volatility: f64,
        price: &'static str,
        lot: &'static str,
        multiplier: &'static str,
        max_position: Option<&'static str>,
    }

    const PLAIN: Case =
        Case { equity: "1000", volatility: 0.5, price: "100", lot: "0", multiplier: "1", max_position: None };

    fn check(case: Case, expected: &str) {
        let config =
            SizingConfig { max_position: case.max_position.map(quantity), ..SizingConfig::default() };
        let mut sizing = sizing_of(config, quantity(case.lot), quantity(case.multiplier)).unwrap();
        note_volatility(&mut sizing, 1, case.volatility);
        note_equity(&mut sizing, case.equity);
        let size = sizing.size(SymbolId(1), Price::parse(case.price).unwrap());
        assert_eq!(size.to_string(), expected, "{} at {}", case.volatility, case.price);
    }

    #[test]
    fn a_size_is_worth_the_target() {
        // 1000 · 0.1 / (0.5 · 100).
        check(PLAIN, "2");
        check(Case { volatility: 0.3, ..PLAIN }, "3.333333333");
        check(Case { multiplier: "50", ..PLAIN }, "0.04");
        check(Case { equity: "1500", ..PLAIN }, "3");
    }

    #[test]
    fn it_is_rounded_down_to_the_lot_after_it_is_capped() {
        check(Case { volatility: 0.3, lot: "0.1", ..PLAIN }, "3.3");
        check(Case { volatility: 0.3, lot: "2", ..PLAIN }, "2");
        check(Case { volatility: 0.3, lot: "4", ..PLAIN }, "0");
        check(Case { max_position: Some("1.57"), lot: "0.1", ..PLAIN }, "1.5");
        check(Case { max_position: Some("0"), ..PLAIN }, "0");
        check(Case { max_position: Some("5"), ..PLAIN }, "2");
    }

    #[test]
    fn nothing_known_or_nothing_to_risk_is_no_size() {
        check(Case { volatility: 0.0, ..PLAIN }, "0");
        check(Case { volatility: f64::NAN, ..PLAIN }, "0");
        check(Case { volatility: f64::INFINITY, ..PLAIN }, "0");
        check(Case { equity: "0", ..PLAIN }, "0");
        check(Case { equity: "-5", ..PLAIN }, "0");
        check(Case { price: "0", ..PLAIN }, "0");
        check(Case { price: "-100", ..PLAIN }, "0");
    }

    #[test]
    fn a_size_stays_in_range() {
        check(Case { volatility: 1e-300, ..PLAIN }, "249999999.999999999");
        check(Case { volatility: 1e-300, lot: "7", ..PLAIN }, "249999995");
        check(Case { volatility: 1e-300, max_position: Some("999999999"), ..PLAIN }, "249999999.999999999");
    }

    #[test]
    fn what_the_largest_size_cuts_off_is_counted() {
        let capped = |volatility, max_position: Option<&str>| {
            let config = SizingConfig { max_position: max_position.map(quantity), ..SizingConfig::default() };
            let mut sizing = sizing_of(config, Quantity::ZERO, quantity("1")).unwrap();
            note_volatility(&mut sizing, 1, volatility);
            let price = Price::parse("100").unwrap();
            let sizes: Vec<Quantity> = (0..3).map(|_| sizing.size(SymbolId(1), price)).collect();
            assert!(sizes.iter().all(|size| *size == sizes[0]));
            sizing.capped()
        };
        assert_eq!((capped(0.5, None), capped(1e-300, None)), (0, 3));
        assert_eq!(capped(1e-300, Some("5")), 0, "a limit that is configured is no surprise");
        assert_eq!(capped(1e-300, Some("999999999")), 3);
    }

    #[test]
    fn it_reads_its_own_timeframe_and_keeps_what_exists() {
        let mut sizing = sizing_of(SizingConfig::default(), Quantity::ZERO, quantity("1")).unwrap();
        let price = Price::parse("100").unwrap();
        note_volatility(&mut sizing, 0, 0.5);
        assert_eq!(sizing.size(SymbolId(1), price), Quantity::ZERO);
        note_volatility(&mut sizing, 1, 0.5);
        note_volatility(&mut sizing, 1, f64::NAN);
        assert_eq!(
            sizing.size(SymbolId(1), price),
            quantity("2"),
            "the initial capital stands before an account"
        );
        assert_eq!(sizing.size(SymbolId(0), price), Quantity::ZERO, "another symbol has no volatility yet");
    }

    #[test]
    fn what_is_out_of_range_or_missing_is_named() {
        let said = |config| sizing_of(config, Quantity::ZERO, quantity("1")).unwrap_err().to_string();
        let target = |target_volatility| said(SizingConfig { target_volatility, ..SizingConfig::default() });
        for bad in [0.0, -0.1, 10.1, f64::NAN, f64::INFINITY] {
            assert!(target(bad).starts_with(&format!("sizing.target_volatility = {bad} is out of range")));
        }
        let negative = SizingConfig { max_position: Some(quantity("-1")), ..SizingConfig::default() };
        assert!(said(negative).starts_with("risk.max_position = -1 is negative"));
        let schema = Schema { timeframes: &[timeframe("30m")], names: &[vec!["mmd_1".to_owned()]] };
        let table = InstrumentTable::default();
        let missing = Sizing::new(SizingConfig::default(), timeframe("30m"), &schema, &table, Money::ZERO);
        let expected =
            "sizing: no indicator of 30m gives volatility_30; add it to that timeframe's indicators";
        assert_eq!(missing.unwrap_err().to_string(), expected);
    }

    proptest! {
        /// The largest multiple of the lot that is worth no more than the target, but for f64's rounding.
        #[test]
        fn a_size_is_the_largest_that_the_target_allows(
            equity in 1..1_000_000_i64, thousandths in 10..3_000_i64, cents in 1..10_000_000_i64,
            lot in 1..2_000_000_000_i64, multiplier in 1..100_i64,
        ) {
            let mut sizing =
                sizing_of(SizingConfig::default(), Quantity::new(lot), Quantity::new(multiplier * UNIT)).unwrap();
            note_volatility(&mut sizing, 1, thousandths as f64 / 1e3);
            note_equity(&mut sizing, &equity.to_string());
            let size = sizing.size(SymbolId(1), Price::new(cents * UNIT / 100)).raw();
            prop_assert_eq!(size % lot, 0);
            let ratio = |above: i64, below: i64| Ratio::new(BigInt::from(above), BigInt::from(below));
            let risk = ratio(thousandths, 1000) * ratio(cents, 100) * ratio(multiplier, 1);
            let worth = |raw: i64| ratio(raw, UNIT) * &risk;
            let (budget, slack) = (ratio(equity, 10), ratio(1, 1_000_000_000_000));
            prop_assert!(worth(size) <= &budget + &budget * &slack);
            if size + lot <= SIZE_MAX {
                prop_assert!(worth(size + lot) > &budget - &budget * &slack);
            }
        }
    }
}
