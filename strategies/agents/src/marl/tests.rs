//! Every verdict, urgency, exit, miss and swap by agents that say what they are told to.

use super::*;
use crate::testing::{SYMBOLS, Script, Voice, marl, shape_of, step, voices};
use crate::{CircuitConfig, DecideOn, SimulatedMiss, swap_event};
use model::Direction::{Long, Short};
use model::Side::{Buy, Sell};
use model::{Action, Nanos, Pattern, Purpose, Quantity, Urgency};
use strategy::{ExitsConfig, Revisit, SizingConfig};

mod leaving;

const AGGRESSIVE: [f32; 3] = [1.0, 0.0, 0.0];
const EXECUTE: [f32; 3] = [0.0, 1.0, 0.0];
const WAIT: [f32; 3] = [0.0, 0.0, 1.0];
const LONG: [f32; 3] = [0.8, 0.1, 0.1];
const FLAT: [f32; 3] = [0.1, 0.8, 0.1];
const SHORT: [f32; 3] = [0.1, 0.1, 0.8];

fn config() -> AgentsConfig {
    AgentsConfig::default()
}

fn script() -> Script {
    Script::new(config())
}

/// Long 2 from 100, after a first decision.
fn long_at_100() -> Script {
    let mut script = script();
    assert_eq!(script.synergy("100", Long), "act: 2");
    script.fill(Buy, "2", "100");
    script
}

/// A limit order for 2 was wished for at 100.
fn resting_at_100() -> Script {
    let mut script = script();
    script.told(LONG, EXECUTE);
    assert_eq!(script.synergy("100", Long), "act: 2@touch");
    script
}

#[test]
fn a_flat_account_decides_by_this_table() {
    let check = |votes, entry, direction, expected: &str| {
        let mut script = script();
        script.told(votes, entry);
        assert_eq!(script.synergy("100", direction), expected, "{votes:?} {entry:?} {direction:?}");
    };
    check(LONG, AGGRESSIVE, Long, "act: 2");
    check(SHORT, AGGRESSIVE, Short, "act: -2");
    check(LONG, EXECUTE, Long, "act: 2@touch");
    check(LONG, WAIT, Long, "wait:");
    check(LONG, [0.4, 0.4, 0.2], Long, "wait:");
    check(FLAT, AGGRESSIVE, Long, "at_target:");
    check(FLAT, WAIT, Long, "at_target:");
    // Against the synergy 0.8 is worth 0.56 and 0.7 is worth 0.49.
    check(LONG, AGGRESSIVE, Short, "act: 2");
    check([0.7, 0.2, 0.1], AGGRESSIVE, Short, "below_gate:");
    check([0.7, 0.2, 0.1], AGGRESSIVE, Long, "act: 2");
    check([0.5, 0.25, 0.25], AGGRESSIVE, Long, "act: 2");
    check([0.49, 0.26, 0.25], AGGRESSIVE, Long, "below_gate:");
    check([0.5, 0.0, 0.5], AGGRESSIVE, Long, "below_gate:");
}

#[test]
fn a_held_position_decides_by_this_table() {
    let check = |votes, entry, close: &str, expected: &str| {
        let mut script = long_at_100();
        script.told(votes, entry);
        assert_eq!(script.synergy(close, Long), expected, "{votes:?} {entry:?} at {close}");
    };
    check(LONG, AGGRESSIVE, "100", "at_target:");
    check(LONG, WAIT, "100", "at_target:");
    check(LONG, AGGRESSIVE, "95", "act: 2.105263157");
    check(FLAT, AGGRESSIVE, "100", "act: 0");
    check(FLAT, EXECUTE, "100", "act: 0@touch");
    check(FLAT, WAIT, "100", "wait:");
    check(SHORT, AGGRESSIVE, "100", "act: -2");
    check([0.2, 0.45, 0.35], AGGRESSIVE, "100", "below_gate:");
}

#[test]
fn the_decision_tells_what_led_to_it() {
    let mut script = script();
    script.synergy("100", Short);
    let decision = script.decisions()[0];
    assert_eq!(decision.symbol, SymbolId(0));
    assert_eq!(decision.synergy, Some((Pattern::ALL[0], Short)));
    assert_eq!(decision.says, [LONG, LONG, LONG, LONG, LONG, AGGRESSIVE]);
    assert_eq!((decision.missed, decision.gate.to_bits()), ([false; 6], 0.5_f32.to_bits()));
    assert_eq!((decision.action, decision.urgency), (Action::Long, Urgency::Aggressive));
    assert!((decision.confidence - 0.56).abs() < 1e-6 && (decision.ensemble[0] - 0.8).abs() < 1e-6);
    assert!((decision.weights.iter().sum::<f32>() - 2.0).abs() < 1e-6);
    assert_eq!(decision.target, Quantity::parse("2").unwrap());
    script.fill(Buy, "2", "100");
    script.told(FLAT, WAIT);
    script.synergy("100", Short);
    assert_eq!(script.decisions()[0].target, Quantity::parse("2").unwrap(), "what is held, where it holds");
}

