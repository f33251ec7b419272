//! The gate as a whole: the order of its checks, what it folds, and that approval implies every limit.

use gate::{Gate, Limits, Proposal};
use model::{
    Account, Event, Fill, Frame, Instrument, InstrumentTable, Kind, Liquidity, Money, Nanos, Order, OrderId,
    OrderType, Price, Purpose, Quantity, Rate, RefusalReason, Side, SymbolId, SymbolTable, TimeInForce,
    Trade, UNIT,
};
use proptest::prelude::*;

const SYMBOL: SymbolId = SymbolId(0);

fn instruments() -> InstrumentTable {
    InstrumentTable::new(SymbolTable::new(["A".to_owned()]), |name| Instrument::plain(name, "USD"))
}

fn units(whole: i64) -> Quantity {
    Quantity::new(whole * UNIT)
}

fn money(whole: i64) -> Money {
    Money::from_raw(i128::from(whole) * i128::from(UNIT)).unwrap()
}

fn trade(price: i64) -> Event {
    let trade =
        Trade { ts_event: Nanos(0), price: Price::new(price * UNIT), size: Quantity::new(1), aggressor: 0 };
    Event::trade(Nanos(0), SYMBOL, trade)
}

fn order(side: Side, quantity: i64) -> Order {
    Order {
        id: OrderId(0),
        nth: 1,
        symbol: SYMBOL,
        side,
        order_type: OrderType::Market,
        tif: TimeInForce::Gtc,
        quantity: units(quantity),
        seq: 1,
        cause_seq: 1,
        ts: Nanos(0),
        delay: Nanos(0),
        purpose: Purpose::Decision,
    }
}

fn fill(side: Side, quantity: i64) -> Fill {
    Fill {
        order: OrderId(0),
        number: 1,
        symbol: SYMBOL,
        side,
        quantity: units(quantity),
        price: Price::new(UNIT),
        fee: Money::ZERO,
        liquidity: Liquidity::Taker,
    }
}

/// Tells the gate an equity at a time.
fn tell(gate: &mut Gate, ts: Nanos, equity: i64) {
    let mut frame = Frame::default();
    frame.begin(Event::input(Kind::TIMER, ts, SymbolId::NONE));
    frame.push_account(Account { equity: money(equity), ..Account::default() }, SymbolId::NONE, 0);
    gate.on_frame(&frame);
}

fn buy(quantity: i64, limit: Option<i64>) -> Proposal {
    Proposal {
        symbol: SYMBOL,
        side: Side::Buy,
        quantity: units(quantity),
        limit: limit.map(|p| Price::new(p * UNIT)),
    }
}

#[test]
fn without_limits_everything_is_approved() {
    let gate = Gate::new(Limits::default(), &instruments(), money(100));
    for proposal in [buy(1, None), buy(999_999_999, Some(999_999_999))] {
        assert_eq!(*gate.check(&proposal).unwrap().get(), proposal);
    }
}

#[test]
fn the_first_reason_in_their_order_is_given() {
    use RefusalReason::{MaxDailyLoss, MaxOrderNotional, MaxOrderQuantity, MaxPosition, PriceCollar};
    let all = Limits {
        max_order_quantity: Some(units(10)),
        max_order_notional: Some(money(500)),
        max_position: Some(units(4)),
        price_collar: Some(Rate::parse("0.1").unwrap()),
        max_daily_loss: Some(money(50)),
    };
    let gate_with = |limits| {
        let mut gate = Gate::new(limits, &instruments(), money(1000));
        gate.on_tick(&trade(100));
        tell(&mut gate, Nanos(1), 950);
        gate
    };
    let everything_wrong = buy(11, Some(200));
    let steps = [
        (all, MaxOrderQuantity),
        (Limits { max_order_quantity: None, ..all }, MaxOrderNotional),
        (Limits { max_order_quantity: None, max_order_notional: None, ..all }, MaxPosition),
        (
            Limits {
                price_collar: all.price_collar,
                max_daily_loss: all.max_daily_loss,
                ..Limits::default()
            },
            PriceCollar,
        ),
        (Limits { max_daily_loss: all.max_daily_loss, ..Limits::default() }, MaxDailyLoss),
    ];
    for (limits, reason) in steps {
        assert_eq!(gate_with(limits).check(&everything_wrong), Err(reason));
    }
}

#[test]
fn working_quantity_counts_until_filled_or_released() {
    let limits = Limits { max_position: Some(units(10)), ..Limits::default() };
    let mut gate = Gate::new(limits, &instruments(), money(1000));
    gate.on_order(&order(Side::Buy, 6));
    assert!(gate.check(&buy(4, None)).is_ok());
    assert_eq!(gate.check(&buy(5, None)), Err(RefusalReason::MaxPosition));
    gate.on_fill(&fill(Side::Buy, 2));
    assert_eq!(
        gate.check(&buy(5, None)),
        Err(RefusalReason::MaxPosition),
        "a fill moves it, nothing is freed"
    );
    gate.on_release(SYMBOL, Side::Buy, units(4));
    assert!(gate.check(&buy(8, None)).is_ok());
    assert_eq!(gate.check(&buy(9, None)), Err(RefusalReason::MaxPosition));
    assert_eq!(
        (gate.exposure(SYMBOL).position, gate.exposure(SYMBOL).working_buy),
        (2 * i128::from(UNIT), 0)
    );
}

