//! Import of bars through the library: several files and symbols, in any arrangement, and how it ends early.
//!
//! The program's own tests (`engine/daemon/tests/import.rs`) have the numbers, the bad rows and the bad files.

use catalog::{Chunk, DataFile, ReadOptions, TickReader, TimeRange, discover};
use feed::{MarketHours, SymbolRules};
use files::import::{
    ColumnNames, Format, Import, ImportError, ImportOptions, ImportProgress, Imported, is_bars,
};
use model::Nanos;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use tempfile::TempDir;

const MINUTE: i64 = 60;

/// A row: minute, symbol, price of all four, volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row(i64, &'static str, i64, i64);

fn csv(rows: &[Row]) -> String {
    let mut text = "symbol,ts,open,high,low,close,volume\n".to_owned();
    for Row(minute, symbol, price, volume) in rows {
        text += &format!("{symbol},{},{price},{price},{price},{price},{volume}\n", minute * MINUTE);
    }
    text
}

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn out(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn options(&self, out: &str, files: &[PathBuf]) -> ImportOptions {
        let mut options = ImportOptions::new(Format::Bars, files.to_vec(), self.out(out));
        options.ts_unit = catalog::TsUnit::Seconds;
        options
    }

    fn import(&self, out: &str, files: &[PathBuf]) -> Imported {
        run(self.options(out, files)).unwrap()
    }
}

fn run(options: ImportOptions) -> Result<Imported, ImportError> {
    let progress = ImportProgress::default();
    let import = Import::scan(options, &progress)?;
    let expected = import.ticks_expected();
    assert_eq!(expected, 4 * progress.rows.load(Ordering::Relaxed));
    let imported = import.run(&progress)?;
    assert_eq!(progress.ticks.load(Ordering::Relaxed), expected, "progress ends at the whole");
    let refused: u64 = imported.rejected.values().sum();
    assert_eq!(imported.rows_written + imported.rows_unchanged, 4 * (imported.rows_read - refused));
    Ok(imported)
}

fn found(out: &Path) -> Vec<DataFile> {
    discover(&[out.to_owned()], &ReadOptions::default()).unwrap()
}

/// The ticks of a catalog: by symbol, (time in s, price) in the order they will be replayed.
fn ticks(out: &Path) -> BTreeMap<String, Vec<(i64, i64)>> {
    let mut all: BTreeMap<String, Vec<(i64, i64)>> = BTreeMap::new();
    for file in found(out) {
        assert!(file.source.as_deref().is_some_and(is_bars), "{file:?}");
        let mut reader = TickReader::open(&file.path, &ReadOptions::default(), TimeRange::ALL).unwrap();
        let mut chunk = Chunk::new(file.kind);
        let ticks = all.entry(file.symbols[0].clone()).or_default();
        while reader.next_chunk(&mut chunk).unwrap() {
            let prices = chunk.numbers[0].iter().map(|price| price / 1_000_000_000);
            ticks.extend(chunk.ts_event.iter().map(|ts| ts / 1_000_000_000).zip(prices));
        }
    }
    all
}

fn ticks_of(rows: &[Row]) -> BTreeMap<String, Vec<(i64, i64)>> {
    let mut all: BTreeMap<String, Vec<(i64, i64)>> = BTreeMap::new();
    for Row(minute, symbol, price, _) in rows {
        let four = [0, 15, 30, 45].map(|second| (minute * MINUTE + second, *price));
        all.entry((*symbol).to_owned()).or_default().extend(four);
    }
    all
}

#[test]
fn files_merge_by_time_whatever_their_order() {
    let place = Place::new();
    let rows: Vec<Row> =
        (0..2_000).flat_map(|n| [Row(n, "B", 100 + n % 7, 4), Row(n, "A", 50 + n % 5, 8)]).collect();
    let parts = [&rows[..900], &rows[900..901], &rows[901..2_500], &rows[2_500..]];
    let files: Vec<PathBuf> =
        parts.iter().enumerate().map(|(n, rows)| place.write(&format!("{n}.csv"), csv(rows))).collect();
    let whole = place.import("whole", &[place.write("whole.csv", csv(&rows))]);
    assert_eq!((whole.rows_written, whole.rejected.len(), whole.files_written), (16_000, 0, 4));
    assert_eq!(ticks(&place.out("whole")), ticks_of(&rows));
    for order in [[0, 1, 2, 3], [3, 1, 0, 2]] {
        let files = order.map(|n: usize| files[n].clone());
        // What is there is what a file of all rows gives: nothing is written a second time.
        let again = place.import("whole", &files);
        assert_eq!((again.rows_written, again.rows_unchanged), (0, 16_000));
        let name = format!("{order:?}");
        place.import(&name, &files);
        assert_eq!(ticks(&place.out(&name)), ticks_of(&rows));
    }
}