#[test]
fn a_size_of_nothing_is_at_target() {
    let capped = SizingConfig { max_position: Some(Quantity::ZERO), ..SizingConfig::default() };
    let mut script = Script::new(AgentsConfig { sizing: capped, ..config() });
    assert_eq!(script.synergy("100", Long), "at_target:");
    script.fill(Buy, "1", "100");
    assert_eq!(script.synergy("100", Long), "at_target:", "rounding to nothing is no wish to be flat");
    script.told(FLAT, AGGRESSIVE);
    assert_eq!(script.synergy("100", Long), "act: 0");
}

#[test]
fn missing_answers_are_defaults_and_nothing_traded_is_a_time_out() {
    let miss = SimulatedMiss { seed: 1, probability: 1.0 };
    let mut script = Script::new(AgentsConfig { simulated_miss: miss, ..config() });
    assert_eq!(script.synergy("100", Long), "timed_out:");
    let decision = script.decisions()[0];
    assert_eq!(decision.missed, [true; 6]);
    let flat = [0.0, 1.0, 0.0];
    assert_eq!(decision.says, [flat, flat, flat, flat, flat, WAIT]);
    assert_eq!((decision.action, decision.urgency), (Action::Flat, Urgency::Wait));
    assert_eq!((script.marl().counts().asked, script.marl().counts().misses), ([1; 6], [1; 6]));
    assert_eq!(script.marl().counts().failures, [0; 6]);
}

#[test]
fn an_answer_that_fails_or_is_not_finite_is_missing() {
    let check = |spoil: fn(&Voice)| {
        let mut script = script();
        spoil(&script.voice(Agent::Momentum, 0));
        assert_eq!(script.synergy("100", Long), "act: 2", "the others carry it");
        let decision = script.decisions()[0];
        assert_eq!(decision.missed, [false, false, false, false, true, false]);
        assert_eq!(decision.says[4].map(f32::to_bits), [0.0_f32, 1.0, 0.0].map(f32::to_bits));
        // Without the entry agent nothing is traded.
        script.voice(Agent::Momentum, 0).fail(false);
        script.told(LONG, AGGRESSIVE);
        spoil(&script.voice(Agent::Entry, 0));
        assert_eq!(script.synergy("100", Long), "timed_out:");
        let counts = script.marl().counts();
        assert_eq!((counts.failures, counts.misses), ([0, 0, 0, 0, 1, 1], [0, 0, 0, 0, 1, 1]));
    };
    check(|voice| voice.say([f32::NAN, 0.5, 0.5]));
    check(|voice| voice.say([f32::INFINITY, 0.0, 0.0]));
    check(|voice| voice.fail(true));
}

#[test]
fn a_missing_voter_never_takes_a_position_away() {
    let check = |votes, voter: Option<Agent>, close: &str, expected: &str| {
        let mut script = long_at_100();
        script.told(votes, AGGRESSIVE);
        voter.into_iter().for_each(|voter| script.voice(voter, 0).fail(true));
        assert_eq!(script.synergy(close, Long), expected, "{votes:?} without {voter:?} at {close}");
    };
    let tipped = [0.6, 0.3, 0.1];
    for voter in &Agent::ALL[..Agent::VOTERS] {
        // To close, to reverse, to reduce (the size at 105 is less than 2); adding is open to the others.
        check(FLAT, Some(*voter), "100", "timed_out:");
        check([0.0, 0.0, 1.0], Some(*voter), "100", "timed_out:");
        check([1.0, 0.0, 0.0], Some(*voter), "105", "timed_out:");
        check([1.0, 0.0, 0.0], Some(*voter), "95", "act: 2.105263157");
    }
    check(FLAT, None, "100", "act: 0");
    // The default of one of two tactical agents tips the ensemble to flat; without it, nothing is said against holding.
    check(tipped, None, "100", "at_target:");
    check(tipped, Some(Agent::Fvg), "100", "timed_out:");
    // Exits wait for nobody, and go on.
    let mut script = long_at_100();
    script.voice(Agent::Fvg, 0).fail(true);
    assert_eq!(script.synergy("90", Long), "timed_out: 0");
    script.told([0.0, 0.0, 1.0], AGGRESSIVE);
    assert_eq!(script.synergy("90", Short), "timed_out: 0", "nor is an exit turned into a reversal");
}

