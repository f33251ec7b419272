//! `explain`: the text of decisions of every kind, and what is said where there is none.

mod agents_run;

use agents_run::{AAA, bar, check_golden, decision, meta, recorded, summary, timer, voices};
use arrow_array::RecordBatch;
use model::{Action, Urgency, Verdict};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use report::{ExplainError, OptionalTable, Overwrite, ReadError, RunFolder, explain};
use std::fs::{self, File};
use std::path::Path;

#[test]
fn a_decision_is_explained_from_tick_to_order() {
    let (_home, dir) = recorded(OptionalTable::Omitted);
    for seq in [10, 20, 30, 40, 50, 60] {
        let text = explain(&dir, seq).unwrap();
        assert!(text.lines().all(|line| line.len() == line.trim_end().len()), "no line ends in spaces");
        check_golden(&format!("explain-{seq}.txt"), &text);
    }
}

#[test]
fn the_models_that_answered_are_those_of_the_decisions_instant() {
    let (_home, dir) = recorded(OptionalTable::Omitted);
    let answered = |seq: u64| {
        let text = explain(&dir, seq).unwrap();
        section(&text, "Models that answered").iter().map(|line| (*line).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(answered(10)[1], "  mlmi      0a0a0a0a0a0a0a0a  the start  mlmi.st");
    assert_eq!(answered(20)[1], "  mlmi      1b1b1b1b1b1b1b1b  2025-01-01 00:35:00 UTC  later/mlmi.st");
    assert!(answered(20)[2].contains("nwrqk.st"));
    rewrite(&dir, "decisions.parquet", 100, &[]);
    assert_eq!(answered(10), ["  not recorded"]);
}

#[test]
fn an_exit_is_never_the_decisions_and_is_explained_by_its_own_input() {
    let (_home, dir) = recorded(OptionalTable::Omitted);
    let text = explain(&dir, 30).unwrap();
    let (_, ccc) = text.split_once("Decision 30 on CCC").unwrap();
    assert_eq!(section(ccc, "Risk"), ["  approved"]);
    assert!(section(ccc, "Exit of the position at the same input")[0].contains("refused by risk"), "{ccc}");
    let text = explain(&dir, 50).unwrap();
    assert_eq!(section(&text, "Orders"), ["  none"]);
    assert!(text.contains("verdict     leaving: an exit is under way"), "{text}");
    assert!(section(&text, "Exit of the position at the same input")[0].starts_with("  stop: "), "{text}");
    assert!(text.contains("Exit 50 on BBB") && text.contains("  target: the price went with"), "{text}");
    // By the input that caused its order, and by the one that filled it.
    let alone = explain(&dir, 60).unwrap();
    assert!(alone.starts_with("Exit 60 on CCC") && alone.contains("  time_stop: "), "{alone}");
    assert_eq!(explain(&dir, 61).unwrap(), alone);
    // A folder from before orders said what they were for has no exits to tell.
    rewrite_columns(&dir, "orders.parquet", 17, 100, &[]);
    assert!(explain(&dir, 60).unwrap_err().is_usage());
    assert!(explain(&dir, 50).unwrap().contains("0badcafe-50-1"));
}

fn check_error(seq: u64, expected: &str) {
    let (_home, dir) = recorded(OptionalTable::Omitted);
    let error = explain(&dir, seq).unwrap_err();
    assert!(error.is_usage());
    let sentence = error.to_string();
    assert!(sentence.ends_with(expected) && sentence.contains(&format!("input {seq} of")), "{sentence}");
}

#[test]
fn an_input_without_a_decision_is_answered_with_the_nearest() {
    check_error(9, "the first is 10");
    check_error(11, "the nearest are 10 and 20");
    check_error(39, "the nearest are 30 and 40");
    check_error(u64::MAX, "the last is 50");
}

#[test]
fn a_folder_that_explains_nothing_is_named() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("none");
    let folder = RunFolder::create(&out, Overwrite::Refuse, meta(OptionalTable::Omitted)).unwrap();
    let dir = folder.finish(&summary(), "").unwrap();
    let error = explain(&dir, 1).unwrap_err();
    assert!(matches!(error, ExplainError::NoDecisions(_)) && error.is_usage(), "{error}");
    assert!(error.to_string().contains("none"), "{error}");
    let error = explain(&home.path().join("gone"), 1).unwrap_err();
    assert!(matches!(error, ExplainError::Folder(ReadError::NoFolder(_))) && !error.is_usage(), "{error}");
    let (_home, dir) = recorded(OptionalTable::Omitted);
    for table in ["bars.parquet", "indicators.parquet", "orders.parquet", "fills.parquet", "rejects.parquet"]
    {
        let bytes = fs::read(dir.join(table)).unwrap();
        fs::remove_file(dir.join(table)).unwrap();
        let error = explain(&dir, 10).unwrap_err().to_string();
        assert!(error.contains(table) && error.contains("is missing"), "{error}");
        fs::write(dir.join(table), bytes).unwrap();
    }
    explain(&dir, 10).unwrap();
}

/// Writes a table again with other row groups and other words in its metadata.
fn rewrite(dir: &Path, table: &str, group_rows: usize, notes: &[(&str, &str)]) {
    rewrite_columns(dir, table, usize::MAX, group_rows, notes);
}

/// The same, with the first `columns` of its columns only.
fn rewrite_columns(dir: &Path, table: &str, columns: usize, group_rows: usize, notes: &[(&str, &str)]) {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(dir.join(table)).unwrap()).unwrap();
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    let kept = |batch: &RecordBatch| (0..batch.num_columns().min(columns)).collect::<Vec<_>>();
    let batches: Vec<_> = batches.iter().map(|batch| batch.project(&kept(batch)).unwrap()).collect();
    let notes = notes.iter().map(|(key, value)| KeyValue::new((*key).to_owned(), (*value).to_owned()));
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(group_rows))
        .set_key_value_metadata(Some(notes.collect()))
        .build();
    let file = File::create(dir.join(table)).unwrap();
    let mut writer = ArrowWriter::try_new(file, batches[0].schema(), Some(properties)).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.close().unwrap();
}

