//! What the tests of `import` share: files of bars made in the test, the command, and the catalog it leaves.

use super::data::Random;
use super::exact::instant;
use super::tables::{self, RejectRow};
use super::{Ended, PROGRAM, Place};
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int8Type, TimestampNanosecondType};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

pub const MINUTE: i64 = 60_000_000_000;
pub const HEADER: &str = "ts,open,high,low,close,volume\n";
pub const MINUTES: &str = "[run]\nstrategies = [\"none\"]\n[bars]\ntimeframes = [\"1m\"]\n";

/// A bar: prices are open, high, low, close; numbers in units of 1e-9.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    pub ts: i64,
    pub prices: [i128; 4],
    pub volume: i128,
}

/// Runs `import --format bars` with JSON.
pub fn import(place: &Place, out: &str, files: &[PathBuf], flags: &[&str]) -> Ended {
    let mut command = Command::new(PROGRAM);
    command
        .current_dir(place.path(""))
        .args(["import", "--format", "bars", "--json", "--out"])
        .arg(place.path(out));
    command.args(flags).args(files).output().expect("the program starts").into()
}

/// An import that must succeed: the object it prints, which accounts for every row.
#[track_caller]
pub fn imported(place: &Place, out: &str, files: &[PathBuf], flags: &[&str]) -> Value {
    let ended = import(place, out, files, flags);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stdout.lines().count(), 1, "exactly one object: {ended:?}");
    let object: Value = serde_json::from_str(&ended.stdout).expect("stdout is JSON");
    let rejected: u64 = rejected(&object).values().sum();
    let kept = count(&object, "rows_written") + count(&object, "rows_unchanged");
    assert_eq!(kept, 4 * (count(&object, "rows_read") - rejected), "{object}");
    object
}

#[track_caller]
pub fn count(object: &Value, key: &str) -> u64 {
    object[key].as_u64().unwrap_or_else(|| panic!("{key} is no count in {object}"))
}

pub fn rejected(object: &Value) -> BTreeMap<String, u64> {
    let counts = object["rejected"].as_object().expect("a table").iter();
    counts.map(|(reason, n)| (reason.clone(), n.as_u64().expect("a count"))).collect()
}

/// Every file under a folder, hidden ones too, with its bytes.
pub fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("it is inside").display().to_string();
                found.insert(name, std::fs::read(&path).expect("a file"));
            }
        }
    }
    found
}

/// The trades of a catalog as (time, price, size), in the order of their files; each file says that they are made
/// from bars, and nobody's side is known.
pub fn trades(catalog: &Path) -> Vec<(i64, i128, i128)> {
    let mut found = Vec::new();
    for name in tree(catalog).keys().filter(|name| name.starts_with("trades/")) {
        let file = std::fs::File::open(catalog.join(name)).expect("a file");
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).expect("a Parquet file");
        let entries = reader.metadata().file_metadata().key_value_metadata().cloned().unwrap_or_default();
        assert!(
            entries.iter().any(|entry| entry.key == "source" && entry.value.as_deref() == Some("bars 1m"))
        );
        for batch in reader.build().expect("a reader") {
            let batch = batch.expect("rows");
            let column = |name| batch.column_by_name(name).expect("the column is there");
            let times = column("ts_event").as_primitive::<TimestampNanosecondType>();
            let [price, size] = ["price", "size"].map(|name| column(name).as_primitive::<Decimal128Type>());
            assert!(column("side").as_primitive::<Int8Type>().values().iter().all(|side| *side == 0));
            found.extend(
                (0..batch.num_rows()).map(|row| (times.value(row), price.value(row), size.value(row))),
            );
        }
    }
    found
}

