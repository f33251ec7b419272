//! The order stage against a tiny model of what an order may go through, on random legal and illegal
//! sequences; and against the simulated venue, whose answers must never be illegal.

use gate::{Gate, Limits};
use matching::{FillSize, Venue, VenueConfig};
use model::{
    Event, Fill, Frame, Goal, Instrument, InstrumentTable, Intent, Kind, Liquidity, Money, Nanos, Order,
    OrderId, Price, Quantity, Quote, Rate, Report, ReportKind, Side, Style, SymbolId, SymbolTable, Trade,
    UNIT,
};
use orders::{Gateway, OrderStage};
use proptest::prelude::*;

const SYMBOLS: usize = 2;
/// Of symbol 1; symbol 0 has none. All quantities here are whole numbers of 1e-9.
const LOT: i64 = 2;

fn instruments() -> InstrumentTable {
    InstrumentTable::new(SymbolTable::new(["A", "B"].map(String::from)), |name| Instrument {
        lot: Quantity::new(if name == "B" { LOT } else { 0 }),
        ..Instrument::plain(name, "USD")
    })
}

fn stage(max_position: Option<i64>) -> OrderStage {
    let limits = Limits { max_position: max_position.map(Quantity::new), ..Limits::default() };
    OrderStage::new(&instruments(), Gate::new(limits, &instruments(), Money::ZERO))
}

/// What the model knows of an order.
#[derive(Debug, Clone)]
struct Slow {
    symbol: usize,
    buy: bool,
    quantity: i64,
    filled: i64,
    accepted: bool,
    /// A cancel was sent and not answered.
    cancel_out: bool,
    over: bool,
}

impl Slow {
    fn left(&self) -> i64 {
        if self.over { 0 } else { self.quantity - self.filled }
    }

    /// Applies an answer; false if it is not legal.
    fn answer(&mut self, kind: ReportKind) -> bool {
        let (legal, over, cancel_out) = match kind {
            ReportKind::Accepted => (!self.over && !self.accepted, self.over, self.cancel_out),
            ReportKind::Rejected => (!self.over && !self.accepted, true, self.cancel_out),
            ReportKind::Cancelled => (!self.over && self.accepted && self.cancel_out, true, false),
            ReportKind::Expired => (!self.over, true, false),
            ReportKind::CancelRejected => (self.cancel_out && (self.over || self.accepted), self.over, false),
        };
        if legal {
            self.accepted |= kind == ReportKind::Accepted;
            self.over = over;
            self.cancel_out = cancel_out;
        }
        legal
    }

    fn fill(&mut self, quantity: i64) -> bool {
        let legal = !self.over && self.accepted && quantity <= self.quantity - self.filled;
        if legal {
            self.filled += quantity;
            self.over = self.filled == self.quantity;
        }
        legal
    }
}

#[derive(Debug, Clone)]
enum Step {
    Target { symbol: usize, position: i64 },
    Withdraw { symbol: usize },
    Answer { order: usize, kind: ReportKind },
    Fill { order: usize, quantity: i64 },
}

fn any_kind() -> impl Strategy<Value = ReportKind> {
    prop_oneof![
        8 => Just(ReportKind::Accepted),
        2 => Just(ReportKind::Cancelled),
        1 => Just(ReportKind::Rejected),
        1 => Just(ReportKind::Expired),
        1 => Just(ReportKind::CancelRejected),
    ]
}

/// Answers go mostly to the newest orders: `order` counts back from the last one sent.
fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..SYMBOLS, -9_i64..=9).prop_map(|(symbol, position)| Step::Target { symbol, position }),
        2 => (0..SYMBOLS).prop_map(|symbol| Step::Withdraw { symbol }),
        5 => (0..4_usize, any_kind()).prop_map(|(order, kind)| Step::Answer { order, kind }),
        5 => (0..4_usize, 1..=6_i64).prop_map(|(order, quantity)| Step::Fill { order, quantity }),
    ]
}

