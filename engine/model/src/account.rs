//! The portfolio's figures at one instant.

use crate::{Money, StreamHash};

/// The flag of a [`crate::Kind::PORTFOLIO`] event whose account is an equity row.
pub const EQUITY_ROW: u8 = 1;

/// What an account is worth after an input, all marked to the last prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Account {
    /// `equity` − `position_value`.
    pub cash: Money,
    /// Sum of the mark notionals of all positions.
    pub position_value: Money,
    /// `initial_capital` + `realised_pnl` + `unrealised_pnl` − `fees`, exactly.
    pub equity: Money,
    /// Proceeds less released cost of what was closed, before fees.
    pub realised_pnl: Money,
    /// Mark notional less cost of what is open.
    pub unrealised_pnl: Money,
    /// All fees paid; negative if rebates outweigh them.
    pub fees: Money,
    /// The highest equity so far.
    pub peak: Money,
}

impl Account {
    /// The fall from the highest equity so far, as a positive fraction of it; 0 where the peak is not positive.
    pub fn drawdown(&self) -> f64 {
        let peak = self.peak.to_f64();
        if peak > 0.0 { (peak - self.equity.to_f64()) / peak } else { 0.0 }
    }

    /// The figures in their declared order.
    pub fn amounts(&self) -> [Money; 7] {
        [
            self.cash,
            self.position_value,
            self.equity,
            self.realised_pnl,
            self.unrealised_pnl,
            self.fees,
            self.peak,
        ]
    }

    /// From figures in their declared order.
    pub fn from_amounts(amounts: [Money; 7]) -> Self {
        let [cash, position_value, equity, realised_pnl, unrealised_pnl, fees, peak] = amounts;
        Self { cash, position_value, equity, realised_pnl, unrealised_pnl, fees, peak }
    }

    /// Adds every field to a hash.
    #[inline]
    pub fn hash_into(&self, hash: &mut StreamHash) {
        hash.amounts(&self.amounts().map(Money::raw));
    }
}
