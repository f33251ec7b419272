//! A ring of the last n integers: what every windowed indicator slides over.
//!
//! Why integers: adding the newest and taking off the oldest is exact, so a running sum never drifts.

/// The last n integers; memory is taken once.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    values: Box<[i64]>,
    next: usize,
    len: usize,
}

model::state!(Window {
    values, next, len;
    check |window| window.next < window.values.len() && window.len <= window.values.len()
});

impl Window {
    /// An empty window of `period` places.
    ///
    /// # Panics
    /// If the period is not within 1..=[`crate::PERIOD_MAX`].
    pub(crate) fn new(period: u32) -> Self {
        assert!((1..=crate::PERIOD_MAX).contains(&period), "a window has 1 to {} places", crate::PERIOD_MAX);
        Self { values: vec![0; period as usize].into_boxed_slice(), next: 0, len: 0 }
    }

    /// Puts a value in and gives back the one it drives out, 0 while the window is filling: what a running
    /// sum must take off.
    #[inline]
    pub(crate) fn push(&mut self, value: i64) -> i64 {
        let evicted = std::mem::replace(&mut self.values[self.next], value);
        self.next = if self.next + 1 == self.values.len() { 0 } else { self.next + 1 };
        self.len = (self.len + 1).min(self.values.len());
        evicted
    }

    /// Whether all places are taken.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.len == self.values.len()
    }

    /// The number of places.
    #[inline]
    pub(crate) fn period(&self) -> u32 {
        self.values.len() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drives_out_the_oldest() {
        let mut window = Window::new(3);
        let evicted: Vec<i64> = (1..=7).map(|value| window.push(value)).collect();
        assert_eq!(evicted, [0, 0, 0, 1, 2, 3, 4]);
        assert!(window.is_full());
        assert_eq!(window.period(), 3);
    }

    #[test]
    fn is_full_with_its_last_place() {
        let mut window = Window::new(2);
        window.push(5);
        assert!(!window.is_full());
        window.push(0);
        assert!(window.is_full());
    }
}
