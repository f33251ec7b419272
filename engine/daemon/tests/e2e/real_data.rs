//! Recorded markets through the whole program, against what others made of the same ticks.
//!
//! Tests named `real_…` read `shared/data` beside the workspace; where it is absent they say so and pass, and
//! the twin of each, on made data with the same traits, still runs.

use crate::support::bars::{Wanted, bars, timeframe};
use crate::support::data::{Market, Quote, Random, Tick, Trade, Walk, walk, write_columns};
use crate::support::exact::{instant, parse};
use crate::support::tables::{self, BarRow};
use crate::support::{Place, Run, check_run};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The shared data, if it is there.
fn shared() -> Option<PathBuf> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    if path.is_dir() {
        return Some(path.canonicalize().expect("a folder that is there has a path"));
    }
    eprintln!("shared/data absent: the twin on made data stands alone");
    None
}

const EMA_CROSS: &str = "[run]\nstrategies = [\"ema_cross\"]\n[bars]\ntimeframes = [\"1s\", \"1m\"]\n\
                         [ema_cross]\ntimeframe = \"1s\"\nquantity = \"0.5\"\n";
const NONE: &str = "[run]\nstrategies = [\"none\"]\n[bars]\ntimeframes = [\"1s\", \"1m\"]\n";

/// All rows were read and none refused.
#[track_caller]
fn check_whole(run: &Run, rows: u64) {
    assert_eq!(run.count(&["data", "rows_read"]), rows, "{}", run.value(&["data"]));
    assert_eq!(run.count(&["data", "ticks"]), rows);
    assert_eq!(run.total(&["data", "rejected"]), 0);
    assert!(tables::rejects(&run.dir).is_empty());
    assert!(run.total(&["counts", "bars"]) > 0);
}

/// Files with their row counts, on their own and all trades and quotes of one market together.
fn check_files(files: &BTreeMap<PathBuf, u64>) {
    let place = Place::new();
    let mut markets: BTreeMap<String, Vec<(PathBuf, u64)>> = BTreeMap::new();
    for (at, (path, rows)) in files.iter().enumerate() {
        for (strategy, config) in [("none", NONE), ("ema_cross", EMA_CROSS)] {
            let run = place.run(&format!("{strategy}{at}"), config, std::slice::from_ref(path), &[]);
            check_whole(&run, *rows);
            let orders = run.count(&["counts", "orders"]);
            assert_eq!(orders > 0, strategy == "ema_cross", "{orders} orders of {strategy}");
        }
        let name = path.file_stem().expect("a file").to_string_lossy().into_owned();
        let (market, _) = name.rsplit_once('_').expect("the name ends with the kind");
        markets.entry(market.to_owned()).or_default().push((path.clone(), *rows));
    }
    for (name, parts) in markets.iter().filter(|(_, parts)| parts.len() > 1) {
        let paths: Vec<PathBuf> = parts.iter().map(|(path, _)| path.clone()).collect();
        let run = place.run(name, EMA_CROSS, &paths, &[]);
        check_whole(&run, parts.iter().map(|(_, rows)| rows).sum());
        let sources = tables::bars(&run.dir).into_iter().map(|bar| bar.source);
        assert!(sources.into_iter().all(|source| source == "trade"), "bars come from trades");
    }
    assert!(markets.values().any(|parts| parts.len() > 1), "some market has trades and quotes");
}

#[test]
fn real_every_file_of_ticks_runs() {
    let Some(shared) = shared() else { return };
    let readme = std::fs::read_to_string(shared.join("README.md")).expect("the data has a README");
    let mut files = BTreeMap::new();
    for part in readme.split("\n**ticks/").skip(1) {
        let name = part.split("**").next().expect("a name");
        if name.ends_with(".parquet") {
            let rows =
                part.split("\nrows: ").nth(1).and_then(|text| text.split(' ').next()).expect("a count");
            files.insert(shared.join("ticks").join(name), rows.parse().expect("a count"));
        }
    }
    let there = std::fs::read_dir(shared.join("ticks")).expect("a folder").flatten();
    let there = there.filter(|entry| entry.path().extension().is_some_and(|end| end == "parquet")).count();
    assert_eq!(files.len(), there, "the README names every file");
    check_files(&files);
}

