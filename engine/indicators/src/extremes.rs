//! The highest and the lowest of the last n integers, in O(1) per value on average.
//!
//! Kept are only the values that may yet become the highest: each is lower than the ones before it, so the
//! first is the highest (a monotonic queue). A new value drops all that are not above it.

/// The highest of the last n values.
#[derive(Debug, Clone)]
pub(crate) struct Highest {
    /// A ring of (number of the value, value), values falling from `first` on.
    kept: Box<[(u64, i64)]>,
    first: usize,
    len: usize,
    seen: u64,
}

model::state!(Highest {
    kept, first, len, seen;
    check |highest| highest.first < highest.kept.len() && highest.len <= highest.kept.len()
});

impl Highest {
    /// Nothing seen yet.
    ///
    /// # Panics
    /// If the period is not within 1..=[`crate::PERIOD_MAX`].
    pub(crate) fn new(period: u32) -> Self {
        assert!((1..=crate::PERIOD_MAX).contains(&period), "a period is 1 to {}", crate::PERIOD_MAX);
        Self { kept: vec![(0, 0); period as usize].into_boxed_slice(), first: 0, len: 0, seen: 0 }
    }

    /// Takes the next value; the highest of the last n, or of all while there are fewer.
    #[inline]
    pub(crate) fn push(&mut self, value: i64) -> i64 {
        let period = self.kept.len();
        if self.len > 0 && self.kept[self.first].0 + period as u64 == self.seen {
            self.first = self.place(1);
            self.len -= 1;
        }
        while self.len > 0 && self.kept[self.place(self.len - 1)].1 <= value {
            self.len -= 1;
        }
        let last = self.place(self.len);
        self.kept[last] = (self.seen, value);
        self.len += 1;
        self.seen += 1;
        self.kept[self.first].1
    }

    /// How many values the highest is of: n, or fewer at the start.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.seen >= self.kept.len() as u64
    }

    /// The place in the ring, `offset` after the first.
    #[inline]
    fn place(&self, offset: usize) -> usize {
        let place = self.first + offset;
        if place >= self.kept.len() { place - self.kept.len() } else { place }
    }
}

/// The lowest of the last n values.
#[derive(Debug, Clone)]
pub(crate) struct Lowest(Highest);

model::state!(Lowest(0));

impl Lowest {
    /// Nothing seen yet.
    ///
    /// # Panics
    /// If the period is not within 1..=[`crate::PERIOD_MAX`].
    pub(crate) fn new(period: u32) -> Self {
        Self(Highest::new(period))
    }

    /// Takes the next value, a raw price; the lowest of the last n, or of all while there are fewer.
    #[inline]
    pub(crate) fn push(&mut self, value: i64) -> i64 {
        -self.0.push(-value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equal_a_walk_over_the_window(
            values in prop::collection::vec(prop_oneof![-5_i64..5, -1_000_000_i64..1_000_000], 1..200),
            period in 1_usize..20,
        ) {
            let (mut highest, mut lowest) = (Highest::new(period as u32), Lowest::new(period as u32));
            for (i, value) in values.iter().enumerate() {
                let window = &values[(i + 1).saturating_sub(period)..=i];
                prop_assert_eq!(highest.push(*value), *window.iter().max().unwrap());
                prop_assert_eq!(lowest.push(*value), *window.iter().min().unwrap());
                prop_assert_eq!(highest.is_full(), window.len() == period);
            }
        }
    }
}
