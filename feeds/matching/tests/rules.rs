//! Each sentence of the venue's contract as a small scenario in a made-up notation.
//!
//! One line per step, at one second each: `buy QTY [@LIMIT]` and `sell …` send an order, `cancel ID` asks
//! for a cancel, `trade PRICE xSIZE`, `quote BID/ASK [BIDSIZE/ASKSIZE]` apply a tick, `end` expires.
//! Answers read `accepted 0`, `fill 0 QTY@PRICE taker fee FEE`, …, with the second they carry if asked.

use matching::{FillSize, Venue, VenueConfig, VenueError};
use model::{
    Event, Fill, Instrument, InstrumentTable, Kind, Nanos, Order, OrderId, OrderType, Price, Purpose,
    Quantity, Quote, Rate, Report, Side, SymbolId, SymbolTable, TimeInForce, Trade,
};

const SECOND: i64 = Nanos::SECOND.0;

struct Scenario {
    quoted: bool,
    fill_size: FillSize,
    latency: Nanos,
}

const QUOTED: Scenario = Scenario { quoted: true, fill_size: FillSize::Unlimited, latency: Nanos(0) };
const TRADES: Scenario = Scenario { quoted: false, fill_size: FillSize::Unlimited, latency: Nanos(0) };

fn print_sized(scenario: Scenario) -> Scenario {
    Scenario { fill_size: FillSize::Print, ..scenario }
}

fn quantity(text: &str) -> Quantity {
    Quantity::parse(text).unwrap()
}

fn price(text: &str) -> Price {
    Price::parse(text).unwrap()
}

fn venue(scenario: &Scenario) -> Venue {
    let instruments = InstrumentTable::new(SymbolTable::new(["A".to_owned()]), |name| Instrument {
        tick_size: price("0.5"),
        lot: quantity("0.1"),
        ..Instrument::plain(name, "USD")
    });
    let config = VenueConfig {
        latency: scenario.latency,
        maker: Rate::parse("-0.001").unwrap(),
        taker: Rate::parse("0.002").unwrap(),
        fill_size: scenario.fill_size,
    };
    Venue::new(config, &instruments, &[scenario.quoted])
}

fn tick(step: &[&str], ts: Nanos) -> Event {
    if step[0] == "trade" {
        let size = quantity(step[2].strip_prefix('x').unwrap());
        let trade = Trade { ts_event: ts, price: price(step[1]), size, aggressor: 0 };
        return Event::trade(ts, SymbolId(0), trade);
    }
    let (bid, ask) = step[1].split_once('/').unwrap();
    let sizes = step.get(2).map(|sizes| sizes.split_once('/').unwrap());
    let quote = Quote {
        ts_event: ts,
        bid: price(bid),
        ask: price(ask),
        bid_size: sizes.map(|(size, _)| quantity(size)),
        ask_size: sizes.map(|(_, size)| quantity(size)),
    };
    Event::quote(ts, SymbolId(0), quote)
}

fn describe(event: &Event) -> String {
    let second = event.ts.0 / SECOND;
    if event.kind == Kind::FILL {
        let fill = Fill::from_event(event);
        let Fill { order, number, quantity, price, fee, liquidity, .. } = fill;
        return format!(
            "{second}s fill {number} of {}: {quantity}@{price} {} fee {fee}",
            order.0,
            liquidity.name()
        );
    }
    let report = Report::from_event(event);
    let reason = report.reason.map_or(String::new(), |reason| format!(" {}", reason.name()));
    format!("{second}s {:?} {}{reason}", report.kind, report.id.0).to_lowercase()
}

fn let_arrive(venue: &mut Venue, until: Nanos, out: &mut Vec<Event>) {
    while venue.next_arrival() <= until {
        venue.arrive(out).unwrap();
    }
}

