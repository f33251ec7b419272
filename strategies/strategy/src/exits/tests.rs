//! Each exit by hand-made fills, ATRs and bars; then random ones against a slow reference.

use super::*;
use model::Side::{Buy, Sell};
use model::{
    Account, BarSource, IndicatorSet, Instrument, Liquidity, Money, Nanos, Price, Side, SymbolTable,
    Timeframe, UNIT,
};
use proptest::prelude::*;

fn timeframe(text: &str) -> Timeframe {
    Timeframe::parse(text).unwrap()
}

/// Two symbols that trade in lots of this many units of 1e-9.
fn instruments(lot: i64) -> InstrumentTable {
    let symbols = SymbolTable::new(["A".to_owned(), "B".to_owned()]);
    InstrumentTable::new(symbols, |symbol| Instrument {
        lot: Quantity::new(lot),
        ..Instrument::plain(symbol, "USD")
    })
}

fn exits_of(config: ExitsConfig) -> Result<Exits, ExitsError> {
    exits_in_lots(config, 0)
}

fn exits_in_lots(config: ExitsConfig, lot: i64) -> Result<Exits, ExitsError> {
    let names = [vec![ATR_FEATURE.to_owned()], vec!["sma_20".to_owned(), ATR_FEATURE.to_owned()]];
    let schema = Schema { timeframes: &[timeframe("1m"), timeframe("5m")], names: &names };
    Exits::new(config, timeframe("5m"), &schema, &instruments(lot))
}

fn bar(symbol: u32, close: Price) -> Bar {
    Bar {
        symbol: SymbolId(symbol),
        timeframe: 1,
        source: BarSource::Trade,
        primary: true,
        ts_open: Nanos(0),
        ts_close: Nanos::MINUTE,
        open: close,
        high: close,
        low: close,
        close,
        volume: 0,
        vwap: None,
        trades: 1,
    }
}

/// What happens to symbol 1; symbol 0 is left alone.
#[derive(Debug, Clone, Copy)]
enum Step {
    Atr(f64),
    /// Side, quantity and price in whole units.
    Fill(Side, i64, i64),
    /// A close in units of 1e-9, and the reason expected.
    Close(i64, Option<ExitReason>),
}

use ExitReason::{Stop, Target, Time};
use Step::{Atr, Close};

fn units(count: i64) -> i64 {
    count * UNIT
}

fn close(whole: i64, expected: Option<ExitReason>) -> Step {
    Close(units(whole), expected)
}

fn buy(quantity: i64, price: i64) -> Step {
    Step::Fill(Buy, quantity, price)
}

fn sell(quantity: i64, price: i64) -> Step {
    Step::Fill(Sell, quantity, price)
}

fn note_atr(exits: &mut Exits, timeframe: u8, atr: f64) {
    let mut frame = Frame::default();
    frame.begin(Event::input(Kind::TIMER, Nanos(1), SymbolId::NONE));
    frame.values.extend([-1.0, atr]);
    let values_start = if timeframe == 1 { 0 } else { 1 };
    let values_len = 2 - values_start;
    frame.push_set(IndicatorSet {
        symbol: SymbolId(1),
        timeframe,
        ts_close: Nanos(1),
        values_start,
        values_len,
    });
    frame.events.iter().for_each(|event| exits.on_event(event, &frame));
}

fn note_fill(exits: &mut Exits, side: Side, quantity: i64, price: i64) {
    let fill = Fill {
        order: model::OrderId(0),
        number: 1,
        symbol: SymbolId(1),
        side,
        quantity: Quantity::new(quantity),
        price: Price::new(price),
        fee: Money::ZERO,
        liquidity: Liquidity::Taker,
    };
    let held = exits.position(SymbolId(1)).quantity() + side.sign() * quantity;
    let mut frame = Frame::default();
    frame.begin(fill.to_event(Nanos(1)));
    frame.push_account(Account::default(), SymbolId(1), held);
    frame.events.iter().for_each(|event| exits.on_event(event, &frame));
}

fn run(exits: &mut Exits, steps: &[Step]) {
    for (i, step) in steps.iter().enumerate() {
        match *step {
            Atr(atr) => note_atr(exits, 1, atr),
            Step::Fill(side, quantity, price) => note_fill(exits, side, units(quantity), units(price)),
            Close(price, expected) => {
                assert_eq!(
                    exits.on_bar(&bar(0, Price::new(price))),
                    None,
                    "nothing is held of the other symbol"
                );
                let reason = exits.on_bar(&bar(1, Price::new(price)));
                assert_eq!(reason, expected, "step {i} of {steps:?}");
                assert_eq!(exits.is_leaving(SymbolId(1)), reason.is_some());
            }
        }
    }
}

