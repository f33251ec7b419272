//! Intents to orders, cancels and refusals, by scenario.
//!
//! A frame is written as its input and its intents; what the stage appends is compared as text.

use gate::{Gate, Limits};
use model::{
    Event, Fill, Frame, Goal, Instrument, InstrumentTable, Intent, Kind, Liquidity, Money, Nanos, Order,
    OrderId, OrderType, Price, Quantity, Quote, RefusalReason, RejectReason, Report, ReportKind, Side, Style,
    SymbolId, SymbolTable, Trade, UNIT,
};
use orders::{Change, OrderError, OrderStage, OrderState, TransitionError};

const A: SymbolId = SymbolId(0);
const B: SymbolId = SymbolId(1);

fn stage(limits: Limits) -> OrderStage {
    let symbols = SymbolTable::new(["A", "B"].map(String::from));
    let instruments = InstrumentTable::new(symbols, |name| Instrument {
        lot: if name == "B" { Quantity::new(UNIT / 2) } else { Quantity::ZERO },
        ..Instrument::plain(name, "USD")
    });
    OrderStage::new(&instruments, Gate::new(limits, &instruments, Money::ZERO))
}

fn quantity(text: &str) -> Quantity {
    Quantity::parse(text).unwrap()
}

fn market(symbol: SymbolId, position: &str) -> Intent {
    Intent::new(symbol, Goal::Target { position: quantity(position), style: Style::Market })
}

fn limit(symbol: SymbolId, position: &str, price: &str) -> Intent {
    let style = Style::Limit(Price::parse(price).unwrap());
    Intent::new(symbol, Goal::Target { position: quantity(position), style })
}

fn withdraw(symbol: SymbolId) -> Intent {
    Intent::new(symbol, Goal::Withdraw)
}

fn timer() -> Event {
    Event::input(Kind::TIMER, Nanos(1), SymbolId::NONE)
}

fn report(id: u32, symbol: SymbolId, kind: ReportKind) -> Event {
    let reason = (kind == ReportKind::Rejected).then_some(RejectReason::Lot);
    Report { id: OrderId(id), symbol, kind, reason }.to_event(Nanos(2))
}

fn fill(id: u32, symbol: SymbolId, side: Side, text: &str) -> Event {
    let (order, quantity) = (OrderId(id), quantity(text));
    let (price, fee, liquidity) = (Price::new(UNIT), Money::ZERO, Liquidity::Taker);
    Fill { order, number: 1, symbol, side, quantity, price, fee, liquidity }.to_event(Nanos(3))
}

fn frame(input: Event, intents: &[Intent]) -> Frame {
    let mut frame = Frame::default();
    frame.begin(Event { seq: 7, ..input });
    for intent in intents {
        let event = intent.to_event(frame.input(), Kind::INTENT, None);
        frame.push(event);
    }
    frame
}

fn describe(event: &Event) -> String {
    assert_eq!(event.seq, 7, "what is emitted names its cause");
    match event.kind {
        Kind::ORDER => {
            let Order { id, nth, symbol, side, order_type, quantity, .. } = Order::from_event(event);
            let price = match order_type {
                OrderType::Market => String::new(),
                OrderType::Limit(price) => format!(" @{price}"),
            };
            format!("order {} nth {nth}: {} {quantity} of {}{price}", id.0, side.name(), symbol.0)
        }
        Kind::CANCEL => format!("cancel {} of {}", event.words[0], event.symbol.0),
        Kind::REFUSAL => {
            assert_eq!(Intent::refusal_cause_seq(event), 7);
            format!("refused {}", Intent::refusal_reason(event))
        }
        kind => panic!("{kind:?} is not emitted here"),
    }
}

fn run(stage: &mut OrderStage, input: Event, intents: &[Intent]) -> Result<Vec<String>, OrderError> {
    let mut frame = frame(input, intents);
    stage.on_frame(&mut frame)?;
    Ok(frame.events[1 + intents.len()..].iter().map(describe).collect())
}

fn check(stage: &mut OrderStage, input: Event, intents: &[Intent], expected: &[&str]) {
    assert_eq!(run(stage, input, intents).unwrap(), expected);
}

