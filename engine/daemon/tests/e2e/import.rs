//! Raw files through `import`, and the catalog it makes through `backtest`.
//!
//! Bars that become trades must become the same bars again, to the last digit, and a catalog takes each day once.

use crate::support::exact::parse;
use crate::support::imports::{
    Bar, HEADER, MINUTE, check_catalog, count, csv, decimal, gzip, import, imported, rejected, rejects, time,
    trades, tree, walk, write,
};
use crate::support::{Ended, PROGRAM, Place};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn made_bars_come_back_to_the_last_digit_however_they_are_written() {
    let place = Place::new();
    let bars = walk(1, 1_500);
    let text = csv(&bars);
    let mut other = "extra;x, volume ,time,close,\"low\",open,high\n\n".to_owned();
    for bar in &bars {
        let [open, high, low, close] = bar.prices.map(decimal);
        let seconds = time(bar.ts).replace(['T', 'Z'], " ");
        let _ = write!(
            other,
            "\"a,b\",{},{},{close}, {low},\"{open}\",{high}\n\n",
            decimal(bar.volume),
            seconds.trim()
        );
    }
    let numbers = text.lines().skip(1).zip(&bars).map(|(line, bar)| {
        format!("{}{}\n", bar.ts / 1_000_000_000, &line[line.find(',').expect("a comma")..])
    });
    let numbers = HEADER.to_owned() + &numbers.collect::<String>();
    let files: [(&str, Vec<u8>, &[&str]); 5] = [
        ("plain.csv", text.clone().into(), &[]),
        ("packed.csv.gz", gzip(text.as_bytes()), &[]),
        ("windows.csv", format!("\u{feff}{}", text.trim_end().replace('\n', "\r\n")).into(), &[]),
        ("other.csv", other.into(), &["--columns", "ts=time"]),
        ("seconds.csv", numbers.into(), &["--ts-unit", "s", "--bar-length", "1m"]),
    ];
    let mut first = None;
    for (name, bytes, flags) in files {
        let flags = [&["--symbol", " btcusdt.spot"], flags].concat();
        let object = imported(&place, &format!("{name}.out"), &[write(&place, name, bytes)], &flags);
        assert_eq!(rejected(&object), BTreeMap::new(), "{name}");
        assert_eq!((count(&object, "rows_read"), count(&object, "files")), (1_500, 1));
        assert_eq!(object["bar_length"], "1m");
        assert_eq!(object["bar_length_inferred"], name != "seconds.csv");
        assert_eq!(object["first_ts"], time(bars[0].ts));
        assert_eq!(object["last_ts"], time(bars[1_499].ts + 3 * MINUTE / 4));
        let found = tree(&place.path(&format!("{name}.out")));
        assert!(
            found.keys().all(|file| file.starts_with("trades/symbol=BTCUSDT.SPOT/date=2024-0")),
            "{name}"
        );
        assert_eq!(first.get_or_insert_with(|| found.clone()), &found, "{name}");
    }
    check_catalog(&place, "plain.csv.out", "BTCUSDT.SPOT", &bars);
}

/// The shared month of bars, if it is there: those with at most nine decimals, and the others.
fn shared() -> Option<(PathBuf, Vec<Bar>, usize)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/bars");
    let path = Path::new(folder).join("crypto_btcperp_1m_20211231_20220201.csv");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("shared/data absent: the twin on made data stands alone");
        return None;
    };
    let (mut bars, mut long) = (Vec::new(), 0);
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        if cells[5].split('.').next_back().is_some_and(|decimals| decimals.len() > 9) {
            long += 1;
            continue;
        }
        let ts: jiff::Timestamp = format!("{}Z", cells[0]).parse().expect("a time");
        let ts = i64::try_from(ts.as_nanosecond()).expect("64 bits");
        bars.push(Bar {
            ts,
            prices: [1, 2, 3, 4].map(|at: usize| parse(cells[at])),
            volume: parse(cells[5]),
        });
    }
    Some((path, bars, long))
}

