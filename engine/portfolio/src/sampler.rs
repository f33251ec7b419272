//! Simple returns of equity at the multiples of a period and at the end.
//!
//! The sample at a boundary is the last equity row at or before it, so a boundary is decided by the
//! first row after it. Memory: one `f64` per boundary of the run.
//! Not here: what is made of the returns (`performance`).

use model::{Money, Nanos};

/// More returns than the hours of all times a tick may have.
const RETURNS_MAX: usize = 1 << 23;

/// An equity row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub ts: Nanos,
    pub equity: Money,
}

model::value!(Row { ts, equity });

/// Samples equity at the multiples of one period. Rows come in time order.
#[derive(Debug, Clone)]
pub(crate) struct Sampler {
    period: Nanos,
    last_row: Option<Row>,
    last_sample: Option<Money>,
    /// NaN where the equity before was not positive.
    returns: Vec<f64>,
}

model::state!(Sampler { last_row, last_sample; list returns: RETURNS_MAX; same period });

impl Sampler {
    pub fn new(period: Nanos, capacity: usize) -> Self {
        assert!(period.0 > 0, "a sampling period is positive");
        Self { period, last_row: None, last_sample: None, returns: Vec::with_capacity(capacity) }
    }

    pub fn row(&mut self, row: Row) {
        if let Some(before) = self.last_row {
            debug_assert!(before.ts <= row.ts, "equity rows come in time order");
            let past = before.ts.0.rem_euclid(self.period.0);
            let mut boundary =
                if past == 0 { before.ts } else { before.ts.saturating_add(Nanos(self.period.0 - past)) };
            while boundary < row.ts {
                self.sample(before.equity);
                boundary = boundary.saturating_add(self.period);
            }
        }
        self.last_row = Some(row);
    }

    /// All returns, the one to the end included.
    pub fn returns(&self) -> Vec<f64> {
        let mut all = self.clone();
        if let Some(row) = self.last_row {
            all.sample(row.equity);
        }
        all.returns
    }

    fn sample(&mut self, equity: Money) {
        if let Some(before) = self.last_sample {
            self.returns.push(simple_return(before, equity).unwrap_or(f64::NAN));
        }
        self.last_sample = Some(equity);
    }
}

/// `after / before − 1`; `None` unless `before` is positive.
pub(crate) fn simple_return(before: Money, after: Money) -> Option<f64> {
    (before > Money::ZERO).then(|| (after.raw() - before.raw()) as f64 / before.raw() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows as (time, equity), sampled at multiples of 10.
    fn check(rows: &[(i64, i128)], expected: &[f64]) {
        let mut sampler = Sampler::new(Nanos(10), 0);
        for &(ts, equity) in rows {
            sampler.row(Row { ts: Nanos(ts), equity: Money::from_raw(equity).unwrap() });
        }
        let found = sampler.returns();
        assert_eq!(found.len(), expected.len(), "{rows:?}: {found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{rows:?}: {found} is not {expected}");
        }
    }

    #[test]
    fn samples_are_boundaries_within_the_run_and_the_end() {
        check(&[], &[]);
        check(&[(1, 100)], &[]);
        check(&[(1, 100), (9, 110)], &[]);
        // Boundary 10 holds the row at 9; the end the row at 11.
        check(&[(1, 100), (9, 110), (11, 121)], &[0.1]);
        // The row at the boundary itself is the sample, the last one if there are several.
        check(&[(1, 100), (10, 50), (10, 200), (15, 100)], &[-0.5]);
        // A start on a boundary is a sample; an end on one is a sample once.
        check(&[(0, 100), (10, 110)], &[0.1]);
        check(&[(0, 100), (10, 110), (20, 55)], &[0.1, -0.5]);
        // A gap repeats the last row.
        check(&[(5, 100), (35, 200)], &[0.0, 0.0, 1.0]);
        // Before the epoch boundaries are multiples too.
        check(&[(-15, 100), (-5, 200), (1, 100)], &[1.0, -0.5]);
    }

    #[test]
    fn a_return_on_nothing_is_no_number() {
        let mut sampler = Sampler::new(Nanos(10), 0);
        for (ts, equity) in [(0, 0), (10, 5)] {
            sampler.row(Row { ts: Nanos(ts), equity: Money::from_raw(equity).unwrap() });
        }
        assert!(sampler.returns()[0].is_nan());
    }
}