#[test]
fn a_missing_answer_leaves_a_resting_order_to_close_alone() {
    let mut script = long_at_100();
    script.told(FLAT, EXECUTE);
    assert_eq!(script.synergy("100", Long), "act: 0@touch");
    script.voice(Agent::Mlmi, 0).fail(true);
    assert_eq!(script.synergy_between("100", Long), "timed_out:");
}

#[test]
fn a_time_out_hides_every_other_hold() {
    for (votes, entry) in [(LONG, WAIT), ([0.4, 0.3, 0.3], AGGRESSIVE), (FLAT, AGGRESSIVE)] {
        let mut script = script();
        script.told(votes, entry);
        script.voice(Agent::Fvg, 0).fail(true);
        assert_eq!(script.synergy("100", Long), "timed_out:", "{votes:?} {entry:?}");
    }
}

#[test]
fn misses_in_a_row_leave_an_agent_alone_for_a_while() {
    // A cool-down of two bars.
    let circuit = CircuitConfig { misses: 2, cool_down: Nanos(10 * Nanos::MINUTE.0) };
    let mut script = Script::new(AgentsConfig { circuit, ..config() });
    let voice = script.voice(Agent::Nwrqk, 0);
    let mut asked = |fails: bool, missed: bool| {
        voice.fail(fails);
        voice.asked();
        script.synergy("100", Long);
        assert_eq!(script.decisions()[0].missed[Agent::Nwrqk as usize], missed);
        voice.asked().len()
    };
    assert_eq!([asked(true, true), asked(false, false), asked(true, true), asked(true, true)], [1; 4]);
    assert_eq!(asked(false, true), 0, "open");
    assert_eq!(asked(false, false), 1, "the cool-down is over");
    assert_eq!([asked(true, true), asked(true, true), asked(false, true)], [1, 1, 0]);
    let counts = script.marl().counts();
    assert_eq!((counts.misses[1], counts.failures[1], counts.openings), (7, 5, [0, 2, 0, 0, 0, 0]));
    let figures = script.marl().figures().agents[1];
    assert_eq!((figures.agent, figures.asked), (Agent::Nwrqk, 7));
    assert_eq!((figures.missed, figures.circuit_openings), (7, 2));
}

#[test]
fn a_circuit_that_opens_leaves_its_frame_alone() {
    let circuit = CircuitConfig { misses: 1, cool_down: Nanos(10 * Nanos::MINUTE.0) };
    let mut script = Script::new(AgentsConfig { circuit, ..config() });
    script.voice(Agent::Nwrqk, 0).say([f32::NAN; 3]);
    let both = [step(0, "100", Some(Long)), step(1, "100", Some(Long))];
    script.steps(&both);
    let counts = script.marl().counts();
    assert_eq!((counts.misses[1], counts.failures[1], counts.openings[1]), (2, 2, 1));
}

#[test]
fn a_command_swaps_the_model_from_then_on() {
    let mut script = script();
    for agent in Agent::ALL {
        script.voice(agent, 1).say(if agent == Agent::Entry { WAIT } else { SHORT });
    }
    let before = script.state_hash();
    script.command(swap_event(script.ts(), Agent::Entry, 1));
    assert_ne!(script.state_hash(), before);
    assert_eq!(script.synergy("100", Long), "wait:");
    script.command(swap_event(script.ts(), Agent::Entry, 0));
    assert_eq!(script.synergy("100", Long), "act: 2");
    for agent in &Agent::ALL[..Agent::VOTERS] {
        script.command(swap_event(script.ts(), *agent, 1));
    }
    assert_eq!(script.synergy("100", Short), "act: -2");
    let unknown = script.state_hash();
    script.command(swap_event(script.ts(), Agent::Fvg, 2));
    assert_eq!(script.state_hash(), unknown);
    let counts = script.marl().counts();
    assert_eq!((counts.swaps, counts.swaps_refused), (7, 1));
}