/// The four trades of a bar of a minute, as the contract has them.
pub fn four(bar: &Bar) -> [(i64, i128, i128); 4] {
    let [open, high, low, close] = bar.prices;
    let (nearer, other) = if open - low <= high - open { (low, high) } else { (high, low) };
    let quarter = bar.volume / 4;
    let sizes = [quarter, quarter, quarter, bar.volume - 3 * quarter];
    let prices = [open, nearer, other, close];
    [0, 1, 2, 3].map(|n: usize| (bar.ts + n as i64 * MINUTE / 4, prices[n], sizes[n]))
}

/// The catalog holds the trades of these bars, and a backtest on it makes these bars and no other.
#[track_caller]
pub fn check_catalog(place: &Place, out: &str, symbol: &str, bars: &[Bar]) {
    let expected: Vec<_> = bars.iter().flat_map(four).collect();
    assert!(trades(&place.path(out)) == expected, "the trades are those of the bars");
    let run = place.run(&format!("{out}.run"), MINUTES, &[place.path(out)], &["--to", "2030-01-01"]);
    let found = tables::bars(&run.dir).into_iter().map(|bar| {
        assert_eq!((bar.symbol.as_str(), bar.trades), (symbol, 4));
        Bar { ts: bar.ts_open, prices: bar.prices, volume: bar.volume }
    });
    assert!(found.eq(bars.iter().copied()), "the bars come back");
    assert_eq!(run.total(&["data", "rejected"]), 0);
    assert_eq!(run.value(&["data", "made_from_bars"]), &serde_json::json!([symbol]));
    let report = std::fs::read_to_string(run.dir.join("report.html")).expect("a run has a report");
    assert!(report.contains(&format!("The ticks of {symbol} were made from bars")));
}

/// Bars of a minute over three days with minutes missing, all nine decimals, and volumes of any size.
pub fn walk(seed: u64, bars: usize) -> Vec<Bar> {
    let mut random = Random::new(seed);
    let (mut ts, mut price) = (instant(2024, 2, 28, 86_340), 46_319_123_456_789_i64);
    let mut made = Vec::new();
    while made.len() < bars {
        ts += MINUTE * if random.one_in(7) { 1 + random.below(90) } else { 1 };
        let mut step = || random.below(200_000_000_001) - 100_000_000_000;
        let [open, a, b, close] = [price, price + step(), price + step(), price + step()];
        price = close;
        let high = open.max(a).max(b).max(close);
        let low = open.min(a).min(b).min(close);
        let volume =
            if random.one_in(3) { 4 + random.below(9) } else { random.below(4_000_000_000_000_000_000) + 4 };
        made.push(Bar { ts, prices: [open, high, low, close].map(i128::from), volume: volume.into() });
    }
    made
}

pub fn decimal(units: i128) -> String {
    format!("{}.{:09}", units / 1_000_000_000, units % 1_000_000_000)
}

pub fn time(ts: i64) -> String {
    jiff::Timestamp::from_nanosecond(ts.into()).expect("an instant").to_string()
}

pub fn row(bar: &Bar) -> String {
    let [open, high, low, close] = bar.prices.map(decimal);
    format!("{},{open},{high},{low},{close},{}\n", time(bar.ts), decimal(bar.volume))
}

pub fn csv(bars: &[Bar]) -> String {
    HEADER.to_owned() + &bars.iter().map(row).collect::<String>()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory takes bytes");
    encoder.finish().expect("memory takes bytes")
}

pub fn write(place: &Place, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    std::fs::write(place.path(name), bytes).expect("the temporary folder takes files");
    place.path(name)
}

/// The rejects of a catalog; `tables` checks their columns.
pub fn rejects(place: &Place, out: &str) -> Vec<RejectRow> {
    let names = tree(&place.path(out)).into_keys().filter(|name| name.starts_with("rejects/"));
    let names: Vec<String> = names.collect();
    assert!(names.len() <= 1, "{names:?}");
    let Some(name) = names.first() else { return Vec::new() };
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::copy(place.path(out).join(name), folder.path().join("rejects.parquet")).expect("a copy");
    tables::rejects(folder.path())
}