/// The stage, the model of its orders, and the positions from legal fills.
struct Pair {
    stage: OrderStage,
    slow: Vec<Slow>,
    positions: [i64; SYMBOLS],
    max_position: Option<i64>,
}

impl Pair {
    fn input(&mut self, input: Event, intent: Option<Intent>) -> Result<Vec<Event>, orders::OrderError> {
        let mut frame = Frame::default();
        frame.begin(input);
        if let Some(intent) = intent {
            let event = intent.to_event(frame.input(), Kind::INTENT, None);
            frame.push(event);
        }
        let before = frame.events.len();
        self.stage.on_frame(&mut frame)?;
        Ok(frame.events.split_off(before))
    }

    fn timer_with(&mut self, symbol: usize, goal: Goal) -> Vec<Event> {
        let timer = Event::input(Kind::TIMER, Nanos(5), SymbolId::NONE);
        self.input(timer, Some(Intent::new(SymbolId(symbol as u32), goal))).expect("intents are legal")
    }

    fn apply(&mut self, step: &Step) {
        match *step {
            Step::Target { symbol, position } => self.target(symbol, position),
            Step::Withdraw { symbol } => self.withdraw(symbol),
            Step::Answer { order, kind } => {
                let Some(id) = self.slow.len().checked_sub(order + 1) else { return };
                let symbol = SymbolId(self.slow[id].symbol as u32);
                let report = Report { id: OrderId(id as u32), symbol, kind, reason: None };
                let legal = self.slow[id].answer(kind);
                self.answered(report.to_event(Nanos(5)), legal);
            }
            Step::Fill { order, quantity } => {
                let Some(id) = self.slow.len().checked_sub(order + 1) else { return };
                let slow = &mut self.slow[id];
                let legal = slow.fill(quantity);
                if legal {
                    self.positions[slow.symbol] += if slow.buy { quantity } else { -quantity };
                }
                let fill = Fill {
                    order: OrderId(id as u32),
                    number: 1,
                    symbol: SymbolId(slow.symbol as u32),
                    side: if slow.buy { Side::Buy } else { Side::Sell },
                    quantity: Quantity::new(quantity),
                    price: Price::new(1),
                    fee: Money::ZERO,
                    liquidity: Liquidity::Maker,
                };
                self.answered(fill.to_event(Nanos(5)), legal);
            }
        }
    }

    /// A legal answer is folded; an illegal one is an error and changes nothing.
    fn answered(&mut self, input: Event, legal: bool) {
        let before = self.stage.state_hash();
        let found = self.input(input, None);
        assert_eq!(found.is_ok(), legal, "{input:?} gave {found:?}");
        if !legal {
            assert_eq!(self.stage.state_hash(), before, "an illegal answer changes nothing");
        }
    }

    fn working(&self, symbol: usize, buy: bool) -> i64 {
        self.slow.iter().filter(|o| o.symbol == symbol && o.buy == buy).map(Slow::left).sum()
    }

    fn target(&mut self, symbol: usize, position: i64) {
        let expected: i64 = self
            .slow
            .iter()
            .filter(|o| o.symbol == symbol && !o.cancel_out)
            .map(|o| if o.buy { o.left() } else { -o.left() })
            .sum();
        let delta = position - self.positions[symbol] - expected;
        let lot = if symbol == 1 { LOT } else { 1 };
        let quantity = delta.abs() / lot * lot;
        let buy = delta > 0;
        let held = if buy { self.positions[symbol] } else { -self.positions[symbol] };
        let within = self.max_position.is_none_or(|max| held + self.working(symbol, buy) + quantity <= max);
        let style = Style::Market;
        let emitted = self.timer_with(symbol, Goal::Target { position: Quantity::new(position), style });
        let kinds: Vec<Kind> = emitted.iter().map(|e| e.kind).collect();
        if quantity == 0 {
            assert_eq!(kinds, []);
        } else if !within {
            assert_eq!(kinds, [Kind::REFUSAL]);
        } else {
            assert_eq!(kinds, [Kind::ORDER]);
            let order = Order::from_event(&emitted[0]);
            let found =
                [i64::from(order.id.0), i64::from(order.nth), order.quantity.raw(), order.side.sign()];
            assert_eq!(found, [self.slow.len() as i64, 1, quantity, delta.signum()]);
            self.slow.push(Slow {
                symbol,
                buy,
                quantity,
                filled: 0,
                accepted: false,
                cancel_out: false,
                over: false,
            });
        }
    }

