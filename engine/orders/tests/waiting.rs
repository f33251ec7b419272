//! Targets that wait for the answers of cancels, by scenario.
//!
//! Every input has its number; what a frame appends is compared as text, with the input whose intent it carries out.

use ReportKind::{Accepted, CancelRejected, Cancelled, Expired, Rejected};
use gate::{Gate, Limits};
use model::{
    Event, Fill, Frame, Goal, Instrument, InstrumentTable, Intent, Kind, Liquidity, Money, Nanos, Order,
    OrderId, OrderType, Price, Quantity, Quote, Report, ReportKind, Side, Style, SymbolId, SymbolTable,
    TargetWait, UNIT,
};
use orders::OrderStage;

const A: SymbolId = SymbolId(0);
const B: SymbolId = SymbolId(1);
const DELAY: Nanos = Nanos(9);

/// The stage and the number of its last input.
struct Script {
    stage: OrderStage,
    seq: u64,
}

fn quantity(text: &str) -> Quantity {
    Quantity::parse(text).unwrap()
}

fn describe(event: &Event) -> String {
    match event.kind {
        Kind::ORDER => {
            let order = Order::from_event(event);
            let Order { id, nth, seq, cause_seq, side, order_type, quantity, ts, delay, .. } = order;
            assert_eq!((seq, ts, delay), (event.seq, event.ts, DELAY));
            let price = match order_type {
                OrderType::Market => String::new(),
                OrderType::Limit(price) => format!(" @{price}"),
            };
            format!("order {} nth {nth}: {} {quantity}{price} for {cause_seq}", id.0, side.name())
        }
        Kind::CANCEL => format!("cancel {}", event.words[0]),
        Kind::REFUSAL => {
            format!("refused {} for {}", Intent::refusal_reason(event), Intent::refusal_cause_seq(event))
        }
        Kind::WAIT => {
            let TargetWait { position, cause_seq, step, .. } = TargetWait::from_event(event);
            format!("{step:?} {position} for {cause_seq}")
        }
        kind => panic!("{kind:?} is not emitted here"),
    }
}

impl Script {
    fn new(limits: Limits) -> Self {
        let symbols = SymbolTable::new(["A", "B"].map(String::from));
        let instruments = InstrumentTable::new(symbols, |name| Instrument::plain(name, "USD"));
        let stage = OrderStage::new(&instruments, Gate::new(limits, &instruments, Money::ZERO));
        Self { stage, seq: 0 }
    }

    fn run(&mut self, input: Event, intents: &[Intent]) -> Vec<String> {
        self.seq += 1;
        let mut frame = Frame::default();
        frame.begin(Event { seq: self.seq, ..input });
        for intent in intents {
            let event = intent.to_event(frame.input(), Kind::INTENT, None);
            frame.push(event);
        }
        self.stage.on_frame(&mut frame).unwrap();
        frame.events[1 + intents.len()..].iter().map(describe).collect()
    }

    /// Intents at a timer.
    #[track_caller]
    fn wish(&mut self, intents: &[Intent], expected: &[&str]) {
        let found = self.run(Event::input(Kind::TIMER, Nanos(1), SymbolId::NONE), intents);
        assert_eq!(found, expected, "at {}", self.seq);
    }

    #[track_caller]
    fn report(&mut self, id: u32, kind: ReportKind, expected: &[&str]) {
        let report = Report { id: OrderId(id), symbol: A, kind, reason: None };
        assert_eq!(self.run(report.to_event(Nanos(2)), &[]), expected, "at {}", self.seq);
    }

    #[track_caller]
    fn fill(&mut self, id: u32, side: Side, text: &str, expected: &[&str]) {
        let (order, quantity) = (OrderId(id), quantity(text));
        let (price, fee, liquidity) = (Price::new(UNIT), Money::ZERO, Liquidity::Taker);
        let fill = Fill { order, number: 1, symbol: A, side, quantity, price, fee, liquidity };
        assert_eq!(self.run(fill.to_event(Nanos(3)), &[]), expected, "at {}", self.seq);
    }

    fn quote(&mut self, bid: &str, ask: &str) {
        let [bid, ask] = [bid, ask].map(|text| Price::parse(text).unwrap());
        let quote = Quote { ts_event: Nanos(1), bid, ask, bid_size: None, ask_size: None };
        self.stage.on_tick(&Event::quote(Nanos(1), A, quote));
    }

    /// Holds `position`, bought with order 0 at inputs 1 to 3.
    fn long(limits: Limits, position: &str) -> Self {
        let mut s = Self::new(limits);
        s.wish(&[market(position)], &[&format!("order 0 nth 1: buy {position} for 1")]);
        s.report(0, Accepted, &[]);
        s.fill(0, Side::Buy, position, &[]);
        s
    }
}

