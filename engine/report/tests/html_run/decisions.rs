//! Decisions made for the report's tests: six agents whose opinions wander, some of them followed by the run's orders.
//!
//! Written column by column from the contract, as the rest of these folders.

use super::{FIRST_SEQ, MINUTE, Made, Random, SEQ_STEP, START, decimals, texts, times, write_table};
use arrow_array::{ArrayRef, BooleanArray, Float64Array, StringArray, UInt64Array};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

const AGENTS: [&str; 6] = ["mlmi", "nwrqk", "regime", "fvg", "momentum", "entry"];
const WEIGHTS: [f64; 5] = [0.45, 0.3, 0.25, 0.6, 0.4];
const GATE: f64 = 0.5;
const PATTERNS: [&str; 4] = ["mlmi>nwrqk>fvg", "mlmi>fvg>nwrqk", "nwrqk>fvg>mlmi", "nwrqk>mlmi>fvg"];
const ACTIONS: [&str; 3] = ["long", "flat", "short"];
const URGENCIES: [&str; 3] = ["aggressive", "execute", "wait"];

const CONTEXT: [&str; 9] = [
    "context_position",
    "context_unrealised_pnl",
    "context_bars_held",
    "context_drawdown",
    "context_pattern_mlmi_nwrqk_fvg",
    "context_pattern_mlmi_fvg_nwrqk",
    "context_pattern_nwrqk_fvg_mlmi",
    "context_pattern_nwrqk_mlmi_fvg",
    "context_direction",
];

struct Decision {
    seq: u64,
    ts: i64,
    symbol: String,
    says: [[f64; 3]; 6],
    missed: Option<usize>,
    p: [f64; 3],
    outcome: &'static str,
    verdict: &'static str,
    /// `None` where agents are asked at every bar.
    synergy: Option<(&'static str, &'static str, f64)>,
    price: f64,
    target: f64,
}

/// One of the nine numbers that the agents read.
fn context(decision: &Decision, place: usize) -> f64 {
    let side = match decision.synergy {
        Some((_, "long", _)) => 1.0,
        Some(_) => -1.0,
        None => 0.0,
    };
    match place {
        0 => -0.625,
        1 => 0.0125,
        2 => 0.17,
        3 => 0.03125,
        8 => side,
        _ => f64::from(u8::from(decision.synergy.is_some_and(|synergy| synergy.0 == PATTERNS[place - 4]))),
    }
}

fn softmax(logits: [f64; 3]) -> [f64; 3] {
    let powers = logits.map(f64::exp);
    powers.map(|power| power / powers.iter().sum::<f64>())
}

fn largest(p: [f64; 3]) -> usize {
    (0..3).max_by(|a, b| p[*a].total_cmp(&p[*b])).expect("there are three")
}

fn combined(says: &[[f64; 3]; 6]) -> [f64; 3] {
    std::array::from_fn(|action| {
        let of = |agents: std::ops::Range<usize>| -> f64 {
            agents.map(|agent| WEIGHTS[agent] * says[agent][action]).sum()
        };
        0.5 * of(0..3) + 0.5 * of(3..5)
    })
}

/// Opinions that wander around zero, one for each agent.
struct Opinions([f64; 6]);

impl Opinions {
    fn next(&mut self, random: &mut Random) {
        for opinion in &mut self.0 {
            *opinion = *opinion * 0.9 + 0.5 * random.normal();
        }
    }

    fn says(&self, sway: f64) -> [[f64; 3]; 6] {
        self.0.map(|opinion| softmax([opinion + sway, 0.2, -opinion - sway]))
    }
}

/// When a symbol's agents were asked, and by which input and for which side where its fills came of it.
fn asked(made: &Made, minutes: usize, symbol: &str, others: usize) -> Vec<(i64, Option<(u64, bool)>)> {
    let acted = made.fills.iter().enumerate().filter(|(_, fill)| fill.symbol == symbol);
    let acted = acted.map(|(at, fill)| {
        (fill.ts - fill.ts % (5 * MINUTE), Some((FIRST_SEQ + at as u64 * SEQ_STEP, fill.is_buy)))
    });
    let step = minutes as i64 / 5 * 5 * MINUTE / others.max(1) as i64;
    let between = (0..others as i64).map(|n| (START + (n + 1) * step / (5 * MINUTE) * (5 * MINUTE), None));
    let mut asked: Vec<_> = acted.chain(between).collect();
    asked.sort_by_key(|(ts, _)| *ts);
    asked
}