#[test]
fn a_daily_loss_ends_with_the_day() {
    let limits = Limits { max_daily_loss: Some(money(50)), ..Limits::default() };
    let mut gate = Gate::new(limits, &instruments(), money(1000));
    tell(&mut gate, Nanos(1), 951);
    assert!(gate.check(&buy(1, None)).is_ok());
    tell(&mut gate, Nanos(2), 950);
    assert_eq!(gate.check(&buy(1, None)), Err(RefusalReason::MaxDailyLoss));
    // The day turns with an input that tells no equity.
    let mut frame = Frame::default();
    frame.begin(Event::input(Kind::TIMER, Nanos::DAY, SymbolId::NONE));
    gate.on_frame(&frame);
    assert!(gate.check(&buy(1, None)).is_ok());
    tell(&mut gate, Nanos(Nanos::DAY.0 + 1), 900);
    assert_eq!(gate.check(&buy(1, None)), Err(RefusalReason::MaxDailyLoss));
}

#[test]
#[should_panic(expected = "no more is released than works")]
fn releasing_what_does_not_work_is_a_bug() {
    Gate::new(Limits::default(), &instruments(), money(1)).on_release(SYMBOL, Side::Sell, units(1));
}

#[test]
fn state_hash_follows_state() {
    let gate = || Gate::new(Limits::default(), &instruments(), money(1));
    let mut others = [gate(), gate(), gate()];
    others[0].on_tick(&trade(1));
    others[1].on_order(&order(Side::Sell, 1));
    tell(&mut others[2], Nanos(1), 2);
    for other in others {
        assert_ne!(other.state_hash(), gate().state_hash());
    }
}

/// An optional small whole number.
fn maybe(max: i64) -> impl Strategy<Value = Option<i64>> {
    prop_oneof![Just(None), (0..=max).prop_map(Some)]
}

fn any_side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Buy), Just(Side::Sell)]
}

proptest! {
    /// In whole units throughout, so that the limits can be said again in plain arithmetic.
    #[test]
    fn approval_implies_every_limit(
        max in [maybe(20), maybe(400), maybe(20), maybe(9), maybe(30)],
        last in maybe(30),
        position in -20_i64..=20,
        working in [0_i64..=10, 0_i64..=10],
        lost in -40_i64..=40,
        side in any_side(),
        quantity in 1_i64..=25,
        limit in maybe(40),
    ) {
        let [max_quantity, max_notional, max_position, collar_tenths, max_loss] = max;
        let limits = Limits {
            max_order_quantity: max_quantity.map(units),
            max_order_notional: max_notional.map(money),
            max_position: max_position.map(units),
            price_collar: collar_tenths.map(|tenths| Rate::parse(&format!("0.{tenths}")).unwrap()),
            max_daily_loss: max_loss.map(money),
        };
        let mut gate = Gate::new(limits, &instruments(), money(1000));
        if let Some(last) = last {
            gate.on_tick(&trade(last));
        }
        if position != 0 {
            let held = if position > 0 { Side::Buy } else { Side::Sell };
            gate.on_order(&order(held, position.abs()));
            gate.on_fill(&fill(held, position.abs()));
        }
        for (side, quantity) in [(Side::Buy, working[0]), (Side::Sell, working[1])] {
            if quantity > 0 {
                gate.on_order(&order(side, quantity));
            }
        }
        tell(&mut gate, Nanos(1), 1000 - lost);

        let proposal = Proposal { side, limit: limit.map(|p| Price::new(p * UNIT)), ..buy(quantity, None) };
        let after = if side == Side::Buy {
            position + working[0] + quantity
        } else {
            working[1] + quantity - position
        };
        let quantity_ok = max_quantity.is_none_or(|max| quantity <= max);
        let notional_ok = max_notional.is_none_or(|max| last.is_some_and(|last| {
            let price = match (limit, side) {
                (None, _) => last,
                (Some(limit), Side::Buy) => limit,
                (Some(limit), Side::Sell) => limit.max(last),
            };
            price * quantity <= max
        }));
        let position_ok = max_position.is_none_or(|max| after <= max);
        let collar_ok = collar_tenths.is_none_or(|tenths| limit.is_none_or(|limit| {
            last.is_some_and(|last| (limit - last).abs() * 10 <= tenths * last)
        }));
        let loss_ok = max_loss.is_none_or(|max| lost < max || after <= 0);
        let all_ok = quantity_ok && notional_ok && position_ok && collar_ok && loss_ok;
        prop_assert_eq!(gate.check(&proposal).is_ok(), all_ok);
    }
    /// Against trying every number of lots.
    #[test]
    fn the_largest_order_is_the_last_within(
        max in [maybe(20), maybe(400)],
        last in maybe(30),
        side in any_side(),
        quantity in 1_i64..=25,
        lot in 1_i64..=4,
        limit in maybe(40),
    ) {
        let (max_order_quantity, max_order_notional) = (max[0].map(units), max[1].map(money));
        let limits = Limits { max_order_quantity, max_order_notional, ..Limits::default() };
        let mut gate = Gate::new(limits, &instruments(), money(1000));
        if let Some(last) = last {
            gate.on_tick(&trade(last));
        }
        let of = |quantity| Proposal { side, limit: limit.map(|p| Price::new(p * UNIT)), ..buy(quantity, None) };
        let mut lots = (1..=quantity).filter(|n| n % lot == 0 || *n == quantity).rev();
        let expected = lots.find(|n| gate.check(&of(*n)).is_ok()).map(units);
        prop_assert_eq!(gate.largest_order(&of(quantity), units(lot)), expected);
    }
}