fn target(symbol: SymbolId, position: &str, style: Style) -> Intent {
    let goal = Goal::Target { position: quantity(position), style };
    Intent { delay: DELAY, ..Intent::new(symbol, goal) }
}

fn market(position: &str) -> Intent {
    target(A, position, Style::Market)
}

fn limit(position: &str, price: &str) -> Intent {
    target(A, position, Style::Limit(Price::parse(price).unwrap()))
}

fn withdraw() -> Intent {
    Intent::new(A, Goal::Withdraw)
}

fn max_position(text: &str) -> Limits {
    Limits { max_position: Some(quantity(text)), ..Limits::default() }
}

#[test]
fn a_target_waits_for_the_cancels_of_its_side() {
    let mut s = Script::new(max_position("3"));
    s.wish(&[limit("2", "9")], &["order 0 nth 1: buy 2 @9 for 1"]);
    // Withdrawn and aimed at zero: nothing is held, so nothing is to do.
    s.wish(&[withdraw(), market("0")], &["cancel 0"]);
    s.wish(&[market("3")], &["Begun 3 for 3"]);
    s.report(0, Accepted, &[]);
    s.report(0, Cancelled, &["order 1 nth 1: buy 3 for 3"]);
    assert_eq!(s.stage.waiting_target(A), None);
}

#[test]
fn an_exit_is_not_refused_for_the_limit_it_withdraws() {
    let mut s = Script::long(max_position("3"), "3");
    s.wish(&[limit("-3", "11")], &["order 1 nth 1: sell 6 @11 for 4"]);
    s.wish(&[withdraw(), market("0")], &["cancel 1", "Begun 0 for 5"]);
    s.report(1, Accepted, &[]);
    s.report(1, Cancelled, &["order 2 nth 1: sell 3 for 5"]);
}

#[test]
fn a_withdrawn_limit_that_fills_after_all_does_not_overshoot() {
    // It fills whole: nothing is left to do.
    let mut s = Script::long(Limits::default(), "3");
    s.wish(&[limit("0", "11")], &["order 1 nth 1: sell 3 @11 for 4"]);
    s.report(1, Accepted, &[]);
    s.wish(&[withdraw(), market("0")], &["cancel 1", "Begun 0 for 6"]);
    s.fill(1, Side::Sell, "3", &["AtTarget 0 for 6"]);
    s.report(1, CancelRejected, &[]);
    // In part: the rest is ordered once the cancel is answered.
    let mut s = Script::long(Limits::default(), "3");
    s.wish(&[limit("0", "11")], &["order 1 nth 1: sell 3 @11 for 4"]);
    s.report(1, Accepted, &[]);
    s.wish(&[withdraw(), market("0")], &["cancel 1", "Begun 0 for 6"]);
    s.fill(1, Side::Sell, "1", &[]);
    s.report(1, Cancelled, &["order 2 nth 1: sell 2 for 6"]);
    // More than what is wanted now: the other side makes up for it.
    let mut s = Script::long(Limits::default(), "3");
    s.wish(&[limit("-2", "11")], &["order 1 nth 1: sell 5 @11 for 4"]);
    s.report(1, Accepted, &[]);
    s.wish(&[withdraw(), market("1")], &["cancel 1", "Begun 1 for 6"]);
    s.fill(1, Side::Sell, "4", &[]);
    s.fill(1, Side::Sell, "1", &["order 2 nth 1: buy 3 for 6"]);
}

#[test]
fn every_answer_that_ends_a_cancel_lets_the_target_go() {
    let waiting = || {
        let mut s = Script::new(Limits::default());
        s.wish(&[limit("2", "9")], &["order 0 nth 1: buy 2 @9 for 1"]);
        s.wish(&[withdraw(), limit("2", "8")], &["cancel 0", "Begun 2 for 2"]);
        s
    };
    // The venue would not have the order.
    waiting().report(0, Rejected, &["order 1 nth 1: buy 2 @8 for 2"]);
    // The venue would not cancel it: it is expected again.
    let mut s = waiting();
    s.report(0, Accepted, &[]);
    s.report(0, CancelRejected, &["AtTarget 2 for 2"]);
    // The run ended: nothing is sent any more.
    waiting().report(0, Expired, &["Superseded 2 for 2"]);
}

