//! Price jumps: a price too far from the last accepted is refused, unless the market has really moved.
//!
//! A refused price starts a streak. Refused prices near its first count on; one that is not starts a new
//! streak. The third of a streak is believed. All comparisons are exact.
//!
//! A price has no distance from zero in fractions of zero. So where zero is a legal price, nothing is far from
//! it: after an accepted zero any price passes, and after a refused zero any refused price counts on.

use model::{Rate, UNIT};

/// A streak of this length is believed.
const STREAK_BELIEVED: u32 = 3;

/// Remembers the last accepted price and the streak of refused ones, of one symbol and kind. Prices are
/// integers of one unit: prices of trades, bid + ask of quotes.
#[derive(Debug, Clone, Default)]
pub struct JumpGuard {
    anchor: Option<i64>,
    streak_first: i64,
    streak_len: u32,
}

/// |price / base − 1| ≤ limit; nothing is far from a base of zero.
#[inline]
fn is_near(price: i64, base: i64, limit: u64) -> bool {
    let distance = price.abs_diff(base);
    base == 0 || u128::from(distance) * UNIT as u128 <= u128::from(base.unsigned_abs()) * u128::from(limit)
}

impl JumpGuard {
    /// Whether a price may pass. A refusal is remembered; a pass is not before [`Self::accept`].
    #[inline]
    pub fn allows(&mut self, price: i64, max_jump: Rate) -> bool {
        let limit = max_jump.raw().max(0) as u64;
        match self.anchor {
            Some(anchor) if limit > 0 && !is_near(price, anchor, limit) => self.streak(price, limit),
            _ => true,
        }
    }

    #[cold]
    fn streak(&mut self, price: i64, limit: u64) -> bool {
        if self.streak_len == 0 || !is_near(price, self.streak_first, limit) {
            self.streak_first = price;
            self.streak_len = 1;
            return false;
        }
        if self.streak_len + 1 >= STREAK_BELIEVED {
            return true;
        }
        self.streak_len += 1;
        false
    }

    /// Takes an accepted price as the new anchor.
    #[inline]
    pub fn accept(&mut self, price: i64) {
        self.anchor = Some(price);
        self.streak_len = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(jump: &str, prices: &[i64], expected: &[bool]) {
        let mut guard = JumpGuard::default();
        let jump = Rate::parse(jump).unwrap();
        let passed: Vec<bool> = prices
            .iter()
            .map(|&price| {
                let passes = guard.allows(price, jump);
                if passes {
                    guard.accept(price);
                }
                passes
            })
            .collect();
        assert_eq!(passed, expected, "{prices:?}");
    }

    #[test]
    fn the_third_of_a_streak_is_believed() {
        let (y, n) = (true, false);
        check("0.5", &[100, 150, 225], &[y, y, y]);
        check("0.5", &[100, 151, 50, 49], &[y, n, y, y]);
        check("0.5", &[100, 49, 50], &[y, n, y]);
        check("0.5", &[100, 1000, 1100, 1200, 1300], &[y, n, n, y, y]);
        check("0.5", &[100, 1000, 1100, 100, 1000, 1000, 1000], &[y, n, n, y, n, n, y]);
        check("0.5", &[100, 1000, 2000, 1400, 1500, 2900], &[y, n, n, n, y, n]);
        check("0.5", &[100, 1000, 10, 1000, 10, 1000, 10], &[y, n, n, n, n, n, n]);
        check("0", &[100, 1000, 1], &[y, y, y]);
        check("0.5", &[0, 1000, 1], &[y, y, n]);
        check("0.5", &[0, -1000, 0, 5], &[y, y, n, n]);
        check("0.000000001", &[0, 0, i64::MAX, 0], &[y, y, y, n]);
        // The first refused is 0, so the next count on, however far apart they are.
        check("0.5", &[100, 0, 1000, -7], &[y, n, n, y]);
        check("0.5", &[100, 0, 101, 0, 0, 0], &[y, n, y, n, n, y]);
        check("0.5", &[-100, -150, -74, 100], &[y, y, n, n]);
        check("0.000000001", &[1_000_000_000, 1_000_000_001, 1_000_000_003], &[y, y, n]);
    }
}
