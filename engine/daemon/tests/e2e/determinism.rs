//! The same data and configuration give the same two hashes and the same tables: twice, in every layout, on
//! any number of decoding threads, however the rows are split over files.
//!
//! And the other way round: a tick that is not the same gives another hash.

use crate::support::data::{Market, Random, Walk, walk, write_quotes, write_trades};
use crate::support::exact::{instant, rfc3339};
use crate::support::tables::{self, BarRow, Table};
use crate::support::{Place, Run, check_random};
use proptest::prelude::*;
use std::path::PathBuf;

/// All stages on one thread, cut after bars, three groups, a thread for each stage.
pub const LAYOUTS: [&str; 4] = [
    "\"fused\"",
    "\"split\"",
    r#"[["sequencer", "portfolio"], ["bars", "indicators"], ["strategy", "risk", "orders"]]"#,
    r#"[["sequencer"], ["portfolio"], ["bars"], ["indicators"], ["strategy"], ["risk", "orders"]]"#,
];

/// Strategies that wake at bars, and one that wakes at ticks.
const STRATEGIES: [&str; 3] = ["ema_cross", "bar", "tick"];

const TABLES: [&str; 7] = ["bars", "indicators", "decisions", "orders", "fills", "equity", "rejects"];

pub fn config(strategy: &str, latency: &str) -> String {
    let (name, stop_on) =
        if strategy == "ema_cross" { (strategy, "bar") } else { ("mean_reversion", strategy) };
    format!(
        "[run]\nstrategies = [\"{name}\"]\nwait = \"block\"\n\
         [bars]\ntimeframes = [\"10s\", \"1m\"]\n[indicators]\nmin_history = 10\n\
         [ema_cross]\ntimeframe = \"10s\"\nfast = 2\nslow = 5\n\
         [mean_reversion]\ntimeframe = \"10s\"\nbollinger_period = 5\nbollinger_k = 0.8\nrsi_period = 3\n\
         rsi_low = 48.0\nrsi_high = 52.0\natr_period = 3\nstop_atr = 0.5\nstop_on = \"{stop_on}\"\n\
         [venue]\nlatency = \"{latency}\"\nfees = {{ taker = \"0.0002\" }}\n"
    )
}

fn of(symbol: &'static str, ticks: usize, quotes_in_ten: i64) -> Walk {
    Walk {
        symbol,
        start_ts: instant(2024, 8, 8, 86_000),
        ticks,
        gap: 1_000_000_000,
        price: 61_234_560_000_000,
        grid: 10_000_000,
        step: 300,
        size_max: 2_000_000_000,
        quotes_in_ten,
    }
}

pub fn market(seed: u64, ticks: usize) -> Market {
    let mut random = Random::new(seed);
    let trades = walk(&mut random, &of("BTCUSDT.SPOT", ticks, 0));
    let both = walk(&mut random, &of("BTCUSDT.PERP", ticks, 7));
    trades.with(both).with(walk(&mut random, &of("EURUSD", ticks, 10)))
}

/// Both hashes and all tables are equal.
#[track_caller]
pub fn check_same(one: &Run, other: &Run) {
    assert_eq!(one.hashes(), other.hashes());
    for name in TABLES {
        let same = Table::read(&one.dir, name) == Table::read(&other.dir, name);
        assert!(same, "{name}.parquet differs between {} and {}", one.dir.display(), other.dir.display());
    }
    for part in ["counts", "portfolio", "performance"] {
        assert_eq!(one.value(&[part]), other.value(&[part]));
    }
    assert_eq!(one.text(&["config_hash"]), other.text(&["config_hash"]), "it covers results only");
}

