//! `journal verify` and `journal dump`, on journals made here.

use crate::support::{Ended, PROGRAM};
use journal::{Folder, Identity, Options, Writer, open, snapshots};
use model::{Event, Kind, Nanos, Order, OrderId, Price, Quantity, SymbolId, Trade};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

const OURS: Identity = Identity::new(0xabc);

fn grandmodel(dir: &Path, command: &str, flags: &[&str]) -> Ended {
    let mut program = Command::new(PROGRAM);
    program.args(["journal", command]).arg(dir).args(flags).output().expect("the program starts").into()
}

/// Three trades, and after the second a request to cancel.
fn write(writer: &mut Writer) {
    let first = writer.next_seq();
    for n in 0..3 {
        let trade = Trade {
            ts_event: Nanos(1_700_000_000_000_000_000 + n),
            price: Price::parse("101.5").unwrap(),
            size: Quantity::parse("2").unwrap(),
            aggressor: 1,
        };
        let trade = Event::trade(trade.ts_event, SymbolId(1), trade);
        let input = Event { seq: first + n as u64, ..trade };
        writer.append(&[input]).unwrap();
        if n == 1 {
            writer.append(&[Order::cancel_event(&input, OrderId(4), SymbolId(1))]).unwrap();
        }
        writer.sync().unwrap();
    }
}

/// A journal of two sessions and a snapshot.
fn journal(dir: &Path) -> Folder {
    let folder = Folder::new(dir);
    for _ in 0..2 {
        let (mut writer, _) = open(&folder, OURS, &Options::default()).unwrap();
        write(&mut writer);
        writer.close().unwrap();
    }
    snapshots::write(&folder, OURS, 5, b"state").unwrap();
    folder
}

fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

#[test]
fn a_good_journal_is_told_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    journal(dir.path());
    let before = files(dir.path());
    let ended = grandmodel(dir.path(), "verify", &["--json"]);
    assert_eq!((ended.code, &ended.stderr[..]), (Some(0), ""));
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    for (pointer, value) in [
        ("/is_damaged", json!(false)),
        ("/session", json!(2)),
        ("/inputs", json!(6)),
        ("/events", json!(8)),
        ("/was_closed", json!(true)),
        ("/config_hash", json!("00000000000000000000000000000abc")),
        ("/segments/0/last_seq", json!(6)),
        ("/segments/0/first_ts", json!("2023-11-14T22:13:20Z")),
        ("/segments/0/torn", Value::Null),
        ("/sessions/1/index", json!(4)),
        ("/sessions/1/next_seq", json!(4)),
        ("/snapshots/0", json!({"seq": 5, "bytes": 5})),
        ("/damage", json!([])),
    ] {
        assert_eq!(report.pointer(pointer), Some(&value), "{pointer} of {report}");
    }
    let text = grandmodel(dir.path(), "verify", &[]).stdout;
    for part in
        ["is sound: 6 inputs, 8 events", "session 2, closed well", "inputs 1 to 6", "snapshot after input 5"]
    {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    assert_eq!(files(dir.path()), before);
}

#[test]
fn events_are_printed_by_name() {
    let dir = tempfile::tempdir().unwrap();
    journal(dir.path());
    let lines = |flags: &[&str]| -> Vec<Value> {
        let ended = grandmodel(dir.path(), "dump", flags);
        assert_eq!((ended.code, &ended.stderr[..]), (Some(0), ""));
        ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let all = lines(&[]);
    assert_eq!(all.len(), 8);
    assert_eq!(
        all[1],
        json!({"index": 1, "session": 1, "seq": 2, "kind": "trade", "ts": "2023-11-14T22:13:20.000000001Z", "symbol": 1,
               "ts_event": "2023-11-14T22:13:20.000000001Z", "price": "101.5", "size": "2", "side": 1})
    );
    assert_eq!((&all[2]["kind"], &all[2]["seq"], &all[2]["order"]), (&json!("cancel"), &json!(2), &json!(4)));
    assert_eq!(all[7]["session"], 2);
    // What stands behind an input belongs to it.
    assert_eq!(lines(&["--from", "2", "--to", "2"]), all[1..3]);
    assert_eq!(lines(&["--from", "5"]), all[5..]);
    assert!(lines(&["--from", "99"]).is_empty());
}

#[test]
fn a_writer_at_work_is_not_disturbed_and_no_damage() {
    let dir = tempfile::tempdir().unwrap();
    let folder = journal(dir.path());
    let (mut writer, _) = open(&folder, OURS, &Options::default()).unwrap();
    for round in 1..20 {
        write(&mut writer);
        let ended = grandmodel(dir.path(), "verify", &["--json"]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let report: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(report["events"], 8 + 4 * round);
        let owner = report["writer"].as_str().unwrap();
        assert!(owner.starts_with(&format!("process {} since ", std::process::id())), "{owner}");
        assert_eq!(grandmodel(dir.path(), "dump", &["--from", "7"]).stdout.lines().count(), 4 * round);
    }
    writer.close().unwrap();
}

#[test]
fn damage_is_status_1_with_file_and_offset() {
    let dir = tempfile::tempdir().unwrap();
    journal(dir.path());
    let segment = dir.path().join("segment-00000000000000000001.log");
    let mut bytes = fs::read(&segment).unwrap();
    bytes[4096 + 40 + 30] ^= 1;
    fs::write(&segment, &bytes).unwrap();
    let ended = grandmodel(dir.path(), "verify", &["--json"]);
    let sentence = "segment-00000000000000000001.log is damaged at byte 4136: ";
    assert!(ended.code == Some(1) && ended.stderr.contains(sentence), "{ended:?}");
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(report["is_damaged"], true);
    assert!(report["damage"][0].as_str().unwrap().contains(sentence));
    assert!(grandmodel(dir.path(), "verify", &[]).stdout.contains("is DAMAGED"));
    let ended = grandmodel(dir.path(), "dump", &[]);
    ended.check_refused(1, &[sentence, "restore it from a copy"]);
}

#[test]
fn what_is_no_journal_is_status_1() {
    let dir = tempfile::tempdir().unwrap();
    for (path, part) in [
        (dir.path().to_owned(), "holds no journal; give a folder that is a journal's, or empty"),
        (dir.path().join("missing"), "No such file or directory"),
    ] {
        for command in ["verify", "dump"] {
            grandmodel(&path, command, &[]).check_refused(1, &[part]);
        }
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_torn_tail_is_told_and_no_damage() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path());
    let (mut writer, _) = open(&folder, OURS, &Options::default()).unwrap();
    write(&mut writer);
    drop(writer);
    let segment = dir.path().join("segment-00000000000000000001.log");
    let mut bytes = fs::read(&segment).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes[end - 5] ^= 1;
    fs::write(&segment, &bytes).unwrap();
    let ended = grandmodel(dir.path(), "verify", &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        ended.stdout.contains("torn bytes from byte") && ended.stdout.contains("killed, or still at work")
    );
    assert_eq!(grandmodel(dir.path(), "dump", &[]).stdout.lines().count(), 3);
    let kinds = |event: &Event| event.kind == Kind::CANCEL;
    let mut cursor = journal::Cursor::open(&folder, OURS, 1).unwrap();
    let mut cancels = 0;
    while let Some(batch) = cursor.next_batch().unwrap() {
        cancels += batch.events.iter().filter(|event| kinds(event)).count();
    }
    assert_eq!((cancels, cursor.torn().is_some()), (1, true));
}