/// What agents missed, which model answers, what works and what is counted: all of it goes on after a restart.
#[test]
fn a_restart_changes_nothing() {
    let config = AgentsConfig { circuit: CircuitConfig { misses: 2, cool_down: Nanos(1) }, ..config() };
    let run = |restarts: bool| {
        let mut script = Script::new(config);
        let mut said = Vec::new();
        script.voice(Agent::Fvg, 1).fail(true);
        script.voice(Agent::Mlmi, 1).say(SHORT);
        for nth in 0..60 {
            script.told(
                if nth % 7 < 4 { LONG } else { SHORT },
                if nth % 3 == 0 { EXECUTE } else { AGGRESSIVE },
            );
            if nth % 10 == 5 {
                script.command(swap_event(script.ts(), Agent::ALL[nth % 4], nth / 10 % 3));
            }
            let close = ["100", "103", "88", "120", "97"][nth % 5];
            said.push(if nth % 4 == 1 { script.bar(close) } else { script.synergy(close, Long) });
            if nth % 9 == 2 {
                script.fill(if nth % 2 == 0 { Buy } else { Sell }, "1.5", close);
            }
            let (hash, counts) = (script.state_hash(), script.marl().counts());
            if restarts {
                script.restart(config);
            }
            assert_eq!((script.state_hash(), script.marl().counts()), (hash, counts));
        }
        (said, script.marl().counts(), script.marl().figures())
    };
    let (said, counts, figures) = run(false);
    assert_eq!(run(true), (said, counts, figures));
    assert!(counts.swaps > 0 && counts.swaps_refused > 0 && counts.failures[Agent::Fvg as usize] > 0);
    assert!(counts.openings[Agent::Fvg as usize] > 0 && counts.exits.iter().sum::<u64>() > 0);
}

#[test]
fn each_agent_is_asked_once_about_all_symbols() {
    let mut script = script();
    let steps = [step(0, "100", Some(Long)), step(1, "100", None), step(2, "50", Some(Short))];
    assert_eq!(script.steps(&steps), "act,act: 2 4");
    for agent in Agent::ALL {
        let asked = script.voice(agent, 0).asked();
        assert_eq!(asked.len(), 1, "{agent:?}");
        let shape = shape_of(agent);
        let (matrices, contexts) = &asked[0];
        assert_eq!(contexts.len(), 2 * CONTEXT_LEN);
        let sign = if agent.group() == AgentGroup::Strategic { 1.0 } else { -1.0 };
        assert_eq!(matrices[..], [vec![sign; shape.cells()], vec![3.0 * sign; shape.cells()]].concat());
        assert_eq!((contexts[8], contexts[17]), (1.0, -1.0));
        let told: Vec<f32> = script.decisions().iter().flat_map(|decision| decision.context).collect();
        assert_eq!(told, *contexts, "a decision tells the context that each agent read");
    }
    let symbols: Vec<u32> = script.decisions().iter().map(|decision| decision.symbol.0).collect();
    assert_eq!(symbols, [0, 2]);
}

#[test]
fn agents_see_the_portfolio() {
    let mut script = long_at_100();
    script.voice(Agent::Mlmi, 0).asked();
    script.set_equity("800", "1000");
    script.bar("100");
    // Size 80/(0.5·104); P&L 8; two bars; drawdown 0.2.
    script.synergy("104", Short);
    let (_, context) = script.voice(Agent::Mlmi, 0).asked().remove(0);
    assert_eq!(script.decisions().last().unwrap().context[..], context[..]);
    let size = (80.0_f64 / 52.0 * 1e9).floor() / 1e9;
    let expected = [2.0 / size, 0.01, 0.02, 0.2, 1.0, 0.0, 0.0, 0.0, -1.0];
    for (place, (number, expected)) in context.iter().zip(expected).enumerate() {
        assert!((f64::from(*number) - expected).abs() < 1e-6, "{place}: {context:?}");
    }
    let capped =
        SizingConfig { max_position: Some(Quantity::parse("8").unwrap()), ..SizingConfig::default() };
    let mut script = Script::new(AgentsConfig { sizing: capped, ..config() });
    script.fill(Buy, "2", "100");
    script.synergy("100", Long);
    let (_, context) = script.voice(Agent::Entry, 0).asked().remove(0);
    assert_eq!(context[..3], [0.25, 0.0, 0.01], "the configured limit, no gain, one bar");
}

#[test]
fn the_latest_matrix_of_each_group_is_used_and_both_must_exist() {
    let mut script = script();
    let mut bare = step(0, "100", Some(Long));
    bare.cells = None;
    assert_eq!(script.steps(std::slice::from_ref(&bare)), "");
    assert_eq!(script.marl().counts().unready, 1);
    script.bar("100");
    assert_eq!(script.steps(&[bare]), "act: 2");
    let (matrix, _) = script.voice(Agent::Fvg, 0).asked().remove(0);
    assert_eq!(matrix, [-1.0; 4]);
    assert_eq!(script.steps(&[step(1, "100", None), step(2, "100", Some(Long))]), "act: 2");
    assert_eq!(script.marl().counts().unready, 1);
}

