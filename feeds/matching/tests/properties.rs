//! What must hold of the venue's answers whatever is sent and whatever the market does.
//!
//! A random market and random orders; the answers are then audited against the inputs alone, without
//! knowing how the venue works.

use matching::{FillSize, Venue, VenueConfig};
use model::{
    Event, Fill, Instrument, InstrumentTable, Kind, Liquidity, Nanos, Order, OrderId, OrderType, Price,
    Purpose, Quantity, Quote, Rate, Report, ReportKind, Side, SymbolId, SymbolTable, TimeInForce, Trade,
    UNIT, fee, notional,
};
use proptest::prelude::*;

const UNKNOWN: i64 = 9;

#[derive(Debug, Clone)]
enum Step {
    Trade {
        symbol: u32,
        price: i64,
        size: i64,
    },
    /// Of symbol 0. Sizes of [`UNKNOWN`] are not told.
    Quote {
        bid: i64,
        ask: i64,
        bid_size: i64,
        ask_size: i64,
    },
    Send {
        symbol: u32,
        buy: bool,
        quantity: i64,
        limit: Option<i64>,
        delay: i64,
    },
    Cancel {
        order: u32,
    },
}

/// Most orders leave at once.
fn delay() -> impl Strategy<Value = i64> {
    prop_oneof![3 => Just(0), 1 => 0..8_i64]
}

fn any_step() -> impl Strategy<Value = Step> {
    let price = || 10..20_i64;
    let size = || 0..=UNKNOWN;
    prop_oneof![
        3 => (0..2_u32, price(), 1..6_i64).prop_map(|(symbol, price, size)| Step::Trade { symbol, price, size }),
        3 => (price(), price(), size(), size())
            .prop_map(|(bid, ask, bid_size, ask_size)| Step::Quote { bid, ask, bid_size, ask_size }),
        3 => (0..2_u32, any::<bool>(), 1..8_i64, prop_oneof![Just(None), price().prop_map(Some)], delay())
            .prop_map(|(symbol, buy, quantity, limit, delay)| Step::Send { symbol, buy, quantity, limit, delay }),
        2 => (0..12_u32).prop_map(|order| Step::Cancel { order }),
    ]
}

/// What happened, in the order of the sequence: what a tick causes stands before it.
enum Entry {
    Tick(Event),
    /// An answer given when a request arrived.
    OnArrival(Event),
    /// A fill that the next tick caused.
    OnTick(Event),
}

/// All that a run sent and got.
struct Tape {
    orders: Vec<Order>,
    answers: Vec<Event>,
    sequence: Vec<Entry>,
    state_hash: u128,
}

fn config(latency: i64, fill_size: FillSize) -> VenueConfig {
    let rate = |text| Rate::parse(text).unwrap();
    VenueConfig { latency: Nanos(latency), maker: rate("-0.01"), taker: rate("0.02"), fill_size }
}

fn size(units: i64) -> Option<Quantity> {
    (units != UNKNOWN).then(|| Quantity::new(units))
}

fn tick(step: &Step, ts: Nanos) -> Option<Event> {
    match *step {
        Step::Trade { symbol, price, size } => {
            let trade = Trade {
                ts_event: ts,
                price: Price::new(price * UNIT),
                size: Quantity::new(size),
                aggressor: 0,
            };
            Some(Event::trade(ts, SymbolId(symbol), trade))
        }
        Step::Quote { bid, ask, bid_size, ask_size } => {
            let (bid, ask) = (Price::new(bid * UNIT), Price::new(ask * UNIT));
            let quote = Quote { ts_event: ts, bid, ask, bid_size: size(bid_size), ask_size: size(ask_size) };
            Some(Event::quote(ts, SymbolId(0), quote))
        }
        Step::Send { .. } | Step::Cancel { .. } => None,
    }
}

/// A run under way.
struct Run {
    venue: Venue,
    tape: Tape,
}

