//! Waits between attempts: exponential, bounded, jittered.
//!
//! Not here: the clock, and what interrupts a wait (`tier`).

use crate::Retry;
use std::time::Duration;

/// The next waits of one tier.
#[derive(Debug)]
pub(crate) struct Backoff {
    retry: Retry,
    next: Duration,
    random: u64,
}

impl Backoff {
    /// Starts with the first wait; `seed` makes tiers differ.
    pub fn new(retry: Retry, seed: u64) -> Self {
        assert!(!retry.first.is_zero() && retry.first <= retry.max, "waits are positive and do not shrink");
        Self { retry, next: retry.first, random: seed }
    }

    /// How long to wait now: between a half and all of the present wait, which then doubles.
    pub fn wait(&mut self) -> Duration {
        let whole = self.next;
        self.next = (whole * 2).min(self.retry.max);
        whole / 2 + (whole / 2).mul_f64(self.fraction())
    }

    /// The store answered: the next wait is the first again.
    pub fn reset(&mut self) {
        self.next = self.retry.first;
    }

    /// In 0..1, by splitmix64.
    fn fraction(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_differ_by_seed() {
        let retry = Retry { first: Duration::from_millis(100), max: Duration::from_millis(1_500) };
        let waits = |seed| {
            let mut backoff = Backoff::new(retry, seed);
            std::array::from_fn::<_, 7, _>(|_| backoff.wait().as_millis() as u64)
        };
        for (wait, whole) in waits(1).into_iter().zip([100, 200, 400, 800, 1_500, 1_500, 1_500]) {
            assert!((whole / 2..=whole).contains(&wait), "{wait} of {whole} ms");
        }
        assert_ne!(waits(1), waits(2));
        let mut backoff = Backoff::new(retry, 3);
        for _ in 0..5 {
            backoff.wait();
        }
        backoff.reset();
        assert!(backoff.wait() <= retry.first);
    }
}
