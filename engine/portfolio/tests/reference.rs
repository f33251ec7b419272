//! The portfolio against its definition on big rationals, and against the cash that moved.
//!
//! The reference is slow and written from the contract alone: exact fractions, rounded to 1e-9 half-even
//! only where the contract says so.

use model::{
    Account, Event, Fill, Frame, Instrument, InstrumentTable, Kind, Liquidity, Money, Nanos, OrderId, Price,
    Quantity, Side, SymbolId, SymbolTable, Trade,
};
use num_bigint::BigInt;
use num_rational::Ratio;
use portfolio::{Portfolio, UpdateOn};
use proptest::prelude::*;

type Exact = Ratio<BigInt>;

const SYMBOLS: usize = 3;
/// Multipliers of the symbols, in units of 1e-9: spot, a future, and one that makes rounding frequent.
const MULTIPLIERS: [i64; SYMBOLS] = [1_000_000_000, 50_000_000_000, 370_000_001];

/// `raw` units of 1e-9.
fn exact(raw: i64) -> Exact {
    Ratio::new(BigInt::from(raw), BigInt::from(1_000_000_000_i64))
}

fn zero() -> Exact {
    exact(0)
}

fn magnitude(value: &Exact) -> Exact {
    if *value < zero() { -value.clone() } else { value.clone() }
}

/// To nine decimals: of the two neighbours the nearer, of two as near the even one.
fn nine_decimals(value: &Exact) -> Exact {
    let scale = Ratio::from(BigInt::from(1_000_000_000_i64));
    let scaled = value * &scale;
    let below = Ratio::from(scaled.floor().to_integer());
    let above = &below + Ratio::from(BigInt::from(1));
    let (down, up) = (&scaled - &below, &above - &scaled);
    let even_below = below.to_integer() % BigInt::from(2) == BigInt::from(0);
    let nearest = if down < up || (down == up && even_below) { below } else { above };
    nearest / scale
}

/// Equal as numbers?
fn same(money: Money, value: &Exact) -> bool {
    Ratio::new(BigInt::from(money.raw()), BigInt::from(1_000_000_000_i64)) == *value
}

#[derive(Debug, Clone)]
struct Reference {
    initial: Exact,
    quantity: Vec<Exact>,
    cost: Vec<Exact>,
    mark: Vec<Option<Exact>>,
    realised: Exact,
    fees: Exact,
    /// Money received less money paid for fills, fees not counted.
    moved: Exact,
    peak: Exact,
}

impl Reference {
    fn new(initial: Exact) -> Self {
        Self {
            peak: initial.clone(),
            initial,
            quantity: vec![zero(); SYMBOLS],
            cost: vec![zero(); SYMBOLS],
            mark: vec![None; SYMBOLS],
            realised: zero(),
            fees: zero(),
            moved: zero(),
        }
    }

    fn fill(&mut self, symbol: usize, signed: &Exact, price: &Exact, fee: &Exact) {
        let multiplier = exact(MULTIPLIERS[symbol]);
        let value = |quantity: &Exact| nine_decimals(&(quantity * price * &multiplier));
        let held = self.quantity[symbol].clone();
        self.fees += fee;
        self.moved -= value(signed);
        if &held * signed >= zero() {
            self.quantity[symbol] += signed;
            self.cost[symbol] += value(signed);
        } else if magnitude(signed) >= magnitude(&held) {
            // All is closed; the rest of the fill, and of its notional, opens.
            let proceeds = value(&held);
            self.realised += &proceeds - &self.cost[symbol];
            self.cost[symbol] = value(signed) + proceeds;
            self.quantity[symbol] += signed;
        } else {
            let released = nine_decimals(&(&self.cost[symbol] * magnitude(signed) / magnitude(&held)));
            self.realised += -value(signed) - &released;
            self.cost[symbol] -= released;
            self.quantity[symbol] += signed;
        }
    }

    fn position_value(&self) -> Exact {
        let value = |s: usize| match &self.mark[s] {
            Some(mark) => nine_decimals(&(&self.quantity[s] * mark * exact(MULTIPLIERS[s]))),
            None => self.cost[s].clone(),
        };
        (0..SYMBOLS).map(value).fold(zero(), |sum, value| sum + value)
    }

    fn check(&mut self, account: &Account) {
        let value = self.position_value();
        let cost = self.cost.iter().fold(zero(), |sum, cost| sum + cost);
        let unrealised = &value - &cost;
        let equity = &self.initial + &self.realised + &unrealised - &self.fees;
        if equity > self.peak {
            self.peak = equity.clone();
        }
        let cash = &equity - &value;
        assert!(
            same(account.position_value, &value),
            "position value {} is not {value}",
            account.position_value
        );
        assert!(
            same(account.unrealised_pnl, &unrealised),
            "unrealised {} is not {unrealised}",
            account.unrealised_pnl
        );
        assert!(
            same(account.realised_pnl, &self.realised),
            "realised {} is not {}",
            account.realised_pnl,
            self.realised
        );
        assert!(same(account.fees, &self.fees), "fees {} are not {}", account.fees, self.fees);
        assert!(same(account.equity, &equity), "equity {} is not {equity}", account.equity);
        assert!(same(account.cash, &cash), "cash {} is not {cash}", account.cash);
        assert!(same(account.peak, &self.peak), "peak {} is not {}", account.peak, self.peak);
        // Not a definition but its consequence: cash is what came in less what went out.
        assert_eq!(cash, &self.initial + &self.moved - &self.fees, "cash is what moved");
    }
}