impl Run {
    fn let_arrive(&mut self, ts: Nanos) {
        while self.venue.next_arrival() <= ts {
            let before = self.tape.answers.len();
            self.venue.arrive(&mut self.tape.answers).unwrap();
            let answers = self.tape.answers[before..].iter().copied();
            self.tape.sequence.extend(answers.map(Entry::OnArrival));
        }
    }

    fn step(&mut self, step: &Step, ts: Nanos) {
        self.let_arrive(ts);
        match *step {
            Step::Send { symbol, buy, quantity, limit, delay } => {
                let order = Order {
                    id: OrderId(self.tape.orders.len() as u32),
                    nth: 1,
                    symbol: SymbolId(symbol),
                    side: if buy { Side::Buy } else { Side::Sell },
                    order_type: limit
                        .map_or(OrderType::Market, |price| OrderType::Limit(Price::new(price * UNIT))),
                    tif: TimeInForce::Gtc,
                    quantity: Quantity::new(quantity),
                    seq: 1,
                    cause_seq: 1,
                    ts,
                    delay: Nanos(delay),
                    purpose: Purpose::Decision,
                };
                self.tape.orders.push(order);
                self.venue.submit(order);
            }
            Step::Cancel { order } => {
                let symbol = self.tape.orders.get(order as usize).map_or(SymbolId(0), |order| order.symbol);
                self.venue.cancel(OrderId(order), symbol, ts);
            }
            Step::Trade { .. } | Step::Quote { .. } => {}
        }
        self.let_arrive(ts);
        if let Some(tick) = tick(step, ts) {
            let before = self.tape.answers.len();
            self.venue.on_tick(&tick, &mut self.tape.answers).unwrap();
            self.tape.sequence.extend(self.tape.answers[before..].iter().copied().map(Entry::OnTick));
            self.tape.sequence.push(Entry::Tick(tick));
        }
    }
}

fn play(steps: &[Step], config: VenueConfig) -> Tape {
    let symbols = SymbolTable::new(["A", "B"].map(String::from));
    let instruments = InstrumentTable::new(symbols, |name| Instrument::plain(name, "USD"));
    let venue = Venue::new(config, &instruments, &[true, false]);
    let tape = Tape { orders: Vec::new(), answers: Vec::new(), sequence: Vec::new(), state_hash: 0 };
    let mut run = Run { venue, tape };
    for (i, step) in steps.iter().enumerate() {
        run.step(step, Nanos(i as i64));
    }
    run.tape.state_hash = run.venue.state_hash();
    run.venue.expire(Nanos(steps.len() as i64), &mut run.tape.answers);
    run.tape
}

fn fills(tape: &Tape) -> impl Iterator<Item = Fill> {
    tape.answers.iter().filter(|e| e.kind == Kind::FILL).map(Fill::from_event)
}

/// Accepted first, then fills, then at most one end; in sum no more than the quantity.
fn audit_lives(tape: &Tape, latency: i64) {
    for order in &tape.orders {
        let of_order = |event: &&Event| event.words[0] as u32 == order.id.0;
        let life: Vec<&Event> = tape.answers.iter().filter(of_order).collect();
        let (mut filled, mut over, mut accepted) = (0, false, false);
        for event in life {
            if event.kind == Kind::FILL {
                let fill = Fill::from_event(event);
                assert!(accepted && !over, "{order:?} filled while it was not open");
                assert_eq!((fill.symbol, fill.side), (order.symbol, order.side));
                filled += fill.quantity.raw();
                over = filled == order.quantity.raw();
                continue;
            }
            match Report::from_event(event).kind {
                ReportKind::Accepted => {
                    assert!(!accepted && !over);
                    let arrival = order.ts.0 + order.delay.0 + latency;
                    assert_eq!(event.ts.0, arrival, "{order:?} arrives after its delay and the latency");
                    accepted = true;
                }
                ReportKind::Cancelled => {
                    assert!(accepted && !over);
                    over = true;
                }
                ReportKind::Expired => {
                    assert!(!over);
                    over = true;
                }
                // A cancel may also have been sent before the order was, and never overtakes one that was.
                ReportKind::CancelRejected => assert!(over || event.ts.0 <= order.ts.0 + latency),
                ReportKind::Rejected => panic!("nothing here is to reject"),
            }
        }
        assert!(filled <= order.quantity.raw(), "{order:?} filled {filled}");
        assert!(over, "{order:?} is filled, cancelled or expired at the end");
    }
}