/// Decisions of a symbol: those that its fills came of, and `others` between them.
fn of_symbol(random: &mut Random, made: &Made, nth: usize, symbol: &str, others: usize) -> Vec<Decision> {
    let mut opinions = Opinions([0.0; 6]);
    let walk = &made.walks[nth];
    let mut seq = 0;
    let decide = |(ts, acted): (i64, Option<(u64, bool)>)| {
        opinions.next(random);
        seq = acted.map_or(seq + 1, |(seq, _)| seq);
        let mut sway = acted.map_or(0.0, |(_, is_buy)| if is_buy { 0.8 } else { -0.8 });
        // What was acted on reached the gate.
        while acted.is_some() && combined(&opinions.says(sway))[if sway > 0.0 { 0 } else { 2 }] < GATE {
            sway *= 1.1;
        }
        let mut says = opinions.says(sway);
        if acted.is_some() {
            says[5] = softmax([0.4, 0.7, -0.5]);
        }
        let p = combined(&says);
        let is_sure = p[largest(p)] >= GATE;
        let missed = (random.next() < 0.02).then(|| (random.next() * 6.0) as usize);
        let (outcome, verdict) = match (acted, missed, random.next()) {
            (Some(_), ..) => ("approved", "act"),
            (None, Some(_), _) => ("timeout", "timed_out"),
            _ if !is_sure => ("hold", "below_gate"),
            (.., ..0.4) => ("refused:max_position", "act"),
            (.., ..0.7) => ("hold", "wait"),
            _ => ("hold", "at_target"),
        };
        let direction = if p[0] > p[2] { "long" } else { "short" };
        let pattern = PATTERNS[(random.next() * 4.0) as usize];
        Decision {
            seq,
            ts,
            symbol: symbol.to_owned(),
            says,
            // An approved decision may lack an answer, too.
            missed,
            p,
            outcome,
            verdict,
            synergy: Some((pattern, direction, 0.5 + 0.4 * random.next())),
            price: walk[((ts - START) / MINUTE - 1).clamp(0, walk.len() as i64 - 1) as usize],
            target: if p[0] > p[2] { 100.0 } else { -100.0 },
        }
    };
    asked(made, walk.len(), symbol, others).into_iter().map(decide).collect()
}

/// Writes decisions of all symbols, `others` of each that no order came of, their synergies, and what answered.
pub fn write(dir: &Path, symbols: &[String], made: &Made, others: usize) -> Value {
    let mut random = Random(11);
    let mut decisions: Vec<Decision> = symbols
        .iter()
        .enumerate()
        .flat_map(|(nth, symbol)| of_symbol(&mut random, made, nth, symbol, others))
        .collect();
    decisions.sort_by_key(|decision| decision.ts);
    write_decisions(dir, &decisions);
    write_synergies(dir, &decisions);
    AGENTS
        .iter()
        .map(|agent| {
            let training = match *agent {
                "entry" => "untrained: seeded weights (seed 7), no training behind them",
                _ => "cloned from the rule `synergy_only` on 30 days, 12 epochs; not trained on its results",
            };
            let line = json!({"asked": decisions.len(), "missed": 3, "cache_hits": 17,
                "cache_misses": decisions.len() - 17, "circuit_openings": 0,
                "model": {"file": format!("models/{agent}.safetensors"), "sha256": "9f2c1a70c4b85d1e".repeat(4),
                "training": training}});
            ((*agent).to_owned(), line)
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Writes the tables of a run without agents.
pub fn write_none(dir: &Path) {
    write_decisions(dir, &[]);
}

/// One row of `decisions.parquet`: an agent's, or the ensemble's.
type Row<'a> = (&'a Decision, Option<usize>);
/// A row of `synergies.parquet`: pattern, direction, strength.
type Asked<'a> = (&'a Decision, (&'static str, &'static str, f64));
/// What a column holds of a row of the one and the other.
type OfRow<'a, T> = &'a dyn Fn(&Row<'_>) -> T;
type OfAsked<'a, T> = &'a dyn Fn(&Asked<'_>) -> T;

fn rows(decisions: &[Decision]) -> impl Iterator<Item = Row<'_>> {
    decisions.iter().flat_map(|decision| (0..6).map(Some).chain([None]).map(move |agent| (decision, agent)))
}

fn write_decisions(dir: &Path, decisions: &[Decision]) {
    let p = |(decision, agent): &Row<'_>| agent.map_or(decision.p, |agent| decision.says[agent]);
    let all: Vec<_> = rows(decisions).collect();
    let column = |value: OfRow<'_, String>| -> ArrayRef { texts(&all.iter().map(value).collect::<Vec<_>>()) };
    let whole = |value: &dyn Fn(&Decision) -> Option<String>| -> ArrayRef {
        let cells = all.iter().map(|(decision, agent)| if agent.is_none() { value(decision) } else { None });
        Arc::new(cells.collect::<StringArray>())
    };
    let double = |value: OfRow<'_, Option<f64>>| -> ArrayRef {
        Arc::new(all.iter().map(value).collect::<Float64Array>())
    };
    let action = |row: &Row<'_>| {
        let names = if row.1 == Some(5) { URGENCIES } else { ACTIONS };
        names[largest(p(row))].to_owned()
    };
    let target = all.iter().map(|(decision, agent)| agent.is_none().then_some(decision.target)).collect();
    let mut columns = vec![
        ("seq", Arc::new(UInt64Array::from_iter_values(all.iter().map(|row| row.0.seq))) as ArrayRef),
        ("ts_event", times(all.iter().map(|row| Some(row.0.ts)).collect())),
        ("symbol", column(&|row| row.0.symbol.clone())),
        ("strategy", column(&|_| "marl".to_owned())),
        ("agent", column(&|row| row.1.map_or("ensemble", |agent| AGENTS[agent]).to_owned())),
        ("p_long", double(&|row| Some(p(row)[0]))),
        ("p_flat", double(&|row| Some(p(row)[1]))),
        ("p_short", double(&|row| Some(p(row)[2]))),
        ("action", column(&action)),
        ("confidence", double(&|row| Some(p(row)[largest(p(row))]))),
        ("outcome", column(&|row| if row.1.is_none() { row.0.outcome.to_owned() } else { String::new() })),
        ("verdict", whole(&|decision| Some(decision.verdict.to_owned()))),
        (
            "missed",
            Arc::new(all.iter().map(|row| row.1.map(|_| row.0.missed == row.1)).collect::<BooleanArray>()),
        ),
        ("weight", double(&|row| WEIGHTS.get(row.1?).copied())),
        ("blend", double(&|row| row.1.is_none().then_some(0.5))),
        ("gate", double(&|row| row.1.is_none().then_some(GATE))),
        ("urgency", whole(&|decision| Some(URGENCIES[largest(decision.says[5])].to_owned()))),
        ("pattern", whole(&|decision| decision.synergy.map(|synergy| synergy.0.to_owned()))),
        ("direction", whole(&|decision| decision.synergy.map(|synergy| synergy.1.to_owned()))),
        ("target", decimals(target, 18)),
    ];
    columns.extend(
        CONTEXT
            .into_iter()
            .enumerate()
            .map(|(place, name)| (name, double(&|row| row.1.is_none().then(|| context(row.0, place))))),
    );
    write_table(dir, "decisions.parquet", columns);
}

