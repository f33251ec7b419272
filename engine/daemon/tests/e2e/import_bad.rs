//! Raw files that are not as they should be, through `import`: never a crash, never a silent loss, never a guess.
//!
//! A bad row is counted and kept, a bad file is an error that names it, and the catalog is whole or as it was.

use crate::support::exact::instant;
use crate::support::imports::{
    Bar, HEADER, check_catalog, count, csv, gzip, import, imported, rejected, rejects, trades, walk, write,
};
use crate::support::{Ended, PROGRAM, Place, check_random};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;

/// Reason and column, where it is one.
type Refusal = (&'static str, Option<&'static str>);

/// Rows of a minute each, from midnight on, and why each is refused: reason and column.
const ODD_ROWS: &[(&str, &str, Option<Refusal>)] = &[
    ("00:00:00Z", ",100,110,90,105,8", None),
    ("00:01:00Z", ",100,110,90,105", Some(("parse", None))),
    ("00:01:00Z", ",100,110,90,105,8,9", Some(("parse", None))),
    ("00:01:00Z", ",100,\"110,90,105,8", Some(("parse", None))),
    ("00:01:00Z", ",0x64,110,90,105,8", Some(("parse", Some("open")))),
    ("00:01:00Z", ",100,\"1,1\",90,105,8", Some(("parse", Some("high")))),
    ("00:01:00Z", ",100,110,90 0,105,8", Some(("parse", Some("low")))),
    ("00:01:00Z", ",100,110,90,1_05,8", Some(("parse", Some("close")))),
    ("00:01:00Z", ",100,110,90,105,8\0", Some(("parse", Some("volume")))),
    ("24:01:00Z", ",100,110,90,105,8", Some(("timestamp_invalid", Some("ts_event")))),
    ("", ",nan,110,90,105,0", Some(("timestamp_invalid", Some("ts_event")))),
    ("00:01:00Z", ",100,NaN,90,105,8", Some(("price_not_finite", Some("high")))),
    ("00:01:00Z", ",100,110,-inf,105,8", Some(("price_not_finite", Some("low")))),
    ("00:01:00Z", ",100,110,90,,8", Some(("price_not_finite", Some("close")))),
    ("00:01:00Z", ",100,110,-90,0,8", Some(("price_not_positive", Some("low")))),
    ("00:01:00Z", ",100.0000000001,110,90,105,8", Some(("price_not_representable", Some("open")))),
    ("00:01:00Z", ",100,1e10,90,105,8", Some(("price_not_representable", Some("high")))),
    ("00:01:00Z", ",100,110,90,105,0.0", Some(("size_not_positive", Some("volume")))),
    ("00:01:00Z", ",100,110,90,105,-8", Some(("size_not_positive", Some("volume")))),
    ("00:01:00Z", ",100,110,90,105,", Some(("size_not_positive", Some("volume")))),
    ("00:01:00Z", ",100,110,90,105,0.000000003", Some(("size_not_representable", Some("volume")))),
    ("00:01:00Z", ",100,110,90,105,8.0000000001", Some(("size_not_representable", Some("volume")))),
    ("00:01:00Z", ",100,104,90,105,8", Some(("bar_inconsistent", Some("high")))),
    ("00:01:00Z", ",100,110,101,105,8", Some(("bar_inconsistent", Some("low")))),
    ("00:02:00Z", " ,100,110,90,\"105\",1e1", None),
    ("00:01:00Z", ",100,110,90,105,8", Some(("timestamp_regression", Some("ts_event")))),
    ("00:02:00Z", ",100,110,90,105,8", Some(("duplicate", Some("ts_event")))),
    ("00:02:44Z", ",100,110,90,105,8", Some(("timestamp_regression", Some("ts_event")))),
    ("00:03:00Z", ",100,160,90,105,8", Some(("price_jump", Some("high")))),
    ("00:04:00Z", ",105,110,90,100,2.5", None),
];

