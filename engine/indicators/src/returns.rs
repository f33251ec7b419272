//! Simple returns of closes, the last n of them, and their deviation.
//!
//! A return is an exact integer difference over an integer, rounded once, so equal prices give exactly 0 (and never
//! −0, below zero either, so that what is equal has equal bits).
//! The return from a close of 0 is not defined; whatever has one in its window has no value at that bar.
//! Nothing is summed along the way: whoever needs a sum walks the window anew, so nothing drifts.

/// The return from raw close `last` to raw close `now`; NaN where `last` is 0.
#[inline]
pub(crate) fn simple_return(last: i64, now: i64) -> f64 {
    // Both are within ±1e18: the difference fits.
    if last == 0 { f64::NAN } else { (now - last) as f64 / last as f64 + 0.0 }
}

/// The last `N` returns.
#[derive(Debug, Clone)]
pub(crate) struct Returns<const N: usize> {
    /// A ring; `next` is where the next one goes, so the oldest once it is full.
    values: [f64; N],
    next: usize,
    len: usize,
    close_last: Option<i64>,
}

model::state!([const N: usize] Returns<N> {
    values, next, len, close_last;
    check |returns| returns.next < N && returns.len <= N
});

impl<const N: usize> Returns<N> {
    /// No close seen yet.
    pub(crate) fn new() -> Self {
        Self { values: [f64::NAN; N], next: 0, len: 0, close_last: None }
    }

    /// Takes the next raw close.
    #[inline]
    pub(crate) fn push(&mut self, close: i64) {
        if let Some(last) = self.close_last.replace(close) {
            self.values[self.next] = simple_return(last, close);
            self.next = (self.next + 1) % N;
            self.len = (self.len + 1).min(N);
        }
    }

    /// The `M` returns that end `back` returns before the newest, oldest first. `None` while there are
    /// fewer, or where one of them is not defined.
    pub(crate) fn ending<const M: usize>(&self, back: usize) -> Option<[f64; M]> {
        assert!(back + M <= N, "only the last {N} returns are kept");
        if self.len < back + M {
            return None;
        }
        let oldest = self.next + N - back - M;
        let window: [f64; M] = std::array::from_fn(|i| self.values[(oldest + i) % N]);
        window.iter().all(|value| !value.is_nan()).then_some(window)
    }
}

/// Mean and population deviation of values, in two passes, oldest first.
pub(crate) fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    debug_assert!(!values.is_empty(), "a mean is of something");
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (mean, (squares / count).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_lie_where_they_are_asked_for() {
        let mut returns = Returns::<4>::new();
        let ending = |returns: &Returns<4>, back| returns.ending::<2>(back);
        for close in [100, 200, 100] {
            returns.push(close);
        }
        assert_eq!((ending(&returns, 0), ending(&returns, 1)), (Some([1.0, -0.5]), None));
        for close in [300, 300, -300] {
            returns.push(close);
        }
        assert_eq!((ending(&returns, 0), ending(&returns, 1)), (Some([0.0, -2.0]), Some([2.0, 0.0])));
        assert_eq!(ending(&returns, 2), Some([-0.5, 2.0]));
    }

    #[test]
    fn what_does_not_move_has_one_zero() {
        for price in [-7, 7] {
            assert_eq!(simple_return(price, price).to_bits(), 0.0_f64.to_bits(), "{price}");
        }
    }

    #[test]
    fn a_return_from_nothing_is_not_defined() {
        let mut returns = Returns::<2>::new();
        let mut defined = Vec::new();
        for close in [5, 0, 5, 5, 5] {
            returns.push(close);
            defined.push(returns.ending::<1>(0).is_some());
        }
        assert_eq!(defined, [false, true, false, true, true]);
        assert_eq!(returns.ending::<2>(0), Some([0.0, 0.0]));
    }

    #[test]
    fn the_deviation_is_the_populations() {
        assert_eq!(mean_and_deviation(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]), (5.0, 2.0));
    }
}
