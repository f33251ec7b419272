//! The portfolio stage: marks on ticks, folds fills, emits the account.
//!
//! It stands first after the sequencer, so every later stage sees the account as it is after the input
//! and nothing later. A tick only stores a mark; the account is computed where something reads it.
//! Not here: the ratios of a run (`performance`).

use crate::error::{Beyond, PortfolioError};
use crate::position::Position;
use model::{
    Account, EQUITY_ROW, Event, Fill, Frame, InstrumentTable, Kind, Mark, Money, Price, Quantity, StreamHash,
    SymbolId, notional,
};

/// The flag of a [`Kind::TIMER`] input at which the shortest timeframe closes.
const TIMER_SHORTEST: u8 = 1;

/// When the account is emitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpdateOn {
    /// At fills, timers and the run's start and end.
    Boundaries,
    /// Also at each tick of a symbol that is held: for a strategy that wakes on ticks.
    Ticks,
}

/// One symbol's state, for summaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// Which symbol.
    pub symbol: SymbolId,
    /// What is held of it; may be flat.
    pub position: Position,
    /// Cost per unit, for display; `None` when flat.
    pub avg_price: Option<Price>,
    /// Last trade, else last mid; `None` before the symbol's first tick.
    pub mark_price: Option<Price>,
    /// The instrument's multiplier.
    pub multiplier: Quantity,
}

/// All positions and the account. A pure fold of inputs.
#[derive(Debug, Clone)]
pub struct Portfolio {
    update_on: UpdateOn,
    instruments: InstrumentTable,
    initial_capital: Money,
    marks: Vec<Mark>,
    positions: Vec<Position>,
    realised_pnl: Money,
    fees: Money,
    /// The highest equity of all equity rows, at least the initial capital.
    peak: Money,
    account: Account,
    hash: StreamHash,
}

model::state!(Portfolio {
    marks, positions, realised_pnl, fees, peak, account, hash;
    same initial_capital;
    config update_on, instruments
});

impl Portfolio {
    /// An account that holds nothing but its capital.
    pub fn new(instruments: &InstrumentTable, initial_capital: Money, update_on: UpdateOn) -> Self {
        let symbols = instruments.instruments.len();
        let account = Account {
            cash: initial_capital,
            equity: initial_capital,
            peak: initial_capital,
            ..Account::default()
        };
        Self {
            update_on,
            instruments: instruments.clone(),
            initial_capital,
            marks: vec![Mark::default(); symbols],
            positions: vec![Position::default(); symbols],
            realised_pnl: Money::ZERO,
            fees: Money::ZERO,
            peak: initial_capital,
            account,
            hash: StreamHash::new(),
        }
    }

    /// Marks the symbol to the tick. Emits nothing.
    #[inline]
    pub fn on_tick(&mut self, tick: &Event) {
        self.marks[tick.symbol.index()].on_tick(tick);
    }

    /// Folds the frame's input and emits the account where the input calls for it. A tick is marked.
    ///
    /// # Errors
    /// [`PortfolioError`] where a figure leaves its range.
    #[inline]
    pub fn on_frame(&mut self, frame: &mut Frame) -> Result<(), PortfolioError> {
        let input = *frame.input();
        match input.kind {
            Kind::FILL => {
                self.fold(&Fill::from_event(&input))?;
                self.emit(frame, input.symbol, EQUITY_ROW)
            }
            Kind::TIMER => {
                let flags = if input.flags & TIMER_SHORTEST != 0 { EQUITY_ROW } else { 0 };
                self.emit(frame, SymbolId::NONE, flags)
            }
            Kind::SESSION => self.emit(frame, SymbolId::NONE, EQUITY_ROW),
            kind if kind.is_tick() => self.on_tick_frame(frame),
            _ => Ok(()),
        }
    }

    /// Marks the frame's tick; with [`UpdateOn::Ticks`] emits the account if the symbol is held. Frames of
    /// other inputs are left alone.
    ///
    /// # Errors
    /// [`PortfolioError`] where a figure leaves its range.
    #[inline]
    pub fn on_tick_frame(&mut self, frame: &mut Frame) -> Result<(), PortfolioError> {
        let input = *frame.input();
        if !input.kind.is_tick() {
            return Ok(());
        }
        self.on_tick(&input);
        let held = self.positions[input.symbol.index()].quantity != Quantity::ZERO;
        if self.update_on == UpdateOn::Ticks && held { self.emit(frame, input.symbol, 0) } else { Ok(()) }
    }

