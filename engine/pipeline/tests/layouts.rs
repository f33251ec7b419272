//! The same inputs give the same events and the same state: on every layout, with every wait strategy,
//! with and without venue latency, for a strategy that wakes on bars and one that wakes on ticks.

mod engine;
mod market;
mod patient;
mod requote;

use engine::{Case, Seen, replay, timeframes};
use indicators::Seed;
use market::made_market;
use model::{Event, Frame, Kind, Nanos, Order, Quantity, Rate, TargetWait, Timeframe, WaitStep};
use patient::{PATIENCE, Patient};
use pipeline::{Layout, Stage};
use requote::Requote;
use ring::Wait;
use rules::{EmaCross, EmaCrossConfig, Entry, MeanReversion, MeanReversionConfig, StopOn};
use strategy::Strategy;

#[test]
fn commands_come_at_their_times_and_before_the_data_of_their_times() {
    let ticks = made_market(5, 400);
    let case = Case { layout: Layout::split(), wait: Wait::Block, latency: Nanos(0), batch: 64 };
    let seen = replay(ema_cross(), &case, &ticks);
    let is_command = |frame: &&Frame| frame.input().kind == Kind::COMMAND;
    let found: Vec<_> = seen.frames.iter().filter(is_command).map(|frame| *frame.input()).collect();
    assert_eq!(found.iter().map(|command| command.words[0]).collect::<Vec<_>>(), [7, 8]);
    assert_eq!((found[0].seq, found[0].ts), (2, ticks[0].ts));
    assert_eq!(found[1].ts, ticks[ticks.len() / 2].ts);
    let before = ticks.iter().filter(|tick| tick.ts < found[1].ts).count() as u64;
    assert!(found[1].seq > before, "the ticks before it have their numbers");
}

fn one_stage_each() -> Layout {
    let names = Stage::ALL.map(Stage::name).map(String::from);
    let mut groups: Vec<Vec<String>> = names[..7].iter().map(|name| vec![name.clone()]).collect();
    groups.push(names[7..].to_vec());
    Layout::from_groups(&groups).unwrap()
}

fn three_groups() -> Layout {
    let names = Stage::ALL.map(Stage::name).map(String::from);
    Layout::from_groups(&[names[..2].to_vec(), names[2..4].to_vec(), names[4..].to_vec()]).unwrap()
}

fn check_layouts<S: Strategy + 'static>(strategy: impl Fn() -> S, ticks: &[Event], orders_min: usize) {
    for latency in [Nanos(0), Nanos(1_000_000)] {
        check_layouts_at(latency, &strategy, ticks, orders_min);
    }
}

/// On every layout as fused. What the fused run was.
fn check_layouts_at<S: Strategy + 'static>(
    latency: Nanos,
    strategy: impl Fn() -> S,
    ticks: &[Event],
    orders_min: usize,
) -> Seen {
    let fused = Case { layout: Layout::fused(), wait: Wait::Block, latency, batch: 512 };
    let expected = replay(strategy(), &fused, ticks);
    let count =
        |kind: Kind| expected.frames.iter().flat_map(|f| &f.events).filter(|e| e.kind == kind).count();
    assert!(count(Kind::ORDER) >= orders_min, "only {} orders: the case tests little", count(Kind::ORDER));
    assert!(count(Kind::FILL) >= orders_min && count(Kind::INDICATORS) > 100);
    for case in [
        fused.clone(),
        Case { batch: 7, ..fused.clone() },
        Case { layout: Layout::split(), ..fused.clone() },
        Case { layout: Layout::split(), wait: Wait::Yield, batch: 1, ..fused.clone() },
        Case { layout: three_groups(), ..fused.clone() },
        Case { layout: one_stage_each(), ..fused.clone() },
    ] {
        let seen = replay(strategy(), &case, ticks);
        assert_eq!(seen.outcome.event_hash, expected.outcome.event_hash, "{case:?}");
        assert_eq!(seen.outcome.state_hash, expected.outcome.state_hash, "{case:?}");
        assert_eq!(seen.outcome.portfolio.account(), expected.outcome.portfolio.account(), "{case:?}");
        // As text, where a value that is not complete equals another such.
        assert_eq!(format!("{:?}", seen.frames), format!("{:?}", expected.frames), "{case:?}");
        assert!(seen.frames.iter().any(|frame| !frame.cells.is_empty()), "matrices cross the rings too");
    }
    expected
}

fn ema_cross() -> EmaCross {
    let config = EmaCrossConfig {
        timeframe: Timeframe::parse("10s").unwrap(),
        fast: 3,
        slow: 8,
        quantity: Quantity::parse("2").unwrap(),
        seed: Seed::First,
    };
    EmaCross::new(config, &timeframes(), 2).unwrap()
}