fn check(config: ExitsConfig, steps: &[Step]) {
    run(&mut exits_of(config).unwrap(), steps);
}

const ALL: ExitsConfig = ExitsConfig { stop_atr: 2.0, target_atr: 3.0, time_stop_bars: 4 };

#[test]
fn the_stop_stands_two_atr_below_a_long_entry() {
    check(ALL, &[Atr(5.0), buy(1, 100), Close(units(90) + 1, None), close(90, Some(Stop))]);
    check(ALL, &[Atr(5.0), sell(1, 100), Close(units(110) - 1, None), close(110, Some(Stop))]);
}

#[test]
fn the_target_stands_three_atr_above_a_long_entry() {
    check(ALL, &[Atr(5.0), buy(1, 100), Close(units(115) - 1, None), close(115, Some(Target))]);
    check(ALL, &[Atr(5.0), sell(1, 100), Close(units(85) + 1, None), close(85, Some(Target))]);
}

#[test]
fn the_time_stop_counts_closed_bars() {
    let quiet = [close(100, None), close(100, None), close(100, None), close(100, Some(Time))];
    check(ALL, &[&[close(1, None), Atr(5.0), buy(1, 100)], &quiet[..]].concat());
    // Adding to a position does not make it younger; a new one is.
    check(ALL, &[Atr(5.0), buy(1, 100), quiet[0], buy(1, 100), quiet[1], quiet[2], quiet[3]]);
    check(ALL, &[&[Atr(5.0), buy(1, 100), quiet[0], sell(2, 100)], &quiet[..]].concat());
}

#[test]
fn the_first_that_holds_is_the_reason() {
    check(ExitsConfig { time_stop_bars: 1, ..ALL }, &[Atr(5.0), buy(1, 100), close(90, Some(Stop))]);
    check(ExitsConfig { time_stop_bars: 1, ..ALL }, &[Atr(5.0), buy(1, 100), close(99, Some(Time))]);
}

#[test]
fn a_reason_stands_until_the_position_is_gone() {
    let stopped = [Atr(5.0), buy(2, 100), close(90, Some(Stop)), close(200, Some(Stop)), sell(1, 90)];
    check(ALL, &[&stopped[..], &[close(100, Some(Stop)), sell(1, 90), close(1, None)]].concat());
    // Through flat to the other side: a new position with an entry of its own.
    check(ALL, &[&stopped[..], &[sell(2, 90), close(99, None), close(100, Some(Stop))]].concat());
}

#[test]
fn a_target_calls_for_a_trade_unless_it_is_held_or_undoes_an_exit() {
    let check = |steps: &[Step], expected: [(i64, bool); 4]| {
        let mut exits = exits_of(ALL).unwrap();
        run(&mut exits, steps);
        for (target, calls) in expected {
            let target = Quantity::new(units(target));
            assert_eq!(exits.calls_for_trade(SymbolId(1), target), calls, "{target} after {steps:?}");
        }
    };
    check(&[], [(0, false), (1, true), (2, true), (-1, true)]);
    check(&[Atr(5.0), buy(1, 100)], [(0, true), (1, false), (2, true), (-1, true)]);
    check(&[Atr(5.0), buy(1, 100), close(90, Some(Stop))], [(0, false), (1, false), (2, false), (-1, true)]);
    check(
        &[Atr(5.0), sell(1, 100), close(110, Some(Stop))],
        [(0, false), (-1, false), (-2, false), (1, true)],
    );
}

#[test]
fn a_target_on_the_same_side_that_is_not_smaller_takes_nothing_away() {
    let check = |steps: &[Step], lot: i64, expected: [(i64, bool); 5]| {
        let mut exits = exits_in_lots(ALL, units(lot)).unwrap();
        run(&mut exits, steps);
        for (target, takes) in expected {
            let target = Quantity::new(units(target));
            assert_eq!(exits.takes_away(SymbolId(1), target), takes, "{target} after {steps:?}");
        }
    };
    check(&[], 1, [(-1, false), (0, false), (1, false), (2, false), (3, false)]);
    check(&[buy(2, 100)], 1, [(-1, true), (0, true), (1, true), (2, false), (3, false)]);
    check(&[sell(2, 100)], 1, [(1, true), (0, true), (-1, true), (-2, false), (-3, false)]);
    check(&[buy(2, 100)], 3, [(-3, false), (0, false), (1, false), (2, false), (3, false)]);
}

