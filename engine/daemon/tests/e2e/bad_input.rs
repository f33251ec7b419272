//! Input that is not as it should be: never a crash, never a silent loss, never a guess.
//!
//! A bad row is counted and kept, a bad file is an error that names it, and what is at `--out` is a whole run
//! folder or nothing, also when the run is asked to stop.

use crate::support::data::{Random, Trade, Walk, walk, write_columns, write_trades};
use crate::support::exact::instant;
use crate::support::tables::{self, RejectRow};
use crate::support::{Ended, Place, Run, check_random};
use arrow_array::{
    ArrayRef, Decimal128Array, Float64Array, Int8Array, StringArray, TimestampNanosecondArray,
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

const CONFIG: &str = "[run]\nstrategies = [\"none\"]\n[bars]\ntimeframes = [\"1s\"]\n\
                      [instruments.default]\nhours = { zone = \"UTC\", intervals = [\"Mon-Fri 06:00-22:00\"] }\n";
/// A Thursday, 12:00 UTC.
const NOON: i64 = 1_723_118_400_000_000_000;
const SECOND: i64 = 1_000_000_000;

/// A row of a file of doubles: a trade, or with `numbers` of four a quote.
#[derive(Debug, Clone)]
struct Odd {
    ts: Option<i64>,
    symbol: Option<&'static str>,
    /// price and size, or bid, ask, bid_size and ask_size
    numbers: Vec<Option<f64>>,
    side: Option<i8>,
    id: Option<String>,
    /// Reason, column, and a part of the raw text; `None` for a good row.
    refused: Option<[&'static str; 3]>,
}

fn good(second: i64, numbers: &[f64]) -> Odd {
    Odd {
        ts: Some(NOON + second * SECOND),
        symbol: Some("X"),
        numbers: numbers.iter().copied().map(Some).collect(),
        side: Some(0),
        id: Some(format!("id-{second}")),
        refused: None,
    }
}

/// A row that is good but for what `change` makes of it.
fn bad(second: i64, numbers: &[f64], refused: [&'static str; 3], change: impl Fn(&mut Odd)) -> Odd {
    let mut row = Odd { refused: Some(refused), ..good(second, numbers) };
    change(&mut row);
    row
}

fn write_odd(path: &Path, names: &[&'static str], rows: &[Odd]) {
    let times: TimestampNanosecondArray = rows.iter().map(|row| row.ts).collect();
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("ts_event", Arc::new(times.with_timezone("UTC"))),
        ("symbol", Arc::new(rows.iter().map(|row| row.symbol).collect::<StringArray>())),
    ];
    for (at, name) in names.iter().enumerate() {
        columns.push((name, Arc::new(rows.iter().map(|row| row.numbers[at]).collect::<Float64Array>())));
    }
    if names.len() == 2 {
        columns.push(("side", Arc::new(rows.iter().map(|row| row.side).collect::<Int8Array>())));
        columns.push(("trade_id", Arc::new(rows.iter().map(|row| row.id.clone()).collect::<StringArray>())));
    }
    write_columns(path, columns, 5);
}

/// Every reason that a file of trades can give, each between good rows.
fn odd_trades() -> Vec<Odd> {
    let at = [100.0, 1.0];
    vec![
        good(0, &at),
        bad(1, &at, ["timestamp_invalid", "ts_event", "ts_event=null"], |row| row.ts = None),
        bad(1, &at, ["symbol_invalid", "symbol", "no symbol!"], |row| row.symbol = Some("no symbol!")),
        bad(1, &at, ["symbol_invalid", "symbol", "symbol"], |row| row.symbol = None),
        bad(1, &[f64::NAN, 0.0], ["price_not_finite", "price", "price=NaN size=0"], |_| ()),
        bad(1, &[f64::INFINITY, 1.0], ["price_not_finite", "price", "price=inf"], |_| ()),
        bad(1, &[f64::NEG_INFINITY, 1.0], ["price_not_finite", "price", "price=-inf"], |_| ()),
        bad(1, &at, ["price_not_finite", "price", "price=null"], |row| row.numbers[0] = None),
        bad(1, &[0.0, 1.0], ["price_not_positive", "price", "price=0"], |_| ()),
        bad(1, &[-0.5, -1.0], ["price_not_positive", "price", "price=-0.5"], |_| ()),
        bad(1, &[1e10, 1.0], ["price_not_representable", "price", "10000000000"], |_| ()),
        good(2, &at),
        bad(3, &[100.0, 0.0], ["size_not_positive", "size", "size=0"], |_| ()),
        bad(3, &[100.0, -1.0], ["size_not_positive", "size", "size=-1"], |_| ()),
        bad(3, &at, ["size_not_positive", "size", "size=null"], |row| row.numbers[1] = None),
        bad(3, &[100.0, 1e12], ["size_not_representable", "size", "1000000000000"], |_| ()),
        bad(3, &at, ["side_invalid", "side", "side=2"], |row| row.side = Some(2)),
        bad(3, &at, ["side_invalid", "side", "side"], |row| row.side = None),
        bad(1, &at, ["timestamp_regression", "ts_event", "price=100"], |_| ()),
        bad(3, &at, ["duplicate", "trade_id", "id-2"], |row| row.id = Some("id-2".to_owned())),
        bad(3, &[151.0, 1.0], ["price_jump", "price", "price=151"], |_| ()),
        bad(36_001, &at, ["outside_market_hours", "ts_event", "price=100"], |_| ()),
        good(4, &[150.0, 2.5]),
    ]
}

/// The same of quotes.
fn odd_quotes() -> Vec<Odd> {
    let at = [99.0, 101.0, 5.0, 6.0];
    let with = |place: usize, value: f64| {
        let mut numbers = at;
        numbers[place] = value;
        numbers
    };
    vec![
        good(0, &at),
        bad(1, &at, ["quote_empty", "bid", "bid=null"], |row| row.numbers[0] = None),
        bad(1, &at, ["quote_empty", "ask", "ask=null"], |row| row.numbers[1] = None),
        bad(1, &with(1, f64::NAN), ["price_not_finite", "ask", "ask=NaN"], |_| ()),
        bad(1, &with(0, -1.0), ["price_not_positive", "bid", "bid=-1"], |_| ()),
        bad(1, &with(1, 5e9), ["price_not_representable", "ask", "ask=5000000000"], |_| ()),
        bad(1, &with(2, -2.0), ["size_not_representable", "bid_size", "bid_size=-2"], |_| ()),
        bad(1, &with(3, f64::NAN), ["size_not_representable", "ask_size", "ask_size=NaN"], |_| ()),
        bad(-5, &at, ["timestamp_regression", "ts_event", "bid=99"], |_| ()),
        bad(1, &[1.0, 2.0, 5.0, 6.0], ["price_jump", "bid", "bid=1 ask=2"], |_| ()),
        Odd { numbers: vec![Some(101.0), Some(99.0), None, None], ..good(2, &at) },
        good(3, &with(2, 0.0)),
    ]
}

/// The rejects of a file are those of its rows that say so, in order; gives how many there are by reason.
#[track_caller]
fn check_rejects(found: &[RejectRow], file: &Path, rows: &[Odd], counts: &mut BTreeMap<String, u64>) {
    let file = file.to_str().expect("a path of text");
    let mut found = found.iter().filter(|reject| reject.file.as_deref() == Some(file));
    for (number, row) in (1_u64..).zip(rows) {
        let Some([reason, column, raw]) = row.refused else { continue };
        let reject = found.next().unwrap_or_else(|| panic!("row {number} is not among the rejects"));
        assert_eq!((reject.kind.as_str(), reject.row), ("tick", Some(number)), "{reject:?}");
        assert_eq!((reject.reason.as_str(), reject.column.as_deref()), (reason, Some(column)), "{reject:?}");
        assert!(reject.raw.contains(raw), "{raw:?} is not in {reject:?}");
        assert_eq!(reject.ts_event, row.ts, "{reject:?}");
        let symbol = row.symbol.filter(|symbol| !symbol.contains(' '));
        assert_eq!(reject.symbol.as_deref(), symbol, "{reject:?}");
        *counts.entry(reason.to_owned()).or_default() += 1;
    }
    assert_eq!(found.next(), None, "a good row was refused");
}

/// `data.rejected`, and that every row is accounted for.
#[track_caller]
fn check_counts(run: &Run, counts: &BTreeMap<String, u64>, rows: usize) {
    let found = run.value(&["data", "rejected"]).as_object().expect("a table");
    let found: BTreeMap<String, u64> =
        found.iter().map(|(reason, n)| (reason.clone(), n.as_u64().expect("a count"))).collect();
    assert_eq!(&found, counts);
    let refused: u64 = counts.values().sum();
    assert_eq!(run.count(&["data", "rows_read"]), rows as u64);
    assert_eq!(run.count(&["data", "ticks"]), rows as u64 - refused);
}

#[test]
fn every_kind_of_bad_row_is_counted_and_kept_and_good_rows_are_used() {
    let place = Place::new();
    let (trades, quotes) = (odd_trades(), odd_quotes());
    let files = [place.path("trades.parquet"), place.path("quotes.parquet")];
    write_odd(&files[0], &["price", "size"], &trades);
    write_odd(&files[1], &["bid", "ask", "bid_size", "ask_size"], &quotes);
    for threads in ["1", "4"] {
        let flags = ["--to", "2024-08-08T13:00:00Z", "--set", &format!("data.decode_threads={threads}")];
        // The row outside market hours lies outside this span, too, so it is not even read.
        let run = place.run(&format!("part{threads}"), CONFIG, &files, &flags);
        assert_eq!(run.count(&["data", "rows_read"]), (trades.len() + quotes.len() - 1) as u64);
        let flags = ["--to", "2024-08-09", "--set", &format!("data.decode_threads={threads}")];
        let run = place.run(&format!("run{threads}"), CONFIG, &files, &flags);
        let (found, mut counts) = (tables::rejects(&run.dir), BTreeMap::new());
        check_rejects(&found, &files[0], &trades, &mut counts);
        check_rejects(&found, &files[1], &quotes, &mut counts);
        check_counts(&run, &counts, trades.len() + quotes.len());
        let closes: Vec<_> = tables::bars(&run.dir)
            .into_iter()
            .map(|bar| (bar.ts_open - NOON, bar.prices[3], bar.volume))
            .collect();
        let unit = i128::from(SECOND);
        let wanted = [(0, 100, unit), (2, 100, unit), (4, 150, unit * 5 / 2)];
        let wanted: Vec<_> =
            wanted.map(|(second, close, volume)| (second * SECOND, close * unit, volume)).into();
        assert_eq!(closes, wanted, "the good trades make the bars");
        assert_eq!(run.count(&["data", "suspicious", "crossed"]), 1);
    }
}

#[test]
fn the_third_price_of_a_jump_is_believed() {
    let place = Place::new();
    let prices = [100.0, 1000.0, 1001.0, 1002.0, 1003.0, 100.0, 1000.0];
    let rows: Vec<Odd> = (0..).zip(prices).map(|(second, price)| good(second, &[price, 1.0])).collect();
    let path = place.path("trades.parquet");
    write_odd(&path, &["price", "size"], &rows);
    let run = place.run("run", CONFIG, &[path], &[]);
    let refused: Vec<Option<u64>> = tables::rejects(&run.dir).iter().map(|reject| reject.row).collect();
    assert_eq!(refused, [Some(2), Some(3), Some(6)]);
}

/// Trades of twelve decimals, written in units of 1e-12.
fn write_long_decimals(path: &Path, rows: &[[i128; 2]]) {
    let decimals = |at: usize| -> ArrayRef {
        let array = Decimal128Array::from_iter_values(rows.iter().map(|row| row[at]));
        Arc::new(array.with_precision_and_scale(38, 12).expect("38 digits, 12 decimals"))
    };
    let times = TimestampNanosecondArray::from_iter_values((0..rows.len() as i64).map(|n| NOON + n * SECOND));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("ts_event", Arc::new(times)),
        ("symbol", Arc::new(StringArray::from(vec!["X"; rows.len()]))),
        ("price", decimals(0)),
        ("size", decimals(1)),
        ("side", Arc::new(Int8Array::from(vec![1; rows.len()]))),
    ];
    write_columns(path, columns, 100);
}

#[test]
fn more_than_nine_decimals_are_refused_or_rounded_as_asked() {
    let place = Place::new();
    let one = 1_000_000_000_000;
    let path = place.path("long.parquet");
    write_long_decimals(&path, &[[one, one], [one + 1, one], [one, one + 500], [one + 1_000, one + 2_000]]);
    let run = place.run("reject", CONFIG, std::slice::from_ref(&path), &[]);
    let rejects = tables::rejects(&run.dir);
    let found: Vec<_> =
        rejects.iter().map(|reject| (reject.row.unwrap_or(0), reject.reason.as_str())).collect();
    assert_eq!(found, [(2, "price_not_representable"), (3, "size_not_representable")]);
    assert!(rejects[0].raw.contains("1.000000000001"), "{rejects:?}");
    let flags = ["--set", "ingest.excess_decimals=round", "--to", "2024-08-09"];
    let run = place.run("round", CONFIG, &[path], &flags);
    check_counts(&run, &BTreeMap::new(), 4);
    let bars = tables::bars(&run.dir);
    let found: Vec<_> =
        bars.iter().map(|bar| (bar.prices[0] - 1_000_000_000, bar.volume - 1_000_000_000)).collect();
    assert_eq!(found, [(0, 0), (0, 0), (0, 0), (1, 2)], "halves to even");
}

/// What stands beside the data after a failure: the configuration, and nothing of a run.
#[track_caller]
fn check_nothing_left(place: &Place, before: &[String]) {
    let mut names = place.names();
    names.retain(|name| name != "run.toml" || before.contains(name));
    assert_eq!(names, before, "a failed run leaves nothing");
}

#[test]
fn a_bad_row_can_be_fatal() {
    let place = Place::new();
    let path = place.path("trades.parquet");
    write_odd(&path, &["price", "size"], &odd_trades());
    let before = place.names();
    for threads in ["1", "4"] {
        let flags = ["--set", "ingest.on_bad_row=fail", "--set", &format!("data.decode_threads={threads}")];
        let ended = place.backtest("run", CONFIG, std::slice::from_ref(&path), &flags);
        ended.check_refused(1, &["trades.parquet", "row 2", "timestamp_invalid", "ts_event"]);
        check_nothing_left(&place, &before);
    }
}

fn some_trades(rows: usize) -> Vec<Trade> {
    let of = Walk {
        symbol: "X",
        start_ts: NOON,
        ticks: rows,
        gap: SECOND / 100,
        price: 100 * SECOND,
        grid: 10_000_000,
        step: 3,
        size_max: SECOND,
        quotes_in_ten: 0,
    };
    walk(&mut Random::new(5), &of).trades
}

/// The bytes of a good file of several row groups.
fn good_file(place: &Place, rows: usize) -> Vec<u8> {
    let path = place.path("good.parquet");
    write_trades(&path, &some_trades(rows));
    std::fs::read(path).expect("it was just written")
}

/// A backtest of one file beside a good one ends with status 1 and a sentence that names it.
#[track_caller]
fn check_bad_file(place: &Place, path: &Path, parts: &[&str]) {
    let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
    let before = place.names();
    for files in [vec![path.to_owned()], vec![place.path("good.parquet"), path.to_owned()]] {
        for threads in ["1", "4"] {
            let threads = format!("data.decode_threads={threads}");
            let ended = place.backtest("run", CONFIG, &files, &["--set", &threads]);
            ended.check_refused(1, &[name]);
            ended.check_refused(1, parts);
            check_nothing_left(place, &before);
        }
    }
}

#[test]
fn a_file_that_is_no_whole_parquet_file_is_named() {
    let place = Place::new();
    let good = good_file(&place, 3_000);
    let text = b"ts_event,symbol,price,size,side\n1,X,1,1,1\n".to_vec();
    for (name, bytes, part) in [
        ("cut.parquet", good[..good.len() / 2].to_vec(), "truncated"),
        ("cut1.parquet", good[..good.len() - 1].to_vec(), "truncated"),
        ("empty.parquet", Vec::new(), "empty"),
        ("text.parquet", text, "not a Parquet file"),
        ("magic.parquet", b"PAR1PAR1".to_vec(), "truncated"),
        ("tail.parquet", good[good.len() - 500..].to_vec(), "not a Parquet file"),
    ] {
        let path = place.path(name);
        std::fs::write(&path, bytes).expect("the folder takes files");
        check_bad_file(&place, &path, &[part]);
    }
    let ended = place.backtest("run", CONFIG, &[place.path("absent.parquet")], &[]);
    ended.check_refused(2, &["absent.parquet"]);
}

#[test]
fn a_missing_column_or_one_of_another_type_is_named() {
    let place = Place::new();
    good_file(&place, 10);
    let times: ArrayRef = Arc::new(TimestampNanosecondArray::from(vec![NOON]));
    let text: ArrayRef = Arc::new(StringArray::from(vec!["X"]));
    let number: ArrayRef = Arc::new(Float64Array::from(vec![1.5]));
    let side: ArrayRef = Arc::new(Int8Array::from(vec![1]));
    let whole =
        [("ts_event", &times), ("symbol", &text), ("price", &number), ("size", &number), ("side", &side)];
    let write = |name: &str, columns: Vec<(&str, &ArrayRef)>| {
        let path = place.path(name);
        write_columns(
            &path,
            columns.into_iter().map(|(name, array)| (name, Arc::clone(array))).collect(),
            10,
        );
        path
    };
    for column in ["ts_event", "symbol", "size", "side"] {
        let path = write("missing.parquet", whole.into_iter().filter(|(name, _)| *name != column).collect());
        check_bad_file(&place, &path, &[&format!("\"{column}\"")]);
    }
    let path = write("missing.parquet", whole.into_iter().filter(|(name, _)| *name != "price").collect());
    check_bad_file(&place, &path, &["price"]);
    for (column, array) in
        [("ts_event", &text), ("symbol", &number), ("price", &text), ("size", &text), ("side", &text)]
    {
        let change = |(name, good)| (name, if name == column { array } else { good });
        let path = write("type.parquet", whole.into_iter().map(change).collect());
        check_bad_file(&place, &path, &[&format!("\"{column}\""), "type"]);
    }
}

#[test]
fn a_damaged_page_is_named_by_its_row_group() {
    let place = Place::new();
    let good = good_file(&place, 5_000);
    // Five row groups of 1,000 rows lie one after the other, up to the footer.
    let (length, footer) = (good.len(), &good[good.len() - 8..good.len() - 4]);
    let data = length - 8 - u32::from_le_bytes(footer.try_into().expect("four bytes")) as usize;
    for (group, tenth) in [("row group 0", 1), ("row group 2", 5), ("row group 4", 9)] {
        let mut bytes = good.clone();
        let middle = data * tenth / 10;
        bytes[middle - data / 40..middle + data / 40].fill(0xff);
        let path = place.path("damaged.parquet");
        std::fs::write(&path, bytes).expect("the folder takes files");
        check_bad_file(&place, &path, &[group]);
    }
}

/// A damaged file gives a run in which every row is accounted for, or one sentence, and nothing in between.
fn check_damage(flips: &[(prop::sample::Index, u8)]) {
    let place = Place::new();
    let mut bytes = good_file(&place, 1_500);
    for (at, flip) in flips {
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
    }
    let path = place.path("flipped.parquet");
    std::fs::write(&path, bytes).expect("the folder takes files");
    let before = place.names();
    let ended = place.backtest("run", CONFIG, &[path], &[]);
    if ended.code == Some(0) {
        let run = Run::open(&place.path("run"), &ended.stdout);
        let accounted = run.count(&["data", "ticks"]) + run.total(&["data", "rejected"]);
        assert_eq!(run.count(&["data", "rows_read"]), accounted);
    } else {
        ended.check_refused(1, &["flipped.parquet"]);
        check_nothing_left(&place, &before);
    }
}

#[test]
fn no_damage_is_a_crash() {
    let flips = prop::collection::vec((any::<prop::sample::Index>(), 1..=255_u8), 1..20);
    check_random(60, &flips, |flips| check_damage(&flips));
}

#[test]
fn no_rows_are_no_error_and_the_run_says_so() {
    let place = Place::new();
    let (none, some) = (place.path("none.parquet"), place.path("some.parquet"));
    write_trades(&none, &[]);
    write_trades(&some, &some_trades(50));
    let late = ["--from", "2030-01-01"];
    for (name, file, flags) in [("none", &none, &[][..]), ("late", &some, &late[..])] {
        for strategy in ["none", "ema_cross"] {
            let config = CONFIG.replace("\"none\"", &format!("\"{strategy}\""));
            let run = place.run(&format!("{name}_{strategy}"), &config, std::slice::from_ref(file), flags);
            check_counts(&run, &BTreeMap::new(), 0);
            assert!(run.value(&["data", "first_ts"]).is_null() && run.value(&["data", "last_ts"]).is_null());
            assert_eq!(run.text(&["portfolio", "equity"]), "100000");
            assert!(run.dir.join("report.html").is_file());
            let mut command = place.command("said", &config, std::slice::from_ref(file), flags);
            let said: Ended = command.arg("--force").output().expect("the program starts").into();
            assert_eq!(said.code, Some(0), "{said:?}");
            assert!(said.stdout.to_lowercase().contains("no data"), "{said:?}");
        }
    }
}

#[test]
fn configuration_errors_are_status_2() {
    let place = Place::new();
    good_file(&place, 50);
    let data = [place.path("good.parquet")];
    let before = place.names();
    for (config, parts) in [
        ("[run]\nlayuot = \"fused\"\n", vec!["run.toml:2", "run.layuot", "run.layout"]),
        ("[run\n", vec!["run.toml:1"]),
        ("[run]\nstrategies = [\"nothing\"]\n", vec!["run.strategies", "nothing"]),
        ("[run]\ninitial_capital = \"-1\"\n", vec!["run.initial_capital"]),
        ("[run]\nlayout = [[\"sequencer\"]]\n", vec!["run.layout"]),
        ("[venue]\nlatency = \"soon\"\n", vec!["venue.latency", "soon"]),
        ("[bars]\ntimeframes = [\"7x\"]\n", vec!["bars.timeframes", "7x"]),
        ("[journal]\ndurability = \"some\"\n", vec!["journal.durability", "strict"]),
        ("[storage]\ntiers = [\"sqlite\"]\n", vec!["storage.tiers", "journal.durability"]),
        ("[[instruments.list]]\nsymbol = \"X\"\ncurrency = \"EUR\"\n", vec!["currency"]),
    ] {
        place.backtest("run", config, &data, &[]).check_refused(2, &parts);
        check_nothing_left(&place, &before);
    }
    for (flags, part) in [
        (["--set", "run.wiat=block"], "run.wait"),
        (["--set", "venue"], "venue"),
        (["--from", "yesterday"], "yesterday"),
        (["--fast", "--faster"], "--fast"),
    ] {
        place.backtest("run", CONFIG, &data, &flags).check_refused(2, &[part]);
        check_nothing_left(&place, &before);
    }
    place.backtest("run", CONFIG, &[], &[]).check_refused(2, &["--data"]);
}

#[test]
fn a_run_folder_that_is_there_is_replaced_only_by_force() {
    let place = Place::new();
    good_file(&place, 50);
    let data = [place.path("good.parquet")];
    std::fs::create_dir(place.path("run")).expect("a new folder");
    place.run("run", CONFIG, &data, &[]);
    place.write("run/mine.txt", "kept");
    place.write("run/bars.parquet", "old");
    place.backtest("run", CONFIG, &data, &[]).check_refused(2, &["run", "--force"]);
    assert_eq!(std::fs::read(place.path("run/bars.parquet")).expect("a file"), b"old", "nothing is touched");
    let run = place.run("run", CONFIG, &data, &["--force"]);
    assert_eq!(tables::bars(&run.dir).len() as u64, run.total(&["counts", "bars"]));
    assert!(place.path("run/mine.txt").is_file(), "what no run writes stays");
    // A run that fails leaves the old one as it was.
    let bad: PathBuf = place.write("bad.parquet", "no Parquet");
    place.backtest("run", CONFIG, &[bad], &["--force"]).check_refused(1, &["bad.parquet"]);
    assert!(place.path("run/summary.json").is_file());
}

/// Waits on every tick for all six threads, so that it takes long.
const SLOW: &str = "[run]\nstrategies = [\"mean_reversion\"]\nwait = \"block\"\n\
    layout = [[\"sequencer\"], [\"portfolio\"], [\"bars\"], [\"indicators\"], [\"strategy\"], [\"risk\", \"orders\"]]\n\
    [mean_reversion]\ntimeframe = \"1s\"\nbollinger_period = 5\nbollinger_k = 0.8\nrsi_period = 3\nrsi_low = 49.0\n\
    rsi_high = 51.0\natr_period = 3\nstop_on = \"tick\"\n";

#[test]
fn a_signal_drains_the_run_and_what_was_read_is_a_whole_run() {
    for signal in ["-INT", "-HUP"] {
        check_drains(signal);
    }
}

fn check_drains(signal: &str) {
    let place = Place::new();
    let (all, part) = (place.path("all.parquet"), place.path("part.parquet"));
    let trades = some_trades(600_000);
    write_trades(&all, &trades);
    let program = place.command("run", SLOW, &[all], &["--json"]);
    // Whoever runs the tests may ignore signals (nohup, a shell's background jobs), and the program would too.
    let mut command = Command::new("env");
    command.arg("--default-signal").arg(program.get_program()).args(program.get_args());
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
    // Progress is told from when signals are taken.
    let mut line = String::new();
    stderr.read_line(&mut line).expect("text");
    assert!(line.starts_with("backtest"), "{line:?} is no progress; the run was too short");
    let kill = Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(kill.expect("there is a kill").success());
    let (mut stdout, mut rest) = (String::new(), String::new());
    child.stdout.take().expect("it is piped").read_to_string(&mut stdout).expect("text");
    stderr.read_to_string(&mut rest).expect("text");
    assert_eq!(child.wait().expect("it ends").code(), Some(0), "{rest}");
    let run = Run::open(&place.path("run"), &stdout);
    let ticks = run.count(&["data", "ticks"]) as usize;
    assert!(ticks > 0 && ticks < trades.len(), "{ticks} ticks");
    assert_eq!(run.count(&["data", "rows_read"]), ticks as u64);
    assert!(!place.names().iter().any(|name| name.contains("partial")), "{:?}", place.names());
    // The same as if there had been no more rows.
    write_trades(&part, &trades[..ticks]);
    let whole = place.run("part", SLOW, &[part], &["--set", "run.layout=fused"]);
    assert_eq!(run.hashes(), whole.hashes());
    assert_eq!(run.value(&["counts"]), whole.value(&["counts"]));
}

#[test]
fn noon_is_noon() {
    assert_eq!(NOON, instant(2024, 8, 8, 12 * 3_600));
}
