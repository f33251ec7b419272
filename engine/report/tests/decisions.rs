//! Decisions, synergies and matrices in the run folder: every row read back as text, and what came of each decision.

mod agents_run;

use agents_run::{
    AAA, BBB, CCC, check_golden, decision, exit_order, frames, late_order, leave, meta, order, recorded,
    summary, timer, voices, want,
};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, Float32Type, Float64Type, TimestampNanosecondType, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use model::{
    Action, Agent, Decision, Event, Frame, Goal, Intent, OrderId, Pattern, Purpose, Quantity, RefusalReason,
    Report, ReportKind, Side, Style, SymbolId, TargetWait, Urgency, Verdict, WaitStep,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use report::{
    AgentSummary, AgentsSummary, ModelSummary, OptionalTable, Overwrite, RunFolder, Summary, explain,
};
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
    let (_home, dir) = recorded(OptionalTable::Omitted);
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
    let (_home, dir) = recorded(OptionalTable::Omitted);
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
        RunFolder::create(&home.path().join("run"), Overwrite::Refuse, meta(OptionalTable::Omitted)).unwrap();
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
    let (_home, dir) = recorded(OptionalTable::Omitted);
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

/// A frame of the venue's answer, with what it lets go.
fn answer(seq: u64) -> Frame {
    let mut frame = Frame::default();
    let report = Report { id: OrderId(0), symbol: CCC, kind: ReportKind::Accepted, reason: None };
    frame.begin(Event { seq, ..report.to_event(agents_run::minute(60)) });
    frame
}

fn wait(frame: &mut Frame, symbol: SymbolId, position: &str, cause_seq: u64, step: WaitStep) {
    let position = Quantity::parse(position).unwrap();
    // What leaves waits as an exit.
    let purpose = if position == Quantity::ZERO { Purpose::Stop } else { Purpose::Decision };
    frame.push(TargetWait { symbol, position, cause_seq, step, purpose }.to_event(frame.input()));
}

/// The outcomes of a run of these frames, each with its verdict.
fn of_run(frames: &[Frame]) -> Vec<String> {
    let home = tempfile::tempdir().unwrap();
    let mut folder =
        RunFolder::create(&home.path().join("run"), Overwrite::Refuse, meta(OptionalTable::Omitted)).unwrap();
    frames.iter().for_each(|frame| folder.record(frame).unwrap());
    let dir = folder.finish(&summary(), "").unwrap();
    let rows = lines(&dir, "decisions.parquet");
    let cells: Vec<Vec<&str>> = rows[1..].iter().map(|line| line.split(" | ").collect()).collect();
    assert!(
        cells.is_sorted_by_key(|cells| cells[0].parse::<u64>().unwrap()),
        "rows stand in the order of inputs"
    );
    assert!(cells.chunks(7).all(|rows| rows.iter().all(|row| row[0] == rows[0][0] && row[2] == rows[0][2])));
    let whole = cells.iter().filter(|cells| cells[4] == "ensemble");
    whole.map(|cells| format!("{} {} {} {}", cells[0], cells[2], cells[10], cells[11])).collect()
}

/// A frame at which `AAA` decides for 1 and waits, with or without others.
fn waiting(seq: u64) -> Frame {
    let mut frame = timer(seq, seq as i64);
    frame.push_decision(decision(AAA, voices(Action::Long, Urgency::Execute), Verdict::Act, "1"));
    want(&mut frame, AAA, "1", None);
    wait(&mut frame, AAA, "1", seq, WaitStep::Begun);
    frame
}

#[test]
fn what_comes_of_a_waiting_target_is_told_by_a_later_frame() {
    let approved = |frame: &mut Frame| late_order(frame, 2, 0, AAA, Side::Buy, "1", None);
    let refused = |frame: &mut Frame| {
        let goal = Goal::Target { position: Quantity::parse("1").unwrap(), style: Style::Market };
        frame.push(Intent::new(AAA, goal).refusal(frame.input(), RefusalReason::MaxPosition, 2));
    };
    let step = |step| move |frame: &mut Frame| wait(frame, AAA, "1", 2, step);
    let check = |then: &dyn Fn(&mut Frame), expected: &str| {
        let mut later = answer(4);
        then(&mut later);
        // A decision of another symbol in between stands behind it, whatever is known of it.
        let mut between = timer(3, 3);
        between.push_decision(decision(BBB, voices(Action::Flat, Urgency::Wait), Verdict::Wait, "0"));
        let between_row = "3 BBB hold wait".to_owned();
        assert_eq!(of_run(&[waiting(2), between, later]), [expected.to_owned(), between_row]);
    };
    check(&approved, "2 AAA approved act");
    check(&refused, "2 AAA refused:max_position act");
    check(&step(WaitStep::Superseded), "2 AAA hold superseded");
    check(&step(WaitStep::AtTarget), "2 AAA hold at_target");
    // Nothing ever came: the run's end.
    check(&|_| {}, "2 AAA hold superseded");
}

#[test]
fn a_wait_is_told_apart_from_others() {
    // What is of another input or symbol is not its.
    let mut other = answer(4);
    late_order(&mut other, 3, 0, AAA, Side::Sell, "1", None);
    late_order(&mut other, 2, 1, BBB, Side::Sell, "1", None);
    assert_eq!(of_run(&[waiting(2), other.clone()]), ["2 AAA hold superseded"]);
    let mut own = answer(5);
    late_order(&mut own, 2, 2, AAA, Side::Buy, "1", None);
    assert_eq!(of_run(&[waiting(2), other, own.clone()]), ["2 AAA approved act"]);
    // Replaced in its own frame, or only after an exit's wait was replaced by it.
    let mut replaced = waiting(2);
    wait(&mut replaced, AAA, "1", 2, WaitStep::Superseded);
    exit_order(&mut replaced, 0, AAA, Side::Sell, "1", Purpose::Stop);
    assert_eq!(of_run(&[replaced]), ["2 AAA hold superseded"]);
    let mut second = timer(2, 2);
    second.push_decision(decision(AAA, voices(Action::Long, Urgency::Execute), Verdict::Act, "1"));
    wait(&mut second, AAA, "0", 2, WaitStep::Begun);
    wait(&mut second, AAA, "0", 2, WaitStep::Superseded);
    wait(&mut second, AAA, "1", 2, WaitStep::Begun);
    let mut first_order = answer(5);
    late_order(&mut first_order, 2, 0, AAA, Side::Buy, "1", None);
    assert_eq!(of_run(&[second, first_order]), ["2 AAA approved act"]);
    // An exit waits, and the decision beside it did nothing.
    let mut exit = timer(2, 2);
    exit.push_decision(decision(AAA, voices(Action::Long, Urgency::Execute), Verdict::Act, "1"));
    wait(&mut exit, AAA, "0", 2, WaitStep::Begun);
    let mut sold = answer(5);
    exit_order(&mut sold, 0, AAA, Side::Sell, "1", Purpose::Stop);
    assert_eq!(of_run(&[exit, sold]), ["2 AAA hold act"]);
    // A decision at the very answer; the order of the one before is not its.
    let mut decided = answer(5);
    decided.push_decision(decision(AAA, voices(Action::Long, Urgency::Execute), Verdict::Act, "3"));
    late_order(&mut decided, 2, 0, AAA, Side::Buy, "1", None);
    assert_eq!(of_run(&[waiting(2), decided]), ["2 AAA approved act", "5 AAA hold act"]);
}

#[test]
fn a_late_order_is_attributed_to_its_decision() {
    let home = tempfile::tempdir().unwrap();
    let mut folder =
        RunFolder::create(&home.path().join("run"), Overwrite::Refuse, meta(OptionalTable::Omitted)).unwrap();
    let mut later = answer(4);
    late_order(&mut later, 2, 0, AAA, Side::Buy, "1", None);
    let mut refused = timer(5, 5);
    refused.push_decision(decision(BBB, voices(Action::Long, Urgency::Execute), Verdict::Act, "2"));
    wait(&mut refused, BBB, "2", 5, WaitStep::Begun);
    let mut refusal = answer(6);
    let goal = Goal::Target { position: Quantity::parse("2").unwrap(), style: Style::Market };
    refusal.push(Intent::new(BBB, goal).refusal(refusal.input(), RefusalReason::MaxPosition, 5));
    [waiting(2), later, refused, refusal].iter().for_each(|frame| folder.record(frame).unwrap());
    let dir = folder.finish(&summary(), "").unwrap();
    let orders = lines(&dir, "orders.parquet");
    let cells: Vec<&str> = orders[1].split(" | ").collect();
    assert!(cells[0].ends_with("-4-1"), "its id is of the input it was sent at: {}", cells[0]);
    assert_eq!(cells[2..4], ["4", "2"]);
    let text = explain(&dir, 2).unwrap();
    assert!(text.contains(&format!("  {}: buy 1 market", cells[0])), "{text}");
    let text = explain(&dir, 5).unwrap();
    assert!(text.contains("refused by risk.max_position: position=2 style=market"), "{text}");
}

#[test]
fn synergies_are_kept_with_their_signals() {
    let (_home, dir) = recorded(OptionalTable::Omitted);
    check_golden("synergies.txt", &(lines(&dir, "synergies.parquet").join("\n") + "\n"));
}

#[test]
fn matrices_are_kept_where_asked_for() {
    let (_home, dir) = recorded(OptionalTable::Written);
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
    let (_home, dir) = recorded(OptionalTable::Omitted);
    assert!(!dir.join("matrices.parquet").exists());
}

#[test]
fn matrices_of_the_run_before_do_not_stay() {
    let (_home, dir) = recorded(OptionalTable::Written);
    fs::write(dir.join("notes.txt"), "mine").unwrap();
    let folder = RunFolder::create(&dir, Overwrite::Replace, meta(OptionalTable::Omitted)).unwrap();
    folder.finish(&summary(), "").unwrap();
    assert!(!dir.join("matrices.parquet").exists() && dir.join("notes.txt").exists());
}

#[test]
fn decisions_synergies_and_matrices_are_counted() {
    let home = tempfile::tempdir().unwrap();
    let mut folder =
        RunFolder::create(&home.path().join("run"), Overwrite::Refuse, meta(OptionalTable::Omitted)).unwrap();
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
        RunFolder::create(&home.path().join("run"), Overwrite::Refuse, meta(OptionalTable::Omitted)).unwrap();
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
