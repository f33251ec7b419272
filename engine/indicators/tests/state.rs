//! Each indicator, cut at each bar of a random series, saved, restored in one built anew, and continued: the same bits.

use indicators::{IndicatorConfig, IndicatorSpec, Indicators, SymbolBatches};
use model::state::{State, StateReader, StateWriter};
use model::{
    Bar, BarSource, Event, Frame, Kind, Nanos, Price, Quantity, Session, SessionCalendar, SymbolId,
    Timeframe, Trade,
};
use proptest::prelude::*;
use std::sync::Arc;

const FIVE_MINUTES: i64 = 5 * Nanos::MINUTE.0;

/// Two hours open, one not.
#[derive(Debug)]
struct Hours;

impl SessionCalendar for Hours {
    fn session_at(&self, ts: Nanos) -> Session {
        let hours = |count: i64| Nanos(count * Nanos::HOUR.0);
        let open = Nanos(ts.0 - ts.0.rem_euclid(hours(3).0));
        Session { open, close: open + hours(2), next_open: open + hours(3) }
    }
}

/// A bar's ticks: raw price and raw size. Without any it is flat.
type Ticks = Vec<(i64, i64)>;

/// Every indicator there is, and short ones, whose windows fill and turn over.
fn specs() -> impl Iterator<Item = IndicatorSpec> {
    let short = [
        "sma_3",
        "ema_4",
        "wma_3",
        "rsi_3",
        "rsi_1",
        "rsi_cutler_4",
        "atr_3",
        "macd_2_4_3",
        "bollinger_4_1.5",
        "stochastic_4_2_3",
        "adx_3",
        "donchian_5",
        "vwap_rolling_3",
        "volatility_4",
        "momentum_3",
    ];
    IndicatorSpec::all().chain(short.map(|name| IndicatorSpec::parse(name).unwrap()))
}

fn stage(spec: IndicatorSpec) -> Indicators {
    let timeframe = Timeframe::parse("5m").unwrap();
    let config = IndicatorConfig::new(1, &[timeframe], vec![vec![spec]]).unwrap();
    let calendar: Arc<dyn SessionCalendar> = Arc::new(Hours);
    Indicators::with_sessions(config, &[BarSource::Trade], &[calendar])
}

fn saved(state: &impl State) -> Vec<u8> {
    let mut to = StateWriter::new();
    state.save(&mut to);
    to.into_bytes()
}

fn restored<S: State>(mut fresh: S, bytes: &[u8]) -> S {
    let mut from = StateReader::new(bytes);
    fresh.load(&mut from).unwrap();
    from.finish().unwrap();
    fresh
}

/// The tick of a place in a bar.
fn tick(nth: usize, place: usize, (price, size): (i64, i64)) -> Event {
    let ts = Nanos(nth as i64 * FIVE_MINUTES + place as i64);
    let trade = Trade { ts_event: ts, price: Price::new(price), size: Quantity::new(size), aggressor: 1 };
    Event::trade(ts, SymbolId(0), trade)
}

/// Folds a bar with its ticks; the values it gives, by their bits.
fn fold(stage: &mut Indicators, nth: usize, ticks: &[(i64, i64)], close_before: i64) -> Vec<u64> {
    for (place, one) in ticks.iter().enumerate() {
        stage.on_tick(&tick(nth, place, *one));
    }
    close(stage, nth, ticks, close_before)
}

/// Closes the bar of these ticks, which were folded already.
fn close(stage: &mut Indicators, nth: usize, ticks: &[(i64, i64)], close_before: i64) -> Vec<u64> {
    let prices = || ticks.iter().map(|tick| tick.0);
    let open = prices().next().unwrap_or(close_before);
    let volume: i128 = ticks.iter().map(|tick| i128::from(tick.1)).sum();
    let bar = Bar {
        symbol: SymbolId(0),
        timeframe: 0,
        source: BarSource::Trade,
        primary: true,
        ts_open: Nanos(nth as i64 * FIVE_MINUTES),
        ts_close: Nanos((nth + 1) as i64 * FIVE_MINUTES),
        open: Price::new(open),
        high: Price::new(prices().max().unwrap_or(open)),
        low: Price::new(prices().min().unwrap_or(open)),
        close: Price::new(prices().next_back().unwrap_or(open)),
        volume,
        // Now and then a bar has volume and no vwap, as at the limits of prices and sizes.
        vwap: (volume > 0 && volume / 1_000_000 % 97 != 0).then(|| Price::new(open)),
        trades: ticks.len() as u32,
    };
    let mut frame = Frame::default();
    frame.begin(Event { seq: nth as u64 + 1, ..Event::input(Kind::TIMER, bar.ts_close, SymbolId::NONE) });
    frame.push_bar(bar);
    stage.on_frame(&mut frame);
    frame.values.iter().map(|value| value.to_bits()).collect()
}