    /// The account as it was last emitted.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// What the run started with.
    pub fn initial_capital(&self) -> Money {
        self.initial_capital
    }

    /// What is held of a symbol.
    ///
    /// # Panics
    /// If the symbol is not of the table.
    pub fn position(&self, symbol: SymbolId) -> Position {
        self.positions[symbol.index()]
    }

    /// All symbols in id order, flat ones included.
    pub fn holdings(&self) -> impl Iterator<Item = Holding> {
        self.positions.iter().enumerate().map(|(i, &position)| {
            let multiplier = self.instruments.instruments[i].multiplier;
            Holding {
                symbol: SymbolId(i as u32),
                position,
                avg_price: position.avg_price(multiplier),
                mark_price: self.marks[i].price(),
                multiplier,
            }
        })
    }

    /// Hashes what waits to be hashed, if it is much: asked when the frame's orders have left.
    #[inline]
    pub fn catch_up(&mut self) {
        self.hash.catch_up();
    }

    /// Hash of the accounts emitted so far, each with its event.
    pub fn event_hash(&self) -> u128 {
        self.hash.value()
    }

    /// Hash of positions, marks and account.
    pub fn state_hash(&self) -> u128 {
        let mut hash = StreamHash::new();
        for (position, mark) in self.positions.iter().zip(&self.marks) {
            hash.words(&[position.quantity.raw() as u64]);
            hash.amount(position.cost.raw());
            hash.words(&mark.words());
        }
        hash.amount(self.realised_pnl.raw());
        hash.amount(self.fees.raw());
        hash.amount(self.peak.raw());
        self.account.hash_into(&mut hash);
        hash.value()
    }

    /// Folds a fill into position, realised profit and fees; all or nothing.
    #[inline]
    fn fold(&mut self, fill: &Fill) -> Result<(), PortfolioError> {
        let multiplier = self.instruments.get(fill.symbol).multiplier;
        let mut position = self.positions[fill.symbol.index()];
        let totals = position.fold(fill, multiplier).and_then(|realised| {
            Ok([self.realised_pnl.plus(realised).map_err(Beyond::from)?, self.fees.plus(fill.fee)?])
        });
        let [realised_pnl, fees] = totals.map_err(|beyond| self.error(beyond, fill.symbol))?;
        self.positions[fill.symbol.index()] = position;
        self.realised_pnl = realised_pnl;
        self.fees = fees;
        Ok(())
    }

    /// Computes the account and appends it to the frame.
    #[inline]
    fn emit(&mut self, frame: &mut Frame, symbol: SymbolId, flags: u8) -> Result<(), PortfolioError> {
        self.account = self.valued(flags)?;
        let quantity =
            if symbol == SymbolId::NONE { 0 } else { self.positions[symbol.index()].quantity.raw() };
        frame.push_account(self.account, symbol, quantity);
        let event = frame.events.last_mut().expect("the account's event was just pushed");
        event.flags |= flags;
        self.hash.events(std::slice::from_ref(event));
        self.account.hash_into(&mut self.hash);
        Ok(())
    }

    /// The account at the present marks. An equity row moves the peak.
    #[inline]
    fn valued(&mut self, flags: u8) -> Result<Account, PortfolioError> {
        let mut position_value = Money::ZERO;
        let mut unrealised_pnl = Money::ZERO;
        for i in 0..self.positions.len() {
            if self.positions[i].quantity == Quantity::ZERO {
                continue;
            }
            let sums = self.value_of(i).and_then(|value| {
                let gain = value.minus(self.positions[i].cost)?;
                Ok([position_value.plus(value)?, unrealised_pnl.plus(gain)?])
            });
            [position_value, unrealised_pnl] =
                sums.map_err(|beyond| self.error(beyond, SymbolId(i as u32)))?;
        }
        let equity = self
            .initial_capital
            .plus(self.realised_pnl)
            .and_then(|sum| sum.plus(unrealised_pnl))
            .and_then(|sum| sum.minus(self.fees));
        let sums = equity.and_then(|equity| Ok([equity, equity.minus(position_value)?]));
        let [equity, cash] =
            sums.map_err(|_| PortfolioError::MoneyOverflow { symbol: "all symbols".to_owned() })?;
        let peak = self.peak.max(equity);
        if flags & EQUITY_ROW != 0 {
            self.peak = peak;
        }
        let (realised_pnl, fees) = (self.realised_pnl, self.fees);
        Ok(Account { cash, position_value, equity, realised_pnl, unrealised_pnl, fees, peak })
    }