/// A market with the habits of the real ones: equal times, nine decimals, crossed, locked, sizes unknown, and
/// nothing from Friday evening to Sunday evening.
fn weekend(seed: u64, quotes_in_ten: i64) -> Market {
    let mut random = Random::new(seed);
    let of = |start_ts| Walk {
        symbol: "EURUSD",
        start_ts,
        ticks: 4_000,
        gap: 400_000_000,
        price: 1_386_257_891,
        grid: 1,
        step: 9_000,
        size_max: 2_000_000_000,
        quotes_in_ten,
    };
    let (friday, sunday) = (of(instant(2014, 5, 2, 75_000)), of(instant(2014, 5, 4, 68_451)));
    walk(&mut random, &friday).with(walk(&mut random, &sunday))
}

#[test]
fn made_files_of_ticks_run() {
    let place = Place::new();
    let mut files = BTreeMap::new();
    for (name, quotes_in_ten) in [("both", 6), ("quotes", 10), ("trades", 0)] {
        let market = weekend(7, quotes_in_ten);
        for path in market.write(&place.path(""), name) {
            let trades = path.to_string_lossy().ends_with("_trades.parquet");
            files.insert(path, if trades { market.trades.len() } else { market.quotes.len() } as u64);
        }
    }
    check_files(&files);
}

#[test]
fn oddities_of_real_quotes_are_counted_and_kept() {
    let place = Place::new();
    let market = weekend(8, 10);
    let run = place.run("run", NONE, &market.write(&place.path(""), "quotes"), &[]);
    check_whole(&run, market.quotes.len() as u64);
    let count = |test: fn(&Quote) -> bool| market.quotes.iter().filter(|quote| test(quote)).count() as u64;
    let suspicious = |kind| run.count(&["data", "suspicious", kind]);
    assert_eq!(suspicious("crossed"), count(|quote| quote.bid > quote.ask));
    assert_eq!(suspicious("locked"), count(|quote| quote.bid == quote.ask));
    let equal = market.quotes.windows(2).filter(|pair| pair[0].ts == pair[1].ts).count() as u64;
    assert_eq!(suspicious("equal_timestamp"), equal);
    assert!(equal > 0 && count(|quote| quote.bid > quote.ask) > 0 && count(|q| q.bid_size.is_none()) > 0);
}

/// Bars of bid and ask under a configuration, by source, timeframe and start.
fn two_sided(run: &Run) -> BTreeMap<(String, String, i64), [i128; 4]> {
    let rows = tables::bars(&run.dir).into_iter();
    rows.map(|bar| ((bar.source, bar.timeframe, bar.ts_open), bar.prices)).collect()
}

const TWO_SIDED: &str =
    "[run]\nstrategies = [\"none\"]\n[bars]\nsource = [\"bid\", \"ask\"]\ntimeframes = [\"1s\", \"1m\"]\n";

/// The bars of a run against a file of them: every bar within the file's span, none more, none less.
#[track_caller]
fn check_reference(run: &Run, file: &Path, timeframe: &str) {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let mut expected = BTreeMap::new();
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        let ts: jiff::Timestamp = cells[0].parse().expect("a time");
        let ts = i64::try_from(ts.as_nanosecond()).expect("64 bits");
        for source in ["bid", "ask"] {
            let price = |part: &str| {
                let place = header.iter().position(|name| *name == format!("{source}_{part}"));
                parse(cells[place.expect("the column is there")])
            };
            let prices = ["open", "high", "low", "close"].map(price);
            expected.insert((source.to_owned(), timeframe.to_owned(), ts), prices);
        }
    }
    let times = expected.keys().map(|(_, _, ts)| *ts);
    let (first, last) = (times.clone().min().expect("bars"), times.max().expect("bars"));
    let mut found = two_sided(run);
    found.retain(|(_, name, ts), _| name == timeframe && (first..=last).contains(ts));
    assert!(found == expected, "{} bars against {} of {}", found.len(), expected.len(), file.display());
}

