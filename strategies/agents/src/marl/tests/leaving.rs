//! Limit orders that have their time, and positions that are left: when, said how, and what decisions do meanwhile.

use super::*;

#[test]
fn a_limit_order_is_withdrawn_after_one_tactical_timeframe() {
    let mut script = resting_at_100();
    assert_eq!(script.bar("100"), "withdraw");
    assert_eq!(script.bar("100"), "");
    // Filled in part: the rest goes, the part stays.
    let mut script = resting_at_100();
    script.fill(Buy, "0.5", "100");
    assert_eq!(script.bar("100"), "withdraw");
    assert_eq!(script.bar("100"), "");
    // Filled whole: there is nothing to withdraw.
    let mut script = resting_at_100();
    script.fill(Buy, "2", "100");
    assert_eq!(script.bar("100"), "");
}

#[test]
fn a_limit_order_has_its_time_with_or_without_bars() {
    // No bar of the symbol, nor of any other, closes after it.
    let mut script = resting_at_100();
    assert_eq!([script.timer(4), script.timer(1), script.timer(5)], ["", "withdraw", ""]);
    // Only another symbol goes on.
    let mut script = resting_at_100();
    assert_eq!(script.steps(&[step(1, "100", None)]), "withdraw");
    // Decided between tactical bars: the first bar after that comes too early.
    let mut script = script_at_minute(3);
    assert_eq!(script.synergy_between("100", Long), "act: 2@touch");
    assert_eq!(script.timer(2), "");
    assert_eq!(script.steps_now(&[step(0, "100", None)]), "", "its bar closes at an age of two minutes");
    assert_eq!([script.timer(2), script.timer(1)], ["", "withdraw"]);
    // An exit does not wait for it.
    let mut script = script_at_minute(3);
    script.synergy_between("100", Long);
    script.fill(Buy, "1", "100");
    script.timer(2);
    assert_eq!(script.steps_now(&[step(0, "90", None)]), "withdraw 0");
    assert_eq!(script.timer(3), "");
}

/// Matrices are known, and so many minutes have passed since the last tactical bar. Entries are limits.
fn script_at_minute(minutes: i64) -> Script {
    let mut script = script();
    script.told(LONG, EXECUTE);
    assert_eq!((script.bar("100"), script.timer(minutes)), (String::new(), String::new()));
    script
}

#[test]
fn the_sequencer_is_asked_to_come_back_to_what_a_limit_order_waits_for() {
    let revisit = |decide_on| {
        let (_, models) = voices();
        marl(AgentsConfig { decide_on, ..config() }, models).unwrap().revisits().unwrap()
    };
    let five = Timeframe::parse("5m").unwrap();
    for decide_on in DecideOn::ALL {
        let Revisit { timeframe, after } = revisit(decide_on);
        assert_eq!((timeframe, after), (five, five.nanos()), "{decide_on:?}");
    }
}

#[test]
fn a_withdrawal_comes_before_the_next_decision() {
    assert_eq!(resting_at_100().synergy("100", Long), "act: withdraw 2@touch");
    let mut script = resting_at_100();
    script.told(SHORT, AGGRESSIVE);
    assert_eq!(script.synergy("100", Short), "act: withdraw -2");
    assert_eq!(script.bar("100"), "", "a market order is not withdrawn");
    let mut script = resting_at_100();
    script.told(LONG, WAIT);
    assert_eq!(script.synergy("100", Long), "wait: withdraw");
}

#[test]
fn a_decision_between_tactical_bars_replaces_a_limit_order() {
    let mut script = resting_at_100();
    script.told(LONG, AGGRESSIVE);
    assert_eq!(script.synergy_between("100", Long), "act: withdraw 2");
    let mut script = resting_at_100();
    script.told(FLAT, AGGRESSIVE);
    assert_eq!(script.synergy_between("100", Long), "at_target: withdraw");
    for (votes, entry, expected) in [(LONG, WAIT, "wait:"), ([0.4, 0.3, 0.3], EXECUTE, "below_gate:")] {
        let mut script = resting_at_100();
        script.told(votes, entry);
        assert_eq!(script.synergy_between("100", Long), expected);
        assert_eq!(script.bar("100"), "withdraw");
    }
}

