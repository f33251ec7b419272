//! `batches.parquet` against the definition, from the ticks alone: which ticks, cut where, what they come to, in
//! which order; the same on every layout; and nothing else of a run changes for it.

use crate::support::bars::{Wanted, part};
use crate::support::data::{Market, Random, Tick, Trade, Walk, walk, write_quotes, write_trades};
use crate::support::exact::{instant, rfc3339};
use crate::support::tables::Table;
use crate::support::{Place, Run, check_run};
use std::path::PathBuf;

const TICKS_MAX: usize = 100;
const SPAN_MAX: i64 = 1_000_000;
const RECORD: [&str; 2] = ["--set", "batches.record=true"];
const TABLES: [&str; 5] = ["bars", "indicators", "orders", "fills", "equity"];

fn config(more: &str) -> String {
    format!(
        "[run]\nstrategies = [\"ema_cross\"]\nwait = \"block\"\n[bars]\ntimeframes = [\"1s\", \"5s\"]\n{more}\
         [indicators]\nmin_history = 5\n[ema_cross]\ntimeframe = \"1s\"\nfast = 2\nslow = 3\nquantity = \"0.1\"\n\
         [venue]\nlatency = \"1ms\"\n"
    )
}

/// Ticks that are microseconds apart, so that the hundredth ends a batch; some tenths of a millisecond apart, so
/// that time does; and seconds apart, so that each is alone.
fn market() -> Market {
    let mut random = Random::new(5);
    let mut of = |symbol, gap, ticks, quotes_in_ten| {
        let (start_ts, price) = (instant(2024, 8, 8, 50_000), 61_234_560_000_000);
        let (grid, step, size_max) = (10_000_000, 300, 2_000_000_000);
        walk(&mut random, &Walk { symbol, start_ts, ticks, gap, price, grid, step, size_max, quotes_in_ten })
    };
    let fast = of("FAST", 4_000, 2_500, 0);
    let both = of("BOTH", 150_000, 3_000, 5);
    fast.with(both).with(of("QUOTED", 20_000, 1_000, 10)).with(of("SLOW", 1_000_000_000, 30, 3))
}

/// A row as the definition has it, the floats left to be compared on their own.
#[derive(Debug, PartialEq)]
struct Exact {
    symbol: String,
    source: String,
    ts_event: i64,
    time_span_ns: i64,
    ticks: u32,
    volume: i128,
}

/// vwap, price change, volatility; prices in units.
type Floats = (Option<f64>, f64, f64);

/// The ticks of a batch: time, price, size in units of 1e-9.
type Part = (i64, [i128; 2]);

/// Cuts a series' ticks, which know their places among all, into batches; with each the place that ends it.
fn cut(series: &[(usize, Part)], places: usize) -> Vec<(usize, Vec<Part>)> {
    let (mut rest, mut batches) = (series, Vec::new());
    while let Some((_, first)) = rest.first() {
        let len = rest.iter().take(TICKS_MAX).take_while(|(_, tick)| tick.0 - first.0 < SPAN_MAX).count();
        let end = if len == TICKS_MAX { Some(rest[len - 1].0) } else { rest.get(len).map(|(at, _)| *at) };
        batches.push((end.unwrap_or(places), rest[..len].iter().map(|(_, tick)| *tick).collect()));
        rest = &rest[len..];
    }
    batches
}

fn row(symbol: &str, source: &str, ticks: &[Part]) -> (Exact, Floats) {
    let (first, last) = (ticks[0], ticks[ticks.len() - 1]);
    let volume: i128 = ticks.iter().map(|(_, [_, size])| size).sum();
    // Apart from the first price, so that no digit is lost to its size.
    let apart: Vec<f64> = ticks.iter().map(|(_, [price, _])| (price - first.1[0]) as f64 / 1e9).collect();
    let weighted: f64 = apart.iter().zip(ticks).map(|(apart, (_, [_, size]))| apart * *size as f64).sum();
    let mean = apart.iter().sum::<f64>() / apart.len() as f64;
    let variance = apart.iter().map(|apart| (apart - mean).powi(2)).sum::<f64>() / apart.len() as f64;
    let vwap = (volume > 0).then(|| first.1[0] as f64 / 1e9 + weighted / volume as f64);
    let exact = Exact {
        symbol: symbol.to_owned(),
        source: source.to_owned(),
        ts_event: first.0,
        time_span_ns: last.0 - first.0,
        ticks: ticks.len() as u32,
        volume,
    };
    (exact, (vwap, apart[apart.len() - 1], variance.sqrt()))
}

