//! What a decision saw: its portfolio context worked out again from fills, bars, synergies and equity rows, and what
//! the networks say to the recorded inputs, bit for bit.
//!
//! The reference of the context is written from the definitions. The networks are asked through `inference`, whose own
//! tests compare it with others: here it is the recorded inputs that are under test.

use crate::agents::{config, market};
use crate::support::exact::{ONE, notional, parse};
use crate::support::replay::Holding;
use crate::support::tables::{self, BarRow, EquityRow, FillRow, Table};
use crate::support::{Ended, PROGRAM, Place, Run};
use inference::{Backend, Batch, Expected, Native, Shape};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

const AGENTS: [&str; 6] = ["mlmi", "nwrqk", "regime", "fvg", "momentum", "entry"];
const PATTERNS: [&str; 4] = ["mlmi>nwrqk>fvg", "mlmi>fvg>nwrqk", "nwrqk>fvg>mlmi", "nwrqk>mlmi>fvg"];
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
/// Six agents and the ensemble.
const ROWS: usize = 7;

/// One decision, as recorded.
struct Decision {
    seq: u64,
    ts: i64,
    symbol: String,
    context: [f32; 9],
    /// By agent.
    says: Vec<[f32; 3]>,
}

/// A number of a table that was an f32.
fn narrowed(value: f64) -> f32 {
    assert_eq!(f64::from(value as f32).to_bits(), value.to_bits(), "{value} was widened from an f32");
    value as f32
}

fn decisions(run: &Run) -> Vec<Decision> {
    let table = Table::read(&run.dir, "decisions");
    let (seqs, times, symbols) = (table.uints("seq"), table.times("ts_event"), table.names("symbol"));
    let p = ["p_long", "p_flat", "p_short"].map(|name| table.doubles(name));
    let context = CONTEXT.map(|name| table.maybe_doubles(name));
    let decision = |nth: usize| {
        let first = nth * ROWS;
        for row in first..first + AGENTS.len() {
            assert!(context.iter().all(|column| column[row].is_none()), "an agent's row has no context");
        }
        let number =
            |column: &Vec<Option<f64>>| narrowed(column[first + 6].expect("the ensemble has a context"));
        Decision {
            seq: seqs[first].expect("no null"),
            ts: times[first].expect("no null"),
            symbol: symbols[first].clone(),
            context: std::array::from_fn(|place| number(&context[place])),
            says: (first..first + 6).map(|row| [0, 1, 2].map(|side: usize| narrowed(p[side][row]))).collect(),
        }
    };
    (0..table.rows() / ROWS).map(decision).collect()
}

/// What the run folder tells of the account, to work contexts out from.
struct Account {
    fills: Vec<FillRow>,
    bars: Vec<BarRow>,
    equity: Vec<EquityRow>,
    /// By decision: pattern and direction.
    synergies: BTreeMap<(u64, String), (String, String)>,
    capital: i128,
    limit: i128,
}

impl Account {
    fn of(run: &Run) -> Self {
        let table = Table::read(&run.dir, "synergies");
        let [symbols, patterns, directions] =
            ["symbol", "pattern", "direction"].map(|name| table.names(name));
        let synergies = table.uints("seq").into_iter().zip(symbols).zip(patterns.into_iter().zip(directions));
        Self {
            fills: tables::fills(&run.dir),
            bars: tables::bars(&run.dir),
            equity: tables::equity(&run.dir),
            synergies: synergies
                .map(|((seq, symbol), said)| ((seq.expect("no null"), symbol), said))
                .collect(),
            capital: parse(&run.text(&["portfolio", "initial_capital"])),
            limit: parse("50"),
        }
    }

    /// The last close of a symbol at an instant: of whatever bar, for a longer one ends with the last of the shorter.
    fn close(&self, symbol: &str, ts: i64) -> Option<i128> {
        let known = self.bars.iter().filter(|bar| bar.symbol == symbol && bar.ts_close <= ts);
        known.max_by_key(|bar| bar.ts_close).map(|bar| bar.prices[3])
    }