#[test]
fn every_kind_of_bad_row_is_counted_and_kept_and_good_rows_are_used() {
    let place = Place::new();
    let mut bytes = b"\n".to_vec();
    bytes.extend(HEADER.as_bytes());
    let mut expected = Vec::new();
    for (time, rest, refused) in ODD_ROWS {
        let date = if time.is_empty() { "" } else { "2024-08-08T" };
        bytes.extend(format!("{date}{time}{rest}\n\r\n").as_bytes());
        expected.extend(refused.map(|refused| (refused, format!("{date}{time}{rest}"))));
    }
    for (year, reason) in [("1600", "timestamp_invalid"), ("2999", "timestamp_invalid")] {
        bytes.extend(format!("{year}-01-01T00:00:00Z,1,1,1,1,1\n\n").as_bytes());
        expected.push(((reason, Some("ts_event")), format!("{year}-01-01T00:00:00Z,1,1,1,1,1")));
    }
    bytes.extend(b"2024-08-08T00:05:00Z,10\xff0,110,90,105,8\n\n");
    expected.push((("parse", Some("open")), "2024-08-08T00:05:00Z,10\u{fffd}0,110,90,105,8".to_owned()));
    bytes.extend(format!("{},1,1,1,1,1\n\n2024-08-08T00:05:00Z,1", "9".repeat(2_000_000)).as_bytes());
    expected.push((("parse", None), "9".repeat(2_048) + "…"));
    expected.push((("parse", None), "2024-08-08T00:05:00Z,1".to_owned()));
    let file = write(&place, "odd.csv", bytes);
    let object = imported(&place, "out", std::slice::from_ref(&file), &["--symbol", "X"]);
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let found = rejects(&place, "out");
    assert_eq!(found.len(), expected.len());
    for (reject, ((reason, column), raw)) in found.iter().zip(&expected) {
        assert_eq!((reject.reason.as_str(), reject.column.as_deref()), (*reason, *column), "{reject:?}");
        assert_eq!((reject.kind.as_str(), reject.file.as_deref()), ("tick", file.to_str()), "{reject:?}");
        assert_eq!(&reject.raw, raw);
        let lines = std::fs::read(&file).expect("it was written");
        let line =
            lines.split(|byte| *byte == b'\n').nth(reject.row.expect("a row") as usize - 1).expect("a line");
        assert!(String::from_utf8_lossy(line).starts_with(raw.trim_end_matches('…')), "{reject:?}");
        *counts.entry((*reason).to_owned()).or_default() += 1;
    }
    assert_eq!(rejected(&object), counts);
    let bar = |minute: i64, prices: [i64; 4], volume: i64| Bar {
        ts: instant(2024, 8, 8, 60 * minute),
        prices: prices.map(|price| i128::from(price) * 1_000_000_000),
        volume: i128::from(volume) * 100_000_000,
    };
    let good =
        [bar(0, [100, 110, 90, 105], 80), bar(2, [100, 110, 90, 105], 100), bar(4, [105, 110, 90, 100], 25)];
    check_catalog(&place, "out", "X", &good);
}

#[test]
fn a_bad_row_can_be_fatal_and_rules_can_be_set() {
    let place = Place::new();
    let file = write(&place, "a.csv", format!("{HEADER}2024-01-01,1,2,1,2,4\n2024-01-02,1,2,0,2,4\n"));
    let flags = ["--symbol", "X", "--set", "ingest.on_bad_row=fail"];
    // From 1 to 2 is a jump of more than half.
    import(&place, "out", std::slice::from_ref(&file), &flags)
        .check_refused(1, &["a.csv, row 2", "price_jump"]);
    let flags = [&flags[..], &["--set", "ingest.max_price_jump=0"]].concat();
    import(&place, "out", std::slice::from_ref(&file), &flags)
        .check_refused(1, &["row 3", "price_not_positive", "low"]);
    assert!(!place.path("out").exists());
    let flags = [&flags[..], &["--set", "instruments.default.allow_negative_price=true"]].concat();
    let object = imported(&place, "out", &[file], &flags);
    assert_eq!((count(&object, "rows_written"), object["bar_length"].clone()), (8, Value::from("1d")));
}

