//! Decisions, synergies and matrices in the run folder: every row read back as text, and what came of each decision.

mod agents_run;

use agents_run::{
    AAA, BBB, CCC, check_golden, decision, exit_order, frames, leave, meta, order, recorded, summary, timer,
    voices, want,
};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, Float32Type, Float64Type, TimestampNanosecondType, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use model::{Action, Agent, Decision, Pattern, Purpose, RefusalReason, Side, Urgency, Verdict};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use report::{AgentSummary, AgentsSummary, MatrixTable, ModelSummary, Overwrite, RunFolder, Summary};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

fn cell(column: &ArrayRef, row: usize) -> String {
    if column.is_null(row) {
        return "null".to_owned();
    }
    match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(row).to_owned(),
        DataType::Boolean => column.as_boolean().value(row).to_string(),
        DataType::UInt64 => column.as_primitive::<UInt64Type>().value(row).to_string(),
        DataType::UInt32 => column.as_primitive::<UInt32Type>().value(row).to_string(),
        DataType::Float64 => format!("{:?}", column.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal128(..) => column.as_primitive::<Decimal128Type>().value_as_string(row),
        DataType::Timestamp(..) => column.as_primitive::<TimestampNanosecondType>().value(row).to_string(),
        DataType::List(_) => {
            format!(
                "{:?}",
                column.as_list::<i32>().value(row).as_primitive::<Float32Type>().values().to_vec()
            )
        }
        other => panic!("{other:?} is no type of these tables"),
    }
}

/// A table as lines of cells; the first line names the columns.
fn lines(dir: &Path, table: &str) -> Vec<String> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(dir.join(table)).unwrap()).unwrap();
    let fields = reader.schema().fields().clone();
    let head: Vec<String> =
        fields.iter().map(|field| format!("{}:{}", field.name(), field.data_type())).collect();
    let mut lines = vec![head.join(" ")];
    for batch in reader.build().unwrap() {
        let batch = batch.unwrap();
        lines.extend((0..batch.num_rows()).map(|row| {
            let cells: Vec<String> = batch.columns().iter().map(|column| cell(column, row)).collect();
            cells.join(" | ")
        }));
    }
    lines
}

#[test]
fn a_decision_has_a_row_for_each_agent_and_one_for_all() {
    let (_home, dir) = recorded(MatrixTable::Omitted);
    let lines = lines(&dir, "decisions.parquet");
    check_golden("decisions.txt", &(lines.join("\n") + "\n"));
    let agents: Vec<&str> = Agent::ALL.into_iter().map(Agent::name).chain(["ensemble"]).collect();
    for (nth, decision) in lines[1..].chunks(7).enumerate() {
        let named: Vec<&str> = decision.iter().map(|line| line.split(" | ").nth(4).unwrap()).collect();
        assert_eq!(named, agents, "decision {nth}");
    }
}

/// The outcomes of the ensemble's rows, as `SEQ SYMBOL OUTCOME`.
fn outcomes(dir: &Path) -> Vec<String> {
    let rows = lines(dir, "decisions.parquet");
    let cells = rows.iter().map(|line| line.split(" | ").collect::<Vec<_>>());
    let whole = cells.filter(|cells| cells.get(4) == Some(&"ensemble"));
    whole.map(|cells| format!("{} {} {}", cells[0], cells[2], cells[10])).collect()
}

#[test]
fn the_outcome_is_what_came_of_the_decision_in_its_frame() {
    let (_home, dir) = recorded(MatrixTable::Omitted);
    assert_eq!(
        outcomes(&dir),
        [
            "10 AAA approved",
            "10 BBB refused:max_position",
            "10 CCC hold",
            "20 AAA hold",
            "20 BBB timeout",
            "20 CCC hold",
            "30 AAA hold",
            "30 BBB hold",
            "30 CCC approved",
            "40 AAA refused:max_daily_loss",
            "50 AAA hold",
        ]
    );
}

#[test]
fn only_what_follows_on_the_same_symbol_counts() {
    let home = tempfile::tempdir().unwrap();
    let mut folder =
        RunFolder::create(&home.path().join("run"), Overwrite::Refuse, meta(MatrixTable::Omitted)).unwrap();
    let act = |symbol| decision(symbol, voices(Action::Long, Urgency::Aggressive), Verdict::Act, "1");
    let mut first = timer(2, 5);
    // An order and a refusal before any decision, and such of other symbols after it.
    order(&mut first, 0, AAA, Side::Sell, "1", None);
    want(&mut first, AAA, "1", Some(RefusalReason::PriceCollar));
    first.push_decision(act(AAA));
    want(&mut first, BBB, "1", Some(RefusalReason::MaxPosition));
    order(&mut first, 1, CCC, Side::Buy, "1", None);
    folder.record(&first).unwrap();
    let mut second = timer(3, 10);
    // The order of an exit is not the decision's, nor is the refusal of one.
    second.push_decision(act(AAA));
    second.push_decision(Decision { verdict: Verdict::TimedOut, ..act(BBB) });
    second.push_decision(act(CCC));
    exit_order(&mut second, 2, AAA, Side::Sell, "1", Purpose::Stop);
    leave(&mut second, CCC, Purpose::TimeStop, Some(RefusalReason::MaxPosition));
    want(&mut second, AAA, "1", Some(RefusalReason::MaxOrderNotional));
    order(&mut second, 3, BBB, Side::Sell, "1", None);
    folder.record(&second).unwrap();
    let dir = folder.finish(&summary(), "").unwrap();
    assert_eq!(
        outcomes(&dir),
        ["2 AAA hold", "3 AAA refused:max_order_notional", "3 BBB timeout", "3 CCC hold"]
    );
}