#[test]
fn less_than_a_lot_is_flat() {
    let lot = units(2);
    let run_in_lots = |steps: &[Step]| {
        let mut exits = exits_in_lots(ALL, lot).unwrap();
        run(&mut exits, steps);
        exits
    };
    // The exit sold two lots of five units and ends with the rest of one.
    let left = [Atr(5.0), buy(5, 100), close(90, Some(Stop)), sell(4, 90)];
    let exits = run_in_lots(&[&left[..], &[close(1, None), close(1000, None)].repeat(9)].concat());
    let (position, symbol) = (exits.position(SymbolId(1)), SymbolId(1));
    assert_eq!((position.quantity(), exits.side(symbol), exits.bars_held(symbol)), (units(1), 0, 0));
    for (target, calls) in [(0, false), (1, false), (2, false), (3, true), (-1, true), (-4, true)] {
        let target = Quantity::new(units(target));
        assert_eq!(exits.calls_for_trade(symbol, target), calls, "{target} beside a rest of 1");
    }
    // Three more are an entry at the mean of four, with an age of its own; a rest that changes sides is still none.
    run_in_lots(&[&left[..], &[buy(3, 80), close(76, None), close(75, Some(Stop))]].concat());
    run_in_lots(&[&left[..], &[sell(2, 90), close(1000, None), sell(1, 100), close(104, None)]].concat());
}

#[test]
fn the_atr_is_the_one_at_entry() {
    check(ALL, &[Atr(5.0), buy(1, 100), Atr(50.0), close(91, None), close(90, Some(Stop))]);
    // Adding moves the mean to 110, the distance stays.
    check(ALL, &[Atr(5.0), buy(1, 100), Atr(50.0), buy(1, 120), close(101, None), close(100, Some(Stop))]);
    // A NaN is no ATR; the first after the entry counts.
    check(ALL, &[Atr(5.0), Atr(f64::NAN), buy(1, 100), close(90, Some(Stop))]);
    check(ALL, &[buy(1, 100), close(1, None), Atr(5.0), Atr(50.0), close(91, None), close(90, Some(Stop))]);
}

#[test]
fn zero_is_off_and_still_prices_decide_nothing() {
    let no_stop = ExitsConfig { stop_atr: 0.0, time_stop_bars: 0, ..ALL };
    check(no_stop, &[Atr(5.0), buy(1, 100), close(1, None), close(115, Some(Target))]);
    let no_target = ExitsConfig { target_atr: 0.0, time_stop_bars: 0, ..ALL };
    check(no_target, &[Atr(5.0), buy(1, 100), close(1000, None), close(90, Some(Stop))]);
    let off = ExitsConfig { stop_atr: 0.0, target_atr: 0.0, time_stop_bars: 0 };
    check(off, &[&[Atr(5.0), buy(1, 100)], &[close(1, None), close(1000, None)].repeat(100)[..]].concat());
    let timeless = ExitsConfig { time_stop_bars: 0, ..ALL };
    check(timeless, &[&[Atr(0.0), buy(1, 100)], &[close(100, None); 9][..]].concat());
}

#[test]
fn a_distance_that_is_configured_is_never_off() {
    let entry = units(100);
    for atr in [0.0, 1e-12, 4e-10] {
        check(ALL, &[Atr(atr), buy(1, 100), Close(entry, None), Close(entry - 1, Some(Stop))]);
        check(ALL, &[Atr(atr), sell(1, 100), Close(entry, None), Close(entry + 1, Some(Stop))]);
        // Three times 4e-10 is one unit, too.
        check(ALL, &[Atr(atr), buy(1, 100), Close(entry, None), Close(entry + 1, Some(Target))]);
    }
    let no_stop = ExitsConfig { stop_atr: 0.0, ..ALL };
    check(no_stop, &[Atr(1e-12), buy(1, 100), Close(entry - 1, None), Close(1, None)]);
}

#[test]
fn it_reads_its_own_timeframe_and_primary_bars() {
    let mut exits = exits_of(ALL).unwrap();
    note_atr(&mut exits, 1, 5.0);
    note_atr(&mut exits, 0, 500.0);
    run(&mut exits, &[buy(1, 100), close(91, None), close(90, Some(Stop))]);
    let own = bar(1, Price::new(1));
    assert!(exits.watches(&own));
    assert!(!exits.watches(&Bar { timeframe: 0, ..own }) && !exits.watches(&Bar { primary: false, ..own }));
}

