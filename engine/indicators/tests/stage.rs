//! The stage with every indicator there is: which ticks reach them, and that no bar breaks one.

use indicators::{IndicatorConfig, IndicatorSpec, Indicators};
use model::{
    Bar, BarSource, Event, Frame, Kind, Nanos, Price, Quantity, Quote, SymbolId, Timeframe, Trade, UNIT,
};
use proptest::prelude::*;

/// The length of the bars below; the run has 1s bars, too.
const BAR: Nanos = Nanos(5 * Nanos::SECOND.0);

fn stage(specs: Vec<IndicatorSpec>, sources: &[BarSource]) -> Indicators {
    let timeframes = ["1s", "5s"].map(|text| Timeframe::parse(text).unwrap());
    Indicators::new(IndicatorConfig::new(1, &timeframes, vec![vec![], specs]).unwrap(), sources)
}

fn profile() -> Vec<IndicatorSpec> {
    vec![IndicatorSpec::parse("profile").unwrap()]
}

/// A 5s bar of a symbol.
fn bar(symbol: u32, number: i64, prices: [i64; 4], volume: i128) -> Bar {
    let [open, high, low, close] = prices.map(Price::new);
    Bar {
        symbol: SymbolId(symbol),
        timeframe: 1,
        source: BarSource::Trade,
        primary: true,
        ts_open: Nanos(number * BAR.0),
        ts_close: Nanos((number + 1) * BAR.0),
        open,
        high,
        low,
        close,
        volume,
        vwap: (volume > 0).then_some(close),
        trades: 1,
    }
}

/// Closes bars of one boundary; the values of their sets.
fn close(stage: &mut Indicators, bars: &[Bar]) -> Vec<f64> {
    let mut frame = Frame::default();
    frame.begin(Event { seq: 1, ..Event::input(Kind::TIMER, bars[0].ts_close, SymbolId::NONE) });
    bars.iter().for_each(|bar| frame.push_bar(*bar));
    stage.on_frame(&mut frame);
    frame.values
}

fn trade(ts_event: Nanos, ts: Nanos, symbol: u32, price: i64, size: i64) -> Event {
    let trade = Trade { ts_event, price: Price::new(price), size: Quantity::new(size), aggressor: 0 };
    Event::trade(ts, SymbolId(symbol), trade)
}

fn quote(ts: Nanos, symbol: u32, bid: i64, ask: i64) -> Event {
    let [bid, ask] = [bid, ask].map(Price::new);
    Event::quote(ts, SymbolId(symbol), Quote { ts_event: ts, bid, ask, bid_size: None, ask_size: None })
}

/// A price near 100 for tick `i` of bar `number`.
fn price(number: i64, i: i64) -> i64 {
    100 * UNIT + (number * 7_919 + i * i * 104_729) % 2_001 * (UNIT / 1_000)
}

/// What else comes in the middle of a bar.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Extra {
    Nothing,
    Quote,
    OtherSymbol,
    Late,
    FutureStamp,
    InBar,
}

/// Forty bars of ten trades each, with something extra in each; all values of the profile.
fn profile_with(extra: Extra, tick: impl Fn(&mut Indicators, Event)) -> Vec<f64> {
    let mut stage = stage(profile(), &[BarSource::Trade; 2]);
    let mut values = Vec::new();
    for number in 0..40 {
        let prices: Vec<i64> = (0..10).map(|i| price(number, i)).collect();
        for (i, price) in (0_i64..).zip(&prices) {
            // The first tick stands at the boundary itself.
            let ts = Nanos(number * BAR.0 + i * BAR.0 / 10);
            tick(&mut stage, trade(ts, ts, 0, *price, UNIT));
            let (low, size) = (99 * UNIT, 50 * UNIT);
            let now = ts + Nanos(1);
            match extra {
                _ if i != 5 => {}
                Extra::Nothing => {}
                Extra::Quote => tick(&mut stage, quote(now, 0, low, low)),
                Extra::OtherSymbol => tick(&mut stage, trade(now, now, 1, low, size)),
                // 2.5 s into the bar, the 1s bar before it is closed.
                Extra::Late => tick(&mut stage, trade(ts - Nanos::SECOND, now, 0, low, size)),
                Extra::FutureStamp => tick(&mut stage, trade(now + BAR, now, 0, low, size)),
                Extra::InBar => tick(&mut stage, trade(now, now, 0, low, size)),
            }
        }
        let (high, low) = (*prices.iter().max().unwrap(), *prices.iter().min().unwrap());
        let bar = bar(0, number, [prices[0], high, low, prices[9]], 10 * i128::from(UNIT));
        values.extend(
            close(&mut stage, &[bar]).into_iter().map(|value| if value.is_nan() { 0.0 } else { value }),
        );
    }
    values
}

