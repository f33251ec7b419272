//! Streaming equals batch at every prefix, and stays so over a million bars.

mod reference;

use indicators::{Atr, Bollinger, Ema, Rsi, Seed, Sma, Smoothing};
use model::{Price, Rate};
use proptest::prelude::*;
use reference::{Row, row};

/// The bound of the definitions: 1e-9·max(1, |expected|).
fn close_to(got: Option<f64>, expected: Option<f64>, name: &str, bar: usize) {
    match (got, expected) {
        (None, None) => {}
        (Some(a), Some(b)) => {
            assert!((a - b).abs() <= 1e-9 * b.abs().max(1.0), "{name} at bar {bar}: {a}, batch {b}");
        }
        other => panic!("{name} at bar {bar}: (streaming, batch) = {other:?}"),
    }
}

struct Streams {
    period: usize,
    sma: Sma,
    ema: Ema,
    ema_first: Ema,
    rsi: Rsi,
    rsi_cutler: Rsi,
    atr: Atr,
    bollinger: Bollinger,
}

impl Streams {
    fn new(period: usize) -> Self {
        let n = period as u32;
        Self {
            period,
            sma: Sma::new(n),
            ema: Ema::new(n, Seed::Sma),
            ema_first: Ema::new(n, Seed::First),
            rsi: Rsi::new(n, Smoothing::Wilder),
            rsi_cutler: Rsi::new(n, Smoothing::Cutler),
            atr: Atr::new(n),
            bollinger: Bollinger::new(n, Rate::parse("2").unwrap()),
        }
    }

    fn update(&mut self, row: Row) {
        let [high, low, close] = [row.high, row.low, row.close].map(Price::new);
        self.sma.update(close);
        self.ema.update(close);
        self.ema_first.update(close);
        self.rsi.update(close);
        self.rsi_cutler.update(close);
        self.atr.update(high, low, close);
        self.bollinger.update(close);
    }

    /// Compares every value with the batch value of `rows`, the whole history.
    fn check(&self, rows: &[Row]) {
        let (n, bar) = (self.period, rows.len());
        close_to(self.sma.value(), reference::sma(rows, n), "sma", bar);
        close_to(self.ema.value(), reference::ema(rows, n, n), "ema", bar);
        close_to(self.ema_first.value(), reference::ema(rows, n, 1), "ema from the first", bar);
        close_to(self.rsi_cutler.value(), reference::rsi_cutler(rows, n), "cutler's rsi", bar);
        close_to(self.rsi.value(), reference::rsi_wilder(rows, n), "rsi", bar);
        close_to(self.atr.value(), reference::atr(rows, n), "atr", bar);
        let (bands, expected) = (self.bollinger.value(), reference::mean_and_deviation(rows, n));
        close_to(bands.map(|b| b.middle), expected.map(|(mean, _)| mean), "bollinger middle", bar);
        close_to(
            bands.map(|b| b.upper),
            expected.map(|(mean, dev)| mean + 2.0 * dev),
            "bollinger upper",
            bar,
        );
        close_to(
            bands.map(|b| b.lower),
            expected.map(|(mean, dev)| mean - 2.0 * dev),
            "bollinger lower",
            bar,
        );
    }
}

/// A small generator of our own, so that a million bars need no memory of them.
struct Walk {
    state: u64,
    close: i64,
}

impl Walk {
    fn next_row(&mut self) -> Row {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let bits = self.state >> 20;
        // Steps of up to ±8 on a price near 50,000, with now and then a bar that does not move.
        let step = if bits & 7 == 0 { 0 } else { (bits % 16_001) as i64 - 8_000 };
        self.close = (self.close + step * 1_000_000).clamp(20_000_000_000_000, 90_000_000_000_000);
        row(self.close, (bits >> 16 & 1023) as i64 * 1_000_000, (bits >> 26 & 1023) as i64 * 1_000_000)
    }
}

/// Any legal history: quiet or wild, cheap or dear, with stretches that do not move.
fn history() -> impl Strategy<Value = Vec<Row>> {
    let scale = prop_oneof![Just(1_i64), Just(1_000_000), Just(1_000_000_000_000)];
    let step = prop_oneof![1 => Just(0_i64), 3 => -1_000_i64..=1_000];
    let bar = (step, 0_i64..50, 0_i64..50);
    (scale, 60_000_i64..100_000, prop::collection::vec(bar, 1..120)).prop_map(|(scale, start, bars)| {
        let mut close = start;
        let scaled = |(step, up, down): (i64, i64, i64)| {
            close = (close + step).max(1_000);
            row(close * scale, up * scale, down * scale)
        };
        bars.into_iter().map(scaled).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn streaming_equals_batch_at_every_prefix(rows in history(), period in 1_usize..30) {
        let mut streams = Streams::new(period);
        for (i, row) in rows.iter().enumerate() {
            streams.update(*row);
            // The batch sees the prefix only: a value that knew a later bar would differ.
            streams.check(&rows[..=i]);
        }
    }

    #[test]
    fn flat_prices_decide_nothing(raw in 1_i64..1_000_000_000_000_000, period in 1_usize..40) {
        let mut streams = Streams::new(period);
        let price = Price::new(raw);
        for _ in 0..100 {
            streams.update(row(raw, 0, 0));
        }
        let exact = Some(price.to_f64());
        close_to(streams.sma.value(), exact, "sma", 100);
        prop_assert_eq!(streams.ema_first.value(), exact);
        prop_assert_eq!((streams.rsi.value(), streams.rsi_cutler.value()), (Some(50.0), Some(50.0)));
        prop_assert_eq!(streams.atr.value(), Some(0.0));
        let bands = streams.bollinger.value().unwrap();
        prop_assert_eq!((bands.upper, bands.lower), (bands.middle, bands.middle));
        prop_assert_eq!(streams.bollinger.place(price), Some(indicators::Place::Within));
    }
}

#[test]
fn a_million_bars_do_not_drift() {
    const BARS: usize = 1_000_000;
    // What recursive averages of period 20 still remember to 1e-20: (1 − 1/20)^900.
    const TAIL: usize = 1_000;
    let mut streams = Streams::new(20);
    let mut walk = Walk { state: 7, close: 50_000_000_000_000 };
    let mut tail = Vec::with_capacity(2 * TAIL);
    for _ in 0..BARS {
        let row = walk.next_row();
        streams.update(row);
        if tail.len() == 2 * TAIL {
            tail.drain(..TAIL);
        }
        tail.push(row);
    }
    assert!(tail.len() >= TAIL, "the tail is what the averages remember");
    streams.check(&tail);
}