#[test]
fn what_is_out_of_range_or_missing_is_named() {
    for bad in [-0.1, f64::NAN, f64::INFINITY, 1e6 + 1.0] {
        let said = |config| exits_of(config).unwrap_err().to_string();
        let stop = said(ExitsConfig { stop_atr: bad, ..ALL });
        assert!(stop.starts_with(&format!("exits.stop_atr = {bad} is out of range")), "{stop}");
        let target = said(ExitsConfig { target_atr: bad, ..ALL });
        assert!(target.starts_with(&format!("exits.target_atr = {bad} is out of range")), "{target}");
    }
    let of = |config, names: &[Vec<String>]| {
        let schema = Schema { timeframes: &[timeframe("5m")], names };
        Exits::new(config, timeframe("5m"), &schema, &instruments(0)).err().map(|error| error.to_string())
    };
    let expected = "exits: no indicator of 5m gives atr_14; add it to that timeframe's indicators";
    assert_eq!(of(ALL, &[vec![]]).unwrap(), expected);
    let time_only = ExitsConfig { stop_atr: 0.0, target_atr: 0.0, ..ALL };
    assert_eq!(of(time_only, &[vec![]]), None, "the time stop alone needs no ATR");
    let schema = Schema { timeframes: &[timeframe("1m")], names: &[vec![]] };
    let said = Exits::new(time_only, timeframe("5m"), &schema, &instruments(0)).unwrap_err().to_string();
    assert_eq!(said, "exits: atr_14 is read on 5m, which the run does not have; add it to bars.timeframes");
}

#[test]
fn the_state_hash_tells_histories_apart() {
    let after = |steps: &[Step]| {
        let mut exits = exits_of(ALL).unwrap();
        run(&mut exits, steps);
        let mut hash = StreamHash::new();
        exits.hash_into(&mut hash);
        hash.value()
    };
    let histories = [
        after(&[]),
        after(&[Atr(5.0)]),
        after(&[buy(1, 100)]),
        after(&[Atr(5.0), buy(1, 100)]),
        after(&[Atr(5.0), buy(1, 100), close(100, None)]),
        after(&[Atr(5.0), buy(1, 100), close(90, Some(Stop))]),
        after(&[Atr(5.0), buy(1, 100), close(115, Some(Target))]),
    ];
    for (i, one) in histories.iter().enumerate() {
        assert_eq!(histories.iter().position(|other| other == one), Some(i), "history {i}");
    }
    assert_eq!(after(&[Atr(5.0), buy(1, 100)]), histories[3]);
}

/// The definition again, on a list of everything that happened, with distances and prices as whole numbers.
fn reference(history: &[(i64, i64)], atr: i64, closes: &[i64], config: &ExitsConfig) -> Option<ExitReason> {
    let quantity: i64 = history.iter().map(|(signed, _)| signed).sum();
    let cost: i64 = history.iter().map(|(signed, price)| signed * price).sum();
    let (stop, target) = (config.stop_atr as i64 * atr, config.target_atr as i64 * atr);
    let reason_at = |(i, price): (usize, &i64)| {
        let moved = price * quantity - cost;
        // A distance of less than a whole unit, here 1e-9, is passed by any move of whole ones.
        if config.stop_atr > 0.0 && moved <= (-stop * quantity.abs()).min(-1) {
            Some(Stop)
        } else if config.target_atr > 0.0 && moved >= (target * quantity.abs()).max(1) {
            Some(Target)
        } else {
            (config.time_stop_bars > 0 && i + 1 >= config.time_stop_bars as usize).then_some(Time)
        }
    };
    closes.iter().enumerate().find_map(reason_at)
}

proptest! {
    #[test]
    fn exits_equal_the_reference(
        buys in any::<bool>(), entries in prop::collection::vec((1..5_i64, 80..120_i64), 1..4),
        closes in prop::collection::vec(60..140_i64, 1..30),
        atr in 0..12_i64, stop_atr in 0..4_u8, target_atr in 0..4_u8, time_stop_bars in 0..25_u32,
    ) {
        let config = ExitsConfig { stop_atr: stop_atr.into(), target_atr: target_atr.into(), time_stop_bars };
        let mut exits = exits_of(config).unwrap();
        note_atr(&mut exits, 1, atr as f64);
        let (side, sign) = if buys { (Buy, 1) } else { (Sell, -1) };
        for (quantity, price) in &entries {
            note_fill(&mut exits, side, units(*quantity), units(*price));
        }
        let history: Vec<(i64, i64)> = entries.iter().map(|(quantity, price)| (sign * quantity, *price)).collect();
        for i in 0..closes.len() {
            let reason = exits.on_bar(&bar(1, Price::new(units(closes[i]))));
            prop_assert_eq!(reason, reference(&history, atr, &closes[..=i], &config), "close {}", i);
        }
    }
}
