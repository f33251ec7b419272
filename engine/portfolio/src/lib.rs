//! Fills and marks to positions, cash, profit and loss, performance.
//!
//! Why: the account is a pure fold of the sequenced inputs, so a replay gives it to the last digit and
//! every later stage reads the same one. Money is exact; a product is rounded once, half-even.
//! Not here: which orders may be sent (`gate`), how an order lives (`orders`), currency conversion.
//!
//! | module | it is |
//! | --- | --- |
//! | `position` | one position: what a fill closes, opens and realises |
//! | `stage` | the stage: marks, folds fills, emits accounts |
//! | `performance` | returns, ratios, drawdown, trades, exposure of a run |

mod error;
mod performance;
mod position;
mod sampler;
mod stage;
mod trips;

pub use error::PortfolioError;
pub use performance::{Figures, Performance};
pub use position::Position;
pub use stage::{Holding, Portfolio, UpdateOn};
