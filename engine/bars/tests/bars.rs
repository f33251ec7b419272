//! Bars against a slow definition: group the ticks of each symbol and source by bar, then fold each group.

use bars::{Bars, BarsConfig, Boundaries, Fill, TimerMask};
use model::{
    Bar, BarSource, Event, Frame, Kind, Nanos, Price, Quantity, Quote, SymbolId, Timeframe, Trade, mid,
    round_half_even,
};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn timeframes(names: &[&str]) -> Vec<Timeframe> {
    names.iter().map(|name| Timeframe::parse(name).unwrap()).collect()
}

fn trade(ts: i64, symbol: u32, price: i64, size: i64) -> Event {
    let trade =
        Trade { ts_event: Nanos(ts), price: Price::new(price), size: Quantity::new(size), aggressor: 1 };
    Event::trade(Nanos(ts), SymbolId(symbol), trade)
}

fn quote(ts: i64, symbol: u32, bid: i64, ask: i64) -> Event {
    let (bid, ask) = (Price::new(bid), Price::new(ask));
    let quote = Quote { ts_event: Nanos(ts), bid, ask, bid_size: None, ask_size: None };
    Event::quote(Nanos(ts), SymbolId(symbol), quote)
}

/// Runs ticks through boundaries and bars as the sequencer does, up to `to` inclusive.
fn run(config: &BarsConfig, ticks: &[Event], to: Option<i64>) -> (Vec<Bar>, Bars) {
    let mut bars = Bars::new(config).unwrap();
    let mut boundaries = Boundaries::new(config);
    let mut frame = Frame::default();
    let mut closed = Vec::new();
    let mut fire_until = |now: Nanos, boundaries: &mut Boundaries, bars: &mut Bars| {
        while boundaries.next() <= now {
            frame.begin(boundaries.fire());
            bars.on_frame(&mut frame);
            closed.extend_from_slice(&frame.bars);
        }
    };
    for tick in ticks {
        fire_until(tick.ts, &mut boundaries, &mut bars);
        boundaries.on_tick(tick);
        bars.on_tick(tick);
    }
    if let Some(to) = to {
        fire_until(Nanos(to), &mut boundaries, &mut bars);
    }
    (closed, bars)
}

/// The definition: every tick in the bar that holds its time; a bar is there iff the clock reached its end.
fn slow(config: &BarsConfig, ticks: &[Event], to: Option<i64>) -> Vec<Bar> {
    let end = ticks.iter().map(|tick| tick.ts.0).max().into_iter().chain(to).max().unwrap_or(i64::MIN);
    let mut bars = Vec::new();
    for (symbol, sources) in config.sources.iter().enumerate() {
        for (slot, source) in sources.iter().enumerate() {
            for (index, timeframe) in config.timeframes.iter().enumerate() {
                let points = ticks.iter().filter(|tick| tick.symbol.index() == symbol).filter_map(|tick| {
                    let price = match (source, tick.kind) {
                        (BarSource::Trade, Kind::TRADE) => tick.as_trade().price,
                        (BarSource::Bid, Kind::QUOTE) => tick.as_quote().bid,
                        (BarSource::Ask, Kind::QUOTE) => tick.as_quote().ask,
                        (BarSource::Mid, Kind::QUOTE) => mid(tick.as_quote().bid, tick.as_quote().ask),
                        _ => return None,
                    };
                    let size = if tick.kind == Kind::TRADE { tick.as_trade().size.raw() } else { 0 };
                    Some((timeframe.bar_open(tick.ts), price.raw(), size))
                });
                let points: Vec<_> = points.collect();
                for group in points.chunk_by(|a, b| a.0 == b.0) {
                    let ts_close = group[0].0 + timeframe.nanos();
                    if ts_close.0 > end {
                        continue;
                    }
                    let volume: i128 = group.iter().map(|p| i128::from(p.2)).sum();
                    let notional: i128 = group.iter().map(|p| i128::from(p.1) * i128::from(p.2)).sum();
                    bars.push(Bar {
                        symbol: SymbolId(symbol as u32),
                        timeframe: index as u8,
                        source: *source,
                        primary: slot == 0,
                        ts_open: group[0].0,
                        ts_close,
                        open: Price::new(group[0].1),
                        high: Price::new(group.iter().map(|p| p.1).max().unwrap()),
                        low: Price::new(group.iter().map(|p| p.1).min().unwrap()),
                        close: Price::new(group.last().unwrap().1),
                        volume,
                        vwap: (volume > 0).then(|| Price::new(round_half_even(notional, volume) as i64)),
                        trades: group.len() as u32,
                    });
                }
            }
        }
    }
    let slot = |bar: &Bar| config.sources[bar.symbol.index()].iter().position(|s| *s == bar.source);
    bars.sort_by_key(|bar| (bar.ts_close, bar.symbol, bar.timeframe, slot(bar)));
    bars
}

fn config() -> BarsConfig {
    BarsConfig {
        // 2s and 3s are roots; 6s rolls up from 3s, 30s from 6s, 7s is a root of its own.
        timeframes: timeframes(&["2s", "3s", "6s", "7s", "30s"]),
        sources: vec![vec![BarSource::Trade], vec![BarSource::Bid, BarSource::Ask, BarSource::Mid]],
        fill: Fill::None,
    }
}

