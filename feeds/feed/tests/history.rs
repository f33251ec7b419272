//! The checks that remember, against an independent reference that keeps everything and looks it all up.

use exact::within;
use feed::{
    DUPLICATE_WINDOW, MarketHours, RejectReason, Rules, SourceHistory, SymbolRules, Tally, TickHistory,
};
use model::{Event, Nanos, Price, Quantity, Quote, Rate, SymbolId, Trade};
use proptest::prelude::*;

/// Exact fractions without a library: |p/base − 1| ≤ limit with i128 numerators.
mod exact {
    pub fn within(price: i128, base: i128, limit_nano: i128) -> bool {
        // |p/b - 1| <= l/1e9  <=>  -l <= (p/b - 1)*1e9 <= l
        if base == 0 {
            return true;
        }
        let sign = base.signum();
        let scaled = (price - base) * sign * 1_000_000_000;
        let bound = limit_nano * base * sign;
        -bound <= scaled && scaled <= bound
    }
}

#[derive(Debug, Clone)]
struct Tick {
    ts: i64,
    price: i64,
    id: u128,
    file: usize,
}

/// Everything accepted so far, and the refused since.
#[derive(Default)]
struct Reference {
    accepted: Vec<Tick>,
    /// Prices refused for a jump since the last accepted tick.
    refused: Vec<i64>,
}

impl Reference {
    fn judge(&mut self, tick: &Tick, limit: i128) -> Option<RejectReason> {
        let in_file = self.accepted.iter().filter(|a| a.file == tick.file).map(|a| a.ts).next_back();
        if in_file.is_some_and(|last| tick.ts < last) {
            return Some(RejectReason::TimestampRegression);
        }
        let ids: Vec<u128> = self.accepted.iter().rev().map(|a| a.id).filter(|id| *id != 0).collect();
        if tick.id != 0 && ids.iter().take(DUPLICATE_WINDOW).any(|id| *id == tick.id) {
            return Some(RejectReason::Duplicate);
        }
        if let Some(last) = self.accepted.last()
            && !within(tick.price.into(), last.price.into(), limit)
            && !self.is_third(tick.price, limit)
        {
            self.refused.push(tick.price);
            return Some(RejectReason::PriceJump);
        }
        if is_closed(tick.ts) {
            return Some(RejectReason::OutsideMarketHours);
        }
        self.accepted.push(tick.clone());
        self.refused.clear();
        None
    }

    /// Replays the refused prices: where does the streak that this price would join start?
    fn is_third(&self, price: i64, limit: i128) -> bool {
        let mut streak: Vec<i64> = Vec::new();
        for &refused in &self.refused {
            if streak.first().is_some_and(|&first| within(refused.into(), first.into(), limit)) {
                streak.push(refused);
            } else {
                streak = vec![refused];
            }
        }
        streak.len() >= 2 && within(price.into(), streak[0].into(), limit)
    }
}

/// Open 00:01 to 23:59 every day, UTC.
fn is_closed(ts: i64) -> bool {
    let minute = ts.rem_euclid(86_400_000_000_000) / 60_000_000_000;
    minute == 0 || minute == 1_439
}

fn event(tick: &Tick, as_quote: bool) -> Event {
    let ts_event = Nanos(tick.ts);
    if as_quote {
        // The judged price is bid + ask.
        let (bid, ask) = (Price::new(tick.price / 2), Price::new(tick.price - tick.price / 2));
        return Event::quote(
            ts_event,
            SymbolId(0),
            Quote { ts_event, bid, ask, bid_size: None, ask_size: None },
        );
    }
    let trade = Trade { ts_event, price: Price::new(tick.price), size: Quantity::new(1), aggressor: 0 };
    Event::trade(ts_event, SymbolId(0), trade)
}

