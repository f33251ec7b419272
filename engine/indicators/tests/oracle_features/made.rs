//! Markets made to be hard: flat, dear, tiny, negative, silent, full of gaps, and across all magnitudes.

use crate::histories::History;
use model::{BarSource, UNIT};

/// A small generator of our own (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// From −reach to reach.
    fn step(&mut self, reach: i64) -> i64 {
        (self.next() >> 8) as i64 % (2 * reach + 1) - reach
    }

    /// Whether an event of one in `n` happens.
    fn one_in(&mut self, n: u64) -> bool {
        self.next().is_multiple_of(n)
    }
}

/// A random walk in units of a grid.
struct Walk {
    timeframe: &'static str,
    bars: usize,
    start: i64,
    /// Raw.
    grid: i64,
    /// Largest usual step of a tick.
    step: i64,
    /// Largest step of a jump, of which there is one in 200 ticks.
    jump: i64,
    /// Largest size, in raw units.
    size: i64,
    /// Prices that are not left, in units of the grid.
    range: (i64, i64),
}

impl Walk {
    fn history(&self, seed: u64) -> History {
        let (mut random, mut price) = (Random(seed), self.start);
        let mut history = History::new(self.timeframe, BarSource::Trade);
        for bar in 0..self.bars {
            // Spans where nothing moves, and bars without ticks.
            let is_still = bar / 40 % 9 == 8;
            let count = if bar > 0 && random.one_in(12) { 0 } else { 1 + random.next() % 8 };
            let ticks = (0..count).map(|_| {
                let reach = if random.one_in(200) { self.jump } else { self.step };
                let step = if is_still || random.one_in(4) { 0 } else { random.step(reach) };
                price = (price + step).clamp(self.range.0, self.range.1);
                (price * self.grid, 1 + random.step(self.size - 1).abs())
            });
            history.push_next(ticks.collect());
        }
        history
    }
}

const CENT: i64 = UNIT / 100;

/// All of them by name.
pub fn histories() -> Vec<(&'static str, History)> {
    let usual = Walk {
        timeframe: "30m",
        bars: 3_000,
        start: 4_000_000,
        grid: CENT,
        step: 700,
        jump: 40_000,
        size: 30 * UNIT,
        range: (100_000, 90_000_000),
    };
    let coarse =
        Walk { timeframe: "5m", start: 400, grid: UNIT / 4, step: 2, jump: 12, range: (1, 9_999), ..usual };
    let negative = Walk { start: 2_000, step: 90, jump: 2_500, range: (-40_000, 40_000), ..usual };
    let tiny = Walk { start: 1, grid: 1, step: 5, jump: 300, range: (1, 5_000), size: 3, ..usual };
    let dear = Walk { start: 0, grid: 1, step: 9, jump: 4_000, range: (-100_000, 100_000), ..usual };
    let mut dear = dear.history(5);
    // The same walk, at the end of the range of prices.
    dear.steps.truncate(1_200);
    vec![
        ("usual", usual.history(1)),
        ("coarse", coarse.history(2)),
        ("negative", negative.history(3)),
        ("tiny", tiny.history(4)),
        ("dear", shifted(&dear, 999_999_999 * UNIT)),
        ("magnitudes", magnitudes()),
        ("gaps", gaps()),
        ("silence", silence()),
        ("quotes", quotes(&usual.history(6))),
    ]
}

/// The same ticks, all prices raised by `raise`, raw.
fn shifted(history: &History, raise: i64) -> History {
    let mut raised = History { steps: Vec::new(), ..history.clone() };
    for step in &history.steps {
        raised.push_next(step.ticks.iter().map(|(price, size)| (price + raise, *size)).collect());
    }
    raised
}

/// The same prices as quotes, each of size 1 and without volume.
fn quotes(history: &History) -> History {
    let mut quotes = History { steps: Vec::new(), ..History::new("1h", BarSource::Bid) };
    for step in &history.steps {
        quotes.push_next(step.ticks.iter().map(|tick| (tick.0, UNIT)).collect());
    }
    quotes
}

/// A price that leaps between a millionth and hundreds of millions, with sizes as far apart.
fn magnitudes() -> History {
    let mut random = Random(7);
    let mut history = History::new("30m", BarSource::Trade);
    let mut decade = 9;
    for _ in 0..1_500 {
        if random.one_in(15) {
            decade = 3 + random.next() % 15;
        }
        let unit = 10_i64.pow(decade as u32);
        let ticks = (0..1 + random.next() % 12).map(|_| {
            let largest = 10_i64.pow((random.next() % 18) as u32);
            ((4_000 + random.step(900)) * (unit / 1_000), 1 + random.step(largest).abs())
        });
        history.push_next(ticks.collect());
    }
    history
}

/// Bars of hardly any range, and moves that leave gaps and come back to them.
fn gaps() -> History {
    let mut random = Random(8);
    let mut history = History::new("5m", BarSource::Trade);
    let mut price = 500_000;
    for bar in 0..3_000 {
        let runs = bar % 23 < 3;
        let reach = if runs { 600 } else { 25 };
        let side = if bar / 23 % 2 == 0 { 1 } else { -1 };
        let ticks = (0..4).map(|_| {
            price += if runs { side * random.step(reach).abs() } else { random.step(reach) };
            (price * CENT, UNIT)
        });
        history.push_next(ticks.collect());
    }
    history
}

/// A first price of 0, then one price for long, bars without ticks, and a few moves.
fn silence() -> History {
    let mut history = History::new("30m", BarSource::Trade);
    for bar in 0..1_200_i64 {
        let price = match bar {
            0..30 => 0,
            30..400 => 123_450,
            400..440 => 123_450 + bar % 3 - 1,
            440..900 => 123_449,
            _ => 123_449 + bar / 100 * (bar % 7 - 3),
        };
        let ticks = if bar % 5 == 3 { vec![] } else { vec![(price * CENT, UNIT), (price * CENT, 3 * UNIT)] };
        history.push_next(ticks);
    }
    history
}

/// Ticks for batches: bursts, pauses, and sizes of 0.
pub fn ticks() -> Vec<(i64, i64, i64)> {
    let mut random = Random(9);
    let (mut ts, mut price) = (1_700_000_000 * UNIT, 5_000_000);
    let tick = |_| {
        ts += if random.one_in(150) { 900_000 + random.step(899_999) } else { 4_000 + random.step(4_000) };
        price += random.step(3);
        (ts, price * CENT, random.step(5).max(0) * UNIT / 10)
    };
    (0..20_000).map(tick).collect()
}