#[test]
fn real_a_month_of_bars_comes_back_to_the_last_digit() {
    let Some((path, bars, long)) = shared() else { return };
    let place = Place::new();
    let flags = ["--symbol", "BTCPERP", "--columns", "ts=timestamp"];
    let object = imported(&place, "out", std::slice::from_ref(&path), &flags);
    assert_eq!((count(&object, "rows_read"), bars.len(), long), (45_031, 45_025, 6));
    assert_eq!(rejected(&object), BTreeMap::from([("size_not_representable".to_owned(), 6)]));
    assert_eq!(object["bar_length"], "1m");
    assert_eq!(count(&object, "files_written"), 33);
    let sum: i128 = trades(&place.path("out")).iter().map(|trade| trade.2).sum();
    assert_eq!(sum, bars.iter().map(|bar| bar.volume).sum(), "no volume is lost");
    check_catalog(&place, "out", "BTCPERP", &bars);
    let rejects = rejects(&place, "out");
    assert_eq!(rejects.len(), 6);
    assert!(
        rejects.iter().all(|reject| reject.column.as_deref() == Some("volume")
            && reject.symbol.as_deref() == Some("BTCPERP"))
    );
    // Volumes with the dirt of binary fractions are whole again where they may be rounded.
    let flags = [&flags[..], &["--set", "ingest.excess_decimals=round"]].concat();
    let object = imported(&place, "rounded", &[path], &flags);
    assert_eq!((count(&object, "rows_written"), object["rejects"].clone()), (4 * 45_031, Value::Null));
}

#[test]
fn an_import_that_is_run_again_changes_nothing_and_days_are_never_doubled() {
    let place = Place::new();
    let bars = walk(4, 400);
    let bad = "2024-03-01T00:00:00Z,1,1,1\n";
    let file = write(&place, "a.csv", csv(&bars) + bad);
    let flags = ["--symbol", "X"];
    let first = imported(&place, "out", std::slice::from_ref(&file), &flags);
    assert_eq!((count(&first, "rows_written"), count(&first, "rows_unchanged")), (1_600, 0));
    let before = tree(&place.path("out"));
    assert!(before.keys().any(|name| name.starts_with("rejects/bars-")), "{:?}", before.keys());
    // The same rows again, also from a file of another form.
    for file in [file.clone(), write(&place, "a.csv.gz", gzip((csv(&bars) + bad).as_bytes()))] {
        let again = imported(&place, "out", &[file], &flags);
        assert_eq!((count(&again, "rows_written"), count(&again, "rows_unchanged")), (0, 1_600));
        assert_eq!((&again["first_ts"], &again["rejected"]), (&first["first_ts"], &first["rejected"]));
        assert!(tree(&place.path("out")) == before, "nothing changes");
    }
    // A day of which some bars are there already.
    let more = write(&place, "b.csv", csv(&bars[200..300]));
    import(&place, "out", &[more], &flags).check_refused(1, &["symbol=X/date=2024-", "is there already"]);
    assert!(tree(&place.path("out")) == before, "a refused import leaves the catalog as it was");
    // Other days and other symbols are added.
    let later: Vec<Bar> = bars.iter().map(|bar| Bar { ts: bar.ts + 9 * 1_440 * MINUTE, ..*bar }).collect();
    imported(&place, "out", &[write(&place, "c.csv", csv(&later))], &flags);
    imported(&place, "out", &[file], &["--symbol", "Y"]);
    let after = tree(&place.path("out"));
    assert!(before.iter().all(|(name, bytes)| after.get(name) == Some(bytes)));
    assert_eq!(trades(&place.path("out")).len(), 3 * 1_600);
}

#[test]
fn no_rows_are_no_error_and_the_import_says_so() {
    let place = Place::new();
    let file = write(&place, "none.csv", HEADER);
    let object = imported(&place, "out", std::slice::from_ref(&file), &["--symbol", "X"]);
    assert_eq!((count(&object, "rows_read"), &object["first_ts"]), (0, &Value::Null));
    assert!(!place.path("out").exists());
    let mut command = Command::new(PROGRAM);
    command.args(["import", "--format", "bars", "--symbol", "X", "--out"]).arg(place.path("out")).arg(file);
    let said: Ended = command.output().expect("the program starts").into();
    assert!(said.code == Some(0) && said.stdout.contains("no data"), "{said:?}");
    // All rows refused: the catalog has what was refused, and no more.
    let bad = write(&place, "bad.csv", format!("{HEADER}soon,1,1,1,1,1\n"));
    let object = imported(&place, "out", &[bad], &["--symbol", "X"]);
    assert_eq!(rejected(&object), BTreeMap::from([("timestamp_invalid".to_owned(), 1)]));
    assert_eq!(rejects(&place, "out").len(), 1);
}