#[test]
fn a_target_orders_the_difference_to_held_and_expected() {
    let mut s = stage(Limits::default());
    check(&mut s, timer(), &[market(A, "3")], &["order 0 nth 1: buy 3 of 0"]);
    check(&mut s, timer(), &[market(A, "3")], &[]);
    check(&mut s, report(0, A, ReportKind::Accepted), &[], &[]);
    check(&mut s, fill(0, A, Side::Buy, "1"), &[market(A, "3")], &[]);
    check(&mut s, timer(), &[limit(A, "-2", "9.5")], &["order 1 nth 1: sell 5 of 0 @9.5"]);
    check(&mut s, fill(0, A, Side::Buy, "2"), &[market(A, "0")], &["order 2 nth 1: buy 2 of 0"]);
    assert_eq!(s.orders_sent(), 3);
}

#[test]
fn orders_of_one_frame_are_numbered_from_one() {
    let mut s = stage(Limits::default());
    let intents = [market(A, "1"), withdraw(B), market(B, "-1"), market(A, "1"), market(A, "2")];
    let expected = ["order 0 nth 1: buy 1 of 0", "order 1 nth 2: sell 1 of 1", "order 2 nth 3: buy 1 of 0"];
    check(&mut s, timer(), &intents, &expected);
    check(&mut s, timer(), &[market(B, "0")], &["order 3 nth 1: buy 1 of 1"]);
}

#[test]
fn the_difference_is_rounded_down_to_the_lot() {
    let mut s = stage(Limits::default());
    check(&mut s, timer(), &[market(B, "0.499999999")], &[]);
    check(&mut s, timer(), &[market(B, "-0.3")], &[]);
    check(&mut s, timer(), &[market(B, "1.7")], &["order 0 nth 1: buy 1.5 of 1"]);
    check(&mut s, timer(), &[market(B, "1.7")], &[]);
    check(&mut s, timer(), &[market(B, "-0.1")], &["order 1 nth 1: sell 1.5 of 1"]);
}

#[test]
fn a_withdrawal_cancels_each_order_once() {
    let mut s = stage(Limits::default());
    check(
        &mut s,
        timer(),
        &[limit(A, "1", "9"), limit(A, "2", "8")],
        &["order 0 nth 1: buy 1 of 0 @9", "order 1 nth 2: buy 1 of 0 @8"],
    );
    check(&mut s, report(0, A, ReportKind::Accepted), &[], &[]);
    check(&mut s, timer(), &[withdraw(B), withdraw(A), withdraw(A)], &["cancel 0 of 0", "cancel 1 of 0"]);
    check(&mut s, report(1, A, ReportKind::Accepted), &[], &[]);
    let states: Vec<OrderState> = s.open_orders(A).iter().map(|order| order.state).collect();
    assert_eq!(states, [OrderState::PendingCancel; 2]);
    check(&mut s, report(0, A, ReportKind::Cancelled), &[], &[]);
    // The second fills before its cancel arrives: the cancel is refused, and that is no error.
    check(&mut s, fill(1, A, Side::Buy, "1"), &[], &[]);
    check(&mut s, report(1, A, ReportKind::CancelRejected), &[], &[]);
    assert!(s.open_orders(A).is_empty());
    assert!(run(&mut s, report(1, A, ReportKind::CancelRejected), &[]).is_err(), "a cancel is answered once");
}

#[test]
fn a_refusal_carries_the_intent_and_the_reason() {
    let mut s = stage(Limits { max_order_quantity: Some(quantity("5")), ..Limits::default() });
    let intents = [market(A, "6"), market(A, "5")];
    let mut frame = frame(timer(), &intents);
    s.on_frame(&mut frame).unwrap();
    let refusal = &frame.events[3];
    assert_eq!(Intent::from_event(refusal), intents[0]);
    assert_eq!(Intent::refusal_reason(refusal), RefusalReason::MaxOrderQuantity);
    assert_eq!(describe(&frame.events[4]), "order 0 nth 1: buy 5 of 0");
}

#[test]
fn rejections_and_expiries_free_what_was_under_way() {
    for kind in [ReportKind::Rejected, ReportKind::Expired] {
        let mut s = stage(Limits::default());
        check(&mut s, timer(), &[market(A, "3")], &["order 0 nth 1: buy 3 of 0"]);
        check(&mut s, report(0, A, kind), &[market(A, "3")], &["order 1 nth 1: buy 3 of 0"]);
        assert_eq!(s.gate().exposure(A).working_buy, 3 * i128::from(UNIT));
    }
}

