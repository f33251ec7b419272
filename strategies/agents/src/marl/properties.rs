//! What may not matter: who else is decided on at the same time, how much is remembered, and how often it is run.
//!
//! Small untrained networks read random boundaries of three symbols; what they want is filled by a rule of each
//! symbol's own, so that positions, exits and withdrawals come about as well.

use super::*;
use crate::testing::{SYMBOLS, Step, boundary, fill_of, filled, marl, shape_of, state_hash};
use crate::{CircuitConfig, DecideOn, SimulatedMiss};
use inference::{Layer, Native, Network, NetworkDescription, OUTPUTS, seeded_inputs, untrained_weights};
use model::{Account, Decision, Direction, Nanos, Pattern, Quantity, Side};
use proptest::prelude::*;
use std::sync::Arc;
use strategy::{ExitsConfig, Strategy};

fn network(agent: Agent) -> Box<dyn Backend> {
    let shape = shape_of(agent);
    let layers = vec![
        Layer::Flatten {},
        Layer::ConcatContext {},
        Layer::Dense { input: shape.floats(), output: 8 },
        Layer::Relu {},
        Layer::Dense { input: 8, output: OUTPUTS },
        Layer::Softmax {},
    ];
    let description = NetworkDescription::new(shape, layers);
    let mut weights = untrained_weights(&description, 11 + agent as u64).unwrap();
    // Untrained networks hardly prefer anything; these do.
    weights.last_mut().unwrap().weight.iter_mut().for_each(|weight| *weight *= 4.0);
    Box::new(Native::new(Arc::new(Network::new(&description, &weights).unwrap())))
}

fn config(decide_on: DecideOn, probability: f64) -> AgentsConfig {
    AgentsConfig {
        decide_on,
        gate: 0.38,
        simulated_latency: Nanos(9),
        simulated_miss: SimulatedMiss { seed: 3, probability },
        // A circuit is an agent's, not a symbol's: who else misses does matter to it.
        circuit: CircuitConfig { misses: 0, cool_down: Nanos(0) },
        logits: [0.3, -0.2, 0.1, 0.5, -0.5],
        exits: ExitsConfig { stop_atr: 1.0, target_atr: 1.0, time_stop_bars: 8 },
        ..AgentsConfig::default()
    }
}

/// Boundaries at which some symbols close a bar and some of them have a synergy. Cells take few values, so that
/// observations repeat.
fn stream(boundaries: usize, seed: u64) -> Vec<Vec<Step>> {
    let mut numbers = seeded_inputs(boundaries * SYMBOLS * 16, seed).into_iter();
    let mut number = || numbers.next().expect("as many numbers as are used");
    let mut closes = [100.0_f32; SYMBOLS];
    let mut step = |symbol: usize| {
        let (bar, signal) = (number(), number());
        let [a, b, c] = std::array::from_fn(|_| number().trunc());
        let cells = ([a, a, a, b, b, b], [b, b, c, c]);
        closes[symbol] = (closes[symbol] + number()).max(10.0);
        let raw = (f64::from(closes[symbol]) * 1e9) as i64;
        let pattern = Pattern::ALL[(number().abs() * 1.99) as usize];
        let direction = if signal > 0.0 { Direction::Long } else { Direction::Short };
        let synergy = (signal.abs() > 1.0).then_some((pattern, direction));
        let step = Step { symbol: symbol as u32, close: Price::new(raw), synergy, cells: Some(cells) };
        (bar > -2.0).then_some(step)
    };
    (0..boundaries).map(|_| (0..SYMBOLS).filter_map(&mut step).collect()).collect()
}

/// What one run said, by input and symbol, and where it ended.
#[derive(Debug, PartialEq)]
struct Outcome {
    decisions: Vec<(u64, SymbolId, [u64; Decision::WORDS])>,
    wishes: Vec<(u64, Intent)>,
    counts: Counts,
    state: u128,
}

impl Outcome {
    fn of(&self, symbol: SymbolId) -> (Vec<[u64; Decision::WORDS]>, Vec<(u64, Intent)>) {
        let decisions = self.decisions.iter().filter(|(_, of, _)| *of == symbol);
        let wishes = self.wishes.iter().filter(|(_, intent)| intent.symbol == symbol);
        (decisions.map(|(_, _, words)| *words).collect(), wishes.copied().collect())
    }
}

