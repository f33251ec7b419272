//! Thinning: a series of any length in a bounded number of time buckets that keep its extremes.
//!
//! Why: a screen has a thousand columns and a run has millions of points. A bucket keeps first, lowest, highest
//! and last, so a spike of one tick is still drawn. Buckets are aligned multiples of a width that doubles when
//! they get too many: the span of the series need not be known before, and one pass is enough.

/// A value at an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    /// Nanoseconds since the epoch.
    pub ts: i64,
    /// The value.
    pub value: f64,
}

/// What remains of the points of one span of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bucket {
    pub first: Point,
    pub low: Point,
    pub high: Point,
    pub last: Point,
    /// How many points it stands for.
    pub count: u64,
    /// Of their values.
    sum: f64,
}

impl Bucket {
    /// The mean of its points.
    pub fn mean(&self) -> f64 {
        self.sum / self.count as f64
    }

    fn merge(&mut self, later: &Self) {
        if later.low.value < self.low.value {
            self.low = later.low;
        }
        if later.high.value > self.high.value {
            self.high = later.high;
        }
        self.last = later.last;
        self.count += later.count;
        self.sum += later.sum;
    }
}

/// A thinned series.
#[derive(Debug, Clone)]
pub(super) struct Thin {
    /// One for each span that has points, in order of time.
    pub buckets: Vec<Bucket>,
    /// Buckets are aligned to multiples of 2^`width_log2` nanoseconds.
    width_log2: u32,
    buckets_max: usize,
}

impl Thin {
    /// An empty series of at most `buckets_max` buckets.
    pub fn new(buckets_max: usize) -> Self {
        assert!(buckets_max >= 2, "points on both sides of the epoch never share a bucket");
        Self { buckets: Vec::new(), width_log2: 0, buckets_max }
    }

    /// Adds a point. Points come in order of time; one that does not is counted to the latest bucket.
    pub fn push(&mut self, ts: i64, value: f64) {
        self.push_range(ts, value, value, value);
    }

    /// Adds a point that had a range: a bar with its low, high and close.
    pub fn push_range(&mut self, ts: i64, low: f64, high: f64, close: f64) {
        if !(low.is_finite() && high.is_finite() && close.is_finite()) {
            return;
        }
        let point = |value| Point { ts, value };
        let bucket = Bucket {
            first: point(close),
            low: point(low),
            high: point(high),
            last: point(close),
            count: 1,
            sum: close,
        };
        self.add(bucket);
        while self.buckets.len() > self.buckets_max {
            self.widen();
        }
        debug_assert!(self.buckets.len() <= self.buckets_max);
    }

    fn add(&mut self, bucket: Bucket) {
        let span = bucket.first.ts >> self.width_log2;
        match self.buckets.last_mut() {
            Some(last) if span <= last.first.ts >> self.width_log2 => last.merge(&bucket),
            _ => self.buckets.push(bucket),
        }
    }

    fn widen(&mut self) {
        self.width_log2 += 1;
        debug_assert!(self.width_log2 < i64::BITS, "two buckets hold all times");
        for bucket in std::mem::take(&mut self.buckets) {
            self.add(bucket);
        }
    }

    /// The same series in fewer buckets.
    pub fn at_most(&self, buckets_max: usize) -> Self {
        let mut thinner = self.clone();
        thinner.buckets_max = buckets_max.max(2);
        while thinner.buckets.len() > thinner.buckets_max {
            thinner.widen();
        }
        thinner
    }

    /// The points of a line through all extremes, in order of time.
    pub fn line(&self) -> Vec<Point> {
        let mut line: Vec<Point> = Vec::with_capacity(self.buckets.len() * 2);
        for bucket in &self.buckets {
            let Bucket { first, low, high, last, .. } = *bucket;
            let (early, late) = if low.ts <= high.ts { (low, high) } else { (high, low) };
            for point in [first, early, late, last] {
                if line.last() != Some(&point) {
                    line.push(point);
                }
            }
        }
        line
    }

    /// The first and last instants.
    pub fn span(&self) -> Option<(i64, i64)> {
        Some((self.buckets.first()?.first.ts, self.buckets.last()?.last.ts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// The definition: group by span, for the smallest width that gives few enough groups.
    fn slow(points: &[Point], buckets_max: usize) -> Vec<Vec<Point>> {
        let mut width = 0;
        loop {
            let mut groups: BTreeMap<i64, Vec<Point>> = BTreeMap::new();
            for point in points {
                groups.entry(point.ts >> width).or_default().push(*point);
            }
            if groups.len() <= buckets_max {
                return groups.into_values().collect();
            }
            width += 1;
        }
    }

    fn extreme(group: &[Point], beats: impl Fn(f64, f64) -> bool) -> Point {
        group
            .iter()
            .copied()
            .reduce(|best, next| if beats(next.value, best.value) { next } else { best })
            .unwrap()
    }

    proptest! {
        #[test]
        fn one_pass_equals_grouping(
            steps in prop::collection::vec((0_i64..1 << 40, -1000_i32..1000), 1..200),
            start in any::<i32>(),
            buckets_max in 2_usize..20,
        ) {
            let mut ts = i64::from(start);
            let points: Vec<Point> = steps
                .iter()
                .map(|(step, value)| {
                    ts += step;
                    Point { ts, value: f64::from(*value) }
                })
                .collect();
            let mut thin = Thin::new(buckets_max);
            points.iter().for_each(|point| thin.push(point.ts, point.value));
            let groups = slow(&points, buckets_max);
            prop_assert_eq!(thin.buckets.len(), groups.len());
            for (bucket, group) in thin.buckets.iter().zip(&groups) {
                prop_assert_eq!(bucket.first, group[0]);
                prop_assert_eq!(bucket.last, group[group.len() - 1]);
                let sum: f64 = group.iter().map(|point| point.value).sum();
                prop_assert!((bucket.mean() - sum / group.len() as f64).abs() < 1e-9);
                prop_assert_eq!(bucket.low, extreme(group, |a, b| a < b));
                prop_assert_eq!(bucket.high, extreme(group, |a, b| a > b));
                prop_assert_eq!(bucket.count, group.len() as u64);
            }
        }
    }

    #[test]
    fn a_spike_of_one_point_survives() {
        let mut thin = Thin::new(100);
        for ts in 0..1_000_000 {
            thin.push(ts, if ts == 123_456 { 9.0 } else { 1.0 });
        }
        assert!(thin.buckets.len() <= 100);
        assert!(thin.line().iter().any(|point| point.ts == 123_456 && point.value > 8.0));
        assert!(thin.at_most(10).line().iter().any(|point| point.value > 8.0));
        assert_eq!(thin.span(), Some((0, 999_999)));
    }

    #[test]
    fn the_extremes_of_time_need_two_buckets() {
        let mut thin = Thin::new(2);
        for ts in [i64::MIN, -1, 0, i64::MAX] {
            thin.push(ts, 0.0);
        }
        assert_eq!(thin.buckets.len(), 2);
        thin.push(i64::MAX, f64::NAN);
        assert_eq!(thin.buckets.iter().map(|bucket| bucket.count).sum::<u64>(), 4);
    }
}