    /// The context of a decision, in f64. `asked` says whether a synergy asked for it.
    fn context(&self, decision: &Decision, asked: bool) -> [f64; 9] {
        let Decision { seq, ts, symbol, .. } = decision;
        let mut holdings: BTreeMap<&str, (Holding, i64)> = BTreeMap::new();
        let (mut realised, mut fees) = (0, 0);
        for fill in self.fills.iter().filter(|fill| fill.seq < *seq) {
            let (holding, entered) = holdings.entry(&fill.symbol).or_default();
            let side = holding.quantity.signum();
            let signed = if fill.side == "buy" { fill.quantity } else { -fill.quantity };
            realised += holding.fold(signed, fill.price, fill.multiplier);
            fees += fill.fee;
            if holding.quantity.signum() != side {
                *entered = fill.ts_event;
            }
        }
        let gain = |symbol: &str, holding: &Holding| match self.close(symbol, *ts) {
            Some(close) => notional(close, holding.quantity, ONE) - holding.cost,
            None => 0,
        };
        let gains: i128 = holdings.iter().map(|(symbol, (holding, _))| gain(symbol, holding)).sum();
        let equity = self.capital + realised + gains - fees;
        let (held, entered) = holdings.get(symbol.as_str()).copied().unwrap_or_default();
        let is_tactical = |bar: &&BarRow| bar.timeframe == "5m" && bar.symbol == *symbol;
        let since =
            self.bars.iter().filter(is_tactical).filter(|bar| entered < bar.ts_close && bar.ts_close <= *ts);
        let bars_held = if held.quantity == 0 { 0 } else { since.count() };
        let mut context = [0.0; 9];
        context[0] = held.quantity as f64 / self.limit as f64;
        context[1] = gain(symbol, &held) as f64 / equity as f64;
        context[2] = bars_held as f64 / 100.0;
        context[3] = self.drawdown(*ts, equity);
        if asked {
            let (pattern, direction) = &self.synergies[&(*seq, symbol.clone())];
            if let Some(place) = PATTERNS.iter().position(|known| known == pattern) {
                context[4 + place] = 1.0;
            }
            context[8] = if direction == "long" { 1.0 } else { -1.0 };
        }
        context
    }

    /// How far that equity, of a row of that instant, stood below the highest one.
    fn drawdown(&self, ts: i64, equity: i128) -> f64 {
        let is_row = |row: &EquityRow| row.ts_event == ts && row.equity == equity;
        let at = self.equity.iter().position(is_row).expect("the decision's account is an equity row");
        let peak = self.equity[..=at].iter().map(|row| row.equity).max().expect("there is a row");
        (peak - equity) as f64 / peak as f64
    }
}

#[track_caller]
fn check_contexts(run: &Run, decisions: &[Decision], asked: bool) {
    let account = Account::of(run);
    for decision in decisions {
        let expected = account.context(decision, asked);
        for (place, (found, expected)) in decision.context.into_iter().zip(expected).enumerate() {
            // P&L and drawdown are quotients of sums that the engine forms in another order.
            let rounding = if place == 1 || place == 3 { 1e-6 * expected.abs() + 1e-12 } else { 0.0 };
            let is_near = (f64::from(found) - f64::from(expected as f32)).abs() <= rounding;
            assert!(is_near, "{} at input {}: {found}, not {expected}", CONTEXT[place], decision.seq);
        }
    }
}

/// Matrices by symbol and name: the input that each came with, and its cells.
type Matrices = BTreeMap<(String, String), Vec<(u64, Vec<f32>)>>;

/// The recorded matrices.
fn matrices(run: &Run) -> Matrices {
    let table = Table::read(&run.dir, "matrices");
    let (names, symbols, cells) = (table.names("matrix"), table.names("symbol"), table.cells("cells"));
    let mut found = Matrices::new();
    for (((symbol, name), seq), cells) in symbols.into_iter().zip(names).zip(table.uints("seq")).zip(cells) {
        found.entry((symbol, name)).or_default().push((seq.expect("no null"), cells));
    }
    found
}