/// Never worse than the limit; makers at their own price; fees by the book.
fn audit_prices(tape: &Tape, config: &VenueConfig) {
    for (i, fill) in fills(tape).enumerate() {
        assert_eq!(fill.number as usize, i + 1, "fills are numbered from 1");
        let order = &tape.orders[fill.order.0 as usize];
        let rate = match fill.liquidity {
            Liquidity::Maker => config.maker,
            Liquidity::Taker => config.taker,
        };
        let value = notional(fill.price, fill.quantity, Quantity::new(UNIT)).unwrap();
        assert_eq!(fill.fee, fee(value, rate).unwrap());
        match (order.order_type, fill.liquidity) {
            (OrderType::Market, liquidity) => assert_eq!(liquidity, Liquidity::Taker),
            (OrderType::Limit(limit), Liquidity::Maker) => assert_eq!(fill.price, limit),
            (OrderType::Limit(limit), Liquidity::Taker) => {
                assert!((limit.raw() - fill.price.raw()) * order.side.sign() >= 0, "{fill:?} beyond {limit}");
            }
        }
    }
}

/// What one quote's side or one print can give, used up by the fills between it and the next.
struct Budget {
    bid: i64,
    ask: i64,
}

impl Budget {
    fn of(quote: &Quote) -> Self {
        let raw = |size: Option<Quantity>| size.map_or(i64::MAX, Quantity::raw);
        Self { bid: raw(quote.bid_size), ask: raw(quote.ask_size) }
    }

    fn take(&mut self, side: Side, quantity: i64) {
        let left = match side {
            Side::Buy => &mut self.ask,
            Side::Sell => &mut self.bid,
        };
        assert!(quantity <= *left, "a quote's size is used once");
        *left -= if *left == i64::MAX { 0 } else { quantity };
    }
}

/// What is filled on arrival comes out of the standing quote; what a tick fills, out of that tick. Resting
/// orders that a print fills on a quoted symbol take from the print alone.
fn audit_sizes(tape: &Tape, fill_size: FillSize) {
    let mut standing = Budget { bid: 0, ask: 0 };
    let mut caused: Vec<Fill> = Vec::new();
    for entry in &tape.sequence {
        match entry {
            Entry::OnArrival(event) if event.kind == Kind::FILL => {
                assert_eq!(event.symbol, SymbolId(0), "without quotes nothing fills on arrival");
                let fill = Fill::from_event(event);
                standing.take(fill.side, fill.quantity.raw());
            }
            Entry::OnArrival(_) => {}
            Entry::OnTick(event) => caused.push(Fill::from_event(event)),
            Entry::Tick(tick) => {
                assert!(caused.iter().all(|fill| fill.symbol == tick.symbol));
                if tick.kind == Kind::QUOTE {
                    standing = Budget::of(&tick.as_quote());
                    caused.drain(..).for_each(|fill| standing.take(fill.side, fill.quantity.raw()));
                } else {
                    audit_print(tape, &tick.as_trade(), &caused, fill_size);
                    caused.clear();
                }
            }
        }
    }
    assert!(caused.is_empty(), "each fill stands before its tick");
}