#[test]
fn what_does_not_belong_is_an_error_with_a_name() {
    let mut s = stage(Limits::default());
    check(&mut s, timer(), &[market(A, "3")], &["order 0 nth 1: buy 3 of 0"]);
    let cause = TransitionError { state: OrderState::PendingNew, change: Change::FillPart };
    let early = run(&mut s, fill(0, A, Side::Buy, "1"), &[]).unwrap_err();
    assert_eq!(early, OrderError::Transition { order: OrderId(0), symbol: "A".to_owned(), cause });
    assert!(early.to_string().starts_with("order 0 in A: FillPart came while the order was PendingNew"));
    check(&mut s, report(0, A, ReportKind::Accepted), &[], &[]);
    let over = run(&mut s, fill(0, A, Side::Buy, "3.000000001"), &[]).unwrap_err();
    assert!(over.to_string().starts_with("order 0 in A was filled 3.000000001 with 3 left"), "{over}");
    let unknown = run(&mut s, report(4, B, ReportKind::Accepted), &[]).unwrap_err();
    let expected = OrderError::NotOpen { order: OrderId(4), symbol: "B".to_owned(), change: Change::Accept };
    assert_eq!(unknown, expected);
    check(&mut s, fill(0, A, Side::Buy, "3"), &[], &[]);
}

#[test]
fn a_target_beyond_one_order_is_an_error() {
    let mut s = stage(Limits::default());
    check(&mut s, timer(), &[market(A, "999999999")], &["order 0 nth 1: buy 999999999 of 0"]);
    let error = run(&mut s, timer(), &[market(A, "-1")]).unwrap_err();
    assert_eq!(error, OrderError::TargetTooFar { symbol: "A".to_owned(), target: quantity("-1") });
    assert!(error.to_string().contains("-1 in A"));
}

#[test]
fn hashes_separate_risk_from_orders() {
    let limits = Limits { max_order_quantity: Some(quantity("5")), ..Limits::default() };
    let mut s = stage(limits);
    let fresh = stage(limits);
    run(&mut s, timer(), &[market(A, "6")]).unwrap();
    assert_ne!(s.risk_hash(), fresh.risk_hash());
    assert_eq!(s.order_hash(), fresh.order_hash());
    run(&mut s, timer(), &[limit(A, "1", "2")]).unwrap();
    let ordered = s.order_hash();
    assert_ne!(ordered, fresh.order_hash());
    run(&mut s, timer(), &[withdraw(A)]).unwrap();
    assert_ne!(s.order_hash(), ordered);
    assert_ne!(s.event_hash(), fresh.event_hash());
}

fn touch(symbol: SymbolId, position: &str) -> Intent {
    Intent::target(symbol, quantity(position), Style::Touch)
}

fn quote(symbol: SymbolId, bid: &str, ask: &str) -> Event {
    let [bid, ask] = [bid, ask].map(|text| Price::parse(text).unwrap());
    Event::quote(Nanos(1), symbol, Quote { ts_event: Nanos(1), bid, ask, bid_size: None, ask_size: None })
}

fn trade(symbol: SymbolId, price: &str) -> Event {
    let price = Price::parse(price).unwrap();
    Event::trade(Nanos(1), symbol, Trade { ts_event: Nanos(1), price, size: Quantity::new(1), aggressor: 0 })
}

#[test]
fn a_tick_that_is_a_frame_is_the_last_price_of_its_own_intents() {
    let notional = Some(Money::parse("25").unwrap());
    let mut s = stage(Limits { max_order_notional: notional, ..Limits::default() });
    check(&mut s, timer(), &[market(A, "2")], &["refused max_order_notional"]);
    check(&mut s, trade(A, "10"), &[market(A, "2")], &["order 0 nth 1: buy 2 of 0"]);
    check(&mut s, trade(A, "20"), &[market(A, "4")], &["refused max_order_notional"]);
}

#[test]
fn a_limit_at_the_touch_joins_its_own_side_or_the_last_price() {
    let mut s = stage(Limits::default());
    s.on_tick(&trade(A, "10"));
    check(&mut s, timer(), &[touch(A, "1")], &["order 0 nth 1: buy 1 of 0 @10"]);
    s.on_tick(&quote(A, "9", "11"));
    check(&mut s, timer(), &[touch(A, "2")], &["order 1 nth 1: buy 1 of 0 @9"]);
    check(&mut s, quote(A, "9.5", "12"), &[touch(A, "0")], &["order 2 nth 1: sell 2 of 0 @12"]);
    check(&mut s, timer(), &[touch(B, "1")], &["refused price_collar"]);
}