#[test]
fn orders_and_refusals_say_what_they_were_for() {
    let (_home, dir) = recorded(MatrixTable::Omitted);
    let rows = lines(&dir, "orders.parquet");
    assert!(rows[0].ends_with(" purpose:Utf8"), "{}", rows[0]);
    let purposes: Vec<&str> = rows[1..].iter().map(|row| row.rsplit(" | ").next().unwrap()).collect();
    assert_eq!(purposes, ["decision", "decision", "stop", "target", "time_stop"]);
    let rows = lines(&dir, "rejects.parquet");
    let raws: Vec<&str> = rows[1..].iter().map(|row| row.split(" | ").nth(5).unwrap()).collect();
    assert_eq!(
        raws,
        [
            "position=-2 style=market purpose=decision",
            "position=0 style=market purpose=time_stop",
            "position=-2.5 style=market purpose=decision",
        ]
    );
}

#[test]
fn synergies_are_kept_with_their_signals() {
    let (_home, dir) = recorded(MatrixTable::Omitted);
    check_golden("synergies.txt", &(lines(&dir, "synergies.parquet").join("\n") + "\n"));
}

#[test]
fn matrices_are_kept_where_asked_for() {
    let (_home, dir) = recorded(MatrixTable::Written);
    let head = "seq:UInt64 ts_close:Timestamp(ns, \"UTC\") symbol:Utf8 matrix:Utf8 rows:UInt32 columns:UInt32 \
                cells:List(non-null Float32, field: 'element')";
    let ts = agents_run::minute(30).0;
    assert_eq!(
        lines(&dir, "matrices.parquet"),
        [
            head.to_owned(),
            format!("10 | {ts} | AAA | strategic | 2 | 2 | [0.5, -1.0, 3.0, 0.0]"),
            format!("10 | {ts} | AAA | tactical | 3 | 2 | [1.5, 0.0, -3.0, 1.0, 0.25, 0.0]"),
        ]
    );
    let (_home, dir) = recorded(MatrixTable::Omitted);
    assert!(!dir.join("matrices.parquet").exists());
}

#[test]
fn matrices_of_the_run_before_do_not_stay() {
    let (_home, dir) = recorded(MatrixTable::Written);
    fs::write(dir.join("notes.txt"), "mine").unwrap();
    let folder = RunFolder::create(&dir, Overwrite::Replace, meta(MatrixTable::Omitted)).unwrap();
    folder.finish(&summary(), "").unwrap();
    assert!(!dir.join("matrices.parquet").exists() && dir.join("notes.txt").exists());
}

#[test]
fn decisions_synergies_and_matrices_are_counted() {
    let home = tempfile::tempdir().unwrap();
    let mut folder =
        RunFolder::create(&home.path().join("run"), Overwrite::Refuse, meta(MatrixTable::Omitted)).unwrap();
    frames().iter().for_each(|frame| folder.record(frame).unwrap());
    let counts = folder.counts();
    assert_eq!((counts.decisions, counts.synergies(), counts.matrices), (11, 3, 2));
    let mut by_pattern = [0; Pattern::ALL.len()];
    by_pattern[..3].copy_from_slice(&[1, 1, 1]);
    assert_eq!(counts.synergies_by_pattern, by_pattern);
}

#[test]
fn long_tables_of_decisions_come_back_whole() {
    const DECISIONS: u64 = 3_000;
    let home = tempfile::tempdir().unwrap();
    let mut folder =
        RunFolder::create(&home.path().join("run"), Overwrite::Refuse, meta(MatrixTable::Omitted)).unwrap();
    for seq in 1..=DECISIONS {
        let mut frame = timer(seq, 5 * seq as i64);
        frame.push_decision(decision(BBB, voices(Action::Flat, Urgency::Wait), Verdict::Wait, "0"));
        folder.record(&frame).unwrap();
    }
    let dir = folder.finish(&summary(), "").unwrap();
    assert!(outcomes(&dir).into_iter().eq((1..=DECISIONS).map(|seq| format!("{seq} BBB hold"))));
    assert_eq!(lines(&dir, "decisions.parquet").len() as u64, 1 + 7 * DECISIONS);
}

#[test]
fn the_summary_says_how_the_agents_answered() {
    let model = ModelSummary {
        file: "mlmi.safetensors".into(),
        sha256: "00".repeat(32),
        training: "untrained".into(),
    };
    let line =
        AgentSummary { asked: 5, missed: 1, cache_hits: 2, cache_misses: 2, circuit_openings: 0, model };
    let exits = BTreeMap::from([("stop".to_owned(), 2)]);
    let agents = Some(AgentsSummary {
        by_agent: BTreeMap::from([("mlmi".to_owned(), line)]),
        not_ready: 3,
        sizes_capped: 1,
        exits,
    });
    let value: serde_json::Value = serde_json::from_str(&Summary { agents, ..summary() }.to_json()).unwrap();
    let keys = |pointer: &str| -> Vec<String> {
        value.pointer(pointer).unwrap().as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(keys("/agents"), ["mlmi", "not_ready", "sizes_capped", "exits"]);
    assert_eq!(keys("/agents/mlmi").join(" "), "asked missed cache_hits cache_misses circuit_openings model");
    assert_eq!(keys("/agents/mlmi/model").join(" "), "file sha256 training");
    let without: serde_json::Value = serde_json::from_str(&summary().to_json()).unwrap();
    assert!(without.get("agents").is_none(), "a run without agents says nothing of them");
}