#[test]
fn on_bars_every_tactical_bar_is_decided_and_synergies_are_not_read() {
    let blend_bar = 1.0;
    let mut script = Script::new(AgentsConfig { decide_on: DecideOn::Bar, blend_bar, ..config() });
    for agent in [Agent::Fvg, Agent::Momentum] {
        script.voice(agent, 0).say(SHORT);
    }
    assert_eq!(script.bar("100"), "act: 2");
    assert_eq!(script.decisions()[0].synergy, None);
    let (_, context) = script.voice(Agent::Mlmi, 0).asked().remove(0);
    assert_eq!(context[4..], [0.0; 5]);
    // Short against a long synergy would be worth 0.56 only.
    let vote = [0.2, 0.2, 0.6];
    script.told(vote, AGGRESSIVE);
    assert_eq!(script.synergy("100", Long), "act: -2");
    assert_eq!(script.synergy_between("100", Long), "");
    assert_eq!(script.steps(&[step(0, "100", None), step(2, "100", None)]), "act,act: -2 -2");
}

#[test]
fn counts_are_of_everything() {
    let mut script = script();
    script.synergy("100", Long);
    script.told(FLAT, AGGRESSIVE);
    script.synergy("100", Long);
    script.told([0.4, 0.3, 0.3], AGGRESSIVE);
    script.synergy("100", Long);
    script.told(LONG, WAIT);
    script.synergy("100", Long);
    let counts = script.marl().counts();
    assert_eq!((counts.verdicts, counts.decisions()), ([1, 1, 1, 1, 0, 0], 4));
    assert_eq!(counts.misses, [0; 6]);
}

#[test]
fn the_state_hash_sees_what_matters_later() {
    let hashes = [
        script().state_hash(),
        {
            let mut script = script();
            script.bar("100");
            script.state_hash()
        },
        {
            let mut script = script();
            script.bar("101");
            script.state_hash()
        },
        {
            let mut script = script();
            let mut other = step(0, "100", None);
            other.cells = Some(([1.0; 6], [-1.0, -1.0, -1.0, -2.0]));
            script.steps(&[other]);
            script.state_hash()
        },
        resting_at_100().state_hash(),
        long_at_100().state_hash(),
        {
            let mut script = script();
            script.voice(Agent::Fvg, 0).fail(true);
            script.synergy("100", Long);
            script.fill(Buy, "2", "100");
            script.state_hash()
        },
    ];
    for (i, one) in hashes.iter().enumerate() {
        assert_eq!(hashes.iter().position(|other| other == one), Some(i), "history {i}");
    }
    assert_eq!(long_at_100().state_hash(), hashes[5]);
}

#[test]
fn what_does_not_fit_is_named() {
    let check = |edit: fn(&mut AgentsConfig, &mut Models), expected: &str| {
        let (_, mut models) = voices();
        let mut config = config();
        edit(&mut config, &mut models);
        let said = marl(config, models).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(
            said.starts_with(expected) && said.is_empty() == expected.is_empty(),
            "{said:?}, not {expected:?}"
        );
    };
    check(|_, _| (), "");
    check(|config, _| config.gate = -1.0, "agents.gate = -1");
    check(|config, _| config.strategic = 2, "agents.strategic names matrix 2 of 2");
    check(|config, _| config.tactical = 9, "agents.tactical names matrix 9 of 2");
    check(|_, models| models[4].clear(), "agent momentum has no model");
    check(
        |_, models| models[0][1] = models[5].remove(0),
        "model 1 of agent mlmi takes observations of 2x2+9, but the run's are 3x2+9",
    );
    check(|config, _| config.sizing.target_volatility = 0.0, "sizing.target_volatility = 0");
    check(|config, _| config.exits.stop_atr = -1.0, "exits.stop_atr = -1");
    check(
        |config, _| std::mem::swap(&mut config.strategic, &mut config.tactical),
        "sizing: no indicator of 5m gives volatility_30",
    );
    check(
        |config, _| (config.tactical, config.exits) = (0, ExitsConfig::default()),
        "exits: no indicator of 30m gives atr_14",
    );
}

#[test]
fn it_says_what_it_is() {
    let (_, models) = voices();
    let marl = marl(config(), models).unwrap();
    assert_eq!((marl.name(), marl.wakes()), ("marl", Wakes::Bars));
    assert_eq!(marl.timeframes(), [30, 5].map(|n| Timeframe::parse(&format!("{n}m")).unwrap()));
    assert_eq!((observation_shape(&MatrixSpec::strategic()), SYMBOLS), (Shape::STRATEGIC, 3));
    assert_eq!(observation_shape(&MatrixSpec::tactical()), Shape::TACTICAL);
}
