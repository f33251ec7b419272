//! A run that is cut after any input and continued: it ends as the uninterrupted run does, nothing is kept twice, and
//! what came from outside of the fold comes again where it was.

mod engine;
mod market;
mod requote;

use engine::{Case, Seen, replay, replay_at};
use market::made_market;
use matching::Venue;
use model::{Event, Kind, Nanos, RefusalReason, RejectReason, Report, ReportKind, halt_event, is_halt};
use pipeline::{Edge, Keeper, Layout, OnFailure, Past, RunError};
use proptest::prelude::*;
use requote::Requote;
use ring::Wait;
use std::sync::{Arc, Mutex};

/// Keeps in memory, up to some number of events; then it fails.
#[derive(Clone)]
struct Memory {
    kept: Arc<Mutex<Vec<Event>>>,
    room: usize,
}

impl Memory {
    fn new(room: usize) -> Self {
        Self { kept: Arc::default(), room }
    }

    fn take(&self) -> Vec<Event> {
        std::mem::take(&mut self.kept.lock().unwrap())
    }
}

impl Keeper for Memory {
    fn keep(&mut self, events: &[Event]) {
        let mut kept = self.kept.lock().unwrap();
        let fits = events.len().min(self.room - kept.len());
        kept.extend_from_slice(&events[..fits]);
    }

    fn secure(&mut self) -> bool {
        !self.has_failed()
    }

    fn has_failed(&self) -> bool {
        self.kept.lock().unwrap().len() == self.room
    }
}

fn case(layout: Layout) -> Case {
    Case { layout, wait: Wait::Block, latency: Nanos(1_000_000), batch: 64 }
}

fn past(kept: &[Event]) -> Past {
    let inputs: Vec<Event> = kept.iter().filter(|event| event.kind.is_input()).copied().collect();
    let mut inputs = inputs.into_iter();
    Past::new(kept.iter().map(|event| (1, *event)), Box::new(move || Ok(inputs.next()))).unwrap()
}

fn recorded(layout: Layout, ticks: &[Event]) -> (Seen, Vec<Event>) {
    let memory = Memory::new(usize::MAX);
    let edge = |venue: Venue| Edge::new(venue).keeping(Box::new(memory.clone()), OnFailure::Halt);
    let seen = replay_at(Requote::default(), &case(layout), ticks, edge).unwrap();
    (seen, memory.take())
}

fn continued(layout: Layout, ticks: &[Event], kept: &[Event]) -> Result<(Seen, Vec<Event>), RunError> {
    let memory = Memory::new(usize::MAX);
    let edge =
        |venue: Venue| Edge::new(venue).keeping(Box::new(memory.clone()), OnFailure::Halt).after(past(kept));
    let seen = replay_at(Requote::default(), &case(layout), ticks, edge)?;
    Ok((seen, memory.take()))
}

fn assert_same(left: &Seen, right: &Seen) {
    assert_eq!(left.outcome.event_hash, right.outcome.event_hash);
    assert_eq!(left.outcome.state_hash, right.outcome.state_hash);
    // What else is in a frame is in the hashes; values that are not there yet are NaN, and equal nothing.
    let told =
        |seen: &Seen| -> Vec<Vec<Event>> { seen.frames.iter().map(|frame| frame.events.clone()).collect() };
    assert!(told(left) == told(right), "the recorder saw something else");
}

/// Inputs by number, and requests by what they are, each once.
fn sorted(events: &[Event]) -> Vec<(u64, u8, i64)> {
    let mut keys: Vec<_> = events.iter().map(|event| (event.seq, event.kind.0, event.words[0])).collect();
    keys.sort_unstable();
    keys
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_run_cut_anywhere_ends_as_if_it_had_not_been(
        seed in 0..1000_u64,
        cut in 0.0..1.0_f64,
        layouts in prop::sample::select(vec![(false, false), (false, true), (true, false), (true, true)]),
    ) {
        let layout = |split| if split { Layout::split() } else { Layout::fused() };
        let ticks = made_market(seed, 600);
        let (whole, kept) = recorded(layout(layouts.0), &ticks);
        prop_assert!(kept.iter().any(|event| event.kind == Kind::ORDER));
        let cut = (cut * kept.len() as f64) as usize;
        let (again, more) = continued(layout(layouts.1), &ticks, &kept[..cut]).unwrap();
        assert_same(&again, &whole);
        // A request that was kept is not kept again, one that was not is; likewise inputs.
        let both: Vec<Event> = kept[..cut].iter().chain(&more).copied().collect();
        prop_assert_eq!(sorted(&both), sorted(&kept));
    }
}

/// The hard places: right behind an input whose order is not kept yet, and right behind the order.
#[test]
fn a_run_cut_beside_an_order_keeps_it_once() {
    let ticks = made_market(2, 400);
    let (whole, kept) = recorded(Layout::fused(), &ticks);
    let requests: Vec<usize> = (0..kept.len()).filter(|at| !kept[*at].kind.is_input()).collect();
    assert!(requests.len() > 10);
    for cut in requests.iter().step_by(requests.len() / 10).flat_map(|at| [*at, at + 1]) {
        let (again, more) = continued(Layout::fused(), &ticks, &kept[..cut]).unwrap();
        assert_same(&again, &whole);
        let both: Vec<Event> = kept[..cut].iter().chain(&more).copied().collect();
        assert_eq!(sorted(&both), sorted(&kept), "cut at {cut}");
    }
}

