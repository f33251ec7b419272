//! The order stage against the simulated venue, whose answers must never be illegal, with delays and latencies.

use gate::{Gate, Limits};
use matching::{FillSize, Venue, VenueConfig};
use model::{
    Event, Frame, Goal, Instrument, InstrumentTable, Intent, Kind, Money, Nanos, Order, OrderId, Price,
    Quantity, Quote, Rate, Style, SymbolId, SymbolTable, Trade, UNIT,
};
use orders::OrderStage;
use proptest::prelude::*;

/// All quantities here are whole numbers of 1e-9.
fn instruments() -> InstrumentTable {
    InstrumentTable::new(SymbolTable::new(["A", "B"].map(String::from)), |name| Instrument {
        lot: Quantity::new(if name == "B" { 2 } else { 0 }),
        ..Instrument::plain(name, "USD")
    })
}

#[derive(Debug, Clone)]
enum MarketStep {
    Trade { symbol: u32, price: i64, size: i64 },
    Quote { bid: i64, spread: i64, sizes: [i64; 2] },
    Target { symbol: u32, position: i64, limit: Option<i64>, delay: i64 },
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
        (0..2_u32, -9_i64..=9, prop_oneof![Just(None), (5..15_i64).prop_map(Some)], 0..5_i64).prop_map(
            |(symbol, position, limit, delay)| MarketStep::Target { symbol, position, limit, delay }
        ),
        (0..2_u32).prop_map(|symbol| MarketStep::Withdraw { symbol }),
    ]
}

/// Stage and venue joined: answers are folded as they come, what is emitted is forwarded.
struct Loop {
    stage: OrderStage,
    venue: Venue,
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
                Kind::ORDER => {
                    let order = Order::from_event(event);
                    let beside = self.stage.open_orders(order.symbol).iter();
                    let mut cancelling = beside.filter(|open| open.state.awaits_cancel());
                    assert!(cancelling.all(|open| open.side != order.side), "{order:?} beside a cancel");
                    self.venue.submit(order);
                }
                Kind::CANCEL => self.venue.cancel(OrderId(event.words[0] as u32), event.symbol, event.ts),
                _ => {}
            }
        }
    }

    fn until(&mut self, ts: Nanos) {
        let mut answers = Vec::new();
        while self.venue.next_arrival() <= ts {
            self.venue.arrive(&mut answers).unwrap();
            answers.drain(..).for_each(|answer| self.fold(answer, None));
        }
    }

    fn tick(&mut self, tick: Event) {
        let mut fills = Vec::new();
        self.venue.on_tick(&tick, &mut fills).unwrap();
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
            MarketStep::Target { symbol, position, limit, delay } => {
                let style = limit.map_or(Style::Market, |units| Style::Limit(price(units)));
                let goal = Goal::Target { position: Quantity::new(position), style };
                let timer = Event::input(Kind::TIMER, ts, SymbolId::NONE);
                let intent = Intent { delay: Nanos(delay), ..Intent::new(SymbolId(symbol), goal) };
                self.fold(timer, Some(intent));
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
        let venue = Venue::new(config, &instruments(), &[true, false]);
        let stage = OrderStage::new(&instruments(), Gate::new(Limits::default(), &instruments(), Money::ZERO));
        let mut both = Loop { stage, venue, inputs: 0 };
        let mut ts = Nanos(0);
        for step in &steps {
            ts = Nanos(ts.0 + 1);
            both.step(step, ts);
        }
        let mut expiries = Vec::new();
        both.venue.expire(ts, &mut expiries);
        expiries.into_iter().for_each(|expiry| both.fold(expiry, None));
        for symbol in [SymbolId(0), SymbolId(1)] {
            prop_assert!(both.stage.open_orders(symbol).is_empty());
            prop_assert_eq!(both.stage.waiting_target(symbol), None);
            let exposure = both.stage.gate().exposure(symbol);
            prop_assert_eq!((exposure.working_buy, exposure.working_sell), (0, 0));
        }
    }
}
