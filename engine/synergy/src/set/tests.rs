//! Tables of signals and what they lead to; any history against the slow reference.

use super::*;
use crate::SynergyConfig;
use model::{Direction, SignalKind};
use proptest::prelude::*;

fn rules() -> Rules {
    let SynergyConfig { window, cool_down, patterns, .. } = SynergyConfig::default();
    Rules { window, cool_down, is_listed: Pattern::ALL.map(|pattern| patterns.contains(&pattern)) }
}

/// `m+10`: mlmi, long, at minute 10; `f-10.5`: fvg, short, thirty seconds later.
fn signal(text: &str) -> Signal {
    let kind = SignalKind::ALL.into_iter().find(|kind| text.starts_with(&kind.name()[..1])).expect("a kind");
    let direction = if &text[1..2] == "+" { Direction::Long } else { Direction::Short };
    let minutes: f64 = text[2..].parse().expect("minutes");
    Signal { kind, direction, strength: 0.5, ts: Nanos((minutes * 60e9) as i64) }
}

/// Folds signals written like `m+0 n+5`; expects what was completed, written like `m+0 n+5 f+10`, unlisted ones
/// with a `!` before, several parted by `; `.
fn check(signals: &str, expected: &str) {
    let mut set = SignalSet::new();
    let mut said = Vec::new();
    let names: Vec<&str> = signals.split_whitespace().collect();
    for name in &names {
        match set.fold(signal(name), &rules()) {
            Outcome::Nothing => {}
            Outcome::Unlisted(pattern) => said.push(format!("!{pattern}")),
            Outcome::Complete(pattern, members) => {
                assert_eq!(Pattern::of(members.map(|member| member.kind)), Some(pattern));
                let name_of = |member: &Signal| {
                    *names
                        .iter()
                        .find(|name| signal(name) == *member)
                        .expect("a member is one of the signals")
                };
                said.push(members.iter().map(name_of).collect::<Vec<_>>().join(" "));
            }
        }
    }
    assert_eq!(said.join("; "), expected, "{signals}");
}

#[test]
fn each_of_the_six_orders_is_its_own_pattern() {
    check("m+0 n+5 f+10", "m+0 n+5 f+10");
    check("m+0 f+5 n+10", "m+0 f+5 n+10");
    check("n+0 f+5 m+10", "n+0 f+5 m+10");
    check("n+0 m+5 f+10", "n+0 m+5 f+10");
    check("f+0 m+5 n+10", "!fvg>mlmi>nwrqk");
    check("f+0 n+5 m+10", "!fvg>nwrqk>mlmi");
    check("m-0 n-5 f-10", "m-0 n-5 f-10");
    check("m-0 n-5 f+10", "");
}

#[test]
fn signals_of_one_bar_count_in_their_order() {
    check("m+5 n+5 f+5", "m+5 n+5 f+5");
    check("f+0 m+5 n+5", "!fvg>mlmi>nwrqk");
    check("n+0 m+5 f+5", "n+0 m+5 f+5");
    check("m+5 n-5 f-5 m-10", "n-5 f-5 m-10");
}

#[test]
fn exactly_fifty_minutes_are_within() {
    check("m+0 n+25 f+50", "m+0 n+25 f+50");
    check("m+0 n+0 f+50", "m+0 n+0 f+50");
    check("m+0 n+25 f+50.5", "");
}

#[test]
fn an_expired_first_drops_out_and_the_next_becomes_first() {
    check("m+0 n+25 f+55 m+60", "n+25 f+55 m+60");
    check("m+0 n+25 f+55 m+75", "n+25 f+55 m+75");
    check("m+0 n+25 f+55 m+80", "");
    check("m+0 n+25 f+55 m+80 n+85", "!fvg>mlmi>nwrqk");
    check("m+0 n+5 f+100 n+105 m+110", "!fvg>nwrqk>mlmi");
    // Even one that would be a repeat of the expired one.
    check("m+0 n+25 m+55 f+75", "n+25 m+55 f+75");
}

#[test]
fn a_repeat_is_ignored_and_does_not_renew_the_first() {
    check("m+0 m+5 n+10 f+15", "m+0 n+10 f+15");
    check("m+0 n+5 n+10 m+15 f+20", "m+0 n+5 f+20");
    check("m+0 m+30 n+40 f+55 m+60", "n+40 f+55 m+60");
    check("m+0 m+30 n+40 f+55", "");
}

#[test]
fn an_opposite_signal_empties_the_set_and_becomes_its_first() {
    check("m+0 n+5 f-10 m-15 n-20", "!fvg>mlmi>nwrqk");
    check("m+0 n+5 m-10 n-15 f-20", "m-10 n-15 f-20");
    check("m+0 n-5 f+10", "");
    check("m+0 n-5 m+10 n+15 f+20", "m+10 n+15 f+20");
    check("m+0 n+5 f-10 f+15 m+20 n+25", "!fvg>mlmi>nwrqk");
    // A second direction change gives nothing of the first set back.
    check("m+0 n+5 m-10 f+15", "");
}