/// Runs the steps, one a second from second 1; compares all answers.
fn check(scenario: &Scenario, steps: &[&str], expected: &[&str]) {
    let mut venue = venue(scenario);
    let mut out = Vec::new();
    let mut orders = 0;
    for (i, line) in steps.iter().enumerate() {
        let ts = Nanos((i as i64 + 1) * SECOND);
        let step: Vec<&str> = line.split(' ').collect();
        let_arrive(&mut venue, ts, &mut out);
        match step[0] {
            "buy" | "sell" => {
                let option = |mark| step[2..].iter().find_map(|text| text.strip_prefix(mark));
                let limit = option('@').map(price);
                let delay_s: i64 = option('+').map_or(0, |seconds| seconds.parse().unwrap());
                venue.submit(Order {
                    id: OrderId(orders),
                    nth: 1,
                    symbol: SymbolId(0),
                    side: if step[0] == "buy" { Side::Buy } else { Side::Sell },
                    order_type: limit.map_or(OrderType::Market, OrderType::Limit),
                    tif: TimeInForce::Gtc,
                    quantity: quantity(step[1]),
                    seq: 1,
                    cause_seq: 1,
                    ts,
                    delay: Nanos(delay_s * SECOND),
                    purpose: Purpose::Decision,
                });
                orders += 1;
            }
            "cancel" => venue.cancel(OrderId(step[1].parse().unwrap()), SymbolId(0), ts),
            "end" => venue.expire(ts, &mut out),
            _ => venue.on_tick(&tick(&step, ts), &mut out).unwrap(),
        }
        let_arrive(&mut venue, ts, &mut out);
    }
    let found: Vec<String> = out.iter().map(describe).collect();
    assert_eq!(found, expected, "{steps:#?}");
}

#[test]
fn a_market_order_takes_the_side_that_stands_at_arrival() {
    check(&QUOTED, &["quote 99/101", "buy 1"], &["2s accepted 0", "2s fill 1 of 0: 1@101 taker fee 0.202"]);
    check(&QUOTED, &["quote 99/101", "sell 1"], &["2s accepted 0", "2s fill 1 of 0: 1@99 taker fee 0.198"]);
}

#[test]
fn crossed_quotes_are_taken_as_they_stand() {
    let steps = ["quote 101/99", "buy 1", "sell 1"];
    check(
        &QUOTED,
        &steps,
        &[
            "2s accepted 0",
            "2s fill 1 of 0: 1@99 taker fee 0.198",
            "3s accepted 1",
            "3s fill 2 of 1: 1@101 taker fee 0.202",
        ],
    );
}

#[test]
fn a_market_order_before_any_quote_waits_for_the_first() {
    check(
        &QUOTED,
        &["buy 1", "trade 50 x9", "quote 99/101"],
        &["1s accepted 0", "3s fill 1 of 0: 1@101 taker fee 0.202"],
    );
}

#[test]
fn a_market_order_takes_the_rest_from_following_quotes() {
    check(
        &QUOTED,
        &["quote 99/101 5/2", "buy 4", "quote 99/102 5/0", "quote 99/103 5/1", "quote 99/104"],
        &[
            "2s accepted 0",
            "2s fill 1 of 0: 2@101 taker fee 0.404",
            "4s fill 2 of 0: 1@103 taker fee 0.206",
            "5s fill 3 of 0: 1@104 taker fee 0.208",
        ],
    );
}

#[test]
fn a_standing_size_is_available_once() {
    check(
        &QUOTED,
        &["quote 99/101 5/3", "buy 2", "buy 2", "sell 4", "quote 99/101 5/3"],
        &[
            "2s accepted 0",
            "2s fill 1 of 0: 2@101 taker fee 0.404",
            "3s accepted 1",
            "3s fill 2 of 1: 1@101 taker fee 0.202",
            "4s accepted 2",
            "4s fill 3 of 2: 4@99 taker fee 0.792",
            "5s fill 4 of 1: 1@101 taker fee 0.202",
        ],
    );
}

#[test]
fn a_quotes_size_is_shared_in_order_of_arrival() {
    check(
        &QUOTED,
        &["buy 2", "buy 2", "quote 99/101 9/3"],
        &[
            "1s accepted 0",
            "2s accepted 1",
            "3s fill 1 of 0: 2@101 taker fee 0.404",
            "3s fill 2 of 1: 1@101 taker fee 0.202",
        ],
    );
}

#[test]
fn trades_only_market_orders_fill_at_the_first_print_after() {
    check(
        &TRADES,
        &["trade 100 x1", "buy 5", "trade 101 x1", "trade 102 x1"],
        &["2s accepted 0", "3s fill 1 of 0: 5@101 taker fee 1.01"],
    );
    check(
        &print_sized(TRADES),
        &["buy 5", "sell 1", "trade 101 x2", "trade 102 x3.5", "trade 103 x9"],
        &[
            "1s accepted 0",
            "2s accepted 1",
            "3s fill 1 of 0: 2@101 taker fee 0.404",
            "4s fill 2 of 0: 3@102 taker fee 0.612",
            "4s fill 3 of 1: 0.5@102 taker fee 0.102",
            "5s fill 4 of 1: 0.5@103 taker fee 0.103",
        ],
    );
}

