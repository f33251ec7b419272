//! Statistics of batches of ticks: at most 100 ticks and less than 1 ms of event time each.
//!
//! A batch begins with its first tick. It ends with its hundredth, or when time has moved on by a millisecond: a
//! tick at or past that begins the next. Time is that of the ticks, so a replay makes the same batches.
//! Sums are integers; the deviation walks the batch's prices once more, when it ends. Nothing is allocated.
//! Not here: batching for speed, which must not change a result and is the rings' affair.

use model::{Nanos, Price, UNIT};

/// Most ticks of a batch. Σ price·size of so many then fits 128 bits at the limits of both.
const TICKS_MAX: usize = 100;
/// A batch is shorter than this.
const SPAN_MAX: Nanos = Nanos(1_000_000);

/// What a batch of ticks was.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TickBatch {
    /// Time of the first tick.
    pub ts_first: Nanos,
    /// Time of the last tick less that of the first.
    pub time_span: Nanos,
    /// How many ticks, 1 to 100.
    pub ticks: u32,
    /// Σ price·size/Σ size, in price units; `None` without volume.
    pub vwap: Option<f64>,
    /// Last price less the first, in price units.
    pub price_change: f64,
    /// Σ size, in units of 1e-9.
    pub volume: i128,
    /// Population deviation of the prices, in price units.
    pub volatility: f64,
}

/// Folds ticks into batches.
#[derive(Debug, Clone)]
pub struct TickBatches {
    /// Raw prices of the batch in progress.
    prices: [i64; TICKS_MAX],
    len: usize,
    ts_first: Nanos,
    ts_last: Nanos,
    volume: i128,
    /// Σ price·size, in units of 1e-18.
    notional: i128,
}

model::state!(TickBatches {
    prices, len, ts_first, ts_last, volume, notional;
    check |batches| batches.len < TICKS_MAX
});

impl Default for TickBatches {
    fn default() -> Self {
        Self::new()
    }
}

impl TickBatches {
    /// Nothing seen yet.
    pub fn new() -> Self {
        let zero = Nanos(0);
        Self { prices: [0; TICKS_MAX], len: 0, ts_first: zero, ts_last: zero, volume: 0, notional: 0 }
    }

    /// Adds a tick with its raw size (0 for a quote); the batch that ends with or before it, if one does. Times do
    /// not fall.
    #[inline]
    pub fn on_tick(&mut self, ts: Nanos, price: Price, size_raw: i64) -> Option<TickBatch> {
        debug_assert!(self.len == 0 || ts >= self.ts_last, "ticks come in order of time");
        debug_assert!(size_raw >= 0, "a size is not negative");
        let ended = self.close_at(ts);
        if self.len == 0 {
            (self.ts_first, self.volume, self.notional) = (ts, 0, 0);
        }
        self.ts_last = ts;
        self.prices[self.len] = price.raw();
        self.len += 1;
        self.volume += i128::from(size_raw);
        self.notional += i128::from(price.raw()) * i128::from(size_raw);
        // Not both: a batch that has just begun is not full.
        if self.len == TICKS_MAX { self.finish() } else { ended }
    }

    /// The batch in progress, if time has moved past it by `now`.
    #[inline]
    pub fn close_at(&mut self, now: Nanos) -> Option<TickBatch> {
        if self.len > 0 && now - self.ts_first >= SPAN_MAX { self.finish() } else { None }
    }

    /// The batch in progress, whatever the time: at the end of the ticks.
    pub fn finish(&mut self) -> Option<TickBatch> {
        let prices = &self.prices[..std::mem::take(&mut self.len)];
        let (first, last) = (*prices.first()?, *prices.last()?);
        let unit = UNIT as f64;
        Some(TickBatch {
            ts_first: self.ts_first,
            time_span: self.ts_last - self.ts_first,
            ticks: prices.len() as u32,
            vwap: (self.volume > 0).then(|| self.notional as f64 / (self.volume as f64 * unit)),
            price_change: (last - first) as f64 / unit,
            volume: self.volume,
            volatility: deviation(prices) / unit,
        })
    }
}

/// The population deviation of raw prices: √(Σ (n·x − Σx)²/n³), differences exact.
fn deviation(prices: &[i64]) -> f64 {
    let (count, sum) = (prices.len() as i128, prices.iter().map(|price| i128::from(*price)).sum::<i128>());
    let squares: f64 = prices
        .iter()
        .map(|price| (count * i128::from(*price) - sum) as f64)
        .map(|difference| difference * difference)
        .sum();
    (squares / count as f64).sqrt() / count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(batches: &mut TickBatches, ticks: &[(i64, i64, i64)]) -> Vec<TickBatch> {
        let fold = |&(ts, price, size): &(i64, i64, i64)| {
            batches.on_tick(Nanos(ts), Price::new(price * UNIT), size * UNIT)
        };
        ticks.iter().filter_map(fold).collect()
    }

    #[test]
    fn a_batch_says_what_it_was() {
        let mut batches = TickBatches::new();
        // Prices 2, 4, 4, 4, 5, 5, 7, 9: deviation 2.
        let sized = [(2, 1), (4, 1), (4, 0), (4, 2), (5, 0), (5, 0), (7, 0), (9, 4)];
        let timed: Vec<_> = (10..).zip(sized).map(|(ts, (price, size))| (ts, price, size)).collect();
        assert_eq!(ticks(&mut batches, &timed), []);
        let expected = TickBatch {
            ts_first: Nanos(10),
            time_span: Nanos(7),
            ticks: 8,
            vwap: Some(50.0 / 8.0),
            price_change: 7.0,
            volume: 8 * i128::from(UNIT),
            volatility: 2.0,
        };
        assert_eq!(batches.finish(), Some(expected));
        assert_eq!(batches.finish(), None);
    }

    #[test]
    fn a_batch_ends_with_its_hundredth_tick_or_a_millisecond() {
        let mut batches = TickBatches::new();
        let many: Vec<_> = (0..250).map(|i| (i / 7, 5, 1)).collect();
        let counts = |ended: Vec<TickBatch>| ended.iter().map(|batch| batch.ticks).collect::<Vec<_>>();
        assert_eq!(counts(ticks(&mut batches, &many)), [100, 100]);
        // The batch in progress began at 28 ns.
        assert_eq!(counts(ticks(&mut batches, &[(1_000_027, 5, 1)])), [0_u32; 0]);
        assert_eq!(counts(ticks(&mut batches, &[(1_000_028, 5, 1)])), [51]);
        assert_eq!(batches.close_at(Nanos(2_000_027)), None);
        let ended = batches.close_at(Nanos(2_000_028)).unwrap();
        assert_eq!((ended.ticks, ended.time_span, ended.volatility.to_bits()), (1, Nanos(0), 0));
    }

    #[test]
    fn quotes_have_no_vwap_and_extremes_fit() {
        let mut batches = TickBatches::new();
        ticks(&mut batches, &[(0, 5, 0)]);
        assert_eq!(batches.finish().unwrap().vwap, None);
        let ended = (0..100).find_map(|i| {
            let price = if i % 2 == 0 { Price::MIN } else { Price::MAX };
            batches.on_tick(Nanos(0), price, Price::MAX.raw())
        });
        let batch = ended.unwrap();
        assert_eq!((batch.vwap, batch.ticks), (Some(0.0), 100));
        assert!((batch.volatility / 1e9 - 1.0).abs() < 1e-9 && (batch.price_change / 2e9 - 1.0).abs() < 1e-9);
    }
}