#[test]
fn real_bars_equal_the_reference_to_the_last_digit() {
    let Some(shared) = shared() else { return };
    let place = Place::new();
    let ticks = |name| vec![shared.join("ticks").join(name)];
    let bars = |name: &str| shared.join("bars").join(format!("from_ticks_{name}.csv"));
    let flags = ["--to", "2014-05-07T05:00:00Z"];
    let run =
        place.run("eurusd", TWO_SIDED, &ticks("fx_eurusd_fxcm_20140502_20140506_quotes.parquet"), &flags);
    for (day, timeframe) in [("20140502", "1m"), ("20140505", "1m"), ("20140506", "1m"), ("20140505", "1s")] {
        check_reference(&run, &bars(&format!("fx_eurusd_fxcm_{timeframe}_{day}")), timeframe);
    }
    let flags = ["--to", "2014-05-06T00:00:00Z"];
    let run = place.run("xauusd", TWO_SIDED, &ticks("metal_xauusd_oanda_20140505_quotes.parquet"), &flags);
    check_reference(&run, &bars("metal_xauusd_oanda_1m_20140505"), "1m");
}

#[test]
fn made_bars_equal_a_slow_loop_to_the_last_digit() {
    let place = Place::new();
    let market = weekend(9, 10);
    let ticks = market.merged();
    let flags = ["--to", "2014-05-05T05:00:00Z"];
    let run = place.run("run", TWO_SIDED, &market.write(&place.path(""), "quotes"), &flags);
    let mut wanted = Wanted::default_of(&ticks, &[timeframe("1s"), timeframe("1m")]);
    wanted.sources.insert("EURUSD", vec!["bid", "ask"]);
    wanted.end = instant(2014, 5, 5, 18_000);
    let expected = bars(&ticks, &wanted);
    let rows = |bars: Vec<BarRow>| -> Vec<_> {
        bars.into_iter().map(|bar| ((bar.source, bar.timeframe, bar.ts_open), bar.prices)).collect()
    };
    assert_eq!(tables::bars(&run.dir), expected);
    assert_eq!(two_sided(&run), rows(expected).into_iter().collect());
}

#[test]
fn real_runs_pass_check_run() {
    let Some(shared) = shared() else { return };
    let place = Place::new();
    let reversion = "[run]\nstrategies = [\"mean_reversion\"]\n[bars]\ntimeframes = [\"1s\", \"1m\"]\n\
        [mean_reversion]\ntimeframe = \"1s\"\nbollinger_k = 1.0\nrsi_low = 45.0\nrsi_high = 55.0\n\
        stop_on = \"tick\"\nquantity = \"0.7\"\n[venue]\nlatency = \"3ms\"\nfill_size = \"print\"\n\
        fees = { maker = \"-0.0001\", taker = \"0.0004\" }\n";
    for (name, kinds) in [
        ("crypto_btcusdt_binance_usdm_20240808", &["trades", "quotes"][..]),
        ("futures_esh4_cme_20231225", &["trades"]),
    ] {
        let path = |kind| shared.join(format!("ticks/{name}_{kind}.parquet"));
        let files: Vec<PathBuf> = kinds.iter().map(path).collect();
        let run = place.run(name, reversion, &files, &[]);
        assert!(run.count(&["counts", "fills"]) > 20, "{}", run.value(&["counts"]));
        let Some(agreed) = check_run(&run, &files) else { return };
        assert_eq!(agreed.code, Some(0), "{agreed:?}");
    }
}

fn peer_config() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs/peer.toml");
    std::fs::read_to_string(path).expect("the configuration ships")
}