#[test]
fn an_order_carries_the_delay_of_its_intent() {
    let mut s = stage(Limits::default());
    let mut frame = frame(timer(), &[Intent { delay: Nanos(9), ..market(A, "1") }]);
    s.on_frame(&mut frame).unwrap();
    assert_eq!(Order::from_event(frame.events.last().unwrap()).delay, Nanos(9));
}

/// A stage that holds `position` of `symbol`, bought at a last price of 10.
fn holding(limits: Limits, symbol: SymbolId, position: &str) -> OrderStage {
    let mut s = stage(limits);
    s.on_tick(&trade(symbol, "10"));
    check(
        &mut s,
        timer(),
        &[market(symbol, position)],
        &[&format!("order 0 nth 1: buy {position} of {}", symbol.0)],
    );
    check(&mut s, report(0, symbol, ReportKind::Accepted), &[], &[]);
    check(&mut s, fill(0, symbol, Side::Buy, position), &[], &[]);
    s
}

#[test]
fn an_exit_above_one_orders_worth_leaves_in_parts() {
    let limits = Limits { max_order_notional: Some(Money::parse("100").unwrap()), ..Limits::default() };
    let mut s = holding(limits, A, "9.5");
    s.on_tick(&trade(A, "30"));
    let parts = ["order 1 nth 1: sell 3.333333333 of 0", "order 2 nth 2: sell 3.333333333 of 0"];
    let rest = "order 3 nth 3: sell 2.833333334 of 0";
    check(&mut s, timer(), &[market(A, "0"), market(A, "0")], &[parts[0], parts[1], rest]);

    // Whole lots; the numbers run on over parts and intents.
    let mut s = holding(limits, B, "9.5");
    s.on_tick(&trade(B, "30"));
    s.on_tick(&trade(A, "10"));
    let parts = ["order 2 nth 2: sell 3 of 1", "order 3 nth 3: sell 3 of 1", "order 4 nth 4: sell 0.5 of 1"];
    let intents = [market(A, "1"), market(B, "3"), market(A, "2")];
    let expected = ["order 1 nth 1: buy 1 of 0", parts[0], parts[1], parts[2], "order 5 nth 5: buy 1 of 0"];
    check(&mut s, timer(), &intents, &expected);

    // A lot is worth too much.
    let mut s = holding(limits, B, "9.5");
    s.on_tick(&trade(B, "201"));
    check(&mut s, timer(), &[market(B, "0")], &["refused max_order_notional"]);
}

#[test]
fn only_what_reduces_leaves_in_parts() {
    let limits = Limits { max_order_notional: Some(Money::parse("100").unwrap()), ..Limits::default() };
    let mut s = holding(limits, A, "9.5");
    s.on_tick(&trade(A, "20"));
    // More of it, and a reversal.
    check(&mut s, timer(), &[market(A, "15")], &["refused max_order_notional"]);
    check(&mut s, timer(), &[market(A, "-0.000000001")], &["refused max_order_notional"]);
    // What works on its side counts.
    check(&mut s, timer(), &[limit(A, "6", "20")], &["order 1 nth 1: sell 3.5 of 0 @20"]);
    check(&mut s, timer(), &[market(A, "0")], &["order 2 nth 1: sell 5 of 0", "order 3 nth 2: sell 1 of 0"]);
    check(&mut s, timer(), &[market(A, "-6")], &["refused max_order_notional"]);
}

#[test]
fn at_most_sixty_four_parts_leave_at_once() {
    let limits = Limits { max_order_notional: Some(Money::parse("50000").unwrap()), ..Limits::default() };
    let mut s = stage(limits);
    s.on_tick(&trade(A, "1"));
    check(&mut s, timer(), &[market(A, "650")], &["order 0 nth 1: buy 650 of 0"]);
    check(&mut s, report(0, A, ReportKind::Accepted), &[], &[]);
    check(&mut s, fill(0, A, Side::Buy, "650"), &[], &[]);
    s.on_tick(&trade(A, "5000"));
    let first = run(&mut s, timer(), &[market(A, "0")]).unwrap();
    assert_eq!(first.len(), 64);
    assert_eq!(first[63], "order 64 nth 64: sell 10 of 0");
    check(&mut s, timer(), &[market(A, "0")], &["order 65 nth 1: sell 10 of 0"]);
    check(&mut s, timer(), &[market(A, "0")], &[]);
}