#[test]
fn all_cancels_of_the_side_are_waited_for_and_none_of_the_other() {
    let mut s = Script::new(Limits::default());
    s.wish(&[limit("2", "9")], &["order 0 nth 1: buy 2 @9 for 1"]);
    s.wish(&[limit("3", "8")], &["order 1 nth 1: buy 1 @8 for 2"]);
    s.wish(&[withdraw(), market("-1")], &["cancel 0", "cancel 1", "order 2 nth 1: sell 1 for 3"]);
    s.wish(&[limit("1", "9")], &["Begun 1 for 4"]);
    for id in 0..3 {
        s.report(id, Accepted, &[]);
    }
    s.report(1, Cancelled, &[]);
    s.fill(2, Side::Sell, "1", &[]);
    s.report(0, Cancelled, &["order 3 nth 1: buy 2 @9 for 4"]);
}

#[test]
fn a_target_may_wait_for_one_side_and_then_for_the_other() {
    let mut s = Script::long(Limits::default(), "3");
    s.wish(&[limit("0", "11")], &["order 1 nth 1: sell 3 @11 for 4"]);
    s.wish(&[limit("4", "9")], &["order 2 nth 1: buy 4 @9 for 5"]);
    s.report(1, Accepted, &[]);
    s.report(2, Accepted, &[]);
    s.wish(&[withdraw(), market("1")], &["cancel 1", "cancel 2", "Begun 1 for 8"]);
    // Held 0 after this, so that one is to be bought, beside a buy that may still fill.
    s.fill(1, Side::Sell, "3", &[]);
    assert_eq!(s.stage.waiting_target(A), Some(quantity("1")));
    s.report(2, Cancelled, &["order 3 nth 1: buy 1 for 8"]);
}

#[test]
fn what_is_newer_takes_the_place_of_what_waits() {
    let mut s = Script::new(Limits::default());
    s.wish(&[limit("2", "9")], &["order 0 nth 1: buy 2 @9 for 1"]);
    s.wish(
        &[withdraw(), limit("2", "8"), market("1")],
        &["cancel 0", "Begun 2 for 2", "Superseded 2 for 2", "Begun 1 for 2"],
    );
    s.wish(&[target(B, "1", Style::Market)], &["order 1 nth 1: buy 1 for 3"]);
    s.wish(&[market("-1")], &["Superseded 1 for 2", "order 2 nth 1: sell 1 for 4"]);
    s.wish(&[market("5")], &["Begun 5 for 5"]);
    s.wish(&[withdraw()], &["Superseded 5 for 5", "cancel 2"]);
    s.report(0, Rejected, &[]);
    assert_eq!(s.stage.waiting_target(A), None);
}

#[test]
fn a_wish_at_the_answer_itself_is_newer_too() {
    let mut s = Script::new(Limits::default());
    s.wish(&[limit("2", "9")], &["order 0 nth 1: buy 2 @9 for 1"]);
    s.wish(&[withdraw(), limit("2", "8")], &["cancel 0", "Begun 2 for 2"]);
    let rejected = Report { id: OrderId(0), symbol: A, kind: Rejected, reason: None }.to_event(Nanos(2));
    assert_eq!(s.run(rejected, &[market("4")]), ["Superseded 2 for 2", "order 1 nth 1: buy 4 for 3"]);
}

#[test]
fn the_touch_is_that_of_the_moment_it_goes() {
    let mut s = Script::new(Limits::default());
    s.quote("9", "11");
    s.wish(&[target(A, "1", Style::Touch)], &["order 0 nth 1: buy 1 @9 for 1"]);
    s.wish(&[withdraw(), target(A, "1", Style::Touch)], &["cancel 0", "Begun 1 for 2"]);
    s.report(0, Accepted, &[]);
    s.quote("9.5", "11");
    s.report(0, Cancelled, &["order 1 nth 1: buy 1 @9.5 for 2"]);
}

#[test]
fn a_target_may_be_refused_after_it_waited() {
    let mut s = Script::new(max_position("3"));
    s.wish(&[limit("2", "9")], &["order 0 nth 1: buy 2 @9 for 1"]);
    s.wish(&[withdraw(), market("5")], &["cancel 0", "Begun 5 for 2"]);
    s.report(0, Accepted, &[]);
    s.report(0, Cancelled, &["refused max_position for 2"]);
}

#[test]
fn what_waits_is_part_of_the_state() {
    let hash = |wish: Intent| {
        let mut s = Script::new(Limits::default());
        s.wish(&[limit("2", "9")], &["order 0 nth 1: buy 2 @9 for 1"]);
        s.run(Event::input(Kind::TIMER, Nanos(1), SymbolId::NONE), &[withdraw(), wish]);
        s.stage.state_hash()
    };
    let wishes = [
        market("0"),
        market("2"),
        market("3"),
        limit("2", "9"),
        limit("2", "8"),
        Intent { delay: Nanos(1), ..market("2") },
    ];
    let hashes = wishes.map(hash);
    for (n, one) in hashes.iter().enumerate() {
        assert!(hashes[..n].iter().all(|other| other != one), "{n} is like another");
    }
}