#[test]
fn the_peers_workload_has_the_peers_bars_and_orders() {
    let Some(path) = std::env::var_os("GRANDMODEL_PEER_TICKS") else {
        eprintln!("GRANDMODEL_PEER_TICKS names no file: the twin on made data stands alone");
        return;
    };
    let run = Place::new().run("run", &peer_config(), &[PathBuf::from(path)], &[]);
    assert_eq!(run.count(&["counts", "bars", "1m"]), 9_993);
    assert_eq!(run.count(&["counts", "orders"]), 352);
}

/// Writes trades as the peers' file has them: integers for time, doubles, no symbol.
fn write_peer_file(path: &Path, trades: &[Trade]) {
    use arrow_array::{ArrayRef, Float64Array, Int8Array, Int64Array};
    use std::sync::Arc;
    let double = |raw: i64| raw as f64 / 1e9;
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("ts_ns", Arc::new(Int64Array::from_iter_values(trades.iter().map(|trade| trade.ts)))),
        ("price", Arc::new(Float64Array::from_iter_values(trades.iter().map(|trade| double(trade.price))))),
        ("size", Arc::new(Float64Array::from_iter_values(trades.iter().map(|trade| double(trade.size))))),
        ("side", Arc::new(Int8Array::from_iter_values(trades.iter().map(|trade| trade.side)))),
    ];
    write_columns(path, columns, 10_000);
}

/// When the fast average crosses the slow one, from bar 30 on: (close of the bar, long).
fn crossings(bars: &[BarRow]) -> Vec<(i64, bool)> {
    let mut crossings: Vec<(i64, bool)> = Vec::new();
    let (mut fast, mut slow) = (0.0, 0.0);
    for (n, bar) in bars.iter().enumerate() {
        let close = bar.prices[3] as f64 / 1e9;
        if n == 0 {
            (fast, slow) = (close, close);
        }
        fast += 2.0 / 11.0 * (close - fast);
        slow += 2.0 / 31.0 * (close - slow);
        let changed = crossings.last().is_none_or(|(_, long)| *long != (fast > slow));
        if n + 1 >= 30 && (fast - slow).abs() > 0.0 && changed {
            crossings.push((bar.ts_close, fast > slow));
        }
    }
    crossings
}

#[test]
fn a_made_workload_has_the_bars_and_orders_of_a_slow_loop() {
    let place = Place::new();
    let of = Walk {
        symbol: "BTCUSDT",
        start_ts: instant(2024, 1, 1, 0) + 721_262_582,
        ticks: 50_000,
        gap: 2_000_000_000,
        price: 50_000_000_000_000,
        grid: 100_000_000,
        step: 60,
        size_max: 900_000_000,
        quotes_in_ten: 0,
    };
    let market = walk(&mut Random::new(352), &of);
    let path = place.path("ticks.parquet");
    write_peer_file(&path, &market.trades);
    let run = place.run("run", &peer_config(), &[path], &[]);
    let ticks: Vec<Tick> = market.merged();
    let expected = bars(&ticks, &Wanted::default_of(&ticks, &[timeframe("1m"), timeframe("5m")]));
    assert!(tables::bars(&run.dir) == expected, "every bar is that of the slow loop");
    let minutes: Vec<BarRow> = expected.into_iter().filter(|bar| bar.timeframe == "1m").collect();
    let crossings = crossings(&minutes);
    assert!(crossings.len() > 30, "{} orders", crossings.len());
    let orders = tables::orders(&run.dir);
    let said: Vec<_> = orders.iter().map(|order| (order.ts_event, order.side == "buy")).collect();
    assert_eq!(said, crossings);
    let quantity = parse("0.01");
    let wanted = std::iter::once(quantity).chain(std::iter::repeat(2 * quantity));
    assert!(
        orders.iter().zip(wanted).all(|(order, wanted)| order.quantity == wanted),
        "0.01, then reversals"
    );
    assert!(orders.iter().rev().skip(1).all(|order| order.status == "filled"));
}