    fn withdraw(&mut self, symbol: usize) {
        let mut expected = Vec::new();
        for (id, order) in self.slow.iter_mut().enumerate() {
            if order.symbol == symbol && !order.over && !order.cancel_out {
                order.cancel_out = true;
                expected.push(id as i64);
            }
        }
        let emitted = self.timer_with(symbol, Goal::Withdraw);
        assert!(emitted.iter().all(|e| e.kind == Kind::CANCEL));
        assert_eq!(emitted.iter().map(|e| e.words[0]).collect::<Vec<_>>(), expected);
    }

    fn check(&self) {
        for symbol in 0..SYMBOLS {
            let id = SymbolId(symbol as u32);
            let open: Vec<[i64; 2]> =
                self.stage.open_orders(id).iter().map(|o| [i64::from(o.id.0), o.left.raw()]).collect();
            let slow = self.slow.iter().enumerate().filter(|(_, o)| o.symbol == symbol && !o.over);
            assert_eq!(open, slow.map(|(id, o)| [id as i64, o.left()]).collect::<Vec<_>>());
            let exposure = self.stage.gate().exposure(id);
            assert_eq!(exposure.position, i128::from(self.positions[symbol]));
            assert_eq!(exposure.working_buy, i128::from(self.working(symbol, true)));
            assert_eq!(exposure.working_sell, i128::from(self.working(symbol, false)));
        }
        assert!(self.slow.iter().all(|o| o.filled <= o.quantity));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_stage_goes_as_the_model_goes(
        steps in proptest::collection::vec(any_step(), 1..80),
        max_position in prop_oneof![Just(None), (0_i64..12).prop_map(Some)],
    ) {
        let mut pair = Pair { stage: stage(max_position), slow: Vec::new(), positions: [0; SYMBOLS], max_position };
        for step in &steps {
            pair.apply(step);
            pair.check();
        }
    }
}

/// The venue as a gateway, as the pipeline wires it.
struct ToVenue(Venue);

impl Gateway for ToVenue {
    fn submit(&mut self, order: &Order) {
        self.0.submit(*order);
    }

    fn cancel(&mut self, id: OrderId, symbol: SymbolId, ts: Nanos) {
        self.0.cancel(id, symbol, ts);
    }
}

#[derive(Debug, Clone)]
enum MarketStep {
    Trade { symbol: u32, price: i64, size: i64 },
    Quote { bid: i64, spread: i64, sizes: [i64; 2] },
    Target { symbol: u32, position: i64, limit: Option<i64> },
    Withdraw { symbol: u32 },
}

fn any_market_step() -> impl Strategy<Value = MarketStep> {
    prop_oneof![
        (0..2_u32, 5..15_i64, 1..5_i64).prop_map(|(symbol, price, size)| MarketStep::Trade {
            symbol,
            price,
            size
        }),
        (5..15_i64, -1..3_i64, [0..5_i64, 0..5_i64]).prop_map(|(bid, spread, sizes)| MarketStep::Quote {
            bid,
            spread,
            sizes
        }),
        (0..2_u32, -9_i64..=9, prop_oneof![Just(None), (5..15_i64).prop_map(Some)])
            .prop_map(|(symbol, position, limit)| MarketStep::Target { symbol, position, limit }),
        (0..2_u32).prop_map(|symbol| MarketStep::Withdraw { symbol }),
    ]
}

/// Stage and venue joined: answers are folded as they come, what is emitted is forwarded.
struct Loop {
    stage: OrderStage,
    venue: ToVenue,
    inputs: u64,
}

impl Loop {
    fn fold(&mut self, input: Event, intent: Option<Intent>) {
        self.inputs += 1;
        let mut frame = Frame::default();
        frame.begin(Event { seq: self.inputs, ..input });
        if let Some(intent) = intent {
            let event = intent.to_event(frame.input(), Kind::INTENT, None);
            frame.push(event);
        }
        self.stage.on_frame(&mut frame).expect("the venue's answers are legal");
        for event in &frame.events {
            match event.kind {
                Kind::ORDER => self.venue.submit(&Order::from_event(event)),
                Kind::CANCEL => self.venue.cancel(OrderId(event.words[0] as u32), event.symbol, event.ts),
                _ => {}
            }
        }
    }