#[test]
fn a_bar_of_two_files_counts_once_and_the_first_file_has_it() {
    let place = Place::new();
    let rows: Vec<Row> = (0..100).map(|n| Row(n, "A", 100, 4)).collect();
    let other: Vec<Row> = (60..160).map(|n| Row(n, "A", 101, 4)).collect();
    let files = [place.write("b.csv", csv(&rows)), place.write("a.csv", csv(&other))];
    let imported = place.import("out", &files);
    assert_eq!(imported.rejected, BTreeMap::from([("duplicate", 40)]));
    assert_eq!(ticks(&place.out("out")), ticks_of(&[&rows[..], &other[40..]].concat()));
    let reversed = [files[1].clone(), files[0].clone()];
    place.import("reversed", &reversed);
    assert_eq!(ticks(&place.out("reversed")), ticks_of(&[&rows[..60], &other[..]].concat()));
}

#[test]
fn zstd_is_read_as_it_is() {
    let place = Place::new();
    let rows: Vec<Row> = (0..500).map(|n| Row(n, "A", 100, 4)).collect();
    let packed = zstd::encode_all(csv(&rows).as_bytes(), 3).unwrap();
    place.import("out", &[place.write("a.csv.zst", &packed)]);
    assert_eq!(ticks(&place.out("out")), ticks_of(&rows));
    let cut = place.write("b.csv.zst", &packed[..packed.len() / 2]);
    let error = run(place.options("cut", &[cut])).unwrap_err().to_string();
    assert!(error.contains("b.csv.zst is truncated or damaged (zstd"), "{error}");
}

