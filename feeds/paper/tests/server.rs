//! The server told line by line: the same answers as matching in this process, an order asked for instead of sent
//! again, and every line that is not of the protocol refused in one sentence.

use matching::{FillSize, Venue, VenueConfig};
use model::{
    Event, Instrument, InstrumentTable, Nanos, Order, OrderId, OrderType, Price, Purpose, Quantity, Quote,
    Rate, Side, SymbolId, SymbolTable, TimeInForce, Trade, UNIT,
};
use paper::{Record, Terms, serve};
use proptest::prelude::*;
use std::fmt::Write;
use std::path::Path;

fn instruments() -> InstrumentTable {
    let symbols = SymbolTable::new(["A", "B"].map(String::from));
    InstrumentTable::new(symbols, |symbol| Instrument::plain(symbol, "USD"))
}

const QUOTED: [bool; 2] = [true, false];

fn config() -> VenueConfig {
    VenueConfig {
        latency: Nanos(3),
        maker: Rate::parse("-0.0001").unwrap(),
        taker: Rate::parse("0.0005").unwrap(),
        fill_size: FillSize::Print,
    }
}

fn open() -> String {
    format!("open {}\n", serde_json::to_string(&Terms::new(&config(), &instruments(), &QUOTED)).unwrap())
}

/// What the venue says to some lines; its error, if it ended with one.
fn told(record: &Path, lines: &str) -> (String, Option<String>) {
    let mut out = Vec::new();
    let error = serve(lines.as_bytes(), &mut out, Record::open(record).unwrap()).err();
    (String::from_utf8(out).unwrap(), error.map(|error| error.to_string()))
}

fn words(event: &Event) -> String {
    let Event { seq, ts, symbol, kind, flags, detail, words } = event;
    let words: Vec<String> = words.iter().map(i64::to_string).collect();
    format!("{seq} {} {} {} {flags} {detail} {}", ts.0, symbol.0, kind.0, words.join(" "))
}

fn order(id: u32, ts: i64, symbol: u32, quantity: i64, limit: Option<i64>) -> Order {
    Order {
        id: OrderId(id),
        nth: 1,
        symbol: SymbolId(symbol),
        side: if quantity > 0 { Side::Buy } else { Side::Sell },
        order_type: limit.map_or(OrderType::Market, |price| OrderType::Limit(Price::new(price))),
        tif: TimeInForce::Gtc,
        quantity: Quantity::new(quantity.abs() * UNIT),
        seq: u64::from(id) + 1,
        cause_seq: u64::from(id) + 1,
        ts: Nanos(ts),
        delay: Nanos(0),
        purpose: Purpose::Decision,
    }
}

#[derive(Debug, Clone)]
enum Step {
    Tick { symbol: u32, price: i64, size: i64 },
    Order { symbol: u32, quantity: i64, limit: Option<i64> },
    Cancel { back: u32 },
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..2_u32, 5..15_i64, 1..5_i64).prop_map(|(symbol, price, size)| Step::Tick { symbol, price, size }),
        2 => (0..2_u32, prop_oneof![-4..0_i64, 1..5_i64], prop_oneof![Just(None), (5..15_i64).prop_map(Some)])
            .prop_map(|(symbol, quantity, limit)| Step::Order { symbol, quantity, limit }),
        1 => (0..4_u32).prop_map(|back| Step::Cancel { back }),
    ]
}

/// The lines an engine would say, and what matching in this process answers.
struct Script {
    venue: Venue,
    lines: String,
    expected: String,
    orders: Vec<Order>,
}

impl Script {
    fn expect(&mut self, answers: &[Event], verb: &str) {
        for answer in answers {
            writeln!(self.expected, "event {}", words(answer)).unwrap();
        }
        writeln!(self.expected, "{verb} {} {}", self.venue.next_arrival().0, self.venue.open_orders())
            .unwrap();
    }

    fn arrive_until(&mut self, ts: Nanos) {
        while self.venue.next_arrival() <= ts {
            let mut answers = Vec::new();
            self.venue.arrive(&mut answers).unwrap();
            self.lines.push_str("arrive\n");
            self.expect(&answers, "done");
        }
    }

    fn step(&mut self, ts: i64, step: &Step) {
        self.arrive_until(Nanos(ts));
        match *step {
            Step::Tick { symbol, price, size } => {
                let ts_event = Nanos(ts);
                let (price, size) = (Price::new(price), Quantity::new(size * UNIT));
                let tick = if symbol == 0 {
                    let quote =
                        Quote { ts_event, bid: price, ask: price, bid_size: Some(size), ask_size: None };
                    Event::quote(ts_event, SymbolId(0), quote)
                } else {
                    Event::trade(ts_event, SymbolId(1), Trade { ts_event, price, size, aggressor: 0 })
                };
                let heard = self.venue.open_orders() > 0;
                let mut answers = Vec::new();
                self.venue.on_tick(&tick, &mut answers).unwrap();
                writeln!(self.lines, "tick {}", words(&tick)).unwrap();
                if heard {
                    self.expect(&answers, "done");
                }
            }
            Step::Order { symbol, quantity, limit } => {
                let order = order(self.orders.len() as u32, ts, symbol, quantity, limit);
                self.venue.submit(order);
                self.orders.push(order);
                writeln!(self.lines, "order s-{}-1 {}", order.seq, words(&order.to_event())).unwrap();
                self.expect(&[], "done");
            }
            Step::Cancel { back } => {
                let Some(order) = self.orders.iter().rev().nth(back as usize).copied() else { return };
                self.venue.cancel(order.id, order.symbol, Nanos(ts));
                writeln!(self.lines, "cancel {} {} {ts}", order.id.0, order.symbol.0).unwrap();
                self.expect(&[], "done");
            }
        }
    }
}

