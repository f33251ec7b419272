//! Tests only: hand-made frames for a strategy, and what it says of them as text.
//!
//! A market target is written `0.5`, a limit one `0.5@9.8`, a withdrawal `withdraw`; several are
//! separated by a space.

use model::{
    Account, Bar, BarSource, Event, Fill, Frame, Goal, Intent, Kind, Liquidity, Money, Nanos, OrderId, Price,
    Quantity, Quote, Report, ReportKind, Side, StreamHash, Style, SymbolId, Timeframe, Trade,
};
use strategy::{Intents, Strategy, timeframe_index};

/// The list every test runs on.
pub(crate) fn timeframes() -> Vec<Timeframe> {
    ["1m", "5m"].map(|text| Timeframe::parse(text).unwrap()).to_vec()
}

/// A strategy under test, and the positions its fills make.
pub(crate) struct Script<S> {
    strategy: S,
    frame: Frame,
    seq: u64,
    positions: [i64; 2],
    out: Intents,
}

fn price(text: &str) -> Price {
    Price::parse(text).unwrap()
}

impl<S: Strategy> Script<S> {
    pub(crate) fn new(strategy: S) -> Self {
        Self { strategy, frame: Frame::default(), seq: 0, positions: [0; 2], out: Intents::new() }
    }

    fn begin(&mut self, input: Event) {
        self.seq += 1;
        self.frame.begin(Event { seq: self.seq, ..input });
    }

    fn end(&mut self) -> String {
        self.strategy.on_frame(&self.frame, &mut self.out);
        self.said()
    }

    fn said(&mut self) -> String {
        let words: Vec<String> = self.out.drain().map(describe).collect();
        words.join(" ")
    }

    /// A boundary whose frame is made by hand.
    pub(crate) fn boundary(&mut self, derive: impl FnOnce(&mut Frame)) -> String {
        self.begin(Event::input(Kind::TIMER, Nanos::MINUTE, SymbolId::NONE));
        derive(&mut self.frame);
        self.end()
    }

    fn bar_of(&mut self, timeframe: &str, symbol: u32, close: &str, primary: bool) -> String {
        let close = price(close);
        self.begin(Event::input(Kind::TIMER, Nanos::MINUTE, SymbolId::NONE));
        self.frame.push_account(Account::default(), SymbolId::NONE, 0);
        self.frame.push_bar(Bar {
            symbol: SymbolId(symbol),
            timeframe: timeframe_index(&timeframes(), Timeframe::parse(timeframe).unwrap()).unwrap(),
            source: BarSource::Trade,
            primary,
            ts_open: Nanos(0),
            ts_close: Nanos::MINUTE,
            open: close,
            high: close,
            low: close,
            close,
            volume: 0,
            vwap: None,
            trades: 1,
        });
        self.end()
    }

    /// A bar whose four prices are `close`.
    pub(crate) fn bar(&mut self, timeframe: &str, symbol: u32, close: &str) -> String {
        self.bar_of(timeframe, symbol, close, true)
    }

    /// The same of a source that is not the symbol's first.
    pub(crate) fn other_source_bar(&mut self, timeframe: &str, symbol: u32, close: &str) -> String {
        self.bar_of(timeframe, symbol, close, false)
    }

    /// A fill of symbol 0, and the portfolio's answer to it.
    pub(crate) fn fill(&mut self, side: Side, quantity: &str, at: &str) -> String {
        let fill = Fill {
            order: OrderId(0),
            number: 1,
            symbol: SymbolId(0),
            side,
            quantity: Quantity::parse(quantity).unwrap(),
            price: price(at),
            fee: Money::ZERO,
            liquidity: Liquidity::Taker,
        };
        self.begin(fill.to_event(Nanos(1)));
        self.positions[0] += side.sign() * fill.quantity.raw();
        self.frame.push_account(Account::default(), SymbolId(0), self.positions[0]);
        self.end()
    }

    /// The venue's answer to an order of symbol 0.
    pub(crate) fn report(&mut self, kind: ReportKind) -> String {
        let report = Report { id: OrderId(0), symbol: SymbolId(0), kind, reason: None };
        self.begin(report.to_event(Nanos(1)));
        self.end()
    }

    /// A trade of symbol 0.
    pub(crate) fn trade(&mut self, at: &str) -> String {
        let trade = Trade { ts_event: Nanos(1), price: price(at), size: Quantity::new(1), aggressor: 0 };
        self.tick(Event::trade(Nanos(1), SymbolId(0), trade))
    }

    /// A quote of symbol 0.
    pub(crate) fn quote(&mut self, bid: &str, ask: &str) -> String {
        let quote =
            Quote { ts_event: Nanos(1), bid: price(bid), ask: price(ask), bid_size: None, ask_size: None };
        self.tick(Event::quote(Nanos(1), SymbolId(0), quote))
    }

    fn tick(&mut self, tick: Event) -> String {
        self.strategy.on_tick(&tick, &mut self.out);
        self.said()
    }

    pub(crate) fn state_hash(&self) -> u128 {
        let mut hash = StreamHash::new();
        self.strategy.state_hash(&mut hash);
        hash.value()
    }
}

fn describe(intent: Intent) -> String {
    match intent.goal {
        Goal::Withdraw => "withdraw".to_owned(),
        Goal::Target { position, style: Style::Market } => position.to_string(),
        Goal::Target { position, style: Style::Touch } => format!("{position}@touch"),
        Goal::Target { position, style: Style::Limit(price) } => format!("{position}@{price}"),
    }
}