/// An import of one bad file, alone and beside a good one, ends with one sentence and leaves nothing.
#[track_caller]
fn check_bad_file(place: &Place, name: &str, bytes: &[u8], parts: &[&str]) {
    let (good, bad) = (place.path("good.csv"), write(place, name, bytes));
    let before = place.names();
    for (files, flags) in [
        (vec![bad.clone()], &["--symbol", "X"][..]),
        (vec![good, bad.clone()], &["--symbol", "X", "--bar-length", "1m"]),
    ] {
        let ended = import(place, "out", &files, flags);
        ended.check_refused(1, &[name]);
        ended.check_refused(1, parts);
        assert_eq!(place.names(), before, "a failed import leaves nothing");
    }
    std::fs::remove_file(bad).expect("it was written");
}

#[test]
fn a_file_that_is_none_of_bars_is_named() {
    let place = Place::new();
    let text = csv(&walk(2, 800));
    write(&place, "good.csv", csv(&walk(3, 50)));
    let packed = gzip(text.as_bytes());
    check_bad_file(&place, "cut.csv.gz", &packed[..packed.len() / 2], &["truncated"]);
    check_bad_file(&place, "cut1.csv.gz", &packed[..packed.len() - 1], &["truncated"]);
    check_bad_file(&place, "plain.csv.gz", text.as_bytes(), &["no gzip file"]);
    check_bad_file(&place, "plain.csv.zst", text.as_bytes(), &["no zstd file"]);
    check_bad_file(&place, "empty.csv", b"", &["empty"]);
    check_bad_file(&place, "empty.csv.gz", &gzip(b""), &["empty"]);
    check_bad_file(&place, "blank.csv", b"\xef\xbb\xbf\r\n \n", &["empty"]);
    check_bad_file(&place, "image.csv", b"\x89PNG\r\n\x1a\n\0\0", &["UTF-8"]);
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    check_bad_file(&place, "utf16.csv", &[b"\xff\xfe", wide.as_slice()].concat(), &["UTF-8"]);
    check_bad_file(&place, "text.csv", b"not what it should be\n", &["\"ts\"", "--columns ts=COLUMN"]);
    for column in ["ts", "open", "high", "low", "close", "volume"] {
        let other = text.replacen(column, "Other", 1);
        check_bad_file(
            &place,
            "misnamed.csv",
            other.as_bytes(),
            &[&format!("{column:?}"), "Other", "--columns"],
        );
    }
    check_bad_file(&place, "twice.csv", format!("ts,{text}").as_bytes(), &["several columns \"ts\""]);
    check_bad_file(&place, "semicolons.csv", text.replace(',', ";").as_bytes(), &["\"ts\"", "ts;open"]);
    check_bad_file(&place, "headless.csv", &text.as_bytes()[HEADER.len()..], &["\"ts\""]);
}

#[test]
fn what_the_times_do_not_say_must_be_given() {
    let place = Place::new();
    let one = write(&place, "one.csv", csv(&walk(1, 1)));
    let x = ["--symbol", "X"];
    import(&place, "out", std::slice::from_ref(&one), &x).check_refused(1, &["one.csv", "--bar-length"]);
    import(&place, "out", std::slice::from_ref(&one), &[]).check_refused(1, &["one.csv", "--symbol"]);
    let hours: Vec<Bar> =
        (0..5).map(|hour| Bar { ts: instant(2024, 1, 1, hour * 3_600), ..walk(1, 1)[0] }).collect();
    let two = [write(&place, "minutes.csv", csv(&walk(1, 30))), write(&place, "hours.csv", csv(&hours))];
    import(&place, "out", &two, &x)
        .check_refused(1, &["minutes.csv", "1m", "hours.csv", "1h", "--bar-length"]);
    let short = write(&place, "short.csv", format!("{HEADER}1,1,1,1,1,4\n2,1,1,1,1,4\n"));
    import(&place, "out", &[short], &x).check_refused(1, &["1ns", "--ts-unit"]);
    assert!(!place.path("out").exists());
    imported(&place, "out", &[one], &["--symbol", "X", "--bar-length", "1m"]);
    assert_eq!(trades(&place.path("out")).len(), 4);
}

