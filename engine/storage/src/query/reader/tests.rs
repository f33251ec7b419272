//! Stitching against a naive model: one list of ticks, of which each source holds some spans.

use super::*;
use crate::query::TicksInMemory;
use crate::testing::trade;
use proptest::prelude::*;

/// Holds all ticks of its spans, and beside them some of others, as real stores do at their ends.
#[derive(Clone)]
struct Part {
    spans: Vec<Span>,
    ticks: Vec<Event>,
}

impl Source for Part {
    fn name(&self) -> String {
        "part".to_owned()
    }

    fn symbols(&mut self) -> Result<Vec<String>, StoreError> {
        Ok(vec!["A".to_owned()])
    }

    fn spans(&mut self, _: &str, _: TickKind) -> Result<Vec<Span>, StoreError> {
        Ok(self.spans.clone())
    }

    fn ticks(&mut self, _: &str, kind: TickKind, span: Span) -> Result<Box<dyn Ticks>, StoreError> {
        Ok(Box::new(TicksInMemory::new(self.ticks.iter(), kind, span)))
    }
}

fn span(from: i64, to: i64) -> Span {
    Span::new(Nanos(from), Nanos(to)).expect("a span")
}

fn numbers(reading: &mut Reading) -> Vec<u64> {
    let mut all = Vec::new();
    loop {
        let mut ticks = Vec::new();
        reading.read(&mut ticks).expect("it reads");
        if ticks.is_empty() {
            return all;
        }
        all.extend(ticks.iter().map(|tick| tick.seq));
    }
}

proptest! {
    /// Many ticks share their time; a source that does not have an instant whole still has some of its ticks.
    #[test]
    fn what_is_read_is_what_is_held_once_and_in_order(
        times in prop::collection::vec(0..20_i64, 0..60),
        held in prop::collection::vec(prop::collection::vec((0..20_i64, 1..8_i64), 0..3), 0..4),
        from in 0..15_i64,
        length in 1..15_i64,
        keep in any::<u64>(),
    ) {
        let mut times = times;
        times.sort_unstable();
        let all: Vec<Event> = (1..).zip(&times).map(|(seq, ts)| trade(seq, *ts, 0)).collect();
        let parts = held.iter().enumerate().map(|(at, spans)| {
            let spans: Vec<Span> = spans.iter().map(|(from, length)| span(*from, from + length)).collect();
            let holds = |tick: &Event| spans.iter().any(|span| span.from <= tick.ts && tick.ts < span.to);
            let has_some = |tick: &Event| keep >> ((tick.seq as usize + at) % 64) & 1 == 1;
            let ticks = all.iter().filter(|tick| holds(tick) || has_some(tick)).copied().collect();
            Part { spans, ticks }
        });
        let parts: Vec<Part> = parts.collect();
        let mut reader = TickReader::new(parts.iter().map(|part| Box::new(part.clone()) as Box<dyn Source>).collect());
        let wanted = span(from, from + length);
        let whole = |ts: Nanos| parts.iter().flat_map(|part| &part.spans).any(|span| span.from <= ts && ts < span.to);
        let is_wanted = |tick: &&Event| wanted.from <= tick.ts && tick.ts < wanted.to;
        let held = all.iter().filter(|tick| is_wanted(tick) && whole(tick.ts));
        let expected: Vec<u64> = held.map(|tick| tick.seq).collect();

        let mut reading = reader.read("A", TickKind::Trades, wanted, Holes::Report).expect("holes are reported");
        let open_from = reading.open_from().unwrap_or(Nanos::MAX);
        let holes = reading.holes().to_vec();
        let found = numbers(&mut reading);
        prop_assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "in order, none twice");
        let before_end: Vec<u64> = found.iter().copied().filter(|seq| all[*seq as usize - 1].ts < open_from).collect();
        prop_assert_eq!(before_end, expected);
        for at in wanted.from.0..wanted.to.0 {
            let named = Nanos(at) >= open_from || holes.iter().any(|hole| hole.from.0 <= at && at < hole.to.0);
            prop_assert_eq!(named, !whole(Nanos(at)), "at {}", at);
        }
        let strict = reader.read("A", TickKind::Trades, wanted, Holes::Refuse);
        prop_assert_eq!(strict.is_err(), !holes.is_empty());
    }
}

#[test]
fn a_hole_is_said_with_the_sources_that_were_asked() {
    let mut reader = TickReader::new(vec![Box::new(Part { spans: vec![span(5, 9)], ticks: Vec::new() })]);
    let error = reader.read("BTC", TickKind::Quotes, span(2, 9), Holes::Refuse).expect_err("it is not whole");
    let said = "no quotes of BTC from 1970-01-01T00:00:00.000000002Z to 1970-01-01T00:00:00.000000005Z are stored \
                (part were asked); ask for another span, or leave them out with data.stored_holes = \"report\"";
    assert_eq!(error.to_string(), said);
}