/// Runs of one strategy and latency, in all layouts, on more threads, and once more.
fn check_layouts(strategy: &str, latency: &str) {
    let place = Place::new();
    let files = market(1, 1_500).write(&place.path(""), "ticks");
    let config = config(strategy, latency);
    let base = place.run("base", &config, &files, &[]);
    assert!(base.count(&["counts", "fills"]) > 20, "it trades: {}", base.value(&["counts"]));
    check_same(&base, &place.run("again", &config, &files, &[]));
    check_same(&base, &place.run("threads", &config, &files, &["--set", "data.decode_threads=4"]));
    for (at, layout) in LAYOUTS.iter().enumerate() {
        let layout = format!("run.layout={layout}");
        let run = place.run(&format!("layout{at}"), &config, &files, &["--set", &layout]);
        check_same(&base, &run);
        let threads = ["--set", &layout, "--set", "data.decode_threads=4"];
        check_same(&base, &place.run(&format!("both{at}"), &config, &files, &threads));
    }
}

#[test]
fn layouts_and_threads_change_nothing_without_latency() {
    STRATEGIES.iter().for_each(|strategy| check_layouts(strategy, "0ns"));
}

#[test]
fn layouts_and_threads_change_nothing_with_latency() {
    STRATEGIES.iter().for_each(|strategy| check_layouts(strategy, "1ms"));
}

#[test]
fn latency_and_strategy_change_the_hash() {
    let place = Place::new();
    let files = market(1, 800).write(&place.path(""), "ticks");
    let mut hashes = Vec::new();
    for strategy in STRATEGIES {
        for latency in ["0ns", "5s"] {
            let run = place.run(&format!("{strategy}{latency}"), &config(strategy, latency), &files, &[]);
            hashes.extend(run.hashes());
        }
    }
    let count = hashes.len();
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), count, "each of these runs is another");
}

/// Where rows go: into one file of each kind, fifty, or one for each symbol.
fn split(place: &Place, market: &Market, folder: &str, how: &str) -> Vec<PathBuf> {
    let root = place.path(folder);
    std::fs::create_dir(&root).expect("a new folder");
    match how {
        "one" => drop(market.write(&root, "all")),
        "fifty" => {
            for (n, part) in market.trades.chunks(market.trades.len().div_ceil(25)).enumerate() {
                write_trades(&root.join(format!("trades-{n:03}.parquet")), part);
            }
            for (n, part) in market.quotes.chunks(market.quotes.len().div_ceil(25)).enumerate() {
                write_quotes(&root.join(format!("quotes-{n:03}.parquet")), part);
            }
        }
        _ => {
            for symbol in ["BTCUSDT.PERP", "BTCUSDT.SPOT", "EURUSD"] {
                let mut part = market.clone();
                part.trades.retain(|trade| trade.symbol == symbol);
                part.quotes.retain(|quote| quote.symbol == symbol);
                part.write(&root, symbol);
            }
        }
    }
    vec![root]
}

#[test]
fn how_rows_are_split_over_files_changes_nothing() {
    let place = Place::new();
    let market = market(2, 1_500);
    let config = config("tick", "1ms");
    let base = place.run("base", &config, &split(&place, &market, "one", "one"), &[]);
    assert!(base.count(&["counts", "fills"]) > 20);
    for how in ["fifty", "symbols"] {
        let files = split(&place, &market, how, how);
        for threads in ["1", "4"] {
            let flag = format!("data.decode_threads={threads}");
            check_same(&base, &place.run(&format!("{how}{threads}"), &config, &files, &["--set", &flag]));
        }
    }
}

/// Where rows are cut into files, whether symbols get files of their own, and how many threads decode.
type Split = (Vec<usize>, bool, u8);

fn check_split(seed: u64, (cuts, apart, threads): &Split) {
    let place = Place::new();
    let market = market(seed, 200);
    let config = config("bar", "0ns");
    let base = place.run("base", &config, &market.write(&place.path(""), "all"), &[]);
    let mut cuts: Vec<usize> = cuts.iter().copied().chain([0, usize::MAX]).collect();
    cuts.sort_unstable();
    let mut files = Vec::new();
    for (n, ends) in cuts.windows(2).enumerate() {
        for symbols in if *apart { vec!["B", "E"] } else { vec![""] } {
            let mut part = Market::default();
            let rows = |len: usize| ends[0].min(len)..ends[1].min(len);
            part.trades.extend(&market.trades[rows(market.trades.len())]);
            part.quotes.extend(&market.quotes[rows(market.quotes.len())]);
            part.trades.retain(|trade| trade.symbol.starts_with(symbols));
            part.quotes.retain(|quote| quote.symbol.starts_with(symbols));
            files.extend(part.write(&place.path(""), &format!("part-{n}-{symbols}")));
        }
    }
    let flag = format!("data.decode_threads={threads}");
    check_same(&base, &place.run("parts", &config, &files, &["--set", &flag]));
}

