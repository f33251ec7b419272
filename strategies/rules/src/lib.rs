//! Rule strategies: the ones whose every decision can be checked by hand.
//!
//! Why: they carry the first release, serve as the reference in benchmarks against other engines, and
//! stand in wherever a trained agent is not wanted.
//! Not here: orders, gateways, risk. A rule says which position it wants and folds what it really holds.

mod config;
mod ema_cross;
mod mean_reversion;
mod none;
mod synergy_only;
#[cfg(test)]
mod testing;

pub use config::{EmaCrossConfig, Entry, MeanReversionConfig, RuleError, StopOn};
pub use ema_cross::EmaCross;
pub use mean_reversion::MeanReversion;
pub use none::NoStrategy;
pub use synergy_only::{SynergyOnly, SynergyOnlyConfig, SynergyOnlyError};