#[test]
fn exits_ask_no_agent_and_are_said_until_done() {
    for close in ["90", "115"] {
        let mut script = long_at_100();
        script.told(LONG, WAIT);
        assert_eq!(script.bar(close), "0");
        assert_eq!(script.bar("100"), "0");
        script.fill(Sell, "2", close);
        assert_eq!(script.bar(close), "");
    }
    let mut script = long_at_100();
    let said: Vec<String> = (0..50).map(|_| script.bar("100")).collect();
    assert_eq!(said.iter().position(|said| said == "0"), Some(47), "the time stop");
    assert_eq!(script.marl().counts().exits, [0, 0, 1]);
}

#[test]
fn exits_withdraw_first_and_have_no_simulated_latency() {
    let mut script = Script::new(AgentsConfig { simulated_latency: Nanos(7), ..config() });
    script.told(LONG, EXECUTE);
    assert_eq!(script.synergy("100", Long), "act: 2@touch");
    assert_eq!(script.wishes()[0].delay, Nanos(7));
    script.fill(Buy, "0.5", "100");
    assert_eq!(script.bar("90"), "withdraw 0");
    assert!(script.wishes().iter().all(|intent| intent.delay == Nanos(0)));
}

#[test]
fn a_decision_does_not_undo_an_exit_but_may_reverse() {
    assert_eq!(long_at_100().synergy("90", Long), "leaving: 0");
    let mut script = long_at_100();
    script.told(FLAT, AGGRESSIVE);
    assert_eq!(script.synergy("90", Short), "leaving: 0");
    let mut script = long_at_100();
    script.told(SHORT, EXECUTE);
    assert_eq!(script.synergy("80", Short), "act: 0 -2.5@touch");
    // Flat by the exit, short by the decision: the entry is a new one.
    script.fill(Sell, "2", "80");
    script.fill(Sell, "2.5", "80");
    assert_eq!(
        script.bar("80"),
        "withdraw",
        "beside the exit, a fill does not tell that the limit order is done"
    );
    assert_eq!(script.bar("90"), "0");
}

#[test]
fn while_a_position_is_left_every_hold_says_so() {
    for (votes, entry) in [(LONG, WAIT), ([0.4, 0.3, 0.3], AGGRESSIVE), (FLAT, AGGRESSIVE), (SHORT, WAIT)] {
        let mut script = long_at_100();
        script.told(votes, entry);
        assert_eq!(script.synergy("90", Short), "leaving: 0", "{votes:?} {entry:?}");
        assert_eq!(script.decisions()[0].target, Quantity::parse("2").unwrap(), "what is held");
        assert_eq!(script.bar("100"), "0");
        script.fill(Sell, "2", "90");
        assert!(!script.synergy("90", Short).starts_with("leaving"), "the exit is done");
    }
}

#[test]
fn each_wish_says_what_it_is_for() {
    let purposes = |script: &Script| script.wishes().iter().map(|wish| wish.purpose).collect::<Vec<_>>();
    let check = |close: &str, expected: Purpose| {
        let mut script = long_at_100();
        script.bar(close);
        assert_eq!(purposes(&script), [expected], "at {close}");
    };
    check("90", Purpose::Stop);
    check("115", Purpose::Target);
    let mut script = long_at_100();
    (0..48).for_each(|_| assert!(["", "0"].contains(&script.bar("100").as_str())));
    assert_eq!(purposes(&script), [Purpose::TimeStop]);
    script.told(SHORT, EXECUTE);
    script.synergy("100", Short);
    assert_eq!(purposes(&script), [Purpose::TimeStop, Purpose::Decision]);
    script.told(LONG, AGGRESSIVE);
    script.synergy("100", Long);
    assert_eq!(purposes(&script), [Purpose::Withdrawal, Purpose::TimeStop]);
}

#[test]
fn less_than_a_lot_neither_leaves_nor_locks_out() {
    let mut script = Script::in_lots(config(), "0.5");
    assert_eq!(script.synergy("100", Long), "act: 2");
    script.fill(Buy, "1.7", "100");
    // 0.3 are missing to the target, and no order could buy them.
    assert_eq!(script.synergy("100", Long), "at_target:");
    assert_eq!(script.bar("90"), "0");
    script.fill(Sell, "1.5", "90");
    for close in ["90", "50", "200"] {
        assert_eq!(script.bar(close), "", "a rest of 0.2 is flat");
    }
    script.told(FLAT, AGGRESSIVE);
    assert_eq!(script.synergy("100", Long), "at_target:");
    script.told(LONG, AGGRESSIVE);
    assert_eq!(script.synergy("100", Long), "act: 2");
    script.told(SHORT, AGGRESSIVE);
    assert_eq!(script.synergy("100", Short), "act: -2");
}