#[test]
fn any_split_of_the_rows_is_the_same_run() {
    let split = (prop::collection::vec(0..600_usize, 0..6), any::<bool>(), 1..5_u8);
    check_random(12, &(any::<u64>(), split), |(seed, split)| check_split(seed, &split));
}

#[test]
fn one_changed_tick_changes_the_hash() {
    let place = Place::new();
    let market = market(3, 600);
    let config = config("ema_cross", "0ns");
    let hashes = |name: &str, market: &Market| {
        place.run(name, &config, &market.write(&place.path(""), name), &[]).hashes()
    };
    let base = hashes("base", &market);
    let middle = market.trades.len() / 2;
    let last = market.quotes.len() - 1;
    let changes: [fn(&mut Market, usize, usize); 5] = [
        |market, middle, _| market.trades[middle].price += 1,
        |market, middle, _| market.trades[middle].size += 1,
        |market, middle, _| market.trades[middle].side = (market.trades[middle].side + 2) % 3 - 1,
        |market, _, last| market.quotes[last].bid_size = Some(market.quotes[last].bid_size.unwrap_or(0) + 1),
        |market, middle, _| {
            market.trades.remove(middle);
        },
    ];
    for (n, change) in changes.iter().enumerate() {
        let mut changed = market.clone();
        change(&mut changed, middle, last);
        assert_ne!(base[0], hashes(&format!("changed{n}"), &changed)[0], "change {n} is in the hash");
    }
}

/// The rows of one symbol.
fn bars_of(run: &Run, symbol: &str) -> Vec<BarRow> {
    tables::bars(&run.dir).into_iter().filter(|bar| bar.symbol == symbol).collect()
}

/// Close, timeframe, name and bits of the value, of one symbol.
fn indicators_of(run: &Run, symbol: &str) -> Vec<(Option<i64>, String, String, u64)> {
    let table = Table::read(&run.dir, "indicators");
    let [symbols, timeframes, names] = ["symbol", "timeframe", "name"].map(|name| table.names(name));
    let (closes, values) = (table.times("ts_close"), table.doubles("value"));
    let rows = (0..table.rows()).filter(|&row| symbols[row] == symbol);
    rows.map(|row| (closes[row], timeframes[row].clone(), names[row].clone(), values[row].to_bits()))
        .collect()
}

#[test]
fn an_unrelated_symbol_changes_no_other() {
    let place = Place::new();
    let market = market(4, 1_000);
    let other = walk(&mut Random::new(9), &of("AAA.NEW", 900, 5));
    let ends = market.merged().into_iter().chain(other.merged()).map(|tick| tick.ts());
    let to = rfc3339(ends.max().expect("there are ticks") + 60_000_000_000);
    let config = config("tick", "1ms");
    let alone = place.run("alone", &config, &market.write(&place.path(""), "alone"), &["--to", &to]);
    let both = market.clone().with(other).write(&place.path(""), "both");
    let beside = place.run("beside", &config, &both, &["--to", &to]);
    for symbol in ["BTCUSDT.PERP", "BTCUSDT.SPOT", "EURUSD"] {
        assert!(!bars_of(&alone, symbol).is_empty() && !indicators_of(&alone, symbol).is_empty());
        assert_eq!(bars_of(&alone, symbol), bars_of(&beside, symbol));
        assert_eq!(indicators_of(&alone, symbol), indicators_of(&beside, symbol));
    }
    assert!(!bars_of(&beside, "AAA.NEW").is_empty());
}