/// Ticks of two symbols with clustered and equal times and gaps of several bars.
fn any_ticks() -> impl Strategy<Value = Vec<Event>> {
    let gap = prop_oneof![Just(0_i64), 1_i64..400_000_000, 1_000_000_000_i64..40_000_000_000];
    prop::collection::vec((gap, 0_u32..2, -50_i64..50, 0_i64..9), 0..200).prop_map(|rows| {
        let mut ts = 1_000_000_000_000;
        let tick = |(gap, symbol, price, size): (i64, u32, i64, i64)| {
            ts += gap;
            if symbol == 0 { trade(ts, 0, price, size) } else { quote(ts, 1, price, price + size - 4) }
        };
        rows.into_iter().map(tick).collect()
    })
}

/// Every timer up to the last tick: its time and its mask.
fn timers(mut boundaries: Boundaries, ticks: &[Event]) -> Vec<(i64, u64)> {
    let mut fired = Vec::new();
    for tick in ticks {
        while boundaries.next() <= tick.ts {
            let timer = boundaries.fire();
            fired.push((timer.ts.0, TimerMask::of(&timer).0));
        }
        boundaries.on_tick(tick);
    }
    fired
}

proptest! {
    /// Each close of the timeframe is come back to once; where a bar closes then, in the bar's own timer.
    #[test]
    fn closes_are_come_back_to(ticks in any_ticks(), after in 1_i64..20_000_000_000, index in 0_usize..5) {
        let config = config();
        let plain = timers(Boundaries::new(&config), &ticks);
        let end = ticks.last().map_or(0, |tick| tick.ts.0);
        let mut expected: BTreeMap<i64, u64> = plain.iter().copied().collect();
        for (ts, mask) in plain {
            if mask & (1 << index) != 0 && ts + after <= end {
                expected.entry(ts + after).or_default();
            }
        }
        let revisiting = Boundaries::new(&config).revisiting(config.timeframes[index], Nanos(after));
        prop_assert_eq!(timers(revisiting, &ticks), expected.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn streaming_equals_the_definition(ticks in any_ticks(), extra in 0_i64..100_000_000_000, flush: bool) {
        let to = flush.then(|| ticks.last().map_or(0, |tick| tick.ts.0) + extra);
        let (bars, stage) = run(&config(), &ticks, to);
        prop_assert_eq!(bars, slow(&config(), &ticks, to));
        prop_assert_eq!(stage.late(), 0);
    }

    #[test]
    fn later_data_never_changes_an_earlier_bar(ticks in any_ticks(), share in 0.0_f64..1.0) {
        let (all, _) = run(&config(), &ticks, None);
        let prefix = &ticks[..(ticks.len() as f64 * share) as usize];
        let (early, _) = run(&config(), prefix, None);
        prop_assert_eq!(&early[..], &all[..early.len()]);
    }

    #[test]
    fn unrelated_symbols_change_nothing(ticks in any_ticks()) {
        let of = |bars: &[Bar]| bars.iter().copied().filter(|b| b.symbol.0 == 0).collect::<Vec<_>>();
        let to = ticks.last().map(|tick| tick.ts.0);
        let alone: Vec<Event> = ticks.iter().copied().filter(|tick| tick.symbol.0 == 0).collect();
        prop_assert_eq!(of(&run(&config(), &ticks, to).0), of(&run(&config(), &alone, to).0));
    }
}

#[test]
fn flat_bars_fill_gaps_from_the_first_bar_on() {
    let config = BarsConfig {
        timeframes: timeframes(&["1s", "2s"]),
        sources: vec![vec![BarSource::Trade]],
        fill: Fill::Flat,
    };
    let ticks =
        [trade(500_000_000, 0, 10, 1), trade(4_500_000_000, 0, 12, 1), trade(6_000_000_000, 0, 13, 1)];
    let (bars, _) = run(&config, &ticks, None);
    let seen: Vec<_> =
        bars.iter().map(|b| (b.timeframe, b.ts_open.0 / 1_000_000_000, b.close.raw(), b.trades)).collect();
    let expected = [
        (0, 0, 10, 1),
        (0, 1, 10, 0),
        (1, 0, 10, 1),
        (0, 2, 10, 0),
        (0, 3, 10, 0),
        (1, 2, 10, 0),
        (0, 4, 12, 1),
        (0, 5, 12, 0),
        (1, 4, 12, 1),
    ];
    assert_eq!(seen, expected);
    assert!(bars.iter().filter(|bar| bar.trades == 0).all(|bar| bar.vwap.is_none() && bar.volume == 0));
}

#[test]
fn a_late_tick_is_counted_and_in_no_bar() {
    let config = BarsConfig {
        timeframes: timeframes(&["1s", "5s"]),
        sources: vec![vec![BarSource::Trade]],
        fill: Fill::None,
    };
    let late = |ts: i64, event: i64, price: i64| {
        let mut tick = trade(ts, 0, price, 1);
        tick.words[0] = event;
        tick
    };
    // The second tick reached us after its second had closed; the third comes from a clock ahead of ours.
    let ticks = [
        trade(900_000_000, 0, 10, 1),
        late(1_100_000_000, 999_999_999, 99),
        late(1_200_000_000, 2_500_000_000, 11),
        trade(5_000_000_000, 0, 12, 1),
    ];
    let (bars, stage) = run(&config, &ticks, None);
    assert_eq!(stage.late(), 1);
    let seen: Vec<_> = bars.iter().map(|bar| (bar.timeframe, bar.high.raw(), bar.trades)).collect();
    assert_eq!(seen, [(0, 10, 1), (0, 11, 1), (1, 11, 2)]);
}