/// Cuts at every bar, in the middle of the next one's ticks.
fn check(spec: IndicatorSpec, bars: &[Ticks]) {
    let closes: Vec<i64> = bars
        .iter()
        .scan(100_000, |close, ticks| {
            let before = *close;
            *close = ticks.last().map_or(before, |tick| tick.0);
            Some(before)
        })
        .collect();
    let mut whole = stage(spec);
    let values: Vec<Vec<u64>> =
        (0..bars.len()).map(|nth| fold(&mut whole, nth, &bars[nth], closes[nth])).collect();
    let mut first = stage(spec);
    for cut in 0..bars.len() {
        let (before, after) = bars[cut].split_at(bars[cut].len() / 2);
        let mut open = first.clone();
        for (place, one) in before.iter().enumerate() {
            open.on_tick(&tick(cut, place, *one));
        }
        let bytes = saved(&open);
        let mut second = restored(stage(spec), &bytes);
        assert!(saved(&second) == bytes, "{spec} at bar {cut}: what was restored is what was saved");
        assert_eq!(second.event_hash(), open.event_hash());
        // The bar is made of all its ticks; only those after the cut are still to be folded.
        for (place, one) in (before.len()..).zip(after) {
            second.on_tick(&tick(cut, place, *one));
        }
        for nth in cut..bars.len().min(cut + 110) {
            let now = if nth == cut {
                close(&mut second, nth, &bars[nth], closes[nth])
            } else {
                fold(&mut second, nth, &bars[nth], closes[nth])
            };
            assert_eq!(now, values[nth], "{spec} at bar {nth}, cut in bar {cut}");
        }
        fold(&mut first, cut, &bars[cut], closes[cut]);
    }
}

fn bars() -> impl Strategy<Value = Vec<Ticks>> {
    // Calm and wild steps, stretches that stand still, bars without ticks and ticks without size.
    let step = prop_oneof![6 => -300_i64..300, 2 => Just(0), 1 => -30_000_i64..30_000];
    let size = prop_oneof![5 => 1_i64..3_000, 1 => Just(0)];
    let bar = prop_oneof![8 => prop::collection::vec((step, size), 1..7), 1 => Just(Vec::new())];
    prop::collection::vec(bar, 100..160).prop_map(|bars| {
        let mut price = 100_000;
        let mut walk = |(step, size): (i64, i64)| {
            price = (price + step).max(1);
            (price, size * 1_000_000)
        };
        bars.into_iter().map(|ticks: Ticks| ticks.into_iter().map(&mut walk).collect()).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, ..ProptestConfig::default() })]

    #[test]
    fn each_indicator_goes_on_where_it_was_cut(bars in bars()) {
        specs().for_each(|spec| check(spec, &bars));
    }

    #[test]
    fn batches_of_ticks_go_on_where_they_were_cut(bars in bars(), cut in any::<prop::sample::Index>()) {
        let ticks: Vec<Event> = (0..)
            .zip(&bars)
            .flat_map(|(nth, ticks)| (0..).zip(ticks).map(move |(place, one)| tick(nth, place, *one)))
            .collect();
        let cut = cut.index(ticks.len());
        let fresh = || SymbolBatches::new(&[vec![BarSource::Trade]]);
        let told = |batches: &mut SymbolBatches, ticks: &[Event]| {
            let mut told = Vec::new();
            ticks.iter().for_each(|tick| batches.on_tick(tick, &mut told));
            told
        };
        let mut whole = fresh();
        let expected = told(&mut whole, &ticks);
        let mut first = fresh();
        let mut found = told(&mut first, &ticks[..cut]);
        let mut second = restored(fresh(), &saved(&first));
        found.extend(told(&mut second, &ticks[cut..]));
        prop_assert_eq!(found, expected);
        prop_assert!(saved(&second) == saved(&whole));
    }
}
