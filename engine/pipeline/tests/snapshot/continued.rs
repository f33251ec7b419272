//! Cut anywhere, saved, restored into stages built anew, continued: the same hashes, figures and frames.

use super::case::{Case, Seen, recorded, ticks, under_way};
use super::made::{ema_cross, marl, mean_reversion, synergy_only};
use super::patient::Patient;
use super::requote::Requote;
use agents::DecideOn;
use bars::Fill;
use model::{Event, Kind, Nanos};
use pipeline::{Layout, Outcome, Outlets, SnapshotHead, Stage};
use proptest::prelude::*;
use rules::{Entry, NoStrategy, StopOn};
use strategy::{Strategy, StrategyFigures};

/// Figures that must agree. A cache of answers begins empty again: what it finds then is found by asking.
fn figures(outcome: &Outcome) -> String {
    let Outcome { event_hash, state_hash, inputs, ticks, late, ticks_clamped, portfolio, synergies, .. } =
        outcome;
    let mut strategy: StrategyFigures = outcome.strategy.clone();
    for agent in &mut strategy.agents {
        (agent.cache_hits, agent.cache_misses) = (0, agent.cache_hits + agent.cache_misses);
    }
    let hashes = format!("{event_hash:032x} {state_hash:032x}");
    format!("{hashes} {inputs} {ticks} {late} {ticks_clamped} {portfolio:?} {synergies:?} {strategy:?}")
}

/// As text, where a value that is not complete equals another such.
fn texts<'a>(frames: impl IntoIterator<Item = &'a model::Frame>) -> Vec<String> {
    frames.into_iter().map(|frame| format!("{frame:?}")).collect()
}

/// Cuts a run at each of these ticks, one cut after the other, and compares with the whole one. How many orders were
/// under way at the cuts.
fn check_cut<S: Strategy + 'static>(
    case: &Case,
    strategy: impl Fn() -> S,
    ticks: &[Event],
    whole: &Seen,
    cuts: &[usize],
) -> usize {
    let mut snapshot: Option<Vec<u8>> = None;
    let (mut frames, mut done, mut open) = (Vec::new(), 0, 0);
    for &cut in cuts {
        let (part, bytes) = recorded(|outlets| {
            let mut fold = case.fold(strategy(), ticks, outlets);
            if let Some(bytes) = &snapshot {
                fold.load(bytes).unwrap();
                let mut again = Vec::new();
                fold.save(&mut again);
                assert!(again == *bytes, "what was restored is what was saved");
            }
            case.feed(&mut fold, &ticks[done..cut]);
            let mut bytes = vec![1, 2, 3];
            fold.save(&mut bytes);
            let mut again = Vec::new();
            fold.save(&mut again);
            assert!(again == bytes, "saving changes nothing");
            let head = SnapshotHead::of(&bytes).unwrap();
            assert_eq!(head.strategy, strategy().name());
            assert_eq!((head.sequence, head.ticks, head.now), (fold.sequence(), cut as u64, fold.now()));
            assert_eq!(fold.ticks_seen(), head.ticks);
            open += under_way(&whole.frames, head.sequence);
            let hashes = (fold.event_hash(), fold.state_hash());
            let mut other = case.fold(strategy(), ticks, Outlets::default());
            other.load(&bytes).unwrap();
            assert_eq!((other.event_hash(), other.state_hash()), hashes, "the hashes are state");
            fold.flush().unwrap();
            bytes
        });
        frames.extend(part);
        (snapshot, done) = (Some(bytes), cut);
    }
    let snapshot = snapshot.expect("there is a cut");
    let (rest, outcome) = recorded(|outlets| {
        let mut fold = case.fold(strategy(), ticks, outlets);
        fold.load(&snapshot).unwrap();
        case.feed(&mut fold, &ticks[done..]);
        fold.finish(Some(ticks.last().unwrap().ts + Nanos::HOUR)).unwrap()
    });
    let expected = texts(&whole.frames);
    assert_eq!(figures(&outcome), figures(&whole.outcome), "{case:?} cut at {cuts:?}");
    assert_eq!(texts(frames.iter().chain(&rest)), expected, "{case:?} cut at {cuts:?}");
    let seen = case.resumed(strategy(), ticks, &snapshot);
    assert_eq!(figures(&seen.outcome), figures(&whole.outcome), "{case:?} resumed at {done}");
    assert_eq!(texts(&seen.frames), expected[frames.len()..], "{case:?} resumed at {done}");
    open
}

fn layouts() -> [Layout; 4] {
    let names = Stage::ALL.map(Stage::name).map(String::from);
    let mut one_each: Vec<Vec<String>> = names[..7].iter().map(|name| vec![name.clone()]).collect();
    one_each.push(names[7..].to_vec());
    let three = [names[..2].to_vec(), names[2..4].to_vec(), names[4..].to_vec()];
    [
        Layout::fused(),
        Layout::split(),
        Layout::from_groups(&three).unwrap(),
        Layout::from_groups(&one_each).unwrap(),
    ]
}

