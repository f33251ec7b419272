//! Bars with the ticks they are made of, and what the stage says at each of them.

use indicators::{IndicatorConfig, IndicatorSpec, Indicators};
use model::{Bar, BarSource, Event, Frame, Kind, Nanos, Price, Quantity, Quote, SymbolId, Timeframe, Trade};

/// The indicators of the intelligence page that are not classical.
pub const NAMES: [&str; 9] =
    ["mlmi", "nwrqk", "rqk", "fvg", "profile", "regime", "price_momentum_5", "volume_ratio", "clock"];

/// A closed bar and its ticks: raw price and raw size.
#[derive(Debug, Clone)]
pub struct Step {
    pub bar: Bar,
    pub ticks: Vec<(i64, i64)>,
}

/// A series of bars: how long each is and which prices it is made of.
#[derive(Debug, Clone)]
pub struct History {
    pub timeframe: Timeframe,
    pub source: BarSource,
    pub steps: Vec<Step>,
}

impl History {
    pub fn new(timeframe: &str, source: BarSource) -> Self {
        Self { timeframe: Timeframe::parse(timeframe).unwrap(), source, steps: Vec::new() }
    }

    /// Appends the bar of these ticks that opens at `ts_open`; without ticks a flat bar at the last close.
    pub fn push(&mut self, ts_open: Nanos, ticks: Vec<(i64, i64)>) {
        let last = self.steps.last().map(|step| step.bar.close.raw());
        let prices = || ticks.iter().map(|tick| tick.0);
        let open = prices().next().or(last).expect("a first bar has ticks");
        let close = prices().next_back().unwrap_or(open);
        let trades = self.source == BarSource::Trade;
        let bar = Bar {
            symbol: SymbolId(0),
            timeframe: 0,
            source: self.source,
            primary: true,
            ts_open,
            ts_close: ts_open + self.timeframe.nanos(),
            open: Price::new(open),
            high: Price::new(prices().max().unwrap_or(open)),
            low: Price::new(prices().min().unwrap_or(open)),
            close: Price::new(close),
            volume: if trades { ticks.iter().map(|tick| i128::from(tick.1)).sum() } else { 0 },
            vwap: None,
            trades: ticks.len() as u32,
        };
        self.steps.push(Step { bar, ticks });
    }

    /// Appends a bar of these ticks right after the last one.
    pub fn push_next(&mut self, ticks: Vec<(i64, i64)>) {
        // 2024-02-29T22:00:00Z
        let first = Nanos(1_709_244_000 * Nanos::SECOND.0);
        let ts_open = self.steps.last().map_or(first, |step| step.bar.ts_close);
        self.push(ts_open, ticks);
    }

    /// What the values are called, in their order.
    pub fn value_names() -> Vec<String> {
        specs().iter().flat_map(IndicatorSpec::value_names).collect()
    }

    /// The stage's values at each bar, and how many ticks the profile counted in an end bin.
    pub fn run(&self) -> (Vec<Vec<f64>>, u64) {
        let config = IndicatorConfig::new(1, &[self.timeframe], vec![specs()]).unwrap();
        let mut stage = Indicators::new(config, &[self.source]);
        let mut frame = Frame::default();
        let mut rows = Vec::with_capacity(self.steps.len());
        for (seq, step) in (1..).zip(&self.steps) {
            for (place, tick) in (0..).zip(&step.ticks) {
                stage.on_tick(&self.event(Nanos(step.bar.ts_open.0 + place), *tick));
            }
            frame.begin(Event { seq, ..Event::input(Kind::TIMER, step.bar.ts_close, SymbolId::NONE) });
            frame.push_bar(step.bar);
            stage.on_frame(&mut frame);
            rows.push(frame.values.clone());
        }
        (rows, stage.ticks_clamped())
    }

    fn event(&self, ts: Nanos, (price, size): (i64, i64)) -> Event {
        let (price, size) = (Price::new(price), Quantity::new(size));
        if self.source == BarSource::Trade {
            let trade = Trade { ts_event: ts, price, size, aggressor: 0 };
            return Event::trade(ts, SymbolId(0), trade);
        }
        let quote = Quote { ts_event: ts, bid: price, ask: price, bid_size: None, ask_size: None };
        Event::quote(ts, SymbolId(0), quote)
    }
}

fn specs() -> Vec<IndicatorSpec> {
    NAMES.map(|name| IndicatorSpec::parse(name).unwrap()).to_vec()
}
