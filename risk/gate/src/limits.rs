//! The limits an operator sets. `None` is off.
//!
//! Not here: what they are compared with (`checks`).

use model::{Money, Quantity, Rate};

/// The configured limits, none of them negative; the keys are `risk.*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Largest quantity of one order.
    pub max_order_quantity: Option<Quantity>,
    /// Largest notional of one order.
    pub max_order_notional: Option<Money>,
    /// Largest position, long or short, if everything working on its side fills.
    pub max_position: Option<Quantity>,
    /// Largest distance of a limit price from the last price, as a fraction of the last price.
    pub price_collar: Option<Rate>,
    /// Loss of equity since UTC midnight from which on orders may only reduce positions.
    pub max_daily_loss: Option<Money>,
}

impl Limits {
    /// # Panics
    /// If a limit is negative: the configuration is checked before it comes here.
    pub(crate) fn assert_valid(&self) {
        let quantity_ok = |limit: Option<Quantity>| limit.is_none_or(|limit| limit >= Quantity::ZERO);
        let money_ok = |limit: Option<Money>| limit.is_none_or(|limit| limit >= Money::ZERO);
        assert!(quantity_ok(self.max_order_quantity), "risk.max_order_quantity is not negative");
        assert!(money_ok(self.max_order_notional), "risk.max_order_notional is not negative");
        assert!(quantity_ok(self.max_position), "risk.max_position is not negative");
        assert!(
            self.price_collar.is_none_or(|limit| limit >= Rate::ZERO),
            "risk.price_collar is not negative"
        );
        assert!(money_ok(self.max_daily_loss), "risk.max_daily_loss is not negative");
    }
}