#[test]
fn how_a_table_is_cut_into_row_groups_changes_nothing() {
    let (_home, dir) = recorded(OptionalTable::Omitted);
    let whole: Vec<String> = [10, 20, 30, 40].map(|seq| explain(&dir, seq).unwrap()).to_vec();
    for group_rows in [1, 2, 3, 5] {
        for table in ["indicators.parquet", "bars.parquet", "orders.parquet", "fills.parquet"] {
            rewrite(&dir, table, group_rows, &[]);
        }
        let cut: Vec<String> = [10, 20, 30, 40].map(|seq| explain(&dir, seq).unwrap()).to_vec();
        assert_eq!(cut, whole, "row groups of {group_rows}");
    }
}

#[test]
fn a_table_of_a_newer_program_is_refused_by_name() {
    let (_home, dir) = recorded(OptionalTable::Omitted);
    rewrite(&dir, "fills.parquet", 10, &[("schema_version", "99")]);
    let error = explain(&dir, 10).unwrap_err().to_string();
    assert!(error.contains("fills.parquet") && error.contains("99") && error.contains("newer"), "{error}");
}

#[test]
fn features_are_those_at_the_decision_and_of_no_later_bar() {
    const BARS: u64 = 30_000;
    let home = tempfile::tempdir().unwrap();
    let mut folder =
        RunFolder::create(&home.path().join("run"), Overwrite::Refuse, meta(OptionalTable::Omitted)).unwrap();
    for seq in 1..=BARS {
        let mut frame = timer(seq, 5 * seq as i64);
        bar(&mut frame, AAA, 0, &[seq as f64, 100_000.0 + seq as f64, f64::NAN]);
        if seq % 7_919 == 0 || seq == BARS {
            frame.push_decision(decision(AAA, voices(Action::Flat, Urgency::Wait), Verdict::Wait, "0"));
        }
        folder.record(&frame).unwrap();
    }
    let dir = folder.finish(&summary(), "").unwrap();
    for seq in [7_919, 2 * 7_919, 3 * 7_919, BARS] {
        let text = explain(&dir, seq).unwrap();
        let (_, features) = text.split_once("Features the agents read").unwrap();
        let values: Vec<&str> = features.lines().filter(|line| line.starts_with("    ")).skip(1).collect();
        // Three values one apart: the newest is √1.5 deviations above the middle one.
        let expected = [("price_momentum_5", 100_000 + seq), ("fvg_age", seq)].map(|(name, value)| {
            format!("    {name:<16}{value:>8}{:>8}   0.816497  1.22474  -1.22474  1.22474", value - 1)
        });
        assert_eq!(values, expected, "{text}");
        assert!(text.contains("strategic, 30m: none so far"), "{text}");
    }
}

/// The lines of a section of the first decision's page.
fn section<'a>(text: &'a str, title: &str) -> Vec<&'a str> {
    text.lines().skip_while(|line| *line != title).skip(1).take_while(|line| !line.is_empty()).collect()
}

#[test]
fn cells_that_were_recorded_are_shown_as_they_are() {
    let (_home, dir) = recorded(OptionalTable::Written);
    let text = explain(&dir, 10).unwrap();
    let lines = section(&text, "Features the agents read");
    let words: Vec<Vec<&str>> = lines.iter().map(|line| line.split_whitespace().collect()).collect();
    assert!(
        lines[1].contains("2 bars to") && lines[1].ends_with("as recorded in matrices.parquet"),
        "{lines:?}"
    );
    assert_eq!(words[3], ["mlmi_value", "0.8", "0.6", "0.2", "3", "0.5", "3"]);
    assert_eq!(words[4][4..], ["0", "-1", "0"]);
    assert!(
        lines[5].contains("3 bars to") && lines[5].ends_with("as recorded in matrices.parquet"),
        "{lines:?}"
    );
    assert_eq!(words[7][4..], ["0.25", "-3", "1.5"]);
    // The matrix of an earlier bar is older than the newest bar: what is shown is of the matrix.
    let text = explain(&dir, 20).unwrap();
    let lines = section(&text, "Features the agents read");
    assert!(
        lines[5].starts_with("  tactical, 5m, 3 bars to the close of 2025-01-01 00:30:00 UTC"),
        "{lines:?}"
    );
    assert!(lines[7].split_whitespace().nth(1) == Some("-0.25"), "{lines:?}");
}

#[test]
fn a_folder_from_before_inputs_were_kept_is_explained_without_them() {
    let (_home, dir) = recorded(OptionalTable::Omitted);
    let note = r#"[{"name":"strategic","timeframe":"30m","columns":["mlmi_value","nwrqk_value"]}]"#;
    rewrite_columns(&dir, "decisions.parquet", 20, 100, &[("matrices", note)]);
    let text = explain(&dir, 10).unwrap();
    assert_eq!(section(&text, "Portfolio context the agents read"), ["  not recorded"]);
    let lines = section(&text, "Features the agents read");
    assert!(lines[1].contains("matrices.record = true"), "{lines:?}");
    assert_eq!(
        lines[3].split_whitespace().collect::<Vec<_>>(),
        ["mlmi_value", "0.8", "-", "-", "-", "-", "-"]
    );
}
