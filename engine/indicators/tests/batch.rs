//! Streaming equals batch at every prefix, and stays so over a million bars: the classical indicators, as the
//! stage runs them.

mod reference;

use indicators::{Bollinger, Ema, IndicatorConfig, IndicatorSpec, Indicators, Place, Seed};
use model::{Bar, BarSource, Event, Frame, Kind, Nanos, Price, Rate, SymbolId, Timeframe, UNIT};
use proptest::prelude::*;
use reference::Row;

/// The classical indicators with parameters that hang on one period.
fn names(period: usize) -> Vec<String> {
    let by_period = ["sma", "ema", "wma", "rsi", "rsi_cutler", "atr", "adx", "donchian"]
        .into_iter()
        .chain(["vwap_rolling", "volatility", "momentum"])
        .map(|kind| format!("{kind}_{period}"))
        // That name is a value of the regime.
        .filter(|text| text != "volatility_30");
    let others = [
        format!("macd_{period}_{}_{}", 2 * period + 1, period / 2 + 1),
        format!("bollinger_{period}_2"),
        format!("stochastic_{period}_{}_{}", period / 4 + 1, period / 3 + 1),
        "vwap_session".to_owned(),
        "obv".to_owned(),
    ];
    by_period.chain(others).collect()
}

/// A stage of one symbol on 1m, without a first history to wait for.
struct Stage {
    stage: Indicators,
    names: Vec<String>,
    frame: Frame,
}

impl Stage {
    fn new(texts: &[String]) -> Self {
        let specs = texts.iter().map(|text| IndicatorSpec::parse(text).unwrap()).collect();
        let config = IndicatorConfig::new(1, &[Timeframe::parse("1m").unwrap()], vec![specs]).unwrap();
        let stage = Indicators::new(config, &[BarSource::Trade]);
        Self { names: stage.schema().remove(0), stage, frame: Frame::default() }
    }

    fn update(&mut self, row: Row) -> &[f64] {
        let ts_close = Nanos(row.ts_open) + Nanos::MINUTE;
        let [open, high, low, close] = [row.open, row.high, row.low, row.close].map(Price::new);
        self.frame.begin(Event { seq: 1, ..Event::input(Kind::TIMER, ts_close, SymbolId::NONE) });
        self.frame.push_bar(Bar {
            symbol: SymbolId(0),
            timeframe: 0,
            source: BarSource::Trade,
            primary: true,
            ts_open: Nanos(row.ts_open),
            ts_close,
            open,
            high,
            low,
            close,
            volume: row.volume.into(),
            vwap: row.vwap.map(Price::new),
            trades: 1,
        });
        self.stage.on_frame(&mut self.frame);
        &self.frame.values
    }
}

/// The bound of the definitions: 1e-9·max(1, |expected|). A distance or a band of prices that moved by
/// millions is no more exact than floats of millions are.
fn check(name: &str, bar: usize, got: f64, expected: Option<f64>, rows: &[Row]) {
    let Some(expected) = expected else {
        assert!(got.is_nan(), "{name} at bar {bar}: {got}, batch has no value");
        return;
    };
    let closes = || rows.iter().map(|row| row.close);
    let spread = (closes().max().unwrap() - closes().min().unwrap()) as f64 / UNIT as f64;
    let is_distance = name.starts_with("macd") || name.starts_with("bollinger");
    let scale = if is_distance { spread * 1e-4 } else { 0.0 };
    let bound = 1e-9 * expected.abs().max(1.0).max(scale);
    assert!((got - expected).abs() <= bound, "{name} at bar {bar}: {got}, batch {expected}");
}

/// A row around a close: how far it opened, reached up and down; volume, and vwap within the range.
fn row(ts_open: i64, close: i64, opened: i64, [up, down]: [i64; 2], volume: i64) -> Row {
    let open = close + opened;
    let (high, low) = (close.max(open) + up, close.min(open) - down);
    let vwap = (volume > 0).then(|| low + (high - low) / 3);
    Row { ts_open, open, high, low, close, volume, vwap }
}

/// Any legal history: quiet or wild, cheap or dear, with stretches that do not move, with and without volume.
fn history() -> impl Strategy<Value = Vec<Row>> {
    let scale = prop_oneof![Just(1_i64), Just(1_000_000), Just(1_000_000_000_000)];
    let step = prop_oneof![1 => Just(0_i64), 3 => -1_000_i64..=1_000];
    let quiet = prop_oneof![1 => Just([0_i64, 0, 0]), 3 => [-20_i64..20, 0_i64..50, 0_i64..50]];
    let volume = prop_oneof![1 => Just(0_i64), 2 => 1_i64..100, 2 => 1_i64..=999_999_999_999_999_999];
    let bar = (step, quiet, volume, prop_oneof![9 => Just(1_i64), 1 => 1_i64..2_000]);
    (scale, 60_000_i64..100_000, prop::collection::vec(bar, 1..90)).prop_map(|(scale, start, bars)| {
        let (mut close, mut minute) = (start, -30_i64);
        let scaled = |(step, [opened, up, down], volume, minutes): (i64, [i64; 3], i64, i64)| {
            close = (close + step).max(1_000);
            minute += minutes;
            let ts_open = minute * Nanos::MINUTE.0;
            row(ts_open, close * scale, opened * scale, [up * scale, down * scale], volume)
        };
        bars.into_iter().map(scaled).collect()
    })
}