/// Layouts, latencies, fills and sessions in turn, and cuts all over the run. At least so many orders are sent in all,
/// and so many are under way at cuts.
fn check<S: Strategy + 'static>(
    strategy: impl Fn() -> S,
    ticks_len: usize,
    orders_min: usize,
    open_min: usize,
) {
    let latencies = [0, 1_000_000, 3_000_000_000, 25_000_000_000].map(Nanos);
    let (mut orders, mut open) = (0, 0);
    for (nth, layout) in layouts().into_iter().enumerate() {
        for (at, latency) in latencies.into_iter().enumerate() {
            let turn = nth + at;
            let case = Case {
                layout: layout.clone(),
                latency,
                fill: if turn % 2 == 0 { Fill::None } else { Fill::Flat },
                has_sessions: turn % 3 == 0,
                seed: 20 + turn as u64,
                ticks: ticks_len,
                batch: [1, 64, 1_000][turn % 3],
            };
            let ticks = ticks(&case);
            let whole = case.whole(strategy(), &ticks);
            let events = whole.frames.iter().flat_map(|frame| &frame.events);
            orders += events.filter(|event| event.kind == Kind::ORDER).count();
            assert!(whole.outcome.late > 0, "some ticks are late");
            let cuts = [1, 3, 6 + turn, 15].map(|part| ticks_len * part / 24 + 17 * turn);
            open += check_cut(&case, &strategy, &ticks, &whole, &cuts);
            open += check_cut(&case, &strategy, &ticks, &whole, &[ticks_len - 1 - turn]);
        }
    }
    assert!(
        orders >= orders_min && open >= open_min,
        "{orders} orders, {open} under way at a cut: this tests little"
    );
}

impl Case {
    fn whole_of<S: Strategy + 'static>(&self, strategy: S) -> (Vec<Event>, Seen) {
        let ticks = ticks(self);
        let whole = self.whole(strategy, &ticks);
        (ticks, whole)
    }
}

#[test]
fn a_rule_that_wakes_on_bars() {
    check(ema_cross, 4_000, 1_000, 15);
}

#[test]
fn a_rule_that_wakes_on_ticks() {
    check(|| mean_reversion(StopOn::Tick, Entry::Market), 3_000, 3_000, 15);
}

#[test]
fn limit_orders_that_stand_and_are_withdrawn() {
    check(|| mean_reversion(StopOn::Bar, Entry::Limit), 4_000, 3_000, 20);
}

#[test]
fn targets_that_wait_for_cancels_on_their_way() {
    check(Requote::default, 3_000, 10_000, 80);
}

#[test]
fn wishes_that_are_come_back_to_between_bars() {
    check(Patient::default, 3_000, 1_000, 20);
}

#[test]
fn synergies_with_sizes_and_exits() {
    check(synergy_only, 6_000, 100, 1);
}

#[test]
fn agents_at_synergies() {
    check(|| marl(DecideOn::Synergy), 6_000, 30, 0);
}

#[test]
fn agents_at_every_bar() {
    check(|| marl(DecideOn::Bar), 4_000, 2_000, 10);
}

#[test]
fn no_strategy() {
    check(|| NoStrategy, 3_000, 0, 0);
}

#[test]
fn before_the_first_tick_and_after_the_last() {
    let (ticks, whole) = Case::default().whole_of(ema_cross());
    check_cut(&Case::default(), ema_cross, &ticks, &whole, &[0, 0, 1, ticks.len(), ticks.len()]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn anywhere(
        seed in any::<u64>(),
        latency in prop::sample::select(vec![0, 1, 500_000_000, 11_000_000_000]),
        layout in 0_usize..4,
        is_flat in any::<bool>(),
        batch in 1_usize..400,
        mut cuts in prop::collection::vec(0_usize..1_500, 1..4),
        which in 0_usize..6,
    ) {
        cuts.sort_unstable();
        let fill = if is_flat { Fill::Flat } else { Fill::None };
        let layout = layouts()[layout].clone();
        let case =
            Case { layout, latency: Nanos(latency), fill, has_sessions: is_flat, seed, ticks: 1_500, batch };
        let ticks = ticks(&case);
        macro_rules! cut {
            ($strategy:expr) => {{
                let whole = case.whole($strategy, &ticks);
                check_cut(&case, || $strategy, &ticks, &whole, &cuts)
            }};
        }
        match which {
            0 => cut!(ema_cross()),
            1 => cut!(mean_reversion(StopOn::Tick, Entry::Limit)),
            2 => cut!(Requote::default()),
            3 => cut!(synergy_only()),
            4 => cut!(Patient::default()),
            _ => cut!(marl(DecideOn::Bar)),
        };
    }
}