/// Runs the boundaries, with the steps of `only` one symbol if there is one.
fn run(config: AgentsConfig, boundaries: &[Vec<Step>], only: Option<u32>) -> Outcome {
    let mut marl = marl(config, Agent::ALL.map(|agent| vec![network(agent)])).unwrap();
    let equity = Money::parse("1000").unwrap();
    let account = Account { equity, peak: equity, ..Account::default() };
    let (mut frame, mut out) = (Frame::default(), Intents::new());
    let mut positions = [0_i64; SYMBOLS];
    let (mut decisions, mut wishes) = (Vec::new(), Vec::new());
    for (n, steps) in (1_u64..).zip(boundaries) {
        let (seq, ts) = (10 * n, Nanos(n as i64 * 5 * Nanos::MINUTE.0));
        let steps: Vec<Step> =
            steps.iter().filter(|step| only.is_none_or(|only| only == step.symbol)).cloned().collect();
        boundary(&mut frame, seq, ts, account, &steps);
        out.clear();
        marl.on_frame(&frame, &mut out);
        decisions.extend(out.decisions().iter().map(|decision| (seq, decision.symbol, decision.words())));
        let wished: Vec<Intent> = out.iter().copied().collect();
        wishes.extend(wished.iter().map(|intent| (seq, *intent)));
        for intent in wished {
            let Goal::Target { position, style } = intent.goal else { continue };
            let symbol = intent.symbol.index();
            let delta = position.raw() - positions[symbol];
            // Every other limit order is not filled; those at market are.
            if delta == 0 || (style == Style::Touch && (n as usize + symbol).is_multiple_of(2)) {
                continue;
            }
            positions[symbol] = position.raw();
            let side = if delta > 0 { Side::Buy } else { Side::Sell };
            let close =
                steps.iter().find(|step| step.symbol == intent.symbol.0).expect("it closed a bar").close;
            let fill = fill_of(intent.symbol.0, side, Quantity::new(delta.abs()), close);
            filled(&mut frame, seq + 1 + symbol as u64, ts, &fill, account, positions[symbol]);
            out.clear();
            marl.on_frame(&frame, &mut out);
            assert!(out.is_empty() && out.decisions().is_empty(), "a fill says nothing by itself");
        }
    }
    Outcome { decisions, wishes, counts: marl.counts(), state: state_hash(&marl) }
}

#[test]
fn the_random_stream_reaches_everything() {
    for decide_on in DecideOn::ALL {
        let outcome = run(config(decide_on, 0.05), &stream(300, 1), None);
        let counts = outcome.counts;
        let [often @ .., leaving] = counts.verdicts;
        assert!(often.iter().all(|&count| count >= 5) && leaving > 0, "{decide_on:?} {counts:?}");
        assert!(
            counts.exits.iter().sum::<u64>() >= 3 && counts.misses.iter().all(|&count| count > 0),
            "{counts:?}"
        );
        let withdrawn = outcome.wishes.iter().filter(|(_, intent)| intent.goal == Goal::Withdraw).count();
        let touched = |intent: &Intent| matches!(intent.goal, Goal::Target { style: Style::Touch, .. });
        assert!(
            withdrawn >= 3 && outcome.wishes.iter().filter(|(_, intent)| touched(intent)).count() > withdrawn
        );
        assert!(counts.cache_hits.iter().any(|&hits| hits > 0), "{counts:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 8))]

    #[test]
    fn a_batch_decides_as_one_by_one(seed in any::<u64>(), on_bar in any::<bool>()) {
        let decide_on = if on_bar { DecideOn::Bar } else { DecideOn::Synergy };
        let boundaries = stream(60, seed);
        let together = run(config(decide_on, 0.1), &boundaries, None);
        prop_assert!(!together.decisions.is_empty());
        for symbol in 0..SYMBOLS as u32 {
            let alone = run(config(decide_on, 0.1), &boundaries, Some(symbol));
            prop_assert_eq!(alone.of(SymbolId(symbol)), together.of(SymbolId(symbol)), "symbol {}", symbol);
        }
    }

    #[test]
    fn the_size_of_the_cache_does_not_matter(seed in any::<u64>(), entries in 1..40_usize) {
        let boundaries = stream(60, seed);
        let of = |cache_entries| {
            let outcome = run(AgentsConfig { cache_entries, ..config(DecideOn::Bar, 0.1) }, &boundaries, None);
            let counts = Counts { cache_hits: [0; 6], cache_misses: [0; 6], ..outcome.counts };
            Outcome { counts, ..outcome }
        };
        let without = of(0);
        prop_assert_eq!(&of(entries), &without);
        prop_assert_eq!(&of(1_000), &without);
    }

    #[test]
    fn a_run_repeats_itself(seed in any::<u64>()) {
        let circuit = CircuitConfig { misses: 2, cool_down: Nanos(Nanos::HOUR.0) };
        let config = AgentsConfig { circuit, ..config(DecideOn::Bar, 0.3) };
        let boundaries = stream(60, seed);
        let once = run(config, &boundaries, None);
        prop_assert!(once.counts.openings.iter().any(|&openings| openings > 0));
        prop_assert_eq!(run(config, &boundaries, None), once);
    }
}