fn on_tick(stage: &mut Indicators, tick: Event) {
    stage.on_tick(&tick);
}

#[test]
fn only_ticks_of_the_primary_bars_count() {
    let plain = profile_with(Extra::Nothing, on_tick);
    assert!(plain.iter().any(|value| *value != 0.0), "there are values to compare");
    for (extra, counts) in [
        (Extra::Quote, false),
        (Extra::OtherSymbol, false),
        (Extra::Late, false),
        (Extra::FutureStamp, true),
        (Extra::InBar, true),
    ] {
        assert_eq!(profile_with(extra, on_tick) != plain, counts, "{extra:?}");
    }
    // A stamp from the future belongs to the bar that is open, as one of now does.
    assert_eq!(profile_with(Extra::FutureStamp, on_tick), profile_with(Extra::InBar, on_tick));
}

#[test]
fn a_tick_may_come_as_a_frame() {
    let as_frame = |stage: &mut Indicators, tick: Event| {
        let mut frame = Frame::default();
        frame.begin(tick);
        stage.on_frame(&mut frame);
    };
    assert_eq!(profile_with(Extra::Nothing, as_frame), profile_with(Extra::Nothing, on_tick));
}

#[test]
fn a_quote_counts_one_at_the_price_of_its_source() {
    let values_of = |source: BarSource, tick: fn(Nanos, i64) -> Event| {
        let mut stage = stage(profile(), &[source]);
        let mut values = Vec::new();
        for number in 0..40 {
            let ts = Nanos(number * BAR.0);
            (0..10).for_each(|i| stage.on_tick(&tick(ts, price(number, i))));
            let (high, low) = (102 * UNIT, 100 * UNIT);
            values = close(&mut stage, &[bar(0, number, [low, high, low, price(number, 9)], 0)]);
        }
        values
    };
    let expected = values_of(BarSource::Trade, |ts, price| trade(ts, ts, 0, price, UNIT));
    assert!(expected.iter().all(|value| !value.is_nan()) && expected.iter().any(|value| *value != 0.0));
    assert_eq!(values_of(BarSource::Bid, |ts, price| quote(ts, 0, price, price + UNIT)), expected);
    assert_eq!(values_of(BarSource::Ask, |ts, price| quote(ts, 0, price - UNIT, price)), expected);
    assert_eq!(values_of(BarSource::Mid, |ts, price| quote(ts, 0, price - UNIT, price + UNIT)), expected);
}

#[test]
fn ticks_are_read_only_where_an_indicator_needs_them() {
    assert!(stage(profile(), &[BarSource::Trade]).reads_ticks());
    let bars_only = vec![IndicatorSpec::parse("sma_20").unwrap()];
    assert!(!stage(bars_only, &[BarSource::Trade]).reads_ticks());
}

/// Any bar at all: prices of either sign up to the limits, volume up to a bar of ticks at their limit.
fn any_bar() -> impl Strategy<Value = ([i64; 4], i128)> {
    let max = Price::MAX.raw();
    let price =
        move || prop_oneof![Just(0), Just(max), Just(-max), -5_i64..5, 99 * UNIT..101 * UNIT, -max..=max];
    let volume = prop_oneof![Just(0), 1_i128..1_000, Just(i128::from(max) * i128::from(u32::MAX))];
    ([price(), price(), price(), price()], volume).prop_map(|([open, a, b, close], volume)| {
        let all = [open, a, b, close];
        ([open, *all.iter().max().unwrap(), *all.iter().min().unwrap(), close], volume)
    })
}

proptest! {
    #[test]
    fn no_bar_breaks_an_indicator(bars in prop::collection::vec(any_bar(), 1..160)) {
        let all: Vec<IndicatorSpec> = IndicatorSpec::all().collect();
        let mut stage = stage(all, &[BarSource::Trade; 2]);
        let names = stage.schema().remove(1);
        for (number, (prices, volume)) in (0_i64..).zip(&bars) {
            let ts = Nanos(number * BAR.0);
            for symbol in [0, 1] {
                stage.on_tick(&trade(ts, ts, symbol, prices[3], (*volume).min(i128::from(UNIT)) as i64));
            }
            let pair = [0, 1].map(|symbol| bar(symbol, number, *prices, *volume));
            let values = close(&mut stage, &pair);
            let (first, second) = values.split_at(names.len());
            for (name, (a, b)) in names.iter().zip(first.iter().zip(second)) {
                prop_assert!(!a.is_infinite(), "{name} at bar {number}: {a}");
                prop_assert_eq!(a.to_bits(), b.to_bits(), "{} differs between two like symbols", name);
            }
        }
    }
}
