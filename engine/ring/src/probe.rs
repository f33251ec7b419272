//! How long things take: a stopwatch on the processor's counter, and histograms of nanoseconds.
//!
//! Why: figures that users judge must come from the running engine. They never enter a result: nothing in
//! the fold may read a stopwatch.

use hdrhistogram::Histogram;
use quanta::Clock;

/// Longest latency that is told apart, in nanoseconds: ten seconds.
pub const LATENCY_NS_MAX: u64 = 10_000_000_000;

/// Reads the processor's counter.
#[derive(Debug, Clone)]
pub struct Stopwatch(Clock);

impl Default for Stopwatch {
    fn default() -> Self {
        Self::new()
    }
}

impl Stopwatch {
    /// Calibrates on first use in the process, which takes some milliseconds.
    pub fn new() -> Self {
        Self(Clock::new())
    }

    /// The counter now.
    #[inline]
    pub fn raw(&self) -> u64 {
        self.0.raw()
    }

    /// Nanoseconds between two counters.
    #[inline]
    pub fn nanos_between(&self, start: u64, end: u64) -> u64 {
        self.0.delta_as_nanos(start, end)
    }
}

/// A histogram of nanoseconds, three significant digits. Recording does not allocate.
#[derive(Debug, Clone)]
pub struct Latency(Histogram<u64>);

impl Default for Latency {
    fn default() -> Self {
        Self::new()
    }
}

impl Latency {
    /// Empty.
    pub fn new() -> Self {
        Self(Histogram::new_with_bounds(1, LATENCY_NS_MAX, 3).expect("the bounds are in order"))
    }

    /// Adds one, at most [`LATENCY_NS_MAX`].
    #[inline]
    pub fn record(&mut self, nanos: u64) {
        self.0.saturating_record(nanos.clamp(1, LATENCY_NS_MAX));
    }

    /// Adds all of another one.
    pub fn add(&mut self, other: &Self) {
        self.0.add(&other.0).expect("all latencies have the same bounds");
    }

    /// How many were recorded.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// The value at a quantile in 0..=1, in nanoseconds; 0 if empty.
    pub fn quantile_ns(&self, quantile: f64) -> u64 {
        self.0.value_at_quantile(quantile)
    }

    /// The largest, in nanoseconds; 0 if empty.
    pub fn max_ns(&self) -> u64 {
        self.0.max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_a_known_set() {
        let mut latency = Latency::new();
        (1..=1000).for_each(|nanos| latency.record(nanos));
        latency.record(u64::MAX);
        assert_eq!((latency.count(), latency.quantile_ns(0.5)), (1001, 501));
        assert!(latency.max_ns() >= LATENCY_NS_MAX);
    }
}
