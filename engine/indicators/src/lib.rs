//! Bars to indicator values, streaming, one file each.
//!
//! Why: a value must be the same whether it is computed bar by bar or from the whole history, after a
//! million bars as after twenty. So windows are summed in exact integers (prices are integers at 1e-9)
//! and become floats once, at the end; recursive averages forget their rounding as they forget their past.
//! Each update is O(1) and allocates nothing.
//! Not here: how bars are made (`bars`), what is decided from values (`rules`, later agents).
//!
//! | indicator | batch definition | complete from bar |
//! | --- | --- | --- |
//! | [`Sma`] | mean of the last n closes | n |
//! | [`Ema`] | k = 2/(n+1), seeded with the mean of the first n closes or the first close | n or 1 |
//! | [`Rsi`] | 100·gain/(gain + loss), averaged as Wilder or Cutler do; 50 where nothing has moved | n + 1 |
//! | [`Atr`] | Wilder average of true ranges, the first of which is high − low | n |
//! | [`Bollinger`] | mean ± k population deviations of the last n closes | n |

mod atr;
mod bollinger;
mod config;
mod ema;
mod rsi;
mod sma;
mod spec;
mod stage;
mod wide;
mod window;

pub use atr::Atr;
pub use bollinger::{Bands, Bollinger, Place};
pub use config::{ConfigError, IndicatorConfig, MIN_HISTORY_DEFAULT};
pub use ema::{Ema, Seed};
pub use rsi::{Rsi, Smoothing};
pub use sma::Sma;
pub use spec::{IndicatorSpec, PERIOD_MAX, SpecError, WIDTH_MAX};
pub use stage::Indicators;

/// The mean of `count` raw prices that sum to `sum`, in units of the price: one rounding for the sum, one here.
#[inline]
fn mean(sum: i128, count: u32) -> f64 {
    sum as f64 / (f64::from(count) * model::UNIT as f64)
}
