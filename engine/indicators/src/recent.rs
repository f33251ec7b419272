//! The last n floats, side by side, oldest first.
//!
//! Why: sums of floats that slide would drift, so whoever needs one walks the window anew, in one fixed order.
//! Each value is kept twice, n places apart; so there is always a stretch that holds the window in order.

/// The last n floats; memory is taken once.
#[derive(Debug, Clone)]
pub(crate) struct Recent {
    values: Box<[f64]>,
    /// Where the oldest of a full window stands.
    oldest: usize,
    len: usize,
}

model::state!(Recent {
    values, oldest, len;
    check |recent| 2 * recent.oldest < recent.values.len() && 2 * recent.len <= recent.values.len()
});

impl Recent {
    /// An empty window of `period` places.
    ///
    /// # Panics
    /// If the period is not within 1..=[`crate::PERIOD_MAX`].
    pub(crate) fn new(period: u32) -> Self {
        assert!((1..=crate::PERIOD_MAX).contains(&period), "a window has 1 to {} places", crate::PERIOD_MAX);
        Self { values: vec![f64::NAN; 2 * period as usize].into_boxed_slice(), oldest: 0, len: 0 }
    }

    /// Puts a value in; the window once it is full.
    #[inline]
    pub(crate) fn push(&mut self, value: f64) -> Option<&[f64]> {
        let period = self.values.len() / 2;
        self.values[self.oldest] = value;
        self.values[self.oldest + period] = value;
        self.oldest = if self.oldest + 1 == period { 0 } else { self.oldest + 1 };
        self.len = (self.len + 1).min(period);
        (self.len == period).then(|| &self.values[self.oldest..self.oldest + period])
    }

    /// Puts a value in; the mean of the window once it is full.
    #[inline]
    pub(crate) fn mean_with(&mut self, value: f64) -> Option<f64> {
        self.push(value).map(|window| window.iter().sum::<f64>() / window.len() as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stands_in_order() {
        let mut recent = Recent::new(3);
        let windows: Vec<_> =
            (1..=7).map(|value| recent.push(f64::from(value)).map(<[f64]>::to_vec)).collect();
        assert_eq!(windows[..2], [None, None]);
        for (first, window) in (1..).zip(&windows[2..]) {
            let expected = [0, 1, 2].map(|i| f64::from(first + i));
            assert_eq!(window.as_deref(), Some(&expected[..]));
        }
        assert_eq!(recent.mean_with(0.0), Some(13.0 / 3.0));
    }
}