/// All rows, in the order in which ticks end their batches; at the end, by symbol and source.
fn expected(ticks: &[Tick], wanted: &Wanted) -> Vec<(Exact, Floats)> {
    let mut rows = Vec::new();
    for (place, (symbol, sources)) in wanted.sources.iter().enumerate() {
        for (slot, source) in sources.iter().enumerate() {
            let of_symbol = ticks.iter().enumerate().filter(|(_, tick)| tick.symbol() == *symbol);
            let series: Vec<(usize, Part)> =
                of_symbol.filter_map(|(at, tick)| Some((at, (tick.ts(), part(tick, source)?)))).collect();
            let batches = cut(&series, ticks.len());
            rows.extend(batches.into_iter().map(|(end, of)| ((end, place, slot), row(symbol, source, &of))));
        }
    }
    rows.sort_by_key(|(order, _)| *order);
    rows.into_iter().map(|(_, row)| row).collect()
}

fn found(run: &Run) -> Vec<(Exact, Floats)> {
    let table = Table::read(&run.dir, "batches");
    let [symbol, source] = ["symbol", "source"].map(|name| table.names(name));
    let (ts_event, time_span_ns) = (table.times("ts_event"), table.ints("time_span_ns"));
    let (ticks, volume) = (table.uints32("ticks"), table.wide("volume"));
    let [price_change, volatility] = ["price_change", "volatility"].map(|name| table.doubles(name));
    let vwap = table.maybe_doubles("vwap");
    let row = |i: usize| {
        let exact = Exact {
            symbol: symbol[i].clone(),
            source: source[i].clone(),
            ts_event: ts_event[i].expect("no null"),
            time_span_ns: time_span_ns[i],
            ticks: ticks[i],
            volume: volume[i],
        };
        (exact, (vwap[i], price_change[i], volatility[i]))
    };
    (0..table.rows()).map(row).collect()
}

#[track_caller]
fn check(run: &Run, ticks: &[Tick], wanted: &Wanted) -> usize {
    let near = |found: f64, wanted: f64| (found - wanted).abs() <= 1e-9 * wanted.abs().max(1.0);
    let (found, expected) = (found(run), expected(ticks, wanted));
    assert_eq!(found.len(), expected.len());
    for ((row, floats), (exact, (vwap, price_change, volatility))) in found.iter().zip(&expected) {
        assert_eq!(row, exact);
        assert_eq!(floats.0.is_some(), vwap.is_some(), "{row:?}");
        let pairs = [(floats.0.unwrap_or(0.0), vwap.unwrap_or(0.0)), (floats.1, *price_change)];
        for (found, wanted) in pairs.into_iter().chain([(floats.2, *volatility)]) {
            assert!(near(found, wanted), "{found}, not {wanted}, in {row:?}");
        }
    }
    found.len()
}

/// The ticks in which a price leaps are refused, and so in no batch.
fn with_leaps(mut market: Market) -> (Market, Market) {
    let good = market.clone();
    for at in [700, 40] {
        let Trade { price, .. } = market.trades[at];
        market.trades.insert(at + 1, Trade { price: 3 * price, ..market.trades[at] });
    }
    (good, market)
}

