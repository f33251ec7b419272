//! Why a fill or a mark could not be folded.
//!
//! Both causes mean senseless input: the ranges are far beyond any account. Nothing is folded in part.

use model::{MoneyError, NumberError};
use std::fmt;

/// What went beyond its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beyond {
    Money,
    Quantity,
}

impl From<MoneyError> for Beyond {
    fn from(_: MoneyError) -> Self {
        Self::Money
    }
}

impl From<NumberError> for Beyond {
    fn from(_: NumberError) -> Self {
        Self::Quantity
    }
}

/// Why the portfolio cannot go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortfolioError {
    /// A notional, a cost or the account's value is beyond the range of money; mend price, quantity or multiplier.
    MoneyOverflow {
        /// The symbol whose fill or mark did it.
        symbol: String,
    },
    /// The position would be beyond ±999,999,999.999999999; lower the strategy's quantity or set `risk.max_position`.
    PositionOverflow {
        /// The symbol.
        symbol: String,
    },
}

impl PortfolioError {
    pub(crate) fn new(beyond: Beyond, symbol: &str) -> Self {
        let symbol = symbol.to_owned();
        match beyond {
            Beyond::Money => Self::MoneyOverflow { symbol },
            Beyond::Quantity => Self::PositionOverflow { symbol },
        }
    }
}

impl fmt::Display for PortfolioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MoneyOverflow { symbol } => write!(
                f,
                "the account's value in {symbol} is beyond 79 quintillion; check its prices, quantities and multiplier"
            ),
            Self::PositionOverflow { symbol } => write!(
                f,
                "the position in {symbol} would be beyond 999999999.999999999; trade less of it or set risk.max_position"
            ),
        }
    }
}

impl std::error::Error for PortfolioError {}