fn mean_reversion(stop_on: StopOn, entry: Entry) -> MeanReversion {
    let config = MeanReversionConfig {
        timeframe: Timeframe::parse("10s").unwrap(),
        rsi_low: 45.0,
        rsi_high: 55.0,
        bollinger_k: Rate::parse("1").unwrap(),
        stop_atr: 0.7,
        entry,
        stop_on,
        ..MeanReversionConfig::default()
    };
    MeanReversion::new(config, &timeframes(), 2).unwrap()
}

#[test]
fn bars_wake_the_strategy() {
    check_layouts(ema_cross, &made_market(1, 20_000), 50);
}

#[test]
fn ticks_wake_the_strategy() {
    check_layouts(|| mean_reversion(StopOn::Tick, Entry::Market), &made_market(2, 6_000), 20);
}

#[test]
fn limit_orders_rest_and_are_withdrawn() {
    check_layouts(|| mean_reversion(StopOn::Bar, Entry::Limit), &made_market(3, 20_000), 20);
}

#[test]
fn targets_wait_for_the_answers_of_cancels() {
    for latency in [Nanos(0), Nanos(1_000_000), Nanos(3_000_000_000), Nanos(25_000_000_000)] {
        let seen = check_layouts_at(latency, Requote::default, &made_market(6, 8_000), 50);
        let events = || seen.frames.iter().flat_map(|frame| &frame.events);
        let late =
            |event: &&Event| event.kind == Kind::ORDER && Order::from_event(event).cause_seq < event.seq;
        assert!(
            events().filter(late).count() > 50,
            "orders of earlier intents, with a latency of {latency:?}"
        );
        let steps: Vec<WaitStep> = events()
            .filter(|event| event.kind == Kind::WAIT)
            .map(|event| TargetWait::from_event(event).step)
            .collect();
        let count = |step| steps.iter().filter(|found| **found == step).count();
        let expected = [
            (WaitStep::Begun, Nanos(0), 50),
            (WaitStep::AtTarget, Nanos(3_000_000_000), 1),
            (WaitStep::Superseded, Nanos(25_000_000_000), 50),
        ];
        for (step, latency_min, count_min) in expected {
            assert!(
                latency < latency_min || count(step) >= count_min,
                "{} {step:?} at {latency:?}",
                count(step)
            );
        }
    }
}

#[test]
fn another_seed_gives_another_hash() {
    let case = Case { layout: Layout::fused(), wait: Wait::Block, latency: Nanos(0), batch: 512 };
    let hash = |seed| replay(ema_cross(), &case, &made_market(seed, 2_000)).outcome.event_hash;
    assert_ne!(hash(1), hash(2));
}

#[test]
fn input_numbers_have_no_gap_and_time_never_goes_back() {
    let case = Case { layout: Layout::split(), wait: Wait::Block, latency: Nanos(1_000_000), batch: 100 };
    let seen = replay(ema_cross(), &case, &made_market(4, 5_000));
    let inputs: Vec<&Event> = seen.frames.iter().map(Frame::input).collect();
    assert!(inputs.windows(2).all(|pair| pair[0].seq < pair[1].seq && pair[0].ts <= pair[1].ts));
    assert_eq!(seen.outcome.inputs, inputs.last().unwrap().seq);
    // Every derived event carries the number of its input.
    assert!(seen.frames.iter().all(|frame| frame.events.iter().all(|event| event.seq == frame.input().seq)));
    // Every input that is no tick has a frame.
    assert_eq!(seen.frames.len() as u64, seen.outcome.inputs - seen.outcome.ticks);
}

#[test]
fn what_is_come_back_to_comes_at_its_instant_on_every_layout() {
    let ticks = made_market(6, 20_000);
    check_layouts(Patient::default, &ticks, 20);
    let case = Case { layout: Layout::split(), wait: Wait::Block, latency: Nanos(1_000_000), batch: 64 };
    let seen = replay(Patient::default(), &case, &ticks);
    let events: Vec<&Event> = seen.frames.iter().flat_map(|frame| &frame.events).collect();
    let mut sent = std::collections::BTreeMap::new();
    let mut ages = Vec::new();
    for event in events {
        match event.kind {
            Kind::ORDER => drop(sent.insert(i64::from(Order::from_event(event).id.0), event.ts)),
            Kind::CANCEL => ages.push(event.ts - sent[&event.words[0]]),
            _ => {}
        }
    }
    assert!(ages.len() > 20 && ages.iter().all(|age| *age == PATIENCE), "{ages:?}");
    let is_bare = |frame: &&Frame| frame.input().kind == Kind::TIMER && frame.bars.is_empty();
    let bare: Vec<Nanos> = seen.frames.iter().filter(is_bare).map(|frame| frame.input().ts).collect();
    assert!(bare.len() > 20 && bare.iter().all(|ts| ts.0 % (5 * Nanos::SECOND.0) == 0), "{bare:?}");
    let case = Case { layout: Layout::fused(), ..case };
    let others = replay(ema_cross(), &case, &ticks);
    assert_eq!(others.frames.iter().filter(is_bare).count(), 0, "who does not ask is not woken");
}