#[derive(Debug, Clone)]
enum Step {
    Mark { symbol: usize, price: i64 },
    Fill { symbol: usize, signed: i64, price: i64, fee: i64 },
    Close { symbol: usize, price: i64 },
}

/// Small and large, round and crooked; negative too.
fn any_price() -> impl Strategy<Value = i64> {
    prop_oneof![
        (-20_i64..2000).prop_map(|units| units * 500_000_000),
        -3_000_000_000_i64..90_000_000_000,
        -5_i64..5,
    ]
}

fn any_quantity() -> impl Strategy<Value = i64> {
    let size =
        prop_oneof![(1_i64..6).prop_map(|units| units * 1_000_000_000), 1_i64..7_000_000_000, 1_i64..4];
    (size, any::<bool>()).prop_map(|(size, buy)| if buy { size } else { -size })
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..SYMBOLS, any_price()).prop_map(|(symbol, price)| Step::Mark { symbol, price }),
        (0..SYMBOLS, any_quantity(), any_price(), -2_000_000_000_i64..2_000_000_000)
            .prop_map(|(symbol, signed, price, fee)| Step::Fill { symbol, signed, price, fee }),
        (0..SYMBOLS, any_price()).prop_map(|(symbol, price)| Step::Close { symbol, price }),
    ]
}

fn instruments() -> InstrumentTable {
    let symbols = SymbolTable::new(["A", "B", "C"].map(String::from));
    InstrumentTable::new(symbols, |name| Instrument {
        multiplier: Quantity::new(MULTIPLIERS[usize::from(name.as_bytes()[0] - b'A')]),
        allow_negative_price: true,
        ..Instrument::plain(name, "USD")
    })
}

fn trade(symbol: usize, price: i64) -> Event {
    let trade = Trade { ts_event: Nanos(1), price: Price::new(price), size: Quantity::new(1), aggressor: 0 };
    Event::trade(Nanos(1), SymbolId(symbol as u32), trade)
}

fn fill(symbol: usize, signed: i64, price: i64, fee: i64) -> Event {
    Fill {
        order: OrderId(0),
        number: 1,
        symbol: SymbolId(symbol as u32),
        side: if signed > 0 { Side::Buy } else { Side::Sell },
        quantity: Quantity::new(signed.abs()),
        price: Price::new(price),
        fee: Money::from_raw(i128::from(fee)).unwrap(),
        liquidity: Liquidity::Taker,
    }
    .to_event(Nanos(1))
}

fn account_after(portfolio: &mut Portfolio, input: Event) -> Account {
    let mut frame = Frame::default();
    frame.begin(input);
    portfolio.on_frame(&mut frame).unwrap();
    assert_eq!(frame.accounts[0], *portfolio.account());
    frame.accounts[0]
}

fn held(portfolio: &Portfolio, symbol: usize) -> i64 {
    portfolio.position(SymbolId(symbol as u32)).quantity.raw()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn the_portfolio_is_its_definition(steps in proptest::collection::vec(any_step(), 1..60)) {
        let capital = 1_000_000_000_000_i64;
        let initial = Money::from_raw(i128::from(capital)).unwrap();
        let mut portfolio = Portfolio::new(&instruments(), initial, UpdateOn::Boundaries);
        let mut reference = Reference::new(exact(capital));
        for step in &steps {
            let (symbol, signed, price, fee) = match *step {
                Step::Mark { symbol, price } => {
                    portfolio.on_tick(&trade(symbol, price));
                    reference.mark[symbol] = Some(exact(price));
                    let timer = Event { flags: 1, ..Event::input(Kind::TIMER, Nanos(1), SymbolId::NONE) };
                    reference.check(&account_after(&mut portfolio, timer));
                    continue;
                }
                Step::Fill { symbol, signed, price, fee } => (symbol, signed, price, fee),
                Step::Close { symbol, price } => (symbol, -held(&portfolio, symbol), price, 1),
            };
            if signed == 0 {
                continue;
            }
            let account = account_after(&mut portfolio, fill(symbol, signed, price, fee));
            reference.fill(symbol, &exact(signed), &exact(price), &exact(fee));
            reference.check(&account);
            prop_assert_eq!(exact(held(&portfolio, symbol)), reference.quantity[symbol].clone());
        }
    }

    /// When everything is closed no mark matters: equity is capital plus the cash that moved.
    #[test]
    fn flat_is_cash(steps in proptest::collection::vec(any_step(), 1..40)) {
        let initial = Money::from_raw(7).unwrap();
        let mut portfolio = Portfolio::new(&instruments(), initial, UpdateOn::Boundaries);
        for step in &steps {
            if let Step::Fill { symbol, signed, price, fee } = *step {
                account_after(&mut portfolio, fill(symbol, signed, price, fee));
            }
        }
        for symbol in 0..SYMBOLS {
            if held(&portfolio, symbol) != 0 {
                let closing = -held(&portfolio, symbol);
                account_after(&mut portfolio, fill(symbol, closing, 3, 0));
            }
        }
        let account = *portfolio.account();
        prop_assert_eq!(account.position_value, Money::ZERO);
        prop_assert_eq!(account.unrealised_pnl, Money::ZERO);
        prop_assert_eq!(account.cash, account.equity);
        prop_assert!(portfolio.holdings().all(|h| h.position.cost == Money::ZERO && h.avg_price.is_none()));
    }
}