fn audit_print(tape: &Tape, trade: &Trade, caused: &[Fill], fill_size: FillSize) {
    let total: i64 = caused.iter().map(|fill| fill.quantity.raw()).sum();
    assert!(fill_size == FillSize::Unlimited || total <= trade.size.raw(), "a print's size is shared");
    for fill in caused {
        match tape.orders[fill.order.0 as usize].order_type {
            OrderType::Market => assert!(fill.symbol == SymbolId(1) && fill.price == trade.price),
            OrderType::Limit(limit) => {
                assert!((limit.raw() - trade.price.raw()) * fill.side.sign() > 0, "strictly through {limit}");
            }
        }
    }
}

/// An order that works is not passed over: after a tick that must fill it, nothing of it is left while the
/// tick has something left. With unlimited prints and unknown quote sizes that means: it is filled whole.
fn audit_service(tape: &Tape, latency: i64) {
    for order in &tape.orders {
        let filled: i64 =
            fills(tape).filter(|fill| fill.order == order.id).map(|fill| fill.quantity.raw()).sum();
        let arrival = order.ts.0 + order.delay.0 + latency;
        let ended = tape
            .answers
            .iter()
            .filter(|e| e.kind == Kind::REPORT && e.words[0] as u32 == order.id.0)
            .filter(|e| e.flags == ReportKind::Cancelled as u8 || e.flags == ReportKind::Expired as u8)
            .map(|e| e.ts.0)
            .min()
            .unwrap_or(i64::MAX);
        let due = tape.sequence.iter().any(|entry| match entry {
            Entry::Tick(tick) => {
                tick.symbol == order.symbol && (arrival..ended).contains(&tick.ts.0) && must_fill(order, tick)
            }
            Entry::OnArrival(_) | Entry::OnTick(_) => false,
        });
        assert!(!due || filled == order.quantity.raw(), "{order:?} was due and got {filled}");
    }
}

/// Whether a tick without a size limit fills an open order whole.
fn must_fill(order: &Order, tick: &Event) -> bool {
    if tick.kind == Kind::QUOTE {
        let quote = tick.as_quote();
        return match (order.order_type, order.side) {
            (OrderType::Market, _) => true,
            (OrderType::Limit(limit), Side::Buy) => quote.ask <= limit,
            (OrderType::Limit(limit), Side::Sell) => quote.bid >= limit,
        };
    }
    let price = tick.as_trade().price;
    match (order.order_type, order.side) {
        (OrderType::Market, _) => order.symbol == SymbolId(1),
        (OrderType::Limit(limit), Side::Buy) => price < limit,
        (OrderType::Limit(limit), Side::Sell) => price > limit,
    }
}

fn any_fill_size() -> impl Strategy<Value = FillSize> {
    prop_oneof![Just(FillSize::Unlimited), Just(FillSize::Print)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_answers_pass_the_audit(
        steps in proptest::collection::vec(any_step(), 1..80),
        latency in 0..5_i64,
        fill_size in any_fill_size(),
    ) {
        let config = config(latency, fill_size);
        let tape = play(&steps, config);
        audit_lives(&tape, latency);
        audit_prices(&tape, &config);
        audit_sizes(&tape, fill_size);
        prop_assert!(tape.answers.is_sorted_by_key(|e| e.ts), "answers come in time order");
    }

    #[test]
    fn without_size_limits_nothing_due_is_passed_over(
        mut steps in proptest::collection::vec(any_step(), 1..80),
        latency in 0..5_i64,
    ) {
        for step in &mut steps {
            if let Step::Quote { bid_size, ask_size, .. } = step {
                (*bid_size, *ask_size) = (UNKNOWN, UNKNOWN);
            }
        }
        let tape = play(&steps, config(latency, FillSize::Unlimited));
        audit_service(&tape, latency);
    }

    #[test]
    fn the_same_inputs_give_the_same_answers(
        steps in proptest::collection::vec(any_step(), 1..60),
        latency in 0..5_i64,
        fill_size in any_fill_size(),
    ) {
        let [one, two] = [0, 1].map(|_| play(&steps, config(latency, fill_size)));
        prop_assert_eq!(one.answers, two.answers);
        prop_assert_eq!(one.state_hash, two.state_hash);
    }
}