#[test]
fn usage_errors_are_status_2() {
    let place = Place::new();
    let file = write(&place, "a.csv", csv(&walk(1, 3)));
    write(&place, "file", "");
    let before = place.names();
    let files = std::slice::from_ref(&file);
    for (flags, parts) in [
        (["--columns", "price=p"], vec!["--columns", "\"price\" is no column of bars", "open"]),
        (["--columns", "open"], vec!["--columns", "NAME=COLUMN"]),
        (["--symbol", "no symbol!"], vec!["--symbol", "no symbol!"]),
        (["--ts-unit", "min"], vec!["--ts-unit", "\"min\"", "ms"]),
        (["--bar-length", "long"], vec!["--bar-length", "\"long\""]),
        (["--set", "venue.latency=1s"], vec!["venue.latency", "ingest and instruments"]),
        (["--set", "ingest.max_price_jmp=1"], vec!["ingest.max_price_jump"]),
        (["--set", "ingest.reorder_window=1s"], vec!["ingest.reorder_window"]),
        (["--set", "instruments.default.hours={zone=\"X\",intervals=[\"Mon 1-2\"]}"], vec!["instruments"]),
        (["--out", "b"], vec!["--out"]),
    ] {
        import(&place, "out", files, &flags).check_refused(2, &parts);
        assert_eq!(place.names(), before);
    }
    import(&place, "out", &[place.path("absent.csv")], &["--symbol", "X"]).check_refused(2, &["absent.csv"]);
    import(&place, "file", files, &["--symbol", "X"]).check_refused(2, &["file", "--out"]);
    let mut command = Command::new(PROGRAM);
    command.args(["import", "--format", "lean", "--out"]).arg(place.path("out")).arg(file);
    let ended: Ended = command.output().expect("the program starts").into();
    ended.check_refused(2, &["--format", "\"lean\"", "this build reads: bars"]);
    assert_eq!(place.names(), before);
}

/// A damaged file gives a catalog in which every row is accounted for, or one sentence, and nothing in between.
fn check_damage(is_packed: bool, flips: &[(prop::sample::Index, u8)]) {
    let place = Place::new();
    let text = csv(&walk(5, 120)).into_bytes();
    let mut bytes = if is_packed { gzip(&text) } else { text };
    for (at, flip) in flips {
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
    }
    let file = write(&place, "flipped.csv", bytes);
    let before = place.names();
    let ended = import(&place, "out", &[file], &["--symbol", "X", "--bar-length", "1m"]);
    if ended.code == Some(0) {
        let object: Value = serde_json::from_str(&ended.stdout).expect("stdout is JSON");
        let refused: u64 = rejected(&object).values().sum();
        assert_eq!(count(&object, "rows_written"), 4 * (count(&object, "rows_read") - refused));
        assert_eq!(rejects(&place, "out").len() as u64, refused);
    } else {
        ended.check_refused(1, &["flipped.csv"]);
        assert_eq!(place.names(), before);
    }
}

#[test]
fn no_damage_is_a_crash() {
    let flips = prop::collection::vec((any::<prop::sample::Index>(), 1..=255_u8), 1..12);
    check_random(40, &(any::<bool>(), flips), |(is_packed, flips)| check_damage(is_packed, &flips));
}