#[test]
fn an_order_arrives_after_the_latency_and_before_the_tick_of_that_time() {
    let slow = |scenario: Scenario| Scenario { latency: Nanos(2 * SECOND), ..scenario };
    check(
        &slow(QUOTED),
        &["buy 1", "quote 99/101", "quote 99/105"],
        &["3s accepted 0", "3s fill 1 of 0: 1@101 taker fee 0.202"],
    );
    check(
        &slow(TRADES),
        &["buy 1", "trade 101 x1", "trade 105 x1"],
        &["3s accepted 0", "3s fill 1 of 0: 1@105 taker fee 0.21"],
    );
}

#[test]
fn a_marketable_limit_takes_at_the_quote_and_its_rest_makes_at_its_price() {
    check(
        &QUOTED,
        &["quote 99/101 5/2", "buy 4 @102", "quote 99/102.5 5/5", "quote 99/101.5 5/1", "trade 101 x1"],
        &[
            "2s accepted 0",
            "2s fill 1 of 0: 2@101 taker fee 0.404",
            "4s fill 2 of 0: 1@102 maker fee -0.102",
            "5s fill 3 of 0: 1@102 maker fee -0.102",
        ],
    );
    check(
        &QUOTED,
        &["quote 99/101", "buy 1 @101", "sell 1 @99"],
        &[
            "2s accepted 0",
            "2s fill 1 of 0: 1@101 taker fee 0.202",
            "3s accepted 1",
            "3s fill 2 of 1: 1@99 taker fee 0.198",
        ],
    );
}

#[test]
fn a_resting_limit_makes_when_the_opposite_quote_reaches_it() {
    check(
        &QUOTED,
        &[
            "quote 99/101",
            "buy 1 @100",
            "sell 1 @100.5",
            "quote 100/100.5",
            "quote 100.5/101",
            "quote 99/100",
        ],
        &[
            "2s accepted 0",
            "3s accepted 1",
            "5s fill 1 of 1: 1@100.5 maker fee -0.1005",
            "6s fill 2 of 0: 1@100 maker fee -0.1",
        ],
    );
}

#[test]
fn a_resting_limit_makes_when_a_print_goes_strictly_through() {
    for scenario in [QUOTED, TRADES] {
        check(
            &scenario,
            &["buy 2 @100", "sell 2 @102", "trade 100 x1", "trade 102 x1", "trade 99.5 x1", "trade 102.5 x1"],
            &[
                "1s accepted 0",
                "2s accepted 1",
                "5s fill 1 of 0: 2@100 maker fee -0.2",
                "6s fill 2 of 1: 2@102 maker fee -0.204",
            ],
        );
    }
    check(
        &print_sized(QUOTED),
        &["buy 2 @100", "buy 2 @101", "trade 99 x3", "trade 99 x3"],
        &[
            "1s accepted 0",
            "2s accepted 1",
            "3s fill 1 of 0: 2@100 maker fee -0.2",
            "3s fill 2 of 1: 1@101 maker fee -0.101",
            "4s fill 3 of 1: 1@101 maker fee -0.101",
        ],
    );
}

#[test]
fn trades_only_limits_rest_even_beyond_the_last_print() {
    check(&TRADES, &["trade 100 x1", "buy 1 @105", "trade 105 x1"], &["2s accepted 0"]);
    check(
        &TRADES,
        &["trade 100 x1", "buy 1 @105", "trade 104 x1"],
        &["2s accepted 0", "3s fill 1 of 0: 1@105 maker fee -0.105"],
    );
}

#[test]
fn steps_are_enforced() {
    check(
        &QUOTED,
        &["quote 99/101", "buy 0.15", "buy 0.05", "buy 1 @100.25", "buy 0.1 @101.5"],
        &[
            "2s rejected 0 lot",
            "3s rejected 1 lot",
            "4s rejected 2 tick_size",
            "5s accepted 3",
            "5s fill 1 of 3: 0.1@101 taker fee 0.0202",
        ],
    );
}

#[test]
fn cancels_are_answered() {
    check(
        &QUOTED,
        &["quote 99/101", "buy 1 @100", "cancel 0", "cancel 0", "cancel 7", "quote 98/99"],
        &["2s accepted 0", "3s cancelled 0", "4s cancelrejected 0", "5s cancelrejected 7"],
    );
}

