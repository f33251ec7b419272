//! `vwap_session` from the ticks alone: of an instrument with market hours since its session opened, of one without
//! since midnight UTC.

use crate::support::Place;
use crate::support::data::{Random, Trade, Walk, walk};
use crate::support::exact::instant;
use crate::support::tables::Table;
use std::collections::{BTreeMap, BTreeSet};

/// From 18:00 to 17:00 on the next day in New York, Sunday to Friday.
const HOURS: &str = "{ zone = \"America/New_York\", intervals = [\"Sun-Thu 18:00-17:00\"] }";
const CONFIG: &str = "[run]\nstrategies = [\"none\"]\nwait = \"block\"\n[bars]\ntimeframes = [\"30m\", \"1h\"]\n\
                      [indicators]\nmin_history = 1\ndefault = [\"vwap_session\"]\n\
                      [[instruments.list]]\nsymbol = \"FUTURE\"\n";

/// The local date on which the session closes that holds an instant, and whether one does: six hours on, a session is
/// a day from 00:00 to 23:00, Monday to Friday.
fn session(ts: i64) -> (String, bool) {
    let instant = jiff::Timestamp::from_nanosecond(ts.into()).expect("64 bits are an instant");
    let zone = jiff::tz::TimeZone::get("America/New_York").expect("the zone is known");
    // Wall clock time, whose days all have 24 hours.
    let local = zone.to_datetime(instant).checked_add(jiff::SignedDuration::from_hours(6));
    let local = local.expect("a few hours fit");
    let is_open = local.hour() < 23 && local.weekday().to_monday_zero_offset() < 5;
    (local.date().to_string(), is_open)
}

#[test]
fn vwap_begins_anew_with_the_session() {
    let place = Place::new();
    let mut random = Random::new(11);
    // Over a weekend in which the clocks of New York go forward: five days, a trade each four minutes.
    let mut of = |symbol| {
        let (start_ts, price) = (instant(2024, 3, 7, 10_000), 61_234_560_000_000);
        let (ticks, gap, grid, step) = (1_800, 240_000_000_000, 10_000_000, 300);
        let size_max = 2_000_000_000;
        walk(
            &mut random,
            &Walk { symbol, start_ts, ticks, gap, price, grid, step, size_max, quotes_in_ten: 0 },
        )
    };
    let market = of("FUTURE").with(of("SPOT"));
    let data = market.write(&place.path(""), "ticks");
    let config = format!("{CONFIG}hours = {HOURS}\n");
    let run = place.run("run", &config, &data, &[]);
    let open = |trade: &&Trade| trade.symbol == "SPOT" || session(trade.ts).1;
    let refused = market.trades.len() - market.trades.iter().filter(open).count();
    assert!(refused > 100, "{refused} ticks lie outside");
    assert_eq!(run.count(&["data", "rejected", "outside_market_hours"]), refused as u64);
    // Which sums a tick is in: of its symbol, and its session or its day.
    let key = |symbol: &str, ts: i64| match symbol {
        "FUTURE" => session(ts).0,
        _ => ts.div_euclid(86_400_000_000_000).to_string(),
    };
    let table = Table::read(&run.dir, "indicators");
    let [symbols, timeframes] = ["symbol", "timeframe"].map(|name| table.names(name));
    let (closes, values) = (table.times("ts_close"), table.doubles("value"));
    let mut seen: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for row in 0..table.rows() {
        let (symbol, close) = (&symbols[row], closes[row].expect("no null"));
        let before = |trade: &&Trade| trade.symbol == symbol && trade.ts < close;
        let ticks: Vec<&Trade> = market.trades.iter().filter(open).filter(before).collect();
        let last = ticks.last().expect("a bar has a tick");
        let current = key(symbol, last.ts);
        let of_session = ticks.iter().filter(|trade| key(symbol, trade.ts) == current);
        let (traded, size) = of_session.fold((0_i128, 0_i128), |(traded, size), trade| {
            (traded + i128::from(trade.price) * i128::from(trade.size), size + i128::from(trade.size))
        });
        let expected = traded as f64 / (size as f64 * 1e9);
        let same = (values[row] - expected).abs() <= 1e-9 * expected.abs();
        assert!(same, "{symbol} {} at {close}: {}, not {expected}", timeframes[row], values[row]);
        seen.entry(symbol).or_default().insert(current);
    }
    assert!(seen["FUTURE"].len() > 3 && seen["SPOT"].len() > 4, "{seen:?}");

    let split = place.run("split", &config, &data, &["--set", "run.layout=split"]);
    assert_eq!(split.hashes(), run.hashes());
    // The same ticks without hours have other values: the hours are in the configuration's hash.
    let without = place.run("without", CONFIG, &data, &[]);
    assert_ne!(without.text(&["config_hash"]), run.text(&["config_hash"]));
}
