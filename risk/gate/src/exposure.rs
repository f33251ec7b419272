//! What is held of a symbol and what may still be: position, and quantity working or in flight per side.
//!
//! Not here: single orders (`orders`).

use model::{Side, StreamHash};

/// A symbol's position and working quantities, in units of 1e-9.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exposure {
    /// Signed position from fills.
    pub position: i128,
    /// Quantity of buys that may still fill, not negative.
    pub working_buy: i128,
    /// Quantity of sells that may still fill, not negative.
    pub working_sell: i128,
}

model::value!(Exposure { position, working_buy, working_sell });

impl Exposure {
    /// Quantity of orders of a side that may still fill.
    #[inline]
    pub fn working(&self, side: Side) -> i128 {
        match side {
            Side::Buy => self.working_buy,
            Side::Sell => self.working_sell,
        }
    }

    /// The position if everything working on `side` fills, and `quantity` more: positive in that side's
    /// direction, whichever it is.
    #[inline]
    pub fn worst_case(&self, side: Side, quantity: i128) -> i128 {
        self.position * i128::from(side.sign()) + self.working(side) + quantity
    }

    #[inline]
    pub(crate) fn add_working(&mut self, side: Side, quantity: i64) {
        debug_assert!(quantity > 0, "an order's quantity is positive");
        *self.working_mut(side) += i128::from(quantity);
    }

    /// # Panics
    /// If more is released than works.
    pub(crate) fn release(&mut self, side: Side, quantity: i64) {
        let working = self.working_mut(side);
        *working -= i128::from(quantity);
        assert!(*working >= 0, "no more is released than works");
    }

    pub(crate) fn fill(&mut self, side: Side, quantity: i64) {
        self.release(side, quantity);
        self.position += i128::from(quantity * side.sign());
    }

    pub(crate) fn hash(&self, hash: &mut StreamHash) {
        for amount in [self.position, self.working_buy, self.working_sell] {
            hash.amount(amount);
        }
    }

    #[inline]
    fn working_mut(&mut self, side: Side) -> &mut i128 {
        match side {
            Side::Buy => &mut self.working_buy,
            Side::Sell => &mut self.working_sell,
        }
    }
}
