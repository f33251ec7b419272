//! What the data was like, what was turned away and why, and how long things took.

use super::barchart::{BarChart, BarRow, Measure};
use super::facts::{Facts, Tally};
use super::gather::Run;
use super::tables::{empty, pair, sentence, tallies};
use crate::format;
use serde_json::Value;

/// Stages that are drawn.
const STAGES_MAX: usize = 32;
/// Reasons that are drawn.
const REASONS_MAX: usize = 12;

/// Bars of the latency percentiles.
pub(super) fn latency(facts: &Facts) -> String {
    let stages = facts.at("/latency_ns").and_then(Value::as_object);
    let percentile = |stage: &Value, name: &str| stage[name].as_f64();
    let row = |(name, stage): (&String, &Value)| {
        let is_measured = stage["count"].as_u64() != Some(0);
        let values = ["p50", "p99", "p999"].map(|name| percentile(stage, name));
        let values: Vec<f64> = values.into_iter().collect::<Option<_>>()?;
        is_measured.then(|| BarRow { name: name.clone(), values })
    };
    let mut stages: Vec<(&String, &Value)> = stages.into_iter().flatten().collect();
    stages.sort_by_key(|(name, _)| order(name));
    let rows: Vec<BarRow> = stages.into_iter().filter_map(row).take(STAGES_MAX).collect();
    if rows.is_empty() {
        return empty("No latency was measured in this run.");
    }
    let label = "Median, 99th and 99.9th percentile of the latency of each stage, on a logarithmic axis";
    let chart =
        BarChart { label, headings: &["p50", "p99", "p99.9"], measure: Measure::LogNanos, rows }.draw();
    let note = "Logarithmic axis. Stages are sampled; paths are measured every time, from the moment the \
                sequencer took the input up.";
    format!("<p class=\"note\">{note}</p><div class=\"figure\">{chart}</div>")
}

/// Where a stage is drawn: the stages as an event passes them, then their parts of whole frames, then whole paths.
fn order(name: &str) -> [usize; 2] {
    const STAGES: [&str; 11] = [
        "sequencer",
        "portfolio",
        "bars",
        "indicators",
        "matrices",
        "synergy",
        "agents",
        "strategy",
        "gate",
        "orders",
        "gateway",
    ];
    let (stage, part) = name.split_once('.').unwrap_or((name, ""));
    let at = STAGES.iter().position(|known| *known == stage).unwrap_or(STAGES.len());
    [if stage == "path" { 2 } else { usize::from(!part.is_empty()) }, at]
}

/// Bars of refusals and rejects, by reason.
pub(super) fn turned_away(run: &Run) -> String {
    let kinds = [
        ("intent", "Intents refused by risk", "No intents were refused in this run."),
        ("order", "Orders rejected by the venue", "No orders were rejected in this run."),
        ("tick", "Rows of data rejected", "No rows of data were rejected in this run."),
    ];
    let known: Vec<&str> = kinds.iter().map(|kind| kind.0).collect();
    let mut html = String::new();
    for (kind, title, none) in kinds {
        html += &reasons(title, &run.rejects_of(kind), none);
    }
    let others: Vec<Tally> = run
        .rejects
        .iter()
        .filter(|reject| !known.contains(&reject.kind.as_str()))
        .map(|reject| Tally {
            name: format!("{} {}", reject.kind, reject.reason.name),
            ..reject.reason.clone()
        })
        .collect();
    if others.is_empty() { html } else { html + &reasons("Other rejects", &others, "") }
}

fn reasons(title: &str, tallies: &[Tally], none: &str) -> String {
    if tallies.is_empty() {
        return empty(none);
    }
    let (shown, rest) = tallies.split_at(tallies.len().min(REASONS_MAX));
    let mut rows: Vec<BarRow> = shown
        .iter()
        .map(|tally| BarRow { name: sentence(&tally.name), values: vec![tally.count as f64] })
        .collect();
    if !rest.is_empty() {
        let count: u64 = rest.iter().map(|tally| tally.count).sum();
        rows.push(BarRow { name: format!("{} other reasons", rest.len()), values: vec![count as f64] });
    }
    let label = format!("{title}, by reason");
    let chart = BarChart { label: &label, headings: &["count"], measure: Measure::Linear, rows }.draw();
    format!("<h3>{title}</h3><div class=\"figure\">{chart}</div>")
}

/// What was read and what was odd about it.
pub(super) fn data(facts: &Facts) -> String {
    let count =
        |pointer: &str| facts.count(pointer).map_or_else(|| format::UNDEFINED.to_owned(), format::count);
    let rejected = facts.tallies("/data/rejected");
    let suspicious = facts.tallies("/data/suspicious");
    let sum = |tallies: &[Tally]| format::count(tallies.iter().map(|tally| tally.count).sum());
    let time = |pointer: &str| {
        facts.instant(pointer).map_or_else(|| "no data".to_owned(), |ts| format!("{} UTC", format::time(ts)))
    };
    let totals = [
        pair("Files", &count("/data/files")),
        pair("Rows read", &count("/data/rows_read")),
        pair("Ticks accepted", &count("/data/ticks")),
        pair("Rows rejected", &sum(&rejected)),
        pair("Rows accepted though odd", &sum(&suspicious)),
        pair("First tick", &time("/data/first_ts")),
        pair("Last tick", &time("/data/last_ts")),
    ];
    let made = facts.list("/data/made_from_bars");
    let note = if made.is_empty() {
        String::new()
    } else {
        let symbols = format::clip(&made.join(", "), 200);
        let sentence = format!(
            "The ticks of {symbols} were made from bars, four of each: their times, sizes and order are not the market's."
        );
        format!("<p class=\"note\">{}</p>", format::escape(&sentence))
    };
    format!(
        "{note}<div class=\"lists\"><div class=\"list\"><h3>Totals</h3><dl>{}</dl></div>{}{}</div>",
        totals.concat(),
        tallies("Rejected, by reason", &rejected, "No rows were rejected."),
        tallies("Accepted though odd", &suspicious, "Nothing odd was found.")
    )
}