fn ticks() -> impl Strategy<Value = Vec<Tick>> {
    let tick = (0_i64..40, 1_i64..6, -3_i64..4, 0_u128..8, 0_usize..3);
    prop::collection::vec(tick, 1..120).prop_map(|rows| {
        let mut now = 0;
        let mut list = Vec::new();
        for (step, magnitude, jitter, id, file) in rows {
            now += (step - 4) * 5_000_000_000;
            let price = 100 * 3_i64.pow(magnitude as u32 / 2) + jitter * 20;
            list.push(Tick { ts: now, price, id, file });
        }
        list
    })
}

proptest! {
    #[test]
    fn agrees_with_a_reference_that_forgets_nothing(
        ticks in ticks(),
        limit in prop::sample::select(vec!["0.5", "0.1", "2"]),
        as_quote in any::<bool>(),
        with_ids in any::<bool>(),
    ) {
        let rate = Rate::parse(limit).unwrap();
        let rules = Rules { max_price_jump: rate, ..Rules::default() };
        let hours = MarketHours::parse("UTC", &["Mon-Sun 00:01-23:59"]).unwrap();
        let mut history = TickHistory::new(&SymbolRules { allow_negative_price: true, hours: Some(hours) });
        let mut files = [SourceHistory::default(); 3];
        let mut tally = Tally::default();
        let mut reference = Reference::default();
        for tick in &ticks {
            let tick = Tick { id: if with_ids { tick.id } else { 0 }, ..tick.clone() };
            let expected = reference.judge(&tick, i128::from(rate.raw()));
            let event = event(&tick, as_quote);
            let got = history.admit(&event, tick.id, &mut files[tick.file], &rules, &mut tally);
            prop_assert_eq!(got.err().map(|fault| fault.reason), expected, "{:?}", tick);
        }
        let accepted = &reference.accepted;
        let pairs = || accepted.windows(2);
        let summary = tally.summary(1);
        let count = |name| summary.suspicious.get(name).copied().unwrap_or(0);
        prop_assert_eq!(summary.ticks, accepted.len() as u64);
        prop_assert_eq!(summary.first_ts.map(|ts| ts.0), accepted.iter().map(|a| a.ts).min());
        prop_assert_eq!(summary.last_ts.map(|ts| ts.0), accepted.iter().map(|a| a.ts).max());
        let equal = pairs().filter(|p| p[0].ts == p[1].ts).count() as u64;
        let identical = pairs().filter(|p| p[0].ts == p[1].ts && p[0].price == p[1].price && p[1].id == 0).count();
        prop_assert_eq!(count("equal_timestamp"), equal);
        prop_assert_eq!(count("identical"), identical as u64);
    }
}

#[test]
fn crossed_and_locked_quotes_are_kept_and_counted() {
    let mut history = TickHistory::default();
    let (mut file, mut tally) = (SourceHistory::default(), Tally::default());
    for (ts, bid, ask) in [(1, 10, 11), (2, 11, 11), (3, 12, 11), (4, 10, 11)] {
        let ts_event = Nanos(ts);
        let quote =
            Quote { ts_event, bid: Price::new(bid), ask: Price::new(ask), bid_size: None, ask_size: None };
        let event = Event::quote(ts_event, SymbolId(0), quote);
        history.admit(&event, 0, &mut file, &Rules::default(), &mut tally).unwrap();
    }
    let summary = tally.summary(1);
    assert_eq!(summary.suspicious.into_iter().collect::<Vec<_>>(), [("crossed", 1), ("locked", 1)]);
    assert_eq!((summary.ticks, summary.rows_read), (4, 4));
}

#[test]
fn counts_add_up_and_names_are_those_of_the_contract() {
    let mut tally = Tally::default();
    tally.accept(Nanos(7));
    for reason in RejectReason::ALL {
        tally.reject(reason);
    }
    let summary = tally.summary(3);
    assert_eq!((summary.files, summary.ticks, summary.rows_read), (3, 1, 15));
    let mut names: Vec<&str> = RejectReason::ALL.iter().map(|reason| reason.name()).collect();
    names.sort_unstable();
    assert_eq!(summary.rejected.keys().copied().collect::<Vec<_>>(), names);
    assert_eq!(Tally::default().summary(0).first_ts, None);
}
