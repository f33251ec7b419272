//! What is kept, how much of it, for how long, and what is claimed of it.

use super::*;
use crate::testing::{bar, dictionary, quote, records, trade};

fn store() -> (MemoryStore, MemoryView) {
    let mut store = MemoryStore::new();
    assert_eq!(store.open(&dictionary("run")), Ok(Watermarks::default()));
    let view = store.view();
    (store, view)
}

fn write(store: &mut MemoryStore, first_seq: u64, ticks: Vec<Event>) {
    let last_seq = ticks.last().expect("a tick").seq;
    store.write(&Batch { first_seq, last_seq, rows: Rows::Ticks(ticks) }).expect("memory takes all");
}

/// The claimed span of a symbol's trades.
fn claimed(view: &MemoryView, symbol: &str) -> Option<(i64, i64)> {
    let spans = view.source().spans(symbol, TickKind::Trades).expect("memory can be read");
    spans.first().map(|span| (span.from.0, span.to.0))
}

#[test]
fn the_last_thousand_ticks_are_kept_and_no_more_is_claimed() {
    let (mut store, view) = store();
    let seconds = |seq: u64| (seq / 2) as i64;
    write(&mut store, 1, (1..=900).map(|seq| trade(seq, seconds(seq), 0)).collect());
    assert_eq!(
        claimed(&view, "AAA"),
        Some((0, 450)),
        "nothing is gone: all before the last instant is whole"
    );
    write(&mut store, 901, (901..=1501).map(|seq| trade(seq, seconds(seq), 0)).collect());
    let recent = view.symbol("AAA").expect("it is of the run");
    assert_eq!((recent.ticks.len(), recent.ticks[0].seq), (HOT_TICKS, 502));
    assert_eq!(claimed(&view, "AAA"), Some((252, 750)), "of the oldest instant, a tick may be gone");
    assert_eq!((claimed(&view, "BBB"), claimed(&view, "CCC")), (None, None));
    assert_eq!(store.open(&dictionary("run")).expect("open").ticks, 1501);
}

#[test]
fn kinds_and_symbols_are_told_apart() {
    let (mut store, view) = store();
    write(&mut store, 1, vec![trade(1, 5, 0), quote(2, 5, 1), trade(3, 9, 1), trade(4, 12, 0)]);
    let mut source = view.source();
    write(&mut store, 5, vec![trade(5, 20, 1)]);
    let mut ticks = Vec::new();
    let span = source.spans("BBB", TickKind::Trades).expect("held")[0];
    assert_eq!((span.from, span.to), (Nanos(5), Nanos(20)), "a source looks when it is first asked");
    source.ticks("BBB", TickKind::Trades, span).expect("held").read(&mut ticks).expect("read");
    assert_eq!(ticks, [trade(3, 9, 1)]);
    write(&mut store, 6, (6..1500).map(|seq| trade(seq, 30, 1)).collect());
    assert_eq!(source.spans("BBB", TickKind::Trades).expect("held")[0], span, "and stays with what it saw");
}

#[test]
fn a_hole_ends_what_was_whole() {
    let (mut store, view) = store();
    write(&mut store, 1, vec![trade(1, 5, 0), trade(2, 8, 0)]);
    write(&mut store, 7, vec![trade(7, 20, 0), trade(8, 30, 0)]);
    assert_eq!(claimed(&view, "AAA"), Some((21, 30)));
    assert_eq!(view.symbol("AAA").expect("it is of the run").ticks.len(), 2);
}

#[test]
fn what_does_not_change_for_an_hour_is_gone() {
    let (mut store, view) = store();
    write(&mut store, 1, vec![trade(1, 5, 0)]);
    store.write(&Batch { first_seq: 1, last_seq: 3, rows: Rows::Results(records(3)) }).expect("taken");
    let recent = view.symbol("BBB").expect("it is of the run");
    assert_eq!(recent.latest[0].bar, Some(bar(1, 0, 30)));
    assert_eq!(recent.latest[0].indicators.as_ref().map(|(ts, values)| (ts.0, values.len())), Some((30, 2)));
    assert_eq!(recent.position, Some((Nanos(30), Quantity::new(-4))));
    assert!(view.account().is_some());
    let later = 40 + Nanos::HOUR.0;
    write(&mut store, 2, vec![trade(2, later, 1)]);
    for _ in 0..2 {
        let (first, second) = (view.symbol("AAA").expect("there"), view.symbol("BBB").expect("there"));
        assert_eq!(
            (first.ticks.len(), second.ticks.len(), second.position, view.account()),
            (0, 1, None, None)
        );
        assert_eq!(second.latest, vec![Latest::default(); 2]);
        assert_eq!((claimed(&view, "AAA"), claimed(&view, "BBB")), (None, Some((5, later))));
        store.tidy(Nanos(later)).expect("tidied");
    }
}

#[test]
fn another_run_begins_empty() {
    let (mut store, view) = store();
    write(&mut store, 1, vec![trade(1, 5, 0)]);
    assert_eq!(store.open(&dictionary("next")), Ok(Watermarks::default()));
    assert_eq!(view.symbol("AAA").expect("it is of the run").ticks.len(), 0);
}