    /// Mark notional of a position. Before the symbol's first tick (its first fill comes right before it)
    /// a position is worth what it cost.
    #[inline]
    fn value_of(&self, symbol: usize) -> Result<Money, Beyond> {
        let position = self.positions[symbol];
        match self.marks[symbol].price() {
            Some(mark) => {
                Ok(notional(mark, position.quantity, self.instruments.instruments[symbol].multiplier)?)
            }
            None => Ok(position.cost),
        }
    }

    #[cold]
    fn error(&self, beyond: Beyond, symbol: SymbolId) -> PortfolioError {
        PortfolioError::new(beyond, self.instruments.symbols.name(symbol))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Instrument, Liquidity, Nanos, OrderId, Quote, Side, SymbolTable, Trade};

    fn portfolio(update_on: UpdateOn) -> Portfolio {
        let symbols = SymbolTable::new(["A", "B"].map(String::from));
        let instruments = InstrumentTable::new(symbols, |name| Instrument::plain(name, "USD"));
        Portfolio::new(&instruments, Money::parse("1000").unwrap(), update_on)
    }

    fn trade(symbol: u32, price: &str) -> Event {
        let trade = Trade {
            ts_event: Nanos(1),
            price: Price::parse(price).unwrap(),
            size: Quantity::new(1),
            aggressor: 0,
        };
        Event::trade(Nanos(1), SymbolId(symbol), trade)
    }

    fn fill(symbol: u32, side: Side, quantity: &str, price: &str, fee: &str) -> Event {
        Fill {
            order: OrderId(0),
            number: 1,
            symbol: SymbolId(symbol),
            side,
            quantity: Quantity::parse(quantity).unwrap(),
            price: Price::parse(price).unwrap(),
            fee: Money::parse(fee).unwrap(),
            liquidity: Liquidity::Taker,
        }
        .to_event(Nanos(2))
    }

    fn run(portfolio: &mut Portfolio, input: Event) -> Frame {
        let mut frame = Frame::default();
        frame.begin(input);
        portfolio.on_frame(&mut frame).unwrap();
        frame
    }

    /// Compares the account, in its declared order, as text.
    fn check(frame: &Frame, expected: [&str; 7]) {
        assert_eq!(frame.accounts[0].amounts().map(|amount| amount.to_string()), expected);
    }

    #[test]
    fn an_account_is_worth_its_cash_and_marked_positions() {
        let mut p = portfolio(UpdateOn::Boundaries);
        p.on_tick(&trade(0, "100"));
        check(
            &run(&mut p, fill(0, Side::Buy, "2", "101", "0.5")),
            ["797.5", "200", "997.5", "0", "-2", "0.5", "1000"],
        );
        p.on_tick(&trade(0, "110"));
        let timer = Event::input(Kind::TIMER, Nanos(3), SymbolId::NONE);
        check(
            &run(&mut p, Event { flags: 1, ..timer }),
            ["797.5", "220", "1017.5", "0", "18", "0.5", "1017.5"],
        );
        check(
            &run(&mut p, fill(0, Side::Sell, "2", "105", "-0.25")),
            ["1007.75", "0", "1007.75", "8", "0", "0.25", "1017.5"],
        );
    }