#[test]
fn batches_are_those_of_the_ticks_that_bars_are_made_of() {
    let place = Place::new();
    let (good, market) = with_leaps(market());
    let (ticks, data) = (good.merged(), market.write(&place.path(""), "ticks"));
    let run = place.run("run", &config(""), &data, &RECORD);
    assert_eq!(run.count(&["data", "rejected", "price_jump"]), 2);
    let mut wanted = Wanted::default_of(&ticks, &[]);
    let rows = check(&run, &ticks, &wanted);
    let whole = found(&run).iter().filter(|(row, _)| row.ticks as usize == TICKS_MAX).count();
    assert!(whole > 10 && rows > 300, "{whole} of {rows} are whole");

    // A series for each source that bars have, the second of which needs the other kind of tick.
    for sources in wanted.sources.values_mut() {
        *sources = vec!["bid", "trade", "mid"];
    }
    let listed = config("source = [\"bid\", \"trade\", \"mid\"]\n");
    check(&place.run("listed", &listed, &data, &RECORD), &ticks, &wanted);

    // What is not replayed is in no batch, and where nothing is, there are none.
    let [from, to] = [ticks[ticks.len() / 3].ts(), ticks[ticks.len() / 2].ts()];
    let span: Vec<Tick> = ticks.into_iter().filter(|tick| (from..to).contains(&tick.ts())).collect();
    let flags = ["--from", &rfc3339(from), "--to", &rfc3339(to), RECORD[0], RECORD[1]];
    check(&place.run("span", &config(""), &data, &flags), &span, &Wanted::default_of(&span, &[]));
    let nothing = place.run("nothing", &config(""), &data, &["--from", "2030-01-01", RECORD[0], RECORD[1]]);
    assert_eq!(found(&nothing).len(), 0);
}

/// One file of each kind as twenty.
fn in_parts(place: &Place, market: &Market) -> Vec<PathBuf> {
    let root = place.path("parts");
    std::fs::create_dir(&root).expect("a new folder");
    for (n, part) in market.trades.chunks(market.trades.len().div_ceil(10)).enumerate() {
        write_trades(&root.join(format!("trades-{n}.parquet")), part);
    }
    for (n, part) in market.quotes.chunks(market.quotes.len().div_ceil(10)).enumerate() {
        write_quotes(&root.join(format!("quotes-{n}.parquet")), part);
    }
    vec![root]
}

#[test]
fn recording_batches_changes_nothing_and_nothing_changes_batches() {
    let place = Place::new();
    let market = market();
    let data = market.write(&place.path(""), "ticks");
    let without = place.run("without", &config(""), &data, &[]);
    assert!(without.count(&["counts", "fills"]) > 5, "it trades: {}", without.value(&["counts"]));
    assert!(!without.dir.join("batches.parquet").exists());
    let with = place.run("with", &config(""), &data, &RECORD);
    let batches = Table::read(&with.dir, "batches");
    let groups =
        r#"run.layout=[["sequencer"], ["portfolio", "bars"], ["indicators", "strategy", "risk", "orders"]]"#;
    let parts = in_parts(&place, &market);
    for (name, data, flags) in [
        ("split", &data, ["run.layout=split", "data.decode_threads=1"]),
        ("groups", &data, [groups, "data.decode_threads=4"]),
        ("threads", &parts, ["run.layout=fused", "data.decode_threads=4"]),
    ] {
        let run =
            place.run(name, &config(""), data, &["--set", flags[0], "--set", flags[1], RECORD[0], RECORD[1]]);
        assert!(Table::read(&run.dir, "batches") == batches, "batches.parquet differs: {name}");
        check_else(&without, &run);
    }
    check_else(&without, &with);
    if let Some(ended) = check_run(&with, &data) {
        assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    }
}

/// Hashes and all other tables are equal.
#[track_caller]
fn check_else(one: &Run, other: &Run) {
    assert_eq!(one.hashes(), other.hashes());
    assert_eq!(one.text(&["config_hash"]), other.text(&["config_hash"]));
    for name in TABLES {
        assert!(Table::read(&one.dir, name) == Table::read(&other.dir, name), "{name}.parquet differs");
    }
}