#[test]
fn after_emitting_signals_are_ignored_for_twenty_five_minutes() {
    check("m+0 n+0 f+0 m+20 n+25 f+30", "m+0 n+0 f+0");
    check("m+0 n+0 f+0 m+24.5 n+25 f+30", "m+0 n+0 f+0");
    check("m+0 n+0 f+0 m+25 n+25 f+30", "m+0 n+0 f+0; m+25 n+25 f+30");
    check("m+0 n+0 f+10 m+25 n+30 m+35 f+35", "m+0 n+0 f+10");
    check("m+0 n+0 f+10 m+35 n+35 f+35", "m+0 n+0 f+10; m+35 n+35 f+35");
    // Opposite ones too, and of the same bar.
    check("m+0 n+0 f+0 m-20 n-25 f-30", "m+0 n+0 f+0");
    check("f+0 n+5 m-10 n-10 f-10 f+10 m+36 n+36 f+36", "m-10 n-10 f-10; m+36 n+36 f+36");
    // What was ignored does not extend the time.
    check("m+0 n+0 f+0 m+20 m+25 n+30 f+35", "m+0 n+0 f+0; m+25 n+30 f+35");
}

#[test]
fn an_unlisted_pattern_empties_the_set_without_a_cool_down() {
    check("f+0 m+5 n+10 m+10 n+15 f+20", "!fvg>mlmi>nwrqk; m+10 n+15 f+20");
    check("f+0 m+5 n+10 f+15", "!fvg>mlmi>nwrqk");
    check("f+0 m+0 n+0 f+5 n+5 m+5", "!fvg>mlmi>nwrqk; !fvg>nwrqk>mlmi");
}

#[test]
fn hashes_tell_sets_apart() {
    let hash_of = |signals: &str| {
        let (mut set, mut hash) = (SignalSet::new(), StreamHash::new());
        for name in signals.split_whitespace() {
            set.fold(signal(name), &rules());
        }
        set.hash_into(&mut hash);
        hash.value()
    };
    let states = ["", "m+0", "m-0", "m+5", "n+0", "m+0 n+5", "m+0 n+10", "m+0 n+0 f+0", "m+0 n+0 f+5"];
    for (i, one) in states.iter().enumerate() {
        states[..i].iter().for_each(|other| assert_ne!(hash_of(one), hash_of(other), "{one}, {other}"));
    }
    assert_eq!(hash_of("m+0"), hash_of("m+0 m+5"));
}

/// Bars five minutes apart with gaps between, on each the signals that fire, in order of kind.
fn history() -> impl Strategy<Value = Vec<Signal>> {
    let firing =
        || prop_oneof![5 => Just(None), 3 => Just(Some(Direction::Long)), 1 => Just(Some(Direction::Short))];
    let bar = (prop_oneof![6 => 1_i64..3, 1 => 3_i64..12], firing(), firing(), firing(), any::<bool>());
    prop::collection::vec(bar, 0..60).prop_map(|bars| {
        let mut minute = -100;
        let mut signals = Vec::new();
        for (spans, mlmi, nwrqk, fvg, flip) in bars {
            minute += 5 * spans;
            for (kind, direction) in SignalKind::ALL.into_iter().zip([mlmi, nwrqk, fvg]) {
                let direction = direction.map(|one: Direction| if flip { one.opposite() } else { one });
                let ts = Nanos(minute * Nanos::MINUTE.0);
                signals.extend(direction.map(|direction| Signal { kind, direction, strength: 0.5, ts }));
            }
        }
        signals
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn any_history_leads_to_what_the_slow_reference_says(
        history in history(),
        window in 1_i64..16,
        cool_down in 0_i64..8,
        is_listed in any::<[bool; 6]>(),
    ) {
        let minutes = |bars: i64| Nanos(5 * bars * Nanos::MINUTE.0);
        let rules = Rules { window: minutes(window), cool_down: minutes(cool_down), is_listed };
        let mut set = SignalSet::new();
        for (signal, fate) in history.iter().zip(reference::fates(&history, &rules)) {
            let expected = match fate.completed() {
                None => Outcome::Nothing,
                Some((places, is_emitted)) => {
                    let signals = places.map(|place| history[place]);
                    let pattern = Pattern::of(signals.map(|signal| signal.kind)).unwrap();
                    if is_emitted { Outcome::Complete(pattern, signals) } else { Outcome::Unlisted(pattern) }
                }
            };
            prop_assert_eq!(set.fold(*signal, &rules), expected);
        }
    }
}