    fn until(&mut self, ts: Nanos) {
        let mut answers = Vec::new();
        while self.venue.0.next_arrival() <= ts {
            self.venue.0.arrive(&mut answers).unwrap();
            answers.drain(..).for_each(|answer| self.fold(answer, None));
        }
    }

    fn tick(&mut self, tick: Event) {
        let mut fills = Vec::new();
        self.venue.0.on_tick(&tick, &mut fills).unwrap();
        fills.into_iter().for_each(|fill| self.fold(fill, None));
        self.stage.on_tick(&tick);
    }

    fn step(&mut self, step: &MarketStep, ts: Nanos) {
        self.until(ts);
        let price = |units: i64| Price::new(units * UNIT);
        match *step {
            MarketStep::Trade { symbol, price: p, size } => {
                let trade = Trade { ts_event: ts, price: price(p), size: Quantity::new(size), aggressor: 0 };
                self.tick(Event::trade(ts, SymbolId(symbol), trade));
            }
            MarketStep::Quote { bid, spread, sizes: [bid_size, ask_size] } => {
                let quote = Quote {
                    ts_event: ts,
                    bid: price(bid),
                    ask: price(bid + spread),
                    bid_size: Some(Quantity::new(bid_size)),
                    ask_size: (ask_size > 0).then(|| Quantity::new(ask_size)),
                };
                self.tick(Event::quote(ts, SymbolId(0), quote));
            }
            MarketStep::Target { symbol, position, limit } => {
                let style = limit.map_or(Style::Market, |units| Style::Limit(price(units)));
                let goal = Goal::Target { position: Quantity::new(position), style };
                let timer = Event::input(Kind::TIMER, ts, SymbolId::NONE);
                self.fold(timer, Some(Intent::new(SymbolId(symbol), goal)));
            }
            MarketStep::Withdraw { symbol } => {
                let timer = Event::input(Kind::TIMER, ts, SymbolId::NONE);
                self.fold(timer, Some(Intent::new(SymbolId(symbol), Goal::Withdraw)));
            }
        }
        self.until(ts);
    }
}

proptest! {
    #[test]
    fn the_venues_answers_are_always_legal(
        steps in proptest::collection::vec(any_market_step(), 1..120),
        latency in 0..4_i64,
        fill_size in prop_oneof![Just(FillSize::Unlimited), Just(FillSize::Print)],
    ) {
        let config = VenueConfig { latency: Nanos(latency), maker: Rate::ZERO, taker: Rate::ZERO, fill_size };
        let venue = ToVenue(Venue::new(config, &instruments(), &[true, false]));
        let mut both = Loop { stage: stage(None), venue, inputs: 0 };
        let mut ts = Nanos(0);
        for step in &steps {
            ts = Nanos(ts.0 + 1);
            both.step(step, ts);
        }
        let mut expiries = Vec::new();
        both.venue.0.expire(ts, &mut expiries);
        expiries.into_iter().for_each(|expiry| both.fold(expiry, None));
        for symbol in [SymbolId(0), SymbolId(1)] {
            prop_assert!(both.stage.open_orders(symbol).is_empty());
            let exposure = both.stage.gate().exposure(symbol);
            prop_assert_eq!((exposure.working_buy, exposure.working_sell), (0, 0));
        }
    }
}