fn write_synergies(dir: &Path, decisions: &[Decision]) {
    let asked: Vec<Asked<'_>> =
        decisions.iter().filter_map(|decision| decision.synergy.map(|synergy| (decision, synergy))).collect();
    let doubles = |value: OfAsked<'_, Option<f64>>| -> ArrayRef {
        Arc::new(asked.iter().map(value).collect::<Float64Array>())
    };
    let mut columns = vec![
        ("seq", Arc::new(UInt64Array::from_iter_values(asked.iter().map(|row| row.0.seq))) as ArrayRef),
        ("ts_event", times(asked.iter().map(|row| Some(row.0.ts)).collect())),
        ("symbol", texts(&asked.iter().map(|row| &row.0.symbol).collect::<Vec<_>>())),
        ("pattern", texts(&asked.iter().map(|row| row.1.0).collect::<Vec<_>>())),
        ("direction", texts(&asked.iter().map(|row| row.1.1).collect::<Vec<_>>())),
        ("strength", doubles(&|row| Some(row.1.2))),
    ];
    let names = [
        ["first_kind", "first_strength", "first_ts"],
        ["second_kind", "second_strength", "second_ts"],
        ["third_kind", "third_strength", "third_ts"],
    ];
    for (nth, [kind, strength, ts]) in names.into_iter().enumerate() {
        let kinds: Vec<&str> =
            asked.iter().map(|row| row.1.0.split('>').nth(nth).expect("there are three")).collect();
        columns.push((kind, texts(&kinds)));
        columns.push((strength, doubles(&|row| Some((row.1.2 + 0.1 * (nth as f64 - 1.0)).min(1.0)))));
        let before = (2 - nth as i64) * 10 * MINUTE;
        columns.push((ts, times(asked.iter().map(|row| Some(row.0.ts - before)).collect())));
    }
    columns.extend([
        ("price", decimals(asked.iter().map(|row| Some(row.0.price)).collect(), 18)),
        ("volatility", doubles(&|_| Some(0.001_234_5))),
        ("volume", decimals(asked.iter().map(|_| Some(1_234.5)).collect(), 38)),
        ("lvn_distance", doubles(&|row| (row.0.seq % 3 != 0).then_some(-1.25))),
    ]);
    write_table(dir, "synergies.parquet", columns);
}