#[test]
fn what_is_open_or_in_flight_expires_in_order() {
    let slow = Scenario { latency: Nanos(2 * SECOND), ..TRADES };
    check(
        &slow,
        &["buy 1", "sell 1 @1000", "buy 2", "cancel 1", "end", "trade 100 x1"],
        &["3s accepted 0", "4s accepted 1", "5s accepted 2", "5s expired 0", "5s expired 1", "5s expired 2"],
    );
    check(&slow, &["buy 1", "buy 1", "end"], &["3s accepted 0", "3s expired 0", "3s expired 1"]);
    let slower = Scenario { latency: Nanos(9 * SECOND), ..TRADES };
    check(&slower, &["buy 1", "sell 1", "cancel 0", "end"], &["4s expired 0", "4s expired 1"]);
}

#[test]
fn a_delayed_order_is_overtaken_by_what_arrives_before_it() {
    check(
        &QUOTED,
        &["quote 99/101", "buy 1 +3", "sell 2", "quote 98/100", "quote 97/99"],
        &[
            "3s accepted 1",
            "3s fill 1 of 1: 2@99 taker fee 0.396",
            "5s accepted 0",
            "5s fill 2 of 0: 1@100 taker fee 0.2",
        ],
    );
}

#[test]
fn a_cancel_never_overtakes_its_order() {
    let arrived = ["3s accepted 0", "3s cancelled 0"];
    check(&QUOTED, &["buy 1 @9 +2", "cancel 0", "end"], &arrived);
    // It arrives right after its order, before whatever else arrives then.
    check(
        &QUOTED,
        &["buy 1 @9 +2", "cancel 0", "sell 2 @200", "end"],
        &["3s accepted 0", "3s cancelled 0", "3s accepted 1", "4s expired 1"],
    );
    check(
        &QUOTED,
        &["quote 99/101", "buy 1 @9 +4", "buy 2 @8 +3", "cancel 0", "sell 1", "end"],
        &[
            "5s accepted 2",
            "5s fill 1 of 2: 1@99 taker fee 0.198",
            "6s accepted 0",
            "6s cancelled 0",
            "6s accepted 1",
            "6s expired 1",
        ],
    );
    // An order that fills on arrival is gone before its cancel.
    check(
        &QUOTED,
        &["quote 99/101", "buy 1 +2", "cancel 0", "quote 97/99"],
        &["4s accepted 0", "4s fill 1 of 0: 1@101 taker fee 0.202", "4s cancelrejected 0"],
    );
    // With a latency both arrive that much later; a cancel that is later by itself keeps its own time.
    let slow = Scenario { latency: Nanos(2 * SECOND), ..QUOTED };
    check(&slow, &["buy 1 @9 +1", "end", "cancel 0", "end", "end", "end"], &["2s expired 0"]);
    check(
        &slow,
        &["buy 1 @9 +1", "quote 99/101", "cancel 0", "quote 99/101", "quote 99/101", "quote 99/101"],
        &["4s accepted 0", "5s cancelled 0"],
    );
    check(
        &slow,
        &["buy 1 @9 +3", "cancel 0", "quote 99/101", "quote 99/101", "quote 99/101", "quote 99/101"],
        &["6s accepted 0", "6s cancelled 0"],
    );
    // The run may end before either arrives.
    check(&slow, &["buy 1 @9 +9", "cancel 0", "end"], &["3s expired 0"]);
}

#[test]
fn a_fee_beyond_the_range_is_an_error_that_names_the_order() {
    let instruments = InstrumentTable::new(SymbolTable::new(["BIG".to_owned()]), |name| Instrument {
        multiplier: Quantity::MAX,
        ..Instrument::plain(name, "USD")
    });
    let rate = Rate::parse("0.1").unwrap();
    let config = VenueConfig { latency: Nanos(0), maker: rate, taker: rate, fill_size: FillSize::Unlimited };
    let mut venue = Venue::new(config, &instruments, &[false]);
    venue.submit(Order {
        id: OrderId(3),
        nth: 1,
        symbol: SymbolId(0),
        side: Side::Buy,
        order_type: OrderType::Market,
        tif: TimeInForce::Gtc,
        quantity: Quantity::MAX,
        seq: 1,
        cause_seq: 1,
        ts: Nanos(1),
        delay: Nanos(0),
        purpose: Purpose::Decision,
    });
    let mut out = Vec::new();
    venue.arrive(&mut out).unwrap();
    let error = venue.on_tick(&tick(&["trade", "999999999", "x1"], Nanos(2)), &mut out).unwrap_err();
    assert_eq!(error, VenueError::FeeOverflow { order: OrderId(3), symbol: "BIG".to_owned() });
    assert!(error.to_string().contains("order 3 in BIG"));
}
