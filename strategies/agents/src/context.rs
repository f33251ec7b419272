//! The portfolio context: nine numbers beside the matrix.
//!
//! | place | number |
//! | --- | --- |
//! | 0 | position/limit; the limit is `risk.max_position`, or without one the size a position would have now |
//! | 1 | unrealised P&L of the symbol's position at the latest close, as a fraction of the account's equity |
//! | 2 | tactical bars since entry/100; 0 when flat |
//! | 3 | the account's drawdown, a fraction of its peak |
//! | 4–7 | 1 in the place of the synergy's pattern among the four default ones; all 0 for the other two, or without one |
//! | 8 | direction of the synergy, 1 or -1; 0 without one |
//!
//! The gain of place 1 is marked to the close of the symbol's latest primary bar of any timeframe, which is all a
//! strategy sees of its price; the equity it is a fraction of is the account's, which marks to the last trade, else the
//! last mid. With bars of bids or asks the two differ by half the spread.
//!
//! Where the limit is 0, a position uses it up (±1). Where equity is not above 0, the fraction of it is 0. Each is
//! computed in f64 and rounded once.
//! Not here: the figures themselves (`strategy`, `portfolio`).

pub use model::CONTEXT_LEN;
use model::{Direction, Pattern};

/// Where the pattern's places begin.
const PATTERN_FIRST: usize = 4;
/// How many patterns have a place.
const PATTERNS: usize = 4;

/// What one symbol's context is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context {
    /// Signed, in units of 1e-9.
    pub(crate) position: i64,
    /// Not negative, in units of 1e-9.
    pub(crate) limit: i64,
    /// In currency.
    pub(crate) unrealised_pnl: f64,
    /// In currency.
    pub(crate) equity: f64,
    pub(crate) bars_held: u32,
    /// A fraction.
    pub(crate) drawdown: f64,
    pub(crate) synergy: Option<(Pattern, Direction)>,
}

impl Context {
    /// The nine numbers.
    pub(crate) fn numbers(&self) -> [f32; CONTEXT_LEN] {
        let used = match self.limit {
            0 => self.position.signum() as f64,
            limit => self.position as f64 / limit as f64,
        };
        let gain = if self.equity > 0.0 { self.unrealised_pnl / self.equity } else { 0.0 };
        let mut numbers = [0.0; CONTEXT_LEN];
        numbers[0] = used as f32;
        numbers[1] = gain as f32;
        numbers[2] = (f64::from(self.bars_held) / 100.0) as f32;
        numbers[3] = self.drawdown as f32;
        if let Some((pattern, direction)) = self.synergy {
            if pattern.index() < PATTERNS {
                numbers[PATTERN_FIRST + pattern.index()] = 1.0;
            }
            numbers[8] = f32::from(direction.sign());
        }
        debug_assert!(numbers.iter().all(|number| number.is_finite()), "a context is finite");
        numbers
    }
}

const _: () = assert!(PATTERN_FIRST + PATTERNS + 1 == CONTEXT_LEN, "the direction comes last");

#[cfg(test)]
mod tests {
    use super::*;
    use model::Direction::{Long, Short};

    const FLAT: Context = Context {
        position: 0,
        limit: 4,
        unrealised_pnl: 0.0,
        equity: 1000.0,
        bars_held: 0,
        drawdown: 0.0,
        synergy: None,
    };

    fn check(context: Context, expected: [f32; CONTEXT_LEN]) {
        assert_eq!(context.numbers().map(f32::to_bits), expected.map(f32::to_bits), "{context:?}");
    }

    #[test]
    fn the_numbers_stand_in_their_places() {
        check(FLAT, [0.0; 9]);
        let held = Context { position: -3, unrealised_pnl: 250.0, bars_held: 48, drawdown: 0.125, ..FLAT };
        check(held, [-0.75, 0.25, 0.48, 0.125, 0.0, 0.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn the_four_default_patterns_have_a_place_each() {
        for (place, pattern) in Pattern::ALL.into_iter().enumerate() {
            for (direction, sign) in [(Long, 1.0), (Short, -1.0)] {
                let mut expected = [0.0; 9];
                expected[8] = sign;
                if place < 4 {
                    expected[4 + place] = 1.0;
                }
                check(Context { synergy: Some((pattern, direction)), ..FLAT }, expected);
            }
        }
    }

    #[test]
    fn what_cannot_be_divided_is_still_a_number() {
        let first = |context: Context, expected: [f32; 2]| {
            assert_eq!(context.numbers()[..2], expected, "{context:?}");
        };
        let held = Context { position: 5, unrealised_pnl: 1e30, ..FLAT };
        first(Context { limit: 0, equity: 0.0, ..held }, [1.0, 0.0]);
        first(Context { limit: 0, position: -5, equity: -1.0, ..held }, [-1.0, 0.0]);
        first(Context { limit: 0, position: 0, unrealised_pnl: 0.0, ..held }, [0.0, 0.0]);
    }
}