#[test]
fn keeping_changes_nothing() {
    let ticks = made_market(3, 500);
    let plain = replay(Requote::default(), &case(Layout::fused()), &ticks);
    let (seen, kept) = recorded(Layout::fused(), &ticks);
    assert_same(&seen, &plain);
    let numbers: Vec<u64> =
        kept.iter().filter(|event| event.kind.is_input()).map(|event| event.seq).collect();
    assert_eq!(numbers, (1..=plain.outcome.inputs).collect::<Vec<_>>(), "every input once, in order");
}

#[test]
fn requests_are_kept_after_what_caused_them() {
    let (_, kept) = recorded(Layout::fused(), &made_market(4, 500));
    let mut last_input = 0;
    for event in &kept {
        if event.kind.is_input() {
            last_input = event.seq;
        } else {
            assert!(event.seq <= last_input, "{event:?} is kept before input {last_input}");
        }
    }
}

#[test]
fn other_data_than_the_journal_has_are_refused() {
    let ticks = made_market(5, 300);
    let (_, kept) = recorded(Layout::fused(), &ticks);
    let mut other = ticks;
    other[100].words[1] += 1;
    let error = continued(Layout::fused(), &other, &kept).map(|_| ()).unwrap_err();
    let text = error.to_string();
    assert!(
        matches!(error, RunError::Diverged(_)) && text.contains("input ") && text.contains("--force"),
        "{text}"
    );
}

/// A journal that fails halts new risk: the gate refuses, the order that could not be kept is rejected, and no other
/// order leaves.
#[test]
fn a_journal_that_fails_halts_new_risk() {
    let ticks = made_market(6, 600);
    let (_, kept) = recorded(Layout::fused(), &ticks);
    let orders = |events: &[Event]| events.iter().filter(|event| event.kind == Kind::ORDER).count();
    let room = kept.len() / 2;
    let memory = Memory::new(room);
    let edge = |venue: Venue| Edge::new(venue).keeping(Box::new(memory.clone()), OnFailure::Halt);
    let seen = replay_at(Requote::default(), &case(Layout::fused()), &ticks, edge).unwrap();
    let events = || seen.frames.iter().flat_map(|frame| &frame.events);
    assert_eq!(events().filter(|event| is_halt(event)).count(), 1, "it is said once");
    let reason = |event: &&Event| {
        event.kind == Kind::REPORT && Report::from_event(event).reason == Some(RejectReason::NotKept)
    };
    let not_kept = events().filter(reason).count();
    let sent = events().filter(|event| event.kind == Kind::ORDER).count();
    assert_eq!(sent, orders(&memory.take()) + not_kept, "an order that is not kept does not leave");
    let halted = |event: &&Event| {
        event.kind == Kind::REFUSAL && model::Intent::refusal_reason(event) == RefusalReason::Halted
    };
    assert!(events().filter(halted).count() > 0, "the gate refuses from then on");
}

/// Where nobody holds our orders, there is nothing to go on for.
#[test]
fn a_backtest_whose_journal_fails_ends() {
    let ticks = made_market(6, 600);
    let memory = Memory::new(300);
    let edge = |venue: Venue| Edge::new(venue).keeping(Box::new(memory.clone()), OnFailure::End);
    let ended = replay_at(Requote::default(), &case(Layout::fused()), &ticks, edge).map(|_| ());
    assert!(matches!(ended, Err(RunError::Journal)), "{ended:?}");
}

/// Inputs from outside of the fold stand in the journal under their numbers, and come again there.
#[test]
fn what_came_from_outside_comes_again_where_it_was() {
    let ticks = made_market(7, 600);
    let memory = Memory::new(usize::MAX);
    let (_, kept) = recorded(Layout::fused(), &ticks);
    // As if one order had been lost on its way and found so at a restart in the middle.
    let cut = kept.len() / 2;
    let order = kept[..cut].iter().rposition(|event| event.kind == Kind::ORDER).expect("it trades");
    let until_order = &kept[..=order];
    let lost = model::Order::from_event(&kept[order]);
    let report = Report {
        id: lost.id,
        symbol: lost.symbol,
        kind: ReportKind::Rejected,
        reason: Some(RejectReason::Lost),
    };
    let last = until_order.iter().rfind(|event| event.kind.is_input()).unwrap();
    let next = |event: Event, n| Event { seq: last.seq + n, ts: last.ts, ..event };
    let mut past_events = until_order.to_vec();
    past_events.extend([next(report.to_event(last.ts), 1), next(halt_event(last.ts), 2)]);
    let edge = |venue: Venue| {
        Edge::new(venue).keeping(Box::new(memory.clone()), OnFailure::Halt).after(past(&past_events))
    };
    let first = replay_at(Requote::default(), &case(Layout::fused()), &ticks, edge).unwrap();
    let all: Vec<Event> = past_events.into_iter().chain(memory.take()).collect();
    assert!(
        !first.frames.iter().any(|frame| {
            frame.input().kind == Kind::FILL && model::Fill::from_event(frame.input()).order == lost.id
        }),
        "the venue never had it"
    );
    for layout in [Layout::fused(), Layout::split()] {
        let (again, more) = continued(layout, &ticks, &all).unwrap();
        assert_same(&again, &first);
        assert!(more.is_empty(), "all of it was past");
    }
}