/// The six built-in networks, made for the features of this configuration.
fn networks(config: &Path) -> Vec<Native> {
    let ended: Ended = Command::new(PROGRAM)
        .args(["config", "features", "--json"])
        .arg(config)
        .output()
        .expect("it starts")
        .into();
    let printed: serde_json::Value = serde_json::from_str(&ended.stdout).expect("one JSON object");
    let schema_hash =
        |nth: usize| printed["matrices"][nth]["schema_hash"].as_str().expect("a hash").to_owned();
    let network = |(nth, agent): (usize, &str)| {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../configs/models/{agent}.safetensors"));
        let bytes = std::fs::read(&path).expect("the model is there");
        let expected = Expected {
            sha256: inference::sha256(&bytes),
            schema_hash: schema_hash(nth / 3),
            agent: agent.to_owned(),
            shape: if nth < 3 { Shape::STRATEGIC } else { Shape::TACTICAL },
        };
        Native::new(inference::load(&path, &expected).expect("it is a model").network)
    };
    AGENTS.into_iter().enumerate().map(network).collect()
}

/// Asks the networks again about every so many of the decisions.
#[track_caller]
fn check_answers<'a>(run: &Run, config: &Path, decisions: impl Iterator<Item = &'a Decision>) {
    let (recorded, mut networks) = (matrices(run), networks(config));
    for decision in decisions {
        for (nth, network) in networks.iter_mut().enumerate() {
            let name = ["strategic", "tactical"][nth / 3].to_owned();
            let known = &recorded[&(decision.symbol.clone(), name)];
            let (_, cells) = &known[known.partition_point(|(seq, _)| *seq <= decision.seq) - 1];
            let mut out = [[f32::NAN; 3]];
            network
                .evaluate(Batch::new(network.shape(), cells, &decision.context), &mut out)
                .expect("an answer");
            let bits = |p: [f32; 3]| p.map(f32::to_bits);
            assert_eq!(bits(out[0]), bits(decision.says[nth]), "{} at input {}", AGENTS[nth], decision.seq);
        }
    }
}

fn explained(run: &Run, seq: u64) -> String {
    let ended: Ended = Command::new(PROGRAM)
        .arg("explain")
        .arg(&run.dir)
        .args(["--seq", &seq.to_string()])
        .output()
        .expect("the program starts")
        .into();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended.stdout
}

/// A page with recorded cells reads as one whose cells were worked out again.
#[track_caller]
fn check_explained(recorded: &Run, other: &Run, seqs: impl Iterator<Item = u64>) {
    let [kept, again] = ["as recorded in matrices.parquet", "normalised again from indicators.parquet"];
    for seq in seqs {
        let (page, expected) = (explained(recorded, seq), explained(other, seq));
        assert_eq!(page.matches(kept).count(), page.matches("\nDecision").count() * 2 + 2, "{page}");
        assert_eq!(page.replace(kept, again), expected, "input {seq}");
        assert!(!expected.contains("not recorded") && !expected.contains("none so far"), "{expected}");
    }
}

const RECORD: [&str; 2] = ["--set", "matrices.record=true"];

#[test]
fn at_a_synergy_agents_read_what_is_recorded_and_say_what_is_recorded() {
    let place = Place::new();
    let data = market(&place, 14);
    let text = config("");
    let run = place.run("run", &text, &data, &RECORD);
    let decisions = decisions(&run);
    check_contexts(&run, &decisions, true);
    let patterns = (4..8).filter(|place| decisions.iter().any(|one| one.context[*place] > 0.0)).count();
    assert!(patterns >= 2, "{patterns} patterns in {} decisions", decisions.len());
    check_answers(&run, &place.write("again.toml", &text), decisions.iter());
    let other = place.run("other", &text, &data, &[]);
    check_explained(&run, &other, decisions.iter().step_by(3).map(|decision| decision.seq));
}

#[test]
fn at_every_bar_agents_read_what_is_recorded_and_say_what_is_recorded() {
    let place = Place::new();
    let data = market(&place, 6);
    let text = config("[agents]\ndecide_on = \"bar\"\n");
    let run = place.run("run", &text, &data, &RECORD);
    let decisions = decisions(&run);
    check_contexts(&run, &decisions, false);
    for (number, least) in [(0, 100), (1, 100), (2, 100), (3, 100)] {
        let told = decisions.iter().filter(|decision| decision.context[number] != 0.0).count();
        assert!(told >= least, "{} is not 0 at {told} of {} decisions", CONTEXT[number], decisions.len());
    }
    check_answers(&run, &place.write("again.toml", &text), decisions.iter().step_by(7));
    let other = place.run("other", &text, &data, &[]);
    check_explained(&run, &other, decisions.iter().step_by(199).map(|decision| decision.seq));
}