fn script(steps: &[Step]) -> Script {
    let venue = Venue::new(config(), &instruments(), &QUOTED);
    let mut script = Script { venue, lines: open(), expected: "opened 0\n".to_owned(), orders: Vec::new() };
    for (ts, step) in steps.iter().enumerate() {
        script.step(ts as i64 * 2, step);
    }
    let mut answers = Vec::new();
    let end = Nanos(steps.len() as i64 * 2);
    script.arrive_until(end);
    script.lines.push_str("hash\n");
    let hash = script.venue.state_hash();
    writeln!(script.expected, "hash {hash:032x}").unwrap();
    script.venue.expire(end, &mut answers);
    writeln!(script.lines, "expire {}", end.0).unwrap();
    script.expect(&answers, "done");
    script
}

proptest! {
    #[test]
    fn the_process_answers_as_matching_does(steps in prop::collection::vec(any_step(), 1..60)) {
        let folder = tempfile::tempdir().unwrap();
        let record = folder.path().join("orders.log");
        let script = script(&steps);
        let (said, error) = told(&record, &script.lines);
        prop_assert_eq!(error, None);
        prop_assert_eq!(&said, &script.expected);
        let seen: Vec<Order> =
            Record::read(&record).unwrap().iter().map(|seen| Order::from_event(&seen.order)).collect();
        prop_assert_eq!(&seen, &script.orders);

        // An engine that comes back asks for its orders; all else is as before, and nothing is written down again.
        let before = std::fs::read(&record).unwrap();
        let again = script.lines.replace("\norder ", "\nask ");
        let (said, error) = told(&record, &again);
        prop_assert_eq!(error, None);
        let known = |line: &str| line.starts_with("known ");
        prop_assert_eq!(said.lines().filter(|line| known(line)).count(), script.orders.len());
        let events = |text: &str| text.lines().filter(|line| line.starts_with("event ")).map(String::from).collect::<Vec<_>>();
        prop_assert_eq!(events(&said), events(&script.expected));
        prop_assert_eq!(std::fs::read(&record).unwrap(), before);
    }

    #[test]
    fn any_lines_end_in_an_answer_or_a_sentence(lines in prop::collection::vec("\\PC{0,60}", 0..5)) {
        let folder = tempfile::tempdir().unwrap();
        let record = folder.path().join("orders.log");
        told(&record, &(lines.join("\n") + "\n"));
        told(&record, &(open() + &lines.join("\n") + "\n"));
    }
}

#[test]
fn an_order_that_was_never_seen_is_unknown_and_stays_so() {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("orders.log");
    let event = words(&order(0, 1, 1, 2, None).to_event());
    let (said, error) = told(&record, &format!("{}ask 00000001-1-1 {event}\nhash\n", open()));
    assert!(error.is_none() && said.starts_with("opened 0\nunknown\nhash "), "{said}");
    assert_eq!(std::fs::read_to_string(&record).unwrap(), "");
}

/// What a line that is no good is answered with.
fn check(line: &str, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (said, error) = told(&folder.path().join("orders.log"), &format!("{}{line}\n", open()));
    let error = error.unwrap_or_else(|| panic!("{line:?} was obeyed: {said}"));
    assert!(error.contains(expected), "{line:?}: {error}");
    assert!(said.contains(&format!("error {error}")), "the engine is told: {said}");
}

#[test]
fn lines_that_are_not_of_the_protocol_are_refused() {
    let event = words(&order(0, 1, 1, 2, None).to_event());
    check("sell everything", "\"sell\" is no request");
    check("tick 1 2 3", "kind is missing");
    check(&format!("order a {event} 7"), "one word too many");
    check(&format!("order a {}", event.replacen("1 1 1 40", "1 1 9 40", 1)), "symbol 9 is not one of the 2");
    check("cancel x 0 0", "the order is \"x\"");
    check("open {}", "open already");
    check("tick 1 1 0 40 0 0 0 0 0 0 0", "it is no tick");
    check("", "the verb is missing");
}

#[test]
fn a_record_that_was_cut_keeps_its_whole_orders() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.log");
    let event = words(&order(0, 1, 1, 2, None).to_event());
    told(&path, &format!("{}order a {event}\norder b {event}\n", open()));
    let text = std::fs::read_to_string(&path).unwrap();
    for cut in text.find('\n').unwrap() + 1..text.len() {
        std::fs::write(&path, &text[..cut]).unwrap();
        assert_eq!(Record::read(&path).unwrap().len(), 1, "cut at {cut}");
        let (said, _) = told(&path, &format!("{}ask a {event}\nask b {event}\norder c {event}\n", open()));
        assert!(said.contains("known") && said.contains("unknown"), "cut at {cut}: {said}");
        let ids: Vec<String> = Record::read(&path).unwrap().into_iter().map(|seen| seen.id).collect();
        assert_eq!(ids, ["a", "c"], "cut at {cut}");
    }
}

#[test]
fn a_damaged_record_names_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orders.log");
    std::fs::write(&path, "a buy 1 0 market | 1 2 3\n").unwrap();
    let error = Record::open(&path).unwrap_err().to_string();
    assert!(error.contains("line 1 of the venue's record"), "{error}");
}