/// How many ticks of each symbol, and how many rows refused for each reason.
type Counts = (BTreeMap<String, usize>, BTreeMap<&'static str, u64>);

/// Imports under a fixed symbol: what came of it, or the sentence.
fn under(symbol: &str, text: &str) -> Result<Counts, String> {
    let place = Place::new();
    let mut options = place.options("out", &[place.write("a.csv", text)]);
    options.symbol = Some(symbol.to_lowercase());
    options.columns = ColumnNames::parse("ts=ts", Format::Bars).unwrap();
    let imported = run(options).map_err(|error| error.to_string())?;
    let counts = ticks(&place.out("out")).into_iter().map(|(symbol, ticks)| (symbol, ticks.len()));
    Ok((counts.collect(), imported.rejected))
}

#[test]
fn a_fixed_symbol_names_rows_without_one_and_renames_one() {
    let rows = |symbols: [&'static str; 3]| csv(&[0, 1, 2].map(|n: usize| Row(n as i64, symbols[n], 9, 4)));
    let all = |rejected: &[(&'static str, u64)], ticks| {
        Ok((BTreeMap::from([("NEW".to_owned(), ticks)]), rejected.iter().copied().collect()))
    };
    assert_eq!(under("NEW", &rows(["", "", ""])), all(&[], 12));
    assert_eq!(under("NEW", &rows(["old", " OLD ", "Old"])), all(&[], 12));
    assert_eq!(under("NEW", &rows(["OLD", "", "OLD"])), all(&[], 12));
    assert_eq!(under("NEW", &rows(["OLD", "no symbol!", "OLD"])), all(&[("symbol_invalid", 1)], 8));
    let refused = under("NEW", &rows(["OLD", "OTHER", "OLD"])).unwrap_err();
    assert!(refused.contains("--symbol \"NEW\"") && refused.contains("\"OLD\" and \"OTHER\""), "{refused}");
    // Without a fixed symbol a row that has none is refused.
    let place = Place::new();
    let imported = place.import("out", &[place.write("a.csv", rows(["X", "", "x"]))]);
    assert_eq!(imported.rejected, BTreeMap::from([("symbol_invalid", 1)]));
    assert_eq!(ticks(&place.out("out")).keys().collect::<Vec<_>>(), ["X"]);
}

#[test]
fn rules_are_those_of_the_symbol() {
    let place = Place::new();
    let rows: Vec<Row> = (0..4).flat_map(|n| [Row(n, "A", 9, 4), Row(n, "B", 9, 4)]).collect();
    let mut options = place.options("out", &[place.write("a.csv", csv(&rows))]);
    options.symbol_rules = Box::new(|name| {
        let hours = MarketHours::parse("UTC", &["Thu 00:00-00:02"]).unwrap();
        SymbolRules { hours: (name == "A").then_some(hours), ..SymbolRules::default() }
    });
    let imported = run(options).unwrap();
    assert_eq!(imported.rejected, BTreeMap::from([("outside_market_hours", 2)]));
    let counts: Vec<usize> = ticks(&place.out("out")).values().map(Vec::len).collect();
    assert_eq!(counts, [8, 16]);
}

#[test]
fn an_import_that_is_stopped_leaves_nothing() {
    let place = Place::new();
    let rows: Vec<Row> = (0..3_000).map(|n| Row(n, "A", 100, 4)).collect();
    let file = place.write("a.csv", csv(&rows));
    let options = || place.options("out", std::slice::from_ref(&file));
    let progress = ImportProgress::default();
    let import = Import::scan(options(), &progress).unwrap();
    progress.stop.store(true, Ordering::Relaxed);
    for error in [import.run(&progress).unwrap_err(), Import::scan(options(), &progress).unwrap_err()] {
        assert!(matches!(error, ImportError::Stopped(_)) && !error.is_usage(), "{error}");
    }
    assert!(!place.out("out").exists());
}

#[test]
fn what_is_no_file_is_not_opened() {
    let place = Place::new();
    let pipe = place.out("pipe.csv");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [pipe, place.out("")] {
        let error = run(place.options("out", &[path])).unwrap_err().to_string();
        assert!(error.contains("is not a regular file"), "{error}");
    }
    let error = run(place.options("out", &[place.out("absent.csv")])).unwrap_err();
    assert!(error.is_usage() && error.to_string().contains("absent.csv"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Any rows of two symbols, cut into files anywhere: what is kept is what a slow loop keeps.
    #[test]
    fn any_rows_in_any_files_are_those_of_a_slow_loop(
        steps in prop::collection::vec((-2_i64..6, any::<bool>()), 1..120),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let mut minute = 0;
        let rows: Vec<Row> = steps.iter().map(|(step, is_b)| {
            minute = (minute + step).max(0);
            Row(minute, if *is_b { "B" } else { "A" }, 100, 4)
        }).collect();
        let mut kept: Vec<Row> = Vec::new();
        let mut rejected: BTreeMap<&'static str, u64> = BTreeMap::new();
        for row in &rows {
            let last = kept.iter().filter(|kept| kept.1 == row.1).map(|kept| kept.0).max();
            match last {
                Some(last) if row.0 < last => *rejected.entry("timestamp_regression").or_default() += 1,
                Some(last) if row.0 == last => *rejected.entry("duplicate").or_default() += 1,
                _ => kept.push(*row),
            }
        }
        let place = Place::new();
        let given = |mut options: ImportOptions| {
            options.bar_length = Some(Nanos::MINUTE);
            run(options).unwrap()
        };
        let whole = given(place.options("whole", &[place.write("whole.csv", csv(&rows))]));
        prop_assert_eq!(&whole.rejected, &rejected);
        prop_assert_eq!(ticks(&place.out("whole")), ticks_of(&kept));
        // Cut where the rows kept are in order, so that no file starts in the middle of a disorder.
        kept.sort_by_key(|row| row.0);
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(kept.len())).collect();
        at.extend([0, kept.len()]);
        at.sort_unstable();
        let write = |(n, pair): (usize, &[usize])| place.write(&format!("{n}.csv"), csv(&kept[pair[0]..pair[1]]));
        let files: Vec<PathBuf> = at.windows(2).enumerate().map(write).collect();
        let parts = given(place.options("whole", &files));
        prop_assert_eq!((parts.rows_written, parts.rows_unchanged), (0, whole.rows_written));
    }
}