    #[test]
    fn a_position_before_the_first_tick_is_worth_its_cost() {
        let mut p = portfolio(UpdateOn::Boundaries);
        check(
            &run(&mut p, fill(1, Side::Sell, "1", "50", "0")),
            ["1050", "-50", "1000", "0", "0", "0", "1000"],
        );
        let quote = Quote {
            ts_event: Nanos(1),
            bid: Price::parse("40").unwrap(),
            ask: Price::parse("42").unwrap(),
            bid_size: None,
            ask_size: None,
        };
        p.on_tick(&Event::quote(Nanos(2), SymbolId(1), quote));
        let end = Event { flags: 2, ..Event::input(Kind::SESSION, Nanos(3), SymbolId::NONE) };
        check(&run(&mut p, end), ["1050", "-41", "1009", "0", "9", "0", "1009"]);
    }

    #[test]
    fn rows_are_fills_session_and_the_shortest_timeframe() {
        let mut p = portfolio(UpdateOn::Boundaries);
        let input = |kind, flags| Event { flags, ..Event::input(kind, Nanos(9), SymbolId::NONE) };
        for (event, expected) in [
            (input(Kind::SESSION, 1), Some(1)),
            (input(Kind::TIMER, 1), Some(1)),
            (input(Kind::TIMER, 0), Some(0)),
            (input(Kind::REPORT, 0), None),
            (trade(0, "1"), None),
            (fill(0, Side::Buy, "1", "1", "0"), Some(1)),
            (trade(0, "1"), None),
            (input(Kind::SESSION, 2), Some(1)),
        ] {
            let frame = run(&mut p, event);
            let found = frame.events.get(1).map(|e| e.flags);
            assert_eq!(found, expected, "{event:?}");
            let quantity = if event.kind == Kind::FILL { 1_000_000_000 } else { 0 };
            assert!(frame.events.get(1).is_none_or(|e| e.words[1] == quantity && e.symbol == event.symbol));
        }
    }

    #[test]
    fn ticks_emit_the_account_only_when_asked_and_held() {
        for (update_on, expected) in [(UpdateOn::Boundaries, [0, 0]), (UpdateOn::Ticks, [1, 0])] {
            let mut p = portfolio(update_on);
            run(&mut p, fill(0, Side::Buy, "1", "1", "0"));
            let pushed = [0, 1].map(|symbol| run(&mut p, trade(symbol, "2")).accounts.len());
            assert_eq!(pushed, expected, "{update_on:?}");
        }
    }

    #[test]
    fn a_tick_does_not_move_the_peak() {
        let mut p = portfolio(UpdateOn::Ticks);
        run(&mut p, fill(0, Side::Buy, "1", "100", "0"));
        check(&run(&mut p, trade(0, "150")), ["900", "150", "1050", "0", "50", "0", "1050"]);
        check(&run(&mut p, trade(0, "120")), ["900", "120", "1020", "0", "20", "0", "1020"]);
    }

    #[test]
    fn the_error_names_the_symbol_and_nothing_is_folded() {
        let mut p = portfolio(UpdateOn::Boundaries);
        run(&mut p, fill(1, Side::Buy, "999999999", "1", "0"));
        let before = p.state_hash();
        let mut frame = Frame::default();
        frame.begin(fill(1, Side::Buy, "1", "1", "0"));
        let error = p.on_frame(&mut frame).unwrap_err();
        assert_eq!(error, PortfolioError::PositionOverflow { symbol: "B".to_owned() });
        assert!(error.to_string().contains("B would be beyond"));
        assert_eq!((p.state_hash(), frame.accounts.len()), (before, 0));
    }

    #[test]
    fn hashes_follow_what_is_emitted_and_held() {
        let (mut p, mut q) = (portfolio(UpdateOn::Boundaries), portfolio(UpdateOn::Boundaries));
        p.on_tick(&trade(0, "1"));
        assert_ne!(p.state_hash(), q.state_hash());
        assert_eq!(p.event_hash(), q.event_hash());
        q.on_tick(&trade(0, "1"));
        for side in [Side::Buy, Side::Sell] {
            run(&mut p, fill(0, side, "1", "1", "0"));
            assert_ne!(p.event_hash(), q.event_hash());
            run(&mut q, fill(0, side, "1", "1", "0"));
            assert_eq!((p.event_hash(), p.state_hash()), (q.event_hash(), q.state_hash()));
        }
    }
}