proptest! {
    #[test]
    fn streaming_equals_batch_at_every_prefix(rows in history(), period in 1_usize..30) {
        let mut stage = Stage::new(&names(period));
        for bar in 1..=rows.len() {
            let values = stage.update(rows[bar - 1]).to_vec();
            // The batch sees the prefix only: a value that knew a later bar would differ.
            for (name, got) in stage.names.iter().zip(values) {
                check(name, bar, got, reference::value(name, &rows[..bar]), &rows[..bar]);
            }
        }
    }

    #[test]
    fn an_average_from_the_first_close_equals_batch(rows in history(), period in 1_usize..30) {
        let mut ema = Ema::new(period as u32, Seed::First);
        for bar in 1..=rows.len() {
            let got = ema.update(Price::new(rows[bar - 1].close)).unwrap();
            check("ema", bar, got, reference::ema(&rows[..bar], period, 1), &rows[..bar]);
        }
    }

    #[test]
    fn flat_prices_decide_nothing(raw in 1_i64..1_000_000_000_000_000, period in 1_usize..40) {
        let price = Price::new(raw);
        let (mut stage, mut ema) = (Stage::new(&names(period)), Ema::new(period as u32, Seed::First));
        let mut bollinger = Bollinger::new(period as u32, Rate::parse("2").unwrap());
        let mut values = Vec::new();
        for minute in 0..150 {
            values = stage.update(row(minute * Nanos::MINUTE.0, raw, 0, [0, 0], 1)).to_vec();
            ema.update(price);
            bollinger.update(price);
        }
        for (name, got) in stage.names.iter().zip(values) {
            let kind = name.split(['_', '.']).next().unwrap();
            let expected = match kind {
                "rsi" | "stochastic" => 50.0,
                "macd" | "atr" | "adx" | "volatility" | "momentum" => 0.0,
                "obv" => 1e-9,
                _ => price.to_f64(),
            };
            prop_assert!((got - expected).abs() <= 4e-16 * expected, "{name}: {got}, not {expected}");
        }
        prop_assert_eq!(ema.value(), Some(price.to_f64()));
        let bands = bollinger.value().unwrap();
        prop_assert_eq!((bands.upper, bands.lower), (bands.middle, bands.middle));
        prop_assert_eq!(bollinger.place(price), Some(Place::Within));
    }
}

/// A small generator of our own, so that a million bars need no memory of them.
struct Walk {
    state: u64,
    close: i64,
    minute: i64,
}

impl Walk {
    fn next_row(&mut self) -> Row {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let bits = self.state >> 20;
        // Steps of up to ±8 on a price near 50,000, with now and then a bar that does not move.
        let step = if bits & 7 == 0 { 0 } else { (bits % 16_001) as i64 - 8_000 };
        let part = |shift: u32| (bits >> shift & 1023) as i64 * 1_000_000;
        self.close = (self.close + step * 1_000_000).clamp(20_000_000_000_000, 90_000_000_000_000);
        self.minute += 1;
        let volume = if bits & 31 == 0 { 0 } else { part(6) };
        row(self.minute * Nanos::MINUTE.0, self.close, part(11) - part(3), [part(16), part(26)], volume)
    }
}

#[test]
fn a_million_bars_do_not_drift() {
    const BARS: i64 = 1_000_000;
    // What recursive averages of period 20 still remember to 1e-20: (1 − 1/20)^900. The last day is shorter.
    const TAIL: usize = 1_000;
    assert!((BARS % 1_440) < TAIL as i64, "the tail holds the last session");
    let mut stage = Stage::new(&[names(20), vec!["macd_12_26_9".to_owned()]].concat());
    let mut walk = Walk { state: 7, close: 50_000_000_000_000, minute: -1 };
    let mut tail: Vec<Row> = Vec::with_capacity(2 * TAIL);
    let (mut balance, mut close_last) = (0_i128, 0);
    let mut values = Vec::new();
    for _ in 0..BARS {
        let row = walk.next_row();
        values = stage.update(row).to_vec();
        balance += i128::from((row.close - close_last).signum() * row.volume);
        close_last = row.close;
        if tail.len() == 2 * TAIL {
            tail.drain(..TAIL);
        }
        tail.push(row);
    }
    for (name, got) in stage.names.iter().zip(values) {
        // A balance remembers everything.
        let expected =
            if name == "obv" { Some(balance as f64 / UNIT as f64) } else { reference::value(name, &tail) };
        check(name, BARS as usize, got, expected, &tail);
    }
}

proptest! {
    #[test]
    fn a_session_of_rounded_bars_is_that_of_its_ticks(
        bars in prop::collection::vec(
            prop::collection::vec((1_i64..2_000_000_000, 1_i64..5_000_000_000), 1..20), 1..40),
    ) {
        let mut stage = Stage::new(&["vwap_session".to_owned()]);
        let (mut notional, mut volume) = (0_i128, 0_i128);
        for (minute, ticks) in (0_i64..).zip(&bars) {
            let bar_notional: i128 = ticks.iter().map(|&(price, size)| i128::from(price) * i128::from(size)).sum();
            let bar_volume: i64 = ticks.iter().map(|(_, size)| size).sum();
            notional += bar_notional;
            volume += i128::from(bar_volume);
            let vwap = model::round_half_even(bar_notional, bar_volume.into()) as i64;
            let flat = row(minute * Nanos::MINUTE.0, ticks[0].0, 0, [0, 0], bar_volume);
            let got = stage.update(Row { vwap: Some(vwap), ..flat })[0];
            let expected = notional as f64 / volume as f64 / UNIT as f64;
            check("vwap_session", minute as usize, got, Some(expected), &[flat]);
        }
    }
}
